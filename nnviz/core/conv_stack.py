"""A stack of convolutions, activations and poolings, and what one of its units sees of the input.

A stage is a forward, the backward that belongs to it, and the windows that it looks through; a stack is a sequence of stages.
The receptive field is told twice: by index arithmetic over the windows, and by the gradient of the unit in the input.

Source: Araujo, Norris & Sim (2019), Computing receptive fields of convolutional neural networks, Distill, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.convolution import Array, Geometry, Padding, Pair, adjoint, convolve2d, geometry
from nnviz.core.pooling import average_pool2d, average_pool2d_gradient, max_pool2d, max_pool2d_gradient


class Stage(Protocol):
    """A step of the stack on pictures (..., c, h, w)."""

    def forward(self, x: Array) -> Array:
        """The next pictures."""

    def backward(self, x: Array, delta: Array) -> Array:
        """∂C/∂x from delta = ∂C/∂(output), at the input x."""

    def windows(self, size: tuple[int, int]) -> Geometry:
        """Where its windows lie on a picture of that size."""


@dataclass(frozen=True, eq=False)
class Convolution:
    """`y = kernel ⋆ x + bias`: kernel (k, c, kh, kw), bias (k,)."""

    kernel: Array
    bias: Array
    stride: Pair = 1
    padding: Padding = 0
    dilation: Pair = 1

    def forward(self, x: Array) -> Array:
        """The pictures (..., k, h', w')."""
        return convolve2d(x, self.kernel, self.stride, self.padding, self.dilation) + self.bias[:, None, None]

    def backward(self, x: Array, delta: Array) -> Array:
        """`Tᵀ·δ`."""
        return adjoint(delta, self.kernel, x.shape[-2:], self.stride, self.padding, self.dilation)

    def windows(self, size: tuple[int, int]) -> Geometry:
        """The kernel's windows."""
        return geometry(size, self.kernel.shape[-2:], self.stride, self.padding, self.dilation)


@dataclass(frozen=True)
class Activation:
    """An elementwise activation, by its name."""

    name: str = "relu"

    def forward(self, x: Array) -> Array:
        """`f(x)`."""
        return ACTIVATIONS[self.name](x)

    def backward(self, x: Array, delta: Array) -> Array:
        """`δ ⊙ f′(x)`."""
        return delta * ACTIVATIONS[self.name].derivative(x)

    def windows(self, size: tuple[int, int]) -> Geometry:
        """One pixel each."""
        return geometry(size, 1)


@dataclass(frozen=True)
class MaxPooling:
    """The largest number of each window."""

    size: Pair = 2
    stride: Pair | None = None

    def forward(self, x: Array) -> Array:
        """The pictures (..., c, h', w')."""
        return max_pool2d(x, self.size, self.stride).values

    def backward(self, x: Array, delta: Array) -> Array:
        """δ goes to the pixels that won."""
        return max_pool2d_gradient(delta, max_pool2d(x, self.size, self.stride).indices, x.shape[-2:])

    def windows(self, size: tuple[int, int]) -> Geometry:
        """The windows, side by side unless a stride is given."""
        return geometry(size, self.size, self.size if self.stride is None else self.stride)


@dataclass(frozen=True)
class AveragePooling:
    """The mean of each window."""

    size: Pair = 2
    stride: Pair | None = None

    def forward(self, x: Array) -> Array:
        """The pictures (..., c, h', w')."""
        return average_pool2d(x, self.size, self.stride)

    def backward(self, x: Array, delta: Array) -> Array:
        """δ is shared out over its window."""
        return average_pool2d_gradient(delta, x.shape[-2:], self.size, self.stride)

    def windows(self, size: tuple[int, int]) -> Geometry:
        """The windows, side by side unless a stride is given."""
        return geometry(size, self.size, self.size if self.stride is None else self.stride)


def two_layer_stack(first: ArrayLike, second: ArrayLike, pool: int = 2, padding: Padding = "same") -> tuple[Stage, ...]:
    """Convolution, ReLU, max pooling, twice; first (k₁, c, kh, kw), second (k₂, k₁, kh, kw), no biases."""
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.ndim != 4 or second.ndim != 4 or second.shape[1] != first.shape[0]:
        raise ValueError(f"the kernels are {first.shape} and {second.shape}: give (k₁, c, kh, kw) and (k₂, k₁, kh, kw)")
    stages: list[Stage] = []
    for kernel in (first, second):
        stages += [Convolution(kernel, np.zeros(len(kernel)), padding=padding), Activation("relu"), MaxPooling(pool)]
    return tuple(stages)


def run_stack(stages: Sequence[Stage], x: ArrayLike) -> list[Array]:
    """The pictures after each stage; entry 0 is x itself, (..., c, h, w)."""
    x = np.asarray(x, dtype=float)
    if x.ndim < 3:
        raise ValueError(f"the picture has shape {x.shape}: a stack needs its channels, rows and columns, (..., c, h, w)")
    pictures = [x]
    for stage in stages:
        pictures.append(stage.forward(pictures[-1]))
    return pictures


class Region(NamedTuple):
    """A box of pixels: `x[..., region.rows, region.columns]`."""

    rows: slice
    columns: slice


def receptive_field(stages: Sequence[Stage], size: tuple[int, int], place: tuple[int, int], at: int | None = None) -> Region:
    """The pixels of an (h, w) input that can reach a place (row, column) after stage number `at` (of all if not given).

    Window by window backwards: places i to j of an axis look at `i·s − p` to `j·s − p + d(k−1)`, cut to the picture.

    Raises
    ------
    ValueError
        There is no such stage or place.

    Examples
    --------
    >>> receptive_field(two_layer_stack(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3))), (16, 16), (1, 0))
    Region(rows=slice(1, 11, None), columns=slice(0, 7, None))
    """
    at = _checked(stages, at)
    windows = []
    for stage in stages[:at]:
        windows.append(stage.windows(size))
        size = windows[-1].output
    if not all(0 <= i < n for i, n in zip(place, size, strict=True)):
        raise ValueError(f"place {place} was asked for after stage {at}: its pictures are {size[0]}×{size[1]}")
    spans = [(i, i) for i in place]
    for window in reversed(windows):
        spans = [_seen(window, axis, *span) for axis, span in enumerate(spans)]
    return Region(*(slice(first, last + 1) for first, last in spans))


def input_gradient(stages: Sequence[Stage], x: ArrayLike, unit: tuple[int, int, int], at: int | None = None) -> Array:
    """∂(unit)/∂x for the unit (channel, row, column) after stage `at`, (c, h, w): not 0 only inside its receptive field."""
    at = _checked(stages, at)
    pictures = run_stack(stages[:at], x)
    if pictures[0].ndim != 3 or not all(0 <= i < n for i, n in zip(unit, pictures[-1].shape, strict=True)):
        raise ValueError(f"unit {unit} was asked for after stage {at}: one picture (c, h, w) is needed, there it is {pictures[-1].shape}")
    delta: Array = np.zeros(pictures[-1].shape)
    delta[unit] = 1.0
    for stage, picture in zip(reversed(stages[:at]), reversed(pictures[:-1]), strict=True):
        delta = stage.backward(picture, delta)
    return delta


def _seen(window: Geometry, axis: int, first: int, last: int) -> tuple[int, int]:
    stride, before = window.stride[axis], window.before[axis]
    reach = window.dilation[axis] * (window.kernel[axis] - 1)
    return max(0, first * stride - before), min(window.size[axis] - 1, last * stride - before + reach)


def _checked(stages: Sequence[Stage], at: int | None) -> int:
    at = len(stages) if at is None else at
    if not 0 <= at <= len(stages):
        raise ValueError(f"stage {at} was asked for: the stack has {len(stages)} stages, and 0 is the input")
    return at
