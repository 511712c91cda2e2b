"""Marching: what a batch of runs that leave it tells is what each run tells alone; divergence as it is defined."""

import numpy as np
import pytest

from nnviz.core.axes import with_hyperparameter
from nnviz.core.descent import descend
from nnviz.core.marching import Limits, march, march_chunks
from nnviz.core.minima import surface_limits
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, Decayed
from nnviz.core.surfaces import SURFACES

HIMMELBLAU = SURFACES["himmelblau"]
KINDS = [name for name in OPTIMIZERS if name != "muon"]


@pytest.fixture(params=KINDS)
def optimizer(request):
    return OPTIMIZERS[request.param]()


def starts(count=37):
    return np.random.default_rng(0).uniform(-5, 5, size=(count, 2))


def test_each_run_ends_where_it_ends_alone(optimizer):
    ends = march(HIMMELBLAU, optimizer, starts(), 60, surface_limits(HIMMELBLAU))
    alone = descend(HIMMELBLAU, optimizer, starts(), 60)
    kept = ~ends.diverged
    np.testing.assert_allclose(ends.theta[kept], alone.final_theta[kept], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ends.value[kept], alone.value[-1][kept], rtol=1e-7, atol=1e-12)


def test_runs_that_leave_do_not_disturb_the_others(optimizer):
    rates = np.geomspace(1e-3, 1e3, 37)[:, None]
    wrapped = ClippedByNorm(Decayed(optimizer, 1e-3), 1e6)
    tuned = with_hyperparameter(wrapped, "learning_rate", rates)
    ends = march(HIMMELBLAU, tuned, starts(), 40, surface_limits(HIMMELBLAU))
    for place in (0, 10, 20):
        if not ends.diverged[place]:
            one = with_hyperparameter(wrapped, "learning_rate", float(rates[place, 0]))
            alone = march(HIMMELBLAU, one, starts()[place : place + 1], 40)
            np.testing.assert_allclose(ends.theta[place], alone.theta[0], rtol=1e-9, atol=1e-9)


def test_diverged_is_not_finite_or_far_or_high():
    limits = Limits((0.0, 0.0), (10.0, 10.0), lowest=-1.0, least=0.01)
    assert limits.outside(np.array([[10.0, 0.0], [10.1, 0.0], [np.nan, 0.0], [np.inf, 0.0]])).tolist() == [False, True, True, True]
    assert limits.ceiling(np.array([1.0, -1.0])).tolist() == [1999.0, 9.0]


def test_a_rate_of_zero_goes_nowhere_and_leaves_early():
    ends = march(HIMMELBLAU, OPTIMIZERS["sgd"](learning_rate=0.0), starts(), 100)
    np.testing.assert_array_equal(ends.theta, starts())
    assert ends.steps.max() < 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((HIMMELBLAU, OPTIMIZERS["sgd"](), np.zeros(2), 5), "runs, P"),
        ((HIMMELBLAU, OPTIMIZERS["sgd"](), np.zeros((0, 2)), 5), "runs, P"),
        ((HIMMELBLAU, OPTIMIZERS["sgd"](), np.zeros((3, 2)), -1), "whole number"),
        ((HIMMELBLAU, OPTIMIZERS["sgd"](), np.zeros((3, 2)), 1.5), "whole number"),
    ],
)
def test_bad_maps_are_answered(arguments, message):
    with pytest.raises(ValueError, match=message):
        march(*arguments)


def test_chunks_end_with_the_whole():
    shares = [share for share, _ in march_chunks(HIMMELBLAU, OPTIMIZERS["adam"](), starts(9000), 30)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
