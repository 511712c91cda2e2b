"""Cost, score and gradient of many networks on the same samples: what snapshots, grids and sweeps ask for. Private to the core.

Built on the tapes of `kernel.py`; whatever it is split into, a network's numbers are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.kernel import CACHE_BYTES, Pass, Stack, block_order, blocks, play, stack_rows, with_ones
from nnviz.core.losses import Loss, get_loss
from nnviz.core.network import Network

Array = NDArray[np.floating]

Terms = Callable[[Array, Array], Array]
Score = Callable[[Array, Array], Array]  # from outputs and targets (..., k, m) to a number for each sample (..., m)


def chunk_shape(network: Network, samples: int) -> tuple[int, int]:
    """How many networks, and how many samples of each, to take at once so that their activations stay in cache."""
    row = 8 * stack_rows(network)
    block = min(samples, max(64, CACHE_BYTES // (4 * row)))
    return min(64, max(1, CACHE_BYTES // (row * block))), block


def hard_binary_terms(z: Array, sign: Array) -> Array:
    """`ln(1 + e^s)` with s = sign·z, sign −1 for y = 1 and 1 for y = 0: binary cross-entropy in a tenth of the general time."""
    s = sign * z
    terms = np.exp(s)
    np.log1p(terms, terms)
    if not np.isfinite(terms.sum()):
        # Number by number, so that nobody's bits depend on a neighbour's overflow.
        over = ~np.isfinite(terms)
        terms[over] = np.maximum(s[over], 0.0)
    return terms


def summed(terms: Array) -> Array:
    """From outputs (..., k, m) to samples (..., m)."""
    return terms[..., 0, :] if terms.shape[-2] == 1 else terms.sum(axis=-2)


class Samples:
    """The same samples seen by many networks: buffers and tapes made once, the networks loaded into them chunk by chunk.

    Parameters
    ----------
    X, Y : (..., n, m), (..., k, m); leading axes are the last batch axes of theta: each network then has samples of its own
    """

    def __init__(self, network: Network, loss: Loss | str, X: ArrayLike, Y: ArrayLike) -> None:
        self.network, self.loss, self.order = network, get_loss(loss), block_order(network)
        self.own = np.broadcast_shapes(np.shape(X)[:-2], np.shape(Y)[:-2])
        self.all_X, self.all_Y = (self._by_network(part) for part in (with_ones(X), np.asarray(Y, dtype=float)))
        self.m = self.all_X.shape[-2]
        self.count, self.block = chunk_shape(network, self.m)
        self.parameters, self.gradient = np.zeros((2, self.count, network.parameter_count))
        self.X, self.Y = (np.resize(part, (self.count, *part.shape[1:])) if self.own else part for part in (self.all_X, self.all_Y))
        self.passes = list(self._passes())
        self.from_logits = self.loss.fuses_with(self.passes[0][1].f[-1])
        self.terms: Terms = self.loss.fused().terms if self.from_logits else self.loss.terms
        self.hard = self.from_logits and self.loss.name == "binary_cross_entropy" and bool(np.all((self.all_Y == 0) | (self.all_Y == 1)))
        self.share = np.full(self.m, 1 / self.m)

    def _by_network(self, part: Array) -> Array:
        if not self.own:
            return part
        return np.broadcast_to(part, (*self.own, *part.shape[-2:])).reshape(-1, *part.shape[-2:])

    def _passes(self) -> Iterator[tuple[slice, Pass]]:
        """A pass for each block of samples; all of one size share their buffers."""
        W, G = blocks(self.network, self.parameters), blocks(self.network, self.gradient)
        whole = Stack(self.network, (self.count,), self.block)
        for start in range(0, self.m, self.block):
            span = slice(start, min(start + self.block, self.m))
            size = span.stop - start
            stack = whole if size == self.block else Stack(self.network, (self.count,), size)
            yield span, Pass(self.network, self.loss, W, G, stack, 1 / self.m)

    def _chunks(self, theta: Array) -> Iterator[slice]:
        """Load one chunk of theta (N, P) after the other; tells which."""
        which = np.arange(len(theta)) % max(1, prod(self.own))
        for start in range(0, len(theta), self.count):
            chunk = slice(start, min(start + self.count, len(theta)))
            loaded = chunk.stop - start
            np.take(theta[chunk], self.order, axis=1, out=self.parameters[:loaded], mode="clip")
            if self.own:
                self.X[:loaded], self.Y[:loaded] = self.all_X[which[chunk]], self.all_Y[which[chunk]]
            yield chunk

    def costs(self, theta: Array, score: Score | None = None) -> tuple[Array, Array]:
        """Mean loss and mean score of each network, both (...), from theta (..., P) in PyTorch's order."""
        return self._told(theta, score, None)

    def gradients(self, theta: Array, score: Score | None = None) -> tuple[Array, Array, Array]:
        """As `costs`, and in the same pass the gradient of the mean loss, (..., P) in block layout."""
        gradient = np.zeros((*self._flat(theta)[1], theta.shape[-1]))
        return *self._told(theta, score, gradient.reshape(-1, theta.shape[-1])), gradient

    def _told(self, theta: Array, score: Score | None, gradient: Array | None) -> tuple[Array, Array]:
        theta, batch = self._flat(theta)
        parts = [(span, one, self.X[..., span, :], self.Y[..., span]) for span, one in self.passes]
        tapes = [(span, one, one.logits(X), Y, [] if gradient is None else one.back(X, Y)) for span, one, X, Y in parts]
        values, scores = np.zeros((2, self.count, self.m))
        told = np.empty((2, len(theta)))
        with np.errstate(all="ignore"):
            for chunk in self._chunks(theta):
                loaded = chunk.stop - chunk.start
                for span, one, forth, Y, back in tapes:
                    play(forth)
                    values[:, span] = self.losses(one, Y)
                    if self.from_logits and (score or back):
                        play(one.to_output)
                    if score:
                        scores[:, span] = score(one.units[-1].A, Y)
                    if gradient is not None:
                        play(back)
                        gradient[chunk] += self.gradient[:loaded]
                told[:, chunk] = np.vecdot(values, self.share)[:loaded], np.vecdot(scores, self.share)[:loaded]
        return told[0].reshape(batch), told[1].reshape(batch)

    def losses(self, one: Pass, Y: Array) -> Array:
        """The loss of each sample, (c, m), where the logits of a pass are ready; makes its outputs where the loss is told from these."""
        if self.hard:
            return summed(hard_binary_terms(one.Z[-1], 1.0 - 2.0 * Y))
        if self.from_logits:
            return summed(self.terms(one.Z[-1], Y))
        play(one.to_output)
        return summed(self.terms(one.units[-1].A, Y))

    def _flat(self, theta: Array) -> tuple[Array, tuple[int, ...]]:
        batch = np.broadcast_shapes(theta.shape[:-1], self.own)
        return np.broadcast_to(theta, (*batch, theta.shape[-1])).reshape(-1, theta.shape[-1]), batch
