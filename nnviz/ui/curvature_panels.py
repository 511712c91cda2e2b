"""What stands beside and below the pictures of the page Curvature: tables, sentences, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.edge_of_stability import Fates
from nnviz.core.local_curvature import PROBES, LocalCurvature
from nnviz.core.runs import Run
from nnviz.core.spectra import EdgeRuns
from nnviz.figures import curvature as figures
from nnviz.figures import network_landscape
from nnviz.formulas import curvature as formulas
from nnviz.formulas import page_scripts
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, mistakes, programs, progress, runs, show, take
from nnviz.ui import curvature_view as view
from nnviz.ui.curvature_view import Minima
from nnviz.ui.experiment import Experiment
from nnviz.ui.landscape_view import cost_of

Array = NDArray[np.floating]

NEAR = 1e-3  # a gradient below this, relative to the sharpness, is taken as that of a critical point


def refused(run: Run) -> bool:
    """Say so where the network is too large for this page."""
    told = view.too_large(run)
    if told:
        st.info(told)
    return bool(told)


def choose_snapshot(run: Run) -> int:
    """A snapshot of the run; beyond the last of another run the last is taken."""
    last = len(run.step) - 1
    if not last:
        return 0
    chosen = int(controls.slider("Snapshot of the run", 0, 59, key="curvstep", default=59, step=1, width=260))
    return min(chosen, last)


def here_or_told(run: Run, snapshot: int) -> tuple[Run, int, LocalCurvature] | None:
    """The Hessian at a snapshot, or the sentence why there is none; while it is computed, the one that stood there before."""
    try:
        found = view.here(run, snapshot)
    except ValueError as error:
        mistakes.tell(error)
        return None
    return progress.standing("hessian", (run, snapshot, found) if found is not None else None)


def script(chosen: Experiment, run: Run, snapshot: int) -> None:
    """The Hessian at a snapshot as a program."""
    cost = cost_of(run)
    take.script(lambda: page_scripts.curvature(programs.recipe(chosen), run.theta[snapshot], cost.l2, cost.l1, view.small(run)))


def eigenvectors(run: Run, snapshot: int, found: LocalCurvature) -> None:
    """The steepest eigenvectors by layer, and the condition number as a formula."""
    step = int(run.step[snapshot])
    figure = figures.layers(show.theme(), found.shares, found.top, title=f"The steepest eigenvectors by layer, step {step}", key="W and b")
    most = np.argmax(found.shares[:, 0]) + 1
    show.figure(figure, "eigenlayers", f"Shares of {len(found.top)} eigenvectors in each layer; the first lies most in layer {most}")
    if found.values is not None and found.kind is not None:
        size = np.sort(np.abs(found.values))
        show.formula(
            formulas.condition(float(size[-1]), size[found.kind.zero :].tolist(), found.kind.zero, show.theme().symbols), "condition"
        )


def density(run: Run, snapshot: int, found: LocalCurvature) -> None:
    """The density of a larger network's spectrum at one snapshot."""
    spread = view.density(run, snapshot)
    if spread is None:
        return
    title = f"Density of the Hessian's {run.network.parameter_count:,} eigenvalues, step {int(run.step[snapshot])}"
    key = f"stochastic Lanczos quadrature, 8 probes of 40 steps · strokes: the {len(found.top)} largest eigenvalues"
    figure = figures.density(show.theme(), spread.grid, spread.values, found.top, title=title, key=key)
    show.figure(figure, "density", f"{title}; the largest is {significant(found.top[0])}")
    integral = float(np.trapezoid(spread.values, spread.grid))
    show.sentence(f"Each eigenvalue is a bell of 1/200 of the spectrum's width. Check: the density integrates to {integral:.6f}.")


def point(run: Run, snapshot: int, found: LocalCurvature) -> None:
    """What kind of point it is, in numbers and in a sentence."""
    limit = significant(2 / found.top[0]) if found.top[0] > 0 else "no limit"
    told = [("sharpness λ_max", significant(found.top[0])), ("2/λ_max", limit), ("lowest λ", significant(found.lowest))]
    told.append(("‖∇C‖", significant(found.gradient_norm)))
    if found.kind is not None and found.gauss_newton is not None and found.rest is not None:
        kind = found.kind
        told += [
            ("+ / − / 0", f"{kind.positive} / {kind.negative} / {kind.zero}"),
            ("trace", significant(found.trace)),
            ("Gauss–Newton λ_max", significant(found.gauss_newton)),
            ("rest, lowest λ", significant(found.rest)),
        ]
    else:
        told.append((f"trace by {PROBES} probes", f"{significant(found.trace, 3)} ± {significant(found.trace_error, 2)}"))
    show.table([head for head, _ in told], [[value for _, value in told]], f"The Hessian at step {int(run.step[snapshot])}")
    show.sentence(named(found))
    show.sentence(f"Check: central differences of the gradient along these eigenvectors differ from λ·v by {found.check:.1e} of λ_max.")


def named(found: LocalCurvature) -> str:
    """Saddle or minimum, and whether the point is a critical one at all."""
    flat = NEAR * max(abs(float(found.top[0])), 1e-300)
    if found.kind is None:
        shape = "a saddle" if found.lowest < -1e-8 * abs(found.top[0]) < found.top[0] else "a minimum" if found.top[0] > 0 else "a maximum"
        down = f"the lowest eigenvalue is {significant(found.lowest)}"
    else:
        kind = found.kind
        shape = "flat ground" if kind.kind == "flat" else f"a {kind.kind}"
        down = "no direction curves downwards"
        if kind.negative:
            all_of_them = kind.positive + kind.negative + kind.zero
            down = f"{kind.negative} of {all_of_them} directions curve downwards, the steepest with {significant(kind.most_negative)}"
    if found.gradient_norm <= flat:
        return f"By the signs of its eigenvalues the point is {shape}: {down}, and the gradient is all but 0."
    return f"The cost curves like {shape} here: {down}. But the gradient is not 0: training has not arrived, it is on a slope."


# Along eigenvectors -------------------------------------------------------------------------------------------------------------


def along_eigenvectors(values: Array, rate: float, top: float, step: int, fates: Fates) -> None:
    """What becomes of errors along eigenvectors at a rate, as the formula says and as real steps do."""
    theme = show.theme()
    left, right = st.columns(2, gap="medium")
    with left:
        title = f"Factor of an error a step, around step {step}"
        key = f"line: |1 − αλ| · ● observed in real steps · α = {significant(rate)}"
        figure = figures.factors(theme, values, fates.predicted, fates.observed, rate, title=title, key=key)
        show.figure(figure, "factors", f"{title}, at a rate of {rate * top / 2:.3g} times 2/λ_max, for {len(values)} eigenvectors")
    with right:
        key = f"gradient descent from θ ± 10⁻⁴·v, {view.STEPS_ALONG} steps, all samples"
        title = "The error along each eigenvector"
        show.figure(figures.errors(theme, values, fates.distance, title=title, key=key), "errors", f"{title} over {view.STEPS_ALONG} steps")
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        show.formula(formulas.step_factor(rate, top, theme.symbols), "step-factor")
    with right:
        rows = [
            (significant(v), significant(p), significant(o), view.fate(rate, v))
            for v, p, o in zip(values, fates.predicted, fates.observed, strict=True)
        ]
        show.table(("λ", "predicted", "observed", "an error along it"), rows, f"Eigenvectors at a rate of {significant(rate)}")
    show.sentence("Observed is the mean factor while the error is small enough to be one: where the Hessian changes on the way, both part.")


# Edge of stability --------------------------------------------------------------------------------------------------------------


def fate_of(found: EdgeRuns, i: int) -> str:
    """What became of one descent, in words."""
    edge, rate = found.edge, significant(found.learning_rate[i])
    lost, up, met = int(edge.diverged_at[i]), int(edge.catapult_at[i]), int(edge.reached_at[i])
    if lost >= 0:
        return f"α = {rate} diverges at step {lost}"
    if met < 0:
        return f"α = {rate} stays below its edge"
    flight = f", thrown up to C = {significant(found.cost[up, i], 3)} at step {up} and caught again" if up >= 0 else ""
    return f"α = {rate} meets its edge by step {int(found.step[met])}{flight}"


def last_known(values: Array) -> float:
    """The last sharpness of a run before it diverged, or before Stop was pressed."""
    known = values[np.isfinite(values)]
    return float(known[-1]) if known.size else float("nan")


def edges(found: EdgeRuns) -> None:
    """A row for each rate."""
    last = [last_known(found.sharpness[:, i]) for i in range(len(found.learning_rate))]
    rows = [
        (
            *(significant(v) for v in (rate, 2 / rate, found.sharpness[0, i], last[i], last[i] * rate / 2)),
            f"by step {int(found.step[found.edge.reached_at[i]])}" if found.edge.reached_at[i] >= 0 else "no",
            *(f"step {int(at[i])}" if at[i] >= 0 else "no" for at in (found.edge.catapult_at, found.edge.diverged_at)),
            significant(found.cost[-1, i]),
        )
        for i, rate in enumerate(found.learning_rate)
    ]
    heads = ("α", "2/α", "λ_max at the start", "λ_max last", "λ_max·α/2", "met its edge", "catapult", "diverged", "final C")
    show.table(heads, rows, "Each learning rate against its edge")
    i = int(np.argmin(np.abs(np.log(np.maximum(np.nan_to_num(np.array(last) * found.learning_rate / 2, nan=1e-300), 1e-300)))))
    show.formula(formulas.edge(float(found.learning_rate[i]), last[i], show.theme().symbols), "edge")
    show.sentence(
        "Below 2/α the sharpness tends to rise; at 2/α gradient descent begins to swing along the steepest direction and holds it there "
        "(Cohen et al. 2021). A run that starts above its edge is thrown out: to a flatter place, or to infinity."
    )


# Flat and sharp -----------------------------------------------------------------------------------------------------------------


def minima(found: Minima, names: Sequence[str], rate: float, steps: int) -> None:
    """The sharpness of each batch size's minima, and the line between the first and the last."""
    theme = show.theme()
    left, right = st.columns(2, gap="medium")
    with left:
        key = f"gradient descent, {steps} steps at α = {significant(rate)}, {view.SEEDS} seeds · line: geometric mean"
        figure = figures.by_batch(theme, names, found.sharpness, title="Sharpness where the runs ended", key=key)
        show.figure(figure, "minima", f"Sharpness of the minima of batch sizes {', '.join(names)}")
    with right:
        ends = (f"batch {names[0]}", f"batch {names[-1]}")
        title = f"From the minimum of {ends[0]} to that of {ends[1]}"
        figure = network_landscape.line(theme, found.line, ends, title=title, key="cost on the straight line between both, first seed")
        show.figure(figure, "minimaline", f"{title}: train and test cost")
    _compared(found, names)


def _compared(found: Minima, names: Sequence[str]) -> None:
    """A row for each batch size, and what the numbers say."""
    rows = []
    for i, name in enumerate(names):
        low, middle, high = np.sort(np.nan_to_num(found.sharpness[i], nan=np.inf))[[0, len(found.sharpness[i]) // 2, -1]]
        rows.append((name, *(significant(v) for v in (low, middle, high, found.train[i].mean(), found.test[i].mean()))))
    show.table(("batch", "least λ_max", "middle", "greatest", "train C, mean", "test C, mean"), rows, "Minima of each batch size")
    with np.errstate(all="ignore"):
        first, last = (float(np.exp(np.log(found.sharpness[i]).mean())) for i in (0, -1))
    if np.isfinite([first, last]).all() and first > 0:
        show.formula(formulas.flatness((names[0], first), (names[-1], last), show.theme().symbols), "flatness")
        word = "sharper" if last > first else "flatter"
        ratio = max(last / first, first / last)
        show.sentence(
            f"Batch {names[-1]} ended {significant(ratio, 3)} times {word} than batch {names[0]} (geometric means of λ_max). All took "
            "equally many steps; sharpness depends on how the weights are scaled, so compare it within one network only (Dinh et al. 2017)."
        )


def trials() -> None:
    """What to try."""
    plain = {"data": "iris", "layers": 2, "sizes": "", "units": 8, "activation": "tanh", "output": "auto", "loss": "auto", "l2": 0.0}

    def trial(label: str, notice: str, **settings: object) -> controls.Trial:
        return controls.Trial(label, notice, plain | settings)

    controls.try_this(
        [
            trial(
                "Just above 2/λ_max",
                "One factor is above 1, along the steepest eigenvector alone: the error there swings and grows while all others die out.",
                curvview="Learning rate", curvalpha=1.05, curvstep=59,
            ),
            trial(
                "The edge of stability",
                "At 0.5 and 1 the sharpness comes to 2/α and stays there while the cost goes on falling; at 0.3 it is still on its way.",
                curvview="Edge of stability", edgerates=[0.3, 0.5, 1.0], edgesteps=500,
            ),
            trial(
                "A catapult, and a rate that diverges",
                "Squared error on plain outputs. 1 starts above its edge, is thrown up at once and caught at a flatter place; 2 is thrown "
                "out for ever; 0.3 is not disturbed.",
                curvview="Edge of stability", edgerates=[0.3, 1.0, 2.0], edgesteps=500, output="identity", loss="half_squared_error",
            ),
            trial(
                "Small batches end flatter",
                "Equally many steps at one rate: the smaller the batch, the flatter the place where the run ends.",
                curvview="Flat and sharp minima", minbatches=[2, 8, 32, runs.ALL], minrate=0.1, minsteps=1000,
            ),
        ]
    )  # fmt: skip
