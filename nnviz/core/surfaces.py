"""Test surfaces: functions of two parameters to watch an optimiser on. Each is one line of formula; all else follows from it.

Value, gradient, Hessian and LaTeX are derived from the formula by `expressions.py`. For the surfaces below that is done ahead, in
`surfaces_derived.py`, so that none of them waits for SymPy. To add one, write its line in `FORMULAS`, its bounds and minima in `SURFACES`,
and run `python -m nnviz.core.derive_surfaces`.

Source: Jamil and Yang (2013), A literature survey of benchmark functions for global optimisation problems.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import checked_seed
from nnviz.core.expressions import SURFACE_FUNCTIONS, Expression, compile_expression

Array = NDArray[np.floating]
Point = tuple[float, float]
Bounds = tuple[tuple[float, float], tuple[float, float]]

FORMULAS: dict[str, str] = {
    "bowl": "(x**2 + y**2)/2",
    "ravine": "(x**2 + condition*y**2)/2",
    "saddle": "(x**2 - y**2)/2",
    "monkey_saddle": "x**3 - 3*x*y**2",
    "rosenbrock": "(1 - x)**2 + 100*(y - x**2)**2",
    "beale": "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
    "himmelblau": "(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
    "rastrigin": "20 + x**2 + y**2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)",
    "ackley": "20 + e - 20*exp(-0.2*sqrt((x**2 + y**2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
    "styblinski_tang": "(x**4 - 16*x**2 + 5*x + y**4 - 16*y**2 + 5*y)/2",
    "three_hump_camel": "2*x**2 - 1.05*x**4 + x**6/6 + x*y + y**2",
    "booth": "(x + 2*y - 7)**2 + (2*x + y - 5)**2",
    "goldstein_price": "(1 + (x + y + 1)**2*(19 - 14*x + 3*x**2 - 14*y + 6*x*y + 3*y**2))"
    "*(30 + (2*x - 3*y)**2*(18 - 32*x + 12*x**2 + 48*y - 36*x*y + 27*y**2))",
    "levy": "sin(pi*(x + 3)/4)**2 + ((x - 1)/4)**2*(1 + 10*sin(pi*(x + 3)/4 + 1)**2) + ((y - 1)/4)**2*(1 + sin(pi*(y + 3)/2)**2)",
    "plateau": "1 - exp(-(x - 1)**2 - (y - 0.5)**2)",
    "noisy_bowl": "(x**2 + y**2)/2 + 0.15*(2 - cos(7*x + 3*y) - cos(4*x - 9*y))",
}


@dataclass(frozen=True)
class Surface:
    """An objective of two parameters: theta (..., 2) holds x and y.

    `minima` are the global ones, empty where the surface has none (a saddle) or none is known (a formula typed in); `local_minima`
    are further ones that a descent ends in, as far as they are few. The value is finite within `bounds`, ((xmin, xmax), (ymin, ymax)).
    """

    name: str
    expression: Expression
    bounds: Bounds
    minima: tuple[Point, ...] = ()
    local_minima: tuple[Point, ...] = ()
    dimension: int = field(default=2, init=False)
    pointwise: ClassVar[bool] = True  # any points may be asked, in any number: a line search asks only those that still need it

    @classmethod
    def from_expression(cls, text: str, bounds: Any = ((-5.0, 5.0), (-5.0, 5.0)), name: str = "formula") -> Surface:
        """A surface from a formula in x and y over the functions of `SURFACE_FUNCTIONS`; ExpressionError marks what it cannot read.

        >>> float(Surface.from_expression("(1 - x)**2 + 100*(y - x**2)**2").value([0.0, 1.0]))
        101.0
        """
        return cls(name, compile_expression(text, ("x", "y")), _checked_bounds(bounds))

    def __reduce__(self) -> tuple[Any, ...]:
        """A ravine travels by its condition number: from its formula with that number in it another process would derive it by SymPy."""
        derived = self.expression._value
        if isinstance(derived, _With):
            return ravine, (derived.parameter,)
        return Surface, (self.name, self.expression, self.bounds, self.minima, self.local_minima)

    @property
    def formula(self) -> str:
        """LaTeX of the value, in x and y."""
        return self.expression.latex

    @property
    def gradient_formula(self) -> tuple[str, str]:
        """LaTeX of ∂f/∂x and ∂f/∂y."""
        dx, dy = self.expression.derivative_latex
        return dx, dy

    @property
    def text(self) -> str:
        """The formula as one types it; `Surface.from_expression(surface.text)` is the same function."""
        return self.expression.text

    def value(self, theta: ArrayLike) -> Array:
        """The height at theta, of shape (...); nan where the formula is undefined."""
        return self.expression.value(*_coordinates(theta))

    def value_and_gradient(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Value (...) and gradient (..., 2), in one pass; the gradient in theta's memory order."""
        with np.errstate(all="ignore"):
            value, gradient = self.evaluator(np.asarray(theta, dtype=float))()
        return value[()], gradient

    def evaluator(self, theta: Array) -> Callable[[], tuple[Array, Array]]:
        """`value_and_gradient` of whatever stands in theta (..., 2) when it is called; its arrays are made once and told each time.

        For loops that hold one `np.errstate` around all their steps.
        """
        (x, y), gradient = _coordinates(theta), np.empty_like(theta)
        value = np.empty(x.shape)
        work = self.expression.gradient_call((x, y), (value, gradient[..., 0], gradient[..., 1]))

        def look() -> tuple[Array, Array]:
            work()
            return value, gradient

        return look

    def gradient(self, theta: ArrayLike) -> Array:
        """The slope, (..., 2); 0 at a kink or tip, as Ackley has at its minimum."""
        return self.value_and_gradient(theta)[1]

    def hessian(self, theta: ArrayLike) -> Array:
        """Second derivatives, (..., 2, 2)."""
        x, y = _coordinates(theta)
        return np.stack([np.stack(row, axis=-1) for row in self.expression.hessian(x, y)], axis=-2)

    def hessian_vector_product(self, theta: ArrayLike, vector: ArrayLike) -> Array:
        """H(theta)·v for v (..., 2), broadcast against theta."""
        (xx, xy), (_, yy) = self.expression.hessian(*_coordinates(theta))
        u, v = _coordinates(vector)
        with np.errstate(all="ignore"):
            return np.stack([xx * u + xy * v, xy * u + yy * v], axis=-1)


def _coordinates(theta: ArrayLike) -> tuple[Array, Array]:
    theta = np.asarray(theta, dtype=float)
    if theta.ndim == 0 or theta.shape[-1] != 2:
        raise ValueError(f"a surface takes points (..., 2), x and y along the last axis, got an array of shape {theta.shape}")
    return theta[..., 0], theta[..., 1]


def _checked_bounds(bounds: Any) -> Bounds:
    try:
        (left, right), (bottom, top) = ((float(low), float(high)) for low, high in bounds)
    except (TypeError, ValueError):
        raise ValueError(f"bounds are ((xmin, xmax), (ymin, ymax)), four numbers, got {str(bounds)[:80]}") from None
    if not (math.isfinite(right - left) and math.isfinite(top - bottom) and left < right and bottom < top):
        raise ValueError(f"bounds need finite numbers with xmin < xmax and ymin < ymax, got {((left, right), (bottom, top))}")
    return (left, right), (bottom, top)


def ravine(condition: float = 50.0) -> Surface:
    """A quadratic valley ½(x² + κy²) whose two curvatures are 1 and `condition`; ValueError unless that is finite and positive."""
    from nnviz.core.surfaces_derived import DERIVED

    if not (isinstance(condition, (int, float, np.number)) and 0 < condition < math.inf):
        raise ValueError(f"the condition number of a ravine is {str(condition)[:40]}: it needs a finite number above 0")
    kappa = float(condition)
    latex, first, second, partial, *functions = DERIVED[FORMULAS["ravine"]]
    value, dx, dy, *hessian = (part.replace("condition", f"{kappa:g}") for part in (latex, *first, *second))
    text = FORMULAS["ravine"].replace("condition", repr(kappa))
    of_value, of_gradient, of_hessian = (_With(function, kappa) for function in functions)
    written = (value, (dx, dy), tuple(hessian))
    expression = Expression(text, ("x", "y"), SURFACE_FUNCTIONS, *written, partial, of_value, of_gradient, of_hessian)
    return Surface("ravine", expression, ((-3.0, 3.0), (-3.0, 3.0)), ((0.0, 0.0),))


@dataclass(frozen=True)
class _With:
    """A derived function of (x, y, parameter, ...) at one value of the parameter."""

    function: Any
    parameter: float

    def __call__(self, x: Array, y: Array, *out: Any) -> Any:
        return self.function(x, y, self.parameter, *out)


def _surface(name: str, x: tuple[float, float], y: tuple[float, float], minima: Any = (), local_minima: Any = ()) -> Surface:
    return Surface(name, compile_expression(FORMULAS[name], ("x", "y")), (x, y), tuple(minima), tuple(local_minima))


def _himmelblau_minima() -> Iterator[Point]:
    yield from ((3.0, 2.0), (-2.805118086952745, 3.131312518250573))
    yield from ((-3.779310253377747, -3.283185991286170), (3.584428340330492, -1.848126526964404))


_DEEP, _SHALLOW = -2.903534027771177, 2.746802770990837  # the outer roots of 4t³ − 32t + 5, of Styblinski and Tang
_HUMP = (1.74755234583029, -0.873776172915145)  # of the camel, and its mirror image

SURFACES: dict[str, Surface] = {
    surface.name: surface
    for surface in (
        _surface("bowl", (-3.0, 3.0), (-3.0, 3.0), [(0.0, 0.0)]),
        ravine(),
        _surface("saddle", (-3.0, 3.0), (-3.0, 3.0)),
        _surface("monkey_saddle", (-2.0, 2.0), (-2.0, 2.0)),
        _surface("rosenbrock", (-2.0, 2.0), (-1.0, 3.0), [(1.0, 1.0)]),
        _surface("beale", (-4.5, 4.5), (-4.5, 4.5), [(3.0, 0.5)]),
        _surface("himmelblau", (-5.0, 5.0), (-5.0, 5.0), _himmelblau_minima()),
        _surface("rastrigin", (-5.12, 5.12), (-5.12, 5.12), [(0.0, 0.0)]),
        _surface("ackley", (-5.0, 5.0), (-5.0, 5.0), [(0.0, 0.0)]),
        _surface(
            "styblinski_tang", (-5.0, 5.0), (-5.0, 5.0), [(_DEEP, _DEEP)], [(_DEEP, _SHALLOW), (_SHALLOW, _DEEP), (_SHALLOW, _SHALLOW)]
        ),
        _surface("three_hump_camel", (-2.5, 2.5), (-2.5, 2.5), [(0.0, 0.0)], [_HUMP, (-_HUMP[0], -_HUMP[1])]),
        _surface("booth", (-10.0, 10.0), (-10.0, 10.0), [(1.0, 3.0)]),
        _surface("goldstein_price", (-2.0, 2.0), (-2.0, 2.0), [(0.0, -1.0)], [(-0.6, -0.4), (1.8, 0.2), (1.2, 0.8)]),
        _surface("levy", (-10.0, 10.0), (-10.0, 10.0), [(1.0, 1.0)]),
        _surface("plateau", (-4.0, 4.0), (-4.0, 4.0), [(1.0, 0.5)]),
        _surface("noisy_bowl", (-3.0, 3.0), (-3.0, 3.0), [(0.0, 0.0)]),
    )
}


class Noisy:
    """An objective whose gradient is told with an error, as a mini-batch tells it: normal, of standard deviation `scale` in each component.

    The errors follow from the seed, call by call; `fresh()` begins them anew, and `descend` does so. Values and curvature stay exact.
    """

    def __init__(self, objective: Any, scale: float, seed: int = 0) -> None:
        if not (isinstance(scale, (int, float, np.number)) and 0 <= scale < math.inf):
            raise ValueError(f"the scale of gradient noise is {str(scale)[:40]}: it needs a finite number, at least 0")
        self.objective, self.scale, self.seed = objective, float(scale), checked_seed(seed)
        self._generator = np.random.default_rng(self.seed)

    def fresh(self) -> Noisy:
        """The same objective with its errors from the beginning."""
        return Noisy(self.objective, self.scale, self.seed)

    def __getattr__(self, name: str) -> Any:
        if name == "objective":  # not there yet while it is unpickled
            raise AttributeError(name)
        return getattr(self.objective, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Noisy):
            return NotImplemented
        return (self.objective, self.scale, self.seed) == (other.objective, other.scale, other.seed)

    def __hash__(self) -> int:
        return hash((self.objective, self.scale, self.seed))

    def value_and_gradient(self, theta: ArrayLike) -> tuple[Array, Array]:
        """The exact value (...) and the gradient with its error (..., P)."""
        value, gradient = self.objective.value_and_gradient(theta)
        return value, gradient + self.scale * self._generator.standard_normal(gradient.shape)

    def evaluator(self, theta: Array) -> Callable[[], tuple[Array, Array]]:
        """`value_and_gradient` of whatever stands in theta when it is called."""
        return partial(self.value_and_gradient, theta)

    def gradient(self, theta: ArrayLike) -> Array:
        """The gradient with its error, (..., P)."""
        return self.value_and_gradient(theta)[1]
