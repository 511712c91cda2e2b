"""What every optimiser is: a frozen description, the state that its `start` makes, and a `step` in place.

An optimiser describes itself by its hyperparameters, each a number or an array of shape (*batch, 1), a value for each run. All that changes
is in the `State`. Clipping and weight decay are optimisers around an optimiser (`ClippedByNorm`, `ClippedByValue`, `Decayed`), so that they
combine with any and with each other, from the outside in: `ClippedByNorm(Decayed(Adam(), 1e-4), 1.0)` clips, then decays, then steps.
"""

from __future__ import annotations

import copy
import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]
Hyperparameter = float | Array


class State(dict[str, Any]):
    """What an optimiser remembers: named arrays shaped like theta, which a page can show, and beside them:

    - `count`: the steps taken,
    - `rate`: the learning rate in force, which `scale_learning_rate` sets from a schedule's factor,
    - `step_size`: the same as an array, which NumPy takes faster than a number,
    - `decays`: (β, 1 − β) of each averaging hyperparameter, as arrays too,
    - `scratch`: arrays without a meaning between steps, so that no step allocates,
    - `inner`, `objective`, `private`: an optimiser within, what newton and lbfgs look at, and what else a rule keeps to itself.
    """

    def __init__(self, arrays: dict[str, Any], learning_rate: Hyperparameter, scratch: list[Array]) -> None:
        super().__init__(arrays)
        self.count = 0
        self.learning_rate = self.rate = learning_rate
        self.step_size = np.asarray(learning_rate)
        self.scratch = scratch
        self.decays: dict[str, tuple[Array, Array]] = {}
        self.inner: State | None = None
        self.objective: Any = None
        self.private: dict[str, Any] = {}

    def scale_learning_rate(self, factor: Hyperparameter) -> None:
        """From now on the steps use learning_rate × factor; a number or (*batch, 1). A schedule calls it before a step."""
        self.rate = self.learning_rate * factor
        self.step_size = np.asarray(self.rate)
        if self.inner is not None:
            self.inner.scale_learning_rate(factor)

    def kept(self) -> State:
        """A copy of what it remembers, without scratch and objective."""
        kept = State({name: copy.copy(value) for name, value in self.items()}, self.learning_rate, [])
        kept.count, kept.private = self.count, copy.deepcopy(self.private)
        kept.inner = None if self.inner is None else self.inner.kept()
        return kept

    def recall(self, kept: State) -> None:
        """From now on remember what another state of the same optimiser did; rate, scratch and objective stay its own."""
        for name, value in kept.items():
            if isinstance(value, np.ndarray):
                self[name][...] = value  # in place: an optimiser around it has the same arrays
            else:
                self[name] = copy.copy(value)
        self.count, self.private = kept.count, copy.deepcopy(kept.private)
        if self.inner is not None and kept.inner is not None:
            self.inner.recall(kept.inner)


class Optimizer(ABC):
    """A frozen dataclass of hyperparameters with `start` and `step`; equal where all of them are (arrays by `array_equal`)."""

    name: ClassVar[str]
    memory: ClassVar[tuple[str, ...]] = ()  # the arrays of its state, in the order in which they are explained
    scratch_arrays: ClassVar[int] = 1
    bounds: ClassVar[dict[str, tuple[float, float]]] = {}  # of hyperparameters, besides "finite and not negative"; the end is included
    learning_rate: Hyperparameter

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, field.name)
            if field.type == "Hyperparameter":
                object.__setattr__(self, field.name, _checked(self.name, field.name, value, *self.bounds.get(field.name, (0.0, np.inf))))

    def start(self, theta: ArrayLike, objective: Any = None) -> State:
        """The state before the first step from theta (..., P): every array of `memory` is 0 and shaped like theta.

        ValueError where theta is not a float64 array, a hyperparameter does not fit its runs, or newton and lbfgs miss their objective.
        """
        theta = _checked_theta(theta)
        self._check_runs(theta)
        arrays = {name: np.zeros_like(theta) for name in self.memory}
        state = State(arrays, self.learning_rate, [np.empty_like(theta) for _ in range(self.scratch_arrays)])
        for name in ("beta", "beta1", "beta2", "rho"):
            if hasattr(self, name):
                decay = getattr(self, name)
                state.decays[name] = np.asarray(decay), np.asarray(1 - decay)
        return state

    def step(self, theta: Array, gradient: Array, state: State) -> None:
        """One step from theta (..., P) with the gradient there, theta changed in place; overflow gives inf and nan, no warning."""
        with np.errstate(all="ignore"):
            self.advance(theta, gradient, state)

    @abstractmethod
    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        """`step` without its guard against overflow warnings: for loops that hold one `np.errstate` around all their steps."""

    def hyperparameter_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of all hyperparameters; theta broadcasts against them."""
        return [np.shape(getattr(self, f.name)) for f in fields(self) if f.type == "Hyperparameter"]  # type: ignore[arg-type]

    def remembered(self) -> tuple[str, ...]:
        """The names of the arrays in its state."""
        return self.memory

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))  # type: ignore[arg-type]

    def __hash__(self) -> int:
        parts = [self.name, *(_digest(getattr(self, f.name)) for f in fields(self))]  # type: ignore[arg-type]
        return hash(tuple(parts))

    def _check_runs(self, theta: Array) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            shape = np.shape(getattr(self, field.name)) if field.type == "Hyperparameter" else ()
            if not shape:
                continue
            fits = (
                shape[-1] == 1
                and len(shape) <= theta.ndim
                and all(a in (1, b) for a, b in zip(shape[::-1], theta.shape[::-1], strict=False))
            )
            if not fits:
                raise ValueError(
                    f"{self.name}: {field.name} has shape {shape} and theta {theta.shape}: "
                    f"an array needs the shape (*batch, 1), one value for each run, here {(*theta.shape[:-1], 1)}"
                )


def _checked(optimizer: str, name: str, value: Any, low: float, high: float) -> Hyperparameter:
    """A hyperparameter as a float or a read-only float64 array."""
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{optimizer}: {name} is {str(value)[:40]!r}: it needs a number or an array of numbers") from None
    if not np.all(np.isfinite(array)) or np.any(array < low) or np.any(array > high):
        worst = array[~(np.isfinite(array) & (array >= low) & (array <= high))].flat[0] if array.ndim else float(array)
        bound = (
            f"at least {low:g}"
            if np.isinf(high)
            else f"from {low:g} to {high:g}" + (", itself excluded" if high < float(f"{high:g}") else "")
        )
        raise ValueError(f"{optimizer}: {name} is {worst:g}: it needs a finite number, {bound}")
    if array.ndim == 0:
        return float(array)
    array.flags.writeable = False
    return array


def _checked_theta(theta: ArrayLike) -> Array:
    if not isinstance(theta, np.ndarray) or theta.dtype != np.float64 or theta.ndim == 0:
        what = f"{theta.dtype} of shape {theta.shape}" if isinstance(theta, np.ndarray) else type(theta).__name__
        raise ValueError(
            f"theta is stepped in place and needs a float64 array of shape (..., P), got {what}: use np.array(theta, dtype=float)"
        )
    return theta


def _same(a: Any, b: Any) -> bool:
    return np.array_equal(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else bool(a == b)


def _digest(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return value.shape, hashlib.sha256((value + 0.0).tobytes()).hexdigest()  # −0.0 equals 0.0


# ------------------------------------------------------------------------------------------- optimisers around an optimiser


class _Around(Optimizer):
    """Changes the gradient (or theta) and hands it on to `.optimizer`, whose memory is its own."""

    optimizer: Optimizer

    @property
    def learning_rate(self) -> Hyperparameter:  # type: ignore[override]  # a property, so that it cannot differ from the optimiser's
        return self.optimizer.learning_rate

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.optimizer, Optimizer):
            raise ValueError(f"{self.name} goes around an optimiser such as Adam(), got {type(self.optimizer).__name__}")

    def hyperparameter_shapes(self) -> list[tuple[int, ...]]:
        return [*super().hyperparameter_shapes(), *self.optimizer.hyperparameter_shapes()]

    def remembered(self) -> tuple[str, ...]:
        return self.optimizer.remembered()

    def start(self, theta: ArrayLike, objective: Any = None) -> State:
        theta = _checked_theta(theta)
        self._check_runs(theta)
        seen = None if objective is None else _Seen(self, objective)
        inner = self.optimizer.start(theta, seen)
        state = State(dict(inner), inner.learning_rate, [np.empty_like(theta)])
        state.inner = inner
        return state

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        assert state.inner is not None
        state.count += 1
        self.shrink(theta, state)
        changed = state.scratch[0]
        self.change(theta, gradient, changed)
        self.optimizer.advance(theta, changed, state.inner)

    @abstractmethod
    def change(self, theta: Array, gradient: Array, out: Array) -> None:
        """Writes the changed gradient into out."""

    def penalty(self, theta: Array) -> Any:
        """What the change adds to the value, for a line search."""
        return 0.0

    def curvature(self) -> Hyperparameter:
        """What it adds to each eigenvalue of the Hessian."""
        return 0.0

    def shrink(self, theta: Array, state: State) -> None:
        """What is done to theta itself."""


class _Seen:
    """An objective as a wrapped newton or lbfgs sees it: with the gradient that it is given."""

    def __init__(self, around: _Around, objective: Any) -> None:
        self._around, self._objective = around, objective

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objective, name)

    @property
    def pointwise(self) -> bool:
        """Whether any points may be asked: not where runs have settings of their own."""
        return getattr(self._objective, "pointwise", False) and not any(self._around.hyperparameter_shapes())

    def value_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        value, gradient = self._objective.value_and_gradient(theta)
        changed = np.empty_like(theta)
        self._around.change(theta, gradient, changed)
        return value + self._around.penalty(theta), changed

    def hessian_vector_product(self, theta: Array, vector: Array) -> Array:
        return self._objective.hessian_vector_product(theta, vector) + self._around.curvature() * vector


@dataclass(frozen=True, eq=False)
class ClippedByNorm(_Around):
    """Gradients longer than `max_norm` are shortened to it, each run's over all its parameters: torch.nn.utils.clip_grad_norm_."""

    optimizer: Optimizer
    max_norm: Hyperparameter = 1.0
    name: ClassVar[str] = "clipped by norm"

    def change(self, theta: Array, gradient: Array, out: Array) -> None:
        norm = np.sqrt(np.einsum("...i,...i->...", gradient, gradient))[..., None]
        np.multiply(gradient, np.minimum(self.max_norm / (norm + 1e-6), 1.0), out)


@dataclass(frozen=True, eq=False)
class ClippedByValue(_Around):
    """Each component of the gradient is held within ±`max_value`: torch.nn.utils.clip_grad_value_."""

    optimizer: Optimizer
    max_value: Hyperparameter = 1.0
    name: ClassVar[str] = "clipped by value"

    def change(self, theta: Array, gradient: Array, out: Array) -> None:
        np.clip(gradient, np.negative(self.max_value), self.max_value, out)


@dataclass(frozen=True, eq=False)
class Decayed(_Around):
    """Weight decay λ: `decoupled`, θ ← (1 − αλ)·θ before the step (Loshchilov and Hutter 2019), else ∇C + λθ as PyTorch's weight_decay."""

    optimizer: Optimizer
    weight_decay: Hyperparameter = 1e-2
    decoupled: bool = True
    name: ClassVar[str] = "decayed"

    def change(self, theta: Array, gradient: Array, out: Array) -> None:
        if self.decoupled:
            np.copyto(out, gradient)
        else:
            np.multiply(theta, self.weight_decay, out)
            out += gradient

    def penalty(self, theta: Array) -> Any:
        if self.decoupled:
            return 0.0
        return 0.5 * np.sum(self.weight_decay * theta**2, axis=-1)

    def curvature(self) -> Hyperparameter:
        return 0.0 if self.decoupled else self.weight_decay

    def shrink(self, theta: Array, state: State) -> None:
        if self.decoupled:
            theta *= 1 - state.rate * self.weight_decay
