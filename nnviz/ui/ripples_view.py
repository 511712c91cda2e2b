"""Depth on the page Ripples: random networks between order and chaos, measured beside the theory of wide layers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from nnviz.core import ripples
from nnviz.core.activations import ELEMENTWISE_NAMES
from nnviz.core.initializers import INITIALIZERS
from nnviz.figures import ripples as figures
from nnviz.formulas import page_scripts
from nnviz.formulas import ripples as formulas
from nnviz.ui import controls, show, take
from nnviz.ui.experiment import Experiment


@lru_cache(maxsize=8)
def study(
    activation: str, depth: int, width: int, initializer: str, gains: tuple[float, ...], bias: float, seed: int
) -> ripples.DepthStudy:
    """The random networks of the second view."""
    return ripples.depth_study(activation, depth, width, gains, initializer, seeds=8, seed=seed, bias_scale=bias)


theory_of = lru_cache(maxsize=32)(ripples.mean_field)


def through_depth(chosen: Experiment) -> None:
    """Two inputs on their way through random networks of any depth, and the stretch of a tiny change over the gain."""
    theme = show.theme()
    pictures = st.container()
    one, two = st.columns(2, gap="large")
    with one:
        activation = controls.choice("Activation", ELEMENTWISE_NAMES, key="ripf", default="tanh")
        initializer = controls.choice("Initialiser", INITIALIZERS, key="ripinit", default="lecun_normal")
        bias = controls.slider("Spread of the biases", 0.0, 1.0, key="ripbias", default=0.0, step=0.05)
    with two:
        depth = int(controls.slider("Layers", 2, 50, key="ripdepth", default=30, step=1))
        width = int(controls.slider("Units a layer", 2, 128, key="ripwidth", default=64, step=2))
        gain = controls.slider("Gain of the weights", 0.1, 4.0, key="ripgain", default=1.0, step=0.05)
    three = tuple(dict.fromkeys((0.5, gain, 2.0)))
    paths = study(activation, depth, width, initializer, three, bias, chosen.seed)
    gains = tuple(np.linspace(0.2, 4, 20).round(3).tolist())
    scan = study(activation, min(depth, 20), width, initializer, gains, bias, chosen.seed)
    take.script(lambda: page_scripts.depth(activation, depth, width, initializer, three, bias, chosen.seed, gain))
    with pictures:
        left, right = st.columns(2, gap="medium")
        with left:
            show.figure(
                figures.through_depth(paths, theme),
                key="depth",
                alt=f"Distance of two inputs through {depth} layers of {width} {activation} units",
            )
        with right:
            theory = theory_of(activation, gains, bias)
            show.figure(
                figures.growth(scan, theory, theme),
                key="chaos",
                alt=f"Stretch of a tiny change a layer over the gain, {activation}, {initializer}",
            )
    rate = float(np.nanmean(paths.growth[three.index(gain)]))
    fate = "order: it dies out" if rate < -0.02 else "chaos: it grows" if rate > 0.02 else "the edge of chaos: it keeps its size"
    show.formula(formulas.stretch(rate, theme.symbols), "stretch")
    show.sentence(
        f"At gain {gain:g} a tiny change is {fate}. The theory is drawn for Gaussian weights of variance gain²/n, which lecun_normal draws."
    )
