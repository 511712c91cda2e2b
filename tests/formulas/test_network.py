"""The numbers written in a network's formulas are those computed: they are parsed back and worked out anew."""

import math
import re

import numpy as np
import pytest

from nnviz.core.losses import LOSSES
from nnviz.core.network import Network
from nnviz.figures.theme import LIGHT
from nnviz.formulas import network as formulas
from nnviz.formulas.quantities import MOST_TERMS, Quantity, activation, error_signal, function_name, shortened, weight

COLOURS = LIGHT.symbols
WORKED = Network((2, 2, 1), "sigmoid")
THETA = np.array([0.2, -0.3, 0.4, 0.1, 0.1, -0.1, 0.3, -0.2, 0.05])
X, Y = np.array([[0.5], [0.8]]), np.array([[1.0]])
FORWARD = WORKED.forward(THETA, X)
LOSS = LOSSES["half_squared_error"]
BACKWARD = WORKED.backward(THETA, FORWARD, Y, LOSS)


def plain(latex):
    r"""The formula without \textcolor."""
    while r"\textcolor" in latex:
        latex = re.sub(r"\\textcolor\{#\w{6}\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", latex)
    return latex


def rows(latex):
    """The lines of an aligned block."""
    inside = plain(latex).removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}")
    return [line.split("&=")[-1].strip() for line in re.split(r"\\\\(?:\[12pt\])?", inside)]


def value(text):
    """A line of numbers, worked out."""
    python = re.sub(r"\\tfrac\{1\}\{2\}", "0.5*", text)
    python = python.replace(r"\cdot10^{", "*10**(").replace("}", ")") if r"\cdot10^{" in python else python
    python = python.replace(r"\cdot", "*").replace("^2", "**2").replace(r"\left[", "(").replace(r"\right]", ")")
    assert re.fullmatch(r"[\d\s.+*()e-]+", python), text
    return eval(python, {"__builtins__": {}})


@pytest.mark.parametrize(("layer", "unit"), [(1, 0), (1, 1), (2, 0)])
def test_the_sum_with_numbers_is_z(layer, unit):
    lines = rows(formulas.neuron_forward(WORKED, THETA, FORWARD, layer, unit, COLOURS))
    z, a = FORWARD.z(layer)[unit, 0], FORWARD.A[layer][unit, 0]
    assert value(lines[1]) == pytest.approx(z, abs=2e-4)
    assert value(lines[2]) == pytest.approx(z, rel=5e-4)
    assert value(lines[-1]) == pytest.approx(a, rel=5e-4)


def test_the_worked_sum_reads_as_in_the_books():
    lines = rows(formulas.neuron_forward(WORKED, THETA, FORWARD, 1, 0, COLOURS))
    assert lines[0] == r"w^{1}_{11}\,x_{1} + w^{1}_{12}\,x_{2} + b^{1}_{1}"
    assert lines[1] == r"0.2 \cdot 0.5 + (-0.3) \cdot 0.8 + 0.1"
    assert lines[3] == r"\sigma(z^{1}_{1}) = \sigma(-0.04)"


@pytest.mark.parametrize(("layer", "unit"), [(1, 0), (1, 1), (2, 0)])
def test_the_error_signal_with_numbers_is_delta(layer, unit):
    lines = rows(formulas.neuron_backward(WORKED, THETA, FORWARD, BACKWARD, LOSS, Y[:, 0], layer, unit, COLOURS, (0, 1)))
    delta = BACKWARD.delta[layer][unit, 0]
    gradient = WORKED.unpack(BACKWARD.gradient)[layer - 1]
    assert value(lines[1]) == pytest.approx(delta, rel=5e-3)
    assert value(lines[2]) == pytest.approx(delta, rel=5e-4)
    assert [value(lines[4]), value(lines[6])] == pytest.approx(gradient.W[unit], rel=5e-4)
    assert value(lines[7].split("=")[-1]) == pytest.approx(gradient.b[unit, 0], rel=5e-4)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("hidden", ["tanh", "relu", "softmax"])
def test_every_activation_and_loss_ends_in_its_delta(hidden, output, loss):
    network = Network((4, 5, 3), (hidden, output))
    theta = network.initialize("glorot_normal", seed=3)
    forward = network.forward(theta, np.array([[0.3], [-1.2], [0.8], [2.0]]))
    target = np.array([0.0, 1.0, 0.0])
    backward = network.backward(theta, forward, target[:, None], loss)
    for layer in (1, 2):
        lines = rows(formulas.neuron_backward(network, theta, forward, backward, loss, target, layer, 1, COLOURS))
        told = next(line for line in lines[1:] if re.fullmatch(r"-?[\d.]+(\\cdot10\^\{-?\d+\})?", line))
        assert value(told) == pytest.approx(backward.delta[layer][1, 0], rel=5e-4, abs=1e-12)


def test_softmax_with_numbers_is_its_share():
    network = Network((2, 3), "softmax")
    theta = network.initialize("normal", seed=1)
    forward = network.forward(theta, X)
    line = rows(formulas.neuron_forward(network, theta, forward, 1, 2, COLOURS))[-1]
    above, *below, told = (float(number) for number in re.findall(r"-?\d+\.?\d*", line.replace("e^", "")))
    assert math.exp(above) / sum(map(math.exp, below)) == pytest.approx(told, rel=2e-3)
    assert told == pytest.approx(forward.output[2, 0], rel=5e-4)


def test_the_loss_with_numbers_is_the_cost():
    lines = rows(formulas.cost_of_one(WORKED, FORWARD, LOSS, Y[:, 0], 0.114246, COLOURS))
    assert value(lines[1]) == pytest.approx(0.114246, rel=5e-4)
    assert value(lines[2]) == pytest.approx(0.1142, rel=5e-4)


def test_one_step_with_numbers_is_the_new_weight():
    w = weight(WORKED, THETA, 2, 0, 1)
    terms = error_signal(BACKWARD, 2, 0), activation(WORKED, FORWARD, 1, 1)
    lines = rows(formulas.gradient_step(w, terms, 0.5, COLOURS))
    stepped = WORKED.unpack(THETA - 0.5 * BACKWARD.gradient)[1].W[0, 1]
    assert value(lines[1]) == pytest.approx(stepped, rel=1e-3)
    assert value(lines[2]) == pytest.approx(stepped, rel=5e-4)


def test_a_cell_is_its_row_times_its_column():
    rng = np.random.default_rng(0)
    network = Network((5, 3), "tanh")
    theta, samples = network.initialize("normal", seed=2), rng.normal(size=(5, 4))
    forward = network.forward(theta, samples)
    lines = rows(formulas.cell(network, theta, forward, 1, 2, 3, COLOURS))
    parts = [line.replace(r"&\quad", "").strip() for line in lines[1:-1]]
    assert value(" ".join(parts)) == pytest.approx(forward.z(1)[2, 3], abs=3e-3)
    assert value(lines[-1]) == pytest.approx(forward.z(1)[2, 3], rel=5e-4)


def test_every_product_of_four_inputs_is_written():
    network = Network((4, 3), "tanh")
    theta, samples = network.initialize("normal", seed=2), np.array([[0.5], [-1.5], [2.0], [0.25]])
    forward = network.forward(theta, samples)
    lines = rows(formulas.neuron_forward(network, theta, forward, 1, 2, COLOURS))
    assert sum(r"\cdot" in line for line in lines[1:5]) == 4
    assert value(" ".join(line.replace(r"&\quad", "").strip() for line in lines[1:6])) == pytest.approx(forward.z(1)[2, 0], abs=3e-3)


def test_long_sums_are_shortened_in_the_middle():
    network = Network((64, 8, 1), "tanh")
    theta = network.initialize(seed=0)
    forward = network.forward(theta, np.ones((64, 1)))
    lines = rows(formulas.neuron_forward(network, theta, forward, 1, 0, COLOURS))
    assert lines[0].count("+") == lines[1].count("+") == MOST_TERMS - 1
    assert r"\cdots" in lines[0]
    assert len(rows(formulas.cell(network, theta, forward, 1, 0, 0, COLOURS))) < 12
    assert shortened(["a", "b"]) == "a + b"


def test_every_symbol_and_its_number_wear_the_same_colour():
    latex = formulas.neuron_forward(WORKED, THETA, FORWARD, 1, 0, COLOURS)
    for name, symbol, number in (("w", "w^{1}_{11}", "0.2"), ("x", "x_{1}", "0.5"), ("b", "b^{1}_{1}", "0.1"), ("z", "z^{1}_{1}", "-0.04")):
        colour = COLOURS[name]
        assert rf"\textcolor{{{colour}}}{{{symbol}}}" in latex
        assert rf"\textcolor{{{colour}}}{{{number}}}" in latex


def test_shapes_agree_inside_and_give_the_outer_ones():
    told = formulas.shapes(Network((4, 8, 3), "tanh"), 2, 150)
    numbers = [int(number) for number in re.findall(r"\d+", told)]
    assert numbers == [3, 8, 8, 150, 3, 1, 3, 150]


def test_braces_are_balanced_where_indices_have_two_digits():
    network = Network((12, 12, 12), "mish")
    theta = network.initialize(seed=0)
    forward = network.forward(theta, np.ones((12, 1)))
    backward = network.backward(theta, forward, np.zeros((12, 1)), LOSS)
    for latex in (
        formulas.neuron_forward(network, theta, forward, 2, 11, COLOURS),
        formulas.neuron_backward(network, theta, forward, backward, LOSS, np.zeros(12), 1, 11, COLOURS),
    ):
        assert latex.count("{") == latex.count("}")
    assert "{12,11}" in weight(network, theta, 1, 11, 10).letter


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 1e-300, 1e300, -1e-9])
def test_extreme_numbers_are_written(number):
    text = Quantity("z", "z", number).number(COLOURS, brackets=True)
    assert text.count("{") == text.count("}")
    assert ("(" in text) == (number < 0)


def test_a_typed_activation_is_called_f():
    assert function_name("=z*sigmoid(z)") == "f"
    assert function_name("leaky_relu") == r"\operatorname{leaky relu}"


def test_several_samples_are_refused_where_the_formula_tells_of_one():
    forward = WORKED.forward(THETA, np.ones((2, 3)))
    backward = WORKED.backward(THETA, forward, np.ones((1, 3)), LOSS)
    with pytest.raises(ValueError, match="3 samples"):
        formulas.neuron_backward(WORKED, THETA, forward, backward, LOSS, np.ones(1), 2, 0, COLOURS)


def test_the_input_has_no_error_signal():
    with pytest.raises(ValueError, match="layer from 1 on"):
        error_signal(BACKWARD, 0, 0)
