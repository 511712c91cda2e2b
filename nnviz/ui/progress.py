"""Long work: a generator of the core runs in a process of its own, beside a bar, the time left and a Stop that keeps what was there.

A page asks with `run`, waits for a moment, and where that is not enough goes on without the result: it shows what it showed before
(`standing`), answers at once whatever else is changed, and runs anew as soon as there is more to see. Other work under the same key ends
what was going on, and so does leaving: nothing runs on behind for long (`background.LEASE`).

A class looks at the same things: what was computed to its end is kept for all sessions of a server, and stands at once for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from nnviz.core import background
from nnviz.core.background import Work, WorkerEnded
from nnviz.ui import caching, mistakes

PATIENCE = 0.25  # seconds that a page waits for its work
FIRST = 1.0  # and where it has nothing to show yet
AGAIN = 0.05  # and where it has waited for the same work before
TICK = 0.4  # seconds between two looks at the work by the bar

T = TypeVar("T")
R = TypeVar("R")

ALONE = object()  # as what a result is shared by: it is one session's
whole = caching.Store(megabytes=24, entries=64)  # what was computed to its end, for all sessions


@dataclass
class _Job:
    """One piece of long work of one session."""

    token: Hashable
    work: Work[Any] | None = None  # None where its result was known
    seen: int = 0  # how many results the page has taken
    result: Any = None  # the last of them

    @property
    def going_on(self) -> bool:
        return self.work is not None and not self.work.over

    def end(self) -> None:
        if self.work is not None:
            self.work.end()

    def pause(self) -> None:
        if self.work is not None:
            self.work.pause()


def run(
    key: str,
    token: Hashable,
    start: Callable[[], Iterator[T]],
    share: Callable[[T], float],
    label: str = "Computing",
    first: float | None = None,
    made: Callable[[Any], R] = lambda latest: latest,
    shared: Hashable = None,
) -> R | None:
    """The result of long work: whole, or what was reached when Stop was pressed; None while there is none.

    Parameters
    ----------
    key : names the work on its page; one piece of work a key is kept in a session
    token : all that the result depends on; with another token the work begins anew
    start : makes the generator, which yields what there is so far after each chunk of at most 50 ms; it runs in another process, so it
        is a closure over values of the core
    share : how much of the whole that is, 0 to 1
    label : stands before the bar
    made : makes of what was sent what is given back, once, here; so that pictures can be kept by it
    first : the share from which on a part is worth being shown, and again each time that it has doubled; None: only the whole is
    shared : what the whole is kept by for all sessions: all that it depends on. None: the token says that; ALONE: it is not kept

    Raises
    ------
    ValueError
        Whatever the generator raises: the work is then forgotten. Where its process was killed, a sentence says so in its place.
    """
    # The place of the bar is always there: an element that comes and goes would make the browser draw anew all figures after it.
    place = st.container()
    jobs, kept_by = _jobs(), (key, token if shared is None else shared)
    before = job = jobs.get(key)
    if job is None or job.token != token:
        if job is not None:
            job.end()
        for other in jobs.values():
            other.pause()  # what this page still wants it asks about in a moment
        known = whole.find(kept_by)
        job = jobs[key] = _Job(token, background.submit(start, share, first)) if known is None else _Job(token, result=known.result[1])
    if job.work is None:
        return job.result
    # The whole is waited for a moment, even where a part is there: two pictures in quick succession would cost twice.
    job.work.wait(AGAIN if job is before else PATIENCE)
    if before is None:
        job.work.wait(FIRST - PATIENCE, job.seen if first is not None else None)
    if job.work.error is not None:
        del jobs[key]
        if isinstance(job.work.error, WorkerEnded):
            with place:
                mistakes.tell(job.work.error)
            return None
        raise job.work.error
    over = job.work.over  # asked first: what is taken from over work is the whole, from other work it may be a part
    if job.work.news > job.seen:
        job.seen, job.result = job.work.news, made(job.work.latest)
        if shared is not ALONE and over and not job.work.stopped:
            caching.seal(job.result)
            whole.put(kept_by, (kept_by, job.result))  # a token may be a run: it is weighed with the result
    with place:
        if not over:
            _bar(key, label)
        elif job.work.stopped:
            st.caption(f"Stopped at {job.work.share:.0%}; what was reached is shown.")
    return job.result


def standing(key: str, made: T | None) -> T | None:
    """What was made, or as long as that is not there, what was made before it: so that a picture stands until the next one comes."""
    if made is not None:
        st.session_state[f"standing {key}"] = made
    return st.session_state.get(f"standing {key}")


def _jobs() -> dict[str, _Job]:
    """All work of this session, by key."""
    return st.session_state.setdefault("jobs", {})


@st.fragment(run_every=TICK)
def _bar(key: str, label: str) -> None:
    """The bar, which looks by itself how far the work is; the page runs anew when there is more to see."""
    job = _jobs().get(key)
    if job is None or job.work is None or job.work.wait(0.0) or job.work.news > job.seen:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key=f"work-{key}"):
        st.progress(job.work.share, text=f"{label}: {job.work.share:.0%}, {_left(job.work)} left")
        st.button("Stop", key=f"stop {key}", on_click=stop, args=(key,))


def _left(work: Work[Any]) -> str:
    if work.share <= 0:
        return "some time"
    seconds = work.seconds / work.share * (1 - work.share)
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def stop(key: str) -> None:
    """End the work and keep what it has reached; for callbacks."""
    job = _jobs().get(key)
    if job is not None and job.work is not None and job.going_on:
        job.work.stop()
        job.work.wait(1.0)


def unfinished(key: str) -> bool:
    """Whether the work is going on."""
    job = _jobs().get(key)
    return job is not None and job.going_on
