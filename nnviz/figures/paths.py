"""What a landscape is made of: the ground with its heights, the scale in which they are drawn, and paths that grow over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]

TALL = 6.0  # from this ratio of the greatest height to the middle one, heights are drawn to a logarithmic scale
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "hexagon2", "star-diamond")
SIZES = {"circle": 13, "diamond": 13}  # of the end of a path; the others are 16
BUDGET = 30_000  # coordinates of all growing paths in the figure and all frames: 160 kB in a file, where each frame holds its own
PIXEL = 1 / 1200  # of the width: steps that are shorter than this are not drawn one by one


@dataclass(frozen=True)
class Ground:
    """What the paths run over: heights z (rows, columns) at x (columns,) and y (rows,); not finite where there are none."""

    x: Array
    y: Array
    z: Array

    @property
    def span(self) -> Array:
        """Width and height, (2,)."""
        return np.array([self.x[-1] - self.x[0], self.y[-1] - self.y[0]])


@dataclass(frozen=True, eq=False)
class Path:
    """A run over the ground: where it is after each step (steps+1, 2), how it is called and which of the eight looks it has."""

    name: str
    points: Array
    look: int
    heights: Array | None = None  # (steps+1,), for three dimensions
    note: str = ""  # what became of it, where that is not to be seen, such as "diverged at 12"


@dataclass(frozen=True)
class Relief:
    """How heights are drawn: even, or even in log₁₀(1 + (z − lowest)/unit)."""

    lowest: float
    highest: float
    unit: float  # 0 for an even scale

    def __call__(self, z: ArrayLike) -> Array:
        """Heights as drawn, 0 at the lowest."""
        with np.errstate(all="ignore"):
            above = np.maximum(np.asarray(z, dtype=float) - self.lowest, 0.0)
            return np.log10(1 + above / self.unit) if self.unit else above

    @property
    def top(self) -> float:
        """The greatest height as drawn."""
        return float(self(self.highest)) or 1.0

    def words(self, name: str) -> str:
        """What the contours are even in."""
        if not self.unit:
            return f"contours even in {name}"
        shifted = (
            name
            if abs(self.lowest) < 1e-3 * self.unit
            else f"({name} {'−' if self.lowest > 0 else '+'} {significant(abs(self.lowest), 3)})"
        )
        scaled = shifted if self.unit == 1 else f"{shifted}/{significant(self.unit)}"
        return f"contours even in log₁₀(1 + {scaled})"


def relief(z: ArrayLike, lowest: float | None = None) -> Relief:
    """The scale in which these heights read well; `lowest` where a lower one is known than the grid meets.

    Examples
    --------
    >>> relief([0.0, 1.0, 2.0]).unit, relief([0.0, 100.0, 5000.0]).unit
    (0.0, 1.0)
    """
    finite = np.asarray(z, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return Relief(0.0, 1.0, 0.0)
    low = float(finite.min()) if lowest is None or not np.isfinite(lowest) else min(lowest, float(finite.min()))
    high = float(finite.max())
    middle = float(np.median(finite)) - low
    tall = high - low > TALL * middle > 0
    return Relief(low, high, float(10.0 ** np.round(np.log10(middle / 100))) if tall else 0.0)


# --------------------------------------------------------------------------------------------------------------- paths


def thinned(points: Array, span: Array) -> NDArray[np.integer]:
    """The steps of a path (steps, 2) that make a difference on a screen: the first, the last, and each that moves on by a pixel's part."""
    with np.errstate(all="ignore"):
        moved = np.hypot(*(np.diff(points, axis=0) / span).T)
    travelled = np.concatenate([[0.0], np.cumsum(np.nan_to_num(moved, nan=0.0, posinf=0.0))])
    place = np.floor(travelled / PIXEL)
    kept = np.concatenate([[True], np.diff(place) > 0])
    kept[-1] = True
    return np.flatnonzero(kept)


def drawable(path: Path, ground: Ground) -> Array:
    """The points of a path as float32 up to where it is lost; far outside, where a screen's numbers end, they are held back."""
    low = np.array([ground.x[0], ground.y[0]])
    points = np.asarray(path.points, dtype=float)
    finite = np.isfinite(points).all(axis=1)
    last = len(points) if finite.all() else int(np.argmin(finite))
    return np.clip(points[: max(last, 1)], low - 20 * ground.span, low + 21 * ground.span).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Line:
    """A path as it is drawn: x, y and, in space, z of the steps that make a difference; what a frame shows of it is a part of these."""

    coordinates: tuple[Array, ...]  # each (drawn,)
    steps: NDArray[np.integer]  # (drawn,), ascending

    @property
    def whole(self) -> dict[str, Array]:
        """All coordinates, by the names of the axes."""
        return dict(zip("xyz", self.coordinates, strict=False))

    def until(self, step: int, tail: int | None = None) -> dict[str, Array]:
        """Those up to a step, at most the last `tail` of them."""
        end = self.drawn(step)
        return {name: values[max(0, end - (tail or end)) : end] for name, values in self.whole.items()}

    def drawn(self, step: int) -> int:
        """How many points are drawn up to a step."""
        return int(np.searchsorted(self.steps, step, side="right"))


def line_of(points: Array, span: Array, frames: NDArray[np.integer]) -> Line:
    """The line of a path (steps, 2 or 3): the steps that a screen tells apart, and those on which a frame stands."""
    steps = np.union1d(thinned(points[:, :2], span), np.minimum(frames, len(points) - 1))
    return Line(tuple(np.ascontiguousarray(values[steps]) for values in points.T), steps)


def joined(lines: Sequence[Line]) -> dict[str, Array]:
    """Several lines as one, with a gap between each two, by the names of the axes."""
    gap = np.full(1, np.nan, dtype=np.float32)
    return {name: np.concatenate([part for line in lines for part in (line.whole[name], gap)])[:-1] for name in lines[0].whole}


def tail_length(lines: Sequence[Line], frames: NDArray[np.integer]) -> int:
    """How many points of each path are drawn behind its head, so that all frames together stay within the budget; all in the last."""
    counts = np.array([[line.drawn(step) for line in lines] for step in frames])
    tail, axes = int(counts.max(initial=1)), len(lines[0].coordinates)
    while tail > 24 and axes * (np.minimum(counts[:-1], tail).sum() + 2 * counts[-1].sum()) > BUDGET:
        tail = int(0.85 * tail)
    return tail


def heads(points: Sequence[Array], step: int) -> Array:
    """Where each path stands at a step, (paths, 2)."""
    return np.stack([path[min(step, len(path) - 1)] for path in points])


def size_of(path: Path) -> float:
    """How large the mark at the end of a path is."""
    return SIZES.get(SYMBOLS[path.look], 16)


def by_size(paths: Sequence[Path]) -> list[int]:
    """The order in which heads are drawn: larger ones first, so that two in one place both show."""
    return sorted(range(len(paths)), key=lambda place: -size_of(paths[place]))
