"""What the Hessian's spectrum promises, for quadratics whose spectrum is known and for the costs of real networks."""

import numpy as np
import pytest

from nnviz.core import curvature
from nnviz.core.curvature import (
    classify,
    hessian_spectrum,
    hutchinson_trace,
    sharpness,
    spectral_density,
    spectral_density_chunks,
    top_eigenpairs,
)
from nnviz.core.lanczos import lanczos, ritz
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Quadratic


def network_cost(sizes=(2, 8, 8, 1), samples=60, activation="tanh", **penalty):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(sizes[0], samples))
    Y = (rng.random((sizes[-1], samples)) < 0.5).astype(float)
    network = Network(sizes, (activation,) * (len(sizes) - 2) + ("sigmoid",))
    return NetworkCost(network, "binary_cross_entropy", X, Y, **penalty), network.initialize("glorot_normal", seed=1)


def random_symmetric(n, seed=0):
    S = np.random.default_rng(seed).normal(size=(n, n))
    return (S + S.T) / 2


class ProductsOnly:
    """An objective that is known by its Hessian's products alone, as a recurrent network's cost is."""

    def __init__(self, objective):
        self.objective, self.dimension = objective, objective.dimension
        self.gradient = objective.gradient

    def hessian_vector_product(self, theta, v):
        return self.objective.hessian_vector_product(theta, v)


# The spectrum


def test_a_quadratic_has_its_matrix_eigenvalues_everywhere():
    S = random_symmetric(12)
    assert hessian_spectrum(Quadratic(S), np.ones(12)) == pytest.approx(np.linalg.eigvalsh(S))


def test_the_spectrum_sums_to_the_change_of_the_gradient():
    cost, theta = network_cost()
    h, P = 1e-5, cost.dimension
    differences = (cost.gradient(theta + h * np.eye(P)) - cost.gradient(theta - h * np.eye(P))) / (2 * h)
    assert hessian_spectrum(cost, theta) == pytest.approx(np.linalg.eigvalsh((differences + differences.T) / 2), abs=1e-8)


def test_products_alone_give_the_same_spectrum():
    cost, theta = network_cost((2, 5, 1))
    assert hessian_spectrum(ProductsOnly(cost), theta) == pytest.approx(hessian_spectrum(cost, theta), abs=1e-12)


def test_a_batch_of_points_gives_what_each_gives():
    cost, _ = network_cost((2, 4, 1))
    theta = cost.network.initialize(batch=(2, 3))
    assert hessian_spectrum(cost, theta)[1, 2] == pytest.approx(hessian_spectrum(cost, theta[1, 2]))
    assert sharpness(cost, theta) == pytest.approx(hessian_spectrum(cost, theta)[..., -1])


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus"])
def test_lanczos_finds_the_top_ten_of_the_dense_spectrum(activation):
    cost, theta = network_cost(activation=activation)
    values, vectors = top_eigenpairs(cost, theta, k=10)
    assert values == pytest.approx(hessian_spectrum(cost, theta)[::-1][:10], abs=1e-8)
    assert vectors.T @ vectors == pytest.approx(np.eye(10), abs=1e-8)
    assert cost.hessian(theta) @ vectors == pytest.approx(vectors * values, abs=1e-7)


def test_largest_means_algebraically_largest():
    values, _ = top_eigenpairs(Quadratic(np.diag(np.r_[np.linspace(-100, -1, 60), 0.5, 0.25])), np.zeros(62), k=2)
    assert values == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize("matrix", [np.zeros((40, 40)), np.eye(40), -np.eye(40), np.diag(np.r_[np.ones(3), np.zeros(37)])])
def test_repeated_eigenvalues_are_all_found(matrix):
    values, vectors = top_eigenpairs(Quadratic(matrix), np.zeros(40), k=3)
    assert values == pytest.approx(np.sort(np.diagonal(matrix))[::-1][:3])
    assert vectors.T @ vectors == pytest.approx(np.eye(3), abs=1e-9)


@pytest.mark.parametrize("k", [1, 5, 12])
def test_as_many_pairs_as_there_are_parameters_can_be_had(k):
    S = random_symmetric(12)
    values, vectors = top_eigenpairs(Quadratic(S), np.zeros(12), k=k)
    assert values == pytest.approx(np.linalg.eigvalsh(S)[::-1][:k])
    assert (np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], 0) > 0).all()


def test_the_same_seed_gives_the_same_pairs():
    cost, theta = network_cost()
    first, again = (top_eigenpairs(cost, theta, seed=3) for _ in range(2))
    assert np.array_equal(first[1], again[1])


def test_large_networks_have_their_sharpness_from_lanczos(monkeypatch):
    cost, theta = network_cost()
    batch = np.stack([theta, 2 * theta, np.full_like(theta, np.nan)])
    dense = sharpness(cost, batch)
    monkeypatch.setattr(curvature, "DENSE_DIMENSION", 10)
    assert sharpness(cost, batch)[:2] == pytest.approx(dense[:2], rel=1e-7)
    assert np.isnan(sharpness(cost, batch)[2])


@pytest.mark.parametrize("matrix", [np.zeros((30, 30)), -np.eye(30), np.diag(np.r_[np.zeros(15), -np.arange(15.0)])])
def test_lanczos_invents_no_sharpness_where_the_krylov_space_is_exhausted(monkeypatch, matrix):
    monkeypatch.setattr(curvature, "DENSE_DIMENSION", 10)
    assert float(sharpness(Quadratic(matrix), np.zeros(30))) == pytest.approx(np.diagonal(matrix).max(), abs=1e-8)


@pytest.mark.parametrize("lowest", [-1e2, -1e4])
def test_a_deep_negative_end_of_the_spectrum_takes_nothing_from_the_sharpness(lowest):
    diagonal = np.r_[lowest, np.linspace(-1, 1, 319)]
    assert float(sharpness(Quadratic(np.diag(diagonal)), np.zeros(320))) == pytest.approx(1.0, rel=1e-6)


# Lanczos itself


def test_the_basis_is_orthonormal_and_makes_the_matrix_tridiagonal():
    S, start = random_symmetric(30), np.random.default_rng(1).normal(size=(4, 30))
    *_, (diagonal, off, basis) = lanczos(lambda q: q @ S, start, 20)
    Q = np.swapaxes(basis, -1, -2)
    T = np.swapaxes(Q, -1, -2) @ S @ Q
    assert np.swapaxes(Q, -1, -2) @ Q == pytest.approx(np.tile(np.eye(20), (4, 1, 1)), abs=1e-12)
    assert np.diagonal(T, axis1=-2, axis2=-1) == pytest.approx(diagonal)
    assert np.diagonal(T, 1, -2, -1) == pytest.approx(off[..., :-1])
    assert np.triu(T, 2) == pytest.approx(0, abs=1e-12)


def test_the_quadrature_is_exact_for_moments_below_twice_the_steps():
    S, start = random_symmetric(25), np.random.default_rng(1).normal(size=25)
    *_, (diagonal, off, _) = lanczos(lambda q: q @ S, start, 4)
    found, q = ritz(diagonal, off), start / np.linalg.norm(start)
    for power in range(8):
        assert found.weights @ found.values**power == pytest.approx(q @ np.linalg.matrix_power(S, power) @ q)


def test_the_residual_bounds_the_distance_to_an_eigenvalue():
    S = random_symmetric(60)
    for diagonal, off, _ in lanczos(lambda q: q @ S, np.ones(60), 40):
        found = ritz(diagonal, off)
        assert np.abs(np.linalg.eigvalsh(S) - found.values[-1]).min() <= found.top_residual + 1e-12


# Density and trace


@pytest.fixture(params=["quadratic", "network", "flat", "one eigenvalue", "repeated"])
def objective_and_theta(request):
    match request.param:
        case "quadratic":
            return Quadratic(random_symmetric(120)), np.zeros(120)
        case "network":
            return network_cost()
        case "flat":
            return Quadratic(np.zeros((9, 9))), np.zeros(9)
        case "one eigenvalue":
            return Quadratic(3 * np.eye(50)), np.zeros(50)
        case _:
            return Quadratic(np.diag(np.r_[np.zeros(45), np.full(5, 7.0)])), np.zeros(50)


def test_the_density_integrates_to_one(objective_and_theta):
    grid, density = spectral_density(*objective_and_theta)
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-9)
    assert (density >= 0).all()
    assert density[[0, -1]] == pytest.approx(0, abs=1e-9 * density.max())


def test_the_density_has_hutchinsons_moments(objective_and_theta):
    objective, theta = objective_and_theta
    grid, density = spectral_density(objective, theta, probes=16, seed=4)
    mean, width = np.trapezoid(grid * density, grid), 3 * (grid[1] - grid[0])
    assert mean * theta.size == pytest.approx(hutchinson_trace(objective, theta, probes=16, seed=4)[0], abs=1e-9 * theta.size)
    signs = np.random.default_rng(4).choice([-1.0, 1.0], size=(16, theta.size))
    products = objective.hessian_vector_product(np.broadcast_to(theta, signs.shape), signs)
    assert np.trapezoid(grid**2 * density, grid) == pytest.approx(np.mean(products**2), abs=2 * width**2)


def test_the_density_finds_the_share_of_each_eigenvalue():
    grid, density = spectral_density(Quadratic(np.diag(np.r_[np.zeros(160), np.full(40, 7.0)])), np.zeros(200), probes=32)
    upper = grid > 3.5
    assert np.trapezoid(density[upper], grid[upper]) == pytest.approx(0.2, abs=0.03)


def test_the_density_of_a_network_is_its_dense_spectrum_smoothed():
    cost, theta = network_cost()
    values = hessian_spectrum(cost, theta)
    grid, density = spectral_density(cost, theta, probes=80, steps=60)
    below = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])
    for quantile in (0.1, 0.5, 0.9, 0.97):
        split = np.quantile(values, quantile) + 0.02 * (values[-1] - values[0])
        assert np.interp(split, grid, below) == pytest.approx((values < split).mean(), abs=0.04)


def test_density_chunks_grow_to_the_whole():
    cost, theta = network_cost((2, 30, 30, 1), samples=400)
    told = list(spectral_density_chunks(cost, theta, probes=8, steps=40))
    assert told[-1][0] == pytest.approx(1)
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    for _, (grid, density) in told:
        assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-9)


def test_hutchinsons_trace_is_within_its_own_error():
    cost, theta = network_cost()
    estimate, error = hutchinson_trace(cost, theta, probes=200)
    assert abs(estimate - hessian_spectrum(cost, theta).sum()) < 4 * error


def test_signs_measure_a_diagonal_hessian_exactly():
    assert hutchinson_trace(Quadratic(np.diag([1.0, -2.0, 5.0])), np.zeros(3), probes=2) == pytest.approx((4.0, 0.0))


# What kind of point


@pytest.mark.parametrize(
    ("diagonal", "kind", "condition"),
    [
        ([1, 2, 4], "minimum", 4),
        ([-1, -2], "maximum", 2),
        ([-1, 0.5], "saddle", 2),
        ([0, 3], "flat minimum", np.inf),
        ([0, -3], "flat maximum", np.inf),
        ([-1, 0, 1], "saddle", np.inf),
        ([0, 0], "flat", np.inf),
        ([1e-12, 1.0], "flat minimum", np.inf),
    ],
)
def test_a_point_is_named_by_the_signs_of_its_curvatures(diagonal, kind, condition):
    diagonal = np.array(diagonal, dtype=float)
    point = classify(Quadratic(np.diag(diagonal)), np.zeros(diagonal.size))
    assert point.kind == kind
    assert point.condition_number == pytest.approx(condition)
    assert (point.positive, point.negative, point.zero) == (
        (diagonal > 1e-9).sum(),
        (diagonal < -1e-9).sum(),
        (np.abs(diagonal) < 1e-9).sum(),
    )
    assert (point.sharpness, point.most_negative, point.trace) == pytest.approx((diagonal.max(), diagonal.min(), diagonal.sum()))
    assert point.gradient_norm == 0


def test_the_gradient_tells_whether_the_point_is_critical():
    assert classify(Quadratic(np.eye(2)), [3.0, 4.0]).gradient_norm == pytest.approx(5)


# Bad input


@pytest.mark.parametrize(
    "function", [hessian_spectrum, sharpness, top_eigenpairs, spectral_density, hutchinson_trace, classify], ids=lambda f: f.__name__
)
@pytest.mark.parametrize(
    ("theta", "sentence"),
    [([1.0, 2.0], r"\(2,\).*3 parameters|one point"), (1.0, "3|one point"), ([np.nan, 0, 0], "diverged"), ([np.inf, 0, 0], "diverged")],
)
def test_a_wrong_or_diverged_point_gets_a_sentence(function, theta, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        function(Quadratic(np.eye(3)), theta)
    assert type(caught.value) is ValueError
    assert 11 <= len(str(caught.value)) <= 599


class Overflowing:
    """An objective whose Hessian is not finite anywhere."""

    dimension = 30

    def gradient(self, theta):
        return np.full_like(theta, np.inf)

    def hessian_vector_product(self, theta, v):
        return np.full(np.broadcast_shapes(theta.shape, v.shape), np.inf)


@pytest.mark.parametrize("function", [hessian_spectrum, sharpness, top_eigenpairs, spectral_density, classify], ids=lambda f: f.__name__)
def test_an_overflowed_hessian_gets_a_sentence(function):
    with pytest.raises(ValueError, match="overflowed here"):
        function(Overflowing(), np.zeros(30))


def test_an_overflowed_hessian_gets_a_sentence_from_lanczos_too(monkeypatch):
    monkeypatch.setattr(curvature, "DENSE_DIMENSION", 10)
    with pytest.raises(ValueError, match="overflowed here"):
        sharpness(Overflowing(), np.zeros(30))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda q, t: top_eigenpairs(q, t, k=0), "1 to 3"),
        (lambda q, t: top_eigenpairs(q, t, k=4), "1 to 3"),
        (lambda q, t: top_eigenpairs(q, t, k=1.5), "1 to 3"),
        (lambda q, t: spectral_density(q, t, probes=0), "random vectors"),
        (lambda q, t: spectral_density(q, t, steps=0), "at least 1 step"),
        (lambda q, t: hutchinson_trace(q, t, probes=10**6), "1 to 1000"),
        (lambda q, t: top_eigenpairs(q, np.zeros((2, 3))), "one point"),
    ],
)
def test_a_mistake_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(Quadratic(np.eye(3)), np.zeros(3))


def test_a_hessian_too_large_to_hold_is_refused_before_it_is_made():
    cost, theta = network_cost((50, 80, 1), samples=5)
    with pytest.raises(ValueError, match="top_eigenpairs"):
        hessian_spectrum(cost, theta)
    assert top_eigenpairs(cost, theta, k=1)[0] == pytest.approx(sharpness(cost, theta), rel=1e-6)
