r"""The stretch of a small change a layer of a deep random network, as symbols and as it was measured."""

from __future__ import annotations

from nnviz.formulas.numbers import latex

STRETCH = r"\chi = \sigma_w^2\,\mathbb{E}\,f'(@z)^2, \qquad \text{a change grows as } \chi^{l/2}"


def stretch(rate: float) -> str:
    """The logarithm of the stretch a layer, measured."""
    return rf"\ln\sqrt\chi = {latex(rate)}\text{{ a layer}}"
