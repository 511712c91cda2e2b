"""The settings of a training run: everything it is determined by, checked once. Private to the core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import checked_penalty, checked_seed, numbers
from nnviz.core.losses import Loss, get_loss
from nnviz.core.network import Network
from nnviz.core.optimizers import ClippedByNorm, Optimizer, as_optimizer
from nnviz.core.schedules import as_schedule

Array = NDArray[np.floating]
Schedule = Callable[[Array], Any] | str | None

MOST_STEPS = 10**8


@dataclass(frozen=True, eq=False)
class Settings:
    """Everything a run is determined by, besides where it starts and how far it goes."""

    network: Network
    loss: Loss
    data: Any  # with .train and .test, each with X (n, m) and Y (k, m), and .task
    optimizer: Optimizer  # clipped where clip_norm says so
    batch_size: int
    seed: int | tuple[int, ...]
    schedule: Schedule
    l2: Any
    l1: Any
    snapshots: int
    clip_norm: Any
    patience: int | None
    restore_best: bool

    @property
    def steps_per_epoch(self) -> int:
        samples = self.data.train.X.shape[-1]
        return -(-samples // min(self.batch_size, samples))

    def steps_of(self, epochs: float, steps: int | None) -> int:
        """How many steps an answer asks for."""
        name, asked = ("epochs", epochs) if steps is None else ("steps", steps)
        if isinstance(asked, bool) or not isinstance(asked, Real):
            raise ValueError(f"{name} is {asked!r:.40}: it needs a number of 0 or more")
        wanted = asked * self.steps_per_epoch if steps is None else asked
        if not 0 <= wanted <= MOST_STEPS:
            raise ValueError(f"{wanted:g} steps were asked for: epochs (or steps) needs to make 0 to {MOST_STEPS:,} of them")
        return int(np.ceil(wanted))

    def until(self, last: int) -> Settings:
        """The same settings with the schedule made for a run that ends at step `last`."""
        return self if self.schedule is None else replace(self, schedule=as_schedule(self.schedule, last))

    def changed(self, **changes: Any) -> Settings:
        """The same settings but for some, checked anew."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        if isinstance(self.optimizer, ClippedByNorm) and self.clip_norm is not None:
            kept["optimizer"] = self.optimizer.optimizer
        return checked_settings(**{**kept, **changes})


def checked_settings(
    network: Network,
    loss: Loss | str,
    data: Any,
    optimizer: Optimizer | str,
    batch_size: int,
    seed: Any,
    schedule: Schedule,
    l2: ArrayLike,
    l1: ArrayLike,
    snapshots: int,
    clip_norm: float | None,
    patience: int | None,
    restore_best: bool,
) -> Settings:
    """Settings whose parts fit, or a ValueError that says which do not."""
    loss, optimizer = get_loss(loss), as_optimizer(optimizer)
    check_data(network, loss, data)
    counts = (("batch_size", batch_size, 1), ("snapshots", snapshots, 2), ("patience", 1 if patience is None else patience, 1))
    for name, value, least in counts:
        if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
            raise ValueError(f"{name} is {value!r:.40}: it needs a whole number of {least} or more")
    return Settings(
        network=network,
        loss=loss,
        data=data,
        optimizer=optimizer if clip_norm is None else ClippedByNorm(optimizer, clip_norm),
        batch_size=int(batch_size),
        seed=checked_seeds(seed),
        schedule=schedule,
        l2=checked_penalty("l2", l2),
        l1=checked_penalty("l1", l1),
        snapshots=int(snapshots),
        clip_norm=clip_norm,
        patience=patience,
        restore_best=restore_best,
    )


def check_data(network: Network, loss: Loss, data: Any) -> None:
    """ValueError unless the data fit the network's inputs and outputs and the loss."""
    if not all(hasattr(getattr(data, part, None), name) for part in ("train", "test") for name in ("X", "Y")):
        raise ValueError(
            f"data is a {type(data).__name__}: it needs parts .train and .test with X and Y, as DATASETS and from_csv make them"
        )
    if np.shape(data.train.X)[-1:] == (0,):
        raise ValueError("the training part is empty: it needs at least 1 sample to learn from")
    for name, part in (("training", data.train), ("test", data.test)):
        check_part(network, loss, part.X, part.Y, name)


def check_part(network: Network, loss: Loss, X: Array, Y: Array, name: str) -> None:
    """ValueError unless X (n, m) and Y (k, m) are finite numbers for the network's inputs and outputs, in the loss's domain."""
    n, k, m = network.sizes[0], network.sizes[-1], np.shape(X)[-1:]
    if np.shape(X) != (n, *m) or np.shape(Y) != (k, *m):
        raise ValueError(
            f"the {name} part has X {np.shape(X)} and Y {np.shape(Y)} and the network {network.brief()} has {n} inputs and {k} outputs: "
            f"X needs {n} rows, Y {k}, and both a column for each sample"
        )
    for letter, values in (("X", X), ("Y", Y)):
        if not np.isfinite(numbers(values, letter)).all():
            raise ValueError(f"{letter} {values.shape} of the {name} part holds inf or nan: every number needs to be finite")
    if Y.size and (trouble := loss.complaint(Y)):
        raise ValueError(f"Y {trouble}; {loss.name} is not defined elsewhere")


def checked_seeds(seed: Any) -> int | tuple[int, ...]:
    """A seed, or one for each run."""
    seeds = np.asarray(seed, dtype=object)
    if seeds.ndim == 0:
        return checked_seed(seed)
    if not seeds.size:
        raise ValueError(f"seed is {seed!r:.60}: it needs a whole number of 0 or more, or a sequence with one for each run")
    return tuple(checked_seed(one) for one in seeds)


def starting_points(settings: Settings, theta0: ArrayLike | None, initializer: str) -> Array:
    """Theta (*batch, P) where the runs start."""
    network, seed = settings.network, settings.seed
    if theta0 is None:
        drawn = [network.initialize(initializer, seed=one) for one in ([seed] if isinstance(seed, int) else seed)]
        theta0 = drawn[0] if isinstance(seed, int) else np.stack(drawn)
    return spread(settings, numbers(theta0, "theta0"))


def spread(settings: Settings, theta: Array) -> Array:
    """A copy of theta with batch dimensions (*batch, P): those that it, seeds, penalties and hyperparameters have together."""
    network, seed = settings.network, settings.seed
    network.unpack(theta)
    shapes = [theta.shape[:-1], *hyperparameter_batches(settings.optimizer), *(np.shape(part)[:-1] for part in (settings.l2, settings.l1))]
    shapes += [] if isinstance(seed, int) else [(len(seed),)]
    try:
        batch = np.broadcast_shapes(*shapes)
    except ValueError as error:
        told = ", ".join(str(shape) for shape in shapes if shape)
        raise ValueError(f"theta0, seeds, learning rates and penalties have batch dimensions {told}: they need to be equal or 1") from error
    if not isinstance(seed, int) and batch != (len(seed),):
        raise ValueError(f"{len(seed)} seeds were given for runs of batch dimensions {batch}: give one seed for each run, in one dimension")
    return np.array(np.broadcast_to(theta, (*batch, network.parameter_count)))


def hyperparameter_batches(optimizer: Optimizer) -> list[tuple[int, ...]]:
    """Batch dimensions of an optimiser's array hyperparameters and of those it goes around."""
    values = [getattr(optimizer, field.name) for field in fields(optimizer)]  # type: ignore[arg-type]  # every optimiser is a dataclass
    own = [value.shape[:-1] for value in values if isinstance(value, np.ndarray)]
    inner = getattr(optimizer, "optimizer", None)
    return own if inner is None else own + hyperparameter_batches(inner)
