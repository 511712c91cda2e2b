"""What a computation costs: FLOPs layer by layer, how they grow, what the clock says, and the memory of back-propagation through time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.complexity import Costs, Growth, Measurement
from nnviz.figures.log_lines import log_ticks
from nnviz.figures.theme import Figure, Theme, axis, layout
from nnviz.formulas.numbers import significant

UNITS = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))


def scaled(value: float, unit: str) -> str:
    """A count with its prefix: `scaled(12_300, "FLOPs") → '12.3 kFLOPs'`.

    Examples
    --------
    >>> scaled(12_300, "FLOPs"), scaled(160, "FLOPs")
    ('12.3 kFLOPs', '160 FLOPs')
    """
    for prefix, size in UNITS:
        if value >= size:
            return f"{significant(value / size, 3)} {prefix}{unit}"
    return f"{significant(value, 3)} {unit}"


def log_axis(theme: Theme, title: str, low: float, high: float, **more: Any) -> dict[str, Any]:
    """A logarithmic axis over [low, high], its powers of ten written in Unicode, at most seven of them."""
    ends = [float(np.log10(low)) - 0.05, float(np.log10(high)) + 0.05]
    return axis(theme, title, type="log", range=ends, **log_ticks(low, high), **more)


def layer_bars(costs: Costs, samples: int, theme: Theme) -> Figure:
    """Forward and backward FLOPs of each layer, one above the other; at most 16 layers are drawn, the dearest ones."""
    shown = sorted(sorted(range(len(costs)), key=lambda i: -costs[i].flops)[:16])
    names = [costs[i].name for i in shown]
    forward = np.array([costs[i].flops_forward for i in shown], dtype=float)
    backward = np.array([costs[i].flops_backward for i in shown], dtype=float)

    def bars(name: str, values: NDArray[np.floating], colour: str, pattern: dict[str, Any]) -> dict[str, Any]:
        told = [f"{label}<br>{name} {value:,.0f} FLOPs" for label, value in zip(names, values, strict=True)]
        marker = {"color": colour, "pattern": pattern, "line": {"width": 0}}
        return {
            "type": "bar",
            "name": name,
            "x": names,
            "y": values,
            "marker": marker,
            "hovertext": told,
            "hoverinfo": "text",
            "width": 0.5,
        }

    striped = {"shape": "/", "size": 5, "solidity": 0.22, "fillmode": "overlay", "fgcolor": theme.background}
    totals = forward + backward
    labels = [
        {"x": name, "y": total, "text": scaled(total, "FLOPs"), "yshift": 12, "font": {"size": 13, "color": theme.text}}
        for name, total in zip(names, totals, strict=True)
    ]
    left_out = f" · {len(costs) - len(shown)} cheaper layers are not drawn" if len(costs) > len(shown) else ""
    return {
        "data": [bars("forward", forward, theme.symbols["a"], {"shape": ""}), bars("backward", backward, theme.symbols["delta"], striped)],
        "layout": layout(
            theme,
            "plot",
            f"FLOPs of one pass over {samples:,} samples",
            f"plain: forward · striped: backward, twice as dear{left_out}",
            height=380,
            barmode="stack",
            xaxis=axis(theme, "", type="category"),
            yaxis=axis(theme, "FLOPs", tickformat="~s", rangemode="tozero", range=[0, float(totals.max(initial=1.0)) * 1.12]),
            annotations=labels,
        ),
    }


def growth(curves: Sequence[tuple[str, Growth]], theme: Theme) -> Figure:
    """FLOPs over size on log–log axes, a line each with the slope that fits it."""
    data: list[dict[str, Any]] = []
    labels = []
    x = np.concatenate([curve.x for _, curve in curves]).astype(float)
    y = np.concatenate([curve.flops for _, curve in curves]).astype(float)
    middle = float(x.min() * x.max())  # squared: labels of lines that end left of it reach to the right
    for index, (name, curve) in enumerate(curves):
        colour = theme.categorical[index]
        told = [f"{name}<br>{curve.size}: {x:,}<br>{flops:,} FLOPs" for x, flops in zip(curve.x, curve.flops, strict=True)]
        data.append(
            {
                "type": "scatter",
                "name": name,
                "x": curve.x.astype(float),
                "y": curve.flops.astype(float),
                "mode": "lines+markers",
                "line": {"color": colour, "width": 2.5},
                "marker": {"size": 7, "color": colour},
                "hovertext": told,
                "hoverinfo": "text",
            }
        )
        labels.append(
            {
                "x": float(np.log10(curve.x[-1])),
                "y": float(np.log10(curve.flops[-1])),
                "text": f"{name}: slope {significant(curve.slope, 4)}",
                "xanchor": "left" if curve.x[-1] ** 2 < middle else "right",
                "yanchor": "bottom",
                "yshift": 8,
                "font": {"color": theme.categorical_text[index], "size": 13},
            }
        )
    return {
        "data": data,
        "layout": layout(
            theme,
            "plot",
            "How the work grows",
            "FLOPs forward, one sample · both axes logarithmic: a power law is a straight line, its exponent the slope",
            height=460,
            xaxis=log_axis(theme, "n or k, as named at the line", float(x.min()), float(x.max())),
            yaxis=log_axis(theme, "FLOPs", float(y.min()), float(y.max()) * 4),
            annotations=labels,
        ),
    }


def clock(measured: Sequence[Measurement], theme: Theme) -> Figure:
    """What each layer achieved on this machine, in FLOPs a second."""
    rates = np.array([m.flops_per_second for m in measured])
    told = [f"{m.name}<br>{m.flops_per_second:,.0f} FLOP/s<br>{m.seconds * 1000:.0f} ms measured" for m in measured]
    labels = [{"x": m.name, "y": float(m.flops_per_second), "text": scaled(m.flops_per_second, "FLOP/s"), "yshift": 12} for m in measured]
    bars = {
        "type": "bar",
        "x": [m.name for m in measured],
        "y": rates,
        "marker": {"color": theme.symbols["eta"]},
        "width": 0.5,
        "hovertext": told,
        "hoverinfo": "text",
    }
    return {
        "data": [bars],
        "layout": layout(
            theme,
            "plot",
            "What this machine achieved",
            "forward and backward, one thread · the same count runs faster where the matrices are large",
            height=380,
            xaxis=axis(theme, "", type="category"),
            yaxis=axis(theme, "FLOPs a second", tickformat="~s", rangemode="tozero", range=[0, float(rates.max(initial=1.0)) * 1.12]),
            annotations=labels,
        ),
    }


def memory_through_time(steps: NDArray[np.int64], whole: NDArray[np.int64], truncated: NDArray[np.int64], at: int, theme: Theme) -> Figure:
    """Bytes that back-propagation through time keeps, over T; with truncation they stop growing."""

    def line(name: str, values: NDArray[np.int64], dash: str) -> dict[str, Any]:
        told = [f"{name}<br>T = {T:,}<br>{size:,} bytes" for T, size in zip(steps, values, strict=True)]
        style = {"color": theme.symbols["a"], "width": 2.5, "dash": dash}
        return {
            "type": "scatter",
            "name": name,
            "x": steps,
            "y": values / 1024,
            "mode": "lines",
            "line": style,
            "hovertext": told,
            "hoverinfo": "text",
        }

    ends = [
        {"x": float(steps[-1]), "y": float(values[-1]) / 1024, "text": text, "xanchor": "left", "xshift": 10, "yshift": shift}
        for values, text, shift in ((whole, "whole", 0), (truncated, f"truncated at {at}", -18 if whole[-1] == truncated[-1] else 0))
    ]
    return {
        "data": [line("whole", whole, "solid"), line(f"truncated at {at}", truncated, "dash")],
        "layout": layout(
            theme,
            "labelled",
            "Memory of back-propagation through time",
            "z and h of every step are kept for the way back · solid: whole, dashed: truncated",
            height=380,
            margin={"l": 56, "r": 110, "t": 58, "b": 44},
            xaxis=axis(theme, "T, steps"),
            yaxis=axis(theme, "KiB", rangemode="tozero"),
            annotations=ends,
        ),
    }
