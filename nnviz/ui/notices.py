"""Sentences that a person should read first, at the top of the page: what of an address or a file could not be used.

They stand on the page on which they were found until the person goes to another one: a rerun, which may follow at once, does not take
them away.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import streamlit as st

from nnviz.ui import show

_place: ContextVar[Any] = ContextVar("notices", default=None)


def open_here(page: str) -> None:
    """Notices of this page stand here: those told already, and those that its own controls will tell."""
    told: dict[str, str] = st.session_state.setdefault("notices", {})
    place = st.container()
    _place.set(place)
    for sentence, of_page in list(told.items()):
        if of_page in ("", page):
            told[sentence] = page
            with place:
                show.notice(sentence)
        else:
            del told[sentence]
    st.session_state["notices page"] = page


def tell(sentence: str) -> None:
    """Say it at the top of the page, also where the sidebar or a control further down found it."""
    told: dict[str, str] = st.session_state.setdefault("notices", {})
    if sentence in told:
        return
    place = _place.get()
    told[sentence] = "" if place is None else st.session_state.get("notices page", "")
    if place is not None:
        with place:
            show.notice(sentence)
