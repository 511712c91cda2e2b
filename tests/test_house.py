"""The house keeps its order: the engine stands alone, pages are thin, and the navigation and the pages are the same list."""

import ast
import inspect
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from nnviz.ui import controls, navigation

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "pages").glob("*.py"))
INTERFACE = sorted((ROOT / "nnviz" / "ui").glob("*.py"))
KEY_AT = {  # what draws a control → the place of its key among its arguments
    name: list(inspect.signature(getattr(controls, name)).parameters).index("key")
    for name in ("choice", "segments", "several", "slider", "powers", "number", "toggle", "text")
}
ALONE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"streamlit", "plotly"}:
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.training import train
run = train(Network((4, 3), "softmax"), "cross_entropy", DATASETS["iris"](), "sgd", epochs=1)
slow = {"sympy", "pandas", "onnx", "dask", "zarr"} & set(sys.modules)
assert not slow, slow
print(run.theta.shape[-1])
"""


def test_the_engine_works_without_streamlit_and_plotly_and_imports_nothing_slow():
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "15", done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_thin_and_draws_nothing_itself(page):
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imported = [alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module or "" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in imported if name.split(".")[0] in {"plotly", "scipy", "networkx", "sympy"}]


def test_the_navigation_lists_every_page_and_no_other():
    listed = {name for files in navigation.SECTIONS.values() for name in files}
    assert {page.stem for page in PAGES} == listed


def test_modules_hold_one_idea():
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "nnviz").rglob("*.py")}
    written = {path: text for path, text in texts.items() if "not to be edited" not in text[:200]}  # what a script writes is read by nobody
    assert not {str(path): n for path, text in written.items() if (n := len(text.splitlines())) > 500}


def _controls(path):
    """The controls that a file draws: the key of each, as it is written, and its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("controls"), attr=name)) if name in KEY_AT:
                named = [word.value for word in node.keywords if word.arg == "key"]
                yield (named or [node.args[KEY_AT[name]]])[0], node.lineno


def _pattern(key):
    """The letters of a key, and a number where one is put in; nothing for a constant, which is shared on purpose."""
    match key:
        case ast.Constant(str(value)):
            return value
        case ast.JoinedStr(parts):
            return "".join(part.value if isinstance(part, ast.Constant) else r"\d+" for part in parts)
    return ""


def test_a_control_s_key_stands_for_one_control_over_all_pages():
    # A key is a parameter of the address and lives through all pages: what two controls share, each reads of the other.
    drawn = [(_pattern(key), f"{path.name}:{line}") for path in (*PAGES, *INTERFACE) for key, line in _controls(path)]
    named = [(key, place) for key, place in drawn if key]
    assert len(named) > 150
    assert not [(a, b) for a, b in combinations(named, 2) if a[0] == b[0] or re.fullmatch(a[0], b[0]) or re.fullmatch(b[0], a[0])]
