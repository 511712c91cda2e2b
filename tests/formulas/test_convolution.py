"""The formulas of a convolution carry the numbers that the engine computes."""

import re

import numpy as np
import pytest

from nnviz.core.conv_stack import receptive_field, two_layer_stack
from nnviz.core.convolution import convolve2d, geometry
from nnviz.core.walk import walk
from nnviz.figures.theme import LIGHT
from nnviz.formulas import convolution as formulas
from nnviz.formulas.numbers import latex

COLOURS = LIGHT.symbols


def plain(text):
    """Without colours."""
    return re.sub(r"\\textcolor\{#[0-9a-f]{6}\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", text)


@pytest.mark.parametrize(
    ("size", "width", "stride", "padding", "dilation"),
    [((8, 8), 3, 1, "valid", 1), ((9, 5), 3, 2, 1, 1), ((16, 16), 4, 1, "same", 1), ((12, 12), 5, 3, "full", 2)],
)
def test_the_written_arithmetic_gives_the_number_of_places(size, width, stride, padding, dilation):
    placed = geometry(size, width, stride, padding, dilation)
    for axis in (0, 1):
        upper, lower = re.search(r"\\frac\{(.*)\}\{(\d+)\}", formulas.output_size(placed, axis)).groups()
        numbers = re.sub(r"\s", "", upper.replace(r"\cdot", "*"))
        assert re.fullmatch(r"[\d+*()-]+", numbers)
        value = sum(_evaluated(numbers)) // int(lower) + 1
        assert value == placed.output[axis]
    assert str(placed.output[0] * placed.output[1]) in formulas.shape(placed)


def _evaluated(text):
    """Terms of `8+2*1-1*(3-1)-1` or of `8+(1+2)-…`, as signed numbers."""
    for sign, term in re.findall(r"([+-]?)(\d+\*\([^)]*\)|\([^)]*\)|\d+\*\d+|\d+)", text):
        factors = [sum(int(n) for n in re.findall(r"[+-]?\d+", factor)) for factor in term.split("*")]
        yield (-1 if sign == "-" else 1) * int(np.prod(factors))


def test_a_place_is_written_product_by_product():
    x, g = np.arange(1.0, 17).reshape(4, 4), np.array([[1.0, 0.0], [0.0, -2.0]])
    text = plain(formulas.window(walk(x, g), 4, COLOURS))
    assert r"y_{2,2} &= \sum_{m,n} x_{m+1,\,n+1}\;w_{m,n}" in text
    assert r"6\cdot 1 + 7\cdot 0 + 10\cdot 0" in text
    assert r"11\cdot (-2)" in text
    assert text.endswith(rf"&= {latex(6 - 22)}\end{{aligned}}")


def test_with_padding_and_dilation_the_index_is_the_engines():
    x, g = np.arange(25.0).reshape(5, 5), np.eye(3)
    walked = walk(x, g, padding=1, dilation=2)
    text = plain(formulas.window(walked, 0, COLOURS))
    assert r"x_{2m-2,\,2n-2}" in text  # m = 2 looks at row 2, counted from 1
    assert walked[0].patch[0, 1, 1] == x[1, 1]


def test_a_long_sum_is_shortened_to_its_ends():
    walked = walk(np.ones((7, 7)), np.full((7, 7), 0.5))
    assert r"\cdots" in formulas.window(walked, 0, COLOURS)
    assert formulas.window(walked, 0, COLOURS).count(r"\cdot ") == 3
    assert r"1\times49" in formulas.row_times_column(walked, 0, COLOURS)


def test_the_row_times_the_column_is_the_output():
    x, g = np.random.default_rng(0).random((5, 5)), np.random.default_rng(1).normal(size=(3, 3))
    walked = walk(x, g)
    assert latex(float(convolve2d(x, g)[1, 1])) in formulas.row_times_column(walked, 4, COLOURS)


def test_the_receptive_field_is_what_counting_windows_gives():
    stages = two_layer_stack(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)))
    windows, size = [], (32, 32)
    for stage in stages:
        windows.append(stage.windows(size))
        size = windows[-1].output
    region = receptive_field(stages, (32, 32), (3, 3))
    assert formulas.receptive(windows).endswith(rf"= {region.rows.stop - region.rows.start}\end{{aligned}}")


def test_both_sides_of_the_adjoint_are_written():
    assert plain(formulas.agreement(2.5, 2.5, COLOURS)).count("&= 2.5") == 2
    assert r"T^{\top}" in plain(formulas.backward(COLOURS))
    assert "i-m" in formulas.both_ways(COLOURS)
