"""One mini-batch step, all that `train()` does included: shuffling, batches, snapshots with costs, scores and gradient norms."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import warnings
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measuring import Absent, Peer, Row, Work, timed
from benchmarks.workload import DATA, LOSS, NETWORK, RATE, SAMPLES, X, Y, jax_cost, jax_layers, torch_model
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.training import train

PEER_STEPS = 300
AIMS = {10: ("≥ 25×", "≥ 13×"), 32: ("≥ 22×", "≥ 13×"), 500: ("≥ 8×", "≥ 10×")}
NN_RUNNER = Path(__file__).with_name("nn_runner.mjs")


def rows(options: argparse.Namespace) -> list[Row]:
    """A row for each batch size, and one for Adam."""
    found = [
        Row(
            f"one SGD step, batch {size}",
            partial(ours, "sgd", size),
            [
                Peer("PyTorch eager", partial(torch_eager, "SGD", size), torch_aim),
                Peer("scikit-learn MLPClassifier", partial(sklearn, "sgd", size), sklearn_aim),
                Peer("JAX, jitted step", partial(jax_jitted, size)),
                Peer("TensorFlow Playground's nn.ts in V8", partial(playground, options.playground, size), "≥ 1.5×"),
            ],
        )
        for size, (torch_aim, sklearn_aim) in AIMS.items()
    ]
    adam = [
        Peer("PyTorch eager", partial(torch_eager, "Adam", 10), "≥ 28×"),
        Peer("scikit-learn MLPClassifier", partial(sklearn, "adam", 10)),
    ]
    return [*found, Row("one Adam step, batch 10", partial(ours, "adam", 10), adam)]


def epochs(size: int, steps: int) -> int:
    """Epochs that make about so many steps."""
    return max(1, round(steps * size / SAMPLES))


def ours(optimizer: str, size: int) -> Work:
    """`train()` as a person calls it."""
    count = epochs(size, 5000 if size < SAMPLES else 2000)
    steps = count * -(-SAMPLES // size)
    return timed(lambda: train(NETWORK, LOSS, DATA, OPTIMIZERS[optimizer](RATE), epochs=count, batch_size=size), steps)


def torch_eager(optimizer: str, size: int) -> Work:
    """The loop of PyTorch's tutorials."""
    import torch

    model, loss = torch_model(), torch.nn.BCEWithLogitsLoss()
    rule = getattr(torch.optim, optimizer)(model.parameters(), lr=RATE)
    inputs, targets = (torch.tensor(part.T.copy(), dtype=torch.float32) for part in (X, Y))
    count = epochs(size, PEER_STEPS)

    def fit() -> None:
        for _ in range(count):
            order = torch.randperm(SAMPLES)
            for start in range(0, SAMPLES, size):
                batch = order[start : start + size]
                rule.zero_grad()
                loss(model(inputs[batch]), targets[batch]).backward()
                rule.step()

    return timed(fit, count * -(-SAMPLES // size))


def sklearn(solver: str, size: int) -> Work:
    """MLPClassifier with the same layers."""
    from sklearn.neural_network import MLPClassifier

    count = epochs(size, 2 * PEER_STEPS)
    model = MLPClassifier(
        (8, 8), activation="tanh", solver=solver, alpha=0.0, batch_size=size, learning_rate_init=RATE, max_iter=count, momentum=0.0,
        nesterovs_momentum=False, tol=0.0, n_iter_no_change=count + 1,
    )  # fmt: skip

    def fit() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            model.fit(X.T, Y[0])

    return timed(fit, count * -(-SAMPLES // size))


def jax_jitted(size: int) -> Work:
    """A jitted step, called for each batch."""
    import jax

    gradient = jax.grad(jax_cost())

    @jax.jit
    def step(layers, x, y):
        return jax.tree.map(lambda part, slope: part - RATE * slope, layers, gradient(layers, x, y))

    start, inputs, targets = jax_layers(NETWORK.initialize()), X.astype(np.float32), Y.astype(np.float32)
    count, order = epochs(size, 3 * PEER_STEPS), np.random.default_rng(0)

    def fit() -> None:
        layers = start
        for _ in range(count):
            mixed = order.permutation(SAMPLES)
            for first in range(0, SAMPLES, size):
                batch = mixed[first : first + size]
                layers = step(layers, inputs[:, batch], targets[:, batch])
        jax.block_until_ready(layers)

    return timed(fit, count * -(-SAMPLES // size))


def playground(checkout: str | None, size: int) -> Work:
    """nn.ts as it is, told to learn the same samples; V8 warmed up."""
    node = shutil.which("node")
    if not checkout:
        raise Absent("no checkout was given (--playground)")
    if node is None:
        raise Absent("node is not installed")
    samples = json.dumps({"x": X.T.tolist(), "y": Y[0].tolist(), "size": size, "rate": RATE})

    def once() -> float:
        done = subprocess.run([node, str(NN_RUNNER), checkout], input=samples, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Absent(complaint(done.stderr))
        return float(done.stdout)

    return once


def complaint(stderr: str) -> str:
    """What node says went wrong, in one line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if "Error" in line), lines[0] if lines else "node failed")[:120]
