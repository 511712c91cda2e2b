"""Runs side by side: curves overlaid with the mean and spread over seeds, who won, and the cost over a growing learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.comparison import RateRange
from nnviz.core.runs import Run
from nnviz.figures.curves import apart
from nnviz.figures.log_lines import decades
from nnviz.figures.theme import Figure, Theme, axis, layout, mix
from nnviz.formulas.numbers import power_of_ten, significant

Array = NDArray[np.floating]
DASHES = ("solid", "5px,4px", "2px,3px", "8px,3px,2px,3px", "solid", "5px,4px")


def _series(run: Run, what: str, test: bool) -> Array:
    if what == "cost":
        return run.test_cost if test else run.train_cost
    return run.test_accuracy if test else run.train_accuracy


def _spread(runs: Sequence[Run], what: str, test: bool) -> tuple[Array, Array, Array]:
    """Mean, and mean less and plus one standard deviation over the seeds, at each snapshot; a cost in its logarithm, no score above 1."""
    values = np.stack([_series(run, what, test) for run in runs]).astype(float)
    with np.errstate(all="ignore"):
        told = np.log(values) if what == "cost" else values
        told = np.where(np.isfinite(told), told, np.nan)
        known = np.isfinite(told).all(axis=0)
        mean, deviation = told.mean(axis=0), told.std(axis=0)
        back = np.exp if what == "cost" else np.array
        most = np.inf if what == "cost" else 1.0  # no score is better
        lines = (mean, mean - deviation, np.minimum(mean + deviation, most))
        return tuple(np.where(known, back(line), np.nan) for line in lines)  # type: ignore[return-value]


def overlaid(runs: Sequence[Sequence[Run]], names: Sequence[str], what: str, test: bool, theme: Theme) -> Figure:
    """Cost (log) or score over the epochs, a line a setting with a band of one standard deviation over its seeds."""
    data: list[dict[str, Any]] = []
    ends: list[tuple[float, float, str, str]] = []
    everything = []
    for i, (name, some) in enumerate(zip(names, runs, strict=True)):
        epochs = some[0].epoch
        mean, low, high = _spread(some, what, test)
        everything.append(np.concatenate([low, high]))
        colour = theme.categorical[i % 8]
        if len(some) > 1:
            band = np.concatenate([high, low[::-1]])
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": np.concatenate([epochs, epochs[::-1]]),
                    "y": band,
                    "fill": "toself",
                    "line": {"width": 0},
                    "fillcolor": mix(colour, theme.background, 0.8),
                    "opacity": 0.5,
                    "hoverinfo": "skip",
                }
            )
        hover = f"{name}<br>epoch %{{x:.3g}}: %{{y:.6g}}<extra></extra>"
        line = {"color": colour, "width": 2.25, "dash": DASHES[i % len(DASHES)]}
        data.append({"type": "scatter", "mode": "lines", "name": name, "x": epochs, "y": mean, "line": line, "hovertemplate": hover})
        known = np.flatnonzero(np.isfinite(mean))
        if known.size:
            ends.append((float(mean[known[-1]]), float(epochs[known[-1]]), name, theme.categorical_text[i % 8]))
    values = np.concatenate(everything)
    ticks: dict[str, Any] = {"range": [None, 1.02]}
    if what == "cost":
        places, texts, span = decades(values)
        ticks = {"type": "log", "tickvals": places, "ticktext": texts, "range": span}
    part = "test" if test else "training"
    several = max(len(some) for some in runs) > 1
    last = max(float(some[0].epoch[-1]) for some in runs)
    return {
        "data": data,
        "layout": layout(
            theme,
            "labelled",
            f"{what[0].upper()}{what[1:]} on the {part} part",
            _key(what, several),
            height=420,
            margin={"l": 56, "r": 96, "t": 58, "b": 44},
            annotations=_ends(ends, ticks["range"] if what == "cost" else [float(np.nanmin(values, initial=1.0)), 1.02], what == "cost"),
            xaxis=axis(theme, "epoch", range=[0.0, last or 1.0]),
            yaxis=axis(theme, what, **ticks),
        ),
    }


def _key(what: str, several: bool) -> str:
    """What a line and a band stand for."""
    if what == "cost":
        return "line: geometric mean over the seeds · band: one standard deviation of the logarithm · log scale" if several else "log scale"
    return "line: mean over the seeds · band: one standard deviation" if several else "a line a run"


def _ends(ends: list[tuple[float, float, str, str]], span: list[float], log: bool) -> list[dict[str, Any]]:
    """Names at the lines' ends, moved apart by the height of a line; `span` is what the axis reaches over."""
    reach = span[1] - span[0]
    heights = [(np.log10(end[0]) if log else end[0]) - span[0] for end in ends]
    places = apart(heights, 18 / 318 * reach, reach)
    return [
        {"x": x, "y": float(span[0] + place), "text": name, "xanchor": "left", "xshift": 8, "font": {"color": colour}}
        for place, (_, x, name, colour) in zip(places, ends, strict=True)
    ]


def table(runs: Sequence[Sequence[Run]], names: Sequence[str], test: bool, score: str) -> tuple[list[list[str]], str]:
    """A row a setting, and the sentence that says which won and by how much."""
    rows, finals = [], []
    for name, some in zip(names, runs, strict=True):
        costs = np.array([_series(run, "cost", test)[-1] for run in some])
        scores = np.array([_series(run, score, test)[-1] for run in some])
        with np.errstate(all="ignore"):
            mean, spread = float(costs.mean()), float(costs.std())
            path = np.stack([_series(run, "cost", test) for run in some]).mean(axis=0)
        best = float(some[0].epoch[int(np.where(np.isfinite(path), path, np.inf).argmin())])
        diverged = sum(int(run.diverged_at) >= 0 for run in some)
        finals.append((mean if np.isfinite(mean) else np.inf, spread, name))
        noise = f" ± {significant(spread, 2)}" if len(some) > 1 else ""
        told = f"{significant(mean)}{noise}" if np.isfinite(mean) else "diverged"
        rows.append([name, str(len(some)), told, significant(float(scores.mean())), significant(best, 3), f"{diverged} of {len(some)}"])
    return rows, _verdict(sorted(finals), len(runs[0]), test)


def _verdict(finals: list[tuple[float, float, str]], seeds: int, test: bool) -> str:
    best = finals[0]
    part = "test" if test else "training"
    if not np.isfinite(best[0]):
        return "Every setting diverged."
    if len(finals) == 1:
        return f"**{best[2]}** ends at a {part} cost of {significant(best[0])}."
    second = finals[1]
    if not np.isfinite(second[0]):
        return f"**{best[2]}** won: all others diverged."
    lead, spread = second[0] - best[0], max(best[1], second[1])
    sure = "more than" if lead > spread else "less than"
    noise = f", {sure} the spread over {seeds} seeds ({significant(spread, 2)})" if seeds > 1 else ""
    return f"**{best[2]}** won: its final {part} cost is {significant(lead, 3)} below that of {second[2]}{noise}."


def rates(found: RateRange, current: float, theme: Theme) -> Figure:
    """The cost after each step while the learning rate grows; the suggested and the present rate marked."""
    with np.errstate(all="ignore"):
        known = np.isfinite(found.cost) & (
            found.cost < 1e3 * max(float(np.nanmin(np.where(np.isfinite(found.cost), found.cost, np.nan))), 1e-12)
        )
    x = np.log10(found.rate)
    # The fall is what is looked for: a cost that jumps up at large rates would press it to the floor.
    top = 1.05 * min(float(found.cost[known].max()), 2 * float(found.smoothed[known][0])) if known.any() else 1.0
    lines = [("cost", found.cost, theme.symbols["cost"], 1.0), ("smoothed", found.smoothed, theme.categorical[1], 2.5)]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": found.rate[known],
            "y": values[known],
            "line": {"color": colour, "width": width},
            "hovertemplate": f"{name}<br>rate %{{x:.3g}}: %{{y:.6g}}<extra></extra>",
        }
        for name, values, colour, width in lines
    ]
    exponents = range(int(np.floor(x[0])), int(np.ceil(x[-1])) + 1)
    marks, words = [], []
    for name, rate, other, dash in (("suggested", found.suggested, current, "solid"), ("now", current, found.suggested, "2px,3px")):
        right = rate > other or (rate == other and name == "now")  # each name stands on the side where the other mark is not
        marks.append(
            {
                "type": "line",
                "x0": rate,
                "x1": rate,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": theme.symbols["eta"], "width": 1.5, "dash": dash},
            }
        )
        words.append(
            {
                "x": float(np.log10(rate)),
                "yref": "paper",
                "y": 1.0,
                "text": f"{name} {significant(rate, 3)}",
                "xanchor": "left" if right else "right",
                "xshift": 6 if right else -6,
                "font": {"color": theme.symbols["eta"]},
            }
        )
    rest = "" if known.all() else " · beyond, the cost is not finite or a thousand times its least"
    return {
        "data": data,
        "layout": layout(
            theme,
            "plot",
            "Cost while the rate grows",
            f"thin: the cost after each step · thick: smoothed{rest}",
            height=420,
            shapes=marks,
            annotations=words,
            xaxis=axis(
                theme,
                "learning rate η",
                type="log",
                tickvals=[10.0**e for e in exponents],
                ticktext=[power_of_ten(e) for e in exponents],
                range=[float(x[0]), float(x[-1])],
            ),
            yaxis=axis(theme, "cost", range=[0.0, top]),
        ),
    }
