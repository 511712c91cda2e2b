"""The pictures of recurrent networks hold the engine's numbers, overflow included."""

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from nnviz.core.descent import descend
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm
from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork
from nnviz.core.sequences import make_task
from nnviz.figures import recurrent as figures
from nnviz.figures import unrolled
from nnviz.figures.theme import DARK, LIGHT
from nnviz.ui.chart import encode


def valid(figure):
    made = go.Figure(figure)
    assert len(encode(figure)) < 400_000
    plotly.io.to_json(made)
    return made


def case(task="sine", steps=12, hidden=3, activation="tanh", radius=1.0, truncation=None):
    given = make_task(task, steps=steps, samples=4)
    network = RecurrentNetwork(given.X.shape[1], hidden, 1, activation)
    theta = network.rescale(network.initialize("orthogonal", seed=0), radius)
    cost = RecurrentCost(network, "half_squared_error", given.X, given.Y, truncation)
    return cost, theta, cost.backward(theta)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize(("task", "steps", "hidden"), [("sine", 5, 1), ("adding", 40, 8), ("echo", 300, 32)])
def test_the_unrolled_graph_has_a_frame_for_each_stop_and_one_between(theme, task, steps, hidden):
    cost, _, back = case(task, steps, hidden)
    figure = unrolled.unrolled(cost, back, theme)
    made = valid(figure)
    assert len(made.frames) == 2 * len(unrolled.stops(steps)) - 1 <= 60
    assert unrolled.stop_frames(steps)[-1] == len(made.frames) - 1
    assert len(unrolled.stop_labels(steps)) == len(unrolled.stops(steps))


def trace(figure, name):
    return next(trace for trace in figure["data"] if trace["name"] == name)


def test_data_flows_forward_then_delta_back():
    cost, _, back = case(steps=4)
    figure = unrolled.unrolled(cost, back, LIGHT)
    names = [t["name"] for t in figure["data"]]
    h, delta, tokens = (names.index(name) for name in ("h", "delta", "tokens"))

    def of(frame, index):
        return frame["data"][frame["traces"].index(index)]

    def empty(frame, index):
        return sum(colour == LIGHT.background for colour in of(frame, index)["marker"]["color"])

    assert [empty(f, h) for f in figure["frames"][::2]][:5] == [12, 9, 6, 3, 0]
    assert [empty(f, delta) for f in figure["frames"][::2]] == [12, 12, 12, 12, 12, 9, 6, 3, 0]
    under_way = figure["frames"][3], figure["frames"][11]  # forward into step 2, back into step 3
    assert [of(f, tokens)["marker"]["color"] for f in under_way] == [LIGHT.symbols["x"], LIGHT.symbols["delta"]]
    assert np.diff(of(figure["frames"][3], names.index("lit"))["x"][-3:-1])[0] > 0
    assert np.diff(of(figure["frames"][11], names.index("lit"))["x"][-3:-1])[0] < 0
    sizes = np.sqrt((back.delta[:, :, 0] ** 2).sum(axis=1))
    assert [float(text.replace("−", "-")) for text in trace(figure, "size")["text"]] == pytest.approx(sizes, rel=0.06)


def test_truncation_takes_the_edge_back_away():
    cost, _, back = case(steps=4, truncation=2)
    figure = unrolled.unrolled(cost, back, LIGHT)
    lit = [t["name"] for t in figure["data"]].index("lit")
    edges = [len(f["data"][f["traces"].index(lit)]["x"]) // 3 for f in figure["frames"][9::2]]
    assert edges == [1, 2, 1, 2]  # steps 4, 3, 2, 1: from y and from the later step, cut between 3 and 2


@pytest.mark.parametrize("units", [1, 8, 9, 32])
def test_states_are_the_networks(units):
    _, _, back = case(hidden=units, steps=30)
    h = back.unrolled.h[1:, :, 0]
    made = valid(figures.states(h, LIGHT))
    drawn = np.array([t.y for t in made.data]) if units <= 8 else np.asarray(made.data[0].z)
    assert drawn == pytest.approx(h.T, abs=1e-6)


@pytest.mark.parametrize("units", [2, 12])
def test_states_that_overflow_are_drawn_up_to_there_and_told(units):
    _, _, back = case("sunspots", 1000, units, "identity", 3.0)
    h = back.unrolled.h[1:, :, 0]
    lost = figures.overflow_at(h)
    assert 0 < lost < 1000
    made = valid(figures.states(h, LIGHT))
    assert f"overflows at step {lost}" in made.layout.title.text
    if units == 2:
        assert made.layout.yaxis.type == "log"
        assert np.isfinite(np.array(made.data[0].y, dtype=float)[: lost - 1]).all()


def test_a_target_that_is_not_asked_for_is_no_overflow():
    y = np.array([np.nan, np.nan, 1.0, 2.0])
    made = valid(figures.over_time(LIGHT, "t", "k", [("target", y, "#000000", "dash"), ("output", y[::-1] * 0, "#000000", "solid")][:1] * 1
                                   + [("output", np.zeros(4), "#000000", "solid")], gaps=("target",)))  # fmt: skip
    assert "overflow" not in made.layout.title.text


def test_the_phase_portrait_holds_the_way_and_the_arrows():
    cost, theta, back = case(hidden=2)
    p, h = cost.network.unpack(theta), back.unrolled.h[:, :, 0]
    grid = np.array([[0.0, 0.5], [0.0, -0.5]])
    made = valid(figures.phase_portrait(h, grid, np.tanh(p.W_hh @ grid + p.b_h), np.array([-1.1, 1.1]), LIGHT))
    way = next(t for t in made.data if t.name == "h")
    assert np.stack([way.x, way.y], axis=1) == pytest.approx(h)
    tips = next(t for t in made.data if t.name == "tips")
    assert (tips.x[0], tips.y[0]) == (0, 0)  # the origin stays where it is: no bias, no input


@pytest.mark.parametrize(("steps", "every"), [(12, 1), (200, 4)])
def test_the_map_of_norms_is_the_engines(steps, every):
    cost, theta, _ = case("sunspots", steps, radius=1.4)
    norms = cost.jacobian_norms(theta, every)
    made = valid(figures.norm_map(norms, every, steps, LIGHT))
    z = np.asarray(made.data[0].z, dtype=float)
    lower = np.tril_indices(len(norms))
    assert 10 ** z[lower] == pytest.approx(norms[lower], rel=1e-4)
    assert np.isnan(z[np.triu_indices(len(norms), 1)]).all()
    assert list(made.data[0].x) == list(range(1, steps + 1, every))


def test_norms_that_overflow_are_told():
    cost, theta, _ = case("sunspots", 1000, 4, "identity", 3.0)
    norms = cost.jacobian_norms(theta, 17)
    made = valid(figures.norm_map(norms, 17, 1000, LIGHT))
    assert np.isinf(norms).any()
    assert f"{int(np.isinf(norms).sum()):,} overflow to ∞" in made.layout.title.text
    valid(figures.norm_lines(norms[:, 0], np.full(len(norms), np.inf), 17, DARK))


def test_lines_and_sweep_stand_over_their_steps_and_radii():
    norms, radii = np.array([1.0, 0.5, 0.25]), np.array([0.5, 1.0, 2.0])
    made = valid(figures.norm_lines(norms, norms**2, 10, LIGHT))
    assert list(made.data[1].x) == [1, 11, 21]
    found = np.array([[1e-3, 1e-2, 1e-4], [1.0, 2.0, 0.5], [9.0, 8.0, 7.0]])
    made = valid(figures.sweep(radii, [("linear", found), ("tanh", found / 2)], 1.0, 60, LIGHT))
    assert list(made.data[0].y) == [1e-3, 1.0, 8.0]
    assert list(made.data[1].x) == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("truncation", [None, 5])
def test_bars_sum_to_the_gradient(truncation):
    cost, theta, back = case("echo", 20, truncation=truncation)
    shares = back.contributions["W_hh"][:, 1, 2]
    made = valid(figures.contributions(shares, "an entry", LIGHT))
    gradient = cost.network.unpack(cost.gradient(theta)).W_hh
    assert np.sum(made.data[0].y) == pytest.approx(gradient[1, 2], rel=1e-10)
    assert made.data[1].y[-1] == pytest.approx(gradient[1, 2], rel=1e-10)
    cells = valid(figures.gradient_matrix(gradient, (2, 3), LIGHT)).data[0]
    assert [tuple(place) for place in cells.customdata] == [(i, j) for i in (1, 2, 3) for j in (1, 2, 3)]
    assert sum(width > 0 for width in cells.marker.line.width) == 1


def test_both_runs_are_drawn_and_the_one_that_overflows_is_told():
    cost, theta, _ = case("sine", 40, 8, "identity", 1.3)
    optimizer = ClippedByNorm(OPTIMIZERS["sgd"](learning_rate=0.02), max_norm=np.array([[np.finfo(float).max], [1.0]]))
    run = descend(cost, optimizer, np.stack([theta, theta]), steps=60, record=())
    made = valid(figures.learning(run, LIGHT))
    assert f"not clipped overflows at step {run.diverged_at[0]}" in made.layout.title.text
    assert list(made.data[1].y) == pytest.approx(run.value[:, 1])
    valid(figures.gradient_sizes(run, 1.0, DARK))
