"""Optimisers compared on test surfaces: all paths at once, the inside of one of them, and maps over rates and starts."""

import streamlit as st

from nnviz.core.schedules import SCHEDULES
from nnviz.core.surfaces import SURFACES
from nnviz.formulas import page_scripts
from nnviz.ui import controls, descent_figures, descent_parts, experiment, mistakes, page, show, surface_choice, take, tuning
from nnviz.ui import descent_view as view
from nnviz.ui.descent_trials import TRIALS

DEFAULT = ("sgd", "momentum", "rmsprop", "adam")
experiment.current()
page.head("Optimisers leave the same start on a surface; watch where each goes, how fast, and what it remembers on the way.")


def choose_surface():
    """The surface, with what only some of them need."""
    name = controls.choice("Surface", [*SURFACES, view.OWN], key="surface", default="himmelblau", names=descent_figures.surface_title)
    return surface_choice.asked(name)


def choose_start(surface):
    """Where the runs begin: a click, two typed numbers, or what suits the surface."""
    typed = controls.text("Start x, y", key="start", default="", longest=60, placeholder="click, or type -1.5, 2")
    try:
        start = view.parse_start(typed) if typed.strip() else view.usual_start(surface)
    except ValueError as error:
        mistakes.tell(error)
        return view.usual_start(surface)
    if told := view.outside(surface, start):
        show.sentence(told)
    return start


def choose_runs(names, surface, start, clip, decay):
    """Each run as it is set; where one does not fit, the former runs and what is wrong with it."""
    try:
        settings = tuning.parse(st.session_state.get(tuning.TUNE) or st.query_params.get(tuning.TUNE, ""))
        rates = {name: view.usual_rate(name, surface, start) for name in names}
        runs = tuple(tuning.make_run(name, settings, rates[name], clip, decay) for name in names)
    except ValueError as error:
        return st.session_state.get("former runs", (tuning.make_run("sgd", {}, 0.01, 0.0, 0.0),)), error
    st.session_state[tuning.FORMER] = tuning.write(settings)
    st.session_state["former runs"] = runs
    return runs, ""


def choose_more():
    """Noise, schedule, clipping and decay, which combine with any optimiser."""
    exact = {"format": "%.4g", "width": 190}
    folded = ("gnoise", "gseed", "sched", "gclip", "gdecay")
    with controls.fold("Gradient noise, schedule, clipping, decay", folded), st.container(horizontal=True):
        noise = float(controls.number("Gradient noise σ", 0.0, 1e6, key="gnoise", default=0.0, step=0.5, **exact))
        seed = int(controls.number("Seed of the noise", 0, 9999, key="gseed", default=0, step=1, width=190))
        schedule = controls.choice("Schedule", SCHEDULES, key="sched", default="constant", width=190)
        clip = float(controls.number("Clip ‖∇f‖ at (0: off)", 0.0, 1e6, key="gclip", default=0.0, step=1.0, **exact))
        decay = float(controls.number("Weight decay λ", 0.0, 10.0, key="gdecay", default=0.0, step=0.01, **exact))
    return noise, seed, schedule, clip, decay


def choose():
    """What is compared, from the controls, and what is wrong with a setting."""
    place = view.clicked("landscape") or view.clicked("basins")
    if place is not None:
        st.session_state["start"] = f"{place[0]:.6g}, {place[1]:.6g}"
    first, second, third = st.columns([1, 3, 0.9], vertical_alignment="top")
    with first:
        surface = choose_surface()
    with second:
        names = controls.several("Optimisers, up to eight", tuning.NAMES, key="opt", default=DEFAULT, most=8, names=tuning.title_of)
    with third:
        start = choose_start(surface)
    noise, seed, schedule, clip, decay = choose_more()
    runs, trouble = choose_runs(names or DEFAULT[:1], surface, start, clip, decay)
    return view.Setup(surface, start, runs, schedule=schedule, noise=noise, seed=seed), trouble


def script():
    """The program that computes what the page shows."""
    optimizers = {run.title: run.optimizer for run in setup.runs}
    steps = int(st.session_state["steps"])
    return page_scripts.descent(setup.surface, setup.start, optimizers, steps, setup.schedule, setup.noise, setup.seed)


setup, trouble = choose()
descent_parts.race(setup)
tuning.fields_of(descent_parts.looked_into(setup))
if trouble:
    mistakes.tell(trouble)
tuning.text_field()
take.script(script)
controls.try_this(TRIALS)
