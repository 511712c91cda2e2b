"""A slice of input space goes through the data's own scale, and its maps are the network's own outputs."""

import numpy as np
import pytest

from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.slices import activations_on, slice_of


def test_a_plane_of_two_coordinates_holds_the_samples_own_places():
    data = DATASETS["moons"](samples=40)
    seen = slice_of(data, resolution=11)
    assert seen.shape == (11, 11)
    assert np.array_equal(seen.samples, data.coordinates)
    assert seen.inputs.reshape(2, 11, 11)[0, 0] == pytest.approx(data.at(np.stack([seen.x, np.full(11, seen.y[0])]))[0])


def test_coordinates_that_are_not_shown_stand_at_their_training_means():
    data = DATASETS["iris"]()
    seen = slice_of(data, axes=(2, 3), resolution=5)
    assert seen.inputs[:2] == pytest.approx(np.zeros((2, 25)), abs=1e-12)  # the scale was fitted on the training part


def test_the_principal_plane_is_that_of_the_singular_vectors():
    data = DATASETS["digits"](samples=200)
    seen = slice_of(data, resolution=3)
    centred = data.train.X - data.train.X.mean(axis=1, keepdims=True)
    sigma = np.linalg.svd(centred, compute_uv=False)
    places = seen.samples[:, data.train_index]
    assert np.linalg.norm(places, axis=1) == pytest.approx(sigma[:2])


def test_one_coordinate_gives_a_line():
    seen = slice_of(DATASETS["function"](samples=30), resolution=10)
    assert seen.shape == (40,)
    assert seen.inputs.shape == (1, 40)


@pytest.mark.parametrize("axes", [(0, 0), (0, 4), (-1, 1)])
def test_axes_that_are_not_there_are_named(axes):
    with pytest.raises(ValueError, match="choose two different ones"):
        slice_of(DATASETS["iris"](), axes=axes)


def test_maps_of_many_networks_are_those_of_each():
    network = Network((2, 3, 1), ("tanh", "sigmoid"))
    theta = network.initialize(seed=0, batch=(5,))
    inputs = np.random.default_rng(0).normal(size=(2, 7))
    hidden, output = activations_on(network, theta, inputs, (1, 2))
    forward = network.forward(theta[3], inputs)
    assert hidden[3] == pytest.approx(forward.A[1], rel=1e-6)
    assert output[3] == pytest.approx(forward.output, rel=1e-6)
