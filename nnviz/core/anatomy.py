"""Inside an optimiser: every quantity that its rule names, at every step of a run, from the recorded gradients and memory alone.

The engine's steps are written for speed, in place; here each rule stands once more as its source prints it. That both agree is a check that
the page shows as a number (`Anatomy.difference`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.descent import Descent
from nnviz.core.stepping import ClippedByNorm, ClippedByValue, Decayed, Optimizer

Array = NDArray[np.floating]
Quantities = dict[str, Array]

UPHILL = ("gradient", "velocity", "first_moment", "corrected_first")  # in the gradient's units, and an optimiser moves against them


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A run (steps, P) taken apart; entry t of each quantity belongs to the step from t to t + 1."""

    optimizer: Optimizer  # without what is around it
    quantities: Quantities  # by name, in the order of the rule; "step" is the last: θ at t + 1 less θ at t
    before: Quantities  # the memory before each step
    rate: Array  # (steps,): the learning rate in force
    theta: Array  # (steps, P): before the step
    update: Array  # (steps, P): what the engine did
    around: dict[str, Any]  # what is done around the rule: max_norm, max_value, decay (of θ itself), coupled_decay (in the gradient)

    def __len__(self) -> int:
        """How many steps."""
        return len(self.theta)

    @property
    def difference(self) -> float:
        """The largest difference between the rule's step and the engine's, relative to the sizes of θ and step, over all finite steps."""
        with np.errstate(all="ignore"):
            apart = np.abs(self.quantities["step"] - self.update) / (1 + np.abs(self.theta) + np.abs(self.update))
        return float(np.nanmax(np.where(np.isfinite(apart), apart, np.nan))) if np.isfinite(apart).any() else 0.0

    def arrows(self) -> Quantities:
        """What can be drawn as an arrow from θ: the step, and the negatives of what is uphill."""
        drawn = {name: -self.quantities[name] for name in UPHILL if name in self.quantities}
        return drawn | {"step": self.quantities["step"]}


def anatomy(optimizer: Optimizer, run: Descent, objective: Any) -> Anatomy:
    """A single run, recorded with "gradient", "update" and all of the optimiser's memory, taken apart.

    Raises
    ------
    ValueError
        Something of it was not recorded.

    Examples
    --------
    >>> from nnviz.core.descent import descend
    >>> from nnviz.core.optimizers import OPTIMIZERS
    >>> from nnviz.core.surfaces import SURFACES
    >>> adam = OPTIMIZERS["adam"](learning_rate=0.1)
    >>> run = descend(SURFACES["bowl"], adam, [1.0, -2.0], 30, record=recorded(adam))
    >>> inside = anatomy(adam, run, SURFACES["bowl"])
    >>> list(inside.quantities), inside.difference < 1e-14
    (['gradient', 'first_moment', 'second_moment', 'corrected_first', 'corrected_second', 'step'], True)
    """
    missing = [name for name in recorded(optimizer) if name not in run.state]
    if missing:
        raise ValueError(f"{missing[0]} was not recorded: descend with record={recorded(optimizer)}"[:599])
    inner, rate = optimizer, np.asarray(_rate(optimizer)) * run.learning_rate_factor
    theta, gradient = run.theta[:-1], run.state["gradient"][:-1]
    made: Quantities = {}
    around: dict[str, Any] = {}
    moved = theta
    curvature: Any = 0.0
    with np.errstate(all="ignore"):
        while isinstance(inner, ClippedByNorm | ClippedByValue | Decayed):
            changed = np.empty_like(gradient)
            inner.change(moved, gradient, changed)
            gradient, curvature = changed, curvature + inner.curvature()
            if isinstance(inner, Decayed):
                around["decay" if inner.decoupled else "coupled_decay"] = inner.weight_decay
                if inner.decoupled:
                    moved = moved * (1 - rate[:, None] * inner.weight_decay)
            else:
                around |= {name: getattr(inner, name) for name in ("max_norm", "max_value") if hasattr(inner, name)}
            inner = inner.optimizer
        if around:
            made |= {"given": run.state["gradient"][:-1], "decayed": moved}
        made["gradient"] = gradient
        before = {name: run.state[name][:-1] for name in inner.memory}
        now = SimpleNamespace(
            **before, g=gradient, theta=moved, rate=rate[:, None], t=np.arange(1, len(theta) + 1)[:, None], objective=objective,
            curvature=curvature, update=run.state["update"][1:] - (moved - theta),
        )  # fmt: skip
        made |= RULES.get(inner.name, _as_taken)(inner, now)
        made["step"] = made["step"] + (moved - theta)
    return Anatomy(inner, made, before, rate, theta, run.state["update"][1:], around)


def recorded(optimizer: Optimizer) -> tuple[str, ...]:
    """What a descent is to record so that it can be taken apart."""
    return ("gradient", "update", *optimizer.remembered())


def _rate(optimizer: Any) -> Any:
    return _rate(optimizer.optimizer) if hasattr(optimizer, "optimizer") else optimizer.learning_rate


# ------------------------------------------------------------------------------------------------------------------- rules


def _sgd(o: Any, s: Any) -> Quantities:
    return {"step": -s.rate * s.g}


def _momentum(o: Any, s: Any) -> Quantities:
    v = o.beta * s.velocity + (1 - o.beta) * s.g
    return {"velocity": v, "step": -s.rate * v}


def _heavy_ball(o: Any, s: Any) -> Quantities:
    v = o.beta * s.velocity + s.g
    return {"velocity": v, "step": -s.rate * v}


def _nesterov(o: Any, s: Any) -> Quantities:
    v = o.beta * s.velocity + s.g
    return {"velocity": v, "step": -s.rate * (s.g + o.beta * v)}


def _adagrad(o: Any, s: Any) -> Quantities:
    total = s.sum_of_squares + s.g**2
    return {"sum_of_squares": total, "step": -s.rate * s.g / (np.sqrt(total) + o.epsilon)}


def _rmsprop(o: Any, s: Any) -> Quantities:
    v = o.beta * s.second_moment + (1 - o.beta) * s.g**2
    return {"second_moment": v, "step": -s.rate * s.g / (np.sqrt(v) + o.epsilon)}


def _adadelta(o: Any, s: Any) -> Quantities:
    v = o.rho * s.second_moment + (1 - o.rho) * s.g**2
    delta = np.sqrt(s.squared_updates + o.epsilon) / np.sqrt(v + o.epsilon) * s.g
    return {
        "second_moment": v,
        "delta": delta,
        "squared_updates": o.rho * s.squared_updates + (1 - o.rho) * delta**2,
        "step": -s.rate * delta,
    }


def _moments(o: Any, s: Any) -> Quantities:
    return {
        "first_moment": o.beta1 * s.first_moment + (1 - o.beta1) * s.g,
        "second_moment": o.beta2 * s.second_moment + (1 - o.beta2) * s.g**2,
    }


def _corrected(o: Any, s: Any, first: Array, second: Array) -> Quantities:
    by_first, by_second = (1 - o.beta1**s.t, 1 - o.beta2**s.t) if o.bias_correction else (1.0, 1.0)
    return {"corrected_first": first / by_first, "corrected_second": second / by_second}


def _adam(o: Any, s: Any) -> Quantities:
    made = _moments(o, s)
    made |= _corrected(o, s, made["first_moment"], made["second_moment"])
    return made | {"step": -s.rate * made["corrected_first"] / (np.sqrt(made["corrected_second"]) + o.epsilon)}


def _adamw(o: Any, s: Any) -> Quantities:
    made = _adam(o, s)
    return made | {"step": made["step"] - s.rate * o.weight_decay * s.theta}


def _amsgrad(o: Any, s: Any) -> Quantities:
    made = _moments(o, s)
    largest = np.maximum(s.max_second_moment, made["second_moment"])
    made |= {"max_second_moment": largest} | _corrected(o, s, made["first_moment"], largest)
    return made | {"step": -s.rate * made["corrected_first"] / (np.sqrt(made["corrected_second"]) + o.epsilon)}


def _nadam(o: Any, s: Any) -> Quantities:
    made = _moments(o, s)
    mu, following = (o.beta1 * (1 - 0.5 * 0.96 ** (t * o.momentum_decay)) for t in (s.t, s.t + 1))
    product = np.cumprod(mu, axis=0)
    now, ahead = (1 - product, 1 - product * following) if o.bias_correction else (1.0, 1.0)
    of_gradient, of_moment = (1 - mu) / now, following / ahead
    made |= {"weight_of_gradient": of_gradient, "weight_of_moment": of_moment}
    made["corrected_first"] = of_gradient * s.g + of_moment * made["first_moment"]
    made["corrected_second"] = made["second_moment"] / (1 - o.beta2**s.t if o.bias_correction else 1.0)
    return made | {"step": -s.rate * made["corrected_first"] / (np.sqrt(made["corrected_second"]) + o.epsilon)}


def _radam(o: Any, s: Any) -> Quantities:
    made = _moments(o, s)
    made |= _corrected(o, s, made["first_moment"], made["second_moment"])
    decay, limit = o.beta2**s.t, 2 / (1 - o.beta2) - 1
    length = limit - 2 * s.t * decay / (1 - decay)
    squared = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
    ratio = np.where(length > 5, np.sqrt(np.maximum(squared, 0.0)), np.nan)  # not a number while momentum alone is used
    # As PyTorch, ε is added before the correction of v.
    correction = np.sqrt(1 - decay) if o.bias_correction else 1.0
    adaptive = ratio * made["corrected_first"] * correction / (np.sqrt(made["second_moment"]) + o.epsilon)
    return made | {"rectification": ratio, "step": -s.rate * np.where(length > 5, adaptive, made["corrected_first"])}


def _lion(o: Any, s: Any) -> Quantities:
    direction = o.beta1 * s.first_moment + (1 - o.beta1) * s.g
    first = o.beta2 * s.first_moment + (1 - o.beta2) * s.g
    return {"direction": direction, "first_moment": first, "step": -s.rate * (np.sign(direction) + o.weight_decay * s.theta)}


def _newton(o: Any, s: Any) -> Quantities:
    hessian = s.objective.hessian(s.theta)
    damped = hessian + (o.damping + s.curvature) * np.eye(hessian.shape[-1])
    usable = np.isfinite(damped).all(axis=(-2, -1)) & (np.abs(np.linalg.det(np.where(np.isfinite(damped), damped, 0.0))) > 0)
    safe = np.where(usable[:, None, None], damped, np.eye(hessian.shape[-1]))
    solved = np.where(usable[:, None], np.linalg.solve(safe, s.g[..., None])[..., 0], np.nan)
    return {"hessian": damped, "step": -s.rate * solved}


def _as_taken(o: Any, s: Any) -> Quantities:
    """The step that the run took: of a rule that is not written here, or a line search's, of which nothing is remembered."""
    return {"step": s.update}


RULES: dict[str, Callable[[Any, Any], Quantities]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "heavy_ball": _heavy_ball,
    "nesterov": _nesterov,
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
    "adadelta": _adadelta,
    "adam": _adam,
    "adamw": _adamw,
    "amsgrad": _amsgrad,
    "nadam": _nadam,
    "radam": _radam,
    "lion": _lion,
    "newton": _newton,
    "lbfgs": _as_taken,
}
