"""Curvature: the Hessian of the experiment's cost along its run, and what it allows gradient descent to do."""

import streamlit as st

from nnviz.ui import controls, curvature_panels, experiment, mistakes, page, player, progress, runs, show
from nnviz.ui import curvature_view as view

VIEWS = ("Spectrum", "Learning rate", "Edge of stability", "Flat and sharp minima")
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, runs.ALL)

chosen = experiment.current()
page.head(
    "How the cost bends around a point: the eigenvalues of its Hessian say which steps die out, which swing, and which break out.",
)
theme = show.theme()


def spectrum(then, run, description, found):
    left, right = st.columns([1.35, 1], gap="large")
    if found is not None:
        with left:
            told = f"Histogram of the Hessian's {found.values.shape[1]} eigenvalues along {description}"
            show.figure(view.spectrum_figure(theme.name, found, then.sizes), "spectrumrun", told)
            labels = [f"epoch {epoch:.3g}" for epoch in run.epoch]
            snapshot = player.player("spectrumplayer", ["spectrumrun"], run.step, labels, interval=90)
        at = curvature_panels.here_or_told(run, snapshot)
    else:
        with left:
            snapshot = curvature_panels.choose_snapshot(run)
            at = curvature_panels.here_or_told(run, snapshot)
            if at is not None:
                curvature_panels.density(*at)
    if at is not None:
        run, snapshot, found_here = at
        curvature_panels.script(then, run, snapshot)
        with right:
            curvature_panels.eigenvectors(run, snapshot, found_here)
        curvature_panels.point(run, snapshot, found_here)


def learning_rate(run):
    with st.container(horizontal=True):
        snapshot = curvature_panels.choose_snapshot(run)
        times = controls.slider("α, in units of 2/λ_max", 0.05, 2.0, key="curvalpha", default=0.9, step=0.05, width=360)
    at = curvature_panels.here_or_told(run, snapshot)
    if at is None:
        return
    run, snapshot, found = at
    top = float(found.top[0])
    if top <= 0:
        st.info(
            "No direction is curved upwards here: the largest eigenvalue is not above 0, so there is no limit 2/λ_max. Take another step."
        )
        return
    rate = times * 2 / top
    values, _ = view.along(found)
    fates = view.fates(run, snapshot, found, rate)
    step = int(run.step[snapshot])
    scene = progress.standing("fates", (values, rate, top, step, fates) if fates is not None else None)
    if scene is not None:
        curvature_panels.along_eigenvectors(*scene)


def edge():
    with st.container(horizontal=True):
        rates = controls.several(
            "Learning rates, up to six", RATES, key="edgerates", default=(0.3, 0.5, 1.0), most=6, names=lambda v: f"{v:g}"
        )
        steps = int(controls.slider("Steps", 50, 2000, key="edgesteps", default=500, step=50, width=260))
    if not rates:
        st.info("Choose at least one learning rate.")
        return
    try:
        found = view.edge(chosen, sorted(rates), steps)
    except ValueError as error:
        mistakes.tell(error)
        return
    scene = progress.standing("edge", (chosen, found) if found is not None else None)
    if scene is not None:
        then, found = scene
        title = f"Gradient descent with all {len(then.data.train)} samples of {then.data.title}, {then.sizes}"
        told = "; ".join(curvature_panels.fate_of(found, i) for i in range(len(found.learning_rate)))
        show.figure(view.edge_figure(theme.name, found, title), "edge", f"{title}: sharpness and cost. {told}.")
        curvature_panels.edges(found)


def flat_and_sharp():
    with st.container(horizontal=True):
        batches = sorted(controls.several("Batch sizes", BATCHES, key="minbatches", default=(2, 8, 32, runs.ALL), names=runs.batch_name))
        rate = controls.powers("Learning rate", -3, 1, key="minrate", default=0.1, width=200)
        steps = int(controls.slider("Steps of each", 100, 5000, key="minsteps", default=1000, step=100, width=220))
    if len(batches) < 2:
        st.info("Choose at least two batch sizes to compare.")
        return
    try:
        done = view.trained(chosen, batches, rate, steps)
        scene = progress.standing("minima", (chosen, batches, rate, steps, tuple(done)) if done is not None else None)
        if scene is None:
            return
        then, batches, rate, steps, done = scene
        found = view.minima(then, done)
    except ValueError as error:
        mistakes.tell(error)
        return
    curvature_panels.minima(found, [runs.batch_name(batch) for batch in batches], rate, steps)


def body():
    """The view that is chosen."""
    mode = controls.segments("View", VIEWS, key="curvview", default=VIEWS[0], label_visibility="collapsed")
    if mode in VIEWS[2:]:
        edge() if mode == VIEWS[2] else flat_and_sharp()
        return
    kept = progress.standing("curvature", runs.ensure(chosen))
    if kept is None or curvature_panels.refused(kept.run):
        return
    if mode == VIEWS[1]:
        learning_rate(kept.run)
    elif view.small(kept.run):
        found = view.spectra(kept.run)
        scene = progress.standing("spectra", (chosen, kept.run, kept.description, found) if found is not None else None)
        if scene is not None:
            spectrum(*scene)
    else:
        spectrum(chosen, kept.run, kept.description, None)


body()
curvature_panels.trials(VIEWS)
