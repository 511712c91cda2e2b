"""Pictures, kernels and matrices as grids of cells, laid side by side on one canvas; what lights up on them.

A canvas has one pair of invisible axes, down is positive. A grid takes a rectangle of it, its cells share that rectangle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.figures.animation import levels
from nnviz.figures.graph_marks import compact
from nnviz.figures.theme import Theme, alpha, bare_axis, colorscale, ink, mix, sample

Array = NDArray[np.floating]
VEIL = 0.62  # of background over what is not lit
CLEAR = 0  # the level that shows what lies below
FINE = 2500  # cells of a grid that is no longer read cell by cell
MOST_SIGNS = 400  # cells of a grid whose negative ones get a minus


@dataclass(frozen=True, eq=False)
class Scale:
    """From a number to a colour: quiet to ink from 0 on, or blue and orange about 0."""

    low: float
    high: float
    stops: tuple[str, ...]

    def inks(self, values: Array) -> list[str]:
        """Black or white for a number written on each cell, whichever is read more easily."""
        black_or_white = _inks(self.stops)
        return [black_or_white[level] for level in levels(values, self.low, self.high).ravel()]

    def levels(self, values: Array) -> NDArray[np.uint8]:
        """Levels 1 … 255 for a lit map, so that 0 is free for `CLEAR`."""
        return np.maximum(levels(values, self.low, self.high), 1).astype(np.uint8)


@lru_cache(maxsize=8)
def _inks(stops: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(ink(sample(stops, level / 255)) for level in range(256))


def scale_of(values: Array, theme: Theme) -> Scale:
    """The scale of a grid: signed about 0 where a number is negative, else from 0 up; what is not finite is left out."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max(initial=0.0)) or 1.0
    if finite.min(initial=0.0) < 0:
        return Scale(-largest, largest, theme.diverging)
    return Scale(0.0, largest, (theme.background, *theme.sequential[1:]))


def signed_scale(values: Array, theme: Theme) -> Scale:
    """Blue and orange about 0, whatever the signs of the numbers."""
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    return Scale(-largest, largest, theme.diverging)


@dataclass(frozen=True)
class Area:
    """Where a grid lies on the canvas: its left upper corner, the size of a cell, how many rows and columns."""

    left: float
    top: float
    across: float  # width of a cell
    down: float  # height of a cell
    rows: int
    columns: int

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.columns * self.across

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.rows * self.down

    @property
    def middle(self) -> float:
        """Half way across."""
        return (self.left + self.right) / 2

    def cells(self) -> dict[str, float]:
        """Where a heat map puts its first cell, and how far apart they are."""
        return {"x0": self.left + self.across / 2, "dx": self.across, "y0": self.top + self.down / 2, "dy": self.down}

    def centres(self) -> tuple[Array, Array]:
        """The centres of all cells in reading order, x and y."""
        return _centres(self)

    def box(self, row: float, column: float, rows: float = 1, columns: float = 1) -> tuple[list[float], list[float]]:
        """The outline of some of its cells, as a line."""
        left, top = self.left + column * self.across, self.top + row * self.down
        right, bottom = left + columns * self.across, top + rows * self.down
        x, y = [left, right, right, left, left], [top, top, bottom, bottom, top]
        return [round(v, 3) for v in x], [round(v, 3) for v in y]


@lru_cache(maxsize=64)
def _centres(area: Area) -> tuple[Array, Array]:
    row, column = np.indices((area.rows, area.columns)).reshape(2, -1) + 0.5
    x, y = area.left + column * area.across, area.top + row * area.down
    x.setflags(write=False)
    y.setflags(write=False)
    return x, y


def fitted(left: float, top: float, width: float, height: float, shape: tuple[int, ...]) -> Area:
    """Square cells as large as the rectangle allows, in its middle across, at its top."""
    rows, columns = shape
    cell = min(width / columns, height / rows)
    return Area(left + (width - cell * columns) / 2, top, cell, cell, rows, columns)


def grid(area: Area, values: Array, scale: Scale, name: str, hover: str, veil: tuple[float, str] = (0.0, "#000000")) -> dict[str, Any]:
    """A heat map of exact numbers on its area; `hover` may name `%{z}` and `%{text}`, which is the cell's row and column.

    Of a very fine grid only the colours are sent, a byte a cell: no pointer finds its cells.
    """
    share, background = veil
    if values.size > FINE:
        return lit(area, scale.levels(values), scale, name)
    gap = 1.0 if area.rows * area.columns <= MOST_SIGNS else 0.0
    rows, columns = values.shape
    with np.errstate(over="ignore"):
        z = values.astype(np.float32)
    return {
        "type": "heatmap",
        "name": name,
        "z": z,
        **area.cells(),
        "colorscale": colorscale([mix(colour, background, share) for colour in scale.stops]),
        "zmin": scale.low,
        "zmax": scale.high,
        "showscale": False,
        "xgap": gap,
        "ygap": gap,
        "text": [[f"row {i}, column {j}" for j in range(1, columns + 1)] for i in range(1, rows + 1)],
        "hovertemplate": hover + "<extra></extra>",
    }


def lit(area: Area, shown: NDArray[np.uint8], scale: Scale, name: str) -> dict[str, Any]:
    """A map of levels, a byte a cell, for frames; what is `CLEAR` shows what lies below."""
    gap = 1.0 if area.rows * area.columns <= MOST_SIGNS else 0.0
    colours = colorscale(scale.stops)
    return {
        "type": "heatmap",
        "name": name,
        "z": shown,
        **area.cells(),
        "colorscale": [[0, alpha(scale.stops[0], 0)], [0.0019, alpha(scale.stops[0], 0)], [0.002, scale.stops[0]], *colours[1:]],
        "zmin": 0,
        "zmax": 255,
        "showscale": False,
        "xgap": gap,
        "ygap": gap,
        "hoverinfo": "skip",
    }


def outline(theme: Theme, name: str, width: float = 2.5, dash: str = "solid", colour: str = "") -> dict[str, Any]:
    """A line around cells; give it x and y."""
    line = {"color": colour or theme.text, "width": width, "dash": dash}
    return {"type": "scatter", "mode": "lines", "name": name, "line": line, "hoverinfo": "skip", "cliponaxis": False}


def borders(theme: Theme, *areas: Area) -> dict[str, Any]:
    """The thin frames of whole grids, so that an empty one is seen too."""
    boxes = [area.box(0, 0, area.rows, area.columns) for area in areas]
    return outline(theme, "frames", 1, colour=theme.rule) | joined(*boxes)


def joined(*lines: tuple[list[float], list[float]]) -> dict[str, Any]:
    """Several lines as the x and y of one trace, for the reason of `together`."""
    x, y = ([v for line in lines for v in (*line[axis], None)][:-1] for axis in (0, 1))
    return {"x": x, "y": y}


def written(area: Area, texts: list[str], values: Array, scale: Scale, size: int = 12) -> dict[str, Any]:
    """Numbers in the cells."""
    x, y = area.centres()
    return {
        "type": "scatter",
        "mode": "text",
        "x": x.astype(np.float32),
        "y": y.astype(np.float32),
        "text": texts,
        "textfont": {"size": size, "color": scale.inks(values)},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def cells(values: Array, scale: Scale) -> list[tuple[list[str], list[str]]]:
    """The numbers of several grids (grids, cells) as they are written in their cells, and the colour of each: one entry a grid."""
    size, texts, inks = values.shape[1], brief(values), scale.inks(values)
    return [(texts[i : i + size], inks[i : i + size]) for i in range(0, values.size, size)]


def brief(values: Array) -> list[str]:
    """Numbers as short as they fit into a cell: `−1`, `0.25`, `0.06`.

    Examples
    --------
    >>> brief(np.array([-1.0, 0.25, 0.0625, 1234.5]))
    ['−1', '0.25', '0.06', '1e3']
    """
    texts = [compact(value, sign=False) for value in values.ravel().tolist()]
    return [text.rstrip("0").rstrip(".") if "." in text else text for text in texts]


def minus_signs(area: Area, values: Array, scale: Scale) -> list[dict[str, Any]]:
    """A minus in each negative cell of a grid that is not too fine: sign is not told by colour alone."""
    negative = (values < 0).ravel()
    if values.size > MOST_SIGNS or not negative.any():
        return []
    x, y = area.centres()
    inks = np.asarray(scale.inks(values))[negative].tolist()
    marker = {"symbol": "line-ew", "size": float(np.clip(0.28 * area.across, 2, 6)), "line": {"width": 1.25, "color": inks}}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "minus",
            "x": x[negative].astype(np.float32),
            "y": y[negative].astype(np.float32),
            "marker": marker,
            "hoverinfo": "skip",
        }
    ]


def words(theme: Theme, spots: Sequence[tuple[float, float, str, str]], size: int = 13) -> dict[str, Any]:
    """Text on the canvas: x, y, the text and which part of it stands there, such as `bottom center`."""
    return {
        "type": "scatter",
        "mode": "text",
        "name": "words",
        "x": [x for x, *_ in spots],
        "y": [y for _, y, *_ in spots],
        "text": [text for *_, text, _ in spots],
        "textposition": [place for *_, place in spots],
        "textfont": {"size": size, "color": theme.text},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def together(name: str, *texts: dict[str, Any]) -> dict[str, Any]:
    """Several traces of text as one: each trace costs a few milliseconds whenever the figure is drawn."""
    counts = [len(trace["text"]) for trace in texts]

    def each(value: Any, count: int) -> list[Any]:
        return list(value) if isinstance(value, list) else [value] * count

    fonts = [trace["textfont"] for trace in texts]
    return texts[0] | {
        "name": name,
        **{axis: np.concatenate([np.asarray(trace[axis], dtype=np.float32) for trace in texts]) for axis in ("x", "y")},
        "text": [text for trace in texts for text in trace["text"]],
        "textposition": [v for t, n in zip(texts, counts, strict=True) for v in each(t.get("textposition", "middle center"), n)],
        "textfont": {key: [v for font, n in zip(fonts, counts, strict=True) for v in each(font[key], n)] for key in ("size", "color")},
    }


def clicks(area: Area, names: list[str], values: list[list[int]]) -> dict[str, Any]:
    """Invisible markers over the cells: heat maps take no clicks. `values` come back as `customdata`."""
    x, y = area.centres()
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "cells",
        "x": x.astype(np.float32),
        "y": y.astype(np.float32),
        "marker": {"size": 14, "opacity": 0},
        "selected": unseen,
        "unselected": unseen,
        "customdata": values,
        "text": names,
        "hovertemplate": "%{text}<extra></extra>",
    }


def canvas(width: float, height: float) -> dict[str, Any]:
    """The axes of a canvas: cells keep their proportions on any screen."""
    return {
        "xaxis": bare_axis(range=[0, width], constrain="domain"),
        "yaxis": bare_axis(range=[height, 0], scaleanchor="x", constrain="domain", constraintoward="top"),
        "hovermode": "closest",
    }
