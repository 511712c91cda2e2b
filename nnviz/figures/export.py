"""A figure as it leaves the app: its numbers as a table, and the figure with a player of its own for a file that works alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nnviz.figures.theme import Figure, Theme

AXES = ("x", "y", "z", "r", "theta")


def _columns(trace: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The numbers of a trace by axis; a grid's cells are written out, one a row."""
    present = {axis: np.asarray(trace[axis], dtype=object) for axis in AXES if trace.get(axis) is not None and np.ndim(trace[axis]) > 0}
    z = present.get("z")
    if z is not None and z.ndim == 2:
        rows, columns = z.shape
        x = present.get("x", np.arange(columns, dtype=object))
        y = present.get("y", np.arange(rows, dtype=object))
        grid_x = x if x.ndim == 2 else np.tile(x, rows)
        grid_y = y if y.ndim == 2 else np.repeat(y, columns)
        return {"x": grid_x.ravel(), "y": grid_y.ravel(), "z": z.ravel()}
    return {axis: values.ravel() for axis, values in present.items()}


def _rows(figure: Figure) -> Iterator[tuple[Any, ...]]:
    for index, trace in enumerate(figure["data"]):
        columns = _columns(trace)
        if not columns:
            continue
        name = trace.get("name") or f"trace {index + 1}"
        length = max(len(values) for values in columns.values())
        for row in range(length):
            yield (name, *(columns[axis][row] if axis in columns and row < len(columns[axis]) else "" for axis in AXES[:3]))


def numbers_as_csv(figure: Figure, numbers: Mapping[str, Sequence[Any]] | None = None) -> str:
    """The numbers behind a figure as CSV, at full precision.

    Parameters
    ----------
    figure : its traces are written out, a point a row, where no table is given
    numbers : column name → values; shorter columns end empty

    Examples
    --------
    >>> print(numbers_as_csv({}, {"step": [0, 1], "cost": [0.5, 0.25]}), end="")
    step,cost
    0,0.5
    1,0.25
    """
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    if numbers is None:
        write.writerow(("trace", *AXES[:3]))
        write.writerows(_rows(figure))
        return out.getvalue()
    columns = {name: np.asarray(values, dtype=object).ravel() for name, values in numbers.items()}
    write.writerow(columns)
    length = max((len(values) for values in columns.values()), default=0)
    write.writerows([values[row] if row < len(values) else "" for values in columns.values()] for row in range(length))
    return out.getvalue()


def with_own_player(figure: Figure, theme: Theme, labels: Sequence[str] = (), interval: int = 60) -> Figure:
    """The figure with Plotly's own play button and slider, for a file that is opened without the app."""
    frames = figure.get("frames") or []
    layout = dict(figure["layout"], paper_bgcolor=theme.background)
    if not frames:
        return {"data": figure["data"], "layout": layout}
    names = list(labels) if len(labels) == len(frames) else [frame["name"] for frame in frames]
    at_once = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    steps = [{"label": name, "method": "animate", "args": [[frame["name"]], at_once]} for name, frame in zip(names, frames, strict=True)]
    play = {"fromcurrent": True, "frame": {"duration": interval, "redraw": True}, "transition": {"duration": 0}}
    button = {"label": "Play", "method": "animate", "args": [None, play]}
    margin = dict(layout.get("margin", {}))
    layout["margin"] = margin | {"b": margin.get("b", 0) + 80}
    layout["height"] = layout.get("height", 450) + 80
    layout["updatemenus"] = [
        {"type": "buttons", "buttons": [button], "x": 0, "y": 0, "pad": {"t": 52}, "xanchor": "left", "yanchor": "top", "showactive": False}
    ]
    layout["sliders"] = [
        {
            "steps": steps,
            "x": 0.1,
            "len": 0.9,
            "pad": {"t": 40},
            "currentvalue": {"prefix": "Step ", "font": {"size": 13}},
            "tickcolor": theme.zero,
        }
    ]
    return {"data": figure["data"], "layout": layout, "frames": frames}
