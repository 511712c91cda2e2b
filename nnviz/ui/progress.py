"""Long work, alone here: a generator of the core runs chunk by chunk, with a bar, the time left and a Stop that keeps what was there.

A chunk lasts at most 50 ms and is followed by a real sleep, so that other sessions get their answers in between. Each chunk's result is
kept before the bar is touched: the touch is where Streamlit interrupts a script whose controls have changed. The same work asked for
again goes on where it was interrupted; other work throws it away, and nothing runs on behind.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

BREATH = 0.005  # seconds after each chunk in which other sessions are answered
TURN = (
    threading.Lock()
)  # one chunk at a time on the whole server: who only moved a slider shares the interpreter with one long work, not with all
SILENT = 0.4  # seconds of work for which no bar is shown

T = TypeVar("T")


@dataclass
class _Job:
    """One piece of long work of one session."""

    token: Hashable
    chunks: Iterator[Any]
    latest: Any = None
    share: float = 0.0
    seconds: float = 0.0
    finished: bool = False
    stopped: bool = False
    owner: int = 0  # the thread that works on it: a script that was interrupted finds that another has taken over, and ends
    lock: threading.Lock = field(default_factory=threading.Lock)


def run(
    key: str,
    token: Hashable,
    start: Callable[[], Iterator[T]],
    share: Callable[[T], float],
    label: str = "Computing",
    pause: float = math.inf,
    ready: Callable[[T], bool] | None = None,
) -> T | None:
    """The result of long work: whole, or what was reached when Stop was pressed.

    Parameters
    ----------
    key : names the work on its page; one piece of work a key is kept in a session
    token : what the result depends on; with another token the work begins anew
    start : makes the generator, which yields what there is so far after each chunk of at most 50 ms
    share : how much of the whole that is, 0 to 1
    label : stands before the bar
    pause : seconds of work after which what was reached is given back to be shown; a page that sees `unfinished` reruns at its end
    ready : whether that is worth being shown; a pause waits for it

    Raises
    ------
    ValueError
        Whatever the generator raises: the work is then forgotten.
    """
    # The place of the bar is always there: an element that comes and goes would make the browser draw anew all figures after it.
    place = st.empty()
    job: _Job | None = st.session_state.get(f"job {key}")
    if job is None or job.token != token:
        job = st.session_state[f"job {key}"] = _Job(token, start())
    if not (job.finished or job.stopped):
        _work(place, key, job, share, label, pause, ready)
    if job.stopped:
        place.caption(f"Stopped at {job.share:.0%}; what was reached is shown.")
    return job.latest


def _work(
    place: Any, key: str, job: _Job, share: Callable[[Any], float], label: str, pause: float, ready: Callable[[Any], bool] | None
) -> None:
    bar = None
    until = job.seconds + pause
    job.owner = threading.get_ident()
    try:
        while not (job.finished or job.stopped):
            _advance(job, share)
            if job.owner != threading.get_ident():
                st.stop()
            time.sleep(BREATH)
            if job.seconds > SILENT:
                bar = bar or _bar(place, key, job)
                bar.progress(job.share, text=f"{label}: {job.share:.0%}, {_left(job)} left")
            if job.seconds > until and not job.finished and (ready is None or ready(job.latest)):
                return
    except ValueError:
        st.session_state.pop(f"job {key}", None)
        raise
    place.empty()


def _advance(job: _Job, share: Callable[[Any], float]) -> None:
    """One chunk; a script that was interrupted in the middle of one finishes it first."""
    with TURN, job.lock:
        began = time.perf_counter()
        chunk = next(job.chunks, None)
        if chunk is None:
            job.finished = True
            return
        job.latest, job.share = chunk, min(1.0, share(chunk))
        job.seconds += time.perf_counter() - began


def _bar(place: Any, key: str, job: _Job) -> Any:
    with place.container(horizontal=True, vertical_alignment="center", key=f"work-{key}"):
        bar = st.progress(job.share)
        st.button("Stop", key=f"stop {key}", on_click=_stop, args=(key,))
    return bar


def _left(job: _Job) -> str:
    if job.share <= 0:
        return "some time"
    seconds = job.seconds / job.share * (1 - job.share)
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _stop(key: str) -> None:
    job = st.session_state.get(f"job {key}")
    if job is not None:
        job.stopped = True


def unfinished(key: str) -> bool:
    """Whether the work paused and goes on when it is asked for again."""
    job = st.session_state.get(f"job {key}")
    return job is not None and not (job.finished or job.stopped)


def forget(key: str) -> None:
    """Throw the work and its result away."""
    st.session_state.pop(f"job {key}", None)


def result(key: str) -> Any:
    """What the work has reached, or None; without working on."""
    job = st.session_state.get(f"job {key}")
    return None if job is None else job.latest
