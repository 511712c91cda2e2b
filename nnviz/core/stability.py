"""Ripples or waves: does a small change die out or grow, for a matrix and for gradient descent on a quadratic.

Eigenvalues say what happens in the end (`ρᵗ`), singular values what can happen in one step, and a non-normal matrix is one where the
two disagree in between. Every function takes leading batch dimensions; a batch member with an entry that is not finite comes out as
NaN (a diverged run is drawn up to where it broke), and where no member is finite a `ValueError` says so.

Sources: Trefethen & Embree (2005), Spectra and Pseudospectra, chapters 2, 14 and 16; Horn & Johnson (1991), Topics in Matrix Analysis,
section 1.5; Polyak (1964); Goh (2017), Why momentum really works.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.eigen import Array, as_matrices, eigenvectors, singular_values, spectral_radius, spectrum, unit_scale

__all__ = [
    "LIMITS",
    "METHODS",
    "TransientGrowth",
    "Twins",
    "eigenvectors",
    "iterate_map",
    "iterate_twins",
    "numerical_abscissa",
    "numerical_radius",
    "pseudospectrum",
    "pseudospectrum_chunks",
    "quadratic_rates",
    "singular_values",
    "spectral_radius",
    "spectrum",
    "stability_limit",
    "transient_growth",
]

CHUNK_SECONDS = 0.03  # a generator yields at the first chunk after this, so that other sessions get their turn


def _steps(steps: int) -> int:
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps is {str(steps)[:40]}: a whole number of steps, 0 or more, is needed")
    return int(steps)


# Iterates -----------------------------------------------------------------------------------------------------------------------


def iterate_map(W: ArrayLike, x0: ArrayLike, steps: int) -> Array:
    """The iterates `x_{t+1} = W·x_t`.

    Parameters
    ----------
    W : (..., n, n)
    x0 : (..., n)
        Its leading dimensions broadcast with W's: several starts under one matrix, or one start under several.
    steps : int

    Returns
    -------
    (steps + 1, ..., n)
        Growing beyond 1e308 is a result: inf, and NaN where inf − inf follows.

    Examples
    --------
    >>> iterate_map([[0.5, 0], [0, 2]], [1, 1], 2).tolist()
    [[1.0, 1.0], [0.5, 2.0], [0.25, 4.0]]
    """
    W, mark = as_matrices(W)
    x0 = np.asarray(x0, dtype=float)
    if x0.ndim < 1 or x0.shape[-1] != W.shape[-1]:
        raise ValueError(f"x0 has shape {x0.shape} and W {W.shape}: x0 needs one entry for each of W's {W.shape[-1]} columns")
    try:
        batch = np.broadcast_shapes(W.shape[:-2], x0.shape[:-1])
    except ValueError:
        raise ValueError(f"x0 has shape {x0.shape} and W {W.shape}: their leading dimensions do not broadcast") from None
    x = np.empty((_steps(steps) + 1, *batch, W.shape[-1]))
    x[0] = x0
    with np.errstate(all="ignore"):
        for t in range(steps):
            x[t + 1] = (W @ x[t][..., None])[..., 0]
        return x * mark[..., None]


@dataclass(frozen=True, eq=False)
class Twins:
    """A path and its perturbed twin under one linear map."""

    path: Array  # (steps + 1, ..., n)
    twin: Array  # (steps + 1, ..., n), started at x0 + perturbation
    distance: Array  # (steps + 1, ...), ‖Wᵗ·perturbation‖₂
    asymptote: Array  # (steps + 1, ...), ρᵗ·‖perturbation‖₂


def iterate_twins(W: ArrayLike, x0: ArrayLike, perturbation: ArrayLike, steps: int) -> Twins:
    """`x_{t+1} = W·x_t` from x0 and from x0 + perturbation, and how far apart they are beside `ρᵗ`.

    The distance is that of the perturbation's own iterates, which is the same thing for a linear map and loses no digits where the
    perturbation is small beside x.
    """
    x0, perturbation = np.broadcast_arrays(np.asarray(x0, dtype=float), np.asarray(perturbation, dtype=float))
    path, apart = iterate_map(W, x0, steps), iterate_map(W, perturbation, steps)
    with np.errstate(all="ignore"):
        distance = np.linalg.norm(apart, axis=-1)
        return Twins(path, path + apart, distance, _powers(spectral_radius(W), steps) * distance[0])


def _powers(base: Array, steps: int) -> Array:
    """`baseᵗ` for t = 0 … steps; (steps + 1, ...)."""
    with np.errstate(all="ignore"):
        return np.power.outer(np.asarray(base), np.arange(_steps(steps) + 1.0)).transpose(-1, *range(np.ndim(base)))


@dataclass(frozen=True, eq=False)
class TransientGrowth:
    """What the worst start does on its way, against what the spectral radius promises for the end."""

    norm: Array  # (steps + 1, ...), ‖Wᵗ‖₂: the most that any start has grown after t steps
    asymptote: Array  # (steps + 1, ...), ρᵗ
    peak: Array  # (...), max over t of ‖Wᵗ‖₂; above 1 with ρ < 1, it grows before it dies
    peak_step: NDArray[np.integer]  # (...)


def transient_growth(W: ArrayLike, steps: int) -> TransientGrowth:
    """`‖Wᵗ‖₂` beside `ρᵗ` for t = 0 … steps (Trefethen & Embree, chapter 16).

    Examples
    --------
    >>> growth = transient_growth([[0.9, 5.0], [0.0, 0.9]], 40)
    >>> bool(growth.peak > 10), bool(growth.norm[-1] < growth.peak)
    (True, True)
    """
    W, mark = as_matrices(W)
    radius = spectral_radius(W)
    # The power is carried as a matrix of norm 1 and the logarithm of its norm: it never turns into inf − inf.
    power, log_norm = np.broadcast_to(np.eye(W.shape[-1]), W.shape), np.zeros(W.shape[:-2])
    norm = np.ones((_steps(steps) + 1, *W.shape[:-2]))
    unit, scale = unit_scale(W)
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            power = unit @ power
            size = np.linalg.norm(power, ord=2, axis=(-2, -1))
            power = power / np.where(size > 0, size, 1.0)[..., None, None]
            log_norm = log_norm + np.log(size) + np.log(scale)
            norm[t] = np.exp(log_norm)
        norm = norm * mark
        return TransientGrowth(norm, _powers(radius, steps) * mark, norm.max(axis=0), norm.argmax(axis=0))


def numerical_abscissa(W: ArrayLike) -> Array:
    """`ω(W) = λ_max((W + Wᵀ)/2)`, (...): the fastest growth of `‖e^{tW}‖` at t = 0 (Trefethen & Embree, eq. 14.2)."""
    W, mark = as_matrices(W)
    unit, scale = unit_scale(W)
    with np.errstate(all="ignore"):
        return np.linalg.eigvalsh((unit + np.swapaxes(unit, -1, -2)) / 2)[..., -1] * scale * mark


def numerical_radius(W: ArrayLike) -> Array:
    """`r(W) = max |x*Wx|` over unit x, (...): `‖Wᵗ‖ ≤ 2·r(W)ᵗ`, and `ρ ≤ r ≤ ‖W‖₂ ≤ 2r` (Horn & Johnson, 1.5).

    `r = max_φ λ_max((e^{iφ}W + (e^{iφ}W)*)/2)`; for a real W the angles 0 … π suffice. 65 angles, then ten times a finer
    look around each of the n highest peaks: a maximum is flat to second order, so that its height is then exact to rounding.
    """
    W, mark = as_matrices(W)
    unit, scale = unit_scale(W)
    step = np.pi / 64
    angles = np.broadcast_to(np.linspace(0, np.pi, 65), (*W.shape[:-2], 65))
    height = _turned_height(unit, angles)
    beside = np.concatenate([height[..., 1:2], height, height[..., -2:-1]], axis=-1)  # the curve is even about 0 and about π
    peak = (height >= beside[..., :-2]) & (height >= beside[..., 2:])
    highest = np.argsort(np.where(peak, height, -np.inf), axis=-1)[..., -min(65, W.shape[-1]) :]
    centre = np.take_along_axis(angles, highest, axis=-1)
    for _ in range(10):
        around = centre[..., None] + np.linspace(-step, step, 9)
        height = _turned_height(unit, around.reshape(*W.shape[:-2], -1)).reshape(around.shape)
        centre = np.take_along_axis(around, height.argmax(axis=-1)[..., None], axis=-1)[..., 0]
        step /= 4
    with np.errstate(all="ignore"):
        return height.max(axis=(-2, -1)) * scale * mark


def _turned_height(W: Array, angles: Array) -> Array:
    """`λ_max((e^{iφ}W + (e^{iφ}W)*)/2)`, (..., k), for angles (..., k)."""
    turned = np.exp(1j * angles)[..., None, None] * W[..., None, :, :]
    return np.linalg.eigvalsh((turned + np.swapaxes(turned, -1, -2).conj()) / 2)[..., -1]


# Pseudospectra ------------------------------------------------------------------------------------------------------------------


def pseudospectrum_chunks(W: ArrayLike, real: ArrayLike, imag: ArrayLike) -> Iterator[tuple[float, Array]]:
    """As `pseudospectrum`, a chunk of at most 50 ms at a time: (share done, the grid with NaN where nothing is known yet)."""
    W, _ = as_matrices(W)
    if W.ndim != 2:
        raise ValueError(f"W has shape {W.shape}: a pseudospectrum is drawn of one matrix (n, n)")
    real, imag = np.asarray(real, dtype=float), np.asarray(imag, dtype=float)
    if real.ndim != 1 or imag.ndim != 1 or not (real.size and imag.size) or not (np.isfinite(real).all() and np.isfinite(imag).all()):
        raise ValueError(f"real has shape {real.shape} and imag {imag.shape}: each is a row of finite numbers, the grid's axes")
    # W is real, so the picture is symmetric about the real axis: each |Im z| is computed once.
    heights, row = np.unique(np.abs(imag), return_inverse=True)
    z = (real + 1j * heights[:, None]).ravel()
    smallest, eye = np.full(z.size, np.nan), np.eye(len(W))
    chunk, began = max(1, 2**15 // len(W) ** 3), time.perf_counter()
    for start in range(0, z.size, chunk):
        shifted = z[start : start + chunk, None, None] * eye - W
        with np.errstate(all="ignore"):
            unit, scale = unit_scale(shifted)
            smallest[start : start + chunk] = np.linalg.svd(unit, compute_uv=False)[:, -1] * scale
        if time.perf_counter() - began > CHUNK_SECONDS:
            yield min(1.0, (start + chunk) / z.size), smallest.reshape(len(heights), -1)[row]
            began = time.perf_counter()
    yield 1.0, smallest.reshape(len(heights), -1)[row]


def pseudospectrum(W: ArrayLike, real: ArrayLike, imag: ArrayLike) -> Array:
    """Smallest singular value of `zI − W` on a grid of the complex plane (Trefethen & Embree, section 2).

    Its level set at ε bounds the eigenvalues that W can have after a change of norm ε.

    Returns
    -------
    (len(imag), len(real))

    Examples
    --------
    >>> pseudospectrum([[0, 0], [0, 1]], [0, 2], [0]).tolist()
    [[0.0, 1.0]]
    """
    return deque(pseudospectrum_chunks(W, real, imag), maxlen=1).pop()[1]


# Gradient descent on a quadratic ------------------------------------------------------------------------------------------------

# Along an eigenvector of curvature λ the error of these methods follows e_{t+1} = p·e_t − q·e_{t−1}; from (αλ, β) the pair (p, q).
METHODS: dict[str, Callable[[Array, Array], tuple[Array, Array]]] = {
    "sgd": lambda rate, beta: (1 - rate, np.zeros_like(rate)),
    "momentum": lambda rate, beta: (1 + beta - (1 - beta) * rate, beta + np.zeros_like(rate)),
    "heavy_ball": lambda rate, beta: (1 + beta - rate, beta + np.zeros_like(rate)),
    "nesterov": lambda rate, beta: ((1 + beta) * (1 - rate), beta * (1 - rate)),
}

# The largest stable αλ: where the root of z² − pz + q reaches −1, that is 1 + p + q = 0.
LIMITS: dict[str, Callable[[Array], Array]] = {
    "sgd": lambda beta: 2 + 0 * beta,
    "momentum": lambda beta: 2 * (1 + beta) / (1 - beta),
    "heavy_ball": lambda beta: 2 * (1 + beta),
    "nesterov": lambda beta: 2 * (1 + beta) / (1 + 2 * beta),
}


def _method_and_beta(method: str, beta: ArrayLike) -> Array:
    if method not in METHODS:
        raise ValueError(f"method is {str(method)[:40]!r}: one of {', '.join(METHODS)} is needed")
    beta = np.asarray(beta, dtype=float)
    if not ((beta >= 0) & (beta < 1)).all():
        raise ValueError(f"beta is {str(beta)[:40]}: it is the share of the old velocity that is kept, at least 0 and below 1")
    return beta


def quadratic_rates(eigenvalues: ArrayLike, learning_rate: ArrayLike, method: str = "sgd", beta: ArrayLike = 0.9) -> Array:
    """By which factor the error shrinks a step along each eigenvector of a quadratic, in the long run.

    Parameters
    ----------
    eigenvalues : (..., P)
        Curvatures λ of the quadratic.
    learning_rate : broadcasts with them
    method : "sgd", "momentum" (exponential average), "heavy_ball" (Polyak), "nesterov" (PyTorch's form); beta is ignored by "sgd"

    Returns
    -------
    (..., P)
        `max|z|` over the roots of `z² − pz + q` (Polyak 1964; Goh 2017): below 1 converges, above 1 diverges.

    Examples
    --------
    >>> quadratic_rates([1.0, 3.0], 0.5).tolist(), quadratic_rates([1.0], 0.5, "heavy_ball", 0.25).tolist()
    ([0.5, 0.5], [0.5])
    """
    beta = _method_and_beta(method, beta)
    with np.errstate(all="ignore"):
        p, q = METHODS[method](np.asarray(learning_rate, dtype=float) * np.asarray(eigenvalues, dtype=float), beta)
        discriminant = p * p - 4 * q
        return np.where(discriminant < 0, np.sqrt(np.abs(q)), (np.abs(p) + np.sqrt(np.maximum(discriminant, 0))) / 2)


def stability_limit(method: str, beta: ArrayLike, lambda_max: ArrayLike) -> Array:
    """The learning rate below which the method converges on a quadratic whose largest curvature is lambda_max.

    `2/λ` (sgd), `2(1+β)/((1−β)λ)` (momentum), `2(1+β)/λ` (heavy_ball), `2(1+β)/((1+2β)λ)` (nesterov). A flat quadratic (λ = 0)
    has no limit: inf. Along negative curvature every rate diverges: 0.

    Examples
    --------
    >>> float(stability_limit("sgd", 0, 4)), float(stability_limit("heavy_ball", 0.5, 1)), float(stability_limit("sgd", 0, 0))
    (0.5, 3.0, inf)
    """
    beta, curvature = _method_and_beta(method, beta), np.asarray(lambda_max, dtype=float)
    with np.errstate(all="ignore"):
        limit = LIMITS[method](beta) / np.abs(curvature)
        return np.where(curvature < 0, 0.0, limit)
