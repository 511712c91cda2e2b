"""The maps of a descent: the value reached at each learning rate, and which minimum is reached from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.maps import Basins
from nnviz.core.minima import NOWHERE
from nnviz.core.summary import ending
from nnviz.core.sweep import Map
from nnviz.figures.landscapes import CLICKS, LABEL_GAP, UNSEEN, Path
from nnviz.figures.log_lines import log_ticks
from nnviz.figures.theme import HEIGHTS, LIGHT, MARGINS, Figure, Theme, axis, layout, mix
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]

FLOOR = 1e-12
INNER = HEIGHTS["contour"] - MARGINS["labelled"][2] - MARGINS["labelled"][3]  # px of the plot
GAP = 8  # px between the plot and the bars over it
LOOKS = len(LIGHT.categorical)  # minima with a colour of their own
DIVERGED_TEXT = "diverged: not finite, beyond 10 × the bounds, or above 1,000 × the start"


def rates(
    theme: Theme,
    found: Map,
    paths: Sequence[Path],
    limits: Mapping[str, tuple[float, int]],
    chosen: Sequence[float],
    lowest: float,
    *,
    title: str,
    key: str,
) -> Figure:
    """The value after the last step over the learning rate, a line an optimiser; where it diverged, a bar on top.

    Parameters
    ----------
    found : a sweep by `rate_sweep`
    limits : what stands at a limit → (the rate, the look of its optimiser)
    chosen : the rate at which each optimiser runs now
    lowest : the value from which heights are counted
    """
    swept = found.sweep.x.numbers
    heights = np.where(found.diverged, np.nan, found.results["cost"] - lowest)
    known = heights[np.isfinite(heights) & (heights > 0)]
    low = 10.0 ** np.floor(np.log10(max(known.min(initial=1.0), FLOOR)))
    high = 10.0 ** np.ceil(np.log10(max(known.max(initial=1.0), 10 * low)))
    floor = low * 1e-3 if known.size else low  # lines leave the picture; where all are at the lowest, they lie on its edge
    bars, top = _bars(low, high, len(paths))
    traces: list[dict[str, Any]] = []
    for place, path in enumerate(paths):
        traces += _rate_curve(theme, swept, heights[place], found.diverged[place], path, floor, bars[place])
    traces.append(_chosen(theme, swept, heights, paths, chosen, low))
    x_ends = [float(np.log10(swept[0])), float(np.log10(swept[-1]))]
    rows = {path.look: float(np.log10(bar)) for path, bar in zip(paths, bars, strict=True)}
    shapes, words = _limits(theme, limits, x_ends, low, top, rows)
    made = layout(
        theme, "labelled", title, key, height="contour", shapes=shapes, annotations=words + _names(theme, paths, rows),
        xaxis=axis(theme, "learning rate", type="log", range=x_ends, zeroline=False) | log_ticks(swept[0], swept[-1]),
        yaxis=axis(theme, "f − lowest, after the last step", type="log", range=[float(np.log10(low)), float(np.log10(top))], zeroline=False)
        | log_ticks(low, high),
    )  # fmt: skip
    return {"data": traces, "layout": made}


def _bars(low: float, high: float, count: int) -> tuple[list[float], float]:
    """Where the bars on top stand, LABEL_GAP px apart so that a name fits beside each, and the upper end of the axis."""
    zone = LABEL_GAP * count + GAP
    pixel = np.log10(high / low) / (INNER - zone)
    return [high * 10 ** (pixel * (GAP + LABEL_GAP * (place + 0.5))) for place in range(count)], high * 10 ** (pixel * zone)


def _rate_curve(
    theme: Theme, rates: Array, heights: Array, diverged: NDArray[np.bool_], path: Path, floor: float, bar: float
) -> list[dict[str, Any]]:
    colour = theme.categorical[path.look]
    drawn = np.where(np.isfinite(heights), np.maximum(heights, floor), np.nan)
    told = f"<b>{path.name}</b><br>rate %{{x:.4g}}<br>"
    line = {"type": "scatter", "mode": "lines", "x": rates.astype(np.float32), "y": drawn.astype(np.float32), "name": path.name}
    return [
        line | {"line": {"width": 2.25, "color": colour}, "hovertemplate": told + "height %{y:.6g}<extra></extra>"},
        line
        | {
            "y": np.where(diverged, bar, np.nan).astype(np.float32),
            "line": {"width": 5, "color": mix(theme.background, colour, 0.75)},
            "hovertemplate": told + "diverged<extra></extra>",
            "name": f"{path.name}, diverged",
        },
    ]


def _chosen(theme: Theme, rates: Array, heights: Array, paths: Sequence[Path], chosen: Sequence[float], low: float) -> dict[str, Any]:
    """A ring where each optimiser stands now."""
    nearest = [int(np.abs(np.log(rates / rate)).argmin()) if rates[0] <= rate <= rates[-1] else -1 for rate in chosen]
    at = [(rates[n], max(heights[place, n], low)) if n >= 0 else (np.nan, np.nan) for place, n in enumerate(nearest)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _ in at],
        "y": [y for _, y in at],
        "marker": {"size": 10, "color": [theme.categorical[path.look] for path in paths], "line": {"width": 2, "color": theme.halo}},
        "hoverinfo": "skip",
        "name": "rates now",
    }


def _limits(
    theme: Theme, limits: Mapping[str, tuple[float, int]], ends: Sequence[float], low: float, top: float, rows: Mapping[int, float]
) -> tuple[list[Any], list[Any]]:
    """A dotted line at each limit, and what it is in the row of its run's bar, which in theory begins there."""
    shapes, words = [], []
    shown = sorted((rate, look, text) for text, (rate, look) in limits.items() if 10 ** ends[0] < rate < 10 ** ends[1])
    for rate, look, text in shown:
        line = {"width": 1.25, "dash": "2px,3px", "color": theme.categorical[look]}
        shapes.append({"type": "line", "x0": rate, "x1": rate, "y0": low, "y1": top, "line": line, "layer": "below"})
        x = float(np.log10(rate))
        left = x - ends[0] > 0.3 * (ends[1] - ends[0])
        place = {"x": x, "y": rows[look], "yanchor": "middle", "xanchor": "right" if left else "left", "xshift": -5 if left else 5}
        font = {"size": 12, "color": theme.categorical_text[look]}
        words.append({"text": f"{text} = {significant(rate, 3)}", "font": font, "bgcolor": theme.background, "borderpad": 0, **place})
    return shapes, words


def _names(theme: Theme, paths: Sequence[Path], rows: Mapping[int, float]) -> list[dict[str, Any]]:
    """Each name beside its bar on top."""
    made = []
    for path in paths:
        font = {"size": 13, "weight": 600, "color": theme.categorical_text[path.look]}
        place = {"x": 1, "xref": "x domain", "xanchor": "left", "xshift": 12, "y": rows[path.look], "yanchor": "middle"}
        made.append({"text": path.name, "font": font, **place})
    return made


def ending_colours(theme: Theme) -> list[str]:
    """The colours of runs by where they end: at no minimum (pale), diverged (ink), then a colour for each of the first eight minima.

    With these shares of ink colour-blind eyes tell the first four minima, pale and ink apart.
    """
    quiet = [mix(theme.background, theme.muted, 0.16), mix(theme.background, theme.text, 0.95)]
    return quiet + [mix(theme.background, colour, 0.8 if theme.name == "light" else 0.66) for colour in theme.categorical]


def ending_looks(reached: NDArray[np.integer]) -> NDArray[np.uint8]:
    """The place of each ending among `ending_colours`; from the ninth minimum on they begin anew."""
    return np.where(reached >= 0, 2 + reached % LOOKS, np.where(reached == NOWHERE, 0, 1)).astype(np.uint8)


def basins(theme: Theme, found: Basins, start: tuple[float, float], *, title: str, key: str) -> Figure:
    """Which minimum is reached from where: one colour a minimum, repeated from the ninth on; a grid over it can be clicked."""
    count = max(1, len(found.minima))
    colours = ending_colours(theme)
    scale = [[edge, colour] for i, colour in enumerate(colours) for edge in (i / len(colours), (i + 1) / len(colours))]
    picture = {
        "type": "heatmap",
        "x": found.x.astype(np.float32),
        "y": found.y.astype(np.float32),
        "z": ending_looks(found.reached),
        "zmin": -0.5,
        "zmax": len(colours) - 0.5,
        "colorscale": scale,
        "showscale": False,
        "hoverinfo": "skip",
        "name": "basins",
    }
    marks = {
        "type": "scatter",
        "mode": "markers+text" if count <= LOOKS else "markers",
        "x": found.minima[:, 0].astype(np.float32),
        "y": found.minima[:, 1].astype(np.float32),
        "text": [str(i + 1) for i in range(len(found.minima))],
        "textposition": "top right",
        "textfont": {"size": 13, "color": theme.text, "weight": 600},
        "marker": {"symbol": "cross-thin", "size": 11, "opacity": 1, "line": {"width": 1.5, "color": theme.text}},
        "hoverinfo": "skip",
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
        "name": "minima",
    }
    ring = {"symbol": "circle", "size": 12, "opacity": 1, "color": theme.background, "line": {"color": theme.text, "width": 2.5}}
    begins = marks | {"mode": "markers", "x": [start[0]], "y": [start[1]], "marker": ring, "name": "start"}
    span = (found.x[-1] - found.x[0]) / (found.y[-1] - found.y[0])
    aspect = {"scaleanchor": "x", "constraintoward": "top"} if 0.4 < span < 2.5 else {}
    made = layout(
        theme, "plot", title, key, height="contour", clickmode="event+select", hovermode="closest",
        xaxis=axis(theme, "x", showgrid=False, zeroline=False, constrain="domain", range=[float(found.x[0]), float(found.x[-1])]),
        yaxis=axis(theme, "y", showgrid=False, zeroline=False, constrain="domain", range=[float(found.y[0]), float(found.y[-1])], **aspect),
    )  # fmt: skip
    return {"data": [picture, _places(found), marks, begins], "layout": made}


def _places(found: Basins) -> dict[str, Any]:
    rows, columns = (np.unique(np.linspace(0, len(v) - 1, CLICKS).round().astype(int)) for v in (found.y, found.x))
    x, y = np.meshgrid(found.x[columns], found.y[rows])
    reached = found.reached[np.ix_(rows, columns)].ravel()
    return UNSEEN | {
        "x": x.ravel().astype(np.float32),
        "y": y.ravel().astype(np.float32),
        "text": [ending(int(code)) for code in reached],
        "hovertemplate": "start x = %{x:.4g}, y = %{y:.4g}<br>%{text}<extra></extra>",
        "name": "places",
    }


def basin_shares(reached: NDArray[np.integer], minima: Array) -> list[tuple[str, str, str]]:
    """A row for each ending: how it is called, where the minimum is, the share of the runs; the largest first."""
    rows = []
    for code, count in zip(*np.unique(reached, return_counts=True), strict=True):
        where = ", ".join(significant(number) for number in minima[code]) if code >= 0 else ""
        rows.append((count, ending(int(code)), where))
    return [(name, where, f"{count / reached.size:.1%}") for count, name, where in sorted(rows, key=lambda row: -row[0])]
