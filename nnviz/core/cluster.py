"""A map that is looked at while it is computed: coarse first, the fine part tile by tile on a Dask cluster where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from nnviz.core import executors
from nnviz.core.sweep import Map, Sweep, empty_map, refined_chunks, sweep_chunks, tiles_of, usual_tile

WAIT = 3.0  # seconds for the scheduler to answer
PATIENCE = 0.03  # seconds between two looks at the cluster
HERE = 4  # every so-many-th pixel is computed here in any case, so that a coarse map stands at once


def coarse_to_fine(sweep: Sweep, coarsest: int, scheduler: str = "") -> Iterator[Map]:
    """The map as far as it is known, after each chunk of at most 50 ms.

    Parameters
    ----------
    coarsest : every so-many-th pixel along each axis comes first; a power of two
    scheduler : the address of a cluster's; what it leaves undone, and all where nobody answers there, is computed here
    """
    found = empty_map(sweep)
    if not scheduler:
        yield from refined_chunks(sweep, coarsest, found=found)
        return
    yield from refined_chunks(sweep, max(coarsest, HERE), HERE, found)
    try:
        with executors.dask(scheduler, timeout=WAIT) as there:
            yield from _tiles(sweep, found, there)
    except ValueError:
        yield from sweep_chunks(sweep, found=found)


def _tiles(sweep: Sweep, found: Map, there: executors.Make) -> Iterator[Map]:
    for one in executors.watched_tiles(sweep, tiles_of(sweep.shape, usual_tile(sweep)), there, PATIENCE):
        if one is not None:
            one[0].put(found, one[1])
        yield found
