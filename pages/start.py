"""Start: a network small enough to read every number of it, forward and backward, and to take a step of learning by hand."""

import streamlit as st

from nnviz.figures.data_flow import data_flow
from nnviz.figures.graph import network_graph
from nnviz.formulas import page_scripts
from nnviz.ui import controls, experiment, navigation, page, player, show, take
from nnviz.ui import start_view as view

NEXT = (
    ("network", "**Network**: the same picture over real data, any size"),
    ("backpropagation", "**Backpropagation**: the chain rule for any weight"),
    ("training", "**Training**: thousands of such steps, watched"),
    ("loss_landscape", "**Loss landscape**: the surface the steps walk down"),
)
TRIALS = (
    controls.Trial(
        "A bold step",
        "At η = 20 a single step takes C from 0.114 to 0.0002. The next ones hardly move it: the output's sigmoid is now flat.",
        {"erate": 20.0},
        view.take_step,
    ),
    controls.Trial(
        "Twins",
        "With equal weights the two hidden neurons compute the same number and get the same gradient: no step ever tells them apart.",
        dict.fromkeys(("ew111", "ew112", "ew121", "ew122"), 0.2) | {"eb11": 0.1, "eb12": 0.1, "ew211": 0.3, "ew212": 0.3},
    ),
    controls.Trial(
        "Saturated neurons",
        "Inputs of 50 and 80 push the hidden sigmoids to their ends: σ′(z) is nearly 0, and so is every gradient of the first layer.",
        {"ex1": 50.0, "ex2": 80.0},
    ),
    controls.Trial("Another target", "With y = 0 the error signal changes its sign, and every gradient with it.", {"ey": 0.0}),
)

experiment.current()
page.head("A network of three neurons: press play, and every number it computes appears where it arises, forward and then backward.")
theme = show.theme()
picture_place, fields_place = st.container(), st.expander("Change any number", expanded=True)
with fields_place:  # drawn first, below: the picture shows what stands in the fields
    example = view.fields()

graph = network_graph(
    view.NETWORK, example.theta, example.forward, example.backward, feature_names=("x1", "x2"), target=example.y, cost=example.cost
)
figure, flow = data_flow(graph, theme, subject="the data", rest=1)
picture, formula = picture_place.columns([1.75, 1], gap="large")
with picture:
    show.figure(figure, "start-flow", view.alt(example), labels=flow.frame_labels)
    stops = range(1, len(flow.stops) + 1)
    stop = player.player("start-player", ["start-flow"], stops, flow.labels, flow.stops, interval=130, start=1, clickable=True)
    show.heading("Take one gradient step")
    rate = float(controls.slider("Learning rate η", 0.1, 20.0, key="erate", default=0.5, step=0.1, width=420))
    with st.container(horizontal=True):
        st.button("Take one gradient step", on_click=view.take_step, type="primary")
        st.button("Start over", on_click=view.start_over)
    st.markdown(view.steps_sentence(example))
    view.step_formula(example, rate, theme)
with formula:
    view.explanation(example, flow, stop, theme)

show.heading("Every intermediate, six digits")
view.table(example, theme)
take.script(lambda: page_scripts.example("The worked example", example.X, example.y, example.theta))
controls.try_this(TRIALS)

show.heading("Where to go next")
for name, label in NEXT:
    navigation.link(name, label)
