"""Training: the experiment's network learns, and every step of it can be played, scrubbed, continued and forked."""

import streamlit as st

from nnviz.figures import learned
from nnviz.ui import controls, experiment, page, player, runs, show, training_trials, training_view

VIEWS = ("Watch", "Weights", "Confusion", "Pictures", "Compare", "Find a rate")

chosen = experiment.current()
page.head("The network learns from the data, batch by batch; every step can be watched, and gone back to.")
data, theme, score = chosen.data, show.theme(), training_view.score_name(chosen)
possible = [view for view in VIEWS if (view != "Confusion" or data.task == "classification") and (view != "Pictures" or data.image_shape)]
view = controls.view(possible, key="trainview", default=VIEWS[0])

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
    start = None if run.diverged_at < 0 else training_view.least(run)
    snapshot = player.player("trainplayer", figures, steps=run.step, labels=labels, interval=90, start=start, number=runs.number())
    with fork:
        told = "Back to the step shown, and on from there with the sidebar's settings; the old path is kept."
        st.button("Fork here", on_click=runs.begin, args=(chosen, how, "fork", snapshot), help=told)
    return snapshot


def watch(kept: runs.Kept) -> None:
    run = kept.run
    boundary, mosaic, curves = training_view.film(kept, training_view.view_of(chosen), chosen.show_test, theme.name)
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        show.figure(
            training_view.at_rest(run, boundary), key="boundary", alt=f"What the network says over the plane along {kept.description}"
        )
    with right:
        show.figure(training_view.at_rest(run, curves), key="traincurves", alt=f"Train and test cost along {kept.description}")
    if mosaic is not None:
        show.figure(
            training_view.at_rest(run, mosaic), key="mosaic", alt=f"The output of each hidden neuron of {chosen.sizes} over the plane"
        )
    snapshot = scrub(kept, ["boundary", "traincurves", "mosaic"])
    training_view.numbers_at(run, snapshot, score)
    training_view.paths_left(kept)
    runs.follow(chosen, run, snapshot)


def weights(kept: runs.Kept) -> None:
    weights, gradients = training_view.spreads(kept.run, theme.name)
    show.figure(training_view.at_rest(kept.run, weights), key="weightspread", alt="How the weights of each layer are spread, along the run")
    show.figure(
        training_view.at_rest(kept.run, gradients), key="gradientspread", alt="How the gradients of each layer are spread, along the run"
    )
    runs.follow(chosen, kept.run, scrub(kept, ["weightspread", "gradientspread"]))


def confusion(kept: runs.Kept) -> None:
    parts = ["test", "training"] if len(data.test) else ["training"]
    part = controls.segments("Part", parts, key="trainpart", default=parts[0])
    matrices = training_view.confusions(kept.run, part == "test")
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        figure = training_view.at_rest(kept.run, learned.confusion(matrices, data.class_names, theme, part))
        show.figure(figure, key="confusion", alt=f"Confusion matrix on the {part} part")
        snapshot = scrub(kept, ["confusion"])
    with right:
        show.heading("Precision and recall by class")
        rows = learned.class_table(matrices[snapshot], data.class_names)
        show.table(("class", "samples", "precision", "recall"), rows, f"Precision and recall at step {int(kept.run.step[snapshot])}")
    runs.follow(chosen, kept.run, snapshot)


def pictures(kept: runs.Kept) -> None:
    show.figure(
        training_view.at_rest(kept.run, training_view.curves(kept, theme.name)),
        key="picturecurves",
        alt=f"Train and test cost along {kept.description}",
    )
    snapshot = scrub(kept, ["picturecurves"])
    training_view.pictures_of(kept.run, snapshot)
    runs.follow(chosen, kept.run, snapshot)


kept = runs.watch(chosen)
if kept is not None and not there:
    st.rerun()  # the buttons above do not know it yet
if kept is not None and not kept.run.complete:
    show.sentence(
        f"Stopped at step {int(kept.run.step[-1])} of {kept.run.total_steps}: what was reached is shown, Continue goes on from there."
    )
if kept is not None and kept.run.best_step >= 0 and view != "Compare":
    training_view.stopped_early(kept.run)
if kept is not None and kept.run.diverged_at >= 0 and view != "Compare":
    training_view.diverged(kept.run)
if view == "Compare":
    training_view.compare(chosen, how)
elif view == "Find a rate":
    training_view.find_rate(chosen)
elif kept is None:
    training_view.untrained(chosen)
else:
    {"Watch": watch, "Weights": weights, "Confusion": confusion, "Pictures": pictures}[view](kept)


if runs.pressed(runs.TRAIN):
    runs.begin(chosen, how, "train")
    st.rerun()

controls.try_this(training_trials.TRIALS)
