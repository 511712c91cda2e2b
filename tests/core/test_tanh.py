"""tanh by table, exact to 4 units in the last place, and the short ways; the kernel is the definition whichever is taken."""

import numpy as np
import pytest

from nnviz.core import kernel
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.tanh import by_exponential, by_sigmoid, by_table
from tests.core.test_kernel import kernel_gradient


def told(x):
    A = np.array(x, dtype=float)
    kernel.play(by_table(A))
    return A


def test_it_is_tanh_to_four_units_in_the_last_place():
    rng = np.random.default_rng(0)
    tiny = np.geomspace(1e-300, 1, 2000)
    x = np.concatenate([rng.normal(scale=3, size=20_000), np.linspace(-25, 25, 4001), tiny, -tiny, np.arange(-2600, 2600) / 256])
    exact = np.tanh(x.astype(np.longdouble))
    assert np.max(np.abs(told(x) - exact) / np.spacing(np.abs(exact).astype(float))) <= 4


def test_it_is_odd_and_its_ends_are_those_of_tanh():
    x = np.random.default_rng(1).normal(size=1000)
    np.testing.assert_array_equal(told(-x), -told(x))
    np.testing.assert_array_equal(told([0.0, np.inf, -np.inf, 1e300, -1e300, np.nan]), [0.0, 1.0, -1.0, 1.0, -1.0, np.nan])


@pytest.mark.parametrize("calls", [by_exponential, by_sigmoid])
def test_the_short_ways_are_tanh_to_a_few_ten_to_the_minus_sixteen_and_so_are_their_ends(calls):
    x = np.concatenate([np.linspace(-25, 25, 4001), [0.0, np.inf, -np.inf, 1e300, -1e300, 1e-300, np.nan]])
    A = x.copy()
    with np.errstate(over="ignore"):
        kernel.play(calls(A))
    np.testing.assert_allclose(A, np.tanh(x), rtol=0, atol=3.4e-16)


@pytest.mark.parametrize("slow", [False, True])
def test_a_single_network_is_the_definition_either_way(monkeypatch, slow):
    monkeypatch.setattr(kernel, "numpys_is_slow", lambda: slow)
    rng = np.random.default_rng(3)
    network = Network((2, 6, 5, 1), ("tanh", "tanh", "sigmoid"))
    for samples in (5, 40, 500):
        X, Y = rng.normal(size=(2, samples)), rng.integers(0, 2, (1, samples)).astype(float)
        theta = rng.normal(size=network.parameter_count)
        gradient = kernel_gradient(network, "binary_cross_entropy", theta, X, Y)
        assert gradient == pytest.approx(NetworkCost(network, "binary_cross_entropy", X, Y).gradient(theta), rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("slow", [False, True])
def test_the_kernel_is_the_definition_either_way(monkeypatch, slow):
    monkeypatch.setattr(kernel, "numpys_is_slow", lambda: slow)
    rng = np.random.default_rng(2)
    network = Network((2, 6, 5, 1), ("tanh", "tanh", "sigmoid"))
    X, Y = rng.normal(size=(2, 40)), rng.integers(0, 2, (1, 40)).astype(float)
    theta = rng.normal(size=(7, network.parameter_count)) * np.geomspace(1e-6, 30, 7)[:, None]
    gradient = kernel_gradient(network, "binary_cross_entropy", theta, X, Y)
    assert gradient == pytest.approx(NetworkCost(network, "binary_cross_entropy", X, Y).gradient(theta), rel=1e-10, abs=1e-13)
    few = np.concatenate([kernel_gradient(network, "binary_cross_entropy", part, X, Y) for part in (theta[:1], theta[1:])])
    np.testing.assert_array_equal(few, gradient)
