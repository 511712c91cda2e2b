"""Muon: momentum whose weight matrices are orthogonalised before the step.

Source: Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks; the momentum and the factor √max(1, rows/columns) as
torch.optim.Muon ("original"), but iterated in float64, where PyTorch iterates in bfloat16.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from nnviz.core.adam import AdamW
from nnviz.core.stepping import Array, Hyperparameter, Optimizer, State

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
BIAS_OPTIMIZER = AdamW()


def orthogonalize(matrix: Array, steps: int = 5) -> Array:
    """Near the closest semi-orthogonal matrix of (..., k, n): singular values from 0.7 to 1.2 after five Newton–Schulz iterations."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[-2] > matrix.shape[-1]
    X = np.swapaxes(matrix, -1, -2) if tall else matrix
    X = X / np.maximum(np.linalg.norm(X, axis=(-2, -1), keepdims=True), 1e-7)
    for _ in range(steps):
        gram = X @ np.swapaxes(X, -1, -2)
        X = a * X + (b * gram + c * gram @ gram) @ X
    return np.swapaxes(X, -1, -2) if tall else X


@dataclass(frozen=True, eq=False)
class Muon(Optimizer):
    """v ← βv + (1 − β)G, θ ← θ − α·√max(1, k/n)·orthogonalised (1 − β)G + βv (v without `nesterov`), for each weight matrix (k, n).

    Biases follow AdamW with its defaults. `shapes` are the layers' (k, n), as `Network` lays them out: W row-major, then b, layer by layer;
    a Network or its sizes will do. Left out, they are read from the objective's network in `start`.
    """

    learning_rate: Hyperparameter = 0.02
    beta: Hyperparameter = 0.95
    nesterov: bool = True
    ns_steps: int = 5
    shapes: Any = None
    name: ClassVar[str] = "muon"
    memory: ClassVar[tuple[str, ...]] = ("velocity",)
    scratch_arrays: ClassVar[int] = 2
    bounds: ClassVar = {"beta": (0.0, 1.0)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.ns_steps, int) or not 1 <= self.ns_steps <= 100:
            raise ValueError(f"muon: ns_steps is {self.ns_steps!r:.40}: it needs a whole number of iterations from 1 to 100")
        object.__setattr__(self, "shapes", None if self.shapes is None else _layer_shapes(self.shapes))

    def start(self, theta: ArrayLike, objective: Any = None) -> State:
        state = super().start(theta, objective)
        shapes = self.shapes if self.shapes is not None else _layer_shapes(getattr(objective, "network", None))
        size, expected = state["velocity"].shape[-1], sum(k * n + k for k, n in shapes)
        if size != expected:
            raise ValueError(
                f"muon: layers of shapes {str(shapes)[:200]} hold {expected} parameters, theta has {size}: give its own network's shapes"
            )
        layout = _layout(shapes)
        biases = np.concatenate([np.arange(end, end + k) for (_, end, k, _) in layout])
        state.private = {"layout": layout, "biases": biases}
        state.inner = BIAS_OPTIMIZER.start(np.asarray(theta)[..., biases])
        return state

    def advance(self, theta: Array, gradient: Array, state: State) -> None:
        assert state.inner is not None
        state.count += 1
        velocity, (direction, change) = state["velocity"], state.scratch
        velocity *= self.beta
        np.multiply(gradient, 1 - self.beta, direction)
        velocity += direction
        if self.nesterov:
            np.multiply(velocity, self.beta, change)
            direction += change
        else:
            np.copyto(direction, velocity)
        change[...] = 0.0
        for begin, end, k, n in state.private["layout"]:
            matrix = direction[..., begin:end].reshape(*direction.shape[:-1], k, n)
            change[..., begin:end] = max(1.0, k / n) ** 0.5 * orthogonalize(matrix, self.ns_steps).reshape(*direction.shape[:-1], k * n)
        change *= state.rate
        theta -= change
        biases = state.private["biases"]
        bias = theta[..., biases]
        BIAS_OPTIMIZER.advance(bias, gradient[..., biases], state.inner)
        theta[..., biases] = bias


def _layout(shapes: tuple[tuple[int, int], ...]) -> list[tuple[int, int, int, int]]:
    """(first, past the last weight, k, n) of each layer within theta; its k biases follow."""
    layout, begin = [], 0
    for k, n in shapes:
        layout.append((begin, begin + k * n, k, n))
        begin += k * n + k
    return layout


def _layer_shapes(given: Any) -> tuple[tuple[int, int], ...]:
    """(k, n) of each layer, from a Network, its sizes or the shapes themselves."""
    given = getattr(given, "sizes", given)
    try:
        if all(np.ndim(item) == 0 for item in given):
            given = [(k, n) for n, k in pairwise(given)]
        shapes = tuple((int(k), int(n)) for k, n in given)
    except (TypeError, ValueError):
        shapes = ()
    if not shapes or min(min(shape) for shape in shapes) < 1:
        raise ValueError(
            "muon orthogonalises weight matrices and needs the layer shapes: give shapes=network (or rows and columns of each W, "
            f"((8, 2), (1, 8))), or descend an objective that has a network; got {str(given)[:40]}"
        )
    return shapes
