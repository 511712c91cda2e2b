"""Sweeps: a pixel is the very run that `train` makes, whatever the tile; the convergence measure is that of its source."""

import numpy as np
import pytest

from nnviz.core.axes import factors_left, spaced
from nnviz.core.datasets import DATASETS
from nnviz.core.descent import descend
from nnviz.core.marching import HIGH
from nnviz.core.measures import measures_of
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Quadratic
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.surfaces import SURFACES
from nnviz.core.sweep import described, run_tile, sweep, sweep_chunks, tiles_of
from nnviz.core.training import train

NETWORK = Network((2, 5, 1), ("tanh", "sigmoid"))
DATA = DATASETS["spiral"](samples=40, noise=0.1, test_fraction=0.3, seed=0)
LOSS = "binary_cross_entropy"
RATES, SCALES = np.geomspace(0.05, 50, 7), np.geomspace(0.3, 6, 6)
ALL = [name for name in measures_of(NETWORK) if name != "sharpness"]
STEPS = 30


def small(x=("learning_rate", RATES), y=("initial_scale", SCALES), measure=ALL, optimizer="sgd", **more):
    return described(NETWORK, DATA, optimizer, x, y, more.pop("steps", STEPS), measure, **{"loss": LOSS} | more)


def mapped(description, tile):
    *_, found = sweep_chunks(description, tile)
    return found


def trained(description, row, column):
    """The run of a pixel, as one of a batch, which has the same bits as any other batch."""
    settings = description.training_at(row, column)
    settings["theta0"] = settings["theta0"][None]
    return train(NETWORK, LOSS, DATA, settings.pop("optimizer"), snapshots=STEPS + 1, **settings)


SECOND = {
    "initial_scale": {"y": ("initial_scale", SCALES)},
    "l2": {"y": ("l2", [0.0, 0.01, 0.3])},
    "l1": {"y": ("l1", [0.0, 0.01])},
    "batch_size": {"y": ("batch_size", [5, 11, 28])},
    "momentum": {"y": ("beta", [0.0, 0.5, 0.9]), "optimizer": "heavy_ball"},
    "adam": {"y": ("beta2", [0.9, 0.999]), "optimizer": "adam", "batch_size": 8},
    "optimizer": {"y": ("optimizer", ["sgd", "adam", "lion", "nesterov"])},
}


@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND)
def test_each_pixel_is_the_run_that_train_makes(second):
    description = small(**second)
    found = mapped(description, 16)
    rows, columns = description.shape
    for row, column in [(0, 0), (rows - 1, 2), (rows // 2, columns - 1)]:
        if found.results["diverged_at"][row, column] >= 0:
            continue
        run = trained(description, row, column)
        assert found.results["cost"][row, column] == pytest.approx(run.train_cost[-1, 0], rel=1e-11)
        assert found.results["test_cost"][row, column] == pytest.approx(run.test_cost[-1, 0], rel=1e-11)
        assert found.results["accuracy"][row, column] == pytest.approx(run.train_accuracy[-1, 0], rel=1e-11)
        assert found.results["test_accuracy"][row, column] == pytest.approx(run.test_accuracy[-1, 0], rel=1e-11)


def test_the_map_has_the_bits_of_one_batch_of_runs():
    found = mapped(small(), 4)
    rates, scales = np.tile(RATES, len(SCALES))[:, None], np.repeat(SCALES, len(RATES))[:, None]
    theta0 = NETWORK.initialize(seed=0) * scales
    run = train(NETWORK, LOSS, DATA, OPTIMIZERS["sgd"](rates), steps=STEPS, batch_size=28, theta0=theta0, snapshots=2)
    np.testing.assert_array_equal(found.results["cost"].ravel(), run.train_cost[-1])


@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND)
def test_the_bits_do_not_depend_on_the_tiles_or_their_order(second):
    description = small(**second)
    whole = mapped(description, 64)
    for size in (1, 2, 5):
        for tile in reversed(tiles_of(description.shape, size)[:: 3 if size == 1 else 1]):
            for name, values in run_tile(description, tile).items():
                np.testing.assert_array_equal(values, whole.results[name][tile.window])


def test_the_convergence_measure_is_that_of_its_source():
    description = small()
    found = mapped(description, 4)
    for row, column in np.ndindex(description.shape):
        cost = trained(description, row, column).train_cost[:, 0]
        v = cost / cost[0]
        v = np.where(v <= HIGH, v, HIGH)
        expected = -v.sum() if v[-20:].mean() < 1 else (1 / v).sum()
        assert found.results["convergence"][row, column] == pytest.approx(expected, rel=1e-12)
    assert 0 < found.diverged.mean() < 1


def test_steps_to_the_threshold_are_the_first_below_it():
    description = small(threshold=0.55, optimizer="adam", x=("learning_rate", [0.01, 0.1, 1.0]))
    found = mapped(description, 4).results["steps_to_threshold"]
    assert (found >= 0).any()
    assert (found < 0).any()
    for row, column in np.ndindex(description.shape):
        below = trained(description, row, column).train_cost[:, 0] <= 0.55
        assert found[row, column] == (below.argmax() if below.any() else -1)


def test_runs_that_left_early_are_told_as_if_they_had_stayed():
    rates, starts, steps = [0.05, 0.45, 0.5, 1.2], [1.0, 3.0], 200
    found = sweep(Quadratic([[2.0]]), None, "sgd", ("learning_rate", rates), ("start[0]", starts), steps, ["convergence", "diverged_at"])
    for row, column in np.ndindex(2, 4):
        run = descend(Quadratic([[2.0]]), OPTIMIZERS["sgd"](rates[column]), [starts[row]], steps)
        v = run.value / run.value[0]
        beyond = ~(v <= HIGH)
        v[beyond.argmax() if beyond.any() else steps + 1 :] = HIGH
        expected = -v.sum() if v[-20:].mean() < 1 else (1 / np.maximum(v, 1e-300)).sum()
        assert found.results["convergence"][row, column] == pytest.approx(expected, rel=1e-10)
        assert found.results["diverged_at"][row, column] == (beyond.argmax() if beyond.any() else -1)


def test_layers_with_one_rate_for_all_are_the_plain_optimiser():
    rates = [0.1, 1.0, 4.0]
    layered = sweep(NETWORK, DATA, "sgd", ("learning_rate[0]", rates), ("learning_rate[1]", rates), STEPS, "cost", loss=LOSS, batch_size=7)
    plain = sweep(NETWORK, DATA, "sgd", ("learning_rate", rates), ("l2", [0.0]), STEPS, "cost", loss=LOSS, batch_size=7)
    np.testing.assert_allclose(np.diag(layered.results["cost"]), plain.results["cost"][0], rtol=1e-9)
    assert layered.results["cost"][0, 1] != layered.results["cost"][1, 0]


def test_sharpness_is_that_of_the_cost_with_its_penalty():
    description = small(y=("l2", [0.0, 0.1]), x=("learning_rate", [0.1, 1.0]), measure="sharpness")
    found = mapped(description, 8).results["sharpness"]
    for row, column in np.ndindex(2, 2):
        theta = trained(description, row, column).final_theta[0]
        cost = NetworkCost(NETWORK, LOSS, DATA.train.X, DATA.train.Y, l2=[0.0, 0.1][row])
        assert found[row, column] == pytest.approx(np.linalg.eigvalsh(cost.hessian(theta))[-1], rel=1e-8)


def test_a_surface_is_swept_by_the_same_loop():
    x, y = np.linspace(-4, 4, 5), np.linspace(-3, 3, 4)
    found = sweep(SURFACES["himmelblau"], None, "adam", ("start[0]", x), ("start[1]", y), 40, "cost")
    run = descend(SURFACES["himmelblau"], "adam", np.stack(np.meshgrid(x, y), axis=-1), 40)
    np.testing.assert_allclose(found.results["cost"], run.value[-1], rtol=1e-9)


def test_a_coarse_map_is_part_of_the_fine_one():
    description = small()
    fine, coarse = mapped(description, 8), mapped(description.coarse(2), 8)
    np.testing.assert_array_equal(coarse.results["cost"], fine.results["cost"][::2, ::2])


def test_what_is_known_only_grows():
    shares = [found.share for found in sweep_chunks(small(), 3)]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_equal_maps_have_equal_descriptions_and_others_do_not():
    assert small().description() == small().description()
    others = [small(seed=1), small(steps=31), small(l2=0.1), small(measure="cost"), small(x=("learning_rate", RATES[:-1]))]
    assert all(other.description() != small().description() for other in others)


def test_zooming_ends_where_float64_ends():
    axis = spaced("learning_rate", 1.0, 1.0 + 1e-10, 8)
    assert 1e4 < factors_left(axis) < 1e6
    with pytest.raises(ValueError, match="float64"):
        spaced("learning_rate", 1.0, 1.0 + 1e-15, 64)


BAD = {
    "reversed": ({"x": ("learning_rate", [1.0, 0.1])}, "ascend"),
    "unknown": ({"x": ("speed", [0.1, 1.0])}, "not known here: use one of"),
    "too many": ({"x": ("learning_rate", np.arange(1, 40_000)), "y": ("l2", np.arange(40_000))}, "at most"),
    "twice the same": ({"y": ("learning_rate", RATES)}, "two different"),
    "negative": ({"y": ("l2", [-1.0, 1.0])}, "0 or more"),
    "out of bounds": ({"y": ("beta", [0.5, 1.5]), "optimizer": "momentum"}, "from 0 to 1"),
    "empty": ({"y": ("l2", [])}, "1 to"),
    "not numbers": ({"y": ("l2", ["a"])}, "not numbers"),
    "no pair": ({"y": 3}, "pair"),
    "part of a batch": ({"y": ("batch_size", [1.5, 3])}, "whole numbers"),
    "no steps": ({"steps": 0}, "whole number"),
    "a measure": ({"measure": "beauty"}, "not known here"),
    "a number as measure": ({"measure": 5}, "measure is 5: it needs one or several of convergence"),
    "nested measures": ({"measure": (["cost"],)}, "not known here"),
    "a penalty for each": ({"l2": [[0.1], [0.2]], "y": ("initial_scale", [0.5, 1.0])}, "one number"),
    "a seed": ({"seed": "a"}, "seed is 'a'"),
    "newton": ({"optimizer": "newton"}, "look beyond"),
    "not of all": ({"x": ("beta", [0.5, 0.9]), "y": ("optimizer", ["momentum", "adam"])}, "adam has no beta"),
    "no surface": ({"measure": "basin"}, "not known here"),
    "size of a batch": ({"batch_size": 0}, "1 or more"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_a_sentence(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        small(**changes)
    assert 11 <= len(str(caught.value)) <= 599


@pytest.mark.parametrize("tile", [(1,), (1, 2, 3), (), (1, "a"), 0, "a", [2, 2]])
def test_a_tile_without_two_sides_is_a_sentence(tile):
    with pytest.raises(ValueError, match="tile is"):
        sweep(Quadratic([[2.0]]), None, "sgd", ("learning_rate", [0.1, 0.2]), ("start[0]", [1.0, 2.0]), 3, tile=tile)


@pytest.mark.parametrize(
    ("low", "high", "count", "scale"), [(2, 1, 5, "log"), (0, 1, 5, "log"), (0, 1, 10**9, "linear"), (0, 1, 5, "cubic")]
)
def test_bad_ranges_are_a_sentence(low, high, count, scale):
    with pytest.raises(ValueError, match=r"asked for|not known"):
        spaced("learning_rate", low, high, count, scale)
