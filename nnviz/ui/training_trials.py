"""What there is to try on the page Training: over- and underfitting, a penalty that mends it, and small batches against one of all."""

from __future__ import annotations

from nnviz.core.features import PLAYGROUND_FEATURES
from nnviz.ui import controls, runs


def and_train(**sidebar: object) -> dict[str, object]:
    """Settings of a Try this that has nothing left over from what was set before."""
    data = {"noise": 0.0, "samples": 0, "test": 0.3, "dataseed": 0, "features": list(PLAYGROUND_FEATURES[:2])}
    network = {"sizes": "", "activations": "", "activation": "tanh", "init": "glorot_uniform", "seed": 0}
    learner = {"optimizer": "adam", "rate": 0.01, "batch": 32, "l2": 0.0}
    plan = {"epochs": 60, "schedule": runs.NO_SCHEDULE, "l1": 0.0, "clip": 0.0, "patience": 0, "trainview": "Watch"}
    return data | network | learner | plan | sidebar


TWENTY = {"data": "moons", "samples": 40, "test": 0.5, "noise": 0.3, "dataseed": 3, "units": 64, "layers": 2, "epochs": 300}
TRIALS = [
    controls.Trial(
        "Too wide on 20 noisy points",
        "The boundary bends around single points: train cost falls to nothing, test cost falls and then climbs.",
        and_train(**TWENTY),
        runs.press(runs.TRAIN),
    ),
    controls.Trial(
        "L2 mends it",
        "The same with a penalty: a smoother boundary, the test cost does not climb, and more of the test part is right.",
        and_train(**TWENTY, l2=0.03),
        runs.press(runs.TRAIN),
    ),
    controls.Trial(
        "Too narrow on the spiral",
        "Two units cannot bend the plane enough: train and test cost both stay high.",
        and_train(data="spiral", layers=1, units=2, epochs=200),
        runs.press(runs.TRAIN),
    ),
    controls.Trial(
        "Batch size 1 against all",
        "One sample a step is noisy and fast, all samples a step smooth and slow: in 60 epochs it gets the least far.",
        and_train(data="moons", noise=0.1, layers=2, units=8) | {"trainview": "Compare", "varied": "batch size", "vs2": [1, 32, runs.ALL]},
        runs.press(runs.COMPARE),
    ),
]
