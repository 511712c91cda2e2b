"""Optimisers compared on test surfaces: all paths at once, the inside of one of them, and maps over rates and starts."""

import streamlit as st

from nnviz.core.schedules import SCHEDULES
from nnviz.core.surfaces import SURFACES
from nnviz.formulas import optimizers as formulas
from nnviz.formulas import page_scripts
from nnviz.ui import controls, descent_figures, descent_tables, experiment, page, player, show, surface_choice, take, tuning
from nnviz.ui import descent_view as view
from nnviz.ui.descent_trials import TRIALS

VIEWS = ("Results", "Learning rates", "Basins")
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
        st.error(str(error))
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
        return st.session_state.get("former runs", (tuning.make_run("sgd", {}, 0.01, 0.0, 0.0),)), {}, str(error)
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
            clip = float(controls.number("Clip ‖∇f‖ at (0: off)", 0.0, 1e6, key="clip", default=0.0, step=1.0, format="%.4g"))
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
        steps = int(controls.slider("Steps", 10, 500, key="steps", default=200, step=10))
    noise, seed, schedule, clip, decay = choose_more()
    runs, settings, trouble = choose_runs(names or DEFAULT[:1], surface, start, clip, decay)
    optimizers = {run.title: run.optimizer for run in runs}
    take.script(lambda: page_scripts.descent(surface, start, optimizers, steps, schedule, noise, seed))
    return view.Setup(surface, start, steps, runs, schedule, noise, seed), settings, trouble


def draw_paths(setup, titles):
    """All paths and curves under one player; gives back the step on which it rests."""
    theme, told = show.theme().name, descent_figures.told(setup, titles)
    three = controls.segments("Dimensions", ("Contours", "3-D"), key="dim", label_visibility="collapsed") == "3-D"
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        show.figure(descent_figures.landscape(theme, setup, three), "landscape", told, on_select=not three)
    with right:
        alt = f"Values, gradient norms and distances over {setup.steps} steps. {told}"
        show.figure(descent_figures.curves(theme, setup), "curves", alt)
    frames = view.frames(setup)
    return frames[player.player("descent", ["landscape", "curves", "inside"], frames, clickable=three)]


def draw_inside(setup, titles, settings, trouble, step):
    """The inside of one optimiser at that step, its settings, with what is wrong with one, and its formula; gives back its place."""
    inner = titles.index(controls.segments("Inside", titles, key="inner", default=titles[-1]))
    left, right = st.columns([1, 1.05], gap="medium")
    colours, taken, before = show.theme(), view.inside(setup, inner), min(step, setup.steps - 1)
    with left:
        alt = f"Arrows of {titles[inner]} at each step, and their lengths."
        show.figure(descent_figures.inside(colours.name, setup, inner), "inside", alt)
        tuning.fields_of(setup.runs[inner], settings, [column for _ in range(3) for column in st.columns(3)])
        if trouble:
            st.error(trouble)
        tuning.text_field()
    with right:
        show.heading(f"{titles[inner]}, step {before} → {before + 1}")
        show.formula(formulas.update(taken, before, colours.symbols))
        show.sentence(formulas.check(taken))
    return inner


@st.fragment
def compare() -> None:
    """The runs side by side, the inside of one of them, and what they reached; what is moved here does not draw the sidebar anew."""
    setup, settings, trouble = choose()
    titles = [run.title for run in setup.runs]
    step = draw_paths(setup, titles)
    inner = draw_inside(setup, titles, settings, trouble, step)
    seen = controls.segments("View", VIEWS, key="optview", label_visibility="collapsed")
    match seen:
        case "Results":
            descent_tables.results(setup, step)
        case "Learning rates":
            descent_tables.rate_map(show.theme().name, setup)
        case "Basins":
            descent_tables.basin_map(show.theme().name, setup, inner)


compare()
controls.try_this(TRIALS)
