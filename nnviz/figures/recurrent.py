"""Recurrent networks: states over time and their phase portrait, how far a change is felt, each step's share of the gradient, learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.descent import Descent
from nnviz.figures.curves import apart
from nnviz.figures.grids import brief
from nnviz.figures.log_lines import log_lines
from nnviz.figures.theme import Figure, Theme, alpha, axis, colorbar, colorscale, coloured, ink, layout, signed_colour
from nnviz.formulas.numbers import power_of_ten, significant

Array = NDArray[np.floating]
MOST_LINES = 8  # units drawn as lines; more become a heat map
LARGE = 1e4  # from here on sizes are drawn on a log axis
PER_SIDE = 60  # rows and columns of a heat map at most


def overflow_at(values: Array) -> int:
    """The first step (from 1) at which values (T, …) are not finite, or 0."""
    lost = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    return int(lost.argmax()) + 1 if lost.any() else 0


def over_time(
    theme: Theme, title: str, key: str, lines: list[tuple[str, Array, str, str]], height: int = 320, gaps: Sequence[str] = ()
) -> Figure:
    """Lines over the steps 1 … T, named at their ends; what grows beyond all bounds is drawn as its size on a log axis.

    Parameters
    ----------
    lines : (name, values (T,), colour, dash) each
    gaps : names of lines that may miss values: a target that is not asked for is no overflow
    """
    values = np.stack([line[1] for line in lines])
    if lost := overflow_at(np.stack([line for name, line, *_ in lines if name not in gaps]).T):
        key += f" · overflows at step {lost}"
    with np.errstate(all="ignore"):
        if lost or np.nanmax(np.abs(values)) > LARGE:
            sized = [(name, np.abs(line), colour, theme.text, dash) for name, line, colour, dash in lines]
            return steps_from(
                log_lines(theme, title, f"{key} · sizes, on a log axis", "size", "step t", sized, height), np.arange(1, values.shape[1] + 1)
            )
    T = values.shape[1]
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers" if T <= 30 else "lines",
            "name": name,
            "x": np.arange(1, T + 1),
            "y": line,
            "connectgaps": False,
            "line": {"color": colour, "width": 2, "dash": dash},
            "marker": {"size": 5},
            "hovertemplate": f"{name}<br>step %{{x}}: %{{y:.6g}}<extra></extra>",
        }
        for name, line, colour, dash in lines
    ]
    known = values[np.isfinite(values)]
    low, high = float(known.min(initial=0.0)), float(known.max(initial=0.0))
    span = [low - 0.06 * (high - low + 1e-9), high + 0.06 * (high - low + 1e-9)]
    return {
        "data": data,
        "layout": layout(
            theme,
            "labelled",
            title,
            key,
            height=height,
            annotations=_ends(theme, lines, span, height),
            xaxis=axis(theme, "step t", range=[1, T]),
            yaxis=axis(theme, "", range=span),
        ),
    }


def _ends(theme: Theme, lines: list[tuple[str, Array, str, str]], span: list[float], height: int) -> list[dict[str, Any]]:
    """The names at the right ends of lines, moved apart to 17 px."""
    reach = span[1] - span[0]
    last = [int(np.flatnonzero(np.isfinite(line))[-1]) for _, line, *_ in lines]
    heights = [float(line[at]) - span[0] for at, (_, line, *_) in zip(last, lines, strict=True)]
    return [
        {"x": at + 1, "y": span[0] + place, "text": coloured(name, colour), "xanchor": "left", "xshift": 8, "font": {"size": 13}}
        for at, place, (name, _, colour, _) in zip(last, apart(heights, 17 / (height - 102) * reach, reach), lines, strict=True)
    ]


def steps_from(figure: Figure, places: Array | NDArray[np.integer]) -> Figure:
    """The lines of `log_lines`, which stand over 0, 1, 2, …, over these places (T,) instead."""
    for trace in figure["data"]:
        trace["x"] = places
    for label in figure["layout"]["annotations"]:
        label["x"] = float(places[label["x"]])
    figure["layout"]["xaxis"]["range"] = [float(places[0]), float(places[-1])]
    return figure


def states(h: Array, theme: Theme) -> Figure:
    """Hidden states (T, h) over time: a line a unit, or a heat map where there are many."""
    T, units = h.shape
    title, key = "Hidden states over time", f"{units} unit{'s' if units > 1 else ''}, first sample, {T} steps"
    if units <= MOST_LINES:
        lines = [(f"unit {i + 1}", h[:, i], theme.categorical[i], "solid") for i in range(units)]
        return over_time(theme, title, key, lines)
    if lost := overflow_at(h):
        key += f" · overflows at step {lost}"
    finite = np.abs(h[np.isfinite(h)])
    largest = min(float(finite.max(initial=0.0)) or 1.0, 1e30)
    drawn = np.clip(np.nan_to_num(h.T, nan=0.0), -largest, largest)
    return {
        "data": [
            {
                "type": "heatmap",
                "z": drawn.astype(np.float32),
                "x0": 1,
                "dx": 1,
                "y0": 1,
                "dy": 1,
                "zmin": -largest,
                "zmax": largest,
                "colorscale": colorscale(theme.diverging),
                "colorbar": colorbar(theme, "h", nticks=5),
                "hovertemplate": "unit %{y}, step %{x}<br>%{z:.6g}<extra></extra>",
            }
        ],
        "layout": layout(
            theme,
            "plot",
            title,
            f"{key} · blue +, orange −",
            height=320,
            xaxis=axis(theme, "step t", showgrid=False),
            yaxis=axis(theme, "unit", showgrid=False, autorange="reversed"),
        ),
    }


def phase_portrait(h: Array, origin: Array, field: Array, ends: Array, theme: Theme) -> Figure:
    """The way of two hidden units through their plane, over arrows of what one step without input does.

    Parameters
    ----------
    h : (T + 1, 2), h[0] = 0
    origin : (2, n) where arrows begin
    field : (2, n) where one step without input leads
    ends : (low, high) of both axes
    """
    with np.errstate(all="ignore"):
        arrow = field - origin
        length = np.sqrt((arrow**2).sum(axis=0))
        cell = (ends[1] - ends[0]) / np.sqrt(origin.shape[1])
        short = arrow * (0.8 * cell / np.maximum(length, 0.8 * cell))
    tips, angles = origin + short, np.degrees(np.arctan2(short[0], short[1]))
    lines = np.stack([origin, tips, np.full_like(tips, np.nan)], axis=2).reshape(2, -1)
    shown = np.where(np.isfinite(h).all(axis=1, keepdims=True), h, np.nan)
    known = shown[np.isfinite(shown[:, 0])]
    T = len(h) - 1
    colours = np.arange(len(known)) / max(1, T)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "one step without input",
            "x": lines[0],
            "y": lines[1],
            "line": {"color": theme.zero, "width": 1},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "tips",
            "x": tips[0],
            "y": tips[1],
            "marker": {"symbol": "triangle-up", "size": 6, "color": theme.zero, "angle": angles},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "h",
            "x": known[:, 0],
            "y": known[:, 1],
            "line": {"color": alpha(theme.symbols["a"], 0.6), "width": 1.5},
            "marker": {
                "size": 7,
                "color": colours,
                "colorscale": colorscale(theme.sequential),
                "cmin": -0.25,
                "cmax": 1,
                "line": {"color": theme.halo, "width": 1},
            },
            "text": [f"t = {t}" for t in range(len(known))],
            "hovertemplate": "%{text}<br>h₁ %{x:.6g}, h₂ %{y:.6g}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "start",
            "x": known[:1, 0],
            "y": known[:1, 1],
            "hoverinfo": "skip",
            "marker": {"symbol": "circle-open", "size": 12, "color": theme.text, "line": {"width": 2.5}},
        },
    ]
    span = [float(ends[0]), float(ends[1])]
    return {
        "data": data,
        "layout": layout(
            theme,
            "plot",
            "Phase portrait",
            "○ start, dark: late · arrows: where a state goes in one step without input",
            height=430,
            hovermode="closest",
            xaxis=axis(theme, "h₁", range=span, constrain="domain"),
            yaxis=axis(theme, "h₂", range=span, scaleanchor="x", constrain="domain"),
        ),
    }


def norm_map(norms: Array, every: int, T: int, theme: Theme) -> Figure:
    """The heat map of `‖∂h_t/∂h_s‖`, (rows, rows), of each so-many-th step; rows that are not worked out yet may be missing."""
    size = norms.shape[1]
    steps = 1 + every * np.arange(size)
    with np.errstate(all="ignore"):
        logs = np.log10(norms)
    below = np.arange(len(norms))[:, None] >= np.arange(size)
    known = np.abs(logs[below & np.isfinite(logs)])
    reach = min(max(1.0, float(np.ceil(known.max(initial=0.0)))), 308.0)
    drawn = np.where(below, np.clip(logs, -reach, reach), np.nan)
    apart = int(np.ceil(reach / 3))
    ticks = [k * apart for k in range(-3, 4) if abs(k * apart) <= reach]
    texts = [
        [significant(value, 4) if seen else "" for value, seen in zip(*row, strict=True)]
        for row in zip(norms.tolist(), below.tolist(), strict=True)
    ]
    lost = int((np.isinf(norms) & below).sum())
    key = "row t, column s · blue: a change has grown, orange: it has died down; between them its size is kept"
    if lost:
        key += f" · {lost:,} overflow to ∞: deepest blue"
    if every > 1:
        key += f" · each {every}th of {T} steps"
    return {
        "data": [
            {
                "type": "heatmap",
                "z": drawn.astype(np.float32),
                "x": steps,
                "y": steps[: len(norms)],
                "text": texts,
                "zmin": -reach,
                "zmax": reach,
                "colorscale": colorscale(theme.diverging),
                "hoverongaps": False,
                "colorbar": colorbar(theme, "", tickvals=ticks, ticktext=[power_of_ten(t) for t in ticks]),
                "hovertemplate": "∂h at t = %{y} by h at s = %{x}<br>%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            theme,
            "plot",
            "How far a change is felt: ‖∂h<sub>t</sub>/∂h<sub>s</sub>‖",
            key,
            height=440,
            xaxis=axis(theme, "s: the step that is changed", showgrid=False, zeroline=False, constrain="domain"),
            yaxis=axis(
                theme,
                "t: the step that feels it",
                showgrid=False,
                zeroline=False,
                autorange="reversed",
                scaleanchor="x",
                constrain="domain",
            ),
        ),
    }


def norm_lines(norms: Array, powers: Array, every: int, theme: Theme) -> Figure:
    """`‖∂h_t/∂h_1‖` over t, beside what W_hh alone would do, `‖W_hh^(t−1)‖`; both (rows,)."""
    lines = [
        ("W<sub>hh</sub> alone", powers, theme.symbols["w"], theme.symbols["w"], "dash"),
        ("the network", norms, theme.symbols["a"], theme.symbols["a"], "solid"),
    ]
    key = "solid: with the slopes f′ on the way · dashed: powers of W<sub>hh</sub>, f′ = 1"
    if lost := overflow_at(norms):
        key += f" · ∞ from step {1 + every * (lost - 1)}"
    figure = log_lines(theme, "What is left of a change at step 1", key, "size", "step t", lines, 300)
    return steps_from(figure, 1 + every * np.arange(len(norms)))


def sweep(radii: Array, networks: Sequence[tuple[str, Array]], chosen: float, span: int, theme: Theme) -> Figure:
    """`‖∂h_s+span/∂h_s‖` over the spectral radius: the median of the draws (R, draws) of each kind of network, and the radius chosen."""
    lines = [
        (name, np.median(found, axis=1), theme.categorical[2 * i + 2], theme.categorical_text[2 * i + 2], ("dash", "solid")[i])
        for i, (name, found) in enumerate(networks)
    ]
    key = f"medians of {networks[0][1].shape[1]} draws with noise as input · at 1 a change keeps its size"
    figure = log_lines(theme, f"After {span} steps, over the spectral radius", key, f"‖∂h after {span} steps‖", "ρ", lines, 300)
    figure["layout"] |= {"xaxis": axis(theme, "spectral radius ρ of W<sub>hh</sub>")}
    guide = {"type": "line", "line": {"color": theme.symbols["w"], "width": 1.25, "dash": "2px,3px"}, "layer": "below"}
    level = {
        "type": "line",
        "line": {"color": theme.zero, "width": 1},
        "layer": "below",
        "x0": 0,
        "x1": 1,
        "xref": "paper",
        "y0": 1,
        "y1": 1,
    }
    figure["layout"]["shapes"] = [level, guide | {"x0": chosen, "x1": chosen, "y0": 0, "y1": 1, "yref": "paper"}]
    return steps_from(figure, radii)


STRIPES = {"shape": "/", "size": 5, "solidity": 0.22, "fillmode": "overlay"}


def contributions(shares: Array, name: str, theme: Theme) -> Figure:
    """What each step adds to a gradient, (T,), as bars; the line is their running sum, which ends at the gradient itself."""
    T = len(shares)
    with np.errstate(all="ignore"):
        running = np.cumsum(shares)
    signs = np.where(shares < 0, theme.sign["minus"], theme.sign["plus"]).tolist()
    pattern = STRIPES | {"shape": ["/" if value < 0 else "" for value in shares.tolist()], "fgcolor": theme.background}
    key = "bars: each step's share, striped where negative · line: their running sum, which ends at the gradient"
    if lost := overflow_at(shares[::-1]):
        key += f" · not finite up to step {T - lost + 1}"
    end = float(running[-1])
    x = np.arange(1, T + 1)
    data = [
        {
            "type": "bar",
            "name": "share",
            "x": x,
            "y": shares,
            "marker": {"color": signs, "pattern": pattern, "line": {"width": 0}},
            "hovertemplate": "step %{x} adds %{y:.6g}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "running sum",
            "x": x,
            "y": running,
            "line": {"color": theme.symbols["delta"], "width": 2.25},
            "hovertemplate": "sum up to step %{x}: %{y:.6g}<extra></extra>",
        },
    ]
    label = {
        "x": T,
        "y": end,
        "text": f"sum {significant(end)}",
        "xanchor": "left",
        "xshift": 10,
        "font": {"color": theme.symbols["delta"], "size": 13},
    }
    return {
        "data": data,
        "layout": layout(
            theme,
            "labelled",
            f"What each step adds to {name}",
            key,
            height=400,
            bargap=0.15 if T <= 80 else 0,
            annotations=[label] if np.isfinite(end) else [],
            margin={"l": 56, "r": 110, "t": 58, "b": 44},
            xaxis=axis(theme, "step t", range=[0.5, T + 0.5]),
            yaxis=axis(theme, ""),
        ),
    }


def gradient_matrix(gradient: Array, chosen: tuple[int, int], theme: Theme) -> Figure:
    """∂C/∂W_hh, (h, h), each cell to be clicked; `customdata` is its row and column from 1."""
    units = len(gradient)
    largest = float(np.abs(gradient[np.isfinite(gradient)]).max(initial=0.0)) or 1.0
    row, column = np.indices(gradient.shape).reshape(2, -1) + 1
    side = max(6, min(44, 250 // units))
    values = gradient.ravel()
    fills = [signed_colour(theme, value, largest) for value in values.tolist()]
    texts = brief(gradient) if units <= 6 else [""] * values.size
    lines = [3 if (i, j) == chosen else 0 for i, j in zip(row.tolist(), column.tolist(), strict=True)]
    kept = {"marker": {"opacity": 1}}
    cells = {
        "type": "scatter",
        "mode": "markers+text",
        "x": column,
        "y": row,
        "marker": {"symbol": "square", "size": side, "color": fills, "line": {"color": theme.text, "width": lines}},
        "selected": kept,
        "unselected": kept,
        "text": texts,
        "textfont": {"size": 11, "color": [ink(fill) for fill in fills]},
        "customdata": np.stack([row, column], axis=1).tolist(),
        "hovertext": [
            f"row {i}, column {j}: {significant(v, 6)}" for i, j, v in zip(row.tolist(), column.tolist(), values.tolist(), strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    ends = [0.4, units + 0.6]
    return {
        "data": [cells],
        "layout": layout(
            theme,
            "plot",
            "∂C/∂W<sub>hh</sub>",
            "click an entry to take it apart",
            height=330,
            hovermode="closest",
            clickmode="event+select",
            xaxis=axis(
                theme, "from unit", range=ends, showgrid=False, zeroline=False, dtick=1 if units <= 8 else 4, tick0=1, constrain="domain"
            ),
            yaxis=axis(
                theme,
                "to unit",
                range=ends[::-1],
                showgrid=False,
                zeroline=False,
                dtick=1 if units <= 8 else 4,
                tick0=1,
                scaleanchor="x",
                constrain="domain",
            ),
        ),
    }


RUNS = ("not clipped", "clipped")


def learning(run: Descent, theme: Theme) -> Figure:
    """The costs of both runs over the steps of the optimiser, (steps + 1, 2)."""
    return _both(run, run.value, "Cost while it learns", "C", theme)


def gradient_sizes(run: Descent, max_norm: float, theme: Theme) -> Figure:
    """The gradients' lengths before clipping, and the length at which they are cut."""
    figure = _both(run, run.gradient_norm, "Length of the gradient, before clipping", "‖∇C‖", theme)
    figure["layout"]["shapes"] = [
        {
            "type": "line",
            "x0": 0,
            "x1": 1,
            "xref": "paper",
            "y0": max_norm,
            "y1": max_norm,
            "line": {"color": theme.symbols["delta"], "width": 1.25, "dash": "2px,3px"},
        }
    ]
    return figure


def _both(run: Descent, values: Array, title: str, y: str, theme: Theme) -> Figure:
    lines = [
        (name, values[:, i], theme.categorical[2 * i], theme.categorical_text[2 * i], ("dash", "solid")[i]) for i, name in enumerate(RUNS)
    ]
    lost = [f"{name} overflows at step {int(at)}" for name, at in zip(RUNS, run.diverged_at, strict=True) if at >= 0]
    key = " · ".join([f"{len(values) - 1} steps", *lost])
    return steps_from(log_lines(theme, title, key, y, "step of the optimiser", lines, 320), np.arange(len(values)))
