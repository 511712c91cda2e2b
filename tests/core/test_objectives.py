"""What an objective promises: its derivatives are those of its value, for any batch, and its curvature is exact."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core import hessian as second
from nnviz.core.activations import ACTIVATIONS
from nnviz.core.losses import LOSSES, fitting_outputs
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Objective, Quadratic
from tests.core.differences import relative_error, slopes, smooth_cost, targets_of

FITTING = [(output, loss) for loss in LOSSES for output in fitting_outputs(loss)]
TORCH_CASES = {"bits": "binary_cross_entropy", "classes": "cross_entropy", "numbers": "half_squared_error", "squares": "half_squared_error"}
X = np.random.default_rng(11).normal(size=(2, 6))


def targets(loss, k=3, m=6):
    """Targets for the samples above."""
    return targets_of(loss, k, m)


def a_cost(loss="cross_entropy", hidden="tanh", **penalties):
    return smooth_cost(Network((2, 4, 5, 3), (hidden, hidden, fitting_outputs(loss)[0])), loss, X, targets(loss), **penalties)


# ---------------------------------------------------------------------------------------------------------- the network's cost


def test_the_cost_is_the_mean_of_the_losses():
    cost, theta = a_cost()
    assert cost.losses(theta).shape == (6,)
    assert cost.value(theta) == pytest.approx(cost.losses(theta).mean())


def test_a_cost_keeps_the_samples_it_was_given():
    """It is hashed by them: what the caller does to the array later changes nothing."""
    given = X.copy()
    cost = NetworkCost(Network((2, 1), "identity"), "half_squared_error", given, np.ones((1, 6)))
    theta = np.ones(3)
    before = cost.value(theta)
    given += 1.0
    assert cost.value(theta) == before
    assert cost == NetworkCost(Network((2, 1), "identity"), "half_squared_error", X, np.ones((1, 6)))


def test_penalties_count_weights_and_no_bias():
    network = Network((1, 1), "identity")
    theta = network.pack([([[-3.0]], [5.0])])
    cost = NetworkCost(network, "half_squared_error", [[0.0]], [[5.0]], l2=0.1, l1=0.2)
    assert cost.value(theta) == pytest.approx(0.5 * 0.1 * 9 + 0.2 * 3)
    assert cost.gradient(theta) == pytest.approx([0.1 * -3 - 0.2, 0.0])
    assert cost.hessian_vector_product(theta, [1.0, 1.0]) == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize("penalties", [{"l2": 0.3}, {"l1": 0.3}, {"l2": 0.1, "l1": 0.2}])
def test_gradient_with_penalties_is_the_slope(penalties):
    cost, theta = a_cost(**penalties)
    assert relative_error(cost.gradient(theta), slopes(cost.value, theta)) < 1e-6


def test_value_and_gradient_are_value_and_gradient():
    cost, theta = a_cost(l2=0.1)
    value, gradient = cost.value_and_gradient(theta)
    assert value == cost.value(theta)
    assert (gradient == cost.gradient(theta)).all()


@pytest.mark.parametrize(
    ("samples", "kept"),
    [([0, 3], [0, 3]), (slice(1, 4), [1, 2, 3]), (2, [2]), ((0, 3), [0, 3]), (range(2), [0, 1]), (np.arange(6) > 3, [4, 5]), ([-1], [5])],
)
def test_the_cost_on_some_samples_is_the_mean_of_those(samples, kept):
    cost, theta = a_cost()
    assert cost.on(samples).value(theta) == pytest.approx(cost.losses(theta)[kept].mean())


def test_the_gradient_of_mini_batches_is_that_of_all_on_average():
    cost, theta = a_cost(l2=0.1)
    parts = [cost.on([i, i + 1]).gradient(theta) for i in (0, 2, 4)]
    assert np.mean(parts, axis=0) == pytest.approx(cost.gradient(theta))


def test_the_cost_of_a_saturated_network_is_exact():
    cost = NetworkCost(Network((1, 1), "sigmoid"), "binary_cross_entropy", [[1000.0, -1000.0]], [[0.0, 0.0]])
    assert cost.value([1.0, 0.0]) == 500.0
    assert cost.gradient([1.0, 0.0]).tolist() == [500.0, 0.5]


@pytest.mark.filterwarnings("error")
def test_overflow_is_a_result_and_no_warning():
    cost = NetworkCost(Network((1, 3, 1), ("relu", "identity")), "half_squared_error", [[1e200]], [[0.0]], l2=1.0, l1=1.0)
    theta = np.full(cost.dimension, 1e200)
    assert cost.value(theta) == np.inf
    for result in (cost.gradient(theta), cost.hessian_vector_product(theta, theta), cost.hessian(theta), cost.gauss_newton(theta)):
        assert not np.isfinite(result).all()


# --------------------------------------------------------------------------------------------------------------- its curvature


@pytest.mark.parametrize(("output", "loss"), FITTING)
def test_hessian_vector_product_is_the_slope_of_the_gradient(output, loss):
    cost, theta = smooth_cost(Network((2, 4, 3), ("tanh", output)), loss, X, targets(loss), l2=0.1, l1=0.1)
    v = np.random.default_rng(1).normal(size=theta.shape)
    expected = (cost.gradient(theta + 1e-5 * v) - cost.gradient(theta - 1e-5 * v)) / 2e-5
    assert relative_error(cost.hessian_vector_product(theta, v), expected) < 1e-6


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_hessian_vector_product_passes_through_every_hidden_activation(hidden):
    cost, theta = a_cost(hidden=hidden)
    v = np.random.default_rng(1).normal(size=theta.shape)
    expected = (cost.gradient(theta + 1e-5 * v) - cost.gradient(theta - 1e-5 * v)) / 2e-5
    assert relative_error(cost.hessian_vector_product(theta, v), expected) < 1e-6


@pytest.mark.parametrize("name", TORCH_CASES)
def test_the_hessian_is_pytorchs(torch_network, name):
    kept = {part: torch_network[f"network/{name}/{part}"] for part in ("sizes", "activations", "theta", "Y", "cost", "gradient", "hessian")}
    cost = NetworkCost(Network(kept["sizes"], [str(f) for f in kept["activations"]]), TORCH_CASES[name], torch_network["X"], kept["Y"])
    assert cost.value(kept["theta"]) == pytest.approx(kept["cost"], rel=1e-12)
    assert cost.gradient(kept["theta"]) == pytest.approx(kept["gradient"], rel=1e-11, abs=1e-15)
    assert cost.hessian(kept["theta"]) == pytest.approx(kept["hessian"], rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ["tanh", "relu", "mish", "softmax"])
def test_the_hessian_holds_its_products(hidden, loss):
    cost, theta = a_cost(loss, hidden, l2=0.1)
    products = cost.hessian_vector_product(theta, np.eye(cost.dimension))
    H = cost.hessian(theta)
    assert pytest.approx(products, rel=1e-10, abs=1e-13) == H
    assert abs(H - H.T).max() < 1e-12


@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    batch=st.lists(st.integers(1, 3), max_size=2),
    m=st.integers(1, 5),
    hidden=st.sampled_from(["tanh", "softplus", "softmax"]),
    loss=st.sampled_from(["half_squared_error", "cross_entropy"]),
    own_samples=st.booleans(),
)
def test_a_batch_of_points_gives_what_each_gives(sizes, batch, m, hidden, loss, own_samples):
    batch, rng = tuple(batch), np.random.default_rng(0)
    network = Network(sizes, [hidden] * (len(sizes) - 2) + [fitting_outputs(loss)[0]])
    own = batch if own_samples else ()
    X, Y = rng.normal(size=(*own, sizes[0], m)), rng.dirichlet(np.ones(sizes[-1]), (*own, m)).swapaxes(-1, -2)
    cost, theta = NetworkCost(network, loss, X, Y, l2=0.1), network.initialize("normal", batch=batch)
    v = rng.normal(size=theta.shape)
    value, gradient = cost.value_and_gradient(theta)
    product, H, G = cost.hessian_vector_product(theta, v), cost.hessian(theta), cost.gauss_newton(theta)
    assert value.shape == batch
    assert H.shape == G.shape == (*theta.shape, theta.shape[-1])
    for run in np.ndindex(batch):
        one = NetworkCost(network, loss, X[run], Y[run], l2=0.1) if own_samples else cost
        assert value[run] == pytest.approx(one.value(theta[run]))
        assert gradient[run] == pytest.approx(one.gradient(theta[run]), abs=1e-12)
        assert product[run] == pytest.approx(one.hessian_vector_product(theta[run], v[run]), abs=1e-11)
        assert H[run] == pytest.approx(one.hessian(theta[run]), abs=1e-11)
        assert G[run] == pytest.approx(one.gauss_newton(theta[run]), abs=1e-11)


def test_one_point_may_meet_many_directions_and_many_points_one():
    cost, theta = a_cost()
    many = np.random.default_rng(2).normal(size=(4, theta.size))
    assert cost.hessian_vector_product(theta, many)[2] == pytest.approx(cost.hessian_vector_product(theta, many[2]))
    assert cost.hessian_vector_product(many, theta)[2] == pytest.approx(cost.hessian_vector_product(many[2], theta))


def test_chunks_of_samples_and_directions_do_not_change_the_matrix(monkeypatch):
    for hidden in ("tanh", "softmax"):
        cost, theta = a_cost(hidden=hidden)
        whole = cost.hessian(theta), cost.gauss_newton(theta)
        with monkeypatch.context() as patch:
            patch.setattr(second, "CACHE_BYTES", 1)
            patch.setattr(second, "CHUNK_BYTES", 600)
            assert second.chunk_count(cost.network, 1, cost.samples) > 1
            assert cost.hessian(theta) == pytest.approx(whole[0], abs=1e-13)
            assert cost.gauss_newton(theta) == pytest.approx(whole[1], abs=1e-13)


@pytest.mark.parametrize("hidden", ["tanh", "softmax"])
@pytest.mark.parametrize("question", ["hessian", "gauss_newton"])
def test_a_matrix_that_cannot_be_held_is_refused_at_once(hidden, question):
    network = Network((2, 6000, 1), (hidden, "identity"))
    cost = NetworkCost(network, "huber", X, np.zeros((1, 6)))
    with pytest.raises(ValueError, match="use products with vectors"):
        getattr(cost, question)(network.initialize())


# ---------------------------------------------------------------------------------------------------------------- Gauss–Newton


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ["tanh", "softmax"])
def test_gauss_newton_is_the_outer_product_of_jacobians(hidden, loss):
    cost, theta = a_cost(loss, hidden)
    network, h = cost.network, 1e-6 * np.eye(cost.dimension)
    logits = cost.loss.from_logits is not None

    def outcome(parameters):
        forward = network.forward(parameters, X)
        return forward.logits if logits else forward.output

    J = (outcome(theta + h) - outcome(theta - h)) / 2e-6  # (P, k, m)
    if logits:
        a = network.predict(theta, X).T
        C = a[:, :, None] * np.eye(3) - a[:, :, None] * a[:, None, :] if loss == "cross_entropy" else (a * (1 - a))[:, :, None] * np.eye(3)
    else:
        C = cost.loss.second_derivative(network.predict(theta, X), cost.Y).T[:, :, None] * np.eye(3)
    expected = np.einsum("pim,mij,qjm->pq", J, C, J) / cost.samples
    assert cost.gauss_newton(theta) == pytest.approx(expected, abs=1e-7)
    assert cost.gauss_newton_product(theta, np.eye(cost.dimension)) == pytest.approx(cost.gauss_newton(theta), abs=1e-13)


@pytest.mark.parametrize("loss", LOSSES)
def test_gauss_newton_never_bends_down(loss):
    cost, theta = a_cost(loss)
    assert np.linalg.eigvalsh(cost.gauss_newton(theta)).min() > -1e-12


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy", "half_squared_error"])
def test_gauss_newton_is_the_hessian_where_the_network_is_linear(loss):
    network = Network((2, 3), fitting_outputs(loss)[0])
    cost = NetworkCost(network, loss, X, targets(loss), l2=0.1)
    theta = network.initialize("normal")
    assert cost.gauss_newton(theta) == pytest.approx(cost.hessian(theta), abs=1e-14)


# ------------------------------------------------------------------------------------------------------------------- quadratic


BOWL = Quadratic([[3.0, 1.0], [0.0, 2.0]], b=[1.0, -1.0])


def test_a_quadratic_is_its_formula_of_the_symmetric_part():
    theta = np.array([0.3, -0.7])
    A = np.array([[3.0, 0.5], [0.5, 2.0]])
    assert BOWL.value(theta) == pytest.approx(0.5 * theta @ A @ theta - theta @ [1, -1])
    assert BOWL.gradient(theta) == pytest.approx(A @ theta - [1, -1])
    assert (BOWL.hessian(theta) == A).all()


def test_a_quadratics_derivatives_are_its_slopes():
    theta, v = np.array([0.3, -0.7]), np.array([2.0, 5.0])
    assert BOWL.gradient(theta) == pytest.approx(slopes(BOWL.value, theta))
    assert BOWL.hessian_vector_product(theta, v) == pytest.approx((BOWL.gradient(theta + v) - BOWL.gradient(theta - v)) / 2)


def test_a_quadratic_has_no_slope_at_its_minimum():
    assert BOWL.gradient(BOWL.minimum) == pytest.approx([0, 0], abs=1e-14)
    assert Quadratic(np.zeros((2, 2))).minimum.tolist() == [0, 0]


def test_a_quadratic_takes_batches():
    theta = np.random.default_rng(0).normal(size=(4, 3, 2))
    value, gradient = BOWL.value_and_gradient(theta)
    assert value[2, 1] == pytest.approx(BOWL.value(theta[2, 1]))
    assert gradient[2, 1] == pytest.approx(BOWL.gradient(theta[2, 1]))
    assert BOWL.hessian(theta).shape == (4, 3, 2, 2)
    assert BOWL.hessian_vector_product(theta, [1.0, 0.0]).shape == theta.shape


@pytest.mark.parametrize(
    ("A", "b"), [([1.0, 2.0], 0), ([[1.0, 2.0]], 0), (np.zeros((0, 0)), 0), (np.eye(2), [1.0]), (np.eye(2), np.eye(2))]
)
def test_a_quadratic_that_cannot_be_is_refused(A, b):
    with pytest.raises(ValueError, match="A is"):
        Quadratic(A, b)


# ------------------------------------------------------------------------------------------------------------------ as objects


@pytest.fixture(params=["cost", "quadratic"])
def objective(request):
    return a_cost()[0] if request.param == "cost" else BOWL


def test_both_are_objectives(objective):
    assert isinstance(objective, Objective)
    assert objective.dimension == objective.gradient(np.zeros(objective.dimension)).size


def test_objectives_survive_pickling(objective):
    again = pickle.loads(pickle.dumps(objective))
    assert again == objective
    assert hash(again) == hash(objective)


@pytest.mark.parametrize("bad", [0.0, np.zeros(3), np.zeros((2, 3))])
@pytest.mark.parametrize("question", ["value", "gradient", "value_and_gradient", "hessian"])
def test_a_theta_of_the_wrong_size_is_told(objective, question, bad):
    with pytest.raises(ValueError, match="theta is"):
        getattr(objective, question)(bad)


def test_objectives_compare_by_their_numbers():
    network, Y = Network((2, 1), "sigmoid"), np.array([[0.0, 1, 0, 1, 0, 1]])
    cost = NetworkCost(network, "binary_cross_entropy", X, Y)
    assert cost == NetworkCost(network, LOSSES["binary_cross_entropy"], X.copy(), Y.copy(), l2=0)
    assert hash(cost) == hash(NetworkCost(network, "binary_cross_entropy", X, Y.tolist()))
    others = (
        NetworkCost(network, "huber", X, Y),
        NetworkCost(network, cost.loss, X, Y, l2=0.1),
        cost.on([0, 1]),
        NetworkCost(network, cost.loss, X, 1 - Y),
    )
    assert all(cost != other and hash(cost) != hash(other) for other in others)
    assert Quadratic(np.eye(2)) == Quadratic(np.eye(2), b=[0, -0.0])
    assert hash(Quadratic(np.eye(2))) == hash(Quadratic(np.eye(2), b=[0, -0.0]))
    assert Quadratic(np.eye(2)) != Quadratic(np.eye(3)) != cost


def test_samples_cannot_be_changed_through_a_cost():
    cost, _ = a_cost()
    with pytest.raises(ValueError, match="read-only"):
        cost.X[0, 0] = 1.0


NET = Network((2, 3, 1), ("tanh", "sigmoid"))


@pytest.mark.parametrize(("X", "Y", "message"), [
    (np.zeros((5, 10)), np.zeros((1, 10)), r"W is \(3, 2\) and X is \(5, 10\)"),
    (np.zeros((2, 10)), np.zeros((2, 10)), r"X is \(2, 10\) and Y is \(2, 10\): Y needs 1 rows"),
    (np.zeros((2, 10)), np.zeros((1, 9)), "a column for each of the 10 samples"), (np.zeros((2, 10)), np.zeros(10), "Y needs"),
    (np.zeros((2, 0)), np.zeros((1, 0)), "at least 1 sample"), (np.full((2, 1), np.nan), np.zeros((1, 1)), "X .* holds nan"),
    (np.zeros((2, 1)), np.full((1, 1), np.inf), "Y .* holds inf"), (np.zeros((2, 1)), np.full((1, 1), 2.0), "Y holds 2"),
    (np.zeros((4, 2, 3)), np.zeros((5, 1, 3)), "leading batch dimensions"),
])  # fmt: skip
def test_samples_that_do_not_fit_are_told(X, Y, message):
    with pytest.raises(ValueError, match=message) as refused:
        NetworkCost(NET, "binary_cross_entropy", X, Y)
    assert 11 <= len(str(refused.value)) < 600


@pytest.mark.parametrize("penalty", [{"l2": -1.0}, {"l1": -0.1}, {"l2": np.nan}, {"l1": np.inf}])
def test_a_penalty_that_cannot_be_is_told(penalty):
    with pytest.raises(ValueError, match="a penalty needs"):
        NetworkCost(NET, "huber", np.zeros((2, 1)), np.zeros((1, 1)), **penalty)


@pytest.mark.parametrize("samples", [[0, 6], 6, None, "a", 0.5, [[0, 1]], [[0], [1, 2]], [True, False], slice("a", None)])
def test_samples_that_are_not_there_are_told(samples):
    with pytest.raises(ValueError, match="the cost has 6"):
        a_cost()[0].on(samples)


def test_no_samples_at_all_are_told():
    with pytest.raises(ValueError, match="at least 1 sample"):
        a_cost()[0].on([])


@pytest.mark.parametrize("wrong", ["a", -1.0, np.nan, np.inf, None])
def test_a_penalty_that_is_no_number_of_0_or_more_is_refused(wrong):
    with pytest.raises(ValueError, match=r"l2 is .*penalty needs to be"):
        NetworkCost(Network((1, 1)), "half_squared_error", [[0.0]], [[0.0]], l2=wrong)
