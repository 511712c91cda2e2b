"""The one fast path under training, grids and sweeps: forward, backward and cost of many networks at once. Private to the core.

`Network.forward`, `Network.backward` and `NetworkCost` are the definition, to be read first; a test holds this module equal to them
for every activation, loss and batch shape. It is faster for three reasons.

Layout: a layer's parameters are one block `[W|b]` of shape (..., k, n+1), and activations carry a row of ones below them, so that
`[W|b]·[A; 1] = W·A + b` and `δ·[A; 1]ᵀ = [∂C/∂W|∂C/∂b]` are one product each.
Calls: a pass is a tape, a tuple of calls without arguments whose buffers and views were made once; to run it is to call each.
Cache: what is evaluated many times is taken in chunks of networks and samples whose activations stay in it.

No sum and no product runs over networks: products are stacked (`np.matmul`), sums go along a network's own axes. So a run's numbers
do not depend on which other runs stand beside it: any split into chunks gives the same bits. (A single network without a run axis
takes `ndarray.dot`, which may differ from the stacked product in the last bit.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import accumulate, groupby, pairwise
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from nnviz.core.activations import ACTIVATIONS, Activation
from nnviz.core.arrays import sealed
from nnviz.core.losses import Loss
from nnviz.core.network import Network
from nnviz.core.tanh import by_exponential, by_sigmoid, by_table, numpys_is_slow

Array = NDArray[np.floating]
Call = Callable[[], object]
Calls = list[Call]

# A 0-d array as an operand costs half of what a Python float costs in an elementwise call.
ZERO, ONE = np.array(0.0), np.array(1.0)
CACHE_BYTES = 1 << 19
# Up to this many numbers, fewer calls are cheaper than calls that are quicker a number: SMALL where these have AVX-512, else MEDIUM.
SMALL, MEDIUM = 128, 2048


# ---------------------------------------------------------------------------------------------------------------- layout


@lru_cache(maxsize=16)
def block_order(network: Network) -> NDArray[np.intp]:
    """Where each number of the blocks stands in the flat vector, (P,): `theta[..., order]` is in block layout."""
    order, start = [], 0
    for n, k in pairwise(network.sizes):
        W, b = start + np.arange(k * n).reshape(k, n), start + k * n + np.arange(k)[:, None]
        order.append(np.hstack([W, b]).ravel())
        start += k * (n + 1)
    return sealed(np.concatenate(order))


def blocks(network: Network, flat: Array) -> list[Array]:
    """Views `[W|b]` (..., k, n+1), a layer each, of parameters (..., P) in block layout."""
    shapes = [(k, n + 1) for n, k in pairwise(network.sizes)]
    parts = np.split(flat, list(accumulate(map(prod, shapes)))[:-1], axis=-1)
    return [part.reshape(*flat.shape[:-1], *shape) for part, shape in zip(parts, shapes, strict=True)]


def with_ones(X: ArrayLike) -> Array:
    """Samples as rows that end in a one, (..., m, n+1), from X (..., n, m): a batch of rows is contiguous."""
    rows = transposed(np.asarray(X, dtype=float))
    return np.concatenate([rows, np.ones((*rows.shape[:-1], 1))], axis=-1)


def transposed(A: Array) -> Array:
    """The matrices of a stack transposed, a view."""
    return A.swapaxes(-1, -2)


def product(A: Array, B: Array, out: Array) -> Call:
    """`out = A·B`, of one matrix by the cheaper call, of a stack matrix by matrix."""
    if out.ndim == 2:
        return partial(A.dot, B, out)
    # A column times a row has no sum in it: broadcasting gives the same bits sooner.
    return partial(np.multiply, A, B, out) if A.shape[-1] == 1 else partial(np.matmul, A, B, out)


# ----------------------------------------------------------------------------------------- activations that work in place


class InPlace(NamedTuple):
    """An activation that overwrites Z by A, and whose slope f′(z) can be told from A."""

    apply: Callable[[Array], Calls]
    slope: Callable[[Array, Array], Calls]  # from A, into a buffer


# Which calls are taken is told by the run axis or by the size of one network, never by how many stand side by side: a run's bits must not
# depend on these.


def apply_sigmoid(A: Array) -> Calls:
    if A.ndim == 2 and A.size <= (MEDIUM if numpys_is_slow() else SMALL):
        return [partial(expit, A, A)]
    return [partial(np.negative, A, A), partial(np.exp, A, A), partial(np.add, A, ONE, A), partial(np.divide, ONE, A, A)]


def apply_tanh(A: Array) -> Calls:
    if not numpys_is_slow() or (A.ndim == 2 and A.size <= SMALL):
        return [partial(np.tanh, A, A)]
    if A.ndim > 2:
        return by_table(A)
    return by_sigmoid(A) if A.size <= MEDIUM else by_exponential(A)


IN_PLACE = {
    "identity": InPlace(lambda A: [], lambda A, out: [partial(out.fill, 1.0)]),
    "tanh": InPlace(
        apply_tanh,
        lambda A, out: [partial(np.square, A, out), partial(np.subtract, ONE, out, out)],
    ),
    "sigmoid": InPlace(apply_sigmoid, lambda A, out: [partial(np.subtract, ONE, A, out), partial(np.multiply, A, out, out)]),
    "relu": InPlace(lambda A: [partial(np.maximum, A, ZERO, out=A)], lambda A, out: [partial(np.sign, A, out)]),
}


def in_place(f: Activation) -> bool:
    """Whether f is one of ours that needs no Z beside A; one that a person typed under the same name is not."""
    return (f.name in IN_PLACE or f.name == "softmax") and ACTIVATIONS.get(f.name) == f


def canonical(f: Activation, loss: Loss) -> bool:
    """Whether ∂L/∂z of the last layer is a − y (McCullagh and Nelder 1989, section 2.2.4: the canonical links)."""
    return loss.fuses_with(f) or (in_place(f) and (f.name, loss.name) == ("identity", "half_squared_error"))


def apply(f: Activation, Z: Array, A: Array) -> Calls:
    """`A = f(Z)`."""
    if not in_place(f):
        return [lambda: np.copyto(A, f(Z))]
    return apply_softmax(A) if f.name == "softmax" else IN_PLACE[f.name].apply(A)


def slope(f: Activation, Z: Array, A: Array, out: Array) -> Calls:
    """`out = f′(Z)`, of an elementwise f."""
    return IN_PLACE[f.name].slope(A, out) if in_place(f) else [lambda: np.copyto(out, f.derivative(Z))]


def apply_softmax(A: Array) -> Calls:
    """`A = softmax(A)` over the units: the largest logit is taken off first, so that nothing overflows."""
    level = np.empty((*A.shape[:-2], 1, A.shape[-1]))
    return [
        partial(np.maximum.reduce, A, axis=-2, out=level, keepdims=True),
        partial(np.subtract, A, level, A),
        partial(np.exp, A, A),
        partial(np.add.reduce, A, axis=-2, out=level, keepdims=True),
        partial(np.divide, A, level, A),
    ]


def through_softmax(A: Array, D: Array, T: Array) -> Calls:
    """`D = (diag(a) − a·aᵀ)·D` of each sample: `a ⊙ (D − Σ a⊙D)`."""
    level = np.empty((*A.shape[:-2], 1, A.shape[-1]))
    return [
        partial(np.multiply, A, D, T),
        partial(np.add.reduce, T, axis=-2, out=level, keepdims=True),
        partial(np.subtract, D, level, D),
        partial(np.multiply, A, D, D),
    ]


# ------------------------------------------------------------------------------------------------------------------ passes


def stack_rows(network: Network) -> int:
    """Units of all layers after the input, and a row of ones below each hidden one."""
    return sum(network.sizes[1:]) + len(network.sizes) - 2


class Rows(NamedTuple):
    """Buffers of one layer, (*runs, rows, m), or of several, as one row of numbers."""

    A: Array
    Z: Array
    T: Array  # slopes f′(Z)
    D: Array  # δ = ∂C/∂Z

    def of(self, part: Callable[[Array], Array]) -> Rows:
        return Rows(*(part(buffer) for buffer in self))


class Stack:
    """The buffers of a pass: layer after layer in one stretch of memory, so that what is done to neighbours is one call.

    `layers` have their row of ones, `units` are the layers without it.
    """

    def __init__(self, network: Network, runs: tuple[int, ...], samples: int) -> None:
        widths = network.sizes[1:]
        heights = [k + 1 for k in widths[:-1]] + [widths[-1]]
        ends = list(accumulate(prod(runs) * rows * samples for rows in heights))
        # A buffer that no call touches takes no memory: the system gives pages when they are first written.
        self.flat = Rows(np.ones(ends[-1]), np.zeros(ends[-1]), np.empty(ends[-1]), np.zeros(ends[-1]))
        self.starts, self.ends = [0, *ends[:-1]], ends
        shapes = [(*runs, rows, samples) for rows in heights]
        self.layers = [self.span(l, l).of(partial(np.reshape, shape=shape)) for l, shape in enumerate(shapes)]
        self.units = [layer.of(lambda buffer, k=k: buffer[..., :k, :]) for layer, k in zip(self.layers, widths, strict=True)]  # type: ignore[misc]

    def span(self, first: int, last: int) -> Rows:
        """Layers first to last as one row of numbers."""
        return self.flat.of(lambda buffer: buffer[self.starts[first] : self.ends[last]])


class Pass:
    """Forward and backward through the networks whose parameters and gradient are the blocks `W` and `G`, as tapes.

    Parameters
    ----------
    W, G : `[W|b]` and `[∂C/∂W|∂C/∂b]`, (*runs, k, n+1), a layer each; the tapes read W and write G
    stack : buffers for these runs; several passes that are never interleaved may share them
    share : what one sample counts in the gradient: 1/m where the batch is all that the cost is the mean of
    """

    def __init__(self, network: Network, loss: Loss, W: list[Array], G: list[Array], stack: Stack, share: float) -> None:
        self.f = network.layer_activations
        self.loss, self.W, self.G, self.stack, self.share = loss, W, G, stack, np.array(share)
        self.layers, self.units = stack.layers, stack.units
        # An activation that works in place has one buffer for Z and A.
        self.Z = [units.A if in_place(f) else units.Z for f, units in zip(self.f, self.units, strict=True)]
        self.to_logits, self.to_output, self.to_first_layer = self._to_logits(), self._apply(-1), self._to_first_layer()

    def _apply(self, layer: int) -> Calls:
        return apply(self.f[layer], self.Z[layer], self.units[layer].A)

    def _to_logits(self) -> Calls:
        """From Z of the first layer to Z of the last."""
        calls: Calls = []
        for above in range(1, len(self.W)):
            calls += self._apply(above - 1)
            calls.append(product(self.W[above], self.layers[above - 1].A, self.Z[above]))
        return calls

    def logits(self, X: Array) -> Calls:
        """Z of the last layer, for samples as rows that end in a one, (..., m, n+1)."""
        return [product(self.W[0], transposed(X), self.Z[0]), *self.to_logits]

    def gradient(self, X: Array, Y: Array) -> Calls:
        """∂C/∂[W|b] of every layer into `G`; X (..., m, n+1) rows that end in a one, Y (..., k, m)."""
        return [*self.logits(X), *self.to_output, *self.back(X, Y)]

    def back(self, X: Array, Y: Array) -> Calls:
        """From the output back to `G`."""
        return [*self._delta(Y), *self.to_first_layer, product(self.units[0].D, X, self.G[0])]

    def _delta(self, Y: Array) -> Calls:
        """δ of the last layer."""
        f, last, loss = self.f[-1], self.units[-1], self.loss
        weigh = partial(np.multiply, last.D, self.share, last.D)
        if canonical(f, loss):
            return [partial(np.subtract, last.A, Y, last.D), weigh]
        start: Calls = [lambda: np.copyto(last.D, loss.first(last.A, Y)), weigh]
        if not f.elementwise:
            return start + through_softmax(last.A, last.D, last.T)
        return [*start, *slope(f, self.Z[-1], last.A, last.T), partial(np.multiply, last.D, last.T, last.D)]

    def _to_first_layer(self) -> Calls:
        """From δ of the last layer to δ of the first, with the gradients of the layers between."""
        calls = self._slopes()
        for layer in reversed(range(1, len(self.W))):
            delta, below = self.units[layer].D, self.layers[layer - 1]
            calls.append(product(delta, transposed(below.A), self.G[layer]))
            calls.append(product(transposed(self.W[layer]), delta, below.D))
            calls += self._through(layer - 1)
        return calls

    def _slopes(self) -> Calls:
        """f′ of all hidden layers; neighbours that share an activation take one call together."""
        calls: Calls = []
        for f, members in groupby(range(len(self.f) - 1), key=lambda layer: self.f[layer]):
            layers = list(members)
            if f.elementwise:
                together = self.stack.span(layers[0], layers[-1])
                calls += slope(f, together.Z, together.A, together.T)
        return calls

    def _through(self, layer: int) -> Calls:
        """From ∂C/∂A to δ = ∂C/∂Z of a hidden layer whose slopes are known."""
        if not self.f[layer].elementwise:
            units = self.units[layer]
            return through_softmax(units.A, units.D, units.T)
        # The row of ones goes along, which keeps the buffers whole; nothing reads it.
        rows = self.layers[layer]
        return [partial(np.multiply, rows.D, rows.T, rows.D)]


def play(calls: Calls) -> None:
    for call in calls:
        call()
