"""The counts written are the counts computed."""

import re

import pytest

from nnviz.core.complexity import ConvolutionLayer, DenseLayer
from nnviz.formulas import complexity as formulas


def results(latex):
    """The last line of each quantity, as a number, and the line before it, worked out."""
    lines = [
        line.replace("\\,", "").strip()
        for line in re.split(r"\\\\(?:\[12pt\])?", latex.replace(r"\begin{aligned}", "").replace(r"\end{aligned}", ""))
    ]
    sides = [line.split("&=")[1].strip() for line in lines]
    return sides[1::3], [int(side) for side in sides[2::3]]


def worked_out(text):
    """A sum of products of whole numbers and brackets."""
    text = text.replace(r"\cdot", "*")
    assert re.fullmatch(r"[\d\s*+()]+", text)
    inside = re.sub(r"\((\d+)\+(\d+)\)", lambda m: str(int(m[1]) + int(m[2])), text)
    total = 0
    for term in inside.split("+"):
        product = 1
        for factor in term.split("*"):
            product *= int(factor)
        total += product
    return total


@pytest.mark.parametrize(
    ("layer", "write"), [(DenseLayer(1234, 567), formulas.dense), (ConvolutionLayer(3, 16, (32, 30), 5, stride=2), formulas.convolution)]
)
def test_the_numbers_put_in_give_the_number_below_and_the_engines(layer, write):
    put_in, totals = results(write(layer, 7))
    cost = layer.cost(7)
    assert totals == [cost.parameters, cost.flops_forward, cost.flops_backward]
    assert [worked_out(line) for line in put_in] == totals
