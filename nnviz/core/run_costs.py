"""The cost of many networks along their training, batch after batch: what the runs of a sweep descend. Private to the core."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.kernel import Calls, Pass, Stack, block_order, blocks, play, transposed, with_ones
from nnviz.core.losses import Loss
from nnviz.core.many_costs import Samples, chunk_shape
from nnviz.core.network import Network, weight_mask

Array = NDArray[np.floating]

PIECE = 256  # runs that take their steps together
ROUND = 8  # runs that have left free their place so many at a time: a tape is made for each size


class RunCosts:
    """`C` and `∇C` on the batch of each step, for runs of their own penalties; parameters in block layout.

    The batches are those of `train`: shuffled by the seed, epoch after epoch, the last one of an epoch smaller. Each call of
    `value_and_gradient` is the next step's.

    Parameters
    ----------
    X, Y : (n, m), (k, m)
    l2, l1 : (runs, 1), or numbers
    pace : (runs, P) in block layout, multiples of the learning rate, or None
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        X: Array,
        Y: Array,
        batch_size: int,
        seed: int,
        l2: ArrayLike = 0.0,
        l1: ArrayLike = 0.0,
        pace: Array | None = None,
    ) -> None:
        self.network, self.loss, self.m = network, loss, X.shape[1]
        self.batch_size, self.seed = min(batch_size, self.m), seed
        self.rests = self.batch_size == self.m  # one and the same function at every step
        self.X, self.Y = with_ones(X), np.ascontiguousarray(Y.T)
        self.samples = Samples(network, loss, X, Y)
        self.weights = weight_mask(network)[block_order(network)]
        self.l2, self.l1, self.pace = np.asarray(l2, dtype=float), np.asarray(l1, dtype=float), pace
        self.count, self.piece = chunk_shape(network, self.batch_size)[0], PIECE
        self.parameters, self.gradient = np.zeros((2, self.count, network.parameter_count))
        self.x, self.y = self.X[: self.batch_size].copy(), self.Y[: self.batch_size].copy()
        self.tapes: dict[tuple[int, int], tuple[Pass, Calls, Calls]] = {}
        self.batches = self._batches()

    def of_runs(self, keep: NDArray[np.integer]) -> RunCosts:
        """The same for some of the runs: from where it stands, or from the first step where none was taken."""
        mine = copy.copy(self)
        mine.l2, mine.l1 = (part[keep] if part.ndim else part for part in (self.l2, self.l1))
        mine.pace = None if self.pace is None else self.pace[keep]
        if self.piece:
            mine.batches, mine.piece = mine._batches(), 0
        return mine

    def _batches(self) -> Iterator[int]:
        """Load one batch after the other into `x` and `y`; tells its size."""
        if self.rests:
            np.copyto(self.x, self.X)
            np.copyto(self.y, self.Y)
            while True:
                yield self.m
        rng = np.random.default_rng(self.seed)
        while True:
            order = rng.permutation(self.m)
            for start in range(0, self.m, self.batch_size):
                chosen = order[start : start + self.batch_size]
                np.take(self.X, chosen, axis=0, out=self.x[: chosen.size], mode="clip")
                np.take(self.Y, chosen, axis=0, out=self.y[: chosen.size], mode="clip")
                yield chosen.size

    def value_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """Mean loss (runs,) and gradient with penalties (runs, P) at theta (runs, P), on the next batch."""
        size, runs = next(self.batches), len(theta)
        value, gradient = np.empty(runs), np.empty(theta.shape)
        share = np.full(size, 1 / size)
        for start in range(0, runs, self.count):
            here = min(self.count, runs - start)
            one, forth, back = self._tape(min(self.count, -(-here // ROUND) * ROUND), size)
            self.parameters[:here] = theta[start : start + here]
            play(forth)
            value[start : start + here] = np.vecdot(self.samples.losses(one, transposed(self.y[:size])), share)[:here]
            play(back)
            gradient[start : start + here] = self.gradient[:here]
        return value, self._penalised(theta, gradient)

    def _tape(self, runs: int, size: int) -> tuple[Pass, Calls, Calls]:
        """A pass over the first runs and samples of the buffers, as calls to the logits and from there to the gradient."""
        if (runs, size) not in self.tapes:
            W, G = (blocks(self.network, flat[:runs]) for flat in (self.parameters, self.gradient))
            one = Pass(self.network, self.loss, W, G, Stack(self.network, (runs,), size), 1 / size)
            x, y = self.x[:size], transposed(self.y[:size])
            output = one.to_output if self.samples.from_logits else []  # else the loss has made it
            self.tapes[runs, size] = one, one.logits(x), [*output, *one.back(x, y)]
        return self.tapes[runs, size]

    def _penalised(self, theta: Array, gradient: Array) -> Array:
        if self.l2.any():
            gradient += theta * (self.l2 * self.weights)
        if self.l1.any():
            gradient += np.sign(theta) * (self.l1 * self.weights)
        return gradient
