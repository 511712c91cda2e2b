r"""How wide a formula is set, roughly: it is laid out where nobody can ask, and a row too wide for a phone is to be broken."""

from __future__ import annotations

import re

PHONE = 23.0  # em across a phone, in the size in which formulas are set there (`style.css`)
EQUALS = 1.35
MATRIX = re.compile(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", re.DOTALL)
COMMAND = re.compile(r"\\([a-zA-Z]+|.)")
COMMANDS = {  # em of those that are not one letter
    "cdot": 0.72, "leftarrow": 1.55, "max": 1.75, "min": 1.6, "prod": 1.1, "left": 0.36, "right": 0.36, ",": 0.17, "\\": 0.0, " ": 0.25,
    "operatorname": 0.2, "lVert": 0.5, "rVert": 0.5, "pm": 1.2, "hat": 0.0, "allowbreak": 0.0,
}  # fmt: skip
SIGNS = {".": 0.28, "+": 1.2, "-": 1.2, "=": EQUALS, "(": 0.39, ")": 0.39, ",": 0.45, "/": 0.5}
RAISED = 0.7  # an exponent, as a share of its size on the line


def ems(latex: str) -> float:
    r"""The width of one row of a formula in em.

    Examples
    --------
    >>> ems("0.5") < ems(r"\frac{0.5}{1-0.9}") < ems(r"0.5+\frac{0.5}{1-0.9}")
    True
    """
    width, at = 0.0, 0
    while at < len(latex):
        matrix, command = MATRIX.match(latex, at), COMMAND.match(latex, at)
        if matrix:
            rows = [row.split("&") for row in matrix[1].split(r"\\")]
            width += 1.6 + max(sum(map(ems, row)) + len(row) - 1 for row in rows)
            at = matrix.end()
        elif command:
            at = command.end()
            if command[1] == "frac":
                above, at = _group(latex, at)
                below, at = _group(latex, at)
                width += 0.24 + max(ems(above), ems(below))
            elif command[1] == "textcolor":
                _, at = _group(latex, at)
            else:
                width += 0.83 if command[1] == "sqrt" else COMMANDS.get(command[1], 0.57)
        elif latex[at] in "^_":
            raised, at = _group(latex, at + 1)
            width += RAISED * ems(raised)
        else:
            width += 0.0 if latex[at] in "{}& " else SIGNS.get(latex[at], 0.52)
            at += 1
    return width


def _group(latex: str, at: int) -> tuple[str, int]:
    """What stands in braces there, or the one letter, and where it ends."""
    if at >= len(latex) or latex[at] != "{":
        return latex[at : at + 1], at + 1
    depth = 0
    for end in range(at, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[end], 0)
        if depth == 0:
            return latex[at + 1 : end], end + 1
    return latex[at + 1 :], len(latex)
