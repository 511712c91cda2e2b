"""The numbers written are the numbers computed, for every loss."""

import numpy as np
import pytest

from nnviz.core.losses import LOSSES, huber
from nnviz.figures.losses import of_prediction
from nnviz.figures.theme import LIGHT
from nnviz.formulas import losses as formulas
from nnviz.formulas.numbers import latex
from tests.formulas.test_activations import plain

COLOURS = LIGHT.symbols


@pytest.mark.parametrize(("yhat", "y"), [(0.8, 1.0), (0.3, 0.0), (0.6, 0.25)])
@pytest.mark.parametrize("loss", [*LOSSES.values(), huber(0.1)], ids=lambda loss: loss.name)
def test_each_loss_is_written_with_its_value_and_slope(loss, yhat, y):
    values, slopes = of_prediction(loss, np.array([yhat]), y)
    text = plain(formulas.with_numbers(loss, yhat, y, values[0], slopes[0], COLOURS))
    assert f"= {latex(values[0])}" in text
    assert text.endswith(rf"= {latex(slopes[0])}\end{{aligned}}")
    assert latex(yhat) in text
    assert text.count("{") == text.count("}")


def test_hubers_residual_has_its_own_number():
    text = plain(formulas.with_numbers(huber(0.1), 0.6, 1.0, 0.035, -0.1, COLOURS))
    assert "r &= 0.6-1 = -0.4" in text


def test_the_stall_is_the_product_of_its_factors():
    text = plain(formulas.stall(-4.0, 1.0, 0.018, 0.0177, COLOURS))
    assert latex((0.018 - 1) * 0.0177) in text
    assert latex(0.018 - 1) in text


def test_the_mean_shortens_a_long_sum_in_its_middle():
    losses = np.arange(1.0, 33.0)
    text = plain(formulas.mean(losses, losses.mean(), COLOURS))
    assert r"1+2+\dots+32" in text
    assert latex(losses.mean()) in text


def test_far_out_both_values_are_written():
    text = plain(formulas.from_logit(-1000.0, 1.0, 1000.0, 1e-7, 16.118, COLOURS))
    assert "e^{1000}" in text
    assert "= 1000" in text
    assert "16.118" in text


def test_the_best_constant_is_written_with_share_and_weight():
    text = plain(formulas.balance(0.05, 20.0, 0.512820512, COLOURS))
    assert r"20\cdot0.05" in text
    assert "0.5128" in text
