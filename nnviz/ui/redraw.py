"""Which parts of a page are drawn anew when a control is moved.

A run of the whole app draws each of its hundred controls and figures again, on the server and in the browser. A control that changes
nothing but some parts, each a fragment with a key, names them: only those are run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.errors import StreamlitAPIException

PAGE = "page"  # the whole page, without the sidebar
SYMBOLS, TAKE = "symbols", "takemenu"  # the menus at the top, which tell of all that the page shows
ALONE = True  # whether parts may be run alone; a test without a browser sees only what its last run has drawn

WHOLE = "whole run"  # session_state: whether the whole app is running


@contextmanager
def whole() -> Iterator[None]:
    """The whole app runs, until it has run or was interrupted; around it in `app.py`."""
    st.session_state[WHOLE] = True
    try:
        yield
    finally:
        st.session_state[WHOLE] = False


def alone() -> bool:
    """Whether a part is running by itself."""
    return not st.session_state.get(WHOLE, True)


def menus_open() -> bool:
    """Whether a menu stands open that tells of what the page shows: then nothing is drawn without it."""
    return bool(st.session_state.get(SYMBOLS) or st.session_state.get(TAKE))


def only(*parts: str, where: Callable[[], bool] = lambda: True) -> Callable[[], None]:
    """A callback for `on_change` of a control: run these parts and nothing else; where one is not on the page, or `where` says no, all."""

    def changed() -> None:
        if not ALONE or menus_open() or not where():
            return
        try:
            st.rerun(list(parts))
        except StreamlitAPIException:
            return

    return changed
