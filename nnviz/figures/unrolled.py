"""A recurrent network unrolled: one column a step, data flowing forward in time, δ flowing back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.far_gradient import flows
from nnviz.core.recurrent import RecurrentCost, ThroughTime
from nnviz.figures.animation import animate
from nnviz.figures.theme import Figure, Theme, coloured, layout, signed_colour, symbol
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]
ENDS = 4  # columns drawn at either end; what lies between is "…"
MOST_UNITS, MOST_FEATURES = 6, 3  # circles drawn in a layer
HIDDEN, OUTPUT = 2.0, 4.0  # heights; the inputs are at 0
UNIT, ASIDE = 0.36, 0.15  # between two units; of h to the left and δ to the right
FORWARD, BACK = "forward", "back"


@dataclass(frozen=True)
class Stop:
    """A stop of the player: which way data flows, and the step it has reached (counted from 0); the first stop has none."""

    way: str
    step: int


def shown_steps(T: int) -> list[int]:
    """The steps that have a column: all, or the first and the last few.

    Examples
    --------
    >>> shown_steps(5), shown_steps(40)
    ([0, 1, 2, 3, 4], [0, 1, 2, 3, 36, 37, 38, 39])
    """
    return list(range(T)) if T <= 2 * ENDS else [*range(ENDS), *range(T - ENDS, T)]


def stops(T: int) -> list[Stop]:
    """The stops: before anything, each column forward, each column back."""
    steps = shown_steps(T)
    return [Stop(FORWARD, -1), *(Stop(FORWARD, t) for t in steps), *(Stop(BACK, t) for t in reversed(steps))]


def stop_labels(T: int) -> list[str]:
    """What happens at each stop."""
    return ["before the first input"] + [
        f"data forward, t = {s.step + 1}" if s.way == FORWARD else f"δ back, t = {s.step + 1}" for s in stops(T)[1:]
    ]


def stop_frames(T: int) -> list[int]:
    """The frame of each stop: between two of them is one in which the tokens are under way."""
    return [2 * index for index in range(len(stops(T)))]


def unrolled(cost: RecurrentCost, back: ThroughTime, theme: Theme) -> Figure:
    """The unrolled graph of the first sample, with a frame for each stop and one between any two."""
    drawn = _Columns(cost, back, theme)
    steps = shown_steps(len(back.delta))
    base = [*drawn.static(), *drawn.moving(len(steps), len(steps), [])]
    first = len(base) - len(DYNAMIC)
    frames = [{first + i: trace for i, trace in enumerate(map(_changing, drawn.moving(*state)))} for state in drawn.states()]
    across = [drawn.x[steps[-1]] + 0.75, -0.85]
    key = (
        f"a column a step · {symbol(theme, 'x')} in, {symbol(theme, 'a')} = hidden state h, {symbol(theme, 'y')} out; beside each unit its "
        f"{symbol(theme, 'delta')} · blue +, orange −, number: ‖δₜ‖"
    )
    if cost.network.hidden > MOST_UNITS:
        key += f" · the first {MOST_UNITS} of {cost.network.hidden} units"
    if cost.truncation is not None:
        key += f" · δ stops every {cost.truncation} steps"
    figure = {
        "data": base,
        "layout": layout(
            theme,
            "graph",
            "The network unrolled in time",
            key,
            height=470,
            annotations=drawn.gap(),
            xaxis={"visible": False, "fixedrange": True, "range": [across[1], across[0]]},
            yaxis={"visible": False, "fixedrange": True, "range": [-1.25, OUTPUT + 0.6]},
            hovermode="closest",
        ),
    }
    return animate(figure, frames)


DYNAMIC = ("lit", "h", "y", "delta", "size", "tokens")


def _changing(trace: dict[str, Any]) -> dict[str, Any]:
    """What a frame has to say of a trace."""
    return {name: trace[name] for name in ("x", "y", "marker", "text") if name in trace and (name != "text" or trace["mode"] == "text")}


class _Columns:
    """Where everything stands, and the traces of a state: how many columns data has reached, how many δ."""

    def __init__(self, cost: RecurrentCost, back: ThroughTime, theme: Theme) -> None:
        self.cost, self.theme = cost, theme
        self.steps = shown_steps(len(back.delta))
        gap = 0 if len(back.delta) <= 2 * ENDS else 1
        self.x = {t: k + (gap if t >= len(back.delta) - ENDS and gap else 0) for k, t in enumerate(self.steps)}
        self.values = {
            "x": back.X[:, :MOST_FEATURES, 0],
            "h": back.unrolled.h[1:, :MOST_UNITS, 0],
            "y": back.unrolled.output[:, :MOST_FEATURES, 0],
            "delta": back.delta[:, :MOST_UNITS, 0],
        }
        with np.errstate(all="ignore"):
            self.size = np.sqrt((back.delta[:, :, 0] ** 2).sum(axis=1))
        self.largest = {name: _largest(values[self.steps]) for name, values in self.values.items()}

    def heights(self, name: str) -> Array:
        """Where the circles of a layer stand, the first one on top."""
        count = self.values[name].shape[1]
        middle = {"x": 0.0, "h": HIDDEN, "delta": HIDDEN, "y": OUTPUT}[name]
        return middle + UNIT * ((count - 1) / 2 - np.arange(count))

    def circles(self, name: str, reached: set[int], size: float) -> dict[str, Any]:
        """A layer in all columns; what is not reached yet is empty."""
        heights = self.heights(name)
        aside = {"h": -ASIDE, "delta": ASIDE}.get(name, 0.0)
        colour = self.theme.symbols[{"h": "a"}.get(name, name)]
        fills, texts = [], []
        for t in self.steps:
            for unit, value in enumerate(self.values[name][t].tolist()):
                fills.append(signed_colour(self.theme, value, self.largest[name]) if t in reached else self.theme.background)
                texts.append(f"{ {'delta': 'δ'}.get(name, name) }, t = {t + 1}, unit {unit + 1}<br>{significant(value, 6)}")
        rims = [colour if t in reached else self.theme.rule for t in self.steps for _ in heights]
        return {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": [round(self.x[t] + aside, 3) for t in self.steps for _ in heights],
            "y": [round(float(h), 3) for _ in self.steps for h in heights],
            "marker": {"size": size, "color": fills, "line": {"color": rims, "width": 1.5}, "opacity": 1},
            "text": texts,
            "hovertemplate": "%{text}<extra></extra>",
        }

    def static(self) -> list[dict[str, Any]]:
        """All edges and the inputs."""
        lines = [segment for t in self.steps for segment in self.edges(t, FORWARD)]
        edges = _lines(lines) | {"name": "edges", "line": {"color": self.theme.rule, "width": 1.5}}
        return [edges, self.heads(lines), self.circles("x", set(self.steps), 17), self.words()]

    def heads(self, segments: list[tuple[float, float, float, float]]) -> dict[str, Any]:
        """The arrow heads at the ends of edges."""
        shapes = ["triangle-up" if x0 == x1 else "triangle-right" for x0, _, x1, _ in segments]
        return {
            "type": "scatter",
            "mode": "markers",
            "name": "heads",
            "x": [round(x1, 3) for _, _, x1, _ in segments],
            "y": [round(y1, 3) for *_, y1 in segments],
            "marker": {"symbol": shapes, "size": 7, "color": self.theme.zero},
            "hoverinfo": "skip",
        }

    def edges(self, t: int, way: str) -> list[tuple[float, float, float, float]]:
        """The edges that end in a step's hidden state and output, going forward; that end in its δ, going back."""
        x = self.x[t]
        top, bottom = float(self.heights("h")[0]) + 0.25, float(self.heights("h")[-1]) - 0.25
        out = (x, top, x, float(self.heights("y")[-1]) - 0.25)
        if way == FORWARD:
            into = (x, float(self.heights("x")[0]) + 0.25, x, bottom)
            return [into, out] + ([(self.before(t) + 0.32, HIDDEN, x - 0.32, HIDDEN)] if t else [])
        later = [s for s in self.steps if s > t]
        reaches = bool(later) and flows(self.cost, t + 1)
        return [out[2:] + out[:2]] + ([(self.x[later[0]] - 0.32, HIDDEN, x + 0.32, HIDDEN)] if reaches else [])

    def before(self, t: int) -> float:
        """Where the column before a step's stands."""
        return self.x[self.steps[self.steps.index(t) - 1]]

    def states(self) -> Iterator[tuple[int, int, list[tuple[float, float, float, float]]]]:
        """What each frame shows: columns reached by data, by δ, and the edges on which tokens are under way."""
        yield 0, 0, []
        for k, t in enumerate(self.steps):
            yield k, 0, self.edges(t, FORWARD)
            yield k + 1, 0, []
        for k, t in enumerate(reversed(self.steps)):
            yield len(self.steps), k, self.edges(t, BACK)
            yield len(self.steps), k + 1, []

    def moving(self, forward: int, back: int, under_way: list[tuple[float, float, float, float]]) -> list[dict[str, Any]]:
        """The traces that change, in the order of `DYNAMIC`."""
        reached, felt = set(self.steps[:forward]), set(self.steps[len(self.steps) - back :])
        going_back = back > 0 or (forward == len(self.steps) and bool(under_way))
        colour = self.theme.symbols["delta" if going_back else "x"]
        tokens = [(x0 + 0.6 * (x1 - x0), y0 + 0.6 * (y1 - y0)) for x0, y0, x1, y1 in under_way]
        sizes = [significant(float(self.size[t]), 2) if t in felt else "" for t in self.steps]
        return [
            _lines(under_way) | {"name": "lit", "line": {"color": colour, "width": 3}, "marker": {"color": colour}},
            self.circles("h", reached, 18),
            self.circles("y", reached, 17),
            self.circles("delta", felt, 13),
            {
                "type": "scatter",
                "mode": "text",
                "name": "size",
                "x": [self.x[t] for t in self.steps],
                "y": [-0.95] * len(self.steps),
                "text": sizes,
                "textfont": {"size": 12, "color": self.theme.symbols["delta"]},
                "hoverinfo": "skip",
                "cliponaxis": False,
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": "tokens",
                "x": [round(x, 3) for x, _ in tokens],
                "y": [round(y, 3) for _, y in tokens],
                "marker": {"size": 13, "color": colour, "line": {"color": self.theme.halo, "width": 3}},
                "hoverinfo": "skip",
            },
        ]

    def words(self) -> dict[str, Any]:
        """The steps under their columns, the layers' names at the left, the weights at their edges: one trace, annotations draw slowly."""
        muted, of_w = self.theme.muted, self.theme.symbols["w"]
        spots: list[tuple[float, float, str, str, int, str]] = []
        for t in self.steps:
            spots.append((self.x[t], -0.6, f"t = {t + 1}" if t == self.steps[0] else str(t + 1), "middle center", 12, muted))
        spots += [
            (-0.8, 0.0, symbol(self.theme, "x"), "middle right", 16, muted),
            (-0.8, HIDDEN, coloured("<i>h</i>", self.theme.symbols["a"]), "middle right", 16, muted),
            (-0.8, OUTPUT, symbol(self.theme, "y"), "middle right", 16, muted),
            (0.07, 0.55, "<i>W<sub>xh</sub></i>", "middle right", 13, of_w),
            (0.5, float(self.heights("h")[0]) + 0.35, "<i>W<sub>hh</sub></i>", "middle center", 13, of_w),
            (0.07, 3.5, "<i>W<sub>hy</sub></i>", "middle right", 13, of_w),
        ]
        x, y, texts, places, sizes, inks = map(list, zip(*spots, strict=True))
        return {
            "type": "scatter",
            "mode": "text",
            "name": "words",
            "x": x,
            "y": y,
            "text": texts,
            "textposition": places,
            "textfont": {"size": sizes, "color": inks},
            "hoverinfo": "skip",
            "cliponaxis": False,
        }

    def gap(self) -> list[dict[str, Any]]:
        """Three dots where steps are left out."""
        if max(self.x.values()) < len(self.steps):
            return []
        return [{"x": ENDS, "y": HIDDEN, "text": "…", "font": {"size": 22, "color": self.theme.muted}, "bgcolor": self.theme.background}]


def _largest(values: Array) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def _lines(segments: list[tuple[float, float, float, float]]) -> dict[str, Any]:
    """Separate segments as one trace."""
    x = [value for x0, _, x1, _ in segments for value in (round(x0, 3), round(x1, 3), None)]
    y = [value for _, y0, _, y1 in segments for value in (round(y0, 3), round(y1, 3), None)]
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip"}
