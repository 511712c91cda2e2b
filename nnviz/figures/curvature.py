"""The Hessian as pictures: its spectrum along a run, its eigenvectors by layer, descent along each of them, and the edge of stability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.spectra import EdgeRuns
from nnviz.figures.animation import animate
from nnviz.figures.log_lines import decades, log_lines, log_ticks
from nnviz.figures.theme import Figure, Theme, axis, coloured, layout, mix
from nnviz.formulas.numbers import MINUS, power_of_ten, significant

Array = NDArray[np.floating]

BINS = 60
DECADES = 4  # below the largest modulus the axis of eigenvalues is even; above, logarithmic
TOWERING = 1e4  # times the largest modulus at the start: so far the axis goes at most
RUG = 0.06  # of the highest bar: below the axis every eigenvalue is a stroke


class Stretch:
    """The axis of eigenvalues: sign(λ)·log₁₀(1 + |λ|/unit), which is even around 0 and logarithmic on both sides."""

    def __init__(self, largest: float) -> None:
        exponent = int(np.ceil(np.log10(largest))) if np.isfinite(largest) and largest > 0 else 0
        self.top, self.unit = exponent, 10.0 ** (exponent - DECADES)

    def __call__(self, values: ArrayLike) -> Array:
        """Where eigenvalues stand on the axis."""
        values = np.asarray(values, dtype=float)
        with np.errstate(all="ignore"):
            return np.sign(values) * np.log10(1 + np.abs(values) / self.unit)

    def ticks(self, low: float, high: float) -> dict[str, Any]:
        """Powers of ten on both sides and 0, as far as the picture reaches."""
        exponents = range(self.top - DECADES + 1, self.top + 1)
        both = [(sign, e) for sign in (-1, 1) for e in exponents if low <= sign * self(10.0**e) <= high]
        values = [0.0, *(float(sign * self(10.0**e)) for sign, e in both)]
        texts = ["0", *((MINUS if sign < 0 else "") + power_of_ten(e) for sign, e in both)]
        return {"tickvals": values, "ticktext": texts}


def spectrum(theme: Theme, spectra: Array, *, title: str, key: str, height: int | str = "contour") -> Figure:
    """Histogram of the Hessian's eigenvalues (T, P), a frame for each of T points of a run; below it a stroke for each eigenvalue."""
    sizes = np.abs(np.where(np.isfinite(spectra), spectra, 0.0)).max(axis=1)
    # A run that diverges does not set the scale of the axis: what is beyond stands at its end.
    largest = min(sizes.max(), TOWERING * sizes[sizes > 0][0]) if sizes.any() else 0.0
    spectra = np.clip(spectra, -largest, largest)
    known = spectra[np.isfinite(spectra)]
    stretch = Stretch(largest)
    places = stretch(spectra)
    low, high = (float(f(stretch(known), initial=0.0)) for f in (np.min, np.max))
    width = max(high - low, 1.0) / BINS
    # An edge at 0: no bar holds both signs.
    edges = width * np.arange(np.floor(low / width - 1e-9) - 1, np.ceil(high / width + 1e-9) + 2)
    counts = np.stack([np.histogram(row[np.isfinite(row)], edges)[0] for row in places])
    highest, ends = max(1.0, float(counts.max())), [float(edges[0]), float(edges[-1])]
    middle, negative = (edges[:-1] + edges[1:]) / 2, edges[1:] <= width / 2
    bars = [_bars(theme, middle[side], counts[-1][side], width, sign) for sign, side in (("minus", negative), ("plus", ~negative))]
    figure: Figure = {
        "data": [*bars, _rug(theme, places[-1], spectra[-1], highest)],
        "layout": layout(
            theme,
            "plot",
            title,
            key,
            height=height,
            bargap=0.08,
            hovermode="closest",
            xaxis=axis(theme, "eigenvalue λ", range=ends, zeroline=True, **stretch.ticks(*ends)),
            yaxis=axis(theme, "how many", range=[-2.4 * RUG * highest, 1.05 * highest], zeroline=False),
        ),
    }

    def change(t: int) -> dict[int, Any]:
        moved = {i: {"y": counts[t][side].astype(np.float32)} for i, side in enumerate((negative, ~negative))}
        return moved | {2: {"x": places[t].astype(np.float32), "customdata": _single(spectra[t])}}

    return animate(figure, (change(t) for t in range(len(spectra))))


def _single(values: Array) -> NDArray[np.float32]:
    with np.errstate(all="ignore"):
        return values.astype(np.float32)


def _bars(theme: Theme, x: Array, y: Array, width: float, sign: str) -> dict[str, Any]:
    """Bars of one sign; negative ones are striped."""
    stripes = {"shape": "/", "size": 5, "solidity": 0.22, "fillmode": "overlay", "fgcolor": theme.background}
    return {
        "type": "bar",
        "x": x,
        "y": y.astype(np.float32),
        "width": width,
        "name": f"{sign} eigenvalues",
        "marker": {"color": theme.sign[sign], "line": {"width": 0}} | ({"pattern": stripes} if sign == "minus" else {}),
        "hovertemplate": "%{y} eigenvalues<extra></extra>",
    }


def _rug(theme: Theme, x: Array, values: Array, highest: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x.astype(np.float32),
        "y": np.full(x.size, -1.2 * RUG * highest, dtype=np.float32),
        "customdata": _single(values),
        "hovertemplate": "λ = %{customdata:.6g}<extra></extra>",
        "name": "each eigenvalue",
        "marker": {"symbol": "line-ns", "size": 11, "line": {"width": 1.25, "color": mix(theme.background, theme.text, 0.6)}},
    }


def density(theme: Theme, grid: Array, values: Array, top: Array, *, title: str, key: str) -> Figure:
    """Density of the Hessian's eigenvalues over λ, on a log axis, with the largest of them as strokes."""
    shown = values > 1e-6 * values.max()
    ticks, texts, ends = decades(values[shown])
    rug = np.full(top.size, 10 ** (ends[0] + 0.05 * (ends[1] - ends[0])))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": grid,
                "y": np.where(shown, values, np.nan),
                "line": {"width": 2.25, "color": theme.accent},
                "hovertemplate": "λ = %{x:.4g}<br>density %{y:.4g}<extra></extra>",
                "name": "density",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": top,
                "y": rug,
                "name": "largest eigenvalues",
                "hovertemplate": "λ = %{x:.6g}<extra></extra>",
                "marker": {"symbol": "line-ns", "size": 13, "line": {"width": 2, "color": theme.sign["plus"]}},
            },
        ],
        "layout": layout(
            theme,
            "plot",
            title,
            key,
            height="contour",
            hovermode="closest",
            xaxis=axis(theme, "eigenvalue λ", zeroline=True),
            yaxis=axis(theme, "density", type="log", tickvals=ticks, ticktext=texts, range=ends),
        ),
    }


def layers(theme: Theme, shares: Array, values: Array, *, title: str, key: str) -> Figure:
    """How much of each eigenvector (k) lies in each layer (L): shares (L, k) as bars from 0 to 1."""
    names = [f"λ<sub>{i}</sub> = {significant(value, 3)}" for i, value in enumerate(values, 1)]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": names,
            "x": row,
            "name": f"layer {layer}",
            "customdata": [f"{share:.1%}" for share in row],
            "marker": {"color": theme.categorical[(layer - 1) % 8], "line": {"width": 1, "color": theme.background}},
            "hovertemplate": f"layer {layer}: %{{customdata}}<extra></extra>",
        }
        for layer, row in enumerate(shares, 1)
    ]
    text = " · ".join(coloured(f"layer {i}", theme.categorical_text[(i - 1) % 8], bold=True) for i in range(1, min(len(shares), 8) + 1))
    return {
        "data": traces,
        "layout": layout(
            theme,
            "plot",
            title,
            f"{text} · {key}",
            height="side",
            barmode="stack",
            bargap=0.35,
            xaxis=axis(theme, "share of the eigenvector", range=[0, 1], tickformat=".0%", zeroline=False),
            yaxis=axis(theme, "", autorange="reversed", showgrid=False, nticks=20),
        ),
    }


# ------------------------------------------------------------------------------------------------------- descent along eigenvectors


def factors(theme: Theme, values: Array, predicted: Array, observed: Array, rate: float, *, title: str, key: str) -> Figure:
    """The factor a step along each eigenvector: the line |1 − αλ|, and what real steps of gradient descent did."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    margin = 0.06 * (high - low) or 1.0
    ends = [low - margin, high + margin]
    kink = 1 / rate if rate > 0 else np.inf
    x = np.unique(np.append(np.linspace(ends[0], ends[1], 101), np.clip(kink, ends[0], ends[1])))
    top = max(1.5, 1.1 * float(np.nanmax(np.concatenate([predicted, np.where(np.isfinite(observed), observed, np.nan)]))))
    shapes = [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": 1,
            "y1": top,
            "layer": "below",
            "line": {"width": 0},
            "fillcolor": mix(theme.background, theme.sign["minus"], 0.08),
        }
    ]
    notes: list[dict[str, Any]] = [
        {"xref": "paper", "x": 0.5, "y": 1, "text": text, "xanchor": "center", "yshift": shift, "font": {"size": 12, "color": theme.muted}}
        for text, shift in (("grows", 10), ("dies out", -10))
    ]
    if ends[0] < 2 / rate < ends[1] if rate > 0 else False:
        shapes.append(
            {
                "type": "line",
                "x0": 2 / rate,
                "x1": 2 / rate,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"width": 1.25, "dash": "2px,3px", "color": theme.muted},
            }
        )
        notes.append({"x": 2 / rate, "yref": "paper", "y": 0.97, "text": "2/α", "xanchor": "right", "xshift": -6})
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": np.abs(1 - rate * x),
                "line": {"width": 2, "color": theme.muted},
                "hoverinfo": "skip",
                "name": "predicted",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": values,
                "y": np.minimum(observed, 10 * top),
                "name": "observed",
                "customdata": predicted,
                "marker": {"size": 10, "color": theme.symbols["eta"], "line": {"width": 2, "color": theme.halo}},
                "hovertemplate": "λ = %{x:.6g}<br>observed %{y:.6g}<br>predicted %{customdata:.6g}<extra></extra>",
            },
        ],
        "layout": layout(
            theme,
            "plot",
            title,
            key,
            height="contour",
            hovermode="closest",
            shapes=shapes,
            annotations=notes,
            xaxis=axis(theme, "eigenvalue λ", range=ends, zeroline=True),
            yaxis=axis(theme, "factor a step", range=[0, top], zeroline=False),
        ),
    }


def errors(theme: Theme, values: Array, distance: Array, *, title: str, key: str) -> Figure:
    """The size of an error along each eigenvector (k) over real steps, (steps + 1, k), on a log axis."""
    lines = [
        (f"λ = {significant(value, 3)}", np.abs(distance[:, i]), theme.categorical[i % 8], theme.categorical_text[i % 8], "solid")
        for i, value in enumerate(values)
    ]
    figure = log_lines(theme, title, key, "|error|, in units of its start", "step", lines, 500)
    figure["layout"]["margin"] |= {"r": 104}
    return figure


# -------------------------------------------------------------------------------------------------------------- edge of stability


def edge(theme: Theme, found: EdgeRuns, *, title: str, key: str, height: int = 600) -> Figure:
    """Above, the sharpness of each run with its 2/α; below, its cost; the moments of edge, catapult and divergence marked."""
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    steps = np.arange(len(found.cost))
    every = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 600)).round().astype(int))
    limits = 2 / found.learning_rate
    known = found.sharpness[np.isfinite(found.sharpness)]
    positive = np.concatenate([known[known > 0], limits])
    low, high = float(positive.min()) / 1.5, min(float(positive.max()), 50 * float(np.median(positive))) * 1.5
    costs = found.cost[np.isfinite(found.cost) & (found.cost > 0)]
    bottom, top = (float(costs.min()), min(float(costs.max()), 1e3 * float(found.cost[0].max()))) if costs.size else (0.1, 1.0)
    for i, rate in enumerate(found.learning_rate):
        look = {"width": 2.25, "color": theme.categorical[i]}
        name = f"α = {significant(rate)}"
        traces += [
            _line(
                found.step, _positive(found.sharpness[:, i]), look, "", f"{name}<br>step %{{x}}: λ_max = %{{y:.4g}}", f"{name}, sharpness"
            ),
            _line(
                np.array([0, steps[-1]]),
                np.full(2, limits[i]),
                look | {"width": 1.25, "dash": "2px,3px"},
                "",
                f"{name}: 2/α = %{{y:.4g}}",
                f"{name}, 2/α",
            ),
            _line(
                every,
                _positive(found.cost[every, i]),
                look | {"width": 1.75},
                "2",
                f"{name}<br>step %{{x}}: C = %{{y:.4g}}",
                f"{name}, cost",
            ),
        ]
        text = {"size": 13, "weight": 600, "color": theme.categorical_text[i]}
        notes.append(
            {
                "xref": "x domain",
                "x": 1,
                "y": float(np.log10(limits[i])),
                "text": f"2/{significant(rate, 3)}",
                "font": text,
                "xanchor": "left",
                "xshift": 8,
            }
        )
        traces += _moments(theme, found, i, top)
    sharp, cost = log_ticks(10 ** np.floor(np.log10(low)), 10 ** np.ceil(np.log10(high))), log_ticks(bottom / 2, top * 2)
    return {
        "data": traces,
        "layout": layout(
            theme,
            "labelled",
            title,
            key,
            height=height,
            hovermode="closest",
            annotations=_spread(notes, low, high),
            xaxis=axis(theme, "", range=[0, int(steps[-1]) or 1], showticklabels=False, zeroline=False, anchor="y"),
            xaxis2=axis(theme, "step", range=[0, int(steps[-1]) or 1], zeroline=False, anchor="y2", matches="x"),
            yaxis=axis(theme, "sharpness λ_max", type="log", range=[np.log10(low), np.log10(high)], domain=[0.42, 1], **sharp),
            yaxis2=axis(theme, "C", type="log", range=[np.log10(bottom / 1.5), np.log10(top * 1.5)], domain=[0, 0.37], **cost),
        ),
    }


def _positive(values: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _line(x: NDArray[Any], y: Array, look: dict[str, Any], panel: str, hover: str, name: str) -> dict[str, Any]:
    place = {"xaxis": f"x{panel}", "yaxis": f"y{panel}"}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": look,
        "name": name,
        "hovertemplate": f"{hover}<extra></extra>",
    } | place


def _moments(theme: Theme, found: EdgeRuns, i: int, top: float) -> list[dict[str, Any]]:
    """A ring where the run met its edge, a star at the top of a catapult, a cross where it diverged."""
    made = []
    at = int(found.edge.reached_at[i])
    if at >= 0:
        made.append(("circle-open", found.step[at], found.sharpness[at, i], "", "met its edge"))
    up, lost = int(found.edge.catapult_at[i]), int(found.edge.diverged_at[i])
    if up >= 0:
        made.append(("star", up, found.cost[up, i], "2", "catapult"))
    if lost >= 0:
        with np.errstate(all="ignore"):
            leaves = int(np.argmax(~(found.cost[:, i] <= top)))
        made.append(("x", leaves, top, "2", "diverges: leaves the picture at"))
    rate = significant(found.learning_rate[i])
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [int(x)],
            "y": [float(y)],
            "xaxis": f"x{panel}",
            "yaxis": f"y{panel}",
            "name": f"{rate}, {word}",
            "marker": {"symbol": symbol, "size": 12, "color": theme.categorical[i], "line": {"width": 2, "color": theme.categorical[i]}},
            "cliponaxis": False,
            "hovertemplate": f"α = {rate} {word}<br>step %{{x}}: %{{y:.4g}}<extra></extra>",
        }
        for symbol, x, y, panel, word in made
    ]


def _spread(notes: Sequence[dict[str, Any]], low: float, high: float) -> list[dict[str, Any]]:
    """Labels at the right end, each at least 18 px above the one before."""
    gap = 18 / 285 * (np.log10(high) - np.log10(low))
    placed: list[dict[str, Any]] = []
    for note in sorted(notes, key=lambda note: note["y"]):
        y = max(note["y"], placed[-1]["y"] + gap) if placed else note["y"]
        placed.append(note | {"y": float(y)})
    return placed


# ------------------------------------------------------------------------------------------------------------ flat and sharp minima


def by_batch(theme: Theme, batches: Sequence[str], sharpness: Array, *, title: str, key: str) -> Figure:
    """The sharpness of where runs ended, a dot for each seed (batches, seeds), a line through the geometric means."""
    ticks, texts, ends = decades(sharpness.ravel())
    x = np.arange(len(batches), dtype=float)
    with np.errstate(all="ignore"):
        logs = np.where(np.isfinite(sharpness) & (sharpness > 0), np.log10(np.maximum(sharpness, 1e-300)), np.nan)
        known = np.isfinite(logs)
        means = np.where(known.any(axis=1), np.where(known, logs, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)
    told = [f"batch {batch}" for batch in batches for _ in range(sharpness.shape[1])]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": 10**means,
                "line": {"width": 2, "color": theme.muted},
                "hoverinfo": "skip",
                "name": "mean",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": np.repeat(x, sharpness.shape[1]),
                "y": _positive(sharpness.ravel()),
                "text": told,
                "marker": {"size": 10, "color": theme.categorical[0], "line": {"width": 2, "color": theme.halo}},
                "hovertemplate": "%{text}<br>λ_max = %{y:.6g}<extra></extra>",
                "name": "seeds",
            },
        ],
        "layout": layout(
            theme,
            "plot",
            title,
            key,
            height="curve",
            hovermode="closest",
            xaxis=axis(theme, "batch size", tickvals=x.tolist(), ticktext=list(batches), range=[-0.4, len(batches) - 0.6], zeroline=False),
            yaxis=axis(theme, "sharpness λ_max", type="log", tickvals=ticks, ticktext=texts, range=ends),
        ),
    }
