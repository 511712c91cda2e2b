"""Runs that are compared: settings of equal shape train together as one batch, the others as groups; and the search for a learning rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.losses import Loss
from nnviz.core.network import Network
from nnviz.core.optimizers import Optimizer, as_optimizer
from nnviz.core.runs import Run
from nnviz.core.training import train, train_steps

Array = NDArray[np.floating]

STACKED = ("optimizer", "l2", "l1", "seed", "theta0")  # differ from run to run within a group


def train_groups(data: Any, settings: Sequence[Mapping[str, Any]], **common: Any) -> list[Run]:
    """Train one run for each of the settings, those of equal shape side by side.

    Parameters
    ----------
    data : what all learn from
    settings : for each run the arguments of `train` in which it differs; seeds, l2, l1 and the numbers of an optimiser may differ
        within a group, everything else makes another group
    common : arguments of `train` for all of them

    Returns
    -------
    list of Run
        In the order of the settings. Runs of one seed start from the same theta and see the samples in the same order.

    Examples
    --------
    >>> from nnviz.core.datasets import DATASETS
    >>> network = Network((2, 4, 1), ("tanh", "sigmoid"))
    >>> rates = [{"optimizer": "sgd"}, {"optimizer": "adam"}, {"optimizer": "adam", "seed": 1}]
    >>> runs = train_groups(DATASETS["moons"](samples=50), rates, network=network, loss="binary_cross_entropy", epochs=2)
    >>> [run.final_theta.shape for run in runs], groups(rates)
    ([(17,), (17,), (17,)], [[0], [1, 2]])
    """
    return deque(train_groups_steps(data, settings, **common), maxlen=1).pop()


def train_groups_steps(data: Any, settings: Sequence[Mapping[str, Any]], **common: Any) -> Iterator[list[Run]]:
    """As `train_groups`, after each chunk of at most 50 ms: the runs so far, one group's after the other's."""
    whole = [{**common, **setting} for setting in settings]
    if not whole:
        raise ValueError("settings is empty: it needs the arguments of at least one run")
    for needed in ("network", "loss", "optimizer"):
        if not all(needed in setting for setting in whole):
            raise ValueError(f"some settings are without {needed}: every run needs it, in its own settings or for all of them")
    found: dict[int, Run] = {}
    for members in groups(whole):
        for run in train_steps(data=data, **stacked([whole[i] for i in members])):
            found |= {i: run.select(place) if len(members) > 1 else run for place, i in enumerate(members)}
            yield [found[i] for i in sorted(found)]


def groups(settings: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Which settings train together, by their positions."""
    together: list[tuple[Any, list[int]]] = []
    for i, setting in enumerate(settings):
        kind = group_key(setting)
        match = next((members for key, members in together if key == kind), None)
        if match is None:
            together.append((kind, [i]))
        else:
            match.append(i)
    return [members for _, members in together]


def group_key(setting: Mapping[str, Any]) -> Any:
    """What settings need to share to train as one batch."""
    optimizer = as_optimizer(setting["optimizer"])
    options = {field.name: getattr(optimizer, field.name) for field in fields(optimizer) if field.type != "Hyperparameter"}  # type: ignore[arg-type]
    return type(optimizer), options, {name: value for name, value in setting.items() if name not in STACKED}


def stacked(settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Arguments of `train` for a batch of runs, from those of each."""
    first = settings[0]
    if len(settings) == 1:
        return dict(first)
    network, initializer = first["network"], first.get("initializer", "glorot_uniform")
    seeds = tuple(setting.get("seed", 0) for setting in settings)
    starts = [setting.get("theta0") for setting in settings]
    drawn = [network.initialize(initializer, seed=seed) if start is None else start for start, seed in zip(starts, seeds, strict=True)]
    return {
        **first,
        "optimizer": stacked_optimizers([as_optimizer(setting["optimizer"]) for setting in settings]),
        "seed": seeds[0] if len(set(seeds)) == 1 else seeds,
        "theta0": np.stack(drawn),
        **{name: column([setting.get(name, 0.0) for setting in settings]) for name in ("l2", "l1")},
    }


def stacked_optimizers(optimizers: Sequence[Optimizer]) -> Optimizer:
    """One optimiser whose numbers are arrays (R, 1) where those of the given ones differ."""
    first = optimizers[0]
    numbers = [field.name for field in fields(first) if field.type == "Hyperparameter"]  # type: ignore[arg-type]
    return replace(first, **{name: column([getattr(one, name) for one in optimizers]) for name in numbers})  # type: ignore[type-var]


def column(values: Sequence[float]) -> Any:
    """A number where all are equal, else (R, 1)."""
    return values[0] if len(set(values)) == 1 else np.array(values, dtype=float)[:, None]


# ------------------------------------------------------------------------------------------------- the search for a learning rate


@dataclass(frozen=True, eq=False)
class RateRange:
    """The cost while the learning rate grows exponentially, step by step."""

    rate: Array  # (steps,): of each step
    cost: Array  # (steps,): of the training part after it; inf or NaN where it diverged
    smoothed: Array  # (steps,)
    suggested: float


def learning_rate_range(
    network: Network,
    loss: Loss | str,
    data: Any,
    optimizer: Optimizer | str,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int = 32,
    seed: int = 0,
    **settings: Any,
) -> RateRange:
    """Cost over an exponentially growing learning rate (Smith 2017, Cyclical learning rates, section 3.3), with a rate suggested by it.

    The suggestion is where the smoothed cost falls most steeply over log α, before its minimum.

    Raises
    ------
    ValueError
        Rates that are not 0 < low < high, fewer than 10 steps, and as `train`.
    """
    growing = _growing_rate(optimizer, low, high, steps)
    return _found(train(network, loss, data, batch_size=batch_size, seed=seed, **growing, **settings))


def learning_rate_range_chunks(
    network: Network,
    loss: Loss | str,
    data: Any,
    optimizer: Optimizer | str,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    **settings: Any,
) -> Iterator[tuple[float, RateRange]]:
    """As `learning_rate_range`, after each chunk of at most 50 ms: (share done, the range so far); `settings` are those of `train`."""
    for run in train_steps(network, loss, data, **_growing_rate(optimizer, low, high, steps), **settings):
        if len(run.step) > 1:
            yield run.share, _found(run)


def _growing_rate(optimizer: Optimizer | str, low: float, high: float, steps: int) -> dict[str, Any]:
    """Arguments of `train` for so many steps, each at a higher rate and each a snapshot."""
    if not (0 < low < high < np.inf) or steps < 10:
        raise ValueError(f"rates from {low} to {high} in {steps} steps: give 0 < low < high and at least 10 steps")
    growth = (high / low) ** (1 / (steps - 1))
    return {
        "optimizer": with_rate(as_optimizer(optimizer), low),
        "schedule": lambda step: growth**step,
        "snapshots": steps + 1,
        "steps": steps,
    }


def _found(run: Run) -> RateRange:
    rate, cost = run.learning_rate[:-1], run.train_cost[1:]
    smoothed = smoothed_costs(run.train_cost)[1:]
    return RateRange(rate, cost, smoothed, suggested_rate(rate, smoothed))


def with_rate(optimizer: Optimizer, rate: float) -> Optimizer:
    """The same optimiser with another learning rate, also where it is wrapped."""
    inner = getattr(optimizer, "optimizer", None)
    if inner is None:
        return replace(optimizer, learning_rate=rate)  # type: ignore[type-var]
    return replace(optimizer, optimizer=with_rate(inner, rate))  # type: ignore[type-var]


def smoothed_costs(cost: Array, beta: float = 0.8) -> Array:
    """Exponential average of costs, corrected for its start; what is not finite is left out of it and stays."""
    average, weight, told = 0.0, 0.0, []
    for value in cost.tolist():
        if np.isfinite(value):
            average, weight = beta * average + (1 - beta) * value, beta * weight + 1 - beta
            told.append(average / weight)
        else:
            told.append(value)
    return np.array(told)


def suggested_rate(rate: Array, smoothed: Array) -> float:
    """Where the cost falls most steeply over log α before its minimum; the first rate where it never falls."""
    finite = np.where(np.isfinite(smoothed), smoothed, np.inf)
    end = int(finite.argmin())
    if end < 2:
        return float(rate[0])
    slope = np.gradient(finite[: end + 1])
    return float(rate[int(slope.argmin())])
