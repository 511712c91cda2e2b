"""Loss landscape: the real cost of the experiment's network on a plane of its parameters, with runs over it, and between solutions."""

import streamlit as st

from nnviz.formulas import page_scripts
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, experiment, landscape_panels, landscape_scene, mistakes, page, player, programs, progress, runs, show, take
from nnviz.ui import landscape_view as view
from nnviz.ui.tuning import title_of

chosen = experiment.current()
page.head("The cost of the network over a plane through the space of its parameters, and the ways that training takes there.")
parts = ("train", "test") if len(chosen.data.test) else ("train",)


def choose_rates():
    """Rates of the other optimisers; a line that cannot be read is answered."""
    typed = controls.text("Their rates", key="landrates", default="", longest=300, placeholder="such as sgd=0.1; adam=0.01")
    try:
        return view.parse_rates(typed)
    except ValueError as error:
        mistakes.tell(error)
        return {}


def landscape():
    first, second, third = st.columns([1.1, 1.8, 1.1])
    with first:
        kind = controls.choice("Plane", view.PLANES, key="plane", default=view.RUN_AXES)
    with second:
        names = controls.several("Optimisers beside the run, up to five", runs.BY_BATCHES, key="landopt", default=("sgd", "rmsprop"),
                                 most=view.MOST_OTHERS, names=title_of)  # fmt: skip
    with third:
        rates = choose_rates()
    with st.container(horizontal=True):
        test = controls.segments("Cost", parts, key="landpart") == "test"
        logarithmic = controls.segments("Heights", ("log", "linear"), key="landscale") == "log"
        three = controls.segments("As", ("contours", "3-D"), key="landdim") == "3-D"
        resolution = int(controls.segments("Resolution", (51, 101, 201), key="landres"))
        reach = controls.powers("Reach", -1, 1, key="landreach", default=1.0, width=180)
    with st.container(horizontal=True):
        asked = view.asked_plane(kind)
    with st.container():  # as many bars as there is work: what follows keeps its place
        found = landscape_scene.scene(chosen, asked, names, rates, test, reach, resolution)
    scene = progress.standing("landscape", found)
    if scene is not None:
        draw(scene, logarithmic, three)


def draw(scene, logarithmic, three):
    then, kept, tracks, plane, heights = scene.chosen, scene.kept, scene.tracks, scene.plane, scene.heights
    cost, part = view.cost_of(kept.run, scene.test), "test" if scene.test else "train"
    side = len(heights.z)
    take.script(lambda: page_scripts.landscape(programs.recipe(then), plane, scene.across, side, part, cost.l2, cost.l1))
    look = scene.look(show.theme().name, logarithmic, three)
    found = view.drawn(tracks, plane, scene.test)
    told = "; ".join(f"{track.name} ends at {significant(cost)}" for track, cost in zip(tracks, found.costs[:, -1], strict=True))
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        solutions = tuple(tuple(plane.project(mark).tolist()) for mark in scene.marks)
        figure = view.picture(look, heights, scene.across, tracks, plane, solutions)
        show.figure(figure, "lossplane", f"{look.title}. Cost: {told}.", on_select=not three)
    with right:
        courses = view.courses(look.theme, tracks, plane, scene.test)
        show.figure(courses, "losscourses", f"Cost, and distance off the plane, over the steps. {told}.")
    labels = [f"epoch {step / kept.run.steps_per_epoch:.3g}" for step in found.steps]
    figures = ["lossplane", "losscourses"]
    snapshot = player.player("landplayer", figures, found.steps.tolist(), labels, interval=90, clickable=not three, number=runs.number())
    landscape_panels.at_step(then, kept, tracks, found, plane, scene.test, snapshot)
    if heights.share < 1:
        show.sentence("Where the cost is not known yet, that of the nearest point below and to the left is shown.")
    else:
        difference = view.largest_difference(heights, kept.run, scene.test, plane, scene.across)
        show.sentence(f"Check: picture and definition of the cost differ by at most {difference:.1e} of it, at 25 places of the grid.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Train anew", on_click=runs.begin, args=(chosen, runs.Plan(), "train"), help="By the sidebar's settings, for 60 epochs.")
        show.sentence(f"The run is that of the page Training: {kept.description}. The others start where it does and see the same batches.")
    for number, path in enumerate(kept.former):
        show.sentence(f"{runs.name_of(number)} was left at a fork after step {kept.run.parting(path.run)}: {path.description}.")


def lines():
    with st.container():
        kept = runs.ensure(chosen)
        found = view.solutions(chosen, kept) if kept is not None else None
    scene = progress.standing("losslines", (chosen, kept, found) if found is not None else None)
    if scene is not None:
        landscape_panels.line_view(*scene)


VIEWS = {"Landscape": landscape, "Between two solutions": lines}
VIEWS[controls.view(VIEWS, key="landview")]()


def trial(label, notice, **settings):
    plain = {"data": "iris", "layers": 2, "sizes": "", "units": 8, "landdim": "contours", "landreach": 1.0, "landpart": "train"}
    return controls.Trial(label, notice, plain | {"landview": "Landscape", "landopt": ["sgd", "rmsprop"]} | settings)


controls.try_this(
    [
        trial("A random plane hides the way", "Directions drawn at random show how wide the valley is. Of the run's movement they show "
              "about 1 %: every path ends almost where it starts, far off the plane. Its own axes show 98 %.", plane=view.RANDOM),
        trial("Six optimisers, one start", "From one point they leave in different directions and end in different places of one valley; "
              "the lower panel says how far from this plane each of them is.", plane=view.ALL_AXES,
              landopt=["sgd", "momentum", "rmsprop", "nadam", "lion"]),
        trial("Three seeds, three valleys", "Each cross is where one seed ended. Between them the cost rises: they are not one valley.",
              plane=view.SOLUTIONS, landres=101),
        trial("Wider, and the barrier is lower", "With 8 units a layer the highest barrier is 1.27, with 64 about a quarter "
              "of that: look at the table, then set 8 units.", units=64, landview="Between two solutions"),
    ]
)  # fmt: skip
