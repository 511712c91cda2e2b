"""How the gradient of each layer changes as a network gets deeper: the same samples, loss and output, more and more hidden layers.

Each layer on the way back multiplies δ by its weights and slopes; below 1 on average the gradient of the first layers vanishes with depth.

Source: Glorot & Bengio (2010), section 4.2; Bengio, Simard & Frasconi (1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.activations import Activation
from nnviz.core.initializers import Initializer
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost

Array = NDArray[np.floating]

DEEPEST = 50


@dataclass(frozen=True, eq=False)
class DepthStudy:
    """‖∂C/∂Wˡ‖ of every layer of networks that differ in depth alone; `norms[i]` is (runs, hidden layers + 1)."""

    depths: tuple[int, ...]  # hidden layers
    norms: list[Array]

    @property
    def medians(self) -> list[Array]:
        """Over the draws of the weights, (hidden layers + 1,) each."""
        return [np.median(norms, axis=0) for norms in self.norms]

    @property
    def factors(self) -> Array:
        """What one hidden layer makes of the gradient on its way back, the geometric mean, (depths,); nan below two square layers."""
        with np.errstate(all="ignore"):
            # The first and the last matrix have shapes of their own: the hidden ones are alike.
            return np.array([(m[1] / m[-2]) ** (1 / (len(m) - 3)) if len(m) > 3 else np.nan for m in self.medians])


def layer_norms(network: Network, gradient: ArrayLike) -> Array:
    """‖∂C/∂Wˡ‖ (Frobenius) of each layer of a gradient (..., P): (..., L)."""
    with np.errstate(all="ignore"):
        return np.stack([np.sqrt(np.sum(layer.W**2, axis=(-2, -1))) for layer in network.unpack(gradient)], axis=-1)


def gradient_by_depth(
    cost: NetworkCost,
    depths: Sequence[int],
    width: int,
    activation: str | Activation,
    initializer: str | Initializer,
    runs: int = 4,
    scale: float = 1.0,
    seed: int = 0,
) -> DepthStudy:
    """The size of the gradient, layer by layer, of a cost whose network gets more and more hidden layers.

    Parameters
    ----------
    cost : NetworkCost
        Gives samples, loss, inputs, outputs and the output's activation.
    depths : (d,) numbers of hidden layers, 1 to 50
    width : units of each hidden layer
    activation, initializer : of the hidden layers, and of all weights
    runs, scale, seed : draws of the weights, all as one batch, and what they are multiplied by

    Raises
    ------
    ValueError
        A depth out of its bounds, no run, or a scale that is not finite.
    """
    if not depths or not all(1 <= depth <= DEEPEST for depth in depths):
        raise ValueError(f"the depths are {list(depths)!r:.80}: give at least one, each from 1 to {DEEPEST} hidden layers")
    if runs < 1 or not np.isfinite(scale):
        raise ValueError(f"{runs} runs at scale {scale} were asked for: at least 1 run and a finite scale are needed")
    norms = []
    for depth in depths:
        sizes = (cost.network.sizes[0], *(width,) * depth, cost.network.sizes[-1])
        network = Network(sizes, (*(activation,) * depth, cost.network.layer_activations[-1]))
        theta = scale * network.initialize(initializer, seed, batch=runs)
        norms.append(layer_norms(network, NetworkCost(network, cost.loss, cost.X, cost.Y).gradient(theta)))
    return DepthStudy(tuple(depths), norms)
