"""The eigenvalues written are the eigenvalues computed."""

import numpy as np
import pytest

from nnviz.figures.theme import LIGHT
from nnviz.formulas import eigenvalues as formulas

COLOURS = LIGHT.symbols


def test_the_polynomial_has_trace_and_determinant_for_coefficients():
    text = formulas.characteristic([[2.0, 1.0], [1.0, 3.0]])
    assert r"\lambda^2 -5\,\lambda +5" in text
    assert rf"\lambda_1 &= {(5 + np.sqrt(5)) / 2:.3f}" in text


def test_complex_eigenvalues_are_a_conjugate_pair():
    text = formulas.characteristic([[0.0, -2.0], [2.0, 0.0]])
    assert r"\lambda_1 &= 0+2\,i" in text
    assert r"\lambda_2 &= 0-2\,i" in text


@pytest.mark.parametrize("W", [np.zeros((2, 2)), np.full((2, 2), 1e300), np.array([[1.0, 1e-300], [0.0, 1.0]])])
def test_odd_matrices_are_written_too(W):
    assert "aligned" in formulas.characteristic(W)
    assert "sigma" in formulas.stretches(W)


def test_a_step_is_written_with_the_points_of_its_path():
    path = np.array([[1.0, 0.0], [0.5, 2.0], [-1.0, 3.0]])
    assert formulas.step(path, 0, COLOURS) == "x_0 = " + formulas.matrix([[1.0], [0.0]])
    text = formulas.step(path, 2, COLOURS)
    assert text.startswith("x_{2} = ")
    assert text.endswith(f"{formulas.matrix([[0.5], [2.0]])} = {formulas.matrix([[-1.0], [3.0]])}")


def test_what_bounds_the_powers_is_told_by_its_numbers():
    text = formulas.growth([[0.5, 3.0], [0.0, 0.25]], 2.5, 1.5, COLOURS)
    assert "= 0.5 " in text
    assert text.count("= 2.5") == text.count("= 1.5") == 1
