"""A kernel learnt from digits: tied weights are the convolution, and its derivatives are exact."""

import numpy as np
import pytest

from nnviz.core.convolution import convolve2d
from nnviz.core.datasets import DATASETS
from nnviz.core.learned_kernel import KernelClassifier, learn_kernel
from nnviz.core.objectives import Objective

DATA = DATASETS["digits"](samples=200, test_fraction=0.0, seed=0)
X, Y = DATA.X / 16, DATA.Y
SMALL = KernelClassifier((5, 4), classes=3, width=2, filters=2)
random = np.random.default_rng(0)


@pytest.fixture
def small_cost():
    return SMALL.cost(random.normal(size=(20, 7)), np.eye(3)[:, random.integers(0, 3, size=7)])


def test_the_dense_network_behind_it_is_the_convolution():
    theta = random.normal(size=SMALL.copies().shape[1])
    pictures = random.normal(size=(20, 6))
    layer = SMALL.network.unpack(SMALL.copies() @ theta)[0]
    kernels, biases = SMALL.kernels(theta)[:, None], theta[8:10]
    expected = convolve2d(pictures.T.reshape(6, 1, 5, 4), kernels) + biases[:, None, None]
    assert layer.W @ pictures + layer.b == pytest.approx(expected.reshape(6, -1).T, abs=1e-12)


def test_its_derivatives_are_the_central_differences(small_cost):
    theta = random.normal(size=small_cost.dimension)
    shifts = 1e-5 * np.eye(theta.size)
    slope = (small_cost.value(theta + shifts) - small_cost.value(theta - shifts)) / 2e-5
    curvature = (small_cost.gradient(theta + shifts) - small_cost.gradient(theta - shifts)) / 2e-5
    assert small_cost.gradient(theta) == pytest.approx(slope, abs=1e-8)
    assert small_cost.hessian(theta) == pytest.approx(curvature, abs=1e-7)


def test_it_is_an_objective_that_takes_batches(small_cost):
    theta = random.normal(size=(2, 3, small_cost.dimension))
    assert isinstance(small_cost, Objective)
    value, gradient = small_cost.value_and_gradient(theta)
    assert value[1, 2] == pytest.approx(float(small_cost.value(theta[1, 2])))
    assert gradient[1, 2] == pytest.approx(small_cost.gradient(theta[1, 2]), abs=1e-14)


@pytest.mark.parametrize(("width", "filters"), [(3, 1), (5, 2)])
def test_a_kernel_is_learnt_from_the_digits(width, filters):
    path = learn_kernel(X, Y, width=width, filters=filters, steps=60)
    assert path.kernels.shape == (61, filters, width, width)
    assert path.cost[-1] < 0.5 * path.cost[0]
    assert path.accuracy[-1] > 0.8 > 0.4 > path.accuracy[0]
    assert np.abs(path.kernels[-1] - path.kernels[0]).max() > 0.1


def test_the_seed_is_all_that_chance_depends_on():
    assert np.array_equal(learn_kernel(X, Y, steps=3, seed=4).theta, learn_kernel(X, Y, steps=3, seed=4).theta)


@pytest.mark.parametrize(
    "call",
    [
        lambda: learn_kernel(X, Y, size=(7, 8)),
        lambda: learn_kernel(X[:, :0], Y[:, :0]),
        lambda: learn_kernel(X, Y, width=9),
        lambda: learn_kernel(X, Y, filters=0),
        lambda: learn_kernel(X, 2 * Y),
        lambda: KernelClassifier((8, 8), classes=1),
        lambda: SMALL.cost(np.ones((20, 1)), np.eye(3)[:, :1]).value(np.ones(3)),
    ],
)
def test_bad_input_is_a_sentence(call):
    with pytest.raises(ValueError, match=r"give|need|must") as error:
        call()
    assert 11 <= len(str(error.value)) < 600
