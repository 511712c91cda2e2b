"""What stands under the pictures of the page Optimisers: the table of results, and the two maps."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from nnviz.core.maps import basins_chunks
from nnviz.core.sweep import sweep_chunks
from nnviz.figures.descent_maps import DIVERGED_TEXT, basin_shares
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, descent_figures, progress, redraw, show
from nnviz.ui import descent_view as view
from nnviz.ui.descent_view import Setup

HEADS = ("optimiser", "rate", "f at this step", "‖∇f‖ at this step", "steps to tolerance", "final f", "minimum reached", "diverged")


def results(setup: Setup, step: int) -> None:
    """How each run did, and where it is at the step on which the player rests."""
    tolerance = controls.powers("Tolerance: f within this of the lowest", -8, 1, key="tol", default=1e-3, per_decade=(1,), width=420)
    lowest = view.limits(setup.surface).lowest
    rows = []
    for run, walked in zip(setup.runs, view.descents(setup), strict=True):
        with np.errstate(all="ignore"):
            close = walked.value - lowest <= tolerance
        lost = view.lost_at(setup, walked)
        rows.append(
            (
                run.title,
                significant(float(run.plain.learning_rate)),
                significant(walked.value[step]),
                significant(walked.gradient_norm[step]),
                str(int(close.argmax())) if close.any() else "–",
                significant(walked.value[-1]),
                view.reached(setup, walked),
                _where(walked.theta, lost),
            )
        )
    show.table(HEADS, rows, f"Results after {setup.steps} steps, and the state at step {step}")
    unknown = "" if len(view.minima(setup.surface)) else " No minimum is known here: the lowest is that of the picture."
    show.sentence(
        f"At step {step} of {setup.steps}. Diverged means: not finite, beyond 10 times the bounds, or above 1,000 times the start.{unknown}"
    )


def _where(theta: np.ndarray, lost: int) -> str:
    if lost < 0:
        return "no"
    return f"step {lost}, at {significant(theta[lost][0], 2)}, {significant(theta[lost][1], 2)}"


def rate_map(theme: str, setup: Setup) -> None:
    """The value reached at 300 learning rates, for all optimisers at once."""
    work = partial(sweep_chunks, descent_figures.rates_swept(setup))
    found = progress.run("rates", ("rates", setup), work, lambda chunk: chunk.share, "Learning rates")
    scene = progress.standing("rates", (setup, found) if found is not None else None)
    if scene is None:
        return
    setup, found = scene
    values = zip(setup.runs, found.results["cost"], strict=True)
    numbers = {"rate": found.sweep.x.numbers} | {run.title: mine for run, mine in values}
    show.figure(
        descent_figures.rates(theme, setup, found),
        "rates",
        f"The value after {setup.steps} steps over the learning rate, for {len(setup.runs)} runs.",
        numbers,
    )
    show.sentence(
        "λ_max is the largest curvature at the minima and the start; on a quadratic the limits are exact, elsewhere they hold "
        f"near the minimum. The map is without noise and schedule. A bar on top means {DIVERGED_TEXT}."
    )


def basin_map(theme: str, setup: Setup, place: int) -> None:
    """Which minimum one optimiser reaches from each start; a click there sets the start."""
    resolution = int(controls.choice("Starts along each axis", (50, 100, 200, 300), key="basinres", default=200, width=220))
    token = ("basins", setup.surface, setup.runs[place].optimizer, setup.steps, resolution)
    work = partial(basins_chunks, setup.surface, setup.runs[place].optimizer, resolution, setup.steps)
    done = progress.run("basins map", token, work, lambda chunk: chunk[0], "Basins")
    scene = progress.standing("basins map", (setup, place, done[1]) if done is not None else None)
    if scene is None:
        return
    setup, place, found = scene
    resolution = len(found.reached)
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        title = setup.runs[place].title
        show.figure(
            descent_figures.basins(theme, setup, place, found),
            "basins",
            f"Which minimum {title} reaches from each start.",
            on_select=redraw.only(redraw.PAGE),  # the start stands above
        )
    with right:
        rows = basin_shares(found.reached, found.minima)
        show.heading(f"Where {resolution * resolution:,} runs of {title} end")
        show.table(("ends at", "x, y", "share of the starts"), rows[:12], "Share of the starts by ending")
        more = f" {len(rows) - 12} further endings are not listed." if len(rows) > 12 else ""
        show.sentence(
            f"A minimum is reached within 2 % of the bounds. {DIVERGED_TEXT[0].upper()}{DIVERGED_TEXT[1:]}. "
            f"Click the map to start there.{more}"
        )
