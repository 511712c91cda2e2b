"""What a run has learnt, as films and pictures: weights and gradients by layer, which class is taken for which, images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.confusion import precision_and_recall
from nnviz.figures.animation import animate, levels
from nnviz.figures.theme import Figure, Theme, axis, bare_axis, colorbar, colorscale, ink, layout, sample
from nnviz.formulas.numbers import fixed

Array = NDArray[np.floating]


def histograms(values: Sequence[Array], what: str, theme: Theme, bins: int = 24, scale_of: int | None = None) -> Figure:
    """How the numbers of each layer are spread, a frame a snapshot; what is no number is not counted.

    Parameters
    ----------
    values : for each layer (snapshots, numbers)
    what : "weights" or "gradients"
    scale_of : the snapshot that the axes are made for; by default all
    """
    colour = theme.symbols["w" if what == "weights" else "delta"]
    data, counts_of = [], []
    columns = len(values)
    for i, numbers in enumerate(values):
        finite = np.isfinite(numbers)
        known = np.where(finite, numbers, 0.0)
        # The outermost thousandth is gathered into the end bins: one lonely weight must not flatten the rest.
        reach = float(np.quantile(np.abs(known if scale_of is None else known[scale_of]), 0.999)) or 1.0
        edges = np.linspace(-reach, reach, bins + 1)
        index = np.clip(np.searchsorted(edges, known) - 1, 0, bins - 1)
        offsets = np.arange(len(known))[:, None] * bins
        counts = np.bincount((offsets + index)[finite], minlength=len(known) * bins).reshape(len(known), bins)
        counts_of.append(counts / numbers.shape[1])
        centres = (edges[:-1] + edges[1:]) / 2
        data.append(
            {
                "type": "bar",
                "x": centres,
                "y": counts_of[-1][-1],
                "width": 2 * reach / bins * 0.94,
                "marker": {"color": colour},
                "xaxis": f"x{i + 1 if i else ''}",
                "hovertemplate": f"layer {i + 1}<br>%{{x:.4g}}: %{{y:.1%}}<extra></extra>",
            }
        )
    gap = 0.04
    width = (1 - gap * (columns - 1)) / columns
    tallest = max(float(np.max(counts)) for counts in counts_of)
    axes = {
        f"xaxis{i + 1 if i else ''}": axis(theme, f"layer {i + 1}", domain=[i * (width + gap), i * (width + gap) + width], nticks=4)
        for i in range(columns)
    }
    frame = layout(
        theme,
        "plot",
        f"{what.capitalize()} by layer",
        "share of the layer's numbers · the end bars hold all beyond",
        height=300,
        bargap=0,
        **axes,
        yaxis=axis(theme, "share", rangemode="tozero", range=[0, 1.05 * tallest]),
    )
    frames = ({i: {"y": counts[s].astype(np.float32)} for i, counts in enumerate(counts_of)} for s in range(len(values[0])))
    return animate({"data": data, "layout": frame}, frames)


def confusion(matrices: NDArray[np.integer], names: Sequence[str], theme: Theme, part: str) -> Figure:
    """Which class was taken for which, a frame a snapshot: rows are the classes, columns what they were taken for."""
    labels = [name[:14] for name in names]
    totals = np.maximum(matrices.sum(axis=-1, keepdims=True), 1)
    shares = matrices / totals
    rows, columns = (index.ravel() for index in np.indices(matrices.shape[1:]))

    def words(step: int) -> dict[str, Any]:
        fills = [sample(theme.sequential, float(share)) for share in shares[step].ravel()]
        return {"text": [str(int(n)) for n in matrices[step].ravel()], "textfont": {"color": [ink(fill) for fill in fills]}}

    heat = {
        "type": "heatmap",
        "z": levels(shares[-1], 0, 1),
        "zmin": 0,
        "zmax": 255,
        "colorscale": colorscale(theme.sequential),
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverinfo": "skip",
    }
    text = {"type": "scatter", "mode": "text", "x": columns, "y": rows, "hoverinfo": "skip", **words(-1)}
    text["textfont"] = text["textfont"] | {"size": 14 if len(names) <= 5 else 12}
    ticks = {"tickvals": list(range(len(names))), "ticktext": labels, "showgrid": False, "zeroline": False}
    frame = layout(
        theme,
        "plot",
        f"Confusion on the {part} part",
        "rows: what it is · columns: what it was taken for · a row's darkness is its share",
        height=440,
        xaxis=axis(theme, "taken for", constrain="domain", **ticks),
        yaxis=axis(theme, "is", autorange="reversed", scaleanchor="x", constrain="domain", **ticks),
    )
    return animate(
        {"data": [heat, text], "layout": frame}, ({0: {"z": levels(shares[s], 0, 1)}, 1: words(s)} for s in range(len(matrices)))
    )


def class_table(matrix: NDArray[np.integer], names: Sequence[str]) -> list[list[str]]:
    """Rows of a table: class, samples, precision, recall."""
    precision, recall = precision_and_recall(matrix)
    return [
        [name, f"{int(row.sum()):,}", fixed(p, 3), fixed(r, 3)] for name, row, p, r in zip(names, matrix, precision, recall, strict=True)
    ]


def pictures(images: Array, words: Sequence[str], title: str, key: str, theme: Theme, signed: bool = False, columns: int = 8) -> Figure:
    """Many small pictures as one heat map, a word under each.

    Parameters
    ----------
    images : (count, h, w)
    signed : weights, drawn around 0; else brightness from 0
    """
    count, height, width = images.shape
    columns = min(columns, max(1, count))
    rows = -(-count // columns)
    down, across = height + 3, width + 1
    z = np.full((rows * down, columns * across - 1), np.nan, dtype=np.float32)
    labels = []
    for i, picture in enumerate(images):
        r, c = divmod(i, columns)
        z[r * down : r * down + height, c * across : c * across + width] = picture
        labels.append(
            {"x": c * across + width / 2 - 0.5, "y": r * down + height + 0.6, "text": words[i], "font": {"size": 12, "color": theme.text}}
        )
    largest = float(np.nanmax(np.abs(z), initial=1e-12))
    scale = (
        {"zmin": -largest, "zmax": largest, "colorscale": colorscale(theme.diverging)}
        if signed
        else {"zmin": 0, "zmax": largest, "colorscale": colorscale(theme.sequential)}
    )
    heat = {
        "type": "heatmap",
        "z": z,
        "hoverongaps": False,
        "hovertemplate": "%{z:.4g}<extra></extra>",
        "colorbar": colorbar(theme, ""),
        "showscale": signed,
        **scale,
    }
    frame = layout(
        theme,
        "graph",
        title,
        key,
        height=58 + 96 * rows,
        annotations=labels,
        xaxis=bare_axis(range=[-0.5, z.shape[1] - 0.5], constrain="domain"),
        yaxis=bare_axis(range=[z.shape[0] - 0.5, -0.5], scaleanchor="x", constrain="domain"),
    )
    return {"data": [heat], "layout": frame}
