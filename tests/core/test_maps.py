"""Maps of test surfaces: sweeps whose every pixel is the run that `march` makes; divergence, minima and basins as they are defined."""

import numpy as np
import pytest

from nnviz.core.axes import with_hyperparameter
from nnviz.core.descent import descend
from nnviz.core.maps import basin_sweep, basins, basins_chunks, rate_sweep
from nnviz.core.marching import march
from nnviz.core.measures import MEASURES, measures_of
from nnviz.core.minima import DIVERGED, NOWHERE, known_minima, nearest, span_of, surface_limits
from nnviz.core.objectives import Quadratic
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, Decayed
from nnviz.core.stability import stability_limit
from nnviz.core.surfaces import SURFACES, Surface
from nnviz.core.sweep import described, sweep, sweep_chunks

HIMMELBLAU = SURFACES["himmelblau"]
KINDS = [name for name in OPTIMIZERS if name != "muon"]
ENDS = ("cost", "diverged_at", "end_x", "end_y")


def last(chunks):
    *_, found = chunks
    return found


@pytest.mark.parametrize("surface", ["himmelblau", "rosenbrock", "ackley", "saddle"])
def test_a_map_over_rates_has_the_bits_of_one_march_for_each_optimizer(surface):
    surface, rates, start = SURFACES[surface], np.geomspace(1e-4, 10, 50), np.array([0.7, -1.0])
    optimizers = [ClippedByNorm(Decayed(OPTIMIZERS[name](), 1e-3), 3.0) for name in KINDS]
    found = last(sweep_chunks(rate_sweep(surface, optimizers, rates, start, 60)))
    for row, optimizer in enumerate(optimizers):
        tuned = with_hyperparameter(optimizer, "learning_rate", rates[:, None])
        ends = march(surface, tuned, np.tile(start, (50, 1)), 60, surface_limits(surface))
        np.testing.assert_array_equal(found.results["cost"][row], ends.value)
        np.testing.assert_array_equal(found.diverged[row], ends.diverged)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("surface", ["himmelblau", "rastrigin", "beale"])
def test_basins_have_the_bits_of_one_march_from_all_starts(surface, name):
    surface, optimizer = SURFACES[surface], OPTIMIZERS[name](learning_rate=0.02)
    x, y = (np.linspace(low, high, 70) for low, high in surface.bounds)
    ends = march(surface, optimizer, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2), 60, surface_limits(surface))
    found = last(sweep_chunks(basin_sweep(surface, optimizer, 70, 60)))
    np.testing.assert_array_equal(np.stack([found.results["end_x"], found.results["end_y"]], axis=-1).reshape(-1, 2), ends.theta)
    np.testing.assert_array_equal(found.results["diverged_at"].ravel(), np.where(ends.diverged, ends.steps, -1))
    told = basins(surface, optimizer, 70, 60)
    expected = np.where(ends.diverged, DIVERGED, nearest(ends.theta, told.minima, span_of(surface)))
    np.testing.assert_array_equal(told.reached.ravel(), expected)


@pytest.mark.parametrize("surface", ["himmelblau", "ackley", "rosenbrock"])
@pytest.mark.parametrize("tile", [7, 64, (1, 20), (5, 3)])
def test_the_bits_do_not_depend_on_the_tiles(surface, tile):
    optimizer = ClippedByNorm(OPTIMIZERS["adam"](learning_rate=0.3), 5.0)
    asked = described(SURFACES[surface], None, optimizer, ("max_norm", np.linspace(0.1, 30, 19)), ("start[1]", np.linspace(-3, 3, 17)), 50,
                      measures_of(SURFACES[surface]), theta0=[-1.0, 0.0])  # fmt: skip
    whole, parts = last(sweep_chunks(asked)), last(sweep_chunks(asked, tile))
    for name, values in whole.results.items():
        np.testing.assert_array_equal(parts.results[name], values, err_msg=name)


def test_what_a_pixel_of_a_surface_is_told_by():
    rates, starts = [0.001, 0.01, 0.02, 0.5], [-4.0, 0.5, 4.0]
    measures = ["cost", "steps_to_threshold", "diverged_at", "basin"]
    found = sweep(
        SURFACES["styblinski_tang"], None, "sgd", ("learning_rate", rates), ("start[0]", starts), 150, measures,
        theta0=[0.0, -1.0], threshold=0.5,
    )  # fmt: skip
    surface = SURFACES["styblinski_tang"]
    limits, minima = surface_limits(surface), known_minima(surface)
    for row, column in np.ndindex(3, 4):
        run = descend(surface, OPTIMIZERS["sgd"](rates[column]), [starts[row], -1.0], 150)
        with np.errstate(all="ignore"):
            lost = ~(run.value <= limits.ceiling(run.value[0])) | limits.outside(run.theta)
        close = run.value - limits.lowest <= 0.5
        assert found.results["steps_to_threshold"][row, column] == (close.argmax() if close.any() else -1)
        assert found.results["diverged_at"][row, column] == (lost.argmax() if lost.any() else -1)
        if lost.any():
            assert found.results["basin"][row, column] == DIVERGED
        else:
            assert found.results["cost"][row, column] == pytest.approx(run.value[-1], rel=1e-9)
            assert found.results["basin"][row, column] == nearest(run.final_theta[None], minima, span_of(surface))[0]
    assert {DIVERGED, 0, 2} <= set(np.unique(found.results["basin"]))
    assert (found.results["steps_to_threshold"] > 0).any()


def test_hyperparameters_within_wrapped_optimizers_are_axes():
    wrapped, rates, decays = ClippedByNorm(Decayed(OPTIMIZERS["momentum"](), 1e-3), 2.0), [0.01, 0.1], [0.0, 0.01, 0.1]
    found = sweep(HIMMELBLAU, None, wrapped, ("learning_rate", rates), ("weight_decay", decays), 40, "cost", theta0=[1.0, -1.0])
    for row, column in np.ndindex(3, 2):
        one = ClippedByNorm(Decayed(OPTIMIZERS["momentum"](rates[column]), decays[row]), 2.0)
        assert found.results["cost"][row, column] == pytest.approx(descend(HIMMELBLAU, one, [1.0, -1.0], 40).value[-1], rel=1e-9)


def test_optimizers_on_an_axis_keep_their_hyperparameters():
    both = [OPTIMIZERS["heavy_ball"](0.01, 0.5), OPTIMIZERS["heavy_ball"](0.01, 0.8)]
    found = sweep(HIMMELBLAU, None, "sgd", ("start[0]", [0.0, 1.0]), ("optimizer", both), 20, "cost")
    for row, column in np.ndindex(2, 2):
        run = descend(HIMMELBLAU, both[row], [float(column), 0.0], 20)
        assert found.results["cost"][row, column] == pytest.approx(run.value[-1], rel=1e-9)


@pytest.mark.parametrize("name", ["sgd", "momentum", "heavy_ball", "nesterov"])
def test_a_quadratic_diverges_exactly_above_the_limit_of_theory(name):
    bowl = Quadratic(np.diag([1.0, 25.0]))
    limit = float(stability_limit(name, 0.9, 25.0))
    found = last(sweep_chunks(rate_sweep(bowl, [OPTIMIZERS[name]()], limit * np.array([0.5, 0.98, 1.02, 2.0]), [1.0, 1.0], 3000)))
    assert found.diverged.tolist() == [[False, False, True, True]]
    assert found.results["cost"][0, 1] < 1e-6


def test_basins_of_himmelblau_are_its_four_minima():
    found = basins(HIMMELBLAU, OPTIMIZERS["lbfgs"](), resolution=25, steps=60)
    assert set(np.unique(found.reached)) == {0, 1, 2, 3}
    for place, (x, y) in enumerate(HIMMELBLAU.minima):
        assert found.reached[np.abs(found.y - y).argmin(), np.abs(found.x - x).argmin()] == place


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
    chunks = list(basins_chunks(HIMMELBLAU, OPTIMIZERS["adam"](), 90, 20))
    shares = [share for share, _ in chunks]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert (chunks[0][1].reached == NOWHERE).all()


def test_bad_input_is_answered():
    with pytest.raises(ValueError, match="1 to"):
        rate_sweep(HIMMELBLAU, [OPTIMIZERS["sgd"]()], [], [0.0, 0.0], 5)
    with pytest.raises(ValueError, match="unknown optimiser"):
        rate_sweep(HIMMELBLAU, ["sgdd"], [0.1], [0.0, 0.0], 5)
    with pytest.raises(ValueError, match="2 to 1000"):
        basins(HIMMELBLAU, OPTIMIZERS["sgd"](), 1)
    with pytest.raises(ValueError, match="defined nowhere"):
        basins(Surface.from_expression("log(-1 - x**2)"), OPTIMIZERS["sgd"](), 10)


def test_each_subject_has_the_measures_that_make_sense_of_it():
    assert set(measures_of(Quadratic([[1.0]]))) < set(measures_of(HIMMELBLAU)) < set(MEASURES)
    with pytest.raises(ValueError, match=r"basin.* is not known here"):
        sweep(Quadratic([[1.0]]), None, "sgd", ("learning_rate", [0.1]), ("start[0]", [1.0]), 5, "basin")
    with pytest.raises(ValueError, match=r"accuracy.* is not known here"):
        sweep(HIMMELBLAU, None, "sgd", ("learning_rate", [0.1]), ("start[0]", [1.0]), 5, "accuracy")
