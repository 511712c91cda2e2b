"""Softmax on the page Activations: logits on sliders, their probabilities, the Jacobian and its check."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.activations import softmax, softmax_jacobian
from nnviz.figures import activations as figures
from nnviz.formulas import activations as formulas
from nnviz.formulas.numbers import MINUS, SUBSCRIPTS, fixed, significant
from nnviz.ui import controls, mistakes, show

Array = NDArray[np.floating]

FIRST_LOGITS = (2.0, 1.0, 0.1, 0.0, -1.0, -2.0)
MOST_CLASSES, LARGEST_LOGIT = 8, 1e6


def draw() -> None:
    """Logits on sliders, what softmax makes of them, and its Jacobian."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        classes = int(controls.slider("Classes", 2, 6, key="softk", default=3, step=1))
    with middle:
        temperature = controls.powers("Temperature T", -2, 2, key="softt", default=1.0)
    with right:
        shift = float(controls.slider("Move all logits by", -1000.0, 1000.0, key="softc", default=0.0, step=10.0))
    side, bars, heat = st.columns([0.7, 1.2, 1.2], gap="medium")
    with side:
        given = [
            controls.slider(f"z{str(i).translate(SUBSCRIPTS)}", -10.0, 10.0, key=f"logit{i}", default=FIRST_LOGITS[i - 1], step=0.1)
            for i in range(1, classes + 1)
        ]
        own = own_logits()
    logits = np.array(given) if own is None else own
    a, colours = softmax(logits + shift, temperature), show.theme()
    J = softmax_jacobian(a) / temperature
    with bars:
        alt = f"Probabilities {', '.join(map(fixed, a))} of logits {', '.join(map(significant, logits + shift))}."
        key = f"T = {temperature:g} · the probabilities sum to {significant(a.sum())}"
        show.figure(figures.softmax_bars(colours, logits + shift, a, "Logits and probabilities", key), "softmax", alt)
    with heat:
        alt = f"Jacobian of softmax, {len(a)} by {len(a)}, from {significant(J.min())} to {significant(J.max())}."
        show.figure(figures.jacobian(colours, J, "Jacobian of softmax", "each row and each column sums to 0"), "jacobian", alt)
    first, second = st.columns(2, gap="large")
    with first:
        show.formula(formulas.softmax(logits + shift, a, temperature, colours.symbols), "softmax")
    with second:
        show.formula(formulas.softmax_slope(a, temperature, colours.symbols), "softmax-slope")
    slope, moved = softmax_check(logits, shift, temperature)
    show.sentence(
        f"Check: the Jacobian differs from central differences by at most {significant(slope, 2)}. "
        f"Moving all logits by {significant(shift)} changes no probability by more than {significant(moved, 2)}."
    )


def own_logits() -> Array | None:
    """Logits that a person types; None where none are. What cannot be read is answered beside the field, and the former ones stay."""
    typed = controls.text("Logits typed instead", key="logits", default="", longest=controls.LONG, placeholder="such as 1000, 999, -1000")
    if not typed.strip():
        return None
    try:
        st.session_state["former logits"] = typed_logits(typed)
    except ValueError as error:
        mistakes.tell(error)
    return st.session_state.get("former logits")


def typed_logits(text: str) -> Array:
    """Logits from text such as `2, 1, -0.5`.

    Raises
    ------
    ValueError
        Not numbers, too few or too many of them, or so large that differences of 1 get lost.
    """
    words = text.replace(",", " ").replace(MINUS, "-").split()
    if not 2 <= len(words) <= MOST_CLASSES:
        raise ValueError(f"{len(words)} logits were given: give 2 to {MOST_CLASSES} numbers with commas between them, such as 2, 1, −0.5")
    try:
        logits = np.array([float(word) for word in words])
    except ValueError:
        raise ValueError(f"“{text[:40]}” was given as logits: give 2 to {MOST_CLASSES} numbers, such as 2, 1, −0.5") from None
    wrong = logits[~(np.abs(logits) <= LARGEST_LOGIT)]
    if wrong.size:
        raise ValueError(f"{significant(wrong[0], 3)} was given as a logit: give numbers from −1,000,000 to 1,000,000")
    return logits


def softmax_check(logits: Array, shift: float, temperature: float) -> tuple[float, float]:
    """The largest difference of the Jacobian from central differences, and what moving all logits alike changes of the probabilities."""
    h = 1e-5 * temperature * np.eye(len(logits))
    column = logits[:, None]
    numeric = (softmax(column + h, temperature) - softmax(column - h, temperature)) / (2e-5 * temperature)
    a, moved = softmax(logits, temperature), softmax(logits + shift, temperature)
    return float(np.abs(softmax_jacobian(a) / temperature - numeric).max()), float(np.abs(moved - a).max())
