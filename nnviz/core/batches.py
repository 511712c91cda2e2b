"""Mini-batches as tapes: shuffled samples gathered into buffers over which every gradient's calls were made once. Private to the core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from nnviz.core.kernel import CACHE_BYTES, Calls, Pass, Stack, blocks, stack_rows, transposed, with_ones
from nnviz.core.losses import Loss
from nnviz.core.network import Network

Array = NDArray[np.floating]

WINDOW_BATCHES = 256  # gathered at once: their tapes are made before the first step
WINDOW_NUMBERS = 2**22


class Batches:
    """The gradient on one mini-batch after another, epoch after epoch, for the runs whose parameters are a buffer in block layout.

    Parameters
    ----------
    X, Y : (n, m), (k, m)
    parameters, gradient : (P,) or (R, P), block layout; a tape reads the one and writes the other
    batch_size : at most m; the last batch of an epoch may be smaller
    seeds : one, for an order that all runs share, or one a run
    after : makes the calls that end a batch's tape, such as adding a penalty's gradient, from its rows (..., B, n+1) and (..., B, k)
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        X: Array,
        Y: Array,
        parameters: Array,
        gradient: Array,
        batch_size: int,
        seeds: int | Sequence[int],
        after: Callable[[Array, Array], Calls],
    ) -> None:
        self.network, self.loss, self.parameters, self.gradient, self.after = network, loss, parameters, gradient, after
        self.X, self.Y, self.m = with_ones(X), np.ascontiguousarray(Y.T), X.shape[1]
        self.batch_size = min(batch_size, self.m)
        self.steps_per_epoch = -(-self.m // self.batch_size)
        self.whole = self.batch_size == self.m  # its order is of no matter
        self.runs = () if isinstance(seeds, int) or self.whole else (len(seeds),)
        self.orders = [np.random.default_rng(seed) for seed in ([seeds] if isinstance(seeds, int) else seeds)]
        numbers = prod(self.runs) * (self.X.shape[1] + self.Y.shape[1])
        window = min(self.m, self.batch_size * min(WINDOW_BATCHES, max(1, WINDOW_NUMBERS // (numbers * self.batch_size))))
        self.x = np.empty((*self.runs, window, self.X.shape[1]))
        self.y = np.empty((*self.runs, window, self.Y.shape[1]))
        self.window, self.tapes = window, self._tapes(self.batch_size, window // self.batch_size)
        rest = self.m % self.batch_size
        # The smaller batch stands behind the full ones of the last window.
        self.rest = self._tapes(rest, 1, (self.m % window or window) - rest)[0] if rest else None
        self.most = WINDOW_BATCHES if self.whole else len(self.tapes) + bool(rest)  # tapes that `windows` gives at a time

    def _tapes(self, size: int, count: int, start: int = 0) -> list[Calls]:
        """Tapes for `count` batches of `size` samples, from row `start` of the buffers on."""
        passes = list(self._passes(size))
        rows = [slice(start + i * size, start + (i + 1) * size) for i in range(count)]
        return [self._tape(passes, self.x[..., span, :], self.y[..., span, :]) for span in rows]

    def _tape(self, passes: list[tuple[slice, Pass]], X: Array, Y: Array) -> Calls:
        calls: Calls = []
        for part, one in passes:
            own = part if self.runs else slice(None)
            calls += one.gradient(X[own], transposed(Y[own]))
        return calls + self.after(X, Y)

    def _passes(self, size: int) -> Iterator[tuple[slice, Pass]]:
        """A pass for each chunk of runs that stays in cache; all share their buffers."""
        runs = self.parameters.shape[:-1]
        total = len(self.parameters) if runs else 1
        count = min(total, max(1, CACHE_BYTES // (8 * stack_rows(self.network) * size)))
        stack = Stack(self.network, (count,) if runs else (), size)
        for start in range(0, total, count):
            part = slice(start, start + count) if runs else slice(None)
            W, G = (blocks(self.network, flat[part]) for flat in (self.parameters, self.gradient))
            rest = total - start
            here = stack if rest >= count else Stack(self.network, (rest,), size)
            yield part, Pass(self.network, self.loss, W, G, here, 1 / size)

    def permutation(self) -> NDArray[np.integer]:
        """The next epoch's order, (m,) or (R, m)."""
        drawn = [order.permutation(self.m) for order in self.orders]
        return np.stack(drawn) if self.runs else drawn[0]

    def windows(self, first_step: int) -> Iterator[list[Calls]]:
        """Tapes in the order of the steps from `first_step` on, without end, as many at a time as are gathered.

        The order of an epoch depends on the seed and on the epoch's number alone, so that a run that is continued is the run that
        was never interrupted.
        """
        if self.whole:
            yield from self._without_shuffling()
        epoch, skipped = divmod(first_step, self.steps_per_epoch)
        for _ in range(epoch):
            self.permutation()
        while True:
            order = self.permutation()
            for start in range(0, self.m, self.window):
                tapes = self._gather(order[..., start : start + self.window])
                yield tapes[skipped:]
                skipped = max(0, skipped - len(tapes))

    def _without_shuffling(self) -> Iterator[list[Calls]]:
        """One batch that holds all samples: their order is of no matter."""
        self._gather(np.arange(self.m))
        while True:
            yield self.tapes * WINDOW_BATCHES

    def _gather(self, order: NDArray[np.integer]) -> list[Calls]:
        size = order.shape[-1]
        self.X.take(order, 0, self.x[..., :size, :], "clip")
        self.Y.take(order, 0, self.y[..., :size, :], "clip")
        full = self.tapes[: size // self.batch_size]
        return full if size % self.batch_size == 0 or self.rest is None else [*full, self.rest]
