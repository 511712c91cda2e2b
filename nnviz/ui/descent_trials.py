"""What to try on the page Optimisers."""

from __future__ import annotations

from typing import Any

from nnviz.ui.controls import Trial

PLAIN: dict[str, Any] = {"gnoise": 0.0, "sched": "constant", "gclip": 0.0, "gdecay": 0.0, "dim": "Contours"}


def _trial(label: str, notice: str, **settings: Any) -> Trial:
    return Trial(label, notice, PLAIN | settings)


TRIALS = (
    _trial(
        "Just below and above 2/λ_max",
        "The ravine's steep curvature is 50, so 2/λ_max = 0.04. At 0.039 SGD swings across and still comes in; at 0.041 each swing is "
        "larger than the one before, and it diverges.",
        surface="ravine", kappa=50.0, opt=["sgd", "sgd-2"], tune="sgd.learning_rate=0.039; sgd-2.learning_rate=0.041",
        start="-2.7, 0.3", steps=150, inner="SGD 2", optview="Learning rates",
    ),
    _trial(
        "A ravine with and without momentum",
        "At one rate, SGD crawls along the floor while heavy ball, which remembers the way, is there in a fraction of the steps.",
        surface="ravine", kappa=100.0, opt=["sgd", "heavy_ball"], tune="sgd.learning_rate=0.015; heavy_ball.learning_rate=0.015",
        start="-2.7, 1", steps=200, inner="Heavy ball", optview="Results",
    ),
    _trial(
        "A saddle on which SGD sits",
        "Exactly on the ridge the gradient has no part along y: SGD walks to the saddle and stays. A little gradient noise frees it.",
        surface="saddle", opt=["sgd", "momentum", "adam"],
        tune="sgd.learning_rate=0.1; momentum.learning_rate=0.1; adam.learning_rate=0.05",
        start="-2.4, 0", steps=100, inner="SGD", optview="Results",
    ),
    _trial(
        "Adam's first step, with and without bias correction",
        "Both moments start at 0. Corrected, the first step is as long as the rate in each coordinate; uncorrected, √v is too small by "
        "more than m is, and the first step is √1000/10 ≈ 3.2 times as long.",
        surface="bowl", opt=["adam", "adam-2"], tune="adam.learning_rate=0.1; adam-2.learning_rate=0.1; adam-2.bias_correction=false",
        start="-2.5, 2", steps=100, inner="Adam 2", optview="Results",
    ),
    _trial(
        "Too low a rate",
        "A hundredth of the rate: SGD is on its way but 200 steps are not enough, and its gradient hardly falls.",
        surface="himmelblau", opt=["sgd", "sgd-2"], tune="sgd.learning_rate=0.007; sgd-2.learning_rate=7e-05", start="0.7, -1", steps=200,
        inner="SGD 2", optview="Results",
    ),
)  # fmt: skip
