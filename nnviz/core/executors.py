"""Where the tiles of a map are computed: in this process, in a pool of processes, or on a Dask cluster.

All by the standard `concurrent.futures.Executor`; there is no scheduling of our own. Each worker computes with one BLAS thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

from nnviz.core.sweep_description import Sweep
from nnviz.core.tiles import Results, Tile, run_tile

AHEAD = 64  # tiles that are handed out at once: memory is bounded by them, whatever the map
RETRIES = 3  # of a tile that failed, or whose worker died
MOST_WORKERS = 1024

Make = Callable[[], Executor]


@lru_cache(maxsize=1)
def limit_threads() -> None:
    """One BLAS thread in this process from now on."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def work(sweep: Sweep, tile: Tile) -> Results:
    """A tile, computed by a worker."""
    limit_threads()
    return run_tile(sweep, tile)


@contextmanager
def processes(count: int) -> Iterator[Make]:
    """A pool of processes on this machine; each call gives a fresh pool, for the case that one broke."""
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_WORKERS:
        raise ValueError(f"{str(count)[:40]} processes were asked for: a whole number from 1 to {MOST_WORKERS} is needed")
    pools: list[Executor] = []

    def make() -> Executor:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        pools.append(ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=limit_threads))
        return pools[-1]

    try:
        yield make
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)


@contextmanager
def dask(address: str | None = None, workers: int = 1, timeout: float = 10.0) -> Iterator[Make]:
    """A Dask cluster: the one at an address such as `tcp://head:8786`, or a local one of so many processes.

    Raises
    ------
    ValueError
        No scheduler answers at the address within the timeout, in seconds.
    """
    from distributed import Client, LocalCluster

    if address is None:
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
            yield lambda: client.get_executor(pure=False)
        return
    try:
        client = Client(address, timeout=timeout)
    except Exception as error:  # Dask has an exception for each way of not reaching a scheduler
        raise ValueError(
            f"no Dask scheduler answers at {address[:80]!r} ({type(error).__name__}): start one with `dask scheduler`, or check the address"
        ) from error
    with client:
        yield lambda: client.get_executor(pure=False)


def finished_tiles(sweep: Sweep, tiles: Sequence[Tile], make: Make | None = None) -> Iterator[tuple[Tile, Results]]:
    """Each tile with its results, in the order in which they are finished; the arguments are those of `watched_tiles`."""
    return (one for one in watched_tiles(sweep, tiles, make) if one is not None)


def watched_tiles(
    sweep: Sweep, tiles: Sequence[Tile], make: Make | None = None, patience: float | None = None
) -> Iterator[tuple[Tile, Results] | None]:
    """As `finished_tiles`, and None where none is finished for so many seconds.

    Parameters
    ----------
    make : makes an executor, and another one when that broke; None computes here

    Raises
    ------
    ValueError
        A tile failed for good, or the executor is gone. What was given back before stands.
    """
    if make is None:
        for tile in tiles:
            yield tile, work(sweep, tile)
        return
    waiting, failures = list(reversed(tiles)), dict.fromkeys(tiles, 0)
    executor, running = make(), {}  # type: ignore[var-annotated]
    try:
        while waiting or running:
            while waiting and len(running) < AHEAD:
                tile = waiting.pop()
                try:
                    running[executor.submit(work, sweep, tile)] = tile
                except Exception as gone:  # noqa: BLE001, RUF100  # a pool that broke, or a scheduler that does not answer
                    _count_failure(failures, tile, gone)
                    waiting += [tile, *running.values()]
                    running, executor = {}, make()
            done, _ = wait(running, patience, FIRST_COMPLETED)
            if not done:
                yield None
            broke = False
            for future in done:
                tile = running.pop(future)
                results, error = _result(future)
                if results is not None:
                    yield tile, results
                    continue
                _count_failure(failures, tile, error)
                waiting.append(tile)
                broke |= isinstance(error, BrokenExecutor)
            if broke:
                waiting += running.values()
                running = {}
                executor = make()
    finally:
        for future in running:
            future.cancel()


def _result(future: Future[Any]) -> tuple[Results | None, BaseException | None]:
    try:
        return future.result(), None
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # whatever a worker, a pool or a scheduler can raise, cancellation included
        return None, error


def _count_failure(failures: dict[Tile, int], tile: Tile, error: BaseException | None) -> None:
    failures[tile] += 1
    if failures[tile] > RETRIES:
        told = " ".join(str(error).split())[:160]
        raise ValueError(
            f"the tile of rows {tile.rows[0]} to {tile.rows[1]} and columns {tile.columns[0]} to {tile.columns[1]} failed {failures[tile]} "
            f"times ({type(error).__name__}: {told}): finished tiles are kept, start again to go on"
        ) from error
