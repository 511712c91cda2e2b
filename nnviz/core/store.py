"""A map on disk: a Zarr group that grows tile by tile, and can be gone on with after any interruption.

The group holds `results` (measures, rows, columns), a chunk for each tile, and `done` (tiles down, tiles across), the checksum of each
tile that is finished, 0 for the others. A tile's checksum is written after its results, both by renaming a whole file: a run that is
killed loses the tiles in flight and nothing else. What is damaged does not fit its checksum and is computed anew.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nnviz.core.axes import Axis
from nnviz.core.sweep_description import Map, Sweep, empty_map
from nnviz.core.sweep_file import parse_sweep
from nnviz.core.tiles import Results, Tile, tiles_of

Array = NDArray[np.floating]

LONGEST_SOURCE = 100_000  # characters


class Store:
    """A stored map that is open; `open_store` makes it."""

    def __init__(self, group: Any, sweep: Sweep, path: Path) -> None:
        self.group, self.sweep, self.path = group, sweep, path
        self.tiles = tiles_of(sweep.shape, int(group.attrs["tile"]))

    def put(self, tile: Tile, results: Mapping[str, Array]) -> None:
        """Write a tile, then that it is finished; ValueError where the disk does not take it."""
        block = np.stack([results[name] for name in self.sweep.measures])
        try:
            self.group["results"][(slice(None), *tile.window)] = block
            self.group["done"][tile.index] = checksum(block)
        except OSError as error:
            raise ValueError(
                f"a tile could not be written to {short(self.path)} ({error.strerror or error}): what was finished before is kept; "
                "make room and start again to go on"
            ) from error

    def tile(self, tile: Tile) -> Array | None:
        """A tile's results (measures, rows, columns), or None where they are not finished or damaged."""
        try:
            told = int(self.group["done"][tile.index])
            block = np.asarray(self.group["results"][(slice(None), *tile.window)]) if told else None
        except Exception:  # noqa: BLE001, RUF100  # a damaged chunk fails in as many ways as there are codecs
            return None
        return block if block is not None and checksum(block) == told else None

    def missing(self) -> list[Tile]:
        """The tiles that are still to be computed."""
        return [tile for tile in self.tiles if self.tile(tile) is None]

    def finished(self) -> Iterator[Results]:
        """The results of each tile that is finished, one in memory at a time."""
        blocks = (self.tile(tile) for tile in self.tiles)
        return (dict(zip(self.sweep.measures, block, strict=True)) for block in blocks if block is not None)

    def map(self) -> Map:
        """All that is known, in memory."""
        found = empty_map(self.sweep)
        for tile in self.tiles:
            block = self.tile(tile)
            if block is not None:
                tile.put(found, dict(zip(self.sweep.measures, block, strict=True)))
        return found

    def thinned_chunks(
        self, measures: Sequence[str], rows: NDArray[np.integer], columns: NDArray[np.integer]
    ) -> Iterator[tuple[float, Map]]:
        """Some measures at some rows and columns (ascending), after each tile that was read: (share done, the map so far).

        Memory is bounded by what was asked for and one tile, whatever the map.
        """
        x, y = (Axis(axis.name, tuple(axis.values[i] for i in at)) for axis, at in ((self.sweep.x, columns), (self.sweep.y, rows)))
        found = empty_map(replace(self.sweep, measures=tuple(measures), x=x, y=y))
        for count, tile in enumerate(self.tiles, 1):
            mine = [slice(*np.searchsorted(at, span)) for at, span in ((rows, tile.rows), (columns, tile.columns))]
            i, j = rows[mine[0]] - tile.rows[0], columns[mine[1]] - tile.columns[0]
            block = self.tile(tile) if i.size and j.size else None
            if block is not None:
                for measure in measures:
                    found.results[measure][tuple(mine)] = block[self.sweep.measures.index(measure)][np.ix_(i, j)]
                found.known[tuple(mine)] = True
            yield count / len(self.tiles), found


def thinned(first: int, last: int, most: int) -> NDArray[np.integer]:
    """Places from first to before last, evenly apart and at most so many; all of them where they are no more.

    Examples
    --------
    >>> thinned(0, 4, 5).tolist(), thinned(2, 13, 5).tolist()
    ([0, 1, 2, 3], [2, 5, 8, 11])
    """
    return np.arange(first, last, max(1, -(-(last - first) // most)))


def checksum(block: Array) -> int:
    """Of the bytes of a tile; never 0."""
    return zlib.crc32(np.ascontiguousarray(block, dtype=np.float64).tobytes()) or 1


def short(path: Path) -> str:
    """A path as it is told in a sentence."""
    return repr(str(path)[-80:])


@contextmanager
def open_store(path: str | Path, sweep: Sweep, tile: int = 32, source: str = "") -> Iterator[Store]:
    """A map on disk to write to: made where there is none, gone on with where there is one of the same description.

    Parameters
    ----------
    path : of the group, a folder
    tile : pixels along the side of a tile, of a new map; one that is there keeps its own
    source : the text that the sweep was described by, kept beside it

    Raises
    ------
    ValueError
        Another run writes to it, it holds another map, it is damaged beyond single tiles, or the disk does not take it.
    """
    path = Path(path)
    tiles_of(sweep.shape, tile)
    with _only_writer(path):
        yield Store(_group(path, sweep, tile, source), sweep, path)


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it whatever way the process ends."""
    import fcntl

    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = os.open(path / "writer.lock", os.O_CREAT | os.O_RDWR)
    except OSError as error:
        raise ValueError(f"{short(path)} cannot be written to ({error.strerror}): choose another place for the map") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ValueError(f"another run is writing to {short(path)}: wait for it, or choose another place for the map") from None
    finally:
        os.close(lock)


def _group(path: Path, sweep: Sweep, tile: int, source: str) -> Any:
    if (path / "zarr.json").exists():
        there = read_group(path)
        check_same(there, sweep, path)
        return there
    import zarr

    shape, across = (len(sweep.measures), *sweep.shape), tiles_of(sweep.shape, tile)[-1].index
    try:
        group: Any = zarr.create_group(str(path))
        block = (shape[0], min(tile, shape[1]), min(tile, shape[2]))
        group.create_array("results", shape=shape, chunks=block, dtype="float64", fill_value=np.nan)
        group.create_array("done", shape=(across[0] + 1, across[1] + 1), chunks=(1, 1), dtype="uint32", fill_value=0)
        # Last: a group that has a description is whole.
        group.attrs.update({"tile": tile, "measures": list(sweep.measures), "source": source, "description": sweep.description()})
    except OSError as error:
        raise ValueError(f"{short(path)} cannot be written to ({error.strerror or error}): choose another place for the map") from error
    return group


def open_stored(path: str | Path) -> Store:
    """A stored map to read, by the description that is kept in it; it may be one that is still being written.

    Raises
    ------
    ValueError
        There is none, it is damaged, or its arrays are not those of its description.
    """
    path = Path(path)
    group = read_group(path, "r")
    source, results, done = group.attrs.get("source"), group["results"], group["done"]
    if not isinstance(source, str) or not 0 < len(source) <= LONGEST_SOURCE:
        raise ValueError(f"the stored map {short(path)} does not tell how it was made: give one that `python -m nnviz sweep` has written")
    sweep = parse_sweep(source)
    check_same(group, sweep, path)
    tile = group.attrs["tile"]
    down, across = tiles_of(sweep.shape, tile)[-1].index
    block = (len(sweep.measures), *(min(tile, side) for side in sweep.shape))
    there = results.shape, tuple(results.chunks), str(results.dtype), done.shape, str(done.dtype)
    if there != ((len(sweep.measures), *sweep.shape), block, "float64", (down + 1, across + 1), "uint32"):
        raise ValueError(f"the stored map {short(path)} is damaged: its arrays do not fit its description; move it away and start anew")
    return Store(group, sweep, path)


def read_group(path: Path, mode: Any = "r+") -> Any:
    """The group of a stored map; ValueError where there is none, or none that can be read."""
    import zarr

    if not (path / "zarr.json").exists():
        raise ValueError(f"there is no stored map at {short(path)}: give the folder that `python -m nnviz sweep` has written")
    try:
        group = zarr.open_group(str(path), mode=mode)
        _ = group["results"], group["done"], group.attrs["tile"]
        dict(cast("Mapping[str, Any]", group.attrs["description"]))  # all four are needed
    except Exception as error:  # damaged metadata fails in as many ways as there are fields
        raise ValueError(
            f"the stored map {short(path)} is damaged ({type(error).__name__}) and cannot be read: move it away and start anew"
        ) from error
    return group


def check_same(group: Any, sweep: Sweep, path: Path) -> None:
    """ValueError where a stored map is not the one that is described."""
    stored, wanted = dict(group.attrs["description"]), sweep.description()
    other = [name for name in wanted if stored.get(name) != wanted[name]]
    if other:
        raise ValueError(
            f"{short(path)} holds another map, which differs in {', '.join(other)}: choose another place, or describe the same map"
        )
