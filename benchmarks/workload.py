"""What all rows about networks work on: a 2-8-8-1 tanh network with a sigmoid output and 500 samples of a spiral."""

from __future__ import annotations

import numpy as np

from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network

NETWORK = Network((2, 8, 8, 1), ("tanh", "tanh", "sigmoid"))
LOSS = "binary_cross_entropy"
SAMPLES = 500
DATA = DATASETS["spiral"](samples=SAMPLES, noise=0.1, test_fraction=0.0, seed=0)
X, Y = DATA.train.X, DATA.train.Y
RATE = 0.03


def jax_layers(theta: np.ndarray, precision: str = "float32") -> list[tuple[np.ndarray, np.ndarray]]:
    """Parameters as JAX's users keep them: (W, b) of each layer, in float32 as JAX comes."""
    return [(layer.W.astype(precision), layer.b.astype(precision)) for layer in NETWORK.unpack(theta)]


def jax_precision(precision: str) -> None:
    """From now on JAX computes in float64, or in float32 as it comes."""
    import jax

    jax.config.update("jax_enable_x64", precision == "float64")


def jax_cost():
    """The cost as a JAX function of layers, X and Y."""
    import jax.numpy as jnp

    def cost(layers, x, y):
        for W, b in layers[:-1]:
            x = jnp.tanh(W @ x + b)
        W, b = layers[-1]
        z = W @ x + b
        return jnp.mean(jnp.logaddexp(0.0, z) - y * z)

    return cost


def torch_model():
    """The network as PyTorch's users write it."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
