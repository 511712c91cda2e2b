"""The loss on a 101 × 101 grid of a plane, against the tanh calls alone that such a grid needs."""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.measuring import Peer, Row, Work, timed
from benchmarks.workload import LOSS, NETWORK, SAMPLES, X, Y
from nnviz.core.landscape import evaluate_grid, random_plane
from nnviz.core.objectives import NetworkCost

AXIS = np.linspace(-1.0, 1.0, 101)
CHUNK = 8  # networks whose activations stay in cache


def rows(options: argparse.Namespace) -> list[Row]:
    """One row: the grid and its floor."""
    floor = Peer("its tanh calls alone (ours over theirs)", tanh_alone, "≤ 1.5×", inverse=True)
    return [Row("loss grid 101 × 101, 500 samples", ours, [floor])]


def ours() -> Work:
    """`evaluate_grid` on a random plane through an initialised network."""
    theta = NETWORK.initialize()
    cost, plane = NetworkCost(NETWORK, LOSS, X, Y), random_plane(NETWORK, theta, seed=0)
    return timed(lambda: evaluate_grid(cost, plane, AXIS, AXIS), 1)


def tanh_alone() -> Work:
    """np.tanh as often as the grid needs it, in place and in cache."""
    units = sum(NETWORK.sizes[1:-1])
    Z = np.random.default_rng(0).normal(size=(CHUNK, units, SAMPLES))
    out = np.empty_like(Z)

    def calls() -> None:
        for _ in range(-(-(AXIS.size**2) // CHUNK)):
            np.tanh(Z, out)

    return timed(calls, 1)
