"""A small change on its way through a network, and through random networks of any depth."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np

from nnviz.core.ripples import DepthStudy, Gains, MeanField, Ripple
from nnviz.figures.animation import animate
from nnviz.figures.graph_drawing import drawing_of
from nnviz.figures.graph_layout import plot_height
from nnviz.figures.graph_marks import BLANK, compact
from nnviz.figures.graph_traces import click_traces, edge_traces, mark_trace, merged, name_traces, side_margins, word_traces
from nnviz.figures.log_lines import decades, log_lines
from nnviz.figures.theme import Figure, Theme, axis, bare_axis, ink, layout, mix, signed_colour
from nnviz.formulas.numbers import signed, significant

LEAST_SIGMA = 1e-9


def ripple_graph(graph: nx.DiGraph, ripple: Ripple, theme: Theme, chosen: tuple[int, int] | None = None) -> Figure:
    """The change at each neuron of the network, a layer a frame; blue where it rose, orange where it fell.

    Parameters
    ----------
    graph : of the network at the sample
    ripple : of the same network and sample
    """
    drawing = drawing_of(graph, theme, chosen, "the change")
    changes = np.array([ripple.change[a["layer"]][a["unit"]] for _, a in graph.nodes(data=True)])
    layers = np.array([a["layer"] for _, a in graph.nodes(data=True)])
    largest = float(np.nanmax(np.abs(changes), initial=0.0))
    fills = [signed_colour(theme, float(change), largest) for change in changes]
    told = [fitting(float(change)) for change in changes]
    empty = mix(theme.background, theme.muted, 0.08)

    def moment(layer: int) -> dict[str, Any]:
        known = layers <= layer
        colours = [fill if seen else empty for fill, seen in zip(fills, known, strict=True)]
        words = [text if seen else BLANK for text, seen in zip(told, known, strict=True)]
        inks = [ink(colour) for colour in colours]
        return {"marker": {"color": colours}, "text": words, "textfont": {"color": inks}}

    edges = [trace | {"opacity": 0.3} for trace in merged(edge_traces(drawing))]
    marks = mark_trace(drawing)
    if drawing.form.worked:  # that form has the cost as one more mark
        for name in ("x", "y"):
            marks[name] = marks[name][:-1]
        marks["marker"] = {key: value[:-1] if isinstance(value, list) else value for key, value in marks["marker"].items()}
        marks["marker"]["line"] = {"width": [1.5] * len(changes)}
    last = moment(int(layers.max()))
    marks["marker"] = marks["marker"] | last["marker"]
    marks |= {"text": last["text"], "textfont": marks["textfont"] | last["textfont"]}
    clicks = click_traces(drawing)
    clicks[0]["text"] = [
        f"{a['name']}<br>change {significant(float(c), 6)}" for (_, a), c in zip(graph.nodes(data=True), changes, strict=True)
    ]
    data = [*edges, *word_traces(drawing), *([] if drawing.form.worked else name_traces(drawing)), marks, *clicks]
    at = len(data) - 1 - len(clicks)
    left, right = side_margins(drawing)
    height = plot_height(drawing.form)
    frame = layout(
        theme,
        "graph",
        "A small change on its way",
        "the change of a in each neuron, all on one scale · blue rose, orange fell · edges recede",
        height=height + 58,
        xaxis=bare_axis(range=[0, 1]),
        yaxis=bare_axis(range=[height, 0]),
        margin={"l": left, "r": right, "t": 58, "b": 0},
        clickmode="event+select",
    )
    return animate({"data": data, "layout": frame}, ({at: moment(layer)} for layer in range(int(layers.max()) + 1)))


def fitting(change: float) -> str:
    """Two significant digits where they fit into a neuron, else one and the power of ten.

    >>> fitting(0.018), fitting(-0.00079), fitting(0.0)
    ('+0.018', '−8e−4', '0')
    """
    told = signed(change, 2)
    return told if len(told) <= 6 else compact(change)


def sizes(ripple: Ripple, theme: Theme) -> Figure:
    """The size of the change at each layer, exactly and to first order."""
    colours, texts = theme.categorical, theme.categorical_text
    lines = [
        ("exact", ripple.size, colours[0], texts[0], "solid"),
        ("first order", ripple.first_order_size, theme.muted, theme.muted, "2px,3px"),
    ]
    return log_lines(
        theme, "Size at each layer", "‖change‖₂, log scale · dotted: the product of the Jacobians", "‖change‖₂", "layer", lines, 340
    )


def singular_values(gains: Gains, sample: int, theme: Theme) -> Figure:
    """The singular values of each layer's Jacobian and of the whole, at one sample: above 1 amplifies, below 1 damps."""
    columns = [(f"layer {i}", values[sample]) for i, values in enumerate(gains.layers, 1)] + [("whole", gains.whole[sample])]
    data, seen = [], [np.ones(1)]
    for index, (name, values) in enumerate(columns):
        whole = index == len(columns) - 1
        marker = {
            "size": 9,
            "color": theme.categorical[0] if whole else theme.symbols["w"],
            "symbol": "diamond" if whole else "circle",
            "line": {"width": 1, "color": theme.background},
        }
        hover = f"{name}<br>σ = %{{y:.6g}}<extra></extra>"
        shown = np.where(values > LEAST_SIGMA * values.max(initial=0.0), values, np.nan)  # what is 0 up to rounding would stretch the axis
        seen.append(shown)
        data.append({"type": "scatter", "mode": "markers", "x": [name] * len(values), "y": shown, "marker": marker, "hovertemplate": hover})
    ticks, texts, span = decades(np.concatenate(seen))
    one = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 1,
        "y1": 1,
        "line": {"color": theme.text, "width": 1.25, "dash": "2px,3px"},
    }
    return {
        "data": data,
        "layout": layout(
            theme,
            "plot",
            "Singular values",
            "of each layer's Jacobian, and of the whole network · dotted: 1",
            height="side",
            shapes=[one],
            xaxis=axis(theme, "", type="category"),
            yaxis=axis(theme, "σ", type="log", tickvals=ticks, ticktext=texts, range=span),
        ),
    }


def through_depth(study: DepthStudy, theme: Theme) -> Figure:
    """The distance of two inputs layer by layer, a line a gain: order, the edge, chaos."""
    with np.errstate(all="ignore"):
        mean = np.exp(np.nanmean(np.log(np.maximum(study.distance, 1e-300)), axis=-1))
    lines = [
        (f"gain {significant(float(gain), 3)}", mean[:, i], theme.categorical[i % 8], theme.categorical_text[i % 8], "solid")
        for i, gain in enumerate(study.gains)
    ]
    key = f"root mean square over units, geometric mean over {study.distance.shape[-1]} seeds, log scale"
    return log_lines(theme, "Distance of two inputs", key, "distance", "layer", lines, 460)


def growth(study: DepthStudy, theory: MeanField, theme: Theme) -> Figure:
    """Logarithm of the stretch of a tiny change a layer, over the gain: measured with its spread, and the theory of wide layers."""
    with np.errstate(all="ignore"):
        mean, spread = np.nanmean(study.growth, axis=-1), np.nanstd(study.growth, axis=-1)
        predicted = 0.5 * np.log(theory.stretch)
    band = np.concatenate([mean + spread, (mean - spread)[::-1]])
    colour = theme.categorical[0]
    data: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "lines", "x": np.concatenate([study.gains, study.gains[::-1]]), "y": band, "fill": "toself",
         "line": {"width": 0}, "fillcolor": mix(colour, theme.background, 0.8), "hoverinfo": "skip"},
        {"type": "scatter", "mode": "lines", "x": study.gains, "y": mean, "line": {"color": colour, "width": 2.5},
         "hovertemplate": "gain %{x:.4g}<br>ln stretch %{y:.4g} a layer<extra></extra>"},
        {"type": "scatter", "mode": "lines", "x": study.gains, "y": np.where(np.isfinite(predicted), predicted, np.nan),
         "line": {"color": theme.text, "width": 1.5, "dash": "2px,3px"}, "hovertemplate": "theory %{y:.4g}<extra></extra>"},
    ]  # fmt: skip
    words = [
        {
            "xref": "paper",
            "x": 0.02,
            "y": 0,
            "yshift": -14,
            "text": "order: a change dies",
            "xanchor": "left",
            "font": {"color": theme.muted},
        },
        {
            "xref": "paper",
            "x": 0.02,
            "y": 0,
            "yshift": 14,
            "text": "chaos: a change grows",
            "xanchor": "left",
            "font": {"color": theme.muted},
        },
    ]
    return {
        "data": data,
        "layout": layout(
            theme,
            "plot",
            "Order and chaos",
            "stretch of a tiny change a layer · band: one standard deviation over seeds · dotted: theory of wide layers",
            height=460,
            annotations=words,
            xaxis=axis(theme, "gain of the weights"),
            yaxis=axis(theme, "ln(stretch) a layer"),
        ),
    }
