"""Derivatives by central differences, and places where they may be taken: what every analytic derivative is held against."""

import numpy as np

from nnviz.core.losses import LOSSES
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost


def slopes(f, theta, h=1e-5):
    """∂f/∂theta of a batched f with values (...), at one theta (D,): (D,)."""
    steps = h * np.eye(theta.size)
    return (f(theta + steps) - f(theta - steps)) / (2 * h)


def relative_error(found, expected):
    """‖found − expected‖ / ‖expected‖."""
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def targets_of(loss, k=3, m=3):
    """Targets (k, m) in the loss's domain, the same whenever they are asked for: which tests ran before must not choose them."""
    rng = np.random.default_rng(8)
    return rng.dirichlet(np.ones(k), m).T if LOSSES[loss].from_logits else rng.normal(size=(k, m))


def smooth_cost(network: Network, loss, X, Y, margin=1e-3, **penalties):
    """(cost, theta) with no weighted sum and no residual nearer than `margin` to a kink: the first seed that has it."""
    cost = NetworkCost(network, loss, X, Y, **penalties)
    for seed in range(200):
        theta = np.random.default_rng(seed).normal(size=network.parameter_count)
        forward = network.forward(theta, X)
        distances = [np.abs(forward.z(l) - kink) for l, f in enumerate(network.layer_activations, 1) for kink in f.kinks]
        distances += [np.abs(forward.output - Y - kink) for kink in cost.loss.kinks]
        if all(distance.min() > margin for distance in distances):
            return cost, theta
    raise AssertionError(f"no theta of {network} keeps away from its kinks")
