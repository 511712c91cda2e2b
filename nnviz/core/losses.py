"""Losses: what one sample's prediction ŷ costs for its target y, each beside its first and second derivative.

A loss sums over a sample's outputs; the mean over samples is the cost's, so no 1/m is in here. Every loss is a sum of one term an output,
so its Hessian in ŷ is diagonal. Two losses are also told from the logits z of the output that they belong to (sigmoid, softmax), where
`∂L/∂z = ŷ − y` and z = ±1000 costs its exact, finite value: a probability that was rounded to 0 or 1 has forgotten z.
To add one, write it below and name it in `LOSSES`.

Source: Bishop (2006), Pattern Recognition and Machine Learning, sections 4.3 and 5.2; Huber (1964), eq. 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, xlog1py, xlogy

from nnviz.core.activations import ACTIVATIONS, Activation, softmax, softplus, units_axis
from nnviz.core.registry import look_up, with_number

Array = NDArray[np.floating]
Terms = Callable[[Array, Array], Array]  # (prediction or logits, target) → one number an output

SUM_TOLERANCE = 1e-6  # one-hot targets that were smoothed in float32 still sum to 1


def any_number(y: Array) -> str:
    """What is wrong with targets that may be any number: nothing."""
    return ""


def probabilities(y: Array) -> str:
    """What is wrong with targets that must lie in [0, 1]."""
    outside = y[(y < 0) | (y > 1)]
    return f"holds {outside[0]:g}: each target must be from 0 to 1" if outside.size else ""


def distributions(y: Array) -> str:
    """What is wrong with targets whose columns must be distributions."""
    negative = y[y < 0]
    if negative.size:
        return f"holds {negative[0]:g}: each target must be 0 or more, and the targets of one sample must sum to 1"
    sums = np.atleast_1d(y.sum(axis=units_axis(y)))
    wrong = sums[np.abs(sums - 1) > SUM_TOLERANCE]
    return f"has a sample whose targets sum to {wrong[0]:g}: they must sum to 1, as one-hot targets do" if wrong.size else ""


def fit_together(a: tuple[int, ...], y: tuple[int, ...]) -> bool:
    """Whether predictions and targets of these shapes have the same outputs and samples, under any batch dimensions."""
    if len(a) < 2 or len(y) < 2:
        return a == y and len(a) == 1
    batches = zip(reversed(a[:-2]), reversed(y[:-2]), strict=False)
    return a[-2] == y[-2] and y[-1] in (1, a[-1]) and all(p == q or 1 in (p, q) for p, q in batches)


@dataclass(frozen=True)
class FromLogits:
    """A loss together with the output activation it belongs to, as one function of the logits."""

    activation: str
    terms: Terms
    derivative: Terms
    formula: str  # LaTeX, in z and y
    derivative_formula: str


@dataclass(frozen=True)
class Loss:
    """A loss of one sample. Predictions a and targets y are (..., k, m), or (k,) for one sample; equal where name and formula are.

    y may be (k, m) under a batch of predictions, or (k, 1) where all samples have one target. A NaN target gives NaN: there is none.
    """

    name: str
    title: str
    formula: str  # LaTeX, in \hat y and y
    derivative_formula: str  # LaTeX, ∂L/∂ŷ
    terms: Terms = field(compare=False, repr=False)
    first: Terms = field(compare=False, repr=False)
    second: Terms = field(compare=False, repr=False)
    complaint: Callable[[Array], str] = field(default=any_number, compare=False, repr=False)  # what is wrong with targets, or ""
    from_logits: FromLogits | None = field(default=None, compare=False, repr=False)
    kinks: tuple[float, ...] = field(default=(), compare=False, repr=False)  # of ŷ − y, where ∂L/∂ŷ or its slope jumps

    def values(self, a: ArrayLike, y: ArrayLike) -> Array:
        """`L`, one number a sample: (..., m). Raises ValueError for shapes that do not fit and targets outside the domain."""
        a, y = self.checked(a, y)
        with np.errstate(all="ignore"):
            return self.terms(a, y).sum(axis=units_axis(a))

    def derivative(self, a: ArrayLike, y: ArrayLike) -> Array:
        """`∂L/∂a`, (..., k, m), of each sample's own loss. Raises as `values`."""
        a, y = self.checked(a, y)
        with np.errstate(all="ignore"):
            return self.first(a, y)

    def second_derivative(self, a: ArrayLike, y: ArrayLike) -> Array:
        """`∂²L/∂a²`, (..., k, m): the diagonal of each sample's Hessian, which has nothing beside it. Raises as `values`."""
        a, y = self.checked(a, y)
        with np.errstate(all="ignore"):
            return self.second(a, y)

    def fuses_with(self, activation: Activation) -> bool:
        """Whether this output activation and this loss are one function of the logits."""
        return self.from_logits is not None and activation is ACTIVATIONS.get(self.from_logits.activation)

    def values_from_logits(self, z: ArrayLike, y: ArrayLike) -> Array:
        """`L` from the logits of the output that the loss belongs to, (..., m); exact at z = ±1000. Raises as `values`."""
        fused = self.fused()
        z, y = self.checked(z, y)
        with np.errstate(all="ignore"):
            return fused.terms(z, y).sum(axis=units_axis(z))

    def derivative_from_logits(self, z: ArrayLike, y: ArrayLike) -> Array:
        """`∂L/∂z = a − y`, (..., k, m). Raises as `values`."""
        fused = self.fused()
        z, y = self.checked(z, y)
        with np.errstate(all="ignore"):
            return fused.derivative(z, y)

    def fused(self) -> FromLogits:
        """The loss over logits, or a ValueError where it belongs to no output activation."""
        if self.from_logits is None:
            raise ValueError(f"{self.name} is not told from logits: use values(a, y) and derivative(a, y) of the activations")
        return self.from_logits

    def checked(self, a: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Predictions and targets as arrays that fit each other and the loss's domain."""
        a, y = np.asarray(a, dtype=float), np.asarray(y, dtype=float)
        if not fit_together(a.shape, y.shape):
            raise ValueError(f"predictions are {a.shape} and targets are {y.shape}: {self.name} needs one target for each output, (k, m)")
        if trouble := self.complaint(y):
            raise ValueError(f"Y {trouble}; {self.name} is not defined elsewhere")
        return a, y

    def __reduce__(self) -> tuple[Any, ...]:
        return get_loss, (self.name,)


# ------------------------------------------------------------------------------------------------- formulas and their derivatives


def share(part: Array, whole: Array) -> Array:
    """`part/whole`, and 0 where there is no part: a hard label says nothing about the other outcome."""
    return np.where(part == 0, 0.0, part / whole)


def half_squared_terms(a: Array, y: Array) -> Array:
    return 0.5 * (a - y) ** 2


def binary_terms(a: Array, y: Array) -> Array:
    return -xlogy(y, a) - xlog1py(1 - y, -a)


def binary_first(a: Array, y: Array) -> Array:
    return share(1 - y, 1 - a) - share(y, a)


def binary_second(a: Array, y: Array) -> Array:
    return share(1 - y, (1 - a) ** 2) + share(y, a**2)


def binary_terms_from_logits(z: Array, y: Array) -> Array:
    return share_of_label(y, softplus(-z)) + share_of_label(1 - y, softplus(z))


def binary_first_from_logits(z: Array, y: Array) -> Array:
    """`σ(z) − y`, written so that nothing cancels where the prediction is nearly right."""
    return (1 - y) * expit(z) - y * expit(-z)


def share_of_label(weight: Array, loss: Array) -> Array:
    """`weight·loss`, and 0 where the weight is 0 even if the loss is infinite."""
    return np.where(weight == 0, 0.0, weight * loss)


def cross_terms(a: Array, y: Array) -> Array:
    return -xlogy(y, a)


def cross_terms_from_logits(z: Array, y: Array) -> Array:
    axis = units_axis(z)
    shifted = z - z.max(axis=axis, keepdims=True)
    # ln Σe^z less its largest term, which is 1: nothing is lost where the prediction is nearly right.
    others = np.exp(shifted)
    np.put_along_axis(others, z.argmax(axis=axis, keepdims=True), 0.0, axis=axis)
    return share_of_label(y, np.log1p(others.sum(axis=axis, keepdims=True)) - shifted)


def huber_terms(a: Array, y: Array, delta: float) -> Array:
    r = np.abs(a - y)
    return np.where(r <= delta, 0.5 * r * r, delta * (r - 0.5 * delta))


def huber(delta: float = 1.0) -> Loss:
    """Huber's loss with another δ (Huber 1964; torch.nn.HuberLoss): squared up to δ, straight beyond. Named `huber(δ)` where δ is not 1."""
    delta = float(delta)
    if not 0 < delta < np.inf:
        raise ValueError(f"delta is {delta}: Huber's loss needs a positive, finite one")
    return Loss(
        "huber" if delta == 1 else f"huber({delta!r})",
        "Huber" if delta == 1 else f"Huber, δ = {delta:g}",
        rf"\begin{{cases}}\tfrac12 r^2 & |r|\le {delta:g}\\ {delta:g}\,(|r|-{delta / 2:g}) & \text{{else}}\end{{cases}}\quad r=\hat y-y",
        rf"\max(-{delta:g}, \min({delta:g}, \hat y-y))",
        partial(huber_terms, delta=delta),
        lambda a, y: np.clip(a - y, -delta, delta),
        lambda a, y: (np.abs(a - y) <= delta) * 1.0,
        kinks=(-delta, delta),
    )


HALF_SQUARED_ERROR = Loss(
    "half_squared_error", "Half squared error", r"\tfrac12(\hat y-y)^2", r"\hat y-y",
    half_squared_terms, lambda a, y: a - y, lambda a, y: np.ones_like(a - y),
)  # fmt: skip
BINARY_CROSS_ENTROPY = Loss(
    "binary_cross_entropy", "Binary cross-entropy", r"-\left[y\ln\hat y+(1-y)\ln(1-\hat y)\right]", r"\frac{\hat y-y}{\hat y\,(1-\hat y)}",
    binary_terms, binary_first, binary_second, probabilities,
    FromLogits("sigmoid", binary_terms_from_logits, binary_first_from_logits, r"y\ln(1+e^{-z})+(1-y)\ln(1+e^{z})", r"\hat y-y"),
)  # fmt: skip
CROSS_ENTROPY = Loss(
    "cross_entropy", "Cross-entropy", r"-\sum_i y_i\ln\hat y_i", r"-\frac{y_i}{\hat y_i}",
    cross_terms, lambda a, y: -share(y, a), lambda a, y: share(y, a**2), distributions,
    FromLogits("softmax", cross_terms_from_logits, lambda z, y: softmax(z) - y, r"\ln\sum_j e^{z_j}-\sum_i y_i z_i", r"\hat y-y"),
)  # fmt: skip
ABSOLUTE_ERROR = Loss(
    "absolute_error", "Absolute error", r"|\hat y-y|", r"\operatorname{sign}(\hat y-y)",
    lambda a, y: np.abs(a - y), lambda a, y: np.sign(a - y), lambda a, y: np.zeros_like(a - y), kinks=(0.0,),
)  # fmt: skip

LOSSES: dict[str, Loss] = {loss.name: loss for loss in (HALF_SQUARED_ERROR, BINARY_CROSS_ENTROPY, CROSS_ENTROPY, huber(), ABSOLUTE_ERROR)}


def get_loss(loss: str | Loss) -> Loss:
    """The loss of a name, `"huber(0.5)"` included, or the object itself.

    Raises
    ------
    ValueError
        An unknown name (those known are listed), or a δ that is not positive and finite.

    Examples
    --------
    >>> get_loss("huber(0.5)") == huber(0.5)
    True
    """
    return with_number({"huber": huber}, loss, "loss") or look_up(LOSSES, loss, Loss, "loss")


def fitting_outputs(loss: str | Loss) -> tuple[str, ...]:
    """Names of the output activations that fit a loss, the usual one first: a cross-entropy has one, the other losses take any.

    Examples
    --------
    >>> fitting_outputs("cross_entropy"), fitting_outputs("huber")[:2]
    (('softmax',), ('identity', 'sigmoid'))
    """
    loss = get_loss(loss)
    return (loss.from_logits.activation,) if loss.from_logits else tuple(ACTIVATIONS)


def fits(activation: str, loss: str | Loss, Y: ArrayLike | None = None) -> bool:
    """Whether a loss can be told from an output activation (a name, or a formula after "=") and, where they are given, of targets Y.

    Examples
    --------
    >>> fits("softmax", "cross_entropy", [[0.0], [1.0]]), fits("sigmoid", "binary_cross_entropy", [[2.5]])
    (True, False)
    """
    loss = get_loss(loss)
    if loss.from_logits and activation != loss.from_logits.activation:
        return False
    return Y is None or not loss.complaint(np.asarray(Y, dtype=float))


def fitting_losses(activation: str) -> tuple[str, ...]:
    """Names of the losses that fit an output activation, the one that belongs to it first.

    Examples
    --------
    >>> fitting_losses("softmax")
    ('cross_entropy', 'half_squared_error', 'huber', 'absolute_error')
    """
    return tuple(sorted((name for name in LOSSES if fits(activation, name)), key=lambda name: LOSSES[name].from_logits is None))


def usual_pair(task: str, outputs: int) -> tuple[str, str]:
    """(output activation, loss) that a task usually has: `"regression"`, or `"classification"` with one output or one a class.

    Examples
    --------
    >>> usual_pair("classification", 3)
    ('softmax', 'cross_entropy')
    """
    if task == "regression":
        return "identity", "half_squared_error"
    if task == "classification":
        return ("sigmoid", "binary_cross_entropy") if outputs == 1 else ("softmax", "cross_entropy")
    raise ValueError(f"unknown task {task!r:.60}: choose classification or regression")
