r"""What a formula of a network is made of: quantities with their letters, colours and numbers, and sums of products of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nnviz.core.network import Backward, Forward, Network
from nnviz.formulas.activations import coloured
from nnviz.formulas.numbers import latex

MOST_TERMS = 3  # of a sum; of more, the first and the last are written
GAP = r"\\[12pt]"
Colours = Mapping[str, str]  # symbol → "#rrggbb", such as Theme.symbols
FUNCTIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\operatorname{ReLU}", "identity": r"\operatorname{id}"}


@dataclass(frozen=True)
class Quantity:
    """A number with its name: what stands in the symbols' line, and in the numbers' line."""

    letter: str  # LaTeX
    colour: str  # a key of the colours
    value: float

    def symbol(self, colours: Colours) -> str:
        """Its letter in its colour."""
        return coloured(self.letter, colours[self.colour])

    def number(self, colours: Colours, brackets: bool = False) -> str:
        """Its value in its colour, four significant digits; a negative one in brackets where it follows an operator."""
        text = latex(self.value, brackets=brackets)
        if text.startswith("("):
            return f"({coloured(text[1:-1], colours[self.colour])})"
        return coloured(text, colours[self.colour])


Term = Sequence[Quantity]  # a product


def index(row: int, column: int | None = None) -> str:
    """Lower indices, counted from 1: `{12}`, with a comma where one has two digits."""
    if column is None:
        return f"{{{row + 1}}}"
    return f"{{{row + 1}{',' if max(row, column) > 8 else ''}{column + 1}}}"


def weight(network: Network, theta: np.ndarray, layer: int, unit: int, column: int) -> Quantity:
    """The weight from unit `column` of the layer before to `unit`."""
    return Quantity(f"w^{{{layer}}}_{index(unit, column)}", "w", float(network.unpack(theta)[layer - 1].W[unit, column]))


def bias(network: Network, theta: np.ndarray, layer: int, unit: int) -> Quantity:
    """The neuron's bias."""
    return Quantity(f"b^{{{layer}}}_{index(unit)}", "b", float(network.unpack(theta)[layer - 1].b[unit, 0]))


def activation(network: Network, forward: Forward, layer: int, unit: int, sample: int = 0) -> Quantity:
    """What a neuron puts out: x at the input, ŷ at the output, a between."""
    value = float(forward.A[layer][unit, sample])
    if layer == 0:
        return Quantity(f"x_{index(unit)}", "x", value)
    if layer == len(network.sizes) - 1:
        return Quantity(rf"\hat{{y}}_{index(unit)}" if network.sizes[-1] > 1 else r"\hat{y}", "yhat", value)
    return Quantity(f"a^{{{layer}}}_{index(unit)}", "a", value)


def weighted_sum(forward: Forward, layer: int, unit: int, sample: int = 0) -> Quantity:
    """The neuron's z."""
    return Quantity(f"z^{{{layer}}}_{index(unit)}", "z", float(forward.z(layer)[unit, sample]))


def error_signal(backward: Backward, layer: int, unit: int, sample: int = 0) -> Quantity:
    """The neuron's δ."""
    delta = backward.delta[layer]
    if delta is None:
        raise ValueError("layer 0 is the input: it has no error signal; choose a layer from 1 on")
    return Quantity(rf"\delta^{{{layer}}}_{index(unit)}", "delta", float(delta[unit, sample]))


def shortened(terms: Sequence[str], most: int = MOST_TERMS) -> str:
    r"""The terms with + between them, the middle left out where they are many.

    Examples
    --------
    >>> shortened(["a", "b"]), shortened(["a", "b", "c", "d", "e"])
    ('a + b', 'a + \\cdots + e')
    """
    shown = list(terms) if len(terms) <= most else [terms[0], r"\cdots", terms[-1]]
    return " + ".join(shown)


def in_symbols(terms: Sequence[Term], colours: Colours, most: int = MOST_TERMS) -> str:
    """A sum of products in symbols."""
    return shortened([r"\,".join(q.symbol(colours) for q in term) for term in terms], most)


def product_in_numbers(term: Term, colours: Colours, follows: bool) -> str:
    """A product with the numbers put in; where it follows an operator, a negative first factor is in brackets too."""
    first, *others = term
    return r" \cdot ".join([first.number(colours, brackets=follows), *(q.number(colours, brackets=True) for q in others)])


def in_numbers(terms: Sequence[Term], colours: Colours, most: int = MOST_TERMS) -> str:
    """The same sum with the numbers put in."""
    return shortened([product_in_numbers(term, colours, follows=place > 0) for place, term in enumerate(terms)], most)


def aligned(*blocks: Sequence[str]) -> str:
    r"""Blocks of lines under each other, a gap between blocks; a line has its `&` where it is aligned.

    Examples
    --------
    >>> aligned(["a &= b", "&= c"], ["d &= e"])
    '\\begin{aligned}a &= b\\\\&= c\\\\[12pt]d &= e\\end{aligned}'
    """
    return r"\begin{aligned}" + GAP.join(r"\\".join(block) for block in blocks) + r"\end{aligned}"


def function_name(name: str) -> str:
    """How an activation is written in a formula; one that a person typed is f."""
    if name.startswith("="):
        return "f"
    return FUNCTIONS.get(name) or rf"\operatorname{{{name.replace('_', ' ')}}}"
