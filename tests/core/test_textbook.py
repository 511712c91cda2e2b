"""The textbook form of cross-entropy agrees with the exact one where it can, and fails where it is said to."""

import numpy as np
import pytest

from nnviz.core.losses import LOSSES
from nnviz.core.textbook import clipped, clipped_from, clipped_slope, unclipped

EXACT = LOSSES["binary_cross_entropy"]


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_all_three_agree_near_zero(y):
    z = np.linspace(-10, 10, 41)
    exact = EXACT.values_from_logits(z[None], [[y]])
    assert clipped(z, y, 1e-9) == pytest.approx(exact, rel=1e-5)
    assert unclipped(z, y) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(("z", "y"), [(-1000.0, 1.0), (1000.0, 0.0), (-37.5, 1.0)])
def test_far_out_only_the_logits_know_the_loss(z, y):
    assert EXACT.values_from_logits([[z]], [[y]])[0] == pytest.approx(abs(z), abs=1e-12)
    assert clipped(z, y, 1e-7) == pytest.approx(-np.log(1e-7), rel=1e-6)
    assert clipped_slope(z, y, 1e-7) == 0


def test_without_a_clip_a_rounded_probability_costs_infinity():
    assert unclipped(40.0, 0.0) == np.inf
    assert unclipped(-800.0, 1.0) == np.inf


def test_the_slope_is_the_losses_own_up_to_the_clip():
    z, h = np.array([-12.0, -3.0, 0.5, 12.0]), 1e-6
    assert clipped_slope(z, 1.0) == pytest.approx((clipped(z + h, 1.0) - clipped(z - h, 1.0)) / (2 * h), abs=1e-5)
    edge = clipped_from(1e-7)
    assert clipped_slope(-edge * 0.999, 1.0) < -0.9
    assert clipped_slope(-edge * 1.001, 1.0) == 0


@pytest.mark.parametrize("epsilon", [0.0, 0.5, -1.0, float("nan")])
def test_an_epsilon_that_is_none_is_named(epsilon):
    with pytest.raises(ValueError, match="epsilon is"):
        clipped(0.0, 1.0, epsilon)
