"""The network at work: the data flow forward layer by layer, then the error signal flows back. Drawn from the graph alone.

What moves along an edge is `w·a` forward and `w·δ` backward. A frame names only what it changes: the neurons, the edges that are lit, the
tokens and the numbers; the figure itself stands at the stop that is asked for, so that it is whole before anything is played.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np

from nnviz.figures import animation
from nnviz.figures.graph import DEEP_DRAWN
from nnviz.figures.graph_drawing import MOST_LIT, Drawing, drawing_of
from nnviz.figures.graph_layout import plot_height
from nnviz.figures.graph_marks import BLANK, edge_text, short, steady, worded
from nnviz.figures.graph_traces import (
    Trace,
    click_traces,
    edge_shapes,
    edge_traces,
    mark_trace,
    name_traces,
    recede,
    side_margins,
    underneath_trace,
    word_traces,
)
from nnviz.figures.theme import Figure, Theme, bare_axis, coloured, layout, mix, symbol, title
from nnviz.figures.timeline import BACKWARD, Flow, Moment, timeline
from nnviz.formulas.numbers import fixed, significant

LABELLED_EDGES = 6  # a layer; more numbers would cover each other
Change = dict[int, dict[str, Any]]
Carried = list[tuple[tuple[float, float], tuple[float, float], float]]  # from, to, and what is carried


def carried(drawing: Drawing, kind: str, layer: int) -> Carried:
    """What travels on the edges into a layer, the largest first; past the output, in the worked form, the loss does."""
    if layer > drawing.layers:
        return [(drawing.spots[node], drawing.cost_spot, 1.0) for node in drawing.outputs] if drawing.form.worked else []
    found = drawing.carriers.get((layer, kind == BACKWARD), [])
    return [(drawing.spots[s], drawing.spots[t], value) for s, t, value in found if value != 0 or drawing.form.worked]


def tokens(drawing: Drawing, moment: Moment, travelling: Carried) -> dict[str, Any]:
    """What travels, at that moment: one token an edge, its area by the size of what it carries; none where nothing moves."""
    if moment.layer == 0 or (moment.rests and not drawing.form.worked):
        travelling = []
    ends = np.array([(*start, *end) for start, end, _ in travelling], dtype=np.float32).reshape(-1, 4)
    way = _way(drawing, moment)
    marker: dict[str, Any] = {"color": drawing.theme.symbols[_traveller(drawing, moment)]}
    if not drawing.form.worked:
        sizes = np.abs([value for *_, value in travelling])
        largest = np.max(sizes, initial=0.0, where=np.isfinite(sizes)) or 1.0
        marker["size"] = (3 + 7 * np.sqrt(np.minimum(1.0, np.nan_to_num(sizes) / largest))).astype(np.float32)
    return {
        "x": (ends[:, 0] + way * (ends[:, 2] - ends[:, 0])).astype(np.float32),
        "y": (ends[:, 1] + way * (ends[:, 3] - ends[:, 1])).astype(np.float32),
        "marker": marker,
    }


def _traveller(drawing: Drawing, moment: Moment) -> str:
    """The symbol whose colour the tokens wear."""
    if moment.kind == BACKWARD:
        return "delta"
    return "x" if moment.layer <= 1 else "yhat" if moment.layer > drawing.layers else "a"


def _way(drawing: Drawing, moment: Moment) -> float:
    """From the neuron that is left to the one that is reached; tokens rest just before it, where they cover no number."""
    run = 0.12 + (0.60 if drawing.form.worked else 0.76) * moment.way
    return 1 - run if moment.kind == BACKWARD else run


def neurons(drawing: Drawing, moment: Moment) -> dict[str, Any]:
    """Fill, ring and number of each neuron at that moment; the cost, where it is drawn, comes last."""
    now = [drawing.looks[node][_state(drawing, drawing.graph.nodes[node]["layer"], moment)] for node in drawing.nodes]
    fills, rings, texts, inks = ([getattr(look, part) for look in now] for part in ("fill", "ring", "text", "ink"))
    if drawing.chosen is not None:
        rings[drawing.nodes.index(drawing.chosen)] = drawing.theme.text
    if drawing.form.worked:
        colour = drawing.theme.symbols["cost"]
        cost = drawing.graph.graph.get("cost")
        fills.append(mix(drawing.theme.background, colour, 0.05) if moment.cost else drawing.theme.background)
        rings.append(mix(drawing.theme.background, colour, 0.75) if moment.cost else drawing.theme.zero)
        texts.append(coloured(fixed(cost), colour) if moment.cost and cost is not None else BLANK)
        inks.append(colour)
    change: dict[str, Any] = {"marker": {"color": fills} | ({"line": {"color": rings}} if drawing.form.worked else {})}
    if drawing.form.font:
        change |= {"text": texts} | ({} if drawing.form.worked else {"textfont": {"color": inks}})
    return change


def _state(drawing: Drawing, layer: int, moment: Moment) -> int:
    if layer > moment.reached:
        return 0
    return 2 if layer >= max(moment.returned, 1) else 1


def below(drawing: Drawing, moment: Moment) -> dict[str, Any]:
    """The words under the neurons of the worked form: names of inputs, biases or their gradients; the target, and C over the cost."""
    texts = []
    for node in drawing.nodes:
        a = drawing.graph.nodes[node]
        if a["role"] == "input":
            texts.append(coloured(worded(drawing.theme, a["name"], "x", longest=12), drawing.theme.symbols["x"]))
        elif _state(drawing, a["layer"], moment) == 2 and "delta" in a:
            texts.append(coloured("∂", drawing.theme.symbols["b"]) + _bias(drawing, short(a["delta"])))
        else:
            texts.append(_bias(drawing, short(a["bias"])))
    wanted = [significant(a["target"]) for _, a in drawing.graph.nodes(data=True) if "target" in a]
    return {"text": [*texts, f"{symbol(drawing.theme, 'y')} = {', '.join(wanted)}" if wanted else "", symbol(drawing.theme, "cost")]}


def _bias(drawing: Drawing, number: str) -> str:
    return symbol(drawing.theme, "b") + " " + coloured(number, drawing.theme.symbols["b"])


def opacity(drawing: Drawing, layer: int, part: str, moment: Moment) -> float:
    """How strongly the edges of a group are drawn at that moment; those of a dense network recede as paths of their own."""
    if part == ("out of" if moment.kind == BACKWARD else "into") and (moment.layer == layer or part == "into"):
        return 1.0
    idle = 0.0 if drawing.dense else recede(drawing)
    if moment.layer != layer:
        return idle
    if drawing.form.worked:
        return 1.0
    return max(idle, 0.35 if not drawing.dense else 0.0) if moment.rests else 0.6


def numbers(drawing: Drawing, moment: Moment) -> list[dict[str, Any]]:
    """On each edge of a small network its weight, and once the error signal has come, its gradient."""
    if not drawing.form.worked:
        return []
    return [
        _number(drawing, s, t, a, moment)
        for s, t, a in drawing.graph.edges(data=True)
        if _labelled(drawing, drawing.graph.nodes[t]["layer"])
    ]


def _labelled(drawing: Drawing, layer: int) -> bool:
    return drawing.sizes[layer] * drawing.sizes[layer - 1] <= LABELLED_EDGES


def _number(drawing: Drawing, source: str, target: str, edge: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    layer = drawing.graph.nodes[target]["layer"]
    (x0, y0), (x1, y1) = drawing.spots[source], drawing.spots[target]
    # On crossing edges beside the source, where they are still apart; into a single neuron just before the middle.
    at = 0.5 if y0 == y1 else 0.46 if drawing.sizes[layer] == 1 else 0.27
    back = layer >= moment.returned and "gradient" in edge
    return {
        "x": x0 + at * (x1 - x0),
        "y": y0 + at * (y1 - y0),
        "text": edge_text(
            drawing.theme, edge["gradient"] if back else edge["weight"], moment.layer == layer or (back and moment.returned == layer)
        ),
        "showarrow": False,
        "bgcolor": drawing.theme.background,
        "borderpad": 1,
        "font": {"size": 13},
    }


def heading(drawing: Drawing, moment: Moment) -> dict[str, str]:
    """What is drawn at that moment, and the key to it."""
    return {"text": title(drawing.theme, *_title(drawing, moment))["text"]}


def _title(drawing: Drawing, moment: Moment) -> tuple[str, str]:
    s = {name: symbol(drawing.theme, name) for name in ("z", "a", "w", "b", "delta", "cost")}
    back = moment.kind == BACKWARD
    head = "Backward: the error signal flows to the input" if back else f"Forward: {drawing.subject} flows to the output"
    if drawing.form.worked:
        slope, bias = (f"∂{s['cost']}/∂{s[name]}" for name in ("w", "b"))
        edges = any(_labelled(drawing, layer) for layer in range(1, drawing.layers + 1))
        if back:
            return head, f"{s['delta']} in neurons" + (f", {slope} on edges" if edges else "") + f", {bias} below"
        return head, f"{s['z']} above {s['a']}" + (f"; {s['w']} on edges" if edges else "") + "; + solid, − dashed"
    if moment.cost and not back and "cost" in drawing.graph.graph:
        return head, f"the loss of this sample is {coloured(significant(drawing.graph.graph['cost']), drawing.theme.symbols['cost'])}"
    if back:
        return head, f"{s['delta']} in neurons, coloured within each layer"
    fewer = (
        f"; the {DEEP_DRAWN} most active of each layer before the output"
        if drawing.layers >= MOST_LIT and max(drawing.sizes) > DEEP_DRAWN
        else ""
    )
    return head, f"{s['a']} in neurons; edges by sign and size of {s['w']}; + solid, − dashed{fewer}"


def data_flow(
    graph: nx.DiGraph, theme: Theme, chosen: tuple[int, int] | None = None, subject: str = "the sample", rest: int | None = None
) -> tuple[Figure, Flow]:
    """The network at work on one sample, forward and backward.

    Parameters
    ----------
    graph : from `network_graph`, with error signals if it is to play backward in numbers; its nodes are given their places
    chosen : the neuron (layer, unit) that has a ring, with the edges into it lit
    subject : what flows, for the title
    rest : the stop at which the figure stands before it is played; by default the last forward one

    Returns
    -------
    figure, flow
        Clicked neurons come back with `customdata` (layer, unit).

    Raises
    ------
    ValueError
        `rest` is not one of the stops.
    """
    drawing = drawing_of(graph, theme, chosen, subject)
    moments, flow = timeline(drawing.layers)
    rest = flow.output if rest is None else rest
    if not 0 <= rest < len(flow.stops):
        raise ValueError(f"the figure was to rest at stop {rest} and there are {len(flow.stops)}: choose 0 to {len(flow.stops) - 1}")
    edges = edge_traces(drawing)
    beneath = [underneath_trace(drawing)] if drawing.form.worked else name_traces(drawing)
    data = [*edges, *word_traces(drawing), *beneath, _token_trace(drawing), mark_trace(drawing), *click_traces(drawing)]
    changes, layouts = _frames(drawing, moments, first=len(edges) + 1)
    shown, spoken = changes[flow.stops[rest]], layouts[flow.stops[rest]]
    figure = {"data": [_merged(trace, shown.get(index, {})) for index, trace in enumerate(data)], "layout": _frame(drawing, spoken)}
    return animation.animate(figure, changes, layouts), flow


def _token_trace(drawing: Drawing) -> Trace:
    """The trace of what flows, empty."""
    worked = drawing.form.worked
    marker = {"line": {"color": drawing.theme.halo, "width": 3 if worked else 1}} | ({"size": 13} if worked else {})
    return {"type": "scatter", "mode": "markers", "name": "what flows", "marker": marker, "hoverinfo": "skip", **steady(drawing.theme)}


def _frame(drawing: Drawing, spoken: Mapping[str, Any]) -> dict[str, Any]:
    """The layout: shares of the width across, px down, margins by the names."""
    made = layout(drawing.theme, "graph", "", "key", height=drawing.form.height, clickmode="event+select", hovermode="closest")
    left, right = side_margins(drawing)
    return made | {
        "xaxis": bare_axis(range=[0, 1]),
        "yaxis": bare_axis(range=[plot_height(drawing.form), 0]),
        "margin": made["margin"] | {"l": left, "r": right},
        "title": made["title"] | spoken["title"],
        "annotations": spoken["annotations"],
        "shapes": edge_shapes(drawing),
    }


def _frames(drawing: Drawing, moments: list[Moment], first: int) -> tuple[list[Change], list[dict[str, Any]]]:
    """All that differs between the frames; `first` is the place of the words under the neurons, tokens and neurons follow."""
    loads = {ways: carried(drawing, *ways) for ways in {(moment.kind, moment.layer) for moment in moments}}
    known: dict[tuple[int, int, bool], dict[str, Any]] = {}  # between two stops the neurons stay as they are
    changes: list[Change] = []
    for moment in moments:
        change: Change = {i: {"opacity": opacity(drawing, layer, part, moment)} for i, (layer, _, _, part) in enumerate(drawing.groups)}
        if drawing.form.worked:
            change[first] = below(drawing, moment)
        change[first + 1] = tokens(drawing, moment, loads[moment.kind, moment.layer])
        state = (moment.reached, moment.returned, moment.cost)
        if state not in known:
            known[state] = neurons(drawing, moment)
        change[first + 2] = known[state]
        changes.append(change)
    return changes, [{"title": heading(drawing, moment), "annotations": numbers(drawing, moment)} for moment in moments]


def _merged(trace: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The trace with what a frame changes put in, nested parts included."""
    merged = dict(trace)
    for key, value in change.items():
        merged[key] = _merged(merged[key], value) if isinstance(value, dict) and isinstance(merged.get(key), dict) else value
    return merged
