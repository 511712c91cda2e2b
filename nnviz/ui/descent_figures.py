"""The figures of the page Optimisers, each kept by what it depends on: a player that rests builds none of them anew."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.maps import Basins, rate_sweep
from nnviz.core.stability import stability_limit
from nnviz.core.sweep import Map, Sweep
from nnviz.figures import descent, descent_maps, landscapes, trainability
from nnviz.figures.landscapes import Path
from nnviz.figures.theme import THEMES, Figure
from nnviz.formulas.numbers import significant
from nnviz.ui import descent_view as view
from nnviz.ui.descent_view import Setup

Array = NDArray[np.floating]

RATES = np.geomspace(1e-5, 10, 300)
LIMIT_WORDS = {
    "sgd": "2/λ_max",
    "momentum": "2(1+β)/((1−β)λ_max)",
    "heavy_ball": "2(1+β)/λ_max",
    "nesterov": "2(1+β)/((1+2β)λ_max)",
}


def surface_title(name: str) -> str:
    """How a surface is called: `Three-hump camel`."""
    special = {
        "styblinski_tang": "Styblinski–Tang",
        "goldstein_price": "Goldstein–Price",
        "levy": "Lévy",
        "three_hump_camel": "Three-hump camel",
    }
    return special.get(name, name.replace("_", " ").capitalize()) if name not in ("formula", view.OWN) else "Own formula"


def paths(setup: Setup) -> list[Path]:
    """The runs as paths, each with its look."""
    made = []
    for look, (run, walked) in enumerate(zip(setup.runs, view.descents(setup), strict=True)):
        lost = view.lost_at(setup, walked)
        theta = walked.theta if lost < 0 else _until_it_leaves(setup, walked.theta)
        made.append(Path(run.title, theta, look, walked.value, f"diverged at {lost}" if lost >= 0 else ""))
    return made


def _until_it_leaves(setup: Setup, theta: Array) -> Array:
    """A path that diverges, NaN from where it is well outside the picture: its further swings would only cover it."""
    low, high = np.array(setup.surface.bounds).T
    margin = 0.25 * (high - low)
    with np.errstate(all="ignore"):
        outside = ~np.all((theta >= low - margin) & (theta <= high + margin), axis=1)
    gone = int(np.argmax(outside)) if outside.any() else len(theta)
    return np.where((np.arange(len(theta)) <= max(gone, 1))[:, None], theta, np.nan)


@lru_cache(maxsize=24)
def landscape(theme: str, setup: Setup, three: bool) -> Figure:
    """The surface with all paths."""
    ground, scale = view.ground(setup.surface), view.heights(setup.surface)
    title = f"{surface_title(setup.surface.name)}, {setup.steps} steps"
    known = view.minima(setup.surface)
    words = scale.words("f").replace("contours even", "height") if three else scale.words("f")
    key = ("" if three else "○ start · ") + ("+ minimum · " if len(known) else "") + f"{words}, {view.RESOLUTION} × {view.RESOLUTION}"
    draw: Any = landscapes.surface if three else landscapes.contour
    more = {} if three else {"start": setup.start}
    return draw(THEMES[theme], ground, paths(setup), view.frames(setup), title=title, key=key, scale=scale, minima=known, **more)


@lru_cache(maxsize=24)
def curves(theme: str, setup: Setup) -> Figure:
    """Value, gradient norm and distance over the steps."""
    walked = view.descents(setup)
    known = view.minima(setup.surface)
    lowest = float(setup.surface.value(known).min()) if len(known) else 0.0
    values = np.stack([run.value for run in walked])
    with np.errstate(all="ignore"):
        finite = values[np.isfinite(values)]
    logarithmic = bool(len(known)) and bool((finite >= lowest - 1e-9 * (1 + abs(lowest))).all())
    name = "f" if not logarithmic or abs(lowest) < 1e-12 else "f − f*"
    norms = np.stack([run.gradient_norm for run in walked])
    shown = [
        descent.Panel(name, np.maximum(values - lowest, 0.0) if logarithmic else values, 0.5, logarithmic),
        descent.Panel("‖∇f‖", norms, 0.25),
    ]
    if len(known):
        shown.append(descent.Panel("distance", np.stack([view.distances(setup, run) for run in walked]), 0.25))
    key = f"log scales, floor {10:d}⁻¹⁰" + (" · distance: to the nearest minimum" if len(known) else " · no minimum known")
    return descent.panels(THEMES[theme], shown, paths(setup), view.frames(setup), title="Value, gradient and distance over steps", key=key)


@lru_cache(maxsize=24)
def inside(theme: str, setup: Setup, place: int) -> Figure:
    """What one optimiser sees and does."""
    path = paths(setup)[place]
    return descent.inside(
        THEMES[theme],
        view.inside(setup, place).arrows(),
        path,
        view.frames(setup),
        title=f"Inside {path.name}",
        key="arrows from θ; grey: the level line · right: their lengths over the steps, log scale",
    )


def rate_limits(setup: Setup, lambda_max: float) -> dict[str, tuple[float, int]]:
    """The learning rates at which theory lets a quadratic of that curvature diverge, with the look of the run."""
    found: dict[str, tuple[float, int]] = {}
    for look, run in enumerate(setup.runs):
        if run.plain.name in LIMIT_WORDS:
            limit = float(stability_limit(run.plain.name, getattr(run.plain, "beta", 0.0), lambda_max))
            if all(limit != other for other, _ in found.values()):
                found[LIMIT_WORDS[run.plain.name] + (f", {run.title}" if LIMIT_WORDS[run.plain.name] in found else "")] = (limit, look)
    return found


def rates_swept(setup: Setup) -> Sweep:
    """The map over learning rates; without noise and schedule."""
    return rate_sweep(setup.surface, [run.optimizer for run in setup.runs], RATES, setup.start, setup.steps)


def rates(theme: str, setup: Setup, found: Map) -> Figure:
    """The map over learning rates."""
    lambda_max = view.lambda_max(setup.surface, setup.start)
    theory = f"dotted: theory, λ_max = {significant(lambda_max, 3)}" if lambda_max > 0 else "no curvature upwards, so no limit in theory"
    return descent_maps.rates(
        THEMES[theme], found, paths(setup), rate_limits(setup, lambda_max),
        [float(run.plain.learning_rate) for run in setup.runs], view.limits(setup.surface).lowest,
        title=f"After {setup.steps} steps, at {len(RATES)} learning rates",
        key=f"bar on top: diverged · ● the rate now · {theory}",
    )  # fmt: skip


def basins(theme: str, setup: Setup, place: int, found: Basins) -> Figure:
    """The map of basins."""
    return descent_maps.basins(
        THEMES[theme], found, setup.start,
        title=f"Where {setup.runs[place].title} ends, {found.reached.shape[1]} × {found.reached.shape[0]} starts, {setup.steps} steps",
        key=f"+ {trainability.legend(THEMES[theme], found.reached)}",
    )  # fmt: skip


def told(setup: Setup) -> str:
    """What the pictures show, for those who do not see them."""
    ends = [f"{path.name} {'diverges' if path.note else 'ends at ' + _point(path)}" for path in paths(setup)]
    return f"{surface_title(setup.surface.name)} from {significant(setup.start[0])}, {significant(setup.start[1])}: {'; '.join(ends)}."


def _point(path: Path) -> str:
    return ", ".join(significant(float(v), 3) for v in path.points[-1])
