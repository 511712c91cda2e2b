"""The cost of a network on a plane of its parameters, with runs over it, and along the line between two solutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.landscape import Interpolation
from nnviz.figures import descent
from nnviz.figures.landscapes import Ground, Path, Relief
from nnviz.figures.theme import Figure, Theme, axis, coloured, layout

Array = NDArray[np.floating]
Side = tuple[float, float]

MARGIN = 0.18  # of the paths' extent, on each side
ASPECT = 1.15  # width over height, as the picture's own: equal units fill it
LEAST = 1e-3  # half a side where nothing moves


def window(points: ArrayLike, reach: float = 1.0, least: float = LEAST) -> tuple[Side, Side]:
    """The part of a plane in which all points (N, 2) and the origin lie, with a margin, as (left, right) and (bottom, top).

    Parameters
    ----------
    points : those that are not finite are left out
    reach : 2 shows twice as far from the origin in each direction, 0.5 half as far
    least : so far is seen in each direction at least, before `reach`

    Examples
    --------
    >>> window([[2.0, 0.0], [0.0, 1.0]], least=1.0)
    ((-1.54, 2.54), (-1.773913043478, 1.773913043478))
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    known = np.vstack([points[np.isfinite(points).all(axis=1)], np.zeros((1, 2))])
    low, high = np.minimum(known.min(axis=0), -least), np.maximum(known.max(axis=0), least)
    margin = MARGIN * (high - low)
    low, high = low - margin, high + margin
    width, height = high - low
    missing = np.maximum([ASPECT * height - width, width / ASPECT - height], 0.0) / 2
    low, high = reach * (low - missing), reach * (high + missing)
    (left, bottom), (right, top) = low.round(12).tolist(), high.round(12).tolist()
    return (left, right), (bottom, top)


def scale_of(z: Array, logarithmic: bool) -> Relief:
    """Heights as they are, or evenly in log₁₀(1 + (C − lowest)/unit), the unit a hundredth of the middle height."""
    finite = z[np.isfinite(z)]
    if not finite.size:
        return Relief(0.0, 1.0, 0.0)
    low, high = float(finite.min()), float(finite.max())
    middle = float(np.median(finite)) - low
    return Relief(low, high, float(10.0 ** np.round(np.log10(middle / 100))) if logarithmic and middle > 0 else 0.0)


def on_ground(ground: Ground, points: Array) -> Array:
    """The heights of points (N, 2) over the grid, between its four nearest places; NaN outside."""
    columns, rows = (
        (points[:, i] - values[0]) / (values[-1] - values[0]) * (len(values) - 1) for i, values in enumerate((ground.x, ground.y))
    )
    with np.errstate(all="ignore"):
        inside = (columns >= 0) & (columns <= len(ground.x) - 1) & (rows >= 0) & (rows <= len(ground.y) - 1)
        x, y = np.where(inside, columns, 0.0), np.where(inside, rows, 0.0)
        i, j = np.minimum(x.astype(int), len(ground.x) - 2), np.minimum(y.astype(int), len(ground.y) - 2)
        x, y, z = x - i, y - j, ground.z
        lower, upper = (1 - x) * z[j, i] + x * z[j, i + 1], (1 - x) * z[j + 1, i] + x * z[j + 1, i + 1]
        return np.where(inside, (1 - y) * lower + y * upper, np.nan)


def courses(theme: Theme, paths: Sequence[Path], steps: ArrayLike, costs: Array, off: Array, *, title: str, key: str) -> Figure:
    """The true cost of each run, and how far it lies off the plane, over its steps.

    Parameters
    ----------
    steps : (T,), of the snapshots; frame i stands at snapshot i
    costs, off : (runs, T)
    """
    shown = [descent.Panel("C(θ)", costs, 0.62), descent.Panel("off the plane", off, 0.38, logarithmic=False)]
    return descent.panels(theme, shown, paths, range(np.size(steps)), steps=steps, title=title, key=key)


def line(theme: Theme, found: Interpolation, ends: tuple[str, str], *, title: str, key: str, highest: float = 20.0) -> Figure:
    """Train and test cost between two solutions; the barrier is the dotted rise above the chord.

    Parameters
    ----------
    ends : names of the solutions at t = 0 and t = 1
    highest : the axis ends at so many times the highest of the solutions and the way between them
    """
    parts = [("train", found.train, 0)] + ([("test", found.test, 1)] if found.test is not None else [])
    between = (found.t >= 0) & (found.t <= 1)
    traces: list[dict[str, Any]] = []
    for name, values, look in parts:
        colour = theme.categorical[look]
        traces.append(
            {
                "type": "scatter", "mode": "lines", "x": found.t, "y": np.where(np.isfinite(values), values, np.nan), "name": name,
                "line": {"width": 2.5, "color": colour}, "hovertemplate": f"{name}<br>t = %{{x:.3g}}<br>C = %{{y:.6g}}<extra></extra>",
            }
        )  # fmt: skip
        rise = rise_of(found.t[between], values[between])
        if rise is not None:
            at, foot, top = rise
            traces.append(_rise(theme, name, at, foot, top, found.t[between], values[between], look))
    known = np.concatenate([values[between & np.isfinite(values)] for _, values, _ in parts])
    top = float(known.max()) if known.size else 1.0
    wide = np.concatenate([values[np.isfinite(values)] for _, values, _ in parts])
    low, high = float(wide.min(initial=0.0)), min(float(wide.max(initial=0.0)), 1.6 * top if top > 0 else highest)
    ticks = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "ticktext": [ends[0], "¼", "½", "¾", ends[1]]}
    return {
        "data": traces,
        "layout": layout(
            theme, "labelled", title, key, height="curve", hovermode="closest", annotations=_names(theme, found, parts, low, high),
            xaxis=axis(theme, "θ = (1 − t)·θ₀ + t·θ₁", range=[float(found.t[0]), float(found.t[-1])], zeroline=False, **ticks),
            yaxis=axis(theme, "C", range=[low - 0.04 * (high - low), high + 0.04 * (high - low) or 1.0], zeroline=False),
            shapes=[
                {"type": "line", "x0": t, "x1": t, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
                 "line": {"width": 1, "color": theme.zero}} for t in (0, 1)
            ],
        ),
    }  # fmt: skip


def rise_of(t: Array, values: Array) -> tuple[float, float, float] | None:
    """Where the cost is farthest above the straight line between its ends: t, the line's height there and the cost's; None without rise."""
    chord = (1 - t) * values[0] + t * values[-1]
    with np.errstate(all="ignore"):
        above = np.where(np.isfinite(values), values - chord, -np.inf)
    place = int(np.argmax(above))
    return (float(t[place]), float(chord[place]), float(values[place])) if above[place] > 0 else None


def _rise(theme: Theme, name: str, at: float, foot: float, top: float, t: Array, values: Array, look: int) -> dict[str, Any]:
    """The chord, then the barrier upright on it."""
    return {
        "type": "scatter", "mode": "lines", "x": [t[0], t[-1], None, at, at], "y": [values[0], values[-1], None, foot, top],
        "line": {"width": 1.5, "dash": "2px,3px", "color": theme.categorical[look]}, "hoverinfo": "skip", "name": f"{name}, barrier",
    }  # fmt: skip


def _names(theme: Theme, found: Interpolation, parts: Sequence[tuple[str, Array, int]], low: float, high: float) -> list[dict[str, Any]]:
    """Train and test at the right end of their lines, apart."""
    ends = sorted((float(np.clip(np.nan_to_num(values[-1], nan=high), low, high)), name, look) for name, values, look in parts)
    gap = 0.05 * (high - low)
    placed: list[tuple[float, str, int]] = []
    for y, name, look in ends:
        placed.append((max(y, placed[-1][0] + gap) if placed else y, name, look))
    return [
        {"x": float(found.t[-1]), "y": y, "text": coloured(name, theme.categorical_text[look], bold=True), "xanchor": "left", "xshift": 10}
        for y, name, look in placed
    ]
