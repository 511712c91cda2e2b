"""Results kept for all sessions of a server, as many as fit into so many bytes.

`functools.lru_cache` counts entries: six passes of a large network over a large table would be a gigabyte. Here the arrays that an entry
holds are counted, also those that it has made since; what was not asked for longest goes first.
"""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")
OPAQUE = (str, bytes, int, float, complex, bool, type(None), type, FunctionType, ModuleType)


def kept(megabytes: float, entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep a function's results by its arguments, except by those whose names begin with an underscore.

    The newest result is kept whatever its size.
    """

    def of(function: Callable[P, R]) -> Callable[P, R]:
        names = tuple(inspect.signature(function).parameters)
        results: OrderedDict[Hashable, R] = OrderedDict()
        lock = threading.Lock()

        @wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            given = (dict(zip(names, args, strict=False)) | kwargs).items()
            key = tuple((name, value) for name, value in given if not name.startswith("_"))
            with lock:
                if key in results:
                    results.move_to_end(key)
                    return results[key]
            made = function(*args, **kwargs)
            with lock:
                results[key] = made
                results.move_to_end(key)
                while len(results) > 1 and (len(results) > entries or size_of(results) > megabytes * 2**20):
                    results.popitem(last=False)
            return made

        return wrapped

    return of


def size_of(value: Any) -> int:
    """Bytes of all arrays that can be reached from a value, each counted once.

    >>> a = np.zeros(100)
    >>> size_of({"a": a, "again": [a, a[:50]]})
    800
    """
    seen: set[int] = set()
    waiting, total = [value], 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, OPAQUE):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            if one.base is None:
                total += one.nbytes
            else:
                waiting.append(one.base)
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        else:
            waiting += vars(one).values() if hasattr(one, "__dict__") else ()
    return total
