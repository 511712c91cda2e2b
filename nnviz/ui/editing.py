"""A small array that a person edits: cell by cell in a table, or by clicks in a picture of it. The address keeps what was changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.ui import chart, mistakes, notices

Array = NDArray[np.floating]


@dataclass
class _Kept:
    """What a session has of one array."""

    token: Hashable  # what it was made for
    base: Array  # what the table started from
    now: Array
    version: int  # of the table and the picture: a new one starts without edits and without a selection


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
    """A table of the array's cells, and the array as it stands in it; what cannot be read leaves the former one."""
    import pandas

    kept: _Kept = st.session_state[f"{key} kept"]
    if name(key, "table") not in st.session_state and kept.base is not kept.now:  # the page was left and entered again
        put(key, kept.now)
    heads = [str(j + 1) for j in range(kept.base.shape[1])]
    st.caption(label)
    edited = st.data_editor(
        pandas.DataFrame(kept.base, columns=heads),
        key=name(key, "table"),
        column_config={head: st.column_config.NumberColumn(format="%.3g", width=40) for head in heads},
        hide_index=True,
        num_rows="fixed",
        width="stretch",
        row_height=30,
    )
    now = edited.to_numpy(dtype=float)
    if not np.isfinite(now).all():
        mistakes.tell("A cell is empty or no finite number: type a number into each; the former numbers are used.")
    else:
        kept.now = now
    _write(key, kept.now, default)
    return kept.now


def put(key: str, values: Array) -> None:
    """Make these the array's numbers; table and picture start anew from them."""
    kept: _Kept = st.session_state[f"{key} kept"]
    kept.base = kept.now = values
    kept.version += 1


def name(key: str, kind: str) -> str:
    """The key of the table or the picture in which the array is edited now."""
    return f"{key}-{kind}-{st.session_state[f'{key} kept'].version}"


def toggle_clicked(key: str, on: float = 1.0) -> None:
    """Take over a click on the picture: the cell becomes 0, or `on` where it was 0. Called before the picture is drawn."""
    kept: _Kept = st.session_state[f"{key} kept"]
    points = chart.selection(name(key, "picture"))["points"]
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
