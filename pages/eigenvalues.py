"""Eigenvalues: what a matrix does to the plane, once and again and again; and the spectra of large random matrices and of layers."""

import numpy as np
import streamlit as st

from nnviz.core import eigen, stability
from nnviz.core.linear_maps import ENSEMBLES, random_matrix
from nnviz.figures import linear_maps as figures
from nnviz.formulas import eigenvalues as formulas
from nnviz.formulas import page_scripts
from nnviz.formulas.letters import in_colours
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, experiment, matrix_view, page, player, show, take

chosen = experiment.current()
page.head("A small change goes in: does it die out like a ripple or grow into a wave? The eigenvalues of the map tell.")
theme = show.theme()


def once() -> None:
    picture, side = st.columns([1.75, 1], gap="large")
    with side:
        W = matrix_view.matrix()
        take.script(lambda: page_scripts.linear_map(W, 30))
        show.formula(in_colours(formulas.characteristic(W), theme.symbols), "characteristic")
        show.formula(formulas.stretches(W), "stretches")
    values, vectors = eigen.kept_directions(W)
    with picture:
        lines = "1 real eigenvector keeps its line" if len(values) == 1 else f"{len(values)} real eigenvectors keep their line"
        kept = lines if len(values) else "no line is kept: it turns"
        show.figure(figures.deformation(W, theme), key="deformation", alt=f"The plane under the matrix {W.round(4).tolist()}; {kept}")
        t = [f"t = {i / (figures.FRAMES - 1):.2f}" for i in range(figures.FRAMES)]
        player.player("deform", ["deformation"], steps=range(figures.FRAMES), labels=["the identity", *t[1:-1], "W"], interval=40)
    if eigen.eigenvectors(W).defective:
        show.sentence("The matrix is defective: its two eigenvectors have become one, and only one line is kept.")
    off = max((float(np.abs(W @ v - value * v).max()) for value, v in zip(values, vectors.T, strict=True)), default=0.0)
    show.sentence(f"{kept.capitalize()}. Check: the largest difference between W·v and λ·v is {significant(off, 2)}.")


def how_often(**more: int) -> int:
    return int(controls.slider("Steps", 1, 200, key="eigsteps", default=30, step=1, **more))


def again() -> None:
    controls.from_click("iterates", ("x1", "x2"))
    pictures = st.container()
    with st.expander("Matrix, start and perturbation", expanded=True):
        left, right = st.columns(2, gap="large")
        with left:
            W = matrix_view.matrix()
        with right:
            start = [controls.number(f"start x{i}", -1e6, 1e6, key=f"x{i}", default=1.0, step=0.1, format="%.6g") for i in (1, 2)]
            size = controls.powers("Perturbation", -12, 0, key="eps", default=1e-3, per_decade=(1,))
            steps = how_often()
    take.script(lambda: page_scripts.linear_map(W, steps))
    twins = stability.iterate_twins(W, start, [size, 0.0], steps)
    shown = figures.shown_steps(twins)
    with pictures:
        picture, side = st.columns([1.2, 1], gap="medium")
        with picture:
            show.figure(figures.iterates(twins, theme), key="iterates", alt=f"{steps} iterates from {start} and its twin", on_select=True)
        with side:
            alt = f"Distance of the twins over {steps} steps; it ends at {twins.distance[-1]:.4g}"
            show.figure(figures.distance(twins, theme), key="distance", alt=alt)
        step = int(shown[player.player("twins", ["iterates", "distance"], steps=shown, interval=80, clickable=True)])
    show.formula(formulas.step(twins.path, step, theme.symbols), "applied")
    values = eigen.spectrum(W)
    rho = float(eigen.spectral_radius(W))
    fate = "a change dies out in the end" if rho < 1 else "a change grows" if rho > 1 else "a change neither dies nor grows geometrically"
    show.sentence(f"ρ(W) = {significant(rho)}: {fate}.")
    title = "Eigenvalues of W"
    show.figure(
        figures.complex_plane(values, title, "line: unit circle", theme, height=420),
        key="spectrum",
        alt=f"Eigenvalues {values.round(4).tolist()}",
    )


def growth() -> None:
    left, right = st.columns(2, gap="medium")
    with st.expander("Matrix and steps", expanded=True):
        steps = how_often(width=420)
        W = matrix_view.matrix()
    take.script(lambda: page_scripts.linear_map(W, steps))
    grown = stability.transient_growth(W, steps)
    values = eigen.spectrum(W)
    with left:
        alt = f"Norm of the powers of W over {steps} steps: the peak is {float(grown.peak):.4g} at step {int(grown.peak_step)}"
        show.figure(figures.transient(grown, theme), key="transient", alt=alt)
    with right:
        matrix_view.pseudospectrum(W, values)
    radius, omega = float(stability.numerical_radius(W)), float(stability.numerical_abscissa(W))
    show.formula(formulas.growth(W, radius, omega, theme.symbols), "product")


def large() -> None:
    names = [*ENSEMBLES, "a layer of the experiment"]
    name = controls.segments("Matrix", names, key="ensemble", default="gaussian")
    gain = controls.slider("Times", 0.1, 2.0, key="eiggain", default=1.0, step=0.05, width=420)
    if name in ENSEMBLES:
        n = int(controls.slider("n", 2, 500, key="eign", default=200, step=1, width=420))
        take.script(lambda: page_scripts.random_matrix(name, n, chosen.seed, gain))
        W, told = random_matrix(name, n, seed=chosen.seed, gain=gain), f"{name}, {n} × {n}, seed {chosen.seed}"
    else:
        square = [layer for layer, (n, k) in enumerate(zip(chosen.network.sizes, chosen.network.sizes[1:], strict=False), 1) if n == k]
        if not square:
            st.info(f"{chosen.sizes} has no square layer: eigenvalues need one. Give two layers that follow each other the same size.")
            return
        layer = int(controls.choice("Layer", square, key="eiglayer", default=square[0]))
        W = gain * chosen.network.unpack(chosen.theta)[layer - 1].W
        told = f"layer {layer} of {chosen.sizes}, at {chosen.point.description}"
        if not np.isfinite(W).all():
            where = show.as_typed(told)
            st.info(f"The weights of {where}, are not all finite: the network has diverged. Take an earlier step, or the initial weights.")
            return
    values = eigen.spectrum(W)
    left, right = st.columns(2, gap="medium")
    with left:
        alt = f"{len(values)} eigenvalues of {told}; spectral radius {float(np.abs(values).max(initial=0)):.4g}"
        show.figure(figures.complex_plane(values, "Eigenvalues", told, theme, gain, height=460), key="cloud", alt=alt)
    with right:
        figure = figures.law(values, ENSEMBLES.get(name), gain, theme)
        show.figure(figure, key="law", alt=f"Density of the eigenvalues of {told}")
    if name in ENSEMBLES:
        show.formula(ENSEMBLES[name].law, "law")


VIEWS = {"Once": once, "Again and again": again, "Growth on the way": growth, "Large matrices": large}
VIEWS[controls.view(VIEWS, key="eigview")]()

controls.try_this(
    [
        controls.Trial("Pure rotation", "No line is kept and no length changes: both eigenvalues are complex, on the unit circle.",
                       {"eigview": "Once", "matrixby": matrix_view.PARTS, "turn": 30.0, "scale1": 1.0, "scale2": 1.0, "shear": 0.0}),
        controls.Trial("Grows before it dies", "ρ = 0.9, yet the norm of Wᵗ first grows more than tenfold: the eigenvectors almost agree.",
                       {"eigview": "Growth on the way", **matrix_view.NON_NORMAL}),
        controls.Trial("A wave", "ρ above 1: two starts that differ by a thousandth end up far apart.",
                       {"eigview": "Again and again", "matrixby": matrix_view.ENTRIES, "w11": 1.1, "w12": 0.3, "w21": -0.3, "w22": 1.0}),
        controls.Trial("Circular law", "Gaussian entries over √n: the eigenvalues fill the unit disc evenly.",
                       {"eigview": "Large matrices", "ensemble": "gaussian", "eign": 400}),
    ]
)  # fmt: skip
