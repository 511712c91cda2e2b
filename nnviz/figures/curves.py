"""Curves side by side: a function above, its derivative below, over one axis, with the point that was chosen and its tangent.

`overlaid` puts all on one pair of axes, `strip.strip` gives each a column of its own. Activations and losses are both drawn by these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.figures.theme import Figure, Theme, axis, layout

Array = NDArray[np.floating]

OVERLAID_SHARE = 0.56  # of the height for f
LABEL_GAP = 18  # px between direct labels
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True, eq=False)
class Curve:
    """A function with its derivative over one axis, and both at the chosen place."""

    name: str
    x: Array
    value: Array
    slope: Array
    at: tuple[float, float, float]  # x, value, slope


@dataclass(frozen=True)
class Words:
    """What the axes are called: the variable, the function, its derivative, each as it stands in a figure."""

    x: str
    value: str
    slope: str
    colour: str  # of the variable's symbol: guides wear it


def grid(low: float, high: float, kinks: Sequence[float] = (), points: int = 81) -> Array:
    """Places at which a curve is drawn; at a kink both sides, so that a jump of the derivative is upright.

    Examples
    --------
    >>> len(grid(-1, 1, (0.0,), 5)), float(grid(-1, 1, (0.0,), 5)[2]) < 0
    (7, True)
    """
    inside = [kink for kink in kinks if low < kink < high]
    sides = [kink + side for kink in inside for side in (-1e-9, 1e-9)]
    return np.unique(np.concatenate([np.linspace(low, high, points), sides]))


def bounds(curves: Sequence[Array], widest: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    """From the lowest to the highest finite value with a margin, but within `widest` and around `least`."""
    every = np.concatenate([curve[np.isfinite(curve)] for curve in curves] or [np.zeros(1)])
    low = min(max(float(every.min(initial=least[0])), widest[0]), least[0])
    high = max(min(float(every.max(initial=least[1])), widest[1]), least[1])
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def tangent(curve: Curve, half_width: float) -> tuple[Array, Array]:
    """Three points of the tangent, the one on the curve in the middle."""
    x, value, slope = curve.at
    across = half_width / np.sqrt(1 + slope**2) if np.isfinite(slope) else 0.0  # steep tangents are as long as flat ones
    places = np.array([x - across, x, x + across])
    with np.errstate(all="ignore"):
        return places, value + np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0) * (places - x)


def point(theme: Theme, curve: Curve, half_width: float, colour: str, line: str) -> dict[str, Any]:
    """The chosen point with its tangent, as one trace."""
    places, heights = tangent(curve, half_width)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": places,
        "y": heights,
        "line": {"color": line, "width": 1.5},
        "marker": {"size": [0, 10, 0], "color": colour, "opacity": 1, "line": {"color": theme.halo, "width": [0, 2, 0]}},
        "hoverinfo": "skip",
        "name": f"{curve.name}, tangent",
    }


def short(name: str, most: int = 22) -> str:
    """A name cut where it is too long for its column."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


# ------------------------------------------------------------------------------------------------------------- on one pair of axes


def overlaid(
    theme: Theme,
    curves: Sequence[Curve],
    words: Words,
    title: str,
    key: str,
    limits: Mapping[str, tuple[float, float]],
    height: int = 560,
    half_width: float = 0.9,
) -> Figure:
    """All curves on one pair of axes, value above slope, with direct labels; one hover tells all of them at that place."""
    traces = []
    for index, curve in enumerate(curves):
        traces += _pair(theme, index, curve, half_width)
    split = 1 - OVERLAID_SHARE
    place = curves[0].at[0] if curves else 0.0
    guide = {"type": "line", "xref": "x", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
             "line": {"color": words.colour, "width": 1.25, "dash": "2px,3px"}}  # fmt: skip
    inner = height - 58 - 44
    return {
        "data": traces,
        "layout": layout(
            theme, "labelled", title, key, height=height, hovermode="x unified", hoversubplots="axis", shapes=[guide],
            margin={"l": 48, "r": 142, "t": 58, "b": 44, "pad": 0},
            xaxis=axis(
                theme, words.x, range=list(limits["x"]), anchor="y2", fixedrange=True,
                unifiedhovertitle={"text": f"{words.x} = %{{x:.4g}}"},
            ),
            yaxis=axis(theme, words.value, range=list(limits["value"]), domain=[split + 0.03, 1], fixedrange=True),
            yaxis2=axis(theme, words.slope, range=list(limits["slope"]), domain=[0, split - 0.03], fixedrange=True, nticks=4),
            annotations=end_labels(theme, [curve.name for curve in curves], [curve.value for curve in curves], limits["value"],
                                   inner * (OVERLAID_SHARE - 0.03)),
        ),
    }  # fmt: skip


def _pair(theme: Theme, index: int, curve: Curve, half_width: float) -> list[dict[str, Any]]:
    colour = theme.categorical[index % len(theme.categorical)]
    line = {"color": colour, "width": 2.5, "dash": DASHES[index // len(theme.categorical)]}
    first = {"type": "scatter", "mode": "lines", "x": curve.x, "xaxis": "x"}
    return [
        first | {"name": curve.name, "y": curve.value, "yaxis": "y", "line": line,
                 "hovertemplate": f"{curve.name}  %{{y:.6g}}<extra></extra>"},
        first | {"name": f"{curve.name}, slope", "y": curve.slope, "yaxis": "y2", "line": line | {"width": 2},
                 "hovertemplate": f"{curve.name}, slope  %{{y:.6g}}<extra></extra>"},
        point(theme, curve, half_width, colour, theme.text) | {"yaxis": "y"},
        {"type": "scatter", "mode": "markers", "x": [curve.at[0]], "y": [curve.at[2]], "yaxis": "y2", "hoverinfo": "skip",
         "marker": {"size": 10, "color": colour, "line": {"color": theme.halo, "width": 2}}, "name": f"{curve.name}, chosen slope"},
    ]  # fmt: skip


def end_labels(
    theme: Theme, names: Sequence[str], values: Sequence[Array], limits: tuple[float, float], pixels: float, log: bool = False
) -> list[dict[str, Any]]:
    """Names at the right end of the lines, in their colours, moved apart where they would overlap."""
    low, high = limits
    ends = [_last_finite(curve) for curve in values]
    heights = [float(np.clip((end - low) / (high - low), 0, 1)) * pixels for end in (np.log10(np.maximum(ends, 1e-320)) if log else ends)]
    labels = []
    for index, (name, height) in enumerate(zip(names, apart(heights, LABEL_GAP, pixels), strict=True)):
        colour = theme.categorical_text[index % len(theme.categorical_text)]
        labels.append(
            {
                "xref": "paper", "x": 1, "xanchor": "left", "xshift": 10, "yref": "y", "y": low, "yshift": height, "yanchor": "middle",
                "showarrow": False, "text": short(name, 20), "font": {"size": 13, "color": colour},
            }
        )  # fmt: skip
    return labels


def _last_finite(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else 0.0


def apart(places: Sequence[float], gap: float, most: float) -> list[float]:
    """Places moved as little as is needed to stand `gap` apart, in their order, within 0 … most as far as they fit.

    Examples
    --------
    >>> apart([50.0, 51.0, 10.0], 18, 100)
    [41.5, 59.5, 10.0]
    """
    order = np.argsort(places, kind="stable")
    groups: list[list[float]] = []  # [sum of wished places of the first member, members]
    for rank, index in enumerate(order):
        groups.append([float(places[index]) - gap * rank, 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            last = groups.pop()
            groups[-1] = [groups[-1][0] + last[0], groups[-1][1] + last[1]]
    starts = np.concatenate([np.full(int(members), total / members) for total, members in groups]) if groups else np.empty(0)
    moved = np.clip(starts, 0, max(0.0, most - gap * (len(places) - 1))) + gap * np.arange(len(places))
    result = np.empty(len(places))
    result[order] = moved
    return result.tolist()
