"""The house keeps its order: the engine stands alone, pages are thin, and the navigation and the pages are the same list."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from nnviz.ui import navigation

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "pages").glob("*.py"))
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
    assert {page.stem for page in PAGES} <= listed


def test_modules_hold_one_idea():
    texts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "nnviz").rglob("*.py")}
    written = {name: text for name, text in texts.items() if "not to be edited" not in text[:200]}  # what a script writes is read by nobody
    assert not {name: n for name, text in written.items() if (n := len(text.splitlines())) > 500}
