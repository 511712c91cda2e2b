"""A recurrent network is descended as anything else is: any optimiser, clipped or not, many runs at once."""

import numpy as np
import pytest

from nnviz.core.descent import descend
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm
from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork
from nnviz.core.sequences import make_task


def cost_of(task, hidden=8, activation="tanh", truncation=None):
    network = RecurrentNetwork(task.X.shape[1], hidden, task.Y.shape[1], activation)
    return RecurrentCost(network, "half_squared_error", task.X, task.Y, truncation)


@pytest.mark.parametrize(("name", "share"), [("sine", 0.05), ("sunspots", 0.7), ("echo", 0.95), ("adding", 0.9)])
def test_every_task_is_learnt_a_little(name, share):
    cost = cost_of(make_task(name, steps=20, samples=8))
    run = descend(cost, OPTIMIZERS["adam"](learning_rate=0.02), cost.network.initialize(seed=0), steps=150)
    assert run.value[-1] < share * run.value[0]


def test_truncated_gradients_learn_too():
    cost = cost_of(make_task("sine", steps=20, samples=8), truncation=5)
    run = descend(cost, OPTIMIZERS["adam"](learning_rate=0.02), cost.network.initialize(seed=0), steps=150)
    assert run.value[-1] < 0.1 * run.value[0]


def test_clipping_saves_a_run_that_explodes_without():
    cost = cost_of(make_task("sine", steps=40, samples=4), activation="identity")
    theta = cost.network.rescale(cost.network.initialize("orthogonal", seed=0, batch=(3,)), 1.3)
    free = descend(cost, OPTIMIZERS["sgd"](learning_rate=0.02), theta, steps=100)
    clipped = descend(cost, ClippedByNorm(OPTIMIZERS["sgd"](learning_rate=0.02), max_norm=1.0), theta, steps=100)
    assert (free.diverged_at >= 0).all()
    assert (clipped.diverged_at < 0).all()
    assert (clipped.value[-1] < clipped.value[0]).all()
    assert np.isfinite(clipped.theta).all()
