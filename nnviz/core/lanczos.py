"""Lanczos' recursion for many symmetric operators at once, each known by its products with a vector alone.

Started at q₁ it builds an orthonormal basis Q of the Krylov space and the tridiagonal `T = QᵀHQ`. The eigenvalues of T (Ritz values)
close in on both ends of H's spectrum first, and with the squared first components of T's eigenvectors as weights they are the Gauss
quadrature of H's spectral measure seen from q₁.

Source: Golub & Van Loan (2013), Matrix Computations, sections 10.1 and 10.2; Golub & Meurant (2010), chapter 6 (quadrature).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Ritz:
    """The tridiagonal matrix after j steps, taken apart."""

    values: Array  # (..., j), ascending
    weights: Array  # (..., j), squared first components of T's eigenvectors: of the quadrature; they sum to 1
    top_residual: Array  # (...), ‖H·y − θ·y‖ of the largest Ritz pair: some eigenvalue lies at most this far from it
    top_coordinates: Array  # (..., j), of that pair in the basis


def ritz(diagonal: Array, off_diagonal: Array) -> Ritz:
    """From T's diagonal (..., j) and the off-diagonal (..., j), whose last entry leads out of the basis."""
    j = diagonal.shape[-1]
    T, i = np.zeros((*diagonal.shape, j)), np.arange(j)
    T[..., i, i] = diagonal
    T[..., i[1:], i[:-1]] = off_diagonal[..., :-1]  # eigh reads the lower triangle alone
    # One product that is not finite would make LAPACK refuse the whole batch.
    finite = np.asarray(np.isfinite(T).all(axis=(-2, -1)))
    values, vectors = np.linalg.eigh(np.where(finite[..., None, None], T, 0.0))
    mark = np.where(finite, 1.0, np.nan)
    residual = np.abs(off_diagonal[..., -1] * vectors[..., -1, -1])
    return Ritz(values * mark[..., None], vectors[..., 0, :] ** 2, residual * mark, vectors[..., -1])


def lanczos(product: Callable[[Array], Array], start: Array, steps: int) -> Iterator[tuple[Array, Array, Array]]:
    """The recursion with full reorthogonalisation, a step at a time.

    Parameters
    ----------
    product : (..., P) → (..., P)
        `H·q`, for the H of each member of the batch.
    start : (..., P)
        Not zero.
    steps : int
        At most P.

    Yields
    ------
    diagonal (..., j), off_diagonal (..., j), basis (..., j, P)
        Views of what is known after j = 1 … steps products. A member whose Krylov space is exhausted goes on with zero vectors; its T
        is then padded by its first diagonal entry with no link to it, which changes neither its largest Ritz value nor its quadrature.
    """
    basis = np.zeros((*start.shape[:-1], steps, start.shape[-1]))
    diagonal, off_diagonal = np.zeros((*start.shape[:-1], steps)), np.zeros((*start.shape[:-1], steps))
    alive, scale = np.ones(start.shape[:-1], dtype=bool), np.zeros(start.shape[:-1])
    q = start / np.linalg.norm(start, axis=-1, keepdims=True)
    for j in range(steps):
        with np.errstate(all="ignore"):
            basis[..., j, :] = q
            w = product(q)
            diagonal[..., j] = np.where(alive, np.sum(q * w, axis=-1), diagonal[..., 0])
            known = basis[..., : j + 1, :]
            for _ in range(2):  # twice is enough (Kahan, Parlett): once leaves what rounding put back
                w = w - ((known @ w[..., None]).swapaxes(-1, -2) @ known)[..., 0, :]
            size = np.linalg.norm(w, axis=-1)
            scale = np.maximum(scale, np.maximum(np.abs(diagonal[..., j]), size))
            # NaN stays alive, so that it is seen in T.
            alive = alive & ~(size <= 1e-13 * scale)
            off_diagonal[..., j] = np.where(alive, size, 0.0)
            q = np.where(alive[..., None], w / np.where(alive, size, 1.0)[..., None], 0.0)
        yield diagonal[..., : j + 1], off_diagonal[..., : j + 1], known
