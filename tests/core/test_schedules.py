"""What a schedule promises: PyTorch's factors, for a step or an array of steps, from parameters that are checked."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nnviz.core.schedules import SCHEDULES, as_schedule, factors_at

STORED = np.load(Path(__file__).parents[1] / "references" / "optimizers.npz")
LIKE_PYTORCH = {
    "constant": {},
    "step": {"step_size": 30, "gamma": 0.1},
    "exponential": {"gamma": 0.95},
    "cosine": {"T_max": 100},
    "warmup": {"start_factor": 1 / 3, "total_iters": 5},
    "one_cycle": {"total_steps": 101},
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_are_pytorchs(name):
    expected = STORED[f"schedule {name}"]
    assert_allclose(SCHEDULES[name](**LIKE_PYTORCH[name])(np.arange(len(expected))), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_an_array_of_steps_gives_what_each_step_gives(name):
    schedule, steps = SCHEDULES[name](), np.arange(300).reshape(3, 100)
    assert schedule(steps).shape == (3, 100)
    assert_allclose(schedule(steps)[1, 7], schedule(107))
    assert np.all(schedule(steps) >= 0)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_a_value(name):
    assert SCHEDULES[name]() == SCHEDULES[name]()
    assert hash(SCHEDULES[name]()) == hash(SCHEDULES[name]())
    with pytest.raises(AttributeError):
        SCHEDULES[name]().gamma = 3


def test_named_schedules_last_as_long_as_the_run():
    assert_allclose(as_schedule("cosine", 50)(50), 0, atol=1e-15)
    assert_allclose(as_schedule("one_cycle", 50)([14, 49, 500]), [1, 4e-6, 4e-6])
    assert as_schedule(None, 5)(3) == 1
    own = SCHEDULES["step"](step_size=3)
    assert as_schedule(own, 5) is own


def test_a_cycle_peaks_where_it_is_told():
    for share in (0.2, 0.5, 1.0):
        factors = SCHEDULES["one_cycle"](total_steps=50, pct_start=share)(np.arange(50))
        assert factors.argmax() == round(50 * share) - 1
        assert_allclose(factors.max(), 1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("step", {"step_size": 0}),
        ("step", {"step_size": 2.5}),
        ("exponential", {"gamma": -1}),
        ("exponential", {"gamma": np.nan}),
        ("cosine", {"T_max": "long"}),
        ("warmup", {"total_iters": 0}),
        ("one_cycle", {"pct_start": 1.5}),
        ("one_cycle", {"div_factor": 0}),
    ],
)
def test_parameters_out_of_range_are_named(name, arguments):
    with pytest.raises(ValueError, match=rf"{name}: {next(iter(arguments))} "):
        SCHEDULES[name](**arguments)


@pytest.mark.parametrize("unknown", ["linear", 3, SCHEDULES["step"]])
def test_an_unknown_schedule_is_told_which_there_are(unknown):
    with pytest.raises(ValueError, match="use one of constant, step"):
        as_schedule(unknown, 10)


def test_a_constant_stands_for_every_step():
    assert_allclose(factors_at(lambda step: 0.5, np.arange(4)), [0.5] * 4)
    assert_allclose(factors_at(lambda step: 1 / (1 + step), [0, 1]), [1.0, 0.5])


def test_a_factor_that_overflows_is_infinite():
    assert SCHEDULES["exponential"](10.0)(400) == np.inf
    assert SCHEDULES["step"](1, 10.0)(400) == np.inf
    assert np.isfinite(SCHEDULES["cosine"](1, 1e308)(0.5))
    assert factors_at(lambda step: 10.0**step, [400]).tolist() == [np.inf]
    assert np.isnan(factors_at(lambda step: np.log(step - 1.0), [0])).all()


NO_SCHEDULES = {
    "too few": lambda step: np.ones(3),
    "a column": lambda step: np.ones((len(step), 1)),
    "for one step alone": lambda step: 0.5 if step < 10 else 0.1,
    "text": lambda step: "fast",
    "nothing": lambda step: None,
    "a table that ends": lambda step: np.ones(2)[step],
    "without a step": lambda: 1.0,
    "of a missing attribute": lambda step: step.length,
    "divided by 0": lambda step: 1 / 0,
}


@pytest.mark.parametrize("name", NO_SCHEDULES)
def test_a_function_that_is_no_schedule_is_a_sentence(name):
    with pytest.raises(ValueError, match="the schedule does not turn an array of steps into an array of factors") as caught:
        factors_at(NO_SCHEDULES[name], np.arange(20))
    assert len(str(caught.value)) <= 599
