"""The check finds what is right and what is wrong; a step's prediction holds for small rates and breaks where the curvature says."""

import numpy as np
import pytest

from nnviz.core.gradient_check import affordable, checked_parameters, gradient_check, step_study
from nnviz.core.gradient_depth import gradient_by_depth, layer_norms
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost


def data(n=3, k=2, m=20, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, m)), np.eye(k)[rng.integers(0, k, m)].T


def cost_of(hidden="tanh", m=20, **penalties):
    X, Y = data(m=m)
    return NetworkCost(Network((3, 6, 5, 2), (hidden, hidden, "softmax")), "cross_entropy", X, Y, **penalties)


def last(chunks):
    *_, found = chunks
    return found


def test_a_smooth_gradient_agrees_to_rounding(elementwise):
    cost = cost_of(elementwise.name)
    theta = cost.network.initialize("glorot_normal", seed=1)
    found = last(gradient_check(cost, theta)).without_kinks()
    assert found.relative_error < 1e-8
    assert found.difference.max() < 1e-8


def test_the_numerical_side_is_the_plain_loop():
    cost, h = cost_of(l2=0.1), 1e-4
    theta = cost.network.initialize(seed=2)
    found = last(gradient_check(cost, theta, h))
    for i in (0, 17, cost.dimension - 1):
        e = h * np.eye(cost.dimension)[i]
        assert found.numerical[i] == pytest.approx((cost.value(theta + e) - cost.value(theta - e)) / (2 * h), rel=1e-9)
    assert found.analytic == pytest.approx(cost.gradient(theta))


def test_a_wrong_gradient_is_found_and_named(monkeypatch):
    cost = cost_of()
    theta = cost.network.initialize(seed=0)
    right = NetworkCost.value_and_gradient

    def wrong(self, theta):
        value, gradient = right(self, theta)
        gradient[13] += 1e-3
        return value, gradient

    monkeypatch.setattr(NetworkCost, "value_and_gradient", wrong)
    found = last(gradient_check(cost, theta))
    assert found.worst == 13
    assert found.difference[13] == pytest.approx(1e-3, rel=1e-4)
    assert found.relative_error > 1e-5


def test_kinks_within_the_step_are_counted():
    network = Network((1, 1, 1), ("relu", "identity"))
    cost = NetworkCost(network, "half_squared_error", [[1.0, 1.0, -1.0]], [[0.0, 0.0, 0.0]])
    theta = network.pack([([[0.01]], [0.0]), ([[1.0]], [0.3])])
    # w and b of the neuron move z = 0.01 past 0 for the two samples at x = 1; w and b also lift the third, z = −0.01.
    near, far = last(gradient_check(cost, theta, 0.1)), last(gradient_check(cost, theta, 1e-4))
    assert near.crossings.tolist() == [3, 3, 0, 0]
    assert near.kinked == 2
    assert far.kinked == 0
    assert near.without_kinks().index.tolist() == [2, 3]
    assert near.difference[0] > 1e-3 > 1e-8 > far.difference.max()


def test_a_residual_on_another_side_of_the_losses_kink_counts():
    network = Network((1, 1), "identity")
    cost = NetworkCost(network, "absolute_error", [[1.0]], [[0.0]])
    assert last(gradient_check(cost, [0.05, 0.0], 0.1)).crossings.tolist() == [1, 1]
    assert last(gradient_check(cost, [0.05, 0.0], 0.01)).crossings.tolist() == [0, 0]


def test_too_small_a_step_is_rounding_and_too_large_a_one_truncation():
    cost = cost_of()
    theta = cost.network.initialize(seed=0)
    errors = {h: last(gradient_check(cost, theta, h)).relative_error for h in (1e-10, 1e-5, 1e-1)}
    assert errors[1e-5] < 1e-8
    assert errors[1e-10] > 1e3 * errors[1e-5]
    assert errors[1e-1] > 1e3 * errors[1e-5]
    tiny = last(gradient_check(cost, theta, 1e-10))
    assert tiny.difference.max() < 20 * tiny.rounding


def test_chunks_grow_to_the_whole_and_change_nothing(monkeypatch):
    cost = cost_of()
    theta = cost.network.initialize(seed=0)
    whole = last(gradient_check(cost, theta))
    monkeypatch.setattr("nnviz.core.gradient_check.CHUNK_WORK", 3e5)
    parts = list(gradient_check(cost, theta))
    assert len(parts) > 5
    assert [len(part.index) for part in parts] == sorted(len(part.index) for part in parts)
    assert parts[-1].numerical == pytest.approx(whole.numerical, rel=1e-6, abs=1e-10)
    assert len(parts[0].index) < parts[0].total == cost.dimension


def test_overflow_is_the_worst_and_no_warning():
    cost = cost_of("identity")
    found = last(gradient_check(cost, np.full(cost.dimension, 1e200)))
    assert found.difference[found.worst] == np.inf


def test_what_is_too_much_is_drawn_evenly_and_the_same_each_time():
    cost = cost_of(m=400)
    assert affordable(cost, 1, 1e12).samples == 256
    assert checked_parameters(cost).tolist() == list(range(cost.dimension))
    wide = NetworkCost(Network((3, 40, 2), "tanh"), "half_squared_error", *data())
    some = checked_parameters(wide, work=1.0)
    assert len(some) == 100 < wide.dimension
    assert np.all(np.diff(some) > 0)
    assert some.tolist() == checked_parameters(wide, work=1.0).tolist()


@pytest.mark.parametrize(
    ("step", "index", "match"), [(0.0, None, "h is 0"), (np.inf, None, "finite"), (1e-5, [-1], "places"), (1e-5, [], "places")]
)
def test_bad_requests_are_refused(step, index, match):
    cost = cost_of()
    with pytest.raises(ValueError, match=match):
        next(gradient_check(cost, cost.network.initialize(), step, index))


def test_a_batch_of_networks_is_not_checked_at_once():
    cost = cost_of()
    with pytest.raises(ValueError, match="one network is checked"):
        next(gradient_check(cost, cost.network.initialize(batch=2)))


def test_the_prediction_holds_for_small_rates_and_the_second_order_longer():
    cost = cost_of()
    study = step_study(cost, cost.network.initialize(seed=0), np.geomspace(1e-4, 1e-1, 31))
    assert study.kept[0] == pytest.approx(1, abs=1e-3)
    first, second = np.abs(study.after - study.predicted), np.abs(study.after - study.second_order)
    assert np.all(second[10:] < 0.2 * first[10:])
    # Errors of first order shrink with η², of second order with η³.
    assert first[30] / first[20] == pytest.approx(100, rel=0.3)
    assert second[30] / second[20] == pytest.approx(1000, rel=0.3)


def test_the_prediction_breaks_where_the_curvature_says():
    network = Network((1, 1), "identity")
    cost = NetworkCost(network, "half_squared_error", [[1.0, -2.0]], [[0.5, 1.0]])
    study = step_study(cost, [1.0, 0.3], np.geomspace(1e-3, 10, 4001))
    assert study.breaks_at == pytest.approx(study.expected_break, rel=5e-3)
    assert study.rises_at == pytest.approx(10 * study.expected_break, rel=5e-3)


def test_a_batch_of_points_steps_as_each_alone():
    cost, rates = cost_of(), np.geomspace(1e-3, 10, 17)
    theta = cost.network.initialize(seed=0, batch=(2, 3))
    study, alone = step_study(cost, theta, rates), step_study(cost, theta[1, 2], rates)
    assert study.after.shape == (2, 3, 17)
    assert study.after[1, 2] == pytest.approx(alone.after)
    assert study.breaks_at[1, 2] == alone.breaks_at


@pytest.mark.parametrize("rates", [[], [0.0, 1.0], [1.0, 0.5], [np.nan]])
def test_rates_need_to_ascend_from_above_zero(rates):
    cost = cost_of()
    with pytest.raises(ValueError, match="ascending"):
        step_study(cost, cost.network.initialize(), rates)


def test_sigmoids_vanish_with_depth():
    X, Y = data()
    cost = NetworkCost(Network((3, 2), "softmax"), "cross_entropy", X, Y)
    vanishing = gradient_by_depth(cost, (2, 8, 16), 8, "sigmoid", "glorot_uniform")
    assert [norms.shape for norms in vanishing.norms] == [(4, 3), (4, 9), (4, 17)]
    first = [median[0] for median in vanishing.medians]
    assert first[0] > 1e3 * first[1] > 1e6 * first[2]
    assert vanishing.factors[-1] < 0.3
    assert np.isnan(vanishing.factors[0])


def test_small_linear_weights_lose_the_gradient_of_every_layer_alike():
    X, Y = data()
    cost = NetworkCost(Network((3, 2), "softmax"), "cross_entropy", X, Y)
    study = gradient_by_depth(cost, (8, 16), 8, "identity", "orthogonal", scale=0.1)
    # What δ loses on its way back, A has lost on its way there: their product is the same in every layer.
    assert study.factors == pytest.approx([1, 1], rel=1e-3)
    assert study.medians[1][0] / study.medians[0][0] == pytest.approx(1e-8, rel=0.5)


def test_layer_norms_are_those_of_the_matrices():
    network = Network((2, 3, 1))
    gradient = np.arange(2.0 * network.parameter_count).reshape(2, -1)
    norms = layer_norms(network, gradient)
    assert norms[1] == pytest.approx([np.linalg.norm(layer.W) for layer in network.unpack(gradient[1])])


@pytest.mark.parametrize(("depths", "more"), [((), {}), ((0,), {}), ((51,), {}), ((2,), {"runs": 0}), ((2,), {"scale": np.inf})])
def test_depths_out_of_bounds_are_refused(depths, more):
    X, Y = data()
    cost = NetworkCost(Network((3, 2), "softmax"), "cross_entropy", X, Y)
    with pytest.raises(ValueError, match="at least"):
        gradient_by_depth(cost, depths, 4, "tanh", "he_normal", **more)
