"""The pictures of the counts hold the counts."""

import json

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from nnviz.core import complexity
from nnviz.core.network import Network
from nnviz.core.recurrent_network import RecurrentNetwork
from nnviz.figures import complexity as figures
from nnviz.figures.theme import DARK, LIGHT

NETWORK = Network((4, 8, 3), ("tanh", "softmax"))


def valid(figure):
    made = go.Figure(figure)
    assert len(plotly.io.to_json(made)) < 400_000
    return made


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_bars_are_the_layers_flops(theme):
    costs = complexity.count(NETWORK, 10)
    made = valid(figures.layer_bars(costs, 10, theme))
    assert list(made.data[0].y) == [row.flops_forward for row in costs]
    assert list(made.data[1].y) == [row.flops_backward for row in costs]


def test_of_many_layers_the_dearest_are_drawn_and_the_rest_is_told():
    costs = complexity.count(Network((2, *(8,) * 30, 1)), 1)
    made = valid(figures.layer_bars(costs, 1, LIGHT))
    assert len(made.data[0].x) == 16
    assert "15 cheaper layers are not drawn" in made.layout.title.text


def test_growth_names_the_slope_of_each_line():
    curve = complexity.dense_growth()
    made = valid(figures.growth([("dense", curve)], LIGHT))
    assert np.array_equal(made.data[0].y, curve.flops)
    assert f"slope {curve.slope:.3f}" in made.layout.annotations[0].text


def test_the_clock_shows_what_was_measured():
    measured = [complexity.Measurement(0, "layer 1", 2_000_000, 0.01, 1.0)]
    made = valid(figures.clock(measured, LIGHT))
    assert made.data[0].y[0] == pytest.approx(2e8)
    assert "200 MFLOP/s" in made.layout.annotations[0].text


def test_truncation_stops_the_growth_of_memory():
    T = np.arange(1, 101)
    network = RecurrentNetwork(1, 8, 1)
    whole, cut = complexity.bptt_bytes(network, T), complexity.bptt_bytes(network, T, truncation=20)
    made = valid(figures.memory_through_time(T, whole, cut, 20, LIGHT))
    assert made.data[0].y[-1] == 5 * made.data[1].y[-1]
    json.loads(plotly.io.to_json(made))
