"""Results kept for all sessions of a server, as many as fit into so many bytes, until nobody asks for them any more.

`functools.lru_cache` counts entries and forgets none of them by itself: six passes of a large network over a large table would be a
gigabyte, and a table that somebody dropped would stay in the server after its session has ended. What a session's experiment, run or cost
is an argument of is kept by these instead.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")
OPAQUE = (str, bytes, int, float, complex, bool, type(None), type, FunctionType, ModuleType)
FORGOTTEN_AFTER = 600.0  # s since a result was last asked for


@dataclass
class Entry:
    """A result, what its arguments weigh, and when it was asked for last."""

    result: Any
    size: int
    used: float


def by_results(entries: list[Entry]) -> int:
    """Bytes of the arrays that the results hold, also of those that they have made since."""
    return size_of([entry.result for entry in entries])


def by_arguments(entries: list[Entry]) -> int:
    """Bytes of the arrays that the arguments held."""
    return sum(entry.size for entry in entries)


class Store:
    """Results by key, for all sessions; what was not asked for longest goes first, the newest stays whatever its size."""

    def __init__(self, megabytes: float, entries: int, weigh: Callable[[list[Entry]], int] = by_results) -> None:
        self.entries, self.most, self.weigh = entries, megabytes * 2**20, weigh
        self.results: OrderedDict[Hashable, Entry] = OrderedDict()
        self.lock = threading.Lock()
        _stores.append(self)

    def find(self, key: Hashable) -> Entry | None:
        with self.lock:
            found = self.results.get(key)
            if found is not None:
                found.used = time.monotonic()
                self.results.move_to_end(key)
            return found

    def put(self, key: Hashable, result: Any, size: int = 0) -> None:
        """Keep a result; what nobody has asked for in ten minutes goes, here and in every other store."""
        with self.lock:
            self.results[key] = Entry(result, size, time.monotonic())
            self.results.move_to_end(key)
            while len(self.results) > 1 and self.is_full():
                self.results.popitem(last=False)
        forget_old()

    def is_full(self) -> bool:
        return len(self.results) > self.entries or self.weigh(list(self.results.values())) > self.most

    def forget(self, before: float) -> None:
        with self.lock:
            for key in [key for key, entry in self.results.items() if entry.used < before]:
                del self.results[key]


_stores: list[Store] = []


def kept(megabytes: float, entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep a function's results by its arguments, except by those whose names begin with an underscore.

    The arrays that the results hold are counted, also those that they have made since. The newest is kept whatever its size.
    """
    return _keeping(lambda: Store(megabytes, entries), lambda key: 0)


def recent(entries: int, megabytes: float = 256) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """As `kept`, for results that are small beside the experiment or run that they are made of: the arrays of the arguments are counted.

    To look for arrays in a figure would take longer than many a figure.
    """
    return _keeping(lambda: Store(megabytes, entries, by_arguments), size_of)


def _keeping(open_store: Callable[[], Store], size: Callable[[Any], int]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def of(function: Callable[P, R]) -> Callable[P, R]:
        names, store = tuple(inspect.signature(function).parameters), open_store()

        @wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            given = (dict(zip(names, args, strict=False)) | kwargs).items()
            key = tuple((name, value) for name, value in given if not name.startswith("_"))
            if found := store.find(key):
                return found.result
            result = function(*args, **kwargs)
            store.put(key, result, size(key))
            return result

        return wrapped

    return of


def forget_old() -> None:
    """Forget in every store what nobody has asked for in ten minutes: the data of a session that has ended do not stay."""
    before = time.monotonic() - FORGOTTEN_AFTER
    for store in _stores:
        store.forget(before)


def size_of(value: Any) -> int:
    """Bytes of all arrays that can be reached from a value, each counted once.

    >>> a = np.zeros(100)
    >>> size_of({"a": a, "again": [a, a[:50]]})
    800
    """
    # One that was unpickled lies on the bytes it came in, not on an array.
    return sum(array.nbytes for array in arrays_in(value) if not isinstance(array.base, np.ndarray))


def seal(value: Any) -> None:
    """Make all arrays that can be reached from a value read-only: what sessions have in common none of them changes."""
    for array in arrays_in(value):
        array.setflags(write=False)


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """All arrays that can be reached from a value, those they are views of among them, each once."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, OPAQUE):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            yield one
            waiting.append(one.base)
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        else:
            waiting += vars(one).values() if hasattr(one, "__dict__") else ()
