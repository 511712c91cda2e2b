"""Writes `surfaces_derived.py`: value, derivatives and LaTeX of the built-in surfaces, so that using one never waits for SymPy.

Run `python -m nnviz.core.derive_surfaces` after a change of `surfaces.FORMULAS`; a test compares what is written with the derivation.
"""

from __future__ import annotations

import ast
from pathlib import Path

from nnviz.core.derivation import FUNCTIONS, derive, is_partial, write_functions, write_latex
from nnviz.core.expressions import SURFACE_FUNCTIONS
from nnviz.core.straight_code import IMPORTS

PARAMETERS = ("condition",)
HEADER = f'''"""Value, derivatives and LaTeX of each built-in surface, by its formula. Written by derive_surfaces.py; not to be edited."""

# fmt: off
# ruff: noqa: E501, F401, B008
# mypy: ignore-errors

from math import e, pi
from typing import Any

from numpy import {", ".join(IMPORTS)}

from nnviz.core.derivation import FUNCTIONS

'''


def written(name: str, text: str) -> str:
    """Source of the three functions of a formula and of its entry in DERIVED."""
    parameters = tuple(parameter for parameter in PARAMETERS if parameter in text)
    parts = derive(text, ("x", "y"), SURFACE_FUNCTIONS, parameters)
    functions = write_functions(*parts, ("x", "y"), parameters)
    renamed = [source.replace(f"def {part}(", f"def {name}_{part}(") for part, source in functions.items()]
    latex, first, second = write_latex(*parts)
    entry = ", ".join((repr(latex), repr(first), repr(second), repr(is_partial(parts[0])), *(f"{name}_{part}" for part in functions)))
    return "\n\n".join(renamed) + f"\n\nDERIVED[{text!r}] = ({entry})\n"


def source(formulas: dict[str, str]) -> str:
    """The whole module."""
    body = "\n\n".join(written(name, text) for name, text in formulas.items())
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    names = [f'{name} = FUNCTIONS["{name}"].numpy' for name in FUNCTIONS if name in used]
    return HEADER + "\n".join(names) + "\n\nDERIVED: dict[str, Any] = {}\n\n\n" + body


def main() -> None:
    """Reads the formulas from the text of `surfaces.py`, which itself needs what is written here."""
    folder = Path(__file__).parent
    tree = ast.parse((folder / "surfaces.py").read_text(encoding="utf-8"))
    (formulas,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "FORMULAS" and node.value
    )
    (folder / "surfaces_derived.py").write_text(source(formulas), encoding="utf-8")


if __name__ == "__main__":
    main()
