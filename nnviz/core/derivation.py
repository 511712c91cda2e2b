"""From the tree of a formula to SymPy expressions, and from these to NumPy source and LaTeX.

Each function of the grammar stands beside its derivatives in `FUNCTIONS`. Every number met on the way is bounded before SymPy sees it, so
that `9**9**9` costs a sentence and not a gigabyte; and no function simplifies itself, so that log(exp(z)) stays what was typed.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf, expit

from nnviz.core.grammar import ExpressionError, Node, parse
from nnviz.core.straight_code import write_straight

Array = NDArray[np.floating]

MAX_EXPONENT = 1000
EXACT = 2.0**53  # beyond it a whole number is written as a float

sympy_lock = threading.RLock()


@dataclass(frozen=True)
class Rule:
    """A function of the grammar: its NumPy form, its partial derivatives as formulas over the same functions, its LaTeX."""

    numpy: Callable[..., Any]
    derivatives: tuple[str, ...]  # in a (and b), by this very grammar
    latex: str  # {} stands for the arguments


def _inverse_sqrt(a: ArrayLike) -> Array:
    """1/√a, and 0 at 0: √(x² + y²) has a tip there and, as for |x|, the slope 0 is told."""
    root = np.sqrt(a)
    return np.divide(1.0, root, out=np.zeros_like(root), where=root != 0)


FUNCTIONS: dict[str, Rule] = {
    "sin": Rule(np.sin, ("cos(a)",), r"\sin"),
    "cos": Rule(np.cos, ("-sin(a)",), r"\cos"),
    "tan": Rule(np.tan, ("1 + tan(a)^2",), r"\tan"),
    "exp": Rule(np.exp, ("exp(a)",), r"e^{{{}}}"),
    "log": Rule(np.log, ("1/a",), r"\ln"),
    "sqrt": Rule(np.sqrt, ("1/2*inverse_sqrt(a)",), r"\sqrt{{{}}}"),
    "inverse_sqrt": Rule(_inverse_sqrt, ("-1/2*inverse_sqrt(a)^3",), r"\frac{{1}}{{\sqrt{{{}}}}}"),
    "abs": Rule(np.abs, ("sign(a)",), r"\left|{}\right|"),
    "sign": Rule(np.sign, ("0",), r"\operatorname{sign}"),
    "tanh": Rule(np.tanh, ("1 - tanh(a)^2",), r"\tanh"),
    "sigmoid": Rule(expit, ("sigmoid(a)*(1 - sigmoid(a))",), r"\sigma"),
    "erf": Rule(erf, ("2/sqrt(pi)*exp(-a^2)",), r"\operatorname{erf}"),
    "relu": Rule(lambda a: np.maximum(a, 0.0), ("step(a)",), r"\operatorname{ReLU}"),
    "step": Rule(lambda a: np.heaviside(a, 0.0), ("0",), r"\operatorname{step}"),
    "max": Rule(np.maximum, ("step(a - b)", "1 - step(a - b)"), r"\max"),
    "min": Rule(np.minimum, ("1 - step(a - b)", "step(a - b)"), r"\min"),
}
UFUNCS = frozenset(name for name, rule in FUNCTIONS.items() if isinstance(rule.numpy, np.ufunc))


def _arity(names: Iterable[str]) -> dict[str, int]:
    return {name: len(FUNCTIONS[name].derivatives) for name in names}


@lru_cache(maxsize=1)
def _sympy_functions() -> dict[str, Any]:
    """Each rule of `FUNCTIONS` as a SymPy function that knows its derivative, its LaTeX and its NumPy name, and simplifies nothing."""
    import sympy

    classes: dict[str, Any] = {}

    def make(name: str, rule: Rule) -> Any:
        trees = [parse(formula, ("a", "b"), _arity(FUNCTIONS)) for formula in rule.derivatives]

        def fdiff(self: Any, argindex: int = 1) -> Any:
            return _Builder(rule.derivatives[argindex - 1], dict(zip("ab", self.args, strict=False))).build(trees[argindex - 1])

        def latex(self: Any, printer: Any, exp: str | None = None) -> str:
            arguments = ", ".join(printer._print(argument) for argument in self.args)
            if "{}" in rule.latex:
                written = rule.latex.format(arguments)
                return written if exp is None else rf"\left({written}\right)^{{{exp}}}"
            return rf"{rule.latex}{'' if exp is None else f'^{{{exp}}}'}\left({arguments}\right)"

        def numpycode(self: Any, printer: Any) -> str:
            return f"{name}({', '.join(printer._print(argument) for argument in self.args)})"

        def evalf(self: Any, prec: int) -> Any:
            return sympy.Float(float(rule.numpy(*(float(argument) for argument in self.args))))

        members = {"fdiff": fdiff, "_latex": latex, "_numpycode": numpycode, "_eval_evalf": evalf, "nargs": len(rule.derivatives)}
        return type(name, (sympy.Function,), members)

    for name, rule in FUNCTIONS.items():
        classes[name] = make(name, rule)
    return classes


class _Builder:
    """From a tree to a SymPy expression. Every constant is bounded before it is worked out."""

    def __init__(self, text: str, symbols: dict[str, Any]) -> None:
        import sympy

        self.sympy, self.text, self.symbols = sympy, text, symbols

    def build(self, node: Node) -> Any:
        children = [self.build(child) for child in node.children]
        if node.kind == "number":
            return self.number(float(node.content), node.position)
        if node.kind == "name":
            return self.symbols[node.content] if node.content in self.symbols else {"pi": self.sympy.pi, "e": self.sympy.E}[node.content]
        if node.kind == "call":
            return self.call(node, children)
        if node.kind == "^":
            return self.power(children[0], children[1], node.position)
        if node.kind == "negate":
            return -children[0]
        return self.arithmetic(node, *children)

    def constant(self, expression: Any) -> float | None:
        """The number that an expression without variables is."""
        return None if expression.free_symbols else float(expression.evalf())

    def number(self, value: float, position: int) -> Any:
        if not math.isfinite(value):
            raise ExpressionError("this constant overflows: it is beyond 1.8e308", self.text, position)
        return self.sympy.Integer(int(value)) if value.is_integer() and abs(value) < EXACT else self.sympy.Float(value)

    def arithmetic(self, node: Node, left: Any, right: Any) -> Any:
        if node.kind == "/" and self.constant(right) == 0:
            raise ExpressionError("this divides by zero", self.text, node.position)
        result = {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right}[node.kind]()
        value = self.constant(result)
        return result if value is None or abs(value) < EXACT else self.number(value, node.position)

    def call(self, node: Node, arguments: list[Any]) -> Any:
        values = [self.constant(argument) for argument in arguments]
        if all(value is not None for value in values):
            with np.errstate(all="ignore"):
                value = float(FUNCTIONS[node.content].numpy(*values))
            if math.isnan(value) or value == -math.inf:
                raise ExpressionError(f"{node.content} is not defined at {values[0]:g}", self.text, node.position)
            self.number(value, node.position)
        return _sympy_functions()[node.content](*arguments)

    def power(self, base: Any, exponent: Any, position: int) -> Any:
        value, power = self.constant(base), self.constant(exponent)
        if value is not None and power is not None:
            return self.constant_power(base, exponent, value, power, position)
        largest = max((abs(float(number)) for number in exponent.atoms(self.sympy.Number)), default=0.0)
        if largest > MAX_EXPONENT:
            raise ExpressionError(f"this exponent holds {largest:g}; at most {MAX_EXPONENT} is worked out", self.text, position)
        if power is not None and abs(power) * self.digits(base) > 308:
            raise ExpressionError("a constant raised to this power overflows", self.text, position)
        exponent = self.rational(exponent)
        return _sympy_functions()["sqrt"](base) if exponent == self.sympy.Rational(1, 2) else base**exponent

    def constant_power(self, base: Any, exponent: Any, value: float, power: float, position: int) -> Any:
        try:
            result = value**power
        except OverflowError:
            raise ExpressionError("this constant overflows: it is beyond 1.8e308", self.text, position) from None
        except ZeroDivisionError:
            raise ExpressionError("this divides by zero", self.text, position) from None
        if isinstance(result, complex):
            raise ExpressionError(f"{value:g} has no real power {power:g}", self.text, position)
        if abs(power) * self.digits(base) < 15 and abs(power) <= 15:
            return base ** self.rational(exponent)
        return self.number(result, position)

    def digits(self, expression: Any) -> float:
        """Decimal digits of the longest number in an expression."""
        rationals = expression.atoms(self.sympy.Rational)
        return max((math.log10(max(abs(r.p), r.q)) for r in rationals), default=0.0)

    def rational(self, exponent: Any) -> Any:
        """0.5 as 1/2, so that SymPy knows a root for what it is."""
        if not exponent.is_Float:
            return exponent
        fraction = Fraction(float(exponent)).limit_denominator(1000)
        return self.sympy.Rational(fraction.numerator, fraction.denominator) if float(fraction) == float(exponent) else exponent


def derive(
    text: str, variables: Sequence[str], functions: Sequence[str], parameters: Sequence[str] = ()
) -> tuple[Any, list[Any], list[Any]]:
    """(value, first derivatives, upper triangle of the second, row by row) of a formula, by its variables, as SymPy expressions."""
    tree = parse(text, (*variables, *parameters), _arity(functions))
    with sympy_lock:
        import sympy

        symbols = [sympy.Symbol(name) for name in variables]
        value = _Builder(text, {name: sympy.Symbol(name) for name in (*variables, *parameters)}).build(tree)
        gradient = [sympy.diff(value, symbol) for symbol in symbols]
        hessian = [sympy.diff(gradient[i], symbols[j]) for i in range(len(symbols)) for j in range(i, len(symbols))]
        outside = (sympy.zoo, sympy.oo, -sympy.oo, sympy.nan, sympy.I)
        if any(part.has(*outside) for part in (value, *gradient, *hessian)):
            raise ExpressionError("this is not a finite real number anywhere", text, tree.position)
    return value, gradient, hessian


def write_function(name: str, expressions: Sequence[Any], variables: Sequence[str]) -> str:
    """Python source of `name(*variables)`: the expressions as a tuple in NumPy, what they share computed once, small powers as products."""
    with sympy_lock:
        import sympy
        from sympy.codegen.rewriting import create_expand_pow_optimization
        from sympy.printing.numpy import NumPyPrinter

        printer = NumPyPrinter({"fully_qualified_modules": False, "allow_unknown_functions": True})
        small_powers = create_expand_pow_optimization(6)
        factored = [sympy.factor_terms(expression) for expression in expressions]
        shared, results = sympy.cse(factored, symbols=sympy.numbered_symbols("t"), order="none")
        lines = [f"    {symbol} = {printer.doprint(small_powers(part))}" for symbol, part in shared]
        returned = ", ".join(printer.doprint(small_powers(result)) for result in results)
    return "\n".join([f"def {name}({', '.join(variables)}):", *lines, f"    return ({returned},)"]) + "\n"


def is_partial(expression: Any) -> bool:
    """Whether the value can be undefined at real variables: a logarithm, a root or a quotient is in it."""
    names = {type(function).__name__ for function in expression.atoms(*_sympy_functions().values())}
    quotients = (power for power in expression.atoms(type(expression**0.3)) if power.is_Pow)
    return bool(names & {"log", "sqrt"}) or any(not (power.exp.is_Integer and power.exp > 0) for power in quotients)


def write_functions(
    value: Any, gradient: list[Any], hessian: list[Any], variables: Sequence[str], parameters: Sequence[str] = ()
) -> dict[str, str]:
    """Source of the three functions that an Expression calls; the value comes first in each, and the gradient is straight code."""
    parts = {"value": [value], "gradient": [value, *gradient], "hessian": [value, *hessian]}
    sources = {name: write_function(name, part, (*variables, *parameters)) for name, part in parts.items()}
    return sources | {"gradient": write_straight("gradient", sources["gradient"], variables, UFUNCS)}


def write_latex(value: Any, gradient: list[Any], hessian: list[Any]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """LaTeX of the value, the first and the second derivatives."""
    with sympy_lock:
        import sympy

        return sympy.latex(value), tuple(map(sympy.latex, gradient)), tuple(map(sympy.latex, hessian))
