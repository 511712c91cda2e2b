"""What stands under the picture of the page Loss landscape, and its second view: the line between two solutions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.landscape import Interpolation, Plane, interpolate
from nnviz.core.objectives import NetworkCost
from nnviz.core.runs import Run
from nnviz.figures import network_landscape
from nnviz.formulas import landscape as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import caching, controls, experiment, mistakes, show
from nnviz.ui.descent_view import clicked
from nnviz.ui.experiment import Experiment
from nnviz.ui.landscape_view import Drawn, Track, cost_of, end_of, told_share
from nnviz.ui.runs import Kept

Array = NDArray[np.floating]

HEADS = ("run", "rate", "α", "β", "C at θ", "C on the plane", "off the plane", "movement in the plane", "diverged")
POINTS = 101  # of a line between two solutions
BEYOND = 0.25  # how far the line goes on


# At a step ----------------------------------------------------------------------------------------------------------------------


def rows(tracks: Sequence[Track], found: Drawn, cost: NetworkCost, plane: Plane, snapshot: int) -> list[tuple[str, ...]]:
    """The table at the step on which the player rests: where each run is, what it costs there and on the plane below it."""
    made = []
    for i, track in enumerate(tracks):
        alpha, beta = found.points[i][snapshot]
        with np.errstate(all="ignore"):
            shadow = float(cost.value(plane.point(alpha, beta)))
        lost = f"step {int(track.run.diverged_at)}" if track.run.diverged_at >= 0 else "no"
        numbers = (track.rate, alpha, beta, found.costs[i, snapshot], shadow, found.off[i, snapshot])
        made.append(
            (
                f"{track.name}, the run" if i == 0 else track.name,
                *(significant(float(value)) for value in numbers),
                told_share(found.shares[i]),
                lost,
            )
        )
    return made


def at_step(chosen: Experiment, kept: Kept, tracks: Sequence[Track], found: Drawn, plane: Plane, test: bool, snapshot: int) -> None:
    """The runs at the step on which the player rests, as a table and a formula, and the place that was clicked."""
    cost, step, colours = cost_of(kept.run, test), int(found.steps[snapshot]), show.theme().symbols
    made = rows(tracks, found, cost, plane, snapshot)
    show.table(HEADS, made, f"The runs at step {step}, on the plane and off it", {"C at θ": colours["cost"]})
    place = found.places[0][snapshot]
    here = int(kept.run.step[place])  # the run may be over before the others are
    left, right = st.columns([1.35, 1], gap="large")
    with left:
        alpha, beta = found.points[0][snapshot]
        with np.errstate(all="ignore"):
            shadow = float(cost.value(plane.point(alpha, beta)))
        show.formula(formulas.on_plane(here, alpha, beta, found.off[0, snapshot], found.costs[0, snapshot], shadow, colours), "on-plane")
    with right:
        _look_there(f"Look at step {here} on every page", "trained", f"step {here} of a training run", chosen, kept.run.theta[place])
        _clicked_place(chosen, cost, plane)


def _look_there(label: str, kind: str, words: str, chosen: Experiment, theta: Array) -> None:
    lost = not np.isfinite(theta).all()
    if st.button(label, on_click=experiment.set_point, args=(kind, words, chosen.network, theta), disabled=lost):
        st.rerun()  # the sidebar tells the point


def _clicked_place(chosen: Experiment, cost: NetworkCost, plane: Plane) -> None:
    place = clicked("lossplane")
    if place is not None:
        st.session_state["lossplane place"] = place, plane
    at, of = st.session_state.get("lossplane place", (None, None))
    if at is None or of != plane:
        show.sentence("Click the contours to read the cost there, and to take that point to every page.")
        return
    theta = plane.point(*at)
    with np.errstate(all="ignore"):
        value, slope = float(cost.value(theta)), float(np.linalg.norm(cost.gradient(theta)))
    alpha, beta = (significant(coordinate) for coordinate in at)
    show.sentence(f"Clicked: α = {alpha}, β = {beta}. There C = {significant(value, 6)} and ‖∇C‖ = {significant(slope)}.")
    _look_there(
        "Look at the clicked point on every page", "edited", f"a point of the loss landscape, α = {alpha}, β = {beta}", chosen, theta
    )


# Lines --------------------------------------------------------------------------------------------------------------------------


def pairs(chosen: Experiment, kept: Kept, found: Sequence[Array]) -> dict[str, tuple[Array, Array, str, str]]:
    """What a line can be drawn between: two of the seeds' solutions, or start and end of the run; each with the names of its ends."""
    made = {
        f"seeds {chosen.seed + i} and {chosen.seed + j}": (found[i], found[j], f"seed {chosen.seed + i}", f"seed {chosen.seed + j}")
        for i, j in combinations(range(len(found)), 2)
    }
    return made | {"start and end of the run": (kept.run.theta[0], end_of(kept.run), "start", "end")}


def between(run: Run, a: Array, b: Array) -> Interpolation:
    """The cost on the line between two solutions and a quarter beyond, train and test, without penalty.

    Raises
    ------
    ValueError
        A solution that diverged.
    """
    return _line(run, a.tobytes(), b.tobytes())


@caching.recent(entries=16)
def _line(run: Run, a: bytes, b: bytes) -> Interpolation:
    test = cost_of(run, test=True) if len(run.settings.data.test) else None
    return interpolate(cost_of(run, penalty=False), np.frombuffer(a), np.frombuffer(b), test, POINTS, beyond=BEYOND)


def top_of(t: Array, values: Array) -> tuple[float, float, float]:
    """Where the cost is farthest above the chord: t, the cost and the chord there."""
    inside = (t >= 0) & (t <= 1)
    rise = network_landscape.rise_of(t[inside], values[inside])
    if rise is None:
        first = float(values[inside][0])
        return 0.0, first, first
    at, chord, top = rise
    return at, top, chord


def line_view(chosen: Experiment, kept: Kept, found: Sequence[Array]) -> None:
    """The cost between two solutions, the barrier's height as a formula, and the barriers of all pairs."""
    every = pairs(chosen, kept, found)
    choice = controls.segments("Between", every, key="linepair")
    try:
        lines = {name: between(kept.run, a, b) for name, (a, b, _, _) in every.items()}
    except ValueError as error:
        mistakes.tell(error)
        return
    line, (_, _, *ends) = lines[choice], every[choice]
    title = f"Cost of {chosen.sizes} on {chosen.data.title} between {choice}"
    told = f"{significant(line.train_barrier)} in train cost" + (
        "" if line.test_barrier is None else f", {significant(line.test_barrier)} in test cost"
    )
    key = f"{len(line.t)} points on a straight line · dotted: the barrier over the chord, {told}"
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        figure = network_landscape.line(show.theme(), line, (ends[0], ends[1]), title=title, key=key)
        show.figure(figure, "lossline", f"{title}. The barrier is {told}.")
    with right:
        parts = [("train", line.train, line.train_barrier)]
        parts += [] if line.test is None or line.test_barrier is None else [("test", line.test, line.test_barrier)]
        for name, values, height in parts:
            show.formula(
                formulas.barrier(name, *top_of(line.t, values), height, show.theme().symbols, whole=name == "train"), f"barrier-{name}"
            )
        show.sentence(
            "0 means that both lie in one valley. Hidden units of two seeds stand in another order: part of a barrier is only that."
        )
    numbers = [[name, *(_or_none(v) for v in _numbers(lines[name], a, b))] for name, (a, b, _, _) in every.items()]
    show.table(("between", "distance", "train barrier", "test barrier"), numbers, "Barriers of all pairs")


def _numbers(found: Interpolation, a: Array, b: Array) -> tuple[float, float, float | None]:
    return float(np.linalg.norm(b - a)), found.train_barrier, found.test_barrier


def _or_none(value: float | None) -> str:
    return "–" if value is None else significant(value)
