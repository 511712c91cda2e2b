r"""Eigenvalues and singular values of a 2×2 matrix, as symbols and with the numbers of the matrix put in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nnviz.core.eigen import singular_values, spectral_radius, spectrum
from nnviz.formulas.letters import Colours, at_equals, in_colours
from nnviz.formulas.numbers import latex

CHARACTERISTIC = (r"0 = \det(\lambda I - @W)", r"\lambda^2 - \operatorname{tr}@W\,\lambda + \det @W")


def matrix(W: ArrayLike, digits: int = 4) -> str:
    """A matrix in brackets."""
    rows = [" & ".join(latex(value, digits) for value in row) for row in np.asarray(W, dtype=float)]
    return r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"


def complex_number(value: complex, digits: int = 4) -> str:
    r"""A complex number; a real one without its imaginary part.

    Examples
    --------
    >>> complex_number(0.5 - 2j), complex_number(3 + 0j)
    ('0.5-2\\,i', '3')
    """
    value = complex(value)
    if abs(value.imag) <= 1e-12 * (1 + abs(value.real)):
        return latex(value.real, digits)
    sign = "+" if value.imag > 0 else "-"
    return rf"{latex(value.real, digits)}{sign}{latex(abs(value.imag), digits)}\,i"


def characteristic(W: ArrayLike) -> str:
    """From the matrix to its eigenvalues by the characteristic polynomial, with its numbers; for `in_colours`."""
    W = np.asarray(W, dtype=float)
    with np.errstate(all="ignore"):
        trace, determinant = float(np.trace(W)), float(W[0, 0] * W[1, 1] - W[0, 1] * W[1, 0])
    first, second = spectrum(W)
    middle = f"{'-' if trace >= 0 else '+'}{latex(abs(trace))}" + r"\,\lambda"
    end = f"{'+' if determinant >= 0 else '-'}{latex(abs(determinant))}"
    return (
        rf"\begin{{aligned}}@W &= {matrix(W)}\\[6pt] {at_equals(CHARACTERISTIC[0])}\\ &= {CHARACTERISTIC[1]}\\"
        rf" &= \lambda^2 {middle} {end}\\[6pt] \lambda_1 &= {complex_number(first)}\\ \lambda_2 &= {complex_number(second)}\\[6pt]"
        rf" \rho(@W) &= \max|\lambda| = {latex(float(spectral_radius(W)))}\end{{aligned}}"
    )


def step(path: ArrayLike, t: int, colours: Colours) -> str:
    r"""Step t of `x_{t} = W·x_{t-1}`, with the two points of the path (steps + 1, 2) put in; step 0 is the start.

    Examples
    --------
    >>> step([[1.0, 0.0], [0.5, 2.0]], 0, {})
    'x_0 = \\begin{pmatrix}1 \\\\ 0\\end{pmatrix}'
    """
    points = np.asarray(path, dtype=float)[..., None]
    if t == 0:
        return rf"x_0 = {matrix(points[0])}"
    return in_colours(rf"x_{{{t}}} = @W\cdot {matrix(points[t - 1])} = {matrix(points[t])}", colours)


def growth(W: ArrayLike, radius: float, abscissa: float, colours: Colours) -> str:
    """What bounds the norm of the powers: spectral radius, norm, numerical radius and numerical abscissa."""
    rho, norm = float(spectral_radius(W)), float(singular_values(W)[0])
    told = (
        rf"\rho(@W) = {latex(rho)} \quad \|@W\|_2 = {latex(norm)} \quad r(@W) = \max|x^*@W x| = {latex(radius)} \quad"
        rf" \omega(@W) = {latex(abscissa)}"
    )
    return in_colours(told, colours)


def stretches(W: ArrayLike) -> str:
    """The singular values: by how much the circle is stretched along the axes of its ellipse."""
    largest, smallest = singular_values(W)
    with np.errstate(all="ignore"):
        condition = float(largest / smallest) if smallest > 0 else float("inf")
    return (
        rf"\begin{{aligned}}\sigma_1 &= {latex(float(largest))},\quad \sigma_2 = {latex(float(smallest))}\\"
        rf" \kappa &= \sigma_1/\sigma_2 = {latex(condition)}\end{{aligned}}"
    )
