r"""Losses written out: each with its derivative as symbols and with prediction and target put in, and both ways from the logit."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nnviz.core.losses import Loss
from nnviz.formulas.activations import coloured, shortened
from nnviz.formulas.numbers import latex

Array = NDArray[np.floating]

# ŷ, or a y that is no part of a command or name.
_SYMBOLS = re.compile(r"\\hat y|(?<![A-Za-z\\])y(?![A-Za-z_])")


def with_symbols(formula: str, colours: Mapping[str, str]) -> str:
    """The formula with ŷ and y in their colours."""
    return _SYMBOLS.sub(lambda match: coloured(match[0], colours["y" if match[0] == "y" else "yhat"]), formula)


def put_in(formula: str, yhat: float, y: float, colours: Mapping[str, str]) -> str:
    r"""The formula with the numbers put in for ŷ and y, in their colours.

    Examples
    --------
    >>> put_in(r"y\ln\hat y", 0.8, 1.0, {"y": "#111", "yhat": "#222"})
    '\\textcolor{#111}{1}\\ln\\textcolor{#222}{0.8}'
    """

    def number(match: re.Match[str]) -> str:
        is_target = match[0] == "y"
        return coloured(latex(y if is_target else yhat, brackets=True), colours["y" if is_target else "yhat"])

    return _SYMBOLS.sub(number, formula)


def two_classes(yhat: float, y: float, colours: Mapping[str, str]) -> tuple[str, str]:
    """Cross-entropy's sum over the classes ŷ and 1 − ŷ, and its slope in the first, numbers put in."""
    pairs = ((y, yhat), (1 - y, 1 - yhat))
    terms = [rf"{coloured(latex(target), colours['y'])}\ln {coloured(latex(a, brackets=True), colours['yhat'])}" for target, a in pairs]
    first = rf"-\frac{{{coloured(latex(y), colours['y'])}}}{{{coloured(latex(yhat), colours['yhat'])}}}"
    return rf"-\left[{shortened(terms)}\right]", first


def with_numbers(loss: Loss, yhat: float, y: float, value: float, slope: float, colours: Mapping[str, str]) -> str:
    """`L` and `∂L/∂ŷ` of one prediction: symbols, numbers put in, result; one aligned block."""
    numbers = put_in(loss.formula.split(r"\quad")[0], yhat, y, colours), put_in(loss.derivative_formula, yhat, y, colours)
    if loss.name == "cross_entropy":
        numbers = two_classes(yhat, y, colours)
    L = coloured("L", colours["cost"])
    hat = coloured(r"\hat y", colours["yhat"])
    difference = put_in(r"\hat y-y", yhat, y, colours)
    residual = [rf"r &= {difference} = {latex(yhat - y)}"] if "r^2" in loss.formula else []
    lines = (
        *residual,
        rf"{L} &= {with_symbols(loss.formula, colours)}",
        rf"&= {numbers[0]} = {coloured(latex(value), colours['cost'])}",
        rf"\frac{{\partial {L}}}{{\partial {hat}}} &= {with_symbols(loss.derivative_formula, colours)}",
        rf"&= {numbers[1]} = {latex(slope)}",
    )
    return r"\begin{aligned}" + r"\\[5pt]".join(lines) + r"\end{aligned}"


def stall(z: float, y: float, sigma: float, slope: float, colours: Mapping[str, str]) -> str:
    """Why squared error on a sigmoid stalls: its slope in z has the factor σ′(z), that of cross-entropy has not."""
    hat, target = coloured(latex(sigma), colours["yhat"]), coloured(latex(y, brackets=True), colours["y"])
    logit, L = coloured("z", colours["z"]), coloured("L", colours["cost"])
    hat_symbol = coloured(r"\hat y", colours["yhat"])
    symbols = f"({hat_symbol}-{coloured('y', colours['y'])})"
    lines = (
        rf"\hat y &= \sigma({coloured(latex(z), colours['z'])}) = {hat}",
        rf"\text{{squared: }}\frac{{\partial {L}}}{{\partial {logit}}} &= {symbols}\,\sigma'({logit})",
        rf"&= ({hat}-{target})\cdot {latex(slope)} \\[6pt]&= {latex((sigma - y) * slope)}",
        rf"\text{{cross-entropy: }}\frac{{\partial {L}}}{{\partial {logit}}} &= {symbols}",
        rf"&= {hat}-{target} = {latex(sigma - y)}",
    )
    return r"\begin{aligned}" + r"\\[6pt]".join(lines) + r"\end{aligned}"


def mean(losses: Array, cost: float, colours: Mapping[str, str], most: int = 3) -> str:
    """The cost as the mean of the losses, the sum shortened in the middle."""
    terms = [latex(float(value)) for value in losses]
    C = coloured("C", colours["cost"])
    lines = (
        rf"{C} &= \frac1m\sum_{{i=1}}^m L_i",
        rf"&= \tfrac{{1}}{{{len(losses)}}}\left({shortened(terms, most)}\right) = {coloured(latex(cost), colours['cost'])}",
    )
    return r"\begin{aligned}" + r"\\[6pt]".join(lines) + r"\end{aligned}"


def from_logit(z: float, y: float, value: float, epsilon: float, clipped: float, colours: Mapping[str, str]) -> str:
    """Binary cross-entropy from the logit and with a clipped probability, numbers put in."""
    number, opposite = (coloured(latex(value), colours["z"]) for value in (z, -z))
    target = coloured(latex(y), colours["y"])
    other = coloured(latex(1 - y), colours["y"])
    Z, Y = coloured("z", colours["z"]), coloured("y", colours["y"])
    lines = (
        rf"L &= {Y}\ln(1+e^{{-{Z}}})+(1-{Y})\ln(1+e^{{{Z}}})",
        rf"&= {target}\ln(1+e^{{{opposite}}})+{other}\ln(1+e^{{{number}}})",
        rf"&= {coloured(latex(value, 6), colours['cost'])}",
        rf"L_{{\text{{clipped}}}} &= {latex(clipped, 6)}\quad(\varepsilon={latex(epsilon)})",
    )
    return r"\begin{aligned}" + r"\\[6pt]".join(lines) + r"\end{aligned}"


def balance(share: float, weight: float, best: float, colours: Mapping[str, str]) -> str:
    """The constant prediction that costs least: symbols and numbers."""
    hat = coloured(r"\hat y^*", colours["yhat"])
    positives = rf"{latex(weight)}\cdot{latex(share)}"
    lines = (
        r"C(\hat y) &= w\,\pi\,L(\hat y, 1)+(1-\pi)\,L(\hat y, 0)",
        rf"{hat} &= \frac{{w\,\pi}}{{w\,\pi+1-\pi}} = \frac{{{positives}}}{{{positives}+{latex(1 - share)}}}",
        rf"&= {coloured(latex(best), colours['yhat'])}",
    )
    return r"\begin{aligned}" + r"\\[6pt]".join(lines) + r"\end{aligned}"
