"""The minima of a surface, those it names and those found where runs end; and when a run on it counts as diverged."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.marching import HIGH, Limits, march
from nnviz.core.newton import LBFGS
from nnviz.core.surfaces import Surface

Array = NDArray[np.floating]

NOWHERE, DIVERGED = -1, -2  # in a map of basins, beside the indices of the minima
FAR = 10.0  # what "diverged" means, in widths of the bounds
REACHED = 0.02  # of the bounds' width and height
MOST_MINIMA = 150


@lru_cache(maxsize=32)
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


def limits_of(subject: Any) -> Limits:
    """What "diverged" means for whatever runs: of a surface its own limits, else that a run is not finite or 1,000 times its start."""
    return surface_limits(subject) if isinstance(subject, Surface) else Limits()


def span_of(surface: Surface) -> Array:
    """Width and height of a surface's bounds, (2,)."""
    return np.ptp(np.array(surface.bounds, dtype=float), axis=1)


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


def add_minima(surface: Surface, minima: Array, candidates: Array, span: Array, least: int) -> Array:
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


@lru_cache(maxsize=32)
def known_minima(surface: Surface) -> Array:
    """The minima that a surface names; where it names none, those that 225 runs of L-BFGS find within its bounds; (minima, 2)."""
    minima = named_minima(surface) if surface.minima or surface.local_minima else _found_minima(surface)
    minima.flags.writeable = False
    return minima


def _found_minima(surface: Surface) -> Array:
    low, high = np.array(surface.bounds, dtype=float).T
    starts = np.stack(np.meshgrid(*np.linspace(low, high, 15).T), axis=-1).reshape(-1, 2)
    try:
        endings = march(surface, LBFGS(), starts, 30, surface_limits(surface))
    except ValueError:
        return named_minima(surface)
    ends = endings.theta[~endings.diverged]
    inside = ((ends >= low) & (ends <= high)).all(axis=-1)
    return add_minima(surface, named_minima(surface), ends[inside], high - low, least=2)
