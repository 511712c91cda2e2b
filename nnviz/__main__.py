"""The command line: `python -m nnviz sweep description.toml` computes a map of any size into a folder, and draws it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from nnviz.core import executors
from nnviz.core.store import Store, open_store, thinned
from nnviz.core.summary import Summary
from nnviz.core.sweep_file import parse_sweep

BAR = 30  # characters
PICTURED = 1024  # pixels a side that are drawn: of a larger map every second or so


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 where it succeeded, 2 with a sentence where it did not."""
    options = parsed(arguments)
    try:
        sweep_command(options)
    except ValueError as error:
        print(f"nnviz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("nnviz: stopped; finished tiles are kept, the same command goes on with the rest", file=sys.stderr)
        return 130
    return 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nnviz", description="A microscope for neural networks.")
    commands = parser.add_subparsers(dest="command", required=True)
    sweep = commands.add_parser("sweep", help="compute a map over two hyperparameters", description="Compute a map, or go on with it.")
    sweep.add_argument("description", type=Path, help="the TOML file that describes the map")
    where = sweep.add_mutually_exclusive_group()
    where.add_argument("--processes", type=int, metavar="N", help="on this machine, in so many processes")
    where.add_argument("--scheduler", metavar="ADDRESS", help="on the Dask cluster at this address, such as tcp://head:8786")
    where.add_argument("--local-cluster", type=int, metavar="N", help="on a Dask cluster of so many processes on this machine")
    sweep.add_argument("--out", type=Path, metavar="FOLDER", help="where the map is stored (default: beside the description)")
    sweep.add_argument("--tile", type=int, default=32, metavar="PIXELS", help="side of a tile of a new map (default 32)")
    return parser.parse_args(arguments)


def sweep_command(options: argparse.Namespace) -> None:
    """Compute what is missing of a map, then draw it."""
    try:
        text = options.description.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the description {str(options.description)[-80:]!r} cannot be read: {str(error)[:120]}") from None
    sweep = parse_sweep(text)
    path = options.out or options.description.with_suffix(".zarr")
    with open_store(path, sweep, options.tile, text) as store:
        missing = store.missing()
        if missing:
            with where(options) as make:
                compute(store, missing, make)
        summary = Summary(sweep)
        for results in store.finished():
            summary.add(results)
        print(summary)
        for file in draw(store):
            print(f"wrote {file}")


def where(options: argparse.Namespace) -> AbstractContextManager[Any]:
    """What makes the executor that was asked for."""
    if options.processes is not None:
        return executors.processes(options.processes)
    if options.scheduler is not None:
        return executors.dask(options.scheduler)
    if options.local_cluster is not None:
        return executors.dask(None, options.local_cluster)
    return nullcontext()


def compute(store: Store, missing: Sequence[Any], make: Any) -> None:
    """Compute and store the missing tiles, with a bar."""
    began, total, before = time.perf_counter(), len(store.tiles), len(store.tiles) - len(missing)
    print(f"{before} of {total} tiles are there already", file=sys.stderr) if before else None
    try:
        for count, (tile, results) in enumerate(executors.finished_tiles(store.sweep, missing, make), 1):
            store.put(tile, results)
            left = (time.perf_counter() - began) / count * (len(missing) - count)
            share = (before + count) / total
            filled = round(BAR * share)
            print(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%}, {left:.0f} s left ", end="", file=sys.stderr, flush=True)
    finally:
        print(file=sys.stderr)  # whatever is told next begins a line


def draw(store: Store) -> list[Path]:
    """Pictures of the first measure beside the folder: an interactive page and a PNG, of at most PICTURED pixels a side."""
    from nnviz.figures.map_picture import png
    from nnviz.figures.theme import LIGHT
    from nnviz.figures.trainability import named, needed, pictured, told_of, trainability
    from nnviz.ui.show import standalone

    sweep, path = store.sweep, store.path
    measure, sides = sweep.measures[0], (thinned(0, count, PICTURED) for count in sweep.shape)
    *_, (_, found) = store.thinned_chunks(needed(sweep, measure), *sides)
    title, told = named(measure), told_of(sweep.shape, found.sweep.shape, sweep.steps)
    figure = trainability(LIGHT, found, pictured(found, measure), measure, title=title, key=told, token="", boxes=False)
    files = {path.with_suffix(".html"): standalone(figure, f"{title}: {told}", LIGHT)}
    files[path.with_suffix(".png")] = png(LIGHT, found, measure, f"{title}, {told}")
    for file, content in files.items():
        try:
            file.write_bytes(content)
        except OSError as error:
            raise ValueError(f"{str(file)[-80:]!r} cannot be written ({error.strerror}): the map itself is kept") from error
    return list(files)


if __name__ == "__main__":
    sys.exit(main())
