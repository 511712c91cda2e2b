"""A landscape and the paths over it: contours with paths that grow, or the same as a surface in three dimensions.

The heights may be of a test surface or of a network's cost on a plane; the paths are runs, in the coordinates of the picture. Heights are
drawn to an even scale, or to a logarithmic one where a few of them tower over the rest; the figure says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.figures.animation import animate
from nnviz.figures.paths import (
    SYMBOLS,
    Ground,
    Line,
    Path,
    Relief,
    by_size,
    drawable,
    heads,
    joined,
    line_of,
    relief,
    size_of,
    tail_length,
    thinned,
)
from nnviz.figures.theme import Figure, Theme, axis, colorscale, layout, mix, scene
from nnviz.formulas.numbers import significant

__all__ = ["CLICKS", "LABEL_GAP", "UNSEEN", "Ground", "Path", "Relief", "contour", "head_marker", "relief", "surface", "thinned"]

Array = NDArray[np.floating]

LEVELS = 14  # contour lines
CLICKS = 41  # places along each axis that can be clicked and tell their value
LABEL_GAP = 18
PICTURE = (460.0, 400.0)  # px: of the contours beside a second figure, for names that must not cover each other
LETTER = 7.0  # px
MOST_AWAY = 9  # lines between a place and its name
Box = tuple[float, float, float, float]  # left, bottom, right, top
# Points that answer to hover and clicks without being drawn: only those markers become part of the page that `maxdisplayed` asks for, and
# 1,681 of them were most of what painting a landscape cost.
UNSEEN: dict[str, Any] = {"type": "scatter", "mode": "markers", "marker": {"maxdisplayed": 1, "size": 1, "color": "rgba(0,0,0,0)"}}


# -------------------------------------------------------------------------------------------------------------- contours


def contour(
    theme: Theme,
    ground: Ground,
    paths: Sequence[Path],
    frames: ArrayLike,
    *,
    title: str,
    key: str,
    scale: Relief | None = None,
    minima: ArrayLike = (),
    start: tuple[float, float] | None = None,
    names: tuple[str, str, str] = ("x", "y", "f"),
    height: int | str = "contour",
) -> Figure:
    """Contours with paths over them, which grow from frame to frame; a grid of places over it can be clicked.

    Parameters
    ----------
    frames : the step of each frame, ascending; the figure itself shows the last one
    minima : (minima, 2)
    start : where all paths begin; None where each has its own
    names : of both axes and of the height

    The clicked places carry (x, y) in `x` and `y`; what is clicked is in the trace `places`.
    """
    scale = scale or relief(ground.z)
    frames = np.asarray(frames, dtype=int)
    points = [drawable(path, ground) for path in paths]
    lines = [line_of(path, ground.span, frames) for path in points]
    traces = [_filled(theme, ground, scale), _places(ground, names)]
    if paths:
        whole = joined(lines)
        traces += [_halo(theme, whole), _route(theme, whole)]
    first = len(traces)
    traces += [_line(theme, path, drawn) for path, drawn in zip(paths, lines, strict=True)]
    traces += _marks(theme, minima, start)
    if paths:
        order = by_size(paths)
        traces.append(_heads(theme, [paths[i] for i in order], heads([points[i] for i in order], int(frames[-1])), names))
    labels = _labels(theme, paths, points, ground)
    figure: Figure = {
        "data": traces,
        "layout": layout(
            theme, "plot", title, key, height=height, clickmode="event+select", hovermode="closest",
            annotations=labels + _start_label(theme, start, ground, labels),
            xaxis=_ground_axis(theme, names[0], ground.x),
            yaxis=_ground_axis(theme, names[1], ground.y) | _aspect(ground),
        ),
    }  # fmt: skip
    if not paths:
        return figure
    tail = tail_length(lines, frames)

    def change(step: int) -> dict[int, Any]:
        now = heads([points[i] for i in order], step)
        return _lengthened(lines, step, None if step == frames[-1] else tail, first) | {len(traces) - 1: {"x": now[:, 0], "y": now[:, 1]}}

    return animate(figure, (change(int(step)) for step in frames))


def _lengthened(lines: Sequence[Line], step: int, tail: int | None, first: int) -> dict[int, Any]:
    return {first + place: line.until(step, tail) for place, line in enumerate(lines)}


def _ground_axis(theme: Theme, name: str, values: Array) -> dict[str, Any]:
    return axis(theme, name, range=[float(values[0]), float(values[-1])], showgrid=False, zeroline=False, constrain="domain")


def _aspect(ground: Ground) -> dict[str, Any]:
    """Equal units along both axes, unless one is far longer than the other."""
    ratio = ground.span[0] / ground.span[1]
    return {"scaleanchor": "x", "scaleratio": 1, "constraintoward": "top"} if 0.4 < ratio < 2.5 else {}


def _filled(theme: Theme, ground: Ground, scale: Relief) -> dict[str, Any]:
    """Heights as 65,536 levels, two bytes each; as they are where some are missing."""
    z, top = scale(ground.z), scale.top
    whole = np.isfinite(z).all()
    z = np.round(65535 * z / top).astype(np.uint16) if whole else np.where(np.isfinite(z), 65535 * z / top, np.nan).astype(np.float32)
    return {
        "type": "contour",
        "x": ground.x.astype(np.float32),
        "y": ground.y.astype(np.float32),
        "z": z,
        "zmin": 0,
        "zmax": 65535,
        "autocontour": False,
        "contours": {"start": 0, "end": 65535, "size": 65535 / LEVELS, "coloring": "fill"},
        "line": {"width": 0.75, "color": mix(theme.background, theme.muted, 0.28)},
        "colorscale": colorscale(theme.landscape),
        "showscale": False,
        "hoverinfo": "skip",
        "name": "heights",
    }


def _places(ground: Ground, names: tuple[str, str, str]) -> dict[str, Any]:
    """Places over the contours that can be clicked and tell their value: markers of which Plotly is to draw only one, and that unseen."""
    rows, columns = (np.unique(np.linspace(0, len(v) - 1, CLICKS).round().astype(int)) for v in (ground.y, ground.x))
    x, y = np.meshgrid(ground.x[columns], ground.y[rows])
    x_name, y_name, z_name = names
    return UNSEEN | {
        "x": x.ravel().astype(np.float32),
        "y": y.ravel().astype(np.float32),
        "customdata": ground.z[np.ix_(rows, columns)].ravel().astype(np.float32),
        "hovertemplate": f"{x_name} = %{{x:.4g}}, {y_name} = %{{y:.4g}}<br>{z_name} = %{{customdata:.6g}}<extra></extra>",
        "name": "places",
    }


def _halo(theme: Theme, whole: dict[str, Array]) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines", "line": {"width": 6, "color": theme.halo}, "hoverinfo": "skip", "name": "halo"} | whole


def _route(theme: Theme, whole: dict[str, Array]) -> dict[str, Any]:
    """All paths to their ends, pale: what is still to come."""
    return _halo(theme, whole) | {"line": {"width": 1.5, "color": mix(theme.background, theme.muted, 0.45)}, "name": "ways to come"}


def _line(theme: Theme, path: Path, drawn: Line) -> dict[str, Any]:
    look = {"width": 2.5, "color": theme.categorical[path.look]}
    return {"type": "scatter", "mode": "lines", "line": look, "hoverinfo": "skip", "name": path.name} | drawn.whole


def _marks(theme: Theme, minima: ArrayLike, start: tuple[float, float] | None) -> list[dict[str, Any]]:
    lowest = np.asarray(minima, dtype=np.float32).reshape(-1, 2)
    steady = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
    cross = {"symbol": "cross-thin", "size": 11, "opacity": 1, "line": {"color": theme.text, "width": 1.5}}
    made: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "markers", "x": lowest[:, 0], "y": lowest[:, 1], "marker": cross, "hoverinfo": "skip", "name": "minima"}
        | steady
    ]
    if start is not None:
        ring = {"symbol": "circle", "size": 12, "opacity": 1, "color": theme.background, "line": {"color": theme.text, "width": 2.5}}
        made.append(
            {"type": "scatter", "mode": "markers", "x": [start[0]], "y": [start[1]], "marker": ring, "hoverinfo": "skip", "name": "start"}
            | steady
        )
    return made


def head_marker(theme: Theme, paths: Sequence[Path]) -> dict[str, Any]:
    """One marker a path: its colour and its shape."""
    return {
        "symbol": [SYMBOLS[path.look] for path in paths],
        "size": [size_of(path) for path in paths],
        "color": [theme.categorical[path.look] for path in paths],
        "opacity": 1,
        "line": {"color": theme.halo, "width": 2},
    }


def _heads(theme: Theme, paths: Sequence[Path], now: Array, names: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": now[:, 0],
        "y": now[:, 1],
        "text": [path.name for path in paths],
        "marker": head_marker(theme, paths),
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": f"<b>%{{text}}</b><br>{names[0]} = %{{x:.6g}}, {names[1]} = %{{y:.6g}}<extra></extra>",
        "name": "heads",
    }


def _start_label(theme: Theme, start: tuple[float, float] | None, ground: Ground, labels: Sequence[Any]) -> list[dict[str, Any]]:
    """The word at the start; where names of paths stand on one side of it, on the other."""
    if start is None:
        return []
    right = (start[0] - ground.x[0]) / ground.span[0] > 0.88
    low = (start[1] - ground.y[0]) / ground.span[1] < 0.06
    font = {"size": 13, "color": theme.text, "weight": 600, "shadow": theme.shadow}
    place: dict[str, Any] = {"xanchor": "right" if right else "left", "xshift": -11 if right else 11, "yshift": 13 if low else -13}
    near = [name["yshift"] for name in labels if np.all(np.abs(np.array([name["x"], name["y"]]) - start) < 0.12 * ground.span)]
    if near and not low and min(near) < 0:
        place["yshift"] = 13
    return [{"x": start[0], "y": start[1], "text": "start", "font": font, **place}]


def _labels(theme: Theme, paths: Sequence[Path], points: Sequence[Array], ground: Ground) -> list[dict[str, Any]]:
    """The name of each path at its end, or where it leaves the picture; names of one place stand one above the other."""
    low = np.array([ground.x[0], ground.y[0]])
    ends = [(_leaves(p, low, ground.span) - low) / ground.span for p in points]
    made: list[dict[str, Any]] = []
    groups: list[list[int]] = []
    for place, end in enumerate(ends):
        near = next((group for group in groups if np.abs(ends[group[0]] - end).max() < 0.09), None)
        if near is None:
            groups.append([place])
        else:
            near.append(place)
    taken: list[Box] = []
    for group in groups:
        x, y = np.mean([ends[place] for place in group], axis=0)
        upwards = y <= 0.96 - 0.05 * len(group) if y > 0.5 else y < 0.04 + 0.05 * len(group)
        anchor = "left" if x < 0.12 else "right" if x > 0.86 else "center"
        at = np.clip([x, y], 0.012, 0.988)
        texts = [f"{paths[i].name}, {paths[i].note}" if paths[i].note else paths[i].name for i in group]
        upwards, away = _free_place(at, anchor, max(map(len, texts)), len(group), upwards, taken)
        for rank, (place, text) in enumerate(list(zip(group, texts, strict=True))[:: -1 if upwards else 1]):
            font = {"size": 13, "color": theme.categorical_text[paths[place].look], "weight": 600, "shadow": theme.shadow}
            shift = (16 + LABEL_GAP * (rank + away)) * (1 if upwards else -1)
            where = low + at * ground.span
            made.append({"x": float(where[0]), "y": float(where[1]), "text": text, "font": font, "xanchor": anchor, "yshift": shift})
    return made


def _free_place(at: Array, anchor: str, letters: int, lines: int, upwards: bool, taken: list[Box]) -> tuple[bool, int]:
    """On which side of a place (in shares of the picture) names cover no others, and how many lines away; notes what is taken."""
    x, y = at * PICTURE
    width = LETTER * letters
    left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[anchor] * width
    tries = [(up, away) for away in range(MOST_AWAY) for up in (upwards, not upwards)]
    boxes = []
    for up, away in tries:
        first, last = 16 + LABEL_GAP * (away - 0.5), 16 + LABEL_GAP * (away + lines - 0.5)
        boxes.append((left, y + first, left + width, y + last) if up else (left, y - last, left + width, y - first))
    free = (i for i, box in enumerate(boxes) if box[1] >= 0 and box[3] <= PICTURE[1] and not any(_overlap(box, other) for other in taken))
    best = next(free, 0)
    taken.append(boxes[best])
    return tries[best]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _leaves(points: Array, low: Array, span: Array) -> Array:
    """The end of a path, or where it crosses the frame for the last time."""
    share = (points - low) / span
    inside = np.atleast_1d(np.all((share >= 0) & (share <= 1), axis=1))
    if inside[-1] or not inside.any():
        return points[-1].astype(float)
    last = int(np.flatnonzero(inside)[-1])
    a, b = share[last].astype(float), share[last + 1].astype(float)
    with np.errstate(all="ignore"):
        ways = np.where(b > 1, (1 - a) / (b - a), np.where(b < 0, -a / (b - a), np.inf))
    return low + (a + min(1.0, float(ways.min())) * (b - a)) * span


# ----------------------------------------------------------------------------------------------------------- three dimensions

MESH = 61  # heights along each axis of a surface
LIFT = 0.02  # of the height: a path lies this much above the surface


def surface(
    theme: Theme,
    ground: Ground,
    paths: Sequence[Path],
    frames: ArrayLike,
    *,
    title: str,
    key: str,
    scale: Relief | None = None,
    minima: ArrayLike = (),
    names: tuple[str, str, str] = ("x", "y", "f"),
    height: int | str = "contour",
) -> Figure:
    """The same in three dimensions: the surface stands still, paths and their heads move. Needs the paths' heights."""
    scale = scale or relief(ground.z)
    frames = np.asarray(frames, dtype=int)
    points = [_lifted(path, ground, scale) for path in paths]
    lines = [line_of(path, ground.span, frames) for path in points]
    traces = [_mesh(theme, ground, scale, names)]
    first = len(traces)
    traces += [_line3(theme, path, drawn) for path, drawn in zip(paths, lines, strict=True)]
    lowest = np.asarray(minima, dtype=float).reshape(-1, 2)
    if len(lowest):
        traces.append(_minima3(theme, lowest, scale))
    if paths:
        traces.append(_heads3(theme, paths, heads(points, int(frames[-1]))))
    axes = scene(theme, names[0], names[1], names[2]) | {"annotations": _labels3(theme, paths, points, ground)}
    axes["zaxis"] |= _height_ticks(scale) | {"range": [-0.02 * scale.top, 1.06 * scale.top]}
    axes["xaxis"]["range"], axes["yaxis"]["range"] = ([float(v[0]), float(v[-1])] for v in (ground.x, ground.y))
    figure: Figure = {"data": traces, "layout": layout(theme, "scene", title, key, height=height, scene=axes)}
    if not paths:
        return figure
    tail = tail_length(lines, frames)
    head = len(traces) - 1

    def change(step: int) -> dict[int, Any]:
        now = heads(points, step)
        return _lengthened(lines, step, None if step == frames[-1] else tail, first) | {
            head: {"x": now[:, 0], "y": now[:, 1], "z": now[:, 2]}
        }

    return animate(figure, (change(int(step)) for step in frames))


def _lifted(path: Path, ground: Ground, scale: Relief) -> Array:
    """A path in three dimensions; where it is outside the picture there is nothing."""
    flat = drawable(path, ground)
    heights = np.asarray(path.heights, dtype=float)[: len(flat)]
    low, high = np.array([ground.x[0], ground.y[0]]), np.array([ground.x[-1], ground.y[-1]])
    inside = np.all((flat >= low) & (flat <= high), axis=1)
    z = np.where(inside, scale(heights) + LIFT * scale.top, np.nan)
    return np.column_stack([flat, np.minimum(z, 1.05 * scale.top)]).astype(np.float32)


def _labels3(theme: Theme, paths: Sequence[Path], lines: Sequence[Array], ground: Ground) -> list[dict[str, Any]]:
    """The name of each path over the last of its points that is drawn; names of one place stand one above the other."""
    made: list[dict[str, Any]] = []
    ends: list[Array] = []
    for path, line in zip(paths, lines, strict=True):
        drawn = np.flatnonzero(np.isfinite(line[:, 2]))
        if not drawn.size:
            continue
        end = line[drawn[-1]].astype(float)
        rank = sum(bool((np.abs(end[:2] - other[:2]) < 0.15 * ground.span).all()) for other in ends)
        ends.append(end)
        font = {"size": 13, "color": theme.categorical_text[path.look], "weight": 600, "shadow": theme.shadow}
        text = f"{path.name}, {path.note}" if path.note else path.name
        place = dict(zip("xyz", end.tolist(), strict=True))
        made.append({"text": text, "font": font, "showarrow": False, "yshift": 16 + LABEL_GAP * rank, **place})
    return made


def _mesh(theme: Theme, ground: Ground, scale: Relief, names: tuple[str, str, str]) -> dict[str, Any]:
    rows, columns = (np.unique(np.linspace(0, len(v) - 1, MESH).round().astype(int)) for v in (ground.y, ground.x))
    z = ground.z[np.ix_(rows, columns)]
    step = scale.top / 14
    return {
        "type": "surface",
        "x": ground.x[columns].astype(np.float32),
        "y": ground.y[rows].astype(np.float32),
        "z": scale(z).astype(np.float32),
        "customdata": z.astype(np.float32),
        "colorscale": colorscale([mix(colour, theme.background, 0.35) for colour in theme.sequential]),
        "cmin": 0,
        "cmax": scale.top,
        "showscale": False,
        "lighting": {"ambient": 0.78, "diffuse": 0.35, "specular": 0.04},
        "contours": {
            "z": {
                "show": True,
                "start": step,
                "end": scale.top,
                "size": step,
                "color": mix(theme.background, theme.muted, 0.45),
                "width": 1,
            }
        },
        "hovertemplate": f"{names[0]} = %{{x:.4g}}, {names[1]} = %{{y:.4g}}<br>{names[2]} = %{{customdata:.6g}}<extra></extra>",
        "name": "heights",
    }


def _line3(theme: Theme, path: Path, drawn: Line) -> dict[str, Any]:
    look = {"width": 6, "color": theme.categorical[path.look]}
    return {"type": "scatter3d", "mode": "lines", "line": look, "hoverinfo": "skip", "name": path.name} | drawn.whole


def _minima3(theme: Theme, lowest: Array, scale: Relief) -> dict[str, Any]:
    marker = {"symbol": "cross", "size": 4, "color": theme.text}
    z = np.full(len(lowest), 0.5 * LIFT * scale.top)
    return {
        "type": "scatter3d",
        "mode": "markers",
        "x": lowest[:, 0],
        "y": lowest[:, 1],
        "z": z,
        "marker": marker,
        "hoverinfo": "skip",
        "name": "minima",
    }


def _heads3(theme: Theme, paths: Sequence[Path], now: Array) -> dict[str, Any]:
    shapes = {"circle": "circle", "square": "square", "diamond": "diamond"}
    return {
        "type": "scatter3d",
        "mode": "markers",
        "x": now[:, 0],
        "y": now[:, 1],
        "z": now[:, 2],
        "text": [path.name for path in paths],
        "marker": {
            "size": 6,
            "symbol": [shapes.get(SYMBOLS[path.look], "circle") for path in paths],
            "color": [theme.categorical[path.look] for path in paths],
            "line": {"color": theme.halo, "width": 1},
        },
        "hovertemplate": "<b>%{text}</b><br>x = %{x:.6g}, y = %{y:.6g}<extra></extra>",
        "name": "heads",
    }


@lru_cache(maxsize=32)
def _height_ticks(scale: Relief) -> dict[str, Any]:
    """Four ticks that tell the true heights."""
    drawn = np.linspace(0, scale.top, 4)
    true = scale.lowest + (scale.unit * (10**drawn - 1) if scale.unit else drawn)
    return {"tickvals": drawn.tolist(), "ticktext": [significant(value, 2) for value in true]}
