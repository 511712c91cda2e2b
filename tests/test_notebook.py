"""The notebook runs as it stands, and prints what is stored in it."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "engine.ipynb"
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*(?:e-?\d+)?")


def cells():
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def stored(cell):
    return "".join("".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream")


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def run(source, scope):
    """What the cell's last expression is, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), scope)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), scope)


def test_every_cell_runs_without_the_app_and_prints_what_is_stored(capsys):
    scope = {}
    for cell in cells():
        source = "".join(cell["source"])
        shown = run(source, scope)
        said = capsys.readouterr().out
        assert NUMBER.sub("#", said) == NUMBER.sub("#", stored(cell)), source
        # Rounding differs from one processor to another, and a thousand steps of training make more of it.
        assert numbers(said) == pytest.approx(numbers(stored(cell)), rel=0.1, abs=0.03), source
        if shown is not None:
            assert np.ptp(np.asarray(shown)) > 0
            assert any("image/png" in output.get("data", {}) for output in cell["outputs"])
    imported = {
        node.module.split(".")[0]
        for cell in cells()
        for node in ast.walk(ast.parse("".join(cell["source"])))
        if isinstance(node, ast.ImportFrom)
    }
    assert imported == {"nnviz", "PIL"}


def test_the_notebook_stays_small():
    assert NOTEBOOK.stat().st_size < 60_000
