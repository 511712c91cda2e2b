"""The parts of the page Optimisers that are drawn alone: all of them when the number of steps is moved, two when the player rests."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from nnviz.formulas import optimizers as formulas
from nnviz.ui import controls, descent_figures, descent_tables, page, player, redraw, show
from nnviz.ui import descent_view as view
from nnviz.ui.descent_view import Setup
from nnviz.ui.tuning import Run

RACE, STEP, BELOW = "race", "step", "below"
INNER = "inner"  # the control that says which run is looked into


@st.fragment(key=RACE)
def race(setup: Setup) -> None:
    """The runs over as many steps as are chosen here: all paths under one player, what each reached, and the inside of one."""
    page.stay()
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        three = controls.segments("Dimensions", ("Contours", "3-D"), key="dim", label_visibility="collapsed") == "3-D"
    with right:
        setup = replace(setup, steps=_steps())
    theme = show.theme().name  # both are made before either is sent: then the browser has both before it draws
    curves, landscape = descent_figures.curves(theme, setup), descent_figures.landscape(theme, setup, three)
    told = descent_figures.told(setup)
    with right:
        show.figure(curves, "curves", f"Values, gradient norms and distances over {setup.steps} steps. {told}")
    with left:
        show.figure(landscape, "landscape", told, on_select=False if three else redraw.only(redraw.PAGE))
    player.player("descent", ["landscape", "curves", "inside"], view.frames(setup), clickable=three, on_rest=redraw.only(STEP, BELOW))
    _below(setup)
    titles = [run.title for run in setup.runs]
    controls.segments("Inside", titles, key=INNER, default=titles[-1], on_change=redraw.only(redraw.PAGE))
    left, right = st.columns([1, 1.05], gap="medium")
    with left:
        _arrows(setup)
    with right:
        _step(setup)


def looked_into(setup: Setup) -> Run:
    """The run whose inside is shown."""
    return setup.runs[_place(setup)]


def _place(setup: Setup) -> int:
    titles = [run.title for run in setup.runs]
    inner = st.session_state.get(INNER)
    return titles.index(inner) if inner in titles else len(titles) - 1


def _steps() -> int:
    return int(controls.slider("Steps", 10, 500, key="steps", default=view.STEPS, step=10, format="%d steps", label_visibility="collapsed"))


def _rests(setup: Setup) -> int:
    """The step on which the player rests."""
    frames = view.frames(setup)
    return frames[player.rests("descent", len(frames) - 1, len(frames) - 1, 0)]


def _arrows(setup: Setup) -> None:
    """What the optimiser sees and does, as arrows."""
    alt = f"Arrows of {looked_into(setup).title} at each step, and their lengths."
    show.figure(descent_figures.inside(show.theme().name, setup, _place(setup)), "inside", alt)


@st.fragment(key=STEP)
def _step(setup: Setup) -> None:
    """The rule of one optimiser with the numbers of the step on which the player rests."""
    taken, before = view.inside(setup, _place(setup)), min(_rests(setup), setup.steps - 1)
    show.heading(f"{looked_into(setup).title}, step {before} → {before + 1}")
    show.formula(formulas.update(taken, before, show.theme().symbols), "update")
    show.sentence(formulas.check(taken))


@st.fragment(key=BELOW)
def _below(setup: Setup) -> None:
    """The table of what the runs reached, or one of the two maps."""
    theme = show.theme().name
    views = {
        "Results": partial(descent_tables.results, setup, _rests(setup)),
        "Learning rates": partial(descent_tables.rate_map, theme, setup),
        "Basins": partial(descent_tables.basin_map, theme, setup, _place(setup)),
    }
    views[controls.view(views, key="optview")]()
