"""Depth on the page Activations: the spread of activations and gradients, layer by layer, and the units that are dead."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from nnviz.core.activations import ACTIVATIONS, ELEMENTWISE_NAMES
from nnviz.core.depth import Signals, signals_through_depth
from nnviz.core.initializers import INITIALIZERS
from nnviz.figures import activations as figures
from nnviz.formulas import activations as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, show
from nnviz.ui.controls import EXPERIMENTS
from nnviz.ui.experiment import Experiment

WIDTH, SAMPLES, RUNS = 64, 64, 4


def draw(chosen: Experiment) -> None:
    """Spread of activations and gradients from layer to layer, for several functions under one initialiser or a few."""
    first, second, third, fourth = st.columns([1.7, 1.5, 1, 1], gap="medium")
    with first:
        hidden = chosen.network.activations[0]
        offered = [*ELEMENTWISE_NAMES] + [hidden] * hidden.startswith("=")
        names = controls.several("Functions", offered, key="deepacts", default=("sigmoid", "tanh", "relu", "selu"), most=8) or ["tanh"]
    with second:
        wanted = controls.several("Initialisers", [EXPERIMENTS, *INITIALIZERS], key="deepinit", default=(EXPERIMENTS,), most=3)
    with third:
        depth = int(controls.slider("Layers", 2, 50, key="deeplayers", default=30, step=1))
    with fourth:
        scale = controls.powers("Weights times", -1, 1, key="deepgain", default=1.0)
    initializers = list(dict.fromkeys(chosen.initializer if name == EXPERIMENTS else name for name in wanted or [EXPERIMENTS]))
    lines = signal_lines(names, initializers, depth, scale)
    spread = controls.segments("Spread of activations", ("over units and samples", "over samples alone"), key="deepspread")
    colours, labels, layers = show.theme(), [label for label, _, _ in lines], np.arange(depth + 1.0)
    whole = spread == "over units and samples"
    forward = [np.median((s.activations if whole else s.differences)[i], axis=0) for _, s, i in lines]
    backward = [np.median(s.gradients[i], axis=0) for _, s, i in lines]
    dead = [s.dead[i].mean(axis=0) for _, s, i in lines]
    given = f"{', '.join(initializers)} × {scale:g}"
    panels = (
        ("Spread of activations", f"standard deviation {spread}", layers, forward, True, "forward"),
        ("Spread of gradients", "root mean square of δ, 1 arriving at the output", layers[1:], backward, True, "backward"),
        ("Dead units", "share with f′(z) = 0 for every sample", layers[1:], dead, False, "dead"),
    )
    for column, (title, key, places, values, log, name) in zip(st.columns(3, gap="medium"), panels, strict=True):
        with column:
            ends = ", ".join(f"{label} {significant(v[0], 3)} to {significant(v[-1], 3)}" for label, v in zip(labels, values, strict=True))
            alt = f"{title} from layer {places[0]} to {places[-1]} under {given}: {ends}."
            show.figure(figures.by_layer(colours, labels, places, values, title, key, log), name, alt)
    show.sentence(f"{given}; {WIDTH} units a layer, {SAMPLES} normal inputs, the median of {RUNS} draws of the weights.")
    _factors(lines, depth)


def _factors(lines: list[tuple[str, Signals, int]], depth: int) -> None:
    """By how much one layer in the middle multiplies the gradient: as expected for each line, and as measured."""
    at = max(0, depth // 2 - 1)
    each = [
        [float(np.median(part[i][..., at])) for part in (s.weight_gain[..., 1:], s.slope, s.factor, s.measured_factor)] for _, s, i in lines
    ]
    formula, table = st.columns([1, 1.5], gap="large")
    with formula:
        gain, slope, factor, _ = each[0]
        show.formula(formulas.layer_factor(lines[0][0], gain, slope, factor, depth, show.theme().symbols), "layer-factor")
    with table:
        rows = [(label, *(significant(number) for number in numbers)) for (label, _, _), numbers in zip(lines, each, strict=True)]
        show.table(("function", "n·E[w²]", "E[f′²]", "expected factor", "measured"), rows, f"Factors of the gradient at layer {at + 1}")
        show.sentence(f"Check at layer {at + 1}: the factor expected from weights and slopes beside the one that was measured.")


@lru_cache(maxsize=48)
def signals(activation: str, initializers: tuple[str, ...], depth: int, scale: float) -> Signals:
    """What passes through `depth` layers of 64 units, for each initialiser; four draws of the weights."""
    return signals_through_depth(activation, initializers, depth, WIDTH, SAMPLES, RUNS, scale)


def signal_lines(names: list[str], initializers: list[str], depth: int, scale: float) -> list[tuple[str, Signals, int]]:
    """(label, signals, place of the initialiser in them) of every function under every initialiser."""
    each = tuple(initializers)
    labels = {name: ACTIVATIONS[name].title if name in ACTIVATIONS else name.lstrip("=") for name in names}
    return [
        (labels[name] if len(each) == 1 else f"{labels[name]}, {each[i]}", signals(name, each, depth, scale), i)
        for name in names
        for i in range(len(each))
    ]
