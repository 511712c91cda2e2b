"""The reference of `nnviz.core` as web pages, made of its docstrings by pdoc: `make docs`, or `python -m docs.reference [folder]`.

A warning is an error. What is private to the core, and the module that writes another, are left out.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pdoc.doc
import pdoc.doc_types
import pdoc.render

HIDDEN = ("batches", "derive_surfaces", "diary", "kernel", "many_costs", "plane_costs", "run_costs", "settings", "surfaces_derived")


@dataclass(frozen=True)
class Written:
    """An annotation as it stands in the source: pdoc would evaluate it and print the union of seven types that `ArrayLike` may be."""

    text: str

    def __repr__(self) -> str:
        return self.text


def as_written(annotation: Any, *_: Any) -> Any:
    """The annotation itself where it is no text."""
    text = getattr(annotation, "__forward_arg__", annotation)
    return Written(text) if isinstance(text, str) else annotation


def build(folder: Path, *modules: str) -> None:
    """Write the pages of some modules, or of all; a warning, or a hidden module that is no more, is an error."""
    hidden = [f"nnviz.core.{name}" for name in HIDDEN]
    gone = [name for name in hidden if find_spec(name) is None]
    if gone:
        raise FileNotFoundError(f"{', '.join(gone)}: no such module any more; take it out of HIDDEN in docs/reference.py")
    pdoc.doc.safe_eval_type = pdoc.doc_types.safe_eval_type = as_written
    pdoc.render.configure(docformat="numpy", math=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc(*(modules or ("nnviz.core", *(f"!{name}" for name in hidden))), output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else "site"))
