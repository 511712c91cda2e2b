"""Schedules: by what factor the learning rate is multiplied at each step, as torch.optim.lr_scheduler, whose parameter names they keep.

A schedule is a frozen callable from the step (a number or an array, counted from 0) to the factor. To add one, write it below and name it
in `SCHEDULES`; menus, pages and tests read the registry.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import numbers

Array = NDArray[np.floating]


class Schedule(ABC):
    """`schedule(step)`: the factor of the learning rate, of step's shape."""

    name: ClassVar[str]
    counts: ClassVar[tuple[str, ...]] = ("step_size", "T_max", "total_iters", "total_steps")  # whole numbers of steps, at least 1
    length: ClassVar[str] = ""  # the parameter that is the length of the whole run

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, field.name)
            if not isinstance(value, (int, float, np.number)) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
                raise ValueError(f"{self.name}: {field.name} is {str(value)[:40]!r}: it needs a finite number, at least 0")
            if field.name in self.counts and (value != int(value) or value < 1):
                raise ValueError(f"{self.name}: {field.name} is {value:g}: it needs a whole number of steps, at least 1")
            if field.name == "pct_start" and value > 1:
                raise ValueError(f"{self.name}: pct_start is {value:g}: it is a share of the run, from 0 to 1")

    def __call__(self, step: ArrayLike) -> Array:
        """The factor at `step`, counted from 0, of step's shape; inf where it overflows."""
        with np.errstate(all="ignore"):
            return self.factor(np.maximum(np.asarray(step, dtype=float), 0.0))

    @abstractmethod
    def factor(self, step: Array) -> Array:
        """The formula, for steps from 0."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate as it is."""

    name: ClassVar[str] = "constant"

    def factor(self, step: Array) -> Array:
        return np.ones_like(step)


@dataclass(frozen=True)
class Step(Schedule):
    """StepLR: γ^⌊t/step_size⌋."""

    step_size: int = 30
    gamma: float = 0.1
    name: ClassVar[str] = "step"

    def factor(self, step: Array) -> Array:
        return np.asarray(self.gamma ** np.floor(step / self.step_size))


@dataclass(frozen=True)
class Exponential(Schedule):
    """ExponentialLR: γᵗ."""

    gamma: float = 0.99
    name: ClassVar[str] = "exponential"

    def factor(self, step: Array) -> Array:
        return np.asarray(self.gamma**step)


@dataclass(frozen=True)
class Cosine(Schedule):
    """CosineAnnealingLR: η + (1 − η)(1 + cos(πt/T_max))/2, where η = eta_min is a factor; after T_max it rises again."""

    T_max: int = 100
    eta_min: float = 0.0
    name: ClassVar[str] = "cosine"
    length: ClassVar[str] = "T_max"

    def factor(self, step: Array) -> Array:
        return self.eta_min + (1 - self.eta_min) * (1 + np.cos(np.pi * step / self.T_max)) / 2


@dataclass(frozen=True)
class Warmup(Schedule):
    """LinearLR: from start_factor up to end_factor in a straight line over total_iters steps, end_factor after."""

    start_factor: float = 1 / 3
    end_factor: float = 1.0
    total_iters: int = 5
    name: ClassVar[str] = "warmup"

    def factor(self, step: Array) -> Array:
        return self.start_factor + (self.end_factor - self.start_factor) * np.minimum(step / self.total_iters, 1.0)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """OneCycleLR (Smith and Topin 2018), the learning rate being max_lr: up from 1/div_factor over pct_start of the run, then down.

    Both ways along half a cosine; the last factor is 1/(div_factor·final_div_factor), and stays.
    """

    total_steps: int = 100
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    name: ClassVar[str] = "one_cycle"
    length: ClassVar[str] = "total_steps"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.div_factor, self.final_div_factor) == 0:
            raise ValueError("one_cycle: div_factor and final_div_factor divide: they need to be above 0")

    def factor(self, step: Array) -> Array:
        first = 1 / self.div_factor
        top, last = self.pct_start * self.total_steps - 1, self.total_steps - 1
        up = _half_cosine(first, 1.0, step / top) if top > 0 else np.ones_like(step)
        down = _half_cosine(1.0, first / self.final_div_factor, (step - top) / (last - top) if last > top else np.ones_like(step))
        return np.where(step <= top, up, down)


def _half_cosine(start: float, end: float, share: Array) -> Array:
    return end + (start - end) / 2 * (1 + np.cos(np.pi * np.clip(share, 0.0, 1.0)))


SCHEDULES: dict[str, type[Any]] = {kind.name: kind for kind in (Constant, Step, Exponential, Cosine, Warmup, OneCycle)}


def as_schedule(schedule: Any, steps: int) -> Any:
    """The schedule itself (any callable from step to factor), or the one of that name, cosine and one_cycle as long as the run of `steps`.

    None is constant. ValueError names those there are.
    """
    if schedule is None:
        return Constant()
    if isinstance(schedule, str) and schedule in SCHEDULES:
        kind = SCHEDULES[schedule]
        return kind(**{kind.length: max(1, steps)}) if kind.length else kind()
    if isinstance(schedule, str) or not callable(schedule) or isinstance(schedule, type):
        raise ValueError(f"unknown schedule {str(schedule)[:40]!r}: use one of {', '.join(SCHEDULES)}, or a function from step to factor")
    return schedule


def factors_at(schedule: Any, steps: ArrayLike) -> Array:
    """What a schedule, or any function from an array of steps to factors, gives at steps (n,): (n,), one number standing for all.

    An overflow is a result. ValueError where it gives no numbers, or not one for each step.
    """
    steps = np.asarray(steps)
    try:
        with np.errstate(all="ignore"):
            factors = numbers(schedule(steps), "a factor")
        if factors.shape in ((), (1,), steps.shape):
            return np.broadcast_to(factors, steps.shape)
        told = f"of steps of shape {steps.shape} it made factors of shape {factors.shape}"
    except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
        told = str(error)[:200]
    raise ValueError(f"the schedule does not turn an array of steps into an array of factors: {told}")
