"""Maps: very many descents at once, told by how they end; over the learning rate, or over the place where they start.

All runs are one batch. A run that diverges or comes to rest leaves it, so that the others go on faster; the batch is walked in pieces that
fit the cache. `march_chunks` is the one loop under every map, of test surfaces as of networks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.newton import LBFGS
from nnviz.core.objectives import Objective
from nnviz.core.stepping import Optimizer, State
from nnviz.core.surfaces import Surface

Array = NDArray[np.floating]

CHUNK_SECONDS = 0.03  # a generator yields at the first step after this: other sessions get their turn
PICTURE_SECONDS = 0.5  # a map of basins that is under way is told anew after this: to look for the nearest minima costs as much as a chunk
CHUNK_NUMBERS = 2**13  # of the thetas of one piece (64 kB): with gradient and state it stays in cache
FAR, HIGH = 10.0, 1000.0  # what "diverged" means, in widths of the bounds and in heights of the start
FEW = 8  # parameters: up to so many, a coordinate of all runs is one block of memory
REST_EVERY = 8  # steps between two looks at which runs have come to rest
MOST_RUNS = 4_000_000

NOWHERE, DIVERGED = -1, -2  # in a map of basins, beside the indices of the minima


@dataclass(frozen=True)
class Limits:
    """When a run counts as diverged: not finite, farther from the centre than `reach`, or above `HIGH` times its start.

    Heights are counted from `lowest` and are at least `least`: from a start beside a minimum, a thousand times nothing is no height.
    """

    centre: tuple[float, ...] = (0.0,)  # one for each parameter, or one for all
    reach: tuple[float, ...] = (np.inf,)
    lowest: float = 0.0
    least: float = 0.0

    def ceiling(self, value: Array) -> Array:
        """The value above which a run that starts at `value` (...) has diverged, (...)."""
        return self.lowest + HIGH * np.maximum(value - self.lowest, self.least)

    def outside(self, theta: Array) -> NDArray[np.bool_]:
        """Whether theta (..., P) is out of reach or not a number, (...)."""
        inside = np.abs(theta - np.array(self.centre)) <= np.array(self.reach)
        return ~inside.all(axis=-1)


def surface_limits(surface: Surface) -> Limits:
    """Diverged on a surface: beyond 10 times its bounds, or above 1,000 times the start.

    Heights are counted from the lowest value known and are at least a thousandth of the surface's own range.
    """
    low, high = np.array(surface.bounds, dtype=float).T
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 21).T), axis=-1)
    values = surface.value(grid)
    values = values[np.isfinite(values)]
    lowest = min(float(values.min(initial=np.inf)), float(surface.value(named_minima(surface)).min(initial=np.inf)))
    if not np.isfinite(lowest):
        raise ValueError(f"the surface {str(surface.name)[:40]!r} is defined nowhere within its bounds: choose others, or another formula")
    half = (high - low) / 2
    return Limits(tuple((low + high) / 2), tuple(FAR * half), lowest, float(values.max() - lowest) / HIGH)


@dataclass(frozen=True, eq=False)
class Endings:
    """How each run of a batch ended; a run that is still under way is told as it stands."""

    theta: Array  # (runs, P)
    value: Array  # (runs,)
    steps: NDArray[np.integer]  # (runs,): taken until it diverged or came to rest, else all of them
    diverged: NDArray[np.bool_]  # (runs,)


class Witness(Protocol):
    """Who sees the values of all runs that are under way, after each step."""

    def see(self, runs: NDArray[np.integer], step: int, value: Array) -> None:
        """The runs, by their place in `starts`, and their values (len(runs),)."""


def march(objective: Objective, optimizer: Optimizer, starts: ArrayLike, steps: int, limits: Limits | None = None) -> Endings:
    """Where `steps` steps lead from each start.

    Parameters
    ----------
    objective : anything with `value_and_gradient`
    optimizer : a hyperparameter may be an array (runs, 1)
    starts : (runs, P)
    steps : 0 or more
    limits : when a run counts as diverged and is followed no longer; by default where it is not finite or 1,000 times its start

    Raises
    ------
    ValueError
        Starts of another shape, or more runs than memory holds.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> from nnviz.core.optimizers import OPTIMIZERS
    >>> rates = np.array([[0.1], [0.6], [1.1]])
    >>> march(Quadratic([[2.0]]), OPTIMIZERS["sgd"](learning_rate=rates), np.ones((3, 1)), 200).diverged.tolist()
    [False, False, True]
    """
    return deque(march_chunks(objective, optimizer, starts, steps, limits), maxlen=1).pop()[1]


def march_chunks(
    objective: Any, optimizer: Optimizer, starts: ArrayLike, steps: int, limits: Limits | None = None, witness: Witness | None = None
) -> Iterator[tuple[float, Endings]]:
    """As `march`, after each chunk of at most 50 ms: (share done, the endings so far).

    An objective whose runs differ has `of_runs(keep)`, which gives it for some of them; one that is another at every step has
    `rests = False`; `piece` says how many runs it wants at once, and `pace` (runs, P) multiplies the rate of each parameter.
    """
    starts = np.array(starts, dtype=float)
    if starts.ndim != 2 or not 1 <= len(starts) <= MOST_RUNS:
        raise ValueError(f"starts has shape {starts.shape}: a map takes (runs, P), from 1 to {MOST_RUNS:,} runs")
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or not 0 <= steps <= 1_000_000:
        raise ValueError(f"steps is {str(steps)[:40]}: a whole number from 0 to 1,000,000 is needed")
    endings = Endings(starts, np.full(len(starts), np.nan), np.zeros(len(starts), dtype=int), np.zeros(len(starts), dtype=bool))
    piece = getattr(objective, "piece", 0) or max(1, CHUNK_NUMBERS // starts.shape[1])
    began = time.perf_counter()
    for first in range(0, len(starts), piece):
        runs = np.arange(first, min(first + piece, len(starts)))
        # In Fortran's order each coordinate is one block of memory, on which a surface's formula runs twice as fast.
        theta = np.array(starts[runs], order="F" if starts.shape[1] <= FEW else "C")
        mine = _of_runs(optimizer, runs, len(starts))
        batch = _Batch(_objective_of(objective, runs), mine, runs, theta, limits or Limits(), endings, witness)
        for step in range(steps + 1):
            batch.advance(step, last=step == steps)
            if not batch.runs.size:
                break
            if time.perf_counter() - began > CHUNK_SECONDS:
                yield (first + runs.size * step / (steps + 1)) / len(starts), endings
                began = time.perf_counter()
    yield 1.0, endings


class _Batch:
    """The runs of one piece that still go on."""

    def __init__(
        self, objective: Any, optimizer: Optimizer, runs: NDArray, theta: Array, limits: Limits, endings: Endings, witness: Witness | None
    ) -> None:
        self.objective, self.optimizer, self.limits, self.endings = objective, optimizer, limits, endings
        self.runs, self.theta, self.witness = runs, theta, witness
        self.rests = getattr(objective, "rests", True)
        with np.errstate(all="ignore"):
            self.state = optimizer.start(theta, objective)
            if getattr(objective, "pace", None) is not None:
                self.state.scale_learning_rate(objective.pace)
            self.value, self.gradient = objective.value_and_gradient(theta)
            self.ceiling = limits.ceiling(self.value)

    @np.errstate(all="ignore")
    def advance(self, step: int, last: bool) -> None:
        """Let go of the runs that are done after `step` steps, and take the next step with the others."""
        if self.witness is not None:
            self.witness.see(self.runs, step, self.value)
        lost = ~(self.value <= self.ceiling) | self.limits.outside(self.theta)
        if last or lost.any():
            self.leave(step, lost, np.full(lost.shape, True) if last else lost)
        if last or not self.runs.size:
            return
        before = self.theta.copy() if self.rests and step % REST_EVERY == REST_EVERY - 1 else None
        self.optimizer.advance(self.theta, self.gradient, self.state)
        if before is not None:
            # At rest is what no step moves by one unit in the last place, so that leaving early changes no ending.
            rested = (self.theta == before).all(axis=-1)
            if rested.any():
                self.leave(step, np.zeros_like(rested), rested)
        if self.runs.size:
            self.value, self.gradient = self.objective.value_and_gradient(self.theta)

    def leave(self, step: int, lost: NDArray[np.bool_], done: NDArray[np.bool_]) -> None:
        """Write down how those that are done ended, and go on with the rest."""
        runs = self.runs[done]
        self.endings.theta[runs], self.endings.value[runs] = self.theta[done], self.value[done]
        self.endings.steps[runs], self.endings.diverged[runs] = step, lost[done]
        keep, count = np.flatnonzero(~done), len(self.runs)
        self.optimizer, self.objective = _of_runs(self.optimizer, keep, count), _objective_of(self.objective, keep)
        self.state = _of_runs(self.state, keep, count)
        self.theta, self.gradient = _of_runs(self.theta, keep, count), _of_runs(self.gradient, keep, count)
        self.runs, self.value, self.ceiling = self.runs[keep], self.value[keep], self.ceiling[keep]


def _objective_of(objective: Any, keep: NDArray) -> Any:
    return objective.of_runs(keep) if hasattr(objective, "of_runs") else objective


def _of_runs(thing: Any, keep: NDArray, count: int) -> Any:
    """An optimiser, a state or whatever is in them, for the runs `keep` of `count`."""
    if isinstance(thing, np.ndarray):
        if thing.ndim < 2 or len(thing) != count:
            return thing
        return np.asarray(thing[keep], order="F" if thing.flags.f_contiguous else "C")
    if isinstance(thing, Optimizer):
        if len(keep) == count:
            return thing
        parts = {field.name: getattr(thing, field.name) for field in fields(thing)}  # type: ignore[arg-type]  # each is a dataclass
        changed = {name: _of_runs(part, keep, count) for name, part in parts.items() if isinstance(part, np.ndarray | Optimizer)}
        return replace(thing, **changed) if changed else thing  # type: ignore[type-var]
    if isinstance(thing, State):
        return _state_of_runs(thing, keep, count)
    if isinstance(thing, deque):
        return deque((_of_runs(part, keep, count) for part in thing), thing.maxlen)
    if isinstance(thing, dict):
        return {name: _of_runs(part, keep, count) for name, part in thing.items()}
    if isinstance(thing, tuple | list):
        return type(thing)(_of_runs(part, keep, count) for part in thing)
    return thing


def _state_of_runs(state: State, keep: NDArray, count: int) -> State:
    kept = State({name: _of_runs(part, keep, count) for name, part in state.items()}, state.learning_rate, [])
    for name, part in vars(state).items():
        setattr(kept, name, _of_runs(part, keep, count))
    return kept


# ------------------------------------------------------------------------------------------------------------ learning rate


def with_rate(optimizer: Optimizer, learning_rate: ArrayLike) -> Optimizer:
    """The same optimiser at another rate (or at many, (runs, 1)); of one around another, the inner one's."""
    inner = getattr(optimizer, "optimizer", None)
    if inner is not None:
        return replace(optimizer, optimizer=with_rate(inner, learning_rate))  # type: ignore[type-var]
    return replace(optimizer, learning_rate=learning_rate)  # type: ignore[type-var]


@dataclass(frozen=True, eq=False)
class RateMap:
    """What each learning rate leads to."""

    rates: Array  # (rates,)
    value: Array  # (optimizers, rates); NaN where nothing is known yet
    diverged: NDArray[np.bool_]  # (optimizers, rates)


def rate_map_chunks(
    objective: Objective, optimizers: Sequence[Optimizer], rates: ArrayLike, start: ArrayLike, steps: int, limits: Limits | None = None
) -> Iterator[tuple[float, RateMap]]:
    """As `rate_map`, after each chunk of at most 50 ms: (share done, the map so far)."""
    rates = np.asarray(rates, dtype=float)
    if rates.ndim != 1 or not rates.size:
        raise ValueError(f"rates has shape {rates.shape}: at least one learning rate in a row is needed")
    starts = np.broadcast_to(np.asarray(start, dtype=float), (rates.size, np.shape(start)[-1] if np.ndim(start) else 1))
    shape = (len(optimizers), rates.size)
    found = RateMap(rates, np.full(shape, np.nan), np.zeros(shape, dtype=bool))
    for place, optimizer in enumerate(optimizers):
        for share, endings in march_chunks(objective, with_rate(optimizer, rates[:, None]), starts, steps, limits):
            found.value[place], found.diverged[place] = endings.value, endings.diverged
            yield (place + share) / len(optimizers), found


def rate_map(
    objective: Objective, optimizers: Sequence[Optimizer], rates: ArrayLike, start: ArrayLike, steps: int, limits: Limits | None = None
) -> RateMap:
    """The value after `steps` steps at each learning rate, for each optimiser with all its other hyperparameters as they are.

    Parameters
    ----------
    optimizers, rates : one and more of each
    start : (P,)

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> from nnviz.core.optimizers import OPTIMIZERS
    >>> rate_map(Quadratic([[2.0]]), [OPTIMIZERS["sgd"]()], [0.5, 1.5], [1.0], 50).value.round(3).tolist()[0][0]
    0.0
    """
    return deque(rate_map_chunks(objective, optimizers, rates, start, steps, limits), maxlen=1).pop()[1]


# ----------------------------------------------------------------------------------------------------------------- basins


@dataclass(frozen=True, eq=False)
class Basins:
    """Which minimum is reached from where."""

    x: Array  # (columns,)
    y: Array  # (rows,)
    minima: Array  # (minima, 2): those of the surface, then those found as ends of many runs
    reached: NDArray[np.integer]  # (rows, columns): an index into minima, or NOWHERE or DIVERGED
    steps: NDArray[np.integer]  # (rows, columns): taken until it diverged or came to rest


def basins_chunks(surface: Surface, optimizer: Optimizer, resolution: int = 200, steps: int = 200) -> Iterator[tuple[float, Basins]]:
    """As `basins`, after each chunk of at most 50 ms: (share done, the map so far)."""
    if isinstance(resolution, bool) or not isinstance(resolution, (int, np.integer)) or not 2 <= resolution <= 1000:
        raise ValueError(f"resolution is {str(resolution)[:40]}: a map has 2 to 1000 starts along each axis")
    x, y = (np.linspace(low, high, resolution) for low, high in surface.bounds)
    starts = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    shape = (resolution, resolution)
    span = np.ptp(np.array(surface.bounds, dtype=float), axis=1)
    drawn, found = -np.inf, None
    for share, endings in march_chunks(surface, optimizer, starts, steps, surface_limits(surface)):
        if found is None or share == 1.0 or time.perf_counter() - drawn > PICTURE_SECONDS:
            minima = named_minima(surface)
            if share == 1.0:
                minima = _with_found_minima(surface, minima, endings, span)
            reached = np.where(endings.diverged, DIVERGED, nearest(endings.theta, minima, span))
            found = Basins(x, y, minima, reached.reshape(shape), endings.steps.reshape(shape))
            drawn = time.perf_counter()
        yield share, found


def basins(surface: Surface, optimizer: Optimizer, resolution: int = 200, steps: int = 200) -> Basins:
    """Which minimum an optimiser reaches from each of resolution × resolution starts within the surface's bounds.

    A minimum is reached where the run ends within 2 % of the bounds of it. Minima that the surface does not name are found as the places
    in which many runs ended with a gradient of 0 and curvature upwards.
    """
    return deque(basins_chunks(surface, optimizer, resolution, steps), maxlen=1).pop()[1]


REACHED = 0.02  # of the bounds' width and height
MOST_MINIMA = 150


def nearest(theta: Array, minima: Array, span: Array) -> NDArray[np.integer]:
    """The index of the nearest minimum (minima, 2) within reach of theta (runs, 2), else NOWHERE; (runs,).

    Examples
    --------
    >>> nearest(np.array([[0.01, 0.0], [0.5, 0.5]]), np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([2.0, 2.0])).tolist()
    [1, -1]
    """
    from scipy.spatial import cKDTree

    index = np.full(len(theta), NOWHERE)
    finite = np.flatnonzero(np.isfinite(theta).all(axis=-1) & (np.abs(theta) < 1e150).all(axis=-1))
    if len(minima) and finite.size:
        found = cKDTree(minima / span).query(theta[finite] / span, distance_upper_bound=REACHED)[1]
        index[finite] = np.where(found < len(minima), found, NOWHERE)
    return index


def _with_found_minima(surface: Surface, minima: Array, endings: Endings, span: Array) -> Array:
    """The minima with those added in which at least one run in 500 ended."""
    resting = ~endings.diverged & (nearest(endings.theta, minima, span) == NOWHERE)
    return _add_minima(surface, minima, endings.theta[resting], span, least=max(2, len(endings.theta) // 500))


def _add_minima(surface: Surface, minima: Array, candidates: Array, span: Array, least: int) -> Array:
    """The minima with those added that are found below the places where at least `least` candidates crowd."""
    with np.errstate(all="ignore"):
        candidates = candidates[np.isfinite(candidates).all(axis=-1)]
        cells = np.round(candidates / (REACHED / 2 * span)).astype(int)
        _, first, counts = np.unique(cells, axis=0, return_index=True, return_counts=True)
        crowded = np.argsort(-counts, kind="stable")
        best = _polished(surface, candidates[first[crowded[counts[crowded] >= least][: 4 * MOST_MINIMA]]])
        for point in best[_is_minimum(surface, best, span)]:
            if len(minima) < MOST_MINIMA and nearest(point[None], minima, span)[0] == NOWHERE:
                minima = np.vstack([minima, point])
    return minima


def _polished(surface: Surface, theta: Array) -> Array:
    """Theta (runs, 2) after a few steps of Newton's method, each taken where it leads down."""
    for _ in range(6):
        ahead = theta - _newton_step(surface, theta)
        theta = np.where((surface.value(ahead) <= surface.value(theta))[..., None], ahead, theta)
    return theta


def _newton_step(surface: Surface, theta: Array) -> Array:
    """`H⁻¹g` (runs, 2), by the formula for two parameters; not finite where H is singular."""
    H, g = surface.hessian(theta), surface.gradient(theta)
    a, b, d = H[..., 0, 0], H[..., 0, 1], H[..., 1, 1]
    return np.stack([d * g[..., 0] - b * g[..., 1], a * g[..., 1] - b * g[..., 0]], axis=-1) / (a * d - b * b)[..., None]


def _is_minimum(surface: Surface, theta: Array, span: Array) -> NDArray[np.bool_]:
    """Whether a Newton step from theta (runs, 2) leads nowhere and the curvature is positive in all directions; (runs,)."""
    H = surface.hessian(theta)
    upwards = (H[..., 0, 0] > 0) & (H[..., 0, 0] * H[..., 1, 1] > H[..., 0, 1] ** 2)
    return upwards & (np.abs(_newton_step(surface, theta)) <= 1e-4 * span).all(axis=-1)


def named_minima(surface: Surface) -> Array:
    """The minima that a surface names, the global ones first, (minima, 2)."""
    return np.array((*surface.minima, *surface.local_minima), dtype=float).reshape(-1, 2)


def known_minima(surface: Surface) -> Array:
    """The minima that a surface names; where it names none, those that 225 runs of L-BFGS find within its bounds. (minima, 2)."""
    minima = named_minima(surface)
    if len(minima):
        return minima
    low, high = np.array(surface.bounds, dtype=float).T
    starts = np.stack(np.meshgrid(*np.linspace(low, high, 15).T), axis=-1).reshape(-1, 2)
    try:
        endings = march(surface, LBFGS(), starts, 30, surface_limits(surface))
    except ValueError:
        return minima
    ends = endings.theta[~endings.diverged]
    inside = ((ends >= low) & (ends <= high)).all(axis=-1)
    return _add_minima(surface, minima, ends[inside], high - low, least=2)
