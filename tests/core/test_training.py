"""Training is the plain loop of its definition, many runs are the single ones, bad rates are results and bad data sentences."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from nnviz.core.comparison import groups, learning_rate_range, learning_rate_range_chunks, suggested_rate, train_groups
from nnviz.core.datasets import DATASETS
from nnviz.core.diary import snapshot_steps
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, Optimizer
from nnviz.core.schedules import SCHEDULES
from nnviz.core.training import continue_steps, continue_training, train, train_steps

MOONS = DATASETS["moons"](samples=60, noise=0.1, test_fraction=0.25, seed=0)
NETWORK = Network((2, 5, 1), ("tanh", "sigmoid"))
LOSS = "binary_cross_entropy"


def made_data(X, Y, task="regression", test=0):
    X, Y = np.atleast_2d(np.asarray(X, dtype=float)), np.atleast_2d(np.asarray(Y, dtype=float))
    part = lambda a, b: SimpleNamespace(X=X[:, a:b], Y=Y[:, a:b])  # noqa: E731
    m = X.shape[1]
    return SimpleNamespace(train=part(0, m - test), test=part(m - test, m), task=task)


def judged_on(X, Y):
    return SimpleNamespace(train=MOONS.train, test=SimpleNamespace(X=np.asarray(X), Y=np.asarray(Y)), task="classification")


def plain_training(network, loss, data, optimizer, epochs, batch_size, seed, l2=0.0, l1=0.0, theta=None):
    """The definition: shuffle, cut, gradient of the cost on the batch, step."""
    theta = network.initialize(seed=seed) if theta is None else theta.copy()
    cost = NetworkCost(network, loss, data.train.X, data.train.Y, l2=l2, l1=l1)
    state, order, path = optimizer.start(theta, cost), np.random.default_rng(seed), [theta.copy()]
    for _ in range(epochs):
        # A batch of all samples needs no order.
        mixed = order.permutation(cost.samples) if batch_size < cost.samples else np.arange(cost.samples)
        for start in range(0, cost.samples, batch_size):
            optimizer.step(theta, cost.on(mixed[start : start + batch_size]).gradient(theta), state)
            path.append(theta.copy())
    return np.array(path)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name not in ("newton", "lbfgs")])
def test_train_is_the_loop_of_its_definition(name):
    optimizer = OPTIMIZERS[name](**({"shapes": NETWORK} if name == "muon" else {}))
    path = plain_training(NETWORK, LOSS, MOONS, optimizer, 3, 10, seed=4, l2=0.01, l1=0.001)
    run = train(NETWORK, LOSS, MOONS, optimizer, epochs=3, batch_size=10, seed=4, l2=0.01, l1=0.001)
    assert run.step.tolist() == list(range(16))
    assert run.theta == pytest.approx(path, rel=1e-8, abs=1e-11)
    assert np.array_equal(run.final_theta, run.theta[-1])


@pytest.mark.parametrize("name", ["newton", "lbfgs"])
def test_optimisers_that_look_at_the_objective_see_the_batch(name):
    optimizer = OPTIMIZERS[name]()
    path = plain_training(NETWORK, LOSS, MOONS, optimizer, 5, 45, seed=1, l2=0.05)
    run = train(NETWORK, LOSS, MOONS, optimizer, epochs=5, batch_size=45, seed=1, l2=0.05)
    assert run.theta == pytest.approx(path, rel=1e-6, abs=1e-9)
    assert train(NETWORK, LOSS, MOONS, optimizer, epochs=2, batch_size=10, seed=(0, 1), l2=0.05).theta.shape == (11, 2, 21)


@pytest.mark.parametrize(("batch_size", "expected"), [(1, 45), (10, 5), (45, 1), (1000, 1)])
def test_steps_of_an_epoch_keep_the_last_smaller_batch(batch_size, expected):
    run = train(NETWORK, LOSS, MOONS, "sgd", epochs=2, batch_size=batch_size)
    assert run.steps_per_epoch == expected
    assert run.step[-1] == 2 * expected
    assert run.epoch[-1] == 2


def test_costs_and_scores_are_those_of_the_snapshots_without_penalty():
    run = train(NETWORK, LOSS, MOONS, "adam", epochs=30, l2=0.1)
    for part, told, score in ((MOONS.train, run.train_cost, run.train_accuracy), (MOONS.test, run.test_cost, run.test_accuracy)):
        assert told == pytest.approx(NetworkCost(NETWORK, LOSS, part.X, part.Y).value(run.theta))
        assert score == pytest.approx(((NETWORK.predict(run.theta, part.X) > 0.5) == part.Y).mean(axis=(-1, -2)))
    gradient = NetworkCost(NETWORK, LOSS, MOONS.train.X, MOONS.train.Y).gradient(run.theta)
    assert run.gradient_norm[:, 0] == pytest.approx(np.linalg.norm(gradient[:, :15], axis=-1))
    assert run.gradient_norm[:, 1] == pytest.approx(np.linalg.norm(gradient[:, 15:], axis=-1))


def test_an_accuracy_is_so_many_of_all_samples_to_the_last_bit():
    run = train(NETWORK, LOSS, MOONS, "adam", epochs=30)
    for part, told in ((MOONS.train, run.train_accuracy), (MOONS.test, run.test_accuracy)):
        hits = ((NETWORK.predict(run.theta, part.X) > 0.5) == part.Y).sum(axis=(-1, -2))
        assert np.array_equal(told, hits / part.Y.shape[1])


def test_the_score_of_a_regression_is_r_squared():
    data = DATASETS["plane"](samples=80, noise=0.05)
    run = train(Network((2, 4, 1), ("tanh", "identity")), "half_squared_error", data, "adam", epochs=20)
    residual = run.network.predict(run.final_theta, data.test.X) - data.test.Y
    assert run.test_accuracy[-1] == pytest.approx(1 - (residual**2).sum() / ((data.test.Y - data.test.Y.mean()) ** 2).sum())


def test_runs_side_by_side_are_the_single_runs():
    theta0 = NETWORK.initialize(seed=3, batch=(2, 3))
    rates = np.array([[[0.01], [0.1], [1.0]], [[0.02], [0.2], [2.0]]])
    together = train(NETWORK, LOSS, MOONS, OPTIMIZERS["momentum"](rates), epochs=4, batch_size=8, theta0=theta0, l2=rates / 10)
    assert together.theta.shape[1:] == (2, 3, 21)
    for i, j in np.ndindex(2, 3):
        rate = float(rates[i, j, 0])
        alone = train(NETWORK, LOSS, MOONS, OPTIMIZERS["momentum"](rate), epochs=4, batch_size=8, theta0=theta0[i, j], l2=rate / 10)
        assert together.select(i, j).theta == pytest.approx(alone.theta, rel=1e-9, abs=1e-12)
        assert together.learning_rate[-1, i, j] == alone.learning_rate[-1] == rate


def test_a_runs_bits_do_not_depend_on_the_batch_it_trains_in():
    theta0 = NETWORK.initialize(seed=3, batch=(7,))
    together = train(NETWORK, LOSS, MOONS, "adam", epochs=4, batch_size=8, theta0=theta0)
    parts = [train(NETWORK, LOSS, MOONS, "adam", epochs=4, batch_size=8, theta0=part) for part in (theta0[:1], theta0[1:5], theta0[5:])]
    for name in ("theta", "train_cost", "test_accuracy", "gradient_norm"):
        assert np.array_equal(np.concatenate([getattr(part, name) for part in parts], axis=1), getattr(together, name))


def test_each_seed_has_its_own_start_and_order():
    together = train(NETWORK, LOSS, MOONS, "sgd", epochs=3, batch_size=10, seed=(7, 8))
    for i, seed in enumerate((7, 8)):
        alone = train(NETWORK, LOSS, MOONS, "sgd", epochs=3, batch_size=10, seed=seed)
        assert together.theta[:, i] == pytest.approx(alone.theta, rel=1e-10, abs=1e-13)


def test_one_seed_is_one_order_for_all_runs():
    theta0 = np.stack([NETWORK.initialize()] * 2)
    run = train(NETWORK, LOSS, MOONS, "sgd", epochs=2, batch_size=7, theta0=theta0)
    assert np.array_equal(run.theta[:, 0], run.theta[:, 1])


@pytest.mark.parametrize("total", [0, 1, 30, 59, 60, 61, 200, 12345, 10**7])
@pytest.mark.parametrize("count", [2, 5, 60])
def test_snapshots_are_bounded_dense_at_the_start_and_hold_both_ends(total, count):
    kept = snapshot_steps(total, count)
    assert len(kept) <= count
    assert kept[0] == 0
    assert kept[-1] == total
    assert np.all(np.diff(kept) > 0)
    if count == 60:
        assert kept[: min(total, 20) + 1].tolist() == list(range(min(total, 20) + 1))


def test_chunks_are_short_and_tell_the_run_so_far():
    data, began, longest, parts = DATASETS["digits"](), time.perf_counter(), [], []
    for part in train_steps(Network((64, 32, 10), ("relu", "softmax")), "cross_entropy", data, "adam", epochs=40, snapshots=20):
        longest.append(time.perf_counter() - began)
        began = time.perf_counter()
        parts.append(part)
    assert len(parts) > 2
    assert not parts[0].complete
    assert parts[-1].complete
    assert np.median(longest) < 0.15  # 50 ms, and room for a machine that is busy
    shown = len(parts[0].step)
    assert np.array_equal(parts[0].theta, parts[-1].theta[:shown])
    assert np.array_equal(parts[0].test_cost, parts[-1].test_cost[:shown])


@pytest.mark.parametrize("patience", [None, 2])
def test_a_run_told_at_once_is_the_run_told_piece_by_piece(patience):
    asked = {"epochs": 300, "batch_size": 7, "snapshots": 40, "patience": patience}
    *_, piecewise = train_steps(NETWORK, LOSS, MOONS, "adam", **asked)
    whole = train(NETWORK, LOSS, MOONS, "adam", **asked)
    for name in ("step", "theta", "train_cost", "test_cost", "train_accuracy", "gradient_norm", "final_theta", "stopped_at"):
        assert np.array_equal(getattr(whole, name), getattr(piecewise, name))
    *_, forked = continue_steps(whole, steps=30, snapshot=3)
    assert np.array_equal(continue_training(whole, steps=30, snapshot=3).train_cost, forked.train_cost)


@pytest.mark.parametrize("name", ["adam", "muon", "nadam", "lbfgs"])
@pytest.mark.parametrize("more", [{}, {"clip_norm": 0.05}], ids=["plain", "clipped"])
@pytest.mark.parametrize("batch_size", [10, 100])
def test_a_continued_run_is_the_run_that_was_never_interrupted(name, more, batch_size):
    asked = {"batch_size": batch_size, "schedule": SCHEDULES["exponential"](0.9), **more}
    whole = train(NETWORK, LOSS, MOONS, name, steps=23, **asked)
    part = train(NETWORK, LOSS, MOONS, name, steps=12, **asked)
    part = continue_training(continue_training(part, steps=1), steps=10)
    assert part.step.tolist() == whole.step.tolist()
    assert np.array_equal(part.theta, whole.theta)
    assert np.array_equal(part.learning_rate, whole.learning_rate)
    assert np.array_equal(part.train_cost, whole.train_cost)


@dataclass(frozen=True, eq=False)
class Slowing(Optimizer):
    """θ ← θ − α·g/t, a rule of somebody's own that counts in a number."""

    name = "slowing"
    learning_rate: float = 0.5

    def start(self, theta, objective=None):
        state = super().start(theta, objective)
        state["t"] = 0
        return state

    def advance(self, theta, gradient, state):
        state["t"] += 1
        theta -= state.rate * gradient / state["t"]


def test_a_rule_of_ones_own_may_remember_a_number():
    whole = train(NETWORK, LOSS, MOONS, Slowing(), steps=9)
    part = continue_training(train(NETWORK, LOSS, MOONS, Slowing(), steps=4), steps=5)
    assert np.array_equal(part.theta, whole.theta)


def test_a_run_that_was_stopped_on_the_way_goes_on_from_its_last_snapshot():
    asked = {"batch_size": 10, "snapshots": 30}
    stopped = next(run for run in train_steps(NETWORK, LOSS, MOONS, "adam", steps=20_000, **asked) if run.step[-1] > 100)
    assert stopped.step[-1] < 20_000
    longer = continue_training(stopped, steps=50)
    whole = train(NETWORK, LOSS, MOONS, "adam", steps=int(longer.step[-1]), **asked)
    assert np.array_equal(longer.final_theta, whole.final_theta)


def test_a_run_that_early_stopping_ended_goes_on_with_what_the_optimiser_remembers():
    free = train(NETWORK, LOSS, MOONS, OPTIMIZERS["adam"](0.5), epochs=60, batch_size=10, snapshots=1000)
    run = train(NETWORK, LOSS, MOONS, OPTIMIZERS["adam"](0.5), epochs=60, batch_size=10, patience=1, snapshots=1000)
    stop = int(run.stopped_at)
    assert 0 < stop < free.step[-1]
    longer = continue_training(run, steps=7, patience=None)
    assert np.array_equal(longer.theta[stop:], free.theta[stop : stop + 8])


def test_where_one_run_of_a_batch_ended_before_the_others_all_go_on_from_where_they_ended_without_memory():
    rates, asked = np.array([[0.5], [0.01]]), {"batch_size": 10, "snapshots": 1000}
    run = train(NETWORK, LOSS, MOONS, OPTIMIZERS["adam"](rates), epochs=8, patience=1, **asked)
    assert 0 < run.stopped_at[0] < run.step[-1]
    longer = continue_training(run, steps=6, patience=None)
    anew = continue_training(train(NETWORK, LOSS, MOONS, OPTIMIZERS["adam"](rates), epochs=8, **asked), steps=0)
    anew = continue_training(replace(anew, theta=run.theta, step=run.step, state=None), steps=6)
    assert np.array_equal(longer.theta[-7], run.theta[-1])
    assert np.array_equal(longer.theta[-7:], anew.theta[-7:])


def test_a_run_that_goes_on_without_its_schedule_has_the_rate_it_tells():
    run = train(NETWORK, LOSS, MOONS, OPTIMIZERS["sgd"](0.5), steps=10, batch_size=100, schedule=SCHEDULES["exponential"](0.5))
    longer = continue_training(run, steps=1, schedule=None)
    gradient = NetworkCost(NETWORK, LOSS, MOONS.train.X, MOONS.train.Y).gradient(run.final_theta)
    assert longer.final_theta - run.final_theta == pytest.approx(-0.5 * gradient)


def test_a_fork_goes_on_from_a_snapshot_and_leaves_the_run_as_it_is():
    run = train(NETWORK, LOSS, MOONS, "sgd", steps=20, batch_size=10)
    before = run.theta.copy()
    fork = continue_training(run, steps=5, snapshot=8, optimizer=OPTIMIZERS["sgd"](1.0))
    assert fork.step.tolist() == [*range(9), *range(9, 14)]
    assert np.array_equal(fork.theta[:9], run.theta[:9])
    assert not np.allclose(fork.theta[9:], run.theta[9:14])
    assert fork.learning_rate[[7, 8, -1]].tolist() == [0.01, 1.0, 1.0]
    assert np.array_equal(run.theta, before)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"snapshot": 99}, "snapshot is 99: it needs a whole number from 0 to 5"),
        ({"snapshot": -7}, "snapshot is -7"),
        ({"snapshot": 1.5}, "snapshot is 1.5"),
        ({"snapshot": "a"}, "snapshot is 'a'"),
        ({"snapshot": None}, "snapshot is None"),
        ({"network": Network((2, 4, 1), ("tanh", "sigmoid"))}, "the run's network is 2-5-1 and the new one 2-4-1"),
        ({"optimizer": OPTIMIZERS["sgd"](np.ones((3, 1)))}, r"a batch \(3,\) of the run's \(\)"),
        ({"l2": np.ones((2, 1))}, r"a batch \(2,\) of the run's \(\)"),
        ({"epochs": "a"}, "epochs is 'a'"),
        ({"steps": "a"}, "steps is 'a'"),
    ],
)
def test_what_a_run_cannot_go_on_with_is_a_sentence(changes, told):
    run = train(NETWORK, LOSS, MOONS, "sgd", steps=5)
    with pytest.raises(ValueError, match=told) as caught:
        continue_training(run, **changes)
    assert 11 <= len(str(caught.value)) <= 599


def test_a_run_that_was_selected_from_a_batch_says_that_it_cannot_go_on():
    run = train(NETWORK, LOSS, MOONS, "sgd", steps=1, seed=(0, 1))
    with pytest.raises(ValueError, match=r"selected from a batch.*continue the batch"):
        continue_training(run.select(0))


@pytest.mark.parametrize("factor", [0.5, np.float32(0.5)])
def test_a_schedule_may_be_a_constant(factor):
    half = train(NETWORK, LOSS, MOONS, OPTIMIZERS["sgd"](0.5), steps=40, schedule=lambda step: factor)
    assert np.array_equal(half.theta, train(NETWORK, LOSS, MOONS, OPTIMIZERS["sgd"](0.25), steps=40).theta)
    assert half.learning_rate.tolist() == [0.25] * len(half.step)


def test_a_schedule_that_overflows_is_a_run_that_diverges():
    run = train(NETWORK, LOSS, MOONS, "sgd", steps=400, schedule=SCHEDULES["exponential"](10.0))
    assert run.learning_rate[-1] == np.inf
    assert run.diverged_at > 0


def test_a_schedule_by_its_name_is_as_long_as_the_run():
    run = train(NETWORK, LOSS, MOONS, OPTIMIZERS["sgd"](0.5), steps=40, schedule="cosine")
    assert run.learning_rate[[0, 20, 40]] == pytest.approx([0.5, 0.25, 0.0], abs=1e-15)


def test_clipping_is_the_optimiser_in_its_wrapper():
    clipped = train(NETWORK, LOSS, MOONS, OPTIMIZERS["sgd"](1.0), epochs=3, clip_norm=0.05)
    assert np.array_equal(clipped.theta, train(NETWORK, LOSS, MOONS, ClippedByNorm(OPTIMIZERS["sgd"](1.0), 0.05), epochs=3).theta)
    assert np.linalg.norm(np.diff(clipped.theta, axis=0), axis=-1).max() <= 0.05 + 1e-9


def test_a_run_that_goes_on_with_another_clipping_is_clipped_by_that_alone():
    run = train(NETWORK, LOSS, MOONS, OPTIMIZERS["sgd"](1.0), epochs=1, clip_norm=0.001)
    assert continue_training(run, clip_norm=1000.0, steps=1).settings.optimizer == ClippedByNorm(OPTIMIZERS["sgd"](1.0), 1000.0)
    assert continue_training(run, clip_norm=None, steps=1).settings.optimizer == OPTIMIZERS["sgd"](1.0)
    assert continue_training(run, optimizer="adam", steps=1).settings.optimizer == ClippedByNorm(OPTIMIZERS["adam"](), 0.001)
    assert continue_training(run, steps=1).settings.optimizer == run.settings.optimizer


def test_early_stopping_ends_each_run_at_its_own_epoch_with_its_best():
    data = DATASETS["spiral"](samples=30, noise=0.3, test_fraction=0.5)
    network = Network((2, 16, 1), ("tanh", "sigmoid"))
    seeds = (0, 1, 2)
    settings = {"batch_size": 5, "seed": seeds, "steps": 3000, "snapshots": 3001}
    free = train(network, LOSS, data, OPTIMIZERS["adam"](0.02), **settings)
    run = train(network, LOSS, data, OPTIMIZERS["adam"](0.02), patience=20, **settings)
    for i in range(3):
        by_epoch = free.test_cost[:: free.steps_per_epoch, i]
        best = [int(by_epoch[: e + 1].argmin()) for e in range(len(by_epoch))]
        stop = next(e for e in range(len(by_epoch)) if e - best[e] >= 20)
        assert run.stopped_at[i] == stop * free.steps_per_epoch
        assert np.array_equal(run.final_theta[i], free.theta[best[stop] * free.steps_per_epoch, i])
        assert np.array_equal(run.theta[-1, i], free.theta[run.stopped_at[i], i])
        assert run.best_step[i] == best[stop] * free.steps_per_epoch
        assert run.best_cost[i] == pytest.approx(free.test_cost[run.best_step[i], i], rel=1e-12)
    assert run.step[-1] == run.stopped_at.max()
    assert run.complete
    assert np.all(free.stopped_at == -1)
    assert np.all(free.best_step == -1)
    assert np.isnan(free.best_cost).all()


def test_the_best_epoch_of_a_run_that_went_on_is_that_of_the_whole_and_a_fork_before_it_forgets_it():
    data = DATASETS["spiral"](samples=30, noise=0.3, test_fraction=0.5)
    run = train(Network((2, 16, 1), ("tanh", "sigmoid")), LOSS, data, OPTIMIZERS["adam"](0.02), 1000, batch_size=5, patience=20)
    assert 0 < run.best_step < run.stopped_at
    longer = continue_training(run, epochs=60)
    assert longer.best_cost <= run.best_cost
    if longer.best_step == run.best_step:
        assert np.array_equal(longer.final_theta, run.final_theta)
    worse = continue_training(run, epochs=5, optimizer=OPTIMIZERS["sgd"](30.0))
    assert worse.best_step == run.best_step
    assert np.array_equal(worse.final_theta, run.final_theta)
    early = int(np.flatnonzero(run.step < run.best_step)[-1])
    fork = continue_training(run, epochs=0, snapshot=early)
    assert fork.best_step == run.step[early]
    assert np.array_equal(fork.final_theta, run.theta[early])
    last = continue_training(run, epochs=5, optimizer=OPTIMIZERS["sgd"](30.0), restore_best=False)
    assert np.array_equal(last.final_theta, last.theta[-1])


def test_divergence_is_told_by_its_first_step_and_goes_on():
    data = made_data([[1.0, 2.0]], [[0.0, 0.0]])
    network = Network((1, 1), "identity")
    theta0 = np.array([[1.0, 0.0], [1.0, 0.0]])
    run = train(network, "half_squared_error", data, OPTIMIZERS["sgd"](np.array([[0.1], [1e60]])), steps=40, theta0=theta0, snapshots=41)
    with np.errstate(over="ignore"):
        finite = np.isfinite((run.theta**2).sum(axis=-1))
    assert run.diverged_at[0] == -1
    assert run.diverged_at[1] == finite[:, 1].argmin() > 0
    assert np.isfinite(run.train_cost[-1, 0])
    assert not np.isfinite(run.train_cost[-1, 1])


@pytest.mark.parametrize(
    "data",
    [
        made_data([[0.5], [0.8]], [[1.0]]),
        made_data(np.ones((2, 12)), np.arange(12.0)[None], test=3),
        made_data(np.random.default_rng(0).normal(size=(2, 9)), np.ones((1, 9)), test=2),
    ],
    ids=["one sample", "constant features", "constant target"],
)
def test_poor_data_train(data):
    run = train(Network((2, 3, 1), ("tanh", "identity")), "half_squared_error", data, "adam", epochs=5, batch_size=100)
    assert np.isfinite(run.theta).all()
    assert run.train_cost[-1] < run.train_cost[0]


def test_without_a_test_part_its_numbers_are_missing_and_training_is_as_ever():
    data = DATASETS["moons"](samples=40, test_fraction=0.0)
    run = train(NETWORK, LOSS, data, "adam", epochs=3, patience=1)
    assert np.isnan(run.test_cost).all()
    assert np.isnan(run.test_accuracy).all()
    assert np.isfinite(run.train_cost).all()


def test_no_epoch_is_a_run_of_its_start():
    run = train(NETWORK, LOSS, MOONS, "sgd", epochs=0)
    assert run.step.tolist() == [0]
    assert np.array_equal(run.theta[0], NETWORK.initialize(seed=0))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"network": Network((3, 1), "sigmoid")}, "3 inputs"),
        ({"network": Network((2, 2), "sigmoid")}, "2 outputs"),
        ({"data": made_data([[0.0], [1.0]], [[2.0]])}, "must be from 0 to 1"),
        ({"data": made_data(np.zeros((2, 0)), np.zeros((1, 0)))}, "empty"),
        ({"data": judged_on(np.zeros((2, 3)), np.zeros((1, 1)))}, r"test part has X \(2, 3\) and Y \(1, 1\) .*X needs 2 rows, Y 1"),
        ({"data": judged_on(np.zeros((2, 2)), np.zeros((3, 2)))}, "test part has .* 1 outputs"),
        ({"data": judged_on(np.zeros((3, 2)), np.zeros((1, 2)))}, "test part has .* 2 inputs"),
        ({"data": judged_on(np.zeros((3, 0)), np.zeros((1, 0)))}, "test part has .* 2 inputs"),
        ({"data": judged_on([[0.0, np.nan]] * 2, np.zeros((1, 2)))}, r"X \(2, 2\) of the test part holds inf or nan"),
        ({"data": made_data([[0.0, np.inf]] * 2, np.zeros((1, 2)))}, "X .* of the training part holds inf or nan"),
        ({"data": made_data(np.zeros((2, 2)), [[0.0, np.nan]])}, "Y .* of the training part holds inf or nan"),
        ({"epochs": "a"}, "epochs is 'a'"),
        ({"epochs": None}, "epochs is None"),
        ({"epochs": True}, "epochs is True"),
        ({"steps": "a"}, "steps is 'a'"),
        ({"clip_norm": "a"}, "max_norm is 'a'"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"snapshots": 1}, "snapshots is 1"),
        ({"patience": 0}, "patience is 0"),
        ({"epochs": -1}, "steps were asked for"),
        ({"epochs": float("nan")}, "steps were asked for"),
        ({"seed": -1}, "seed"),
        ({"seed": (1, -1)}, "seed is -1"),
        ({"seed": ([1], [1, 2])}, "seed"),
        ({"seed": ()}, "seed"),
        ({"seed": (1, 2), "theta0": np.zeros((3, 21))}, "batch dimensions"),
        ({"l2": -1.0}, "l2"),
        ({"l1": np.ones(3)}, "l1"),
        ({"l2": "a"}, "l2 is 'a'"),
        ({"schedule": "cosinus"}, "unknown schedule"),
        ({"schedule": lambda step: np.ones(2), "steps": 400}, "does not turn an array of steps"),
        ({"schedule": lambda step: 0.5 if step < 10 else 0.1, "steps": 40}, "does not turn an array of steps"),
        ({"schedule": lambda step: "fast"}, "does not turn an array of steps"),
        ({"theta0": "a"}, "theta0 is 'a'"),
        ({"optimizer": "adan"}, "unknown optimiser"),
        ({"theta0": np.zeros(20)}, "21"),
    ],
)
def test_settings_that_make_no_sense_are_a_sentence(changes, told):
    settings = {"network": NETWORK, "loss": LOSS, "data": MOONS, "optimizer": "sgd", "epochs": 1, **changes}
    with pytest.raises(ValueError, match=told) as caught:
        train(**settings)
    assert 11 <= len(str(caught.value)) <= 599


def test_groups_hold_what_can_train_side_by_side_and_give_the_single_runs():
    settings = [
        {"optimizer": OPTIMIZERS["sgd"](0.1)},
        {"optimizer": OPTIMIZERS["adam"](0.01), "seed": 1},
        {"optimizer": OPTIMIZERS["sgd"](0.5), "l2": 0.1},
        {"optimizer": OPTIMIZERS["adam"](0.02), "batch_size": 5},
        {"optimizer": OPTIMIZERS["sgd"](0.5), "seed": 2},
    ]
    common = {"network": NETWORK, "loss": LOSS, "epochs": 3}
    assert groups([{**common, **one} for one in settings]) == [[0, 2, 4], [1], [3]]
    for run, setting in zip(train_groups(MOONS, settings, **common), settings, strict=True):
        alone = train(data=MOONS, **common, **setting)
        assert run.theta == pytest.approx(alone.theta, rel=1e-9, abs=1e-12)
        assert run.test_cost == pytest.approx(alone.test_cost)


@pytest.mark.parametrize(
    ("settings", "common", "told"),
    [
        ([], {}, "settings is empty"),
        ([{"optimizer": "sgd"}, {}], {"network": NETWORK, "loss": LOSS}, "without optimizer"),
        ([{}, {}], {"network": NETWORK, "optimizer": "sgd"}, "without loss"),
        ([{}, {}], {"loss": LOSS, "optimizer": "sgd"}, "without network"),
    ],
)
def test_groups_without_what_every_run_needs_are_a_sentence(settings, common, told):
    with pytest.raises(ValueError, match=told):
        train_groups(MOONS, settings, **common)


def test_the_range_of_rates_comes_in_chunks_that_end_as_the_whole():
    asked = (NETWORK, "half_squared_error", MOONS, "sgd")
    *_, (share, found) = learning_rate_range_chunks(*asked, steps=30)
    whole = learning_rate_range(*asked, steps=30)
    assert share == 1.0
    np.testing.assert_array_equal(found.cost, whole.cost)
    assert found.suggested == whole.suggested


def test_the_rate_finder_suggests_a_rate_that_learns_well_and_tells_those_that_diverge():
    found = learning_rate_range(NETWORK, "half_squared_error", MOONS, "sgd", low=1e-4, high=100.0, steps=80)
    assert found.rate[[0, -1]] == pytest.approx([1e-4, 100.0])
    assert np.allclose(np.diff(np.log(found.rate)), np.log(1e6) / 79)
    run, timid = (train(NETWORK, "half_squared_error", MOONS, OPTIMIZERS["sgd"](rate), epochs=20) for rate in (found.suggested, 1e-4))
    assert run.train_cost[-1] < 0.7 * timid.train_cost[-1]


def test_the_suggested_rate_is_where_the_cost_falls_most_steeply():
    rate = np.geomspace(1e-4, 10, 101)
    assert suggested_rate(rate, -np.tanh(3 * np.log(rate / 0.03))) == pytest.approx(0.03, rel=0.2)
    assert suggested_rate(rate, np.arange(101.0)) == rate[0]


REFERENCE = json.loads((Path(__file__).parents[1] / "references" / "training.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", REFERENCE["accuracy"])
def test_accuracy_on_held_out_data_is_scikit_learns_within_noise(name):
    s, theirs, ours = REFERENCE["settings"][name], np.array(REFERENCE["accuracy"][name]), []
    for seed in range(len(theirs)):
        data = DATASETS[name](samples=s["samples"], noise=s["noise"], seed=seed)
        outputs = len(data.train.Y)
        network = Network((len(data.train.X), s["hidden"], outputs), ("tanh", "sigmoid" if outputs == 1 else "softmax"))
        loss = "binary_cross_entropy" if outputs == 1 else "cross_entropy"
        settings = {"epochs": s["epochs"], "batch_size": s["batch"], "l2": s["l2"], "seed": seed, "snapshots": 2}
        ours.append(train(network, loss, data, OPTIMIZERS[s["optimizer"]](s["rate"]), **settings).test_accuracy[-1])
    # The splits are the same, so that only start and order differ: three standard errors of the paired differences, and a sample's worth.
    difference = np.array(ours) - theirs
    assert abs(difference.mean()) < 3 * difference.std(ddof=1) / np.sqrt(len(theirs)) + 0.003
    assert difference.std() < 0.05


def test_a_thinned_run_keeps_its_ends_its_first_steps_and_its_numbers():
    data = DATASETS["moons"](samples=40)
    run = train(Network((2, 3, 1), ("tanh", "sigmoid")), "binary_cross_entropy", data, "adam", epochs=200, snapshots=200)
    fewer = run.thinned(30)
    assert len(fewer.step) == 30
    assert fewer.step[:10].tolist() == run.step[:10].tolist()
    assert fewer.step[-1] == run.step[-1]
    places = np.searchsorted(run.step, fewer.step)
    assert np.array_equal(fewer.theta, run.theta[places])
    assert run.thinned(500) is run


def test_what_is_no_data_set_is_refused_with_what_is_needed():
    with pytest.raises(ValueError, match=r"data is a int.*\.train and \.test"):
        train(Network((2, 1)), "half_squared_error", 3, "sgd")


@pytest.mark.parametrize("snapshot", [0, 7, 40, 58])
def test_a_fork_is_one_with_its_run_until_where_it_was_made_also_when_it_is_thinned(snapshot):
    run = train(NETWORK, LOSS, MOONS, "sgd", epochs=200)
    fork = continue_training(run, snapshot=snapshot, epochs=200, optimizer=OPTIMIZERS["sgd"](0.3))
    made_at = int(run.step[snapshot])
    assert fork.parting(run) == run.parting(fork) == made_at
    fewer = fork.thinned(60, with_step=made_at)
    assert len(fewer.step) == 60
    assert (np.diff(fewer.step) > 0).all()
    assert fewer.parting(run) == made_at


def test_runs_from_different_starts_part_at_once():
    a, b = (train(NETWORK, LOSS, MOONS, "sgd", epochs=2, seed=seed) for seed in (0, 1))
    assert a.parting(b) == 0
