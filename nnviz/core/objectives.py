"""Objectives: what can be descended. A surface, a quadratic and a network's cost answer the same questions, for a batch of points.

Optimisers, landscapes, curvature and stability are written against `Objective` and know nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core import hessian as second
from nnviz.core.arrays import numbers, one_penalty, sealed
from nnviz.core.losses import Loss, get_loss
from nnviz.core.network import Forward, Network, weight_mask

Array = NDArray[np.floating]


@runtime_checkable
class Objective(Protocol):
    """A function of D numbers with its derivatives; theta and v are (..., D), any leading batch dimensions."""

    @property
    def dimension(self) -> int:
        """D."""

    def value(self, theta: ArrayLike) -> Array:
        """C, (...)."""

    def gradient(self, theta: ArrayLike) -> Array:
        """∇C, (..., D)."""

    def value_and_gradient(self, theta: ArrayLike) -> tuple[Array, Array]:
        """C and ∇C in one pass."""

    def hessian_vector_product(self, theta: ArrayLike, v: ArrayLike) -> Array:
        """∇²C·v, (..., D); leading dimensions of theta and v broadcast."""

    def hessian(self, theta: ArrayLike) -> Array:
        """∇²C, (..., D, D)."""


def evaluator(objective: Any, theta: Array) -> Callable[[], tuple[Array, Array]]:
    """A call that tells value and gradient at whatever stands in theta then; a surface makes the arrays for them once."""
    return objective.evaluator(theta) if hasattr(objective, "evaluator") else partial(objective.value_and_gradient, theta)


def frozen_array(values: ArrayLike, name: str = "the array") -> Array:
    """Floats that nobody can change any more, neither through this array nor through the one that was given: its hash is kept."""
    array = numbers(values, name)
    return sealed(array.copy()) if array.flags.writeable else array


def digest(*parts: object) -> int:
    """A hash of arrays by their numbers and of everything else by itself."""
    fingerprint = hashlib.blake2b(digest_size=8)
    for part in parts:
        if isinstance(part, np.ndarray):
            fingerprint.update(repr(part.shape).encode())
            fingerprint.update(np.ascontiguousarray(part + 0.0).data)  # −0 equals 0 and must hash as it
        else:
            fingerprint.update(repr(part).encode())
    return int.from_bytes(fingerprint.digest(), "big", signed=True)


Chosen = int | slice | Sequence[int] | NDArray[np.integer] | NDArray[np.bool_]  # samples: an index, indices, a slice or a mask


def chosen_samples(samples: Chosen, count: int) -> NDArray[np.integer]:
    """The indices of the samples that are meant, of 0 … count − 1; ValueError where they are not there."""
    try:
        chosen = samples if isinstance(samples, slice) else np.atleast_1d(samples)
        if not isinstance(chosen, slice) and not chosen.size:
            chosen = slice(0)  # an empty list has no type to index with
        indices = np.arange(count)[chosen]
        if indices.ndim == 1:
            return indices
    except (IndexError, TypeError, ValueError):
        pass
    raise ValueError(f"the samples {samples!r:.80} are not all there: the cost has {count}, counted from 0")


@dataclass(frozen=True, eq=False)
class NetworkCost:
    """`C(θ) = (1/m)·Σ L + ½·l2·Σ‖W‖² + l1·Σ|W|` of a network on samples; biases are not penalised.

    Parameters
    ----------
    network : Network
    loss : str or Loss
    X : (..., n, m)
    Y : (..., k, m)
        Samples and targets; their leading dimensions broadcast against theta's.
    l2, l1 : float

    Raises
    ------
    ValueError
        Shapes that do not fit, no sample, a number that is not finite, targets outside the loss's domain, a negative penalty.

    Examples
    --------
    >>> cost = NetworkCost(Network((1, 1), "identity"), "half_squared_error", [[0.0, 1.0, 2.0]], [[0.0, 0.0, 0.0]])
    >>> float(cost.value([1.0, 0.0])), cost.gradient([1.0, 0.0]), cost.hessian([1.0, 0.0])[0, 1]
    (0.8333333333333334, array([1.66666667, 1.        ]), np.float64(1.0))
    """

    network: Network
    loss: Loss
    X: Array
    Y: Array
    l2: float = 0.0
    l1: float = 0.0

    def __init__(self, network: Network, loss: str | Loss, X: ArrayLike, Y: ArrayLike, l2: float = 0.0, l1: float = 0.0) -> None:
        values = {
            "network": network,
            "loss": get_loss(loss),
            "X": frozen_array(X, "X"),
            "Y": frozen_array(Y, "Y"),
            "l2": one_penalty("l2", l2),
            "l1": one_penalty("l1", l1),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        check_samples(network, self.loss, self.X, self.Y)

    @property
    def dimension(self) -> int:
        """P."""
        return self.network.parameter_count

    @property
    def samples(self) -> int:
        """How many, m."""
        return int(self.X.shape[-1])

    def on(self, samples: Chosen) -> NetworkCost:
        """The same cost on some of the samples: an index, indices, a slice or a mask over m."""
        chosen = chosen_samples(samples, self.samples)
        return replace(self, X=sealed(self.X[..., chosen]), Y=sealed(self.Y[..., chosen]))

    def value(self, theta: ArrayLike) -> Array:
        """C, (...)."""
        theta = numbers(theta, "theta")
        return self.value_after(theta, self.network.forward(theta, self.X))

    def gradient(self, theta: ArrayLike) -> Array:
        """∇C, (..., P)."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: ArrayLike) -> tuple[Array, Array]:
        """C and ∇C, (...) and (..., P), in one forward and one backward pass."""
        theta = numbers(theta, "theta")
        forward = self.network.forward(theta, self.X)
        gradient = self.network.backward(theta, forward, self.Y, self.loss).gradient
        if self.l2 or self.l1:
            with np.errstate(all="ignore"):
                gradient += self.weights * (self.l2 * theta + self.l1 * np.sign(theta))
        return self.value_after(theta, forward), gradient

    def hessian_vector_product(self, theta: ArrayLike, v: ArrayLike) -> Array:
        """∇²C·v, (..., P), exact (Pearlmutter 1994)."""
        theta, v = self.checked(theta), self.checked(v)
        return second.hessian_vector_product(self.network, self.loss, theta, self.X, self.Y, v) + self.penalty_product(v)

    def hessian(self, theta: ArrayLike) -> Array:
        """∇²C, (..., P, P), exact."""
        H = second.hessian(self.network, self.loss, self.checked(theta), self.X, self.Y)
        return H + np.diag(self.l2 * self.weights) if self.l2 else H

    def gauss_newton_product(self, theta: ArrayLike, v: ArrayLike) -> Array:
        """The Gauss–Newton matrix times v, (..., P): `hessian_vector_product` without the network's own curvature."""
        theta, v = self.checked(theta), self.checked(v)
        return second.gauss_newton_product(self.network, self.loss, theta, self.X, self.Y, v) + self.penalty_product(v)

    def gauss_newton(self, theta: ArrayLike) -> Array:
        """The Gauss–Newton matrix, (..., P, P)."""
        G = second.gauss_newton(self.network, self.loss, self.checked(theta), self.X, self.Y)
        return G + np.diag(self.l2 * self.weights) if self.l2 else G

    def losses(self, theta: ArrayLike) -> Array:
        """L of every sample, (..., m), without penalty."""
        return self.losses_after(self.network.forward(theta, self.X))

    @cached_property
    def weights(self) -> Array:
        """1 where theta holds a weight, 0 where a bias, (P,)."""
        return sealed(weight_mask(self.network))

    def losses_after(self, forward: Forward) -> Array:
        """L of every sample, (..., m): from the logits where output and loss belong together."""
        if self.loss.fuses_with(self.network.layer_activations[-1]):
            return self.loss.values_from_logits(forward.logits, self.Y)
        return self.loss.values(forward.output, self.Y)

    def value_after(self, theta: Array, forward: Forward) -> Array:
        """C of a forward pass, (...)."""
        with np.errstate(all="ignore"):
            return self.losses_after(forward).mean(axis=-1) + self.penalty(theta)

    def penalty(self, theta: Array) -> Array | float:
        """`½·l2·Σ‖W‖² + l1·Σ|W|`, (...); 0 where there is none."""
        if not (self.l2 or self.l1):
            return 0.0
        with np.errstate(all="ignore"):
            W = theta * self.weights
            return 0.5 * self.l2 * np.sum(W * W, axis=-1) + self.l1 * np.sum(np.abs(W), axis=-1)

    def penalty_product(self, v: Array) -> Array:
        """The penalty's own Hessian times v: l2 on the weights, and nothing of l1, which is straight where no weight is 0."""
        with np.errstate(all="ignore"):
            return self.l2 * self.weights * v

    def checked(self, theta: ArrayLike) -> Array:
        """Theta or a direction as an array (..., P)."""
        theta = numbers(theta, "theta")
        self.network.unpack(theta)
        return theta

    @cached_property
    def _digest(self) -> int:
        return digest(self.network, self.loss.name, self.X, self.Y, self.l2, self.l1)

    def __hash__(self) -> int:
        return self._digest

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NetworkCost):
            return NotImplemented
        same = (self.network, self.loss, self.l2, self.l1) == (other.network, other.loss, other.l2, other.l1)
        return same and np.array_equal(self.X, other.X) and np.array_equal(self.Y, other.Y)


def check_samples(network: Network, loss: Loss, X: Array, Y: Array) -> None:
    """ValueError unless X and Y are finite samples of the network's inputs and outputs, with targets in the loss's domain."""
    network.check_input(np.empty(network.parameter_count), X)
    k, m = network.sizes[-1], X.shape[-1]
    if Y.ndim < 2 or Y.shape[-2:] != (k, m):
        raise ValueError(
            f"X is {X.shape} and Y is {Y.shape}: Y needs {k} rows, one for each output, and a column for each of the {m} samples"
        )
    if m == 0:
        raise ValueError(f"X is {X.shape}: the cost is a mean and needs at least 1 sample")
    try:
        np.broadcast_shapes(X.shape[:-2], Y.shape[:-2])
    except ValueError as error:
        raise ValueError(f"X is {X.shape} and Y is {Y.shape}: their leading batch dimensions need to be equal or 1") from error
    for name, part in (("X", X), ("Y", Y)):
        if not np.isfinite(part).all():
            raise ValueError(f"{name} {part.shape} holds {part[~np.isfinite(part)][0]}: every number needs to be finite")
    if trouble := loss.complaint(Y):
        raise ValueError(f"Y {trouble}; {loss.name} is not defined elsewhere")


@dataclass(frozen=True, eq=False)
class Quadratic:
    """`½·θᵀAθ − bᵀθ`, of which only the symmetric part of A counts.

    Parameters
    ----------
    A : (D, D)
    b : (D,) or a number

    Examples
    --------
    >>> bowl = Quadratic([[2.0, 0.0], [0.0, 1.0]], b=1.0)
    >>> float(bowl.value([1.0, 1.0])), bowl.gradient([1.0, 1.0])
    (-0.5, array([1., 0.]))
    """

    A: Array
    b: Array

    def __init__(self, A: ArrayLike, b: ArrayLike = 0.0) -> None:
        matrix, linear = numbers(A, "A"), numbers(b, "b")
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
            raise ValueError(f"A is {matrix.shape}: a quadratic needs a square matrix (D, D)")
        if linear.shape not in ((), (len(matrix),)):
            raise ValueError(f"A is {matrix.shape} and b is {linear.shape}: b needs the shape ({len(matrix)},), or to be one number")
        object.__setattr__(self, "A", sealed(matrix / 2 + matrix.T / 2))
        object.__setattr__(self, "b", sealed(np.broadcast_to(linear, len(matrix)).copy()))

    @property
    def dimension(self) -> int:
        """D."""
        return len(self.b)

    def value(self, theta: ArrayLike) -> Array:
        """`½·θᵀAθ − bᵀθ`, (...)."""
        theta = self.checked(theta)
        with np.errstate(all="ignore"):
            return np.sum(theta * (0.5 * theta @ self.A - self.b), axis=-1)

    def gradient(self, theta: ArrayLike) -> Array:
        """`Aθ − b`, (..., D)."""
        theta = self.checked(theta)
        with np.errstate(all="ignore"):
            return theta @ self.A - self.b

    def value_and_gradient(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Both, (...) and (..., D)."""
        return self.value(theta), self.gradient(theta)

    def hessian_vector_product(self, theta: ArrayLike, v: ArrayLike) -> Array:
        """`Av`, (..., D)."""
        theta, v = self.checked(theta), self.checked(v)
        with np.errstate(all="ignore"):
            return np.broadcast_to(v @ self.A, np.broadcast_shapes(theta.shape, v.shape)).copy()

    def hessian(self, theta: ArrayLike) -> Array:
        """A, for every theta: (..., D, D)."""
        D = self.dimension
        return np.broadcast_to(self.A, (*self.checked(theta).shape[:-1], D, D)).copy()

    @property
    def minimum(self) -> Array:
        """Where the gradient is 0, (D,); the shortest such point where A is singular."""
        return np.linalg.lstsq(self.A, self.b, rcond=None)[0]

    def checked(self, theta: ArrayLike) -> Array:
        """Theta or a direction as an array (..., D)."""
        theta = numbers(theta, "theta")
        if theta.ndim == 0 or theta.shape[-1] != self.dimension:
            raise ValueError(f"theta is {theta.shape} and A is {self.A.shape}: theta needs the shape (..., {self.dimension})")
        return theta

    def __hash__(self) -> int:
        return digest(self.A, self.b)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quadratic) and np.array_equal(self.A, other.A) and np.array_equal(self.b, other.b)
