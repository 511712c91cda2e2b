"""What an activation promises; parametrised over the registry, so that a new one is tested by being named."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnviz.core.activations import (
    ACTIVATIONS,
    activation_from_expression,
    get_activation,
    largest_slope,
    saturated,
    saturation_intervals,
    softmax,
    softmax_jacobian,
)

EXTREMES = np.array([-1.7e308, -1e308, -1000.0, -800.0, -40.0, 0.0, 40.0, 800.0, 1000.0, 1e308, 1.7e308])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
POINTS = np.linspace(-7, 7, 141) + 0.0123  # no kink among them


def difference(f, z, h=1e-5):
    return (f(z + h) - f(z - h)) / (2 * h)


# ------------------------------------------------------------------------------------------------- formulas and derivatives


def test_derivative_is_the_slope(elementwise):
    assert elementwise.derivative(POINTS) == pytest.approx(difference(elementwise, POINTS), abs=1e-9)


def test_second_derivative_is_the_slope_of_the_derivative(elementwise):
    assert elementwise.second_derivative(POINTS) == pytest.approx(difference(elementwise.derivative, POINTS), abs=1e-9)


def test_values_and_slopes_are_pytorchs(torch_network, elementwise):
    if elementwise.name == "identity":
        expected = torch_network["Z"], np.ones_like(torch_network["Z"])
    else:
        expected = tuple(torch_network[f"activation/{elementwise.name}/{part}"] for part in ("value", "slope"))
    assert elementwise(torch_network["Z"]) == pytest.approx(expected[0], rel=1e-12, abs=1e-14)
    # PyTorch keeps the slope 1/6 of its hardsigmoid in single precision.
    precision = 4e-8 if elementwise.name == "hardsigmoid" else 1e-12
    assert elementwise.derivative(torch_network["Z"]) == pytest.approx(expected[1], rel=precision, abs=1e-14)


def test_sigmoid_is_one_half_at_zero_and_its_slope_at_most_one_quarter():
    sigmoid = ACTIVATIONS["sigmoid"]
    assert float(sigmoid(0)) == 0.5
    assert largest_slope(sigmoid) == (0.0, 0.25)


def test_relu_has_no_slope_at_zero():
    assert float(ACTIVATIONS["relu"].derivative(0.0)) == 0.0


def test_saturated_slopes_keep_their_relative_precision():
    z = np.array([20.0, 40.0, 300.0])
    assert ACTIVATIONS["tanh"].derivative(z) == pytest.approx(4 * np.exp(-2 * z), rel=1e-12)
    assert ACTIVATIONS["sigmoid"].derivative(z) == pytest.approx(np.exp(-z), rel=1e-8)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("part", ["__call__", "derivative", "second_derivative"])
def test_extreme_inputs_give_finite_numbers_without_a_warning(elementwise, part):
    assert np.isfinite(getattr(elementwise, part)(EXTREMES)).all()


@given(z=arrays(float, array_shapes(max_dims=3), elements=FINITE))
def test_any_finite_input_keeps_its_shape_and_stays_in_range(z):
    for f in ACTIVATIONS.values():
        if f.elementwise:
            low, high = f.range
            a = f(z)
            assert a.shape == f.derivative(z).shape == f.second_derivative(z).shape == z.shape
            assert (a >= low - 1e-8).all(), f.name
            assert (a <= high).all(), f.name


def test_range_is_reached(elementwise):
    a = elementwise(np.concatenate([EXTREMES, np.linspace(-5, 5, 200_001)]))
    low, high = elementwise.range
    assert a.max() == pytest.approx(high, abs=1e-2) if np.isfinite(high) else a.max() > 1e300
    assert a.min() == pytest.approx(low, abs=1e-8) if np.isfinite(low) else a.min() < -1e300


def test_what_is_computed_is_a_new_array(activation):
    z = np.ones((3, 2))
    activation(z)[...] = 7.0
    assert (z == 1).all()


# -------------------------------------------------------------------------------------------------------------- softmax


def test_softmax_is_pytorchs(torch_network):
    a = softmax(torch_network["LOGITS"])
    assert a == pytest.approx(torch_network["activation/softmax/value"], rel=1e-13)
    assert softmax_jacobian(a) == pytest.approx(torch_network["activation/softmax/jacobian"], abs=1e-14)


@given(arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 4)), elements=FINITE))
def test_softmax_sums_to_one(z):
    assert softmax(z).sum(axis=-2) == pytest.approx(np.ones((z.shape[0], z.shape[2])))


def test_softmax_is_unchanged_by_a_shift_of_its_logits():
    z = np.random.default_rng(0).normal(size=(4, 6))
    assert softmax(z + 1e6) == pytest.approx(softmax(z), abs=1e-9)


def test_softmax_of_extreme_logits_is_exact():
    assert softmax([1000.0, 1000.0, -1000.0]).tolist() == [0.5, 0.5, 0.0]
    assert softmax([1.7e308, -1.7e308]).tolist() == [1.0, 0.0]


def test_a_high_temperature_levels_and_a_low_one_sharpens():
    z = np.array([1.0, 2.0, 3.0])
    assert softmax(z, 1e9) == pytest.approx([1 / 3] * 3)
    assert softmax(z, 1e-3).tolist() == [0.0, 0.0, 1.0]
    assert softmax(z, 2.0) == pytest.approx(softmax(z / 2))


def test_softmax_jacobian_is_the_slope():
    z, h = np.random.default_rng(1).normal(size=4), 1e-6
    columns = [(softmax(z + h * unit) - softmax(z - h * unit)) / (2 * h) for unit in np.eye(4)]
    assert softmax_jacobian(softmax(z)) == pytest.approx(np.stack(columns, axis=1), abs=1e-9)


def test_a_batch_of_softmax_jacobians_is_one_for_each_sample():
    a = softmax(np.random.default_rng(2).normal(size=(2, 3, 5)))
    J = softmax_jacobian(a)
    assert J.shape == (2, 5, 3, 3)
    assert J[1, 4] == pytest.approx(softmax_jacobian(a[1, :, 4]))


@pytest.mark.parametrize("part", ["derivative", "second_derivative"])
def test_softmax_has_no_elementwise_derivative_and_says_what_to_use(part):
    with pytest.raises(ValueError, match="softmax_jacobian"):
        getattr(ACTIVATIONS["softmax"], part)(np.zeros((2, 1)))


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    with pytest.raises(ValueError, match="above 0"):
        softmax([1.0, 2.0], temperature)


@pytest.mark.parametrize("function", [softmax, softmax_jacobian])
def test_softmax_of_a_single_number_is_refused(function):
    with pytest.raises(ValueError, match=r"all units, \(k,\)"):
        function(1.0)


# --------------------------------------------------------------------------------- the three products of a network


def directions(seed=3, shape=(2, 4, 5)):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) + 0.0371 for _ in range(4)]


def test_jvp_is_the_derivative_along_a_direction(activation):
    z, z_dot, _, _ = directions()
    expected = (activation(z + 1e-6 * z_dot) - activation(z - 1e-6 * z_dot)) / 2e-6
    assert activation.jvp(z, activation(z), z_dot) == pytest.approx(expected, abs=1e-8)


def test_vjp_is_the_adjoint_of_jvp(activation):
    z, z_dot, g, _ = directions()
    a = activation(z)
    assert np.sum(g * activation.jvp(z, a, z_dot), axis=-2) == pytest.approx(np.sum(z_dot * activation.vjp(z, a, g), axis=-2))


def test_vjp_tangent_is_the_derivative_of_vjp(activation):
    z, z_dot, g, g_dot = directions()

    def vjp(step):
        moved = z + step * z_dot
        return activation.vjp(moved, activation(moved), g + step * g_dot)

    found = activation.vjp_tangent(z, activation(z), z_dot, g, g_dot)
    assert found == pytest.approx((vjp(1e-6) - vjp(-1e-6)) / 2e-6, abs=1e-8)


# ------------------------------------------------------------------------------------------------------ what a table tells


def test_odd_functions_are_zero_centred():
    centred = {name for name, f in ACTIVATIONS.items() if f.zero_centered}
    assert centred == {"identity", "tanh", "hardtanh", "softsign"}


def test_no_slope_is_larger_than_the_largest(elementwise):
    z, largest = largest_slope(elementwise)
    assert float(abs(elementwise.derivative(z))) == pytest.approx(largest, rel=1e-12)
    assert (np.abs(elementwise.derivative(np.linspace(-20, 20, 99_991))) <= largest * (1 + 1e-9)).all()


def test_a_unit_is_saturated_exactly_inside_the_intervals(elementwise):
    intervals = saturation_intervals(elementwise)
    z = np.linspace(-59.9, 59.9, 9_974)
    inside = np.zeros(z.size, dtype=bool)
    for low, high in intervals:
        inside |= (z > low) & (z < high)
    assert (saturated(elementwise, z) == inside).all()


def test_a_typed_function_ends_where_it_has_no_slope():
    assert saturation_intervals(get_activation("=0.0001*sqrt(z + 3)")) == ((-3.0, np.inf),)
    assert largest_slope(get_activation("=log(z)")) == (0.0, np.inf)


def test_sigmoid_saturates_where_its_slope_falls_below_the_threshold():
    (_, low), (high, _) = saturation_intervals(ACTIVATIONS["sigmoid"], threshold=0.1)
    edge = np.log((1 + np.sqrt(0.6)) / (1 - np.sqrt(0.6)))  # s(1 − s) = 0.1
    assert (low, high) == pytest.approx((-edge, edge), abs=1e-7)


def test_a_softmax_output_is_saturated_near_zero_and_one():
    assert saturated(ACTIVATIONS["softmax"], np.array([[9.0], [0.0], [0.0]])).tolist() == [[True], [True], [True]]
    assert not saturated(ACTIVATIONS["softmax"], np.zeros((3, 1))).any()


def test_formulas_are_latex_in_z(activation):
    assert "z" in activation.formula
    assert activation.derivative_formula.count("{") == activation.derivative_formula.count("}") > -1
    assert activation.formula.count("{") == activation.formula.count("}")


# ----------------------------------------------------------------------------------------------------- names and formulas


def test_an_activation_is_known_by_its_name_and_by_itself(activation):
    assert get_activation(activation.name) is activation is get_activation(activation)


def test_an_activation_survives_pickling_and_copying(activation):
    assert pickle.loads(pickle.dumps(activation)) is activation is copy.deepcopy(activation)


def test_a_typed_formula_is_an_activation_like_any_other():
    f, silu = get_activation("=z*sigmoid(z)"), ACTIVATIONS["silu"]
    for part in ("__call__", "derivative", "second_derivative"):
        assert getattr(f, part)(POINTS) == pytest.approx(getattr(silu, part)(POINTS), abs=1e-13)
    assert f.elementwise
    assert "z" in f.derivative_formula


def test_typed_formulas_are_equal_where_their_text_is():
    first = activation_from_expression(" z^3 ")
    assert first == get_activation("=z^3") == pickle.loads(pickle.dumps(first))
    assert hash(first) == hash(get_activation("=z^3"))
    assert first != get_activation("=z^2")


@pytest.mark.parametrize("text", ["__import__('os')", "z**z**z**9**9**9**9", "1/0", "z*(", "", "y", "z" * 10_000])
def test_a_formula_that_cannot_be_read_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        get_activation(f"={text}")
    assert 11 <= len(str(refused.value)) < 600


@pytest.mark.parametrize("name", ["than", "Softmax", "x" * 2000, ""])
def test_an_unknown_name_is_answered_with_those_known(name):
    with pytest.raises(ValueError, match="sigmoid, tanh, relu") as refused:
        get_activation(name)
    assert len(str(refused.value)) < 600


def test_a_close_name_is_suggested():
    with pytest.raises(ValueError, match="did you mean 'tanh'"):
        get_activation("thanh")


@pytest.mark.parametrize("other", [None, 3, np.tanh])
def test_what_is_neither_name_nor_activation_is_refused(other):
    with pytest.raises(ValueError, match="give a name"):
        get_activation(other)
