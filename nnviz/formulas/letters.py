r"""The letters that have a colour and one meaning on every page, and formulas written with them: `@z` is z in its colour.

A formula that the catalogue and a page both show is written once, with `@` before its letters, and put into colours by `in_colours`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from nnviz.formulas.activations import coloured

Colours = Mapping[str, str]  # symbol → "#rrggbb", such as Theme.symbols


class Letter(NamedTuple):
    """What stands behind an @."""

    latex: str
    colour: str  # key of the colours
    meaning: str


LETTERS = {
    "x": Letter("x", "x", "an input"),
    "X": Letter("X", "x", "inputs of a batch, a sample a column"),
    "w": Letter("w", "w", "a weight"),
    "W": Letter("W", "w", "the weights of a layer as a matrix"),
    "b": Letter("b", "b", "a bias"),
    "z": Letter("z", "z", "a weighted sum, before the activation"),
    "Z": Letter("Z", "z", "weighted sums of a batch"),
    "a": Letter("a", "a", "an activation: what a neuron puts out"),
    "A": Letter("A", "a", "activations of a batch"),
    "h": Letter("h", "a", "a hidden state"),
    "y": Letter("y", "y", "a target; of a convolution, what comes out"),
    "Y": Letter("Y", "y", "targets of a batch"),
    "yhat": Letter(r"\hat y", "yhat", "a prediction: the network's output"),
    "delta": Letter(r"\delta", "delta", "an error signal: derivative of the cost in z"),
    "g": Letter("g", "delta", "a gradient"),
    "L": Letter("L", "cost", "the loss of one sample"),
    "C": Letter("C", "cost", "the cost: the mean of the losses"),
    "theta": Letter(r"\theta", "theta", "all weights and biases as one vector"),
    "eta": Letter(r"\eta", "eta", "the learning rate"),
    "alpha": Letter(r"\alpha", "eta", "the learning rate"),
}


def in_colours(text: str, colours: Colours) -> str:
    r"""The letters behind an @ in their colours.

    Examples
    --------
    >>> in_colours(r"@z = 2", {"z": "#6b5600"})
    '\\textcolor{#6b5600}{z} = 2'
    """
    return re.sub(r"@([A-Za-z]+)", lambda found: coloured(LETTERS[found[1]].latex, colours[LETTERS[found[1]].colour]), text)


def lines(*rows: str) -> str:
    """Rows under each other, aligned at their &."""
    return r"\begin{aligned}" + r" \\[6pt] ".join(rows) + r"\end{aligned}"


def at_equals(text: str) -> str:
    r"""The formula aligned at its first `=`, for a block of several.

    Examples
    --------
    >>> at_equals("a = b = c")
    'a &= b = c'
    """
    return text.replace(" = ", " &= ", 1)
