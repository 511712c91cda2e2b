"""Sweeps: maps over two hyperparameters, each pixel a whole run, computed in tiles that fit the cache.

A `Sweep` (`sweep_description.py`) says exactly what a map is. Its tiles can be computed in any order, size and place: the bits are the
same, for no sum and no product runs over runs. The loop over steps is `march_chunks` of `marching.py`, as under every map.

Source: Sohl-Dickstein (2024), The boundary of neural network trainability is fractal, arXiv:2402.06184.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from nnviz.core.axes import Axis, Given, spaced
from nnviz.core.measures import MEASURES
from nnviz.core.network import Network
from nnviz.core.objectives import Objective
from nnviz.core.optimizers import Optimizer
from nnviz.core.sweep_description import Map, Sweep, described, empty_map
from nnviz.core.tiles import Tile, run_tile, tile_chunks, tiles_of, usual_tile

__all__ = [
    "MEASURES",
    "Axis",
    "Map",
    "Sweep",
    "Tile",
    "described",
    "empty_map",
    "refined_chunks",
    "run_tile",
    "spaced",
    "sweep",
    "sweep_chunks",
    "tiles_of",
    "usual_tile",
]


def sweep(
    subject: Network | Objective,
    data: Any,
    optimizer: Optimizer | str,
    x: Given,
    y: Given,
    steps: int,
    measure: str | Sequence[str] = "convergence",
    *,
    tile: int | tuple[int, int] | None = None,
    **settings: Any,
) -> Map:
    """A map over two hyperparameters: each pixel is a whole run.

    Parameters
    ----------
    subject : Network, or an Objective such as a test surface (data is then None); on a surface a run that leaves its `surface_limits` has
        diverged, and values count from the lowest known
    x, y : (name, values): a hyperparameter of the optimiser or of the one it goes around, "optimizer" (names or optimisers), "start[0]" and
        so on of an objective; of a network "initial_scale", "l2", "l1", "batch_size", "learning_rate[0]" and so on for one layer
    steps : of each run
    measure : one or several of MEASURES: of a network all but "basin", "end_x" and "end_y", of a surface all that need no data
    tile : pixels along the side of a tile, or its rows and columns; the results do not depend on it
    loss, batch_size (None: all samples), seed, initializer, theta0 (P,), l2, l1, threshold : of all runs

    Returns
    -------
    Map
        Divergence is a result: see `Map.diverged`.

    Raises
    ------
    ValueError
        An unknown hyperparameter or measure, too many pixels, values outside a hyperparameter's bounds.

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> rates, starts = [0.1, 0.9, 1.1], [1.0, 2.0]
    >>> found = sweep(Quadratic([[2.0]]), None, "sgd", ("learning_rate", rates), ("start[0]", starts), steps=100)
    >>> found.diverged.tolist()
    [[False, False, True], [False, False, True]]
    """
    return deque(sweep_chunks(described(subject, data, optimizer, x, y, steps, measure, **settings), tile), maxlen=1).pop()


def sweep_chunks(sweep: Sweep, tile: int | tuple[int, int] | None = None, found: Map | None = None) -> Iterator[Map]:
    """The map in this process, tile by tile: what is known after each chunk of at most 50 ms; of one that was begun, what it lacks."""
    found = found or empty_map(sweep)
    yield found
    for one in tiles_of(sweep.shape, usual_tile(sweep) if tile is None else tile):
        wanted = ~found.known[one.window]
        if not wanted.any():
            continue
        for results in tile_chunks(sweep, one, None if wanted.all() else wanted):
            if results is not None:
                one.put(found, results)
            yield found


def refined_chunks(sweep: Sweep, coarsest: int, finest: int = 1, found: Map | None = None) -> Iterator[Map]:
    """As `sweep_chunks`, from coarse to fine: first every so-many-th pixel along each axis, then twice as many, and so on.

    No pixel is computed twice: each layer adds those that the coarser ones lack.

    Parameters
    ----------
    coarsest, finest : powers of two: which pixels come first, and where to end

    Examples
    --------
    >>> from nnviz.core.objectives import Quadratic
    >>> axes = ("learning_rate", [0.1, 0.2, 0.3, 0.4]), ("start[0]", [1.0, 2.0, 3.0, 4.0])
    >>> shares = [found.share for found in refined_chunks(described(Quadratic([[2.0]]), None, "sgd", *axes, 5), 4)]
    >>> sorted(set(shares))
    [0.0, 0.0625, 0.25, 1.0]
    """
    found = found or empty_map(sweep)
    yield found
    every = coarsest
    while every >= finest:
        # What is written into the views stands in the map.
        views = {name: values[::every, ::every] for name, values in found.results.items()}
        layer = Map(sweep.coarse(every), views, found.known[::every, ::every])
        for _ in sweep_chunks(layer.sweep, found=layer):
            yield found
        every //= 2
