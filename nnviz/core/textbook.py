"""Binary cross-entropy as textbooks and older code write it, from a probability; shown beside the exact form from logits.

A sigmoid in floating point is exactly 1 from z = 37 on, so that ln(1 − ŷ) is −∞. Clipping ŷ to [ε, 1 − ε] hides that: the loss then stops
at −ln ε and its slope is 0, just where the prediction is most wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

Array = NDArray[np.floating]


def unclipped(z: ArrayLike, y: ArrayLike) -> Array:
    """`−[y·ln ŷ + (1−y)·ln(1−ŷ)]` with ŷ = σ(z) rounded to a float first, elementwise: inf or nan where ŷ is 0 or 1."""
    z, y = np.asarray(z, dtype=float), np.asarray(y, dtype=float)
    p = expit(z)
    with np.errstate(all="ignore"):
        return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def clipped(z: ArrayLike, y: ArrayLike, epsilon: float = 1e-7) -> Array:
    """The same with ŷ clipped to [ε, 1 − ε], elementwise; Keras's default is ε = 1e-7.

    Raises
    ------
    ValueError
        ε outside (0, ½).

    Examples
    --------
    >>> round(float(clipped(-1000.0, 1.0)), 2)
    16.12
    """
    y = np.asarray(y, dtype=float)
    p = np.clip(expit(np.asarray(z, dtype=float)), *ends(epsilon))
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def clipped_slope(z: ArrayLike, y: ArrayLike, epsilon: float = 1e-7) -> Array:
    """Its derivative in z: `σ(z) − y` between the clips and 0 beyond them."""
    z, y = np.asarray(z, dtype=float), np.asarray(y, dtype=float)
    p, (low, high) = expit(z), ends(epsilon)
    return np.where((p > low) & (p < high), p - y, 0.0)


def clipped_from(epsilon: float = 1e-7) -> float:
    """|z| from which the clip holds the loss."""
    return float(-logit(ends(epsilon)[0]))


def ends(epsilon: float) -> tuple[float, float]:
    """The smallest and largest probability left by the clip."""
    if not 0 < epsilon < 0.5:
        raise ValueError(f"epsilon is {epsilon}: a probability is clipped to [ε, 1 − ε], so ε must lie between 0 and 0.5")
    return epsilon, 1 - epsilon
