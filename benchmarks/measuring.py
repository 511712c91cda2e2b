"""A row of the table: one piece of work, done by us and by others in turns, and the ratios of their times.

To add a row, write its contenders in a module of its own and name the module in `run.py`. A contender is made by a function without
arguments, which raises `ImportError` or `Absent` where it cannot run here, and gives back a function that does the work once and tells
the seconds of one unit of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

Work = Callable[[], float]  # does the work, tells the seconds of one unit
Make = Callable[[], Work]

ROUNDS = 7


class Absent(Exception):
    """A contender that cannot run here, and why."""


@dataclass(frozen=True)
class Peer:
    """What a person would use instead."""

    name: str
    make: Make
    aim: str = ""  # of the ratio of its time to ours, such as "≥ 25×"
    inverse: bool = False  # tell our time over its time: it is a floor that we stay close to


@dataclass(frozen=True)
class Row:
    """One piece of work."""

    work: str
    ours: Make
    peers: list[Peer] = field(default_factory=list)
    aim: str = ""  # of our own time


def timed(work: Callable[[], object], units: float) -> Work:
    """Work of so many units as a contender."""

    def once() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) / units

    return once


def measured(row: Row, rounds: int = ROUNDS) -> list[tuple[str, str, str, str]]:
    """Lines of the table (work, against, ratio, aim): all contenders take turns, and the median of the rounds' ratios is told."""
    try:
        ours = row.ours()
        ours()
    except (ImportError, Absent) as error:
        return [(row.work, "", str(error), row.aim)]
    present, absent = _made(row.peers)
    times: list[list[float]] = []
    for _ in range(rounds):
        times.append([ours(), *(work() for _, work in present)])
    own = [round_[0] for round_ in times]
    lines = [(row.work, "", _duration(median(own)), row.aim)]
    for place, (peer, _) in enumerate(present, start=1):
        ratios = [round_[0] / round_[place] if peer.inverse else round_[place] / round_[0] for round_ in times]
        span = f"{median(ratios):.3g}× ({min(ratios):.3g}–{max(ratios):.3g})"
        lines.append(("", f"{peer.name}, {_duration(median(round_[place] for round_ in times))}", span, peer.aim))
    return lines + [("", peer.name, reason, peer.aim) for peer, reason in absent]


def _made(peers: list[Peer]) -> tuple[list[tuple[Peer, Work]], list[tuple[Peer, str]]]:
    """The peers that can run here, warmed up, and those that cannot, with the reason."""
    present, absent = [], []
    for peer in peers:
        try:
            work = peer.make()
            work()
            present.append((peer, work))
        except ImportError as error:
            absent.append((peer, f"not installed ({error.name or error})"))
        except Absent as error:
            absent.append((peer, str(error)))
    return present, absent


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
