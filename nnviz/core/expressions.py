"""Formulas that a person types, and from one line of text the value, two derivatives and LaTeX.

`grammar.py` reads the text, `derivation.py` differentiates what was read with SymPy and writes it as NumPy code; here it is compiled, once,
and called. SymPy is imported when the first formula comes that was not derived ahead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.derivation import FUNCTIONS, derive, is_partial, write_functions, write_latex
from nnviz.core.grammar import ExpressionError
from nnviz.core.straight_code import IMPORTS

Array = NDArray[np.floating]

SURFACE_FUNCTIONS = ("sin", "cos", "tan", "exp", "log", "sqrt", "abs", "tanh")
ACTIVATION_FUNCTIONS = (*SURFACE_FUNCTIONS, "sigmoid", "relu", "max", "min", "erf", "sign")
NAMESPACE: dict[str, Any] = {name: rule.numpy for name, rule in FUNCTIONS.items()} | {"pi": math.pi, "e": math.e, "E": math.e}
NAMESPACE |= {name: getattr(np, name) for name in IMPORTS}


@dataclass(frozen=True)
class Expression:
    """A formula with its derivatives, compiled to NumPy. Equal where text, variables and functions are equal."""

    text: str
    variables: tuple[str, ...]
    functions: tuple[str, ...]
    latex: str = field(compare=False)
    derivative_latex: tuple[str, ...] = field(compare=False, repr=False)  # one for each variable
    second_derivative_latex: tuple[str, ...] = field(compare=False, repr=False)  # the upper triangle, row by row
    partial: bool = field(compare=False, repr=False)  # undefined somewhere
    _value: Callable[..., tuple[Any, ...]] = field(compare=False, repr=False)
    _gradient: Callable[..., Callable[[], None]] = field(compare=False, repr=False)  # of arrays and `out`: see straight_code.py
    _hessian: Callable[..., tuple[Any, ...]] = field(compare=False, repr=False)  # value, then the upper triangle

    def __reduce__(self) -> tuple[Any, ...]:
        return compile_expression, (self.text, self.variables, self.functions)

    def value(self, *arrays: ArrayLike) -> Array:
        """The value, of the arrays' broadcast shape; nan where it is undefined."""
        return self._evaluate(self._value, arrays)[0]

    def value_and_gradient(self, *arrays: ArrayLike) -> tuple[Array, tuple[Array, ...]]:
        """The value and the derivative by each variable; both nan where the value is undefined, and 0 the slope of a tip as |x| has."""
        inputs, shape = self._inputs(arrays)
        out = [np.empty(shape) for _ in range(1 + len(inputs))]
        with np.errstate(all="ignore"):
            self.gradient_call([np.broadcast_to(array, shape) for array in inputs], out)()
        value, *gradient = (part[()] for part in out)
        return value, tuple(gradient)

    def gradient_call(self, arrays: Sequence[Array], out: Sequence[Array]) -> Callable[[], None]:
        """A call that writes the value and then the derivatives into `out`, of whatever stands in the arrays when it is made; all have
        one shape. Its buffers are made here, once: for loops that cannot wait, and that hold one `np.errstate` around all their steps.
        """
        work = self._gradient(*arrays, out)
        if not self.partial:
            return work
        value, *gradient = out

        def defined() -> None:  # log(x) is nan where its derivative 1/x would be a number
            work()
            undefined = np.isnan(value)
            for part in gradient:
                np.copyto(part, np.nan, where=undefined)

        return defined

    def gradient(self, *arrays: ArrayLike) -> tuple[Array, ...]:
        """The derivative by each variable, each of the arrays' broadcast shape; nan where the value is undefined."""
        return self.value_and_gradient(*arrays)[1]

    def hessian(self, *arrays: ArrayLike) -> tuple[tuple[Array, ...], ...]:
        """Second derivatives as rows: `hessian(x, y)[0][1]` is ∂²f/∂x∂y."""
        _, *triangle = self._evaluate(self._hessian, arrays)
        n = len(self.variables)
        places = {}
        for place in ((i, j) for i in range(n) for j in range(i, n)):
            places[place] = triangle.pop(0)
        return tuple(tuple(places[min(i, j), max(i, j)] for j in range(n)) for i in range(n))

    def _evaluate(self, function: Callable[..., tuple[Any, ...]], arrays: Sequence[ArrayLike]) -> list[Array]:
        inputs, shape = self._inputs(arrays)
        with np.errstate(all="ignore"):
            results = function(*inputs)
        parts = [_owned(part, shape, inputs) for part in results]
        if self.partial:
            parts[1:] = [np.where(np.isnan(parts[0]), np.nan, part)[()] for part in parts[1:]]
        return parts

    def _inputs(self, arrays: Sequence[ArrayLike]) -> tuple[list[Array], tuple[int, ...]]:
        """The arrays as floats, and the shape that they have together."""
        if len(arrays) != len(self.variables):
            raise ValueError(
                f"'{self.text[:40]}' is a formula in {', '.join(self.variables)}: it needs that many arrays, got {len(arrays)}"
            )
        inputs = [np.asarray(array, dtype=float) for array in arrays]
        shapes = {array.shape for array in inputs}
        return inputs, shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)


def _owned(part: Any, shape: tuple[int, ...], inputs: Sequence[Array]) -> Array:
    """A result in full shape, as an array of its own: the formula x gives back its input, the formula 3 a number."""
    if type(part) is np.ndarray and part.shape == shape and not any(part is array for array in inputs):
        return part
    return np.array(np.broadcast_to(part, shape), dtype=float)[()]


def compile_expression(text: str, variables: Sequence[str], functions: Iterable[str] = SURFACE_FUNCTIONS) -> Expression:
    r"""The formula `text` in `variables` as value, derivatives and LaTeX.

    Parameters
    ----------
    text : str
        One line of at most 500 characters in the grammar of this module.
    variables : sequence of str
        Such as ("z",) or ("x", "y").
    functions : iterable of str
        The names of `FUNCTIONS` that may be used.

    Raises
    ------
    ExpressionError
        A ValueError that says the column and marks the place; `.position` is its index in the text.

    Examples
    --------
    >>> f = compile_expression("x**2 * sin(y)", ("x", "y"))
    >>> float(f.value(3.0, 0.0)), [float(part) for part in f.gradient(3.0, 0.0)]
    (0.0, [0.0, 9.0])
    >>> f.derivative_latex[0]
    '2 x \\sin\\left(y\\right)'
    """
    unknown = sorted(set(functions := tuple(functions)) - set(FUNCTIONS))
    if unknown:
        raise ValueError(f"unknown function {unknown[0]!r:.40}: the grammar has {', '.join(FUNCTIONS)}")
    if not isinstance(text, str):
        raise ValueError(f"a formula is a text such as '{variables[0]}**2', got {type(text).__name__}")
    return _compiled(text, tuple(variables), functions)


@lru_cache(maxsize=256)
def _compiled(text: str, variables: tuple[str, ...], functions: tuple[str, ...]) -> Expression:
    from nnviz.core.surfaces_derived import DERIVED  # which is written with this module

    if text in DERIVED and (variables, functions) == (("x", "y"), SURFACE_FUNCTIONS):
        return Expression(text, variables, functions, *DERIVED[text])
    value, gradient, hessian = derive(text, variables, functions)
    try:
        sources = write_functions(value, gradient, hessian, variables)
        compiled: list[Any] = [load_function(name, source) for name, source in sources.items()]
        latex = write_latex(value, gradient, hessian)
        with np.errstate(all="ignore"):
            tried = Expression(text, variables, functions, *latex, is_partial(value), *compiled)
            some = [np.array([0.5, -0.5]) for _ in variables]
            tried.value(*some), tried.gradient(*some), tried.hessian(*some)
    except (OverflowError, ValueError, RecursionError) as error:
        raise ExpressionError("a constant in it, or in its derivatives, overflows", text, 0) from error
    return tried


def load_function(name: str, source: str) -> Callable[..., tuple[Any, ...]]:
    """The function that `write_function` wrote. The source comes from our own tree; no part of it is a person's text."""
    namespace = dict(NAMESPACE)
    exec(compile(source, f"<{name} of a formula>", "exec"), namespace)
    return namespace[name]
