"""The curvature at one point: its steepest eigenpairs, what kind of point it is, and a check of them by differences of gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.curvature import (
    DENSE_DIMENSION,
    PointKind,
    classify,
    dense_hessian,
    hessian_parts,
    hutchinson_trace,
    layer_shares,
    top_eigenpairs,
)
from nnviz.core.objectives import NetworkCost
from nnviz.core.spectra import lowest_eigenvalue

Array = NDArray[np.floating]

PROBES = 32  # of Hutchinson's trace
TOP = 5  # eigenvectors that are taken apart


@dataclass(frozen=True, eq=False)
class LocalCurvature:
    """The Hessian at one point: its steepest eigenpairs, and where it is whole, all of them and what kind of point it is."""

    top: Array  # (k,)
    vectors: Array  # (P, k)
    shares: Array  # (L, k)
    check: float  # largest ‖(∇C(θ+hv) − ∇C(θ−hv))/2h − λv‖ / λ_max of these pairs
    kind: PointKind | None
    values: Array | None  # (P,) ascending
    every: Array | None  # (P, P)
    gauss_newton: float | None  # λ_max of the Gauss–Newton part
    rest: float | None  # λ_min of the rest
    lowest: float  # λ_min
    gradient_norm: float
    trace: float
    trace_error: float  # of Hutchinson's estimate; 0 where the trace is exact


def local_curvature(cost: NetworkCost, theta: ArrayLike) -> LocalCurvature:
    """The Hessian of a network's cost at theta (P,): whole where that is sooner, else by products with it.

    Raises
    ------
    ValueError
        A point that is not finite, or at which the cost overflows.
    """
    theta = np.asarray(theta, dtype=float)
    k = min(TOP, theta.size)
    with np.errstate(all="ignore"):
        slope = float(np.linalg.norm(cost.gradient(theta)))
    if theta.size > DENSE_DIMENSION:
        values, vectors = top_eigenpairs(cost, theta, k)
        check, shares = _by_differences(cost, theta, values, vectors), layer_shares(cost.network, vectors)
        low, trace = lowest_eigenvalue(cost, theta), hutchinson_trace(cost, theta, PROBES)
        return LocalCurvature(values, vectors, shares, check, None, None, None, None, None, low, slope, *trace)
    kind = classify(cost, theta)
    values, vectors = np.linalg.eigh(dense_hessian(cost, theta))
    top, steepest = values[::-1][:k], vectors[:, ::-1][:, :k]
    check, shares = _by_differences(cost, theta, top, steepest), layer_shares(cost.network, steepest)
    G, rest = (np.linalg.eigvalsh(part) for part in hessian_parts(cost, theta))
    ends = float(G[-1]), float(rest[0]), float(values[0])
    return LocalCurvature(top, steepest, shares, check, kind, values, vectors, *ends, slope, kind.trace, 0.0)


def _by_differences(cost: NetworkCost, theta: Array, values: Array, vectors: Array, h: float = 1e-5) -> float:
    """How far central differences of gradients along the eigenvectors are from λ·v, relative to the largest λ."""
    with np.errstate(all="ignore"):
        product = (cost.gradient(theta + h * vectors.T) - cost.gradient(theta - h * vectors.T)) / (2 * h)
        size = max(float(np.abs(values).max()), 1e-300)
        return float(np.linalg.norm(product - values[:, None] * vectors.T, axis=-1).max() / size)
