"""Formulas as straight code: one NumPy call an operation, each into a buffer that was made before. For loops that cannot wait.

A line such as `100*(t0*t0) + (1 - x)**2` makes an array for each operation and turns each number into one, at every step of a descent:
on a thousand points that is half of its time. Here such source is read as a tree and written anew,

    subtract(k1, x, b)
    multiply(b, b, b)

with the same operations in the same order, so that the numbers are the same to the last bit. Private to the core.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OPERATORS = {
    ast.Add: ("add", "+"),
    ast.Sub: ("subtract", "-"),
    ast.Mult: ("multiply", "*"),
    ast.Div: ("divide", "/"),
    ast.Pow: ("power", "**"),
}
IMPORTS = ("add", "array", "copyto", "divide", "empty_like", "multiply", "negative", "power", "subtract")  # of NumPy, by the code

Operand = int | str  # which operation's result it is; else a name, or an expression of numbers alone as it is written


@dataclass(frozen=True)
class Operation:
    """One call and what it takes."""

    call: str
    operands: tuple[Operand, ...]


def write_straight(name: str, source: str, arrays: Sequence[str], functions: Iterable[str]) -> str:
    r"""Source of `name(*parameters, out)` from that of a function with the same parameters, which gives back a tuple.

    The function written gives back a call without arguments: it works out what stands in the arrays at that time, and writes the tuple's
    entries into the arrays `out`, of equal shape.

    Parameters
    ----------
    arrays : the parameters that are arrays, all of the shape of `out`; the others are numbers
    functions : those of the formula that are ufuncs, hence take a buffer

    Examples
    --------
    >>> print(write_straight("f", "def f(x, y):\n    t0 = x*y\n    return (2*(t0*t0), x*y,)", ("x", "y"), ()))
    def f(x, y, out, k0=array(2, float)):
        (r0, r1,) = out
        (b0,) = [empty_like(r0) for _ in range(1)]
        def work():
            multiply(x, y, r1)
            multiply(r1, r1, b0)
            multiply(k0, b0, r0)
        return work
    <BLANKLINE>
    """
    function = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    parameters = [argument.arg for argument in function.args.args]
    reader = _Reader(function, arrays)
    results = reader.results()
    places, buffers = _places(reader.operations, results)
    constants: dict[str, str] = {}

    def told(operand: Operand) -> str:
        if isinstance(operand, int):
            return places[operand]
        if any(name in parameters for name in _names(operand)):
            return operand
        return constants.setdefault(operand, f"k{len(constants)}")  # an array already: NumPy takes it faster than a number

    calls = [
        _written(operation.call, ", ".join(map(told, operation.operands)), place, functions)
        for operation, place in zip(reader.operations, places, strict=True)
    ]
    entries = [f"r{i}" for i in range(len(results))]
    calls += [f"copyto({entry}, {told(result)})" for entry, result in zip(entries, results, strict=True) if told(result) != entry]
    head = ", ".join([*parameters, "out", *(f"{k}=array({text}, float)" for text, k in constants.items())])
    lines = [f"({', '.join(entries)},) = out"]
    lines += [f"({', '.join(buffers)},) = [empty_like(r0) for _ in range({len(buffers)})]"] if buffers else []
    lines += ["def work():", *(f"    {call}" for call in calls), "return work"]
    return "\n    ".join([f"def {name}({head}):", *lines]) + "\n"


def _written(call: str, taken: str, place: str, functions: Iterable[str]) -> str:
    """A line that works out a call and leaves its result in a place."""
    if call in IMPORTS:
        return f"{call}({taken}, {place})"
    return f"{call}({taken}, out={place})" if call in functions else f"copyto({place}, {call}({taken}))"


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


class _Reader:
    """From a function's source to its operations; the same operation on the same operands is done once."""

    def __init__(self, function: ast.FunctionDef, arrays: Sequence[str]) -> None:
        self.function, self.arrays = function, arrays
        self.operations: list[Operation] = []
        self.known: dict[Operation, int] = {}
        self.lines: dict[str, Operand] = {}

    def results(self) -> list[Operand]:
        """What the function gives back, entry by entry."""
        found: list[Operand] = []
        for line in self.function.body:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                self.lines[line.targets[0].id] = self.operand(line.value)
            elif isinstance(line, ast.Return) and isinstance(line.value, ast.Tuple):
                found = [self.operand(entry) for entry in line.value.elts]
        return found

    def operand(self, node: ast.expr) -> Operand:
        """An operand for a tree; what has no array in it stays text."""
        if isinstance(node, ast.Name):
            return self.lines.get(node.id, node.id)
        if isinstance(node, ast.UnaryOp):
            inner = self.operand(node.operand)
            return f"(-{inner})" if self.is_number(inner) else self.done("negative", inner)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            taken = [self.operand(part) for part in node.args]
            return f"{node.func.id}({', '.join(map(str, taken))})" if all(map(self.is_number, taken)) else self.done(node.func.id, *taken)
        if isinstance(node, ast.BinOp):
            return self.joined(type(node.op), self.operand(node.left), self.operand(node.right))
        return ast.unparse(node)

    def joined(self, kind: type[ast.operator], left: Operand, right: Operand) -> Operand:
        call, sign = OPERATORS[kind]
        if self.is_number(left) and self.is_number(right):
            return f"({left}{sign}{right})"
        if call == "power" and right == "2":
            return self.done("multiply", left, left)  # as NumPy does it
        return self.done(call, left, right)

    def is_number(self, operand: Operand) -> bool:
        return isinstance(operand, str) and operand not in self.arrays

    def done(self, call: str, *operands: Operand) -> int:
        operation = Operation(call, operands)
        if operation not in self.known:
            self.known[operation] = len(self.operations)
            self.operations.append(operation)
        return self.known[operation]


def _places(operations: Sequence[Operation], results: Sequence[Operand]) -> tuple[list[str], list[str]]:
    """The array that each operation writes into, and those that are needed beside `out`: one that nobody reads again is free."""
    last = {operand: place for place, operation in enumerate(operations) for operand in operation.operands if isinstance(operand, int)}
    final = {result: f"r{i}" for i, result in reversed(list(enumerate(results))) if isinstance(result, int)}
    places: list[str] = []
    free: list[str] = []
    count = 0
    for place, operation in enumerate(operations):
        free += [
            places[operand]
            for operand in dict.fromkeys(operation.operands)
            if isinstance(operand, int) and last[operand] == place and operand not in final
        ]
        if place in final:
            places.append(final[place])
        else:
            if not free:
                free, count = [f"b{count}"], count + 1
            places.append(free.pop())
    return places, [f"b{i}" for i in range(count)]
