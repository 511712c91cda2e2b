"""Far out on the page Losses: cross-entropy from the logit beside the clipped textbook form."""

from __future__ import annotations

import numpy as np
import streamlit as st

from nnviz.core.losses import LOSSES
from nnviz.core.textbook import clipped, clipped_slope, unclipped
from nnviz.figures import losses as figures
from nnviz.formulas import losses as formulas
from nnviz.formulas.numbers import MINUS, significant
from nnviz.ui import controls, mistakes, show
from nnviz.ui.losses_view import lines

LARGEST = 1e6  # a logit that is typed
FAR = (0.0, 5.0, 20.0, 40.0, 100.0, 1000.0)


def draw() -> None:
    """Cross-entropy from the logit beside the clipped textbook form, as far out as one likes."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        z = typed_logit("Logit z", "farz", "-1000")
    with middle:
        y = float(controls.segments("Target y", ("0", "1"), key="fartarget", default="1"))
    with right:
        epsilon = controls.powers("Clipped at ε", -15, -1, key="lossclip", default=1e-7, per_decade=(1,))
    drawn = figures.far_out(y, z, epsilon)
    picture, formula = st.columns([1.75, 1], gap="large")
    with picture:
        reach = float(drawn[0].x[-1])
        title = f"Binary cross-entropy at z = {significant(z)} for y = {significant(y)}"
        lines(
            drawn,
            "z",
            (-reach, reach),
            title,
            f"from the logit, and with ŷ clipped at {significant(epsilon)}",
            "far-out",
            value=(0.0, reach),
        )
    with formula:
        show.formula(formulas.from_logit(z, y, drawn[0].at[1], epsilon, drawn[1].at[1], show.theme().symbols), "from-logit")
    heads = ("z", "from the logit", "clipped", "unclipped", "∂L/∂z from the logit", "∂L/∂z clipped")
    show.table(heads, far_rows(y, z, epsilon), "Binary cross-entropy far out", chosen=len(FAR))


def typed_logit(label: str, key: str, default: str) -> float:
    """A logit in a field; what cannot be read is answered beside it, and the former one stays."""
    text = controls.text(label, key=key, default=default, longest=controls.LONG)
    try:
        st.session_state[f"former {key}"] = number(text)
    except ValueError as error:
        mistakes.tell(error)
    return float(st.session_state.get(f"former {key}", default))


def number(text: str) -> float:
    """One number of a size at which a logit still means something.

    Raises
    ------
    ValueError
        No number, or one beyond ±1,000,000.
    """
    try:
        value = float(text.strip().replace(MINUS, "-"))
    except ValueError:
        raise ValueError(f"“{text[:40]}” was given as a logit: give one number, such as −1000 or 2.5") from None
    if not abs(value) <= LARGEST:
        raise ValueError(f"“{text.strip()[:40]}” was given as a logit: give a number from −1,000,000 to 1,000,000")
    return value


def far_rows(y: float, z: float, epsilon: float) -> list[tuple[str, ...]]:
    """Binary cross-entropy on the wrong side, ever further out: exact, clipped and unclipped, and both slopes; the typed z last."""
    side = -1.0 if y >= 0.5 else 1.0
    places = np.array([*(side * far for far in FAR), z])
    exact, slope = figures.of_logit(LOSSES["binary_cross_entropy"], places, y)
    columns = (places, exact, clipped(places, y, epsilon), unclipped(places, y), slope, clipped_slope(places, y, epsilon))
    return [tuple(significant(value, 6) for value in row) for row in zip(*columns, strict=True)]
