"""A kernel learnt from pictures by gradient descent: a classifier of one convolution, ReLU and a dense softmax layer.

A convolution is a dense layer whose weights are tied: its matrix is `T`, linear in the kernel. So the classifier is a dense network whose
parameters are `E·θ`, with a sparse E of zeros and ones that copies each entry of a kernel to where `T` has it, and by the chain rule
`∇_θ C = Eᵀ·∇C` and `∇²_θ C = Eᵀ·∇²C·E`: the engine's own cost, gradient and Hessian serve.

Source: LeCun et al. (1989), Backpropagation applied to handwritten zip code recognition (weight sharing).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import generator
from nnviz.core.convolution import geometry, window_pixels
from nnviz.core.descent import descend
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Objective
from nnviz.core.optimizers import OPTIMIZERS, Optimizer

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class TiedCost:
    """An objective seen through shared parameters, `C(E·θ)`: an Objective of θ (..., D) itself."""

    untied: Objective
    copies: scipy.sparse.csr_array  # E, (untied.dimension, D)

    @property
    def dimension(self) -> int:
        """D."""
        return int(self.copies.shape[1])

    def spread(self, theta: ArrayLike) -> Array:
        """`E·θ`, (..., P)."""
        return _times(self.copies, np.asarray(theta, dtype=float))

    def value(self, theta: ArrayLike) -> Array:
        """`C(E·θ)`, (...)."""
        return self.untied.value(self.spread(theta))

    def gradient(self, theta: ArrayLike) -> Array:
        """`Eᵀ·∇C`, (..., D): what each copy contributes, summed."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Both, (...) and (..., D)."""
        value, gradient = self.untied.value_and_gradient(self.spread(theta))
        return value, _times(self.copies.T, gradient)

    def hessian_vector_product(self, theta: ArrayLike, v: ArrayLike) -> Array:
        """`Eᵀ·∇²C·E·v`, (..., D)."""
        return _times(self.copies.T, self.untied.hessian_vector_product(self.spread(theta), self.spread(v)))

    def hessian(self, theta: ArrayLike) -> Array:
        """`Eᵀ·∇²C·E`, (..., D, D), a column for each parameter."""
        theta = np.asarray(theta, dtype=float)
        return self.hessian_vector_product(theta[..., None, :], np.eye(self.dimension))


@dataclass(frozen=True)
class KernelClassifier:
    """Pictures (h·w, m) → `filters` kernels of one width → ReLU → a dense softmax layer. θ: kernels, their biases, W, b."""

    size: tuple[int, int]
    classes: int
    width: int = 3
    filters: int = 1

    def __post_init__(self) -> None:
        geometry(self.size, self.width)
        if self.filters < 1 or self.classes < 2:
            raise ValueError(f"filters is {self.filters} and classes {self.classes}: a classifier needs at least 1 filter and 2 classes")

    @property
    def places(self) -> int:
        """Where each kernel looks, h'·w'."""
        return prod(geometry(self.size, self.width).output)

    @property
    def kernel_count(self) -> int:
        """The numbers of all kernels."""
        return self.filters * self.width**2

    @property
    def network(self) -> Network:
        """The dense network that it is, with its weights untied."""
        return Network((prod(self.size), self.filters * self.places, self.classes), ("relu", "softmax"))

    def copies(self) -> scipy.sparse.csr_array:
        """E, (P, D): which of θ each parameter of the dense network is."""
        pixels, n = window_pixels(1, geometry(self.size, self.width)), prod(self.size)
        entries, units = self.width**2, self.filters * self.places
        unit = np.arange(units).reshape(self.filters, 1, self.places)
        filter_ = np.arange(self.filters)[:, None, None]
        into_W = (unit * n + pixels).ravel()
        from_kernel = np.broadcast_to(filter_ * entries + np.arange(entries)[:, None], (self.filters, entries, self.places)).ravel()
        readout = units * self.classes + self.classes
        rows = np.concatenate([into_W, units * n + np.arange(units), units * (n + 1) + np.arange(readout)])
        tied = self.kernel_count + self.filters
        columns = np.concatenate([from_kernel, self.kernel_count + np.arange(units) // self.places, tied + np.arange(readout)])
        shape = (self.network.parameter_count, tied + readout)
        return scipy.sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)

    def cost(self, X: ArrayLike, Y: ArrayLike) -> TiedCost:
        """The mean cross-entropy on pictures X (h·w, m) and one-hot targets Y (classes, m)."""
        return TiedCost(NetworkCost(self.network, "cross_entropy", X, Y), self.copies())

    def initialize(self, seed: int = 0) -> Array:
        """θ (D,): He normal kernels, Glorot uniform readout, biases 0."""
        rng = generator(seed)
        units = self.filters * self.places
        kernels = rng.normal(size=self.kernel_count) * np.sqrt(2) / self.width
        readout = rng.uniform(-1, 1, size=units * self.classes) * np.sqrt(6 / (units + self.classes))
        return np.concatenate([kernels, np.zeros(self.filters), readout, np.zeros(self.classes)])

    def kernels(self, theta: ArrayLike) -> Array:
        """The kernels in θ (..., D): (..., filters, width, width)."""
        theta = np.asarray(theta)
        return theta[..., : self.kernel_count].reshape(*theta.shape[:-1], self.filters, self.width, self.width)


@dataclass(frozen=True, eq=False)
class KernelPath:
    """How kernels were learnt, step by step."""

    classifier: KernelClassifier
    theta: Array  # (steps + 1, D)
    kernels: Array  # (steps + 1, filters, width, width)
    cost: Array  # (steps + 1,)
    accuracy: Array  # (steps + 1,): the share of the pictures that it was learnt from


def learn_kernel(
    X: ArrayLike,
    Y: ArrayLike,
    size: tuple[int, int] = (8, 8),
    width: int = 3,
    filters: int = 1,
    steps: int = 100,
    optimizer: Optimizer | None = None,
    seed: int = 0,
) -> KernelPath:
    """Learn kernels from pictures X (h·w, m) and one-hot classes Y (k, m) by full-batch gradient descent, Adam at 0.02 if not said.

    Raises
    ------
    ValueError
        Shapes that do not fit, a kernel larger than the pictures, targets that are not one-hot.
    """
    X, Y = np.asarray(X, dtype=float), np.asarray(Y, dtype=float)
    if X.ndim != 2 or Y.ndim != 2 or len(X) != prod(size):
        raise ValueError(f"X is {X.shape}, Y {Y.shape} and the pictures {size}: give X (h·w, m) and Y (classes, m), a picture a column")
    classifier = KernelClassifier(size, len(Y), width, filters)
    cost = classifier.cost(X, Y)
    run = descend(cost, optimizer or OPTIMIZERS["adam"](learning_rate=0.02), classifier.initialize(seed), steps=steps)
    right = [_accuracy(classifier.network.predict(cost.spread(theta), X), Y) for theta in run.theta]
    return KernelPath(classifier, run.theta, classifier.kernels(run.theta), run.value, np.array(right))


def _accuracy(output: Array, Y: Array) -> float:
    return float((output.argmax(axis=0) == Y.argmax(axis=0)).mean())


def _times(matrix: scipy.sparse.csr_array | scipy.sparse.csc_array, theta: Array) -> Array:
    """A sparse matrix times each of (..., D)."""
    if theta.ndim == 0 or theta.shape[-1] != matrix.shape[1]:
        raise ValueError(f"theta has shape {theta.shape}: the shared parameters need (..., {matrix.shape[1]})")
    with np.errstate(all="ignore"):
        flat = matrix @ theta.reshape(-1, theta.shape[-1]).T
    return np.asarray(flat).T.reshape(*theta.shape[:-1], matrix.shape[0])
