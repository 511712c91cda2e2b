"""The frame of a page: its title, the one sentence that says what one is looking at, and what of the address could not be read."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from nnviz.ui import notices, redraw, reference, take

SHOWN = "shown page"  # session_state: the title of the page


def top(title: str) -> None:
    """The title and what stands at its right; drawn by `app.py`, outside of the part that is drawn anew when something is moved."""
    st.session_state[SHOWN] = title
    with st.container(key="take", horizontal=True):
        reference.menu(title)
        take.bar()
    st.title(title, anchor=False)
    if st.context.is_embedded:
        st.link_button("Open the full view", _full_view(), type="tertiary")


def stay() -> None:
    """Before a page runs: where it would run by itself and a menu stands open that tells of it, the whole app does."""
    if redraw.alone() and redraw.menus_open():
        st.rerun()


def head(sentence: str) -> None:
    """The one sentence that says what one is looking at, then any notices."""
    st.html(f'<p class="nnviz-lead">{html.escape(sentence)}</p>')
    notices.open_here(st.session_state.get(SHOWN, ""))
    take.lesson()


def _full_view() -> str:
    """The address of this page without the embedding."""
    address = (st.context.url or "").split("?")[0]
    kept = urlencode([(key, value) for key in st.query_params if not key.startswith("embed") for value in st.query_params.get_all(key)])
    return f"{address}?{kept}" if kept else address
