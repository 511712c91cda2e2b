"""Maps: what a batch of runs that leave it tells is what each run tells alone; divergence and minima as they are defined."""

import numpy as np
import pytest

from nnviz.core.descent import descend
from nnviz.core.maps import (
    DIVERGED,
    NOWHERE,
    Limits,
    basins,
    basins_chunks,
    known_minima,
    march,
    march_chunks,
    rate_map,
    surface_limits,
    with_rate,
)
from nnviz.core.objectives import Quadratic
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, Decayed
from nnviz.core.stability import stability_limit
from nnviz.core.surfaces import SURFACES, Surface

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
    tuned = with_rate(ClippedByNorm(Decayed(optimizer, 1e-3), 1e6), rates)
    ends = march(HIMMELBLAU, tuned, starts(), 40, surface_limits(HIMMELBLAU))
    for place in (0, 10, 20):
        if not ends.diverged[place]:
            alone = march(
                HIMMELBLAU, with_rate(ClippedByNorm(Decayed(optimizer, 1e-3), 1e6), float(rates[place, 0])), starts()[place : place + 1], 40
            )
            np.testing.assert_allclose(ends.theta[place], alone.theta[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["sgd", "momentum", "heavy_ball", "nesterov"])
def test_a_quadratic_diverges_exactly_above_the_limit_of_theory(name):
    bowl = Quadratic(np.diag([1.0, 25.0]))
    limit = float(stability_limit(name, 0.9, 25.0))
    found = rate_map(bowl, [OPTIMIZERS[name]()], limit * np.array([0.5, 0.98, 1.02, 2.0]), [1.0, 1.0], 3000, Limits())
    assert found.diverged.tolist() == [[False, False, True, True]]
    assert found.value[0, 1] < 1e-6


def test_diverged_is_not_finite_or_far_or_high():
    limits = Limits((0.0, 0.0), (10.0, 10.0), lowest=-1.0, least=0.01)
    assert limits.outside(np.array([[10.0, 0.0], [10.1, 0.0], [np.nan, 0.0], [np.inf, 0.0]])).tolist() == [False, True, True, True]
    assert limits.ceiling(np.array([1.0, -1.0])).tolist() == [1999.0, 9.0]


def test_a_rate_of_zero_goes_nowhere_and_leaves_early():
    ends = march(HIMMELBLAU, OPTIMIZERS["sgd"](learning_rate=0.0), starts(), 100)
    np.testing.assert_array_equal(ends.theta, starts())
    assert ends.steps.max() < 100


def test_basins_of_himmelblau_are_its_four_minima():
    found = basins(HIMMELBLAU, OPTIMIZERS["lbfgs"](), resolution=25, steps=60)
    assert set(np.unique(found.reached)) == {0, 1, 2, 3}
    for place, (x, y) in enumerate(HIMMELBLAU.minima):
        nearest = found.reached[np.abs(found.y - y).argmin(), np.abs(found.x - x).argmin()]
        assert nearest == place


def test_a_start_that_overflows_is_diverged_and_one_under_way_is_nowhere():
    assert (basins(SURFACES["rosenbrock"], OPTIMIZERS["sgd"](learning_rate=10.0), 10, 50).reached == DIVERGED).any()
    assert (basins(SURFACES["booth"], OPTIMIZERS["sgd"](learning_rate=1e-6), 4, 5).reached == NOWHERE).all()


def test_minima_that_nobody_named_are_found():
    double_well = Surface.from_expression("(x**2 - 1)**2 + y**2", ((-2.0, 2.0), (-2.0, 2.0)))
    np.testing.assert_allclose(sorted(known_minima(double_well).tolist()), [[-1, 0], [1, 0]], atol=1e-6)
    found = basins(double_well, OPTIMIZERS["sgd"](learning_rate=0.05), 20, 200)
    assert len(found.minima) == 2
    assert len(set(found.reached[:, 0])) == 1


@pytest.mark.parametrize("text", ["x", "1", "x**2 - y**2", "log(x)", "sqrt(x)*y", "abs(x) + abs(y)"])
def test_formulas_without_a_smooth_minimum_have_none(text):
    assert len(known_minima(Surface.from_expression(text))) == 0


def test_chunks_end_with_the_whole():
    shares = [share for share, _ in march_chunks(HIMMELBLAU, OPTIMIZERS["adam"](), starts(9000), 30)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [share for share, _ in basins_chunks(HIMMELBLAU, OPTIMIZERS["sgd"](), 20, 10)][-1] == 1.0


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


def test_other_bad_input_is_answered():
    with pytest.raises(ValueError, match="at least one"):
        rate_map(HIMMELBLAU, [OPTIMIZERS["sgd"]()], [], [0.0, 0.0], 5)
    with pytest.raises(ValueError, match="2 to 1000"):
        basins(HIMMELBLAU, OPTIMIZERS["sgd"](), 1)
    with pytest.raises(ValueError, match="defined nowhere"):
        surface_limits(Surface.from_expression("log(-1 - x**2)"))
