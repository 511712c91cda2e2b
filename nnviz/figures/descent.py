"""Runs over their steps: values, gradient norms and distances in panels under one guide, and what goes on inside one optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.figures.animation import animate
from nnviz.figures.curves import apart
from nnviz.figures.landscapes import LABEL_GAP, Path, head_marker
from nnviz.figures.log_lines import log_ticks
from nnviz.figures.theme import Figure, Theme, axis, layout
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]

FLOOR = 1e-10  # of a logarithmic axis
OVER = 1e3  # how far above the highest start a run may be drawn
INNER = 398  # px of the plot: 500 less its margins
NAME = 0.25  # of the plot's width: a name beside a line


@dataclass(frozen=True, eq=False)
class Panel:
    """One quantity of all runs over the steps: values (runs, steps+1)."""

    name: str
    values: Array
    share: float  # of the height
    logarithmic: bool = True


def scale(panel: Panel) -> tuple[float, float]:
    """The ends of a panel's axis, as values; powers of ten on a logarithmic one.

    Examples
    --------
    >>> scale(Panel("f", np.array([[1.0, 0.1, 1e-30]]), 1.0))
    (1e-10, 1.0)
    >>> scale(Panel("f", np.array([[80.0, 28.0]]), 1.0))
    (10.0, 100.0)
    """
    values = np.where(np.isfinite(panel.values), panel.values, np.nan)
    starts = values[:, 0][np.isfinite(values[:, 0])]
    if panel.logarithmic:
        positive = values[values > 0]
        least = float(positive.min()) if positive.size else 1.0
        top = min(positive.max(initial=FLOOR), max(starts.max(initial=0.0), least) * OVER)
        bottom = max(least, FLOOR)
        upper = int(np.ceil(np.log10(max(top, 10 * FLOOR)) - 1e-9))
        lower = int(np.floor(np.log10(bottom) + 1e-9))
        return 10.0 ** min(lower, upper - 1), 10.0**upper
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    spread = max(float(np.ptp(starts)), abs(float(starts.max(initial=1.0))), 1.0) * 100
    low, high = (
        max(float(known.min()), float(starts.min(initial=0.0)) - spread),
        min(float(known.max()), float(starts.max(initial=0.0)) + spread),
    )
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


def panels(
    theme: Theme,
    shown: Sequence[Panel],
    paths: Sequence[Path],
    frames: ArrayLike,
    *,
    title: str,
    key: str,
    steps: ArrayLike | None = None,
    height: int = 500,
) -> Figure:
    """Panels one above the other over the same steps; a guide and one marker a run move with the frames.

    Parameters
    ----------
    shown : each with values (runs, steps+1), a row for each path
    paths : names and looks of the runs
    frames : which of the values each frame stands at
    steps : (steps+1,), the true step of each value; 0, 1, 2, … where it is left out
    """
    frames = np.asarray(frames, dtype=int)
    x = np.arange(shown[0].values.shape[1], dtype=float) if steps is None else np.asarray(steps, dtype=float)
    scales = [scale(panel) for panel in shown]
    domains = _domains([panel.share for panel in shown])
    traces: list[dict[str, Any]] = []
    for row, panel in enumerate(shown, start=1):
        on = ("x", _of("y", row))
        traces += [_curve(theme, path, panel, scales[row - 1], x, values, on) for path, values in zip(paths, panel.values, strict=True)]
    first = len(traces)
    for row, (panel, ends) in enumerate(zip(shown, scales, strict=True), start=1):
        traces.append(_now(theme, paths, row) | _standing(panel, ends, int(x[frames[-1]]), int(frames[-1])))
    axes = {"xaxis": _steps_axis(theme, int(x[-1]), len(shown))}
    for row, (panel, ends, domain) in enumerate(zip(shown, scales, domains, strict=True), start=1):
        axes |= {_of("yaxis", row): _values_axis(theme, panel, ends, domain, "x")}
    figure: Figure = {
        "data": traces,
        "layout": layout(
            theme, "labelled", title, key, height=height, hovermode="closest",
            annotations=_end_labels(theme, paths, shown[0], scales[0], x, shown[0].share * INNER), **axes,
        ),
    }  # fmt: skip

    def change(place: int) -> dict[int, Any]:
        return {
            first + row: _standing(panel, ends, int(x[place]), place) for row, (panel, ends) in enumerate(zip(shown, scales, strict=True))
        }

    return animate(figure, (change(int(place)) for place in frames))


def _domains(shares: Sequence[float]) -> list[tuple[float, float]]:
    """Where each panel stands, the first on top, with gaps between them."""
    gap = 0.055
    room = (1 - gap * (len(shares) - 1)) / sum(shares)
    tops = [1 - sum(shares[:row]) * room - gap * row for row in range(len(shares))]
    return [(max(0.0, top - share * room), top) for top, share in zip(tops, shares, strict=True)]


def _of(letter: str, row: int) -> str:
    return letter if row == 1 else f"{letter}{row}"


def _drawn(values: Array, panel: Panel, ends: tuple[float, float]) -> NDArray[np.float32]:
    """Values as they are drawn: what is below or above the axis a little beyond its end, so that lines leave the picture there."""
    low, high = ends
    with np.errstate(all="ignore"):
        far = (low * 1e-3, high * 1e3) if panel.logarithmic else (low - 2 * (high - low), high + 2 * (high - low))
        return np.clip(np.where(np.isposinf(values), far[1], values), *far).astype(np.float32)


def _curve(
    theme: Theme, path: Path, panel: Panel, ends: tuple[float, float], x: Array, values: Array, axes: tuple[str, str]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        **({"x0": 0, "dx": 1} if x[-1] == len(x) - 1 else {"x": x}),
        "y": _drawn(values, panel, ends),
        "xaxis": axes[0],
        "yaxis": axes[1],
        "line": {"width": 2.25 if axes[1] == "y" else 1.75, "color": theme.categorical[path.look]},
        "hovertemplate": f"<b>{path.name}</b><br>step %{{x}}<br>{panel.name} = %{{y:.6g}}<extra></extra>",
        "name": f"{path.name}, {panel.name}",
    }


def _guide(theme: Theme, ends: tuple[float, float], step: int, row: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [step, step],
        "y": list(ends),
        "xaxis": _of("x", row),
        "yaxis": _of("y", row),
        "line": {"width": 1.25, "dash": "2px,3px", "color": theme.muted},
        "hoverinfo": "skip",
        "name": f"guide {row}",
    }


def _now(theme: Theme, paths: Sequence[Path], row: int) -> dict[str, Any]:
    """The guide and a marker a run as one trace: the line's two ends, then the markers with gaps between them."""
    marker = head_marker(theme, paths)
    share = 0.75 if row == 1 else 0.55

    def spread(of_ends: Any, values: Sequence[Any]) -> list[Any]:
        return [of_ends, of_ends, *(part for value in values for part in (of_ends, value))]

    looks = {"symbol": spread("circle", marker["symbol"]), "size": spread(0, [share * size for size in marker["size"]])}
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "xaxis": "x",
        "yaxis": _of("y", row),
        "line": {"width": 1.25, "dash": "2px,3px", "color": theme.muted},
        "marker": marker
        | looks
        | {"color": spread(theme.muted, marker["color"]), "line": {"color": theme.halo, "width": spread(0, [2] * len(paths))}},
        "hoverinfo": "skip",
        "name": f"now {row}",
    }


def _standing(panel: Panel, ends: tuple[float, float], step: int, place: int) -> dict[str, Any]:
    """Where `_now` stands at a step."""
    drawn = _drawn(panel.values[:, place], panel, ends)
    y = np.full(2 + 2 * len(drawn), np.nan, dtype=np.float32)
    y[:2], y[3::2] = ends, drawn
    return {"x": np.full(len(y), step, dtype=np.int32), "y": y}


def _steps_axis(theme: Theme, last: int, row: int, **more: Any) -> dict[str, Any]:
    """The steps, below the panel of that row: one axis for all panels, since each costs a few milliseconds whenever the figure is drawn."""
    return axis(theme, "step", range=[0, last], anchor=_of("y", row), zeroline=False, **more)


def _values_axis(theme: Theme, panel: Panel, ends: tuple[float, float], domain: tuple[float, float], anchor: str) -> dict[str, Any]:
    ticks: dict[str, Any] = {"nticks": 4}
    if panel.logarithmic:
        ticks = log_ticks(*ends, most=6 if panel.share > 0.4 else 3) | {"type": "log", "range": [float(np.log10(end)) for end in ends]}
    else:
        ticks["range"] = list(ends)
    y = axis(theme, panel.name, domain=list(domain), anchor=anchor, zeroline=False, **ticks)
    y["title"]["standoff"] = 4
    return y


def _end_labels(
    theme: Theme, paths: Sequence[Path], panel: Panel, ends: tuple[float, float], x: Array, height: float
) -> list[dict[str, Any]]:
    """Names at the right end of the lines, moved apart; where a line leaves the axis before, there."""
    low, high = (float(v) for v in (np.log10(ends) if panel.logarithmic else ends))
    right: list[tuple[float, Path]] = []
    made: list[dict[str, Any]] = []
    taken: list[float] = []
    steps = int(x[-1])
    for path, values in zip(paths, panel.values, strict=True):
        with np.errstate(all="ignore"):
            drawn = np.log10(_drawn(values, panel, ends).astype(float)) if panel.logarithmic else _drawn(values, panel, ends).astype(float)
        place = (drawn - low) / (high - low)
        inside = (place >= 0) & (place <= 1)
        stays = inside[-1] or not inside.any()
        left = len(x) - 1 if stays else int(np.flatnonzero(inside)[-1])
        gone = int(x[left])
        if gone > (1 - NAME) * steps or not inside.any():
            last = place[-1] if np.isfinite(place[-1]) or not inside.any() else place[left]
            right.append((float(np.clip(np.nan_to_num(last, nan=1.0), 0, 1)), path))
            continue
        after, at = place[min(left + 1, len(x) - 1)], gone + 0.012 * steps
        if np.isnan(after):  # a line that stops within the axes is named where it stops
            made.append(_name(theme, path, x=at, y=low + float(place[left]) * (high - low), xanchor="left"))
            continue
        level = sum(abs(other - at) < NAME * steps for other in taken)
        taken.append(at)
        shift = (14 + LABEL_GAP * level) * (1 if after < 0 else -1)
        made.append(_name(theme, path, x=at, y=low if after < 0 else high, xanchor="left", yshift=shift))
    for y, (_, path) in zip(apart([y for y, _ in right], LABEL_GAP / height, 1.0), right, strict=True):
        made.append(_name(theme, path, x=1, xref="x domain", y=low + y * (high - low), xanchor="left", xshift=12))
    return made


def _name(theme: Theme, path: Path, **place: Any) -> dict[str, Any]:
    return {
        "text": path.name,
        "font": {"size": 13, "weight": 600, "color": theme.categorical_text[path.look], "shadow": theme.shadow},
        "yref": "y",
        **place,
    }


# ---------------------------------------------------------------------------------------------------------------- inside

WORDS = {  # quantity → how it is called in a figure
    "gradient": "−∇f",
    "velocity": "−v",
    "first_moment": "−m",
    "corrected_first": "−m̂",
    "step": "step Δθ",
}
DASHES = {"gradient": "solid", "velocity": "dash", "first_moment": "dash", "corrected_first": "solid", "step": "solid"}


def inside(theme: Theme, arrows: Mapping[str, Array], path: Path, frames: ArrayLike, *, title: str, key: str, height: int = 420) -> Figure:
    """What an optimiser looks at and does at each step: arrows from θ on the left, their lengths over all steps on the right.

    Parameters
    ----------
    arrows : name → (steps, 2), as `Anatomy.arrows`; those in the gradient's units share one scale at each step, the step has its own
    frames : the step of each frame; at the last one nothing follows, so its arrows are those of the step before
    """
    shown = np.minimum(np.asarray(frames, dtype=int), len(next(iter(arrows.values()))) - 1)
    names = list(arrows)
    inks = _inks(theme, path)
    with np.errstate(all="ignore"):
        norms = {name: np.linalg.norm(vectors, axis=1) for name, vectors in arrows.items()}
    shafts = {name: _unit(arrows, norms, name) for name in names}
    keys = {name: f"<b style='color:{inks[name]}'>{'– –' if DASHES[name] == 'dash' else '——'}</b>" for name in names}
    panel = Panel("length", np.stack([norms[name] for name in names]), 1.0)
    ends = scale(panel)
    traces: list[dict[str, Any]] = [_level_line(theme)]
    traces += [_arrow(name, inks[name]) for name in names]
    traces.append(_legend(theme, names))
    for name, values in norms.items():
        line = {"color": inks[name], "width": 2 if name == "step" else 1.5, "dash": DASHES[name]}
        traces.append(
            _curve(theme, path, panel, ends, np.arange(len(values), dtype=float), values, ("x2", "y2"))
            | {"line": line, "name": name, "hovertemplate": _told(name)}
        )
    traces.append(_guide(theme, ends, int(shown[-1]), 2))
    moving = [*range(2 + len(names)), len(traces) - 1]

    def change(step: int) -> dict[int, Any]:
        tips = [shafts[name][step] for name in names]
        across = _across(shafts["gradient"][step])
        parts: list[dict[str, Any]] = [{"x": across[:, 0], "y": across[:, 1]}]
        parts += [{"x": np.array([0, tip[0]], dtype=np.float32), "y": np.array([0, tip[1]], dtype=np.float32)} for tip in tips]
        parts.append({"text": [f"{keys[name]}\u2002{WORDS[name]}  {significant(norms[name][step])}" for name in names]})
        parts.append({"x": [step, step]})
        return dict(zip(moving, parts, strict=True))

    for place, part in change(int(shown[-1])).items():
        traces[place] |= part
    axes = {"xaxis2": _steps_axis(theme, panel.values.shape[1] - 1, 2, domain=[0.58, 1])}
    axes["yaxis2"] = _values_axis(theme, panel, ends, (0.0, 1.0), "x2")
    axes["xaxis"] = {"visible": False, "domain": [0, 0.46], "range": [-1.5, 1.5], "constrain": "domain", "constraintoward": "left"}
    axes["yaxis"] = {"visible": False, "range": [-1.45 - 0.3 * len(names), 1.3], "scaleanchor": "x", "constrain": "domain"}
    figure: Figure = {"data": traces, "layout": layout(theme, "plot", title, key, height=height, **axes)}
    return animate(figure, (change(int(step)) for step in shown))


def _inks(theme: Theme, path: Path) -> dict[str, str]:
    return {
        "gradient": theme.text,
        "velocity": theme.symbols["w"],
        "first_moment": theme.symbols["w"],
        "corrected_first": theme.symbols["w"],
        "step": theme.categorical[path.look],
    }


def _unit(arrows: Mapping[str, Array], norms: Mapping[str, Array], name: str) -> Array:
    """Arrows for drawing: at each step the longest of the gradient's kind has length 1; so has the step."""
    kind = [name] if name == "step" else [other for other in arrows if other != "step"]
    with np.errstate(all="ignore"):
        longest = np.max([np.nan_to_num(norms[other], nan=0.0, posinf=0.0) for other in kind], axis=0)
        shafts = arrows[name] / np.where(longest > 0, longest, 1.0)[:, None]
    return np.clip(np.nan_to_num(shafts, nan=0.0, posinf=0.0, neginf=0.0), -1, 1).astype(np.float32)


def _across(gradient: Array) -> Array:
    """Both ends of the level line through θ, at right angles to the gradient."""
    length = float(np.hypot(*gradient)) or 1.0
    side = np.array([-gradient[1], gradient[0]]) / length * 1.25
    return np.array([-side, side], dtype=np.float32)


def _level_line(theme: Theme) -> dict[str, Any]:
    line = {"width": 1.25, "color": theme.zero}
    return {"type": "scatter", "mode": "lines", "x": [0, 0], "y": [0, 0], "line": line, "hoverinfo": "skip", "name": "level line"}


def _arrow(name: str, ink: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [0, 0],
        "y": [0, 0],
        "line": {"width": 3 if name == "step" else 2, "color": ink, "dash": DASHES[name]},
        "marker": {"symbol": "arrow", "angleref": "previous", "size": [0, 13], "color": ink, "opacity": 1},
        "hoverinfo": "skip",
        "name": WORDS[name],
    }


def _rows(count: int) -> list[float]:
    return [-1.55 - 0.3 * row for row in range(count)]


def _legend(theme: Theme, names: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "x": [-1.4] * len(names),
        "y": _rows(len(names)),
        "text": list(names),
        "textposition": "middle right",
        "textfont": {"size": 13, "color": theme.text},
        "hoverinfo": "skip",
        "name": "lengths",
    }


def _told(name: str) -> str:
    return f"{WORDS[name]}<br>step %{{x}}<br>length %{{y:.6g}}<extra></extra>"
