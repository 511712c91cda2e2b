"""The gradient's checks as pictures: every derivative against its central difference, and one step against its prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.backpropagation import BIAS
from nnviz.core.gradient_check import GradientCheck, StepStudy
from nnviz.core.network import Network
from nnviz.figures.backpropagation import place_text
from nnviz.figures.log_lines import decades
from nnviz.figures.theme import Figure, Theme, axis, layout, symbol
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

MOST_POINTS = 3000  # of the check's scatter: the worst and an even share of the rest
LEAST = 1e-18  # a difference of 0 is drawn here


# ---------------------------------------------------------------------------------------------------------------------- the check


def parameter_text(network: Network, index: int) -> str:
    """How a parameter is written in text: `w²₁₃`, `b¹₄`.

    Examples
    --------
    >>> parameter_text(Network((2, 3, 1)), 3), parameter_text(Network((2, 3, 1)), 8)
    ('w¹₂₂', 'b¹₃')
    """
    at = network.parameter_name(index)
    return place_text(at.layer, at.row, at.column if at.kind == "W" else BIAS)


def check_scatter(check: GradientCheck, network: Network, theme: Theme, samples: int) -> Figure:
    """Analytic against numerical derivative of every parameter, on the diagonal where both agree; below it their difference on a log axis.

    Clicked points come back with `customdata` (layer, unit, column), −1 the bias's column.
    """
    shown = _drawn_points(check)
    places = [network.parameter_name(int(i)) for i in check.index[shown]]
    kinds = np.array([place.kind for place in places])
    groups = (
        ("weights", (kinds == "W") & (check.crossings[shown] == 0), "circle", theme.symbols["w"]),
        ("biases", (kinds == "b") & (check.crossings[shown] == 0), "square", theme.symbols["b"]),
        ("a kink within the step", check.crossings[shown] > 0, "x-thin-open", theme.text),
    )
    data = [_diagonal(check, theme)]
    for name, mask, mark, colour in groups:
        rows = np.flatnonzero(mask)
        if rows.size:
            data += _check_points(check, network, shown, rows, places, name, mark, colour, theme)
    worst = check.worst
    data += _worst_ring(check, worst, theme)
    known = np.maximum(check.difference[np.isfinite(check.difference)], LEAST)
    ticks, texts, span = decades(known if known.size else np.array([1e-12]))
    named = {
        "x": float(check.analytic[worst]),
        "y": float(np.log10(np.clip(check.difference[worst], LEAST, 1e300))),
        "xref": "x2",
        "yref": "y2",
        "text": f"worst: {parameter_text(network, int(check.index[worst]))}",
        "xanchor": "center",
        "yshift": 16,
        "font": {"size": 13},
    }
    drawn = f"{len(shown):,} of {len(check.index):,}" if len(shown) < len(check.index) else f"{len(shown):,}"
    some = f" of {network.parameter_count:,}" if check.total < network.parameter_count else ""
    key = (
        f"{drawn} parameters{some} drawn, {samples} samples, h = {significant(check.step, 1)} · ● weights, ■ biases, × kink within the step"
    )
    made = layout(
        theme,
        "plot",
        "Analytic against central differences",
        key,
        height=560,
        hovermode="closest",
        clickmode="event+select",
        annotations=[named],
        xaxis=axis(theme, "", domain=[0, 1], anchor="y", showticklabels=False),
        yaxis=axis(theme, "numerical", domain=[0.46, 1]),
        xaxis2=axis(theme, "analytic ∂C/∂θ", anchor="y2", matches="x"),
        yaxis2=axis(
            theme, "|difference|", type="log", domain=[0, 0.38], anchor="x2", tickvals=ticks, ticktext=texts, range=[span[0], span[1] + 0.6]
        ),
    )
    return {"data": data, "layout": made}


def _drawn_points(check: GradientCheck) -> Indices:
    if len(check.index) <= MOST_POINTS:
        return np.arange(len(check.index))
    worst = np.argsort(-check.difference, kind="stable")[: MOST_POINTS // 3]
    rest = np.linspace(0, len(check.index) - 1, MOST_POINTS - worst.size).round().astype(int)
    return np.union1d(worst, rest)


def _diagonal(check: GradientCheck, theme: Theme) -> dict[str, Any]:
    finite = check.analytic[np.isfinite(check.analytic)]
    ends = [float(finite.min()), float(finite.max())] if finite.size else [-1.0, 1.0]
    line = {"color": theme.zero, "width": 1.25}
    return {"type": "scatter", "mode": "lines", "name": "equal", "x": ends, "y": ends, "line": line, "hoverinfo": "skip"}


def _check_points(
    check: GradientCheck,
    network: Network,
    shown: Indices,
    rows: Indices,
    places: Sequence[Any],
    name: str,
    mark: str,
    colour: str,
    theme: Theme,
) -> list[dict[str, Any]]:
    """One group of parameters, in the upper and in the lower panel."""
    at = shown[rows]
    analytic, numerical, off = check.analytic[at], check.numerical[at], check.difference[at]
    told = [
        f"{parameter_text(network, int(i))}<br>analytic {significant(float(a), 8)}<br>numerical {significant(float(n), 8)}"
        f"<br>difference {significant(float(d), 3)}"
        for i, a, n, d in zip(check.index[at], analytic, numerical, off, strict=True)
    ]
    custom = [[places[r].layer, places[r].row, places[r].column if places[r].kind == "W" else BIAS] for r in rows.tolist()]
    marker = {
        "symbol": mark,
        "size": 7 if mark != "x-thin-open" else 9,
        "color": colour,
        "opacity": 0.75,
        "line": {"width": 1.75 if mark == "x-thin-open" else 0, "color": colour},
    }
    base = {
        "type": "scatter",
        "mode": "markers",
        "x": analytic,
        "marker": marker,
        "text": told,
        "customdata": custom,
        "hovertemplate": "%{text}<extra></extra>",
        "unselected": {"marker": {"opacity": 0.75}},
    }
    lower = np.clip(off, LEAST, 1e300)
    return [
        base | {"name": name, "y": numerical},
        base | {"name": f"{name}, difference", "y": lower.tolist(), "xaxis": "x2", "yaxis": "y2"},
    ]


def _worst_ring(check: GradientCheck, worst: int, theme: Theme) -> list[dict[str, Any]]:
    x, marker = (
        [float(check.analytic[worst])],
        {"symbol": "circle-open", "size": 14, "color": theme.text, "line": {"width": 2, "color": theme.text}},
    )
    base = {"type": "scatter", "mode": "markers", "x": x, "marker": marker, "hoverinfo": "skip", "unselected": {"marker": {"opacity": 1}}}
    lower = [float(np.clip(check.difference[worst], LEAST, 1e300))]
    return [
        base | {"name": "worst", "y": [float(check.numerical[worst])]},
        base | {"name": "worst, difference", "y": lower, "xaxis": "x2", "yaxis": "y2"},
    ]


# ----------------------------------------------------------------------------------------------------------------------- the step


def step_prediction(study: StepStudy, chosen: int, theme: Theme, samples: int) -> Figure:
    """The cost after one step over η, true and predicted, and below it the share of the predicted change that came true.

    Parameters
    ----------
    study : of one theta
    chosen : which of its rates is looked at
    samples : of how many the cost is the mean
    """
    before, after = float(study.before), study.after
    finite = after[np.isfinite(after)]
    top = min(float(finite.max()) if finite.size else before, 3 * abs(before)) if before else 1.0
    low, high = -0.15 * abs(before), max(top, 1.15 * abs(before)) or 1.0
    cost, eta = theme.symbols["cost"], theme.symbols["eta"]
    lines = (
        ("true cost", after, {"color": cost, "width": 2.5}),
        ("first order", study.predicted, {"color": theme.muted, "width": 2, "dash": "6px,4px"}),
        ("second order", study.second_order, {"color": theme.muted, "width": 1.5, "dash": "2px,3px"}),
    )
    data = [_over_rates(study.rates, values, name, line, "y", low, high) for name, values, line in lines]
    share = study.kept
    data.append(_over_rates(study.rates, share, "share kept", {"color": cost, "width": 2.5}, "y2", -1.1, 1.9))
    rate = float(study.rates[chosen])
    for y, name, ref in ((float(after[chosen]), "true cost at η", "y"), (float(share[chosen]), "share at η", "y2")):
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [rate],
                "y": [y],
                "yaxis": ref,
                "hoverinfo": "skip",
                "marker": {"size": 10, "color": cost, "line": {"color": theme.halo, "width": 2}},
            }
        )
    guides = [_vertical(rate, eta, "2px,3px")]
    labels = [_rate_label(rate, f"η = {significant(rate)}", eta)]
    breaks = float(study.breaks_at)
    if np.isfinite(breaks):
        guides.append(_vertical(breaks, theme.text, "solid"))
        labels.append(_rate_label(breaks, "a tenth off", theme.text, below=True) | {"bgcolor": theme.background, "borderpad": 2})
    exponents = range(round(float(np.log10(study.rates[0]))), round(float(np.log10(study.rates[-1]))) + 1)
    ticks = {"tickvals": [10.0**e for e in exponents], "ticktext": [f"{10.0**e:g}" for e in exponents]}
    key = f"{symbol(theme, 'cost')} over {samples} samples, {len(study.rates)} rates · true solid, first order dashed, second order dotted"
    made = layout(
        theme,
        "plot",
        "The cost after one step, true and predicted",
        key,
        height=500,
        shapes=guides,
        annotations=labels,
        hovermode="closest",
        xaxis=axis(theme, "", type="log", anchor="y", matches="x2", showticklabels=False, **ticks),
        xaxis2=axis(theme, "η", type="log", anchor="y2", **ticks),
        yaxis=axis(theme, "C after the step", domain=[0.42, 0.94], range=[low, high]),
        yaxis2=axis(theme, "true ÷ predicted change", domain=[0, 0.34], range=[-0.6, 1.4], anchor="x2", tickvals=[-0.5, 0, 0.5, 1]),
    )
    return {"data": data, "layout": made}


def _over_rates(rates: Array, values: Array, name: str, line: dict[str, Any], ref: str, low: float, high: float) -> dict[str, Any]:
    """A curve over η, cut where it leaves what is drawn: a line towards 1e30 makes the browser's picture coarse."""
    room = high - low
    shown = np.where((values > low - room) & (values < high + room), values, np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": rates.tolist(),
        "y": shown.tolist(),
        "line": line,
        "yaxis": ref,
        "xaxis": "x" if ref == "y" else "x2",
        "hovertemplate": f"{name}<br>η = %{{x:.4g}}: %{{y:.6g}}<extra></extra>",
    }


def _vertical(rate: float, colour: str, dash: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": rate,
        "x1": rate,
        "y0": 0,
        "y1": 0.94,
        "line": {"color": colour, "width": 1.25, "dash": dash},
    }


def _rate_label(rate: float, text: str, colour: str, below: bool = False) -> dict[str, Any]:
    place = {"yref": "paper", "y": 0.38, "yanchor": "middle"} if below else {"yref": "paper", "y": 0.945, "yanchor": "bottom"}
    return {"xref": "x", "x": float(np.log10(rate)), "text": text, "font": {"size": 13, "color": colour}, **place}
