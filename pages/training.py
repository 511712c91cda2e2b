"""Training: the experiment's network learns, and every step of it can be played, scrubbed, continued and forked."""

import streamlit as st

from nnviz.figures import learned
from nnviz.ui import controls, experiment, page, player, runs, show, training_view
from nnviz.ui.models import FEATURES

VIEWS = ("Watch", "Weights", "Confusion", "Pictures", "Compare", "Find a rate")

chosen = experiment.current()
page.head("Training", "The network learns from the data, batch by batch; every step can be watched, and gone back to.")
data, theme, score = chosen.data, show.theme(), training_view.score_name(chosen)
possible = [view for view in VIEWS if (view != "Confusion" or data.task == "classification") and (view != "Pictures" or data.image_shape)]
view = controls.segments("View", possible, key="trainview", default=VIEWS[0])

with st.container(horizontal=True, vertical_alignment="bottom"):
    how = runs.plan()
    there = runs.latest(chosen) is not None
    st.button(
        "Train",
        on_click=runs.begin,
        args=(chosen, how, "train"),
        type="primary",
        help="From the initial weights, by the sidebar's settings.",
    )
    st.button("Continue", on_click=runs.begin, args=(chosen, how, "continue"), disabled=not there)
    st.button("One epoch", on_click=runs.begin, args=(chosen, how, "epoch"), disabled=not there)
    st.button("One step", on_click=runs.begin, args=(chosen, how, "step"), disabled=not there)
    fork = st.container(width="content")


def scrub(kept: runs.Kept, figures: list[str]) -> int:
    """The player under the figures; where it rests is the current point of every page."""
    run = kept.run
    labels = [f"epoch {epoch:.3g}" for epoch in run.epoch]
    snapshot = player.player("trainplayer", figures, steps=run.step, labels=labels, interval=90, number=runs.number())
    with fork:
        told = "Back to the step shown, and on from there with the sidebar's settings; the old path is kept."
        st.button("Fork here", on_click=runs.begin, args=(chosen, how, "fork", snapshot), help=told)
    return snapshot


def watch(kept: runs.Kept) -> None:
    run = kept.run
    axes = training_view.axes_of(chosen)
    boundary, mosaic, curves = training_view.film(kept, axes, chosen.show_test, theme.name)
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        show.figure(boundary, key="boundary", alt=f"What the network says over the plane along {kept.description}")
    with right:
        show.figure(curves, key="traincurves", alt=f"Train and test cost along {kept.description}")
    if mosaic is not None:
        show.figure(mosaic, key="mosaic", alt=f"The output of each hidden neuron of {chosen.sizes} over the plane")
    snapshot = scrub(kept, ["boundary", "traincurves", "mosaic"])
    training_view.numbers_at(run, snapshot, score)
    training_view.paths_left(kept)
    runs.follow(chosen, run, snapshot)


def weights(kept: runs.Kept) -> None:
    weights, gradients = training_view.spreads(kept.run, theme.name)
    show.figure(weights, key="weightspread", alt="How the weights of each layer are spread, along the run")
    show.figure(gradients, key="gradientspread", alt="How the gradients of each layer are spread, along the run")
    runs.follow(chosen, kept.run, scrub(kept, ["weightspread", "gradientspread"]))


def confusion(kept: runs.Kept) -> None:
    parts = ["test", "training"] if len(data.test) else ["training"]
    part = controls.segments("Part", parts, key="trainpart", default=parts[0])
    matrices = training_view.confusions(kept.run, part == "test")
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        show.figure(learned.confusion(matrices, data.class_names, theme, part), key="confusion", alt=f"Confusion matrix on the {part} part")
        snapshot = scrub(kept, ["confusion"])
    with right:
        show.heading("Precision and recall by class")
        rows = learned.class_table(matrices[snapshot], data.class_names)
        show.table(("class", "samples", "precision", "recall"), rows, f"Precision and recall at step {int(kept.run.step[snapshot])}")
    runs.follow(chosen, kept.run, snapshot)


def pictures(kept: runs.Kept) -> None:
    show.figure(training_view.curves(kept, theme.name), key="picturecurves", alt=f"Train and test cost along {kept.description}")
    snapshot = scrub(kept, ["picturecurves"])
    training_view.pictures_of(kept.run, snapshot)
    runs.follow(chosen, kept.run, snapshot)


kept = runs.watch(chosen)
if kept is not None and not kept.run.complete:
    show.sentence(
        f"Stopped at step {int(kept.run.step[-1])} of {kept.run.total_steps}: what was reached is shown, Continue goes on from there."
    )
if kept is not None and kept.run.stopped_at >= 0 and view != "Compare":
    training_view.stopped_early(kept.run)
if view == "Compare":
    training_view.compare(chosen, how)
elif view == "Find a rate":
    training_view.find_rate(chosen)
elif kept is None:
    training_view.untrained(chosen, training_view.axes_of(chosen))
else:
    {"Watch": watch, "Weights": weights, "Confusion": confusion, "Pictures": pictures}[view](kept)


def and_train(**sidebar: object) -> dict[str, object]:
    """Settings of a Try this that has nothing left over from what was set before."""
    plain = {"noise": 0.0, "samples": 0, "test": 0.3, "dataseed": 0, "features": list(FEATURES[:2]), "sizes": "", "activations": ""}
    learner = {"activation": "tanh", "init": "glorot_uniform", "seed": 0, "optimizer": "adam", "rate": 0.01, "batch": 32, "l2": 0.0}
    plan = {"epochs": 60, "schedule": runs.NO_SCHEDULE, "l1": 0.0, "clip": 0.0, "patience": 0, "trainview": VIEWS[0]}
    return plain | learner | plan | sidebar


def press() -> None:
    st.session_state["press train"] = True


def press_compare() -> None:
    st.session_state["press compare"] = True


if st.session_state.pop("press train", False):
    runs.begin(chosen, how, "train")
    st.rerun()

twenty = {"data": "moons", "samples": 40, "test": 0.5, "noise": 0.3, "dataseed": 3, "units": 64, "layers": 2, "epochs": 300}
controls.try_this(
    [
        controls.Trial(
            "Too wide on 20 noisy points",
            "The boundary bends around single points: train cost falls to nothing, test cost falls and then climbs.",
            and_train(**twenty),
            press,
        ),
        controls.Trial(
            "L2 mends it",
            "The same with a penalty: a smoother boundary, the test cost does not climb, and more of the test part is right.",
            and_train(**twenty, l2=0.03),
            press,
        ),
        controls.Trial(
            "Too narrow on the spiral",
            "Two units cannot bend the plane enough: train and test cost both stay high.",
            and_train(data="spiral", layers=1, units=2, epochs=200),
            press,
        ),
        controls.Trial(
            "Batch size 1 against all",
            "One sample a step is noisy and fast, all samples a step smooth and slow: in 60 epochs it gets the least far.",
            and_train(data="moons", noise=0.1, layers=2, units=8)
            | {"trainview": VIEWS[4], "varied": "batch size", "vs2": [1, 32, training_view.ALL]},
            press_compare,
        ),
    ]
)
