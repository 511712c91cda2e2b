"""Curvature: the Hessian of an objective at a point, seen through its eigenvalues.

Small objectives have their whole Hessian; larger ones are known by products `H·v` alone, from which Lanczos' recursion finds the ends
of the spectrum and, started from random vectors, its density.

Sources: Golub & Van Loan (2013), Matrix Computations, section 10.1; Ghorbani, Krishnan & Xiao (2019), An investigation into neural net
optimization via Hessian eigenvalue density, algorithm 1; Hutchinson (1990), A stochastic estimator of the trace of the influence matrix.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from nnviz.core.arrays import generator
from nnviz.core.lanczos import Ritz, lanczos, ritz
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Objective

Array = NDArray[np.floating]

DENSE_DIMENSION = 300  # up to here the whole Hessian and its eigenvalues are sooner there than Lanczos converges
MOST_DENSE = 3000  # 72 MB and some seconds
TOP_RESIDUAL = 1e-5  # of the largest Ritz pair, relative to itself
LEAST_TOP = 1e-7  # of the largest modulus: an eigenvalue near 0 beside it is not waited for
OVERFLOWED = "the Hessian has entries that are not finite, the cost has overflowed here: choose an earlier step of the run"
CHUNK_SECONDS = 0.03  # what a generator computes before it yields, about


def points(objective: Objective, theta: ArrayLike) -> tuple[Array, Array]:
    """Theta (..., P) with members that are not finite set to 0, and `(...)` NaN where they were, else 1.

    Raises
    ------
    ValueError
        Another number of parameters than the objective has, or no finite point.
    """
    theta = np.asarray(theta, dtype=float)
    P = objective.dimension
    if theta.ndim < 1 or theta.shape[-1] != P or not theta.size:
        raise ValueError(f"theta has shape {theta.shape} and the objective {P} parameters: (..., {P}) is needed")
    finite = np.isfinite(theta).all(axis=-1)
    if not finite.any():
        raise ValueError("theta holds values that are not finite, the run has diverged: choose an earlier step or a smaller learning rate")
    return np.where(finite[..., None], theta, 0.0), np.where(finite, 1.0, np.nan)


def one_point(objective: Objective, theta: ArrayLike) -> Array:
    """Theta (P,), finite, or a `ValueError`."""
    theta = np.asarray(theta, dtype=float)
    if theta.ndim != 1:
        raise ValueError(f"theta has shape {theta.shape}: one point, ({objective.dimension},), is needed")
    return points(objective, theta)[0]


def dense_hessian(objective: Objective, theta: Array) -> Array:
    """The Hessian (..., P, P), symmetric to the last bit; from its products with the unit vectors where it has no faster form."""
    if objective.dimension > MOST_DENSE:
        raise ValueError(
            f"the objective has {objective.dimension} parameters and a whole Hessian is made for at most {MOST_DENSE}: "
            "use top_eigenpairs or spectral_density"
        )
    with np.errstate(all="ignore"):
        if hasattr(objective, "hessian"):
            H = objective.hessian(theta)
        else:
            H = objective.hessian_vector_product(theta[..., None, :], np.eye(objective.dimension))
        return (H + np.swapaxes(H, -1, -2)) / 2


def eigenvalues_or_nan(H: Array) -> Array:
    """Ascending eigenvalues (..., P) of symmetric H; NaN for a member with entries that are not finite."""
    finite = np.asarray(np.isfinite(H).all(axis=(-2, -1)))
    return np.where(finite[..., None], np.linalg.eigvalsh(np.where(finite[..., None, None], H, 0.0)), np.nan)


def _some_finite(values: Array) -> Array:
    if np.isnan(values).all():
        raise ValueError(OVERFLOWED)
    return values


def hessian_spectrum(objective: Objective, theta: ArrayLike) -> Array:
    """Eigenvalues of the Hessian at theta (..., P), ascending; (..., P). NaN at diverged points of a batch.

    Raises
    ------
    ValueError
        More than 3000 parameters, a wrong shape, or no finite point.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> hessian_spectrum(Quadratic([[2, 0], [0, -1]]), [0, 0]).tolist()
    [-1.0, 2.0]
    """
    theta, mark = points(objective, theta)
    return _some_finite(eigenvalues_or_nan(dense_hessian(objective, theta))) * mark[..., None]


def top_eigenpairs(objective: Objective, theta: ArrayLike, k: int = 3, seed: int = 0) -> tuple[Array, Array]:
    """The k algebraically largest eigenvalues of the Hessian and their eigenvectors, from products `H·v` alone.

    Implicitly restarted Lanczos (ARPACK). An eigenvector has length 1 and its largest component positive.

    Parameters
    ----------
    objective : of P parameters
    theta : (P,)
    k : 1 … P
    seed : of the start vector

    Returns
    -------
    (k,), (P, k)
        The largest first; a column each.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> values, vectors = top_eigenpairs(Quadratic([[2, 0], [0, -1]]), [0, 0], k=1)
    >>> values.round(9).tolist(), vectors.round(9).tolist()
    ([2.0], [[1.0], [0.0]])
    """
    theta, P = one_point(objective, theta), objective.dimension
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= P:
        raise ValueError(f"k is {str(k)[:40]}: of {P} eigenpairs 1 to {P} can be asked for")
    with np.errstate(all="ignore"):
        start = generator(seed).normal(size=P)
        first = objective.hessian_vector_product(theta, start)
        if not np.isfinite(first).all():
            raise ValueError(OVERFLOWED)
        values, vectors = _arpack(objective, theta, int(k), start, seed) if first.any() and 3 * k < P else _all_pairs(objective, theta)
    values, vectors = values[::-1][:k], vectors[:, ::-1][:, :k]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return values.copy(), vectors * np.where(largest < 0, -1.0, 1.0)


def _arpack(objective: Objective, theta: Array, k: int, start: Array, seed: int) -> tuple[Array, Array]:
    P = theta.size
    operator = LinearOperator((P, P), matvec=lambda v: objective.hessian_vector_product(theta, np.ravel(v)), dtype=float)
    try:
        values, vectors = eigsh(operator, k=k, which="LA", v0=start, ncv=min(P, max(4 * k, 32)), tol=1e-12, maxiter=50 * P, rng=seed)
    except ArpackError as error:
        raise ValueError(f"Lanczos' recursion did not settle on {k} eigenpairs: ask for fewer ({str(error)[:100]})") from None
    order = np.argsort(values)
    return values[order], vectors[:, order]


def _all_pairs(objective: Objective, theta: Array) -> tuple[Array, Array]:
    """Where Lanczos has nothing to gain: nearly all pairs are asked for, or the Hessian is 0."""
    H = objective.hessian_vector_product(np.broadcast_to(theta, (theta.size, theta.size)), np.eye(theta.size))
    if not np.isfinite(H).all():
        raise ValueError(OVERFLOWED)
    return np.linalg.eigh((H + H.T) / 2)


def sharpness(objective: Objective, theta: ArrayLike) -> Array:
    """`λ_max` of the Hessian at theta (..., P); (...). NaN at diverged points of a batch.

    From the whole Hessian up to 300 parameters, beyond that by Lanczos' recursion.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> float(sharpness(Quadratic([[2, 0], [0, -1]]), [0, 0]))
    2.0
    """
    theta, mark = points(objective, theta)
    if objective.dimension <= DENSE_DIMENSION:
        return _some_finite(eigenvalues_or_nan(dense_hessian(objective, theta)))[..., -1] * mark
    start = np.broadcast_to(np.random.default_rng(0).normal(size=objective.dimension), theta.shape)
    return _some_finite(top_ritz(objective, theta, start)[0]) * mark


def top_ritz(objective: Objective, theta: Array, start: Array, least: int = 8) -> tuple[Array, Array]:
    """The largest eigenvalue (...) and its vector (..., P) at theta (..., P), by Lanczos from start (..., P).

    The error of a Ritz value is its residual squared over the gap to the next eigenvalue: 1e-10 of it for a residual of 1e-5.
    """
    steps = min(objective.dimension, 300)
    recursion = lanczos(partial(objective.hessian_vector_product, theta), start, steps)
    with np.errstate(all="ignore"):
        for j, (diagonal, off_diagonal, known) in enumerate(recursion, 1):
            if j == steps or (j >= least and j % 2 == 0):
                found, basis = ritz(diagonal, off_diagonal), known
                # A comparison with NaN is False: what has overflowed is not waited for.
                size = np.maximum(np.abs(found.values[..., -1]), LEAST_TOP * np.abs(found.values).max(axis=-1))
                if not (found.top_residual > TOP_RESIDUAL * size).any():
                    break
        return found.values[..., -1], (found.top_coordinates[..., None, :] @ basis)[..., 0, :]


# Density and trace ----------------------------------------------------------------------------------------------------------------


def _signs(dimension: int, probes: int, seed: int) -> Array:
    """Rademacher probes (probes, P): each has length √P, and `vᵀHv` has the smallest variance of all (Hutchinson 1990)."""
    if isinstance(probes, bool) or not isinstance(probes, (int, np.integer)) or not 1 <= probes <= 1000:
        raise ValueError(f"probes is {str(probes)[:40]}: 1 to 1000 random vectors are needed")
    return generator(seed).choice([-1.0, 1.0], size=(probes, dimension))


def smoothed(nodes: Array, weights: Array) -> tuple[Array, Array]:
    """A density (grid,), from nodes and weights (sum 1) of any one shape, each node a Gaussian of 1/200 of their range.

    The grid has three points a standard deviation and ends eight of them beyond the last node: a sum over it is the integral.
    """
    low, high = nodes.min(), nodes.max()
    width = max((high - low) / 200, 1e-6 * max(abs(low), abs(high))) or 1e-3
    grid = np.linspace(low - 8 * width, high + 8 * width, 3 * int(np.ceil((high - low) / width + 16)) + 1)
    bells = np.exp(-0.5 * ((grid - nodes.reshape(-1, 1)) / width) ** 2)
    return grid, weights.ravel() @ bells / (width * np.sqrt(2 * np.pi))


def spectral_density_chunks(
    objective: Objective, theta: ArrayLike, probes: int = 8, steps: int = 40, seed: int = 0
) -> Iterator[tuple[float, tuple[Array, Array]]]:
    """As `spectral_density`, after each chunk of at most 50 ms: (share done, (grid, density) as far as it is known)."""
    theta = one_point(objective, theta)
    starts = _signs(theta.size, probes, seed)
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise ValueError(f"steps is {str(steps)[:40]}: Lanczos' recursion needs at least 1 step")
    steps, first = min(int(steps), theta.size), 0
    finished: list[Ritz] = []
    began = time.perf_counter()
    with np.errstate(all="ignore"):
        objective.hessian_vector_product(theta, starts[0])
    group = int(np.clip(CHUNK_SECONDS / max(time.perf_counter() - began, 1e-9), 1, probes))
    while first < probes:
        at = np.broadcast_to(theta, starts[first : first + group].shape)
        recursion = lanczos(partial(objective.hessian_vector_product, at), starts[first : first + group], steps)
        for j, (diagonal, off, _) in enumerate(recursion, 1):
            if j == steps or time.perf_counter() - began > CHUNK_SECONDS:
                with np.errstate(all="ignore"):
                    known = [*finished, ritz(diagonal, off)]
                yield (first + len(at) * j / steps) / probes, _density(known)
                began = time.perf_counter()
        finished, first = known, first + group


def _density(known: list[Ritz]) -> tuple[Array, Array]:
    nodes = np.concatenate([part.values.ravel() for part in known])
    if not np.isfinite(nodes).all():
        raise ValueError(OVERFLOWED)
    weights = np.concatenate([part.weights.ravel() for part in known])
    return smoothed(nodes, weights / weights.sum())


def spectral_density(objective: Objective, theta: ArrayLike, probes: int = 8, steps: int = 40, seed: int = 0) -> tuple[Array, Array]:
    """How the Hessian's eigenvalues are spread, by stochastic Lanczos quadrature (Ghorbani et al. 2019, algorithm 1).

    Parameters
    ----------
    objective : of P parameters
    theta : (P,)
    probes : random start vectors; their mean is the density
    steps : of the recursion, for each; at most P are taken
    seed : of the probes

    Returns
    -------
    grid, density
        Both (grid,). The density integrates to 1; its mean is Hutchinson's `tr H / P` of the same probes.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> grid, density = spectral_density(Quadratic([[2, 0], [0, -1]]), [0, 0])
    >>> round(float(np.trapezoid(density, grid)), 9), round(float(np.trapezoid(grid * density, grid)), 9)
    (1.0, 0.5)
    """
    return deque(spectral_density_chunks(objective, theta, probes, steps, seed), maxlen=1).pop()[1]


def hutchinson_trace(objective: Objective, theta: ArrayLike, probes: int = 8, seed: int = 0) -> tuple[float, float]:
    """`tr H ≈ mean of vᵀHv` over random signs v, and the standard error of that mean (Hutchinson 1990); NaN for one probe.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> hutchinson_trace(Quadratic([[2, 0], [0, -1]]), [0, 0])
    (1.0, 0.0)
    """
    theta = one_point(objective, theta)
    starts = _signs(theta.size, probes, seed)
    with np.errstate(all="ignore"):
        samples = np.concatenate(
            [
                np.sum(v * objective.hessian_vector_product(np.broadcast_to(theta, v.shape), v), axis=-1)
                for v in np.array_split(starts, -(-probes // 8))
            ]
        )
        error = samples.std(ddof=1) / np.sqrt(probes) if probes > 1 else np.nan
        return float(samples.mean()), float(error)


# What kind of point it is ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PointKind:
    """A point named by the signs of the Hessian's eigenvalues there."""

    kind: str  # "minimum", "maximum", "saddle", "flat minimum" and "flat maximum" (some eigenvalues are 0), "flat" (all are)
    positive: int
    negative: int
    zero: int  # eigenvalues within the tolerance times the largest modulus
    sharpness: float  # λ_max
    most_negative: float  # λ_min
    condition_number: float  # max|λ| / min|λ|; inf where an eigenvalue is 0
    trace: float
    gradient_norm: float  # 0 at a critical point; elsewhere the name says how the cost curves, not that training has arrived


def _name(positive: int, negative: int, zero: int) -> str:
    if not positive and not negative:
        return "flat"
    if positive and negative:
        return "saddle"
    if negative:
        return "maximum" if not zero else "flat maximum"
    return "minimum" if not zero else "flat minimum"


def classify(objective: Objective, theta: ArrayLike, tolerance: float = 1e-8) -> PointKind:
    """Minimum, maximum, saddle or flat: from the Hessian's whole spectrum at theta (P,).

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> point = classify(Quadratic([[2, 0], [0, -1]]), [0, 0])
    >>> point.kind, point.negative, point.condition_number
    ('saddle', 1, 2.0)
    """
    theta = one_point(objective, theta)
    values = hessian_spectrum(objective, theta)
    size = np.abs(values)
    positive, negative = int((values > tolerance * size.max()).sum()), int((values < -tolerance * size.max()).sum())
    zero = values.size - positive - negative
    with np.errstate(all="ignore"):
        condition = np.inf if zero else size.max() / size.min()
        gradient_norm = float(np.linalg.norm(objective.gradient(theta)))
    return PointKind(
        _name(positive, negative, zero),
        positive,
        negative,
        zero,
        float(values[-1]),
        float(values[0]),
        float(condition),
        float(values.sum()),
        gradient_norm,
    )


# Of a network's cost --------------------------------------------------------------------------------------------------------------


def hessian_parts(cost: NetworkCost, theta: ArrayLike) -> tuple[Array, Array]:
    """The Gauss–Newton part of a network cost's Hessian at theta (P,), and the rest; both (P, P), their sum the Hessian.

    `H = (1/m)·Σ Jᵀ·(∂²L/∂z²)·J + (1/m)·Σ ∂L/∂z·∂²z/∂θ²` (Schraudolph 2002, section 3). The first is the curvature of the loss: it has no
    negative eigenvalue where the loss is convex, and the few large ones. The rest is the curvature of the network: it fades with the
    residuals, and all negative curvature is in it (Sagun et al. 2018, section 2.1).
    """
    theta = one_point(cost, theta)
    H = dense_hessian(cost, theta)
    G = cost.gauss_newton(theta)
    return G, H - G


def layer_shares(network: Network, vectors: ArrayLike) -> Array:
    """How much of each direction lies in each layer: shares (L, k), columns summing to 1, of directions (P, k) as columns.

    Examples
    --------
    >>> layer_shares(Network((1, 1, 1)), [[3.0], [0.0], [0.0], [4.0]]).round(2).tolist()
    [[0.36], [0.64]]
    """
    vectors = np.asarray(vectors, dtype=float)
    if vectors.ndim != 2 or vectors.shape[0] != network.parameter_count:
        raise ValueError(f"vectors has shape {vectors.shape}: directions of {network.parameter_count} parameters as columns are needed")
    squares = np.stack([(W**2).sum(axis=(-2, -1)) + (b**2).sum(axis=(-2, -1)) for W, b in network.unpack(vectors.T)])
    total = squares.sum(axis=0)
    return squares / np.where(total > 0, total, 1.0)
