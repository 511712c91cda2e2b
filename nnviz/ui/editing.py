"""A small array that a person edits: cell by cell in a table, or by clicks in a picture of it. The address keeps what was changed."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.ui import chart, mistakes, notices

Array = NDArray[np.floating]
LONGEST = 40  # letters of a number


@dataclass
class _Kept:
    """What a session has of one array."""

    token: Hashable  # what it was made for
    base: Array  # what the table started from
    now: Array
    version: int  # of the table and the picture: a new one starts without edits and without a selection


@lru_cache(maxsize=1)
def _component() -> Any:
    js = (files("nnviz.ui") / "cells.js").read_text(encoding="utf-8")
    return st.components.v2.component("nnviz_cells", js=js, isolate_styles=False)


def array(key: str, token: Hashable, default: Array) -> Array:
    """The array as it is now; with another token it starts from `default` again.

    Parameters
    ----------
    key : its parameter in the address, where only what differs from `default` is kept
    """
    kept: _Kept | None = st.session_state.get(f"{key} kept")
    if kept is None:
        kept = _Kept(token, default, _from_address(key, default), st.session_state.pop(f"{key} version", 0))
        kept.base = kept.now
    elif kept.token != token:
        kept = _Kept(token, default, default, kept.version + 1)
    st.session_state[f"{key} kept"] = kept
    _write(key, kept.now, default)
    return kept.now


def names() -> list[str]:
    """The arrays of the pages that were seen, as the address calls them."""
    return [str(name).removesuffix(" kept") for name, kept in st.session_state.items() if isinstance(kept, _Kept)]


def forget_all() -> None:
    """In the next run every array starts from the address again, in a new table."""
    for key in names():
        st.session_state[f"{key} version"] = st.session_state.pop(f"{key} kept").version + 1


def table(key: str, default: Array, label: str) -> Array:
    """A field for each of the array's cells, and the array as it stands in them; what cannot be read leaves the former one."""
    kept: _Kept = st.session_state[f"{key} kept"]
    told = chart.told(f"{key}-table", "typed")
    if told is None and kept.base is not kept.now:  # the page was left and entered again
        put(key, kept.now)
    try:
        kept.now = typed(told, kept.version, kept.now)
    except ValueError as error:
        mistakes.tell(error, after="The former numbers are used.")
    st.caption(label)
    shown = {"label": label, "version": kept.version, "numbers": kept.base.tolist()}
    _component()(key=f"{key}-table", data=shown, default={"typed": None}, on_typed_change=chart.nothing)
    _write(key, kept.now, default)
    return kept.now


def typed(told: Any, version: int, now: Array) -> Array:
    """What stands in the fields of a table, as the browser told it; what was told of former numbers leaves those of now.

    Raises
    ------
    ValueError
        A field does not hold a finite number.
    """
    if not isinstance(told, Mapping) or told.get("version") != version:
        return now
    texts = told.get("texts")
    if not isinstance(texts, Sequence) or len(texts) != now.size:
        return now
    values = [_number(text) for text in texts]
    for at, value in enumerate(values):
        if not math.isfinite(value):
            row, column = divmod(at, now.shape[1])
            raise ValueError(f"row {row + 1}, column {column + 1} holds “{str(texts[at])[:LONGEST]}”: type a number")
    return np.array(values).reshape(now.shape)


def _number(text: Any) -> float:
    """NaN where it is none."""
    try:
        return float(text) if isinstance(text, str) and len(text) <= LONGEST else math.nan
    except ValueError:
        return math.nan


def put(key: str, values: Array) -> None:
    """Make these the array's numbers; table and picture start anew from them."""
    kept: _Kept = st.session_state[f"{key} kept"]
    kept.base = kept.now = values
    kept.version += 1


def picture_of(key: str) -> str:
    """The key of the picture in which the array is edited now."""
    return f"{key}-picture-{st.session_state[f'{key} kept'].version}"


def toggle_clicked(key: str, on: float = 1.0) -> None:
    """Take over a click on the picture: the cell becomes 0, or `on` where it was 0. Called before the picture is drawn."""
    kept: _Kept = st.session_state[f"{key} kept"]
    points = chart.selection(picture_of(key))["points"]
    if points:
        row, column = (int(at) - 1 for at in points[0]["customdata"])
        changed = kept.now.copy()
        changed[row, column] = 0.0 if changed[row, column] else on
        put(key, changed)


def _write(key: str, values: Array, default: Array) -> None:
    if np.array_equal(values, default):
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = ",".join(f"{value:.9g}" for value in values.ravel())


def _from_address(key: str, default: Array) -> Array:
    asked = st.query_params.get(key)
    if asked is None:
        return default
    try:
        values = np.array([float(text) for text in asked.split(",")[: default.size + 1]])
    except ValueError:
        values = np.empty(0)
    if values.size != default.size or not np.isfinite(values).all():
        notices.tell(
            f"The address asks for {key} = “{asked[:40]}”, which cannot be read: it is {default.size} numbers. The default is shown."
        )
        return default
    return values.reshape(default.shape)
