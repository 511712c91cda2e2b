"""Activations drawn: their curves, softmax with its Jacobian, and what becomes of signals through many layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.activations import Activation
from nnviz.figures.curves import Curve, Words, bounds, end_labels, grid
from nnviz.figures.log_lines import log_ticks
from nnviz.figures.theme import MATH_FONT, Figure, Theme, axis, colorscale, ink, layout, signed_colour, symbol
from nnviz.formulas.numbers import fixed

Array = NDArray[np.floating]

REACH = 4.0  # curves are drawn for |z| up to it
POINTS = 81
WIDEST = {"value": (-3.0, 4.25), "slope": (-0.75, 1.75)}
LEAST = {"value": (-1.0, 1.0), "slope": (0.0, 0.4)}


def letter(text: str) -> str:
    """An italic letter of a formula, as it stands in a figure."""
    return f"<i style='font-family:{MATH_FONT}'>{text}</i>"


def words(theme: Theme) -> Words:
    """What the axes of an activation are called."""
    z = symbol(theme, "z")
    return Words(z, f"{letter('f')}({z})", f"{letter('f')} ′({z})", theme.symbols["z"])


def curve(f: Activation, z: float, kinks: Sequence[float]) -> Curve:
    """One activation over |z| ≤ 4 with the chosen point; all of a figure take the same kinks, so that they share their places."""
    x = grid(-REACH, REACH, kinks, POINTS)
    return Curve(f.title, x, f(x), f.derivative(x), (z, float(f(z)), float(f.derivative(z))))


def curves(activations: Sequence[Activation], z: float) -> list[Curve]:
    """All the chosen activations over the same places."""
    kinks = sorted({kink for f in activations for kink in f.kinks})
    return [curve(f, z, kinks) for f in activations]


def limits(drawn: Sequence[Curve]) -> dict[str, tuple[float, float]]:
    """The bounds of the axes: they follow the functions, not the point, so that nothing jumps as it moves."""
    value = bounds([curve.value for curve in drawn], WIDEST["value"], LEAST["value"])
    slope = bounds([curve.slope for curve in drawn], WIDEST["slope"], LEAST["slope"])
    return {"x": (-REACH, REACH), "value": value, "slope": slope}


# ------------------------------------------------------------------------------------------------------------------------ softmax


def class_names(count: int) -> list[str]:
    """`1`, `2`, … as the ticks of classes."""
    return [str(index + 1) for index in range(count)]


def softmax_bars(theme: Theme, logits: Array, probabilities: Array, title: str, key: str) -> Figure:
    """Logits above, the probabilities they become below, a class a column."""
    names = class_names(len(logits))
    low, high = min(0.0, float(logits.min())), max(0.0, float(logits.max()))
    room = 0.16 * max(high - low, 1.0)
    bar = {"type": "bar", "x": names, "width": 0.62, "cliponaxis": False, "textposition": "outside", "textangle": 0}
    traces = [
        bar | {
            "name": "logits", "y": logits, "yaxis": "y2", "text": [fixed(value, 2) for value in logits],
            "marker": {"color": theme.symbols["z"]}, "textfont": {"color": theme.symbols["z"], "size": 13},
            "hovertemplate": "class %{x}: z = %{y:.6g}<extra></extra>",
        },
        bar | {
            "name": "probabilities", "y": probabilities, "text": [fixed(value) for value in probabilities],
            "marker": {"color": theme.symbols["a"]}, "textfont": {"color": theme.symbols["a"], "size": 13},
            "hovertemplate": "class %{x}: a = %{y:.6g}<extra></extra>",
        },
    ]  # fmt: skip
    made = layout(
        theme, "plot", title, key, height=460, barmode="overlay",
        xaxis=axis(theme, "class", type="category", fixedrange=True, showgrid=False),
        yaxis=axis(theme, symbol(theme, "a", "i"), range=[0, 1.12], domain=[0, 0.47], fixedrange=True, nticks=5),
        yaxis2=axis(
            theme, symbol(theme, "z", "i"), domain=[0.56, 1], fixedrange=True, anchor="x",
            range=[low - (room if low < 0 else 0), high + room],
        ),
    )  # fmt: skip
    return {"data": traces, "layout": made}


def short_number(value: float) -> str:
    """Three decimals, and a bare 0 for what is less: it has to fit a cell, and the hover has all digits."""
    return "0" if abs(value) < 0.0005 else fixed(value, 3)


def jacobian(theme: Theme, J: Array, title: str, key: str) -> Figure:
    """A square matrix of slopes as a heat map, signed colours about 0, each cell with its number."""
    names = class_names(len(J))
    largest = max(float(np.abs(J).max()), 1e-12)
    customdata = np.stack(np.meshgrid(np.arange(1, len(J) + 1), np.arange(1, len(J) + 1), indexing="ij"), axis=-1)
    ticks: dict[str, Any] = {"tickvals": list(range(len(J))), "ticktext": names, "fixedrange": True, "showgrid": False, "zeroline": False}
    cells = [
        {
            "x": column, "y": row, "text": short_number(J[row, column]), "showarrow": False,
            "font": {"size": 14 if len(J) < 5 else 12, "color": ink(signed_colour(theme, float(J[row, column]), largest))},
        }
        for row in range(len(J)) for column in range(len(J))
    ]  # fmt: skip
    a, z = symbol(theme, "a", "i"), symbol(theme, "z", "j")
    heat = {
        "type": "heatmap", "name": "Jacobian", "x": np.arange(len(J)), "y": np.arange(len(J)), "z": J,
        "customdata": customdata, "zmin": -largest, "zmax": largest, "xgap": 2, "ygap": 2,
        "colorscale": colorscale(theme.diverging), "showscale": False,
        "hovertemplate": "∂a<sub>%{customdata[0]}</sub>/∂z<sub>%{customdata[1]}</sub> = %{z:.6g}<extra></extra>",
    }  # fmt: skip
    made = layout(
        theme, "plot", title, key, height=460, annotations=cells,
        xaxis=axis(theme, f"moving {z}", constrain="domain", **ticks),
        yaxis=axis(theme, f"moves {a}", autorange="reversed", scaleanchor="x", constrain="domain", **ticks),
    )  # fmt: skip
    return {"data": [heat], "layout": made}


# ------------------------------------------------------------------------------------------------------------------ through depth


def by_layer(
    theme: Theme, names: Sequence[str], layers: Array, values: Sequence[Array], title: str, key: str, log: bool, height: int = 400
) -> Figure:
    """One line a name over the layers; on a log axis what is 0 or overflowed is left out."""
    shown = [np.where(np.isfinite(curve) & (curve > 0), curve, np.nan) if log else curve for curve in values]
    limits = _log_limits(shown) if log else (0.0, 1.0)
    ticks = log_ticks(10.0 ** limits[0], 10.0 ** limits[1]) if log else {"tickformat": ".0%"}
    traces = [
        {
            "type": "scatter", "mode": "lines", "x": layers, "y": curve, "name": name,
            "line": {"color": theme.categorical[index % len(theme.categorical)], "width": 2.25},
            "hovertemplate": f"{name}, layer %{{x}}: %{{y:.4g}}<extra></extra>",
        }
        for index, (name, curve) in enumerate(zip(names, shown, strict=True))
    ]  # fmt: skip
    vertical = axis(theme, "", type="log" if log else "linear", range=list(limits), fixedrange=True, **ticks)
    made = layout(
        theme, "labelled", title, key, height=height, hovermode="x unified",
        xaxis=axis(theme, "layer", range=[float(layers[0]), float(layers[-1])], fixedrange=True, nticks=6), yaxis=vertical,
        annotations=end_labels(theme, names, [np.maximum(c, 0) for c in shown], limits, height - 102, log),
        margin={"l": 48, "r": 104, "t": 58, "b": 44, "pad": 0},
    )  # fmt: skip
    return {"data": traces, "layout": made}


def _log_limits(values: Sequence[Array]) -> tuple[float, float]:
    every = np.concatenate([curve[np.isfinite(curve)] for curve in values] or [np.ones(1)])
    low, high = (np.log10(every.min()), np.log10(every.max())) if every.size else (0.0, 0.0)
    return float(np.floor(min(low, -1.0))), float(min(np.ceil(max(high, 1.0)), 308.0))
