"""Convolution: one small kernel slid over a picture, seen three ways that give the same numbers.

The sliding window is a sum at each place; `im2col` lays all windows beside one another, so that the sum is a matrix product; and the
doubly blocked Toeplitz matrix `T` of `convolution_matrix` makes it `vec(y) = T·vec(x)`, whose transpose is the backward pass.
Neural networks call the cross-correlation `y[i, j] = Σ x[i·s + m·d − p, j·s + n·d − p]·g[m, n]` a convolution; `flip=True` turns the
kernel by 180° and gives the mathematical one, `(f∗g)[i, j] = Σ f[i−m, j−n]·g[m, n]`.

Source: Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, relationships 6 and 15; Chellapilla et al. (2006)
for im2col.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]
Pair = int | tuple[int, int]
Padding = Pair | str
PADDINGS = ("valid", "same", "full")
MOST_NUMBERS = 2**27  # 1 GB of float64: what one picture of windows may hold


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """`⌊(n + 2p − d(k−1) − 1)/s⌋ + 1` along one axis (Dumoulin & Visin, relationship 15).

    Examples
    --------
    >>> output_size(64, kernel=5), output_size(8, kernel=3, stride=2, padding=1)
    (60, 4)
    """
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@dataclass(frozen=True)
class Geometry:
    """Where the windows lie: sizes down and across, and the zeros put before and after each axis."""

    size: tuple[int, int]  # of the picture
    kernel: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]  # zeros above, and to the left
    after: tuple[int, int]  # zeros below, and to the right
    dilation: tuple[int, int]

    @property
    def padded(self) -> tuple[int, int]:
        """The picture's size with its zeros."""
        down, across = (self.size[i] + self.before[i] + self.after[i] for i in (0, 1))
        return down, across

    @property
    def output(self) -> tuple[int, int]:
        """The number of places that the window takes, down and across."""
        down, across = (output_size(self.padded[i], self.kernel[i], self.stride[i], 0, self.dilation[i]) for i in (0, 1))
        return down, across


def geometry(size: tuple[int, int], kernel: Pair, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1) -> Geometry:
    """The windows of a kernel on a picture of size (h, w).

    `padding` is a number of zeros (or one for each axis), "valid" (none), "same" (as many places as pixels; stride 1; where their
    number is odd the extra one goes after, as in PyTorch) or "full" (every window that touches the picture).

    Raises
    ------
    ValueError
        A size, stride or dilation below 1, a padding below 0 or unknown, "same" with a stride, a kernel larger than the padded picture.
    """
    kernel, stride, dilation = _pair(kernel, "kernel", 1), _pair(stride, "stride", 1), _pair(dilation, "dilation", 1)
    reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if padding == "same" and stride != (1, 1):
        raise ValueError(f"padding 'same' was given with stride {stride}: it is defined for stride 1; give the padding as a number")
    if isinstance(padding, str):
        if padding not in PADDINGS:
            raise ValueError(f"padding is {padding[:40]!r}: give a number of zeros, or one of {', '.join(PADDINGS)}")
        before = {"valid": (0, 0), "same": (reach[0] // 2, reach[1] // 2), "full": (reach[0], reach[1])}[padding]
        after = (reach[0] - before[0], reach[1] - before[1]) if padding == "same" else before
    else:
        before = after = _pair(padding, "padding", 0)
    placed = Geometry(size, kernel, stride, before, after, dilation)
    if min(placed.output) < 1:
        raise ValueError(
            f"the kernel is {kernel[0]}×{kernel[1]} (dilation {dilation}) and the picture with its padding {placed.padded[0]}×"
            f"{placed.padded[1]}: the kernel must fit inside; take a smaller one or more padding"
        )
    _check_memory(prod(placed.padded), "the picture with its padding")
    return placed


def im2col(x: ArrayLike, kernel: Pair, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1) -> Array:
    """The windows as columns: x (..., c, h, w) → (..., c·kh·kw, h'·w'); a plain (h, w) has one channel. As `torch.nn.functional.unfold`.

    Examples
    --------
    >>> im2col([[1, 2, 3], [4, 5, 6]], kernel=2)
    array([[1., 2.],
           [2., 3.],
           [4., 5.],
           [5., 6.]])
    """
    x = _pictures(x)
    x = x[None] if x.ndim == 2 else x
    return unfold(x, geometry(x.shape[-2:], kernel, stride, padding, dilation))


def col2im(columns: ArrayLike, size: tuple[int, int], kernel: Pair, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1) -> Array:
    """The adjoint of `im2col`: each window's numbers added back where they came from, (..., c·kh·kw, h'·w') → (..., c, h, w)."""
    columns = np.asarray(columns, dtype=float)
    placed = geometry(size, kernel, stride, padding, dilation)
    entries, places = prod(placed.kernel), prod(placed.output)
    if columns.ndim < 2 or columns.shape[-1] != places or columns.shape[-2] % entries:
        raise ValueError(
            f"columns have shape {columns.shape}: a {placed.kernel} kernel on a {size} picture has {places} windows of c·{entries} numbers"
        )
    return fold(columns, placed)


def convolve2d(x: ArrayLike, kernel: ArrayLike, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1, flip: bool = False) -> Array:
    """Slide a kernel over pictures.

    Parameters
    ----------
    x : (..., c, h, w), or (..., h, w) with a plain kernel
    kernel : (..., k, c, kh, kw), or a plain (kh, kw)
        Leading dimensions broadcast against those of x: many kernels are one call.
    stride, dilation : number, or one for each axis
    padding : number, one for each axis, "valid", "same" or "full"
    flip : bool
        False is the cross-correlation of neural networks (`torch.nn.functional.conv2d`), True the mathematical convolution.

    Returns
    -------
    (..., k, h', w'), or (..., h', w') with a plain kernel

    Raises
    ------
    ValueError
        Channels that differ, a kernel that does not fit, an impossible stride, padding or dilation.

    Examples
    --------
    >>> convolve2d([[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 2], [3, 4]])
    array([[4., 3.],
           [2., 1.]])
    >>> convolve2d([[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 2], [3, 4]], flip=True)
    array([[1., 2.],
           [3., 4.]])
    """
    x, g, plain = _operands(x, kernel, flip)
    placed = geometry(x.shape[-2:], g.shape[-2:], stride, padding, dilation)
    with np.errstate(all="ignore"):
        y = _rows(g) @ unfold(x, placed)
    y = y.reshape(*y.shape[:-1], *placed.output)
    return y[..., 0, :, :] if plain else y


def adjoint(
    y: ArrayLike,
    kernel: ArrayLike,
    size: tuple[int, int],
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    flip: bool = False,
) -> Array:
    """`Tᵀ·y`: the backward pass, from places (..., k, h', w') to the picture (..., c, h, w) of the given size (h, w).

    It is ∂C/∂x where y is ∂C/∂(output), and what libraries call a transposed convolution: `⟨T·x, y⟩ = ⟨x, Tᵀ·y⟩`.
    """
    y, g, plain = _operands(y, kernel, flip, channels="out")
    placed = geometry(size, g.shape[-2:], stride, padding, dilation)
    if y.shape[-2:] != placed.output:
        raise ValueError(f"y has shape {y.shape}: a {placed.kernel} kernel on a {size} picture has {placed.output} places")
    with np.errstate(all="ignore"):
        picture = fold(np.swapaxes(_rows(g), -1, -2) @ y.reshape(*y.shape[:-2], -1), placed)
    return picture[..., 0, :, :] if plain else picture


class Gradients(NamedTuple):
    """What a convolution hands back: ∂C/∂x in the picture's shape and ∂C/∂kernel in the kernel's."""

    x: Array
    kernel: Array


def gradients(
    x: ArrayLike,
    kernel: ArrayLike,
    delta: ArrayLike,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    flip: bool = False,
) -> Gradients:
    """∂C/∂x and ∂C/∂kernel from delta = ∂C/∂(output), (..., k, h', w'); summed over the pictures that shared a kernel."""
    pictures, g, plain = _operands(x, kernel, flip)
    placed = geometry(pictures.shape[-2:], g.shape[-2:], stride, padding, dilation)
    into_x = adjoint(delta, kernel, pictures.shape[-2:], stride, padding, dilation, flip)
    delta = np.asarray(delta, dtype=float)
    delta = delta[..., None, :, :] if plain else delta
    with np.errstate(all="ignore"):
        into_rows = delta.reshape(*delta.shape[:-2], -1) @ np.swapaxes(unfold(pictures, placed), -1, -2)
    into_kernel = _sum_to(into_rows, (*g.shape[:-3], prod(g.shape[-3:]))).reshape(g.shape)
    into_kernel = into_kernel[..., ::-1, ::-1] if flip else into_kernel
    return Gradients(_sum_to(into_x, np.shape(x)), into_kernel.reshape(np.shape(kernel)))


def convolution_matrix(
    kernel: ArrayLike,
    input_shape: tuple[int, ...],
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    flip: bool = False,
) -> scipy.sparse.csr_array:
    """The doubly blocked Toeplitz matrix `T` with `vec(y) = T·vec(x)`, vec row-major.

    Parameters
    ----------
    kernel : (k, c, kh, kw), or a plain (kh, kw)
    input_shape : (c, h, w), or (h, w) with a plain kernel

    Returns
    -------
    csr_array (k·h'·w', c·h·w)
        A row for each place, a column for each pixel. Zeros of the kernel are stored, so that the pattern shows.

    Examples
    --------
    >>> convolution_matrix([[1, 2], [3, 4]], (2, 3)).toarray()
    array([[1., 2., 0., 3., 4., 0.],
           [0., 1., 2., 0., 3., 4.]])
    """
    g = np.asarray(kernel, dtype=float)
    if g.ndim not in (2, 4) or len(input_shape) != (2 if g.ndim == 2 else 3) or (g.ndim == 4 and input_shape[0] != g.shape[1]):
        raise ValueError(
            f"input_shape is {input_shape} and the kernel {g.shape}: give (h, w) with (kh, kw), or (c, h, w) with (k, c, kh, kw), where "
            "the channels c agree"
        )
    check_sizes(g.shape, input_shape)
    g = g[None, None] if g.ndim == 2 else g
    g = g[..., ::-1, ::-1] if flip else g
    placed = geometry((input_shape[-2], input_shape[-1]), g.shape[-2:], stride, padding, dilation)
    _check_memory(g.size * prod(placed.output), "the matrix")
    pixels = window_pixels(g.shape[1], placed)
    inside = pixels.T >= 0
    values = np.broadcast_to(g.reshape(len(g), 1, -1), (len(g), *inside.shape))
    keep = np.broadcast_to(inside, values.shape)
    row_ends = np.concatenate(([0], np.cumsum(np.tile(inside.sum(axis=1), len(g)))))
    shape = (values.shape[0] * values.shape[1], g.shape[1] * prod(placed.size))
    return scipy.sparse.csr_array((values[keep], np.broadcast_to(pixels.T, values.shape)[keep], row_ends), shape=shape)


def window_pixels(channels: int, placed: Geometry) -> NDArray[np.intp]:
    """Which pixel of vec(x) stands where in im2col, (c·kh·kw, h'·w'); −1 in the padding."""
    number = np.arange(1.0, channels * prod(placed.size) + 1).reshape(channels, *placed.size)
    return unfold(number, placed).astype(np.intp) - 1


def unfold(x: Array, placed: Geometry) -> Array:
    """`im2col` of pictures (..., c, h, w) whose geometry is known."""
    if any(placed.before + placed.after):
        edges = [(0, 0)] * (x.ndim - 2) + list(zip(placed.before, placed.after, strict=True))
        x = np.pad(x, edges)
    (kh, kw), (out_h, out_w), (down, across) = placed.kernel, placed.output, x.strides[-2:]
    _check_memory(prod(x.shape[:-2]) * kh * kw * out_h * out_w, "the windows")
    windows = np.lib.stride_tricks.as_strided(
        x,
        shape=(*x.shape[:-2], kh, kw, out_h, out_w),
        strides=(
            *x.strides[:-2],
            down * placed.dilation[0],
            across * placed.dilation[1],
            down * placed.stride[0],
            across * placed.stride[1],
        ),
        writeable=False,
    )
    return windows.reshape(*x.shape[:-3], x.shape[-3] * kh * kw, out_h * out_w)


def fold(columns: Array, placed: Geometry) -> Array:
    """`col2im` of columns (..., c·kh·kw, h'·w') whose geometry is known: the adjoint of `unfold`."""
    (kh, kw), (out_h, out_w), (dh, dw), (sh, sw) = placed.kernel, placed.output, placed.dilation, placed.stride
    windows = columns.reshape(*columns.shape[:-2], -1, kh, kw, out_h, out_w)
    picture = np.zeros((*windows.shape[:-4], *placed.padded))
    for row in range(kh):
        for column in range(kw):
            down = slice(row * dh, row * dh + (out_h - 1) * sh + 1, sh)
            across = slice(column * dw, column * dw + (out_w - 1) * sw + 1, sw)
            picture[..., down, across] += windows[..., row, column, :, :]
    top, left = placed.before
    return picture[..., top : top + placed.size[0], left : left + placed.size[1]]


def _rows(g: Array) -> Array:
    return g.reshape(*g.shape[:-3], -1)


def _operands(x: ArrayLike, kernel: ArrayLike, flip: bool, channels: str = "in") -> tuple[Array, Array, bool]:
    """The picture (..., c, h, w) and the kernel (..., k, c, kh, kw) turned as asked, and whether both came without channels."""
    x, g = _pictures(x), np.asarray(kernel, dtype=float)
    plain = g.ndim == 2
    if plain:
        x, g = x[..., None, :, :], g[None, None]
    check_sizes(g.shape, x.shape)
    if g.ndim < 4 or x.ndim < 3 or x.shape[-3] != g.shape[-3 if channels == "in" else -4]:
        raise ValueError(
            f"the picture has shape {np.shape(x)} and the kernel {np.shape(kernel)}: give (..., c, h, w) with (k, c, kh, kw), where the "
            "channels c agree, or (h, w) with (kh, kw)"
        )
    return x, g[..., ::-1, ::-1] if flip else g, plain


def _pictures(x: ArrayLike) -> Array:
    x = np.asarray(x, dtype=float)
    if x.ndim < 2:
        raise ValueError(f"the picture has shape {x.shape}: give at least its rows and columns, (h, w)")
    return x


def check_sizes(*shapes: tuple[int, ...]) -> None:
    """Raise a ValueError where a shape has an empty axis."""
    for shape in shapes:
        if min(shape) < 1:
            raise ValueError(f"the picture or the kernel has shape {shape}: each needs at least one row, column and channel")


def _check_memory(numbers: int, what: str) -> None:
    if numbers > MOST_NUMBERS:
        raise ValueError(f"{what} would hold {numbers:.3g} numbers: at most {MOST_NUMBERS:.3g}; take a smaller picture, kernel or padding")


def _pair(value: Pair, name: str, least: int) -> tuple[int, int]:
    pair = value if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or not all(isinstance(part, int | np.integer) and least <= part < 2**31 for part in pair):
        raise ValueError(f"{name} is {str(value)[:60]}: give a whole number from {least} on, or one for each of the two axes")
    return int(pair[0]), int(pair[1])


def _sum_to(values: Array, shape: tuple[int, ...]) -> Array:
    """Sum over the axes along which `shape` was broadcast."""
    values = values.sum(axis=tuple(range(values.ndim - len(shape))))
    stretched = tuple(i for i, size in enumerate(shape) if size == 1 and values.shape[i] != 1)
    return values.sum(axis=stretched, keepdims=True)
