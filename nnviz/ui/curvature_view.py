"""What the page Curvature computes: the Hessian at a step of the run, descent along its eigenvectors, descents at the edge of stability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nnviz.core.background import at_once
from nnviz.core.comparison import train_groups_steps
from nnviz.core.curvature import (
    DENSE_DIMENSION,
    sharpness,
    spectral_density_chunks,
)
from nnviz.core.edge_of_stability import Fates, fates_along_eigenvectors
from nnviz.core.landscape import Interpolation, interpolate
from nnviz.core.local_curvature import LocalCurvature, local_curvature
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.runs import Run
from nnviz.core.spectra import EdgeRuns, edge_runs_chunks, spectra_along_chunks
from nnviz.figures import curvature as figures
from nnviz.figures.theme import THEMES, Figure
from nnviz.ui import caching, progress
from nnviz.ui.experiment import Experiment
from nnviz.ui.landscape_view import MOST_WORK, cost_of

Array = NDArray[np.floating]

ALONG = 8  # eigenvectors along which descent is watched: the steepest, some between, the most negative
STEPS_ALONG = 12
SEEDS = 3


def small(run: Run) -> bool:
    """Whether the whole Hessian is made; larger networks are known by products with it."""
    return run.network.parameter_count <= DENSE_DIMENSION


def too_large(run: Run) -> str:
    """A sentence where even products with the Hessian take too long here, else nothing."""
    samples = run.settings.data.train.X.shape[-1]
    if run.network.parameter_count * samples <= MOST_WORK:
        return ""
    return f"{run.network.parameter_count:,} parameters on {samples:,} samples are too much for the Hessian here: take fewer of either."


# The Hessian at a step ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Spectra:
    """All eigenvalues at each snapshot of a run, as far as they are known; one object a result, so that pictures are kept by it."""

    share: float
    values: Array  # (T, P)


@dataclass(frozen=True, eq=False)
class Density:
    """The density of eigenvalues at one snapshot, as far as it is known."""

    share: float
    grid: Array
    values: Array


def spectra(run: Run) -> Spectra | None:
    """All spectra along the run, with progress."""
    work = partial(spectra_along_chunks, cost_of(run), run.theta)
    return progress.run("spectra", run, work, lambda found: found[0], "Spectra along the run", made=lambda found: Spectra(*found))


def density(run: Run, snapshot: int) -> Density | None:
    """The density at one snapshot by stochastic Lanczos quadrature, with progress."""
    work, label = partial(spectral_density_chunks, cost_of(run), run.theta[snapshot]), "Density of the spectrum"
    return progress.run(
        "spectral density", (run, snapshot), work, lambda found: found[0], label, made=lambda found: Density(found[0], *found[1])
    )


def here(run: Run, snapshot: int) -> LocalCurvature | None:
    """The Hessian at a snapshot, with progress; ValueError where the run has diverged there."""
    work = partial(at_once, local_curvature, cost_of(run), run.theta[snapshot])
    return progress.run("hessian", (run, snapshot), work, lambda _: 1.0, "The Hessian here")


@caching.recent(entries=8)
def spectrum_figure(theme: str, found: Spectra, sizes: str) -> Figure:
    """The histogram along the run."""
    key = f"{found.values.shape[1]} eigenvalues, exact · each a stroke below · striped: negative · axis: log, even around 0"
    return figures.spectrum(THEMES[theme], found.values, title=f"Eigenvalues of the cost's Hessian, {sizes}", key=key)


# Along eigenvectors -------------------------------------------------------------------------------------------------------------


def along(found: LocalCurvature) -> tuple[Array, Array]:
    """Eigenpairs to descend along: the steepest four, the most negative, and others evenly between; of a large network the steepest."""
    if found.values is None or found.every is None:
        return found.top, found.vectors
    P = found.values.size
    chosen = np.unique([0, *range(max(0, P - 4), P), *np.linspace(0, P - 1, ALONG - 3).round().astype(int)])[::-1]
    return found.values[chosen], found.every[:, chosen]


def fates(run: Run, snapshot: int, found: LocalCurvature, rate: float) -> Fates | None:
    """Small errors along those eigenvectors under real steps of gradient descent, with progress."""
    work = partial(at_once, fates_along_eigenvectors, cost_of(run), run.theta[snapshot], *along(found), rate, STEPS_ALONG)
    return progress.run("fates", (run, snapshot, rate), work, lambda _: 1.0, "Errors along eigenvectors")


def fate(rate: float, value: float) -> str:
    """What becomes of an error along an eigenvector, in words."""
    factor = 1 - rate * value
    if abs(value * rate) < 1e-9:
        return "stays: it is flat here"
    if value < 0:
        return "grows: the curvature is negative"
    if factor > 0:
        return "dies out"
    return "swings and dies out" if factor > -1 else "swings for ever" if factor == -1 else "swings and grows"


# Edge of stability --------------------------------------------------------------------------------------------------------------


def edge(chosen: Experiment, rates: Sequence[float], steps: int) -> EdgeRuns | None:
    """Full-batch descents from the initial weights, and their sharpness, with progress."""
    found = progress.run(
        "edge",
        (chosen.setup, tuple(rates), steps),
        partial(edge_runs_chunks, chosen.cost, chosen.initial_theta, rates, steps),
        lambda chunk: chunk[0],
        "Descents and their sharpness",
    )
    return None if found is None else found[1]


@caching.recent(entries=8)
def edge_figure(theme: str, found: EdgeRuns, title: str) -> Figure:
    """Sharpness and cost over the steps."""
    key = f"{len(found.step)} looks at {len(found.cost) - 1} steps · dotted: 2/α · ○ met its edge · ★ catapult · × diverged"
    return figures.edge(THEMES[theme], found, title=title, key=key)


# Flat and sharp -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Minima:
    """Where runs of several batch sizes ended, (batches, seeds, ...)."""

    theta: Array
    sharpness: Array
    train: Array
    test: Array
    line: Interpolation  # from the smallest to the largest batch, first seed


def trained(chosen: Experiment, batches: Sequence[int], rate: float, steps: int) -> list[Run] | None:
    """Runs by plain gradient descent for equally many steps, three seeds of each batch size, with progress; None until all are done."""
    settings = [{"batch_size": batch, "seed": chosen.seed + i} for batch in batches for i in range(SEEDS)]

    optimizer = OPTIMIZERS["sgd"](learning_rate=rate)
    work = partial(
        train_groups_steps, chosen.data, settings, network=chosen.network, loss=chosen.loss, optimizer=optimizer, steps=steps,
        snapshots=2, initializer=chosen.initializer, l2=chosen.l2,
    )  # fmt: skip
    token, count = (chosen.setup, tuple(batches), rate, steps), len(settings)
    runs = progress.run("minima", token, work, lambda runs: sum(run.share for run in runs) / count, "Training with each batch size")
    return runs if runs and len(runs) == len(settings) and all(run.complete for run in runs) else None


@caching.recent(entries=4)
def minima(chosen: Experiment, runs: tuple[Run, ...]) -> Minima:
    """The sharpness and costs of where they ended, and the line from the smallest batch to the largest.

    Raises
    ------
    ValueError
        All of them, or one end of the line, diverged.
    """
    theta = np.stack([run.final_theta for run in runs]).reshape(-1, SEEDS, chosen.network.parameter_count)
    cost = NetworkCost(chosen.network, chosen.loss, chosen.data.train.X, chosen.data.train.Y)
    train, test = (
        np.array(costs).reshape(-1, SEEDS) for costs in zip(*((run.train_cost[-1], run.test_cost[-1]) for run in runs), strict=True)
    )
    line = interpolate(cost, theta[0, 0], theta[-1, 0], chosen.test_cost, 101, beyond=0.5)
    return Minima(theta, sharpness(cost, theta), train, test, line)
