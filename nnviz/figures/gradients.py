"""The size of gradients: one weight's factor by factor, δ of every layer as heat maps, and every layer's as a network gets deeper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.backpropagation import Factor, UnitStates
from nnviz.core.gradient_depth import DepthStudy
from nnviz.figures.graph import layer_name
from nnviz.figures.log_lines import decades
from nnviz.figures.theme import Figure, Theme, axis, colorscale, layout, symbol
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

MOST_UNITS, MOST_COLUMNS, MOST_LAYERS = 16, 60, 8  # of the heat maps
TOP = 0.89  # of the height where the maps end; their names stand above
MOST_FACTORS, MOST_GROUPS = 13, 6  # of a waterfall; layers in between are taken together


# ---------------------------------------------------------------------------------------------------------------------- δ as maps


def drawn_units(delta: Array) -> Indices:
    """At most sixteen units of a layer, those with the largest δ, in their own order."""
    size = np.nan_to_num(np.abs(delta).mean(axis=1), nan=np.inf)
    return np.sort(np.argsort(-size, kind="stable")[:MOST_UNITS])


def drawn_layers(layers: int) -> list[int]:
    """The layers that have a map: all, or of a deep network eight, the first and the last among them."""
    return sorted({int(l) for l in np.linspace(1, layers, min(layers, MOST_LAYERS)).round()})


def delta_maps(deltas: Sequence[Array], states: Sequence[UnitStates], theme: Theme, groups: Array, samples: int, one_scale: bool) -> Figure:
    """δ of every layer, side by side: a row a neuron, a column a sample, sorted by target.

    Parameters
    ----------
    deltas : of each layer, (k, m)
    states : of each layer's neurons
    groups : (m,) by which the samples are sorted
    samples : of how many these are the δ
    one_scale : whether all maps share the scale of the largest δ; else each has its own
    """
    layers, L = drawn_layers(len(deltas)), len(deltas)
    order = np.argsort(groups, kind="stable")
    order = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), MOST_COLUMNS)).round().astype(int))]
    common = max(_largest(deltas[l - 1]) for l in layers)
    data, labels = [], []
    more: dict[str, Any] = {}
    width = (1 - 0.035 * (len(layers) - 1)) / len(layers)
    for place, l in enumerate(layers):
        units = drawn_units(deltas[l - 1])
        largest = common if one_scale else _largest(deltas[l - 1])
        left = place * (width + 0.035)
        data.append(_delta_map(theme, deltas[l - 1][np.ix_(units, order)], units, order, largest, l, place + 1))
        more |= _map_axes(theme, place + 1, units, states[l - 1], (left, min(1.0, left + width)))
        hidden = f" · {len(units)} of {len(deltas[l - 1])}" if len(units) < len(deltas[l - 1]) else ""
        name = layer_name(l, L).replace("hidden layer", "hidden")
        labels.append(
            {
                "xref": "paper",
                "yref": "paper",
                "x": left,
                "xanchor": "left",
                "y": TOP + 0.01,
                "yanchor": "bottom",
                "text": f"<b>{name}</b>{hidden}<br>±{significant(largest, 2)}",
                "align": "left",
                "font": {"size": 13, "color": theme.text},
            }
        )
    key = f"a row a neuron, a column a sample, sorted by target: {len(order)} of {samples:,} · blue +, orange − · × dead, – saturated"
    made = layout(theme, "strip", f"{symbol(theme, 'delta')} of every layer", key, height="strip", annotations=labels, hovermode="closest")
    return {"data": data, "layout": made | more | {"margin": made["margin"] | {"l": 40}}}


def _largest(M: Array) -> float:
    finite = np.abs(M[np.isfinite(M)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def _delta_map(theme: Theme, M: Array, units: Indices, order: Indices, largest: float, layer: int, place: int) -> dict[str, Any]:
    suffix = "" if place == 1 else str(place)
    return {
        "type": "heatmap",
        "name": f"δ of layer {layer}",
        "z": M,
        "y": np.arange(len(units)),
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "colorscale": colorscale(theme.diverging),
        "zmin": -largest,
        "zmax": largest,
        "showscale": False,
        "ygap": 2,
        "customdata": np.stack(np.broadcast_arrays(units[:, None] + 1, order[None, :]), axis=-1).astype(np.int32),
        "hovertemplate": f"layer {layer}, neuron %{{customdata[0]}}, sample %{{customdata[1]}}<br>δ = %{{z:.6g}}<extra></extra>",
    }


def _map_axes(theme: Theme, place: int, units: Indices, state: UnitStates, domain: tuple[float, float]) -> dict[str, Any]:
    """The axes of one map; beside each neuron its number and, where it is dead or saturated, the mark."""
    suffix = "" if place == 1 else str(place)
    marks = [f"{u + 1} {'×' if state.dead[u] else '–' if state.saturated[u] else ' '}" for u in units.tolist()]
    x = axis(
        theme, "samples", domain=list(domain), anchor=f"y{suffix}", showticklabels=False, showgrid=False, zeroline=False, fixedrange=True
    )
    y = axis(
        theme,
        "",
        anchor=f"x{suffix}",
        domain=[0, TOP],
        tickvals=list(range(len(units))),
        ticktext=marks,
        showgrid=False,
        zeroline=False,
        range=[MOST_UNITS - 0.5 if len(units) > 8 else 7.5, -0.5],
        fixedrange=True,
        automargin=False,
    )
    return {f"xaxis{suffix}": x, f"yaxis{suffix}": y}


# --------------------------------------------------------------------------------------------------------------- factor by factor


def grouped(factors: Sequence[Factor]) -> list[tuple[str, Factor]]:
    """Each factor with the words for it; in a deep network those of the layers in between are taken together.

    Examples
    --------
    >>> factors = Factor("error", 2, 0.5), Factor("weights", 2, 1.0), Factor("slope", 1, 0.2), Factor("input", 0, 3.0)
    >>> [words for words, _ in grouped(factors)]
    ['error at the output', 'weights of layer 2', 'slope f′ of layer 1', 'input of the weight']
    """
    named = [(_words(factor), factor) for factor in factors]
    first = 2 if len(factors) > 1 and factors[1].kind == "slope" else 1
    middle = factors[first:-3]
    if len(factors) <= MOST_FACTORS:
        return named
    # Pairs of weights and slope stay together.
    cuts = 2 * np.linspace(0, len(middle) // 2, MOST_GROUPS + 1).round().astype(int)
    groups = [middle[a:b] for a, b in pairwise(cuts.tolist()) if b > a]
    together = [
        (f"from layer {group[0].layer} to {group[-1].layer}", Factor("layers", group[-1].layer, float(np.prod([f.value for f in group]))))
        for group in groups
    ]
    return [*named[:first], *together, *named[-3:]]


def _words(factor: Factor) -> str:
    return {
        "error": "error at the output",
        "weights": f"weights of layer {factor.layer}",
        "slope": f"slope f′ of layer {factor.layer}",
        "input": "input of the weight",
    }[factor.kind]


def size_waterfall(factors: Sequence[Factor], theme: Theme, lit: Factor | None = None) -> Figure:
    """|∂C/∂w| from the cost back to the weight: a row a factor, on a log axis, so that bars to the left make it smaller.

    Parameters
    ----------
    factors : from `size_factors`
    lit : the factor that is told to be the reason
    """
    rows = grouped(factors)
    with np.errstate(all="ignore"):
        sizes = np.cumprod([factor.value for _, factor in rows])
        logs = np.log10(sizes)
    ticks, texts, span = decades(np.append(sizes, 1.0))
    low, high = span[0], span[1]
    ends = np.clip(np.nan_to_num(logs, nan=low, posinf=high, neginf=low), low, high)
    starts = np.concatenate([[0.0], ends[:-1]])
    slope = f"|∂{symbol(theme, 'cost')}/∂{symbol(theme, 'w')}|"
    hues = {"error": "cost", "weights": "w", "slope": "z", "input": "a", "layers": "delta"}
    strong = [lit is not None and factor == lit for _, factor in rows]
    told = [[words, significant(factor.value, 6), significant(float(size), 6)] for (words, factor), size in zip(rows, sizes, strict=True)]
    bar = {
        "type": "bar",
        "name": "size of the gradient",
        "orientation": "h",
        "width": 0.5,
        "y": list(range(len(rows))),
        "x": (ends - starts).tolist(),
        "base": starts.tolist(),
        "marker": {
            "color": [theme.symbols[hues[factor.kind]] for _, factor in rows],
            "line": {"width": [2 if s else 0 for s in strong], "color": theme.text},
        },
        "customdata": told,
        "hovertemplate": "%{customdata[0]} × %{customdata[1]}<br>size after it %{customdata[2]}<extra></extra>",
    }
    labels = [
        {
            "x": float(max(a, b)),
            "y": row,
            "text": f"<b>{text}</b>" if s else text,
            "xanchor": "left",
            "xshift": 6,
            "font": {"size": 13, "shadow": theme.shadow},
        }
        for row, (a, b, s, text) in enumerate(
            zip(starts, ends, strong, [f"× {significant(factor.value, 3)}" for _, factor in rows], strict=True)
        )
    ]
    made = layout(
        theme,
        "plot",
        "Why it is this size, factor by factor",
        f"from the cost to the weight: the product is {slope} = {significant(float(sizes[-1]))}",
        height=102 + 30 * len(rows),
        annotations=labels,
        hovermode="closest",
        bargap=0,
        xaxis=axis(theme, "size", tickvals=[math.log10(t) for t in ticks], ticktext=texts, range=[low, high + 0.16 * (high - low)]),
        yaxis=axis(
            theme,
            "",
            tickvals=list(range(len(rows))),
            ticktext=[words for words, _ in rows],
            range=[len(rows) - 0.5, -0.5],
            showgrid=False,
            zeroline=False,
        ),
    )
    return {"data": [bar], "layout": made}


# -------------------------------------------------------------------------------------------------------------------------- depth


def depth_lines(study: DepthStudy, theme: Theme, own: Array | None, key: str) -> Figure:
    """‖∂C/∂Wˡ‖ over the layers, a line a depth, on a log axis; the experiment's own network as points.

    Parameters
    ----------
    study : the medians over its runs are drawn
    own : (L,) of the network as it stands
    key : the second line of the title
    """
    medians = study.medians
    every = np.concatenate([*medians, *([own] if own is not None else [])])
    ticks, texts, span = decades(every)
    data, labels = [], []
    for i, (depth, median) in enumerate(zip(study.depths, medians, strict=True)):
        shown = np.where(np.isfinite(median) & (median > 0), median, np.nan)
        colour = theme.categorical[i % len(theme.categorical)]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"{depth} hidden layers",
                "x": np.arange(1, depth + 2),
                "y": shown.tolist(),
                "line": {"color": colour, "width": 2.25},
                "marker": {"size": 5 if depth < 12 else 3, "color": colour},
                "hovertemplate": f"{depth} hidden, layer %{{x}}: %{{y:.6g}}<extra></extra>",
            }
        )
        last = np.flatnonzero(np.isfinite(shown))
        if last.size:
            labels.append(
                {
                    "x": int(last[-1]) + 1,
                    "y": float(np.log10(shown[last[-1]])),
                    "text": str(depth),
                    "xanchor": "left",
                    "xshift": 8,
                    "font": {"size": 13, "color": theme.categorical_text[i % len(theme.categorical_text)]},
                }
            )
    if own is not None:
        good = np.where(np.isfinite(own) & (own > 0), own, np.nan)
        marker = {"symbol": "circle-open", "size": 11, "color": theme.text, "line": {"width": 2, "color": theme.text}}
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "this network",
                "x": np.arange(1, len(own) + 1),
                "y": good.tolist(),
                "marker": marker,
                "hovertemplate": "this network, layer %{x}: %{y:.6g}<extra></extra>",
            }
        )
    delta = f"‖∂{symbol(theme, 'cost')}/∂{symbol(theme, 'w')}<sup>l</sup>‖"
    made = layout(
        theme,
        "plot",
        f"{delta} of every layer as depth grows",
        key,
        height=480,
        annotations=labels,
        hovermode="closest",
        xaxis=axis(theme, "layer l (the last is the output's)", range=[0.5, max(study.depths) + 1 + 0.08 * max(study.depths) + 0.5]),
        yaxis=axis(theme, "size of the gradient", type="log", tickvals=ticks, ticktext=texts, range=span),
    )
    return {"data": data, "layout": made}
