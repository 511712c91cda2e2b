"""A gradient taken apart is the gradient: paths sum to it, factors multiply to it."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.backpropagation import BIAS, decisive, edge_factors, paths_of, size_factors, strongest_paths, unit_states
from nnviz.core.losses import LOSSES
from nnviz.core.network import Network

TARGETS = {"half_squared_error": [[0.2], [0.8]], "cross_entropy": [[0.0], [1.0]], "absolute_error": [[0.2], [0.8]]}


def passes(network, loss="half_squared_error", seed=0):
    theta = np.random.default_rng(seed).normal(size=network.parameter_count)
    x = np.random.default_rng(seed + 1).normal(size=(network.sizes[0], 1))
    forward = network.forward(theta, x)
    return theta, forward, network.backward(theta, forward, TARGETS[loss], loss)


@pytest.fixture(params=ACTIVATIONS)
def network(request):
    return Network((3, 4, 5, 2), (request.param, request.param, "sigmoid"))


def test_edge_factors_carry_delta_from_layer_to_layer(network):
    theta, forward, backward = passes(network)
    for layer in (2, 3):
        F = edge_factors(network, theta, forward, layer)[..., 0]
        assert F.T @ backward.d(layer)[:, 0] == pytest.approx(backward.d(layer - 1)[:, 0], abs=1e-14)


def test_edge_factors_of_a_batch_are_those_of_each_network_and_sample():
    network = Network((2, 3, 4, 1), "tanh")
    theta = network.initialize(seed=0, batch=(2, 3))
    X = np.random.default_rng(0).normal(size=(2, 5))
    F = edge_factors(network, theta, network.forward(theta, X), 2)
    assert F.shape == (2, 3, 4, 3, 5)
    alone = edge_factors(network, theta[1, 2], network.forward(theta[1, 2], X[:, [4]]), 2)
    assert F[1, 2, :, :, 4] == pytest.approx(alone[..., 0])


def test_what_passes_each_layer_sums_to_delta(network):
    theta, forward, backward = passes(network)
    paths = paths_of(network, theta, forward, backward, 1, 2)
    for layer in (1, 2, 3):
        assert paths.passing[layer].sum() == pytest.approx(backward.d(1)[2, 0], abs=1e-14)
    for layer in (2, 3):
        assert paths.carried[layer].sum() == pytest.approx(backward.d(1)[2, 0], abs=1e-14)


def test_the_strongest_paths_are_those_of_trying_all(network):
    theta, forward, backward = passes(network)
    paths = paths_of(network, theta, forward, backward, 1, 0)
    every = {(0, j, k): paths.factors[2][j, 0] * paths.factors[3][k, j] * paths.ends[k] for j, k in itertools.product(range(5), range(2))}
    found = strongest_paths(paths, most=4)
    assert sorted(map(abs, every.values()), reverse=True)[:4] == pytest.approx([abs(path.value) for path in found])
    for path in found:
        assert path.value == pytest.approx(every[path.units])
        assert path.value == pytest.approx(np.prod(path.factors) * path.end)


def test_all_paths_together_are_delta():
    network = Network((2, 3, 4, 3, 2), "tanh")
    theta, forward, backward = passes(network)
    paths = paths_of(network, theta, forward, backward, 1, 1)
    assert paths.count == 24
    every = strongest_paths(paths, most=24)
    assert len({path.units for path in every}) == 24
    assert sum(path.value for path in every) == pytest.approx(backward.d(1)[1, 0], abs=1e-15)


def test_a_weight_of_the_last_layer_has_one_path():
    network = Network((2, 3, 2), "tanh")
    theta, forward, backward = passes(network)
    paths = paths_of(network, theta, forward, backward, 2, 1)
    (path,) = strongest_paths(paths)
    assert (paths.count, path.units, path.factors) == (1, (1,), ())
    assert path.value == backward.d(2)[1, 0]


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("hidden", ["tanh", "relu", "softmax"])
def test_the_factors_multiply_to_the_size_of_every_derivative(hidden, loss, output):
    network = Network((3, 4, 3, 2), (hidden, hidden, output))
    theta, forward, backward = passes(network, loss)
    Y, gradient = TARGETS[loss], network.unpack(backward.gradient)
    for layer, (k, n) in enumerate(network.shapes, start=1):
        for unit, column in itertools.product(range(k), [*range(n), BIAS]):
            factors = size_factors(network, theta, forward, backward, LOSSES[loss], Y, layer, unit, column)
            expected = gradient[layer - 1].b[unit, 0] if column == BIAS else gradient[layer - 1].W[unit, column]
            assert np.prod([factor.value for factor in factors]) == pytest.approx(abs(expected), rel=1e-10, abs=1e-16)


def test_the_reason_of_a_lost_gradient_is_its_flat_slope():
    network = Network((1, 1, 1), ("sigmoid", "identity"))
    theta = network.pack([([[1.0]], [12.0]), ([[1.0]], [0.0])])
    forward = network.forward(theta, [[1.0]])
    backward = network.backward(theta, forward, [[0.0]], "half_squared_error")
    reason = decisive(size_factors(network, theta, forward, backward, LOSSES["half_squared_error"], [[0.0]], 1, 0, 0))
    assert (reason.kind, reason.layer) == ("slope", 1)
    assert reason.value == pytest.approx(ACTIVATIONS["sigmoid"].derivative(13.0))


def test_overflow_is_a_result():
    network = Network((2, 3, 3, 2), "identity")
    theta = np.full(network.parameter_count, 1e200)
    forward = network.forward(theta, np.ones((2, 1)))
    backward = network.backward(theta, forward, [[0.0], [0.0]], "half_squared_error")
    paths = paths_of(network, theta, forward, backward, 1, 0)
    assert not np.isfinite(paths.passing[1][0])
    assert len(strongest_paths(paths)) == 5
    factors = size_factors(network, theta, forward, backward, LOSSES["half_squared_error"], [[0.0], [0.0]], 1, 0, 0)
    assert not np.isfinite(np.prod([factor.value for factor in factors]))


def test_dead_neurons_have_no_gradient_and_are_not_called_saturated():
    network = Network((2, 4, 1), ("relu", "identity"))
    theta = network.initialize("he_normal", seed=0)
    network.unpack(theta)[0].b[1] = -100.0
    X = np.random.default_rng(0).normal(size=(2, 50))
    forward = network.forward(theta, X)
    state = unit_states(network, forward)[0]
    assert state.dead.tolist() == [False, True, False, False]
    assert not state.saturated[1]
    gradient = network.backward(theta, forward, np.ones((1, 50)), "half_squared_error").gradient
    assert not network.unpack(gradient)[0].W[1].any()


def test_large_weights_saturate():
    network = Network((2, 3, 1), "tanh")
    theta = 500 * network.initialize(seed=0)
    X = np.random.default_rng(0).normal(size=(2, 200))
    states = unit_states(network, network.forward(np.stack([theta, theta]), X))
    assert states[0].saturated.shape == (2, 3)
    assert states[0].saturated.all()


@given(st.lists(st.integers(1, 5), min_size=2, max_size=5), st.integers(0, 2**16))
def test_any_shape_keeps_the_sum_of_its_paths(sizes, seed):
    network = Network(sizes, "tanh")
    rng = np.random.default_rng(seed)
    theta, x, y = rng.normal(size=network.parameter_count), rng.normal(size=(sizes[0], 1)), rng.normal(size=(sizes[-1], 1))
    forward = network.forward(theta, x)
    backward = network.backward(theta, forward, y, "half_squared_error")
    paths = paths_of(network, theta, forward, backward, 1, 0)
    assert sum(path.value for path in strongest_paths(paths, most=paths.count)) == pytest.approx(backward.d(1)[0, 0], abs=1e-12)


def test_more_than_one_sample_is_refused():
    network = Network((2, 3, 1), "tanh")
    theta = network.initialize()
    forward = network.forward(theta, np.ones((2, 2)))
    backward = network.backward(theta, forward, np.ones((1, 2)), "half_squared_error")
    with pytest.raises(ValueError, match=r"\(1, 2\): paths are told of one sample"):
        paths_of(network, theta, forward, backward, 1, 0)
    with pytest.raises(ValueError, match="one sample"):
        size_factors(network, theta, forward, backward, LOSSES["half_squared_error"], np.ones((1, 2)), 1, 0, 0)


@pytest.mark.parametrize(("layer", "unit"), [(0, 0), (3, 0), (1, 3), (1, -1)])
def test_neurons_that_are_not_there_are_refused(layer, unit):
    network = Network((2, 3, 2), "tanh")
    theta, forward, backward = passes(network)
    with pytest.raises(ValueError, match="there is no neuron"):
        paths_of(network, theta, forward, backward, layer, unit)


def test_the_first_layer_has_no_edge_factors():
    network = Network((2, 3, 2), "tanh")
    theta, forward, _ = passes(network)
    with pytest.raises(ValueError, match="choose one from 2 to 2"):
        edge_factors(network, theta, forward, 1)
