"""Back-propagation through time against central differences, PyTorch's stored numbers, and the theory of vanishing and exploding."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.losses import LOSSES
from nnviz.core.objectives import Objective
from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork

REFERENCE = np.load(Path(__file__).parents[1] / "references" / "recurrent.npz")
BLOCKS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
ELEMENTWISE = [name for name, f in ACTIVATIONS.items() if f.elementwise]
random = np.random.default_rng(0)


def golden(activation, loss="half_squared_error", truncation=None):
    network = RecurrentNetwork(2, 5, 3, activation)
    theta = network.pack({name: REFERENCE[f"{activation}/{name}"] for name in BLOCKS})
    return RecurrentCost(network, loss, REFERENCE[f"{activation}/X"], REFERENCE[f"{activation}/Y"], truncation), theta


def some_cost(activation="tanh", loss="half_squared_error", steps=7, samples=3, truncation=None):
    rng = np.random.default_rng(1)
    network = RecurrentNetwork(2, 4, 2, activation)
    Y = rng.dirichlet(np.ones(2), size=(steps, samples)).transpose(0, 2, 1)
    Y = np.where(rng.random((steps, 1, samples)) < 0.3, np.nan, Y)
    return RecurrentCost(network, loss, rng.normal(size=(steps, 2, samples)), Y, truncation)


def differences(function, theta, step=1e-5):
    shifts = step * np.eye(theta.size)
    return (function(theta + shifts) - function(theta - shifts)) / (2 * step)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_outputs_are_pytorchs(activation):
    cost, theta = golden(activation)
    assert cost.network.forward(theta, cost.X).output == pytest.approx(REFERENCE[f"{activation}/output"], abs=1e-12)


@pytest.mark.parametrize(("way", "truncation"), [("whole", None), ("cut", 4)])
@pytest.mark.parametrize("loss", ["half_squared_error", "cross_entropy"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_cost_and_gradient_are_pytorchs(activation, loss, way, truncation):
    cost, theta = golden(activation, loss, truncation)
    case = f"{activation}/{loss}/{way}"
    value, gradient = cost.value_and_gradient(theta)
    assert value == pytest.approx(float(REFERENCE[f"{case}/C"]), rel=1e-12)
    assert gradient == pytest.approx(cost.network.pack({name: REFERENCE[f"{case}/{name}"] for name in BLOCKS}), abs=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_norms_are_those_of_pytorchs_jacobians(activation):
    cost, theta = golden(activation)
    assert cost.jacobian_norms(theta) == pytest.approx(REFERENCE[f"{activation}/pairs"], rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ELEMENTWISE)
def test_gradient_is_the_central_difference(activation, loss):
    cost = some_cost(activation, loss)
    theta = cost.network.initialize(seed=2)
    expected, gradient = differences(cost.value, theta), cost.gradient(theta)
    assert np.linalg.norm(gradient - expected) < 1e-6 * np.linalg.norm(expected)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "gelu", "identity"])
def test_hessian_is_the_slope_of_the_gradient_and_symmetric(activation, loss):
    cost = some_cost(activation, loss)
    theta = cost.network.initialize(seed=2)
    hessian = cost.hessian(theta)
    assert hessian == pytest.approx(differences(cost.gradient, theta), abs=1e-8)
    assert hessian == pytest.approx(hessian.T, abs=1e-14)
    v = random.normal(size=theta.size)
    assert cost.hessian_vector_product(theta, v) == pytest.approx(hessian @ v, abs=1e-12)


def test_a_hessian_in_many_blocks_is_the_same(monkeypatch):
    cost = some_cost()
    theta = cost.network.initialize(seed=2, batch=(2,))
    whole = cost.hessian(theta)
    monkeypatch.setattr("nnviz.core.recurrent.CHUNK", 1)
    assert cost.hessian(theta) == pytest.approx(whole, abs=1e-15)
    assert whole[1] == pytest.approx(cost.hessian(theta[1]), abs=1e-15)


def test_contributions_of_the_steps_sum_to_the_gradient():
    cost = some_cost()
    theta = cost.network.initialize(seed=3, batch=(2,))
    back = cost.backward(theta)
    gradient = cost.network.unpack(back.gradient)
    assert back.contributions["W_hh"].shape == (7, 2, 4, 4)
    for name in BLOCKS:
        assert back.contributions[name].sum(axis=0) == pytest.approx(gradient[name], abs=1e-15)


def test_the_contribution_of_a_step_is_its_delta_times_the_state_before():
    cost = some_cost()
    back = cost.backward(cost.network.initialize(seed=3))
    assert back.contributions.W_hh[4] == pytest.approx(back.delta[4] @ back.unrolled.h[4].T)
    assert not back.contributions.W_hh[0].any()


def test_a_batch_of_parameters_gives_what_each_gives():
    cost = some_cost()
    theta = cost.network.initialize(seed=4, batch=(2, 3))
    value, gradient = cost.value_and_gradient(theta)
    assert value.shape == (2, 3)
    assert value[1, 2] == pytest.approx(float(cost.value(theta[1, 2])))
    assert gradient[1, 2] == pytest.approx(cost.gradient(theta[1, 2]), abs=1e-15)
    assert cost.jacobian_norms(theta)[1, 2] == pytest.approx(cost.jacobian_norms(theta[1, 2]))


def test_the_cost_is_the_mean_over_steps_and_samples_with_a_target():
    network = RecurrentNetwork(1, 2, 1)
    X, Y = random.normal(size=(3, 1, 2)), np.full((3, 1, 2), np.nan)
    Y[2, 0, 0], Y[1, 0, 1] = 1.0, -1.0
    theta = network.initialize(seed=0)
    y = network.forward(theta, X).output
    expected = 0.5 * ((y[2, 0, 0] - 1) ** 2 + (y[1, 0, 1] + 1) ** 2) / 2
    assert float(RecurrentCost(network, "half_squared_error", X, Y).value(theta)) == pytest.approx(expected)


def test_some_of_the_samples_are_a_cost_of_their_own():
    cost = some_cost()
    theta = cost.network.initialize(seed=0)
    alone = RecurrentCost(cost.network, cost.loss, cost.X[:, :, [0, 2]], cost.Y[:, :, [0, 2]])
    assert cost.on([0, 2]).value(theta) == pytest.approx(float(alone.value(theta)))
    assert cost.on(0) == cost.on((0,)) == cost.on(slice(0, 1)) == cost.on(np.arange(cost.X.shape[-1]) == 0)


@pytest.mark.parametrize("samples", [99, [99], None, "a", 0.5, [[0, 1]]])
def test_samples_that_are_not_there_are_told(samples):
    cost = some_cost()
    with pytest.raises(ValueError, match=f"the cost has {cost.X.shape[-1]}, counted from 0"):
        cost.on(samples)


def test_no_samples_at_all_are_told():
    with pytest.raises(ValueError, match="at least one of each"):
        some_cost().on([])


def test_a_batch_is_any_whole_number_or_several():
    network = RecurrentNetwork(1, 3, 1)
    assert np.array_equal(network.initialize(batch=np.int64(3)), network.initialize(batch=(3,)))
    assert network.initialize(batch=[2, 3]).shape == (2, 3, network.parameter_count)


def test_truncation_longer_than_the_sequence_changes_nothing_and_of_one_step_sees_no_past():
    theta = some_cost().network.initialize(seed=5)
    assert some_cost(truncation=7).gradient(theta) == pytest.approx(some_cost().gradient(theta))
    back = some_cost(truncation=1).backward(theta)
    p = some_cost().network.unpack(theta)
    own = (1 - back.unrolled.h[1:] ** 2) * (p.W_hy.T @ back.output_delta)
    assert back.delta == pytest.approx(own)


def test_theta_is_the_blocks_row_by_row_and_unpacking_makes_no_copy():
    network = RecurrentNetwork(2, 3, 1)
    theta = np.arange(float(network.parameter_count))
    blocks = network.unpack(theta)
    assert list(blocks) == list(BLOCKS)
    assert np.concatenate([block.ravel() for block in blocks.values()]).tolist() == theta.tolist()
    assert all(np.shares_memory(block, theta) for block in blocks.values())
    assert np.array_equal(network.pack(blocks), theta)
    assert blocks.W_hh is blocks["W_hh"]


def test_initialisers_are_what_they_say():
    network = RecurrentNetwork(2, 6, 1)
    W = network.unpack(network.initialize("orthogonal", seed=1, batch=(4,))).W_hh
    assert np.swapaxes(W, -1, -2) @ W == pytest.approx(np.broadcast_to(np.eye(6), (4, 6, 6)), abs=1e-12)
    identity = network.unpack(network.initialize("identity", seed=1))
    assert np.array_equal(identity.W_hh, np.eye(6))
    assert np.array_equal(identity.W_xh, network.unpack(network.initialize(seed=1)).W_xh)
    assert network.initialize("orthogonal", seed=1, batch=(4,))[0] == pytest.approx(network.initialize("orthogonal", seed=1))
    assert not network.unpack(network.initialize()).b_h.any()
    assert network.unpack(network.initialize("torch_linear")).b_h.all()


def test_rescaling_gives_the_radius_and_leaves_the_rest():
    network = RecurrentNetwork(1, 8, 1)
    theta = network.initialize(seed=0, batch=(3,))
    scaled = network.rescale(theta, 1.3)
    assert network.spectral_radius(scaled) == pytest.approx([1.3] * 3)
    before, after = network.unpack(theta), network.unpack(scaled)
    assert all(np.array_equal(before[name], after[name]) for name in BLOCKS if name != "W_hh")


# ------------------------------------------------------------------------------------------------ vanishing, exploding and overflow


def linear_norms(radius, initializer="glorot_uniform", steps=60, activation="identity", seed=0):
    network = RecurrentNetwork(1, 8, 1, activation)
    theta = network.rescale(network.initialize(initializer, seed=seed), radius)
    X = np.random.default_rng(seed).normal(size=(steps, 1, 1))
    return network, theta, network.jacobian_norms(theta, X)


def test_norms_are_one_on_the_diagonal_and_zero_above():
    norms = linear_norms(0.9)[2]
    assert np.array_equal(np.diag(norms), np.ones(60))
    assert not np.triu(norms, 1).any()


def test_norms_are_the_largest_singular_values_of_the_product():
    network, theta, norms = linear_norms(1.2, activation="tanh", steps=12)
    X = np.random.default_rng(0).normal(size=(12, 1, 1))
    z, W = network.forward(theta, X).z, network.unpack(theta).W_hh
    product = np.eye(8)
    for t in range(3, 12):
        product = np.diag(1 - np.tanh(z[t, :, 0]) ** 2) @ W @ product
        assert norms[t, 2] == pytest.approx(np.linalg.norm(product, 2), rel=1e-12)


@pytest.mark.parametrize(("radius", "factor"), [(0.9, 0.9), (1.1, 1.1)])
def test_the_linear_case_goes_as_the_spectral_radius(radius, factor):
    norms = linear_norms(radius, steps=300)[2]
    assert (norms[299, 0] / norms[199, 0]) ** 0.01 == pytest.approx(factor, rel=1e-3)


def test_orthogonal_weights_at_radius_one_neither_vanish_nor_explode():
    norms = linear_norms(1.0, "orthogonal", steps=200)[2]
    assert norms[np.tril_indices(200)] == pytest.approx(1.0, abs=1e-10)


def test_tanh_vanishes_for_certain_where_the_largest_singular_value_is_below_one():
    network = RecurrentNetwork(1, 8, 1)
    theta = network.initialize("orthogonal", seed=0)
    network.unpack(theta).W_hh[...] *= 0.95
    norms = network.jacobian_norms(theta, random.normal(size=(60, 1, 1)))
    assert (norms[np.arange(1, 60), np.arange(59)] <= 0.95 + 1e-12).all()
    assert norms[59, 0] <= 0.95**59


@pytest.mark.parametrize("radius", [1.1, 1.5, 3.0])
def test_a_radius_above_one_is_not_enough_for_tanh_to_explode(radius):
    network = RecurrentNetwork(1, 8, 1)
    theta = network.initialize("normal", seed=0, batch=(40,))
    X = np.random.default_rng(0).normal(size=(61, 1, 1))
    norms = network.jacobian_norms(network.rescale(theta, radius), X, every=60)
    assert np.median(norms[:, 1, 0]) < 0.1


@pytest.mark.parametrize("activation", ["identity", "relu"])
@pytest.mark.parametrize("steps", [500, 1000])
def test_overflow_is_drawn_and_not_thrown(activation, steps):
    network = RecurrentNetwork(1, 8, 1, activation)
    theta = network.rescale(network.initialize("identity", seed=0), 3.0)
    network.unpack(theta).W_xh[...] = 1.0
    X = np.ones((steps, 1, 1))
    cost = RecurrentCost(network, "half_squared_error", X, np.ones((steps, 1, 1)))
    value, gradient = cost.value_and_gradient(theta)
    assert not np.isfinite(value)
    assert not np.isfinite(gradient).all()
    assert not np.isfinite(cost.hessian_vector_product(theta, np.ones(theta.size))).all()
    assert not np.isfinite(cost.backward(theta).contributions.W_hh).all()


def test_linear_norms_are_exact_up_to_the_largest_float_and_infinite_beyond():
    network = RecurrentNetwork(1, 8, 1, "identity")
    theta = network.rescale(network.initialize("orthogonal", seed=0), 3.0)
    norms = network.jacobian_norms(theta, np.ones((1000, 1, 1)), every=17)
    reach = np.arange(0, 1000, 17)[:, None] - np.arange(0, 1000, 17)
    with np.errstate(over="ignore"):
        expected = np.where(reach >= 0, 3.0 ** np.maximum(reach, 0), 0.0)
    assert np.array_equal(np.isinf(norms), reach >= 647)
    assert norms[np.isfinite(norms)] == pytest.approx(expected[np.isfinite(norms)], rel=1e-10)


@pytest.mark.parametrize("every", [2, 3, 7, 100])
def test_every_so_many_steps_are_those_of_all_steps(every):
    network, theta, norms = linear_norms(1.1, activation="tanh", steps=25)
    X = np.random.default_rng(0).normal(size=(25, 1, 1))
    assert network.jacobian_norms(theta, X, every) == pytest.approx(norms[::every, ::every])


def test_a_product_that_underflows_on_the_way_is_still_exact():
    norms = linear_norms(1e-3, "identity", steps=105)[2]
    assert norms[100, 0] == pytest.approx(1e-300, rel=1e-10)


def test_norms_of_a_state_that_is_no_number_are_infinite():
    network = RecurrentNetwork(1, 2, 1, "relu")
    theta = network.pack(
        {"W_xh": [[1.0], [1.0]], "W_hh": [[3.0, -3.0], [-3.0, 3.0]], "b_h": np.full((2, 1), 1e308), "W_hy": [[1.0, 1.0]], "b_y": [[0.0]]}
    )
    norms = network.jacobian_norms(theta, np.full((5, 1, 1), 1e308))
    assert not np.isnan(norms).any()
    assert np.isinf(norms[4, 0])


# ---------------------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "call",
    [
        lambda: RecurrentNetwork(0, 3, 1),
        lambda: RecurrentNetwork(1, 3.5, 1),
        lambda: RecurrentNetwork(1, 10**6, 1),
        lambda: RecurrentNetwork(1, 4096, 1),
        lambda: RecurrentNetwork(1, 3, 1, "softmax"),
        lambda: RecurrentNetwork(1, 3, 1, "tahn"),
        lambda: RecurrentNetwork(1, 3, 1).unpack(np.ones(5)),
        lambda: RecurrentNetwork(1, 3, 1).unpack(1.0),
        lambda: RecurrentNetwork(1, 3, 1).pack({"W_xh": np.ones((3, 1))}),
        lambda: RecurrentNetwork(1, 1, 1).pack(dict.fromkeys(BLOCKS, np.ones((2, 2)))),
        lambda: RecurrentNetwork(1, 3, 1).initialize("no such"),
        lambda: RecurrentNetwork(1, 3, 1).initialize(seed=-1),
        lambda: RecurrentNetwork(1, 3, 1).initialize(batch=(10**9,)),
        lambda: RecurrentNetwork(1, 3, 1).rescale(np.zeros(19), 1.0),
        lambda: RecurrentNetwork(1, 3, 1).rescale(np.ones(19), -1.0),
        lambda: RecurrentNetwork(1, 3, 1).rescale(np.full(19, np.nan), 1.0),
        lambda: RecurrentNetwork(1, 3, 1).jacobian_norms(np.ones(19), np.ones((5, 1, 1)), every=0),
        lambda: RecurrentNetwork(1, 3, 1).forward(np.ones(19), np.ones((5, 2, 1))),
        lambda: RecurrentNetwork(1, 3, 1).forward(np.ones(19), np.ones((5, 1))),
        lambda: RecurrentNetwork(1, 3, 1).forward(np.ones(19), np.ones((0, 1, 1))),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 1), "half_squared_error", np.ones((5, 1, 2)), np.ones((4, 1, 2))),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 1), "half_squared_error", np.full((5, 1, 2), np.nan), np.ones((5, 1, 2))),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 1), "half_squared_error", np.ones((5, 1, 2)), np.full((5, 1, 2), np.nan)),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 2), "half_squared_error", np.ones((1, 1, 1)), np.array([[[1.0], [np.nan]]])),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 1), "no such", np.ones((5, 1, 2)), np.ones((5, 1, 2))),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 1), "half_squared_error", np.ones((5, 1, 2)), np.full((5, 1, 2), np.inf)),
        lambda: RecurrentNetwork(1, 3, 1).initialize(batch=None),
        lambda: RecurrentNetwork(1, 3, 1).initialize(batch="a"),
        lambda: RecurrentNetwork(1, 3, 1).initialize(batch=-1),
        lambda: RecurrentNetwork(1, 3, 1).initialize(batch=2**28),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 1), "half_squared_error", np.ones((5, 1, 2)), np.ones((5, 1, 2)), truncation=0),
        lambda: RecurrentCost(RecurrentNetwork(1, 3, 1), "binary_cross_entropy", np.ones((5, 1, 2)), np.full((5, 1, 2), 3.0)).value(
            np.ones(19)
        ),
    ],
)
def test_bad_input_is_a_sentence(call):
    with pytest.raises(ValueError, match=r"need|give|choose|at most|up to|fill|set all|defined") as error:
        call()
    assert 11 <= len(str(error.value)) < 600


def test_a_block_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="W_xh"):
        RecurrentNetwork(1, 3, 1).unpack(np.ones(19)).W_xx  # noqa: B018


def test_costs_are_equal_where_their_numbers_are_and_are_objectives():
    assert some_cost() == some_cost()
    assert hash(some_cost()) == hash(some_cost())
    assert some_cost() != some_cost(truncation=3)
    assert some_cost() != some_cost(steps=6)
    assert isinstance(some_cost(), Objective)
    assert RecurrentNetwork(1, 2, 3, ACTIVATIONS["relu"]) == RecurrentNetwork(1, 2, 3, "relu")
