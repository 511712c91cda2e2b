"""The numbers written are the numbers computed, for every activation."""

import re

import numpy as np
import pytest

from nnviz.core.activations import ACTIVATIONS, get_activation, softmax
from nnviz.core.expressions import compile_expression
from nnviz.core.grammar import ExpressionError
from nnviz.figures.theme import LIGHT
from nnviz.formulas import activations as formulas
from nnviz.formulas.mistakes import marked
from nnviz.formulas.numbers import latex

COLOURS = LIGHT.symbols
ELEMENTWISE = [f for f in ACTIVATIONS.values() if f.elementwise]


def plain(text: str) -> str:
    """LaTeX without its colours."""
    return re.sub(r"\\textcolor\{#[0-9a-f]{6}\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", text)


@pytest.mark.parametrize("z", [-1.5, 0.0, 2.25])
@pytest.mark.parametrize("f", ELEMENTWISE, ids=lambda f: f.name)
def test_each_activation_ends_with_its_value_and_its_slope(f, z):
    text = plain(formulas.with_numbers(f, z, COLOURS))
    value, slope = text.split("f'(")[0], text.split("f'(")[1]
    assert value.removesuffix("\\\\[6pt]").endswith(f"= {latex(float(f(z)))}")
    assert slope.removesuffix(r"\end{aligned}").endswith(f"= {latex(float(f.derivative(z)))}")


@pytest.mark.parametrize("f", ELEMENTWISE, ids=lambda f: f.name)
def test_no_z_is_left_where_the_number_was_put_in(f):
    put_in = formulas.with_number(f.formula.split(r"\quad")[0], 1.5, COLOURS["z"])
    assert not re.search(r"(?<![A-Za-z\\])z(?![A-Za-z])", put_in)
    assert put_in.count("{") == put_in.count("}")


@pytest.mark.parametrize("text", ["z*sigmoid(2*z)", "max(z, 0.1*z)", "3*z^2 - tanh(z)/2"])
def test_a_persons_own_formula_is_written_as_any_other(text):
    f = get_activation(f"={text}")
    written = plain(formulas.with_numbers(f, 1.5, COLOURS))
    assert f"= {latex(float(f(1.5)))}" in written
    assert f"= {latex(float(f.derivative(1.5)))}" in written


def test_a_number_beside_a_number_is_a_product():
    assert plain(formulas.with_number("2 z", 1.5, "#000000")) == r"2 \cdot 1.5"


@pytest.mark.parametrize("count", [2, 3, 6])
def test_softmax_is_written_with_its_logits_and_long_sums_are_shortened(count):
    z = np.linspace(2, -2, count)
    a = softmax(z, 0.5)
    text = plain(formulas.softmax(z, a, 0.5, COLOURS))
    assert text.endswith(rf"= {latex(float(a[0]))}\end{{aligned}}")
    assert (r"\dots" in text) == (count > formulas.MOST_TERMS)
    slope = plain(formulas.softmax_slope(a, 0.5, COLOURS))
    assert f"= {latex(float(a[0] * (1 - a[0]) / 0.5))}" in slope
    assert f"= {latex(float(-a[0] * a[1] / 0.5))}" in slope


def test_the_factor_of_a_layer_is_raised_to_the_number_of_layers():
    text = plain(formulas.layer_factor("tanh", 1.0, 0.25, 0.5, 11, COLOURS))
    assert r"= 0.5\\" in text
    assert latex(0.5**10) in text


@pytest.mark.parametrize("text", ["__import__('os')", "z +* 2", "q(z)", "1/0", "z**z**z**9", "z" * 10_000, "(" * 60 + "z", "z\nz", ""])
def test_the_caret_stands_under_the_place_of_the_mistake(text):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, ("z",))
    shown, caret = marked(caught.value).split("\n")
    assert caret.strip() == "^"
    assert len(shown) <= 58
    place = caught.value.position
    if place < len(text) and text[place].isprintable():
        assert shown[len(caret) - 1] == text[place]
