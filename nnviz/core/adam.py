"""Adam and its kin: two moments of the gradient, one to move by and one to scale by.

As in PyTorch, ε stands outside the root, NAdam is written without a look-ahead and AMSGrad takes the maximum before the bias correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from nnviz.core.rules import average_into, average_square_into, divide_by_root
from nnviz.core.stepping import Array, Hyperparameter, Optimizer, State

_BELOW_ONE = float(np.nextafter(1.0, 0.0))  # 1 − βᵗ divides
_MOMENTS = {"beta1": (0.0, _BELOW_ONE), "beta2": (0.0, _BELOW_ONE)}


@dataclass(frozen=True, eq=False)
class Adam(Optimizer):
    """Kingma and Ba (2015), algorithm 1: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − α·m̂/(√v̂ + ε).

    m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ), or m and v themselves without `bias_correction`.
    """

    learning_rate: Hyperparameter = 1e-3
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-8
    bias_correction: bool = True
    name: ClassVar[str] = "adam"
    memory: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment")
    bounds: ClassVar = _MOMENTS

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        update_moments(gradient, state)
        adam_step(self, theta, state["first_moment"], state["second_moment"], state)


@dataclass(frozen=True, eq=False)
class AdamW(Optimizer):
    """Loshchilov and Hutter (2019), algorithm 2: θ ← (1 − αλ)θ, then Adam's step."""

    learning_rate: Hyperparameter = 1e-3
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-8
    bias_correction: bool = True
    weight_decay: Hyperparameter = 1e-2
    name: ClassVar[str] = "adamw"
    memory: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment")
    bounds: ClassVar = _MOMENTS

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        theta *= 1 - state.rate * self.weight_decay
        update_moments(gradient, state)
        adam_step(self, theta, state["first_moment"], state["second_moment"], state)


@dataclass(frozen=True, eq=False)
class AMSGrad(Optimizer):
    """Reddi, Kale and Kumar (2018) as PyTorch: Adam with the largest v so far, taken before its bias correction."""

    learning_rate: Hyperparameter = 1e-3
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-8
    bias_correction: bool = True
    name: ClassVar[str] = "amsgrad"
    memory: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment", "max_second_moment")
    bounds: ClassVar = _MOMENTS

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        update_moments(gradient, state)
        largest = state["max_second_moment"]
        np.maximum(largest, state["second_moment"], out=largest)
        adam_step(self, theta, state["first_moment"], largest, state)


@dataclass(frozen=True, eq=False)
class NAdam(Optimizer):
    """Dozat (2016) as PyTorch: μₜ = β₁(1 − ½·0.96^(tψ)), θ ← θ − α[(1 − μₜ)g/(1 − Πμ) + μₜ₊₁m/(1 − μₜ₊₁Πμ)]/(√v̂ + ε).

    Πμ is the product of all μ so far. Without `bias_correction` the two divisors 1 − Π and that of v are 1.
    """

    learning_rate: Hyperparameter = 2e-3
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-8
    bias_correction: bool = True
    momentum_decay: Hyperparameter = 4e-3
    name: ClassVar[str] = "nadam"
    memory: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment")
    scratch_arrays: ClassVar[int] = 2
    bounds: ClassVar = _MOMENTS

    def start(self, theta: ArrayLike, objective: Any = None) -> State:
        state = super().start(theta, objective)
        state.private["product"] = 1.0
        return state

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        update_moments(gradient, state)
        change, root = state.scratch
        mu, following = (self.beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay)) for t in (state.count, state.count + 1))
        state.private["product"] = product = state.private["product"] * mu
        corrections = (1 - product, 1 - product * following, 1 - self.beta2**state.count)
        now, ahead, second = corrections if self.bias_correction else (1.0, 1.0, 1.0)
        np.sqrt(state["second_moment"], root)
        root /= second**0.5
        root += self.epsilon
        np.multiply(gradient, (1 - mu) / now, change)
        change /= root
        np.divide(state["first_moment"], root, root)
        root *= following / ahead
        change += root
        change *= state.rate
        theta -= change


@dataclass(frozen=True, eq=False)
class RAdam(Optimizer):
    """Liu et al. (2020), algorithm 2 as PyTorch: Adam's step times r where ρₜ > 5, momentum alone (θ ← θ − αm̂) before.

    ρ∞ = 2/(1 − β₂) − 1, ρₜ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), r² = (ρₜ − 4)(ρₜ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρₜ).
    """

    learning_rate: Hyperparameter = 1e-3
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-8
    bias_correction: bool = True
    name: ClassVar[str] = "radam"
    memory: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment")
    bounds: ClassVar = _MOMENTS

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        update_moments(gradient, state)
        change = state.scratch[0]
        decay = self.beta2**state.count
        first, second = (1 - self.beta1**state.count, 1 - decay) if self.bias_correction else (1.0, 1.0)
        limit = 2 / (1 - self.beta2) - 1
        length = limit - 2 * state.count * decay / (1 - decay)
        adaptive = np.greater(length, 5.0)
        with np.errstate(all="ignore"):  # ρ∞ = 4 divides by 0 where r is not used
            squared = np.divide((length - 4) * (length - 2) * limit, (limit - 4) * (limit - 2) * length)
        np.sqrt(state["second_moment"], change)
        change += self.epsilon
        np.divide(np.sqrt(np.where(adaptive, squared, 0.0) * second), change, change)
        np.copyto(change, 1.0, where=~adaptive)
        change *= state["first_moment"]
        change *= state.rate / first
        theta -= change


def update_moments(gradient: Array, state: State) -> None:
    """The start of all of Adam's kin: m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g²."""
    state.count += 1
    average_into(state["first_moment"], gradient, state.decays["beta1"], state.scratch[0])
    average_square_into(state["second_moment"], gradient, state.decays["beta2"], state.scratch[0])


def adam_step(optimizer: Any, theta: Array, first: Array, second: Array, state: State) -> None:
    """θ ← θ − α·m̂/(√v̂ + ε), with both corrections drawn into the learning rate and ε."""
    rate, epsilon, change = state.rate, optimizer.epsilon, state.scratch[0]
    if optimizer.bias_correction:
        root = (1 - optimizer.beta2**state.count) ** 0.5
        rate, epsilon = rate * root / (1 - optimizer.beta1**state.count), epsilon * root
    divide_by_root(first, second, epsilon, change)
    change *= rate
    theta -= change
