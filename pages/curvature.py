"""Curvature: the Hessian of the experiment's cost along its run, and what it allows gradient descent to do."""

from functools import partial

import streamlit as st

from nnviz.ui import controls, curvature_panels, experiment, mistakes, page, player, progress, runs, show
from nnviz.ui import curvature_view as view

RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, runs.ALL)

chosen = experiment.current()
page.head(
    "How the cost bends around a point: the eigenvalues of its Hessian say which steps die out, which swing, and which break out.",
)
theme = show.theme()


def draw_spectrum(then, run, description, found):
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


def spectrum(kept):
    if not view.small(kept.run):
        draw_spectrum(chosen, kept.run, kept.description, None)
        return
    found = view.spectra(kept.run)
    scene = progress.standing("spectra", (chosen, kept.run, kept.description, found) if found is not None else None)
    if scene is not None:
        draw_spectrum(*scene)


def learning_rate(kept):
    with st.container(horizontal=True):
        snapshot = curvature_panels.choose_snapshot(kept.run)
        times = controls.slider("α, in units of 2/λ_max", 0.05, 2.0, key="curvalpha", default=0.9, step=0.05, width=360)
    at = curvature_panels.here_or_told(kept.run, snapshot)
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


def of_the_run(draw):
    """A view of the experiment's run, as soon as there is one for which the page is not too slow."""
    kept = progress.standing("curvature", runs.ensure(chosen))
    if kept is not None and not curvature_panels.refused(kept.run):
        draw(kept)


VIEWS = {
    "Spectrum": partial(of_the_run, spectrum),
    "Learning rate": partial(of_the_run, learning_rate),
    "Edge of stability": edge,
    "Flat and sharp minima": flat_and_sharp,
}
VIEWS[controls.view(VIEWS, key="curvview")]()
curvature_panels.trials()
