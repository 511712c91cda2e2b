"""The spectrum of a matrix: eigenvalues, eigenvectors and singular values that survive every input.

Every function takes leading batch dimensions; a batch member with an entry that is not finite comes out as NaN (a diverged run is
drawn up to where it broke), and where no member is finite a `ValueError` says so.

Sources: Horn & Johnson (2013), Matrix Analysis, chapters 1 and 7; Golub & Van Loan (2013), Matrix Computations, section 7.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]
ComplexArray = NDArray[np.complex128]


def as_matrices(W: ArrayLike, square: bool = True) -> tuple[Array, Array]:
    """The matrices as floats with those that are not finite set to 0, and `(...)` NaN where they were, else 1.

    LAPACK refuses a whole batch for one NaN: the bad members are computed as zeros and marked afterwards.

    Raises
    ------
    ValueError
        Not numbers, not (square) matrices, empty, or none of them finite.
    """
    try:
        W = np.asarray(W, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(
            "W holds entries that are not real numbers, or rows of unequal length: give rows of numbers, all of one length"
        ) from None
    if W.ndim < 2 or 0 in W.shape:
        raise ValueError(f"W has shape {W.shape}: a matrix with at least one row and one column, (..., k, n), is needed")
    if square and W.shape[-1] != W.shape[-2]:
        raise ValueError(f"W has shape {W.shape}: eigenvalues and iterates need as many rows as columns; singular_values takes any shape")
    finite = np.isfinite(W).all(axis=(-2, -1))
    if not finite.any():
        raise ValueError(
            f"W with shape {W.shape} has entries that are not finite (NaN or infinity): give finite numbers or an earlier step of the run"
        )
    return np.where(finite[..., None, None], W, 0.0), np.where(finite, 1.0, np.nan)


def unit_scale(W: NDArray[Any]) -> tuple[NDArray[Any], Array]:
    """`W/s` and `s = max|W|` (1 where W = 0): entries near 1e308 neither overflow inside LAPACK nor come out as NaN."""
    scale = np.abs(W).max(axis=(-2, -1))
    scale = np.where(scale > 0, scale, 1.0)
    return W / scale[..., None, None], scale


def _times(values: ComplexArray, factor: Array) -> ComplexArray:
    """Real and imaginary parts each times a real factor: `inf·(1 + 0j)` would have NaN as its imaginary part."""
    scaled = np.empty_like(values)
    scaled.real, scaled.imag = values.real * factor, values.imag * factor
    return scaled


def _largest_first(values: ComplexArray) -> NDArray[np.intp]:
    # Rounded in the sort key only: the moduli of a conjugate pair may differ in the last bit.
    return np.lexsort((-values.imag, -values.real, -np.round(np.abs(values), 12)), axis=-1)


def spectrum(W: ArrayLike) -> ComplexArray:
    """Eigenvalues of W (..., n, n), the largest modulus first; (..., n) complex. Of a conjugate pair the upper one comes first.

    Examples
    --------
    >>> spectrum([[0, -2], [2, 0]])
    array([0.+2.j, 0.-2.j])
    """
    W, mark = as_matrices(W)
    unit, scale = unit_scale(W)
    with np.errstate(all="ignore"):
        values = np.linalg.eigvals(unit).astype(complex)
        return _times(np.take_along_axis(values, _largest_first(values), axis=-1), (scale * mark)[..., None])


def spectral_radius(W: ArrayLike) -> Array:
    """`ρ(W) = max|λ|` of W (..., n, n); (...): `Wᵗ → 0` iff `ρ < 1`.

    Examples
    --------
    >>> float(spectral_radius([[0.5, 10.0], [0.0, -0.8]]))
    0.8
    """
    W, mark = as_matrices(W)
    unit, scale = unit_scale(W)
    with np.errstate(all="ignore"):
        return np.abs(np.linalg.eigvals(unit)).max(axis=-1) * scale * mark


def singular_values(W: ArrayLike) -> Array:
    """Singular values of W (..., k, n), descending; (..., min(k, n)): the half-axes of the ellipse that the unit sphere becomes."""
    W, mark = as_matrices(W, square=False)
    unit, scale = unit_scale(W)
    with np.errstate(all="ignore"):
        return np.linalg.svd(unit, compute_uv=False) * (scale * mark)[..., None]


@dataclass(frozen=True, eq=False)
class Eigenvectors:
    """The lines that W keeps: `W·vᵢ = λᵢ·vᵢ`."""

    values: ComplexArray  # (..., n), as `spectrum` orders them
    vectors: ComplexArray  # (..., n, n), one unit vector a column, its largest component real and positive
    condition: Array  # (...), condition number of `vectors`: 1 for a normal matrix, huge where two eigenvectors almost coincide
    defective: NDArray[np.bool_]  # (...), fewer than n independent eigenvectors, as far as floating point can tell


DEFECTIVE_CONDITION = 1e7  # a double eigenvalue splits by √eps ≈ 1.5e-8 under rounding: beyond this two vectors are one


def eigenvectors(W: ArrayLike) -> Eigenvectors:
    """Eigenvalues and unit eigenvectors of W (..., n, n), and whether there are enough of them (Horn & Johnson, 1.3).

    Examples
    --------
    >>> bool(eigenvectors([[1, 1], [0, 1]]).defective), bool(eigenvectors([[1, 1], [0, 2]]).defective)
    (True, False)
    """
    W, mark = as_matrices(W)
    unit, scale = unit_scale(W)
    with np.errstate(all="ignore"):
        values, vectors = np.linalg.eig(unit)
        values, vectors = values.astype(complex), vectors.astype(complex)
        order = _largest_first(values)
        values = np.take_along_axis(values, order, axis=-1)
        vectors = np.take_along_axis(vectors, order[..., None, :], axis=-1)
        largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=-2)[..., None, :], axis=-2)
        vectors = vectors * (largest.conj() / np.abs(largest))
        sigma = np.linalg.svd(vectors, compute_uv=False)
        condition = sigma[..., 0] / sigma[..., -1] * mark
        return Eigenvectors(
            _times(values, (scale * mark)[..., None]), vectors * mark[..., None, None], condition, condition > DEFECTIVE_CONDITION
        )


def kept_directions(W: ArrayLike) -> tuple[Array, Array]:
    """The real eigenvalues of a 2×2 matrix and their unit eigenvectors (2, k), one a column; k is 0, 1 or 2."""
    found = eigenvectors(W)
    real = (np.abs(found.values.imag) < 1e-12 * (1 + np.abs(found.values.real))) & np.isfinite(found.values.real)
    values, vectors = found.values.real[real], found.vectors.real[:, real]
    keep = [0, 1][: len(values)] if not found.defective else [0][: len(values)]
    return values[keep], vectors[:, keep]
