"""First-order rules but for Adam's kin (`adam.py`). g is the gradient, α the rate; each rule stands as its steps do in its source.

Where PyTorch and the paper differ, it is PyTorch's: ε is outside the root (except Adadelta, inside both) and Nesterov is written without
a look-ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnviz.core.stepping import Array, Hyperparameter, Optimizer, State

_MOMENTUM = {"beta": (0.0, 1.0)}


@dataclass(frozen=True, eq=False)
class SGD(Optimizer):
    """Gradient descent: θ ← θ − αg. What the batch is (all, one or B samples) is the gradient's affair."""

    learning_rate: Hyperparameter = 0.01
    name: ClassVar[str] = "sgd"

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        change = state.scratch[0]
        np.multiply(gradient, state.step_size, change)
        theta -= change


@dataclass(frozen=True, eq=False)
class Momentum(Optimizer):
    """Momentum as an exponential average: v ← βv + (1 − β)g, θ ← θ − αv, from v = 0."""

    learning_rate: Hyperparameter = 0.01
    beta: Hyperparameter = 0.9
    name: ClassVar[str] = "momentum"
    memory: ClassVar[tuple[str, ...]] = ("velocity",)
    bounds: ClassVar = _MOMENTUM

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        velocity, change = state["velocity"], state.scratch[0]
        average_into(velocity, gradient, state.decays["beta"], change)
        np.multiply(velocity, state.step_size, change)
        theta -= change


@dataclass(frozen=True, eq=False)
class HeavyBall(Optimizer):
    """Polyak's heavy ball (1964) as torch.optim.SGD(momentum=β): v ← βv + g, θ ← θ − αv."""

    learning_rate: Hyperparameter = 0.01
    beta: Hyperparameter = 0.9
    name: ClassVar[str] = "heavy_ball"
    memory: ClassVar[tuple[str, ...]] = ("velocity",)
    bounds: ClassVar = _MOMENTUM

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        velocity, change = state["velocity"], state.scratch[0]
        pushed(velocity, gradient, state.decays["beta"][0])
        np.multiply(velocity, state.step_size, change)
        theta -= change


@dataclass(frozen=True, eq=False)
class Nesterov(Optimizer):
    """Nesterov's momentum (1983) as torch.optim.SGD(momentum=β, nesterov=True): v ← βv + g, θ ← θ − α(g + βv)."""

    learning_rate: Hyperparameter = 0.01
    beta: Hyperparameter = 0.9
    name: ClassVar[str] = "nesterov"
    memory: ClassVar[tuple[str, ...]] = ("velocity",)
    bounds: ClassVar = _MOMENTUM

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        velocity, change, beta = state["velocity"], state.scratch[0], state.decays["beta"][0]
        pushed(velocity, gradient, beta)
        np.multiply(velocity, beta, change)
        change += gradient
        change *= state.step_size
        theta -= change


@dataclass(frozen=True, eq=False)
class AdaGrad(Optimizer):
    """Duchi, Hazan and Singer (2011): s ← s + g², θ ← θ − αg/(√s + ε)."""

    learning_rate: Hyperparameter = 0.01
    epsilon: Hyperparameter = 1e-10
    name: ClassVar[str] = "adagrad"
    memory: ClassVar[tuple[str, ...]] = ("sum_of_squares",)

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        squares, change = state["sum_of_squares"], state.scratch[0]
        np.multiply(gradient, gradient, change)
        squares += change
        divide_by_root(gradient, squares, self.epsilon, change)
        change *= state.step_size
        theta -= change


@dataclass(frozen=True, eq=False)
class RMSProp(Optimizer):
    """Tieleman and Hinton (2012): v ← βv + (1 − β)g², θ ← θ − αg/(√v + ε)."""

    learning_rate: Hyperparameter = 0.01
    beta: Hyperparameter = 0.99
    epsilon: Hyperparameter = 1e-8
    name: ClassVar[str] = "rmsprop"
    memory: ClassVar[tuple[str, ...]] = ("second_moment",)
    bounds: ClassVar = _MOMENTUM

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        second, change = state["second_moment"], state.scratch[0]
        average_square_into(second, gradient, state.decays["beta"], change)
        divide_by_root(gradient, second, self.epsilon, change)
        change *= state.step_size
        theta -= change


@dataclass(frozen=True, eq=False)
class Adadelta(Optimizer):
    """Zeiler (2012), algorithm 1: v ← ρv + (1 − ρ)g², Δ = √(u + ε)/√(v + ε)·g, u ← ρu + (1 − ρ)Δ², θ ← θ − αΔ."""

    learning_rate: Hyperparameter = 1.0
    rho: Hyperparameter = 0.9
    epsilon: Hyperparameter = 1e-6
    name: ClassVar[str] = "adadelta"
    memory: ClassVar[tuple[str, ...]] = ("second_moment", "squared_updates")
    scratch_arrays: ClassVar[int] = 2
    bounds: ClassVar = {"rho": (0.0, 1.0)}

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        second, squared_updates = state["second_moment"], state["squared_updates"]
        change, ratio = state.scratch
        average_square_into(second, gradient, state.decays["rho"], change)
        np.add(squared_updates, self.epsilon, change)
        np.add(second, self.epsilon, ratio)
        np.sqrt(change, change)
        np.sqrt(ratio, ratio)
        change /= ratio
        change *= gradient
        average_square_into(squared_updates, change, state.decays["rho"], ratio)
        change *= state.step_size
        theta -= change


@dataclass(frozen=True, eq=False)
class Lion(Optimizer):
    """Chen et al. (2023), algorithm 2: θ ← θ − α(sign(β₁m + (1 − β₁)g) + λθ), then m ← β₂m + (1 − β₂)g."""

    learning_rate: Hyperparameter = 1e-4
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99
    weight_decay: Hyperparameter = 0.0
    name: ClassVar[str] = "lion"
    memory: ClassVar[tuple[str, ...]] = ("first_moment",)
    scratch_arrays: ClassVar[int] = 2
    bounds: ClassVar = {"beta1": (0.0, 1.0), "beta2": (0.0, 1.0)}

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        first, (change, part) = state["first_moment"], state.scratch
        beta1, rest = state.decays["beta1"]
        np.multiply(first, beta1, change)
        np.multiply(gradient, rest, part)
        change += part
        np.sign(change, change)
        np.multiply(theta, self.weight_decay, part)
        change += part
        change *= state.step_size
        theta -= change
        average_into(first, gradient, state.decays["beta2"], part)


def pushed(velocity: Array, gradient: Array, beta: Array) -> None:
    """A velocity in place: βv + g."""
    velocity *= beta
    velocity += gradient


def average_into(average: Array, sample: Array, decay: tuple[Array, Array], scratch: Array) -> None:
    """An exponential average in place: β·average + (1 − β)·sample."""
    beta, rest = decay
    average *= beta
    np.multiply(sample, rest, scratch)
    average += scratch


def average_square_into(average: Array, sample: Array, decay: tuple[Array, Array], scratch: Array) -> None:
    """An exponential average of squares in place: β·average + (1 − β)·sample²."""
    beta, rest = decay
    average *= beta
    np.multiply(sample, sample, scratch)
    scratch *= rest
    average += scratch


def divide_by_root(numerator: Array, second: Array, epsilon: Hyperparameter, out: Array) -> None:
    """Writes numerator/(√second + ε) into out."""
    np.sqrt(second, out)
    out += epsilon
    np.divide(numerator, out, out)
