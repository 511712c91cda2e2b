"""The numbers written are the engine's: one step forward, one back, the product through time, the sum over steps."""

import re

import numpy as np
import pytest

from nnviz.core.far_gradient import step_factor
from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork
from nnviz.core.sequences import make_task
from nnviz.figures.theme import LIGHT
from nnviz.formulas import recurrent as formulas
from nnviz.formulas.numbers import latex

TASK = make_task("adding", steps=6, samples=3)
NETWORK = RecurrentNetwork(2, 2, 1)
THETA = NETWORK.initialize("orthogonal", seed=1)


def cost(truncation=None):
    return RecurrentCost(NETWORK, "half_squared_error", TASK.X, TASK.Y, truncation)


def products(text):
    """The sum of all products a·b of a line, colours taken away."""
    plain = re.sub(r"\\textcolor\{#\w+\}\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", r"\1", text)
    number = r"\(?(-?[\d.]+)(?:\\cdot10\^\{(-?\d+)\})?\)?"
    return sum(float(a) * 10 ** int(p or 0) * float(b) * 10 ** int(q or 0) for a, p, b, q in re.findall(rf"{number}\\cdot{number}", plain))


@pytest.mark.parametrize("step", [0, 3, 5])
def test_the_products_of_a_step_forward_sum_to_z(step):
    back, p = cost().backward(THETA), NETWORK.unpack(THETA)
    text = formulas.step_forward(p, back, step, 1, "tanh", LIGHT.symbols)
    lines = text.split(r"\\[6pt]")
    z = back.unrolled.z[step, 1, 0]
    assert products(lines[1]) + products(lines[2]) + p.b_h[1, 0] == pytest.approx(z, abs=5e-3)
    assert latex(z) in lines[3]
    assert latex(back.unrolled.h[step + 1, 1, 0]) in lines[4]
    assert latex(back.unrolled.output[step, 0, 0]) in lines[-1]


def test_the_products_of_a_step_back_times_the_slope_are_delta():
    back, p = cost().backward(THETA), NETWORK.unpack(THETA)
    for step in (0, 4, 5):
        text = formulas.step_back(cost(), p, back, step, 0, LIGHT.symbols)
        lines = text.split(r"\\[6pt]")
        slope = 1 - np.tanh(back.unrolled.z[step, 0, 0]) ** 2
        delta = back.delta[step, 0, 0]
        assert slope * sum(products(line) for line in lines[2:-1]) == pytest.approx(delta, rel=2e-2)
        assert latex(delta) in lines[-1]
        assert (rf"{step + 2}" in lines[0]) == (step < 5)


def test_where_truncation_cuts_it_is_said():
    back = cost(3).backward(THETA)
    text = formulas.step_back(cost(3), NETWORK.unpack(THETA), back, 2, 0, LIGHT.symbols)
    assert "nothing comes from step 4" in text
    assert r"W_{hh}" not in text.replace(" ", "")


def test_the_factor_is_written_as_measured():
    factor = step_factor(NETWORK, THETA, TASK.X)
    text = formulas.product(factor, LIGHT.symbols)
    assert latex(factor.measured) in text
    assert latex(factor.expected) in text
    assert "^{1/5}" in text


def test_the_sum_ends_at_the_gradient():
    text = formulas.summed(np.array([1.0, 2.0, -3.0, 4.0, 0.5]), 4.5, "g", LIGHT.symbols)
    assert text.count(r"\cdots") == 1
    assert r"1 + 2 + \cdots + 4 + 0.5" in text
    assert rf"\textcolor{{{LIGHT.symbols['delta']}}}{{4.5}}" in text


@pytest.mark.parametrize(("norm", "factor"), [(0.5, "1"), (4.0, "0.25"), (np.inf, "not a number")])
def test_clipping_names_its_factor(norm, factor):
    assert formulas.clipped(norm, 1.0, LIGHT.symbols).rpartition("factor }")[2].strip().removeprefix(r"\text{").startswith(factor)
