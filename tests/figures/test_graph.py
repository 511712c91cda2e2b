"""The graph of a network holds what the engine computed, and its animation tells it in order."""

import io
from itertools import pairwise

import networkx as nx
import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core.network import Network
from nnviz.figures.animation import MOST_FRAMES
from nnviz.figures.data_flow import data_flow
from nnviz.figures.graph import graphml, most_active, network_graph, neuron
from nnviz.figures.graph_drawing import MOST_TOKENS, MOST_TRACED
from nnviz.figures.graph_layout import form_of, place
from nnviz.figures.graph_marks import compact, cut
from nnviz.figures.theme import DARK, LIGHT
from nnviz.figures.timeline import stop_moments, timeline
from nnviz.ui.chart import encode

WORKED = Network((2, 2, 1), "sigmoid")
WORKED_THETA = np.array([0.2, -0.3, 0.4, 0.1, 0.1, -0.1, 0.3, -0.2, 0.05])
X, Y = np.array([[0.5], [0.8]]), np.array([[1.0]])
DENSE = [(4, 8, 8, 3), (2, 12, 5, 1), (64, 64, 64, 10), (3, *(8,) * 8, 2), (5, *(20,) * 50, 1), (1, 1)]


def worked():
    forward = WORKED.forward(WORKED_THETA, X)
    backward = WORKED.backward(WORKED_THETA, forward, Y, "half_squared_error")
    names = {"feature_names": ("x1", "x2"), "target": Y[:, 0], "cost": 0.114246}
    return network_graph(WORKED, WORKED_THETA, forward, backward, **names), forward, backward


def drawn(sizes, keep=None, **names):
    network = Network(sizes, "tanh")
    theta = network.initialize("glorot_normal", seed=1)
    forward = network.forward(theta, np.random.default_rng(0).normal(size=(sizes[0], 1)))
    backward = network.backward(theta, forward, np.zeros((sizes[-1], 1)), "half_squared_error")
    return network_graph(network, theta, forward, backward, cost=1.0, units=most_active(forward, keep=keep), **names)


def trace(figure, name):
    return next(t for t in figure["data"] if t["name"] == name)


def in_frame(figure, frame, name):
    """A trace as the frame changes it."""
    index = next(i for i, t in enumerate(figure["data"]) if t["name"] == name)
    changes = figure["frames"][frame]
    return changes["data"][changes["traces"].index(index)]


def test_nodes_and_edges_hold_the_engines_numbers():
    graph, forward, backward = worked()
    assert graph.number_of_nodes() == 5
    assert graph.number_of_edges() == 6
    hidden = graph.nodes[neuron(1, 1)]
    assert (hidden["z"], hidden["a"], hidden["bias"]) == (forward.Z[1][1, 0], forward.A[1][1, 0], -0.1)
    assert hidden["delta"] == backward.delta[1][1, 0]
    assert graph.edges[neuron(0, 0), neuron(1, 1)]["weight"] == 0.4
    assert graph.edges[neuron(0, 0), neuron(1, 1)]["gradient"] == pytest.approx(backward.delta[1][1, 0] * 0.5)


def test_more_than_one_theta_is_refused():
    forward = WORKED.forward(WORKED_THETA, X)
    with pytest.raises(ValueError, match=r"\(9,\)"):
        network_graph(WORKED, np.stack([WORKED_THETA] * 2), forward)


def test_graphml_comes_back_with_all_numbers_and_without_control_characters():
    graph, *_ = worked()
    graph.nodes[neuron(0, 0)]["name"] = "a\x00b"
    back = nx.read_graphml(io.BytesIO(graphml(place(graph))))
    assert back.nodes[neuron(1, 0)]["z"] == pytest.approx(-0.04, abs=1e-12)
    assert back.nodes[neuron(0, 0)]["name"] == "ab"
    assert back.edges[neuron(1, 0), neuron(2, 0)]["weight"] == 0.3
    assert {"x", "y"} <= set(back.nodes[neuron(0, 1)])


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=40), st.integers(1, 20))
def test_the_drawn_units_are_the_most_active_and_the_chosen_one(a, most):
    forward = type("Passed", (), {"A": [np.array(a)[:, None]]})
    (units,) = most_active(forward, most=most, keep=(0, len(a) - 1))
    others = np.delete(np.abs(a), units)
    kept = np.abs(np.array(a)[units[units != len(a) - 1]])
    assert len(a) - 1 in units
    assert len(units) == min(most, len(a))
    assert not len(others) or not len(kept) or kept.min() >= others.max()


@pytest.mark.parametrize("sizes", [(2, 2, 1), *DENSE], ids=str)
def test_neurons_of_a_layer_stand_in_order_and_apart(sizes):
    graph = place(drawn(sizes))
    for layer in range(len(sizes)):
        y = [a["y"] for _, a in graph.nodes(data=True) if a["layer"] == layer]
        assert all(low + form_of(graph).size <= high + 1e-6 for low, high in pairwise(y))
    assert {round(a["x"], 9) for _, a in graph.nodes(data=True) if a["layer"] == 0} == {0.0}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("sizes", [(2, 3, 3), *DENSE], ids=str)
def test_every_network_makes_a_valid_figure_that_is_small_enough(sizes, theme):
    figure, flow = data_flow(drawn(sizes), theme, (1, 0))
    go.Figure(figure)
    assert len(figure["frames"]) == flow.frames <= MOST_FRAMES
    assert len(encode(figure)) < 400_000
    assert len(figure["data"]) < 70


@pytest.mark.parametrize("layers", [1, 2, 5, 8, 40])
def test_stops_follow_the_computation_forward_then_back(layers):
    moments, flow = timeline(layers)
    assert flow.kinds == tuple(sorted(flow.kinds, key=("forward", "cost", "backward").index))
    forward = [layer for layer, kind in zip(flow.layers, flow.kinds, strict=True) if kind == "forward"]
    backward = [layer for layer, kind in zip(flow.layers, flow.kinds, strict=True) if kind == "backward"]
    assert forward == sorted(forward)
    assert backward == sorted(backward, reverse=True)
    assert (forward[0], backward[-1]) == (0, 1)
    assert all(moments[stop].rests for stop in flow.stops)
    assert len(flow.frame_labels) == len(moments)


def test_the_worked_example_stops_six_times():
    assert timeline(2)[1].labels == (
        "input",
        "hidden layer, forward",
        "output, forward",
        "cost",
        "output, backward",
        "hidden layer, backward",
    )
    assert len(stop_moments(2)) == 6


def test_numbers_appear_when_they_are_computed():
    graph, *_ = worked()
    figure, flow = data_flow(graph, LIGHT)
    at = [in_frame(figure, stop, "activations")["text"] for stop in flow.stops]
    assert "0.5" in at[0][0]
    assert all(text == " " for text in at[0][2:])
    assert "−0.0400" in at[1][2]
    assert "0.4900" in at[1][2]
    assert at[1][4] == " "
    assert "0.5220" in at[2][4]
    assert (at[2][5], "0.1142" in at[3][5]) == (" ", True)
    assert "−0.119" in at[4][4]
    assert "−0.00894" in at[5][2]


def test_edges_carry_weights_and_then_gradients():
    graph, *_ = worked()
    figure, flow = data_flow(graph, LIGHT)
    before, after = (figure["frames"][flow.stops[i]]["layout"]["annotations"] for i in (1, 5))
    assert "+0.2" in before[0]["text"]
    assert "−0.0045" in after[0]["text"]


def test_the_figure_stands_where_it_was_told_before_it_is_played():
    graph, *_ = worked()
    still, flow = data_flow(graph, LIGHT, rest=5)
    assert trace(still, "activations")["text"] == in_frame(still, flow.stops[5], "activations")["text"]
    assert "Backward" in still["layout"]["title"]["text"]
    last_forward, _ = data_flow(graph, LIGHT)
    assert trace(last_forward, "activations")["text"] == in_frame(last_forward, flow.stops[flow.output], "activations")["text"]
    with pytest.raises(ValueError, match="stop 6"):
        data_flow(graph, LIGHT, rest=6)


def test_tokens_move_forward_and_then_back():
    graph = drawn((4, 8, 8, 3))
    figure, flow = data_flow(graph, LIGHT)
    places = [in_frame(figure, frame, "what flows")["x"] for frame in range(flow.frames)]
    assert all(len(x) <= MOST_TOKENS for x in places)
    first, last = flow.stops[1], flow.stops[-1]
    assert places[1].mean() < places[first - 1].mean()
    assert places[last - 1].mean() < places[last - 3].mean()
    assert in_frame(figure, last - 1, "what flows")["marker"]["color"] == LIGHT.symbols["delta"]


def test_a_clicked_neuron_tells_its_layer_and_unit():
    figure, _ = data_flow(drawn((4, 8, 8, 3)), LIGHT)
    top = figure["data"][-1]
    assert top["name"] == "neurons"
    assert top["customdata"][4] == [1, 0]
    assert len(top["customdata"]) == 23
    assert figure["layout"]["clickmode"] == "event+select"


def test_the_chosen_neuron_has_a_ring_and_its_own_edges():
    figure, _ = data_flow(drawn((4, 8, 8, 3)), LIGHT, (2, 3))
    line = trace(figure, "activations")["marker"]["line"]
    assert line["width"].index(3.0) == line["color"].index(LIGHT.text) == 4 + 8 + 3
    lit = [t for t in figure["data"] if t["type"] == "scatter" and t.get("opacity") == 1.0 and t["mode"] == "lines"]
    assert sum(np.isfinite(t["x"]).sum() for t in lit) == 2 * 8


def test_what_is_not_drawn_is_counted():
    figure, _ = data_flow(drawn((64, 64, 64, 10)), LIGHT)
    assert trace(figure, "layers")["text"].count("… 48 more") == 3
    assert len(figure["data"][-1]["x"]) == 16 * 3 + 10


def test_signs_are_told_by_colour_and_by_dash():
    figure, _ = data_flow(drawn((4, 8, 8, 3)), LIGHT)
    lines = [t for t in figure["data"] if t["name"].startswith("weights")]
    assert all(("dash" in t["line"]) == (t["line"]["color"] == LIGHT.sign["minus"]) for t in lines)
    assert {t["line"]["color"] for t in lines} == set(LIGHT.sign.values())


def test_a_dense_network_has_all_its_edges_and_few_elements():
    graph = drawn((64, 64, 64, 10), keep=(1, 0))
    figure, flow = data_flow(graph, LIGHT, (1, 0))
    assert sum(shape["path"].count("M") for shape in figure["layout"]["shapes"]) == graph.number_of_edges() == 16 * 16 * 2 + 16 * 10
    traced = [t for t in figure["data"] if t["name"].startswith("weights")]
    assert sum(np.isnan(t["x"]).sum() for t in traced) < 4 * MOST_TRACED // 2
    lit = [t["opacity"] for t in figure["data"] if t["name"].startswith("weights")]
    assert set(lit) == {0.0, 1.0}
    moving = figure["frames"][flow.stops[2] - 1]["data"]
    assert any(change.get("opacity") == 0.6 for change in moving)


def test_overflow_is_drawn_and_said():
    network = Network((2, 4, 1), "identity")
    theta = np.full(network.parameter_count, 1e200)
    forward = network.forward(theta, np.full((2, 1), 1e200))
    backward = network.backward(theta, forward, np.zeros((1, 1)), "half_squared_error")
    figure, _ = data_flow(network_graph(network, theta, forward, backward, cost=np.inf), LIGHT, (1, 0))
    go.Figure(figure)
    assert "∞" in trace(figure, "activations")["text"][2]


def test_names_from_a_file_are_cut_and_no_tags():
    graph = drawn((4, 8, 8, 3), feature_names=["<b>x</b>", "a" * 300, "petal width (cm)", "x2"])
    figure, _ = data_flow(graph, LIGHT)
    go.Figure(figure)
    names = trace(figure, "names")["text"]
    assert "&lt;b&gt;" in names[0]
    assert "petal<br>width" in names[2]
    assert "<sub>2</sub>" in names[3]
    assert len(cut("a" * 300)) == 14


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_in_a_small_neuron_has_at_most_seven_characters(value):
    assert 1 <= len(compact(value)) <= 7
