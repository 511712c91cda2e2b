r"""The Hessian's eigenvalues and the limits they set, as symbols and with the numbers on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from nnviz.formulas.letters import Colours, at_equals, in_colours
from nnviz.formulas.numbers import latex

HESSIAN = r"H = \nabla^2 @C(@theta), \quad H v_i = \lambda_i v_i"
CONDITION = r"\kappa = \frac{\max|\lambda|}{\min|\lambda|}"
ERROR = r"e_{t+1} = (1 - @alpha\lambda)\,e_t"
FLATNESS = r"@C(@theta^* + r\,v_1) - @C(@theta^*) \approx \tfrac12\lambda_{\max}\,r^2"


def condition(largest: float, others: Sequence[float], zeros: int, colours: Colours) -> str:
    """The condition number: the largest modulus over the smallest; where some eigenvalues are 0, also over those that are not.

    Parameters
    ----------
    others : moduli that are not 0, ascending
    zeros : how many eigenvalues are 0
    """
    smallest = float(others[0]) if len(others) else 0.0
    kappa = latex(largest / smallest) if smallest > 0 else r"\infty"
    ratio = rf"\frac{{{latex(largest)}}}{{{latex(smallest)}}} = {kappa}"
    told = (
        rf"{ratio} \end{{aligned}}"
        if not zeros
        else rf"\infty,\quad\text{{as }} {zeros}\ \lambda\text{{ are }}0 \\[10pt] \kappa_{{\ne 0}} &= {ratio} \end{{aligned}}"
    )
    return in_colours(rf"\begin{{aligned}} {at_equals(HESSIAN)} \\[10pt] {at_equals(CONDITION)} = {told}", colours)


def step_factor(rate: float, value: float, colours: Colours) -> str:
    """What one step of gradient descent does to an error along an eigenvector, and the limit of the rate."""
    alpha = rf"\textcolor{{{colours['eta']}}}{{\alpha}}"
    number = rf"\textcolor{{{colours['eta']}}}{{{latex(rate)}}}"
    limit = latex(2 / value) if value > 0 else r"\text{none}"
    return (
        rf"\begin{{aligned}} {at_equals(in_colours(ERROR, colours))} \\[4pt]"
        rf" |1 - {alpha}\lambda_{{\max}}| &= |1 - {number}\cdot {latex(value, brackets=True)}| = {latex(abs(1 - rate * value))} \\[4pt]"
        rf" \frac{{2}}{{\lambda_{{\max}}}} &= {limit} \end{{aligned}}"
    )


def edge(rate: float, sharpness: float, colours: Colours) -> str:
    """The sharpness at the end of a descent beside the edge of its rate."""
    theta, alpha = rf"\textcolor{{{colours['theta']}}}{{\theta}}", rf"\textcolor{{{colours['eta']}}}{{\alpha}}"
    number = rf"\textcolor{{{colours['eta']}}}{{{latex(rate)}}}"
    return (
        rf"\lambda_{{\max}}({theta}_T) = {latex(sharpness)} \qquad \frac{{2}}{{{alpha}}} = \frac{{2}}{{{number}}} = {latex(2 / rate)}"
        rf" \qquad \frac{{{alpha}\,\lambda_{{\max}}}}{{2}} = {latex(rate * sharpness / 2)}"
    )


def flatness(first: tuple[str, float], last: tuple[str, float], colours: Colours) -> str:
    """What a step away from a minimum costs along its steepest direction, at two minima with their sharpness."""
    told = r"\qquad ".join(rf"\text{{batch {name}: }} {latex(value / 2)}\,r^2" for name, value in (first, last))
    return in_colours(rf"{FLATNESS} \qquad {told}", colours)
