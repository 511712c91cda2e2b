"""Lines over steps or layers on a logarithmic axis: decades in Unicode, names at the lines' ends instead of a legend."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.figures.curves import apart
from nnviz.figures.theme import Figure, Theme, axis, layout
from nnviz.formulas.numbers import power_of_ten, significant

Array = NDArray[np.floating]

ROOM = 62  # px at the left for numbers such as 0.015: where it is not enough, Plotly draws all of the figure twice
ROUND = (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)  # ticks within a decade


def log_ticks(low: float, high: float, most: int = 7) -> dict[str, Any]:
    """At most so many powers of ten from low to high, written in Unicode; 1 is among them where it lies between.

    Examples
    --------
    >>> log_ticks(1e-4, 1.0, 3)["ticktext"]
    ['10⁻⁴', '10⁻²', '1']
    """
    lowest, highest = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
    step = max(1, -(-(highest - lowest + 1) // most))
    exponents = range(-(-lowest // step) * step, highest + 1, step)
    return {"tickvals": [10.0**e for e in exponents], "ticktext": [power_of_ten(e) for e in exponents]}


def decades(values: Array) -> tuple[list[float], list[str], list[float]]:
    """Ticks, their texts and the range of a log axis over positive finite values; at most seven ticks.

    They are powers of ten, and round numbers where all values lie within a decade.

    Examples
    --------
    >>> decades(np.array([0.002, 30.0]))[1]
    ['10⁻³', '10⁻²', '10⁻¹', '1', '10', '10²']
    >>> decades(np.array([0.64, 0.69]))[:2]
    ([0.5, 0.6, 0.7, 0.8, 0.9], ['0.5', '0.6', '0.7', '0.8', '0.9'])
    """
    known = values[np.isfinite(values) & (values > 1e-300)]
    if known.size and known.max() < 10 * known.min():
        return _within_a_decade(float(np.log10(known.min())), float(np.log10(known.max())))
    low, high = (np.floor(np.log10(known.min())), np.ceil(np.log10(known.max()))) if known.size else (-1.0, 1.0)
    high = min(max(high, low + 1), 308.0)
    ticks = log_ticks(10.0**low, 10.0**high)
    return ticks["tickvals"], ticks["ticktext"], [float(low) - 0.1, float(high) + 0.1]


def _within_a_decade(low: float, high: float) -> tuple[list[float], list[str], list[float]]:
    """The same where all values are of one size: the axis reaches over a factor of two at least."""
    wider = max(0.06 * (high - low), 0.15 - (high - low) / 2)
    low, high = low - wider, high + wider
    ticks = [float(f"{digit}e{e}") for e in range(int(np.floor(low)), int(np.floor(high)) + 1) for digit in ROUND]
    ticks = [tick for tick in ticks if low <= np.log10(tick) <= high]
    ticks = ticks[:: -(-len(ticks) // 7)]
    return ticks, [significant(tick, 2) for tick in ticks], [low, high]


def log_lines(theme: Theme, title: str, key: str, y: str, x: str, lines: list[tuple[str, Array, str, str, str]], height: int) -> Figure:
    """Lines on a log axis over 0, 1, 2, …, each named at its right end.

    Parameters
    ----------
    title, key : the two lines over the figure
    y, x : the titles of the axes
    lines : (name, values, colour, colour of its name, dash) each; what is not finite or not positive is left out
    height : px
    """
    with np.errstate(all="ignore"):
        ticks, texts, span = decades(np.concatenate([values for _, values, *_ in lines]))
        logs = [np.log10(np.where(np.isfinite(values) & (values > 0), values, np.nan)) for _, values, *_ in lines]
    data, labels, ends = [], [], []
    for (name, values, colour, text, dash), log in zip(lines, logs, strict=True):
        shown = np.where(np.isfinite(log), values, np.nan)
        hover = f"{name}<br>{x} %{{x:.6g}}: %{{y:.6g}}<extra></extra>"
        data.append({"type": "scatter", "mode": "lines", "name": name, "x": np.arange(len(values)), "y": shown.tolist(),
                     "line": {"color": colour, "width": 2.25, "dash": dash}, "hovertemplate": hover})  # fmt: skip
        last = np.flatnonzero(np.isfinite(log))
        if last.size:
            ends.append((float(log[last[-1]]), int(last[-1]), name, text))
    reach = span[1] - span[0]
    places = apart([end[0] - span[0] for end in ends], 18 / (height - 102) * reach, reach)
    for place, (_, step, name, text) in zip(places, ends, strict=True):
        labels.append({"x": step, "y": span[0] + place, "text": name, "xanchor": "left", "xshift": 10, "font": {"color": text, "size": 13}})
    frame = layout(
        theme,
        "labelled",
        title,
        key,
        height=height,
        annotations=labels,
        xaxis=axis(theme, x),
        yaxis=axis(theme, y, type="log", tickvals=ticks, ticktext=texts, range=span),
    )
    return {"data": data, "layout": frame | {"margin": frame["margin"] | {"l": ROOM}}}
