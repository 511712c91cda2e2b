"""Made data: points and targets drawn from a rule, with two features (one for a function), as in TensorFlow Playground.

Each rule takes the number of samples and a generator and gives `X` (n, m) and, for two classes, labels 0 and 1 (m,), else `Y` (k, m).
Playground's −1 and 1 are our 0 and 1. Noise is not in here: it is added in one place for every data set.

Source: Smilkov et al. (2017), Direct-manipulation visualization of deep networks (playground.tensorflow.org, `dataset.ts`); the moons
are scikit-learn's `make_moons`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnviz.core.features import shortened

Array = NDArray[np.floating]
Made = tuple[Array, Array]
Generator = np.random.Generator

PLAYGROUND_HILLS = ((-4.0, 2.5, 1.0), (0.0, 2.5, -1.0), (4.0, 2.5, 1.0), (-4.0, -2.5, -1.0), (0.0, -2.5, 1.0), (4.0, -2.5, -1.0))


def _halves(samples: int) -> tuple[int, int, Array]:
    """How many are 1, how many 0, and the labels: the ones first, and one more of them where the number is odd."""
    ones = (samples + 1) // 2
    return ones, samples - ones, np.repeat([1, 0], [ones, samples - ones])


def circle(samples: int, rng: Generator) -> Made:
    """A disc of radius 2.5 (1) in a ring from 3.5 to 5 (0), radii and angles uniform."""
    ones, zeros, labels = _halves(samples)
    radius = np.concatenate([rng.uniform(0, 2.5, ones), rng.uniform(3.5, 5, zeros)])
    angle = rng.uniform(0, 2 * np.pi, samples)
    return radius * np.stack([np.sin(angle), np.cos(angle)]), labels


def xor(samples: int, rng: Generator) -> Made:
    """A square of half-width 5 parted by its axes, 0.3 kept free around them; 1 where x₁·x₂ ≥ 0."""
    X = rng.uniform(-5, 5, (2, samples))
    X += np.where(X > 0, 0.3, -0.3)
    return X, (X[0] * X[1] >= 0).astype(int)


def gauss(samples: int, rng: Generator) -> Made:
    """Two normal clouds of variance ½ around (2, 2) (1) and (−2, −2) (0)."""
    labels = _halves(samples)[2]
    return rng.normal(0, np.sqrt(0.5), (2, samples)) + np.where(labels == 1, 2.0, -2.0), labels


def spiral(samples: int, rng: Generator) -> Made:
    """Two arms of 1¾ turns to radius 5, half a turn apart: r = 5·i/n, t = 3.5π·i/n, (r·sin t, r·cos t)."""
    ones, zeros, labels = _halves(samples)
    along = np.concatenate([np.arange(ones) / ones, np.arange(zeros) / max(zeros, 1)])
    angle = 3.5 * np.pi * along + np.where(labels == 1, 0.0, np.pi)
    return 5 * along * np.stack([np.sin(angle), np.cos(angle)]), labels


def moons(samples: int, rng: Generator) -> Made:
    """Two half circles that reach into each other: (cos t, sin t) is 0 and (1 − cos t, ½ − sin t) is 1, t from 0 to π."""
    ones, zeros, labels = _halves(samples)
    lower, upper = np.linspace(0, np.pi, ones), np.linspace(0, np.pi, zeros)
    x = np.concatenate([1 - np.cos(lower), np.cos(upper)])
    y = np.concatenate([0.5 - np.sin(lower), np.sin(upper)])
    return np.stack([x, y]), labels


def plane(samples: int, rng: Generator) -> Made:
    """A slope over a square of half-width 6: y = (x₁ + x₂)/10."""
    X = rng.uniform(-6, 6, (2, samples))
    return X, X.sum(axis=0, keepdims=True) / 10


def gauss_regression(samples: int, rng: Generator) -> Made:
    """Six cones, ±max(0, 1 − d/2) around their tips, over a square of half-width 6; the highest in magnitude counts."""
    X = rng.uniform(-6, 6, (2, samples))
    tips = np.array(PLAYGROUND_HILLS)
    distance = np.hypot(X[0] - tips[:, :1], X[1] - tips[:, 1:2])
    heights = tips[:, 2:] * np.clip(1 - distance / 2, 0, 1)
    return X, np.take_along_axis(heights, np.abs(heights).argmax(axis=0)[None], axis=0)


def function(samples: int, rng: Generator, expression: str = "sin(3*x)", low: float = -2.0, high: float = 2.0) -> Made:
    """A typed function of one variable at uniform points of [low, high], in order.

    Raises
    ------
    ValueError
        An expression that cannot be read, an empty interval, or a function that is not finite on it.
    """
    from nnviz.core.expressions import compile_expression  # SymPy: slow to import

    if not -1e6 <= low < high <= 1e6:
        raise ValueError(f"the interval is [{low:g}, {high:g}]: give two numbers within ±1e6, the lower one first")
    x = np.sort(rng.uniform(low, high, samples))
    with np.errstate(all="ignore"):
        y = np.broadcast_to(np.asarray(compile_expression(expression, ("x",)).value(x), dtype=float), x.shape)
    if not np.isfinite(y).all():
        at = x[~np.isfinite(y)][0]
        raise ValueError(f"{shortened(expression)} is not finite at x = {at:.4g}: change the function, or the interval [{low:g}, {high:g}]")
    return x[None], y[None].copy()
