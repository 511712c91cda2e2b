"""Where the page Maps computes: in this process, or on the Dask cluster that the server's owner has named; never one of a visitor's."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack

import streamlit as st

from nnviz.core import executors
from nnviz.core.sweep import Map, Sweep, empty_map, refined_chunks, sweep_chunks, tiles_of, usual_tile

SCHEDULER = "NNVIZ_SCHEDULER"  # an environment variable: an address such as tcp://head:8786
WAIT, AGAIN = 3.0, 60.0  # seconds for the scheduler to answer, and until it is asked again
PATIENCE = 0.03  # seconds between two chances to stop
HERE = 4  # every so-many-th pixel is computed here in any case, so that a coarse map stands at once

_silent_since: dict[str, float] = {}  # by address


@st.cache_resource(show_spinner=False)
def _connected(address: str) -> executors.Make:
    """One connection for all sessions, held as long as the server runs; ValueError where nobody answers."""
    return ExitStack().enter_context(executors.dask(address, timeout=WAIT))


def address() -> str:
    """The scheduler that the server's owner has named, or an empty text."""
    return os.environ.get(SCHEDULER, "")


def make() -> executors.Make | None:
    """What makes the cluster's executor; None where there is no cluster, or it does not answer."""
    if not address() or time.monotonic() - _silent_since.get(address(), -math.inf) < AGAIN:
        return None
    try:
        return _connected(address())
    except ValueError:
        lose()
        return None


def lose() -> None:
    """The cluster does not answer: it is asked again after a while."""
    _connected.clear()
    _silent_since[address()] = time.monotonic()


def tell() -> None:
    """A sentence where the cluster that was named does not answer; its address is the owner's business."""
    if address() and make() is None:
        st.warning("The cluster of this server does not answer: maps are computed here, with what was finished kept.")


def chunks(sweep: Sweep, coarsest: int) -> Iterator[Map]:
    """The map from coarse to fine; where there is a cluster, the fine part tile by tile there, and what that leaves undone here."""
    there, found = make(), empty_map(sweep)
    if there is None:
        yield from refined_chunks(sweep, coarsest, found=found)
        return
    yield from refined_chunks(sweep, max(coarsest, HERE), HERE, found)
    try:
        for one in executors.watched_tiles(sweep, tiles_of(sweep.shape, usual_tile(sweep)), there, PATIENCE):
            if one is not None:
                one[0].put(found, one[1])
            yield found
    except ValueError:
        lose()
    yield from sweep_chunks(sweep, found=found)
