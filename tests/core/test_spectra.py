"""Spectra along a run and descents at the edge of stability, against the definitions they stand for."""

from collections import deque

import numpy as np
import pytest

from nnviz.core.curvature import hessian_spectrum, sharpness
from nnviz.core.datasets import DATASETS
from nnviz.core.descent import descend
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Quadratic
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.spectra import edge_runs_chunks, lowest_eigenvalue, spectra_along_chunks

NETWORK = Network((2, 6, 1), ("tanh", "sigmoid"))
DATA = DATASETS["moons"](samples=60)
COST = NetworkCost(NETWORK, "binary_cross_entropy", DATA.train.X, DATA.train.Y)
THETA = NETWORK.initialize(seed=1)


def last(chunks):
    return deque(chunks, maxlen=1).pop()


def test_each_row_is_the_spectrum_of_its_point():
    path = np.stack([THETA, 2 * THETA, np.full_like(THETA, np.nan), 0 * THETA])
    share, values = last(spectra_along_chunks(COST, path))
    assert share == 1
    np.testing.assert_allclose(values[[0, 1, 3]], hessian_spectrum(COST, path[[0, 1, 3]]), atol=1e-12)
    assert np.isnan(values[2]).all()


def test_what_is_not_known_yet_is_nan_and_the_share_grows():
    network = Network((4, 10, 10, 3), ("tanh", "tanh", "softmax"))
    data = DATASETS["iris"]()
    cost = NetworkCost(network, "cross_entropy", data.train.X, data.train.Y)
    shares = []
    for share, values in spectra_along_chunks(cost, np.tile(network.initialize(seed=0), (40, 1))):
        shares.append(share)
        known = np.isfinite(values).all(axis=1)
        assert known.sum() == round(share * 40)
        assert known[: known.sum()].all()
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_lowest_eigenvalue_is_that_of_the_whole_spectrum():
    for scale in (1.0, 3.0):
        assert lowest_eigenvalue(COST, scale * THETA) == pytest.approx(hessian_spectrum(COST, scale * THETA)[0], abs=1e-9)


def test_descents_and_their_sharpness_are_those_of_single_runs():
    rates = [0.1, 0.7]
    share, found = last(edge_runs_chunks(COST, THETA, rates, 30, looks=7))
    assert share == 1
    assert found.step.tolist() == [0, 5, 10, 15, 20, 25, 30]
    for i, rate in enumerate(rates):
        alone = descend(COST, OPTIMIZERS["sgd"](learning_rate=rate), THETA, 30)
        np.testing.assert_allclose(found.cost[:, i], alone.value, rtol=1e-12)
        np.testing.assert_allclose(found.sharpness[:, i], sharpness(COST, alone.theta[found.step]), rtol=1e-9)


@pytest.mark.parametrize(("rate", "diverges"), [(0.999, False), (1.001, True)])
def test_on_a_quadratic_the_edge_is_two_over_the_rate(rate, diverges):
    _, found = last(edge_runs_chunks(Quadratic([[2, 0], [0, 1]]), [1.0, 1.0], [rate], 2000))
    assert (found.cost[-1, 0] > found.cost[0, 0]) is np.bool_(diverges)
    assert (found.edge.reached_at[0] == 0) is np.bool_(diverges)
    assert found.edge.limit[0] == pytest.approx(2 / rate)


def test_a_run_that_overflows_is_marked_at_its_true_step():
    _, found = last(edge_runs_chunks(Quadratic([[2, 0], [0, 1]]), [1.0, 1.0], [0.5, 1e6], 200, looks=5))
    assert found.edge.diverged_at[0] == -1
    at = found.edge.diverged_at[1]
    assert np.isfinite(found.cost[:at, 1]).all()
    assert not np.isfinite(found.cost[at, 1])


def test_a_wide_step_into_a_flatter_valley_is_a_catapult():
    data = DATASETS["iris"]()
    network = Network((4, 8, 8, 3), ("tanh", "tanh", "identity"))
    cost = NetworkCost(network, "half_squared_error", data.train.X, data.train.Y)
    _, found = last(edge_runs_chunks(cost, network.initialize("glorot_uniform", seed=0), [0.3, 1.0, 2.0], 300))
    assert found.edge.catapult_at.tolist() == [-1, 2, -1]
    assert found.edge.diverged_at[2] > 0
    assert found.sharpness[0, 1] > 2 / 1.0
    assert found.sharpness[-1, 1] == pytest.approx(2.0, rel=0.1)  # it hovers at its edge


@pytest.mark.parametrize(
    ("rates", "steps", "told"), [([], 10, "positive"), ([-1.0], 10, "positive"), ([np.nan], 10, "positive"), ([0.1], 10**8, "too many")]
)
def test_rates_that_cannot_be_are_told(rates, steps, told):
    with pytest.raises(ValueError, match=told):
        last(edge_runs_chunks(COST, THETA, rates, steps))


def test_spectra_of_several_runs_at_once_are_refused():
    with pytest.raises(ValueError, match="one run"):
        last(spectra_along_chunks(COST, np.zeros((2, 3, NETWORK.parameter_count))))
