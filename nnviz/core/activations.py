"""Activations: what a neuron makes of its weighted sum, each formula beside its first and second derivative.

All but softmax are elementwise. What a network needs of any of them, softmax included, are three products, so that every layer is treated
alike: `vjp` (J(z)ᵀ·g, for the way back), `jvp` (J(z)·ż, for the way forward) and `vjp_tangent` (how `vjp` changes as z and g move).
To add one, write it below and name it in `ACTIVATIONS`; menus, figures and tests read the registry.

Names, defaults and the value taken at a kink are those of torch.nn.functional. Every formula is written so that z = ±1e308 is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit, ndtr

from nnviz.core.registry import look_up

Array = NDArray[np.floating]
Elementwise = Callable[[Array], Array]

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
LEAKY_SLOPE = 0.01


@dataclass(frozen=True)
class Activation:
    """An elementwise activation: `f(z)`, `f.derivative(z)` and `f.second_derivative(z)`, each of z's shape.

    Two are equal where name and formula are; a formula that a person typed is named by its text after "=".
    """

    name: str
    title: str
    formula: str  # LaTeX, in z
    derivative_formula: str  # LaTeX, in z
    value: Elementwise = field(compare=False, repr=False)
    first: Elementwise = field(compare=False, repr=False)
    second: Elementwise = field(compare=False, repr=False)
    range: tuple[float, float] = field(compare=False, repr=False)  # smallest and largest value, or what they approach
    kinks: tuple[float, ...] = field(default=(), compare=False, repr=False)  # where f′ jumps
    elementwise = True

    def __call__(self, z: ArrayLike) -> Array:
        """`f(z)`, of z's shape."""
        with np.errstate(all="ignore"):
            return self.value(np.asarray(z, dtype=float))

    def derivative(self, z: ArrayLike) -> Array:
        """`f′(z)`, of z's shape; at a kink the value that PyTorch takes."""
        with np.errstate(all="ignore"):
            return self.first(np.asarray(z, dtype=float))

    def second_derivative(self, z: ArrayLike) -> Array:
        """`f″(z)`, of z's shape; 0 on both sides of a kink between straight pieces, and at it."""
        with np.errstate(all="ignore"):
            return self.second(np.asarray(z, dtype=float))

    def vjp(self, z: Array, a: Array, g: Array) -> Array:
        """`f′(z) ⊙ g`: from ∂C/∂a = g to ∂C/∂z. z, a = f(z) and g are (..., k, m)."""
        return self.derivative(z) * g

    def jvp(self, z: Array, a: Array, z_dot: Array) -> Array:
        """`f′(z) ⊙ ż`: how a moves as z moves by ż. All (..., k, m)."""
        return self.derivative(z) * z_dot

    def vjp_tangent(self, z: Array, a: Array, z_dot: Array, g: Array, g_dot: Array) -> Array:
        """`f″(z) ⊙ ż ⊙ g + f′(z) ⊙ ġ`: how `vjp` moves as z moves by ż and g by ġ. All (..., k, m)."""
        return self.second_derivative(z) * z_dot * g + self.derivative(z) * g_dot

    @property
    def zero_centered(self) -> bool:
        """Whether f(−z) = −f(z), so that inputs spread about 0 give outputs spread about 0."""
        z = np.linspace(0.0, 8.0, 65)
        return bool(np.allclose(self(-z), -self(z), rtol=1e-9, atol=1e-12))

    def __reduce__(self) -> tuple[Any, ...]:
        return get_activation, (self.name,)


# ------------------------------------------------------------------------------------------------- formulas and their derivatives


def sech_squared(z: Array) -> Array:
    """`1/cosh²z`, which is `1 − tanh²z` without the cancellation at large |z|."""
    return np.cosh(z) ** -2.0


def sigmoid_slope(z: Array) -> Array:
    return expit(z) * expit(-z)


def elu_tail(z: Array) -> Array:
    return np.exp(np.minimum(z, 0.0))


def density(z: Array) -> Array:
    """The standard normal density, φ = Φ′."""
    return np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)


def gelu_second(z: Array) -> Array:
    z = np.clip(z, -50.0, 50.0)  # beyond, φ(z) is 0 and z² would overflow against it
    return density(z) * (2 - z * z)


def silu_second(z: Array) -> Array:
    return sigmoid_slope(z) * (2 - z * np.tanh(z / 2))


def softplus(z: Array) -> Array:
    return np.logaddexp(0.0, z)


def mish_slope(z: Array) -> Array:
    return np.tanh(softplus(z)) + z * sech_squared(softplus(z)) * expit(z)


def mish_second(z: Array) -> Array:
    z = np.clip(z, -800.0, 800.0)  # beyond, the factor outside the bracket is 0
    sigma, s = expit(z), softplus(z)
    return sech_squared(s) * sigma * (2 + z * (expit(-z) - 2 * sigma * np.tanh(s)))


ELEMENTWISE = (
    Activation(
        "identity", "Identity", r"z", r"1", np.copy, np.ones_like, np.zeros_like, (-np.inf, np.inf),
    ),
    Activation(
        "sigmoid", "Sigmoid", r"\frac{1}{1+e^{-z}}", r"\sigma(z)\,(1-\sigma(z))",
        expit, sigmoid_slope, lambda z: -sigmoid_slope(z) * np.tanh(z / 2), (0.0, 1.0),
    ),
    Activation(
        "tanh", "Tanh", r"\frac{e^{z}-e^{-z}}{e^{z}+e^{-z}}", r"1-\tanh^2(z)",
        np.tanh, sech_squared, lambda z: -2 * np.tanh(z) * sech_squared(z), (-1.0, 1.0),
    ),
    Activation(
        "relu", "ReLU", r"\max(0, z)", r"\begin{cases}1 & z > 0\\ 0 & z \le 0\end{cases}",
        lambda z: np.maximum(z, 0.0), lambda z: (z > 0) * 1.0, np.zeros_like, (0.0, np.inf), (0.0,),
    ),
    Activation(
        "leaky_relu", "Leaky ReLU", r"\max(0, z)+0.01\,\min(0, z)", r"\begin{cases}1 & z > 0\\ 0.01 & z \le 0\end{cases}",
        lambda z: np.where(z > 0, z, LEAKY_SLOPE * z), lambda z: np.where(z > 0, 1.0, LEAKY_SLOPE), np.zeros_like,
        (-np.inf, np.inf), (0.0,),
    ),
    Activation(
        "elu", "ELU", r"\begin{cases}z & z > 0\\ e^{z}-1 & z \le 0\end{cases}", r"\begin{cases}1 & z > 0\\ e^{z} & z \le 0\end{cases}",
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))), elu_tail, lambda z: np.where(z > 0, 0.0, elu_tail(z)),
        (-1.0, np.inf),
    ),
    Activation(
        "selu", "SELU",
        r"\lambda\begin{cases}z & z > 0\\ \alpha(e^{z}-1) & z \le 0\end{cases}\quad\lambda\approx 1.0507,\ \alpha\approx 1.6733",
        r"\lambda\begin{cases}1 & z > 0\\ \alpha e^{z} & z \le 0\end{cases}",
        lambda z: np.where(z > 0, SELU_SCALE * z, SELU_SCALE * SELU_ALPHA * np.expm1(np.minimum(z, 0.0))),
        lambda z: np.where(z > 0, SELU_SCALE, SELU_SCALE * SELU_ALPHA * elu_tail(z)),
        lambda z: np.where(z > 0, 0.0, SELU_SCALE * SELU_ALPHA * elu_tail(z)),
        (-SELU_SCALE * SELU_ALPHA, np.inf), (0.0,),
    ),
    Activation(
        "softplus", "Softplus", r"\ln(1+e^{z})", r"\sigma(z)", softplus, expit, sigmoid_slope, (0.0, np.inf),
    ),
    Activation(
        "gelu", "GELU", r"z\,\Phi(z)=\tfrac{z}{2}\left(1+\operatorname{erf}\tfrac{z}{\sqrt 2}\right)", r"\Phi(z)+z\,\varphi(z)",
        lambda z: z * ndtr(z), lambda z: ndtr(z) + z * density(z), gelu_second, (-0.16997120747990369, np.inf),
    ),
    Activation(
        "silu", "SiLU", r"z\,\sigma(z)", r"\sigma(z)\left(1+z\,(1-\sigma(z))\right)",
        lambda z: z * expit(z), lambda z: expit(z) * (1 + z * expit(-z)), silu_second,
        (-0.27846454276107380, np.inf),
    ),
    Activation(
        "mish", "Mish", r"z\,\tanh(\ln(1+e^{z}))", r"\tanh s+z\,\sigma(z)\,(1-\tanh^2 s),\quad s=\ln(1+e^{z})",
        lambda z: z * np.tanh(softplus(z)), mish_slope, mish_second, (-0.3088434130172504, np.inf),
    ),
    Activation(
        "hardsigmoid", "Hardsigmoid", r"\min\left(1, \max\left(0, \tfrac{z+3}{6}\right)\right)",
        r"\begin{cases}\tfrac16 & |z| < 3\\ 0 & \text{else}\end{cases}",
        lambda z: np.clip((z + 3) / 6, 0.0, 1.0), lambda z: np.where(np.abs(z) < 3, 1 / 6, 0.0), np.zeros_like,
        (0.0, 1.0), (-3.0, 3.0),
    ),
    Activation(
        "hardtanh", "Hardtanh", r"\min(1, \max(-1, z))", r"\begin{cases}1 & |z| < 1\\ 0 & \text{else}\end{cases}",
        lambda z: np.clip(z, -1.0, 1.0), lambda z: (np.abs(z) < 1) * 1.0, np.zeros_like, (-1.0, 1.0), (-1.0, 1.0),
    ),
    Activation(
        "softsign", "Softsign", r"\frac{z}{1+|z|}", r"\frac{1}{(1+|z|)^2}",
        lambda z: z / (1 + np.abs(z)), lambda z: (1 + np.abs(z)) ** -2.0, lambda z: -2 * np.sign(z) * (1 + np.abs(z)) ** -3.0,
        (-1.0, 1.0),
    ),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------------ softmax


def units_axis(z: Array) -> int:
    """The axis of a layer's units: the last but one of (..., k, m), the only one of a single sample (k,)."""
    return -2 if z.ndim > 1 else -1


def softmax(z: ArrayLike, temperature: float = 1.0) -> Array:
    """`aᵢ = e^(zᵢ/T) / Σⱼ e^(zⱼ/T)` over the units: axis −2 of (..., k, m), or a single sample (k,).

    Raises
    ------
    ValueError
        A temperature that is not positive, or z without an axis of units.

    Examples
    --------
    >>> softmax([1000.0, 1000.0, -1000.0])
    array([0.5, 0.5, 0. ])
    """
    z = np.asarray(z, dtype=float)
    if z.ndim == 0:
        raise ValueError("softmax got a single number: it needs the logits of all units, (k,) or (..., k, m)")
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}: softmax needs one above 0")
    axis = units_axis(z)
    with np.errstate(all="ignore"):
        # Shifted by the largest logit: no exponential overflows, and a is unchanged.
        e = np.exp((z - z.max(axis=axis, keepdims=True)) / temperature)
        return e / e.sum(axis=axis, keepdims=True)


def softmax_jacobian(a: ArrayLike) -> Array:
    """`∂aᵢ/∂zⱼ = aᵢ(δᵢⱼ − aⱼ)`, that is `diag(a) − a·aᵀ`: (..., m, k, k) from outputs (..., k, m), or (k, k) from (k,).

    Examples
    --------
    >>> softmax_jacobian([0.5, 0.5])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    a = np.asarray(a, dtype=float)
    if a.ndim == 0:
        raise ValueError("softmax_jacobian got a single number: it needs the outputs of all units, (k,) or (..., k, m)")
    rows = a if a.ndim == 1 else np.swapaxes(a, -1, -2)
    return rows[..., :, None] * (np.eye(rows.shape[-1]) - rows[..., None, :])


class Softmax(Activation):
    """Softmax as the activation of any layer: not elementwise, so it has no derivative but a Jacobian and products with it."""

    elementwise = False

    def __call__(self, z: ArrayLike) -> Array:
        """Softmax over axis −2 of (..., k, m), or of one sample (k,)."""
        return softmax(z)

    def derivative(self, z: ArrayLike) -> Array:
        """Not there: a softmax output depends on every logit of its layer."""
        raise ValueError("softmax is not elementwise and has no f′(z): its Jacobian is softmax_jacobian(a), (..., m, k, k)")

    def second_derivative(self, z: ArrayLike) -> Array:
        """Not there, as the first."""
        raise ValueError("softmax is not elementwise and has no f″(z): vjp_tangent tells how products with softmax_jacobian(a) change")

    def vjp(self, z: Array, a: Array, g: Array) -> Array:
        """`J·g = a ⊙ (g − Σ a⊙g)`; J is symmetric."""
        return a * (g - np.sum(a * g, axis=units_axis(a), keepdims=True))

    def jvp(self, z: Array, a: Array, z_dot: Array) -> Array:
        """`J·ż = a ⊙ (ż − Σ a⊙ż)`."""
        return self.vjp(z, a, z_dot)

    def vjp_tangent(self, z: Array, a: Array, z_dot: Array, g: Array, g_dot: Array) -> Array:
        """`J̇·g + J·ġ` with `J̇ = diag(ȧ) − ȧ·aᵀ − a·ȧᵀ` and `ȧ = J·ż`."""
        axis, a_dot = units_axis(a), self.jvp(z, a, z_dot)
        changed = a_dot * (g - np.sum(a * g, axis=axis, keepdims=True)) - a * np.sum(a_dot * g, axis=axis, keepdims=True)
        return changed + self.vjp(z, a, g_dot)

    @property
    def zero_centered(self) -> bool:
        """No: every output is positive."""
        return False


ELEMENTWISE_NAMES = tuple(f.name for f in ELEMENTWISE)
ACTIVATIONS: dict[str, Activation] = dict(zip(ELEMENTWISE_NAMES, ELEMENTWISE, strict=True))
ACTIVATIONS["softmax"] = Softmax(
    "softmax", "Softmax", r"\frac{e^{z_i}}{\sum_j e^{z_j}}", r"\frac{\partial a_i}{\partial z_j}=a_i(\delta_{ij}-a_j)",
    softmax, softmax, softmax, (0.0, 1.0),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- names and formulas


def get_activation(activation: str | Activation) -> Activation:
    """The activation of a name, of a typed formula after "=" (`"=z*sigmoid(z)"`), or the object itself.

    Raises
    ------
    ValueError
        An unknown name (those known are listed), or a formula that the grammar does not read.
    """
    if isinstance(activation, str) and activation.startswith("="):
        return activation_from_expression(activation[1:])
    return look_up(ACTIVATIONS, activation, Activation, "activation")


@lru_cache(maxsize=64)
def activation_from_expression(text: str) -> Activation:
    """An activation typed as a formula in z, derived by SymPy; equal to any other of the same text.

    Raises
    ------
    ValueError
        What the grammar does not read; the place is marked.

    Examples
    --------
    >>> f = activation_from_expression("z*sigmoid(z)")
    >>> f.name, float(f(0.0)), float(f.derivative(0.0))
    ('=z*sigmoid(z)', 0.0, 0.5)
    """
    from nnviz.core.expressions import ACTIVATION_FUNCTIONS, compile_expression

    text = text.strip() if isinstance(text, str) else text
    expression = compile_expression(text, ("z",), ACTIVATION_FUNCTIONS)
    seen = expression.value(np.linspace(-20.0, 20.0, 4001))
    seen = seen[np.isfinite(seen)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (np.nan, np.nan)
    return Activation(
        f"={text}",
        text,
        expression.latex,
        expression.derivative_latex[0],
        expression.value,
        lambda z: expression.gradient(z)[0],
        lambda z: expression.hessian(z)[0][0],
        (low, high),
    )


# ----------------------------------------------------------------------------------------------------- what a curve is like, measured


def largest_slope(f: Activation, reach: float = 20.0) -> tuple[float, float]:
    """(z, |f′(z)|) where the slope of an elementwise activation is largest for |z| ≤ reach.

    Examples
    --------
    >>> largest_slope(ACTIVATIONS["sigmoid"])
    (0.0, 0.25)
    """
    z = np.linspace(-reach, reach, 8001)
    steepness = np.nan_to_num(np.abs(f.derivative(z)), nan=0.0, posinf=np.inf)
    steepest = np.flatnonzero(steepness == steepness.max())
    best = float(z[steepest[np.abs(z[steepest]).argmin()]])
    if np.isinf(steepness.max()):
        return best, np.inf
    step = float(z[1] - z[0])
    found = minimize_scalar(
        lambda x: -float(np.abs(f.derivative(x))), bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-10}
    )
    # The search may end beside a peak that the grid hit: take the grid's point unless the search is better by more than rounding.
    return (float(found.x), float(-found.fun)) if -found.fun > steepness.max() * (1 + 1e-12) else (best, float(steepness.max()))


def saturation_intervals(f: Activation, threshold: float = 0.01, reach: float = 60.0) -> tuple[tuple[float, float], ...]:
    """The stretches of z on which |f′(z)| < threshold, one that goes on past `reach` ending in ±inf.

    Examples
    --------
    >>> saturation_intervals(ACTIVATIONS["relu"])
    ((-inf, 0.0),)
    """

    def excess(x: float) -> float:
        return float(np.abs(f.derivative(x))) - threshold

    z = np.linspace(-reach, reach, 12001)
    slope = np.abs(f.derivative(z))
    flat = slope < threshold

    def edge(i: int) -> float:
        """Between z[i] and z[i + 1]; beside a point without a slope, such as of √z left of 0, the last that has one."""
        if not np.isfinite(slope[i : i + 2]).all():
            return float(z[i] if flat[i] else z[i + 1])
        return float(brentq(excess, z[i], z[i + 1], xtol=1e-12))

    # Eight digits, so that a kink at 0 is told as 0.
    edges = [round(edge(i), 8) + 0.0 for i in np.flatnonzero(flat[1:] != flat[:-1]).tolist()]
    ends = ([-np.inf] if flat[0] else []) + edges + ([np.inf] if flat[-1] else [])
    return tuple(zip(ends[::2], ends[1::2], strict=True))


def saturated(f: Activation, z: ArrayLike, threshold: float = 0.01) -> NDArray[np.bool_]:
    """Whether each z lies where |f′(z)| < threshold, of z's shape; for softmax, where no logit moves that output by as much."""
    if f.elementwise:
        return np.abs(f.derivative(z)) < threshold
    a = f(z)
    return a * (1 - a) < threshold
