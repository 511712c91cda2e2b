"""Pooling: one number for each window of a channel, its largest or its mean, and the way its gradient goes back."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.convolution import Array, Geometry, Pair, fold, geometry, unfold, window_pixels


class Pooled(NamedTuple):
    """The pooled pictures (..., h', w') and, for the largest, the place in vec(picture) that each number came from."""

    values: Array
    indices: NDArray[np.intp]


def max_pool2d(x: ArrayLike, size: Pair, stride: Pair | None = None) -> Pooled:
    """The largest number of each window: x (..., h, w) → (..., h', w') with the indices that `torch.nn.functional.max_pool2d` returns.

    `stride=None` puts the windows side by side. Of equal numbers the first in reading order counts; a NaN is the largest.

    Examples
    --------
    >>> max_pool2d([[1, 2, 5, 6], [3, 4, 8, 7]], 2)
    Pooled(values=array([[4., 8.]]), indices=array([[5, 6]]))
    """
    x, placed = _windows_of(x, size, stride)
    columns = unfold(x[..., None, :, :], placed)
    first = columns.argmax(axis=-2)
    values = np.take_along_axis(columns, first[..., None, :], axis=-2)[..., 0, :]
    indices = window_pixels(1, placed)[first, np.arange(first.shape[-1])]
    shape = (*x.shape[:-2], *placed.output)
    return Pooled(values.reshape(shape), indices.reshape(shape))


def max_pool2d_gradient(delta: ArrayLike, indices: NDArray[np.intp], size: tuple[int, int]) -> Array:
    """∂C/∂x (..., h, w) from ∂C/∂(pooled) (..., h', w'): each number goes to the place that won, nothing to the others."""
    delta = np.asarray(delta, dtype=float)
    if delta.shape != indices.shape or indices.max(initial=0) >= prod(size):
        raise ValueError(
            f"delta has shape {delta.shape}, the indices {indices.shape} and the picture {size}: give what max_pool2d returned"
        )
    pictures = prod(delta.shape[:-2])
    offset = np.arange(pictures)[:, None] * prod(size)
    places = (indices.reshape(pictures, -1) + offset).ravel()
    return np.bincount(places, weights=delta.ravel(), minlength=pictures * prod(size)).astype(float).reshape(*delta.shape[:-2], *size)


def average_pool2d(x: ArrayLike, size: Pair, stride: Pair | None = None) -> Array:
    """The mean of each window: x (..., h, w) → (..., h', w'), as `torch.nn.functional.avg_pool2d`."""
    x, placed = _windows_of(x, size, stride)
    return unfold(x[..., None, :, :], placed).mean(axis=-2).reshape(*x.shape[:-2], *placed.output)


def average_pool2d_gradient(delta: ArrayLike, size: tuple[int, int], window: Pair, stride: Pair | None = None) -> Array:
    """∂C/∂x (..., h, w) from ∂C/∂(pooled) (..., h', w'): each number is shared out evenly over its window."""
    delta = np.asarray(delta, dtype=float)
    placed = geometry(size, window, window if stride is None else stride)
    if delta.shape[-2:] != placed.output:
        raise ValueError(f"delta has shape {delta.shape}: windows of {placed.kernel} on a {size} picture have {placed.output} places")
    share = delta.reshape(*delta.shape[:-2], 1, -1) / prod(placed.kernel)
    columns = np.broadcast_to(share, (*share.shape[:-2], prod(placed.kernel), share.shape[-1]))
    return fold(columns, placed)[..., 0, :, :]


def _windows_of(x: ArrayLike, size: Pair, stride: Pair | None) -> tuple[Array, Geometry]:
    x = np.asarray(x, dtype=float)
    if x.ndim < 2 or min(x.shape) < 1:
        raise ValueError(f"the picture has shape {x.shape}: give at least its rows and columns, (h, w)")
    return x, geometry(x.shape[-2:], size, size if stride is None else stride)
