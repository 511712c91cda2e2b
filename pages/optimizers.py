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
    """Each run as it is set, and their settings; where one does not fit, the former runs and what is wrong with it."""
    try:
        settings = tuning.parse(st.session_state.get(tuning.TUNE) or st.query_params.get(tuning.TUNE, ""))
        rates = {name: view.usual_rate(name, surface, start) for name in names}
        runs = tuple(tuning.make_run(name, settings, rates[name], clip, decay) for name in names)
    except ValueError as error:
        return st.session_state.get("former runs", (tuning.make_run("sgd", {}, 0.01, 0.0, 0.0),)), {}, error
    st.session_state[tuning.FORMER] = tuning.write(settings)
    st.session_state["former runs"] = runs
    return runs, settings, ""


def choose_more():
    """Noise, schedule, clipping and decay, which combine with any optimiser."""
    with st.expander("Gradient noise, schedule, clipping, decay"):
        row = st.columns(5)
        with row[0]:
            noise = float(controls.number("Gradient noise σ", 0.0, 1e6, key="gnoise", default=0.0, step=0.5, format="%.4g"))
        with row[1]:
            seed = int(controls.number("Seed of the noise", 0, 9999, key="gseed", default=0, step=1))
        with row[2]:
            schedule = controls.choice("Schedule", SCHEDULES, key="sched", default="constant")
        with row[3]:
            clip = float(controls.number("Clip ‖∇f‖ at (0: off)", 0.0, 1e6, key="gclip", default=0.0, step=1.0, format="%.4g"))
        with row[4]:
            decay = float(controls.number("Weight decay λ", 0.0, 10.0, key="gdecay", default=0.0, step=0.01, format="%.4g"))
    return noise, seed, schedule, clip, decay


def choose():
    """What is compared, from the controls: the runs with their settings."""
    place = view.clicked("landscape") or view.clicked("basins")
    if place is not None:
        st.session_state["start"] = f"{place[0]:.6g}, {place[1]:.6g}"
    first, second, third, fourth = st.columns([1, 2.1, 0.9, 0.9], vertical_alignment="top")
    with first:
        surface = choose_surface()
    with second:
        names = controls.several("Optimisers, up to eight", tuning.NAMES, key="opt", default=DEFAULT, most=8, names=tuning.title_of)
    with third:
        start = choose_start(surface)
    with fourth:
        steps = int(controls.slider("Steps", 10, 500, key="steps", default=200, step=10, on_change=descent_parts.moved()))
    noise, seed, schedule, clip, decay = choose_more()
    runs, settings, trouble = choose_runs(names or DEFAULT[:1], surface, start, clip, decay)
    optimizers = {run.title: run.optimizer for run in runs}
    take.script(lambda: page_scripts.descent(surface, start, optimizers, int(st.session_state["steps"]), schedule, noise, seed))
    return view.Setup(surface, start, steps, runs, schedule, noise, seed), settings, trouble


def draw_inside(setup, settings, trouble):
    """The inside of one optimiser, its settings, with what is wrong with one, and its formula; gives back its place."""
    titles = [run.title for run in setup.runs]
    inner = titles.index(controls.segments("Inside", titles, key="inner", default=titles[-1]))
    left, right = st.columns([1, 1.05], gap="medium")
    with left:
        descent_parts.arrows(setup, inner)
        tuning.fields_of(setup.runs[inner], settings, [column for _ in range(3) for column in st.columns(3)])
        if trouble:
            mistakes.tell(trouble)
        tuning.text_field()
    with right:
        descent_parts.step(setup, inner)
    return inner


setup, settings, trouble = choose()
descent_parts.paths(setup)
inner = draw_inside(setup, settings, trouble)
descent_parts.below(setup, inner)
controls.try_this(TRIALS)
