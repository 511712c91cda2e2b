"""A training run as films: costs over steps, the boundary over the plane, each neuron's map, weights, confusion. All share one player."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.runs import Run
from nnviz.core.samples import DataSet
from nnviz.core.slices import Slice
from nnviz.figures.animation import animate, levels
from nnviz.figures.log_lines import decades
from nnviz.figures.samples import GLYPHS, SHAPES
from nnviz.figures.theme import Figure, Theme, axis, bare_axis, colorscale, coloured, layout, mix
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]
MOST_POINTS = 800  # of the samples over a boundary
MOST_TILES = 36
TILE = 12  # cells a side of a neuron's map
KEY_LENGTH = 64  # letters of the classes' names in the key of a boundary


def _mark(x: Any, y: Any, colour: str, theme: Theme, symbol: str = "circle") -> dict[str, Any]:
    marker = {"size": 10, "color": colour, "symbol": symbol, "line": {"color": theme.halo, "width": 2}}
    return {"type": "scatter", "mode": "markers", "x": [x], "y": [y], "marker": marker, "hoverinfo": "skip"}


def _known(values: Array, positive: bool) -> list[float | None]:
    return [float(v) if np.isfinite(v) and (v > 0 or not positive) else None for v in values]


def _left_behind(former: Sequence[tuple[str, Run, int]], test: bool, score: bool, theme: Theme) -> list[dict[str, Any]]:
    """Paths that were left at a fork, pale, from the fork on: train as a line, test dashed, the name where the train line ends."""
    made: list[dict[str, Any]] = []
    for name, run, since in former:
        parts = [("train", run.train_accuracy if score else run.train_cost, 0, "solid")]
        parts += [("test", run.test_accuracy if score else run.test_cost, 2, "5px,4px")] if test else []
        here = run.step >= since
        for part, values, look, dash in parts:
            pale = mix(theme.categorical[look], theme.background, 0.55)
            made.append(
                {
                    "type": "scatter", "mode": "lines", "name": f"{name}, {part}", "x": run.step[here].astype(float),
                    "y": _known(values[here], not score), "line": {"color": pale, "width": 1.5, "dash": dash},
                    "hovertemplate": f"{name}, {part}<br>step %{{x}}: %{{y:.6g}}<extra></extra>",
                }
            )  # fmt: skip
    return made


def _end_label(trace: dict[str, Any], text: str, colour: str, log: bool, yshift: int) -> dict[str, Any] | None:
    """The name of a line at its last known value; None where it has none."""
    last = next((j for j in range(len(trace["y"]) - 1, -1, -1) if trace["y"][j] is not None), None)
    if last is None:
        return None
    at = float(np.log10(trace["y"][last])) if log else trace["y"][last]
    place = {"x": float(trace["x"][last]), "y": at, "xanchor": "left", "xshift": 10, "yshift": yshift}
    return place | {"text": text, "font": {"color": colour}}


def curves(run: Run, theme: Theme, score: str = "", former: Sequence[tuple[str, Run, int]] = ()) -> Figure:
    """Cost (log) or score of the training and the test part over the steps, the gap between them filled; a mark moves with the player.

    Parameters
    ----------
    score : "" for the cost, else the name of the score: "accuracy" or "R²"
    former : paths that were left at a fork: their names, runs, and the step since which they are another
    """
    train, test = (run.train_accuracy, run.test_accuracy) if score else (run.train_cost, run.test_cost)
    steps, log = run.step.astype(float), not score
    pairs = [("train", _known(train, log), 0, "solid", "circle")]
    if np.isfinite(test).any():
        pairs.append(("test", _known(test, log), 2, "5px,4px", "diamond"))
    paths = _left_behind(former, len(pairs) > 1, bool(score), theme)
    data: list[dict[str, Any]] = []
    ends = [(path, path["name"].removesuffix(", train")) for path in paths if path["name"].endswith(", train")]
    labels = [_end_label(path, name, theme.muted, log, 0) for path, name in ends]
    test_above = len(pairs) > 1 and (pairs[1][1][-1] or 0.0) > (pairs[0][1][-1] or 0.0)
    for i, (name, values, look, dash, _) in enumerate(pairs):
        colour = theme.categorical[look]
        line = {
            "type": "scatter", "mode": "lines", "name": name, "x": steps, "y": values,
            "line": {"color": colour, "width": 2.25, "dash": dash}, "hovertemplate": f"{name}<br>step %{{x}}: %{{y:.6g}}<extra></extra>",
        }  # fmt: skip
        data.append(line | ({"fill": "tonexty", "fillcolor": mix(colour, theme.background, 0.85)} if i else {}))
        # Two ends that meet are told apart by standing above and below.
        labels.append(_end_label(line, name, theme.categorical_text[look], log, 9 if bool(i) == test_above else -9))
    data += paths
    first = len(data)
    data += [_mark(float(steps[-1]), values[-1], theme.categorical[look], theme, symbol) for _, values, look, _, symbol in pairs]
    diverged = int(run.diverged_at)
    if diverged >= 0:
        place = {"x": diverged, "y": 0.5, "yref": "paper", "xanchor": "left", "xshift": 6}
        labels.append(place | {"text": f"diverged at step {diverged}", "font": {"color": theme.symbols["delta"]}})
    shapes = []
    if run.best_step >= 0:
        best = {"x0": int(run.best_step), "x1": int(run.best_step), "y0": 0, "y1": 1, "yref": "paper"}
        shapes.append(best | {"type": "line", "line": {"color": theme.muted, "width": 1, "dash": "dot"}, "layer": "below"})
        place = {"x": int(run.best_step), "y": 1, "yref": "paper", "yanchor": "top", "xanchor": "left", "xshift": 4}
        labels.append(place | {"text": "best", "font": {"color": theme.muted}})
    what = score or "cost"
    ticks: dict[str, Any] = {"range": [None, 1.02]} if score else {}
    if log:
        shown = [v for trace in data[:first] for v in trace["y"] if v is not None]
        places, texts, span = decades(np.array(shown or [1.0]))
        ticks = {"type": "log", "tickvals": places, "ticktext": texts, "range": span}
    end = f"at the end train {significant(float(train[-1]))}" + (f", test {significant(float(test[-1]))}" if len(pairs) > 1 else "")
    told = [
        *(["log scale"] if log else []),
        *(["the band is the gap"] if len(pairs) > 1 else []),
        *(["pale: left at a fork"] if paths else []),
        f"diverged at step {diverged}" if diverged >= 0 else end,
    ]
    # What follows a divergence is no number: the axis ends where the curves do.
    reach = {"range": [0.0, float(max(3 * diverged, 20))]} if 0 <= 3 * diverged < steps[-1] else {"rangemode": "tozero"}
    frame = layout(
        theme,
        "labelled",
        f"{what[0].upper()}{what[1:]} over steps",
        " · ".join(told),
        height=440,
        margin={"l": 56, "r": 64, "t": 58, "b": 44},
        annotations=[label for label in labels if label],
        shapes=shapes,
        xaxis=axis(theme, "step", **reach),
        yaxis=axis(theme, what, **ticks),
    )
    frames = ({first + i: {"x": [float(steps[s])], "y": [values[s]]} for i, (_, values, *_) in enumerate(pairs)} for s in range(len(steps)))
    return animate({"data": data, "layout": frame}, frames)


# The boundary -------------------------------------------------------------------------------------------------------------------


def class_levels(outputs: Array, classes: int) -> NDArray[np.uint8]:
    """Outputs (..., k, points) as levels: the winning class, and within its band of the scale how sure the network is."""
    probabilities = np.concatenate([1 - outputs, outputs], axis=-2) if outputs.shape[-2] == 1 else outputs
    probabilities = np.clip(np.nan_to_num(probabilities), 0, 1)
    winner, best = probabilities.argmax(axis=-2), probabilities.max(axis=-2)
    band = 256 // classes
    sure = np.clip((best - 1 / classes) / (1 - 1 / classes), 0, 1)
    return (winner * band + np.round(sure * (band - 1))).astype(np.uint8)


def class_scale(classes: int, theme: Theme) -> list[list[Any]]:
    """The colours of those levels: each class from a tint to a stronger tint of its own colour."""
    band = 256 // classes
    stops: list[list[Any]] = []
    for c in range(classes):
        colour = theme.categorical[c % len(theme.categorical)]
        stops += [[c * band / 255, mix(theme.background, colour, 0.06)], [(c * band + band - 1) / 255, mix(theme.background, colour, 0.5)]]
    stops[-1][0] = 1.0
    return stops


def _points(data: DataSet, seen: Slice, theme: Theme, show_test: bool, output: int, low: float, high: float) -> list[dict[str, Any]]:
    """The samples over the boundary: classes by colour and shape, the test part hollow."""
    rows = np.arange(data.samples) if show_test else np.sort(data.train_index)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_POINTS)).astype(int)]
    hollow = np.isin(rows, data.test_index)
    told = [data.describe(int(row)) for row in rows]
    shared = {"type": "scatter", "mode": "markers", "hoverinfo": "text", "cliponaxis": True}
    x, y = seen.samples[0, rows], seen.samples[-1, rows]
    if data.task == "classification":
        labels = data.labels[rows]
        colours = [theme.categorical_text[c % len(theme.categorical_text)] for c in labels]
        symbols = [SHAPES[c % len(SHAPES)] + ("-open" if test else "") for c, test in zip(labels, hollow, strict=True)]
        marker = {"size": 6, "color": colours, "symbol": symbols, "line": {"width": 0.75, "color": theme.background}}
        return [shared | {"name": "samples", "x": x, "y": y, "marker": marker, "hovertext": told}]
    values = data.target_scale(data.Y)[output, rows]
    marker = {
        "size": 7,
        "color": values,
        "colorscale": colorscale(theme.sequential),
        "cmin": low,
        "cmax": high,
        "line": {"width": 1, "color": theme.text},
    }
    marker["symbol"] = ["circle-open" if test else "circle" for test in hollow]
    return [shared | {"name": "samples", "x": x, "y": y, "marker": marker, "hovertext": told}]


def _class_key(class_names: Sequence[str], theme: Theme) -> list[str]:
    """The classes in their colours, as many as fit into one line, and how many more there are."""
    room = np.cumsum([5 + len(name[:14]) for name in class_names])
    shown = max(1, int((room <= KEY_LENGTH).sum()))
    names = [
        coloured(f"{GLYPHS[c % len(GLYPHS)]} {name[:14]}", theme.categorical_text[c % 8]) for c, name in enumerate(class_names[:shown])
    ]
    return names + [f"{len(class_names) - shown} more"] * (shown < len(class_names))


def boundary(data: DataSet, seen: Slice, outputs: Array, theme: Theme, show_test: bool, output: int = 0) -> Figure:
    """The network's answer over the plane, a frame a snapshot.

    Parameters
    ----------
    outputs : (snapshots, k, points) on the grid of `seen`
    output : which of several numbers that the network predicts is drawn
    """
    classification = data.task == "classification"
    low, high = 0.0, 255.0
    if classification:
        grids = class_levels(outputs, max(2, outputs.shape[1])).reshape(len(outputs), *seen.shape)
        scale = class_scale(max(2, outputs.shape[1]), theme)
    else:
        targets = data.target_scale(data.Y)[output]
        low, high = float(targets.min()), float(targets.max())
        grids, scale = levels(outputs[:, output], low, high).reshape(len(outputs), *seen.shape), colorscale(theme.sequential)
    heat = {
        "type": "heatmap",
        "x": seen.x,
        "y": seen.y,
        "z": grids[-1],
        "zmin": 0,
        "zmax": 255,
        "colorscale": scale,
        "showscale": False,
        "hoverinfo": "skip",
        "zsmooth": False if classification else "best",
    }
    names = _class_key(data.class_names, theme)
    told = " · ".join(
        [*names, "stronger: surer"]
        if classification
        else [f"{data.target_names[output]} from {significant(low, 3)} to {significant(high, 3)}, light to dark"]
    )
    key = f"{told} · {len(seen.x)} × {len(seen.y)}{' · ' + seen.held if seen.held else ''}{' · hollow: test' if show_test else ''}"
    frame = layout(
        theme,
        "plot",
        "What the network says over the plane" if classification else "The fitted surface",
        key,
        height=440,
        hovermode="closest",
        xaxis=axis(theme, seen.names[0], showgrid=False, zeroline=False, range=[float(seen.x[0]), float(seen.x[-1])]),
        yaxis=axis(theme, seen.names[1], showgrid=False, zeroline=False, range=[float(seen.y[0]), float(seen.y[-1])]),
    )
    return animate(
        {"data": [heat, *_points(data, seen, theme, show_test, output, low, high)], "layout": frame}, ({0: {"z": grid}} for grid in grids)
    )


def fitted_curve(data: DataSet, seen: Slice, outputs: Array, theme: Theme, show_test: bool, output: int = 0) -> Figure:
    """One of the network's outputs over its single input, with the samples; a frame a snapshot."""
    rows = np.arange(data.samples) if show_test else np.sort(data.train_index)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_POINTS)).astype(int)]
    targets = data.target_scale(data.Y.astype(float))[output, rows]
    hollow = np.isin(rows, data.test_index)
    symbols = ["circle-open" if test else "circle" for test in hollow]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": seen.samples[0, rows],
        "y": targets,
        "name": "samples",
        "marker": {"size": 6, "color": theme.symbols["y"], "symbol": symbols},
        "hovertemplate": "%{x:.5g}, target %{y:.5g}<extra></extra>",
    }
    curve = {
        "type": "scatter",
        "mode": "lines",
        "x": seen.x,
        "y": outputs[-1, 0],
        "name": "prediction",
        "line": {"color": theme.symbols["yhat"], "width": 2.5},
        "hovertemplate": "%{x:.5g}, prediction %{y:.5g}<extra></extra>",
    }
    low, high = float(targets.min()), float(targets.max())
    margin = 0.15 * (high - low) or 1.0
    line, points = coloured("line: prediction", theme.symbols["yhat"]), coloured("points: targets", theme.symbols["y"])
    frame = layout(
        theme,
        "plot",
        "The fitted curve",
        " · ".join([line, points, *(["hollow: test"] if show_test else [])]),
        height=440,
        xaxis=axis(theme, seen.names[0]),
        yaxis=axis(theme, data.target_names[output], range=[low - margin, high + margin]),
    )
    return animate({"data": [dots, curve], "layout": frame}, ({1: {"y": np.clip(np.nan_to_num(o[output]), -1e30, 1e30)}} for o in outputs))


def drawn_units(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Which hidden units have a map: (layer, unit), at most `MOST_TILES`, the first of each layer."""
    hidden = list(enumerate(sizes))[1:-1]
    each = max(1, MOST_TILES // max(1, len(hidden)))
    return [(layer, unit) for layer, size in hidden[:MOST_TILES] for unit in range(min(size, each, TILE))]


def mosaic(
    units: Sequence[tuple[int, int]], maps: dict[int, Array], sizes: Sequence[int], theme: Theme, scale_of: int | None = None
) -> Figure:
    """Each hidden neuron's own output over the same plane: one heat map for all of them, a row a layer.

    Parameters
    ----------
    maps : layer → (snapshots, k, TILE²)
    scale_of : the snapshot that the colours are made for; by default all
    """
    rows = sorted({layer for layer, _ in units})
    widest = max(sum(1 for one, _ in units if one == layer) for layer in rows)
    step = TILE + 1
    snapshots = len(maps[rows[0]])
    z = np.zeros((snapshots, len(rows) * step - 1, widest * step - 1), dtype=np.uint8)
    names, places = [], []
    for layer, unit in units:
        row = rows.index(layer)
        values = maps[layer][:, unit].reshape(snapshots, TILE, TILE)
        telling = maps[layer] if scale_of is None else maps[layer][scale_of]
        with np.errstate(all="ignore"):
            largest = float(np.nanmax(np.where(np.isfinite(telling), np.abs(telling), np.nan), initial=1e-12))
        # Level 0 is the background between the tiles, and what is no number; the values take 1 to 255.
        tile = np.where(np.isnan(values), 0, 1 + np.round(levels(values, -largest, largest) * (254 / 255))).astype(np.uint8)
        z[:, row * step : row * step + TILE, unit * step : unit * step + TILE] = tile
        names.append(f"layer {layer}, unit {unit + 1}<br>blue to +{significant(largest, 3)}, orange to −{significant(largest, 3)}")
        places.append((unit * step + TILE / 2 - 0.5, row * step + TILE / 2 - 0.5))
    scale = [[0.0, theme.background], [0.5 / 255, theme.background]]
    scale += [[(1 + 254 * i / (len(theme.diverging) - 1)) / 255, colour] for i, colour in enumerate(theme.diverging)]
    heat = {"type": "heatmap", "z": z[-1], "zmin": 0, "zmax": 255, "colorscale": scale, "showscale": False, "hoverinfo": "skip"}
    hovers = {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _ in places],
        "y": [y for _, y in places],
        "marker": {"size": 20, "opacity": 0},
        "hovertext": names,
        "hoverinfo": "text",
    }
    left_out = sum(sizes[1:-1]) - len(units)
    words = [
        {"x": -1, "y": row * step + TILE / 2, "text": f"layer {layer}", "xanchor": "right", "font": {"size": 12, "color": theme.muted}}
        for row, layer in enumerate(rows)
    ]
    frame = layout(
        theme,
        "graph",
        "Each hidden neuron over the same plane",
        f"a row a layer · blue +, orange −, each layer on its own scale{f' · {left_out} more are not drawn' if left_out else ''}",
        height=max(150, min(440, 58 + 74 * len(rows))),
        margin={"l": 52, "r": 0, "t": 58, "b": 4},
        annotations=words,
        xaxis=bare_axis(range=[-9, z.shape[2] - 0.5], constrain="domain"),
        yaxis=bare_axis(range=[z.shape[1] - 0.5, -0.5], scaleanchor="x", constrain="domain"),
    )
    return animate({"data": [heat, hovers], "layout": frame}, ({0: {"z": grid}} for grid in z))
