"""What is left of a change after many steps: linear as ρ says, otherwise as ρ times the slopes on the way."""

import numpy as np
import pytest

from nnviz.core.far_gradient import flows, radius_sweep, step_factor
from nnviz.core.recurrent import RecurrentCost
from nnviz.core.recurrent_network import RecurrentNetwork

NOISE = np.random.default_rng(0).standard_normal((61, 1, 1))


def weights(activation, radius, hidden=8):
    network = RecurrentNetwork(1, hidden, 1, activation)
    return network, network.rescale(network.initialize("orthogonal", seed=0), radius)


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.5])
def test_linear_and_orthogonal_a_step_multiplies_by_the_radius(radius):
    factor = step_factor(*weights("identity", radius), NOISE)
    assert factor.slope == 1
    assert factor.measured == pytest.approx(radius, rel=1e-9)
    assert factor.expected == pytest.approx(radius, rel=1e-9)


@pytest.mark.parametrize("radius", [0.5, 0.9, 1.5, 3.0])
def test_with_tanh_the_radius_times_the_slopes_explains_what_was_measured(radius):
    factor = step_factor(*weights("tanh", radius), NOISE)
    assert factor.expected == pytest.approx(factor.measured, rel=0.12)
    assert factor.measured < radius


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("radius", [0.3, 0.9, 2.0])
def test_no_step_does_more_than_the_bound(activation, radius):
    factor = step_factor(*weights(activation, radius), NOISE)
    assert factor.measured <= factor.stretch * factor.largest_slope * (1 + 1e-9)


def test_the_sweep_is_a_power_of_the_radius_where_it_is_linear_and_orthogonal():
    radii = np.array([0.5, 1.0, 2.0])
    found = radius_sweep(RecurrentNetwork(1, 6, 1, "identity"), radii, span=20, draws=3)
    assert found == pytest.approx(np.repeat(radii[:, None] ** 20, 3, axis=1), rel=1e-8)


def test_the_sweep_holds_what_each_network_alone_gives():
    network = RecurrentNetwork(1, 5, 1)
    found = radius_sweep(network, [0.7, 1.6], span=10, initializer="normal", draws=2, seed=4)
    noise = np.random.default_rng(4).standard_normal((11, 1, 1))
    theta = network.initialize("normal", seed=4, batch=2)
    alone = [[network.jacobian_norms(network.rescale(t, r), noise)[10, 0] for t in theta] for r in (0.7, 1.6)]
    assert found == pytest.approx(np.array(alone), rel=1e-9)


def test_a_radius_above_one_does_not_suffice_for_tanh_to_explode():
    network = RecurrentNetwork(1, 8, 1)
    tanh = np.median(radius_sweep(network, [1.1, 1.5], initializer="normal", draws=25), axis=1)
    linear = np.median(radius_sweep(RecurrentNetwork(1, 8, 1, "identity"), [1.1, 1.5], initializer="normal", draws=25), axis=1)
    assert (tanh < 1e-2).all()
    assert (linear > 100).all()


def test_truncation_cuts_the_way_of_delta():
    X = NOISE[:6]
    network = RecurrentNetwork(1, 2, 1)
    whole, cut = (RecurrentCost(network, "half_squared_error", X, X, truncation) for truncation in (None, 3))
    assert [flows(whole, t) for t in range(6)] == [False, True, True, True, True, True]
    assert [flows(cut, t) for t in range(6)] == [False, True, True, False, True, True]
    theta = network.initialize("orthogonal", seed=0)
    only_late = RecurrentCost(network, "half_squared_error", X, np.concatenate([np.full((5, 1, 1), np.nan), X[5:]]), 3)
    felt = np.abs(only_late.backward(theta).delta).max(axis=(1, 2)) > 0
    assert felt.tolist() == [False, False, False, True, True, True]


@pytest.mark.parametrize("radii", [[-1.0], [np.inf], [[1.0]]])
def test_bad_radii_are_told(radii):
    with pytest.raises(ValueError, match="radii"):
        radius_sweep(RecurrentNetwork(1, 2, 1), radii)


def test_one_step_is_no_way():
    network, theta = weights("tanh", 1.0)
    with pytest.raises(ValueError, match="at least 2 steps"):
        step_factor(network, theta, NOISE[:1])
