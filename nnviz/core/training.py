"""Training: a network learns from data by any optimiser, many runs side by side, with snapshots of all that is worth seeing.

A run is a batch: leading dimensions of theta, learning rates (*batch, 1) and seeds (R,) train together in one call. Runs of different
shape, batch size or optimiser are groups (`comparison.py`).

Source: Goodfellow, Bengio and Courville (2016), Deep Learning, algorithms 8.1 (mini-batches) and 7.1 (early stopping).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.diary import Diary, EarlyStopping
from nnviz.core.kernel import Calls
from nnviz.core.learner import Learner
from nnviz.core.losses import Loss
from nnviz.core.network import Network
from nnviz.core.optimizers import Optimizer
from nnviz.core.runs import Run
from nnviz.core.settings import Schedule, Settings, checked_settings, spread, starting_points

Array = NDArray[np.floating]

__all__ = ["Run", "continue_steps", "continue_training", "train", "train_steps"]

CHUNK_SECONDS = 0.02  # between two looks at the clock; with the measuring of snapshots a chunk stays under 50 ms


def train(
    network: Network,
    loss: Loss | str,
    data: Any,
    optimizer: Optimizer | str,
    epochs: float = 100,
    batch_size: int = 32,
    seed: int | Sequence[int] = 0,
    schedule: Schedule = None,
    l2: ArrayLike = 0.0,
    l1: ArrayLike = 0.0,
    snapshots: int = 60,
    theta0: ArrayLike | None = None,
    **more: Any,
) -> Run:
    """Train a network on `data.train` and tell how it went, judged on `data.test` too.

    Parameters
    ----------
    network, loss, data, optimizer : what learns, by which loss, from what and how; registered names will do for loss and optimiser.
        Hyperparameters may be arrays (*batch, 1), one value for each run
    epochs : how often all samples are seen
    batch_size : the last, smaller batch of an epoch is kept, and a batch larger than the data is all of it
    seed : of the first parameters and of the order of samples, which all runs share; a sequence (R,) gives each run its own
    schedule : a function from steps (from 0, an array) to factors of the learning rate, or a registered name
    l2, l1 : weights of the penalties ½·Σ‖W‖² and Σ|W| (never of biases), numbers or (*batch, 1)
    snapshots : at most so many are kept, all of the first steps, then ever wider apart
    theta0 : (..., P) to start from, instead of the initialiser's
    initializer : "glorot_uniform"
    clip_norm : None; gradients longer than it are shortened to it
    patience : None; epochs without a better test cost (train cost where there is no test part) after which a run is stopped
    restore_best : True; with patience, `final_theta` is that of the best epoch, `Run.best_step`
    steps : None; how many steps to take instead of `epochs`

    Returns
    -------
    Run
        Divergence is a result: see `Run.diverged_at`.

    Raises
    ------
    ValueError
        Shapes that do not fit, targets outside the loss's domain, an empty training part, settings that make no sense.

    Examples
    --------
    >>> from nnviz.core.datasets import DATASETS
    >>> network = Network((2, 8, 1), ("tanh", "sigmoid"))
    >>> run = train(network, "binary_cross_entropy", DATASETS["moons"](noise=0.1), "adam", epochs=60)
    >>> run.theta.shape, bool(run.train_cost[-1] < run.train_cost[0])
    ((60, 33), True)
    """
    asked = _asked(network, loss, data, optimizer, epochs, batch_size, seed, schedule, l2, l1, snapshots, theta0, **more)
    return _last(_learn(*asked))


def train_steps(
    network: Network,
    loss: Loss | str,
    data: Any,
    optimizer: Optimizer | str,
    epochs: float = 100,
    batch_size: int = 32,
    seed: int | Sequence[int] = 0,
    schedule: Schedule = None,
    l2: ArrayLike = 0.0,
    l1: ArrayLike = 0.0,
    snapshots: int = 60,
    theta0: ArrayLike | None = None,
    **more: Any,
) -> Iterator[Run]:
    """As `train`, a partial run after each chunk of at most 50 ms, the whole one last: who stops asking keeps what was there."""
    asked = _asked(network, loss, data, optimizer, epochs, batch_size, seed, schedule, l2, l1, snapshots, theta0, **more)
    for diary in _learn(*asked):
        yield diary.run()


def _asked(
    network: Network,
    loss: Loss | str,
    data: Any,
    optimizer: Optimizer | str,
    epochs: float,
    batch_size: int,
    seed: int | Sequence[int],
    schedule: Schedule,
    l2: ArrayLike,
    l1: ArrayLike,
    snapshots: int,
    theta0: ArrayLike | None,
    *,
    initializer: str = "glorot_uniform",
    clip_norm: float | None = None,
    patience: int | None = None,
    restore_best: bool = True,
    steps: int | None = None,
) -> tuple[Settings, Array, int, int]:
    """Settings, theta at the start, and the first and the last step of what `train` was asked for."""
    settings = checked_settings(
        network, loss, data, optimizer, batch_size, seed, schedule, l2, l1, snapshots, clip_norm, patience, restore_best
    )
    return settings, starting_points(settings, theta0, initializer), 0, settings.steps_of(epochs, steps)


def continue_training(run: Run, epochs: float = 100, snapshot: int = -1, *, steps: int | None = None, **changes: Any) -> Run:
    """Go on from a snapshot of a run, with the same settings or others: a fork, which leaves the run as it is.

    Step numbers go on, and so do the order of samples, a schedule (one of a name is as long as the run it was made for) and, from the last
    snapshot with the same optimiser and `clip_norm`, the optimiser's memory: a run that is continued is the run that was never
    interrupted. After early stopping that holds of runs that ended together; where one of a batch ended before the others, theta stands
    where each ended and the memory of all begins anew. Patience is counted anew. `changes` are settings of `train`.

    Returns
    -------
    Run
        The snapshots up to the fork, then the new ones.

    Raises
    ------
    ValueError
        A snapshot that is not there, a run selected from a batch, a network of other layers, another batch, and as `train`.
    """
    past, asked = _forked(run, epochs, snapshot, steps, changes)
    return _last(_learn(*asked)).after(past)


def continue_steps(run: Run, epochs: float = 100, snapshot: int = -1, *, steps: int | None = None, **changes: Any) -> Iterator[Run]:
    """As `continue_training`, in chunks of at most 50 ms."""
    past, asked = _forked(run, epochs, snapshot, steps, changes)
    for diary in _learn(*asked):
        yield diary.run().after(past)


def _forked(
    run: Run, epochs: float, snapshot: int, steps: int | None, changes: dict[str, Any]
) -> tuple[Run, tuple[Settings, Array, int, int, Any]]:
    """The run up to the fork; and from there on settings, theta, first and last step and the optimiser's memory."""
    snapshot = _place(run, snapshot)
    settings = run.settings.changed(**changes)
    if settings.network.sizes != run.network.sizes:
        raise ValueError(
            f"the run's network is {run.network.brief()} and the new one {settings.network.brief()}: both need the same layers"
        )
    theta = spread(settings, run.theta[snapshot])
    if theta.shape != run.theta[snapshot].shape:
        raise ValueError(
            f"the settings make a batch {theta.shape[:-1]} of the run's {run.theta.shape[1:-1]}: it goes on with its own alone"
        )
    first = int(run.step[snapshot])
    ended_before = np.any((run.stopped_at >= 0) & (run.stopped_at < first))
    goes_on = snapshot == len(run.step) - 1 and settings.optimizer == run.settings.optimizer and not ended_before
    return run.until(snapshot), (settings, theta, first, first + settings.steps_of(epochs, steps), run.state if goes_on else None)


def _place(run: Run, snapshot: int) -> int:
    """A snapshot of a run that can go on, counted from 0."""
    if run.settings is None:
        raise ValueError("this run was selected from a batch and is without its settings: continue the batch, or train it anew")
    count = len(run.step)
    if isinstance(snapshot, bool) or not isinstance(snapshot, Integral) or not -count <= snapshot < count:
        raise ValueError(f"snapshot is {snapshot!r:.40}: it needs a whole number from 0 to {count - 1}, or −1 for the last")
    return range(count)[snapshot]


def _last(diaries: Iterator[Diary]) -> Run:
    """The whole run; snapshots that nobody sees on the way are judged together, in a third of the time."""
    return deque(diaries, maxlen=1).pop().run()


def _learn(settings: Settings, theta: Array, first: int, last: int, state: Any = None) -> Iterator[Diary]:
    """The diary of a run from theta (..., P) at step `first` to step `last`, after each chunk and in the end."""
    settings = settings.until(last)
    learner = Learner(settings, theta, first, state)
    stopping = EarlyStopping(settings, learner)
    diary = Diary(settings, learner, stopping, last)
    began = time.perf_counter()
    for tapes in learner.batches.windows(first):
        while tapes and not diary.complete:
            tapes = _play(learner, tapes, min(diary.next_step, stopping.next_step, last))
            stopping.look()
            diary.look()
            if time.perf_counter() - began > CHUNK_SECONDS and not diary.complete:
                yield diary
                began = time.perf_counter()
        if diary.complete:
            break
    yield diary


def _play(learner: Learner, tapes: list[Calls], until: int) -> list[Calls]:
    """Take steps up to `until`, at most as many as fit between two looks at the clock; gives back the tapes that are left."""
    count = min(len(tapes), until - learner.step, learner.pace)
    before = time.perf_counter()
    learner.take(tapes[:count])
    seconds = time.perf_counter() - before
    if seconds > CHUNK_SECONDS:
        learner.pace = max(1, count // 2)
    elif seconds < CHUNK_SECONDS / 4:
        learner.pace = max(learner.pace, 2 * count)
    return tapes[count:]
