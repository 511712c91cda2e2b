"""The pictures of backpropagation hold what the engine computes, in networks of any size."""

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from nnviz.core.backpropagation import BIAS, Factor, decisive, paths_of, size_factors, unit_states
from nnviz.core.gradient_check import gradient_check, step_study
from nnviz.core.gradient_depth import gradient_by_depth
from nnviz.core.losses import LOSSES
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.figures import gradient_check as check_figures
from nnviz.figures import gradients
from nnviz.figures.backpropagation import CLICK_PLACES, MOST_CLICKABLE, most_passing, paths_graph
from nnviz.figures.graph import network_graph
from nnviz.figures.theme import DARK, LIGHT

SIZES = [(2, 2, 1), (4, 8, 8, 3), (64, 64, 64, 10), (4, *(6,) * 14, 3)]


def valid(figure):
    made = go.Figure(figure)
    assert len(plotly.io.to_json(made)) < 400_000
    return made


def drawn(sizes, layer=1, unit=0, column=0, theme=LIGHT, hidden="tanh"):
    network = Network(sizes, (*(hidden,) * (len(sizes) - 2), "sigmoid"))
    theta = network.initialize("glorot_normal", seed=1)
    X = np.random.default_rng(0).normal(size=(sizes[0], 30))
    forward = network.forward(theta, X[:, [0]])
    backward = network.backward(theta, forward, np.ones((sizes[-1], 1)), "half_squared_error")
    paths = paths_of(network, theta, forward, backward, layer, unit)
    units = most_passing(paths, forward, None if column == BIAS else column)
    graph = network_graph(network, theta, forward, backward, units=units, target=np.ones(sizes[-1]), cost=0.5)
    slopes = [part.W for part in network.unpack(backward.gradient)]
    states = unit_states(network, network.forward(theta, X))
    return paths, slopes, valid(paths_graph(graph, paths, slopes, states, theme, column))


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "-".join(map(str, sizes[:5])))
def test_every_network_is_drawn_with_the_weight_in_it(sizes, theme):
    _, _, figure = drawn(sizes, unit=sizes[1] - 1, column=sizes[0] - 1, theme=theme)
    assert "chosen weight" in [trace.name for trace in figure.data]
    weights = trace(figure, "weights")
    assert [1, sizes[1] - 1, sizes[0] - 1] in [list(place) for place in weights.customdata] or len(weights.x) == MOST_CLICKABLE
    assert len(weights.x) <= MOST_CLICKABLE * len(CLICK_PLACES)


def test_edges_of_one_look_are_one_trace_and_the_places_that_can_be_clicked_are_not_drawn():
    _, _, figure = drawn((4, 8, 8, 3))
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    receding, lit = ([trace for trace in lines if trace.name.startswith(name)] for name in ("edges", "paths"))
    assert len(receding) == len({(trace.line.color, trace.line.width) for trace in receding})
    assert sum(np.isfinite(np.asarray(trace.x, dtype=float)).sum() for trace in receding) == 2 * (32 + 64 + 24)
    assert lit
    assert trace(figure, "weights").marker.maxdisplayed == 1


def test_an_edge_tells_weight_gradient_factor_and_what_it_carries():
    paths, slopes, figure = drawn((2, 2, 1))
    weights = trace(figure, "weights")
    texts = {tuple(place): text for place, text in zip(weights.customdata, weights.text, strict=True)}
    assert f"{slopes[1][0, 0]:.6g}".replace("-", "−") in texts[2, 0, 0]
    assert f"{paths.factors[2][0, 0]:.6g}".replace("-", "−") in texts[2, 0, 0]
    assert "paths through it carry" not in texts[2, 0, 1]


def test_a_click_on_a_neuron_chooses_its_bias_and_inputs_have_none():
    _, _, figure = drawn((2, 3, 1), column=BIAS)
    inputs, neurons = [trace for trace in figure.data if trace.name == "neurons"]
    assert [list(place) for place in neurons.customdata] == [[1, 0, BIAS], [1, 1, BIAS], [1, 2, BIAS], [2, 0, BIAS]]
    assert inputs.customdata is None
    assert len(inputs.x) == 2


def test_only_edges_on_a_path_are_lit():
    paths, _, figure = drawn((4, 8, 8, 3), layer=2, unit=3)
    lit = sum(len(trace.x) // 3 for trace in figure.data if trace.name and trace.name.startswith("paths"))
    assert lit == paths.count == 3


def test_dead_neurons_are_crossed():
    network = Network((2, 3, 1), ("relu", "sigmoid"))
    theta = network.initialize("he_normal", seed=0)
    network.unpack(theta)[0].b[2] = -50.0
    X = np.random.default_rng(0).normal(size=(2, 20))
    forward = network.forward(theta, X[:, [0]])
    backward = network.backward(theta, forward, [[1.0]], "half_squared_error")
    paths = paths_of(network, theta, forward, backward, 1, 2)
    graph = network_graph(network, theta, forward, backward)
    states = unit_states(network, network.forward(theta, X))
    figure = valid(paths_graph(graph, paths, [l.W for l in network.unpack(backward.gradient)], states, LIGHT, 0))
    assert len(trace(figure, "dead neurons").x) == 1
    assert not [trace for trace in figure.data if trace.name.startswith("paths")]


@pytest.mark.parametrize("depth", [0, 2, 12])
def test_the_waterfall_ends_at_the_size_of_the_derivative(depth):
    sizes = (3, *(4,) * depth, 2)
    network = Network(sizes, (*("tanh",) * depth, "sigmoid"))
    theta, x = network.initialize(seed=0), np.ones((3, 1))
    forward = network.forward(theta, x)
    backward = network.backward(theta, forward, np.zeros((2, 1)), "half_squared_error")
    factors = size_factors(network, theta, forward, backward, LOSSES["half_squared_error"], np.zeros((2, 1)), 1, 0, 0)
    figure = valid(gradients.size_waterfall(factors, LIGHT, decisive(factors)))
    bar = figure.data[0]
    assert 10 ** (bar.base[-1] + bar.x[-1]) == pytest.approx(abs(network.unpack(backward.gradient)[0].W[0, 0]), rel=1e-6)
    assert len(bar.x) <= gradients.MOST_FACTORS


def test_a_factor_of_zero_or_infinity_is_drawn():
    for value in (0.0, np.inf, np.nan):
        figure = valid(gradients.size_waterfall([Factor("error", 2, 0.5), Factor("slope", 1, value), Factor("input", 0, 1.0)], LIGHT))
        assert np.isfinite(figure.data[0].x).all()


@pytest.mark.parametrize("one_scale", [True, False])
def test_maps_of_delta_hold_it(one_scale):
    rng = np.random.default_rng(0)
    network = Network((3, 20, 2, 2), ("relu", "relu", "sigmoid"))
    theta, X = network.initialize("he_normal", seed=0), rng.normal(size=(3, 90))
    forward = network.forward(theta, X)
    backward = network.backward(theta, forward, rng.random((2, 90)), "half_squared_error")
    deltas = [backward.d(l) for l in (1, 2, 3)]
    figure = valid(gradients.delta_maps(deltas, unit_states(network, forward), LIGHT, rng.integers(0, 2, 90), 90, one_scale))
    assert [np.shape(heat.z) for heat in figure.data] == [(16, 60), (2, 60), (2, 60)]
    for heat, delta in zip(figure.data, deltas, strict=True):
        units, columns = np.asarray(heat.customdata)[..., 0] - 1, np.asarray(heat.customdata)[..., 1]
        assert np.asarray(heat.z) == pytest.approx(delta[units, columns])
    assert (len({heat.zmax for heat in figure.data}) == 1) == one_scale


def test_a_deep_network_has_eight_maps_and_overflow_is_drawn():
    deltas = [np.full((4, 10), np.nan if l == 3 else np.inf if l == 5 else 10.0**-l) for l in range(30)]
    network = Network((4,) * 31, "tanh")
    states = unit_states(network, network.forward(network.initialize(), np.ones((4, 10))))
    assert len(valid(gradients.delta_maps(deltas, states, DARK, np.zeros(10), 10, False)).data) == 8


def checked(hidden="tanh", step=1e-5):
    rng = np.random.default_rng(0)
    network = Network((3, 5, 2), (hidden, "softmax"))
    cost = NetworkCost(network, "cross_entropy", rng.normal(size=(3, 40)), np.eye(2)[rng.integers(0, 2, 40)].T)
    theta = network.initialize("he_normal", seed=0)
    *_, found = gradient_check(cost, theta, step)
    return cost, theta, found


def test_the_scatter_has_every_parameter_once_and_names_the_worst():
    cost, _, found = checked("relu", 0.1)
    figure = valid(check_figures.check_scatter(found, cost.network, LIGHT, 40))
    upper = [t for t in figure.data if t.name in ("weights", "biases", "a kink within the step")]
    assert sum(len(t.x) for t in upper) == cost.dimension
    assert len(trace(figure, "a kink within the step").x) == found.kinked > 0
    assert sorted(np.concatenate([t.y for t in upper])) == pytest.approx(np.sort(found.numerical))
    assert check_figures.parameter_text(cost.network, int(found.index[found.worst])) in figure.layout.annotations[0].text
    place = next(list(p) for t in upper for p, y in zip(t.customdata, t.y, strict=True) if y == found.numerical[found.worst])
    kind = "b" if place[2] == BIAS else "W"
    assert cost.network.parameter_index(place[0], kind, place[1], max(place[2], 0)) == found.index[found.worst]


def test_of_very_many_parameters_the_worst_are_among_those_drawn(monkeypatch):
    monkeypatch.setattr(check_figures, "MOST_POINTS", 12)
    cost, _, found = checked()
    assert found.worst in check_figures._drawn_points(found)
    assert len(check_figures._drawn_points(found)) <= 12
    valid(check_figures.check_scatter(found, cost.network, DARK, 40))


@pytest.mark.parametrize("scale", [1.0, 1e160])
def test_the_step_is_drawn_at_its_rate(scale):
    cost, theta, _ = checked()
    study = step_study(cost, scale * theta, np.geomspace(1e-4, 1e2, 41))
    figure = valid(check_figures.step_prediction(study, 20, LIGHT, 40))
    assert trace(figure, "true cost at η").x[0] == study.rates[20]
    assert trace(figure, "true cost at η").y[0] == pytest.approx(float(study.after[20]), nan_ok=True)
    if scale == 1:
        assert np.nanmax(np.abs(np.array(trace(figure, "true cost").y, dtype=float)[:10] - study.after[:10])) == 0


def test_depth_has_a_line_a_depth_and_the_network_itself():
    cost, _, _ = checked()
    study = gradient_by_depth(cost, (1, 4, 9), 5, "sigmoid", "glorot_normal")
    figure = valid(gradients.depth_lines(study, LIGHT, np.array([0.1, 0.0]), "key"))
    assert [len(t.x) for t in figure.data] == [2, 5, 10, 2]
    assert figure.data[1].y == pytest.approx(study.medians[1])
