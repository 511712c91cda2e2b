"""What a network promises: the worked example, PyTorch's numbers, gradients against differences, one code for any batch."""

import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.losses import LOSSES, fitting_outputs
from nnviz.core.network import Layer, Network
from tests.core.differences import relative_error, slopes, smooth_cost, targets_of

FITTING = [(output, loss) for loss in LOSSES for output in fitting_outputs(loss)]
TORCH_CASES = {"bits": "binary_cross_entropy", "classes": "cross_entropy", "numbers": "half_squared_error", "squares": "half_squared_error"}
X = np.random.default_rng(7).normal(size=(2, 3))


def targets(loss, k=3, m=3):
    """Targets for the samples above."""
    return targets_of(loss, k, m)


# ---------------------------------------------------------------------------------------------------------- the worked example

WORKED = Network((2, 2, 1), "sigmoid")
WORKED_THETA = WORKED.pack([([[0.2, -0.3], [0.4, 0.1]], [0.1, -0.1]), ([[0.3, -0.2]], [0.05])])


def test_the_worked_example_forward():
    forward = WORKED.forward(WORKED_THETA, [[0.5], [0.8]])
    assert forward.z(1).ravel() == pytest.approx([-0.040000, 0.180000], abs=5e-7)
    assert forward.A[1].ravel() == pytest.approx([0.490001, 0.544879], abs=5e-7)
    assert forward.z(2).item() == pytest.approx(0.088025, abs=5e-7)
    assert forward.output.item() == pytest.approx(0.521992, abs=5e-7)
    assert LOSSES["half_squared_error"].values(forward.output, [[1.0]]).item() == pytest.approx(0.114246, abs=5e-7)


def test_the_worked_example_backward():
    forward = WORKED.forward(WORKED_THETA, [[0.5], [0.8]])
    backward = WORKED.backward(WORKED_THETA, forward, [[1.0]], "half_squared_error")
    (W1, b1), (W2, b2) = WORKED.unpack(backward.gradient)
    assert ACTIVATIONS["sigmoid"].derivative(forward.z(2)).item() == pytest.approx(0.249516, abs=5e-7)
    assert ACTIVATIONS["sigmoid"].derivative(forward.z(1)).ravel() == pytest.approx([0.249900, 0.247986], abs=5e-7)
    assert backward.d(2).item() == pytest.approx(-0.119271, abs=5e-7)
    assert backward.d(1).ravel() == pytest.approx([-0.008942, 0.005915], abs=5e-7)
    assert W2.ravel() == pytest.approx([-0.058443, -0.064988], abs=5e-7)
    assert b2.item() == pytest.approx(-0.119271, abs=5e-7)
    assert pytest.approx(np.array([[-0.004471, -0.007153], [0.002958, 0.004732]]), abs=6e-7) == W1
    assert b1.ravel() == pytest.approx([-0.008942, 0.005915], abs=5e-7)


# ------------------------------------------------------------------------------------------------------- PyTorch, m = 3 samples


@pytest.fixture(params=TORCH_CASES)
def torch_case(request, torch_network):
    """(network, loss, PyTorch's numbers) of one of its networks, with 3 samples."""
    kept = {key.rsplit("/", 1)[1]: value for key, value in torch_network.items() if key.startswith(f"network/{request.param}/")}
    return Network(kept["sizes"], [str(name) for name in kept["activations"]]), TORCH_CASES[request.param], kept | {"X": torch_network["X"]}


def test_parameters_stand_in_pytorchs_order(torch_case):
    network, _, kept = torch_case
    assert network.predict(kept["theta"], kept["X"]) == pytest.approx(kept["output"], rel=1e-12)


def test_delta_holds_the_mean_over_three_samples_once(torch_case):
    network, loss, kept = torch_case
    backward = network.backward(kept["theta"], network.forward(kept["theta"], kept["X"]), kept["Y"], loss)
    assert backward.gradient == pytest.approx(kept["gradient"], rel=1e-11, abs=1e-15)
    for layer in range(1, len(network.sizes)):
        assert backward.d(layer).sum(axis=-1) == pytest.approx(network.unpack(kept["gradient"])[layer - 1].b[:, 0], rel=1e-11, abs=1e-15)


def test_the_gradient_of_three_samples_is_the_mean_of_theirs():
    theta, Y = WORKED.initialize("normal"), np.array([[0.0, 1.0, 1.0]])

    def gradient(samples):
        return WORKED.backward(theta, WORKED.forward(theta, X[:, samples]), Y[:, samples], "binary_cross_entropy").gradient

    assert gradient([0, 1, 2]) == pytest.approx(np.mean([gradient([i]) for i in range(3)], axis=0))


# ------------------------------------------------------------------------------------------------------------- differences


@pytest.mark.parametrize(("output", "loss"), FITTING)
def test_gradient_is_the_slope_for_every_output_and_loss_that_fit(output, loss):
    cost, theta = smooth_cost(Network((2, 4, 3), ("tanh", output)), loss, X, targets(loss))
    assert relative_error(cost.gradient(theta), slopes(cost.value, theta)) < 1e-6


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_gradient_is_the_slope_for_every_hidden_activation_and_loss(hidden, loss):
    cost, theta = smooth_cost(Network((2, 4, 3, 3), (hidden, hidden, fitting_outputs(loss)[0])), loss, X, targets(loss))
    assert relative_error(cost.gradient(theta), slopes(cost.value, theta)) < 1e-6


def test_a_typed_formula_learns_like_any_other():
    cost, theta = smooth_cost(Network((2, 4, 1), ("=sin(z) + z^2/4", "identity")), "half_squared_error", X, targets("huber", k=1))
    assert relative_error(cost.gradient(theta), slopes(cost.value, theta)) < 1e-6


@pytest.mark.parametrize("hidden", ["tanh", "softmax", "softplus"])
def test_input_jacobian_is_the_slope_and_the_product_of_the_layers(hidden):
    network = Network((2, 4, 5, 3), (hidden, hidden, "softmax"))
    theta = network.initialize("normal", batch=2)
    J = network.input_jacobian(theta, X)
    assert J.shape == (2, 3, 3, 2)
    for j, unit in enumerate(np.eye(2)):
        step = 1e-6 * unit[:, None]
        expected = (network.predict(theta, X + step) - network.predict(theta, X - step)) / 2e-6
        assert J[..., j] == pytest.approx(expected.swapaxes(-1, -2), abs=1e-8)
    first, second, third = network.layer_jacobians(theta, X)
    assert third @ second @ first == pytest.approx(J, abs=1e-14)


# ------------------------------------------------------------------------------------------------------------------ batches


@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    batch=st.lists(st.integers(1, 3), max_size=2),
    m=st.integers(1, 4),
    names=st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=3, max_size=3),
    own_samples=st.booleans(),
)
def test_a_batch_gives_what_each_network_gives(sizes, batch, m, names, own_samples):
    network, rng, batch = Network(sizes, names[: len(sizes) - 1]), np.random.default_rng(0), tuple(batch)
    theta, own = network.initialize("normal", batch=batch), batch if own_samples else ()
    X, Y = rng.normal(size=(*own, sizes[0], m)), rng.normal(size=(*own, sizes[-1], m))
    forward = network.forward(theta, X)
    backward = network.backward(theta, forward, Y, "half_squared_error")
    J = network.input_jacobian(theta, X)
    assert forward.output.shape == (*batch, sizes[-1], m)
    assert backward.gradient.shape == theta.shape
    assert J.shape == (*batch, m, sizes[-1], sizes[0])
    for run in np.ndindex(batch):
        x, y = (X[run], Y[run]) if own_samples else (X, Y)
        one = network.forward(theta[run], x)
        assert forward.output[run] == pytest.approx(one.output, rel=1e-12, abs=1e-12)
        assert backward.gradient[run] == pytest.approx(
            network.backward(theta[run], one, y, "half_squared_error").gradient, rel=1e-9, abs=1e-11
        )
        assert J[run] == pytest.approx(network.input_jacobian(theta[run], x), rel=1e-9, abs=1e-12)


def test_one_theta_may_meet_many_sets_of_samples():
    network, many = Network((2, 3, 1)), np.random.default_rng(9).normal(size=(5, 2, 4))
    theta = network.initialize()
    backward = network.backward(theta, network.forward(theta, many), np.zeros((1, 4)), "huber")
    assert backward.gradient.shape == (5, network.parameter_count)
    assert backward.gradient[3] == pytest.approx(
        network.backward(theta, network.forward(theta, many[3]), np.zeros((1, 4)), "huber").gradient
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e3, 1e200])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "mish", "softmax"])
def test_overflow_is_a_result_and_no_warning(hidden, scale):
    network = Network((2, 3, 3, 1), (hidden, hidden, "sigmoid"))
    theta = scale * np.ones(network.parameter_count)
    forward = network.forward(theta, [[1e200], [-1.0]])
    assert network.backward(theta, forward, [[1.0]], "binary_cross_entropy").gradient.shape == theta.shape


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("output", "loss", "Y"), [("sigmoid", "binary_cross_entropy", [[0.0]]), ("softmax", "cross_entropy", [[0.0], [1.0]])]
)
def test_a_saturated_output_that_is_wrong_still_learns(output, loss, Y):
    network = Network((1, len(Y)), output)
    theta = network.pack([([[1000.0], [-1000.0]][: len(Y)], np.zeros(len(Y)))])
    backward = network.backward(theta, network.forward(theta, [[1.0]]), Y, loss)
    assert backward.gradient[0] == 1.0


# -------------------------------------------------------------------------------------------------------------- parameters


def test_layers_are_views():
    network = Network((2, 3, 1))
    theta = network.initialize("zeros", batch=(4,))
    network.unpack(theta)[1].W[2, 0, 1] = 7.0
    assert theta[2, network.parameter_index(2, "W", 0, 1)] == 7.0
    assert all(np.shares_memory(part, theta) for layer in network.unpack(theta) for part in layer)


@given(sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4), batch=st.lists(st.integers(1, 3), max_size=2))
def test_pack_is_the_inverse_of_unpack(sizes, batch):
    network = Network(sizes)
    theta = network.initialize("normal", batch=batch)
    layers = network.unpack(theta)
    assert (network.pack(layers) == theta).all()
    assert [layer.W.shape[-2:] for layer in layers] == list(network.shapes)
    assert sum(k * n + k for k, n in network.shapes) == network.parameter_count == theta.shape[-1]


def test_pack_shares_a_layer_among_runs():
    network = Network((2, 1, 1))
    theta = network.pack([Layer(np.ones((5, 1, 2)), np.zeros((5, 1, 1))), ([[3.0]], [4.0])])
    assert theta.shape == (5, 5)
    assert theta[4].tolist() == [1, 1, 0, 3, 4]


@given(sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4))
def test_every_parameter_has_a_name_and_the_name_finds_it(sizes):
    network = Network(sizes)
    theta = np.arange(network.parameter_count)
    layers = network.unpack(theta)
    for index in theta:
        layer, kind, row, column = name = network.parameter_name(index)
        assert network.parameter_index(*name) == index
        assert getattr(layers[layer - 1], kind)[row, column] == index


# ------------------------------------------------------------------------------------------------------------- as an object


def test_networks_compare_by_value():
    network = Network((2, 3, 1), ("tanh", "sigmoid"))
    assert network == Network([2, np.int64(3), 1], [ACTIVATIONS["tanh"], "sigmoid"]) == pickle.loads(pickle.dumps(network))
    assert hash(network) == hash(Network((2, 3, 1), ["tanh", "sigmoid"]))
    assert network != Network((2, 3, 1), "tanh")
    assert Network((2, 3, 1), "=z^2") == pickle.loads(pickle.dumps(Network((2, 3, 1), "=z^2")))


def test_a_network_cannot_be_changed_but_replaced():
    network = Network((2, 3, 1))
    with pytest.raises(FrozenInstanceError):
        network.sizes = (1, 1)
    assert replace(network, sizes=(2, 4, 1)) == Network((2, 4, 1))


def test_a_network_names_its_activations():
    assert Network((2, 3, 1), ("relu", "sigmoid")).activations == ("relu", "sigmoid")
    assert Network((2, 3, 1), "relu").layer_activations == (ACTIVATIONS["relu"],) * 2


# ---------------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(("sizes", "message"), [
    ((2, -1, 1), "sizes holds -1"), ((2, 0), "sizes holds 0"), ((2, 2.5), "sizes holds 2.5"), ((True, 2), "sizes holds True"),
    ((2,), "at least 2"), ((), "at least 2"), (5, "sequence"), ("2-1", "sizes holds '2'"),
    (None, "sequence"), ((2, None), "sizes holds None"),
])  # fmt: skip
def test_sizes_that_cannot_be_are_named(sizes, message):
    with pytest.raises(ValueError, match=message):
        Network(sizes)


@pytest.mark.parametrize(("activations", "message"), [
    ("thanh", "did you mean 'tanh'"), (("tanh", "than"), "did you mean 'tanh'"), (("tanh",), "1 activations were given"),
    (["tanh"] * 50, "50 activations"),
    (5, "one name"), (("tanh", 5), "activation is a int"), ("=z*(", "formula|bracket|end"), ((), "0 activations"),
])  # fmt: skip
def test_activations_that_cannot_be_are_named(activations, message):
    with pytest.raises(ValueError, match=message) as refused:
        Network((2, 3, 1), activations)
    assert 11 <= len(str(refused.value)) < 600


@pytest.mark.parametrize(("theta", "samples", "message"), [
    ((13,), (5, 10), r"W is \(3, 2\) and X is \(5, 10\)"), ((13,), (2,), r"X is \(2,\)"), ((12,), (2, 4), r"theta is \(12,\)"),
    ((), (2, 4), r"theta is \(\)"),
    ((4, 13), (3, 2, 4), r"theta is \(4, 13\) and X is \(3, 2, 4\)"),
])  # fmt: skip
def test_shapes_that_do_not_fit_are_told(theta, samples, message):
    with pytest.raises(ValueError, match=message):
        Network((2, 3, 1)).forward(np.zeros(theta), np.zeros(samples))


def test_targets_that_do_not_fit_are_told():
    network = Network((2, 3, 1))
    theta = network.initialize()
    with pytest.raises(ValueError, match=r"predictions are \(1, 3\) and targets are \(2, 3\)"):
        network.backward(theta, network.forward(theta, X), np.zeros((2, 3)), "huber")


@pytest.mark.parametrize(
    "layers", [[([[1.0]], [1.0])], [([[1.0, 2.0]] * 3, [0, 0]), ([[1, 2, 3]], [0])], [([[1.0] * 3] * 2, [0, 0]), ([[1, 2, 3]], [0])]]
)
def test_layers_that_do_not_fit_are_told(layers):
    with pytest.raises(ValueError, match=r"it needs W|give"):
        Network((2, 3, 1)).pack(layers)


@pytest.mark.parametrize("place", [(0, "W", 0, 0), (3, "W", 0, 0), (1, "c", 0, 0), (1, "W", 3, 0), (1, "b", 0, 1), (1, "W", -1, 0)])
def test_a_parameter_that_is_not_there_is_told(place):
    with pytest.raises(ValueError, match=r"there is no|it has no"):
        Network((2, 3, 1)).parameter_index(*place)


@pytest.mark.parametrize("index", [-1, 13])
def test_an_index_past_the_parameters_is_told(index):
    with pytest.raises(ValueError, match="there is no parameter"):
        Network((2, 3, 1)).parameter_name(index)


def test_the_input_has_neither_sum_nor_delta():
    network = Network((2, 3, 1))
    theta = network.initialize()
    forward = network.forward(theta, X)
    backward = network.backward(theta, forward, np.zeros((1, 3)), "huber")
    assert forward.Z[0] is None
    assert backward.delta[0] is None
    for nothing in (lambda: forward.z(0), lambda: backward.d(0)):
        with pytest.raises(ValueError, match="layer 0 is the input"):
            nothing()


@pytest.mark.parametrize("wrong", ["a", [["a", "b"]], [[1.0, 2.0], [3.0]], None, {"x": 1}])
def test_what_is_no_array_of_numbers_is_named(wrong):
    network = Network((2, 3, 1), "tanh")
    theta = network.initialize()
    for make, name in ((lambda: network.forward(wrong, np.ones((2, 4))), "theta"), (lambda: network.forward(theta, wrong), "X")):
        with pytest.raises(ValueError, match=f"{name} is .*needs numbers"):
            make()
