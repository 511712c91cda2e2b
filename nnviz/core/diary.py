"""What is written down while a network learns: snapshots, how it is judged at them, and when it is best. Private to the core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnviz.core.kernel import blocks
from nnviz.core.learner import Learner
from nnviz.core.losses import Loss
from nnviz.core.many_costs import Samples
from nnviz.core.network import Network
from nnviz.core.runs import Run
from nnviz.core.settings import Settings

Array = NDArray[np.floating]

DENSE_STEPS = 21  # steps 0 to 20 are all kept: most happens there
NEVER = 2**62


def snapshot_steps(total: int, count: int) -> NDArray[np.integer]:
    """Which of the steps 0 … total to keep, at most `count`: all to begin with, then ever wider apart; 0 and the last always.

    Examples
    --------
    >>> snapshot_steps(5, 60).tolist()
    [0, 1, 2, 3, 4, 5]
    >>> kept = snapshot_steps(10_000, 60)
    >>> len(kept) <= 60, kept[:22].tolist() == list(range(22)), int(kept[-1])
    (True, True, 10000)
    """
    if total + 1 <= count:
        return np.arange(total + 1)
    dense = min(DENSE_STEPS, count // 2)
    wide = np.geomspace(dense, total, count - dense)
    return np.unique(np.concatenate([np.arange(dense), np.rint(wide).astype(int)[:-1], [total]]))


def hits(outputs: Array, targets: Array) -> Array:
    """1 where the class is told right, else 0, from (..., k, m); an output that is not finite is wrong."""
    if targets.shape[-2] == 1:
        above, below = outputs > 0.5, outputs <= 0.5
        return np.where(targets > 0.5, above, below)[..., 0, :]
    told = outputs.argmax(axis=-2) == targets.argmax(axis=-2)
    return told & np.isfinite(outputs.sum(axis=-2))


def squared_distance(outputs: Array, targets: Array) -> Array:
    """Σ (ŷ − y)² of each sample, (..., m) from (..., k, m)."""
    return ((outputs - targets) ** 2).sum(axis=-2)


class Judge:
    """Cost and score of networks on one part of the data."""

    def __init__(self, network: Network, loss: Loss, X: Array, Y: Array, task: str) -> None:
        self.network, self.samples = network, Samples(network, loss, X, Y) if X.shape[-1] else None
        self.classifies, self.score = task == "classification", hits if task == "classification" else squared_distance
        self.spread = float(((Y - Y.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-2).mean()) if X.shape[-1] else 0.0

    def __call__(self, theta: Array) -> tuple[Array, Array]:
        """Cost and accuracy or R², both (...), from theta (..., P)."""
        if self.samples is None:
            return np.full(theta.shape[:-1], np.nan), np.full(theta.shape[:-1], np.nan)
        cost, score = self.samples.costs(theta, self.score)
        return cost, self._told(score)

    def with_gradient_norms(self, theta: Array) -> tuple[Array, Array, Array]:
        """And the length of the gradient by layer, (..., L)."""
        assert self.samples is not None
        cost, score, gradient = self.samples.gradients(theta, self.score)
        with np.errstate(all="ignore"):
            norms = [np.sqrt((layer**2).sum(axis=(-2, -1))) for layer in blocks(self.network, gradient)]
        return cost, self._told(score), np.stack(norms, axis=-1)

    def _told(self, score: Array) -> Array:
        """Mean hits as so many of all samples, a mean squared distance as R².

        A constant target leaves nothing to explain: R² is 1 for an exact fit, as in scikit-learn, and not defined for others.
        """
        if self.classifies:
            assert self.samples is not None
            return np.rint(score * self.samples.m) / self.samples.m
        with np.errstate(all="ignore"):
            return 1 - np.where(score == 0, 0.0, score / (self.spread or np.nan))


class EarlyStopping:
    """Ends a run when its cost on the test part (without one, on the training part) has not fallen for `patience` epochs.

    Each run of a batch has its own end; what is computed of it afterwards is not told. Without patience nothing ever ends.
    """

    def __init__(self, settings: Settings, learner: Learner) -> None:
        self.learner, self.epoch = learner, settings.steps_per_epoch
        self.restore_best = settings.restore_best and settings.patience is not None
        self.held = learner.theta()
        batch = self.held.shape[:-1]
        self.best, self.best_step = np.full(batch, np.nan), np.full(batch, -1)
        self.best_theta, self.stopped_at = self.held.copy(), np.full(batch, -1)
        self.next_step = NEVER
        if settings.patience is not None:
            self.patience = settings.patience * self.epoch  # in steps
            network, loss, data = settings.network, settings.loss, settings.data
            part = data.test if data.test.X.shape[-1] else data.train
            self.judge = Judge(network, loss, part.X, part.Y, data.task)
            self.best, self.best_step = np.full(batch, np.inf), np.full(batch, learner.step)
            self.look_at(self.held)

    @property
    def over(self) -> bool:
        """Whether every run has ended."""
        return self.next_step != NEVER and bool(np.all(self.stopped_at >= 0))

    def look(self) -> None:
        """At the end of an epoch, see which runs are better than ever and which have waited for too long."""
        if self.learner.step == self.next_step:
            self.look_at(self.learner.theta())

    def look_at(self, theta: Array) -> None:
        step = self.learner.step
        self.next_step = (step // self.epoch + 1) * self.epoch
        going = self.stopped_at < 0
        cost, _ = self.judge(theta)
        better = going & (cost < self.best)
        self.best, self.best_step = np.where(better, cost, self.best), np.where(better, step, self.best_step)
        self.best_theta = np.where(better[..., None], theta, self.best_theta)
        ending = going & (step - self.best_step >= self.patience)
        self.held = np.where(ending[..., None], theta, self.held)
        self.stopped_at = np.where(ending, step, self.stopped_at)

    def told(self, theta: Array) -> Array:
        """theta, and where a run has ended, the theta it ended at."""
        return np.where((self.stopped_at >= 0)[..., None], self.held, theta)

    def final(self, theta: Array) -> Array:
        """What a run ends with: its last theta, or with patience its best."""
        return self.best_theta if self.restore_best else theta


class Diary:
    """Snapshots of a learner, judged in one go whenever somebody asks for the run so far."""

    def __init__(self, settings: Settings, learner: Learner, stopping: EarlyStopping, last: int) -> None:
        self.settings, self.learner, self.stopping, self.last = settings, learner, stopping, last
        self.wanted = iter((learner.step + snapshot_steps(last - learner.step, settings.snapshots)).tolist())
        self.next_step = next(self.wanted)
        data = settings.data
        self.judges = [Judge(settings.network, settings.loss, part.X, part.Y, data.task) for part in (data.train, data.test)]
        self.steps: list[int] = []
        self.pages: list[Array] = []  # the thetas not yet judged
        self.told: list[tuple[Array, ...]] = []
        self.look()

    @property
    def complete(self) -> bool:
        """Whether there is nothing more to come."""
        return self.learner.step == self.last or self.stopping.over

    def look(self) -> None:
        """Keep a snapshot where it is time for one."""
        step = self.learner.step
        if step == self.next_step or (self.stopping.over and step not in self.steps[-1:]):
            self.next_step = next(self.wanted, NEVER)
            self.steps.append(step)
            self.pages.append(self.stopping.told(self.learner.theta()))
            self.memory = self.learner.state.kept()

    def run(self) -> Run:
        """The run so far."""
        if self.pages:
            theta, rate = np.stack(self.pages), self.learner.learning_rates(self.steps[-len(self.pages) :])
            self.pages.clear()
            train_cost, train_score, norms = self.judges[0].with_gradient_norms(theta)
            test_cost, test_score = self.judges[1](theta)
            self.told.append((theta, train_cost, test_cost, train_score, test_score, norms, rate))
        columns = [np.concatenate(parts) for parts in zip(*self.told, strict=True)]
        theta, train_cost, test_cost, train_accuracy, test_accuracy, gradient_norm, learning_rate = columns
        return Run(
            network=self.settings.network,
            theta=theta,
            step=np.array(self.steps),
            train_cost=train_cost,
            test_cost=test_cost,
            train_accuracy=train_accuracy,
            test_accuracy=test_accuracy,
            gradient_norm=gradient_norm,
            learning_rate=learning_rate,
            final_theta=self.stopping.final(theta[-1]),
            diverged_at=self.learner.diverged_at.copy(),
            stopped_at=self.stopping.stopped_at.copy(),
            best_step=self.stopping.best_step.copy(),
            best_cost=self.stopping.best.copy(),
            steps_per_epoch=self.settings.steps_per_epoch,
            total_steps=self.last,
            settings=self.settings,
            state=self.memory,
        )
