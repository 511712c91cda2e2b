"""How much of a change is left after many steps of a recurrent network, and why: the spectral radius against the slopes on the way.

`∂h_t/∂h_s = Π diag(f′(z))·W_hh`: each step turns a change by W_hh, which in the long run multiplies it by ρ(W_hh), and then by the slopes
f′, which depend on where the states are. A large W_hh drives tanh into saturation, where f′ is small: both factors have to be looked at.

Source: Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks, section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import generator
from nnviz.core.recurrent import RecurrentCost
from nnviz.core.recurrent_network import RecurrentNetwork

Array = NDArray[np.floating]


@dataclass(frozen=True)
class StepFactor:
    """By how much one step multiplies a change of the state, on the average of a way.

    Of its length a change that is spread over the units keeps the root mean square of their slopes; steps multiply, so over them the mean
    is the geometric one. It explains the size of what was measured and is no bound: `stretch·largest_slope` is.
    """

    radius: float  # ρ(W_hh): what W_hh alone does in the long run
    stretch: float  # σ_max(W_hh): what it does at most in one step
    slope: float  # root mean square of f′(z) over the units of a step, geometric mean over the steps
    largest_slope: float  # the largest |f′(z)| met: where stretch·largest_slope < 1 a change must vanish
    measured: float  # ‖∂h_{1+span}/∂h_1‖₂ to the power of 1/span
    span: int  # all steps, or fewer where over all of them the norm overflows or underflows

    @property
    def expected(self) -> float:
        """`ρ·f′`, to be compared with what was measured."""
        return self.radius * self.slope


def step_factor(network: RecurrentNetwork, theta: ArrayLike, X: ArrayLike) -> StepFactor:
    """The factors of a change between the first and the last of at least two steps, for the first sample of X (T, n, m).

    Examples
    --------
    >>> linear = RecurrentNetwork(1, 4, 1, "identity")
    >>> theta = linear.rescale(linear.initialize("orthogonal", seed=0), 0.5)
    >>> told = step_factor(linear, theta, np.zeros((30, 1, 1)))
    >>> round(told.radius, 12), told.slope, round(told.measured, 12)
    (0.5, 1.0, 0.5)
    """
    X = np.asarray(X, dtype=float)
    if X.ndim != 3 or len(X) < 2:
        raise ValueError(f"X has shape {X.shape}: a way from step to step needs (steps, inputs, samples) with at least 2 steps")
    W = network.unpack(theta)["W_hh"]
    measured, span = _measured(network, theta, X)
    with np.errstate(all="ignore"):
        z = network.forward(theta, X[:, :, :1]).z[1:]
        slopes = np.ones_like(z) if network.activation == "identity" else np.abs(network.f.derivative(z))
        slope = float(np.exp(0.5 * np.log((slopes**2).mean(axis=(-1, -2))).mean()))
        stretch = float(np.linalg.norm(W, 2))
    return StepFactor(float(network.spectral_radius(theta)), stretch, slope, float(slopes.max()), measured, span)


def _measured(network: RecurrentNetwork, theta: ArrayLike, X: Array) -> tuple[float, int]:
    """What a change is multiplied by in each of so many steps, as many as its size can be told after."""
    span = len(X) - 1
    while True:
        norm = float(network.jacobian_norms(theta, X[: span + 1], every=span)[1, 0])
        if span == 1 or 0 < norm < np.inf:
            return norm ** (1 / span), span
        span //= 2


def radius_sweep(
    network: RecurrentNetwork, radii: ArrayLike, span: int = 60, initializer: str = "orthogonal", draws: int = 9, seed: int = 0
) -> Array:
    """`‖∂h_s+span/∂h_s‖₂` for each spectral radius (R,) and each of so many draws of the weights, (R, draws): one batch, noise as input.

    Raises
    ------
    ValueError
        A radius that is negative or not finite, or weights whose W_hh has radius 0.
    """
    radii = np.atleast_1d(np.asarray(radii, dtype=float))
    if radii.ndim != 1 or not np.isfinite(radii).all() or (radii < 0).any():
        raise ValueError(f"the radii have shape {radii.shape}: give a row of finite numbers from 0 on")
    noise = generator(seed).standard_normal((span + 1, network.inputs, 1))
    unit = network.rescale(network.initialize(initializer, seed=seed, batch=draws), 1.0)
    theta = np.tile(unit, (len(radii), 1, 1))
    network.unpack(theta)["W_hh"][...] *= radii[:, None, None, None]
    return network.jacobian_norms(theta, noise, every=span)[..., 1, 0]


def flows(cost: RecurrentCost, step: int) -> bool:
    """Whether δ flows from a step into the one before it; truncation cuts the way."""
    return step > 0 and (cost.truncation is None or step % cost.truncation != 0)
