"""What a recurrent network can be asked to learn: inputs X (T, n, m), targets Y (T, k, m), NaN where none is asked for.

`TASKS` is a plain dict from a name to a function of (steps, samples, seed). To add one, write it below and name it there.

Source: Hochreiter & Schmidhuber (1997), Long short-term memory, section 5.4 (adding problem).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nnviz.core.arrays import generator
from nnviz.core.series import Series, load_series

Array = NDArray[np.floating]
MOST_NUMBERS = 2**20


@dataclass(frozen=True, eq=False)
class SequenceTask:
    """Sequences to learn from, and what they are; equal by value."""

    name: str
    title: str
    X: Array  # (T, n, m)
    Y: Array  # (T, k, m)
    offset: float = 0.0  # a series is learnt as (value − offset)/scale
    scale: float = 1.0

    def __post_init__(self) -> None:
        self.X.setflags(write=False)
        self.Y.setflags(write=False)

    @cached_property
    def digest(self) -> str:
        """A fingerprint of its numbers and its name."""
        shapes = f"{self.name}{self.X.shape}{self.Y.shape}{self.offset}{self.scale}".encode()
        return hashlib.blake2b(shapes + self.X.tobytes() + self.Y.tobytes(), digest_size=16).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, SequenceTask) else NotImplemented

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)


def next_value(series: Series, steps: int = 60, samples: int = 16, seed: int = 0) -> SequenceTask:
    """At each step the value that follows, in windows of a series that is first brought to mean 0 and spread 1.

    The windows start at places drawn by the seed, the first at the beginning; there are at most as many as there are places.

    Raises
    ------
    ValueError
        A series too short for one window of so many steps and the value after it, or one that holds NaN or infinity.
    """
    _check(steps, samples)
    values = np.asarray(series.values, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError(f"the series {series.name[:60]!r} holds numbers that are not finite: fill the gaps before it is learnt")
    places = len(values) - steps
    if places < 1:
        raise ValueError(
            f"the series {series.name[:60]!r} has {len(values)} values: {steps} steps need at least {steps + 1}; ask for fewer steps"
        )
    offset, scale = float(values.mean()), float(values.std()) or 1.0
    others = generator(seed).permutation(np.arange(1, places))[: samples - 1]
    starts = np.sort(np.concatenate(([0], others)))
    windows = ((values - offset) / scale)[starts + np.arange(steps + 1)[:, None]]
    title = f"The next value: {series.title}"
    return SequenceTask(series.name, title, windows[:-1, None, :].copy(), windows[1:, None, :].copy(), offset, scale)


def echo(steps: int = 40, samples: int = 16, seed: int = 0, delay: int = 5) -> SequenceTask:
    """At each step the input of `delay` steps before; inputs are noise in [−1, 1]."""
    _check(steps, samples)
    if not 1 <= delay < steps:
        raise ValueError(f"delay is {str(delay)[:40]}: it must be from 1 to {steps - 1}, less than the {steps} steps")
    X = generator(seed).uniform(-1.0, 1.0, size=(steps, 1, samples))
    Y = np.full_like(X, np.nan)
    Y[delay:] = X[:-delay]
    return SequenceTask("echo", f"An echo after {delay} steps", X, Y)


def adding(steps: int = 40, samples: int = 16, seed: int = 0) -> SequenceTask:
    """At the last step the sum of the two numbers that were marked, one in each half: inputs are numbers in [0, 1] and marks."""
    _check(steps, samples)
    rng = generator(seed)
    X = np.zeros((steps, 2, samples))
    X[:, 0] = rng.uniform(size=(steps, samples))
    sample = np.arange(samples)
    first, second = rng.integers(0, steps // 2, size=samples), rng.integers(steps // 2, steps, size=samples)
    X[first, 1, sample] = X[second, 1, sample] = 1.0
    Y = np.full((steps, 1, samples), np.nan)
    Y[-1, 0] = X[first, 0, sample] + X[second, 0, sample]
    return SequenceTask("adding", "The sum of the two marked numbers", X, Y)


TASKS: dict[str, Callable[[int, int, int], SequenceTask]] = {
    "sine": lambda steps, samples, seed: next_value(load_series("sine"), steps, samples, seed),
    "sunspots": lambda steps, samples, seed: next_value(load_series("sunspots"), steps, samples, seed),
    "echo": echo,
    "adding": adding,
}


def make_task(name: str, steps: int = 40, samples: int = 16, seed: int = 0) -> SequenceTask:
    """The task of that name.

    Examples
    --------
    >>> make_task("adding", steps=10, samples=3).X.shape
    (10, 2, 3)
    """
    if name not in TASKS:
        raise ValueError(f"task {str(name)[:40]!r} is unknown: choose one of {', '.join(TASKS)}")
    return TASKS[name](steps, samples, seed)


def _check(steps: int, samples: int) -> None:
    if not (isinstance(steps, int | np.integer) and isinstance(samples, int | np.integer) and steps >= 2 and samples >= 1):
        raise ValueError(f"steps is {str(steps)[:40]} and samples {str(samples)[:40]}: give whole numbers, at least 2 steps and 1 sample")
    if steps * samples > MOST_NUMBERS:
        raise ValueError(f"{steps} steps of {samples} samples are asked for: at most {MOST_NUMBERS:,} numbers in all; take fewer")
