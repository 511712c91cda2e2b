"""What a layer costs: parameters, FLOPs and bytes counted from its shape, how they grow, and the clock beside the count.

A multiplication and an addition are one FLOP each, and so is an activation of one number. With n inputs, k outputs and m samples a dense
layer takes `2knm` (products and sums) + `km` (bias) + `km` (activation) forward, and `4knm` (δ·Aᵀ and Wᵀ·δ) + `km` (⊙ f′) + `km` (the bias'
sum) backward. In a convolution k·h'·w' numbers come from c·kh·kw each. Numbers are float64, 8 bytes.

Source: Goodfellow, Bengio & Courville (2016), Deep learning, sections 6.5.7 and 9.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from math import prod
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.activations import get_activation
from nnviz.core.arrays import generator
from nnviz.core.convolution import Padding, Pair, convolve2d, geometry, gradients
from nnviz.core.network import Network
from nnviz.core.recurrent_network import RecurrentNetwork

BYTES = 8
CHUNK_SECONDS = 0.03  # of measuring at once: an answer is never held up for longer than 50 ms
LARGEST = 2**31  # weights, or numbers of one sample, of a layer that is counted
LARGEST_RUN = 2**22  # of a layer that is run: one sample must take less than a chunk
Program = Callable[[int], None]


@dataclass(frozen=True)
class LayerCost:
    """The counts of one layer, or of several in all."""

    name: str
    parameters: int
    flops_forward: int
    flops_backward: int
    weight_bytes: int
    activation_bytes: int  # of the layer's outputs, which are kept for the way back

    @property
    def flops(self) -> int:
        """Forward and backward."""
        return self.flops_forward + self.flops_backward


class Costs(tuple[LayerCost, ...]):
    """A row a layer, and their total."""

    __slots__ = ()

    @property
    def total(self) -> LayerCost:
        """The sum of the rows."""
        counted = [field.name for field in fields(LayerCost)][1:]
        return LayerCost("total", *(sum(getattr(row, name) for row in self) for name in counted))


@dataclass(frozen=True)
class DenseLayer:
    """`f(W·A + b)` with W (outputs, inputs)."""

    inputs: int
    outputs: int
    activation: str = "relu"
    name: str = "dense"

    def __post_init__(self) -> None:
        _whole("inputs and outputs", (self.inputs, self.outputs))
        _small_enough("the weights", self.inputs * self.outputs, LARGEST)

    def cost(self, samples: int = 1) -> LayerCost:
        """The counts for so many samples.

        Examples
        --------
        >>> DenseLayer(3, 2).cost(samples=10)
        LayerCost(name='dense', parameters=8, flops_forward=160, flops_backward=280, weight_bytes=64, activation_bytes=160)
        """
        return _cost(self.name, (self.inputs + 1) * self.outputs, self.inputs, self.outputs, samples)

    def program(self, samples: int, seed: int = 0) -> Program:
        """What runs forward and backward on the first so many of the samples."""
        _small_enough("the weights", self.inputs * self.outputs, LARGEST_RUN)
        rng = generator(seed)
        f, W = get_activation(self.activation), rng.normal(size=(self.outputs, self.inputs)) / np.sqrt(self.inputs)
        b, A = np.zeros((self.outputs, 1)), rng.normal(size=(self.inputs, samples))

        def run(first: int) -> None:
            X = A[:, :first]
            Z = W @ X + b
            out = f(Z)
            delta = f.vjp(Z, out, out)
            for result in (delta @ X.T, delta.sum(axis=1), W.T @ delta):
                del result

        return run


@dataclass(frozen=True)
class ConvolutionLayer:
    """`f(kernel ⋆ x + b)` with kernel (filters, channels, kh, kw) on pictures (channels, h, w)."""

    channels: int
    filters: int
    size: tuple[int, int]
    kernel: Pair = 3
    stride: Pair = 1
    padding: Padding = 0
    dilation: Pair = 1
    activation: str = "relu"
    name: str = "convolution"

    def __post_init__(self) -> None:
        _whole("channels, filters and size", (self.channels, self.filters, *self.size))
        _small_enough("the weights", self.filters * self.inputs, LARGEST)
        _small_enough("the windows of a picture", self.inputs * prod(self.places), LARGEST)

    @property
    def inputs(self) -> int:
        """The numbers that one output is made of, c·kh·kw."""
        kh, kw = self.kernel if isinstance(self.kernel, tuple) else (self.kernel, self.kernel)
        return self.channels * kh * kw

    @property
    def places(self) -> tuple[int, int]:
        """Where the window stands, h' and w'."""
        return geometry(self.size, self.kernel, self.stride, self.padding, self.dilation).output

    def cost(self, samples: int = 1) -> LayerCost:
        """The counts for so many samples: those of a dense layer with a sample for each place of the window.

        Examples
        --------
        >>> ConvolutionLayer(channels=1, filters=4, size=(8, 8)).cost().flops_forward == 2 * 4 * 9 * 36 + 2 * 4 * 36
        True
        """
        return _cost(self.name, (self.inputs + 1) * self.filters, self.inputs, self.filters, samples, prod(self.places))

    def program(self, samples: int, seed: int = 0) -> Program:
        """What runs forward and backward on the first so many of the samples."""
        _small_enough("the windows of a picture", self.inputs * prod(self.places), LARGEST_RUN)
        _small_enough("the weights", self.inputs * self.filters, LARGEST_RUN)
        rng = generator(seed)
        kh, kw = self.kernel if isinstance(self.kernel, tuple) else (self.kernel, self.kernel)
        g = rng.normal(size=(self.filters, self.channels, kh, kw)) / np.sqrt(self.inputs)
        f, A = get_activation(self.activation), rng.normal(size=(samples, self.channels, *self.size))

        def run(first: int) -> None:
            Z = convolve2d(A[:first], g, self.stride, self.padding, self.dilation)
            out = f(Z)
            gradients(A[:first], g, f.vjp(Z, out, out), self.stride, self.padding, self.dilation)

        return run


Layer = DenseLayer | ConvolutionLayer


def layers_of(network: Network) -> list[DenseLayer]:
    """The dense layers of a network."""
    named = zip(pairwise(network.sizes), network.activations, strict=True)
    return [DenseLayer(n, k, f, f"layer {l}") for l, ((n, k), f) in enumerate(named, start=1)]


def count(network: Network, samples: int = 1) -> Costs:
    """A row a layer of a dense network, for so many samples; `.total` is their sum.

    Examples
    --------
    >>> rows = count(Network((2, 8, 1), ("tanh", "sigmoid")), samples=10)
    >>> [row.parameters for row in rows], rows.total.flops_forward
    ([24, 9], 660)
    """
    _whole("samples", (samples,))
    return Costs(layer.cost(samples) for layer in layers_of(network))


def count_layers(layers: Sequence[Layer], samples: int = 1) -> Costs:
    """A row for each of any layers."""
    _whole("samples", (samples,))
    return Costs(layer.cost(samples) for layer in layers)


def count_recurrent(network: RecurrentNetwork, steps: int, samples: int = 1) -> Costs:
    """A row for the hidden layer, which sees inputs and its own state, and one for the outputs, over so many steps."""
    _whole("steps and samples", (steps, samples))
    n, h, k = network.inputs, network.hidden, network.outputs
    return Costs((_cost("hidden", (n + h + 1) * h, n + h, h, samples, steps), _cost("outputs", (h + 1) * k, h, k, samples, steps)))


def bptt_bytes(network: RecurrentNetwork, steps: ArrayLike, samples: int = 1, truncation: int | None = None) -> NDArray[np.int64]:
    """Bytes of the states that back-propagation through T steps keeps, z and h of each step: `2·T·h·m·8`, no more than T = truncation.

    Examples
    --------
    >>> bptt_bytes(RecurrentNetwork(1, 8, 1), [10, 100, 1000], truncation=100)
    array([ 1280, 12800, 12800])
    """
    T = np.asarray(steps, dtype=np.int64)
    if T.min(initial=1) < 1 or samples < 1 or (truncation is not None and truncation < 1):
        raise ValueError(f"steps begin at {T.min(initial=1)}, samples is {samples} and truncation {truncation}: each must be at least 1")
    kept = T if truncation is None else np.minimum(T, truncation)
    return 2 * kept * network.hidden * samples * BYTES


@dataclass(frozen=True, eq=False)
class Growth:
    """How the forward FLOPs grow with one size, and the slope of the line through them on log–log axes."""

    size: str  # what x is
    x: NDArray[np.int64]
    flops: NDArray[np.int64]

    @property
    def slope(self) -> float:
        """The exponent p of `flops ∝ xᵖ`, by least squares in the logarithms."""
        return fitted_slope(self.x, self.flops)


def dense_growth(widths: Sequence[int] = (16, 32, 64, 128, 256, 512, 1024)) -> Growth:
    """A dense layer of n inputs and n outputs: `O(n²)`."""
    return _growth("n, inputs and outputs", widths, [DenseLayer(n, n) for n in widths])


def pixel_growth(sides: Sequence[int] = (16, 32, 64, 128, 256, 512), kernel: int = 3) -> Growth:
    """A convolution with one kernel over n pixels: `O(n)` where the kernel stays."""
    return _growth(
        "n, pixels", [side**2 for side in sides], [ConvolutionLayer(1, 1, (side, side), kernel, padding="same") for side in sides]
    )


def kernel_growth(kernels: Sequence[int] = (3, 5, 7, 11, 15, 21, 31), side: int = 64) -> Growth:
    """A convolution with a kernel k wide over a picture that stays: `O(k²)`."""
    return _growth("k, the kernel's width", kernels, [ConvolutionLayer(1, 1, (side, side), k, padding="same") for k in kernels])


def fitted_slope(x: ArrayLike, y: ArrayLike) -> float:
    """The slope of the least-squares line through (log x, log y).

    Examples
    --------
    >>> round(fitted_slope([1, 10, 100], [5, 500, 50000]), 12)
    2.0
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.shape != y.shape or x.ndim != 1 or len(np.unique(x)) < 2 or min(x.min(), y.min()) <= 0:
        raise ValueError(f"x has shape {x.shape} and y {y.shape}: a slope needs two or more different positive points, one y for each x")
    u = np.log(x) - np.log(x).mean()
    return float(u @ np.log(y) / (u @ u))


@dataclass(frozen=True)
class Measurement:
    """What the clock has said of a layer so far."""

    layer: int
    name: str
    flops: int  # forward and backward, of all that was run
    seconds: float
    share: float  # of the whole measurement that is done, 0 to 1

    @property
    def flops_per_second(self) -> float:
        """What this machine achieved."""
        return self.flops / self.seconds if self.seconds else 0.0


def measure(layers: Sequence[Layer], samples: int = 64, seconds: float = 0.3, seed: int = 0) -> Iterator[Measurement]:
    """Run layers forward and backward on this machine, each for so long: a Measurement after every chunk of at most 50 ms.

    Samples are taken in batches, as many at once as fit well into a chunk. The last Measurement of a layer is its result.
    """
    _whole("samples", (samples,))
    if not 0 < seconds <= 60:
        raise ValueError(f"seconds is {str(seconds)[:40]}: each layer can be measured for up to 60 seconds")
    for number, layer in enumerate(layers):
        cost = layer.cost()
        batch = max(1, min(samples, 2**21 // max(1, cost.activation_bytes // BYTES, layer.inputs)))
        run, first = layer.program(batch, seed), 1
        run(1)  # the first call pays for what is set up once
        flops, spent = 0, 0.0
        while spent < seconds:
            done, first, elapsed = _chunk(run, first, batch)
            flops, spent = flops + done * cost.flops, spent + elapsed
            yield Measurement(number, layer.name, flops, spent, (number + min(1.0, spent / seconds)) / len(layers))


def _chunk(run: Program, first: int, batch: int) -> tuple[int, int, float]:
    """Samples that were run in one chunk, how many to take at once in the next, and its seconds."""
    begun, done = perf_counter(), 0
    while (elapsed := perf_counter() - begun) < CHUNK_SECONDS / 2:
        before = perf_counter()
        run(first)
        took, done = perf_counter() - before, done + first
        # Twice as many take about twice as long: the next call stays within a quarter of the chunk.
        first = min(batch, 2 * first) if took < CHUNK_SECONDS / 8 else max(1, first // 2) if took > CHUNK_SECONDS / 2 else first
    return done, first, elapsed


def _cost(name: str, parameters: int, inputs: int, outputs: int, samples: int, places: int = 1) -> LayerCost:
    """A layer that makes `outputs` numbers from `inputs` each, at so many places of so many samples."""
    numbers = outputs * places * samples
    return LayerCost(
        name, parameters, 2 * inputs * numbers + 2 * numbers, 4 * inputs * numbers + 2 * numbers, BYTES * parameters, BYTES * numbers
    )


def _growth(size: str, x: Sequence[int], layers: Sequence[Layer]) -> Growth:
    return Growth(size, np.asarray(x, dtype=np.int64), np.array([layer.cost().flops_forward for layer in layers], dtype=np.int64))


def _whole(what: str, numbers: Sequence[int]) -> None:
    if not all(isinstance(number, int | np.integer) and 1 <= number <= 2**31 for number in numbers):
        raise ValueError(f"{what}: {str(tuple(numbers))[:80]} was given; give whole numbers from 1 on")


def _small_enough(what: str, numbers: int, most: int) -> None:
    if numbers > most:
        done = "counted" if most == LARGEST else "run"
        raise ValueError(f"{what} would be {numbers:,} numbers: layers of up to {most:,} can be {done} here; take a smaller one")
