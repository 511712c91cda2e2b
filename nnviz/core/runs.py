"""What a training run leaves: snapshots of theta with their costs, scores and gradient norms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.network import Network

Array = NDArray[np.floating]

BY_RUN = ("final_theta", "diverged_at", "stopped_at", "best_step", "best_cost")
BY_SNAPSHOT = ("theta", "train_cost", "test_cost", "train_accuracy", "test_accuracy", "gradient_norm", "learning_rate")


@dataclass(frozen=True, eq=False)
class Run:
    """A training run, or many side by side; `...` are the batch dimensions of theta.

    Costs are told without penalty. The score is the accuracy of a classification and R² of a regression; of an empty test part
    both are NaN. Where a run diverges its numbers go on as inf and NaN, and `diverged_at` says since when.
    """

    network: Network
    theta: Array  # (snapshots, ..., P)
    step: NDArray[np.integer]  # (snapshots,); 0 is the start
    train_cost: Array  # (snapshots, ...)
    test_cost: Array
    train_accuracy: Array
    test_accuracy: Array
    gradient_norm: Array  # (snapshots, ..., L): of the training cost's gradient, by layer, W and b together
    learning_rate: Array  # (snapshots, ...): what the step from this snapshot uses
    final_theta: Array  # (..., P): the last, or the best where early stopping restored it
    diverged_at: NDArray[np.integer]  # (...): first step after which theta is no longer finite, else −1
    stopped_at: NDArray[np.integer]  # (...): the step at which early stopping ended the run, else −1
    best_step: NDArray[np.integer]  # (...): with patience, the end of the epoch whose judged cost was least; else −1
    best_cost: Array  # (...): that cost, of the test part if there is one; NaN without patience
    steps_per_epoch: int
    total_steps: int  # asked for; the last of `step` where the run is complete
    settings: Any = field(default=None, repr=False)
    state: Any = field(default=None, repr=False)  # what the optimiser remembers at the last snapshot

    @property
    def epoch(self) -> Array:
        """Epochs passed at each snapshot, (snapshots,)."""
        return self.step / self.steps_per_epoch

    @property
    def complete(self) -> bool:
        """Whether all steps that were asked for were taken, or early stopping ended every run."""
        return int(self.step[-1]) == self.total_steps or bool(np.all(self.stopped_at >= 0))

    @property
    def share(self) -> float:
        """How much of what was asked for is done, 0 to 1."""
        return float(self.step[-1]) / max(1, self.total_steps)

    def select(self, *index: int) -> Run:
        """One run of the batch (or a sub-batch, for fewer indices than batch dimensions). It cannot be continued: the batch can."""
        chosen: dict[str, Any] = {name: getattr(self, name)[(slice(None), *index)] for name in BY_SNAPSHOT}
        last: dict[str, Any] = {name: getattr(self, name)[index] for name in BY_RUN}
        return replace(self, **chosen, **last, settings=None, state=None)

    def until(self, snapshot: int) -> Run:
        """The run up to and with a snapshot (from 0)."""
        kept: dict[str, Any] = {name: getattr(self, name)[: snapshot + 1] for name in (*BY_SNAPSHOT, "step")}
        last = int(kept["step"][-1])
        diverged = np.where(self.diverged_at <= last, self.diverged_at, -1)
        known = (self.best_step >= 0) & (self.best_step <= last)
        best = np.where(known, self.best_step, -1), np.where(known, self.best_cost, np.nan)
        final = np.where((known & self._restores)[..., None], self.final_theta, kept["theta"][-1])
        return replace(self, **kept, final_theta=final, diverged_at=diverged, best_step=best[0], best_cost=best[1], total_steps=last)

    @property
    def _restores(self) -> bool:
        """Whether `final_theta` is that of the best epoch."""
        return self.settings is not None and self.settings.restore_best

    def thinned(self, most: int = 60, *, with_step: int | None = None) -> Run:
        """The same run with at most so many snapshots: the first third of them as they are, the rest evenly from what follows.

        The snapshot at `with_step` stays, in place of its neighbour.
        """
        count = len(self.step)
        if count <= most:
            return self
        dense = most // 3
        kept = np.concatenate([np.arange(dense), np.linspace(dense, count - 1, most - dense).round().astype(int)])
        inner = np.flatnonzero(self.step[1:-1] == with_step) + 1
        if inner.size and inner[0] not in kept:
            kept[np.abs(kept[:-1] - inner[0]).argmin()] = inner[0]
        fewer: dict[str, Any] = {name: getattr(self, name)[kept] for name in (*BY_SNAPSHOT, "step")}
        return replace(self, **fewer)

    def parting(self, other: Run) -> int:
        """Up to which step this run and another of the same network are one: that of the last snapshot they share from their start on.

        Examples
        --------
        >>> from nnviz.core.datasets import DATASETS
        >>> from nnviz.core.training import continue_training, train
        >>> run = train(Network((2, 1), "sigmoid"), "binary_cross_entropy", DATASETS["moons"](samples=20), "sgd", steps=8)
        >>> continue_training(run, snapshot=5, steps=9, optimizer="adam").parting(run)
        5
        """
        steps, mine, others = np.intersect1d(self.step, other.step, assume_unique=True, return_indices=True)
        shared = np.logical_and.accumulate((self.theta[mine] == other.theta[others]).all(axis=-1))
        return int(steps[shared].max(initial=0))

    def after(self, past: Run) -> Run:
        """The run behind another whose last snapshot is its first; the best epoch is that of both."""
        joined: dict[str, Any] = {name: np.concatenate([getattr(past, name)[:-1], getattr(self, name)]) for name in (*BY_SNAPSHOT, "step")}
        diverged = np.where(past.diverged_at >= 0, past.diverged_at, self.diverged_at)
        earlier = past.best_cost <= self.best_cost
        best = np.where(earlier, past.best_step, self.best_step), np.where(earlier, past.best_cost, self.best_cost)
        final = np.where((earlier & self._restores)[..., None], past.final_theta, self.final_theta)
        return replace(self, **joined, diverged_at=diverged, final_theta=final, best_step=best[0], best_cost=best[1])
