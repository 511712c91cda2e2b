"""Matrices to look at: maps of the plane made of rotation, scale and shear, and large random matrices with the law of their spectrum.

A random ensemble is how it is drawn and the density that its eigenvalues approach as n grows, side by side. To add one, write both
below and name it in `ENSEMBLES`; menus, figures and tests read the registry.

Sources: Ginibre (1965) and Tao & Vu (2010) for the circular law; Wigner (1958) for the semicircle; Mezzadri (2007), How to generate
random matrices from the classical compact groups, for the orthogonal ensemble.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import generator
from nnviz.core.eigen import Array, as_matrices, unit_scale


def _plane_map(a: Array, b: Array, c: Array, d: Array) -> Array:
    """`[[a, b], [c, d]]`, each entry of shape (...); (..., 2, 2)."""
    a, b, c, d = np.broadcast_arrays(a, b, c, d)
    return np.stack([np.stack([a, b], -1), np.stack([c, d], -1)], -2)


def rotation(angle: ArrayLike) -> Array:
    """Counter-clockwise by `angle` in radians, of shape (...); (..., 2, 2)."""
    angle = np.asarray(angle, dtype=float)
    return _plane_map(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))


def scaling(x: ArrayLike, y: ArrayLike) -> Array:
    """`diag(x, y)`; (..., 2, 2)."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return _plane_map(x, 0 * y, 0 * x, y)


def shear(amount: ArrayLike) -> Array:
    """`[[1, amount], [0, 1]]`: the horizontal lines slide along themselves; (..., 2, 2)."""
    amount = np.asarray(amount, dtype=float)
    return _plane_map(1 + 0 * amount, amount, 0 * amount, 1 + 0 * amount)


def plane_map(angle: ArrayLike = 0.0, scale_x: ArrayLike = 1.0, scale_y: ArrayLike = 1.0, shear_x: ArrayLike = 0.0) -> Array:
    """First the shear, then the scale, then the rotation: `R(angle)·diag(scale_x, scale_y)·S(shear_x)`; (..., 2, 2).

    Every 2×2 matrix is one of these (it is its QR factorisation).

    Examples
    --------
    >>> plane_map(angle=np.pi / 2, scale_x=2).round(12).tolist()
    [[0.0, -1.0], [2.0, 0.0]]
    """
    return rotation(angle) @ scaling(scale_x, scale_y) @ shear(shear_x)


def path_from_identity(W: ArrayLike, times: ArrayLike) -> Array:
    """The maps between the identity (time 0) and a 2×2 matrix W (time 1) that an animation plays.

    The path keeps W's eigenvectors at every moment, so that the lines that W keeps are seen to stay. With real eigenvalues it is the
    straight path `(1−t)I + tW`: each eigenvalue runs straight from 1 to λ, a reflection passes through the flat plane, as any
    path to a negative determinant must. With complex ones `re^{±iφ}` a straight path would cut through the circle; there it is the power
    `Wᵗ = rᵗ[cos(tφ)·I + sin(tφ)/(r·sin φ)·(W − r·cos φ·I)]`, a rotation by the angle tφ (on the ellipse that W keeps). `−c·I` is the half
    turn.

    Parameters
    ----------
    W : (2, 2)
    times : (frames,)

    Returns
    -------
    (frames, 2, 2)

    Examples
    --------
    >>> np.allclose(path_from_identity(rotation(2.0), [0.0, 0.5, 1.0]), rotation([0.0, 1.0, 2.0]))
    True
    """
    W, _ = as_matrices(W)
    if W.shape != (2, 2):
        raise ValueError(f"W has shape {W.shape}: the deformation of the plane is shown for a (2, 2) matrix")
    t = np.asarray(times, dtype=float)[..., None, None]
    unit, scale = unit_scale(W)
    half_trace, half_difference = (unit[0, 0] + unit[1, 1]) / 2, (unit[0, 0] - unit[1, 1]) / 2
    square = half_difference**2 + unit[0, 1] * unit[1, 0]  # of half the difference of the eigenvalues: negative where they are complex
    half_turn = half_trace < 0 and half_difference == 0 and unit[0, 1] == 0 and unit[1, 0] == 0
    if square >= 0 and not half_turn:
        return (1 - t) * np.eye(2) + t * W
    height = np.sqrt(abs(min(square, 0.0)))
    turn = rotation(np.pi / 2) if half_turn else (unit - half_trace * np.eye(2)) / height
    size, angle = np.hypot(half_trace, height) * scale, np.arctan2(height, half_trace)
    return size**t * (np.cos(t * angle) * np.eye(2) + np.sin(t * angle) * turn)


# Random matrices ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ensemble:
    """A kind of random n×n matrix and the law that its spectrum approaches as n grows."""

    name: str
    law: str  # LaTeX of the density
    seen: str  # what the density is of: "modulus", "angle" or "value" of the eigenvalues
    support: tuple[float, float]
    matrix: Callable[[NDArray[np.float64]], Array]  # from standard normal numbers (..., n, n)
    density: Callable[[Array], Array]


def _haar(normal: Array) -> Array:
    """Q of the QR factorisation with R's diagonal positive: without that the distribution is not uniform (Mezzadri, section 5)."""
    q, r = np.linalg.qr(normal)
    return q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]


ENSEMBLES: dict[str, Ensemble] = {
    ensemble.name: ensemble
    for ensemble in (
        Ensemble(
            "gaussian",
            r"p(r) = 2r,\ r = |\lambda| \le 1",
            "modulus",
            (0.0, 1.0),
            lambda g: g / np.sqrt(g.shape[-1]),
            lambda r: np.where((r >= 0) & (r <= 1), 2 * r, 0.0),
        ),
        Ensemble(
            "orthogonal",
            r"p(\varphi) = \frac{1}{2\pi},\ \lambda = e^{i\varphi}",
            "angle",
            (-np.pi, np.pi),
            _haar,
            lambda phi: np.where(np.abs(phi) <= np.pi, 1 / (2 * np.pi), 0.0),
        ),
        Ensemble(
            "symmetric",
            r"p(\lambda) = \frac{1}{2\pi}\sqrt{4-\lambda^2}",
            "value",
            (-2.0, 2.0),
            lambda g: (g + np.swapaxes(g, -1, -2)) / np.sqrt(2 * g.shape[-1]),
            lambda x: np.sqrt(np.maximum(4 - x * x, 0)) / (2 * np.pi),
        ),
    )
}

MOST_ROWS = 2000  # an eigenvalue problem of this size takes seconds


def random_matrix(ensemble: str | Ensemble, n: int, seed: int = 0, gain: float = 1.0, batch: tuple[int, ...] = ()) -> Array:
    """A random matrix times `gain`; (*batch, n, n). The law's axis stretches by the gain.

    Raises
    ------
    ValueError
        An unknown ensemble, or n outside 1 … 2000.

    Examples
    --------
    >>> Q = random_matrix("orthogonal", 4)
    >>> np.allclose(Q.T @ Q, np.eye(4))
    True
    """
    if isinstance(ensemble, str):
        if ensemble not in ENSEMBLES:
            raise ValueError(f"ensemble is {ensemble[:40]!r}: one of {', '.join(ENSEMBLES)} is needed")
        ensemble = ENSEMBLES[ensemble]
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= MOST_ROWS:
        raise ValueError(f"n is {str(n)[:40]}: a random matrix has 1 to {MOST_ROWS} rows")
    return gain * ensemble.matrix(generator(seed).normal(size=(*batch, n, n)))
