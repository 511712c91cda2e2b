"""Ripples: a small change of the input runs through the experiment's network, and through random networks of any depth."""

from functools import lru_cache

import numpy as np
import streamlit as st

from nnviz.core import ripples
from nnviz.core.activations import ACTIVATIONS, get_activation
from nnviz.core.initializers import INITIALIZERS
from nnviz.figures import ripples as figures
from nnviz.figures.graph import most_active, network_graph
from nnviz.formulas import page_scripts
from nnviz.formulas import ripples as formulas
from nnviz.formulas.letters import in_colours
from nnviz.formulas.numbers import latex, significant
from nnviz.ui import controls, experiment, page, player, programs, show, take

VIEWS = ("Through the network", "Through depth")

chosen = experiment.current()
page.head("Ripples", "A small change goes in: the network amplifies it or damps it, layer by layer, and its Jacobians say how much.")
view = controls.segments("View", VIEWS, key="ripview", default=VIEWS[0])
theme = show.theme()


def through_network() -> None:
    data, network, theta = chosen.data, chosen.network, chosen.theta
    names, inputs = list(data.feature_names), data.inputs
    pictures = st.container()
    first, second, third = st.columns(3, gap="medium")
    with first:
        sample = int(controls.number("Sample", 0, data.samples - 1, key="ripsample", default=0, step=1))
    with second:
        directions = [*names[:64], "the most amplified direction"]
        along = controls.choice("Changed input", directions, key="ripinput", default=directions[0])
    with third:
        size = controls.powers("By how much", -4, 1, key="ripsize", default=0.1, per_decade=(1, 2, 5))
    x = inputs[:, sample]
    direction, strongest = ripples.most_amplified_direction(network, theta, x)
    change = size * (direction if along == directions[-1] else np.eye(len(names))[names.index(along)])
    take.script(lambda: page_scripts.ripple(programs.recipe(chosen), sample, change))
    found = ripples.ripple(network, theta, x, change)
    gains = ripples.gains(network, theta, x[:, None])
    forward = network.forward(theta, x[:, None])
    graph = network_graph(network, theta, forward, feature_names=names, target_names=data.target_names, units=most_active(forward))
    layers = len(network.sizes) - 1
    with pictures:
        picture, side = st.columns([1.75, 1], gap="large")
        with picture:
            alt = f"A change of {size:g} in {along} runs through {chosen.sizes}: its size ends at {found.size[-1]:.4g}"
            show.figure(figures.ripple_graph(graph, found, theme), key="ripple", alt=alt)
            labels = ["input", *(f"layer {layer}" for layer in range(1, layers + 1))]
            layer = player.player("ripple-player", ["ripple"], steps=range(layers + 1), labels=labels, interval=700)
        with side:
            alt = f"Size of the change at each layer: {found.size.round(5).tolist()}"
            show.figure(figures.sizes(found, theme), key="ripsizes", alt=alt)
            if layer:
                before, after = latex(found.size[layer - 1]), latex(found.size[layer])
                ratio = rf"\frac{{\|\Delta a^{{{layer}}}\|}}{{\|\Delta a^{{{layer - 1}}}\|}}"
                show.formula(rf"{ratio} = \frac{{{after}}}{{{before}}} = {latex(found.gain[layer - 1])}")
    left, right = st.columns([1.75, 1], gap="large")
    with left:
        alt = f"Singular values of the Jacobians; the largest of the whole is {float(strongest):.4g}"
        show.figure(figures.singular_values(gains, 0, theme), key="sigmas", alt=alt)
    with right:
        show.heading("The input direction that is amplified most")
        order = np.argsort(-np.abs(direction))[:8]
        rows = [[names[i], significant(float(direction[i]))] for i in order]
        show.table(("input", "share"), rows, "The most amplified input direction, largest shares first")
        off = abs(found.size[-1] - found.first_order_size[-1]) / max(found.size[-1], 1e-300)
        stretched = f"It is stretched {significant(float(strongest))}-fold."
        show.sentence(f"{stretched} Check: the first order is off by {significant(100 * off, 2)} % for this change.")


@lru_cache(maxsize=8)
def study(
    activation: str, depth: int, width: int, initializer: str, gains: tuple[float, ...], bias: float, seed: int
) -> ripples.DepthStudy:
    """The random networks of the second view."""
    return ripples.depth_study(activation, depth, width, gains, initializer, seeds=8, seed=seed, bias_scale=bias)


theory_of = lru_cache(maxsize=32)(ripples.mean_field)


def through_depth() -> None:
    pictures = st.container()
    one, two = st.columns(2, gap="large")
    with one:
        elementwise = [name for name in ACTIVATIONS if get_activation(name).elementwise]
        activation = controls.choice("Activation", elementwise, key="ripf", default="tanh")
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
            alt = f"Distance of two inputs through {depth} layers of {width} {activation} units"
            show.figure(figures.through_depth(paths, theme), key="depth", alt=alt)
        with right:
            theory = theory_of(activation, gains, bias)
            show.figure(
                figures.growth(scan, theory, theme),
                key="chaos",
                alt=f"Stretch of a tiny change a layer over the gain, {activation}, {initializer}",
            )
    rate = float(np.nanmean(paths.growth[three.index(gain)]))
    fate = "order: it dies out" if rate < -0.02 else "chaos: it grows" if rate > 0.02 else "the edge of chaos: it keeps its size"
    show.formula(rf"{in_colours(formulas.STRETCH, theme.symbols)}, \qquad {formulas.stretch(rate)}")
    show.sentence(
        f"At gain {gain:g} a tiny change is {fate}. The theory is drawn for Gaussian weights of variance gain²/n, which lecun_normal draws."
    )


(through_network if view == VIEWS[0] else through_depth)()

controls.try_this(
    [
        controls.Trial(
            "The worst direction",
            "Of all changes of one size this one arrives largest.",
            {"ripview": VIEWS[0], "ripinput": "the most amplified direction"},
        ),
        controls.Trial(
            "Too large to be linear",
            "The exact size leaves the dotted product of the Jacobians: the activations saturate.",
            {"ripview": VIEWS[0], "ripsize": 5.0},
        ),
        controls.Trial(
            "Edge of chaos",
            "tanh at gain 1: neighbours neither merge nor part.",
            {"ripview": VIEWS[1], "ripf": "tanh", "ripgain": 1.0, "ripbias": 0.0},
        ),
        controls.Trial(
            "Chaos", "At gain 2.5 two inputs that almost agree are soon strangers.", {"ripview": VIEWS[1], "ripf": "tanh", "ripgain": 2.5}
        ),
    ]
)
