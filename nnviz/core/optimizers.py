"""The optimisers by name, with PyTorch's conventions and defaults.

    optimizer = OPTIMIZERS["adam"](learning_rate=1e-3)
    state = optimizer.start(theta)                    # named arrays shaped like theta
    state.scale_learning_rate(schedule(step))         # only with a schedule
    optimizer.step(theta, gradient, state)            # in place

The rules stand in `rules.py`, `adam.py`, `newton.py` and `muon.py`, what they have in common in `stepping.py`. To add one, write it there
and name it here; menus, pages and tests read the registry.
"""

from __future__ import annotations

from typing import Any

from nnviz.core.adam import Adam, AdamW, AMSGrad, NAdam, RAdam
from nnviz.core.muon import Muon
from nnviz.core.newton import LBFGS, Newton
from nnviz.core.rules import SGD, Adadelta, AdaGrad, HeavyBall, Lion, Momentum, Nesterov, RMSProp
from nnviz.core.stepping import ClippedByNorm, ClippedByValue, Decayed, Optimizer, State

__all__ = ["OPTIMIZERS", "ClippedByNorm", "ClippedByValue", "Decayed", "Optimizer", "State", "as_optimizer"]

OPTIMIZERS: dict[str, type[Any]] = {
    kind.name: kind
    for kind in (
        *(SGD, Momentum, HeavyBall, Nesterov, AdaGrad, RMSProp, Adadelta),
        *(Adam, AdamW, AMSGrad, NAdam, RAdam, Lion, Newton, LBFGS, Muon),
    )
}


def as_optimizer(optimizer: Optimizer | str) -> Optimizer:
    """The optimiser itself, or the one registered under a name with its defaults; ValueError names those there are."""
    if isinstance(optimizer, str) and optimizer in OPTIMIZERS:
        return OPTIMIZERS[optimizer]()
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"unknown optimiser {str(optimizer)[:40]!r}: use one of {', '.join(OPTIMIZERS)}")
    return optimizer
