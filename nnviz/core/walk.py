"""The walk of the window: what a convolution multiplies and adds at each place, beside the row of `T` and the column of im2col."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.convolution import Array, Geometry, Padding, Pair, check_sizes, geometry, im2col, window_pixels


@dataclass(frozen=True, eq=False)
class Place:
    """One place of the window."""

    output: tuple[int, int]  # the row and column of y that it computes
    corner: tuple[int, int]  # of the window's first entry in the picture; negative in the padding
    patch: Array  # (c, kh, kw): what the window sees
    products: Array  # (c, kh, kw): patch times kernel, entry by entry
    total: float  # their sum: y at this place
    column: Array  # (c·kh·kw,): the patch as a column of im2col
    pixels: NDArray[np.intp]  # (c·kh·kw,): where the column's entries stand in vec(x); −1 in the padding
    matrix_row: Array  # (c·h·w,): the row of T


@dataclass(frozen=True, eq=False)
class Walk:
    """All places in reading order: `len(walk)`, `walk[i]`, `for place in walk`."""

    kernel: Array  # (c, kh, kw), turned if the convolution flips it
    geometry: Geometry
    columns: Array  # im2col, (c·kh·kw, places)
    products: Array  # (c·kh·kw, places)
    totals: Array  # (places,): vec(y)
    pixels: NDArray[np.intp]  # (c·kh·kw, places)

    def __len__(self) -> int:
        """The number of places."""
        return self.totals.size

    def __iter__(self) -> Iterator[Place]:
        """The places in reading order."""
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> Place:
        """Place i, counted in reading order; negative ones from the end.

        Raises
        ------
        IndexError
            There is no such place.
        """
        if not -len(self) <= i < len(self):
            raise IndexError(f"place {i} was asked for: the window takes {len(self)} places")
        i %= len(self)
        row, column = divmod(i, self.geometry.output[1])
        corner = tuple(at * s - p for at, s, p in zip((row, column), self.geometry.stride, self.geometry.before, strict=True))
        return Place(
            output=(row, column),
            corner=(corner[0], corner[1]),
            patch=self.columns[:, i].reshape(self.kernel.shape),
            products=self.products[:, i].reshape(self.kernel.shape),
            total=float(self.totals[i]),
            column=self.columns[:, i],
            pixels=self.pixels[:, i],
            matrix_row=self._matrix_row(self.pixels[:, i]),
        )

    def _matrix_row(self, pixels: NDArray[np.intp]) -> Array:
        height, width = self.geometry.size
        row = np.zeros(len(self.kernel) * height * width)
        row[pixels[pixels >= 0]] = self.kernel.ravel()[pixels >= 0]
        return row


def walk(
    x: ArrayLike,
    kernel: ArrayLike,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    flip: bool = False,
    channel: int = 0,
) -> Walk:
    """Each step of `convolve2d` for one picture and one output channel.

    Parameters
    ----------
    x : (c, h, w), or (h, w) with a plain kernel
    kernel : (k, c, kh, kw), or a plain (kh, kw)
    channel : int
        Which of the k output channels is walked.

    Examples
    --------
    >>> place = walk([[1, 2, 3], [4, 5, 6]], [[1, 0], [0, 1]])[1]
    >>> place.products.tolist(), place.total, place.matrix_row.tolist()
    ([[[2.0, 0.0], [0.0, 6.0]]], 8.0, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0])
    """
    x, g = np.asarray(x, dtype=float), np.asarray(kernel, dtype=float)
    x, g = (x[None], g[None, None]) if x.ndim == g.ndim == 2 else (x, g)
    if x.ndim != 3 or g.ndim != 4 or x.shape[0] != g.shape[1] or not 0 <= channel < len(g):
        raise ValueError(
            f"the picture has shape {x.shape}, the kernel {g.shape} and channel {channel} was asked for: give (c, h, w) with "
            "(k, c, kh, kw), or (h, w) with (kh, kw), and a channel below k"
        )
    check_sizes(x.shape, g.shape)
    chosen = g[channel, :, ::-1, ::-1] if flip else g[channel]
    placed = geometry(x.shape[-2:], chosen.shape[-2:], stride, padding, dilation)
    columns = im2col(x, chosen.shape[-2:], stride, padding, dilation)
    with np.errstate(all="ignore"):
        products = columns * chosen.reshape(-1, 1)
        totals = products.sum(axis=0)
    return Walk(chosen, placed, columns, products, totals, window_pixels(len(x), placed))
