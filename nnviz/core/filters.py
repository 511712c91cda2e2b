"""Kernels with a name: what a small grid of weights makes of a picture.

A kernel is a function from its width n to an (n, n) array. To add one, write it below and name it in `KERNELS`; menus, figures and tests
read the registry. They are meant for the cross-correlation of neural networks.

Source: Gonzalez & Woods, Digital Image Processing, chapter 3 (blur, sharpen, edges, Sobel); Daugman (1985), Uncertainty relation for
resolution in space, equation 6 (Gabor).
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np

from nnviz.core.arrays import generator
from nnviz.core.convolution import Array

WIDEST = 31


def identity(n: int) -> Array:
    """1 in the middle: the picture itself (for even n with `same` padding, whose extra zero goes after)."""
    kernel = np.zeros((n, n))
    kernel[(n - 1) // 2, (n - 1) // 2] = 1.0
    return kernel


def blur(n: int) -> Array:
    """The mean of the window."""
    return np.full((n, n), 1.0 / n**2)


def gaussian(n: int) -> Array:
    """The binomial weights `C(n−1, i)·C(n−1, j)/4ⁿ⁻¹`: a Gaussian blur."""
    return np.outer(_binomial(n), _binomial(n)) / 4.0 ** (n - 1)


def sharpen(n: int) -> Array:
    """The pixel plus its difference from the others in its row and column."""
    middle = (n - 1) // 2
    kernel = np.zeros((n, n))
    kernel[middle, :] = kernel[:, middle] = -1.0
    kernel[middle, middle] = 2.0 * n - 1.0
    return kernel


def edges(n: int) -> Array:
    """The pixel's difference from all others in the window (a discrete Laplacian): 0 where the picture is flat."""
    return n**2 * identity(n) - 1.0


def sobel_x(n: int) -> Array:
    """The slope across: dark on the left and bright on the right is positive."""
    return np.outer(_binomial(n), _slope(n))


def sobel_y(n: int) -> Array:
    """The slope downwards: dark above and bright below is positive."""
    return sobel_x(n).T


def emboss(n: int) -> Array:
    """The pixel plus the slope along the diagonal, as if light fell from the lower right."""
    i, j = np.indices((n, n))
    return i + j - (n - 1.0) + identity(n)


def gabor(n: int, angle: float = np.pi / 4, wavelength: float | None = None) -> Array:
    """A wave under a Gaussian, `exp(−(u² + v²)/2σ²)·cos(2πu/λ)` with u across the stripes, σ = n/4 and λ = n/2 if not given; mean 0."""
    wavelength = n / 2 if wavelength is None else wavelength
    y, x = np.indices((n, n)) - (n - 1) / 2
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    wave = np.exp(-(u**2 + v**2) / (2 * (n / 4) ** 2)) * np.cos(2 * np.pi * u / wavelength)
    return wave - wave.mean()


def random(n: int, seed: int = 0) -> Array:
    """Normal weights of variance 1/n², so that the output varies as the input does."""
    return generator(seed).normal(size=(n, n)) / n


KERNELS: dict[str, Callable[[int], Array]] = {
    "identity": identity,
    "blur": blur,
    "gaussian": gaussian,
    "sharpen": sharpen,
    "edges": edges,
    "sobel_x": sobel_x,
    "sobel_y": sobel_y,
    "emboss": emboss,
    "gabor": gabor,
    "random": random,
}


def kernel(name: str, width: int = 3) -> Array:
    """The kernel of that name, (width, width).

    Examples
    --------
    >>> kernel("sobel_x")
    array([[-1.,  0.,  1.],
           [-2.,  0.,  2.],
           [-1.,  0.,  1.]])
    """
    if name not in KERNELS:
        raise ValueError(f"kernel {str(name)[:40]!r} is unknown: choose one of {', '.join(KERNELS)}")
    if not isinstance(width, int | np.integer) or not 2 <= width <= WIDEST:
        raise ValueError(f"the kernel's width is {str(width)[:40]}: give a whole number from 2 to {WIDEST}")
    return KERNELS[name](int(width))


def _binomial(n: int) -> Array:
    return np.array([comb(n - 1, i) for i in range(n)], dtype=float)


def _slope(n: int) -> Array:
    """The difference of neighbours, smoothed by the binomial weights that are left: (−1, 0, 1) for n = 3."""
    return np.convolve([-1.0, 1.0], _binomial(n - 1))
