"""What a constant prediction costs where one class is rare, against the mean over real samples and the closed form."""

import numpy as np
import pytest

from nnviz.core.imbalance import best_constant, constant_cost, constant_slope, weighted_share
from nnviz.core.losses import LOSSES

ANY = [name for name in LOSSES if name != "cross_entropy"]


@pytest.mark.parametrize("name", ANY)
def test_it_is_the_mean_over_samples_of_which_some_are_positive(name):
    y = np.array([[1.0] * 3 + [0.0] * 17])
    values = LOSSES[name].values(np.full((1, 20), 0.3), y)
    positives, negatives = constant_cost(name, 0.3, 0.15)
    assert positives + negatives == pytest.approx(values.mean())
    weighted, _ = constant_cost(name, 0.3, 0.15, 5.0)
    assert weighted == pytest.approx(5 * positives)


@pytest.mark.parametrize("name", ANY)
def test_the_slope_is_the_costs_own(name):
    p, h = np.array([0.1, 0.4, 0.9]), 1e-6
    low, high = (np.add(*constant_cost(name, p + step, 0.2, 3.0)) for step in (-h, h))
    assert constant_slope(name, p, 0.2, 3.0) == pytest.approx((high - low) / (2 * h), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "half_squared_error", "huber"])
@pytest.mark.parametrize(("share", "weight"), [(0.05, 1.0), (0.05, 19.0), (0.5, 2.0), (0.9, 0.1)])
def test_the_best_constant_is_the_weighted_share(name, share, weight):
    assert best_constant(name, share, weight) == pytest.approx(weighted_share(share, weight), abs=1e-6)
    assert weighted_share(share, weight) == weight * share / (weight * share + 1 - share)


def test_absolute_error_is_drawn_to_the_larger_class():
    assert best_constant("absolute_error", 0.05) == pytest.approx(0, abs=1e-6)
    assert best_constant("absolute_error", 0.95) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_one_class_alone_is_predicted_outright(share):
    assert best_constant("binary_cross_entropy", share) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(("share", "weight"), [(-0.1, 1), (1.1, 1), (0.5, -1), (0.5, float("inf")), (float("nan"), 1)])
def test_bad_input_is_answered_with_a_sentence(share, weight):
    with pytest.raises(ValueError, match="positives is"):
        best_constant("binary_cross_entropy", share, weight)
