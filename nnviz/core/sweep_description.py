"""What a map over two hyperparameters is determined by, checked once; and what is known of it so far."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import checked_seed, one_penalty
from nnviz.core.axes import Axis, Given, as_axis, check_axis, layer_of, with_hyperparameter
from nnviz.core.learner import elementwise
from nnviz.core.losses import get_loss
from nnviz.core.measures import measures_of
from nnviz.core.minima import limits_of
from nnviz.core.network import Network
from nnviz.core.objectives import Objective
from nnviz.core.optimizers import Optimizer, as_optimizer
from nnviz.core.settings import check_data

Array = NDArray[np.floating]

VERSION = 1  # of what a pixel means: a stored map of another is not continued
MOST_PIXELS = 2**26
MOST_STEPS = 1_000_000


@dataclass(frozen=True, eq=False)
class Sweep:
    """A map that is to be: what runs, how, and along which two axes. Made by `described`, which checks it."""

    subject: Any  # a Network, or an Objective
    loss: Any  # None for an objective
    data: Any  # None for an objective
    optimizer: Optimizer
    x: Axis
    y: Axis
    steps: int
    measures: tuple[str, ...]
    theta0: Array  # (P,): where the runs start, before the initial scale
    batch_size: int
    seed: int
    l2: float
    l1: float
    threshold: float

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self.y.values), len(self.x.values)

    def description(self) -> dict[str, Any]:
        """All of it in plain values; equal where every pixel is equal."""
        plain = {name: getattr(self, name) for name in ("steps", "batch_size", "seed", "l2", "l1", "threshold")}
        named = {name: repr(getattr(self, name)) for name in ("subject", "loss", "optimizer")}
        axes = {side: {"name": axis.name, "values": axis.digest} for side, axis in (("x", self.x), ("y", self.y))}
        start = hashlib.sha256(np.ascontiguousarray(self.theta0).tobytes()).hexdigest()
        data = None if self.data is None else str(self.data.digest)
        return {"version": VERSION, "measures": list(self.measures), "data": data, "theta0": start, **plain, **named, **axes}

    def values_at(self, row: int, column: int) -> dict[str, Any]:
        """The two hyperparameters of a pixel."""
        return {self.x.name: self.x.values[column], self.y.name: self.y.values[row]}

    def training_at(self, row: int, column: int) -> dict[str, Any]:
        """The arguments of `train` that make the very run of a pixel: optimizer, batch_size, l2, theta0 and so on.

        Of a surface those of `descend` are among them: optimizer, theta0 and steps.
        """
        settings: dict[str, Any] = {"optimizer": self.optimizer, "batch_size": self.batch_size, "l2": self.l2, "l1": self.l1}
        settings |= {"theta0": self.theta0, "seed": self.seed, "steps": self.steps}
        for name, value in sorted(self.values_at(row, column).items(), key=lambda pair: pair[0] != "optimizer"):
            if name == "initial_scale":
                settings["theta0"] = self.theta0 * value
            elif name in settings:
                settings[name] = as_optimizer(value) if name == "optimizer" else value
            elif name.startswith("start["):
                settings["theta0"] = settings["theta0"].copy()
                settings["theta0"][layer_of(name)] = value
            elif layer_of(name) is not None:
                raise ValueError(f"{name} is not a setting of a training run: choose a pixel of a map over other hyperparameters")
            else:
                settings["optimizer"] = with_hyperparameter(settings["optimizer"], name, value)
        return settings

    def coarse(self, every: int) -> Sweep:
        """The same map at every so-many-th pixel of each axis."""
        return replace(self, x=self.x.every(every), y=self.y.every(every))


@dataclass(frozen=True, eq=False)
class Map:
    """What a sweep has found so far."""

    sweep: Sweep
    results: Mapping[str, Array]  # measure → (rows, columns); NaN where nothing is known yet
    known: NDArray[np.bool_]  # (rows, columns)

    @property
    def share(self) -> float:
        """How much of it is known, 0 to 1."""
        return float(self.known.mean())

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which pixels did not converge, by the sign of the convergence measure where there is one."""
        if "convergence" in self.results:
            return self.results["convergence"] > 0
        return self.results["diverged_at"] >= 0


def empty_map(sweep: Sweep) -> Map:
    """The map of which nothing is known."""
    return Map(sweep, {name: np.full(sweep.shape, np.nan) for name in sweep.measures}, np.zeros(sweep.shape, dtype=bool))


def described(
    subject: Network | Objective,
    data: Any,
    optimizer: Optimizer | str,
    x: Given,
    y: Given,
    steps: int,
    measure: str | Sequence[str] = "convergence",
    *,
    loss: Any = None,
    batch_size: int | None = None,
    seed: int = 0,
    initializer: str = "glorot_uniform",
    theta0: ArrayLike | None = None,
    l2: float = 0.0,
    l1: float = 0.0,
    threshold: float = 0.1,
) -> Sweep:
    """The checked description of a sweep; the arguments are those of `sweep`."""
    optimizer = as_optimizer(optimizer)
    x, y = as_axis(x), as_axis(y)
    if x.name == y.name:
        raise ValueError(f"both axes are {x.name[:40]!r}: a map needs two different hyperparameters")
    if len(x.values) * len(y.values) > MOST_PIXELS:
        raise ValueError(f"{len(x.values):,} × {len(y.values):,} pixels were asked for: a map has at most {MOST_PIXELS:,}, take fewer")
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps is {str(steps)[:40]}: a whole number from 1 to {MOST_STEPS:,} is needed")
    measures = _checked_measures(measure, subject)
    if isinstance(subject, Network):
        loss = get_loss("half_squared_error" if loss is None else loss)
        check_data(subject, loss, data)
        theta = subject.initialize(initializer, seed=seed) if theta0 is None else np.asarray(theta0, dtype=float)
        subject.unpack(theta)
    else:
        data = loss = None
        limits_of(subject)  # says where a surface has no value at all
        theta = np.zeros(subject.dimension) if theta0 is None else np.asarray(theta0, dtype=float)
    size = subject.parameter_count if isinstance(subject, Network) else subject.dimension
    if theta.shape != (size,):
        raise ValueError(f"theta0 has shape {theta.shape}: a sweep starts all its runs at one point, here of shape ({size},)")
    m = 1 if data is None else data.train.X.shape[-1]
    size = m if batch_size is None else batch_size
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"batch_size is {str(size)[:40]}: a whole number of 1 or more is needed, or None for all samples")
    penalties = {name: one_penalty(name, value) for name, value in (("l2", l2), ("l1", l1))}
    made = Sweep(
        subject=subject,
        loss=loss,
        data=data,
        optimizer=optimizer,
        x=x,
        y=y,
        steps=int(steps),
        measures=measures,
        theta0=theta,
        batch_size=min(int(size), m),
        seed=checked_seed(seed),
        threshold=float(threshold),
        **penalties,
    )
    for axis in (x, y):
        check_axis(axis, subject, optimizer, (x, y))
    if isinstance(subject, Network) and not all(elementwise(one) for one in optimizers_of(made)):
        raise ValueError("newton, lbfgs and muon look beyond single parameters: a map over a network takes any other optimiser")
    return made


def optimizers_of(sweep: Sweep) -> list[Optimizer]:
    """All optimisers that run on the map."""
    for axis in (sweep.x, sweep.y):
        if axis.name == "optimizer":
            return [as_optimizer(name) for name in axis.values]
    return [sweep.optimizer]


def _checked_measures(measure: str | Sequence[str], subject: Any) -> tuple[str, ...]:
    there = measures_of(subject)
    if not isinstance(measure, Iterable):
        raise ValueError(f"measure is {measure!r:.40}: it needs one or several of {', '.join(there)}")
    names = (measure,) if isinstance(measure, str) else tuple(measure)
    for name in names:
        if name not in there:
            raise ValueError(f"the measure {str(name)[:40]!r} is not known here: use one of {', '.join(there)}")
    if not names:
        raise ValueError(f"no measure was given: a map shows at least one of {', '.join(there)}")
    return tuple(dict.fromkeys(names))
