"""The maps of a test surface: the value reached at each learning rate, and which minimum is reached from where.

Both are sweeps (`sweep.py`): rates one over the learning rate and the optimiser, basins one over the two coordinates of the start.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.minima import DIVERGED, NOWHERE, add_minima, named_minima, nearest, span_of
from nnviz.core.objectives import Objective
from nnviz.core.optimizers import Optimizer
from nnviz.core.surfaces import Surface
from nnviz.core.sweep import Map, Sweep, described, sweep_chunks

Array = NDArray[np.floating]

PICTURE_SECONDS = 0.5  # a map of basins that is under way is told anew after this: to look for the nearest minima costs as much as a chunk


def rate_sweep(objective: Objective, optimizers: Sequence[Optimizer], rates: ArrayLike, start: ArrayLike, steps: int) -> Sweep:
    """A sweep over learning rates, a row for each optimiser with all its other hyperparameters as they are; all runs begin at start (P,).

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> from nnviz.core.optimizers import OPTIMIZERS
    >>> *_, found = sweep_chunks(rate_sweep(Quadratic([[2.0]]), [OPTIMIZERS["sgd"]()], [0.5, 1.5], [1.0], 50))
    >>> found.results["cost"].round(3).tolist()[0][0], found.diverged.tolist()
    (0.0, [[False, True]])
    """
    across, up = ("learning_rate", rates), ("optimizer", optimizers)
    return described(objective, None, "sgd", across, up, steps, ("cost", "diverged_at"), theta0=start)


@dataclass(frozen=True, eq=False)
class Basins:
    """Which minimum is reached from where."""

    x: Array  # (columns,)
    y: Array  # (rows,)
    minima: Array  # (minima, 2): those of the surface, then those found as ends of many runs
    reached: NDArray[np.integer]  # (rows, columns): an index into minima, or NOWHERE or DIVERGED


def basin_sweep(surface: Surface, optimizer: Optimizer, resolution: int = 200, steps: int = 200) -> Sweep:
    """A sweep over resolution × resolution starts within the surface's bounds, told by where the runs end."""
    if isinstance(resolution, bool) or not isinstance(resolution, (int, np.integer)) or not 2 <= resolution <= 1000:
        raise ValueError(f"resolution is {str(resolution)[:40]}: a map has 2 to 1000 starts along each axis")
    x, y = ((f"start[{i}]", np.linspace(*ends, resolution)) for i, ends in enumerate(surface.bounds))
    return described(surface, None, optimizer, x, y, steps, ("end_x", "end_y", "diverged_at"))


def basins_of(found: Map) -> Basins:
    """Which minimum was reached from where, of a sweep by `basin_sweep`; of one that is under way by the minima that the surface names.

    A minimum is reached where the run ends within 2 % of the bounds of it. Minima that the surface does not name are found as the places
    in which at least one run in 500 ended, with a gradient of 0 and curvature upwards.
    """
    surface, diverged = found.sweep.subject, found.diverged.ravel()
    span, minima = span_of(surface), named_minima(surface)
    ends = np.stack([found.results["end_x"], found.results["end_y"]], axis=-1).reshape(-1, 2)
    if found.known.all():
        resting = ~diverged & (nearest(ends, minima, span) == NOWHERE)
        minima = add_minima(surface, minima, ends[resting], span, least=max(2, len(ends) // 500))
    reached = np.where(diverged, DIVERGED, nearest(ends, minima, span))
    return Basins(found.sweep.x.numbers, found.sweep.y.numbers, minima, reached.reshape(found.sweep.shape))


def basins_chunks(surface: Surface, optimizer: Optimizer, resolution: int = 200, steps: int = 200) -> Iterator[tuple[float, Basins]]:
    """As `basins`, after each chunk of at most 50 ms: (share done, the map so far)."""
    drawn, told = -np.inf, None
    for found in sweep_chunks(basin_sweep(surface, optimizer, resolution, steps)):
        if told is None or found.known.all() or time.perf_counter() - drawn > PICTURE_SECONDS:
            told, drawn = basins_of(found), time.perf_counter()
        yield found.share, told


def basins(surface: Surface, optimizer: Optimizer, resolution: int = 200, steps: int = 200) -> Basins:
    """Which minimum an optimiser reaches from each of resolution × resolution starts within the surface's bounds: see `basins_of`."""
    return deque(basins_chunks(surface, optimizer, resolution, steps), maxlen=1).pop()[1]
