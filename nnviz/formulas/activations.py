r"""Activations written out: each formula with its derivative as symbols and with the live z put in, softmax, and the factor of a layer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nnviz.core.activations import Activation
from nnviz.formulas.numbers import latex

Array = NDArray[np.floating]

WIDE = 34  # characters of LaTeX
MOST_TERMS = 4  # of a sum that are written before its middle is left out

# A z that is the variable: no part of a command, of a name or of an index such as z_i.
_VARIABLE = re.compile(r"(?<![A-Za-z\\])z(?![A-Za-z_])")


def coloured(text: str, colour: str) -> str:
    r"""`text` in a colour, for KaTeX.

    Examples
    --------
    >>> coloured("z", "#6b5600")
    '\\textcolor{#6b5600}{z}'
    """
    return rf"\textcolor{{{colour}}}{{{text}}}"


def with_symbol(formula: str, colour: str) -> str:
    """The formula with every z in its colour."""
    return _VARIABLE.sub(lambda _: coloured("z", colour), formula)


def with_number(formula: str, z: float, colour: str) -> str:
    r"""The formula with the number put in for every z, in z's colour, negative ones in brackets.

    Examples
    --------
    >>> with_number(r"z\,\sigma(2 z)", -1.5, "#000")
    '\\textcolor{#000}{(-1.5)}\\,\\sigma(2 \\cdot \\textcolor{#000}{(-1.5)})'
    """
    number = coloured(latex(z, brackets=True), colour)

    def put_in(match: re.Match[str]) -> str:
        # 2 z is a product: side by side, 2 and 1.5 would read as 21.5.
        return (r"\cdot " if re.search(r"[0-9]\s*$|\}\s+$", formula[: match.start()]) else "") + number

    return _VARIABLE.sub(put_in, formula)


def with_numbers(f: Activation, z: float, colours: Mapping[str, str]) -> str:
    r"""`f(z)` and `f′(z)`, each as symbols, with z put in, and its value: one aligned block."""
    variable = coloured("z", colours["z"])
    lines = []
    for name, formula, value in (("f", f.formula, float(f(z))), ("f'", f.derivative_formula, float(f.derivative(z)))):
        result = coloured(latex(value), colours["a"]) if name == "f" else latex(value)
        # What stands behind a \quad tells constants and abbreviations: it has a line of its own, before the numbers.
        main, *notes = formula.split(r"\quad")
        lines.append(rf"{name}({variable}) &= {with_symbol(main.rstrip(','), colours['z'])}")
        lines += [rf"&\ {with_symbol(note, colours['z'])}" for note in notes]
        put_in = with_number(main.rstrip(","), z, colours["z"])
        # Long formulas have their result on a line of its own: three of them stand side by side.
        lines += [f"&= {put_in}", f"&= {result}"] if len(main) > WIDE else [f"&= {put_in} = {result}"]
    return r"\begin{aligned}" + r"\\[6pt]".join(lines) + r"\end{aligned}"


def shortened(terms: Sequence[str], most: int = MOST_TERMS) -> str:
    r"""A sum with its middle left out where it is long.

    Examples
    --------
    >>> shortened(["a", "b", "c", "d", "e"], 3)
    'a+b+\\dots+e'
    """
    shown = list(terms) if len(terms) <= most else [*terms[: most - 1], r"\dots", terms[-1]]
    return "+".join(shown)


def softmax(logits: Array, probabilities: Array, temperature: float, colours: Mapping[str, str]) -> str:
    """The probability of the likeliest class: as symbols, with the logits put in, and its value."""
    i = int(np.argmax(probabilities))
    a, z, T = coloured(f"a_{{{i + 1}}}", colours["a"]), colours["z"], "" if temperature == 1 else f"/{latex(temperature)}"

    def power(value: float) -> str:
        return rf"e^{{{coloured(latex(float(value)), z)}{T}}}"

    symbols = rf"\frac{{e^{{{coloured(f'z_{{{i + 1}}}', z)}/T}}}}{{\sum_j e^{{{coloured('z_j', z)}/T}}}}"
    numbers = rf"\frac{{{power(logits[i])}}}{{{shortened([power(value) for value in logits])}}}"
    result = coloured(latex(float(probabilities[i])), colours["a"])
    return rf"\begin{{aligned}}{a} &= {symbols}\\[6pt]&= {numbers} = {result}\end{{aligned}}"


def softmax_slope(probabilities: Array, temperature: float, colours: Mapping[str, str]) -> str:
    """The first two entries of the Jacobian's first row: `aᵢ(1 − aᵢ)/T` and `−aᵢaⱼ/T`."""
    a = [coloured(latex(float(value)), colours["a"]) for value in probabilities[:2]]
    z = [coloured(f"z_{j}", colours["z"]) for j in (1, 2)]
    T = "" if temperature == 1 else rf"\tfrac{{1}}{{{latex(temperature)}}}\,"
    own, other = probabilities[0] * (1 - probabilities[0]) / temperature, -probabilities[0] * probabilities[1] / temperature
    plain = coloured("a", colours["a"])
    lines = (
        rf"J &= \tfrac1T\left(\operatorname{{diag}}({plain})-{plain}\,{plain}^\top\right)",
        rf"\frac{{\partial a_1}}{{\partial {z[0]}}} &= {T}{a[0]}\,(1-{a[0]}) = {latex(float(own))}",
        rf"\frac{{\partial a_1}}{{\partial {z[1]}}} &= -{T}{a[0]}\cdot{a[1]} = {latex(float(other))}",
    )  # fmt: skip
    return r"\begin{aligned}" + r"\\[8pt]".join(lines) + r"\end{aligned}"


def layer_factor(name: str, weight_gain: float, slope: float, factor: float, layers: int, colours: Mapping[str, str]) -> str:
    r"""`√χ = √(n·E[w²]·E[f′²])`, by how much one layer multiplies the gradient, and what many of them make of it."""
    w, z, delta = coloured("w", colours["w"]), coloured("z", colours["z"]), colours["delta"]
    later, earlier = (coloured(rf"\lVert\delta^{{{layer}}}\rVert", delta) for layer in ("l+1", "l"))
    many = float(factor ** (layers - 1))
    lines = (
        rf"\frac{{{earlier}}}{{{later}}} &\approx \sqrt{{n\,\mathrm{{E}}[{w}^2]\;\mathrm{{E}}[f'({z})^2]}}",
        rf"&= \sqrt{{{latex(weight_gain)}\cdot{latex(slope)}}} = {latex(factor)}",
        rf"{latex(factor)}^{{{layers - 1}}} &= {latex(many)}\quad\text{{({name}, {layers} layers)}}",
    )
    return r"\begin{aligned}" + r"\\[8pt]".join(lines) + r"\end{aligned}"
