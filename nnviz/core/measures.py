"""What a pixel of a map is told by: how its run ended, and how fast it converged or diverged on the way.

`MEASURES` is a plain dict from a measure's name to what it is.

Source of `convergence`: Sohl-Dickstein (2024), The boundary of neural network trainability is fractal, section 2, with the ceiling of
`marching.py` (1,000 times the start) instead of 10⁶.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.marching import HIGH, Endings
from nnviz.core.network import Network
from nnviz.core.surfaces import Surface

Array = NDArray[np.floating]

MEASURES: dict[str, str] = {
    "convergence": "how slowly it converges (below 0) or diverges (above 0)",
    "cost": "train cost after the last step",
    "test_cost": "test cost after the last step",
    "accuracy": "train accuracy (R² of a regression)",
    "test_accuracy": "test accuracy (R² of a regression)",
    "steps_to_threshold": "first step with a cost at or below the threshold, −1 where there is none",
    "diverged_at": "the step at which it diverged, −1 where it did not",
    "sharpness": "largest eigenvalue of the Hessian at the end",
    "basin": "which of the known minima it ends at, −1 where at none, −2 where it diverged",
    "end_x": "where it ends, x",
    "end_y": "where it ends, y",
}
OF_DATA = ("test_cost", "accuracy", "test_accuracy")
OF_SURFACES = ("basin", "end_x", "end_y")
ON_THE_WAY = ("convergence", "steps_to_threshold")  # a book is kept for these
TAIL = 20  # last values, whose mean says whether a run has converged


def measures_of(subject: Any) -> tuple[str, ...]:
    """The measures that there are of a network, a surface or another objective."""
    absent = OF_SURFACES if isinstance(subject, Network) else OF_DATA if isinstance(subject, Surface) else (*OF_DATA, *OF_SURFACES)
    return tuple(name for name in MEASURES if name not in absent)


class Book:
    """What is written down of each run while it is under way; a witness of `march_chunks`. Values are counted from the lowest."""

    def __init__(self, runs: int, steps: int, threshold: float, lowest: float = 0.0) -> None:
        self.steps, self.threshold, self.lowest = steps, threshold, lowest
        self.first, self.sum, self.inverse_sum, self.tail = np.zeros((4, runs))
        self.reached = np.full(runs, -1)

    def see(self, runs: NDArray[np.integer], step: int, value: Array) -> None:
        """Add the values after a step."""
        value = value - self.lowest
        if step == 0:
            self.first[runs] = value
        relative = self._relative(runs, value)
        self.sum[runs] += relative
        self.inverse_sum[runs] += 1 / relative
        if step > self.steps - TAIL:
            self.tail[runs] += relative
        self.reached[runs] = np.where((self.reached[runs] < 0) & (value <= self.threshold), step, self.reached[runs])

    def _relative(self, runs: NDArray[np.integer], value: Array) -> Array:
        """The values over those at the start; what is above the ceiling or no number stands at the ceiling."""
        relative = value / np.maximum(self.first[runs], np.finfo(float).tiny)
        return np.where(relative <= HIGH, relative, HIGH)

    def convergence(self, endings: Endings) -> Array:
        """`−Σ v` of a run that converged and `Σ 1/v` of one that diverged, v being its costs relative to the first; (runs,).

        A run has converged where its last 20 relative costs are below 1 on average. Runs that left early are taken to stay where they
        were, the diverged ones at the ceiling.
        """
        runs, tail_length = np.arange(len(self.sum)), min(TAIL, self.steps + 1)
        with np.errstate(all="ignore"):
            last = np.where(endings.diverged, HIGH, self._relative(runs, endings.value - self.lowest))
            missing = self.steps - endings.steps
            tail = self.tail + last * np.minimum(missing, tail_length)
            return np.where(tail < tail_length, -(self.sum + missing * last), self.inverse_sum + missing / last)
