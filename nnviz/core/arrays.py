"""Numbers as they come from outside: arrays, seeds and penalties, or a sentence in our own words."""

from __future__ import annotations

from numbers import Integral
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]
AnyArray = TypeVar("AnyArray", bound=NDArray[Any])


def numbers(values: ArrayLike, name: str) -> Array:
    """The values as an array of floats, itself where it is one already.

    Raises
    ------
    ValueError
        Text, nothing at all, or rows of different lengths.

    Examples
    --------
    >>> numbers([[1, 2], [3]], "theta")
    Traceback (most recent call last):
        ...
    ValueError: theta is [[1, 2], [3]]: it needs numbers, in rows of equal length
    """
    try:
        if values is not None:
            return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name} is {values!r:.60}: it needs numbers, in rows of equal length")


def sealed(array: AnyArray) -> AnyArray:
    """The array itself, through which nobody can write from now on."""
    array.flags.writeable = False
    return array


def checked_seed(seed: Any) -> int:
    """A seed as an int; ValueError unless it is a whole number of 0 or more."""
    if not isinstance(seed, Integral) or int(seed) < 0:
        raise ValueError(f"seed is {seed!r:.60}: it needs to be a whole number of 0 or more")
    return int(seed)


def generator(seed: Any) -> np.random.Generator:
    """Random numbers of a seed, which is checked."""
    return np.random.default_rng(checked_seed(seed))


def checked_penalty(name: str, value: ArrayLike) -> Any:
    """The weight of a penalty, finite and 0 or more: a float, or an array (*batch, 1) with one for each run."""
    try:
        penalty = numbers(value, name)
    except ValueError:
        penalty = np.array(np.nan)
    if not np.all(np.isfinite(penalty) & (penalty >= 0)) or (penalty.ndim and penalty.shape[-1] != 1):
        raise ValueError(
            f"{name} is {value!r:.60}: a penalty needs to be a number, finite and 0 or more, or an array (*batch, 1) of one for each run"
        )
    return float(penalty) if penalty.ndim == 0 else penalty


def one_penalty(name: str, value: ArrayLike) -> float:
    """`checked_penalty` where all runs have the same."""
    penalty = checked_penalty(name, value)
    if not isinstance(penalty, float):
        raise ValueError(f"{name} is {value!r:.60}: a penalty needs to be one number here, the same for all runs")
    return penalty
