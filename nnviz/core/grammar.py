"""The grammar of the formulas that a person types, read by this tokenizer and parser and by nothing else: text is never evaluated.

    sum    = product {(+|-) product}          product = signed {(*|/) signed}
    signed = [-|+] signed | power             power   = atom [(**|^) signed]
    atom   = number | pi | e | variable | function(sum {, sum}) | (sum)

What is beyond the grammar, or would cost too much further on, is refused with its place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 500
MAX_DEPTH = 24
MAX_TOWER = 2  # exponents within exponents: 2**(-x**2) has two
MAX_DERIVATIVE_SIZE = 12_000  # operations of the second derivative before common parts are shared: a second or two of SymPy
CONSTANTS = ("pi", "e")


class ExpressionError(ValueError):
    """A formula that cannot be read; `.position` is the place in the text (0-based), `.text` the text."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        self.text, self.position = text, position
        excerpt = text[max(0, position - 12) : position + 12].replace("\n", " ").replace("\r", " ")
        super().__init__(f"column {position + 1} of the formula, near '{excerpt}': {reason}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_error, (str(self), self.text, self.position)


def _restore_error(message: str, text: str, position: int) -> ExpressionError:
    error = ExpressionError("", text, position)
    error.args = (message,)
    return error


@dataclass(frozen=True)
class Node:
    """One operation of a formula: what it is ("number", "name", "call" or an operator), where it stands, what it works on."""

    kind: str
    content: str
    position: int
    children: tuple[Node, ...] = ()


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_]\w*)|(?P<symbol>\*\*|[-+*/^(),])", re.ASCII
)
_SPELLINGS = str.maketrans({"−": "-", "×": "*", "·": "*"})


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, content, position) of each token, closed by one of kind "end"."""
    tokens, position, spelled = [], 0, text.translate(_SPELLINGS)
    while position < len(spelled):
        if spelled[position] in " \t":
            position += 1
            continue
        match = _TOKEN.match(spelled, position)
        if match is None:
            raise ExpressionError(f"the character {text[position]!r} does not belong in a formula", text, position)
        content = "^" if match.group() == "**" else match.group()
        tokens.append((str(match.lastgroup), content, position))
        position = match.end()
    return [*tokens, ("end", "", len(text))]


class _Parser:
    """Recursive descent over the grammar at the top of this file."""

    def __init__(self, text: str, variables: Sequence[str], arity: Mapping[str, int]) -> None:
        self.text, self.variables, self.arity = text, variables, arity
        self.tokens = _tokens(text)
        self.index = self.depth = 0

    def parse(self) -> Node:
        node = self.sum()
        kind, content, position = self.tokens[self.index]
        if kind != "end":
            hint = "this bracket was never opened" if content == ")" else f"expected an operator before {content!r} (write 2*x for 2x)"
            raise ExpressionError(hint, self.text, position)
        return node

    def accept(self, *contents: str) -> int | None:
        """The position of the next token if it is one of these symbols, which it then passes."""
        kind, content, position = self.tokens[self.index]
        if kind != "symbol" or content not in contents:
            return None
        self.index += 1
        return position

    def chain(self, operand: Callable[[], Node], *operators: str) -> Node:
        node = operand()
        while (position := self.accept(*operators)) is not None:
            node = Node(self.tokens[self.index - 1][1], "", position, (node, operand()))
        return node

    def sum(self) -> Node:
        return self.chain(self.product, "+", "-")

    def product(self) -> Node:
        return self.chain(self.signed, "*", "/")

    def signed(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(f"brackets and signs go deeper than {MAX_DEPTH} levels", self.text, self.tokens[self.index][2])
        if (position := self.accept("-")) is not None:
            node = Node("negate", "", position, (self.signed(),))
        elif self.accept("+") is not None:
            node = self.signed()
        else:
            node = self.power()
        self.depth -= 1
        return node

    def power(self) -> Node:
        base = self.atom()
        position = self.accept("^")
        return base if position is None else Node("^", "", position, (base, self.signed()))

    def atom(self) -> Node:
        kind, content, position = self.tokens[self.index]
        if kind == "number":
            self.index += 1
            return Node("number", content, position)
        if kind == "name":
            self.index += 1
            return self.name(content, position)
        if self.accept("(") is not None:
            node = self.sum()
            self.close(position)
            return node
        found = repr(content) if content else "the end"
        raise ExpressionError(f"expected a number, {self.names()}, a function or a bracket, found {found}", self.text, position)

    def name(self, content: str, position: int) -> Node:
        if content in self.variables or content in CONSTANTS:
            return Node("name", content, position)
        if content not in self.arity:
            known = ", ".join((*self.variables, *CONSTANTS, *self.arity))
            raise ExpressionError(f"'{content[:20]}' is not known here; known are {known}", self.text, position)
        if self.accept("(") is None:
            raise ExpressionError(f"the function {content} needs its argument in brackets, {content}(…)", self.text, position)
        arguments = [self.sum()]
        while self.accept(",") is not None:
            arguments.append(self.sum())
        self.close(position)
        expected = self.arity[content]
        if len(arguments) != expected:
            raise ExpressionError(f"{content} takes {expected} argument{'s' * (expected > 1)}, got {len(arguments)}", self.text, position)
        return Node("call", content, position, tuple(arguments))

    def close(self, opened: int) -> None:
        if self.accept(")") is None:
            raise ExpressionError(f"the bracket opened at column {opened + 1} is not closed here", self.text, self.tokens[self.index][2])

    def names(self) -> str:
        return " or ".join(self.variables)


def parse(text: str, variables: Sequence[str], arity: Mapping[str, int]) -> Node:
    """The formula as a tree, over functions with their number of arguments; ExpressionError where it leaves the grammar or its bounds."""
    if not isinstance(text, str):
        raise ValueError(f"a formula is a text such as '{variables[0]}**2', got {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"it has {len(text)} characters; at most {MAX_LENGTH} are read", text, MAX_LENGTH)
    if (newline := re.search(r"[\r\n]", text)) is not None:
        raise ExpressionError("a formula is one line", text, newline.start())
    if not text.strip():
        raise ExpressionError(f"it is empty; write for example {variables[0]}**2", text, 0)
    node = _Parser(text, variables, arity).parse()
    _check_size(node, text)
    return node


def _check_size(root: Node, text: str) -> None:
    """Raises where the tower of exponents or the second derivative would grow out of hand."""

    def sizes(node: Node) -> tuple[int, int, int, int]:
        """(height of the tower, operations of the value, of the first, of the second derivative) of a node."""
        children = [sizes(child) for child in node.children]
        tower, value, first, second = (sum(column) for column in zip(*children, strict=True)) if children else (0, 0, 0, 0)
        tower = max((child[0] for child in children), default=0)
        if node.kind == "^":
            tower = max(children[0][0], 1 + children[1][0])
        if tower > MAX_TOWER:
            raise ExpressionError(f"exponents within exponents go deeper than {MAX_TOWER}", text, node.position)
        if node.kind in ("*", "/", "^", "call"):
            first, second = first + value + 2, second + 2 * first + value + 4
        if second > MAX_DERIVATIVE_SIZE:
            raise ExpressionError("with this factor its derivatives become too long to work out; shorten the formula", text, node.position)
        return tower, value + 1, first, second

    sizes(root)
