"""What a map says in a few lines, told tile by tile: memory is that of a tile and of one row of counters a measure, whatever the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nnviz.core.minima import DIVERGED, NOWHERE
from nnviz.core.sweep_description import Sweep

Array = NDArray[np.floating]

SHIFT = 44  # of the 64 bits of a number, the 20 that are counted: sign, exponent, and 8 bits of the fraction
COUNTERS = 2 ** (64 - SHIFT)
MOST_ENDINGS = 12
COUNTED = {
    "steps_to_threshold": "of the runs reached it",
    "diverged_at": "of the runs diverged",
}  # measures with −1 where it did not happen


class Spread:
    """Lowest and highest of numbers, exactly, and their median within 0.4 %; what is not finite is left out."""

    def __init__(self) -> None:
        self.low, self.high, self.count = np.inf, -np.inf, 0
        self._counts = np.zeros(COUNTERS, dtype=np.uint32)

    def add(self, values: Array) -> None:
        """Count some more."""
        values = values[np.isfinite(values)]
        self.low, self.high = min(self.low, values.min(initial=np.inf)), max(self.high, values.max(initial=-np.inf))
        self.count += values.size
        # The bits of a float64 are in the order of the numbers, those of negative ones in reverse.
        bits = np.abs(values).view(np.int64)
        np.add.at(self._counts, (np.where(values < 0, -bits, bits) >> SHIFT) + COUNTERS // 2, 1)

    @property
    def median(self) -> float:
        """The middle of the counter that holds it."""
        place = int(np.searchsorted(np.cumsum(self._counts, dtype=np.int64), (self.count + 1) // 2)) - COUNTERS // 2
        bits = (place << SHIFT) + (1 << SHIFT - 1)
        found = np.copysign(np.array(abs(bits), dtype=np.int64).view(np.float64), bits)
        return float(np.clip(found, self.low, self.high))

    def told(self) -> str:
        """In words."""
        return f"{self.low:.4g} to {self.high:.4g}, median {self.median:.3g}" if self.count else "no number"


class Summary:
    """What is known of a sweep, a line for each measure.

    Examples
    --------
    >>> from nnviz.core.sweep import described, run_tile, tiles_of
    >>> from nnviz.core.objectives import Quadratic
    >>> axes = ("learning_rate", [0.1, 0.9, 1.1]), ("start[0]", [1.0, 2.0])
    >>> sweep = described(Quadratic([[2.0]]), None, "sgd", *axes, 100, ["convergence", "diverged_at"])
    >>> summary = Summary(sweep)
    >>> for tile in tiles_of(sweep.shape, 1):
    ...     summary.add(run_tile(sweep, tile))
    >>> print(summary)
    3 × 2 runs of 100 steps over learning_rate and start[0]
    66.7% converged
    diverged_at: 33.3% of the runs diverged, 19 to 19, median 19
    """

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.runs, self.converged = sweep, 0, 0
        self.spreads = {name: Spread() for name in sweep.measures if name not in ("convergence", "basin")}
        self.endings: Counter[int] = Counter()

    def add(self, results: Mapping[str, Array]) -> None:
        """Count a tile, each measure (rows, columns)."""
        self.runs += results[self.sweep.measures[0]].size
        for name, values in results.items():
            if name == "convergence":
                self.converged += int((values < 0).sum())
            elif name == "basin":
                codes, counts = np.unique(values.astype(int), return_counts=True)
                self.endings.update(dict(zip(codes.tolist(), counts.tolist(), strict=True)))
            else:
                self.spreads[name].add(values[values >= 0] if name in COUNTED else values)

    def __str__(self) -> str:
        rows, columns = self.sweep.shape
        lines = [f"{columns} × {rows} runs of {self.sweep.steps} steps over {self.sweep.x.name} and {self.sweep.y.name}"]
        return "\n".join(lines + [self._line(name) for name in self.sweep.measures])

    def _line(self, name: str) -> str:
        runs = max(1, self.runs)
        if name == "convergence":
            return f"{self.converged / runs:.1%} converged"
        if name == "basin":
            told = [f"{ending(code)} {count / runs:.1%}" for code, count in self.endings.most_common(MOST_ENDINGS)]
            return f"ends: {', '.join(told)}{' …' if len(self.endings) > MOST_ENDINGS else ''}"
        spread = self.spreads[name]
        if name in COUNTED:
            return f"{name}: {spread.count / runs:.1%} {COUNTED[name]}{f', {spread.told()}' if spread.count else ''}"
        return f"{name}: {spread.told()}"


def ending(code: int) -> str:
    """How a run on a surface ended, by its number in the measure "basin"; minima are counted from 1.

    Examples
    --------
    >>> ending(0), ending(NOWHERE), ending(DIVERGED)
    ('minimum 1', 'no minimum reached', 'diverged')
    """
    return {NOWHERE: "no minimum reached", DIVERGED: "diverged"}.get(code, f"minimum {code + 1}")
