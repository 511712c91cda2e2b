"""Arrays of numbers as they come from outside: made float, or answered with a sentence in our own words."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]


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
