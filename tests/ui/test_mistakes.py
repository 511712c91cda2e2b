"""A mistake is told in one way: what a person typed stands in it letter by letter, whoever tells it."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
MODULES = [*sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "nnviz" / "ui").glob("*.py")), ROOT / "app.py"]


def told(trouble, before="", after=""):
    """What stands on a page that tells a mistake."""

    def page(trouble, before, after):
        from nnviz.ui import mistakes

        mistakes.tell(ValueError(trouble), before, after)

    return AppTest.from_function(page, args=(trouble, before, after)).run().error[0].value


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_one_module_tells_mistakes(path):
    names = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)]
    told = [node for node in names if node.attr == "error" and isinstance(node.value, ast.Name)]
    assert bool(told) == (path.stem == "mistakes")


@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        ("**bold** $x^2$", r"\*\*bold\*\* \$x^2\$"),
        ("[a](b) <i> &lt; `c` ![d](e)", r"\[a\]\(b\) \<i\> \&lt; \`c\` \!\[d\]\(e\)"),
        (":red[f] \\alpha", r"\:red\[f\] \\alpha"),
    ],
)
def test_what_was_typed_is_neither_markdown_nor_latex(typed, stands):
    assert told(typed) == stands


@pytest.mark.parametrize("trouble", ["the step is 0: take one from 1 on", "the step is 0: take one from 1 on."])
def test_a_mistake_before_another_sentence_is_a_sentence_itself(trouble):
    assert told(trouble, after="The former one is shown.") == r"The step is 0\: take one from 1 on\. The former one is shown\."
    assert told(trouble, before="steps.csv: ").startswith(r"steps\.csv\: the step")
