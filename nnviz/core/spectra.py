"""The Hessian along runs: whole spectra at each snapshot, and the sharpness of full-batch descents at several learning rates.

Source: Cohen, Kaur, Li, Kolter & Talwalkar (2021), Gradient descent on neural networks typically occurs at the edge of stability.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.curvature import CHUNK_SECONDS, dense_hessian, eigenvalues_or_nan, points, top_eigenpairs
from nnviz.core.descent import descending
from nnviz.core.edge_of_stability import EdgeOfStability, edge_of_stability, sharpness_along_chunks
from nnviz.core.objectives import Objective
from nnviz.core.optimizers import OPTIMIZERS

Array = NDArray[np.floating]

MOST_NUMBERS = 3e7  # of all points of all descents: 240 MB
DESCENT_SHARE = 0.4  # of the work, about: descending itself


def spectra_along_chunks(objective: Objective, path: ArrayLike) -> Iterator[tuple[float, Array]]:
    """All eigenvalues of the Hessian at each point of a path (T, P), ascending: (share done, (T, P) with NaN where not known yet).

    NaN stays where the run had diverged or the cost overflows. After each chunk of at most 50 ms.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> [*spectra_along_chunks(Quadratic([[2, 0], [0, -1]]), [[1, 1], [0, np.nan]])][-1][1].tolist()
    [[-1.0, 2.0], [nan, nan]]
    """
    path, mark = points(objective, path)
    if path.ndim != 2:
        raise ValueError(f"path has shape {path.shape}: the points of one run, (T, {objective.dimension}), are needed")
    values, done, count = np.full(path.shape, np.nan), 0, 1
    while done < len(path):
        began, part = time.perf_counter(), slice(done, done + count)
        values[part] = eigenvalues_or_nan(dense_hessian(objective, path[part])) * mark[part, None]
        done = min(done + count, len(path))
        yield done / len(path), values.copy()
        count = int(np.clip(count * CHUNK_SECONDS / max(time.perf_counter() - began, 1e-9), 1, 2 * count))


@dataclass(frozen=True, eq=False)
class _Negated:
    """An objective upside down, as far as its curvature is asked for."""

    objective: Objective

    @property
    def dimension(self) -> int:
        return self.objective.dimension

    def hessian_vector_product(self, theta: ArrayLike, v: ArrayLike) -> Array:
        return -self.objective.hessian_vector_product(theta, v)


def lowest_eigenvalue(objective: Objective, theta: ArrayLike, seed: int = 0) -> float:
    """`λ_min` of the Hessian at theta (P,), from products `H·v` alone: below 0, the cost curves downwards somewhere.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> round(lowest_eigenvalue(Quadratic([[2, 0], [0, -1]]), [0, 0]), 9)
    -1.0
    """
    upside_down: Any = _Negated(objective)
    return -float(top_eigenpairs(upside_down, theta, 1, seed)[0][0])


@dataclass(frozen=True, eq=False)
class EdgeRuns:
    """Descents from one start at several learning rates, with all samples in each step."""

    learning_rate: Array  # (R,)
    cost: Array  # (steps so far + 1, R)
    step: NDArray[np.integer]  # (T,), at which the sharpness is known
    sharpness: Array  # (T, R); NaN where it is not known yet, and after a run has diverged
    edge: EdgeOfStability  # `reached_at` is an entry of `step`, `catapult_at` and `diverged_at` are true steps


def edge_runs_chunks(
    objective: Objective, theta0: ArrayLike, learning_rates: ArrayLike, steps: int, looks: int = 101
) -> Iterator[tuple[float, EdgeRuns]]:
    """Gradient descent from theta0 (P,) at several rates at once, then the sharpness at up to `looks` of its steps: (share done, so far).

    Raises
    ------
    ValueError
        Rates that are not one row of positive numbers, or more points than fit into memory.
    """
    rates, theta0 = np.asarray(learning_rates, dtype=float), np.asarray(theta0, dtype=float)
    if rates.ndim != 1 or not rates.size or not (np.isfinite(rates) & (rates > 0)).all():
        raise ValueError(f"learning_rates is {str(learning_rates)[:60]}: one or more positive numbers are needed")
    if steps * rates.size * theta0.size > MOST_NUMBERS:
        raise ValueError(
            f"{steps} steps of {rates.size} runs with {theta0.size:,} parameters are too many to be kept: take fewer steps or rates"
        )
    start = np.tile(theta0, (rates.size, 1))
    for run in descending(objective, OPTIMIZERS["sgd"](learning_rate=rates[:, None]), start, steps, record=()):
        nothing = np.full((1, rates.size), np.nan)
        yield DESCENT_SHARE * (len(run.theta) - 1) / max(1, steps), _told(rates, run.value, np.array([0]), nothing)
    step = np.unique(np.linspace(0, steps, min(looks, steps + 1)).round().astype(int))
    for share, sharpness in sharpness_along_chunks(objective, run.theta[step]):
        yield DESCENT_SHARE + (1 - DESCENT_SHARE) * share, _told(rates, run.value, step, sharpness.copy())


def _told(rates: Array, cost: Array, step: NDArray[np.integer], sharpness: Array) -> EdgeRuns:
    """The moments: the edge by the sharpness where it is known, catapult and divergence by the cost of every step."""
    looked = edge_of_stability(sharpness, cost[step], rates)
    whole = edge_of_stability(np.full(cost.shape, np.nan), cost, rates)
    return EdgeRuns(rates, cost, step, sharpness, EdgeOfStability(looked.limit, looked.reached_at, whole.catapult_at, whole.diverged_at))
