"""One neuron: its sum product by product, its point on the activation's curve, and what it says to all samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnviz.figures.graph_marks import cut, single
from nnviz.figures.theme import Figure, Theme, axis, coloured, layout, symbol
from nnviz.formulas.numbers import signed, significant

MOST_PRODUCTS = 10  # where there are more than twelve, the rest is one bar
FEW = 12
CURVE_POINTS = 241
FARTHEST = 1e37  # a sum beyond this is not in the picture: the curve travels as float32
BINS = 30
Array = np.ndarray


def largest_products(products: Array) -> Array:
    """Which products have a bar of their own: all where they are few, else the ten largest, in their own order."""
    if len(products) <= FEW:
        return np.arange(len(products))
    size = np.nan_to_num(np.abs(products), nan=np.inf)
    return np.sort(np.argsort(-size, kind="stable")[:MOST_PRODUCTS])


def product_bars(
    weights: Array, inputs: Array, bias: float, theme: Theme, unit: int = 0, held: str = "a", names: Sequence[str] = ()
) -> Figure:
    """The sum `z = Σ w·a + b` as steps: each product starts where the one before it ended.

    Parameters
    ----------
    weights, inputs : (n,)
        The neuron's row of W, and what comes in.
    unit : of the neuron, from 0, for the indices
    held : `x` where the inputs are the network's, else `a`
    names : of the inputs, for the hover

    Raises
    ------
    ValueError
        Weights and inputs of different length.
    """
    weights, inputs = np.asarray(weights, dtype=float), np.asarray(inputs, dtype=float)
    if weights.shape != inputs.shape or weights.ndim != 1:
        raise ValueError(f"weights are {weights.shape} and inputs {inputs.shape}: give one weight for each input")
    with np.errstate(all="ignore"):
        products = weights * inputs
        shown = largest_products(products)
        rest = float(products.sum() - products[shown].sum()) if len(shown) < len(products) else None
        steps = np.array([*products[shown], *([] if rest is None else [rest]), bias])
        ends = np.cumsum(steps)
        starts = ends - steps
    labels = [_product_label(theme, unit, int(j), held) for j in shown]
    hovers = [_product_hover(theme, weights[j], inputs[j], names[j] if j < len(names) else "", held) for j in shown]
    if rest is not None:
        labels.append(coloured(f"the other {len(products) - len(shown)}", theme.muted))
        hovers.append(f"the sum of the other {len(products) - len(shown)} products")
    labels += [symbol(theme, "b", sub=unit + 1), symbol(theme, "z", sub=unit + 1)]
    hovers.append(f"{symbol(theme, 'b')} = {significant(bias, 6)}")
    data = [
        *_step_bars(theme, starts, steps, hovers),
        _steps_line(theme, starts, ends),
        _step_numbers(theme, starts, steps),
        _end(theme, float(ends[-1]), len(steps)),
    ]
    key = f"each bar is a product {symbol(theme, 'w')}·{symbol(theme, held)}; blue +, orange hatched −"
    low, high = _reach(starts, ends)
    rows = len(steps) + 1
    return {
        "data": data,
        "layout": layout(
            theme,
            "plot",
            "The sum, product by product",
            key,
            height=96 + 27 * rows,
            margin={"l": 62, "r": 8, "t": 58, "b": 30, "pad": 0},
            xaxis=axis(theme, range=[low, high], zeroline=True),
            yaxis=axis(theme, tickvals=list(range(rows)), ticktext=labels, range=[rows - 0.4, -0.6], showgrid=False, zeroline=False),
            barmode="overlay",
            hovermode="closest",
        ),
        "frames": [],
    }


def _product_label(theme: Theme, unit: int, column: int, held: str) -> str:
    comma = "," if max(unit, column) > 8 else ""
    return f"{symbol(theme, 'w', sub=f'{unit + 1}{comma}{column + 1}')}·{symbol(theme, held, sub=column + 1)}"


def _product_hover(theme: Theme, weight: float, value: float, name: str, held: str) -> str:
    head = f"<b>{cut(name, 40)}</b><br>" if name else ""
    numbers = [coloured(significant(v, 6), theme.symbols[s]) for v, s in ((weight, "w"), (value, held))]
    with np.errstate(all="ignore"):
        return f"{head}{numbers[0]} · {numbers[1]} = {significant(float(weight * value), 6)}"


def _step_bars(theme: Theme, starts: Array, steps: Array, hovers: list[str]) -> list[dict[str, Any]]:
    """Two traces, one a sign: the negative one hatched."""
    minus = steps < 0
    hatched = {"shape": "/", "size": 5, "solidity": 0.22, "fillmode": "overlay", "fgcolor": theme.background}
    traces = []
    for sign, rows in (("plus", np.flatnonzero(~minus)), ("minus", np.flatnonzero(minus))):
        marker: dict[str, Any] = {"color": theme.sign[sign], "line": {"width": 0}}
        traces.append(
            {
                "type": "bar",
                "name": "positive" if sign == "plus" else "negative",
                "orientation": "h",
                "width": 0.58,
                "y": rows,
                "x": single(steps[rows]),
                "base": single(starts[rows]),
                "hovertext": [hovers[row] for row in rows],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "marker": marker if sign == "plus" else marker | {"pattern": hatched},
            }
        )
    return traces


def _steps_line(theme: Theme, starts: Array, ends: Array) -> dict[str, Any]:
    """Thin lines from where one bar ends to where the next one starts."""
    rows = np.arange(len(ends))
    x = np.column_stack([ends, ends, np.full(len(ends), np.nan)]).ravel()
    y = np.column_stack([rows, rows + 1, np.full(len(ends), np.nan)]).ravel()
    line = {"color": theme.zero, "width": 1}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "running sum",
        "x": single(x),
        "y": single(y),
        "line": line,
        "hoverinfo": "skip",
    }


def _step_numbers(theme: Theme, starts: Array, steps: Array) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "name": "numbers",
        "x": single(np.maximum(starts, starts + steps)),
        "y": list(range(len(steps))),
        "text": ["&nbsp;" + signed(step) for step in steps],
        "textposition": "middle right",
        "textfont": {"size": 12, "color": theme.text},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _end(theme: Theme, z: float, row: int) -> dict[str, Any]:
    """The sum itself: a point in z's colour."""
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "z",
        "x": [float(z)],
        "y": [row],
        "text": [f"&nbsp;<b>{significant(z)}</b>"],
        "textposition": "middle right",
        "textfont": {"size": 13, "color": theme.symbols["z"]},
        "marker": {"size": 9, "color": theme.symbols["z"]},
        "hovertemplate": f"{symbol(theme, 'z')} = {significant(z, 8)}<extra></extra>",
        "cliponaxis": False,
    }


def _reach(starts: Array, ends: Array) -> tuple[float, float]:
    """The axis: all steps and 0, with room for the numbers at the right."""
    seen = np.concatenate([starts, ends, [0.0]])
    seen = seen[np.isfinite(seen)]
    low, high = float(seen.min()), float(seen.max())
    span = (high - low) or 1.0
    return low - 0.05 * span, high + 0.32 * span


def point_on_curve(f: Callable[[Array], Array], z: float, a: float, slope: float, theme: Theme, name: str) -> Figure:
    """The activation's curve with the neuron's point on it, `a = f(z)`, and the tangent there.

    Parameters
    ----------
    f : elementwise; for softmax the unit's share as its own z moves and the others stand
    slope : `f′(z)`
    name : of the activation, for the title
    """
    reach = max(4.0, 1.3 * abs(z)) if abs(z) < FARTHEST else 4.0
    grid = np.linspace(-reach, reach, CURVE_POINTS)
    with np.errstate(all="ignore"):
        values = np.asarray(f(grid), dtype=float)
    curve = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": single(grid),
        "y": single(values),
        "line": {"color": theme.symbols["a"], "width": 2.5, "simplify": False},
        "hovertemplate": f"{symbol(theme, 'z')} = %{{x:.4g}}<br>{symbol(theme, 'a')} = %{{y:.6g}}<extra></extra>",
    }
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.12 * ((high - low) or 1.0)
    key = f"{symbol(theme, 'a')} = f({symbol(theme, 'z')}) = {coloured(significant(a), theme.symbols['a'])}, slope {significant(slope, 3)}"
    return {
        "data": [curve, *_tangent(theme, z, a, slope, reach), *_point(theme, z, a, low - margin)],
        "layout": layout(
            theme,
            "plot",
            f"The point on {name}",
            key,
            height="side",
            xaxis=axis(theme, symbol(theme, "z"), range=[-reach, reach]),
            yaxis=axis(theme, symbol(theme, "a"), range=[low - margin, high + margin]),
            hovermode="closest",
        ),
        "frames": [],
    }


def _tangent(theme: Theme, z: float, a: float, slope: float, reach: float) -> list[dict[str, Any]]:
    if not np.isfinite([z, a, slope]).all():
        return []
    half = 0.18 * reach / np.hypot(1.0, slope)
    x = [z - half, z + half]
    line = {"color": theme.text, "width": 1.5}
    y = [a - slope * half, a + slope * half]
    return [{"type": "scatter", "mode": "lines", "name": "tangent", "x": x, "y": y, "line": line, "hoverinfo": "skip"}]


def _point(theme: Theme, z: float, a: float, floor: float) -> list[dict[str, Any]]:
    if not np.isfinite([z, a]).all():
        return []
    guide = {"color": theme.symbols["z"], "width": 1.25, "dash": "2px,3px"}
    return [
        {"type": "scatter", "mode": "lines", "name": "z", "x": [z, z], "y": [floor, a], "line": guide, "hoverinfo": "skip"},
        {
            "type": "scatter",
            "mode": "markers",
            "name": "the neuron",
            "x": [z],
            "y": [a],
            "marker": {"size": 11, "color": theme.symbols["a"], "line": {"color": theme.halo, "width": 2}},
            "hovertemplate": f"{symbol(theme, 'z')} = {significant(z, 8)}<br>{symbol(theme, 'a')} = {significant(a, 8)}<extra></extra>",
        },
    ]


def batch_histogram(activations: Array, a: float, theme: Theme, samples: str = "samples") -> Figure:
    """What the neuron says to all samples: how often each activation comes, and where the chosen sample's is.

    Parameters
    ----------
    activations : (m,)
    a : of the chosen sample
    samples : what they are, for the key, such as "training samples"
    """
    finite = np.asarray(activations, dtype=float)
    finite = finite[np.isfinite(finite)]
    lost = len(activations) - len(finite)
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-3):  # one value, or nearly: bins of a width that can be seen
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(finite, bins=BINS, range=(low, high))
    bars = {
        "type": "bar",
        "name": "samples",
        "x": single((edges[1:] + edges[:-1]) / 2),
        "y": counts.astype(np.int32),
        "width": float(edges[1] - edges[0]),
        "marker": {"color": theme.symbols["a"], "opacity": 0.55, "line": {"color": theme.background, "width": 1}},
        "hovertemplate": f"{symbol(theme, 'a')} about %{{x:.4g}}: %{{y}}<extra></extra>",
    }
    line = {"color": theme.text, "width": 1.5, "dash": "2px,3px"}
    top = float(counts.max(initial=1)) * 1.05
    here = {"type": "scatter", "mode": "lines", "name": "chosen sample", "x": [a, a], "y": [0, top], "line": line, "hoverinfo": "skip"}
    key = f"{len(finite)} {samples}, {BINS} bins; dotted: the chosen one" + (f"; {lost} not finite" if lost else "")
    return {
        "data": [bars] + ([here] if np.isfinite(a) else []),
        "layout": layout(
            theme,
            "plot",
            "The neuron over all samples",
            key,
            height="histogram",
            xaxis=axis(theme, symbol(theme, "a")),
            yaxis=axis(theme, "samples", range=[0, top]),
            bargap=0,
            hovermode="closest",
        ),
        "frames": [],
    }
