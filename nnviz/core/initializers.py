"""Initialisers: the parameters a network starts from. n inputs, k units: the scale keeps signals (LeCun, He) or both ways (Glorot) level.

An initialiser turns standard random numbers of a layer into its weights. All numbers of a network are drawn at once, run after run, so that
run r of a batch is the same whatever the size of the batch, and run 0 is what the seed gives without one. Biases are 0 but in torch_linear.
To add one, write it below and name it in `INITIALIZERS`.

Sources: LeCun et al. (1998), Efficient BackProp, section 4.6; Glorot and Bengio (2010), eq. 16; He et al. (2015), eq. 10;
Saxe et al. (2014), section 3; torch.nn.Linear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.registry import look_up, with_number

Array = NDArray[np.floating]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def normal_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers."""
    return rng.standard_normal(shape)


def uniform_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers uniform on [−1, 1)."""
    return rng.uniform(-1.0, 1.0, shape)


def no_bias(b: Array, n: int) -> Array:
    """Zeros."""
    return np.zeros_like(b)


@dataclass(frozen=True)
class Initializer:
    """How the parameters of a network are drawn; equal where the names are."""

    name: str
    title: str
    formula: str  # LaTeX, in n (inputs) and k (units)
    draw: Draw = field(compare=False, repr=False)  # the standard numbers of a whole network
    weights: Callable[[Array], Array] = field(compare=False, repr=False)  # from a layer's (..., k, n) standard numbers
    biases: Callable[[Array, int], Array] = field(default=no_bias, compare=False, repr=False)  # from (..., k, 1) and n

    def __reduce__(self) -> tuple[Any, ...]:
        return get_initializer, (self.name,)


def scaled(W: Array, gain: float, fans: str) -> Array:
    """Standard numbers times √(gain/n), or √(gain/(n + k)) where both fans count."""
    k, n = W.shape[-2:]
    return W * sqrt(gain / (n if fans == "in" else n + k))


def orthogonal_weights(W: Array) -> Array:
    """A random matrix with orthonormal rows or columns, whichever are fewer; uniform over all such (signs of R's diagonal taken in)."""
    tall = W if W.shape[-2] >= W.shape[-1] else W.swapaxes(-1, -2)
    Q, R = np.linalg.qr(tall)
    Q = Q * np.where(np.diagonal(R, axis1=-2, axis2=-1) < 0, -1.0, 1.0)[..., None, :]
    return Q if tall is W else Q.swapaxes(-1, -2)


def constant(value: float = 0.1) -> Initializer:
    """Every weight the same: units of a layer stay alike for ever."""
    if not np.isfinite(value):
        raise ValueError(f"the value is {value}: a constant weight needs to be finite")
    name = "constant" if value == 0.1 else f"constant({float(value)!r})"
    return Initializer(name, f"Constant {value:g}", f"w={value:g}", normal_numbers, lambda W: np.full_like(W, value))


def normal(std: float = 1.0) -> Initializer:
    """Normal weights of one standard deviation, whatever the layer's size."""
    if not 0 <= std < np.inf:
        raise ValueError(f"std is {std}: normal weights need a finite standard deviation of 0 or more")
    name = "normal" if std == 1 else f"normal({float(std)!r})"
    return Initializer(name, f"Normal, σ = {std:g}", rf"\mathcal{{N}}(0, {std:g}^2)", normal_numbers, lambda W: W * std)


INITIALIZERS: dict[str, Initializer] = {
    initializer.name: initializer
    for initializer in (
        Initializer("zeros", "Zeros", "w=0", normal_numbers, np.zeros_like),
        constant(),
        normal(),
        Initializer(
            "glorot_uniform", "Glorot uniform", r"\mathcal{U}\left(\pm\sqrt{6/(n+k)}\right)", uniform_numbers,
            lambda W: scaled(W, 6.0, "both"),
        ),
        Initializer(
            "glorot_normal", "Glorot normal", r"\mathcal{N}(0, 2/(n+k))", normal_numbers, lambda W: scaled(W, 2.0, "both"),
        ),
        Initializer("he_uniform", "He uniform", r"\mathcal{U}\left(\pm\sqrt{6/n}\right)", uniform_numbers, lambda W: scaled(W, 6.0, "in")),
        Initializer("he_normal", "He normal", r"\mathcal{N}(0, 2/n)", normal_numbers, lambda W: scaled(W, 2.0, "in")),
        Initializer("lecun_normal", "LeCun normal", r"\mathcal{N}(0, 1/n)", normal_numbers, lambda W: scaled(W, 1.0, "in")),
        Initializer("orthogonal", "Orthogonal", r"W^\top W=I\ \text{or}\ WW^\top=I", normal_numbers, orthogonal_weights),
        Initializer(
            "torch_linear", "PyTorch's Linear", r"w, b\sim\mathcal{U}\left(\pm 1/\sqrt{n}\right)", uniform_numbers,
            lambda W: scaled(W, 1.0, "in"), lambda b, n: b / sqrt(n),
        ),
    )
}  # fmt: skip


def get_initializer(initializer: str | Initializer) -> Initializer:
    """The initialiser of a name, `"constant(0.5)"` and `"normal(0.1)"` included, or the object itself.

    Raises
    ------
    ValueError
        An unknown name (those known are listed), or brackets that hold no number, or not one that will do.

    Examples
    --------
    >>> get_initializer("normal(0.1)") == normal(0.1)
    True
    """
    made = with_number({"constant": constant, "normal": normal}, initializer, "initialiser")
    return made or look_up(INITIALIZERS, initializer, Initializer, "initialiser")
