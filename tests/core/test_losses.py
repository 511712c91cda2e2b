"""What a loss promises; parametrised over the registry, so that a new one is tested by being named."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnviz.core.activations import ACTIVATIONS, softmax
from nnviz.core.losses import LOSSES, fits, fitting_losses, fitting_outputs, get_loss, huber, usual_pair

FUSED = [loss for loss in LOSSES.values() if loss.from_logits]
EXTREMES = [-1.7e308, -1000.0, -40.0, 0.0, 40.0, 1000.0, 1.7e308]


@pytest.fixture(params=FUSED, ids=lambda loss: loss.name)
def fused(request):
    return request.param


def case(loss, shape=(3, 5), seed=0):
    """Logits, the activations of the loss's own output, and targets in its domain."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=shape)
    y = softmax(rng.normal(size=shape)) if loss.from_logits else rng.normal(size=shape)
    return z, ACTIVATIONS[fitting_outputs(loss)[0]](z), y


# ------------------------------------------------------------------------------------------------------ values and derivatives


def test_a_prediction_of_0_8_for_a_target_of_1():
    cost = {name: loss.values([[0.8], [0.2]], [[1.0], [0.0]]).item() for name, loss in LOSSES.items()}
    assert cost == pytest.approx(
        {
            "half_squared_error": 0.04,
            "binary_cross_entropy": -2 * np.log(0.8),
            "cross_entropy": -np.log(0.8),
            "huber": 0.04,
            "absolute_error": 0.4,
        }
    )


def test_derivative_is_the_slope(loss):
    _, a, y = case(loss)
    for i in range(3):
        step = np.zeros((3, 1))
        step[i] = 1e-6
        expected = (loss.values(a + step, y) - loss.values(a - step, y)) / 2e-6
        assert loss.derivative(a, y)[i] == pytest.approx(expected, rel=1e-7, abs=1e-8)


def test_second_derivative_is_the_slope_of_the_derivative(loss):
    _, a, y = case(loss)
    expected = (loss.derivative(a + 1e-6, y) - loss.derivative(a - 1e-6, y)) / 2e-6
    assert loss.second_derivative(a, y) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", ["half_squared_error", "binary_cross_entropy", "cross_entropy", "huber", "huber(0.5)", "absolute_error"])
def test_values_and_slopes_are_pytorchs(torch_network, name):
    a, y, value, slope = (torch_network[f"loss/{name}/{part}"] for part in ("a", "y", "value", "slope"))
    assert get_loss(name).values(a, y) == pytest.approx(value, rel=1e-12)
    assert get_loss(name).derivative(a, y) == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize(("name", "case"), [("binary_cross_entropy",) * 2, ("cross_entropy",) * 2, ("cross_entropy", "one_hot")])
def test_losses_from_logits_are_pytorchs(torch_network, name, case):
    z, y, value, slope = (torch_network[f"loss/logits/{case}/{part}"] for part in ("a", "y", "value", "slope"))
    assert LOSSES[name].values_from_logits(z, y) == pytest.approx(value, rel=1e-12)
    assert LOSSES[name].derivative_from_logits(z, y) == pytest.approx(slope, rel=1e-12, abs=1e-15)


def test_a_batch_gives_what_each_gives(loss):
    _, a, y = case(loss, shape=(2, 4, 3, 5))
    assert loss.values(a, y)[1, 2] == pytest.approx(loss.values(a[1, 2], y[1, 2]))
    assert loss.values(a, y[0, 0])[1, 2] == pytest.approx(loss.values(a[1, 2], y[0, 0]))
    assert loss.derivative(a, y)[1, 2] == pytest.approx(loss.derivative(a[1, 2], y[1, 2]))
    assert loss.values(a[0, 0, :, 0], y[0, 0, :, 0]) == pytest.approx(loss.values(a[0, 0], y[0, 0])[0])


def test_a_perfect_prediction_of_hard_labels_is_free(loss):
    y = np.eye(3)
    assert (loss.values(y, y) == 0).all()
    assert np.isfinite(loss.derivative(y, y)).all()


# ---------------------------------------------------------------------------------------------------------------- from logits


def test_from_logits_agrees_with_from_activations(fused):
    z, a, y = case(fused)
    assert fused.values_from_logits(z, y) == pytest.approx(fused.values(a, y), rel=1e-12)
    assert fused.derivative_from_logits(z, y) == pytest.approx(a - y, abs=1e-15)


def test_cross_entropy_keeps_its_digits_where_the_prediction_is_nearly_right():
    told = LOSSES["cross_entropy"].values_from_logits(np.array([[30.0, 40.0, 1000.0], [0.0, 0.0, 0.0]]), np.array([[1.0], [0.0]]))
    assert told == pytest.approx(np.log1p(np.exp([-30.0, -40.0, -1000.0])), rel=1e-14, abs=0)


def test_the_derivative_from_logits_is_the_chain_rule(fused):
    z, a, y = case(fused)
    chain = ACTIVATIONS[fused.from_logits.activation].vjp(z, a, fused.derivative(a, y))
    assert fused.derivative_from_logits(z, y) == pytest.approx(chain, abs=1e-14)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("z", "y", "value", "slope"), [(1000, 1, 0, 0), (1000, 0, 1000, 1), (-1000, 1, 1000, -1), (-1000, 0, 0, 0)])
def test_binary_cross_entropy_is_exact_at_a_thousand(z, y, value, slope):
    loss = LOSSES["binary_cross_entropy"]
    assert loss.values_from_logits([[z]], [[y]]).item() == value
    assert loss.derivative_from_logits([[z]], [[y]]).item() == slope


@pytest.mark.filterwarnings("error")
def test_cross_entropy_is_exact_at_a_thousand():
    z = np.array([[1000.0, 1000.0], [-1000.0, -1000.0], [1000.0, 0.0]])
    y = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    assert LOSSES["cross_entropy"].values_from_logits(z, y) == pytest.approx([2000 + np.log(2), 0], rel=1e-15)
    assert LOSSES["cross_entropy"].derivative_from_logits(z, y).tolist() == [[0.5, 0.0], [-1.0, 0.0], [0.5, 0.0]]


@pytest.mark.filterwarnings("error")
@given(z=arrays(float, (3, 2), elements=st.floats(-1e307, 1e307) | st.sampled_from(EXTREMES[1:-1])))
def test_any_finite_logit_costs_a_finite_number(z):
    y = np.eye(3)[:, :2]
    for loss in FUSED:
        values = loss.values_from_logits(z, y)
        assert np.isfinite(values).all()
        assert (values >= 0).all()
        assert (np.abs(loss.derivative_from_logits(z, y)) <= 1).all()


def test_nearly_right_predictions_keep_their_relative_precision():
    loss, z = LOSSES["binary_cross_entropy"], np.array([[30.0, 50.0]])
    assert loss.values_from_logits(z, np.ones((1, 2))) == pytest.approx(np.exp(-z[0]), rel=1e-12)
    assert loss.derivative_from_logits(z, np.ones((1, 2)))[0] == pytest.approx(-np.exp(-z[0]), rel=1e-12)


@pytest.mark.parametrize("name", ["half_squared_error", "huber", "absolute_error"])
def test_other_losses_are_not_told_from_logits(name):
    for function in (LOSSES[name].values_from_logits, LOSSES[name].derivative_from_logits):
        with pytest.raises(ValueError, match="not told from logits"):
            function([[0.0]], [[1.0]])


# --------------------------------------------------------------------------------------------------------------------- Huber


@pytest.mark.parametrize("delta", [0.1, 1.0, 3.0])
def test_huber_is_squared_within_delta_and_straight_beyond(delta):
    r = np.linspace(-5, 5, 101)[None]
    expected = np.where(np.abs(r) <= delta, r**2 / 2, delta * (np.abs(r) - delta / 2))[0]
    assert huber(delta).values(r, np.zeros((1, 1))) == pytest.approx(expected)


def test_a_huge_delta_is_the_squared_error_and_a_tiny_one_the_absolute():
    _, a, y = case(huber())
    assert huber(1e6).values(a, y) == pytest.approx(LOSSES["half_squared_error"].values(a, y))
    assert huber(1e-9).values(a, y) / 1e-9 == pytest.approx(LOSSES["absolute_error"].values(a, y))


def test_huber_compares_by_its_delta_and_is_known_by_its_name():
    assert huber(0.3) == huber(0.3) == get_loss("huber(0.3)") == pickle.loads(pickle.dumps(huber(0.3)))
    assert huber(0.3) != huber(0.4)
    assert huber() == LOSSES["huber"] == get_loss("huber(1)")


@pytest.mark.parametrize("delta", [0, -1, float("inf"), float("nan")])
def test_a_delta_that_is_not_positive_is_refused(delta):
    with pytest.raises(ValueError, match="positive, finite"):
        huber(delta)


# ------------------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(("name", "y"), [
    ("binary_cross_entropy", [[1.5], [0.0]]), ("binary_cross_entropy", [[-0.1], [0.0]]), ("cross_entropy", [[-0.5], [1.5]]),
    ("cross_entropy", [[0.5], [0.2]]), ("cross_entropy", [[1.0], [1.0]]),
])  # fmt: skip
def test_targets_outside_the_domain_are_refused(name, y):
    a = np.full((2, 1), 0.5)
    for part in ("values", "derivative", "second_derivative", "values_from_logits", "derivative_from_logits"):
        with pytest.raises(ValueError, match=name) as refused:
            getattr(LOSSES[name], part)(a, y)
        assert 11 <= len(str(refused.value)) < 600


@pytest.mark.parametrize(("a", "y"), [((3, 4), (2, 4)), ((3, 4), (3, 5)), ((3, 4), (3,)), ((3,), (3, 4)), ((2, 3, 4), (5, 3, 4)), ((), ())])
def test_shapes_that_do_not_fit_are_named(loss, a, y):
    with pytest.raises(ValueError, match=r"predictions are \(.*targets are \("):
        loss.values(np.full(a, 0.5), np.full(y, 1 / 3))


def test_an_unknown_loss_is_answered_with_those_known():
    with pytest.raises(ValueError, match="did you mean 'cross_entropy'"):
        get_loss("crossentropy")


@pytest.mark.parametrize("delta", ["-1", "0", "nan", "1e999", "one", ""])
def test_a_delta_that_is_no_positive_number_is_refused_with_what_it_needs(delta):
    with pytest.raises(ValueError, match="no loss") as refused:
        get_loss(f"huber({delta})")
    assert "huber(0.5)" in str(refused.value)


# ---------------------------------------------------------------------------------------------------------- which output fits


def test_a_loss_and_its_outputs_agree(loss):
    assert fitting_outputs(loss)
    assert all(loss.name in fitting_losses(output) for output in fitting_outputs(loss))
    assert not any(loss.name in fitting_losses(output) for output in set(ACTIVATIONS) - set(fitting_outputs(loss)))


def test_a_typed_formula_fits_losses_of_any_number():
    assert fitting_losses("=z^3") == ("half_squared_error", "huber", "absolute_error")


@pytest.mark.parametrize(("task", "outputs"), [("regression", 2), ("classification", 1), ("classification", 3)])
def test_the_usual_pair_fits(task, outputs):
    output, loss = usual_pair(task, outputs)
    assert fits(output, loss)


def test_targets_decide_whether_a_loss_fits():
    assert fits("sigmoid", "binary_cross_entropy", [[0.0, 1.0]])
    assert not fits("sigmoid", "binary_cross_entropy", [[0.0, 2.0]])


def test_an_unknown_task_is_named():
    with pytest.raises(ValueError, match="classification or regression"):
        usual_pair("clustering", 2)
