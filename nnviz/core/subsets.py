"""Which samples: a part of them drawn by a seed, each class by its share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.integer]


def shares(counts: Index, total: int) -> Index:
    """`total` places given to classes in proportion to their counts, whole numbers by the largest remainders."""
    exact = total * counts / max(counts.sum(), 1)
    given = np.floor(exact).astype(int)
    largest = np.argsort(given - exact, kind="stable")[: total - given.sum()]
    given[largest] += 1
    return given


def draw(size: int, groups: Index | None, rng: np.random.Generator, total: int, spare: int = 0) -> Index:
    """`total` of the columns 0 … size − 1, each at most once, in order; from each group its share, all but `spare` at most."""
    if groups is None:
        return np.sort(rng.permutation(size)[:total])
    order = rng.permutation(size)
    members = [order[groups[order] == group] for group in np.unique(groups)]
    sizes = np.array([len(member) for member in members])
    counts = np.minimum(shares(sizes, total), sizes - spare)
    return np.sort(np.concatenate([member[:count] for member, count in zip(members, counts, strict=True)]))


def split(size: int, groups: Index | None, test_fraction: float, seed: int) -> tuple[Index, Index]:
    """Which columns are learned from and which are held out; drawn by the seed, each class by its share.

    The test part is `round(test_fraction · m)` samples, fewer where a class would lose its last one to learn from.
    """
    held = min(round(test_fraction * size), size - 1)
    test = draw(size, groups, np.random.default_rng((seed, 2)), held, spare=1)
    return np.setdiff1d(np.arange(size), test), test
