"""What the page Optimisers computes: the chosen surface, start and runs, each kept by its value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.anatomy import Anatomy, anatomy, recorded
from nnviz.core.descent import Descent, descend
from nnviz.core.marching import Limits
from nnviz.core.minima import NOWHERE, known_minima, limits_of, nearest, span_of
from nnviz.core.optimizers import Optimizer
from nnviz.core.surfaces import SURFACES, Bounds, Noisy, Surface, ravine
from nnviz.figures.animation import dense_steps
from nnviz.figures.landscapes import Ground, Relief, relief
from nnviz.ui import chart
from nnviz.ui.tuning import LADDER, Run, kind_of

Array = NDArray[np.floating]
Start = tuple[float, float]

OWN = "own formula"
RESOLUTION = 121
STEPS = 200  # until a person says otherwise
FARTHEST = 1e6  # of a start and of the ends of a picture
STARTS: dict[str, Start] = {
    "bowl": (-2.5, 2.0), "ravine": (-2.7, 1.0), "saddle": (-2.4, 0.05), "monkey_saddle": (1.5, 0.3), "rosenbrock": (-1.5, 2.2),
    "beale": (1.0, 2.0), "himmelblau": (0.7, -1.0), "rastrigin": (-3.4, 2.4), "ackley": (-3.3, 2.6), "styblinski_tang": (0.3, 1.2),
    "three_hump_camel": (-1.1, 1.9), "booth": (-7.0, -6.0), "goldstein_price": (-1.4, 0.6), "levy": (-7.0, 5.0), "plateau": (-0.6, -0.6),
    "noisy_bowl": (-2.4, 2.1),
}  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """All that the pictures depend on."""

    surface: Surface
    start: Start
    runs: tuple[Run, ...]
    steps: int = STEPS
    schedule: str = "constant"
    noise: float = 0.0
    seed: int = 0


def surface_of(name: str, condition: float, formula: str, bounds: str) -> Surface:
    """The chosen surface. ValueError where a typed formula or its bounds cannot be read."""
    if name == OWN:
        surface = _own(formula, parse_bounds(bounds))
        limits_of(surface)
        return surface
    return _ravine(condition) if name == "ravine" else SURFACES[name]


@lru_cache(maxsize=16)
def _ravine(condition: float) -> Surface:
    return ravine(condition)


@lru_cache(maxsize=16)
def _own(formula: str, bounds: Bounds) -> Surface:
    return Surface.from_expression(formula, bounds)


def parse_bounds(text: str) -> Bounds:
    """`3` is x and y from −3 to 3, `-1, 2` both from −1 to 2, `-1, 2, 0, 7` x and then y; ValueError says what is wrong with it.

    >>> parse_bounds("3"), parse_bounds("-1, 2, 0, 7")
    (((-3.0, 3.0), (-3.0, 3.0)), ((-1.0, 2.0), (0.0, 7.0)))
    """
    words = text.replace("−", "-").replace("±", "").replace(",", " ").replace(";", " ").split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2, 4):
        raise ValueError(
            f"“{text[:40]}” was given as the bounds: write one number for ± of it, or from and to, such as -1, 2; four are x, then y"
        )
    ends = {1: [-numbers[0], numbers[0]] * 2, 2: numbers * 2, 4: numbers}[len(numbers)]
    (left, right), (bottom, top) = ends[:2], ends[2:]
    wide = all(high - low > 1e-9 * max(abs(low), abs(high)) for low, high in ((left, right), (bottom, top)))
    if not (wide and np.isfinite(ends).all() and np.abs(ends).max() <= FARTHEST):
        raise ValueError(f"“{text[:40]}” was given as the bounds: each axis goes from a number to a greater one, up to a million")
    return (left, right), (bottom, top)


def written_bounds(bounds: Bounds) -> str:
    """The text that `parse_bounds` reads as these bounds, to the last bit.

    >>> written_bounds(((-3.0, 3.0), (-3.0, 3.0))), written_bounds(((-1.0, 2.0), (0.0, 7.0)))
    ('3', '-1, 2, 0, 7')
    """
    (left, right), (bottom, top) = bounds
    square = -left == right == top == -bottom
    return ", ".join(repr(float(end)).removesuffix(".0") for end in ([right] if square else [left, right, bottom, top]))


def usual_start(surface: Surface) -> Start:
    """Where the runs begin until a person says otherwise."""
    if surface.name in STARTS:
        return STARTS[surface.name]
    low, high = np.array(surface.bounds).T
    inside = low + (high - low) * np.array([[0.2, 0.75], [0.75, 0.75], [0.75, 0.2], [0.2, 0.2], [0.55, 0.6]])
    defined = np.isfinite(surface.value(inside))
    x, y = inside[int(np.argmax(defined))]
    return float(x), float(y)


def parse_start(text: str) -> Start:
    """`-1.5, 2` as a point; ValueError says what is wrong with it.

    >>> parse_start("-1.5, 2")
    (-1.5, 2.0)
    """
    words = text.replace("−", "-").replace(",", " ").replace(";", " ").split()
    try:
        x, y = (float(word) for word in words)
    except ValueError:
        raise ValueError(f"“{text[:40]}” was given as the start: write two numbers, x and y, such as -1.5, 2") from None
    if not (np.isfinite([x, y]).all() and max(abs(x), abs(y)) <= FARTHEST):
        raise ValueError(f"“{text[:40]}” was given as the start: x and y are finite numbers up to a million")
    return x, y


def outside(surface: Surface, start: Start) -> str:
    """A sentence about a start that is not in the picture, else nothing.

    >>> outside(SURFACES["bowl"], (0.0, 1.0)), outside(SURFACES["bowl"], (5.0, 0.0)).split(":")[0]
    ('', 'The start lies outside the picture')
    """
    (left, right), (bottom, top) = surface.bounds
    if left <= start[0] <= right and bottom <= start[1] <= top:
        return ""
    if limits(surface).outside(np.array([start])).any():
        return "The start lies beyond 10 times the picture's bounds: each run counts as diverged at once."
    return "The start lies outside the picture: a path is seen from where it comes in."


@lru_cache(maxsize=64)
def usual_rate(run: str, surface: Surface, start: Start) -> float:
    """A learning rate that suits the surface: by its curvature for rules that follow the gradient's length, by its width for the others."""
    kind = kind_of(run)
    span = float(np.ptp(np.array(surface.bounds), axis=1).mean())
    shares = {"sgd": 0.6, "momentum": 1.5, "heavy_ball": 0.25, "nesterov": 0.25}
    if kind in ("newton", "lbfgs", "adadelta"):
        return 1.0
    if kind in shares:
        return _on_ladder(shares[kind] / sharpest(surface, start))
    return _on_ladder(span * {"adagrad": 0.05, "lion": 0.005, "rmsprop": 0.005}.get(kind, 0.015))


def _on_ladder(rate: float) -> float:
    return max((step for step in LADDER if step <= rate), default=LADDER[0])


@lru_cache(maxsize=64)
def sharpest(surface: Surface, start: Start) -> float:
    """The largest curvature, upwards or downwards, at the minima and at the start; 1 where there is none."""
    return float(np.abs(_curvatures(surface, start)).max(initial=0.0)) or 1.0


@lru_cache(maxsize=64)
def lambda_max(surface: Surface, start: Start) -> float:
    """The largest curvature upwards at the minima and at the start; 0 where there is none: no rate is too high there."""
    return float(_curvatures(surface, start).max(initial=0.0))


def _curvatures(surface: Surface, start: Start) -> Array:
    points = np.vstack([minima(surface), np.array(start)[None]])
    with np.errstate(all="ignore"):
        hessians = surface.hessian(points)
        hessians = hessians[np.isfinite(hessians).all(axis=(-2, -1))]
        return np.linalg.eigvalsh(hessians) if len(hessians) else np.zeros(0)


def minima(surface: Surface) -> Array:
    """Those that the surface names, else those that are found, (minima, 2)."""
    return known_minima(surface)


def limits(surface: Surface) -> Limits:
    """What "diverged" means here."""
    return limits_of(surface)


@lru_cache(maxsize=32)
def ground(surface: Surface) -> Ground:
    """The heights on a grid."""
    x, y = (np.linspace(low, high, RESOLUTION) for low, high in surface.bounds)
    return Ground(x, y, surface.value(np.stack(np.meshgrid(x, y), axis=-1)))


@lru_cache(maxsize=32)
def heights(surface: Surface) -> Relief:
    """The scale in which the heights are drawn."""
    return relief(ground(surface).z, limits(surface).lowest)


@lru_cache(maxsize=96)
def _descend(surface: Surface, optimizer: Optimizer, start: Start, steps: int, schedule: str, noise: float, seed: int) -> Descent:
    objective: Any = Noisy(surface, noise, seed) if noise else surface
    return descend(objective, optimizer, np.array(start), steps, None if schedule == "constant" else schedule, recorded(optimizer))


def descents(setup: Setup) -> list[Descent]:
    """The run of each optimiser; what was computed before is kept."""
    rest = (setup.schedule, setup.noise, setup.seed)
    return [_descend(setup.surface, run.optimizer, setup.start, setup.steps, *rest) for run in setup.runs]


def inside(setup: Setup, place: int) -> Anatomy:
    """One run taken apart."""
    return _anatomy(replace(setup, runs=(setup.runs[place],)))


@lru_cache(maxsize=16)
def _anatomy(setup: Setup) -> Anatomy:
    return anatomy(setup.runs[0].optimizer, descents(setup)[0], setup.surface)


def frames(setup: Setup) -> list[int]:
    """The steps that are shown: dense at the start."""
    return dense_steps(setup.steps).tolist()


def lost_at(setup: Setup, run: Descent) -> int:
    """The first step at which a run counts as diverged, or −1."""
    bounds = limits(setup.surface)
    with np.errstate(all="ignore"):
        lost = ~(run.value <= bounds.ceiling(run.value[0])) | bounds.outside(run.theta)
    return int(np.argmax(lost)) if lost.any() else -1


def reached(setup: Setup, run: Descent) -> str:
    """Which minimum a run ended at, or that it ended at none."""
    known = minima(setup.surface)
    if not len(known):
        return "none known"
    place = int(nearest(run.theta[-1:], known, span_of(setup.surface))[0])
    if place == NOWHERE:
        return "not there"
    x, y = known[place] + 0.0
    return f"{x:.3g}, {y:.3g}".replace("-", "−")


def distances(setup: Setup, run: Descent) -> Array:
    """From each step to the nearest known minimum, (steps+1,); NaN where none is known."""
    known = minima(setup.surface)
    if not len(known):
        return np.full(len(run.theta), np.nan)
    with np.errstate(all="ignore"):
        return np.linalg.norm(run.theta[:, None] - known, axis=-1).min(axis=1)


def clicked(key: str) -> Start | None:
    """A place that was clicked in the figure `key` since the last run, or None; the trace of places is the second one."""
    place = next(((float(p["x"]), float(p["y"])) for p in chart.selection(key)["points"] if p["curve_number"] == 1), None)
    if place == st.session_state.get(f"{key} seen"):
        return None
    st.session_state[f"{key} seen"] = place
    return place
