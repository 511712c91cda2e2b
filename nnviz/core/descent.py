"""Descending: an optimiser walks down an objective, all runs of a batch at once, and what it did is kept.

Whatever has `value_and_gradient` can be descended; newton and lbfgs look at more of it. A run that overflows goes on as inf and nan and is
marked: divergence is a result.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.objectives import evaluator
from nnviz.core.optimizers import Optimizer, as_optimizer
from nnviz.core.schedules import as_schedule, factors_at
from nnviz.core.stepping import State

Array = NDArray[np.floating]

CHUNK_SECONDS = 0.05
MAX_BYTES = 4 * 2**30
FEW = 8  # parameters: up to so many, each is kept as one contiguous row of all runs


@dataclass(frozen=True, eq=False)
class Descent:
    """A run, or a batch of runs, step by step: entry 0 is the start, entry t what is there after t steps."""

    theta: Array  # (steps+1, ..., P)
    value: Array  # (steps+1, ...)
    gradient_norm: Array  # (steps+1, ...)
    diverged_at: NDArray[np.integer]  # (...): the first entry with a value or theta that is not finite, −1 where there is none
    state: Mapping[str, Array]  # what was asked to be recorded, each (steps+1, ..., P)
    learning_rate_factor: Array  # (steps,): the schedule's
    wall_seconds: float

    @property
    def final_theta(self) -> Array:
        """Where the runs ended, (..., P)."""
        return self.theta[-1]


def descend(
    objective: Any,
    optimizer: Optimizer | str,
    theta0: ArrayLike,
    steps: int = 200,
    schedule: Any = None,
    record: Iterable[str] = ("update",),
) -> Descent:
    """The path of `optimizer` down `objective` from theta0.

    Parameters
    ----------
    objective
        Anything with `value_and_gradient(theta) -> (...), (..., P)`.
    optimizer : Optimizer or str
        Its hyperparameters may be arrays (*batch, 1).
    theta0 : (..., P)
        Any leading batch dimensions: a run for each; broadcast against the optimiser's arrays.
    schedule : callable from step to factor, or a name of SCHEDULES, optional
    record : names
        Of the optimiser's memory (`optimizer.memory`), "gradient" as the optimiser was given it, and "update", the step that led to each
        entry (0 at the start).

    Raises
    ------
    ValueError
        A start of the wrong size, no whole number of steps, a name that is not recorded, or a path that does not fit into memory.

    Examples
    --------
    >>> from nnviz.core.surfaces import SURFACES
    >>> run = descend(SURFACES["bowl"], "momentum", [[1.0, 2.0], [3.0, -1.0]], steps=50)
    >>> run.theta.shape, run.value.shape, run.diverged_at.tolist()
    ((51, 2, 2), (51, 2), [-1, -1])
    """
    walk = _Walk(objective, optimizer, theta0, steps, schedule, record)
    return walk.reached(deque(walk, maxlen=1).pop())


def descending(
    objective: Any,
    optimizer: Optimizer | str,
    theta0: ArrayLike,
    steps: int = 200,
    schedule: Any = None,
    record: Iterable[str] = ("update",),
) -> Iterator[Descent]:
    """`descend` in pieces: what there is so far after each 50 ms or so, in the end the whole run."""
    walk = _Walk(objective, optimizer, theta0, steps, schedule, record)
    for step in walk:
        yield walk.reached(step)


class _Walk:
    """The one loop over steps; iterating it takes them and tells, now and then, how many are done."""

    def __init__(self, objective: Any, optimizer: Any, theta0: ArrayLike, steps: Any, schedule: Any, record: Iterable[str]) -> None:
        self.optimizer = as_optimizer(optimizer)
        self.theta = _start(objective, self.optimizer, theta0)
        self.steps = _checked_steps(steps)
        self.objective = objective.fresh() if hasattr(objective, "fresh") else objective
        self.look = evaluator(self.objective, self.theta)
        self.book = _Book(self.theta, self.steps, _checked_names(self.optimizer, record))
        self.factors = factors_at(as_schedule(schedule, self.steps), np.arange(self.steps))
        self.scheduled = schedule is not None
        self.state = self.optimizer.start(self.theta, self.objective)
        self.began = time.perf_counter()

    def __iter__(self) -> Iterator[int]:
        done = 0
        while done <= self.steps:
            with np.errstate(all="ignore"):
                done = self._chunk(done, time.perf_counter() + CHUNK_SECONDS)
            yield done - 1

    def _chunk(self, step: int, until: float) -> int:
        look, optimizer, theta, state, write = self.look, self.optimizer, self.theta, self.state, self.book.write
        while step <= self.steps and time.perf_counter() < until:
            value, gradient = look()
            write(step, theta, value, gradient, state)
            if step < self.steps:
                if self.scheduled:
                    state.scale_learning_rate(float(self.factors[step]))
                optimizer.advance(theta, gradient, state)
            step += 1
        return step

    def reached(self, step: int) -> Descent:
        """The run up to an entry."""
        return self.book.closed(step + 1, self.factors[:step], time.perf_counter() - self.began)


class _Book:
    """The arrays that a descent is written into. Their memory holds each parameter as one row of all runs where parameters are few."""

    def __init__(self, theta: Array, steps: int, names: tuple[str, ...]) -> None:
        shape = (steps + 1, *theta.shape)
        wanted = 8 * int(np.prod(shape, dtype=float)) * (2 + len(names))
        if wanted > MAX_BYTES:
            raise ValueError(
                f"{steps} steps of theta {theta.shape} with {len(names)} records take {wanted / 2**30:.1f} GB, at most "
                f"{MAX_BYTES / 2**30:g} are used: take fewer steps or runs, or record less"
            )
        self.theta, self.value, self.gradient_norm = _path(shape)
        self.recorded = {name: None if name == "update" else _rows_first(shape) for name in names}
        self.gradient = self.recorded.get("gradient")
        self.squares = np.empty_like(theta)
        self.of_state = [(array, name) for name, array in self.recorded.items() if array is not None and name != "gradient"]

    def write(self, step: int, theta: Array, value: Array, gradient: Array, state: State) -> None:
        self.theta[step] = theta
        self.value[step] = value
        np.multiply(gradient, gradient, self.squares)
        norm = self.gradient_norm[step, ...]
        np.add.reduce(self.squares, axis=-1, out=norm)
        np.sqrt(norm, norm)
        if self.gradient is not None:
            self.gradient[step] = gradient
        for array, name in self.of_state:
            array[step] = state[name]

    def closed(self, entries: int, factors: Array, seconds: float) -> Descent:
        """The Descent of the first entries."""
        theta, value = self.theta[:entries], self.value[:entries]
        state = Recorded(theta, {name: None if array is None else array[:entries] for name, array in self.recorded.items()})
        return Descent(theta, value, self.gradient_norm[:entries], _diverged_at(theta, value), state, factors, seconds)


class Recorded(Mapping[str, Array]):
    """What was asked to be recorded, by name, each (steps+1, ..., P); the updates are worked out when they are asked for."""

    def __init__(self, theta: Array, arrays: dict[str, Array | None]) -> None:
        self._theta, self._arrays = theta, arrays

    def __getitem__(self, name: str) -> Array:
        array = self._arrays[name]
        if array is None:
            array = self._arrays[name] = np.zeros_like(self._theta)
            with np.errstate(all="ignore"):
                np.subtract(self._theta[1:], self._theta[:-1], array[1:])
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def _diverged_at(theta: Array, value: Array) -> NDArray[np.integer]:
    """The first entry of each run (...) whose value or theta is not finite, else −1."""
    lost = ~np.isfinite(value)
    # A step is added to theta, so what has left the finite numbers stays outside: only runs that end there need a look at their whole path.
    astray = ~np.isfinite(theta[-1]).all(axis=-1)
    lost[:, astray] |= ~np.isfinite(theta[:, astray]).all(axis=-1)
    return np.where(lost.any(axis=0), lost.argmax(axis=0), -1) if lost.any() else np.full(value.shape[1:], -1)


def _path(shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Arrays for theta (steps+1, ..., P), value and gradient norm (steps+1, ...); few parameters in one block, a step beside the next."""
    if len(shape) < 3 or shape[-1] > FEW:
        return np.empty(shape), np.empty(shape[:-1]), np.empty(shape[:-1])
    block = np.empty((shape[0], shape[-1] + 2, *shape[1:-1]))
    return np.moveaxis(block[:, :-2], 1, -1), block[:, -2], block[:, -1]


def _rows_first(shape: tuple[int, ...]) -> Array:
    """An array (..., P) whose memory is (steps, P, ...) where P is small: NumPy is at its best on long contiguous rows."""
    if len(shape) < 3 or shape[-1] > FEW:
        return np.empty(shape)
    return np.moveaxis(np.empty((shape[0], shape[-1], *shape[1:-1])), 1, -1)


def _start(objective: Any, optimizer: Optimizer, theta0: ArrayLike) -> Array:
    """A copy of theta0, broadcast against the optimiser's arrays, in the memory order of the book."""
    if not hasattr(objective, "value_and_gradient"):
        raise ValueError(f"a {type(objective).__name__[:60]} cannot be descended: it needs value_and_gradient(theta)")
    try:
        theta = np.asarray(theta0, dtype=float)
        shape = np.broadcast_shapes(theta.shape, *optimizer.hyperparameter_shapes())
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the start needs numbers of shape (..., P) that fit the optimiser's arrays (*batch, 1): {str(error)[:200]}"
        ) from None
    dimension = getattr(objective, "dimension", shape[-1] if shape else 1)
    if theta.ndim == 0 or theta.shape[-1] != dimension:
        raise ValueError(
            f"the start has shape {theta.shape} and the objective {dimension} parameters: it needs the shape (..., {dimension})"
        )
    start = _rows_first((1, *shape))[0]
    start[...] = theta
    return start


def _checked_steps(steps: Any) -> int:
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps is {str(steps)[:40]!r}: it needs a whole number, at least 0")
    return int(steps)


def _checked_names(optimizer: Optimizer, record: Iterable[str]) -> tuple[str, ...]:
    known = ("update", "gradient", *optimizer.remembered())
    if not isinstance(record, Iterable):
        raise ValueError(f"record is {record!r:.40}: it needs names of what is kept, of {', '.join(known)}, or () for none")
    names = (record,) if isinstance(record, str) else tuple(record)
    for name in names:
        if name not in known:
            raise ValueError(f"{str(name)[:40]!r} is not recorded of {optimizer.name}: there are {', '.join(known)}")
    return tuple(dict.fromkeys(names))
