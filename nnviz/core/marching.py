"""Marching: very many runs as one batch, told by how they end.

A run that diverges or comes to rest leaves the batch, so that the others go on faster; the batch is walked in pieces that fit the cache.
`march_chunks` is the one loop under every map, of test surfaces as of networks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.objectives import Objective, evaluator
from nnviz.core.stepping import Optimizer, State

Array = NDArray[np.floating]

CHUNK_SECONDS = 0.03  # a generator yields at the first step after this: other sessions get their turn
CHUNK_NUMBERS = 2**13  # of the thetas of one piece (64 kB): with gradient and state it stays in cache
HIGH = 1000.0  # what "diverged" means, in heights of the start
FEW = 8  # parameters: up to so many, a coordinate of all runs is one block of memory
REST_EVERY = 8  # steps between two looks at which runs have come to rest
MOST_RUNS = 4_000_000


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
            self.look = evaluator(objective, theta)
            self.value, self.gradient = self.look()
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
            self.value, self.gradient = self.look()

    def leave(self, step: int, lost: NDArray[np.bool_], done: NDArray[np.bool_]) -> None:
        """Write down how those that are done ended, and go on with the rest."""
        runs = self.runs[done]
        self.endings.theta[runs], self.endings.value[runs] = self.theta[done], self.value[done]
        self.endings.steps[runs], self.endings.diverged[runs] = step, lost[done]
        keep, count = np.flatnonzero(~done), len(self.runs)
        self.optimizer, self.objective = _of_runs(self.optimizer, keep, count), _objective_of(self.objective, keep)
        self.state = _of_runs(self.state, keep, count)
        self.theta, self.gradient = _of_runs(self.theta, keep, count), _of_runs(self.gradient, keep, count)
        self.look = evaluator(self.objective, self.theta)
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
