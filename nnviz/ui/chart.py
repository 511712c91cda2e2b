"""The component that draws a figure: a changed figure is put into the living plot instead of a new one.

`st.plotly_chart` takes the identity of a chart from its content: every changed figure is thrown away, mounted anew and drawn twice, by a
copy of plotly.js of which a page of ours needs a third.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Callable
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any

import numpy as np
import orjson
import streamlit as st
from numpy.typing import NDArray

from nnviz.figures.theme import Figure
from nnviz.ui import served

VERSION = "4.1.1"  # of plotly.js, in `static/`
SPATIAL = {"surface", "scatter3d"}
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d", "autoScale2d"]}
NOTHING: dict[str, list[dict[str, Any]]] = {"points": [], "box": []}
TRAVELS_AS = {  # of NumPy → of Plotly, which NumPy reads too
    np.dtype(ours): theirs
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
ALIGNED = 4  # bytes: what every type of these may begin at
Pack = Callable[[NDArray[Any], str], dict[str, Any]]


def encode(value: Any) -> bytes:
    """A figure as JSON, each number array as `{"dtype", "bdata", "shape"}`, which Plotly reads as it is; NaN in a list is null.

    Parameters
    ----------
    value : plain dicts, lists and arrays; float64 travels in four bytes, beyond their range it becomes infinite
    """

    def pack(array: NDArray[Any], kind: str) -> dict[str, Any]:
        packed: dict[str, Any] = {"dtype": kind, "bdata": b2a_base64(_narrow(array, kind).data, newline=False).decode("ascii")}
        return packed | {"shape": ", ".join(map(str, array.shape))} if array.ndim > 1 else packed

    return orjson.dumps(value, default=partial(_plain, pack=pack))


def parcel(value: Any) -> tuple[bytes, bytes]:
    """A figure as JSON with `{"packed": [dtype, first byte, *shape]}` for each number array, and the bytes of all of them.

    An array that is there twice travels once, and one that is a part of another not at all: a path grows in the frames by parts of it.
    """
    cargo = _Cargo()
    text = orjson.dumps(value, default=partial(_plain, pack=lambda array, kind: {"packed": [kind, cargo.place(array, kind), *array.shape]}))
    return text, b"".join(cargo.parts)


class _Cargo:
    """The bytes of arrays, one array behind the other."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.end = 0
        self.places: dict[int, int] = {}  # by the `id` of an array → its first byte
        self.addresses: dict[int, int] = {}  # by the `id` of one that others are parts of: asking for it takes longer than all the rest

    def place(self, array: NDArray[Any], kind: str) -> int:
        """The first byte of an array, which is added where it is not there yet."""
        if id(array) in self.places:
            return self.places[id(array)]
        whole = array.base
        if isinstance(whole, np.ndarray) and id(whole) in self.places and _is_stretch(array, whole):
            beginning = self.addresses.get(id(whole)) or self.addresses.setdefault(id(whole), _address(whole))
            return self.places[id(whole)] + (_address(array) - beginning) // array.itemsize * np.dtype(kind).itemsize
        return self._added(array, kind)

    def _added(self, array: NDArray[Any], kind: str) -> int:
        data = _narrow(array, kind).tobytes()
        missing = -len(data) % ALIGNED
        self.parts.append(data + bytes(missing) if missing else data)
        place = self.places[id(array)] = self.end
        self.end += len(self.parts[-1])
        return place


def _is_stretch(array: NDArray[Any], whole: NDArray[Any]) -> bool:
    """Whether an array lies in the memory of another as a stretch of its numbers."""
    return array.dtype == whole.dtype and array.flags.c_contiguous and array.flags.aligned and whole.flags.c_contiguous


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _narrow(array: NDArray[Any], kind: str) -> NDArray[Any]:
    if array.dtype == kind:
        return np.ascontiguousarray(array)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=kind)


def _plain(value: Any, pack: Pack) -> Any:
    """What JSON knows instead of a number or an array of NumPy."""
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a figure holds {type(value).__name__}")
    kind = TRAVELS_AS.get(value.dtype)
    too_wide = value.dtype == np.int64 and value.size and int(np.abs(value).max()) > np.iinfo(np.int32).max
    return value.tolist() if kind is None or too_wide or not value.ndim else pack(value, kind)


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
    text, arrays = parcel(figure)
    token = hashlib.blake2b(text + arrays, digest_size=12).hexdigest()
    is_open = bool(told(key, "menu"))
    height = figure["layout"].get("height")
    head = {"title": title, "alt": alt, "menu": is_open, "bundle": bundle(figure), "height": height, "select": bool(select), "token": token}
    data = b"\n".join((orjson.dumps(head | {"config": CONFIG}), text, arrays))
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
    selected = told(key, "selection") or NOTHING
    return selected if selected.get("token") == st.session_state.get(f"{key} token") else NOTHING


def told(key: str, name: str) -> Any:
    """A state of a component as the browser told it last; None before."""
    return (st.session_state.get(key) or {}).get(name)


def nothing() -> None:
    """A state that is reported needs a callback; the rerun that it starts is all that is wanted."""
