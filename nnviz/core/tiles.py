"""The tiles of a map: a rectangle of pixels is one batched run, or one for each batch size and optimiser in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.axes import OF_NETWORKS, layer_of, with_hyperparameter
from nnviz.core.diary import Judge
from nnviz.core.kernel import block_order
from nnviz.core.marching import CHUNK_NUMBERS, Endings, march_chunks
from nnviz.core.measures import ON_THE_WAY, Book
from nnviz.core.minima import DIVERGED, known_minima, limits_of, nearest, span_of
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import Optimizer, as_optimizer
from nnviz.core.run_costs import RunCosts
from nnviz.core.surfaces import Surface
from nnviz.core.sweep_description import Map, Sweep

Array = NDArray[np.floating]
Results = dict[str, Array]

TILE, LARGEST = 16, 4096  # pixels along each side: of a map over a network, and at most
SHARPNESS_RUNS = 16  # Hessians at a time
GROUPS = ("batch_size", "optimizer")


@dataclass(frozen=True)
class Tile:
    """A rectangle of pixels, and its place among the tiles."""

    index: tuple[int, int]
    rows: tuple[int, int]  # from, to
    columns: tuple[int, int]

    @property
    def window(self) -> tuple[slice, slice]:
        """To index an array (rows, columns)."""
        return slice(*self.rows), slice(*self.columns)

    def put(self, found: Map, results: Mapping[str, Array]) -> None:
        """Write the tile's results into a map; pixels that are known there stay."""
        new = ~found.known[self.window]
        for name, values in results.items():
            np.copyto(found.results[name][self.window], values, where=new)
        found.known[self.window] = True


def usual_tile(sweep: Sweep) -> tuple[int, int]:
    """Rows and columns of the tiles that suit a map: of a few parameters whole rows, as many as the march takes in one piece."""
    if isinstance(sweep.subject, Network):
        return TILE, TILE
    runs = max(TILE, CHUNK_NUMBERS // sweep.theta0.size)
    columns = min(sweep.shape[1], runs, LARGEST)
    return (1 if sweep.y.name in GROUPS else min(runs // columns, LARGEST)), columns


def tiles_of(shape: tuple[int, int], size: int | tuple[int, int]) -> list[Tile]:
    """The tiles of a map in reading order; those at the ends may be smaller. The size is a side, or rows and columns.

    Examples
    --------
    >>> [tile.columns for tile in tiles_of((2, 5), 4)]
    [(0, 4), (4, 5)]
    """
    sides = size if isinstance(size, tuple) else (size, size)
    if len(sides) != 2:
        raise ValueError(f"the tile is {str(size)[:40]}: one side is needed, or its rows and columns")
    for side in sides:
        if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or not 1 <= side <= LARGEST:
            raise ValueError(f"the side of a tile is {str(side)[:40]}: a whole number from 1 to {LARGEST} is needed")
    spans = [[(start, min(start + side, length)) for start in range(0, length, side)] for length, side in zip(shape, sides, strict=True)]
    return [Tile((i, j), rows, columns) for i, rows in enumerate(spans[0]) for j, columns in enumerate(spans[1])]


def run_tile(sweep: Sweep, tile: Tile) -> Results:
    """The measures of a tile, each (rows, columns)."""
    return deque(tile_chunks(sweep, tile), maxlen=1).pop()


def tile_chunks(sweep: Sweep, tile: Tile, wanted: NDArray[np.bool_] | None = None) -> Iterator[Any]:
    """As `run_tile`: None after each chunk of at most 50 ms, the measures last; of some pixels (rows, columns) only, NaN for the others."""
    x, y = sweep.x.array[slice(*tile.columns)], sweep.y.array[slice(*tile.rows)]
    shape = (len(y), len(x))
    pixels = {sweep.x.name: np.tile(x, len(y)), sweep.y.name: np.repeat(y, len(x))}
    whole = {name: np.full(len(x) * len(y), np.nan) for name in sweep.measures}
    for group in groups(pixels, len(x) * len(y)):
        places = group if wanted is None else group[wanted.ravel()[group]]
        if not places.size:
            continue
        for part in group_chunks(sweep, {name: values[places] for name, values in pixels.items()}, len(places)):
            if part is None:
                yield None
            else:
                for name, values in part.items():
                    whole[name][places] = values
    yield {name: values.reshape(shape) for name, values in whole.items()}


def groups(pixels: Mapping[str, NDArray[Any]], count: int) -> list[NDArray[np.integer]]:
    """The pixels that one batched call can run: those of one batch size and one optimiser."""
    # Optimisers are told apart as objects: to hash one for every pixel takes a tenth of the time of a run.
    sides = [[value if isinstance(value, int) else id(value) for value in pixels[name].tolist()] for name in GROUPS if name in pixels]
    keys = list(zip(*sides, strict=True)) or [()] * count
    return [np.array([place for place, key in enumerate(keys) if key == one]) for one in dict.fromkeys(keys)]


def group_chunks(sweep: Sweep, pixels: Mapping[str, NDArray[Any]], runs: int) -> Iterator[Any]:
    """The measures of some pixels, each (runs,); None before them after each chunk."""
    optimizer = group_optimizer(sweep, pixels)
    theta0 = starts(sweep, pixels, runs)
    limits = limits_of(sweep.subject)
    watched = any(name in ON_THE_WAY for name in sweep.measures)
    book = Book(runs, sweep.steps, sweep.threshold, limits.lowest) if watched else None
    objective = sweep.subject if sweep.data is None else run_costs(sweep, pixels, runs)
    found: Any = None
    for _, found in march_chunks(objective, optimizer, theta0, sweep.steps, limits, book):  # noqa: B007  # the last one is wanted
        yield None
    yield from measured_chunks(sweep, pixels, book, found)


def group_optimizer(sweep: Sweep, pixels: Mapping[str, NDArray[Any]]) -> Optimizer:
    """The optimiser with arrays (runs, 1) where an axis is one of its numbers."""
    optimizer = as_optimizer(pixels["optimizer"][0]) if "optimizer" in pixels else sweep.optimizer
    for name, values in pixels.items():
        if name not in (*GROUPS, *OF_NETWORKS) and layer_of(name) is None:
            optimizer = with_hyperparameter(optimizer, name, values[:, None])
    return optimizer


def starts(sweep: Sweep, pixels: Mapping[str, NDArray[Any]], runs: int) -> Array:
    """Where the runs begin, (runs, P); of a network in block layout."""
    theta = np.tile(sweep.theta0, (runs, 1))
    if "initial_scale" in pixels:
        theta *= pixels["initial_scale"][:, None]
    for name, values in pixels.items():
        if name.startswith("start["):
            theta[:, layer_of(name)] = values
    return theta if sweep.data is None else theta[:, block_order(sweep.subject)]


def run_costs(sweep: Sweep, pixels: Mapping[str, NDArray[Any]], runs: int) -> RunCosts:
    """The objective of runs of one batch size."""
    size = int(pixels["batch_size"][0]) if "batch_size" in pixels else sweep.batch_size
    l2, l1 = (_column(pixels.get(name, getattr(sweep, name))) for name in ("l2", "l1"))
    train = sweep.data.train
    return RunCosts(sweep.subject, sweep.loss, train.X, train.Y, size, sweep.seed, l2, l1, paces(sweep, pixels, runs))


def _column(values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=float)
    return array if array.ndim == 0 else array[:, None]


def paces(sweep: Sweep, pixels: Mapping[str, NDArray[Any]], runs: int) -> Array | None:
    """Each parameter's rate as a multiple of the optimiser's, (runs, P) in block layout, where the layers have rates of their own."""
    layered = {name: values for name, values in pixels.items() if name.startswith("learning_rate[")}
    if not layered:
        return None
    pace = np.ones((runs, sweep.theta0.size))
    layers = sweep.subject.unpack(pace)
    rate = pixels.get("learning_rate", np.asarray(sweep.optimizer.learning_rate))
    for name, values in layered.items():
        layer = layers[layer_of(name) or 0]
        layer.W[...] = layer.b[...] = (values / rate)[:, None, None]
    return pace[:, block_order(sweep.subject)]


def measured_chunks(sweep: Sweep, pixels: Mapping[str, NDArray[Any]], book: Book | None, ends: Endings) -> Iterator[Any]:
    """What was asked for of runs that have ended."""
    theta = ends.theta if sweep.data is None else ends.theta[:, np.argsort(block_order(sweep.subject))]
    found: Results = {"cost": ends.value, "diverged_at": np.where(ends.diverged, ends.steps, -1).astype(float)}
    if book is not None:
        found |= {"convergence": book.convergence(ends), "steps_to_threshold": book.reached.astype(float)}
    if isinstance(sweep.subject, Surface):
        found |= {"end_x": theta[:, 0], "end_y": theta[:, 1]}
    if "basin" in sweep.measures:
        reached = nearest(theta, known_minima(sweep.subject), span_of(sweep.subject))
        found["basin"] = np.where(ends.diverged, DIVERGED, reached).astype(float)
    if sweep.data is not None:
        for kind, prefix in (("train", ""), ("test", "test_")):
            part = getattr(sweep.data, kind)
            judge = Judge(sweep.subject, sweep.loss, part.X, part.Y, sweep.data.task)
            found[f"{prefix}cost"], found[f"{prefix}accuracy"] = judge(theta)
            yield None
    if "sharpness" in sweep.measures:
        found["sharpness"] = np.full(len(theta), np.nan)
        for start in range(0, len(theta), SHARPNESS_RUNS):
            part = slice(start, start + SHARPNESS_RUNS)
            found["sharpness"][part] = sharpness_of(sweep, pixels, theta[part], part)
            yield None
    yield {name: found[name] for name in sweep.measures}


def sharpness_of(sweep: Sweep, pixels: Mapping[str, NDArray[Any]], theta: Array, part: slice) -> Array:
    """λ_max of the cost, penalty included, at theta (runs, P); NaN where it is not finite."""
    from nnviz.core.curvature import sharpness

    finite = np.isfinite(theta).all(axis=-1)
    found = np.full(len(theta), np.nan)
    if not finite.any():
        return found
    if sweep.data is None:
        found[finite] = sharpness(sweep.subject, theta[finite])
        return found
    cost = NetworkCost(sweep.subject, sweep.loss, sweep.data.train.X, sweep.data.train.Y)
    l2 = np.broadcast_to(_column(pixels.get("l2", sweep.l2))[..., 0] if "l2" in pixels else sweep.l2, (len(pixels[sweep.x.name]),))[part]
    for strength in np.unique(l2[finite]):
        mine = finite & (l2 == strength)
        found[mine] = sharpness(NetworkCost(cost.network, cost.loss, cost.X, cost.Y, l2=float(strength)), theta[mine])
    return found
