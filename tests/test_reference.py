"""The reference is built of the docstrings without a warning, and shows signatures as they are written."""

from docs.reference import build


def test_pages_show_signatures_examples_and_sources_as_they_are_written(tmp_path):
    build(tmp_path, "nnviz.core.network", "nnviz.core.initializers")
    page = (tmp_path / "nnviz" / "core" / "network.html").read_text(encoding="utf-8")
    for shown in ("ArrayLike", "Nielsen (2015)", "View Source", "Raises"):
        assert shown in page
    assert "_SupportsArray" not in page
    assert "ForwardRef" not in page
