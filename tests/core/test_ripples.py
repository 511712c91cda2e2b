"""What becomes of a small change on its way through a network, and through very deep ones."""

import numpy as np
import pytest

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.network import Network
from nnviz.core.ripples import correlation_map, depth_study, gains, mean_field, most_amplified_direction, ripple

ELEMENTWISE = [name for name, f in ACTIVATIONS.items() if f.elementwise]


@pytest.fixture(params=["tanh", "relu", "softmax", "gelu"])
def network(request):
    return Network((3, 6, 5, 2), (request.param, "tanh", "sigmoid"))


@pytest.fixture
def theta(network):
    return network.initialize("glorot_normal", seed=1, batch=(4,)) * 1.5


X = np.random.default_rng(0).normal(size=(3, 7))


def test_the_whole_amplifies_at_most_as_much_as_its_layers_together(network, theta):
    found = gains(network, theta, X)
    assert [layer.shape for layer in found.layers] == [(4, 7, 3), (4, 7, 5), (4, 7, 2)]
    assert found.whole.shape == (4, 7, 2)
    product = np.prod([layer[..., 0] for layer in found.layers], axis=0)
    assert (found.whole[..., 0] <= product * (1 + 1e-12)).all()


def test_gains_of_one_linear_layer_are_its_weights_singular_values():
    network = Network((3, 4), "identity")
    theta = network.initialize(seed=2)
    expected = np.linalg.svd(network.unpack(theta)[0].W, compute_uv=False)
    assert gains(network, theta, X).whole == pytest.approx(np.tile(expected, (7, 1)))


def test_no_direction_is_amplified_more_than_the_most_amplified(network, theta):
    x, h = X[:, 0], 1e-6
    direction, gain = most_amplified_direction(network, theta, x)
    others = np.random.default_rng(1).normal(size=(3, 200))
    others /= np.linalg.norm(others, axis=0)
    for member in range(4):
        best = np.linalg.norm(ripple(network, theta[member], x, h * direction[member]).change[-1]) / h
        assert best == pytest.approx(gain[member], rel=1e-4)
        assert (np.linalg.norm(network.input_jacobian(theta[member], x[:, None])[0] @ others, axis=0) <= gain[member] + 1e-12).all()


def test_a_ripple_is_the_difference_of_two_passes(network, theta):
    change = np.array([0.3, -0.2, 0.1])
    seen = ripple(network, theta, X[:, 0], change)
    both = [network.forward(theta, column[:, None]).A for column in (X[:, 0], X[:, 0] + change)]
    for l in range(4):
        assert seen.change[l] == pytest.approx(both[1][l][..., 0] - both[0][l][..., 0])
    assert seen.size.shape == (4, 4)
    assert seen.gain.prod(axis=0) == pytest.approx(seen.size[-1] / np.linalg.norm(change))


def test_a_smaller_ripple_is_nearer_to_its_first_order(network, theta):
    change = np.array([0.3, -0.2, 0.1])

    def error(h):
        seen = ripple(network, theta, X[:, 0], h * change)
        return max(np.abs(exact - linear).max() for exact, linear in zip(seen.change, seen.first_order, strict=True)) / h

    assert error(1e-5) < error(1e-2)
    assert error(1e-5) < 1e-4


def test_a_ripple_that_dies_has_no_gain_left():
    network = Network((2, 3, 1), ("relu", "identity"))
    theta = network.pack([(np.ones((3, 2)), -10 * np.ones((3, 1))), (np.ones((1, 3)), [0.0])])
    seen = ripple(network, theta, [0.1, 0.1], [0.1, 0.0])
    assert seen.size.tolist() == [pytest.approx(0.1), 0, 0]
    assert seen.gain.tolist() == [0, 0]


@pytest.mark.parametrize("function", [ripple, most_amplified_direction], ids=lambda f: f.__name__)
@pytest.mark.parametrize("bad", [[1.0, 2.0], 3.0, np.zeros((3, 1)), [np.nan, 0, 0]])
def test_a_sample_of_another_shape_is_named(function, bad):
    network = Network((3, 2))
    arguments = (bad, [0, 0, 1]) if function is ripple else (bad,)
    with pytest.raises(ValueError, match="3 finite numbers"):
        function(network, network.initialize(), *arguments)


def test_a_diverged_network_gets_a_sentence_and_in_a_batch_a_gap():
    network = Network((3, 4, 2))
    theta = network.initialize(batch=(2,))
    theta[1] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        most_amplified_direction(network, theta[1], X[:, 0])
    assert np.isnan(most_amplified_direction(network, theta, X[:, 0])[1]).tolist() == [False, True]
    assert np.isnan(gains(network, theta, X).whole[:, 0, 0]).tolist() == [False, True]
    assert np.isnan(ripple(network, theta, X[:, 0], [0.1, 0, 0]).size[-1]).tolist() == [False, True]


# Depth


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_wide_random_networks_do_what_the_theory_says(name):
    scales = np.array([0.5, 1.0, 1.6])
    study = depth_study(name, depth=24, width=400, weight_gains=scales, seeds=4, bias_scale=0.3)
    field = mean_field(name, scales, bias_scale=0.3, layers=24)
    assert np.log(field.stretch) / 2 == pytest.approx(study.growth.mean(axis=1), abs=0.12)


def test_tanh_has_its_edge_at_one_and_relu_at_the_root_of_two():
    assert mean_field("tanh", [0.9, 1.0, 1.1]).stretch == pytest.approx([0.81, 1.0, 1.01], abs=2e-3)
    assert mean_field("relu", np.sqrt([1.0, 2.0, 3.0])).stretch == pytest.approx([0.5, 1.0, 1.5])
    assert mean_field("relu", np.sqrt([1.0, 2.0, 3.0])).length.tolist() == [0, pytest.approx(2), np.inf]


def test_in_order_two_inputs_meet_and_in_chaos_they_part():
    study = depth_study("tanh", depth=60, width=200, weight_gains=[0.8, 2.5], distance=0.05, bias_scale=0.05)
    assert (study.cosine[-1, 0] > study.cosine[0, 0]).all()
    assert (study.cosine[-1, 1] < 0.9).all()
    assert (study.growth[0] < 0).all()
    assert (study.growth[1] > 0).all()


def test_the_two_inputs_start_as_far_apart_as_was_said():
    study = depth_study("relu", depth=1, width=50, distance=0.3)
    assert study.length[0] == pytest.approx(np.ones((3, 8)))
    assert study.distance[0] == pytest.approx(np.full((3, 8), 0.3))


def test_relus_correlation_map_is_the_arc_cosine_kernel():
    # Cho & Saul (2009), eq. 6: (sin φ + (π − φ)·cos φ)/π.
    c = np.linspace(-0.99, 1, 9)
    angle = np.arccos(c)
    assert correlation_map("relu", np.sqrt(2), c) == pytest.approx((np.sin(angle) + (np.pi - angle) * c) / np.pi, abs=1e-3)


@pytest.mark.parametrize("scale", [0.7, 1.5, 3.0])
def test_the_slope_of_the_correlation_map_at_one_is_the_stretch(scale):
    ends = correlation_map("tanh", scale, [1 - 1e-5, 1.0], bias_scale=0.2)
    assert ends[1] == pytest.approx(1)
    assert (ends[1] - ends[0]) / 1e-5 == pytest.approx(float(mean_field("tanh", [scale], 0.2).stretch[0]), rel=2e-3)


def test_dead_and_overflowing_depth_is_drawn():
    study = depth_study("relu", depth=500, width=16, weight_gains=[0.0, 1.0, 30.0], seeds=3)
    assert (study.growth[0] == -np.inf).all()
    assert (study.growth[2] > 2).all()
    assert not np.isfinite(study.length[-1, 2]).any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: depth_study("tanh", depth=0), "depth is 0"),
        (lambda: depth_study("tanh", width=100_000), "2 to 512"),
        (lambda: depth_study("tanh", seeds=1.5), "whole number"),
        (lambda: depth_study("tanh", weight_gains=[np.nan]), "finite numbers"),
        (lambda: depth_study("tanh", distance=3.0), "at most 2 apart"),
        (lambda: depth_study("tangent"), "tangent"),
        (lambda: mean_field("softmax", [1.0]), "not elementwise"),
        (lambda: mean_field("tanh", []), "finite numbers"),
        (lambda: correlation_map("tanh", 1.0, [2.0]), "from −1 to 1"),
    ],
)
def test_a_mistake_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
