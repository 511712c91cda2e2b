"""48 runs with Adam side by side: the time of one run and step."""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.measuring import Peer, Row, Work, timed
from benchmarks.workload import DATA, LOSS, NETWORK, RATE, SAMPLES, X, Y, jax_cost, jax_layers, jax_precision
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.training import train

RUNS, SIZE, STEPS = 48, 10, 4000
START = NETWORK.initialize(batch=RUNS)


def rows(options: argparse.Namespace) -> list[Row]:
    """Against JAX, one run at a time and vectorised over runs."""
    peers = [
        Peer("JAX, a jitted scan of one run", lambda: jax_scan(1, "float64"), "≥ 2×"),
        Peer("JAX, jitted and vmapped", lambda: jax_scan(RUNS, "float64"), "≥ 1×"),
        Peer("JAX, jitted and vmapped, in float32", lambda: jax_scan(RUNS, "float32")),
    ]
    return [Row(f"{RUNS} Adam runs at once, batch {SIZE}: a run and step", ours, peers, "≤ 2 µs")]


def ours() -> Work:
    """`train()` on a batch of theta."""
    return timed(lambda: train(NETWORK, LOSS, DATA, OPTIMIZERS["adam"](RATE), steps=STEPS, batch_size=SIZE, theta0=START), RUNS * STEPS)


def jax_scan(runs: int, precision: str) -> Work:
    """Adam as a scan over mini-batches, jitted whole, and vmapped over the runs where there are several."""
    import jax
    import jax.numpy as jnp

    jax_precision(precision)
    gradient = jax.grad(jax_cost())
    inputs, targets = jnp.asarray(X, dtype=precision), jnp.asarray(Y, dtype=precision)

    def step(carry, batch):
        layers, first, second, count = carry
        slope = gradient(layers, inputs[:, batch], targets[:, batch])
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slope)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, slope)
        count = count + 1
        layers = jax.tree.map(
            lambda p, m, v: p - RATE * m / (1 - 0.9**count) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8), layers, first, second
        )
        return (layers, first, second, count), None

    def fit(layers, batches):
        zeros = jax.tree.map(jnp.zeros_like, layers)
        return jax.lax.scan(step, (layers, zeros, zeros, 0.0), batches)[0][0]

    order = np.random.default_rng(0)
    mixed = np.concatenate([order.permutation(SAMPLES) for _ in range(STEPS * SIZE // SAMPLES)]).reshape(-1, SIZE)
    whole = jax.jit(jax.vmap(fit, in_axes=(0, None)) if runs > 1 else fit)
    start = jax_layers(START if runs > 1 else START[0], precision)
    compiled = whole.lower(start, mixed).compile()

    def whole_run() -> None:
        jax_precision(precision)
        jax.block_until_ready(compiled(start, mixed))

    return timed(whole_run, runs * len(mixed))
