"""The numbers written are the numbers computed."""

import re

import numpy as np
import pytest

from nnviz.core.backpropagation import BIAS, paths_of, strongest_paths
from nnviz.core.gradient_check import gradient_check, step_study
from nnviz.core.losses import LOSSES
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.figures.theme import LIGHT
from nnviz.formulas import backpropagation as formulas
from nnviz.formulas.numbers import latex

COLOURS = LIGHT.symbols
# The worked example: its numbers are printed in textbooks.
WORKED = Network((2, 2, 1), "sigmoid")
THETA = WORKED.pack([([[0.2, -0.3], [0.4, 0.1]], [0.1, -0.1]), ([[0.3, -0.2]], [0.05])])


def passes(network=WORKED, theta=THETA, x=((0.5,), (0.8,)), y=((1.0,),)):
    forward = network.forward(theta, x)
    return network, theta, forward, network.backward(theta, forward, y, "half_squared_error")


def plain(text):
    """The formula without its colours."""
    return re.sub(r"\\textcolor\{#[0-9a-f]{6}\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", text)


def test_the_chain_of_the_worked_example_is_as_printed():
    text = plain(formulas.chain(*passes(), 1, 0, 1, COLOURS))
    assert r"\frac{\partial C}{\partial w^{1}_{12}} &= \frac{\partial C}{\partial z^{1}_{1}} \cdot \frac{\partial z^{1}_{1}}" in text
    assert r"&= -0.008942 \cdot 0.8\\&= -0.007153" in text


def test_the_bias_is_multiplied_by_one():
    text = plain(formulas.chain(*passes(), 2, 0, BIAS, COLOURS))
    assert r"\delta^{2}_{1} \cdot 1" in text
    assert text.count("-0.1193") == 2


def test_delta_of_a_hidden_neuron_is_its_slope_times_what_arrives():
    text = plain(formulas.error_signal_of(*passes(), LOSSES["half_squared_error"], np.array([1.0]), 1, 0, COLOURS))
    assert r"&= 0.2499 \cdot \bigl(0.3 \cdot (-0.1193)\bigr)" in text
    assert text.endswith(r"&= -0.008942\end{aligned}")


def test_delta_of_many_neurons_leaves_out_the_middle():
    network = Network((2, 3, 9, 1), "tanh")
    theta = network.initialize(seed=0)
    _, _, forward, backward = passes(network, theta)
    text = plain(formulas.error_signal_of(network, theta, forward, backward, LOSSES["half_squared_error"], np.ones(1), 1, 2, COLOURS))
    assert text.count(r"\cdots") == 2
    assert latex(float(backward.d(2)[8, 0]), brackets=True) in text
    assert latex(float(backward.d(1)[2, 0])) in text


@pytest.mark.parametrize("sizes", [(2, 2, 1), (2, 4, 3, 1), (2, 4, 3, 4, 4, 1)], ids=str)
@pytest.mark.parametrize("hidden", ["tanh", "softmax"])
def test_the_product_of_a_path_is_its_share(sizes, hidden):
    network = Network(sizes, (*(hidden,) * (len(sizes) - 2), "sigmoid"))
    theta = network.initialize(seed=3)
    _, _, forward, backward = passes(network, theta)
    path = strongest_paths(paths_of(network, theta, forward, backward, 1, 1))[0]
    terms = formulas.path_terms(network, theta, forward, path, 1, 0)
    share = 0.5 * path.value
    assert np.prod([term.value for term in terms]) == pytest.approx(share)
    text = plain(formulas.path_product(network, theta, forward, path, 1, 0, COLOURS))
    assert f"&= {latex(share)}\\end" in text
    assert (r"\cdots" in text) == (len(terms) > 8)


def test_the_sum_of_paths_adds_up_and_tells_how_many_are_not_written():
    text = plain(formulas.path_sum([0.5, -0.25], 0.75, 12, COLOURS))
    assert r"0.5 + (-0.25)" in text
    assert r"\underbrace{0.5}_{\text{10 others}}" in text
    assert "others" not in formulas.path_sum([0.5, 0.25], 0.75, 2, COLOURS)
    assert "millions" in formulas.path_sum([0.5], 0.75, 10**9, COLOURS)


@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_a_layers_step_is_that_of_the_cost(l2):
    X, Y, eta = np.array([[0.5, -1.0, 2.0], [0.8, 0.3, 0.1]]), np.ones((1, 3)), 0.1
    cost = NetworkCost(WORKED, "half_squared_error", X, Y, l2=l2)
    after = WORKED.unpack(THETA - eta * cost.gradient(THETA))[0]
    forward = WORKED.forward(THETA, X)
    backward = WORKED.backward(THETA, forward, Y, "half_squared_error")
    W, b = WORKED.unpack(THETA)[0]
    text = formulas.layer_step(W, b, backward.d(1), X, eta, 1, COLOURS, l2)
    assert formulas.matrix(after.W, COLOURS["w"]) in text
    assert formulas.matrix(after.b, COLOURS["b"]) in text
    assert (r"\lambda" in text) == (l2 > 0)


def test_wide_matrices_show_their_corners():
    M = np.arange(48.0).reshape(6, 8)
    text = plain(formulas.matrix(M, "#000000"))
    assert text.count(r"\\") == 3
    assert r"40 & 41 & \cdots & 47" in text
    assert "20" not in text


def test_prediction_and_check_are_written_with_their_numbers():
    cost = NetworkCost(WORKED, "half_squared_error", [[0.5], [0.8]], [[1.0]])
    study = step_study(cost, THETA, [0.1, 1.0])
    text = plain(formulas.prediction(study, 1, COLOURS))
    for value in (study.before, study.predicted[1], study.after[1], study.slope):
        assert latex(float(value)) in text
    assert latex(float(study.expected_break)) in formulas.breaking(study, COLOURS)
    *_, found = gradient_check(cost, THETA)
    assert latex(float(found.analytic[found.worst]), 6) in formulas.central_difference(found, found.worst, COLOURS)
    assert "0.5^{6}" in formulas.depth_factor(0.01, 0.64, 0.5, 9, COLOURS)
