"""1000 Adam runs of 500 steps down Rosenbrock's valley, each step recorded."""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.measuring import Peer, Row, Work, timed
from nnviz.core.descent import descend
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.surfaces import SURFACES

RUNS, STEPS, RATE = 1000, 500, 0.01
START = np.random.default_rng(0).uniform(-2, 2, (RUNS, 2))


def rows(options: argparse.Namespace) -> list[Row]:
    """Against PyTorch, all runs in one tensor."""
    return [Row("1000 Adam runs × 500 steps on Rosenbrock, recorded", ours, [Peer("PyTorch, one tensor", torch_adam, "≥ 10×")])]


def ours() -> Work:
    """`descend` with theta and value of each step."""
    return timed(lambda: descend(SURFACES["rosenbrock"], OPTIMIZERS["adam"](RATE), START, steps=STEPS, record=()), 1)


def torch_adam() -> Work:
    """torch.optim.Adam on a (1000, 2) tensor in float64, theta and value of each step kept."""
    import torch

    torch.set_num_threads(1)

    def fit() -> None:
        theta = torch.tensor(START, requires_grad=True)
        rule, path = torch.optim.Adam([theta], lr=RATE), []
        for _ in range(STEPS):
            rule.zero_grad()
            value = (1 - theta[:, 0]) ** 2 + 100 * (theta[:, 1] - theta[:, 0] ** 2) ** 2
            value.sum().backward()
            rule.step()
            path.append((theta.detach().clone(), value.detach()))

    return timed(fit, 1)
