"""The table: every row of every module, measured in one run on one core and printed as Markdown."""

from __future__ import annotations

import argparse
import contextlib
import platform
import sys
from collections.abc import Callable

import numpy as np

from benchmarks import convolution, curvature, descent_maps, grids, many_runs, maps, mini_batch, pages, surfaces
from benchmarks.measuring import ROUNDS, Row, measured

MODULES: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "mini_batch": mini_batch.rows,
    "many_runs": many_runs.rows,
    "maps": maps.rows,
    "grids": grids.rows,
    "curvature": curvature.rows,
    "surfaces": surfaces.rows,
    "descent_maps": descent_maps.rows,
    "convolution": convolution.rows,
    "pages": pages.rows,
}


def main() -> None:
    """Measure what was asked for and print the table line by line."""
    options = parsed(sys.argv[1:])
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, one core of {platform.machine()}; ", end="")
    print(f"{options.rounds} rounds taking turns, the median of the rounds' ratios (smallest–largest).\n")
    print("| work | against | time or ratio | aim |\n| --- | --- | --- | --- |")
    with one_thread():
        for module in options.only or MODULES:
            for row in MODULES[module](options):
                for line in measured(row, options.rounds):
                    print("| " + " | ".join(line) + " |", flush=True)


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="nnviz against what a person would use instead.")
    parser.add_argument("--only", nargs="+", choices=MODULES, help="measure these groups of rows alone")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often the contenders take turns (default {ROUNDS})")
    parser.add_argument("--playground", metavar="PATH", help="a checkout of github.com/tensorflow/playground, to run its nn.ts in node")
    return parser.parse_args(arguments)


def one_thread() -> contextlib.AbstractContextManager[object]:
    """One BLAS thread, where threadpoolctl is there to say so."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return contextlib.nullcontext()
    return threadpool_limits(1)
