"""What straight code promises: the very numbers of the formula it was made from, at whatever stands in its arrays when it is called."""

import numpy as np
import pytest

from nnviz.core import derive_surfaces
from nnviz.core.derivation import UFUNCS, derive, write_function
from nnviz.core.expressions import SURFACE_FUNCTIONS, load_function
from nnviz.core.straight_code import write_straight
from nnviz.core.surfaces import FORMULAS

TYPED = ("x", "3", "x + y + 2", "x**3/y - 2**x + x**y", "abs(x)*tanh(y)", "sqrt(x)*log(y)", "1/x + x**0.5 + (x*y)**-2", "sin(2)*x - exp(1)")


def plain_and_straight(text, parameters=()):
    """The gradient function of a formula as SymPy's printer writes it, and as straight code."""
    value, gradient, _ = derive(text, ("x", "y"), SURFACE_FUNCTIONS, parameters)
    source = write_function("f", [value, *gradient], ("x", "y", *parameters))
    return load_function("f", source), load_function("f", write_straight("f", source, ("x", "y"), UFUNCS))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("text", [*FORMULAS.values(), *TYPED])
@pytest.mark.parametrize("shape", [(), (1,), (200,), (3, 5)])
def test_straight_code_gives_the_bits_of_the_formula(text, shape):
    parameters = tuple(name for name in derive_surfaces.PARAMETERS if name in text)
    plain, straight = plain_and_straight(text, parameters)
    x, y = np.array(np.random.default_rng(0).uniform(-3, 3, (2, *shape)))
    x, y, numbers = np.asarray(x), np.asarray(y), [30.0 for _ in parameters]
    out = [np.empty(shape) for _ in range(3)]
    assert straight(x, y, *numbers, out)() is None
    for part, expected in zip(out, plain(x, y, *numbers), strict=True):
        np.testing.assert_array_equal(part, np.broadcast_to(expected, shape))


def test_a_call_made_once_follows_what_stands_in_its_arrays():
    plain, straight = plain_and_straight(FORMULAS["goldstein_price"])
    x, y, out = np.zeros(50), np.zeros(50), [np.empty(50) for _ in range(3)]
    work = straight(x, y, out)
    for seed in range(3):
        x[...], y[...] = np.random.default_rng(seed).uniform(-2, 2, (2, 50))
        work()
        np.testing.assert_array_equal(out, plain(x, y))


def test_two_calls_of_one_formula_share_no_buffer():
    _, straight = plain_and_straight("x*(x + 1)*(y + 2)*(x + y)")
    first, second = ([np.empty(9) for _ in range(3)] for _ in range(2))
    one, other = straight(np.ones(9), np.ones(9), first), straight(np.full(9, 2.0), np.ones(9), second)
    one(), other()
    expected = [np.copy(part) for part in first]
    other(), one()
    np.testing.assert_array_equal(first, expected)
    assert not np.array_equal(first, second)


def test_the_inputs_stay_what_they_are():
    _, straight = plain_and_straight("x*x + y*x")
    x, y = np.arange(4.0), np.arange(4.0) - 2
    straight(x, y, [np.empty(4) for _ in range(3)])()
    assert x.tolist() == [0, 1, 2, 3]
    assert y.tolist() == [-2, -1, 0, 1]


def test_an_operation_that_stands_twice_is_done_once():
    source = "def f(x, y):\n    return (x*y + 1, (x*y)*(x*y),)\n"
    assert write_straight("f", source, ("x", "y"), ()).count("multiply(x, y,") == 1
