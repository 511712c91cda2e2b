"""Ripples: a small change of the input runs through the experiment's network, and through random networks of any depth."""

from functools import partial

import numpy as np
import streamlit as st

from nnviz.core import ripples
from nnviz.figures import ripples as figures
from nnviz.figures.graph import most_active, network_graph
from nnviz.formulas import page_scripts
from nnviz.formulas import ripples as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, experiment, page, player, programs, ripples_view, show, take

chosen = experiment.current()
page.head("A small change goes in: the network amplifies it or damps it, layer by layer, and its Jacobians say how much.")
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
    try:
        direction, strongest = ripples.most_amplified_direction(network, theta, x)
    except ValueError:
        pictures.info(
            f"The network stands at {show.as_typed(chosen.point.description)}, where it has diverged: its Jacobian is not finite. "
            "Go back to an earlier step on the page Training, or to the initial weights in the sidebar."
        )
        return
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
                show.formula(formulas.gain(layer, *found.size[layer - 1 : layer + 1], found.gain[layer - 1]), "gain")
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


VIEWS = {"Through the network": through_network, "Through depth": partial(ripples_view.through_depth, chosen)}
VIEWS[controls.view(VIEWS, key="ripview")]()

controls.try_this(
    [
        controls.Trial(
            "The worst direction",
            "Of all changes of one size this one arrives largest.",
            {"ripview": "Through the network", "ripinput": "the most amplified direction"},
        ),
        controls.Trial(
            "Too large to be linear",
            "The exact size leaves the dotted product of the Jacobians: the activations saturate.",
            {"ripview": "Through the network", "ripsize": 5.0},
        ),
        controls.Trial(
            "Edge of chaos",
            "tanh at gain 1: neighbours neither merge nor part.",
            {"ripview": "Through depth", "ripf": "tanh", "ripgain": 1.0, "ripbias": 0.0},
        ),
        controls.Trial(
            "Chaos",
            "At gain 2.5 two inputs that almost agree are soon strangers.",
            {"ripview": "Through depth", "ripf": "tanh", "ripgain": 2.5},
        ),
    ]
)
