"""Sharpness along a training run against the limit of its learning rate, and what becomes of gradient descent along each eigenvector.

With full batches the sharpness rises until it reaches `2/α` and then hovers there: the edge of stability. A run that starts above it
is thrown out, to a flatter place (a catapult) or to infinity.

Sources: Cohen, Kaur, Li, Kolter & Talwalkar (2021), Gradient descent on neural networks typically occurs at the edge of stability;
Lewkowycz, Bahri, Dyer, Sohl-Dickstein & Gur-Ari (2020), The large learning rate phase of deep learning: the catapult mechanism.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.curvature import CHUNK_SECONDS, DENSE_DIMENSION, dense_hessian, eigenvalues_or_nan, one_point, points, top_ritz
from nnviz.core.objectives import Objective
from nnviz.core.stability import stability_limit

Array = NDArray[np.floating]

NOISE = 0.1  # of the start vector of a warm-started recursion


@dataclass(frozen=True, eq=False)
class EdgeOfStability:
    """Where a run stands against its own limit; steps are −1 where it never happened."""

    limit: Array  # (...), the learning rate's limit as a sharpness: 2/α for sgd
    reached_at: NDArray[np.integer]  # (...), first entry with a sharpness at the limit or above
    catapult_at: NDArray[np.integer]  # (...), the entry with the highest cost of a run that rose above its start and came back below it
    diverged_at: NDArray[np.integer]  # (...), first entry with a cost that is not finite


def sharpness_limit(learning_rate: ArrayLike, method: str = "sgd", beta: ArrayLike = 0.9) -> Array:
    """The sharpness that a learning rate can stand on a quadratic: `stability_limit` solved for λ; `2/α` for sgd. inf at rate 0.

    Examples
    --------
    >>> float(sharpness_limit(0.1)), float(sharpness_limit(0.5, "heavy_ball", 0.5))
    (20.0, 6.0)
    """
    rate = np.asarray(learning_rate, dtype=float)
    if not (rate >= 0).all():
        raise ValueError(f"learning_rate is {str(learning_rate)[:40]}: a number of at least 0 is needed")
    return stability_limit(method, beta, rate)  # the limits are c/λ, and so the same function both ways


def _first(condition: NDArray[np.bool_]) -> NDArray[np.integer]:
    return np.where(condition.any(axis=0), condition.argmax(axis=0), -1)


def edge_of_stability(
    sharpness_path: ArrayLike, cost_path: ArrayLike, learning_rate: ArrayLike, method: str = "sgd", beta: ArrayLike = 0.9
) -> EdgeOfStability:
    """The moments of a run: when it reached the edge, when it was catapulted, when it diverged.

    Parameters
    ----------
    sharpness_path, cost_path : (T, ...)
        Of the same points of the run.
    learning_rate : (...) or one for all
    method, beta : as in `stability_limit`
    """
    curvature, cost = np.asarray(sharpness_path, dtype=float), np.asarray(cost_path, dtype=float)
    if curvature.shape != cost.shape or curvature.ndim < 1 or not curvature.size:
        raise ValueError(
            f"sharpness_path has shape {curvature.shape} and cost_path {cost.shape}: one of each for every point of the run is needed"
        )
    limit = np.broadcast_to(sharpness_limit(learning_rate, method, beta), curvature.shape[1:])
    finite = np.isfinite(cost)
    peak = np.where(finite, cost, -np.inf).argmax(axis=0)
    came_back = finite.all(axis=0) & (peak > 0) & (cost[-1] < cost[0])
    return EdgeOfStability(limit, _first(curvature >= limit), np.where(came_back, peak, -1), _first(~finite))


def sharpness_along_chunks(objective: Objective, path: ArrayLike) -> Iterator[tuple[float, Array]]:
    """As `sharpness_along`, after each chunk of at most 50 ms: (share done, the sharpness with NaN where it is not known yet)."""
    path, mark = points(objective, path)
    if path.ndim < 2:
        raise ValueError(f"path has shape {path.shape}: the points of a run, (T, ..., {objective.dimension}), are needed")
    walk = _dense_walk if objective.dimension <= DENSE_DIMENSION else _warm_walk
    for done, values in walk(objective, path.reshape(len(path), -1, path.shape[-1])):
        yield done, values.reshape(mark.shape) * mark


def _dense_walk(objective: Objective, path: Array) -> Iterator[tuple[float, Array]]:
    """From whole Hessians, as many at once as make one of them cheaper: few samples want many, many samples fill the cache alone."""
    rows = path.reshape(-1, path.shape[-1])
    values, start, chunk, began = np.full(len(rows), np.nan), 0, 1, time.perf_counter()
    each, growing = np.inf, True
    while start < len(rows):
        before, part = time.perf_counter(), slice(start, min(start + chunk, len(rows)))
        values[part] = eigenvalues_or_nan(dense_hessian(objective, rows[part]))[..., -1]
        now, start = time.perf_counter(), part.stop
        if growing:
            growing = (now - before) / chunk < 0.9 * each and now - before < CHUNK_SECONDS / 4
            each, chunk = (now - before) / chunk, 2 * chunk if growing else max(1, chunk // 2)
        if now - began > CHUNK_SECONDS and start < len(rows):
            yield start / len(rows), values
            began = time.perf_counter()
    yield 1.0, values


def _warm_walk(objective: Objective, path: Array) -> Iterator[tuple[float, Array]]:
    """By Lanczos' recursion, each point from the top eigenvectors of the point before it."""
    values, began = np.full(path.shape[:2], np.nan), time.perf_counter()
    noise = np.random.default_rng(0).normal(size=path.shape[1:])
    noise /= np.linalg.norm(noise, axis=-1, keepdims=True)
    vector: Array = np.zeros_like(noise)
    for t, theta in enumerate(path):
        # The noise lets an eigenvector in that the last one is orthogonal to, should it have become the largest.
        values[t], vector = top_ritz(objective, theta, np.nan_to_num(vector) + NOISE * noise)
        if time.perf_counter() - began > CHUNK_SECONDS and t + 1 < len(path):
            yield (t + 1) / len(path), values
            began = time.perf_counter()
    yield 1.0, values


def sharpness_along(objective: Objective, path: ArrayLike) -> Array:
    """`λ_max` of the Hessian at each point of one run, or of several side by side.

    Parameters
    ----------
    objective : of P parameters; the whole training set's, for the edge of stability
    path : (T, ..., P)

    Returns
    -------
    (T, ...)
        NaN where a run had diverged. Up to 300 parameters from the whole Hessian, beyond that by Lanczos' recursion, warm-started.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> sharpness_along(Quadratic([[2, 0], [0, 1]]), [[1, 1], [0, 0]]).tolist()
    [2.0, 2.0]
    """
    return deque(sharpness_along_chunks(objective, path), maxlen=1).pop()[1]


@dataclass(frozen=True, eq=False)
class Fates:
    """Small errors under real steps of gradient descent, one along each eigenvector."""

    predicted: Array  # (k,), |1 − αλ|: the factor a step on the quadratic that has this Hessian
    observed: Array  # (k,), the geometric mean of the real factors, as long as the error is neither rounding nor out of the neighbourhood
    distance: Array  # (steps + 1, k), the error along the eigenvector in units of its start; its sign flips where αλ > 1


# An error between these, in units of its start, is measured; below rounding takes over, above the neighbourhood is left.
SMALLEST, LARGEST = 1e-6, 1e3


def fates_along_eigenvectors(
    objective: Objective, theta: ArrayLike, values: ArrayLike, vectors: ArrayLike, learning_rate: float, steps: int = 20, size: float = 1e-4
) -> Fates:
    """Does an error along each eigenvector die out under gradient descent, as `|1 − αλ|` says?

    From `theta + size·v` and `theta − size·v` real steps are taken, for all eigenvectors at once; the error is half of the pair's
    difference, along v. It differs from the prediction where the Hessian changes on the way.

    Parameters
    ----------
    objective : of P parameters
    theta : (P,)
    values, vectors : (k,), (P, k)
        From `top_eigenpairs`, or any part of the spectrum.
    learning_rate : at least 0
    steps : at least 1
    size : of the error at the start

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> fates = fates_along_eigenvectors(Quadratic([[2, 0], [0, 1]]), [1, 1], [2, 1], [[1, 0], [0, 1]], learning_rate=1.25)
    >>> fates.predicted.tolist(), fates.observed.round(6).tolist()
    ([1.5, 0.25], [1.5, 0.25])
    """
    theta = one_point(objective, theta)
    values, vectors = np.asarray(values, dtype=float), np.asarray(vectors, dtype=float)
    if vectors.shape != (theta.size, *values.shape) or values.ndim != 1:
        raise ValueError(f"values has shape {values.shape} and vectors {vectors.shape}: (k,) and ({theta.size}, k) are needed")
    if not (learning_rate >= 0 and steps >= 1 and size > 0):
        raise ValueError(f"learning_rate is {learning_rate}, steps {steps}, size {size}: at least 0, at least 1 and above 0 are needed")
    pair = theta + size * np.stack([vectors.T, -vectors.T])
    distance = np.ones((steps + 1, values.size))
    with np.errstate(all="ignore"):
        for step in range(1, steps + 1):
            pair = pair - learning_rate * objective.gradient(pair)
            distance[step] = np.sum((pair[0] - pair[1]) * vectors.T, axis=-1) / (2 * size)
        inside = (np.abs(distance[1:]) >= SMALLEST) & (np.abs(distance[1:]) <= LARGEST)
        measured = np.maximum(np.logical_and.accumulate(inside).sum(axis=0), 1)
        last = np.take_along_axis(distance, measured[None], axis=0)[0]
        return Fates(np.abs(1 - learning_rate * values), np.abs(last) ** (1 / measured), distance)
