"""A network, or a stack of them, that takes training steps: parameters in the kernel's layout, an optimiser's memory, the batches to come.

Private to the core.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.arrays import sealed
from nnviz.core.batches import Batches
from nnviz.core.kernel import Calls, block_order, transposed
from nnviz.core.network import weight_mask
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import OPTIMIZERS, Optimizer
from nnviz.core.schedules import factors_at
from nnviz.core.settings import Settings

Array = NDArray[np.floating]

SHAPED = ("newton", "lbfgs", "muon")  # look at the objective or at the layers' shapes


class BatchCost:
    """The cost on the batch at hand, penalty included: the objective of optimisers that look at one."""

    def __init__(self, settings: Settings) -> None:
        self.network, self.settings, self.weights = settings.network, settings, weight_mask(settings.network)
        self.X: Array = np.empty((0, 0))
        self.Y: Array = np.empty((0, 0))

    def look_at(self, X: Array, Y: Array) -> None:
        """From now on the batch is these rows, (..., B, n+1) and (..., B, k)."""
        self.X, self.Y = sealed(transposed(X)[..., :-1, :]), sealed(transposed(Y))  # views: a cost would copy what can be written to

    def cost(self) -> NetworkCost:
        return NetworkCost(self.network, self.settings.loss, self.X, self.Y)

    def value_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        value, gradient = self.cost().value_and_gradient(theta)
        l2, l1, W = self.settings.l2, self.settings.l1, self.weights
        penalty = W * (0.5 * l2 * theta**2 + l1 * np.abs(theta))
        return value + penalty.sum(axis=-1), gradient + W * (l2 * theta + l1 * np.sign(theta))

    def hessian_vector_product(self, theta: Array, vector: Array) -> Array:
        return self.cost().hessian_vector_product(theta, vector) + self.settings.l2 * self.weights * vector


class Learner:
    """Parameters that learn. `take` plays the tapes of batches and steps after each.

    Elementwise optimisers step in the kernel's layout; those that look at layers, or are not ours, in PyTorch's order.
    """

    def __init__(self, settings: Settings, theta: Array, step: int, state: Any = None) -> None:
        self.step, self.pace, self.optimizer = step, 1, settings.optimizer
        self.schedule: Any = settings.schedule
        self.shape, count = theta.shape, settings.network.parameter_count
        order = block_order(settings.network)
        self.inverse = np.argsort(order)
        flat = theta.reshape(-1, count) if theta.ndim > 1 else theta
        self.parameters: Array = np.ascontiguousarray(flat[..., order])
        self.gradient: Array = np.zeros_like(self.parameters)
        penalty = penalty_calls(settings, self.parameters, self.gradient, order)
        cost, data = BatchCost(settings), settings.data.train
        self.in_order = not elementwise(settings.optimizer)
        self.batches = Batches(
            settings.network,
            settings.loss,
            data.X,
            data.Y,
            self.parameters,
            self.gradient,
            settings.batch_size,
            settings.seed,
            lambda X, Y: [partial(cost.look_at, X, Y), *penalty] if self.in_order else penalty,
        )
        self.theta_seen, self.gradient_seen = (self._seen(buffer) for buffer in (self.parameters, self.gradient))
        self.state = self.optimizer.start(self.theta_seen, cost)
        if state is not None:
            self.state.recall(state)
        self.advance = partial(self._advance_in_order, order) if self.in_order else self._advance()
        # One number a step tells whether theta is still finite: its squared length.
        self.lengths: Array = np.empty((self.batches.most, *self.parameters.shape[:-1]))
        self.measures = [self._measure(self.lengths[i, ...]) for i in range(len(self.lengths))]
        self.diverged_at = np.full(self.shape[:-1], -1)

    def _measure(self, length: Array) -> Any:
        """A call that writes the squared length of theta."""
        of = self.parameters.dot if length.ndim == 0 else partial(np.vecdot, self.parameters)
        return partial(of, self.parameters, length)

    def _seen(self, buffer: Array) -> Array:
        """A buffer as the optimiser gets it, (..., P): a view, or in PyTorch's order a copy."""
        return (buffer[..., self.inverse] if self.in_order else buffer).reshape(self.shape)

    def _advance(self) -> Any:
        return partial(self.optimizer.advance, self.theta_seen, self.gradient_seen, self.state)

    def _advance_in_order(self, order: NDArray[np.intp]) -> None:
        self.gradient_seen[...] = self.gradient[..., self.inverse].reshape(self.shape)
        self.optimizer.advance(self.theta_seen, self.gradient_seen, self.state)
        self.parameters[...] = self.theta_seen.reshape(self.parameters.shape)[..., order]

    def take(self, tapes: list[Calls]) -> None:
        """One step after another."""
        advance, count = self.advance, len(tapes)
        with np.errstate(all="ignore"):
            for tape, factor, measure in zip(tapes, self._factors(count), self.measures[:count], strict=True):
                if factor is not None:
                    self.state.scale_learning_rate(factor)
                for call in tape:
                    call()
                advance()
                measure()
        self._note_divergence(self.lengths[:count].reshape(count, *self.shape[:-1]))
        self.step += count

    def _factors(self, count: int) -> list[float] | list[None]:
        """The schedule's factors of the next steps; None for each where there is no schedule."""
        if self.schedule is None:
            return [None] * count
        return list(factors_at(self.schedule, np.arange(self.step, self.step + count)).tolist())

    def _note_divergence(self, lengths: Array) -> None:
        bad = ~np.isfinite(lengths)
        if bad.any():
            first = self.step + 1 + bad.argmax(axis=0)
            self.diverged_at = np.where((self.diverged_at < 0) & bad.any(axis=0), first, self.diverged_at)

    def theta(self) -> Array:
        """A copy in PyTorch's order, (..., P)."""
        return self.parameters[..., self.inverse].reshape(self.shape)

    def learning_rates(self, steps: list[int]) -> Array:
        """The rates of the steps that start at `steps`, (len(steps), ...)."""
        rate = np.asarray(self.optimizer.learning_rate, dtype=float)
        factors = np.ones(len(steps)) if self.schedule is None else factors_at(self.schedule, steps)
        batch = self.shape[:-1]
        with np.errstate(all="ignore"):
            return factors.reshape(-1, *(1 for _ in batch)) * np.broadcast_to(rate[..., 0] if rate.ndim else rate, batch)


def elementwise(optimizer: Optimizer) -> bool:
    """Whether each parameter's step depends on its own gradient (and on lengths) alone, so that their order is of no matter."""
    inner = getattr(optimizer, "optimizer", None)
    if inner is not None:
        return type(optimizer).__module__ == Optimizer.__module__ and elementwise(inner)
    return OPTIMIZERS.get(optimizer.name) is type(optimizer) and optimizer.name not in SHAPED


def penalty_calls(settings: Settings, parameters: Array, gradient: Array, order: NDArray[np.intp]) -> Calls:
    """The gradient of ½·l2·Σ‖W‖² + l1·Σ|W| added; biases have none."""
    weights = weight_mask(settings.network)[order]
    scratch = np.empty_like(parameters)
    calls: Calls = []
    if np.any(settings.l2):
        calls += [partial(np.multiply, parameters, by_run(settings.l2, parameters) * weights, scratch)]
        calls += [partial(np.add, gradient, scratch, gradient)]
    if np.any(settings.l1):
        calls += [partial(np.sign, parameters, scratch), partial(np.multiply, scratch, by_run(settings.l1, parameters) * weights, scratch)]
        calls += [partial(np.add, gradient, scratch, gradient)]
    return calls


def by_run(setting: Any, parameters: Array) -> Array:
    """A number, or (*batch, 1), as a column for the runs of `parameters`."""
    value = np.asarray(setting, dtype=float)
    return value if value.ndim == 0 else np.broadcast_to(value.reshape(-1, 1), (prod(parameters.shape[:-1]), 1))
