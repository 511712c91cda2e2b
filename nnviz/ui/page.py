"""The frame of a page: its title, the one sentence that says what one is looking at, and what of the address could not be read."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from nnviz.ui import notices, reference, take


def head(title: str, sentence: str) -> None:
    """The title and the sentence under it, then any notices."""
    with st.container(key="take", horizontal=True):
        reference.menu(title)
        take.bar()
    st.title(title, anchor=False)
    st.html(f'<p class="nnviz-lead">{html.escape(sentence)}</p>')
    notices.open_here(title)
    take.lesson()
    if st.context.is_embedded:
        st.link_button("Open the full view", _full_view(), type="tertiary")


def _full_view() -> str:
    """The address of this page without the embedding."""
    address = (st.context.url or "").split("?")[0]
    kept = urlencode([(key, value) for key in st.query_params if not key.startswith("embed") for value in st.query_params.get_all(key)])
    return f"{address}?{kept}" if kept else address
