"""A map over two hyperparameters: 64 × 64 runs of 200 full-batch steps, a 2-8-1 network on 64 samples."""

from __future__ import annotations

import argparse
import atexit
import time
from collections import deque
from contextlib import AbstractContextManager, ExitStack

import numpy as np

from benchmarks.measuring import Peer, Row, Work, timed
from benchmarks.workload import LOSS, jax_precision
from nnviz.core import executors
from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.sweep import described, sweep_chunks, tiles_of

NETWORK = Network((2, 8, 1), ("tanh", "sigmoid"))
DATA = DATASETS["spiral"](samples=64, noise=0.1, test_fraction=0.0, seed=0)
STEPS = 200
X_VALUES, Y_VALUES = np.geomspace(1e-2, 1e2, 64), np.geomspace(0.1, 10, 64)
RATES, SCALES = np.tile(X_VALUES, 64)[:, None], np.repeat(Y_VALUES, 64)[:, None]
START = NETWORK.initialize() * SCALES
AXES = ("learning_rate", X_VALUES), ("initial_scale", Y_VALUES)
SWEEP = described(NETWORK, DATA, "sgd", *AXES, steps=STEPS, loss=LOSS)
TILES = tiles_of(SWEEP.shape, 16)
LONG = described(NETWORK, DATA, "sgd", *AXES, steps=2 * STEPS, loss=LOSS)  # whose tiles take a second or so


def rows(options: argparse.Namespace) -> list[Row]:
    """Against JAX jitted and vmapped over all pixels."""
    peers = [
        Peer("JAX, jitted and vmapped", lambda: jax_map("float64"), "≥ 1×"),
        Peer("JAX, jitted and vmapped, in float32", lambda: jax_map("float32")),
    ]
    one = Peer("one process", lambda: pooled(executors.processes(1)), "≥ 1.8×")
    pool = Peer("the pool of two processes (Dask over it)", lambda: pooled(executors.processes(2)), "≤ 1.1×", inverse=True)
    return [
        Row("64 × 64 map, 200 full-batch steps of 2-8-1 on 64 samples", ours, peers, "≤ 4 s"),
        Row("the same with 400 steps, 16 tiles, in two processes", lambda: pooled(executors.processes(2)), [one]),
        Row("the same on a local Dask cluster of two", lambda: pooled(executors.dask(None, 2)), [pool]),
    ]


def pooled(place: AbstractContextManager[executors.Make]) -> Work:
    """The long map by an executor that has started its workers before the clock does; it is closed with the program."""
    make = OPEN.enter_context(place)
    executor = make()

    def once() -> float:
        began = time.perf_counter()
        deque(executors.finished_tiles(LONG, TILES, lambda: executor), maxlen=0)
        return time.perf_counter() - began

    return once


OPEN = ExitStack()
atexit.register(OPEN.close)


def ours() -> Work:
    """4,096 runs, each with its own rate and initial scale, with their convergence measure."""
    return timed(lambda: deque(sweep_chunks(SWEEP), maxlen=0), 1)


def jax_map(precision: str) -> Work:
    """The same as a scan of gradient steps, vmapped over rates and starts."""
    import jax
    import jax.numpy as jnp

    jax_precision(precision)
    inputs, targets = DATA.train.X.astype(precision), DATA.train.Y.astype(precision)

    def cost(layers):
        (W1, b1), (W2, b2) = layers
        z = W2 @ jnp.tanh(W1 @ inputs + b1) + b2
        return jnp.mean(jnp.logaddexp(0.0, z) - targets * z)

    def fit(layers, rate):
        def step(layers, _):
            return jax.tree.map(lambda p, g: p - rate * g, layers, jax.grad(cost)(layers)), None

        return jax.lax.scan(step, layers, None, length=STEPS)[0]

    whole = jax.jit(jax.vmap(fit))
    start = [(layer.W.astype(precision), layer.b.astype(precision)) for layer in NETWORK.unpack(START)]
    rates = RATES[:, 0].astype(precision)
    compiled = whole.lower(start, rates).compile()

    def whole_run() -> None:
        jax_precision(precision)
        jax.block_until_ready(compiled(start, rates))

    return timed(whole_run, 1)
