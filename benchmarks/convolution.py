"""A 5 × 5 kernel over a 64 × 64 picture by im2col, against SciPy's direct correlation."""

from __future__ import annotations

import argparse

import numpy as np
import scipy.signal

from benchmarks.measuring import Peer, Row, Work, timed
from nnviz.core.convolution import convolve2d

CALLS = 50  # in a row: one takes a fraction of a millisecond
PICTURE = np.random.default_rng(0).normal(size=(64, 64))
KERNEL = np.random.default_rng(1).normal(size=(5, 5))


def rows(options: argparse.Namespace) -> list[Row]:
    """One row: the same output of 60 × 60 numbers."""
    peer = Peer("scipy.signal.correlate2d (ours over theirs)", scipys, "≤ 3×", inverse=True)
    return [Row("5 × 5 kernel over a 64 × 64 picture by im2col", ours, [peer])]


def ours() -> Work:
    """`convolve2d`: windows as columns, and one product."""

    def calls() -> None:
        for _ in range(CALLS):
            convolve2d(PICTURE, KERNEL)

    return timed(calls, CALLS)


def scipys() -> Work:
    """SciPy's loop over the window in C."""

    def calls() -> None:
        for _ in range(CALLS):
            scipy.signal.correlate2d(PICTURE, KERNEL, mode="valid")

    return timed(calls, CALLS)
