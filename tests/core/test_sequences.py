"""The tasks of the recurrent page: what is asked at each step, and what is said about a series that cannot be asked about."""

import numpy as np
import pytest

from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork
from nnviz.core.sequences import TASKS, adding, echo, make_task, next_value
from nnviz.core.series import Series, load_series


def series(values):
    return Series("mine", "Mine", np.arange(float(len(values))), np.asarray(values, dtype=float))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_has_the_shapes_asked_for_and_can_be_learnt_from(name):
    task = make_task(name, steps=12, samples=3, seed=1)
    assert task.X.shape[::2] == task.Y.shape[::2] == (12, 3)
    network = RecurrentNetwork(task.X.shape[1], 4, task.Y.shape[1])
    cost = RecurrentCost(network, "half_squared_error", task.X, task.Y)
    assert np.isfinite(cost.gradient(network.initialize())).all()


@pytest.mark.parametrize("name", TASKS)
def test_the_seed_is_all_that_chance_depends_on(name):
    assert make_task(name, 12, 3, seed=1) == make_task(name, 12, 3, seed=1)
    assert make_task(name, 12, 3, seed=1) != make_task(name, 12, 3, seed=2)
    assert hash(make_task(name, 12, 3, seed=1)) == hash(make_task(name, 12, 3, seed=1))


@pytest.mark.parametrize("name", ["sine", "sunspots"])
def test_the_target_is_the_value_that_follows(name):
    task, values = make_task(name, 30, 5), load_series(name).values
    assert np.array_equal(task.X[1:, 0], task.Y[:-1, 0])
    assert task.X[:, 0, 0] * task.scale + task.offset == pytest.approx(values[:30])
    assert task.Y[-1, 0, 0] * task.scale + task.offset == pytest.approx(values[30])


def test_there_are_at_most_as_many_windows_as_places():
    assert next_value(series(range(10)), steps=8, samples=50).X.shape == (8, 1, 2)
    assert next_value(series(range(9)), steps=8, samples=50).X.shape == (8, 1, 1)


def test_a_constant_series_is_zero_and_nothing_is_divided_by_its_spread():
    assert not next_value(series([3.0] * 10), steps=5, samples=2).Y.any()


def test_an_echo_comes_back_after_its_delay_and_is_not_asked_for_before():
    task = echo(steps=10, samples=2, delay=3)
    assert np.isnan(task.Y[:3]).all()
    assert np.array_equal(task.Y[3:], task.X[:-3])


def test_the_adding_problem_marks_one_number_in_each_half():
    task = adding(steps=11, samples=50)
    numbers, marks = task.X[:, 0], task.X[:, 1]
    assert (marks[:5].sum(axis=0) == 1).all()
    assert (marks[5:].sum(axis=0) == 1).all()
    assert task.Y[-1, 0] == pytest.approx((numbers * marks).sum(axis=0))
    assert np.isnan(task.Y[:-1]).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: next_value(series([1.0]), steps=2),
        lambda: next_value(series([]), steps=2),
        lambda: next_value(series(range(60)), steps=60),
        lambda: next_value(series([1.0, np.nan, 2.0, 3.0]), steps=2),
        lambda: echo(steps=5, delay=5),
        lambda: echo(steps=5, delay=0),
        lambda: adding(steps=1),
        lambda: adding(steps=2.5),
        lambda: adding(samples=0),
        lambda: adding(steps=10**6, samples=100),
        lambda: make_task("x" * 1000),
    ],
)
def test_bad_input_is_a_sentence(call):
    with pytest.raises(ValueError, match=r"fewer|fill|must be|give|choose") as error:
        call()
    assert 11 <= len(str(error.value)) < 600
