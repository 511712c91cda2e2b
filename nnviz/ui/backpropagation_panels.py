"""What stands beside and below the figures of the page Backpropagation: formulas, verdicts and tables."""

from __future__ import annotations

import numpy as np
import streamlit as st

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.backpropagation import Factor, decisive
from nnviz.core.gradient_check import GradientCheck, StepStudy
from nnviz.core.gradient_depth import DepthStudy
from nnviz.figures import gradients
from nnviz.figures.gradient_check import parameter_text
from nnviz.figures.graph import layer_name
from nnviz.figures.theme import Theme
from nnviz.formulas import backpropagation as formulas
from nnviz.formulas.numbers import MINUS, fixed, significant
from nnviz.ui import controls, show
from nnviz.ui.backpropagation_view import Batch, Chosen
from nnviz.ui.experiment import Experiment

SMALL = 0.1  # a factor below it is told to be the reason


def chain(it: Chosen, theme: Theme) -> None:
    """The derivative of the chosen parameter as a product, and how δ of its neuron came about."""
    chosen, look, (layer, unit, column) = it.experiment, it.look, it.place
    passes = (chosen.network, chosen.theta, look.forward, look.backward)
    show.heading(it.name[0].upper() + it.name[1:])
    show.formula(formulas.chain(*passes, layer, unit, column, theme.symbols), "chain")
    show.formula(formulas.error_signal_of(*passes, chosen.loss, look.Y[:, 0], layer, unit, theme.symbols), "signal")
    mean = it.derivative(chosen.cost.gradient(chosen.theta))
    show.sentence(
        f"This is the share of sample {look.row} alone. Over all {chosen.cost.samples:,} training samples the derivative is "
        f"{significant(mean)}."
    )


def factors(it: Chosen, theme: Theme) -> None:
    """The size of the derivative factor by factor, and the sentence that answers why it is so small."""
    least = decisive(it.factors)
    size = abs(it.derivative(it.look.backward.gradient))
    figure = gradients.size_waterfall(it.factors, theme, least if least.value < SMALL else None)
    show.figure(figure, "back-factors", f"The size of the derivative of {it.name}, {significant(size)}, as a product of its factors")
    show.sentence(verdict(it, least, size))


def verdict(it: Chosen, least: Factor, size: float) -> str:
    """Why the derivative is as small as it is, in one or two sentences."""
    names = it.experiment.network.activations
    check = float(np.prod([factor.value for factor in it.factors]))
    equal = f"Check: the product of the factors differs from |∂C/∂w| by {significant(abs(check - size), 2)}."
    if not np.isfinite(size):
        return "The gradient overflowed: one of its factors grew beyond all numbers."
    what = {
        "weights": f"the weights of layer {least.layer} pass only {significant(least.value, 3)} of δ on",
        "slope": f"the slope of {_title(names[least.layer - 1])} in layer {least.layer} is {significant(least.value, 3)} at this z",
        "input": f"the weight's input is {significant(least.value, 3)}",
    }.get(least.kind, "")
    if size == 0:
        return f"The gradient is exactly 0, since {what}: this sample does not move the weight. {equal}"
    if least.value < SMALL:
        return f"The smallest factor, and the main reason: {what}. {equal}"
    below = [factor.value for factor in it.factors if factor.value < 1]
    return (
        f"No single factor is to blame: {len(below)} of {len(it.factors)} are below 1, together × {significant(float(np.prod(below)), 3)}. "
        f"The smallest: {what}. {equal}"
    )


def _title(name: str) -> str:
    return ACTIVATIONS[name].title if name in ACTIVATIONS else name.lstrip("=")


def paths(it: Chosen, theme: Theme) -> None:
    """The strongest paths as a table, the first of them as a product, and all of them as a sum."""
    chosen, look, (layer, _, column) = it.experiment, it.look, it.place
    total = it.derivative(look.backward.gradient)
    table, formula = st.columns([1.2, 1], gap="large")
    values = [it.held * path.value for path in it.strongest]
    with table:
        show.heading("The strongest paths")
        rows = []
        for path, value in zip(it.strongest, values, strict=True):
            way = (
                " → ".join(str(unit + 1) for unit in path.units)
                if len(path.units) <= 7
                else f"{path.units[0] + 1} → … → {path.units[-1] + 1}"
            )
            share = f"{value / total:.0%}".replace("-", MINUS) if total and np.isfinite(value / total) else "–"
            product = significant(float(np.prod(path.factors)), 3)
            rows.append((way, product, fixed(path.end, 4), significant(value), share))
        heads = ("neurons passed", "∏ w·f′", "δ at the end", "path's share of ∂C/∂w", "of all")
        show.table(heads, rows, "The paths that carry most of the derivative", colours={"δ at the end": theme.symbols["delta"]})
    with formula:
        show.heading("The strongest as a product, and the sum of all")
        show.formula(
            formulas.path_product(chosen.network, chosen.theta, look.forward, it.strongest[0], layer, column, theme.symbols), "path"
        )
        if it.paths.count > 1:
            show.formula(formulas.path_sum(values[:3], total, it.paths.count, theme.symbols), "path-sum")


def delta_table(chosen: Experiment, batch: Batch, theme: Theme) -> None:
    """Sizes of δ and of the slopes, layer by layer, with the neurons that let little pass."""
    L, rows = len(batch.states), []
    with np.errstate(all="ignore"):
        for l, state in enumerate(batch.states, start=1):
            delta = batch.backward.d(l)
            norm, largest = float(np.linalg.norm(delta)), float(np.abs(delta).max())
            rows.append(
                (
                    f"{layer_name(l, L)}, {chosen.network.activations[l - 1].lstrip('=')[:16]}",
                    significant(norm),
                    significant(largest),
                    significant(float(state.slope.mean()), 3),
                    f"{state.flat.mean():.0%}",
                    f"{int(state.dead.sum())} of {len(state.dead)}",
                    f"{int(state.saturated.sum())} of {len(state.dead)}",
                )
            )
    heads = ("layer", "‖δ‖", "largest |δ|", "mean |f′(z)|", "flat: |f′| < 0.01", "dead", "saturated")
    colours = {"‖δ‖": theme.symbols["delta"], "largest |δ|": theme.symbols["delta"]}
    show.table(heads, rows, "δ and slopes of every layer", colours)
    show.sentence(
        f"δ is the derivative of the cost, the mean over {batch.cost.samples:,} training samples: the 1/m is in it. Dead: f′(z) = 0 for "
        "every sample. Saturated: |f′(z)| < 0.01 for at least nine samples in ten."
        + (" At this output the loss cancels the slope." if chosen.loss.fuses_with(chosen.network.layer_activations[-1]) else "")
    )


def check(chosen: Experiment, found: GradientCheck) -> None:
    """The verdict of the gradient check: how well both agree, the worst parameter, and the kinks."""
    network, worst = chosen.network, found.worst
    smooth = found.without_kinks()
    show.heading("Do both agree?")
    rows = [("relative error ‖a − n‖ / (‖a‖ + ‖n‖)", significant(found.relative_error, 3))]
    if found.kinked:
        rows.append(("the same without kinks", significant(smooth.relative_error, 3) if len(smooth.index) else "–"))
    rows += [
        ("largest difference", significant(float(found.difference[worst]), 3)),
        ("rounding allows ε|C|/h", significant(found.rounding, 3)),
        ("a kink within the step", f"{found.kinked:,} of {len(found.index):,}"),
    ]
    show.table(("of all parameters", ""), rows, "The gradient check in numbers")
    show.heading(f"The worst: {parameter_text(network, int(found.index[worst]))}")
    kink = f"; {found.crossings[worst]} sums change the side of a kink within its step" if found.crossings[worst] else ""
    show.sentence(
        f"Analytic {significant(float(found.analytic[worst]), 8)}, numerical {significant(float(found.numerical[worst]), 8)}{kink}. "
        "A click on a point chooses its parameter for the view One weight."
    )
    if found.kinked and len(smooth.index):
        named = parameter_text(network, int(smooth.index[smooth.worst]))
        show.sentence(
            f"{found.kinked:,} parameters have a kink (of ReLU or the loss) between θ − h and θ + h for some sample: there the difference "
            f"quotient mixes two slopes. Worst of the others: {named}, off by {significant(float(smooth.difference[smooth.worst]), 3)}."
        )
    if len(found.index) < network.parameter_count:
        show.sentence(f"Checked are {len(found.index):,} of {network.parameter_count:,} parameters, drawn evenly: all would take minutes.")
    show.formula(formulas.central_difference(found, worst, show.theme().symbols), "difference")


def step(study: StepStudy, at: int, theme: Theme) -> None:
    """The cost before, after and as predicted, and where the prediction breaks."""
    show.heading("Before, predicted, after")
    show.formula(formulas.prediction(study, at, theme.symbols), "prediction")
    show.formula(formulas.breaking(study, theme.symbols), "breaking")
    breaks, rises = float(study.breaks_at), float(study.rises_at)
    parts = [f"measured: a tenth off from η = {significant(breaks, 3)}" if np.isfinite(breaks) else "no rate shown is a tenth off"]
    parts.append(f"the cost rises from η = {significant(rises, 3)}" if np.isfinite(rises) else "no rate shown makes the cost rise")
    show.sentence("; ".join(parts).capitalize() + ".")
    if not np.isfinite(study.after[at]):
        show.sentence("At this η the cost overflowed: the step left everything behind.")


def update(chosen: Experiment, eta: float, theme: Theme) -> None:
    """The step of one layer, written out with its matrices."""
    network, cost, L = chosen.network, chosen.cost, len(chosen.network.sizes) - 1
    controls.keep_within("backstep", L)
    layer = int(
        controls.choice("The step of layer", range(1, L + 1), key="backstep", default=L, names=lambda l: layer_name(l, L), width=220)
    )
    forward = network.forward(chosen.theta, cost.X)
    backward = network.backward(chosen.theta, forward, cost.Y, cost.loss)
    W, b = network.unpack(chosen.theta)[layer - 1]
    show.formula(formulas.layer_step(W, b, backward.d(layer), forward.A[layer - 1], eta, layer, theme.symbols, cost.l2), "layer-step")
    show.sentence(f"δ has a column for each of the {cost.samples:,} training samples; of large matrices the corners are written.")


def depth(study: DepthStudy, own: np.ndarray | None, name: str, width: int, chosen: Experiment, scale: float) -> None:
    """The size of the gradient as depth grows, and what one layer makes of it."""
    theme = show.theme()
    draws = f"median of {len(study.norms[0])} draws"
    key = f"{_title(name)}, {width} units, {chosen.initializer} × {scale:g} · {draws} · number at the end: hidden layers"
    picture, panel = st.columns([1.75, 1], gap="large")
    ends = [(float(m[0]), float(m[-1])) for m in study.medians]
    with picture:
        alt = (
            f"The gradient's norm by layer for {', '.join(map(str, study.depths))} hidden layers of {_title(name)}; first layers: "
            + ", ".join(significant(first, 3) for first, _ in ends)
        )
        show.figure(gradients.depth_lines(study, theme, own, key + (" · ○ this network" if own is not None else "")), "back-depth", alt)
    with panel:
        show.heading("What one layer makes of it")
        deepest = study.medians[-1]
        factor = float(study.factors[-1])
        show.formula(formulas.depth_factor(float(deepest[1]), float(deepest[-2]), factor, len(deepest), theme.symbols), "depth-factor")
        rows = [
            (str(d), significant(first, 3), significant(last, 3), significant(float(f), 3) if np.isfinite(f) else "–")
            for d, (first, last), f in zip(study.depths, ends, study.factors, strict=True)
        ]
        show.table(("hidden", "first layer", "output", "a layer"), rows, "Size of the gradient by depth")
        with np.errstate(all="ignore"):
            lost = float(ends[-1][0] / np.float64(ends[0][0]))
        verdict = "vanishes" if lost < 0.1 else "explodes" if not lost <= 10 else "keeps its size roughly"
        show.sentence(
            f"The first layer of {study.depths[-1]} hidden ones gets {significant(lost, 3)} of the gradient that it gets under "
            f"{study.depths[0]}: with depth it {verdict}. Where δ on its way back and the activations on their way there shrink alike, "
            "the lines are level, and sink as a whole."
        )
