"""Long work in a process of its own: generators take turns there, chunk by chunk, and who asked for them stays free to answer others.

`submit` hands a generator over and gives back the `Work` to look at. The process has a low priority, so that answers come first; it lives
as long as the one that started it, and work that nobody asks about any more pauses, then is forgotten. What is handed over, and what
comes back, is pickled between two processes of one program: nothing of a person's is ever unpickled.
"""

from __future__ import annotations

import itertools
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

T = TypeVar("T")

MOST_WORKERS = 4
NICENESS = 10  # the system gives an answer ten times the share of the processor that the work has
REPORT = 0.1  # seconds between two reports of how far a piece of work is
LEASE = 30.0  # seconds after which work that nobody has asked about pauses
GIVEN_UP = 600.0  # and after which it is forgotten


class WorkerEnded(ValueError):
    """The process ended under the work: killed, or out of memory."""


# ------------------------------------------------------------------------------------------------- as it is seen by who asks


class Work(Generic[T]):
    """A piece of work: how far it is, and what it has reached; all of it as it was last heard of.

    Attributes
    ----------
    share : how much of it is done, 0 to 1
    seconds : for which it has been computed
    latest : what was last sent: a part that is worth being seen, in the end the whole; None before
    news : parts and wholes that have been sent
    error : what the generator raised, or WorkerEnded
    """

    def __init__(self, worker: _Worker, number: int) -> None:
        self._worker, self._number, self._changed = worker, number, threading.Condition()
        self.share = self.seconds = 0.0
        self.latest: T | None = None
        self.news = 0
        self.over = self.stopped = False
        self.error: Exception | None = None
        weakref.finalize(self, worker.tell, "end", number)

    def wait(self, seconds: float, news: int | None = None) -> bool:
        """Wait until it is over, or until more was sent than `news`, at most so long; whether it is over. It also keeps the work alive."""
        if not self.over:
            self._worker.tell("ask", self._number)
        with self._changed:
            self._changed.wait_for(lambda: self.over or (news is not None and self.news > news), seconds)
        return self.over

    def pause(self) -> None:
        """Let others go first until somebody waits for it."""
        self._worker.tell("pause", self._number)

    def stop(self) -> None:
        """End it with what it has reached, which comes as `latest`."""
        self.stopped = True
        self._worker.tell("stop", self._number)

    def end(self) -> None:
        """Nobody wants it any more."""
        self._worker.tell("end", self._number)

    def hear(self, kind: str, share: float, seconds: float, what: Any) -> None:
        """Take a report."""
        with self._changed:
            self.share, self.seconds = share, seconds
            if kind == "failed":
                self.error = what
            elif kind != "share" and what is not None:
                self.latest = what
                self.news += 1
            self.over = self.over or kind in ("done", "failed")
            self._changed.notify_all()


class _Worker:
    """The process, seen from here."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[2])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        low: dict[str, Any] = {}
        if sys.platform == "win32":  # elsewhere the process lowers its own
            low["creationflags"] = subprocess.BELOW_NORMAL_PRIORITY_CLASS
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nnviz.core.background"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}, **low,
        )  # fmt: skip
        self.works: weakref.WeakValueDictionary[int, Work[Any]] = weakref.WeakValueDictionary()
        self.ended = False
        self._numbers = itertools.count()
        self._orders: queue.SimpleQueue[Any] = queue.SimpleQueue()  # takes an order also from within a garbage collection
        for each in (self._listen, self._send):
            threading.Thread(target=each, name="background work", daemon=True).start()

    @property
    def busy(self) -> int:
        """How many pieces of work it has."""
        return sum(not work.over for work in list(self.works.values()))

    def submit(self, blob: bytes) -> Work[Any]:
        number = next(self._numbers)
        work: Work[Any] = Work(self, number)
        self.works[number] = work
        self.tell("start", number, blob)
        if self.ended:
            work.hear("failed", 0.0, 0.0, _ended())
        return work

    def tell(self, *order: Any) -> None:
        """Send an order."""
        self._orders.put(order)

    def _send(self) -> None:
        assert self.process.stdin is not None
        try:
            while not self.ended:
                pickle.dump(self._orders.get(), self.process.stdin, pickle.HIGHEST_PROTOCOL)
                self.process.stdin.flush()
        except (OSError, ValueError):
            return  # the process has ended; `_listen` tells everyone

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while True:
            try:
                number, *report = pickle.load(self.process.stdout)
            except (EOFError, OSError, pickle.UnpicklingError):
                break
            work = self.works.get(number)
            if work is not None:
                work.hear(*report)
            del work  # else the last one would be kept until the next report
        self.ended = True
        self.tell("ask", -1)  # wakes the sender, so that it ends
        for work in list(self.works.values()):
            if not work.over:
                work.hear("failed", work.share, work.seconds, _ended())
        self.process.wait()


def _ended() -> WorkerEnded:
    return WorkerEnded("The computing ended before it was done, as when the machine has no memory left: ask for less, or once more.")


_workers: list[_Worker] = []
_choosing = threading.Lock()


def submit(start: Callable[[], Iterator[T]], share: Callable[[T], float], first: float | None = None) -> Work[T]:
    """Hand long work over.

    Parameters
    ----------
    start : makes the generator, which yields what there is so far after each chunk of at most 50 ms; it may be a closure over what can
        be pickled, and is run in the other process
    share : how much of the whole that is, 0 to 1; run there as well
    first : the share from which on a part is worth being seen; the next ones come each time that it has doubled. None: only the whole is

    Raises
    ------
    ValueError
        What cannot be pickled.
    """
    import cloudpickle

    try:
        blob = cloudpickle.dumps((start, share, first), pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError) as error:
        raise ValueError(f"this cannot be computed in a process of its own: {str(error)[:200]}") from error
    return _least_busy().submit(blob)


def at_once(compute: Callable[..., T], *arguments: Any) -> Iterator[T]:
    """Work that is one chunk: short, or a library's that cannot be left."""
    yield compute(*arguments)


def warm() -> None:
    """Start a process before anyone needs it."""
    _least_busy()


def _least_busy() -> _Worker:
    with _choosing:
        _workers[:] = [worker for worker in _workers if not worker.ended]
        most = max(1, min(MOST_WORKERS, (os.cpu_count() or 2) // 2))
        chosen = min(_workers, key=lambda worker: worker.busy, default=None)
        if chosen is None or (chosen.busy and len(_workers) < most):
            chosen = _Worker()
            _workers.append(chosen)
        return chosen


# ------------------------------------------------------------------------------------------------------ as it is in the process


@dataclass
class _Running:
    """A generator that takes its turns."""

    chunks: Iterator[Any]
    share_of: Callable[[Any], float]
    first: float | None
    asked: float = field(default_factory=time.monotonic)  # when somebody last wanted to know
    latest: Any = None
    share: float = 0.0
    seconds: float = 0.0
    reported: float = -REPORT
    sent: float = 0.0  # the share that was last sent

    @property
    def paused(self) -> bool:
        return time.monotonic() - self.asked >= LEASE

    def advance(self) -> str:
        """One chunk; what there is to tell of it: "done", "part", "share", or nothing."""
        began = time.perf_counter()
        chunk = next(self.chunks, None)
        self.seconds += time.perf_counter() - began
        if chunk is None:
            return "done"
        self.latest, self.share = chunk, min(1.0, self.share_of(chunk))
        if self.first is not None and self.share < 1 and self.share >= max(self.first, 2 * self.sent):
            self.sent = self.share
            return "part"
        if self.seconds - self.reported < REPORT:
            return ""
        self.reported = self.seconds
        return "share"


class _Turns:
    """All work of this process; each piece advances by a chunk in turn."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.running = out, dict[int, _Running]()

    def take(self, order: str, number: int, blob: bytes = b"") -> None:
        """An order: start, ask, pause, stop or end."""
        if order == "start":
            try:
                start, share_of, first = pickle.loads(blob)
                self.running[number] = _Running(iter(start()), share_of, first)
            except Exception as error:
                self._report(number, _Running(iter(()), float, None), "failed", error)
            return
        work = self.running.get(number)
        if work is None:
            return
        work.asked = time.monotonic() - (LEASE if order == "pause" else 0.0)
        if order in ("stop", "end"):
            del self.running[number]
        if order == "stop":
            self._report(number, work, "done", work.latest)

    def turn(self) -> None:
        """One chunk of each."""
        for number, work in list(self.running.items()):
            if work.paused:
                if time.monotonic() - work.asked > GIVEN_UP:
                    del self.running[number]
                continue
            try:
                kind, what = work.advance(), work.latest
            except Exception as error:  # whatever it is belongs to who asked
                kind, what = "failed", error
            if kind in ("done", "failed"):
                del self.running[number]
            if kind:
                self._report(number, work, kind, None if kind == "share" else what)

    @property
    def idle(self) -> bool:
        return all(work.paused for work in self.running.values())

    def _report(self, number: int, work: _Running, kind: str, what: Any) -> None:
        import cloudpickle

        try:
            data = cloudpickle.dumps((number, kind, work.share, work.seconds, what), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            self.running.pop(number, None)
            failure = ValueError(f"the result cannot be sent: {str(error)[:200]}")
            data = pickle.dumps((number, "failed", work.share, work.seconds, failure), pickle.HIGHEST_PROTOCOL)
        self.out.write(data)
        self.out.flush()


def _orders(source: BinaryIO, inbox: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            inbox.put(pickle.load(source))
    except (EOFError, OSError, pickle.UnpicklingError):
        inbox.put(None)


def serve() -> None:
    """Work on what comes in until nobody is there to send more."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no report
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started this; without it this ends as well
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # a container may forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_orders, args=(sys.stdin.buffer, inbox), daemon=True).start()
    turns = _Turns(out)
    while True:
        while turns.idle or not inbox.empty():
            order = inbox.get()
            if order is None:
                return
            turns.take(*order)
        try:
            turns.turn()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    from threadpoolctl import threadpool_limits

    import nnviz.core.training  # noqa: F401  # the first work should not wait for it

    threadpool_limits(limits=1)
    serve()
