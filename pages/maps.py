"""Maps over two hyperparameters: each pixel is a whole training run, and the border of those that converge can be zoomed into."""

import streamlit as st

from nnviz.core.surfaces import SURFACES, Surface
from nnviz.figures import trainability as drawing
from nnviz.formulas import page_scripts
from nnviz.ui import controls, experiment, map_cluster, mistakes, page, programs, progress, show, stored_maps, take
from nnviz.ui import maps_view as view
from nnviz.ui.descent_figures import surface_title
from nnviz.ui.descent_view import OWN

WORDS = {view.NETWORK: "the network"}
SIZES = (16, 32, 64, 128, 256)
PLAIN = {
    "mapof": view.NETWORK,
    "optimizer": "sgd",
    "mapwx": "",
    "mapwy": "",
    "mapmeasure": "convergence",
    "mapfull": True,
    "sizes": "",
    "noise": 0.1,
    "l2": 0.0,
}
TRIALS = (
    controls.Trial(
        "The border is fractal",
        "Rates of the two layers of a small network: draw a box on the border again and again, and it never becomes smooth.",
        PLAIN | {"data": "spiral", "samples": 60, "layers": 1, "units": 8, "activation": "tanh", "mapx": "learning_rate[0]",
                 "mapy": "learning_rate[1]", "mapsteps": 200, "mapsize": 64},
    ),
    controls.Trial(
        "Small weights stand larger rates",
        "From small initial weights the first steps are short, and higher learning rates still converge.",
        PLAIN | {"data": "moons", "samples": 100, "layers": 1, "units": 8, "mapx": "learning_rate",
                 "mapy": "initial_scale", "mapsteps": 100},
    ),
    controls.Trial(
        "Momentum moves the limit",
        "Heavy ball's β and the rate: the border leans, since what the velocity gathers multiplies the step by up to 1/(1 − β).",
        PLAIN | {"optimizer": "heavy_ball", "data": "moons", "samples": 100, "layers": 1, "units": 8, "mapx": "learning_rate",
                 "mapy": "beta", "mapsteps": 100},
    ),
    controls.Trial(
        "Which minimum from where",
        "Heavy ball on Himmelblau's four minima, a start each pixel: near the edges it is fast, overshoots, and the basins interleave.",
        PLAIN | {"mapof": "himmelblau", "optimizer": "heavy_ball", "rate": 0.01, "mapx": "start[0]", "mapy": "start[1]", "mapsteps": 200,
                 "mapsize": 128, "mapmeasure": "basin"},
    ),
    controls.Trial(
        "Momentum in the valley",
        "Heavy ball on Rosenbrock's valley: the longer the velocity lasts, the smaller the rate that still comes far down the valley.",
        PLAIN | {"mapof": "rosenbrock", "optimizer": "heavy_ball", "mapx": "learning_rate", "mapy": "beta", "mapsteps": 200,
                 "mapmeasure": "cost"},
    ),
)  # fmt: skip

chosen = experiment.current()
page.head("Each pixel is a whole training run with its own two hyperparameters: where does training converge?")


def asked():
    """The map as the controls say, or the former one where that cannot be; its colour, and whether the mouse zooms."""
    row = st.columns(5, vertical_alignment="top")
    with row[0]:
        subjects, titles = (view.NETWORK, *SURFACES, OWN), lambda name: WORDS.get(name, surface_title(name))
        swept = controls.choice("What is swept", subjects, key="mapof", names=titles, on_change=view.anew)
    with st.container(horizontal=True, width=640, key="map-surface"):
        subject = view.subject_of(swept, chosen)
    names = view.names_of(chosen, subject)
    with row[1]:
        across = controls.choice("Across", names, key="mapx", default=names[0], names=drawing.title_of, on_change=view.whole)
    with row[2]:
        up = controls.choice("Up", names, key="mapy", default=names[1], names=drawing.title_of, on_change=view.whole)
    with row[3]:
        window_x = controls.text("Range across", key=view.X, default="", longest=80, placeholder="all of it; such as 0.1, 10")
    with row[4]:
        window_y = controls.text("Range up", key=view.Y, default="", longest=80, placeholder="all of it; such as 0.1, 10")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measures = view.measures_of(subject)
        measure = controls.choice("Colour", measures, key="mapmeasure", default="convergence", names=drawing.written_measure, width=190)
        size = int(controls.choice("Pixels a side", SIZES, key="mapsize", default=32, width=120))
        steps = int(controls.number("Steps", 1, 5000, key="mapsteps", default=100, step=50, width=130))
        zooms = view.mouse()
        whole = True
        if swept == view.NETWORK:
            whole = controls.toggle("All samples in each step", key="mapfull", default=True, help="Else batches as in the sidebar.")
    try:
        axes = [view.axis_of(name, window, size, chosen, subject) for name, window in ((across, window_x), (up, window_y))]
        return view.sweep_of(chosen, subject, *axes, steps, whole), measure, zooms
    except ValueError as error:
        mistakes.tell(error)
        return st.session_state.get(view.SHOWN), measure, zooms


def draw(sweep, found, measure, zooms):
    """The map as far as it is known, and what its colour means."""
    st.session_state[view.SHOWN], of_network = sweep, not isinstance(sweep.subject, Surface)
    take.script(lambda: page_scripts.sweep(programs.recipe(chosen), sweep) if of_network else page_scripts.surface_sweep(sweep))
    whole = view.spread(found)
    rows, columns = sweep.shape
    told = f"{columns} × {rows} runs of {sweep.steps} steps"
    key = f"{told}; {'draw a box to zoom into it' if zooms else view.opens(sweep)}"
    values, token, named = drawing.pictured(whole, measure), view.token_of(sweep), drawing.named(measure)
    figure = drawing.trainability(show.theme(), found, values, measure, title=named, key=key, token=token, boxes=zooms)
    picture, beside = st.columns([1.75, 1], gap="medium")
    with picture:
        alt = drawing.described(whole, measure, told)
        show.figure(figure, view.FIGURE, alt, numbers=lambda: drawing.table(found), on_select=True)
    with beside:
        view.explanation(whole, measure, chosen)


def body():
    """The map and its controls."""
    view.zoom_on_box()
    stored = stored_maps.choose()
    if stored is not None:
        stored_maps.view(stored, chosen)
        return
    sweep, measure, zooms = asked()
    place = view.clicked(sweep) if sweep is not None and not zooms else None
    if place is not None:
        view.open_run(chosen, sweep, *place)
    map_cluster.tell()
    found = view.reached(sweep) if sweep is not None else None
    standing = progress.standing("map", (sweep, found) if found is not None else None)
    if standing is not None and measure in standing[1].results:
        draw(*standing, measure, zooms)


body()
controls.try_this(TRIALS)
