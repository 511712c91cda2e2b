"""The axes of a map: a hyperparameter and its values, and how the values come into a run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.network import Network
from nnviz.core.optimizers import Optimizer, as_optimizer

Array = NDArray[np.floating]

OF_NETWORKS = ("initial_scale", "l2", "l1", "batch_size")
MOST_VALUES = 2**20


@dataclass(frozen=True, eq=False)
class Axis:
    """A hyperparameter and the values it takes along an axis, ascending where they are numbers; of "optimizer" names or optimisers."""

    name: str
    values: tuple[Any, ...]

    @cached_property
    def numbers(self) -> Array:
        """The values, (count,)."""
        return np.array(self.values, dtype=float)

    @cached_property
    def array(self) -> NDArray[Any]:
        """The values as they are, (count,)."""
        return np.array(self.values, dtype=object if self.name == "optimizer" else None)

    @property
    def digest(self) -> str:
        """A fingerprint of the values, to the last bit."""
        return hashlib.sha256(repr(self.values).encode()).hexdigest()

    def every(self, step: int) -> Axis:
        """Every so-many-th value."""
        return Axis(self.name, self.values[::step])


Given = Axis | tuple[str, ArrayLike | Sequence[Optimizer]]  # how a sweep is told its axes


def as_axis(given: Any) -> Axis:
    """An axis from (name, values); ValueError where the values are none, not numbers, or do not ascend."""
    if isinstance(given, Axis):
        return given
    try:
        name, values = given
        name, listed = str(name), list(values)
    except (TypeError, ValueError):
        raise ValueError(f"an axis was given as {str(given)[:60]!r}: it needs a pair, the hyperparameter's name and its values") from None
    if not 1 <= len(listed) <= MOST_VALUES:
        raise ValueError(f"the axis {name[:40]!r} has {len(listed)} values: 1 to {MOST_VALUES:,} are possible")
    if name == "optimizer":
        for one in listed:
            as_optimizer(one)
        return Axis(name, tuple(listed))
    try:
        numbers = np.array(listed, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"the axis {name[:40]!r} has values that are not numbers, such as {str(listed[0])[:40]!r}") from None
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise ValueError(f"the axis {name[:40]!r} needs finite numbers in a row")
    if (np.diff(numbers) < 0).any():
        raise ValueError(f"the axis {name[:40]!r} goes from {numbers[0]:g} to {numbers[-1]:g}: its values need to ascend")
    if (np.diff(numbers) == 0).any():
        raise ValueError(
            f"the axis {name[:40]!r} has equal neighbours around {numbers[0]:.17g}: float64 holds no number between them, "
            "this is as deep as one can zoom; take a wider range or fewer pixels"
        )
    whole = name == "batch_size"
    return Axis(name, tuple(int(value) if whole and value == int(value) else float(value) for value in numbers))


def spaced(name: str, low: float, high: float, count: int, scale: str = "linear") -> Axis:
    """An axis of `count` values from low to high, evenly spaced, or by equal factors where scale is "log".

    Raises
    ------
    ValueError
        A reversed range, a logarithm of 0, a range narrower than float64 resolves.

    Examples
    --------
    >>> spaced("learning_rate", 0.01, 1.0, 3, "log").values
    (0.01, 0.1, 1.0)
    """
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 2 <= count <= MOST_VALUES:
        raise ValueError(f"{str(count)[:40]} values of {name[:40]} were asked for: a whole number from 2 to {MOST_VALUES:,} is needed")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"{name[:40]} was asked for from {low:g} to {high:g}: the range needs to go from the smaller to the larger number")
    if scale not in ("linear", "log"):
        raise ValueError(f"the scale {str(scale)[:40]!r} is not known: use linear or log")
    if scale == "log" and low <= 0:
        raise ValueError(f"{name[:40]} was asked for from {low:g} on a logarithmic scale: it needs to begin above 0")
    values = np.geomspace(low, high, count) if scale == "log" else np.linspace(low, high, count)
    if name == "batch_size":
        values = np.unique(np.rint(values))
    return as_axis((name, values))


def factors_left(axis: Axis) -> float:
    """How many times narrower a window of as many pixels can be before float64 has no number between two neighbours."""
    steps = np.diff(axis.numbers)
    finest = np.spacing(np.abs(axis.numbers).max())
    return float(steps.min() / finest) if steps.size else 1.0


def check_axis(axis: Axis, subject: Any, optimizer: Optimizer, both: tuple[Axis, Axis]) -> None:
    """ValueError where the hyperparameter is not known, or one of its values is out of its bounds."""
    of_network = isinstance(subject, Network)
    other = both[1] if axis is both[0] else both[0]
    optimizers = [as_optimizer(name) for name in other.values] if other.name == "optimizer" else [optimizer]
    layers = len(subject.sizes) - 1 if of_network else 0
    known = ["optimizer", *hyperparameters(optimizers[0]), *(OF_NETWORKS if of_network else ())]
    known += [f"learning_rate[{layer}]" for layer in range(layers)] if of_network else [f"start[{i}]" for i in range(subject.dimension)]
    if axis.name not in known:
        raise ValueError(f"the hyperparameter {axis.name[:40]!r} is not known here: use one of {', '.join(known)}")
    if axis.name in hyperparameters(optimizers[0]):
        for one in optimizers:
            if axis.name not in hyperparameters(one):
                raise ValueError(f"{one.name} has no {axis.name}: choose a hyperparameter that all optimisers of the map have")
            for value in (axis.values[0], axis.values[-1]):
                with_hyperparameter(one, axis.name, value)
    elif axis.name == "batch_size" and not all(isinstance(value, int) and value >= 1 for value in axis.values):
        raise ValueError("batch_size needs whole numbers of 1 or more")
    elif axis.name.startswith("learning_rate[") and (other.values[0] if other.name == "learning_rate" else optimizer.learning_rate) <= 0:
        raise ValueError(f"{axis.name} is a multiple of the learning rate, and that is 0: choose one above 0")
    elif (axis.name in OF_NETWORKS or axis.name.startswith("learning_rate[")) and axis.values[0] < 0:
        raise ValueError(f"{axis.name} goes down to {axis.values[0]:g}: it needs to be 0 or more")


def hyperparameters(optimizer: Optimizer) -> list[str]:
    """The numbers of an optimiser, by name; of one around another, also those of the inner one."""
    own = [field.name for field in fields(optimizer) if field.type == "Hyperparameter"]  # type: ignore[arg-type]  # each is a dataclass
    inner = getattr(optimizer, "optimizer", None)
    return own if inner is None else [*dict.fromkeys((*own, *hyperparameters(inner)))]


def with_hyperparameter(optimizer: Optimizer, name: str, value: ArrayLike) -> Optimizer:
    """The same optimiser with one number changed, where it goes around another and has none of that name, the inner one's.

    The value may be an array (runs, 1).
    """
    inner = getattr(optimizer, "optimizer", None)
    if inner is not None and name not in {field.name for field in fields(optimizer)}:  # type: ignore[arg-type]
        return replace(optimizer, optimizer=with_hyperparameter(inner, name, value))  # type: ignore[type-var]
    return replace(optimizer, **{name: value})  # type: ignore[type-var]


def layer_of(name: str) -> int | None:
    """The number in brackets: of the layer in `learning_rate[1]`, of the coordinate in `start[0]`; None where there is none."""
    found = re.fullmatch(r"(?:learning_rate|start)\[(\d+)\]", name)
    return int(found[1]) if found else None
