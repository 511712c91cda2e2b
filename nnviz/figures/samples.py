"""The samples a network learns from, as points: classes by colour and shape, the test part hollow, the chosen one in a ring."""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np

from nnviz.core.samples import DataSet
from nnviz.core.slices import principal_plane
from nnviz.figures.graph_marks import cut, single, worded
from nnviz.figures.theme import Figure, Theme, axis, colorbar, colorscale, coloured, layout, symbol

MOST_POINTS = 1500
NAMED = 5  # so many classes fit into the key; of more, each is named where its points are
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon", "triangle-down", "bowtie")
GLYPHS = ("●", "■", "◆", "▲", "✚", "✖", "★", "⬢", "▼", "⧓")  # the same, in a line of text
Array = np.ndarray


def telling_axes(data: DataSet) -> tuple[int, int]:
    """The two coordinates that tell the targets best: by the share of their variance between classes, or by |correlation|.

    A data set of one coordinate gives (0, 0): its picture has the target upwards.
    """
    X = np.asarray(data.coordinates, dtype=float)
    if X.shape[0] <= 2:
        return 0, X.shape[0] - 1
    centred = X - X.mean(axis=1, keepdims=True)
    if data.task == "classification":
        targets = np.eye(len(data.class_names))[data.labels].T
        size = targets.sum(axis=1)
        means = centred @ targets.T / np.maximum(size, 1)
        told = (means**2 * size).sum(axis=1)
    else:
        told = ((centred @ (data.Y - data.Y.mean(axis=1, keepdims=True)).T) ** 2).sum(axis=1)
    variance = (centred**2).sum(axis=1)
    score = np.where(variance > 0, told / np.where(variance > 0, variance, 1.0), -1.0)
    first, second = np.argsort(-score, kind="stable")[:2].tolist()
    return first, second


def drawn_rows(data: DataSet, row: int, show_test: bool = True) -> Array:
    """Which samples are drawn: all, or `MOST_POINTS` drawn evenly, the chosen one among them."""
    rows = np.arange(data.samples) if show_test else np.sort(np.asarray(data.train_index))
    if len(rows) > MOST_POINTS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_POINTS).round().astype(int)]
    return np.union1d(rows, [row])


def scatter(data: DataSet, row: int, theme: Theme, axes: tuple[int, int] | None = None, show_test: bool = True) -> Figure:
    """The data with the chosen sample marked; clicked points come back with `customdata` row.

    Parameters
    ----------
    row : of the chosen sample
    axes : the two coordinates across and upwards; by default those that tell most
    show_test : draw the test part too, hollow

    Raises
    ------
    ValueError
        A row or coordinate that is not there.
    """
    if not 0 <= row < data.samples:
        raise ValueError(f"row {row} was asked for and there are {data.samples} samples: choose 0 to {data.samples - 1}")
    rows = drawn_rows(data, row, show_test)
    (x, y), heads = _principal_places(data) if data.image_shape and axes is None else _places(data, theme, axes)
    hollow = np.isin(np.arange(data.samples), data.test_index)
    make = _classes if data.task == "classification" else _targets
    here = f"<br>{heads[0]} = %{{x:.5g}}<br>{heads[1]} = %{{y:.5g}}"
    traces = make(data, theme, rows, x, y, hollow, here)
    named = _names(data, theme, rows, x, y) if data.task == "classification" and len(data.class_names) > NAMED else []
    return {
        "data": [*traces, *named, _ring(theme, x[row], y[row])],
        "layout": layout(
            theme,
            "plot",
            "The data, one point a sample",
            _key(data, theme, len(rows), bool(hollow[rows].any()), show_test),
            height=380,
            xaxis=axis(theme, heads[0], zeroline=False, **_range(x[rows])),
            yaxis=axis(theme, heads[1], zeroline=False, **_range(y[rows])),
            clickmode="event+select",
            hovermode="closest",
        ),
        "frames": [],
    }


def picture(data: DataSet, row: int, theme: Theme) -> Figure:
    """A sample that is a picture, as the picture it is: dark is much."""
    if data.image_shape is None:
        raise ValueError(f"the samples of {cut(data.title)} are no pictures: they have {data.X.shape[0]} features")
    height, width = data.image_shape
    pixels = data.X[:, row].reshape(height, width)
    low, high = float(data.X.min()), float(data.X.max())
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False, "fixedrange": True, "constrain": "domain"}
    heat = {
        "type": "heatmap", "name": "pixels", "x0": 0, "y0": 0, "xgap": 1, "ygap": 1, "showscale": False, "customdata": single(pixels),
        "z": np.round(255 * (pixels - low) / max(high - low, np.finfo(float).tiny)).astype(np.uint8), "zmin": 0, "zmax": 255,
        "colorscale": colorscale(theme.sequential), "hovertemplate": "pixel %{y},%{x}: %{customdata:.4g}<extra></extra>",
    }  # fmt: skip
    return {
        "data": [heat],
        "layout": layout(
            theme, "plot", "The chosen sample", f"{height} × {width} pixels, {low:g} to {high:g}", height=260,
            xaxis=axis(theme, "", **bare), yaxis=axis(theme, "", autorange="reversed", scaleanchor="x", **bare),
        ),
        "frames": [],
    }  # fmt: skip


def _principal_places(data: DataSet) -> tuple[tuple[Array, Array], tuple[str, str]]:
    """Places and axes for pictures, of which no two pixels tell much."""
    plane = principal_plane(data)
    x, y = plane.places(data.inputs)
    return (x, y), plane.names


def _places(data: DataSet, theme: Theme, axes: tuple[int, int] | None) -> tuple[tuple[Array, Array], tuple[str, str]]:
    """Two coordinates of the samples and their names; over a single one the target, or the class."""
    across, up = telling_axes(data) if axes is None else axes
    count = data.coordinates.shape[0]
    if not (0 <= across < count and 0 <= up < count):
        raise ValueError(f"coordinates {across} and {up} were asked for and there are {count}: choose 0 to {count - 1}")
    name = _with_unit(theme, data.coordinate_names[across])
    if count > 1:
        return (data.coordinates[across], data.coordinates[up]), (name, _with_unit(theme, data.coordinate_names[up]))
    if data.task == "classification":
        return (data.coordinates[across], data.labels.astype(float)), (name, "class")
    return (data.coordinates[across], data.Y[0]), (name, cut(data.target_names[0], 24))


def _with_unit(theme: Theme, name: str) -> str:
    """The name of an axis, its unit in brackets kept."""
    unit = re.search(r"\([^()]{1,12}\)$", name.strip())
    return worded(theme, name, "x", longest=24) + (f" {html.escape(unit[0], quote=False)}" if unit else "")


def _range(values: Array) -> dict[str, Any]:
    """Where all samples have one value, an axis that reaches 1 to either side."""
    return {} if np.ptp(values) > 0 else {"range": [float(values[0]) - 1, float(values[0]) + 1]}


def _points(name: str, rows: Array, x: Array, y: Array, marker: dict[str, Any], hover: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": single(x[rows]),
        "y": single(y[rows]),
        "customdata": rows[:, None].tolist(),  # as lists: Plotly hands a row of an array back as something else
        "marker": marker,
        "hovertemplate": f"<b>sample %{{customdata[0]}}</b>{hover}<extra></extra>",
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": marker["opacity"]}},
    }


def _classes(data: DataSet, theme: Theme, rows: Array, x: Array, y: Array, hollow: Array, hover: str) -> list[dict[str, Any]]:
    traces = []
    for label, name in enumerate(data.class_names):
        colour, shape = theme.categorical[label % len(theme.categorical)], SHAPES[label % len(SHAPES)]
        for test in (False, True):
            of_class = rows[(data.labels[rows] == label) & (hollow[rows] == test)]
            if len(of_class):
                marker = {
                    "size": 7,
                    "color": colour,
                    "symbol": shape + ("-open" if test else ""),
                    "opacity": 0.85,
                    "line": {"width": 1.25 if test else 0},
                }
                part = "test" if test else "training"
                traces.append(_points(f"{cut(name)}, {part}", of_class, x, y, marker, f"<br>{cut(name, 40)}, {part}{hover}"))
    return traces


def _targets(data: DataSet, theme: Theme, rows: Array, x: Array, y: Array, hollow: Array, hover: str) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    values = data.Y[0]
    name = cut(data.target_names[0], 20)
    for test in (False, True):
        of_part = rows[hollow[rows] == test]
        if not len(of_part):
            continue
        # The lowest values would be the background's own colour: the scale starts a little above it.
        marker: dict[str, Any] = {
            "size": 8,
            "color": single(values[of_part]),
            "colorscale": colorscale(theme.sequential[2:]),
            "cmin": float(values[rows].min()),
            "cmax": float(values[rows].max()),
            "symbol": "circle-open" if test else "circle",
            "opacity": 0.9,
            "line": {"width": 1.5 if test else 0},
        }
        if not traces and np.ptp(values[rows]) > 0:
            marker |= {"showscale": True, "colorbar": colorbar(theme, name)}
        told = f"<br>{name} = %{{marker.color:.5g}}, {'test' if test else 'training'}"
        traces.append(_points("test" if test else "training", of_part, x, y, marker, told + hover))
    return traces


def _names(data: DataSet, theme: Theme, rows: Array, x: Array, y: Array) -> list[dict[str, Any]]:
    """The name of each class at the middle of its points."""
    found = [label for label in range(len(data.class_names)) if (data.labels[rows] == label).any()]
    members = [rows[data.labels[rows] == label] for label in found]
    return [
        {
            "type": "scatter",
            "mode": "text",
            "name": "classes",
            "x": [float(np.median(x[of_class])) for of_class in members],
            "y": [float(np.median(y[of_class])) for of_class in members],
            "text": [f"<b>{cut(data.class_names[label])}</b>" for label in found],
            "textfont": {
                "size": 14,
                "shadow": theme.shadow,
                "color": [theme.categorical_text[label % len(theme.categorical_text)] for label in found],
            },
            "hoverinfo": "skip",
            "selected": {"textfont": {"color": theme.text}},
        }
    ]


def _ring(theme: Theme, x: float, y: float) -> dict[str, Any]:
    marker = {"size": 16, "symbol": "circle-open", "color": theme.text, "line": {"width": 3, "color": theme.text}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "chosen",
        "x": single([x]),
        "y": single([y]),
        "marker": marker,
        "hoverinfo": "skip",
        "unselected": {"marker": {"opacity": 1}},
    }


def _key(data: DataSet, theme: Theme, drawn: int, test: bool, show_test: bool) -> str:
    whole = data.samples if show_test else len(data.train_index)
    count = f"{drawn} of {whole} drawn" if drawn < whole else f"{drawn} sample{'s' if drawn > 1 else ''}"
    parts = [count] + (["hollow: test"] if test else [])
    if data.task == "classification" and len(data.class_names) <= NAMED:
        parts = [coloured(f"{GLYPHS[i]} {cut(name, 12)}", theme.categorical_text[i]) for i, name in enumerate(data.class_names)] + parts
    elif data.task == "regression":
        parts = [f"coloured by {symbol(theme, 'y')}", *parts]
    return " · ".join(parts)
