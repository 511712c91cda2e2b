"""The loss landscape: an objective on a plane, or along a line, through the space of all parameters.

Sources: Li, Xu, Taylor, Studer & Goldstein (2018), Visualizing the loss landscape of neural nets; Goodfellow, Vinyals & Saxe (2015),
Qualitatively characterizing neural network optimization problems (lines); Frankle, Dziugaite, Roy & Carbin (2020), Linear mode
connectivity and the lottery ticket hypothesis, section 2 (barrier).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.many_costs import Samples
from nnviz.core.objectives import NetworkCost, Objective
from nnviz.core.plane_costs import plane_costs
from nnviz.core.planes import NORMALIZATIONS, Plane, finite_point, hessian_plane, pca_plane, plane_through, random_plane

__all__ = [
    "NORMALIZATIONS",
    "Interpolation",
    "Plane",
    "barrier",
    "evaluate_grid",
    "evaluate_grid_chunks",
    "hessian_plane",
    "interpolate",
    "pca_plane",
    "plane_through",
    "random_plane",
    "refined_grid_chunks",
]

Array = NDArray[np.floating]

CHUNK_SECONDS = 0.03  # a generator yields at the first chunk after this: other sessions get their turn
CHUNK_NUMBERS = 2**16  # of a chunk's points (1/2 MB): they stay in cache
MOST_AXIS = 1001


def _axis(name: str, values: ArrayLike) -> Array:
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not 1 <= values.size <= MOST_AXIS or not np.isfinite(values).all():
        raise ValueError(f"{name} has shape {values.shape}: an axis of the grid is 1 to {MOST_AXIS} finite numbers in a row")
    return values


def evaluate_grid_chunks(objective: Objective, plane: Plane, alpha: ArrayLike, beta: ArrayLike) -> Iterator[tuple[float, Array]]:
    """As `evaluate_grid`, after each chunk of at most 50 ms: (share done, the grid with NaN where nothing is known yet)."""
    alpha, beta = _axis("alpha", alpha), _axis("beta", beta)
    if plane.origin.size != objective.dimension:
        raise ValueError(
            f"the plane lies among points of {plane.origin.size} parameters and the objective has {objective.dimension}: both need as many"
        )
    columns = alpha.size

    def points(part: slice) -> Array:
        cell = np.arange(part.start, part.stop)
        return plane.point(alpha[cell % columns], beta[cell // columns])

    if isinstance(objective, NetworkCost) and (quick := _network_grid(objective, plane, alpha, beta)) is not None:
        yield from quick
        return
    for share, values in _values_in_chunks(objective, points, columns * beta.size):
        yield share, values.reshape(beta.size, columns)


def _network_grid(cost: NetworkCost, plane: Plane, alpha: Array, beta: Array) -> Iterator[tuple[float, Array]] | None:
    """The grid of a network's cost with its first layer taken apart; None where that is not possible."""
    if cost.X.ndim > 2 or cost.Y.ndim > 2 or cost.l2 or cost.l1:
        return None
    return plane_costs(Samples(cost.network, cost.loss, cost.X, cost.Y), plane.origin, plane.u, plane.v, alpha, beta)


def evaluate_grid(objective: Objective, plane: Plane, alpha: ArrayLike, beta: ArrayLike) -> Array:
    """The objective on the plane's points `origin + α·u + β·v`.

    Parameters
    ----------
    objective : a cost on training or on test samples, or any other
    plane : of as many parameters
    alpha, beta : (columns,), (rows,)

    Returns
    -------
    (rows, columns)
        A row for each beta. inf or NaN where the cost overflows.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> evaluate_grid(Quadratic([[2, 0], [0, 4]]), Plane([0, 0], [1, 0], [0, 1]), [0, 1, 2], [0, 1]).tolist()
    [[0.0, 1.0, 4.0], [2.0, 3.0, 6.0]]
    """
    return deque(evaluate_grid_chunks(objective, plane, alpha, beta), maxlen=1).pop()[1]


def refined_grid_chunks(
    objective: Objective, plane: Plane, alpha: ArrayLike, beta: ArrayLike, coarsest: int = 4
) -> Iterator[tuple[float, Array]]:
    """As `evaluate_grid_chunks`, from coarse to fine: (share done, the grid, with the nearest point to the lower left that is known).

    First every so-many-th point along each axis, a power of two, then those between, and so on: no point is computed twice. Until the
    first of these grids is whole, NaN.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> plane, axis = Plane([0, 0], [1, 0], [0, 1]), [0, 1, 2, 3]
    >>> [grid.tolist() for _, grid in refined_grid_chunks(Quadratic([[2, 0], [0, 0]]), plane, axis, [0, 1], 2)][0]
    [[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 4.0]]
    """
    alpha, beta = _axis("alpha", alpha), _axis("beta", beta)
    z, known = np.full((beta.size, alpha.size), np.nan), 0
    for down, across, stride, block in _nested(coarsest):
        x, y = alpha[across::stride], beta[down::stride]
        if not x.size or not y.size:
            continue
        grid: Array = np.empty(0)
        for share, grid in evaluate_grid_chunks(objective, plane, x, y):
            if share < 1:
                yield (known + share * grid.size) / z.size, z
        known += grid.size
        for i, j in product(range(block), range(block)):
            target = z[down + i :: stride, across + j :: stride]
            target[:] = grid[: target.shape[0], : target.shape[1]]
        yield known / z.size, z


def _nested(coarsest: int) -> Iterator[tuple[int, int, int, int]]:
    """Grids that together are all points: the first row and column of each, its stride, and the side of the block that a point fills."""
    yield 0, 0, coarsest, coarsest
    stride = coarsest
    while stride > 1:
        half = stride // 2
        yield from ((down, across, stride, half) for down, across in ((0, half), (half, 0), (half, half)))
        stride = half


@dataclass(frozen=True, eq=False)
class Interpolation:
    """The cost on the straight line between two solutions."""

    t: Array  # (points,), 0 at the first solution, 1 at the second
    train: Array  # (points,)
    test: Array | None  # (points,)
    train_barrier: float
    test_barrier: float | None


def barrier(t: ArrayLike, values: ArrayLike) -> Array:
    """How high the cost (..., points) rises above the straight line between its ends at the first and last t; (...), at least 0.

    `max_t C(t) − [(1−t)·C(0) + t·C(1)]` (Frankle et al. 2020): 0 where the two solutions lie in one valley.

    Examples
    --------
    >>> float(barrier([0, 0.5, 1], [1.0, 5.0, 3.0]))
    3.0
    """
    t, values = np.asarray(t, dtype=float), np.asarray(values, dtype=float)
    if t.ndim != 1 or t.size < 2 or values.shape[-1:] != t.shape or t[0] == t[-1]:
        raise ValueError(f"t has shape {t.shape} and values {values.shape}: one value for each of at least 2 different t is needed")
    with np.errstate(all="ignore"):
        share = (t - t[0]) / (t[-1] - t[0])
        return np.max(values - ((1 - share) * values[..., :1] + share * values[..., -1:]), axis=-1)


def interpolate(
    train: Objective, a: ArrayLike, b: ArrayLike, test: Objective | None = None, points: int = 101, beyond: float = 0.0
) -> Interpolation:
    """The cost at `(1−t)·a + t·b`, for t = −beyond … 1 + beyond, with the height of the barrier between a and b.

    Parameters
    ----------
    train : the objective on the training samples
    a, b : (P,), two solutions
    test : the objective on the test samples, or None
    points : between a and b, ends included
    beyond : how far the line goes on past both ends, as a share of the way between them

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> line = interpolate(Quadratic([[-2, 0], [0, 1]]), [-1, 0], [1, 0], points=3)
    >>> line.train.tolist(), line.train_barrier
    ([-1.0, 0.0, -1.0], 1.0)
    """
    a = finite_point(a, train.dimension)
    b = finite_point(b, train.dimension)
    if isinstance(points, bool) or not isinstance(points, (int, np.integer)) or not 2 <= points <= 100_001:
        raise ValueError(f"points is {str(points)[:40]}: a line has 2 to 100001 points")
    if not 0 <= beyond <= 10:
        raise ValueError(f"beyond is {beyond}: the line goes on for 0 to 10 times the way between its ends")
    inside = np.linspace(0, 1, points)
    outside = inside[1] * np.arange(1, round(beyond * (points - 1)) + 1)
    t = np.concatenate([-outside[::-1], inside, 1 + outside])
    between = slice(outside.size, outside.size + points)

    def along(objective: Objective) -> tuple[Array, float]:
        values = deque(_values_in_chunks(objective, lambda part: (1 - t[part, None]) * a + t[part, None] * b, t.size), maxlen=1).pop()[1]
        return values, float(barrier(inside, values[between]))

    with np.errstate(all="ignore"):
        (train_values, train_barrier), (test_values, test_barrier) = along(train), (None, None) if test is None else along(test)
    return Interpolation(t, train_values, test_values, train_barrier, test_barrier)


def _evaluator(objective: Objective) -> tuple[Callable[[Array], Array], int]:
    """The objective's value at points (N, P), and how many points it wants at least; a network's cost takes the fast path."""
    if not isinstance(objective, NetworkCost) or objective.X.ndim > 2 or objective.Y.ndim > 2:
        return objective.value, 1
    samples = Samples(objective.network, objective.loss, objective.X, objective.Y)

    def value(theta: Array) -> Array:
        return samples.costs(theta)[0] + objective.penalty(theta)

    return value, samples.count


def _values_in_chunks(objective: Objective, points: Callable[[slice], Array], count: int) -> Iterator[tuple[float, Array]]:
    """The objective at `points(part)` (chunk, P), a chunk of at most 50 ms at a time.

    The chunk grows until its points fill the cache or it takes some milliseconds, whichever is first: the same walk serves a surface of
    two variables and a network with 10,000 samples.
    """
    value, chunk = _evaluator(objective)
    values, start, most = np.full(count, np.nan), 0, max(chunk, CHUNK_NUMBERS // objective.dimension)
    began = time.perf_counter()
    while start < count:
        before, part = time.perf_counter(), slice(start, min(start + chunk, count))
        with np.errstate(all="ignore"):
            values[part] = value(points(part))
        now, start = time.perf_counter(), part.stop
        chunk = min(most, 2 * chunk) if now - before < CHUNK_SECONDS / 8 else chunk
        if now - began > CHUNK_SECONDS and start < count:
            yield start / count, values
            began = time.perf_counter()
    yield 1.0, values
