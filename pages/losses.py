"""Losses: over the prediction and the logit, exact far out, sample by sample on the experiment's data, and for unequal classes."""

from functools import partial

import numpy as np
import streamlit as st

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.imbalance import best_constant, constant_cost, weighted_share
from nnviz.core.losses import LOSSES
from nnviz.figures import losses as figures
from nnviz.formulas import losses as formulas
from nnviz.formulas import page_scripts
from nnviz.formulas.numbers import significant
from nnviz.ui import batch_view, controls, experiment, far_view, page, show, take
from nnviz.ui import losses_view as view

FOUR = ("half_squared_error", "binary_cross_entropy", "huber", "absolute_error")
TRIALS = (
    controls.Trial(
        "Sure and wrong",
        "ŷ = 0.02 for a target of 1 costs 0.48 under squared error and 3.9 under cross-entropy, whose slope is −50: it insists.",
        {"lossview": "Over ŷ", "losses": ["half_squared_error", "binary_cross_entropy"], "yhat": 0.02, "losstarget": 1.0},
    ),
    controls.Trial(
        "Squared error stalls",
        "At z = −6 the prediction is as wrong as can be, and squared error's slope is −0.002: the sigmoid is flat. Cross-entropy's is −1.",
        {"lossview": "Over the logit", "logitlosses": ["half_squared_error", "binary_cross_entropy"], "lossz": -6.0, "logittarget": 1.0},
    ),
    controls.Trial(
        "Clipping forgets",
        "From the logit, z = −1000 costs exactly 1000 with slope −1. Clipped at 10⁻⁷ it costs 16.1 with slope 0: nothing is learned.",
        {"lossview": "Far out", "farz": "-1000", "lossclip": 1e-7, "fartarget": "1"},
    ),
    controls.Trial(
        "One outlier",
        "A prediction 2 away from its target: Huber's slope stops at δ = 0.3, squared error's grows with the distance.",
        {
            "lossview": "Over ŷ",
            "losses": ["half_squared_error", "huber", "absolute_error"],
            "yhat": 2.0,
            "losstarget": 0.0,
            "huberdelta": 0.3,
        },
    ),
    controls.Trial(
        "One in twenty",
        "Always saying 0.05 costs least. A weight of 20 for the rare class moves the best constant to 0.51.",
        {"lossview": "Unequal classes", "share": 0.05, "posweight": 1.0, "constant": 0.5},
    ),
)


def over_prediction() -> None:
    """Each loss and its slope over ŷ for one target, and what one prediction costs under each."""
    names = controls.several("Losses", LOSSES, key="losses", default=FOUR) or list(FOUR)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        y = float(controls.slider("Target y", -1.0, 2.0, key="losstarget", default=1.0, step=0.05))
    with middle:
        yhat = float(controls.slider("Prediction ŷ", *figures.PREDICTIONS, key="yhat", default=0.8, step=0.01))
    with right:
        delta = controls.powers("Huber's δ", -2, 1, key="huberdelta", default=1.0, disabled="huber" not in names)
    losses = view.with_delta(names, delta)
    kept, drawn = view.within_domain(losses, lambda loss: figures.over_prediction(loss, y, yhat))
    take.script(lambda: page_scripts.losses([loss.name for loss in kept], yhat, y))
    title = f"What ŷ = {significant(yhat)} costs for y = {significant(y)}"
    view.lines(drawn, "yhat", figures.PREDICTIONS, title, f"loss above, slope below · {figures.POINTS} places a curve", "over-prediction")
    rows = [(loss.title, significant(curve.at[1]), significant(curve.at[2])) for loss, curve in zip(kept, drawn, strict=True)]
    show.table(("loss", f"L(ŷ = {significant(yhat)})", "∂L/∂ŷ"), rows, title)
    for start in range(0, len(kept), 2):
        for column, loss, curve in zip(st.columns(2, gap="large"), kept[start : start + 2], drawn[start : start + 2], strict=False):
            with column:
                show.heading(loss.title)
                show.formula(formulas.with_numbers(loss, yhat, y, *curve.at[1:], show.theme().symbols), loss.name)


def over_logit() -> None:
    """The same over the logit of a sigmoid output: where squared error stalls and cross-entropy does not."""
    left, middle, right = st.columns([1.6, 1, 1], gap="medium")
    with left:
        names = controls.several("Losses", LOSSES, key="logitlosses", default=FOUR[:2]) or list(FOUR[:2])
    with middle:
        y = float(controls.slider("Target y", 0.0, 1.0, key="logittarget", default=1.0, step=0.05))
    with right:
        z = float(controls.slider("Logit z", *figures.LOGITS, key="lossz", default=-4.0, step=0.1))
    _, drawn = view.within_domain(view.with_delta(names, 1.0), lambda loss: figures.over_logit(loss, y, z))
    picture, formula = st.columns([1.75, 1], gap="large")
    with picture:
        view.lines(
            drawn, "z", figures.LOGITS, f"At z = {significant(z)} for y = {significant(y)}", "through a sigmoid, ŷ = σ(z)", "over-logit"
        )
    with formula:
        sigmoid = ACTIVATIONS["sigmoid"]
        show.formula(formulas.stall(z, y, float(sigmoid(z)), float(sigmoid.derivative(z)), show.theme().symbols), "stall")
        show.sentence("The factor σ′(z) is nearly 0 on both sides: also where the prediction is wrong. Cross-entropy cancels it.")


def unequal_classes(chosen: experiment.Experiment) -> None:
    """What it costs to say the same of every sample where one class is rare, and what a weight for it changes."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        share = float(controls.slider("Share of positives π", 0.0, 1.0, key="share", default=0.05, step=0.01))
    with middle:
        weight = float(controls.powers("Weight of positives w", -1, 2, key="posweight", default=1.0))
    with right:
        yhat = float(controls.slider("The same ŷ for all", 0.01, 0.99, key="constant", default=0.5, step=0.01))
    losses = [LOSSES["binary_cross_entropy"], LOSSES["half_squared_error"], LOSSES["absolute_error"]]
    drawn, best = figures.constant(losses, share, weight, yhat), [best_constant(loss, share, weight) for loss in losses]
    picture, formula = st.columns([1.75, 1], gap="large")
    with picture:
        title = f"Saying ŷ = {significant(yhat)} of every sample, {share:.0%} of them positive"
        key = f"cost above, slope below · positives weigh {significant(weight)} · least at " + ", ".join(map(significant, best))
        view.lines(drawn, "yhat", (0.0, 1.0), title, key, "constant-cost")
    with formula:
        show.formula(formulas.balance(share, weight, best[0], show.theme().symbols), "balance")
        apart = abs(best[0] - weighted_share(share, weight))
        show.sentence(f"Check: the least cost found by search lies {significant(apart, 2)} from the formula.")
        show.sentence(f"Always saying “negative” is right for {1 - share:.0%} of all: accuracy hides the rare class, cost does not.")
    rows = []
    for loss, curve, least in zip(losses, drawn, best, strict=True):
        positives, negatives = (float(part) for part in constant_cost(loss, yhat, share, weight))
        rows.append((loss.title, *map(significant, (positives, negatives, curve.at[1], curve.at[2], least))))
    show.table(("loss", "from positives", "from negatives", "cost", "slope", "best constant ŷ"), rows, "Cost of one answer for all")
    if chosen.data.task == "classification":
        counts = np.bincount(chosen.data.labels, minlength=len(chosen.data.class_names)) / chosen.data.samples
        listed = ", ".join(f"{name} {count:.0%}" for name, count in zip(chosen.data.class_names, counts, strict=True))
        show.sentence(show.as_typed(f"Classes of {chosen.data.title}: {listed}."))


chosen = experiment.current()
page.head("What a prediction costs, and the slope that the cost sends back: the first factor of every gradient.")
VIEWS = {
    "Over ŷ": over_prediction,
    "Over the logit": over_logit,
    "Far out": far_view.draw,
    "On the data": partial(batch_view.draw, chosen),
    "Unequal classes": partial(unequal_classes, chosen),
}
VIEWS[controls.view(VIEWS, key="lossview")]()
controls.try_this(TRIALS)
