"""What a typed formula promises: it means what mathematics means by it, its derivatives are its slopes, and nothing else can be typed."""

import math
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from nnviz.core.derivation import FUNCTIONS
from nnviz.core.expressions import ACTIVATION_FUNCTIONS, SURFACE_FUNCTIONS, compile_expression
from nnviz.core.grammar import MAX_LENGTH, ExpressionError

POINTS = np.linspace(-1.9, 2.1, 37)


def of_z(text):
    return compile_expression(text, ("z",), ACTIVATION_FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z", lambda z: z),
        ("3", lambda z: 3 + 0 * z),
        ("-z**2", lambda z: -(z**2)),
        ("2**-z", lambda z: 2**-z),
        ("2^3^0.5*z", lambda z: 2 ** (3**0.5) * z),
        ("1 - 2 - z", lambda z: 1 - 2 - z),
        ("8/4/2*z", lambda z: z),
        ("- -z + +1", lambda z: z + 1),
        ("1.5e-1*z + .5", lambda z: 0.15 * z + 0.5),
        ("e**z + pi", lambda z: np.exp(z) + np.pi),
        ("z²".replace("²", "^2") + "·z − 1", lambda z: z**3 - 1),
        ("relu(z) + max(z, 1) - min(z, 1)", lambda z: np.maximum(z, 0) + np.maximum(z, 1) - np.minimum(z, 1)),
        ("log(z**2 + 1)*tanh(z) + sqrt(4)", lambda z: np.log(z**2 + 1) * np.tanh(z) + 2),
        ("0.5*z*(1 + tanh(sqrt(2/pi)*(z + 0.044715*z**3)))", lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))),
        ("1/(1 + exp(-z)) - sigmoid(z)", lambda z: 0 * z),
        ("erf(z) + sign(z) + abs(z)", lambda z: np.vectorize(math.erf)(z) + np.sign(z) + abs(z)),
        ("z^10/(1 + z^2)^3", lambda z: z**10 / (1 + z**2) ** 3),
        ("sin(z)^2 + cos(z)^2 + tan(z)", lambda z: 1 + np.tan(z)),
        ("z" + " + z" * 124, lambda z: 125 * z),
    ],
)
def test_a_formula_means_what_mathematics_means_by_it(text, expected):
    assert_allclose(of_z(text).value(POINTS), expected(POINTS), rtol=1e-12, atol=1e-13)


SMOOTH = (
    *(f"{name}(z/2 + 0.3)" for name in FUNCTIONS if len(FUNCTIONS[name].derivatives) == 1 and name in ACTIVATION_FUNCTIONS),
    "max(z^2, z + 1)",
)


@pytest.mark.parametrize(
    "text", [*SMOOTH, "min(sin(z), z^3)", "z**z + 3^z", "z^-2/(z - 7)^3", "exp(-z^2)*sigmoid(sin(3*z))", "sqrt(z^2 + 1)^3"]
)
def test_derivatives_are_slopes(text):
    f, h = of_z(text), 1e-5
    z = POINTS[POINTS > 0] if "log" in text or "sqrt(z/2" in text or "z**z" in text else POINTS
    away = np.abs(f.value(z + 3 * h) - 2 * f.value(z) + f.value(z - 3 * h)) < 1e-6  # from kinks and jumps, where there is no slope
    assert away.sum() > 0.9 * len(z)
    slope = (f.value(z + h) - f.value(z - h)) / (2 * h)
    bend = (f.gradient(z + h)[0] - f.gradient(z - h)[0]) / (2 * h)
    assert_allclose(f.gradient(z)[0][away], slope[away], rtol=1e-6, atol=1e-7)
    assert_allclose(f.hessian(z)[0][0][away], bend[away], rtol=1e-6, atol=1e-7)


def test_partial_derivatives_of_two_variables_are_slopes_and_symmetric():
    f, h = compile_expression("x^3*y - exp(x*y/4) + cos(x - 2*y)/(2 + y^2)", ("x", "y")), 1e-5
    x, y = np.random.default_rng(0).normal(size=(2, 50))
    dx, dy = f.gradient(x, y)
    assert_allclose(dx, (f.value(x + h, y) - f.value(x - h, y)) / (2 * h), rtol=1e-7, atol=1e-7)
    assert_allclose(dy, (f.value(x, y + h) - f.value(x, y - h)) / (2 * h), rtol=1e-7, atol=1e-7)
    (xx, xy), (yx, yy) = f.hessian(x, y)
    assert_allclose(xx, (f.gradient(x + h, y)[0] - f.gradient(x - h, y)[0]) / (2 * h), rtol=1e-7, atol=1e-7)
    assert_allclose(xy, (f.gradient(x, y + h)[0] - f.gradient(x, y - h)[0]) / (2 * h), rtol=1e-7, atol=1e-7)
    assert_allclose(yy, (f.gradient(x, y + h)[1] - f.gradient(x, y - h)[1]) / (2 * h), rtol=1e-7, atol=1e-7)
    assert np.array_equal(xy, yx)


@pytest.mark.parametrize(("text", "slope"), [("abs(z)", 0.0), ("relu(z)", 0.0), ("sqrt(z^2)", 0.0), ("sign(z)", 0.0), ("max(z, 0)", 0.0)])
def test_slope_at_a_kink_is_zero(text, slope):
    assert of_z(text).gradient(0.0)[0] == slope


@pytest.mark.parametrize("text", ["log(z)", "sqrt(z)", "z^0.5", "z*log(z)", "log(z)*0 + log(z)"])
def test_what_is_undefined_is_nan_with_its_derivatives_and_without_a_warning(text):
    f = of_z(text)
    for part in (f.value([-1.0, 2.0]), f.gradient([-1.0, 2.0])[0], f.hessian([-1.0, 2.0])[0][0]):
        assert np.isnan(part[0])
        assert np.isfinite(part[1])


def test_a_quotient_0_by_0_is_nan_and_1_by_0_infinite():
    assert np.isnan(of_z("sin(z)/z").value(0.0))
    assert of_z("1/z").value(0.0) == np.inf


def test_sigmoid_and_its_derivatives_are_exact_far_out():
    f = of_z("sigmoid(z)")
    assert_allclose(f.value([-1000.0, -40.0, 1000.0]), [0.0, math.exp(-40), 1.0], rtol=1e-12)
    assert_allclose(f.gradient([-1000.0, -40.0, 1000.0])[0], [0.0, math.exp(-40), 0.0], rtol=1e-12)


def test_shapes_broadcast_and_constants_fill_them():
    f = compile_expression("3", ("x", "y"))
    assert f.value(np.zeros((4, 1)), np.zeros(5)).shape == (4, 5)
    assert all(part.shape == (4, 5) and part.dtype == float for row in f.hessian(np.zeros((4, 1)), np.zeros(5)) for part in row)
    assert np.shape(f.value(1, 2)) == ()


def test_what_comes_back_is_never_the_input_itself():
    x = np.ones(3)
    f = compile_expression("x", ("x",))
    f.value(x)[:] = 7.0
    f.gradient(x)[0][:] = 7.0
    assert np.array_equal(x, np.ones(3))


def test_latex_is_that_of_value_and_derivatives():
    f = compile_expression("x^2*sin(y)^2 + sqrt(x)/2", ("x", "y"))
    assert f.latex == r"x^{2} \sin^{2}\left(y\right) + \frac{\sqrt{x}}{2}"
    assert f.derivative_latex[1] == r"2 x^{2} \sin\left(y\right) \cos\left(y\right)"
    assert len(f.second_derivative_latex) == 3


def test_an_expression_is_a_value_and_survives_pickling():
    f = of_z("z^2 + 1")
    assert f == of_z("z^2 + 1")
    assert f != of_z("z^2+1")
    again = pickle.loads(pickle.dumps(f))
    assert again == f
    assert hash(again) == hash(f)
    assert again.value(2.0) == 5.0


# ---------------------------------------------------------------------------------------------------------------- bad input

BAD = {
    "import": ("__import__('os')", 11),
    "call of a name": ("__import__(z)", 0),
    "attribute": ("z.real", 1),
    "index": ("z[0]", 1),
    "lambda": ("lambda: 0", 6),
    "statement": ("z; z", 1),
    "assignment": ("z = 1", 2),
    "comparison": ("z < 1", 2),
    "string": ("'z'", 0),
    "two lines": ("z +\n1", 3),
    "null byte": ("z\0", 1),
    "other digits": ("z*٣", 2),
    "other letters": ("ζ", 0),
    "tower": ("z**z**z**9", 1),
    "constant tower": ("9**9**9", 1),
    "hidden tower": ("9**(9**(9 + z - z))", 1),
    "power of a power": ("((9*z)**300)**300", 12),
    "grown by exp and log": ("exp(1000*log(9 + z - z))", 0),
    "large exponent": ("9**(z + 387420489)*9**(-z)", 1),
    "exponent of z": ("z**1e9", 1),
    "division by zero": ("1/0", 1),
    "by a zero in disguise": ("z/(2 - 1 - 1)", 1),
    "zero to minus one": ("0**-1", 1),
    "even root of -1": ("(-1)**0.5", 4),
    "sqrt of -1": ("sqrt(-1)", 0),
    "log of 0": ("z*log(0)", 2),
    "overflowing number": ("1e400", 0),
    "overflowing product": ("1e308*10", 5),
    "overflowing function": ("z + exp(1000)", 4),
    "too long": ("z" * 10_000, MAX_LENGTH),
    "one too long": ("z" + "+z" * 250, MAX_LENGTH),
    "deep brackets": ("(" * 200 + "z" + ")" * 200, 24),
    "deep signs": ("-" * 60 + "z", 24),
    "deep calls": ("sin(" * 60 + "z" + ")" * 60, 96),
    "long product": ("*".join(f"(z+{i})" for i in range(60)), None),
    "empty": ("", 0),
    "blank": ("   ", 0),
    "half": ("z +", 3),
    "two values": ("z z", 2),
    "2z": ("2z", 1),
    "unclosed": ("(z + 1", 6),
    "unopened": ("z)", 1),
    "empty brackets": ("sin()", 4),
    "no brackets": ("sin z", 0),
    "too many arguments": ("sin(z, z)", 0),
    "too few arguments": ("max(z)", 0),
    "unknown function": ("gamma(z)", 0),
    "unknown variable": ("x + 1", 0),
    "no operand": ("*z", 0),
    "two operators": ("z*/2", 2),
}


@pytest.mark.parametrize(("text", "position"), BAD.values(), ids=BAD)
def test_what_is_no_formula_gets_a_sentence_with_its_place_at_once(text, position):
    of_z("z")  # SymPy is imported
    began = time.perf_counter()
    with pytest.raises(ExpressionError, match=r"column \d+ of the formula, near '") as caught:
        of_z(text)
    assert time.perf_counter() - began < 1.0
    assert 11 <= len(str(caught.value)) <= 599
    assert f"column {caught.value.position + 1} " in str(caught.value)
    assert position is None or caught.value.position == position


@pytest.mark.parametrize("text", [None, 3, b"z", ["z"]])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(ValueError, match="a formula is a text"):
        of_z(text)


def test_only_the_functions_that_the_caller_names_are_known():
    with pytest.raises(ExpressionError, match="'sigmoid' is not known here; known are x, pi, e, sin"):
        compile_expression("sigmoid(x)", ("x",), SURFACE_FUNCTIONS)
    with pytest.raises(ValueError, match="unknown function 'eval'"):
        compile_expression("x", ("x",), ("eval",))


def test_a_wrong_number_of_arrays_is_named():
    with pytest.raises(ValueError, match="a formula in x, y: it needs that many arrays, got 1"):
        compile_expression("x + y", ("x", "y")).value([1.0])


def test_an_error_survives_pickling_as_it_comes_from_a_worker():
    with pytest.raises(ExpressionError) as caught:
        of_z("z +")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.position, again.text) == (str(caught.value), 3, "z +")


def test_five_hundred_characters_are_read():
    text = "z" + "+z" * 249 + " "
    assert len(text) == MAX_LENGTH
    assert of_z(text).value(1.0) == 250


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="zxe19.()+-*/^, sincoexplgqrt", max_size=25))
def test_any_text_is_a_formula_or_a_sentence(text):
    try:
        shape = of_z(text).value(POINTS).shape
    except ExpressionError as error:
        shape = None if 0 <= error.position <= len(text) else error.position
    assert shape in (POINTS.shape, None)


def test_importing_the_module_does_not_import_sympy():
    code = "import sys, nnviz.core.expressions; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
