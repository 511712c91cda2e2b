"""The component that sets a formula; its style sheet and its fonts are those of the KaTeX that is part of Streamlit."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import streamlit as st

from nnviz.ui import served

VERSION = "0.16.47"  # of KaTeX, in `static/`: the one whose style sheet Streamlit has, or its letters do not stand where they should


@lru_cache(maxsize=1)
def _component() -> Any:
    js = (files("nnviz.ui") / "formula.js").read_text(encoding="utf-8")
    return st.components.v2.component("nnviz_formula", js=js, isolate_styles=False)


def formula(latex: str, key: str) -> None:
    """Set a formula in LaTeX as a display; what KaTeX cannot read stands there in red. The key names it among those of its page."""
    _component()(key=f"formula-{key}", data={"katex": served.address(f"katex-{VERSION}.min.js"), "latex": latex})
