"""Features made of others, by name, as in TensorFlow Playground: what a network is shown instead of x₁ and x₂ alone."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

PLAYGROUND_FEATURES = ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")

_TERM = re.compile(r"^(?:x(?P<plain>\d+)|x(?P<square>\d+)\^2|x(?P<left>\d+)\*x(?P<right>\d+)|sin\(x(?P<sine>\d+)\))$")


def shortened(text: object, limit: int = 60) -> str:
    """A name as an error may quote it: one line, cut where it is long."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def features(points: Array, names: tuple[str, ...], wanted: tuple[str, ...]) -> Array:
    """Features made of coordinates as in TensorFlow Playground, (len(wanted), m).

    A wanted feature is a coordinate by its own name, or of `x1`, `x2`, …, `x1^2`, `x1*x2`, `sin(x1)`, where xᵢ is the i-th
    coordinate.

    Examples
    --------
    >>> features(np.array([[2.0], [3.0]]), ("width", "height"), ("height", "x1*x2", "x2^2")).ravel().tolist()
    [3.0, 6.0, 9.0]
    """
    if tuple(wanted) == tuple(names):
        return points
    return np.stack([_feature(points, names, name) for name in wanted])


def _feature(points: Array, names: tuple[str, ...], wanted: str) -> Array:
    if wanted in names:
        return points[names.index(wanted)]
    found = _TERM.match(wanted.replace(" ", ""))
    which = {} if found is None else {kind: int(number) for kind, number in found.groupdict().items() if number}
    if not which or not all(1 <= number <= len(names) for number in which.values()):
        raise ValueError(
            f"{shortened(wanted)!r} is no feature of {len(names)} coordinates: give names such as x1, x1^2, x1*x2 or sin(x1), "
            f"with numbers from 1 to {len(names)}"
        )
    chosen = [points[number - 1] for number in which.values()]
    if "sine" in which:
        return np.sin(chosen[0])
    return chosen[0] ** 2 if "square" in which else np.prod(chosen, axis=0)
