"""The fast path is the definition, sooner: every activation, loss and batch shape; and a run's bits do not depend on its neighbours."""

import numpy as np
import pytest

from nnviz.core import many_costs
from nnviz.core.activations import ACTIVATIONS
from nnviz.core.batches import Batches
from nnviz.core.kernel import Pass, Stack, block_order, blocks, play, with_ones
from nnviz.core.losses import LOSSES, fitting_outputs, get_loss
from nnviz.core.many_costs import Samples
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.plane_costs import plane_costs

PAIRS = [(output, loss) for loss in LOSSES for output in fitting_outputs(loss)]
TYPED = "=z*sigmoid(z)"


def targets(loss, outputs, samples, rng):
    if loss == "cross_entropy":
        return np.eye(outputs)[rng.integers(0, outputs, samples)].T
    return rng.random((outputs, samples)) if loss == "binary_cross_entropy" else rng.normal(size=(outputs, samples))


def kernel_gradient(network, loss, theta, X, Y):
    """Gradient in PyTorch's order from one tape, for theta (P,) or (R, P)."""
    order = block_order(network)
    parameters = np.ascontiguousarray(theta[..., order])
    gradient = np.empty_like(parameters)
    stack = Stack(network, theta.shape[:-1], X.shape[-1])
    one = Pass(network, get_loss(loss), blocks(network, parameters), blocks(network, gradient), stack, 1 / X.shape[-1])
    with np.errstate(all="ignore"):
        play(one.gradient(with_ones(X), Y))
    return gradient[..., np.argsort(order)]


@pytest.mark.parametrize("runs", [(), (1,), (5,)])
@pytest.mark.parametrize("samples", [1, 7, 130])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_gradient_is_the_definitions_for_every_output_and_loss(output, loss, samples, runs):
    rng = np.random.default_rng(0)
    network = Network((3, 4, 5, 2), ("tanh", "tanh", output))
    theta = rng.normal(size=(*runs, network.parameter_count))
    X, Y = rng.normal(size=(3, samples)), targets(loss, 2, samples, rng)
    expected = NetworkCost(network, loss, X, Y).gradient(theta)
    assert kernel_gradient(network, loss, theta, X, Y) == pytest.approx(expected, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("runs", [(), (5,)])
@pytest.mark.parametrize("hidden", [*ACTIVATIONS, TYPED])
def test_gradient_is_the_definitions_for_every_hidden_activation(hidden, runs):
    rng = np.random.default_rng(1)
    for activations in ((hidden, hidden, "identity"), (hidden, "tanh", "sigmoid"), ("relu", hidden, "softmax")):
        network = Network((2, 6, 3, 2), activations)
        theta = rng.normal(size=(*runs, network.parameter_count))
        X, Y = rng.normal(size=(2, 40)), rng.normal(size=(2, 40))
        expected = NetworkCost(network, "half_squared_error", X, Y).gradient(theta)
        assert kernel_gradient(network, "half_squared_error", theta, X, Y) == pytest.approx(expected, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("sizes", [(2, 1), (1, 1, 1), (4, 3), (2, 1, 4, 1, 2)])
def test_thin_and_shallow_networks_are_no_exception(sizes):
    rng = np.random.default_rng(2)
    network = Network(sizes, "tanh")
    theta = rng.normal(size=(3, network.parameter_count))
    X, Y = rng.normal(size=(sizes[0], 9)), rng.normal(size=(sizes[-1], 9))
    cost = NetworkCost(network, "half_squared_error", X, Y)
    assert kernel_gradient(network, "half_squared_error", theta, X, Y) == pytest.approx(cost.gradient(theta), rel=1e-10, abs=1e-14)
    assert Samples(network, "half_squared_error", X, Y).costs(theta)[0] == pytest.approx(cost.value(theta))


@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("batch", [(), (1,), (23,), (4, 6)])
def test_costs_and_gradients_of_many_networks_are_the_definitions(output, loss, batch):
    rng = np.random.default_rng(3)
    network = Network((2, 5, 3), ("tanh", output))
    theta = rng.normal(size=(*batch, network.parameter_count))
    X, Y = rng.normal(size=(2, 57)), targets(loss, 3, 57, rng)
    cost, samples = NetworkCost(network, loss, X, Y), Samples(network, loss, X, Y)
    assert samples.costs(theta)[0] == pytest.approx(cost.value(theta), rel=1e-12)
    gradient = samples.gradients(theta)[2][..., np.argsort(block_order(network))]
    assert gradient == pytest.approx(cost.gradient(theta), rel=1e-10, abs=1e-13)


def test_hard_labels_cost_what_the_general_form_says_at_any_logit():
    z = np.array([[[-1000.0, -30.0, -1e-9, 0.0, 2.0, 40.0, 1000.0, np.inf]]])
    for y in (0.0, 1.0):
        exact = LOSSES["binary_cross_entropy"].values_from_logits(z, np.full((1, 8), y))
        with np.errstate(over="ignore"):
            told = many_costs.hard_binary_terms(z, np.full((1, 8), 1 - 2 * y))
        assert told[:, 0] == pytest.approx(exact, rel=1e-14)


def test_each_network_may_have_samples_of_its_own():
    rng = np.random.default_rng(4)
    network = Network((2, 3, 1), ("tanh", "sigmoid"))
    theta = rng.normal(size=(4, 6, network.parameter_count))
    X, Y = rng.normal(size=(6, 2, 11)), rng.random((6, 1, 11))
    told = Samples(network, "binary_cross_entropy", X, Y).costs(theta)[0]
    assert told == pytest.approx(NetworkCost(network, "binary_cross_entropy", X, Y).value(theta))


@pytest.mark.parametrize("activations", [("tanh", "sigmoid"), ("sigmoid", "softmax"), ("relu", "identity"), ("gelu", "tanh")])
@pytest.mark.parametrize("samples", [1, 10, 64])
def test_a_runs_bits_do_not_depend_on_the_chunk_it_is_in(activations, samples):
    rng = np.random.default_rng(5)
    network = Network((2, 8, 3), activations)
    theta = rng.normal(size=(37, network.parameter_count))
    X, Y = rng.normal(size=(2, samples)), np.eye(3)[rng.integers(0, 3, samples)].T
    whole = kernel_gradient(network, "half_squared_error", theta, X, Y)
    for size in (1, 2, 5, 36):
        parts = [kernel_gradient(network, "half_squared_error", theta[i : i + size], X, Y) for i in range(0, 37, size)]
        assert np.array_equal(np.concatenate(parts), whole)


def test_a_networks_cost_has_the_same_bits_alone_and_among_others(monkeypatch):
    rng = np.random.default_rng(6)
    network = Network((2, 8, 8, 1), ("tanh", "tanh", "sigmoid"))
    theta = rng.normal(size=(40, network.parameter_count))
    X, Y = rng.normal(size=(2, 500)), (rng.random((1, 500)) > 0.5) * 1.0
    together = Samples(network, "binary_cross_entropy", X, Y).costs(theta)[0]
    alone = [Samples(network, "binary_cross_entropy", X, Y).costs(one[None])[0][0] for one in theta]
    assert np.array_equal(together, alone)


def test_blocks_of_samples_cover_all_of_them(monkeypatch):
    rng = np.random.default_rng(7)
    network = Network((3, 16, 2), ("tanh", "softmax"))
    theta = rng.normal(size=(3, network.parameter_count))
    X, Y = rng.normal(size=(3, 1000)), np.eye(2)[rng.integers(0, 2, 1000)].T
    monkeypatch.setattr(many_costs, "CACHE_BYTES", 2**16)
    samples, cost = Samples(network, "cross_entropy", X, Y), NetworkCost(network, "cross_entropy", X, Y)
    assert len(samples.passes) > 2
    assert samples.costs(theta)[0] == pytest.approx(cost.value(theta))
    assert samples.gradients(theta)[2][..., np.argsort(block_order(network))] == pytest.approx(cost.gradient(theta), rel=1e-9)


def test_overflow_is_a_number_and_no_warning():
    network = Network((1, 2, 1), ("relu", "identity"))
    theta = np.full((2, network.parameter_count), 1e200)
    theta[1] = 0.1
    costs = Samples(network, "half_squared_error", [[1.0, 2.0]], [[0.0, 1.0]]).costs(theta)[0]
    assert not np.isfinite(costs[0])
    assert np.isfinite(costs[1])


@pytest.mark.parametrize("batch_size", [1, 3, 10, 11, 23])
@pytest.mark.parametrize("seeds", [5, (5, 6)])
def test_an_epoch_sees_each_sample_once_in_the_seeds_order(batch_size, seeds, monkeypatch):
    monkeypatch.setattr("nnviz.core.batches.WINDOW_BATCHES", 3)
    X, Y = np.arange(23.0)[None], np.zeros((1, 23))
    network = Network((1, 1), "identity")
    parameters = np.zeros((2, 2))
    seen = []
    batches = Batches(
        network, get_loss("half_squared_error"), X, Y, parameters, parameters.copy(), batch_size, seeds,
        lambda rows, _: [lambda: seen.append(np.broadcast_to(rows, (2, *rows.shape[-2:]))[..., 0].copy())],
    )  # fmt: skip
    tapes, windows = [], batches.windows(0)
    while len(seen) < 2 * batches.steps_per_epoch:
        for tape in next(windows):
            play(tape)
            tapes.append(tape)
    epochs = [np.concatenate(seen[i * batches.steps_per_epoch : (i + 1) * batches.steps_per_epoch], axis=-1) for i in (0, 1)]
    for epoch in epochs:
        assert np.array_equal(np.sort(epoch), np.tile(np.arange(23.0), (2, 1)))
    for run, seed in enumerate((5, 5) if seeds == 5 else seeds):
        order = np.random.default_rng(seed)
        for epoch in epochs:
            expected = np.arange(23) if batch_size >= 23 else order.permutation(23)
            assert np.array_equal(epoch[run], expected)


def grid_of(network, loss, theta, u, v, samples=60, seed=8):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(2, samples)), (rng.random((1, samples)) > 0.5) * 1.0
    alpha, beta = np.linspace(-1, 1, 23), np.linspace(-0.5, 1.5, 7)
    points = theta + alpha[:, None] * u + beta[:, None, None] * v
    parts = plane_costs(Samples(network, loss, X, Y), theta, u, v, alpha, beta)
    return parts, NetworkCost(network, loss, X, Y).value(points)


@pytest.mark.parametrize("activations", [("tanh", "sigmoid"), ("sigmoid", "tanh", "sigmoid"), ("tanh", "relu", "sigmoid")])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "half_squared_error"])
def test_a_plane_with_the_first_layer_taken_apart_costs_the_same(activations, loss):
    network = Network((2, *[5] * (len(activations) - 1), 1), activations)
    theta, u, v = np.random.default_rng(9).normal(size=(3, network.parameter_count)) * 3
    parts, expected = grid_of(network, loss, theta, u, v)
    assert list(parts)[-1][1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("network", "scale"),
    [(Network((2, 1), "sigmoid"), 1.0), (Network((2, 5, 1), ("relu", "sigmoid")), 1.0), (Network((2, 5, 1), ("tanh", "sigmoid")), 1e3)],
    ids=["no hidden layer", "another activation", "a factor would overflow"],
)
def test_what_cannot_be_taken_apart_says_so(network, scale):
    theta, u, v = np.random.default_rng(9).normal(size=(3, network.parameter_count)) * scale
    assert grid_of(network, "binary_cross_entropy", theta, u, v)[0] is None
