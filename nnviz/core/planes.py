"""Planes through the space of all parameters, to draw the cost on.

A plane is a point of that space and two directions. Which directions decides what is seen: random ones scaled like the weights show
how sharp the surroundings are, the principal axes of a path show where training went, three solutions show what lies between them, the
top eigenvectors of the Hessian show where it is steepest.

Sources: Li, Xu, Taylor, Studer & Goldstein (2018), Visualizing the loss landscape of neural nets, sections 4 and 7; Garipov et al.
(2018), Loss surfaces, mode connectivity, appendix (three solutions).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import generator
from nnviz.core.curvature import top_eigenpairs
from nnviz.core.network import Network
from nnviz.core.objectives import Objective

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Plane:
    """The points `origin + α·u + β·v` of the parameter space; u and v need not be orthogonal. Compares by value."""

    origin: Array  # (P,)
    u: Array  # (P,)
    v: Array  # (P,)
    explained_variance: Array | None = None  # (2,), of a PCA: the shares of the centred path's variance along u and v

    def __post_init__(self) -> None:
        """Own, read-only copies: a plane is a key of caches."""
        parts = [np.array(part, dtype=float) for part in (self.origin, self.u, self.v)]
        if parts[0].ndim != 1 or any(part.shape != parts[0].shape for part in parts):
            raise ValueError(f"origin, u and v have shapes {', '.join(str(part.shape) for part in parts)}: three vectors (P,) are needed")
        if not all(np.isfinite(part).all() for part in parts):
            raise ValueError(
                "origin, u or v holds values that are not finite: a plane cannot pass through a diverged point; take an earlier step"
            )
        shares = None if self.explained_variance is None else np.array(self.explained_variance, dtype=float)
        for name, part in zip(("origin", "u", "v", "explained_variance"), [*parts, shares], strict=True):
            if part is not None:
                part.flags.writeable = False
            object.__setattr__(self, name, part)

    def _values(self) -> list[Array]:
        return [self.origin, self.u, self.v] + ([] if self.explained_variance is None else [self.explained_variance])

    def __eq__(self, other: object) -> bool:
        """Equal where all the numbers are."""
        if not isinstance(other, Plane):
            return NotImplemented
        ours, theirs = self._values(), other._values()
        return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))

    def __hash__(self) -> int:
        """From a digest of the numbers; −0 and 0 are one number."""
        return hash(hashlib.blake2b(b"|".join((value + 0.0).tobytes() for value in self._values())).digest())

    def point(self, alpha: ArrayLike, beta: ArrayLike) -> Array:
        """`origin + α·u + β·v`, (..., P), for alpha and beta that broadcast to (...).

        Examples
        --------
        >>> Plane([1, 0, 0], [0, 1, 0], [0, 0, 2]).point(3, [0, 4]).tolist()
        [[1.0, 3.0, 0.0], [1.0, 3.0, 8.0]]
        """
        alpha, beta = np.asarray(alpha, dtype=float)[..., None], np.asarray(beta, dtype=float)[..., None]
        with np.errstate(all="ignore"):
            return self.origin + alpha * self.u + beta * self.v

    def project(self, theta: ArrayLike) -> Array:
        """The (α, β) of the plane's point nearest to theta (..., P), by least squares; (..., 2).

        NaN where theta is not finite: a diverged path ends where it broke.

        Examples
        --------
        >>> Plane([0, 0, 0], [1, 0, 0], [1, 1, 0]).project([3, 2, 7]).round(12).tolist()
        [1.0, 2.0]
        """
        theta = self._like_origin(theta)
        with np.errstate(all="ignore"):
            # Two columns: at lengths of 1e200 their squares overflow, so they are fitted as unit vectors.
            lengths = np.array([length(self.u), length(self.v)])
            unit = np.stack([self.u, self.v], axis=1) / np.where(lengths > 0, lengths, 1.0)
            inverse = np.linalg.pinv(unit)
            # The part that pinv leaves out of a zero direction is 0 already; dividing by its length would make it NaN.
            return (theta - self.origin) @ inverse.T / np.where(lengths > 0, lengths, 1.0)

    def residual(self, theta: ArrayLike) -> Array:
        """Distance from theta (..., P) to the plane, (...): how much of a path the picture does not show."""
        theta = self._like_origin(theta)
        with np.errstate(all="ignore"):
            coordinates = self.project(theta)
            return np.linalg.norm(theta - self.point(coordinates[..., 0], coordinates[..., 1]), axis=-1)

    def share(self, path: ArrayLike) -> float:
        """How much of the centred variance of a path (T, P) lies in the plane, 0 to 1; points that are not finite are left out.

        NaN for a path that does not move. Of `pca_plane` on that path it is the sum of `explained_variance`.

        Examples
        --------
        >>> round(Plane([0, 0, 0], [1, 0, 0], [1, 1, 0]).share([[0, 0, 0], [1, 1, 0], [2, 2, 2]]), 12)
        0.6
        """
        path = self._like_origin(path)
        points = path[np.isfinite(path).all(axis=-1)]
        if not len(points):
            return np.nan
        with np.errstate(all="ignore"):
            # Projecting is linear up to the origin: the centred path's shadow is the centred shadow.
            centred = points - points.mean(axis=0)
            coordinates = self.project(self.origin + centred)
            shadow = coordinates[:, :1] * self.u + coordinates[:, 1:] * self.v
            total = np.sum(centred**2)
            return float(np.sum(shadow**2) / total) if total > 0 else np.nan

    def _like_origin(self, theta: ArrayLike) -> Array:
        theta = np.asarray(theta, dtype=float)
        if theta.ndim < 1 or theta.shape[-1] != self.origin.size:
            raise ValueError(
                f"theta has shape {theta.shape}: the plane lies among points of {self.origin.size} parameters, (..., {self.origin.size})"
            )
        return theta


def length(vector: Array) -> float:
    """Euclidean length without overflow of the squares."""
    return float(_row_lengths(vector.reshape(1, -1))[0, 0])


def finite_point(theta: ArrayLike, size: int | None = None) -> Array:
    theta = np.asarray(theta, dtype=float)
    if theta.ndim != 1 or (size is not None and theta.size != size):
        raise ValueError(f"theta has shape {theta.shape}: one point, ({'P' if size is None else size},), is needed")
    if not np.isfinite(theta).all():
        raise ValueError("theta holds values that are not finite, the run has diverged: choose an earlier step or a smaller learning rate")
    return theta


def orient(direction: Array) -> Array:
    """The direction or its opposite, so that the largest component is positive: the same picture on every machine."""
    return -direction if direction[np.abs(direction).argmax()] < 0 else direction


def _row_lengths(W: Array) -> Array:
    """`length` of each row, (k, 1)."""
    largest = np.abs(W).max(axis=1, keepdims=True, initial=0.0)
    scale = np.where(largest > 0, largest, 1.0)
    return scale * np.linalg.norm(W / scale, axis=1, keepdims=True)


def _per_filter(random: Array, W: Array) -> Array:
    return random / _row_lengths(random) * _row_lengths(W)


def _per_layer(random: Array, W: Array) -> Array:
    return random / length(random) * length(W)


NORMALIZATIONS: dict[str, Callable[[Array, Array], Array] | None] = {"filter": _per_filter, "layer": _per_layer, "none": None}


def random_plane(network: Network, theta: ArrayLike, seed: int = 0, normalization: str = "filter") -> Plane:
    """The plane through theta along two random Gaussian directions (Li et al. 2018, section 4).

    Parameters
    ----------
    network : whose rows and layers are meant
    theta : (P,)
    seed : of the directions
    normalization : "filter": each row of a direction's W is as long as the same row of theta's W; "layer": each W is as long as
        theta's W; the biases' components are 0 in both. "none": as they are drawn, biases too.

    Raises
    ------
    ValueError
        An unknown normalisation; theta not finite, or all its weights 0 (directions that are scaled like them have no length).
    """
    theta = finite_point(theta, network.parameter_count)
    if normalization not in NORMALIZATIONS:
        raise ValueError(f"normalization is {str(normalization)[:40]!r}: one of {', '.join(NORMALIZATIONS)} is needed")
    scale = NORMALIZATIONS[normalization]
    directions = generator(seed).normal(size=(2, theta.size))
    if scale is not None:
        for direction in directions:
            for drawn, layer in zip(network.unpack(direction), network.unpack(theta), strict=True):
                drawn.W[...], drawn.b[...] = scale(drawn.W, layer.W), 0.0
        if not directions.any():
            raise ValueError(
                f"all weights of theta are 0, and directions scaled by {normalization} have no length: choose normalization='none'"
            )
    return Plane(theta, *directions)


def pca_plane(path: ArrayLike) -> Plane:
    """The plane through a path's last point along its two principal axes (Li et al. 2018, section 7.2).

    Parameters
    ----------
    path : (T, ..., P)
        Points of one path, or of several side by side. Points that are not finite are left out.

    Returns
    -------
    Plane
        Its origin is the last point, u and v have length 1 and are orthogonal; `.explained_variance` has their shares of the centred
        points' variance: (0, 0) for a path that does not move, (1, 0) for a straight one.

    Raises
    ------
    ValueError
        No finite point, or fewer than 2 parameters.
    """
    path = np.asarray(path, dtype=float)
    if path.ndim < 2 or path.shape[-1] < 2:
        raise ValueError(f"path has shape {path.shape}: points of at least 2 parameters, (T, ..., P), are needed to span a plane")
    points = path.reshape(-1, path.shape[-1])
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        raise ValueError(f"path has shape {path.shape} and no finite point in it, the run diverged at once: choose a smaller learning rate")
    size = max(np.abs(points).max(), 1e-300)
    unit = points / size
    centred = unit - unit.mean(axis=0)
    # A path of one point has no second axis: a row of zeros makes the SVD return some orthonormal one.
    _, sigma, axes = np.linalg.svd(np.vstack([centred, np.zeros(path.shape[-1])]), full_matrices=False)
    # Rounding alone spreads the centred points of a path that stands still by some units in the last place.
    moved = sigma[0] > 8 * np.finfo(float).eps * np.sqrt(unit.size)
    shares = sigma[:2] ** 2 / np.sum(sigma**2) if moved else np.zeros(2)
    return Plane(points[-1], orient(axes[0]), orient(axes[1]), shares)


def plane_through(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Plane:
    """The plane through three solutions (P,), origin a; u points from a to b, v is at right angles, both of length 1 (Garipov 2018).

    Raises
    ------
    ValueError
        Two of them are one, or they lie on one line.
    """
    a = finite_point(a)
    b, c = finite_point(b, a.size), finite_point(c, a.size)
    if not length(b - a) or not length(c - a):
        raise ValueError("two of the three solutions are the same point: choose three that differ")
    u = (b - a) / length(b - a)
    v = (c - a) / length(c - a)
    v = v - (v @ u) * u
    if length(v) < 1e-10:
        raise ValueError("the three solutions lie on one line and span no plane: choose another third one, or look along the line")
    return Plane(a, u, v / length(v))


def hessian_plane(objective: Objective, theta: ArrayLike, seed: int = 0) -> Plane:
    """The plane through theta along the two top eigenvectors of the Hessian: where the cost is curved the most."""
    theta = finite_point(theta, objective.dimension)
    _, vectors = top_eigenpairs(objective, theta, k=2, seed=seed)
    return Plane(theta, vectors[:, 0], vectors[:, 1])
