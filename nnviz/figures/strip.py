"""A strip of small curves: a function a column, its derivative below it, all to one scale and under one hover.

The columns of a row lie on one long axis, a step apart, so that a row has two plots and not two a column; names, guides and points are a
trace for all columns. What moves with the point is repainted at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.figures.curves import Curve, Words, short, tangent
from nnviz.figures.graph_marks import single
from nnviz.figures.theme import Figure, Theme, axis, coloured, layout
from nnviz.formulas.numbers import MINUS, fixed

Array = NDArray[np.floating]
Limits = Mapping[str, tuple[float, float]]

MOST_COLUMNS = 5
GAP = 0.14  # between two columns, of a column's width
UPPER, BETWEEN, LOWER, NAME, FOOT = 194, 30, 128, 24, 54  # px of a row: f, gap, f′, name above, ticks below
ROW = NAME + UPPER + BETWEEN + LOWER + FOOT
TANGENT = 1.4  # half its length


@dataclass(frozen=True)
class Row:
    """One row of the strip: its axes, where they stand, and how far apart its columns are."""

    number: int
    inner: int  # px of all rows
    low: float
    high: float
    columns: int

    @property
    def step(self) -> float:
        """From a place in one column to the same place in the next."""
        return (self.high - self.low) * (1 + GAP)

    def axes(self) -> tuple[str, str, str]:
        """Plotly's names of the axis, of f's and of f′'s."""
        names = (("x", self.number + 1), ("y", 2 * self.number + 1), ("y", 2 * self.number + 2))
        x, upper, lower = (letter if number == 1 else f"{letter}{number}" for letter, number in names)
        return x, upper, lower

    def domains(self) -> tuple[list[float], list[float]]:
        """Where f and f′ stand, as shares of the height from below."""
        top = self.number * ROW + NAME
        a, b, c, d = (1 - edge / self.inner for edge in (top, top + UPPER, top + UPPER + BETWEEN, top + UPPER + BETWEEN + LOWER))
        return [b, a], [max(d, 0.0), c]


def strip(theme: Theme, curves: Sequence[Curve], words: Words, title: str, key: str, limits: Limits) -> Figure:
    """Each curve in a column of its own, value above slope; hovering anywhere tells all of them at that place.

    The curves share their places x; `limits` holds the bounds of `x`, `value` and `slope`.
    """
    rows = ceil(len(curves) / MOST_COLUMNS)
    columns = ceil(len(curves) / rows)
    inner = rows * ROW - FOOT
    # Every column's hover tells all curves: in single precision, which its six digits need no more than, the figure is half as heavy.
    told = single(np.stack([curves[0].x, *(part for curve in curves for part in (curve.value, curve.slope))], axis=-1))
    made = layout(theme, "strip", title, key, height=inner + 52 + FOOT, hovermode="x unified", hoversubplots="axis")
    made |= {"shapes": [], "annotations": []}
    traces: list[dict[str, Any]] = []
    for number in range(rows):
        row = Row(number, inner, *limits["x"], columns)
        shown = list(enumerate(curves))[number * columns : (number + 1) * columns]
        here = [curve for _, curve in shown]
        made |= _axes(theme, row, words, limits, len(shown))
        traces += _guides(theme, row, here, words, limits)
        for column, (index, curve) in enumerate(shown):
            traces += _lines(theme, row, column, curve, told, _hover(curves, index, words))
        traces += _points(theme, row, here) + _numbers(theme, row, here, words, limits)
        made["annotations"] += _names(theme, row, here)
        made["shapes"] += _gaps(theme, row, len(here))
    return {"data": traces, "layout": made}


def _axes(theme: Theme, row: Row, words: Words, limits: Limits, columns: int) -> dict[str, Any]:
    x, upper, lower = row.axes()
    above, below = row.domains()
    ticks = np.linspace(row.low, row.high, 5).tolist()
    written = [f"{tick:g}".replace("-", MINUS) for tick in ticks]
    written[2] += f"<br>{words.x}"  # the axis's title, in the middle of each column
    plain: dict[str, Any] = {"fixedrange": True, "automargin": False, "anchor": x}
    return {
        x.replace("x", "xaxis"): axis(
            theme, "", range=[row.low, row.high + (row.columns - 1) * row.step], anchor=lower, fixedrange=True, automargin=False,
            tickvals=[tick + column * row.step for column in range(columns) for tick in ticks], zeroline=False,
            ticktext=written * columns, unifiedhovertitle={"text": "all at the same"},
            showspikes=True, spikemode="across", spikethickness=1, spikecolor=theme.zero, spikedash="solid",
        ),
        upper.replace("y", "yaxis"): axis(theme, "", range=list(limits["value"]), domain=above, **plain),
        lower.replace("y", "yaxis"): axis(theme, "", range=list(limits["slope"]), domain=below, **(plain | {"nticks": 4})),
    }  # fmt: skip


def _lines(theme: Theme, row: Row, column: int, curve: Curve, told: Array, hover: str) -> list[dict[str, Any]]:
    x, upper, lower = row.axes()
    first = {"type": "scatter", "mode": "lines", "x": curve.x + column * row.step, "xaxis": x}
    return [
        first | {
            "name": curve.name, "y": curve.value, "yaxis": upper, "line": {"color": theme.symbols["a"], "width": 2.5}, "customdata": told,
            "hovertemplate": hover,
        },
        first | {
            "name": f"{curve.name}, slope", "y": curve.slope, "yaxis": lower, "hoverinfo": "skip",
            "line": {"color": theme.muted, "width": 2},
        },
    ]  # fmt: skip


def _hover(curves: Sequence[Curve], chosen: int, words: Words) -> str:
    lines = [f"{words.x} = %{{customdata[0]:.2f}}"]
    for index, curve in enumerate(curves):
        name = f"<b>{curve.name}</b>" if index == chosen else curve.name
        value, slope = (f"%{{customdata[{2 * index + part}]:.6g}}" for part in (1, 2))
        lines.append(f"{name}  {words.value} = {value}  {words.slope} = {slope}")
    return "<br>".join(lines) + "<extra></extra>"


def _points(theme: Theme, row: Row, curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """The chosen point of every column with its tangent, and the point below it."""
    x, upper, lower = row.axes()
    touching = [tangent(curve, TANGENT) for curve in curves]
    gap = np.array([np.nan])
    across = np.concatenate([part for column, (places, _) in enumerate(touching) for part in (places + column * row.step, gap)])
    heights = np.concatenate([part for _, values in touching for part in (values, gap)])
    middle = np.arange(len(across)) % 4 == 1  # of the three places of each tangent
    above = {
        "type": "scatter", "mode": "lines+markers", "x": across, "y": heights, "xaxis": x, "yaxis": upper, "hoverinfo": "skip",
        "line": {"color": theme.text, "width": 1.5}, "name": "tangents",
        "marker": {
            "size": 10 * middle, "color": theme.symbols["a"], "opacity": 1, "line": {"color": theme.halo, "width": 2 * middle},
        },
    }  # fmt: skip
    below = {
        "type": "scatter", "mode": "markers", "xaxis": x, "yaxis": lower, "hoverinfo": "skip", "name": "chosen slopes",
        "x": np.array([curve.at[0] + column * row.step for column, curve in enumerate(curves)]),
        "y": np.array([curve.at[2] for curve in curves]),
        "marker": {"size": 10, "color": theme.text, "line": {"color": theme.halo, "width": 2}},
    }  # fmt: skip
    return [above, below]


def _numbers(theme: Theme, row: Row, curves: Sequence[Curve], words: Words, limits: Limits) -> list[dict[str, Any]]:
    """The numbers at the point, in the upper left corner of each plot."""
    x, upper, lower = row.axes()
    text = {
        "type": "scatter", "mode": "text", "xaxis": x, "textposition": "bottom right", "hoverinfo": "skip",
        "textfont": {"shadow": theme.shadow},
        "x": row.low + 0.01 * (row.high - row.low) + row.step * np.arange(len(curves)),
    }  # fmt: skip
    values = [coloured(f"{words.value} = {fixed(curve.at[1])}", theme.symbols["a"]) for curve in curves]
    slopes = [f"{words.slope} = {fixed(curve.at[2])}" for curve in curves]
    # A hair below the axis's end: what lies on it may be rounded out of the plot.
    tops = (high - 0.001 * (high - low) for low, high in (limits["value"], limits["slope"]))
    return [
        text | {"name": name, "text": written, "yaxis": y, "y": np.full(len(curves), top)}
        for name, written, y, top in zip(("values", "slopes"), (values, slopes), (upper, lower), tops, strict=True)
    ]


def _names(theme: Theme, row: Row, curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """The name above each column."""
    x, _, _ = row.axes()
    above, _ = row.domains()
    here = {"xref": x, "yref": "paper", "y": above[1], "xanchor": "left", "yanchor": "bottom", "xshift": 2, "showarrow": False}
    font = {"size": 14, "color": theme.text, "weight": 600}
    return [here | {"x": row.low + column * row.step, "text": short(curve.name), "font": font} for column, curve in enumerate(curves)]


def _guides(theme: Theme, row: Row, curves: Sequence[Curve], words: Words, limits: Limits) -> list[dict[str, Any]]:
    """The zero line of each column, and the guide from the point on the curve down to the point on its derivative."""
    x, upper, lower = row.axes()
    places = [curve.at[0] + column * row.step for column, curve in enumerate(curves)]
    zeros = [column * row.step for column in range(len(curves))]
    dashed, thin = {"color": words.colour, "width": 1.25, "dash": "2px,3px"}, {"color": theme.zero, "width": 1}
    down = [(limits["value"][0], within(curve.at[1], limits["value"])) for curve in curves]
    on = [(limits["slope"][1], within(curve.at[2], limits["slope"])) for curve in curves]
    traces = (
        ("zero", upper, zeros, [limits["value"]] * len(curves), thin),
        ("zero", lower, zeros, [limits["slope"]] * len(curves), thin),
        ("guide", upper, places, down, dashed),
        ("guide", lower, places, on, dashed),
    )
    return [
        {
            "type": "scatter", "mode": "lines", "name": name, "xaxis": x, "yaxis": y, "line": line, "hoverinfo": "skip",
            "x": np.array([place for at in across for place in (at, at, np.nan)]),
            "y": np.array([height for low, high in heights for height in (low, high, np.nan)]),
        }
        for name, y, across, heights, line in traces
    ]  # fmt: skip


def _gaps(theme: Theme, row: Row, shown: int) -> list[dict[str, Any]]:
    """What hides the long axes' grid between two columns, and after the last where a row is not full."""
    x, _, _ = row.axes()
    above, below = row.domains()
    hidden = {"type": "rect", "xref": x, "yref": "paper", "fillcolor": theme.background, "line": {"width": 0}, "layer": "between"}
    starts = [row.high + column * row.step for column in range(row.columns - 1)]
    widths = [row.step - (row.high - row.low) if column < shown - 1 else row.step for column in range(row.columns - 1)]
    return [
        hidden | {"x0": start, "x1": start + width, "y0": below[0], "y1": above[1]} for start, width in zip(starts, widths, strict=True)
    ]


def within(value: float, limits: tuple[float, float]) -> float:
    """A place on an axis, its nearest end for what lies beyond."""
    return float(np.clip(np.nan_to_num(value, nan=limits[0]), *limits))
