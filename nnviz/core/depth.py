"""Signals through depth: what many layers make of the spread of activations on the way there and of gradients on the way back.

Each layer multiplies the variance of what passes by about `χ = n·E[w²]·E[f′(z)²]`. Below 1 it vanishes, above 1 it explodes, geometrically
in the number of layers; an initialiser is a choice of `E[w²]` that keeps χ near 1 for one activation.

Sources: Glorot & Bengio (2010), section 4.2.1, eqs. 5 and 6; He et al. (2015), eqs. 7 and 14; Lu et al. (2020), Dying ReLU and
initialization.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.core.activations import Activation
from nnviz.core.initializers import Initializer
from nnviz.core.network import Forward, Network, transposed

Array = NDArray[np.floating]

SHALLOWEST, DEEPEST, WIDEST, MOST_SAMPLES, MOST_RUNS = 2, 50, 256, 256, 64


@dataclass(frozen=True, eq=False)
class Signals:
    """What passed through the layers, by initialiser, draw of the weights (run) and layer; layer 0 is the input."""

    activations: Array  # standard deviation of Aˡ over units and samples, (initialisers, runs, L + 1)
    differences: Array  # of Aˡ over samples alone: what still tells inputs apart, (initialisers, runs, L + 1)
    gradients: Array  # root mean square of δˡ, from a gradient of size 1 at the output, (initialisers, runs, L)
    dead: Array  # share of units with f′(z) = 0 for every sample, (initialisers, runs, L)
    weight_gain: Array  # n·E[w²] of each layer, (initialisers, runs, L)
    slope: Array  # E[f′(z)²] of each layer, (initialisers, runs, L)

    @property
    def factor(self) -> Array:
        """By how much a layer is expected to multiply the gradient, √χ from layer l + 1 to l: (initialisers, runs, L − 1)."""
        return np.sqrt(self.weight_gain[..., 1:] * self.slope[..., :-1])

    @property
    def measured_factor(self) -> Array:
        """By how much it did: δˡ against δˡ⁺¹, (initialisers, runs, L − 1)."""
        with np.errstate(all="ignore"):
            return self.gradients[..., :-1] / self.gradients[..., 1:]


def signals_through_depth(
    activation: str | Activation,
    initializers: Sequence[str | Initializer],
    depth: int = 50,
    width: int = 64,
    samples: int = 64,
    runs: int = 4,
    scale: float = 1.0,
    seed: int = 0,
) -> Signals:
    """Send normal inputs forward and a normal gradient back through networks of equal layers, all initialisers and draws as one batch.

    Parameters
    ----------
    activation : name or Activation
        Of every layer; elementwise.
    initializers : names or Initializers
    depth, width, samples, runs : int
        Layers (2 to 50), units of each, inputs, and draws of the weights.
    scale : float
        The weights are multiplied by it.
    seed : int

    Returns
    -------
    Signals
        Overflow is in it as inf or nan.

    Raises
    ------
    ValueError
        No initialiser, softmax, or a number outside its bounds.

    Examples
    --------
    >>> relu = signals_through_depth("relu", ["he_normal", "normal(0.5)"], depth=30)
    >>> relu.gradients.shape, (relu.gradients[:, :, 0].mean(axis=1) > 1e3).tolist()
    ((2, 4, 30), [False, True])
    """
    check_sizes(depth, width, samples, runs)
    if not initializers:
        raise ValueError("no initialiser was given: name at least one, such as he_normal")
    if not (np.isfinite(scale) and scale >= 0):
        raise ValueError(f"scale is {scale}: the weights need a finite factor of 0 or more")
    network = Network((width,) * (depth + 1), activation)
    if not network.layer_activations[0].elementwise:
        raise ValueError("softmax is not elementwise: choose an activation with a slope f′(z) of its own")
    theta = scale * np.stack([network.initialize(initializer, seed, batch=runs) for initializer in initializers])
    rng = np.random.default_rng((seed, 1))  # not the weights' own numbers
    X, arriving = rng.standard_normal((2, width, samples))
    with np.errstate(all="ignore"):
        forward = network.forward(theta, X)
        return measured(network, theta, forward, arriving)


def check_sizes(depth: int, width: int, samples: int, runs: int) -> None:
    """ValueError unless each is a whole number within its bounds."""
    bounds = {
        "depth": (depth, SHALLOWEST, DEEPEST),
        "width": (width, 1, WIDEST),
        "samples": (samples, 2, MOST_SAMPLES),
        "runs": (runs, 1, MOST_RUNS),
    }
    for name, (value, low, high) in bounds.items():
        if value != int(value) or not low <= value <= high:
            raise ValueError(f"{name} is {value!r:.40}: it needs to be a whole number from {low} to {high}")


def measured(network: Network, theta: Array, forward: Forward, arriving: Array) -> Signals:
    """The sizes of what passes, layer by layer, as `arriving` = ∂C/∂Aᴸ (n, m) goes back: `δˡ = f′(Zˡ) ⊙ (Wˡ⁺¹)ᵀ·δˡ⁺¹`."""
    layers, f, g = network.unpack(theta), network.layer_activations[0], arriving
    gradients, dead, slope = [], [], []
    for l in range(len(layers), 0, -1):
        steepness = f.derivative(forward.z(l))
        delta = steepness * g
        gradients.append(root_mean_square(delta))
        dead.append((steepness == 0).all(axis=-1).mean(axis=-1))
        slope.append(np.mean(steepness**2, axis=(-2, -1)))
        g = transposed(layers[l - 1].W) @ delta
    lead = gradients[0].shape
    return Signals(
        stacked((A.std(axis=(-2, -1)) for A in forward.A), lead),
        stacked((root_mean_square(A - A.mean(axis=-1, keepdims=True)) for A in forward.A), lead),
        stacked(reversed(gradients), lead),
        stacked(reversed(dead), lead),
        stacked((network.sizes[0] * np.mean(W**2, axis=(-2, -1)) for W, _ in layers), lead),
        stacked(reversed(slope), lead),
    )


def root_mean_square(A: Array) -> Array:
    """Over units and samples."""
    return np.sqrt(np.mean(A**2, axis=(-2, -1)))


def stacked(parts: Iterable[Array], lead: tuple[int, ...]) -> Array:
    """One number a layer as the last axis; the input is the same for every run."""
    return np.stack([np.broadcast_to(part, lead) for part in parts], axis=-1)
