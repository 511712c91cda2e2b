"""The pictures of ripples hold what the engine computes."""

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from nnviz.core import ripples
from nnviz.core.network import Network
from nnviz.figures import ripples as figures
from nnviz.figures.graph import most_active, network_graph
from nnviz.figures.theme import DARK, LIGHT


def valid(figure):
    made = go.Figure(figure)
    assert len(plotly.io.to_json(made)) < 400_000
    return made


def drawn(network, theme=LIGHT):
    theta = network.initialize("glorot_uniform", seed=1)
    x = np.linspace(-1, 1, network.sizes[0])
    found = ripples.ripple(network, theta, x, 0.1 * np.eye(network.sizes[0])[0])
    forward = network.forward(theta, x[:, None])
    graph = network_graph(network, theta, forward, units=most_active(forward))
    return found, valid(figures.ripple_graph(graph, found, theme))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("sizes", [(2, 2, 1), (4, 8, 8, 3), (64, 64, 64, 10)], ids=str)
def test_a_frame_a_layer_and_the_last_one_has_all_changes(sizes, theme):
    found, made = drawn(Network(sizes), theme)
    assert len(made.frames) == len(sizes)
    marks = next(trace for trace in made.data if trace.name == "activations")
    assert len(marks.text) == len(marks.x) == len(marks.marker.color)
    assert marks.text[-1] == figures.fitting(float(found.change[-1][-1]))
    assert all(len(text) <= 6 for text in marks.text)


def test_later_layers_are_empty_until_the_change_arrives():
    _, made = drawn(Network((4, 8, 3)))
    assert [text.strip() != "" for text in made.frames[0].data[0].text] == [True] * 4 + [False] * 11


def test_sizes_are_drawn_exactly_and_to_first_order():
    found, _ = drawn(Network((4, 8, 3)))
    made = valid(figures.sizes(found, LIGHT))
    assert made.data[0].y == pytest.approx(found.size)
    assert made.data[1].y == pytest.approx(found.first_order_size)


def test_singular_values_stand_over_their_layer():
    network = Network((4, 8, 3))
    theta, x = network.initialize(seed=0), np.ones((4, 1))
    gains = ripples.gains(network, theta, x)
    made = valid(figures.singular_values(gains, 0, LIGHT))
    assert [trace.x[0] for trace in made.data] == ["layer 1", "layer 2", "whole"]
    assert made.data[-1].y == pytest.approx(gains.whole[0])


def test_order_and_chaos_with_the_theory():
    study = ripples.depth_study("tanh", depth=10, width=32, weight_gains=[0.5, 1.0, 2.0], seeds=3)
    theory = ripples.mean_field("tanh", study.gains)
    made = valid(figures.growth(study, theory, LIGHT))
    assert made.data[1].y == pytest.approx(study.growth.mean(axis=-1))
    assert made.data[2].y == pytest.approx(0.5 * np.log(theory.stretch))
    assert len(valid(figures.through_depth(study, LIGHT)).data) == 3
