"""The maps of the page Optimisers on Himmelblau's surface: 300 rates × 6 optimisers, and basins from 200 × 200 starts; 200 steps each."""

from __future__ import annotations

import argparse
from collections import deque
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measuring import Peer, Row, Work, timed
from nnviz.core.maps import basins, rate_sweep
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.surfaces import SURFACES
from nnviz.core.sweep import sweep_chunks

SURFACE, START, STEPS, RESOLUTION = SURFACES["himmelblau"], [0.7, -1.0], 200, 200
NAMES = ("sgd", "momentum", "heavy_ball", "nesterov", "rmsprop", "adam")
RATES = np.geomspace(1e-5, 10, 300)
SLOW = [
    ("L-BFGS on the plateau", "lbfgs", "plateau"),
    ("L-BFGS on Ackley's", "lbfgs", "ackley"),
    ("Newton on the noisy bowl", "newton", "noisy_bowl"),
]
LOOPED = 3  # runs of each optimiser that the loop is timed on; it is told for all of them


def rows(options: argparse.Namespace) -> list[Row]:
    """Against a loop over torch.optim, and against gradients by torch.vmap with the rules written out."""
    rates = [Peer("PyTorch, a loop over runs", torch_loop_over_rates), Peer("torch.vmap, rules by hand", torch_vmap_over_rates)]
    starts = [Peer("PyTorch, a loop over runs", torch_loop_over_starts), Peer("torch.vmap, Adam by hand", torch_vmap_over_starts)]
    return [
        Row(f"{len(RATES)} rates × {len(NAMES)} optimisers × {STEPS} steps", ours_over_rates, rates, "< 0.3 s"),
        Row(f"basins of Adam, {RESOLUTION} × {RESOLUTION} × {STEPS} steps", ours_over_starts, starts, "< 2 s"),
        *(Row(f"basins of {title}, as many", partial(basins_of, name, surface), [], "< 2 s") for title, name, surface in SLOW),
    ]


def ours_over_rates() -> Work:
    """A sweep over rates and optimisers."""

    def work() -> None:
        optimizers = [OPTIMIZERS[name]() for name in NAMES]
        deque(sweep_chunks(rate_sweep(SURFACE, optimizers, RATES, START, STEPS)), maxlen=1)

    return timed(work, 1)


def ours_over_starts() -> Work:
    """`basins`, which also finds and names the minima."""
    return timed(lambda: basins(SURFACE, OPTIMIZERS["adam"](learning_rate=0.1), RESOLUTION, STEPS), 1)


def basins_of(name: str, surface: str) -> Work:
    """The maps that take longest: each step asks more than one gradient, or solves for its direction."""
    return timed(lambda: basins(SURFACES[surface], OPTIMIZERS[name](), RESOLUTION, STEPS), 1)


def torch_value(theta: Any) -> Any:
    """Himmelblau's function of theta (..., 2)."""
    x, y = theta[..., 0], theta[..., 1]
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def torch_fit(make: Any, start: Any) -> None:
    """One run of `STEPS` steps with torch.optim."""
    import torch

    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    rule = make([theta])
    for _ in range(STEPS):
        rule.zero_grad()
        torch_value(theta).backward()
        rule.step()


def torch_loop_over_rates() -> Work:
    """A torch.optim optimiser for each rate, one after the other."""
    import torch
    from torch.optim import SGD, Adam, RMSprop

    torch.set_num_threads(1)
    kinds = (
        lambda p, lr: SGD(p, lr=lr),
        lambda p, lr: SGD(p, lr=lr, momentum=0.9, dampening=0.9),
        lambda p, lr: SGD(p, lr=lr, momentum=0.9),
        lambda p, lr: SGD(p, lr=lr, momentum=0.9, nesterov=True),
        lambda p, lr: RMSprop(p, lr=lr),
        lambda p, lr: Adam(p, lr=lr),
    )

    def fit() -> None:
        for kind in kinds:
            for rate in RATES[:LOOPED]:
                torch_fit(lambda p, kind=kind, rate=rate: kind(p, float(rate)), START)

    return timed(fit, LOOPED / len(RATES))


def torch_loop_over_starts() -> Work:
    """A torch.optim.Adam for each start, one after the other."""
    import torch

    torch.set_num_threads(1)
    starts = np.random.default_rng(0).uniform(-5, 5, (LOOPED, 2))

    def fit() -> None:
        for start in starts:
            torch_fit(lambda p: torch.optim.Adam(p, lr=0.1), start)

    return timed(fit, LOOPED / RESOLUTION**2)


def torch_vmap_over_rates() -> Work:
    """All rates of an optimiser at once: torch.vmap of the gradient, the rule on (300, 2) tensors."""
    import torch

    torch.set_num_threads(1)
    slope = torch.vmap(torch.func.grad(torch_value))
    rates = torch.tensor(RATES)[:, None]

    def fit() -> None:
        for name in NAMES:
            theta = torch.tensor(START, dtype=torch.float64).repeat(len(RATES), 1)
            v, s = torch.zeros_like(theta), torch.zeros_like(theta)
            for t in range(1, STEPS + 1):
                g = slope(theta)
                if name == "sgd":
                    theta = theta - rates * g
                elif name == "momentum":
                    v = 0.9 * v + 0.1 * g
                    theta = theta - rates * v
                elif name in ("heavy_ball", "nesterov"):
                    v = 0.9 * v + g
                    theta = theta - rates * (v if name == "heavy_ball" else g + 0.9 * v)
                elif name == "rmsprop":
                    s = 0.99 * s + 0.01 * g * g
                    theta = theta - rates * g / (s.sqrt() + 1e-8)
                else:
                    v, s = 0.9 * v + 0.1 * g, 0.999 * s + 0.001 * g * g
                    theta = theta - rates * (v / (1 - 0.9**t)) / ((s / (1 - 0.999**t)).sqrt() + 1e-8)

    return timed(fit, 1)


def torch_vmap_over_starts() -> Work:
    """All starts at once: torch.vmap of the gradient, Adam on (40000, 2) tensors."""
    import torch

    torch.set_num_threads(1)
    slope = torch.vmap(torch.func.grad(torch_value))
    axes = [torch.linspace(low, high, RESOLUTION, dtype=torch.float64) for low, high in SURFACE.bounds]
    starts = torch.stack(torch.meshgrid(*axes, indexing="xy"), dim=-1).reshape(-1, 2)

    def fit() -> None:
        theta, m, v = starts.clone(), torch.zeros_like(starts), torch.zeros_like(starts)
        for t in range(1, STEPS + 1):
            g = slope(theta)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            theta = theta - 0.1 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)

    return timed(fit, 1)
