"""What the stability module promises: matrices, their iterates, and gradient descent on a quadratic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import linalg

from nnviz.core.descent import descend
from nnviz.core.objectives import Quadratic
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.stability import (
    METHODS,
    eigenvectors,
    iterate_map,
    iterate_twins,
    numerical_abscissa,
    numerical_radius,
    pseudospectrum,
    pseudospectrum_chunks,
    quadratic_rates,
    singular_values,
    spectral_radius,
    spectrum,
    stability_limit,
    transient_growth,
)

JORDAN = np.array([[0.9, 5.0], [0.0, 0.9]])


@pytest.fixture
def W():
    return np.random.default_rng(1).normal(size=(4, 3, 5, 5)) / np.sqrt(5)


# Eigenvalues and singular values


def test_eigenvalues_sum_to_the_trace_and_multiply_to_the_determinant(W):
    values = spectrum(W)
    assert values.sum(axis=-1) == pytest.approx(np.trace(W, axis1=-2, axis2=-1), abs=1e-12)
    assert values.prod(axis=-1) == pytest.approx(np.linalg.det(W), abs=1e-12)


def test_spectrum_is_sorted_by_modulus_and_its_first_is_the_radius(W):
    modulus = np.abs(spectrum(W))
    assert (np.diff(modulus, axis=-1) <= 1e-12).all()
    assert modulus[..., 0] == pytest.approx(spectral_radius(W))


def test_singular_values_are_scipys_for_any_shape():
    W = np.random.default_rng(0).normal(size=(3, 7))
    assert singular_values(W) == pytest.approx(linalg.svdvals(W))


def test_an_eigenvector_keeps_its_line(W):
    found = eigenvectors(W)
    assert np.abs(W @ found.vectors - found.vectors * found.values[..., None, :]).max() < 1e-12
    assert np.linalg.norm(found.vectors, axis=-2) == pytest.approx(1)
    assert not found.defective.any()


@pytest.mark.parametrize(
    "W", [[[1, 1], [0, 1]], [[0, 1], [0, 0]], [[3, 1], [-1, 1]], np.eye(6, k=1)], ids=["shear", "nilpotent", "double", "shift"]
)
def test_a_missing_eigenvector_is_noticed(W):
    assert eigenvectors(W).defective


@pytest.mark.parametrize(
    "W", [np.zeros((3, 3)), np.eye(3), [[0, -1], [1, 0]], np.diag([1.0, 0.0])], ids=["zero", "identity", "turn", "singular"]
)
def test_a_normal_matrix_is_not_called_defective(W):
    found = eigenvectors(W)
    assert not found.defective
    assert found.condition == pytest.approx(1)


@given(arrays.arrays(float, (3, 3), elements=st.floats(-1e308, 1e308)))
@settings(max_examples=60, deadline=None)
def test_no_finite_matrix_breaks_the_spectrum(W):
    radius, sigma = spectral_radius(W), singular_values(W)
    assert radius >= 0
    assert sigma[0] >= radius * (1 - 1e-9)
    assert not np.isnan(spectrum(W)).any()
    assert numerical_radius(W) >= 0
    assert transient_growth(W, 3).norm.shape == (4,)


# Iterates


def test_iterates_are_powers(W):
    x0 = np.random.default_rng(2).normal(size=5)
    x = iterate_map(W, x0, 7)
    assert x.shape == (8, 4, 3, 5)
    assert x[7] == pytest.approx(np.linalg.matrix_power(W, 7) @ x0)


def test_many_starts_run_under_one_matrix():
    starts = np.random.default_rng(2).normal(size=(10, 2))
    x = iterate_map(JORDAN, starts, 3)
    assert x[:, 4] == pytest.approx(iterate_map(JORDAN, starts[4], 3))


def test_twins_stay_apart_by_the_iterated_perturbation_however_small():
    twins = iterate_twins(JORDAN, [1e6, 1e6], [0, 1e-12], 50)
    powers = np.array([np.linalg.matrix_power(JORDAN, t) for t in range(51)])
    assert twins.distance == pytest.approx(np.linalg.norm(powers @ [0, 1e-12], axis=-1), rel=1e-12, abs=0)
    assert twins.asymptote == pytest.approx(0.9 ** np.arange(51) * 1e-12, rel=1e-12, abs=0)
    assert twins.twin[0] == pytest.approx([1e6, 1e6])


@pytest.mark.parametrize("rho", [0.5, 0.95, 1.05, 2.0])
def test_a_change_dies_out_iff_the_spectral_radius_is_below_one(rho):
    W = np.random.default_rng(3).normal(size=(6, 6))
    W *= rho / spectral_radius(W)
    distance = iterate_twins(W, np.ones(6), np.ones(6), 400).distance
    assert (distance[-1] < distance[0]) == (rho < 1)


def test_growth_follows_the_radius_in_the_end():
    growth = transient_growth(np.random.default_rng(3).normal(size=(6, 6)), 600)
    assert np.log(growth.norm[600] / growth.norm[500]) / 100 == pytest.approx(np.log(growth.asymptote[1]), abs=2e-2)


def test_a_non_normal_matrix_grows_before_it_dies():
    growth = transient_growth(JORDAN, 200)
    norms = [np.linalg.norm(np.linalg.matrix_power(JORDAN, t), 2) for t in range(201)]
    assert growth.norm == pytest.approx(norms, rel=1e-10)
    assert growth.peak == pytest.approx(max(norms))
    assert norms[int(growth.peak_step)] == max(norms)
    assert growth.peak > 15
    assert growth.norm[-1] < 1e-4


def test_a_symmetric_matrix_never_grows_beyond_its_radius():
    W = np.random.default_rng(0).normal(size=(5, 5))
    growth = transient_growth(W + W.T, 30)
    assert growth.norm == pytest.approx(growth.asymptote, rel=1e-9)


def test_powers_overflow_to_infinity_and_vanish_to_zero_without_turning_into_nan():
    growth = transient_growth([[[1e200, 1], [0, -1e200]], [[0, 1], [0, 0]]], 5)
    assert np.isinf(growth.norm[2:, 0]).all()
    assert growth.norm[:, 1].tolist() == [1, 1, 0, 0, 0, 0]


def test_radius_numerical_radius_and_norm_are_ordered(W):
    rho, r, norm = spectral_radius(W), numerical_radius(W), singular_values(W)[..., 0]
    assert (rho <= r + 1e-12).all()
    assert (r <= norm + 1e-12).all()
    assert (norm <= 2 * r + 1e-12).all()


def test_the_numerical_radius_is_that_of_the_highest_of_several_peaks():
    """A coarse look sees the peak at 0, between two of its angles stands a higher one."""
    angle = 20.5 * np.pi / 64
    turned = 1.0002 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert float(numerical_radius(linalg.block_diag(1.0, turned))) == pytest.approx(1.0002, rel=1e-14)


def test_numerical_radius_of_a_jordan_block_is_half_a_cosine():
    # Haagerup & de la Harpe (1992): r of the n×n shift is cos(π/(n+1)).
    assert [float(numerical_radius(np.eye(n, k=1))) for n in (2, 3, 6)] == pytest.approx([np.cos(np.pi / (n + 1)) for n in (2, 3, 6)])


def test_numerical_abscissa_is_the_initial_slope_of_the_exponential(W):
    h = 1e-6
    slope = (np.linalg.norm(linalg.expm(h * W), ord=2, axis=(-2, -1)) - 1) / h
    assert numerical_abscissa(W) == pytest.approx(slope, abs=1e-4)


# Pseudospectra


def test_pseudospectrum_is_the_smallest_singular_value(W):
    real, imag = np.linspace(-1, 2, 4), np.linspace(-2, 1, 5)
    grid = pseudospectrum(W[0, 0], real, imag)
    assert grid.shape == (5, 4)
    expected = [[linalg.svdvals((x + 1j * y) * np.eye(5) - W[0, 0])[-1] for x in real] for y in imag]
    assert grid == pytest.approx(np.array(expected))


def test_pseudospectrum_is_the_distance_to_the_spectrum_for_a_normal_matrix():
    real, imag = np.linspace(-2, 2, 9), np.linspace(-2, 2, 9)
    z = real + 1j * imag[:, None]
    assert pseudospectrum([[0, -1], [1, 0]], real, imag) == pytest.approx(np.minimum(np.abs(z - 1j), np.abs(z + 1j)), abs=1e-12)


def test_pseudospectrum_comes_in_chunks_that_end_complete():
    W = np.random.default_rng(0).normal(size=(24, 24))
    axis = np.linspace(-1, 1, 61)
    shares, grids = zip(*[(share, grid.copy()) for share, grid in pseudospectrum_chunks(W, axis, axis)], strict=True)
    assert len(shares) > 1
    assert shares[-1] == 1
    assert list(shares) == sorted(shares)
    assert np.isnan(grids[0]).any()
    assert np.isfinite(grids[-1]).all()


# Gradient descent on a quadratic


def final_error(method, rate, beta, curvature, steps=4000):
    """The error after real steps of the rule as it is published, started at 1 with no velocity."""
    x, v = 1.0, 0.0
    for _ in range(steps):
        g = curvature * x
        match method:
            case "sgd":
                x -= rate * g
            case "momentum":
                v = beta * v + (1 - beta) * g
                x -= rate * v
            case "heavy_ball":
                v = beta * v + g
                x -= rate * v
            case "nesterov":
                v = beta * v + g
                x -= rate * (g + beta * v)
        if not abs(x) < 1e100:
            return np.inf
    return abs(x) + abs(v)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("method", METHODS)
def test_the_stability_limit_is_where_real_runs_begin_to_diverge(method, beta):
    bowl, settings = Quadratic(np.diag([2.0, 0.5])), {} if method == "sgd" else {"beta": beta}
    low, high = 0.0, 100.0
    while high - low > 1e-4:
        rates = np.linspace(low, high, 102)[1:-1, None]
        run = descend(bowl, OPTIMIZERS[method](learning_rate=rates, **settings), np.tile([1.0, 0.0], (len(rates), 1)), steps=3000)
        stays = run.value[-1] < run.value[0]
        low, high = rates[stays].max(initial=low), rates[~stays].min(initial=high)
    assert low == pytest.approx(float(stability_limit(method, beta, 2.0)), rel=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_the_rate_at_the_limit_is_one(method):
    beta, curvature = np.linspace(0, 0.99, 12), np.array([[0.01], [1.0], [300.0]])
    limit = stability_limit(method, beta, curvature)
    assert quadratic_rates(curvature, limit, method, beta) == pytest.approx(np.ones((3, 12)))
    assert (quadratic_rates(curvature, 1.001 * limit, method, beta) > 1).all()
    assert (quadratic_rates(curvature, 0.999 * limit, method, beta) < 1).all()


@pytest.mark.parametrize("rate", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("method", METHODS)
def test_real_steps_shrink_by_the_rate(method, rate):
    factor = float(quadratic_rates([1.0], rate, method, 0.5)[0])
    errors = [final_error(method, rate, 0.5, 1.0, steps) for steps in (200, 300)]
    if factor > 0.1:
        assert (errors[1] / errors[0]) ** (1 / 100) == pytest.approx(factor, rel=1e-2)
    else:
        assert errors[1] < 1e-100


@pytest.mark.parametrize("method", METHODS)
def test_the_rate_is_the_spectral_radius_of_one_step(method):
    def step(x, v, rate=0.7, beta=0.6, curvature=1.3):
        g = curvature * x
        if method == "sgd":
            return x - rate * g, 0.0
        v = beta * v + ((1 - beta) * g if method == "momentum" else g)
        return x - rate * (g + beta * v if method == "nesterov" else v), v

    matrix = np.array([step(1.0, 0.0), step(0.0, 1.0)]).T
    if method == "sgd":
        matrix[:, 1] = 0
    assert float(quadratic_rates([1.3], 0.7, method, 0.6)[0]) == pytest.approx(float(spectral_radius(matrix)))


def test_without_momentum_all_methods_are_one():
    values = np.array([-1.0, 0.0, 0.5, 3.0])
    assert np.array([quadratic_rates(values, 0.4, method, 0.0) for method in METHODS]) == pytest.approx(
        np.tile(np.abs(1 - 0.4 * values), (4, 1))
    )


@pytest.mark.parametrize("method", METHODS)
def test_flat_has_no_limit_and_negative_curvature_no_stable_rate(method):
    assert stability_limit(method, 0.5, [0.0, -1.0]).tolist() == [np.inf, 0.0]
    assert quadratic_rates([0.0], 0.3, method, 0.5) == pytest.approx(1)
    assert quadratic_rates([-1.0], 0.3, method, 0.5) > 1


def test_rates_of_huge_and_missing_curvatures_are_drawn():
    assert np.isinf(quadratic_rates([1e308, np.inf], 1e10)).all()
    assert np.isnan(quadratic_rates([np.nan], 0.1, "nesterov")).all()


# Bad input

NOT_FINITE = [[1.0, np.nan], [0.0, 1.0]]


@pytest.mark.parametrize(
    "function", [spectrum, spectral_radius, eigenvectors, numerical_abscissa, numerical_radius], ids=lambda f: f.__name__
)
@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ([[1, 2, 3], [4, 5, 6]], r"\(2, 3\).*as many rows as columns"),
        ([1.0, 2.0], r"\(2,\).*at least one row"),
        (3.0, "at least one row"),
        (np.zeros((0, 0)), "at least one row"),
        (NOT_FINITE, "not finite"),
        ([["a", "b"], ["c", "d"]], "not real numbers"),
        ([[1, 2], [3]], "unequal length"),
        ([[1j, 0], [0, 1]], "not real numbers"),
    ],
)
def test_what_is_no_square_matrix_gets_a_sentence(function, bad, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        function(bad)
    assert type(caught.value) is ValueError
    assert 11 <= len(str(caught.value)) <= 599


def test_a_diverged_member_of_a_batch_is_drawn_as_nan_beside_the_others():
    batch = np.array([JORDAN, NOT_FINITE, np.full((2, 2), np.inf), np.eye(2)])
    assert np.isnan(spectral_radius(batch)).tolist() == [False, True, True, False]
    assert np.isnan(singular_values(batch)[:, 0]).tolist() == [False, True, True, False]
    assert np.isnan(transient_growth(batch, 3).norm[2]).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: iterate_map(JORDAN, [1, 2, 3], 5), "one entry for each"),
        (lambda: iterate_map(JORDAN, 1.0, 5), "one entry for each"),
        (lambda: iterate_map(np.zeros((3, 2, 2)), np.zeros((4, 2)), 5), "broadcast"),
        (lambda: iterate_map(JORDAN, [1, 2], -1), "steps is -1"),
        (lambda: iterate_map(JORDAN, [1, 2], 2.5), "whole number"),
        (lambda: transient_growth(JORDAN, True), "whole number"),
        (lambda: pseudospectrum(np.zeros((2, 2, 2)), [0], [0]), "one matrix"),
        (lambda: pseudospectrum(JORDAN, [], [0]), "grid's axes"),
        (lambda: pseudospectrum(JORDAN, [np.nan], [0]), "finite numbers"),
        (lambda: quadratic_rates([1], 0.1, "adam"), "sgd, momentum"),
        (lambda: quadratic_rates([1], 0.1, "momentum", 1.0), "below 1"),
        (lambda: stability_limit("momentum", -0.1, 1.0), "at least 0"),
        (lambda: stability_limit("momentum", np.nan, 1.0), "at least 0"),
    ],
)
def test_a_mistake_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
