"""Sharpness along a run against the limit of its rate, and the fate of errors along eigenvectors."""

import numpy as np
import pytest

from nnviz.core import edge_of_stability as edge_module
from nnviz.core.curvature import hessian_parts, hessian_spectrum, layer_shares, sharpness, top_eigenpairs
from nnviz.core.edge_of_stability import (
    edge_of_stability,
    fates_along_eigenvectors,
    sharpness_along,
    sharpness_along_chunks,
    sharpness_limit,
)
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Quadratic
from nnviz.core.stability import METHODS, stability_limit

BOWL = Quadratic(np.diag([4.0, 1.0, 0.1, 0.0]))


def cost_of(loss="half_squared_error", output="identity", sizes=(2, 6, 6, 1), samples=40, **penalty):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(sizes[0], samples))
    Y = (X[:1] * X[1:2] > 0).astype(float) if output != "softmax" else np.eye(sizes[-1])[:, rng.integers(sizes[-1], size=samples)]
    network = Network(sizes, ("tanh",) * (len(sizes) - 2) + (output,))
    return NetworkCost(network, loss, X, Y, **penalty), network.initialize("glorot_normal", seed=1)


def descent_path(objective, theta, rate, steps):
    path = [np.asarray(theta, dtype=float)]
    for _ in range(steps):
        with np.errstate(all="ignore"):
            path.append(path[-1] - rate * objective.gradient(path[-1]))
    return np.array(path)


# Sharpness along a run


@pytest.fixture(params=["dense", "warm"])
def walk(request, monkeypatch):
    monkeypatch.setattr(edge_module, "DENSE_DIMENSION", {"dense": 300, "warm": 1}[request.param])


def test_sharpness_along_a_run_is_the_largest_eigenvalue_at_each_point(walk):
    cost, theta = cost_of()
    path = descent_path(cost, theta, 0.1, 30)
    assert sharpness_along(cost, path) == pytest.approx(hessian_spectrum(cost, path)[:, -1], rel=1e-7)


def test_runs_side_by_side_give_what_each_gives(walk):
    cost, _ = cost_of()
    path = np.stack([descent_path(cost, cost.network.initialize(seed=seed), 0.1, 8) for seed in range(3)], axis=1)
    assert sharpness_along(cost, path)[:, 1] == pytest.approx(sharpness_along(cost, path[:, 1]), rel=1e-7)


def test_a_new_largest_eigenvalue_is_noticed_after_a_crossing(walk):
    class Crossing:
        """`(1 + x)·y² /2 + (2 − x)·z²/2` with x a parameter: at x = ½ the top eigenvector jumps from z to y."""

        dimension = 3

        def hessian(self, theta):
            H = np.zeros((*theta.shape[:-1], 3, 3))
            H[..., 1, 1], H[..., 2, 2] = 1 + theta[..., 0], 2 - theta[..., 0]
            return H

        def hessian_vector_product(self, theta, v):
            return np.einsum("...ij,...j->...i", self.hessian(theta), v)

    x = np.linspace(0, 1, 11)
    path = np.stack([x, 0 * x, 0 * x], axis=-1)
    assert sharpness_along(Crossing(), path) == pytest.approx(np.maximum(1 + x, 2 - x))


def test_a_diverged_tail_is_drawn_as_a_gap(walk):
    path = np.ones((5, 4))
    path[3:] = np.inf
    assert np.isnan(sharpness_along(BOWL, path)).tolist() == [False] * 3 + [True] * 2


def test_chunks_know_more_and_more(walk):
    cost, theta = cost_of(sizes=(2, 10, 10, 1), samples=300)
    told = [(share, np.isfinite(values).mean()) for share, values in sharpness_along_chunks(cost, descent_path(cost, theta, 0.1, 150))]
    assert len(told) > 1
    assert told[-1] == (1.0, 1.0)
    assert all(known == pytest.approx(share) for share, known in told)


# The edge


@pytest.mark.parametrize("method", METHODS)
def test_the_limit_as_a_sharpness_and_as_a_rate_agree(method):
    limit = sharpness_limit(0.05, method, 0.8)
    assert stability_limit(method, 0.8, limit) == pytest.approx(0.05)


def test_full_batch_descent_settles_at_the_edge():
    cost, theta = cost_of()
    rate = 0.7
    path = descent_path(cost, theta, rate, 1500)
    along = sharpness_along(cost, path[::10])
    seen = edge_of_stability(along, cost.value(path[::10]), rate)
    assert seen.limit == pytest.approx(2 / rate)
    assert along[0] < seen.limit
    assert seen.reached_at > 0
    assert along[along.size // 2 :].mean() == pytest.approx(2 / rate, rel=0.1)
    assert seen.diverged_at == -1


def test_a_catapult_rises_and_comes_back_and_a_divergence_does_not():
    cost = np.array([[1.0, 1.0, 1.0], [5.0, 10.0, 0.9], [2.0, np.inf, 0.8], [0.1, np.nan, 0.7]])
    seen = edge_of_stability(np.full((4, 3), 3.0), cost, [1.0, 1.0, 0.1])
    assert seen.catapult_at.tolist() == [1, -1, -1]
    assert seen.diverged_at.tolist() == [-1, 2, -1]
    assert seen.reached_at.tolist() == [0, 0, -1]


def test_a_product_of_two_weights_is_catapulted_above_its_limit_and_thrown_out_above_twice_that():
    # Lewkowycz et al. (2020): C = ½(uv)², sharpness u² + v² at the start; caught for α between 2 and 4 over it.
    class Product:
        dimension = 2

        def value(self, theta):
            return 0.5 * (theta[..., 0] * theta[..., 1]) ** 2

        def gradient(self, theta):
            u, v = theta[..., 0], theta[..., 1]
            return np.stack([u * v * v, u * u * v], axis=-1)

        def hessian(self, theta):
            u, v = theta[..., 0], theta[..., 1]
            return np.stack([np.stack([v * v, 2 * u * v], -1), np.stack([2 * u * v, u * u], -1)], -2)

    product, start = Product(), np.array([2.0, 0.01])
    lazy, caught, lost = (descent_path(product, start, factor / 4.0001, 400) for factor in (1.5, 3.0, 4.5))
    with np.errstate(all="ignore"):
        seen = [
            edge_of_stability(sharpness_along(product, path), product.value(path), factor / 4.0001)
            for factor, path in ((1.5, lazy), (3.0, caught), (4.5, lost))
        ]
    assert [bool(one.catapult_at > 0) for one in seen] == [False, True, False]
    assert [bool(one.diverged_at > 0) for one in seen] == [False, False, True]
    assert sharpness(product, caught[-1]) < sharpness_limit(3.0 / 4.0001)


def test_a_flat_run_never_reaches_the_edge():
    assert edge_of_stability(np.zeros(5), np.ones(5), 0.1).reached_at == -1
    assert sharpness_limit(0.0) == np.inf


# Fates along eigenvectors


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.5, 0.6, 2.5])
def test_errors_on_a_quadratic_shrink_as_predicted(rate):
    values, vectors = top_eigenpairs(BOWL, np.ones(4), k=4)
    fates = fates_along_eigenvectors(BOWL, np.ones(4), values, vectors, rate, steps=10)
    assert fates.predicted == pytest.approx(np.abs(1 - rate * np.array([4.0, 1.0, 0.1, 0.0])))
    assert fates.observed == pytest.approx(fates.predicted, rel=1e-5, abs=1e-9)
    assert fates.distance[1] == pytest.approx(1 - rate * values, abs=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.97, 1.03])
def test_errors_on_a_network_cross_over_at_two_over_the_sharpness(share):
    cost, theta = cost_of()
    theta = descent_path(cost, theta, 0.3, 3000)[-1]
    values, vectors = top_eigenpairs(cost, theta, k=3)
    rate = share * float(stability_limit("sgd", 0, values[0]))
    fates = fates_along_eigenvectors(cost, theta, values, vectors, rate, steps=5)
    assert (fates.observed[0] < 1) == (share < 1)
    assert fates.observed == pytest.approx(fates.predicted, abs=0.02)


# Parts of the Hessian


@pytest.mark.parametrize(
    ("loss", "output", "sizes"),
    [("half_squared_error", "tanh", (2, 5, 1)), ("binary_cross_entropy", "sigmoid", (2, 5, 1)), ("cross_entropy", "softmax", (2, 5, 3))],
)
def test_the_gauss_newton_part_has_no_negative_curvature_and_the_parts_sum_to_the_hessian(loss, output, sizes):
    cost, theta = cost_of(loss, output, sizes, l2=0.01)
    G, rest = hessian_parts(cost, theta)
    assert G + rest == pytest.approx(cost.hessian(theta), abs=1e-12)
    assert np.linalg.eigvalsh(G)[0] > -1e-12
    assert np.linalg.eigvalsh(rest)[0] < 0


def test_the_rest_fades_with_the_residuals():
    cost, theta = cost_of(samples=3)
    trained = descent_path(cost, theta, 0.1, 4000)[-1]
    sizes = [[np.linalg.norm(part, 2) for part in hessian_parts(cost, point)] for point in (theta, trained)]
    assert sizes[1][1] / sizes[1][0] < 1e-3 < sizes[0][1] / sizes[0][0]


def test_layer_shares_of_a_unit_direction_sum_to_one():
    cost, theta = cost_of()
    shares = layer_shares(cost.network, top_eigenpairs(cost, theta, k=4)[1])
    assert shares.shape == (3, 4)
    assert shares.sum(axis=0) == pytest.approx(1)
    alone = np.zeros((cost.dimension, 1))
    alone[-1] = 2.0
    assert layer_shares(cost.network, alone).tolist() == [[0], [0], [1]]


# Bad input


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: sharpness_along(BOWL, np.zeros(4)), "points of a run"),
        (lambda: sharpness_along(BOWL, np.zeros((5, 3))), "4 parameters"),
        (lambda: sharpness_along(BOWL, np.full((5, 4), np.nan)), "diverged"),
        (lambda: sharpness_limit(-1.0), "at least 0"),
        (lambda: sharpness_limit(np.nan), "at least 0"),
        (lambda: edge_of_stability(np.zeros(3), np.zeros(4), 0.1), "one of each"),
        (lambda: edge_of_stability([], [], 0.1), "one of each"),
        (lambda: fates_along_eigenvectors(BOWL, np.zeros(4), [1.0], np.ones((3, 1)), 0.1), "are needed"),
        (lambda: fates_along_eigenvectors(BOWL, np.zeros(4), [1.0], np.ones((4, 1)), -0.1), "at least 0"),
        (lambda: fates_along_eigenvectors(BOWL, np.full(4, np.nan), [1.0], np.ones((4, 1)), 0.1), "diverged"),
        (lambda: layer_shares(Network((1, 1)), np.ones(2)), "as columns"),
    ],
)
def test_a_mistake_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
