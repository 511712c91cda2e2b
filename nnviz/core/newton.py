"""Newton and L-BFGS: steps that know the curvature, as references for those that do not. Both look at the objective itself.

Source: Nocedal and Wright (2006), Numerical Optimization: damped Newton section 3.3, the strong Wolfe line search algorithms 3.5 and 3.6,
L-BFGS algorithm 7.4. All of it runs over a batch at once: a run that is done waits for the others.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from nnviz.core.stepping import Array, Hyperparameter, Optimizer, State

SUFFICIENT_DECREASE, CURVATURE = 1e-4, 0.9  # c₁ and c₂ of the strong Wolfe conditions
EVALUATIONS = 20
FARTHER = 10.0  # times as far is looked while the slope has lost less than a tenth: the parabola through both slopes has its minimum there
NOISE = 4 * float(np.finfo(float).eps)  # of a value: what differs less is equal, and the slopes decide (Hager and Zhang 2005, section 2.2)
IDLE = 512 * float(np.finfo(float).eps)  # of theta's size


def _dot(a: Array, b: Array) -> Array:
    """Σ ab of the last axis, which stays as 1: (..., P) → (..., 1)."""
    return np.einsum("...i,...i->...", a, b)[..., None]


def _needs(optimizer: str, objective: Any, method: str) -> Any:
    if not hasattr(objective, method):
        given = "none was given" if objective is None else f"{type(objective).__name__[:60]} has none"
        raise ValueError(f"{optimizer} needs an objective with {method} in start(theta, objective): {given}")
    return objective


@dataclass(frozen=True, eq=False)
class Newton(Optimizer):
    """Damped Newton: θ ← θ − α(∇²C + damping·I)⁻¹g. As Newton does, it is drawn to saddles just as to minima."""

    learning_rate: Hyperparameter = 1.0
    damping: Hyperparameter = 1e-4
    name: ClassVar[str] = "newton"

    def start(self, theta: ArrayLike, objective: Any = None) -> State:
        state = super().start(theta, objective)
        state.objective = _needs(self.name, objective, "hessian_vector_product")
        return state

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        state.count += 1
        theta -= state.rate * _solve(self.damped_hessian(theta, state.objective), gradient)

    def damped_hessian(self, theta: Array, objective: Any) -> Array:
        """(..., P, P), from Hessian-vector products along all axes at once."""
        identity = np.eye(theta.shape[-1])
        # The axes stand in front, so that an objective with batch dimensions of its own broadcasts as it always does.
        directions = identity.reshape(len(identity), *(1 for _ in theta.shape[:-1]), len(identity))
        columns = objective.hessian_vector_product(
            np.broadcast_to(theta, (len(identity), *theta.shape)), np.broadcast_to(directions, (len(identity), *theta.shape))
        )
        return np.moveaxis(columns, 0, -1) + np.asarray(self.damping)[..., None] * identity


def _solve(matrix: Array, vector: Array) -> Array:
    """matrix⁻¹·vector for a batch; a matrix that is exactly singular is moved by a rounding error."""
    try:
        return np.linalg.solve(matrix, vector[..., None])[..., 0]
    except np.linalg.LinAlgError:
        scale = np.max(np.abs(matrix), axis=(-2, -1), keepdims=True)
        nudge = np.where(scale > 0, 1e-15 * scale, 1.0) * np.eye(matrix.shape[-1])
        return np.linalg.solve(matrix + nudge, vector[..., None])[..., 0]


@dataclass(frozen=True, eq=False)
class LBFGS(Optimizer):
    """L-BFGS with the last `history` pairs and a strong Wolfe line search, whose first trial is the learning rate."""

    learning_rate: Hyperparameter = 1.0
    history: int = 10
    name: ClassVar[str] = "lbfgs"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.history, int) or not 1 <= self.history <= 1000:
            raise ValueError(f"lbfgs: history is {self.history!r:.40}: it needs a whole number of pairs from 1 to 1000")

    def start(self, theta: ArrayLike, objective: Any = None) -> State:
        state = super().start(theta, objective)
        state.objective = _needs(self.name, objective, "value_and_gradient")
        state.private = {"pairs": deque(maxlen=self.history), "scale": 1.0, "theta": None, "gradient": None, "end": None, "value": None}
        return state

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        known = state.private
        if state.count:
            _remember(known, theta - known["theta"], gradient - known["gradient"])
        direction = -_inverse_hessian_product(known["pairs"], known["scale"], gradient)
        slope = _dot(gradient, direction)
        uphill = ~(slope < 0)
        direction, slope = np.where(uphill, -gradient, direction), np.where(uphill, -_dot(gradient, gradient), slope)
        first = state.rate
        if not state.count:  # nothing is known of the scale yet: a first step of length 1 at most, as PyTorch
            first = first * np.minimum(1.0, 1.0 / np.sum(np.abs(gradient), axis=-1, keepdims=True))

        if not np.array_equal(theta, known["end"]):  # the line search knows the value where it ended
            known["value"] = np.asarray(state.objective.value_and_gradient(theta)[0])[..., None]
        known["theta"], known["gradient"] = theta.copy(), gradient.copy()
        before = known["value"]
        length, known["value"] = strong_wolfe(_Line(state.objective, theta.copy(), direction), before, slope, first)
        idle = (state.count >= self.history) & _idle(length * direction, theta)
        theta += np.where(idle, 0.0, length) * direction
        known["end"] = theta.copy()
        state.count += 1


def _idle(step: Array, theta: Array) -> Any:
    """Whether a step (..., P) is but a rounding error of theta, (..., 1); once the pairs are full it is not taken: the run rests."""
    size = np.maximum(np.max(np.abs(theta), axis=-1, keepdims=True), 1.0)
    return np.max(np.abs(step), axis=-1, keepdims=True) <= IDLE * size


@dataclass(frozen=True, eq=False)
class _Line:
    """The objective along a direction from theta, both (..., P)."""

    objective: Any
    theta: Array
    direction: Array

    def __call__(self, length: Array) -> tuple[Array, Array]:
        """Value and slope at lengths (..., 1), each (..., 1)."""
        value, there = self.objective.value_and_gradient(self.theta + length * self.direction)
        return np.asarray(value)[..., None], _dot(there, self.direction)

    @property
    def separable(self) -> bool:
        """Whether some of the runs may be asked without the others."""
        return self.theta.ndim == 2 and getattr(self.objective, "pointwise", False)

    def of_runs(self, keep: Any) -> _Line:
        """The same for some of the runs."""
        return _Line(self.objective, _of_runs(self.theta, keep), _of_runs(self.direction, keep))


def _of_runs(array: Array, keep: Any) -> Array:
    """Some rows of (runs, P); each column stays one block of memory, on which a surface's formula is fastest."""
    return array.T[:, keep].T


def _remember(known: dict[str, Any], s: Array, y: Array) -> None:
    """Keeps the pair (s, y); in runs where its curvature is not positive, an empty one."""
    curvature, squared = _dot(s, y), _dot(y, y)
    kept = curvature > np.finfo(float).eps * squared
    inverse = np.divide(1.0, curvature, out=np.zeros_like(curvature), where=kept)
    known["pairs"].append((np.where(kept, s, 0.0), np.where(kept, y, 0.0), inverse))
    known["scale"] = np.where(kept, np.divide(curvature, squared, out=np.ones_like(squared), where=kept), known["scale"])


def _inverse_hessian_product(pairs: deque[tuple[Array, Array, Array]], scale: Any, gradient: Array) -> Array:
    """The two loops of algorithm 7.4."""
    q, alphas = gradient.copy(), []
    for s, y, inverse in reversed(pairs):
        alphas.append(inverse * _dot(s, q))
        q -= alphas[-1] * y
    q *= scale
    for s, y, inverse in pairs:
        q += (alphas.pop() - inverse * _dot(y, q)) * s
    return q


def strong_wolfe(along: _Line, value: Array, slope: Array, first: Hyperparameter) -> tuple[Array, Array]:
    """Lengths (..., 1) that satisfy the strong Wolfe conditions, or the best found (0 where none decreases enough), and the values there.

    `along(length)` tells value and slope there, `value` and `slope` (below 0) are those at 0, `first` is tried first. Bracketing and
    zooming are one loop: `low` is the best length so far, `high` the other end of the bracket, infinite while there is none. Runs that have
    found their length are asked no more where the objective lets others go on alone: few runs need many looks.
    """
    low, low_value, low_slope = np.zeros_like(value), value, slope
    high, high_value = np.full_like(value, np.inf), np.full_like(value, np.inf)
    length = np.broadcast_to(np.asarray(first, dtype=float), value.shape)
    done = ~np.isfinite(value) | ~(slope < 0)
    lengths, values, going = low.copy(), value.copy(), None
    for _ in range(EVALUATIONS):
        if done.all():
            break
        if along.separable and 4 * np.count_nonzero(done) > done.size:
            lengths[... if going is None else going], values[... if going is None else going] = low, low_value
            keep = np.flatnonzero(~done)
            going = keep if going is None else going[keep]
            along = along.of_runs(keep)
            value, slope, low, low_value, low_slope, high, high_value, length = (
                _of_runs(part, keep) for part in (value, slope, low, low_value, low_slope, high, high_value, length)
            )
            done = np.zeros(value.shape, dtype=bool)
        here, here_slope = along(length)
        noise = NOISE * np.abs(value)
        too_high = ~(here <= value + SUFFICIENT_DECREASE * length * slope + noise) | ((here > low_value + noise) & (low > 0))
        accepted = ~too_high & (np.abs(here_slope) <= -CURVATURE * slope)
        passed = ~too_high & ~accepted & (here_slope * (high - low) >= 0)
        high, high_value = (
            np.where(too_high, a, np.where(passed, b, c)) for a, b, c in ((length, low, high), (here, low_value, high_value))
        )
        low, low_value, low_slope = (
            np.where(too_high | done, a, b) for a, b in ((low, length), (low_value, here), (low_slope, here_slope))
        )
        done = done | accepted
        length = np.where(done, low, np.where(np.isfinite(high), _within(low, low_value, low_slope, high, high_value), FARTHER * length))
    lengths[... if going is None else going], values[... if going is None else going] = low, low_value
    return lengths, values


def _within(low: Array, low_value: Array, low_slope: Array, high: Array, high_value: Array) -> Array:
    """The minimum of the parabola through both ends of a bracket, held a tenth away from them."""
    width = high - low
    share = -0.5 * low_slope * width / (high_value - low_value - low_slope * width)
    return low + width * np.clip(np.where(np.isfinite(share), share, 0.5), 0.1, 0.9)
