"""Backpropagation: why a gradient is what it is, path by path and factor by factor; checked, stepped along, and followed through depth."""

import numpy as np
import streamlit as st

from nnviz.core.activations import ELEMENTWISE_NAMES
from nnviz.core.gradient_depth import layer_norms
from nnviz.figures import backpropagation as figures
from nnviz.figures import gradient_check as check_figures
from nnviz.figures import gradients
from nnviz.formulas import page_scripts
from nnviz.formulas.numbers import significant
from nnviz.ui import backpropagation_panels as panels
from nnviz.ui import backpropagation_view as view
from nnviz.ui import controls, experiment, page, programs, progress, show, take

PLAIN = {"sizes": "", "seed": 0, "l2": 0.0}
TRIALS = (
    controls.Trial(
        "A lost gradient",
        "Six sigmoid layers: each slope is at most 0.25. Read the factors downwards: the size falls by the same share in every layer.",
        PLAIN | {"backview": "One weight", "data": "iris", "activation": "sigmoid", "layers": 6, "units": 4, "backlayer": 1, "backto": 0},
    ),
    controls.Trial(
        "A dead ReLU",
        "Neurons with × answer 0 to every sample: f′(z) = 0 is one factor of each of their gradients, so none of their weights moves.",
        PLAIN | {"backview": "δ of every layer", "data": "iris", "activation": "relu", "init": "normal", "layers": 3, "units": 8},
    ),
    controls.Trial(
        "A kink in the way",
        "With h = 0.1 many steps cross a ReLU's kink: their difference quotients are wrong, not the gradient. At 10⁻⁵ hardly one does.",
        PLAIN
        | {"backview": "Gradient check", "data": "iris", "activation": "relu", "init": "he_normal", "layers": 2, "units": 8, "backh": 0.1},
    ),
    controls.Trial(
        "Rounding takes over",
        "At h = 10⁻¹⁰ the two costs agree in all digits but a few: the differences grow again, to ε|C|/h. Between lies the best step.",
        PLAIN | {"backview": "Gradient check", "data": "iris", "activation": "tanh", "layers": 2, "units": 8, "backh": 1e-10},
    ),
    controls.Trial(
        "Too long a step",
        "The prediction is a straight line, the cost is not: at η = 10 it rises although −∇C points down.",
        PLAIN | {"backview": "One step", "data": "iris", "activation": "tanh", "layers": 2, "units": 8, "backeta": 10.0},
    ),
)


def one_weight(chosen: experiment.Experiment) -> None:
    """The paths of one parameter, its chain of derivatives, and its size factor by factor."""
    it, theme = view.choose(chosen), show.theme()
    take.script(lambda: page_scripts.derivative(programs.recipe(chosen), it.look.row, it.index))
    look, batch = it.look, view.batch(chosen.key, chosen)
    gradients_of = [layer.W for layer in chosen.network.unpack(look.backward.gradient)]
    picture, panel = st.columns([1.75, 1], gap="large")
    with picture:
        figure = figures.paths_graph(it.graph, it.paths, gradients_of, batch.states, theme, it.column)
        alt = f"The network {chosen.sizes} with δ in its neurons; lit are the {it.paths.count:,} paths by which {it.name} acts on the cost"
        show.figure(figure, "back-graph", alt, on_select=True)
        panels.factors(it, theme)
    with panel:
        panels.chain(it, theme)
    panels.paths(it, theme)


def all_deltas(chosen: experiment.Experiment) -> None:
    """δ of every layer over the training samples, with the neurons that let little of it pass."""
    batch, theme = view.batch(chosen.key, chosen), show.theme()
    one_scale = controls.segments("Colours", ("each layer its own scale", "one scale"), key="backscale") == "one scale"
    deltas = [batch.backward.d(l) for l in range(1, len(chosen.network.sizes))]
    groups = batch.cost.Y.argmax(axis=0) if batch.cost.Y.shape[0] > 1 else batch.cost.Y[0]
    figure = gradients.delta_maps(deltas, batch.states, theme, groups, batch.cost.samples, one_scale)
    dead, saturated = (sum(int(getattr(s, name).sum()) for s in batch.states) for name in ("dead", "saturated"))
    alt = f"δ of the {len(deltas)} layers of {chosen.sizes}, a row a neuron; {dead} dead and {saturated} saturated neurons are marked"
    show.figure(figure, "strip-delta", alt)
    panels.delta_table(chosen, batch, theme)


def gradient_check(chosen: experiment.Experiment) -> None:
    """Every derivative against its central difference, the worst named, and those with a kink in their step counted."""
    step = controls.powers("Step h", -10, -1, key="backh", default=1e-5, per_decade=(1, 3), width=420)
    found, samples = view.check(chosen, step)
    scene = progress.standing("gradient check", (chosen, found, samples) if found is not None else None)
    if scene is None:
        return
    chosen, found, samples = scene
    picture, panel = st.columns([1.75, 1], gap="large")
    with picture:
        figure = check_figures.check_scatter(found, chosen.network, show.theme(), samples)
        alt = f"{len(found.index):,} derivatives of {chosen.sizes} against central differences: relative error {found.relative_error:.2g}"
        show.figure(figure, "back-check", alt, on_select=True)
    with panel:
        panels.check(chosen, found)


def one_step(chosen: experiment.Experiment) -> None:
    """One step of gradient descent: the cost before, after and as predicted, and a layer's update written out."""
    (study, samples), theme = view.step(chosen.key, chosen), show.theme()
    eta = controls.powers("Learning rate η", view.LOWEST, view.HIGHEST, "backeta", 0.1, view.PER_DECADE, width=420)
    at = int(np.abs(study.rates - eta).argmin())
    picture, panel = st.columns([1.75, 1], gap="large")
    with picture:
        figure = check_figures.step_prediction(study, at, theme, samples)
        after, predicted = significant(float(study.after[at])), significant(float(study.predicted[at]))
        show.figure(figure, "back-step", f"The cost after one step at η = {eta:g}: {after}, predicted {predicted}")
    with panel:
        panels.step(study, at, theme)
    panels.update(chosen, eta, theme)


def through_depth(chosen: experiment.Experiment) -> None:
    """The size of every layer's gradient in networks of more and more layers."""
    left, right = st.columns(2, gap="medium")
    hidden = chosen.network.activations[0] if len(chosen.network.activations) > 1 else "tanh"
    with left:
        asked = controls.choice("Hidden activation", [controls.EXPERIMENTS, *ELEMENTWISE_NAMES], key="backact")
    with right:
        scale = controls.powers("Weights times", -1, 1, key="backgain", default=1.0)
    name = hidden if asked == controls.EXPERIMENTS else asked
    width = chosen.network.sizes[1] if len(chosen.network.sizes) > 2 else 8
    study = view.depth(chosen.cost, width, name, chosen.initializer, scale, chosen.seed)
    own = layer_norms(chosen.network, view.batch(chosen.key, chosen).backward.gradient) if asked == controls.EXPERIMENTS else None
    panels.depth(study, own, name, min(width, view.WIDEST), chosen, scale)


VIEWS = {
    "One weight": one_weight,
    "δ of every layer": all_deltas,
    "Gradient check": gradient_check,
    "One step": one_step,
    "Through depth": through_depth,
}

chosen = experiment.current()
page.head("How the cost reaches back to every weight: the paths it takes, and the factor that each step multiplies.")
VIEWS[controls.view(VIEWS, key="backview")](chosen)
controls.try_this(TRIALS)
