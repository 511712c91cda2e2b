"""A name looked up in a registry: the object itself will do, and a name that is not known is answered with the closest one that is.

A family of entries that differ by one number is written with it: `huber(0.5)`, `normal(0.1)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TypeVar

Entry = TypeVar("Entry")


def look_up(registry: Mapping[str, Entry], name: object, family: type[Entry], kind: str) -> Entry:
    """The entry called `name`, or `name` itself where it is already one of the registry's family.

    Raises
    ------
    ValueError
        An unknown name; the message lists what is known and suggests the closest.

    Examples
    --------
    >>> look_up({"tanh": 1.0, "relu": 2.0}, "than", float, "activation")
    Traceback (most recent call last):
        ...
    ValueError: unknown activation 'than': choose one of tanh, relu (did you mean 'tanh'?)
    """
    if isinstance(name, str):
        if name in registry:
            return registry[name]
        close = get_close_matches(name[:60].lower(), registry, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise ValueError(f"unknown {kind} {name[:60]!r}: choose one of {', '.join(registry)}{hint}"[:599])
    if isinstance(name, family):
        return name
    raise ValueError(f"{kind} is a {type(name).__name__}: give a name, one of {', '.join(registry)}, or such an object"[:599])


def with_number(makers: Mapping[str, Callable[[float], Entry]], name: object, kind: str) -> Entry | None:
    """The entry that a maker gives for a name with its number in brackets; None for what is written otherwise.

    Raises
    ------
    ValueError
        What stands in the brackets is no number, or one that the maker does not take.

    Examples
    --------
    >>> with_number({"power": lambda n: 2.0**n}, "power(3)", "function")
    8.0
    """
    written = re.fullmatch(r"(\w{1,40})\(([^()]{0,40})\)", name) if isinstance(name, str) else None
    if written is None or written[1] not in makers:
        return None
    try:
        return makers[written[1]](float(written[2]))
    except ValueError as error:
        raise ValueError(f"{written[0]} is no {kind} ({error}): the brackets need one number, as in {written[1]}(0.5)"[:599]) from error
