"""The cost of a recurrent network over a sequence, and its gradient by back-propagation through time.

`eₜ = ∂C/∂yₜ`; `δₜ = f′(zₜ) ⊙ (W_hyᵀ·eₜ + W_hhᵀ·δₜ₊₁)` is ∂C/∂zₜ through all later steps; each step adds `δₜ·hₜ₋₁ᵀ` to ∂C/∂W_hh, `δₜ·xₜᵀ` to
∂C/∂W_xh, `δₜ` to ∂C/∂b_h, `eₜ·hₜᵀ` to ∂C/∂W_hy and `eₜ` to ∂C/∂b_y. The Hessian-vector product is their directional derivative.

Source: Werbos (1990), Backpropagation through time: what it does and how to do it; Williams & Peng (1990) for truncation; Pearlmutter
(1994), Fast exact multiplication by the Hessian, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.arrays import sealed
from nnviz.core.losses import Loss, get_loss
from nnviz.core.objectives import Chosen, chosen_samples, digest, frozen_array
from nnviz.core.recurrent_network import Array, Blocks, RecurrentNetwork, Unrolled, sequence, steps_under

CHUNK = 2**21  # numbers of the hidden trajectories that a block of Hessian rows may hold


@dataclass(frozen=True, eq=False)
class ThroughTime:
    """What back-propagation through time hands back."""

    gradient: Array  # (..., P)
    delta: Array  # (T, ..., h, m): ∂C/∂z[t], through all later steps
    output_delta: Array  # (T, ..., k, m): ∂C/∂y[t]
    unrolled: Unrolled
    X: Array

    @cached_property
    def contributions(self) -> Blocks:
        """What each step adds to ∂C/∂(block), (T, ..., rows, columns): entry t of "W_hh" is `δₜ·hₜ₋₁ᵀ`; summed over t, the gradient."""
        h, delta, e = self.unrolled.h, self.delta, self.output_delta
        X = steps_under(self.X, delta.ndim - 3)
        with np.errstate(all="ignore"):
            return Blocks(
                W_xh=delta @ _transposed(X),
                W_hh=delta @ _transposed(h[:-1]),
                b_h=delta.sum(axis=-1, keepdims=True),
                W_hy=e @ _transposed(h[1:]),
                b_y=e.sum(axis=-1, keepdims=True),
            )


@dataclass(frozen=True, eq=False)
class RecurrentCost:
    """The mean loss of a recurrent network over all samples and steps that have a target: an Objective.

    Parameters
    ----------
    network : RecurrentNetwork
    loss : name or Loss
        One of probabilities (a cross-entropy) reads the outputs as logits, as PyTorch's does.
    X : (T, n, m)
    Y : (T, k, m)
        NaN where there is no target: all k outputs of that step and sample, or none.
    truncation : int, optional
        `gradient` flows back within stretches of so many steps only, as with a `detach` between them (truncated BPTT); value and Hessian
        are the whole cost's.
    """

    network: RecurrentNetwork
    loss: Loss
    X: Array
    Y: Array
    truncation: int | None = None
    told: NDArray[np.intp] = field(init=False, repr=False)  # which of the T·m steps and samples have a target
    targets: Array = field(init=False, repr=False)  # (k, len(told))

    def __post_init__(self) -> None:
        X, Y = sequence(self.X, self.network.inputs, "X"), sequence(self.Y, self.network.outputs, "Y")
        if X.shape[0] != Y.shape[0] or X.shape[2] != Y.shape[2]:
            raise ValueError(f"X is {X.shape} and Y {Y.shape}: both need the same number of steps (first) and samples (last)")
        if not np.isfinite(X).all():
            raise ValueError(f"X {X.shape} holds numbers that are not finite: a recurrent network needs each input; fill the gaps first")
        if self.truncation is not None and not (isinstance(self.truncation, int | np.integer) and self.truncation >= 1):
            raise ValueError(f"truncation is {str(self.truncation)[:40]}: give a whole number of steps from 1 on, or None")
        if np.isinf(Y).any():
            raise ValueError(f"Y {Y.shape} holds {Y[np.isinf(Y)][0]}: every target needs to be finite, or NaN where there is none")
        missing = np.isnan(Y).sum(axis=1)
        if ((missing > 0) & (missing < Y.shape[1])).any():
            raise ValueError(f"Y {Y.shape} misses some outputs of a step and not others: set all {Y.shape[1]} to NaN, or none")
        told = np.flatnonzero(missing.ravel() == 0)
        if not told.size:
            raise ValueError(f"Y {Y.shape} has no target at all: at least one step of one sample needs one")
        loss, targets = get_loss(self.loss), np.moveaxis(Y, 1, 0).reshape(Y.shape[1], -1)[:, told]
        if trouble := loss.complaint(targets):
            raise ValueError(f"Y {trouble}; {loss.name} is not defined elsewhere")
        values = {"X": frozen_array(X), "Y": frozen_array(Y), "loss": loss, "told": told, "targets": sealed(targets)}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def dimension(self) -> int:
        """P."""
        return self.network.parameter_count

    def __hash__(self) -> int:
        return digest(self.network, self.loss.name, self.X, np.nan_to_num(self.Y), self.truncation)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecurrentCost):
            return NotImplemented
        same = (self.network, self.loss, self.truncation) == (other.network, other.loss, other.truncation)
        return same and np.array_equal(self.X, other.X) and np.array_equal(self.Y, other.Y, equal_nan=True)

    def on(self, samples: Chosen) -> RecurrentCost:
        """The same cost on some of the samples: an index, indices, a slice or a mask over m."""
        chosen = chosen_samples(samples, self.X.shape[-1])
        return replace(self, X=sealed(self.X[:, :, chosen]), Y=sealed(self.Y[:, :, chosen]))

    def value(self, theta: ArrayLike) -> Array:
        """`C(θ)`, (...)."""
        with np.errstate(all="ignore"):
            return self._value(self.network.forward(theta, self.X))

    def gradient(self, theta: ArrayLike) -> Array:
        """`∇C(θ)`, (..., P)."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: ArrayLike) -> tuple[Array, Array]:
        """`C(θ)` (...) and `∇C(θ)` (..., P)."""
        back = self.backward(theta)
        with np.errstate(all="ignore"):
            return self._value(back.unrolled), back.gradient

    def backward(self, theta: ArrayLike) -> ThroughTime:
        """The gradient with each step's δ and contribution."""
        theta = np.asarray(theta, dtype=float)
        unrolled = self.network.forward(theta, self.X)
        with np.errstate(all="ignore"):
            e = self._at_steps(self._loss_derivative(self._at_targets(unrolled.output)) / self.told.size)
            p, f = self.network.unpack(theta), self.network.f
            delta = np.empty_like(unrolled.z)
            for t in reversed(range(len(delta))):
                g = _transposed(p.W_hy) @ e[t]
                if t + 1 < len(delta) and (self.truncation is None or (t + 1) % self.truncation):
                    g = g + _transposed(p.W_hh) @ delta[t + 1]
                delta[t] = f.vjp(unrolled.z[t], unrolled.h[t + 1], g)
            gradient = self.network.pack(_block_sums(delta, e, unrolled.h, self.X))
        return ThroughTime(gradient, delta, e, unrolled, self.X)

    def hessian_vector_product(self, theta: ArrayLike, v: ArrayLike) -> Array:
        """`H·v`, exact: theta and v are (..., P) and broadcast."""
        theta, v = np.broadcast_arrays(np.asarray(theta, dtype=float), np.asarray(v, dtype=float))
        whole = replace(self, truncation=None).backward(theta)
        with np.errstate(all="ignore"):
            return self._tangent_of_gradient(whole, self.network.unpack(theta), self.network.unpack(v))

    def hessian(self, theta: ArrayLike) -> Array:
        """`∇²C(θ)`, (..., P, P), exact: its product with each axis."""
        theta = np.asarray(theta, dtype=float)
        axes = np.eye(self.dimension)
        per_row = max(1, theta.size // self.dimension * self.X.shape[0] * self.X.shape[2] * self.network.hidden)
        blocks = np.array_split(axes, min(self.dimension, -(-self.dimension * per_row // CHUNK)))
        return np.concatenate([self.hessian_vector_product(theta[..., None, :], block) for block in blocks], axis=-2)

    def jacobian_norms(self, theta: ArrayLike, every: int = 1) -> Array:
        """`‖∂h_t/∂h_s‖₂` of the first sample, (..., T, T): row t, column s, 0 where s > t, inf where it overflows; each so-many-th step."""
        return self.network.jacobian_norms(theta, self.X, every)

    def _tangent_of_gradient(self, back: ThroughTime, p: Blocks, v: Blocks) -> Array:
        """How the gradient moves as theta moves along v: the lines of forward and backward, each differentiated."""
        h, z, output = back.unrolled
        delta, e, f = back.delta, back.output_delta, self.network.f
        h_dot, z_dot = np.zeros_like(h), v.W_xh @ steps_under(self.X, z.ndim - 3) + v.b_h
        for t in range(len(z)):
            z_dot[t] += v.W_hh @ h[t] + p.W_hh @ h_dot[t]
            h_dot[t + 1] = f.jvp(z[t], h[t + 1], z_dot[t])
        output_dot = p.W_hy @ h_dot[1:] + v.W_hy @ h[1:] + v.b_y
        e_dot = self._at_steps(self._loss_tangent(self._at_targets(output), self._at_targets(output_dot)) / self.told.size)
        delta_dot = np.empty_like(delta)
        for t in reversed(range(len(z))):
            g = _transposed(p.W_hy) @ e[t]
            g_dot = _transposed(v.W_hy) @ e[t] + _transposed(p.W_hy) @ e_dot[t]
            if t + 1 < len(z):
                g = g + _transposed(p.W_hh) @ delta[t + 1]
                g_dot = g_dot + _transposed(v.W_hh) @ delta[t + 1] + _transposed(p.W_hh) @ delta_dot[t + 1]
            delta_dot[t] = f.vjp_tangent(z[t], h[t + 1], z_dot[t], g, g_dot)
        sums = _block_sums(delta_dot, e_dot, h, self.X)
        sums["W_hh"] = sums["W_hh"] + _summed_products(delta, h_dot[:-1])
        sums["W_hy"] = sums["W_hy"] + _summed_products(e, h_dot[1:])
        return self.network.pack(sums)

    def _value(self, unrolled: Unrolled) -> Array:
        values = self.loss.values_from_logits if self.loss.from_logits else self.loss.values
        return values(self._at_targets(unrolled.output), self.targets).mean(axis=-1)

    def _loss_derivative(self, y: Array) -> Array:
        derivative = self.loss.derivative_from_logits if self.loss.from_logits else self.loss.derivative
        return derivative(y, self.targets)

    def _loss_tangent(self, y: Array, y_dot: Array) -> Array:
        """How `∂L/∂y` moves as y moves by ẏ; from logits it is a − y, which moves as the probabilities do."""
        if self.loss.from_logits:
            output = ACTIVATIONS[self.loss.from_logits.activation]
            return output.jvp(y, output(y), y_dot)
        return self.loss.second_derivative(y, self.targets) * y_dot

    def _at_targets(self, output: Array) -> Array:
        """(T, ..., k, m) → (..., k, targets): the steps and samples that have one, as columns."""
        moved = np.moveaxis(output, 0, -2)
        return moved.reshape(*moved.shape[:-2], -1)[..., self.told]

    def _at_steps(self, columns: Array) -> Array:
        """The way back: (..., k, targets) → (T, ..., k, m), 0 where there is no target."""
        steps, samples = self.X.shape[0], self.X.shape[2]
        spread = np.zeros((*columns.shape[:-1], steps * samples))
        spread[..., self.told] = columns
        return np.moveaxis(spread.reshape(*spread.shape[:-1], steps, samples), -2, 0)


def _block_sums(delta: Array, e: Array, h: Array, X: Array) -> Blocks:
    """The contributions of all steps, summed: (..., rows, columns) by name."""
    return Blocks(
        W_xh=_summed_products(delta, np.broadcast_to(steps_under(X, delta.ndim - 3), (*delta.shape[:-2], *X.shape[1:]))),
        W_hh=_summed_products(delta, h[:-1]),
        b_h=delta.sum(axis=(0, -1))[..., None],
        W_hy=_summed_products(e, h[1:]),
        b_y=e.sum(axis=(0, -1))[..., None],
    )


def _summed_products(left: Array, right: Array) -> Array:
    """`Σₜ leftₜ·rightₜᵀ` as one product over steps and samples: (T, ..., a, m), (T, ..., b, m) → (..., a, b)."""
    return _steps_as_columns(left) @ _transposed(_steps_as_columns(right))


def _steps_as_columns(values: Array) -> Array:
    moved = np.moveaxis(values, 0, -2)
    return moved.reshape(*moved.shape[:-2], -1)


def _transposed(matrices: Array) -> Array:
    return np.swapaxes(matrices, -1, -2)
