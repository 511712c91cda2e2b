"""The curvature at a point is that of the whole Hessian, whether it was made or only multiplied with."""

import numpy as np
import pytest

from nnviz.core.curvature import DENSE_DIMENSION, hessian_spectrum
from nnviz.core.datasets import DATASETS
from nnviz.core.local_curvature import local_curvature
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost

DATA = DATASETS["moons"](samples=40)


def cost_of(*sizes):
    return NetworkCost(Network(sizes, (*["tanh"] * (len(sizes) - 2), "sigmoid")), "binary_cross_entropy", DATA.train.X, DATA.train.Y)


@pytest.mark.parametrize("sizes", [(2, 5, 1), (2, 20, 14, 1)])
def test_the_ends_of_the_spectrum_are_those_of_the_whole_hessian(sizes):
    cost = cost_of(*sizes)
    theta = cost.network.initialize("glorot_uniform", seed=0)
    found, values = local_curvature(cost, theta), hessian_spectrum(cost, theta)
    np.testing.assert_allclose(found.top, values[::-1][: found.top.size], rtol=1e-6, atol=1e-9)
    assert found.lowest == pytest.approx(values[0], rel=1e-6)
    assert found.check < 1e-6
    assert (found.every is not None) == (theta.size <= DENSE_DIMENSION)
    assert found.trace == pytest.approx(values.sum(), abs=4 * found.trace_error + 1e-9)
    np.testing.assert_allclose(found.shares.sum(axis=0), 1.0, rtol=1e-9)


def test_a_point_that_is_not_finite_is_refused():
    cost = cost_of(2, 5, 1)
    with pytest.raises(ValueError, match=r"finite|overflow"):
        local_curvature(cost, np.full(cost.dimension, np.nan))
