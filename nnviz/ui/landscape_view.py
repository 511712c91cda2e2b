"""What the page Loss landscape computes: the runs that are drawn, the plane they are drawn on, and the cost over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnviz.core.comparison import train_groups_steps
from nnviz.core.landscape import (
    NORMALIZATIONS,
    Plane,
    hessian_plane,
    pca_plane,
    plane_through,
    random_plane,
    refined_grid_chunks,
)
from nnviz.core.objectives import NetworkCost
from nnviz.core.runs import Run
from nnviz.figures import landscapes, network_landscape
from nnviz.figures.animation import MOST_FRAMES
from nnviz.figures.landscapes import Ground, Path
from nnviz.figures.paths import SYMBOLS
from nnviz.figures.theme import THEMES, Figure
from nnviz.formulas.numbers import significant
from nnviz.ui import caching, controls, progress
from nnviz.ui.experiment import Experiment, make_optimizer
from nnviz.ui.runs import BY_BATCHES, Kept, base_of, name_of
from nnviz.ui.tuning import title_of

Array = NDArray[np.floating]
Side = tuple[float, float]

RUN_AXES, ALL_AXES, RANDOM, SOLUTIONS, STEEPEST = (
    "principal axes of the run",
    "principal axes of all paths",
    "random directions",
    "three solutions",
    "top Hessian eigenvectors",
)
PLANES = (RUN_AXES, ALL_AXES, RANDOM, SOLUTIONS, STEEPEST)
AROUND = ("the run's end", "the current point")
FARTHEST = 1e12  # a weight: around it, or with it in the window, costs and places are beyond what a picture's float32 tells apart
TOO_FAR = f"has a weight beyond {FARTHEST:g}, where a picture cannot tell places apart"
AXES = {RANDOM: "random direction {}", STEEPEST: "eigenvector {}", SOLUTIONS: "{}"}
RATES = {
    "sgd": 0.1, "momentum": 0.1, "heavy_ball": 0.01, "nesterov": 0.01, "adagrad": 0.1, "rmsprop": 0.01, "adadelta": 1.0, "lion": 0.003,
    "radam": 0.03, "muon": 0.02,
}  # fmt: skip
MOST_OTHERS = 5  # besides the run itself
LOOKS = len(SYMBOLS)  # in which runs can be told apart
SEEDS = 3
HELD = 10.0  # a run is in the picture as long as its cost is at most so many times that of its start
ROUNDING = 1e-12  # of a length: the coordinates of solutions are 0 but for it
COARSEST = 4  # every so-many-th point of the grid makes the first picture
MOST_WORK = 2e7  # parameters times samples for which eigenvectors are looked for


class Track(NamedTuple):
    """A run that is drawn: how it is called, at which rate, and the run."""

    name: str
    rate: float
    run: Run


@dataclass(frozen=True, eq=False)
class Heights:
    """The cost on a grid of the plane, as far as it is known; one object a result, so that pictures are kept by it."""

    share: float
    z: Array


# Runs ---------------------------------------------------------------------------------------------------------------------------


def parse_rates(text: str) -> dict[str, float]:
    """`sgd=0.1; adam=0.01` as rates by optimiser; ValueError says what is wrong with it.

    >>> parse_rates("sgd=0.1; adam=0.01")
    {'sgd': 0.1, 'adam': 0.01}
    """
    rates: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        try:
            rate = float(value)
        except ValueError:
            rate = np.nan
        if name not in BY_BATCHES or not 0 <= rate < np.inf:
            raise ValueError(
                f"“{part[:60]}” was given as a rate: write optimiser=rate with a semicolon between two, such as sgd=0.1; adam=0.01"
            )
        rates[name] = rate
    return rates


def track_of(run: Run, path: str = "") -> Track:
    """The run of the page Training; or a path that was left at a fork, by its name."""
    optimizer = base_of(run)
    return Track(path or title_of(optimizer.name), float(optimizer.learning_rate), run)


def left_behind(kept: Kept, beside: int) -> list[Track]:
    """The paths that were left at a fork, the last ones where there are more looks than for the run and those beside it."""
    room = LOOKS - 1 - beside
    return [track_of(path.run, name_of(number)) for number, path in enumerate(kept.former)][-room:]


def others(kept: Kept, names: Sequence[str], rates: dict[str, float]) -> list[Track] | None:
    """More optimisers from the start of the run, on the same batches and for as many steps; None while they are trained."""
    if not names:
        return []
    run, settings = kept.run, kept.run.settings
    chosen = [(name, rates.get(name, RATES.get(name, 0.01))) for name in names]
    common = {name: getattr(settings, name) for name in ("network", "loss", "batch_size", "seed", "schedule", "l2", "l1")}
    each = [{"optimizer": make_optimizer(name, rate, settings.network)} for name, rate in chosen]

    work = partial(train_groups_steps, settings.data, each, theta0=run.theta[0], steps=int(run.step[-1]), **common)
    count = len(each)
    done = progress.run(
        "landruns", (run, tuple(chosen)), work, lambda runs: sum(each.share for each in runs) / count, "Training the others"
    )
    if done is None:
        return None if progress.unfinished("landruns") else []
    first = title_of(base_of(run).name)
    titles = [f"{first} 2" if title_of(name) == first else title_of(name) for name, _ in chosen]
    return [Track(title, rate, found) for title, (_, rate), found in zip(titles, chosen, done, strict=False)]


def solutions(chosen: Experiment, kept: Kept) -> list[Array] | None:
    """Where three runs end that differ in their seed, of initial weights and of batches; None while they are trained."""
    run, settings = kept.run, kept.run.settings
    common = {name: getattr(settings, name) for name in ("network", "loss", "optimizer", "batch_size", "schedule", "l2", "l1")}
    seeds = [{"seed": chosen.seed + i} for i in range(SEEDS)]

    work = partial(train_groups_steps, settings.data, seeds, steps=int(run.step[-1]), initializer=chosen.initializer, **common)
    token, count = (run, chosen.seed, chosen.initializer), SEEDS
    done = progress.run("solutions", token, work, lambda runs: sum(each.share for each in runs) / count, "Training three seeds")
    if done is None:
        return None if progress.unfinished("solutions") else []
    return [found.final_theta for found in done]


def timeline(tracks: Sequence[Track]) -> NDArray[np.integer]:
    """The steps at which the runs are shown: those of the first one, and beyond its end those of paths that had gone on for longer."""
    first = tracks[0].run.step
    beyond = [track.run.step[track.run.step > first[-1]] for track in tracks[1:]]
    steps = np.unique(np.concatenate([first, *beyond]))
    return steps if len(steps) <= MOST_FRAMES else steps[np.linspace(0, len(steps) - 1, MOST_FRAMES).round().astype(int)]


def at_steps(run: Run, steps: NDArray[np.integer]) -> NDArray[np.integer]:
    """Which snapshot of a run stands at each step: the last one until then."""
    return np.maximum(np.searchsorted(run.step, steps, side="right") - 1, 0)


# Planes -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """Which plane, by its own controls."""

    kind: str
    around: str = AROUND[0]
    normalization: str = "filter"
    seed: int = 0


def asked_plane(kind: str) -> Asked:
    """The plane's own controls."""
    if kind not in (RANDOM, STEEPEST):
        return Asked(kind)
    around = controls.segments("Around", AROUND, key="landat", default=AROUND[0])
    if kind == STEEPEST:
        return Asked(kind, around)
    normalization = controls.segments("Scaled by", NORMALIZATIONS, key="landnorm", default="filter")
    seed = int(controls.number("Seed of the directions", 0, 9999, key="landseed", default=0, step=1, width=180))
    return Asked(kind, around, normalization, seed)


def far(theta: Array) -> bool:
    """Whether a point is so far out that no picture holds it; one that is not finite is not: that is told elsewhere."""
    return bool(FARTHEST < np.abs(theta).max() < np.inf)


def plane_of(asked: Asked, chosen: Experiment, tracks: Sequence[Track], kept: Kept) -> tuple[Plane, list[Array]] | None:
    """The plane as it is chosen, and the solutions it goes through; None while those are trained.

    Raises
    ------
    ValueError
        Where no such plane is: a run that diverged, three solutions that are one, too large a network.
    """
    if asked.kind in (RUN_AXES, ALL_AXES):
        return _principal(tuple(track.run for track in tracks) if asked.kind == ALL_AXES else (kept.run,)), []
    if asked.kind == SOLUTIONS:
        found = solutions(chosen, kept)
        if found is None:
            return None
        if len(found) < SEEDS:
            raise ValueError("the training of three seeds was stopped before it had an end of each: let it run, or choose another plane")
        return plane_through(*found), found
    theta = chosen.theta if asked.around == AROUND[1] else end_of(kept.run)
    if far(theta):
        raise ValueError(f"{asked.around} {TOO_FAR}: take the weight back, or choose another plane")
    if asked.kind == STEEPEST:
        work = chosen.network.parameter_count * len(chosen.data.train)
        if work > MOST_WORK:
            raise ValueError(f"{chosen.sizes} on {len(chosen.data.train)} samples is too much for eigenvectors here: choose another plane")
        return _steepest(kept.run, theta.tobytes()), []
    return random_plane(chosen.network, theta, asked.seed, asked.normalization), []


@caching.recent(entries=8)
def _principal(runs: tuple[Run, ...]) -> Plane:
    plane = pca_plane(np.concatenate([run.theta for run in runs]))
    # The origin is the end of the first run: that is the one the page is about.
    return Plane(end_of(runs[0]), plane.u, plane.v, plane.explained_variance)


@caching.recent(entries=8)
def _steepest(run: Run, theta: bytes) -> Plane:
    return hessian_plane(cost_of(run), np.frombuffer(theta))


def end_of(run: Run) -> Array:
    """The last point of a run that is still in the picture."""
    return run.theta[held(run)][-1] if held(run).any() else run.theta[0]


def held(run: Run) -> NDArray[np.bool_]:
    """The snapshots at which the run has not broken out: finite, and no dearer than ten times the start."""
    with np.errstate(all="ignore"):
        inside = np.isfinite(run.theta).all(axis=1) & (run.train_cost <= HELD * run.train_cost[0])
    return np.logical_and.accumulate(inside)


def axis_names(kind: str, plane: Plane) -> tuple[str, str, str]:
    """How the axes of the picture are called."""
    if plane.explained_variance is not None:
        first, second = (f"principal axis {i} ({share:.1%})" for i, share in enumerate(plane.explained_variance, 1))
    elif kind == SOLUTIONS:
        first, second = "from solution 1 to 2", "across, towards solution 3"
    else:
        first, second = (AXES[kind].format(i) for i in (1, 2))
    return f"α, {first}", f"β, {second}", "C"


# The cost over the plane --------------------------------------------------------------------------------------------------------


def sides(plane: Plane, kind: str, tracks: Sequence[Track], marks: Sequence[Array], reach: float) -> tuple[Side, Side]:
    """The part of the plane that is drawn."""
    shown = [plane.project(track.run.theta[held(track.run)]) for track in tracks] + [plane.project(mark)[None] for mark in marks]
    return network_landscape.window(np.concatenate(shown), reach, 1.0 if kind in (RANDOM, STEEPEST) else network_landscape.LEAST)


@caching.recent(entries=8)
def cost_of(run: Run, test: bool = False, penalty: bool = True) -> NetworkCost:
    """What the run descends, penalty included; or the plain cost on the part held out."""
    settings = run.settings
    part = settings.data.test if test else settings.data.train
    l2, l1 = (settings.l2, settings.l1) if penalty and not test else (0.0, 0.0)
    return NetworkCost(settings.network, settings.loss, part.X, part.Y, l2=l2, l1=l1)


def heights(run: Run, test: bool, plane: Plane, across: tuple[Side, Side], resolution: int) -> Heights | None:
    """The cost on a grid, from coarse to fine, with progress."""
    x, y = (np.linspace(low, high, resolution) for low, high in across)
    work, token = partial(refined_grid_chunks, cost_of(run, test), plane, x, y, COARSEST), (run, test, plane, across, resolution)
    first = (-(-resolution // COARSEST)) ** 2 / resolution**2
    return progress.run("lossgrid", token, work, lambda found: found[0], "Landscape", first, made=lambda found: Heights(*found))


def largest_difference(found: Heights, run: Run, test: bool, plane: Plane, across: tuple[Side, Side]) -> float:
    """Between the picture, whose first layer is taken apart, and the cost by its definition, at 25 places of the grid; relative."""
    places = np.unique(np.linspace(0, len(found.z) - 1, 5).round().astype(int))
    x, y = (np.linspace(low, high, len(found.z))[places] for low, high in across)
    drawn = found.z[np.ix_(places, places)]
    with np.errstate(all="ignore"):
        true = cost_of(run, test).value(plane.point(*np.meshgrid(x, y)))
        both = np.isfinite(drawn) & np.isfinite(true)
        return float((np.abs(drawn - true) / np.maximum(np.abs(true), 1e-300))[both].max(initial=0.0))


def costs_of(run: Run, first: Run, test: bool) -> Array:
    """The cost at each snapshot as the landscape has it: on the training part with the penalty of the first run."""
    if test:
        return run.test_cost
    return run.train_cost + cost_of(first).penalty(run.theta)


@dataclass(frozen=True, eq=False)
class Drawn:
    """The runs as they lie to the plane, at the steps (T,) that are shown: points (T, 2), distances and costs (runs, T)."""

    steps: NDArray[np.integer]
    places: list[NDArray[np.integer]]  # the snapshot of each run at each of the steps
    points: list[Array]
    off: Array
    costs: Array
    shares: list[float]


@caching.recent(entries=8)
def drawn(tracks: tuple[Track, ...], plane: Plane, test: bool) -> Drawn:
    """Each run projected onto the plane, with what the projection leaves out."""
    steps = timeline(tracks)
    places = [at_steps(track.run, steps) for track in tracks]
    thetas = [track.run.theta[place] for track, place in zip(tracks, places, strict=True)]
    return Drawn(
        steps,
        places,
        [_rounded(plane.project(theta)) for theta in thetas],
        _rounded(np.stack([plane.residual(theta) for theta in thetas])),
        np.stack([costs_of(track.run, tracks[0].run, test)[place] for track, place in zip(tracks, places, strict=True)]),
        [plane.share(track.run.theta[held(track.run)]) if held(track.run).any() else np.nan for track in tracks],
    )


def _rounded(lengths: Array) -> Array:
    """Lengths in the plane or off it, 0 where they are no more than what rounding leaves of 0."""
    return np.where(np.abs(lengths) < ROUNDING, 0.0, lengths)


def paths(tracks: Sequence[Track], found: Drawn, ground: Ground | None = None) -> list[Path]:
    """The runs as paths over the picture, with what became of each; over a ground they have its heights."""
    return [
        Path(
            track.name, points, look, None if ground is None else network_landscape.on_ground(ground, points),
            f"diverged at {int(track.run.diverged_at)}" if track.run.diverged_at >= 0 else f"C = {significant(float(cost))}",
        )
        for look, (track, points, cost) in enumerate(zip(tracks, found.points, found.costs[:, -1], strict=True))
    ]  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How the landscape is drawn."""

    theme: str
    title: str
    names: tuple[str, str, str]
    logarithmic: bool
    three: bool
    marked: str = ""  # what the crosses are
    test: bool = False  # whether the costs are those of the test part


@caching.recent(entries=8)
def picture(
    look: Look, found: Heights, across: tuple[Side, Side], tracks: tuple[Track, ...], plane: Plane, marks: tuple[Any, ...]
) -> Figure:
    """The landscape with the paths over it."""
    resolution = len(found.z)
    x, y = (np.linspace(low, high, resolution) for low, high in across)
    ground, scale = Ground(x, y, found.z), network_landscape.scale_of(found.z, look.logarithmic)
    where = drawn(tracks, plane, look.test)
    words = scale.words("C").replace("contours even", "height") if look.three else scale.words("C")
    marked = f"+ {look.marked} · " if look.marked else ""
    points = f"{resolution} × {resolution} points" + (f", {found.share:.0%} known" if found.share < 1 else "")
    key = f"{marked}{points} · {words} · {told_share(where.shares[0])} of the run's movement lies in this plane"
    beginning = where.points[0][0]
    start = tuple(beginning.tolist()) if np.isfinite(beginning).all() else None
    draw: Any = landscapes.surface if look.three else partial(landscapes.contour, start=start)
    return draw(
        THEMES[look.theme], ground, paths(tracks, where, ground), range(len(where.steps)), title=look.title, key=key, scale=scale,
        minima=marks, names=look.names,
    )  # fmt: skip


@caching.recent(entries=8)
def courses(theme: str, tracks: tuple[Track, ...], plane: Plane, test: bool) -> Figure:
    """The runs' own costs and their distances from the plane, over the steps."""
    found = drawn(tracks, plane, test)
    return network_landscape.courses(
        THEMES[theme], paths(tracks, found), found.steps, found.costs, found.off,
        title="Cost of the runs, and their distance off the plane", key="cost: log scale, at θ itself · distance: ‖θ − θ(α, β)‖",
    )  # fmt: skip


def told_share(share: float) -> str:
    """A share in per cent, with a decimal near both ends."""
    return "none" if np.isnan(share) else f"{share:.2%}" if share < 0.01 or share > 0.99 else f"{share:.0%}"
