"""The parts of a drawn network that never move: edges, names, and the marks on which the moving parts are put."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnviz.figures.graph import layer_name
from nnviz.figures.graph_drawing import MOST_LIT, Drawing
from nnviz.figures.graph_marks import BLANK, DASH, WIDTHS, WORKED_WIDTHS, Edge, cut, hover, steady, worded
from nnviz.figures.theme import alpha, coloured

MIDDLE = "middle center"
Trace = dict[str, Any]


def edge_traces(drawing: Drawing) -> list[Trace]:
    """A trace a group of edges, receding; then the edge to the cost."""
    return [_edge(drawing, *key, edges) for key, edges in drawing.groups.items()] + _cost_edge(drawing)


def merged(edges: Sequence[Trace]) -> list[Trace]:
    """Edges of one look as one trace, whatever their layer: for pictures in which no layer is lit. A trace costs more than its points."""
    alike: dict[tuple[Any, ...], list[Trace]] = {}
    for trace in edges:
        alike.setdefault(tuple(sorted(trace["line"].items())), []).append(trace)
    return [
        traces[0]
        | {"name": "edges", **{axis: [v for t in traces for v in (*np.asarray(t[axis], dtype=float).tolist(), None)] for axis in "xy"}}
        for traces in alike.values()
    ]


def _edge(drawing: Drawing, layer: int, plus: bool, step: int, part: str, edges: Sequence[Edge]) -> Trace:
    ends = np.array([(*drawing.spots[s], *drawing.spots[t]) for s, t in edges], dtype=np.float32)
    gap = np.full(len(ends), np.nan, dtype=np.float32)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"weights into layer {layer}, {'positive' if plus else 'negative'}, width {step + 1}",
        "x": np.column_stack([ends[:, 0], ends[:, 2], gap]).ravel(),
        "y": np.column_stack([ends[:, 1], ends[:, 3], gap]).ravel(),
        "line": _line(drawing, plus, step, thicker=part == "into" and not drawing.form.worked),
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _line(drawing: Drawing, plus: bool, step: int, thicker: bool = False) -> dict[str, Any]:
    width = (WORKED_WIDTHS if drawing.form.worked else WIDTHS)[step] + thicker
    line = {"color": drawing.theme.sign["plus" if plus else "minus"], "width": width}
    return line if plus else line | {"dash": DASH[drawing.form.worked]}


def edge_shapes(drawing: Drawing) -> list[dict[str, Any]]:
    """All edges of a dense network, receding: one path a sign and width, beneath everything."""
    if not drawing.dense:
        return []
    paths: dict[tuple[bool, int], list[str]] = {}
    for (source, target), look in drawing.steps.items():
        (x0, y0), (x1, y1) = drawing.spots[source], drawing.spots[target]
        paths.setdefault(look, []).append(f"M{x0:.4g},{y0:.1f}L{x1:.4g},{y1:.1f}")
    return [
        {
            "type": "path",
            "path": "".join(parts),
            "xref": "x",
            "yref": "y",
            "layer": "below",
            "opacity": recede(drawing),
            "line": _line(drawing, plus, step),
        }
        for (plus, step), parts in sorted(paths.items())
    ]


def recede(drawing: Drawing) -> float:
    """The opacity of what is not spoken of."""
    return 0.18 if drawing.theme.name == "light" else 0.26


def _cost_edge(drawing: Drawing) -> list[Trace]:
    if not drawing.form.worked:
        return []
    x, y = drawing.cost_spot
    outputs = [drawing.spots[node] for node in drawing.outputs]
    line = {"color": drawing.theme.zero, "width": 1.5}
    across, down = [v for place in outputs for v in (place[0], x, None)], [v for place in outputs for v in (place[1], y, None)]
    return [{"type": "scatter", "mode": "lines", "name": "cost", "x": across, "y": down, "line": line, "hoverinfo": "skip"}]


def word_traces(drawing: Drawing) -> list[Trace]:
    """The names over the layers, and what of a layer is not drawn."""
    names = float(drawing.form.names)
    spots = [(_across(drawing, layer), names, _layer_words(drawing, layer)) for layer in range(drawing.layers + 1)]
    lowest = max(y for _, y in drawing.spots.values()) + drawing.form.size / 2 + 14
    for layer, size in enumerate(drawing.sizes):
        hidden = size - sum(1 for n in drawing.nodes if drawing.graph.nodes[n]["layer"] == layer)
        if hidden and drawing.layers < MOST_LIT:
            spots.append((_across(drawing, layer), lowest, f"… {hidden} more" if drawing.layers < 5 else f"+{hidden}"))
    if drawing.form.worked:
        spots.append((drawing.cost_spot[0], names, "cost"))
    return [_text(drawing, "layers", spots, 12, drawing.theme.muted)]


def _across(drawing: Drawing, layer: int) -> float:
    return next(x for node, (x, _) in drawing.spots.items() if drawing.graph.nodes[node]["layer"] == layer)


def _layer_words(drawing: Drawing, layer: int) -> str:
    if layer == 0:
        return "input"
    if drawing.layers > 6:
        told = layer % -(-drawing.layers // 8) == 0 and drawing.layers - layer > drawing.layers / 12
        return "output" if layer == drawing.layers else str(layer) if told else BLANK
    activation = cut(drawing.graph.graph["activations"].split(",")[layer - 1])
    name = layer_name(layer, drawing.layers).replace("hidden layer", "hidden")
    return f"{name}, {activation}" if drawing.form.worked else f"{name}<br>{activation}"


def _text(drawing: Drawing, name: str, spots: Sequence[tuple[float, float, str]], size: int, colour: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "text",
        "name": name,
        "x": [x for x, _, _ in spots],
        "y": [y for _, y, _ in spots],
        "text": [text for *_, text in spots],
        "textposition": MIDDLE,
        "textfont": {"size": size, "color": colour},
        "hoverinfo": "skip",
        "cliponaxis": False,
        **steady(drawing.theme),
    }


def name_traces(drawing: Drawing) -> list[Trace]:
    """Names beside inputs and outputs of a larger network; the class that is the target is bold."""
    spots = [node for node in drawing.nodes if drawing.graph.nodes[node]["role"] != "hidden"]
    roles = [drawing.graph.nodes[node]["role"] for node in spots]
    return [
        {
            "type": "scatter",
            "mode": "markers+text",
            "name": "names",
            "x": [drawing.spots[node][0] for node in spots],
            "y": [drawing.spots[node][1] for node in spots],
            "text": [_beside(drawing, drawing.graph.nodes[node]) for node in spots],
            "textposition": ["middle left" if role == "input" else "middle right" for role in roles],
            "textfont": {"size": 13 if drawing.form.font else 12},
            "marker": {"size": drawing.form.size + 6, "opacity": 0},
            "hoverinfo": "skip",
            "cliponaxis": False,
            **steady(drawing.theme),
        }
    ]


def _beside(drawing: Drawing, node: Mapping[str, Any]) -> str:
    name = "x" if node["role"] == "input" else "yhat"
    text = worded(drawing.theme, node["name"], name, lines=2 if drawing.form.font else 1)
    return coloured(text, drawing.theme.symbols[name], bold=node.get("target", 0.0) == 1.0)


def side_margins(drawing: Drawing) -> tuple[int, int]:
    """Left and right in px: room for half a neuron and for the names beside it."""
    half = drawing.form.size // 2 + 3
    if drawing.form.worked:
        return half, round(0.41 * drawing.form.size) + 6
    longest = {"input": 0, "output": 0}
    for _, a in drawing.graph.nodes(data=True):
        if a["role"] != "hidden":
            lines = cut(a["name"], lines=2 if drawing.form.font else 1).split("<br>")
            longest[a["role"]] = max(longest[a["role"]], *(len(html.unescape(line)) for line in lines))
    return half + 8 + round(6.3 * longest["input"]), half + 8 + round(6.6 * longest["output"])


def click_traces(drawing: Drawing) -> list[Trace]:
    """What can be clicked and hovered: one invisible point a neuron, on top of everything."""
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "neurons",
            "x": [drawing.spots[node][0] for node in drawing.nodes],
            "y": [drawing.spots[node][1] for node in drawing.nodes],
            "customdata": [[drawing.graph.nodes[node]["layer"], drawing.graph.nodes[node]["unit"]] for node in drawing.nodes],
            "text": [hover(drawing.theme, drawing.graph.nodes[node]) for node in drawing.nodes],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"size": max(drawing.form.size, 16), "color": "rgba(0,0,0,0)", "line": {"width": 0}},
            "selected": {"marker": {"color": alpha(drawing.theme.text, 0.12), "opacity": 1}},
            "unselected": {"marker": {"opacity": 1}},
            "cliponaxis": False,
        }
    ]


def mark_trace(drawing: Drawing) -> Trace:
    """The trace of the neurons, without what a moment gives it."""
    form = drawing.form
    widths = [3.0 if node == drawing.chosen else 1.5 if form.size > 12 else 1.0 for node in drawing.nodes]
    spots, sizes, symbols = [drawing.spots[node] for node in drawing.nodes], [form.size] * len(widths), ["circle"] * len(widths)
    if form.worked:
        spots.append(drawing.cost_spot)
        sizes, symbols, widths = [*sizes, round(0.82 * form.size)], [*symbols, "square"], [*widths, 1.5]
    return {
        "type": "scatter",
        "mode": "markers+text" if form.font else "markers",
        "name": "activations",
        "x": [x for x, _ in spots],
        "y": [y for _, y in spots],
        "marker": {"size": sizes, "symbol": symbols, "line": {"width": widths, "color": _rings(drawing)}, "opacity": 1},
        "textposition": MIDDLE,
        "textfont": {"size": form.font or 12, "weight": 600 if form.worked else 400},
        "hoverinfo": "skip",
        "cliponaxis": False,
        **steady(drawing.theme),
    }


def _rings(drawing: Drawing) -> list[str]:
    """Of a larger network all rings but the chosen one are alike, and stay."""
    return [drawing.theme.text if node == drawing.chosen else drawing.theme.zero for node in drawing.nodes]


def underneath_trace(drawing: Drawing) -> Trace:
    """The trace of the words under the neurons, without the words."""
    spots = [drawing.spots[node] for node in drawing.nodes] + 2 * [drawing.cost_spot]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "biases and target",
        "x": [x for x, _ in spots],
        "y": [y for _, y in spots],
        "textposition": ["bottom center"] * (len(spots) - 1) + ["top center"],
        "textfont": {"size": 13, "color": drawing.theme.text},
        "marker": {"size": [drawing.form.size + 4] * (len(spots) - 2) + [drawing.form.size - 6] * 2, "opacity": 0},
        "hoverinfo": "skip",
        "cliponaxis": False,
        **steady(drawing.theme),
    }
