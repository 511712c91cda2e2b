"""A person's mistake, told beside the control that caused it: the sentence as it is, and for a formula the place with a caret."""

from __future__ import annotations

import re

import streamlit as st

from nnviz.core.grammar import ExpressionError
from nnviz.formulas.mistakes import marked

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!~$:|<>-])")


def tell(error: ValueError, before: str = "") -> None:
    """The sentence of an error; what a person typed stands in it letter by letter, also where Markdown would read it."""
    st.error(_MARKDOWN.sub(r"\\\1", f"{before}{error}"))
    if isinstance(error, ExpressionError):
        st.code(marked(error), language=None)
