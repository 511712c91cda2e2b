"""How one weight acts on the cost: its paths lit in the network's graph, and the size of its gradient factor by factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np

from nnviz.core.backpropagation import BIAS, Paths, UnitStates
from nnviz.core.network import Forward
from nnviz.figures import data_flow
from nnviz.figures.graph import DEEP_DRAWN, MOST_DRAWN, neuron
from nnviz.figures.graph_drawing import MOST_LIT, Drawing, drawing_of
from nnviz.figures.graph_layout import plot_height
from nnviz.figures.graph_marks import DASH, Edge, compact, steady, width_step
from nnviz.figures.graph_traces import (
    Trace,
    click_traces,
    edge_shapes,
    edge_traces,
    mark_trace,
    merged,
    name_traces,
    recede,
    side_margins,
    underneath_trace,
    word_traces,
)
from nnviz.figures.landscapes import UNSEEN
from nnviz.figures.theme import Figure, Theme, bare_axis, layout, symbol
from nnviz.figures.timeline import stop_moments
from nnviz.formulas.numbers import SUBSCRIPTS, SUPERSCRIPTS, significant

WIDTHS = (0.75, 1.5, 2.5, 3.5, 4.5)  # of lit edges, by what they carry of the layer's most
CLICK_PLACES = (0.2, 0.38, 0.62, 0.8)  # of the way along an edge: where edges cross, another place of each is free
MANY_EDGES, MOST_CLICKABLE = 120, 400  # of more edges each has one place; of very many those that carry most
LABEL_PLACES = (0.5, 0.36, 0.64, 0.25, 0.75)
LABEL_WIDTH, LABEL_HEIGHT, NARROW = 40, 18, 280  # px a number needs; the figure's width for which they are placed
MOST_LABELS, FEW_LABELS = 22, 12  # with and without numbers in the neurons; a network of more than ten columns has none


# --------------------------------------------------------------------------------------------------------------------- the graph


def most_passing(paths: Paths, forward: Forward, column: int | None, most: int | None = None) -> list[np.ndarray]:
    """Of each layer the units through which most of one neuron's gradient passes, where there are too many to draw.

    Before the neuron's layer, where nothing of it passes, they are those with the largest |a|; the neuron and unit `column` of the layer
    before it are always among them. At most 16 a layer, in a network of more than ten columns 6; in their own order.
    """
    most = (MOST_DRAWN if len(forward.A) <= MOST_LIT else DEEP_DRAWN) if most is None else most
    chosen = []
    for layer, A in enumerate(forward.A):
        passing = paths.passing[layer] if layer > paths.layer else None
        size = np.nan_to_num(np.abs(A[:, 0] if passing is None else passing), nan=np.inf)
        kept = paths.unit if layer == paths.layer else column if layer == paths.layer - 1 else None
        if kept is not None:
            size[kept] = np.inf
        chosen.append(np.sort(np.argsort(-size, kind="stable")[:most]))
    return chosen


def paths_graph(
    graph: nx.DiGraph, paths: Paths, gradients: Sequence[np.ndarray], states: Sequence[UnitStates], theme: Theme, column: int
) -> Figure:
    """The network with δ in its neurons, all paths of one weight lit, and the factor `∂z/∂z = w·f′` on each of their edges.

    Parameters
    ----------
    graph : from `network_graph`, with error signals; its nodes are given their places
    paths : of the weight's neuron
    gradients : ∂C/∂W of each layer, (k, n) each
    states : of each layer's neurons over many samples
    column : where the weight comes from; −1 is the bias

    Returns
    -------
    Figure
        Clicked edges come back with `customdata` (layer, unit, column), clicked neurons with their bias's (layer, unit, −1).
    """
    drawing = drawing_of(graph, theme, (paths.layer, paths.unit), "δ")
    chosen = None if column == BIAS else (neuron(paths.layer - 1, column), neuron(paths.layer, paths.unit))
    lit = _lit(drawing, paths)
    worked = drawing.form.worked
    moment = stop_moments(drawing.layers)[-1]
    beneath = [underneath_trace(drawing) | data_flow.below(drawing, moment)] if worked else name_traces(drawing)
    data = [
        *([] if drawing.dense else merged([_receding(drawing, trace) for trace in edge_traces(drawing)]) + _lit_traces(drawing, lit)),
        *([_chosen_edge(drawing, chosen)] if chosen else []),
        *word_traces(drawing),
        *beneath,
        _neurons(drawing),
        *_state_marks(drawing, states),
        _edge_points(drawing, paths, gradients, lit),
        *_neuron_points(drawing),
    ]
    shapes = edge_shapes(drawing) + _lit_shapes(drawing, lit) if drawing.dense else []
    return {"data": data, "layout": _graph_layout(drawing, paths, _labels(drawing, lit, chosen), column) | {"shapes": shapes}}


def _lit(drawing: Drawing, paths: Paths) -> dict[Edge, tuple[float, float]]:
    """The factor of each drawn edge on a path, and what it carries; edges that carry nothing stay dark."""
    found: dict[Edge, tuple[float, float]] = {}
    nodes = drawing.graph.nodes
    for source, target in drawing.graph.edges:
        factors, carried = paths.factors[nodes[target]["layer"]], paths.carried[nodes[target]["layer"]]
        if factors is not None and carried is not None:
            place = nodes[target]["unit"], nodes[source]["unit"]
            on_path = nodes[source]["layer"] > paths.layer or place[1] == paths.unit
            if on_path and carried[place] != 0:
                found[source, target] = float(factors[place]), float(carried[place])
    return found


def _largest(drawing: Drawing, lit: dict[Edge, tuple[float, float]]) -> dict[int, float]:
    """What the strongest edge into each layer carries."""
    largest: dict[int, float] = {}
    for (_, target), (_, carried) in lit.items():
        layer, size = drawing.graph.nodes[target]["layer"], abs(carried)
        largest[layer] = max(largest.get(layer, 0.0), size if math.isfinite(size) else 0.0)
    return largest


def _receding(drawing: Drawing, trace: Trace) -> Trace:
    return trace | {"opacity": recede(drawing) if trace["name"] != "cost" else 1.0}


def _by_look(drawing: Drawing, lit: dict[Edge, tuple[float, float]]) -> dict[tuple[bool, int], list[Edge]]:
    """The lit edges by the sign of their factor and by how much of the layer's most they carry."""
    largest, nodes = _largest(drawing, lit), drawing.graph.nodes
    groups: dict[tuple[bool, int], list[Edge]] = {}
    for edge, (factor, carried) in lit.items():
        step = width_step(carried, largest[nodes[edge[1]]["layer"]], len(WIDTHS))
        groups.setdefault((not factor < 0, step), []).append(edge)
    return dict(sorted(groups.items()))


def _lit_line(drawing: Drawing, plus: bool, step: int) -> dict[str, Any]:
    line: dict[str, Any] = {"color": drawing.theme.sign["plus" if plus else "minus"], "width": WIDTHS[step]}
    return line if plus else line | {"dash": DASH[drawing.form.worked]}


def _lit_traces(drawing: Drawing, lit: dict[Edge, tuple[float, float]]) -> list[Trace]:
    """The paths, a trace a sign and width."""
    traces = []
    for (plus, step), edges in _by_look(drawing, lit).items():
        ends = np.array([(*drawing.spots[s], *drawing.spots[t]) for s, t in edges], dtype=np.float32)
        gap = np.full(len(ends), np.nan, dtype=np.float32)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"paths, {'positive' if plus else 'negative'} factors, width {step + 1}",
                "x": np.column_stack([ends[:, 0], ends[:, 2], gap]).ravel(),
                "y": np.column_stack([ends[:, 1], ends[:, 3], gap]).ravel(),
                "line": _lit_line(drawing, plus, step),
                "hoverinfo": "skip",
                "cliponaxis": False,
            }
        )
    return traces


def _lit_shapes(drawing: Drawing, lit: dict[Edge, tuple[float, float]]) -> list[dict[str, Any]]:
    """The paths of a dense network, one shape a sign and width: of a trace, Plotly would make an element an edge."""
    shapes = []
    for (plus, step), edges in _by_look(drawing, lit).items():
        ends = [(*drawing.spots[s], *drawing.spots[t]) for s, t in edges]
        path = "".join(f"M{x0:.4g},{y0:.1f}L{x1:.4g},{y1:.1f}" for x0, y0, x1, y1 in ends)
        shapes.append({"type": "path", "path": path, "xref": "x", "yref": "y", "layer": "below", "line": _lit_line(drawing, plus, step)})
    return shapes


def _chosen_edge(drawing: Drawing, chosen: Edge) -> Trace:
    """The weight itself, in w's colour."""
    (x0, y0), (x1, y1) = (drawing.spots[node] for node in chosen)
    line = {"color": drawing.theme.symbols["w"], "width": 5}
    return {"type": "scatter", "mode": "lines", "name": "chosen weight", "x": [x0, x1], "y": [y0, y1], "line": line, "hoverinfo": "skip"}


def _neurons(drawing: Drawing) -> Trace:
    """The neurons with δ in them, or of an input its value."""
    trace, change = mark_trace(drawing), data_flow.neurons(drawing, stop_moments(drawing.layers)[-1])
    line = trace["marker"]["line"] | change["marker"].pop("line", {})
    font = trace["textfont"] | change.pop("textfont", {})
    return trace | change | {"marker": trace["marker"] | change["marker"] | {"line": line}, "textfont": font}


def _state_marks(drawing: Drawing, states: Sequence[UnitStates]) -> list[Trace]:
    """× over the neurons that are dead, – over those that are saturated."""
    spots: dict[str, list[tuple[float, float]]] = {"x-thin": [], "line-ew": []}
    for node in drawing.nodes:
        a, (x, y) = drawing.graph.nodes[node], drawing.spots[node]
        if a["layer"]:
            state, rim = states[a["layer"] - 1], (x, y - drawing.form.size / 2 - 5)
            if state.dead[a["unit"]]:
                spots["x-thin"].append(rim)
            elif state.saturated[a["unit"]]:
                spots["line-ew"].append(rim)
    names = {"x-thin": "dead neurons", "line-ew": "saturated neurons"}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": names[mark],
            "x": [x for x, _ in places],
            "y": [y for _, y in places],
            "marker": {"symbol": mark, "size": 9, "line": {"width": 2, "color": drawing.theme.text}},
            "hoverinfo": "skip",
            "cliponaxis": False,
            **steady(drawing.theme),
        }
        for mark, places in spots.items()
        if places
    ]


def _edge_points(drawing: Drawing, paths: Paths, gradients: Sequence[np.ndarray], lit: dict[Edge, tuple[float, float]]) -> Trace:
    """What can be clicked and hovered on the edges: invisible points; of very many edges those with the largest gradients."""
    nodes = drawing.graph.nodes
    rows = [
        (source, target, nodes[target]["layer"], nodes[target]["unit"], nodes[source]["unit"], edge["weight"])
        for source, target, edge in drawing.graph.edges(data=True)
    ]
    if len(rows) > MOST_CLICKABLE:
        sizes = np.nan_to_num([-abs(gradients[layer - 1][unit, column]) for _, _, layer, unit, column, _ in rows])
        rows = [rows[i] for i in np.sort(np.argsort(sizes, kind="stable")[:MOST_CLICKABLE])]
    places = CLICK_PLACES if len(rows) <= MANY_EDGES else CLICK_PLACES[1:2]
    points: dict[str, list[Any]] = {"x": [], "y": [], "customdata": [], "text": []}
    for source, target, layer, unit, column, weight in rows:
        (x0, y0), (x1, y1) = drawing.spots[source], drawing.spots[target]
        told = _edge_hover(layer, unit, column, weight, gradients[layer - 1][unit, column], lit.get((source, target)))
        points["x"] += [x0 + t * (x1 - x0) for t in places]
        points["y"] += [y0 + t * (y1 - y0) for t in places]
        points["customdata"] += [[layer, unit, column]] * len(places)
        points["text"] += [told] * len(places)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "weights",
        **points,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": UNSEEN["marker"] | {"size": 12},
        "cliponaxis": False,
    }


def place_text(layer: int, unit: int, column: int) -> str:
    """How a parameter is written in text; column −1 is the bias.

    Examples
    --------
    >>> place_text(2, 0, 2), place_text(1, 3, BIAS), place_text(1, 9, 0)
    ('w²₁₃', 'b¹₄', 'w¹₁₀,₁')
    """
    raised, row = str(layer).translate(SUPERSCRIPTS), f"{unit + 1}".translate(SUBSCRIPTS)
    if column == BIAS:
        return f"b{raised}{row}"
    return f"w{raised}{row}{',' if max(unit, column) > 8 else ''}" + f"{column + 1}".translate(SUBSCRIPTS)


def _edge_hover(layer: int, unit: int, column: int, weight: float, gradient: float, on_path: tuple[float, float] | None) -> str:
    lines = [f"{place_text(layer, unit, column)} = {significant(weight, 6)}", f"∂C/∂w = {significant(float(gradient), 6)}"]
    if on_path:
        factor, carried = on_path
        lines += [f"factor w·f′ = {significant(factor, 6)}", f"paths through it carry {significant(carried, 6)}"]
    return "<br>".join(lines)


def _neuron_points(drawing: Drawing) -> list[Trace]:
    """Neurons as points: a click on one that computes chooses its bias; an input only tells its numbers."""
    trace = click_traces(drawing)[0]
    computes = [drawing.graph.nodes[node]["layer"] > 0 for node in drawing.nodes]

    def part(kept: bool) -> Trace:
        rows = [i for i, does in enumerate(computes) if does == kept]
        return trace | {key: [trace[key][i] for i in rows] for key in ("x", "y", "text", "customdata")}

    inputs, others = part(False), part(True)
    del inputs["customdata"]
    return [inputs, others | {"customdata": [[*place, BIAS] for place in others["customdata"]]}]


def _labels(drawing: Drawing, lit: dict[Edge, tuple[float, float]], chosen: Edge | None) -> list[dict[str, Any]]:
    """Numbers on edges: of the chosen weight its value in any case, of lit ones the factor, the strongest first, as many as have room."""
    taken = [(x * NARROW, y, drawing.form.size / 2 - 4) for x, y in drawing.spots.values()]
    labels = []
    if chosen:
        weight = drawing.graph.edges[chosen]["weight"]
        labels.append(_label(drawing, chosen, compact(weight), drawing.theme.symbols["w"], []))
    most = 0 if len(drawing.sizes) > MOST_LIT else MOST_LABELS if drawing.form.font else FEW_LABELS
    for edge, (factor, _) in sorted(lit.items(), key=lambda item: -abs(item[1][1]))[:most]:
        labels.append(_label(drawing, edge, compact(factor), drawing.theme.text, taken))
    return [label for label in labels if label]


def _label(drawing: Drawing, edge: Edge, text: str, colour: str, taken: list[tuple[float, float, float]]) -> dict[str, Any]:
    """The number at the first place on its edge where it covers nothing; empty where there is none."""
    (x0, y0), (x1, y1) = (drawing.spots[node] for node in edge)
    for t in LABEL_PLACES:
        x, y = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
        if all(abs(x * NARROW - u) > LABEL_WIDTH / 2 + half or abs(y - v) > LABEL_HEIGHT / 2 + half for u, v, half in taken):
            taken.append((x * NARROW, y, LABEL_HEIGHT / 2))
            font = {"size": 13, "color": colour}
            return {"x": x, "y": y, "text": text, "showarrow": False, "bgcolor": drawing.theme.background, "borderpad": 1, "font": font}
    return {}


def _graph_layout(drawing: Drawing, paths: Paths, labels: list[dict[str, Any]], column: int) -> dict[str, Any]:
    theme, (left, right) = drawing.theme, side_margins(drawing)
    name = symbol(theme, "b", paths.unit + 1, paths.layer)
    if column != BIAS:
        comma = "," if max(paths.unit, column) > 8 else ""
        name = symbol(theme, "w", f"{paths.unit + 1}{comma}{column + 1}", paths.layer)
    ways = f"{paths.count:,} path{'s' if paths.count != 1 else ''}" if paths.count < 1e6 else "millions of paths"
    key = (
        f"{symbol(theme, 'delta')} in neurons; on edges the factor {symbol(theme, 'w')}·f′({symbol(theme, 'z')}), width by what it carries "
        "· + solid, − dashed · × dead, – saturated · hover for all, click an edge or a neuron"
    )
    made = layout(
        theme,
        "graph",
        f"{name} acts on {symbol(theme, 'cost')} along {ways}",
        key,
        height=drawing.form.height,
        clickmode="event+select",
        hovermode="closest",
        hoverdistance=14,
    )
    return made | {
        "xaxis": bare_axis(range=[0, 1]),
        "yaxis": bare_axis(range=[plot_height(drawing.form), 0]),
        "margin": made["margin"] | {"l": left, "r": right},
        "annotations": labels,
    }
