r"""The stretch of a small change a layer of a deep random network, as symbols and as it was measured."""

from __future__ import annotations

from nnviz.formulas.letters import Colours, in_colours
from nnviz.formulas.numbers import latex

STRETCH = r"\chi = \sigma_w^2\,\mathbb{E}\,f'(@z)^2, \qquad \text{a change grows as } \chi^{l/2}"


def gain(layer: int, before: float, after: float, ratio: float) -> str:
    """By how much a layer makes a change larger."""
    name = rf"\frac{{\|\Delta a^{{{layer}}}\|}}{{\|\Delta a^{{{layer - 1}}}\|}}"
    return rf"{name} = \frac{{{latex(after)}}}{{{latex(before)}}} = {latex(ratio)}"


def stretch(rate: float, colours: Colours) -> str:
    """The stretch a layer in symbols, and its logarithm as it was measured."""
    return rf"{in_colours(STRETCH, colours)}, \qquad \ln\sqrt\chi = {latex(rate)}\text{{ a layer}}"
