"""The exact Hessian of the cost in all 105 parameters."""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.measuring import Peer, Row, Work, timed
from benchmarks.workload import LOSS, NETWORK, X, Y, jax_cost
from nnviz.core.objectives import NetworkCost

REPEATS = 20


def rows(options: argparse.Namespace) -> list[Row]:
    """Against automatic differentiation."""
    peers = [Peer("torch.func.hessian", torch_hessian), Peer("JAX, jitted jax.hessian", jax_hessian)]
    return [Row("exact Hessian, 105 parameters, 500 samples", ours, peers, "≤ 1.1 ms")]


def ours() -> Work:
    """`NetworkCost.hessian`."""
    cost, theta = NetworkCost(NETWORK, LOSS, X, Y), NETWORK.initialize()
    return timed(lambda: [cost.hessian(theta) for _ in range(REPEATS)], REPEATS)


def torch_hessian() -> Work:
    """torch.func.hessian of the same cost, float64."""
    import torch

    torch.set_num_threads(1)
    inputs, targets = (torch.tensor(part.copy(), dtype=torch.float64) for part in (X, Y))

    def cost(theta):
        x, start = inputs, 0
        for place, (k, n) in enumerate(NETWORK.shapes):
            W, b = theta[start : start + k * n].reshape(k, n), theta[start + k * n : start + k * (n + 1)][:, None]
            x = W @ x + b
            x = torch.tanh(x) if place < 2 else x
            start += k * (n + 1)
        return torch.nn.functional.binary_cross_entropy_with_logits(x, targets)

    theta = torch.tensor(NETWORK.initialize())
    hessian = torch.func.hessian(cost)
    return timed(lambda: hessian(theta), 1)


def jax_hessian() -> Work:
    """A jitted jax.hessian of the same cost, float32."""
    import jax

    cost, inputs, targets = jax_cost(), X.astype(np.float32), Y.astype(np.float32)

    def flat(theta):
        layers, start = [], 0
        for k, n in NETWORK.shapes:
            layers.append((theta[start : start + k * n].reshape(k, n), theta[start + k * n : start + k * (n + 1)][:, None]))
            start += k * (n + 1)
        return cost(layers, inputs, targets)

    hessian, theta = jax.jit(jax.hessian(flat)), NETWORK.initialize().astype(np.float32)
    return timed(lambda: [jax.block_until_ready(hessian(theta)) for _ in range(REPEATS)], REPEATS)
