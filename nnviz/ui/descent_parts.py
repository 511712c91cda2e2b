"""The parts of the page Optimisers that are drawn alone: all of them when the number of steps is moved, two when the player rests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from nnviz.formulas import optimizers as formulas
from nnviz.ui import controls, descent_figures, descent_tables, player, redraw, show
from nnviz.ui import descent_view as view
from nnviz.ui.descent_view import Setup

PATHS, ARROWS, STEP, BELOW = "paths", "arrows", "step", "below"


def moved() -> Callable[[], None]:
    """What is to be drawn when the number of steps was moved."""
    return redraw.only(PATHS, ARROWS, STEP, BELOW)


def _now(setup: Setup) -> tuple[Setup, int]:
    """The setup as a part that is drawn alone finds it, and the step on which the player rests."""
    setup = replace(setup, steps=int(st.session_state["steps"]))
    frames = view.frames(setup)
    return setup, frames[player.rests("descent", len(frames) - 1, len(frames) - 1, 0)]


@st.fragment(key=PATHS)
def paths(setup: Setup) -> None:
    """All paths and curves under one player."""
    setup, _ = _now(setup)
    theme, told = show.theme().name, descent_figures.told(setup, [run.title for run in setup.runs])
    three = controls.segments("Dimensions", ("Contours", "3-D"), key="dim", label_visibility="collapsed") == "3-D"
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        clicked = False if three else redraw.only(redraw.PAGE)
        show.figure(descent_figures.landscape(theme, setup, three), "landscape", told, on_select=clicked)
    with right:
        alt = f"Values, gradient norms and distances over {setup.steps} steps. {told}"
        show.figure(descent_figures.curves(theme, setup), "curves", alt)
    animated = ["landscape", "curves", "inside"]
    player.player("descent", animated, view.frames(setup), clickable=three, on_rest=redraw.only(STEP, BELOW))


@st.fragment(key=ARROWS)
def arrows(setup: Setup, inner: int) -> None:
    """What the optimiser sees and does, as arrows."""
    setup, _ = _now(setup)
    alt = f"Arrows of {setup.runs[inner].title} at each step, and their lengths."
    show.figure(descent_figures.inside(show.theme().name, setup, inner), "inside", alt)


@st.fragment(key=STEP)
def step(setup: Setup, inner: int) -> None:
    """The rule of one optimiser with the numbers of the step on which the player rests."""
    setup, at = _now(setup)
    taken, before = view.inside(setup, inner), min(at, setup.steps - 1)
    show.heading(f"{setup.runs[inner].title}, step {before} → {before + 1}")
    show.formula(formulas.update(taken, before, show.theme().symbols), "update")
    show.sentence(formulas.check(taken))


@st.fragment(key=BELOW)
def below(setup: Setup, inner: int) -> None:
    """The table of what the runs reached, or one of the two maps."""
    setup, at = _now(setup)
    theme = show.theme().name
    views = {
        "Results": partial(descent_tables.results, setup, at),
        "Learning rates": partial(descent_tables.rate_map, theme, setup),
        "Basins": partial(descent_tables.basin_map, theme, setup, inner),
    }
    views[controls.view(views, key="optview")]()
