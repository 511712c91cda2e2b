"""What a surface promises: its derivatives are its slopes, its minima are minima, and using it never waits for SymPy."""

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nnviz.core import derive_surfaces
from nnviz.core.derivation import derive, write_functions, write_latex
from nnviz.core.descent import descend
from nnviz.core.expressions import SURFACE_FUNCTIONS, load_function
from nnviz.core.grammar import ExpressionError
from nnviz.core.surfaces import FORMULAS, SURFACES, Noisy, Surface, ravine
from nnviz.core.surfaces_derived import DERIVED


@pytest.fixture(params=SURFACES.values(), ids=SURFACES)
def surface(request):
    return request.param


def grid(surface, n=101):
    return np.stack(np.meshgrid(*(np.linspace(*ends, n) for ends in surface.bounds)), axis=-1)


def inside(surface, shape=(40,), seed=0):
    low, high = np.array(surface.bounds).T
    return np.random.default_rng(seed).uniform(low, high, size=(*shape, 2))


def test_gradient_is_the_slope(surface):
    theta, h = inside(surface), 1e-5
    steps = h * np.eye(2)[:, None, :]
    slope = np.moveaxis(surface.value(theta + steps) - surface.value(theta - steps), 0, -1) / (2 * h)
    assert_allclose(surface.gradient(theta), slope, rtol=1e-6, atol=1e-6 * np.abs(surface.value(theta)).max())


def test_hessian_is_the_slope_of_the_gradient_and_its_products_are_its_products(surface):
    theta, h = inside(surface), 1e-5
    steps = h * np.eye(2)[:, None, :]
    slope = np.moveaxis(surface.gradient(theta + steps) - surface.gradient(theta - steps), 0, -1) / (2 * h)
    hessian, v = surface.hessian(theta), np.random.default_rng(1).normal(size=(40, 2))
    assert_allclose(hessian, slope, rtol=1e-6, atol=1e-6 * np.abs(hessian).max())
    assert_allclose(surface.hessian_vector_product(theta, v), np.einsum("rij,rj->ri", hessian, v), rtol=1e-12, atol=1e-9)


def test_hessian_vector_products_broadcast_directions_against_points(surface):
    theta = inside(surface, (3, 1))
    assert_allclose(surface.hessian_vector_product(theta, np.eye(2)), surface.hessian(theta)[:, 0], rtol=1e-12)


def test_value_and_gradient_are_finite_within_the_bounds_and_one_pass_tells_both(surface):
    value, gradient = surface.value_and_gradient(grid(surface))
    assert value.shape == (101, 101)
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(gradient))
    assert_allclose(surface.value(grid(surface)), value, rtol=1e-12, atol=1e-12)
    assert np.all(np.isfinite(surface.hessian(grid(surface))))


def test_minima_are_flat_curved_upwards_and_the_lowest(surface):
    lowest = surface.value(grid(surface)).min()
    for point in surface.minima:
        assert_allclose(surface.gradient(point), 0, atol=1e-9)
        assert np.linalg.eigvalsh(surface.hessian(point)).min() > 0
        assert surface.value(point) <= lowest + 1e-9
    assert len({round(float(surface.value(point)), 9) for point in surface.minima}) <= 1


def test_local_minima_are_minima_above_the_global_ones(surface):
    for point in surface.local_minima:
        assert_allclose(surface.gradient(point), 0, atol=1e-9)
        assert np.linalg.eigvalsh(surface.hessian(point)).min() > 0
        assert surface.value(point) > surface.value(surface.minima[0]) + 0.1


def test_surfaces_without_a_minimum_are_the_saddles():
    assert [name for name, surface in SURFACES.items() if not surface.minima] == ["saddle", "monkey_saddle"]


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("rosenbrock", (-1.2, 1.0), 24.2),
        ("beale", (0.0, 0.0), 14.203125),
        ("himmelblau", (0.0, 0.0), 170.0),
        ("rastrigin", (1.0, 1.0), 2.0),
        ("ackley", (0.0, 0.0), 0.0),
        ("styblinski_tang", (-2.903534027771177,) * 2, -78.33233140754282),
        ("three_hump_camel", (0.0, 2.0), 4.0),
        ("booth", (0.0, 0.0), 74.0),
        ("goldstein_price", (0.0, -1.0), 3.0),
        ("levy", (1.0, 5.0), 1.0),
        ("monkey_saddle", (1.0, 1.0), -2.0),
    ],
)
def test_known_values(name, point, value):
    assert_allclose(SURFACES[name].value(point), value, rtol=1e-12, atol=1e-14)


def test_rosenbrock_is_scipys():
    from scipy.optimize import rosen, rosen_der, rosen_hess

    theta = inside(SURFACES["rosenbrock"])
    assert_allclose(SURFACES["rosenbrock"].value(theta), rosen(theta.T), rtol=1e-12)
    assert_allclose(SURFACES["rosenbrock"].gradient(theta), rosen_der(theta.T).T, rtol=1e-9)
    assert_allclose(SURFACES["rosenbrock"].hessian(theta[0]), rosen_hess(theta[0]), rtol=1e-12)


def test_ackley_is_flat_in_its_tip():
    assert np.array_equal(SURFACES["ackley"].gradient([0.0, 0.0]), [0.0, 0.0])


@pytest.mark.parametrize("condition", [1, 7.5, 1e4])
def test_the_condition_of_a_ravine_is_the_ratio_of_its_curvatures(condition):
    surface = ravine(condition)
    assert_allclose(np.linalg.eigvalsh(surface.hessian([0.3, -2.0])), sorted((1, condition)))
    theta = inside(surface)
    assert_allclose(surface.gradient(theta), theta * [1, condition])
    assert_allclose(Surface.from_expression(surface.text).value(theta), surface.value(theta), rtol=1e-12)
    assert f"{condition:g}" in surface.formula
    assert "condition" not in "".join((surface.formula, *surface.gradient_formula, *surface.expression.second_derivative_latex))


@pytest.mark.parametrize("condition", [0, -1, np.nan, np.inf, "steep", None])
def test_a_ravine_without_a_condition_number_is_refused(condition):
    with pytest.raises(ValueError, match=r"condition number of a ravine is .* above 0"):
        ravine(condition)


# -------------------------------------------------------------------------------------------------------------- derived ahead


def told(function, arguments):
    """What a derived function tells; the gradient's writes it into arrays."""
    if "out" not in inspect.signature(function).parameters:
        return function(*arguments)
    out = [np.empty_like(arguments[0]) for _ in range(3)]
    function(*arguments, out)()
    return out


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_derived_ahead_is_what_sympy_derives_now(name):
    parameters = tuple(parameter for parameter in derive_surfaces.PARAMETERS if parameter in FORMULAS[name])
    parts = derive(FORMULAS[name], ("x", "y"), SURFACE_FUNCTIONS, parameters)
    stored = DERIVED[FORMULAS[name]]
    arguments = (*inside(SURFACES[name]).T, *(30.0 for _ in parameters))
    for function, (kind, source) in zip(stored[4:], write_functions(*parts, ("x", "y"), parameters).items(), strict=True):
        for ahead, now in zip(told(function, arguments), told(load_function(kind, source), arguments), strict=True):
            assert_allclose(ahead, now, rtol=1e-9, atol=1e-9)
    assert stored[:3] == write_latex(*parts)


def test_nothing_else_is_derived_ahead():
    assert set(DERIVED) == set(FORMULAS.values())
    assert set(FORMULAS) == set(SURFACES)


def test_using_a_built_in_surface_does_not_import_sympy():
    code = (
        "import sys, pickle\n"
        "from nnviz.core.surfaces import SURFACES, ravine\n"
        "for s in [*SURFACES.values(), ravine(3.0)]: s.value_and_gradient([0.1, 0.2]), s.hessian([0.1, 0.2]), s.formula\n"
        "for s in [*SURFACES.values(), ravine(3.0)]: pickle.loads(pickle.dumps(s))\n"
        "sys.exit('sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------------------------------------------------- typed formulas


def test_a_typed_formula_is_the_built_in_surface(surface):
    theta = inside(surface)
    typed = Surface.from_expression(surface.text.replace("**", "^") + " ")
    assert_allclose(typed.value_and_gradient(theta)[0], surface.value(theta), rtol=1e-9, atol=1e-9)
    assert_allclose(typed.gradient(theta), surface.gradient(theta), rtol=1e-9, atol=1e-9)
    assert typed.minima == ()


@pytest.mark.parametrize("text", ["log(x)", "sqrt(x) + y", "1/x", "sin(x)/x", "3", "abs(x)/x*y", "x", "exp(exp(exp(x)))", "x - y", "0*x"])
def test_formulas_undefined_constant_discontinuous_or_bottomless_are_descended_without_a_warning(text):
    surface = Surface.from_expression(text)
    for optimizer in ("sgd", "adam", "newton", "lbfgs"):
        run = descend(surface, optimizer, [[-1.0, 1.0], [0.0, 0.0], [2.0, -1.0], [900.0, 900.0]], steps=30)
        finite = np.isfinite(run.value).all(axis=0) & np.isfinite(run.theta).all(axis=(0, -1))
        assert np.array_equal(run.diverged_at == -1, finite)


def test_a_start_where_the_formula_is_undefined_has_diverged_at_once():
    assert descend(Surface.from_expression("log(x)"), "sgd", [-1.0, 0.0], steps=5).diverged_at == 0


@pytest.mark.parametrize("text", ["__import__('os')", "x**x**x**9", "z", "relu(x)", "", "x" * 501])
def test_what_is_no_formula_is_marked(text):
    with pytest.raises(ExpressionError, match="column"):
        Surface.from_expression(text)


@pytest.mark.parametrize("bounds", [3, ((0, 1),), ((1, 0), (0, 1)), ((0, np.inf), (0, 1)), (("a", 1), (0, 1)), ((0, np.nan), (0, 1))])
def test_bounds_that_are_none_are_refused(bounds):
    with pytest.raises(ValueError, match="bounds"):
        Surface.from_expression("x", bounds)


def test_points_that_are_no_points_are_refused(surface):
    for theta in (1.0, [1.0, 2.0, 3.0], np.zeros((2, 3))):
        with pytest.raises(ValueError, match="points"):
            surface.value(theta)


def test_a_surface_is_a_value_and_survives_pickling(surface):
    again = pickle.loads(pickle.dumps(surface))
    assert again == surface
    assert hash(again) == hash(surface)
    assert len({*SURFACES.values()}) == len(SURFACES)
    assert_allclose(again.value(inside(surface)), surface.value(inside(surface)), rtol=1e-12)


def test_a_ravine_in_another_process_has_the_same_bits():
    theta = np.random.default_rng(0).normal(size=(50, 2))
    here = ravine(37.5)
    there = pickle.loads(pickle.dumps(here))
    for mine, its in zip(here.value_and_gradient(theta), there.value_and_gradient(theta), strict=True):
        np.testing.assert_array_equal(mine, its)


# ---------------------------------------------------------------------------------------------------------------------- noise


def test_gradient_noise_has_the_scale_told_no_bias_and_leaves_the_value_exact():
    surface, theta = SURFACES["bowl"], np.ones((200_000, 2))
    value, gradient = Noisy(surface, 0.5, seed=1).value_and_gradient(theta)
    errors = gradient - surface.gradient(theta)
    assert np.array_equal(value, surface.value(theta))
    assert_allclose(errors.mean(), 0, atol=5e-3)
    assert_allclose(errors.std(), 0.5, rtol=5e-3)


def test_an_evaluator_tells_what_value_and_gradient_tell_wherever_theta_is_moved(surface):
    theta = inside(surface)
    look = surface.evaluator(theta)
    for shift in (0.0, 0.1):
        theta += shift
        for told_, expected in zip(look(), surface.value_and_gradient(theta), strict=True):
            assert np.array_equal(told_, expected)


def test_a_noisy_objective_keeps_its_errors_where_it_is_asked_step_by_step():
    theta = np.ones((4, 2))
    look, asked = Noisy(SURFACES["bowl"], 0.5, seed=2).evaluator(theta), Noisy(SURFACES["bowl"], 0.5, seed=2)
    assert np.array_equal(look()[1], asked.gradient(theta))
    assert np.array_equal(look()[1], asked.gradient(theta))
    assert not np.array_equal(look()[1], SURFACES["bowl"].gradient(theta))


def test_noise_follows_from_its_seed_call_by_call():
    noisy = Noisy(SURFACES["bowl"], 1.0, seed=3)
    first, second = noisy.gradient([1.0, 1.0]), noisy.gradient([1.0, 1.0])
    assert not np.array_equal(first, second)
    assert np.array_equal(noisy.fresh().gradient([1.0, 1.0]), first)
    paths = [descend(Noisy(SURFACES["bowl"], 1.0, seed), "sgd", [1.0, 1.0], 20).theta for seed in (3, 3, 4)]
    assert np.array_equal(paths[0], paths[1])
    assert not np.array_equal(paths[0], paths[2])
    assert np.array_equal(descend(noisy, "sgd", [1.0, 1.0], 20).theta, paths[0])


def test_a_noisy_objective_is_a_value_and_answers_what_its_objective_does():
    noisy = Noisy(SURFACES["booth"], 0.1, 5)
    assert noisy == Noisy(SURFACES["booth"], 0.1, 5)
    assert noisy != Noisy(SURFACES["booth"], 0.1, 6)
    assert hash(noisy) == hash(noisy.fresh())
    assert noisy.minima == ((1.0, 3.0),)
    assert pickle.loads(pickle.dumps(noisy)) == noisy
    assert_allclose(noisy.hessian_vector_product([0.0, 0.0], [1.0, 0.0]), SURFACES["booth"].hessian([0.0, 0.0])[0])


@pytest.mark.parametrize("scale", [-1, np.nan, "loud", None])
def test_noise_without_a_scale_is_refused(scale):
    with pytest.raises(ValueError, match="scale of gradient noise"):
        Noisy(SURFACES["bowl"], scale)
