"""The views of the page Recurrent networks: each draws one aspect of a setup."""

from __future__ import annotations

from functools import partial
from itertools import accumulate

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.descent import Descent, descending
from nnviz.core.far_gradient import StepFactor, step_factor
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm
from nnviz.core.recurrent import RecurrentCost
from nnviz.core.recurrent_network import RecurrentNetwork
from nnviz.core.stability import transient_growth
from nnviz.figures import recurrent as figures
from nnviz.figures import unrolled
from nnviz.figures.theme import THEMES, Figure
from nnviz.formulas import recurrent as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import caching, controls, player, progress, show
from nnviz.ui.recurrent_setup import Setup, keep_trained, sweep

Array = NDArray[np.floating]
WHOLE = 0  # "entry" that stands for the whole matrix
SPAN = 60  # steps over which the sweep looks back
UNCLIPPED = float(np.finfo(float).max)
OPTIMISERS = [name for name in OPTIMIZERS if name not in {"muon", "newton"}]  # one needs a network's layers, one a Hessian for each step


def through_time(given: Setup) -> None:
    """The unrolled graph under the player; one step's formula below it."""
    back, T = given.back, given.steps
    theme = show.theme()
    labels, frames = unrolled.stop_labels(T), unrolled.stop_frames(T)
    figure = _unrolled(given.cost, given.theta.tobytes(), theme.name)
    ends = f"the size of δ is {_size(back.delta[-1]):.3g} at the last step and {_size(back.delta[0]):.3g} at the first"
    alt = f"The network unrolled over {T} steps: {given.told}; {ends}"
    show.figure(figure, key="rec-unrolled", alt=alt, labels=labels)
    steps = [stop.step + 1 if stop.way == unrolled.FORWARD else 2 * T - stop.step for stop in unrolled.stops(T)]
    resting = player.player("rec-player", ["rec-unrolled"], steps, labels, frames, interval=450)
    stop = unrolled.stops(T)[resting]
    p = given.network.unpack(given.theta)
    controls.keep_within("recunit", given.network.hidden)
    unit = int(controls.number("Unit", 1, given.network.hidden, key="recunit", default=1, step=1, width=160)) - 1
    if stop.step < 0:
        show.sentence("Nothing has been put in yet: h₀ = 0. Play to send the sequence through.")
    elif stop.way == unrolled.FORWARD:
        show.heading(f"Forward, step {stop.step + 1}")
        show.formula(formulas.step_forward(p, back, stop.step, unit, given.network.activation, theme.symbols), "rec-forward")
    else:
        show.heading(f"Back, step {stop.step + 1}")
        show.formula(formulas.step_back(given.cost, p, back, stop.step, unit, theme.symbols), "rec-back")


def _size(delta: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt((delta[:, 0] ** 2).sum()))


@caching.recent(entries=8)
def _unrolled(cost: RecurrentCost, theta: bytes, theme: str) -> Figure:
    return unrolled.unrolled(cost, cost.backward(np.frombuffer(theta)), THEMES[theme])


def states(given: Setup) -> None:
    """Hidden states, what comes out beside what is asked for, and the phase portrait of two units."""
    theme, h = show.theme(), given.back.unrolled.h[:, :, 0]
    lost = figures.overflow_at(h)
    ending = f"; it overflows at step {lost}" if lost else f"; the last state is {np.array2string(h[-1][:4], precision=3)}"
    if given.network.hidden == 2:
        left, right = st.columns([1.2, 1], gap="medium")
        with right:
            _portrait(given, h)
    else:
        left = st.container()
    with left:
        show.figure(figures.states(h[1:], theme), key="rec-states", alt=f"Hidden states over {given.steps} steps{ending}")
        show.figure(
            _outputs(given), key="rec-outputs", alt=f"Input, output and target of the first sample over {given.steps} steps{ending}"
        )
    if given.network.hidden != 2:
        st.button("Two units: their phase portrait", on_click=lambda: st.session_state.update(rechidden=2), type="tertiary")
    cost = float(given.cost.value(given.theta))
    show.sentence(
        f"Cost of these weights: C = {significant(cost)}, the mean of ½(y − target)² over all steps and samples that have a target."
    )


def _outputs(given: Setup) -> Figure:
    colours = show.theme().symbols
    task, y = given.task, given.back.unrolled.output
    lines = [("output", y[:, 0, 0], colours["yhat"], "solid")]
    told = np.isfinite(task.Y[:, 0, 0])
    if told.sum() > 1:
        lines.append(("target", task.Y[:, 0, 0], colours["y"], "dash"))
        key = "solid: what comes out · dashed: what is asked for"
    else:
        lines = [
            (("value", "mark")[i], task.X[:, i, 0], (colours["x"], colours["theta"])[i], ("dot", "solid")[i]) for i in range(2)
        ] + lines
        key = f"asked for at the last step: {significant(float(task.Y[told, 0, 0][0]))}, it comes out {significant(float(y[-1, 0, 0]))}"
    return figures.over_time(show.theme(), task.title, key, lines, gaps=("target",))


def _portrait(given: Setup, h: Array) -> None:
    known = np.abs(h[np.isfinite(h)])
    bounded = given.network.activation in ("tanh", "hardtanh", "softsign")
    reach = 1.08 if bounded else min(max(1.0, 1.15 * float(known.max(initial=0.0))), 1e6)
    grid = np.stack(np.meshgrid(*[np.linspace(-reach, reach, 13)] * 2)).reshape(2, -1)
    p = given.network.unpack(given.theta)
    with np.errstate(all="ignore"):
        field = given.network.f(p.W_hh @ grid + p.b_h)
    figure = figures.phase_portrait(h, grid, field, np.array([-reach, reach]), show.theme())
    show.figure(figure, key="rec-portrait", alt=f"Phase portrait of two hidden units over {given.steps} steps, {given.told}")


def gradients(given: Setup) -> None:
    """The heat map of ‖∂h_t/∂h_s‖, what one step does to a change and why, and how that depends on ρ."""
    theme, T = show.theme(), given.steps
    every = -(-T // figures.PER_SIDE)
    token = (given.network, given.theta.tobytes(), given.task)
    one_by_one = partial(given.network.jacobian_norm_rows, given.theta, given.task.X, every)
    nothing: list[Array] = []
    rows = progress.run(
        "rec norms",
        token,
        lambda: accumulate(one_by_one(), lambda rows, row: [*rows, row], initial=nothing),
        lambda rows: len(rows) * every / T,
        "Following changes",
    )
    scene = progress.standing("rec norms", (given, every, rows) if rows is not None else None)
    if scene is None:
        return
    given, every, rows = scene
    T = given.steps
    norms = np.stack(rows if rows else [np.ones(1)])
    factor = step_factor(given.network, given.theta, given.task.X)
    fate = _fate(factor.measured)
    picture, side = st.columns([1.1, 1], gap="medium")
    with picture:
        alt = f"Norms of ∂h_t by ∂h_s, {given.told}: a change at step 1 is multiplied by {norms[-1, 0]:.3g} until the end"
        show.figure(figures.norm_map(norms, every, T, theme), key="rec-norms", alt=alt)
    with side:
        W = given.network.unpack(given.theta)["W_hh"]
        powers = transient_growth(W, max(1, every * (len(norms) - 1))).norm[::every][: len(norms)]
        show.figure(
            figures.norm_lines(norms[:, 0], powers, every, theme), key="rec-decay", alt=f"What is left of a change at step 1: {fate}"
        )
        show.formula(formulas.product(factor, theme.symbols), "rec-product")
    show.sentence(_why(given, factor, fate))
    radii, found = sweep(given.network, given.initializer, given.seed, SPAN)
    linear = sweep(
        RecurrentNetwork(given.network.inputs, given.network.hidden, given.network.outputs, "identity"), given.initializer, given.seed, SPAN
    )[1]
    both = [("linear", linear)] + ([(given.network.activation, found)] if given.network.activation != "identity" else [])
    here = int(np.abs(radii - given.radius).argmin())
    medians = ", ".join(f"{name} {significant(float(np.median(values[here])), 2)}" for name, values in both)
    alt = f"Median norm of the Jacobian over {SPAN} steps for radii from 0.1 to 3; at {radii[here]:.1f}: {medians}"
    show.figure(figures.sweep(radii, both, given.radius, SPAN, theme), key="rec-sweep", alt=alt)
    show.sentence(f"At ρ = {radii[here]:.1f} and with noise as input, the median of 9 draws is {medians.replace(', ', ' and ')}.")


def _fate(measured: float) -> str:
    """Vanishing, exploding, or neither: over a hundred steps two per cent a step make a factor of 7."""
    return "it vanishes" if measured < 0.98 else "it explodes" if measured > 1.02 else "it keeps about its size"


def _why(given: Setup, factor: StepFactor, fate: str) -> str:
    """Why a change fares as it does, from the factors that were measured."""
    if given.network.activation == "identity":
        law = "below 1: it vanishes" if factor.radius < 1 - 1e-9 else "above 1: it explodes" if factor.radius > 1 + 1e-9 else "neither"
        law = f"Linear: f′ = 1, so only W_hh counts. ρ = {significant(factor.radius)}, {law}, in the long run"
        return law + (", though it may first grow: σ_max is larger than ρ." if factor.stretch > 1.01 * factor.radius else ".")
    bound = factor.stretch * factor.largest_slope
    sure = f" It had to: σ_max · max f′ = {significant(bound, 3)} < 1." if bound < 0.995 else ""
    text = f"Measured: {fate}, by {significant(factor.measured, 3)} a step.{sure}"
    if factor.radius > 1.0 and factor.expected < factor.radius:
        saturated = (
            "large weights drive the units into saturation"
            if given.network.activation in ("tanh", "sigmoid")
            else "the slopes on the way are small"
        )
        alone = f" ρ = {significant(factor.radius, 3)} alone would multiply it by that each step, but {saturated}:"
        text += f"{alone} f′ is {significant(factor.slope, 3)} (root mean square), and ρ · f′ = {significant(factor.expected, 3)}."
    return text


def shares(given: Setup) -> None:
    """What each step adds to the gradient in W_hh, for an entry or along the whole gradient."""
    theme, hidden = show.theme(), given.network.hidden
    each = given.back.contributions["W_hh"]
    gradient = given.network.unpack(given.back.gradient)["W_hh"]
    controls.from_click("rec-matrix", ("recrow", "reccol"))
    for key in ("recrow", "reccol"):
        controls.keep_within(key, hidden)
    picture, side = st.columns([1.75, 1], gap="large")
    with side:
        left, right = st.columns(2)
        with left:
            row = int(controls.number("Row (0: all)", 0, hidden, key="recrow", default=0, step=1))
        with right:
            column = int(controls.number("Column (0: all)", 0, hidden, key="reccol", default=0, step=1))
        show.figure(
            figures.gradient_matrix(gradient, (row, column), theme), key="rec-matrix", alt=f"∂C/∂W_hh, {hidden} × {hidden}", on_select=True
        )
    one = row > WHOLE and column > WHOLE
    with np.errstate(all="ignore"):
        if one:
            name, entry = f"∂C/∂W<sub>hh</sub>, row {row}, column {column}", formulas.entry(row, column)
            steps, total = each[:, row - 1, column - 1], float(gradient[row - 1, column - 1])
        else:
            length = float(np.sqrt((gradient**2).sum()))
            name, entry = "the length of ∂C/∂W<sub>hh</sub>", formulas.LENGTH
            steps, total = (each * gradient).sum(axis=(1, 2)) / (length or 1.0), length
        off = abs(float(steps.sum()) - total)
    with picture:
        alt = f"What each of {given.steps} steps adds to the gradient; together {total:.4g}"
        show.figure(figures.contributions(steps, name, theme), key="rec-shares", alt=alt)
    show.formula(formulas.summed(steps, total, entry, theme.symbols), "rec-sum")
    along = (
        "" if one else " Each step's share is measured along the direction of the whole gradient, so that the shares add up to its length."
    )
    show.sentence(f"Check: the bars' sum and the gradient differ by {significant(off, 2)}.{along}")


def training(given: Setup) -> None:
    """The same start trained twice, side by side: as the gradient is, and clipped."""
    theme = show.theme()
    first, second, third, fourth = st.columns(4, gap="medium")
    with first:
        name = controls.choice("Optimiser", OPTIMISERS, key="recopt", default="adam")
    with second:
        rate = controls.powers("Learning rate η", -4, 0, key="recrate", default=0.02)
    with third:
        max_norm = controls.powers("Clip at c", -3, 2, key="recclip", default=0.1)
    with fourth:
        steps = int(controls.slider("Steps of the optimiser", 10, 1000, key="recrun", default=200, step=10))
    token = (given.cost, given.drawn.tobytes(), name, rate, max_norm, steps)

    optimizer = ClippedByNorm(OPTIMIZERS[name](learning_rate=rate), max_norm=np.array([[UNCLIPPED], [max_norm]]))
    work = partial(descending, given.cost, optimizer, np.stack([given.drawn] * 2), steps, record=())
    found: Descent | None = progress.run("rec training", token, work, lambda run: (len(run.value) - 1) / steps, "Training twice")
    scene = progress.standing("rec training", (given, max_norm, found) if found is not None else None)
    if scene is None:
        return
    given, max_norm, run = scene
    left, right = st.columns(2, gap="medium")
    ends = " and ".join(f"{name} {value:.4g}" for name, value in zip(figures.RUNS, run.value[-1], strict=True))
    with left:
        show.figure(figures.learning(run, theme), key="rec-learning", alt=f"Costs over {len(run.value) - 1} steps end at {ends}")
    with right:
        longest = float(np.nanmax(np.where(np.isfinite(run.gradient_norm), run.gradient_norm, np.nan)))
        show.figure(figures.gradient_sizes(run, max_norm, theme), key="rec-lengths", alt=f"Lengths of the gradients, at most {longest:.4g}")
    _learnt(given, run)
    show.formula(formulas.clipped(float(run.gradient_norm[0, 1]), max_norm, theme.symbols), "rec-clipped")
    if np.isfinite(run.theta[-1, 1]).all() and keep_trained(given.network, run.theta[-1, 1]):
        st.rerun()


def _learnt(given: Setup, run: Descent) -> None:
    """The first sample's target, and what comes out before and after."""
    theme, task = show.theme(), given.task
    with np.errstate(all="ignore"):
        before, free, clipped = (given.network.forward(theta, task.X).output[:, 0, 0] for theta in (given.drawn, *run.theta[-1]))
    lines = [("clipped", clipped, theme.categorical[2], "solid")]
    key = "first sample: what comes out before and after"
    if np.abs(before).max() < 10 * np.nanmax(np.abs(task.Y)):  # false for NaN as well
        lines.append(("before", before, theme.muted, "dot"))
    else:
        key = f"first sample: what comes out after; before it grew to {significant(float(np.abs(before).max()), 3)}"
    if np.isfinite(run.value[-1, 0]):
        lines.append(("not clipped", free, theme.categorical[0], "dash"))
    if np.isfinite(task.Y[:, 0, 0]).sum() > 1:
        lines.insert(0, ("target", task.Y[:, 0, 0], theme.symbols["y"], "solid"))
    figure = figures.over_time(theme, task.title, key, lines, gaps=("target",))
    show.figure(figure, key="rec-learnt", alt=f"{task.title}: target and outputs of the first sample over {given.steps} steps")
