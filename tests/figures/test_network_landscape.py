"""The cost on a plane and along a line, as pictures: valid, small, and true to the engine's numbers."""

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.datasets import DATASETS
from nnviz.core.landscape import barrier, evaluate_grid, interpolate, pca_plane
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.training import train
from nnviz.figures import landscapes, network_landscape
from nnviz.figures.landscapes import Ground, Path
from nnviz.figures.theme import DARK, LIGHT
from nnviz.ui.chart import encode

MOST_BYTES = 400_000
NETWORK = Network((2, 4, 1), ("tanh", "sigmoid"))
DATA = DATASETS["moons"](samples=60)
RUN = train(NETWORK, "binary_cross_entropy", DATA, "adam", epochs=20)
COST = NetworkCost(NETWORK, "binary_cross_entropy", DATA.train.X, DATA.train.Y)
TEST = NetworkCost(NETWORK, "binary_cross_entropy", DATA.test.X, DATA.test.Y)
PLANE = pca_plane(RUN.theta)


def size(figure):
    return len(encode(figure))


def ground(resolution=51):
    across = network_landscape.window(PLANE.project(RUN.theta))
    x, y = (np.linspace(low, high, resolution) for low, high in across)
    return Ground(x, y, evaluate_grid(COST, PLANE, x, y))


def test_the_window_holds_all_points_and_has_the_picture_s_shape():
    rng = np.random.default_rng(0)
    for _ in range(20):
        points = rng.normal(size=(9, 2)) * rng.uniform(0.01, 100, size=2)
        (left, right), (bottom, top) = network_landscape.window(points)
        assert (points >= [left, bottom]).all()
        assert (points <= [right, top]).all()
        assert left < 0 < right
        assert (right - left) / (top - bottom) == pytest.approx(network_landscape.ASPECT)
        wide = network_landscape.window(points, reach=2)
        np.testing.assert_allclose(wide, 2 * np.array([[left, right], [bottom, top]]))


def test_what_is_not_finite_or_does_not_move_has_a_window_too():
    for points in (np.full((3, 2), np.nan), np.zeros((3, 2)), np.empty((0, 2))):
        (left, right), (bottom, top) = network_landscape.window(points)
        assert left < right
        assert bottom < top


@pytest.mark.parametrize("logarithmic", [True, False])
def test_heights_are_even_or_logarithmic_as_asked_and_keep_their_order(logarithmic):
    scale = network_landscape.scale_of(ground().z, logarithmic)
    assert bool(scale.unit) is logarithmic
    assert np.all(np.diff(scale(np.linspace(scale.lowest, scale.highest, 30))) > 0)


@pytest.mark.parametrize("z", [np.full((3, 3), np.inf), np.ones((3, 3)), np.full((3, 3), np.nan)])
def test_a_plane_without_heights_has_a_scale(z):
    assert np.isfinite(network_landscape.scale_of(z, True).top)


def test_points_over_the_grid_have_its_heights_and_those_outside_none():
    here = ground()
    rows, columns = np.array([0, 7, 50]), np.array([0, 20, 50])
    nodes = np.column_stack([here.x[columns], here.y[rows]])
    np.testing.assert_allclose(network_landscape.on_ground(here, nodes), here.z[rows, columns], rtol=1e-12)
    assert np.isnan(network_landscape.on_ground(here, np.array([[here.x[-1] + 1, 0], [0, np.nan]]))).all()
    # Bilinear: exact for a plane.
    tilted = Ground(here.x, here.y, 2 * here.x + 3 * here.y[:, None])
    points = np.column_stack([np.linspace(here.x[0], here.x[-1], 11), np.linspace(here.y[0], here.y[-1], 11)])
    np.testing.assert_allclose(network_landscape.on_ground(tilted, points), points @ [2, 3], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("draw", [landscapes.contour, landscapes.surface])
def test_the_finest_landscape_with_six_paths_is_valid_and_small(theme, draw):
    here, points = ground(201), PLANE.project(RUN.theta)
    paths = [Path(f"run {i}", points * (1 + 0.01 * i), i, network_landscape.on_ground(here, points)) for i in range(6)]
    figure = draw(theme, here, paths, range(len(points)), title="t", key="k", scale=network_landscape.scale_of(here.z, True))
    go.Figure(figure)
    assert size(figure) <= MOST_BYTES


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_courses_hold_the_costs_at_their_true_steps(theme):
    off = np.stack([PLANE.residual(RUN.theta)] * 2)
    paths = [Path("a", PLANE.project(RUN.theta), 0), Path("b", PLANE.project(RUN.theta), 1)]
    figure = network_landscape.courses(theme, paths, RUN.step, np.stack([RUN.train_cost] * 2), off, title="t", key="k")
    go.Figure(figure)
    assert size(figure) <= MOST_BYTES
    first = figure["data"][0]
    steps = first["x"] if "x" in first else np.arange(len(first["y"]))
    np.testing.assert_array_equal(steps, RUN.step)
    np.testing.assert_allclose(first["y"], RUN.train_cost, rtol=1e-6)
    assert figure["frames"][7]["data"][1]["x"][0] == RUN.step[7]


def test_courses_with_steps_far_apart_stand_at_the_step_of_each_frame():
    steps, costs = np.array([0, 10, 1000]), np.array([[1.0, 0.1, 0.01]])
    figure = network_landscape.courses(LIGHT, [Path("a", np.zeros((3, 2)), 0)], steps, costs, costs, title="t", key="k")
    assert [frame["data"][0]["x"][0] for frame in figure["frames"]] == [0, 10, 1000]
    np.testing.assert_array_equal(figure["data"][0]["x"], steps)
    assert figure["layout"]["xaxis"]["range"] == [0, 1000]


@pytest.mark.parametrize("test", [TEST, None])
def test_the_line_and_its_barrier_are_the_engine_s(test):
    other = train(NETWORK, "binary_cross_entropy", DATA, "adam", epochs=20, seed=3).final_theta
    found = interpolate(COST, RUN.final_theta, other, test, points=51, beyond=0.25)
    figure = network_landscape.line(LIGHT, found, ("a", "b"), title="t", key="k")
    go.Figure(figure)
    np.testing.assert_array_equal(figure["data"][0]["y"], found.train)
    inside = (found.t >= 0) & (found.t <= 1)
    at, foot, top = network_landscape.rise_of(found.t[inside], found.train[inside])
    assert top - foot == pytest.approx(found.train_barrier)
    assert top - foot == pytest.approx(float(barrier(found.t[inside], found.train[inside])))
    assert figure["data"][1]["x"][-1] == at
    names = [note["text"] for note in figure["layout"]["annotations"]]
    assert len(names) == (2 if test else 1)


def test_a_line_downhill_has_no_barrier_and_one_that_overflows_is_drawn():
    t = np.linspace(0, 1, 5)
    assert network_landscape.rise_of(t, 1 - t) is None
    assert network_landscape.rise_of(t, np.array([1, np.inf, np.nan, np.nan, 1.0])) is None
