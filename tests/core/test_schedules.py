"""What a schedule promises: PyTorch's factors, for a step or an array of steps, from parameters that are checked."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nnviz.core.schedules import SCHEDULES, as_schedule

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
