"""The component that draws a figure: a changed figure is put into the living plot instead of a new one.

`st.plotly_chart` takes the identity of a chart from its content: every changed figure is thrown away, mounted anew and drawn twice, by a
copy of plotly.js of which a page of ours needs a third.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import orjson
import streamlit as st

from nnviz.figures.theme import Figure
from nnviz.ui import served

VERSION = "4.1.1"  # of plotly.js, in `static/`
SPATIAL = {"surface", "scatter3d"}
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d", "autoScale2d"]}
NOTHING: dict[str, list[dict[str, Any]]] = {"points": [], "box": []}
TRAVELS_AS = {  # of NumPy → of Plotly, which NumPy reads too
    np.dtype(ours): (np.dtype(theirs), theirs)
    for ours, theirs in {
        "float64": "f4",
        "float32": "f4",
        "int64": "i4",
        "int32": "i4",
        "int16": "i2",
        "uint16": "u2",
        "int8": "i1",
        "uint8": "u1",
        "bool": "u1",
    }.items()
}


def encode(value: Any) -> bytes:
    """A figure as JSON, each number array as `{"dtype", "bdata", "shape"}`, which Plotly reads as it is; NaN in a list is null.

    Parameters
    ----------
    value : plain dicts, lists and arrays; float64 travels in four bytes, beyond their range it becomes infinite
    """
    return orjson.dumps(value, default=_packed)


def _packed(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a figure holds {type(value).__name__}")
    found = TRAVELS_AS.get(value.dtype)
    too_wide = value.dtype == np.int64 and value.size and int(np.abs(value).max()) > np.iinfo(np.int32).max
    if found is None or too_wide:
        return value.tolist()
    kind, name = found
    if value.dtype == kind:
        plain = np.ascontiguousarray(value)
    else:
        with np.errstate(over="ignore"):
            plain = np.ascontiguousarray(value, dtype=kind)
    packed: dict[str, Any] = {"dtype": name, "bdata": b2a_base64(plain.data, newline=False).decode("ascii")}
    if plain.ndim > 1:
        packed["shape"] = ", ".join(map(str, plain.shape))
    return packed


@lru_cache(maxsize=1)
def _component() -> Any:
    js = (files("nnviz.ui") / "chart.js").read_text(encoding="utf-8")
    return st.components.v2.component("nnviz_chart", js=js, isolate_styles=False)


def bundle(figure: Figure) -> str:
    """The address of the part of plotly.js that draws the figure."""
    part = "gl3d" if any(trace.get("type") in SPATIAL for trace in figure["data"]) else "cartesian"
    return served.address(f"plotly-{part}-{VERSION}.min.js")


def chart(figure: Figure, key: str, alt: str, title: str = "", select: bool | Callable[[], None] = False) -> bool:
    """Draw the figure under its title; what a person selects in it is asked for with `selection`. Tells whether its downloads are open.

    Parameters
    ----------
    figure : plain dicts, from `nnviz.figures`
    key : of the figure on its page
    alt : what it shows, for those who do not see it
    title : as Plotly writes one, with `<br>`, `<i>`, `<sub>` and coloured `<span>`s
    select : clicks and boxes rerun the page, or what is given here
    """
    body = encode(figure)
    token = hashlib.blake2b(body, digest_size=12).hexdigest()
    is_open = bool(_told(key, "menu"))
    height = figure["layout"].get("height")
    head = orjson.dumps({"title": title, "alt": alt, "menu": is_open, "bundle": bundle(figure), "height": height})
    about = orjson.dumps({"config": CONFIG, "select": bool(select), "token": token})
    data = head + b"\n" + about[:-1] + b',"figure":' + body + b"}"
    if select:
        st.session_state[f"{key} token"] = token
        default = {"menu": False, "selection": NOTHING}
        selected = select if callable(select) else nothing
        _component()(key=key, data=data, default=default, on_menu_change=nothing, on_selection_change=selected)
    else:
        _component()(key=key, data=data, default={"menu": False}, on_menu_change=nothing)
    return is_open


def selection(key: str) -> dict[str, list[dict[str, Any]]]:
    """What is selected in the figure as it was shown last: `points` with their `customdata`, and `box`es with their `x` and `y`.

    What was selected in a figure that has changed since is not selected any more.
    """
    told = _told(key, "selection") or NOTHING
    return told if told.get("token") == st.session_state.get(f"{key} token") else NOTHING


def _told(key: str, name: str) -> Any:
    """A state of the figure's component as the browser told it last; None before."""
    return (st.session_state.get(key) or {}).get(name)


def nothing() -> None:
    """A state that is reported needs a callback; the rerun that it starts is all that is wanted."""
