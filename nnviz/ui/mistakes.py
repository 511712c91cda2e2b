"""A person's mistake, told beside the control that caused it: the sentence as it is, and for a formula the place with a caret."""

from __future__ import annotations

import streamlit as st

from nnviz.core.grammar import ExpressionError
from nnviz.formulas.mistakes import marked
from nnviz.ui import show


def tell(trouble: ValueError | str, before: str = "", after: str = "") -> None:
    """The sentence of an error; what a person typed stands in it letter by letter, also where Markdown would read it.

    Parameters
    ----------
    before : stands before it, such as the name of a file with a colon
    after : a sentence that follows it: what is shown instead
    """
    text = f"{before}{trouble}"
    if after:
        text = f"{text[:1].upper()}{text[1:].rstrip('.')}. {after}"
    st.error(show.as_typed(text))
    if isinstance(trouble, ExpressionError):
        st.code(marked(trouble), language=None)
