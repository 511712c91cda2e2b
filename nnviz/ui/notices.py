"""Sentences that a person should read first, at the top of the page: what of an address or a file could not be used."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import streamlit as st

from nnviz.ui import show

_place: ContextVar[Any] = ContextVar("notices", default=None)
_waiting: ContextVar[tuple[str, ...]] = ContextVar("waiting notices", default=())


def open_here() -> None:
    """Notices of this run stand here: those told already, and those that the page's own controls will tell."""
    place = st.container()
    _place.set(place)
    for sentence in _waiting.get():
        with place:
            show.notice(sentence)
    _waiting.set(())


def tell(sentence: str) -> None:
    """Say it at the top of the page, also where the sidebar or a control further down found it."""
    place = _place.get()
    if place is None:
        _waiting.set((*_waiting.get(), sentence))
        return
    with place:
        show.notice(sentence)
