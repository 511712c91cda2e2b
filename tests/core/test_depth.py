"""Signals through depth are those of the network itself, and behave as theory says."""

import numpy as np
import pytest

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.depth import signals_through_depth
from nnviz.core.network import Network

ELEMENTWISE = [name for name, f in ACTIVATIONS.items() if f.elementwise]


@pytest.mark.parametrize("activation", ELEMENTWISE)
def test_gradients_are_those_of_the_networks_own_backward_pass(activation):
    s = signals_through_depth(activation, ["he_normal"], depth=4, width=8, samples=6, runs=2, seed=3)
    network = Network((8,) * 5, activation)
    theta = network.initialize("he_normal", 3, batch=2)
    X, arriving = np.random.default_rng((3, 1)).standard_normal((2, 8, 6))
    forward = network.forward(theta, X)
    # Squared error with this target sends back exactly the gradient that was asked for, over m.
    backward = network.backward(theta, forward, forward.output - arriving, "half_squared_error")
    for l in range(1, 5):
        expected = np.sqrt(np.mean((6 * backward.delta[l]) ** 2, axis=(-2, -1)))
        assert s.gradients[0, :, l - 1] == pytest.approx(expected, rel=1e-9)
        assert s.activations[0, :, l] == pytest.approx(forward.A[l].std(axis=(-2, -1)))


def test_initialisers_of_a_batch_are_those_alone():
    both = signals_through_depth("tanh", ["he_normal", "orthogonal"], depth=5, width=16)
    alone = signals_through_depth("tanh", ["orthogonal"], depth=5, width=16)
    assert both.gradients[1] == pytest.approx(alone.gradients[0])
    assert both.dead.shape == (2, 4, 5)


def test_sigmoids_vanish_relu_under_he_stays_and_a_large_start_explodes():
    sigmoid = signals_through_depth("sigmoid", ["glorot_normal"]).gradients[..., 0]
    relu = signals_through_depth("relu", ["he_normal"]).gradients[..., 0]
    large = signals_through_depth("relu", ["he_normal"], scale=2.0).gradients[..., 0]
    assert np.all(sigmoid < 1e-20)
    assert np.all((relu > 0.01) & (relu < 100))
    assert np.all(large > 1e10)


def test_sigmoids_forget_which_input_they_saw_while_their_units_still_differ():
    s = signals_through_depth("sigmoid", ["glorot_normal"])
    assert np.all(s.differences[..., -1] < 1e-12)
    assert np.all(s.activations[..., -1] > 0.05)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu"])
def test_the_factor_of_a_layer_is_the_one_expected_from_weights_and_slopes(activation):
    s = signals_through_depth(activation, ["glorot_normal"], depth=12, width=128, runs=8)
    assert np.median(s.measured_factor) == pytest.approx(np.median(s.factor), rel=0.1)


def test_orthogonal_identity_keeps_every_size_exactly():
    s = signals_through_depth("identity", ["orthogonal"], depth=50, width=32)
    assert s.gradients == pytest.approx(s.gradients[..., -1:] * np.ones(50))


def test_dead_units_are_those_without_slope_for_any_sample():
    s = signals_through_depth("relu", ["he_normal"], depth=20, runs=8)
    assert s.dead[..., 0].max() < 0.05
    assert s.dead[..., -1].mean() > 0.05
    assert signals_through_depth("relu", ["zeros"], depth=3).dead.min() == 1
    assert signals_through_depth("leaky_relu", ["he_normal"], depth=20).dead.max() == 0


def test_overflow_is_a_result():
    s = signals_through_depth("=z**9", ["normal"], depth=50, width=16)
    assert not np.isfinite(s.activations[..., -1]).any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"depth": 1}, "depth is 1"),
        ({"depth": 51}, "from 2 to 50"),
        ({"width": 0}, "width is 0"),
        ({"samples": 1}, "samples is 1"),
        ({"runs": 65}, "runs is 65"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"initializers": []}, "no initialiser"),
        ({"activation": "softmax"}, "elementwise"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(wrong, message):
    given = {"activation": "tanh", "initializers": ["he_normal"]} | wrong
    with pytest.raises(ValueError, match=message):
        signals_through_depth(**given)
