"""The views of the page Training: films of one run, what it has learnt, runs compared, and the search for a learning rate."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.comparison import learning_rate_range_chunks, train_groups_steps
from nnviz.core.confusion import confusion_matrix, predicted_classes
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.runs import Run
from nnviz.core.slices import activations_on, slice_of
from nnviz.core.training import train
from nnviz.figures import compare as compared
from nnviz.figures import learned, training
from nnviz.figures.animation import standing_at
from nnviz.figures.samples import telling_axes
from nnviz.figures.theme import THEMES
from nnviz.formulas import training as formulas
from nnviz.formulas.numbers import fixed, significant
from nnviz.ui import caching, controls, experiment, mistakes, progress, runs, show
from nnviz.ui.experiment import Experiment, make_optimizer
from nnviz.ui.runs import Kept, Plan

PCA = "principal components"
VARIED = ("optimiser", "learning rate", "batch size", "width", "L2", "seed")
MOST_RUNS = 6
MOST_WRONG = 24


def score_name(chosen: Experiment) -> str:
    """What the score of the experiment's task is called."""
    return "accuracy" if chosen.data.task == "classification" else "R²"


# One run ------------------------------------------------------------------------------------------------------------------------


class View(NamedTuple):
    """What of the network's answer is drawn."""

    axes: tuple[int, int] | None  # the two coordinates of the plane; None is the principal plane
    output: int  # of several numbers that are predicted


def view_of(chosen: Experiment) -> View:
    """The view as its controls set it, where there is a choice."""
    data = chosen.data
    with st.container(horizontal=True):
        output = 0
        if data.task == "regression" and len(data.target_names) > 1:
            name = controls.choice("Output", data.target_names, key="drawnoutput", default=data.target_names[0], width=200)
            output = data.target_names.index(name)
        return View(_axes_of(chosen), output)


def _axes_of(chosen: Experiment) -> tuple[int, int] | None:
    names = list(chosen.data.coordinate_names)
    if len(names) <= 2:
        return None
    first, second = telling_axes(chosen.data)
    usual = PCA if chosen.data.image_shape else names[first]
    across = controls.choice("Across", [PCA, *names], key="across", default=usual, width=260)
    if across == PCA:
        return None
    up = controls.choice("Upwards", [name for name in names if name != across], key="upwards", default=names[second], width=260)
    return names.index(across), names.index(up)


def film(kept: Kept, view: View, show_test: bool, mode: str) -> tuple[Any, Any, Any]:
    """The boundary, the neurons' maps (None without hidden layers), and the curves of a run; `mode` is the theme's name."""
    return *_maps(kept.run, view, show_test, mode), curves(kept, mode)


@caching.recent(entries=4)
def curves(kept: Kept, mode: str) -> Any:
    """Train and test cost of a run, and pale those of the paths that were left at a fork."""
    paths = [(runs.name_of(number), path.run, kept.run.parting(path.run)) for number, path in enumerate(kept.former)]
    return training.curves(kept.run, THEMES[mode], former=paths)


@caching.recent(entries=4)
def _maps(run: Run, view: View, show_test: bool, mode: str) -> tuple[Any, Any]:
    theme, data, network = THEMES[mode], run.settings.data, run.network
    seen = slice_of(data, view.axes)
    outputs = activations_on(network, run.theta, seen.inputs, (len(network.sizes) - 1,))[0]
    if len(seen.shape) == 1:
        picture = training.fitted_curve(data, seen, outputs, theme, show_test, view.output)
    else:
        picture = training.boundary(data, seen, outputs, theme, show_test, view.output)
    return picture, _mosaic(run, view.axes, theme)


def _mosaic(run: Run, axes: tuple[int, int] | None, theme: Any) -> Any:
    units = training.drawn_units(run.network.sizes)
    small = slice_of(run.settings.data, axes, resolution=training.TILE)
    if not units or len(small.shape) == 1:
        return None
    layers = tuple(sorted({layer for layer, _ in units}))
    maps = dict(zip(layers, activations_on(run.network, run.theta, small.inputs, layers), strict=True))
    return training.mosaic(units, maps, run.network.sizes, theme, _scale_of(run))


def paths_left(kept: Kept) -> None:
    """The paths that were left at a fork, each with a button that makes it the run again."""
    for number, path in enumerate(kept.former):
        since, run = kept.run.parting(path.run), path.run
        with st.container(horizontal=True, vertical_alignment="center"):
            show.sentence(
                f"{runs.name_of(number)}, left at a fork, one with the run until step {since}: {path.description}, "
                f"train cost {significant(float(run.train_cost[-1]))} at the end."
            )
            told = "This path becomes the run, and the run a path beside it."
            st.button("Go back to it", on_click=runs.take, args=(number,), key=f"path {number}", help=told)


def stopped_early(run: Run) -> None:
    """Where a run with early stopping was best, whether and why it ended there, and a button to take the network as it was then."""
    part, best, patience = "train" if np.isnan(run.test_cost).all() else "test", int(run.best_step), run.settings.patience
    count = f"{patience} epoch{'s' if patience > 1 else ''}"
    was = f"best at step {best}, {significant(float(run.best_cost))}" if np.isfinite(run.best_cost) else "never a number"
    ended = (
        f"Stopped early at step {int(run.stopped_at)}: the {part} cost got no better for {count}. It was {was}."
        if run.stopped_at >= 0
        else f"Not stopped early: the {part} cost was {was}, less than {count} before the end."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        show.sentence(ended)
        told = "The network as it was at its best becomes the current point of every page."
        point = ("trained", f"step {best} of a training run, its best", run.network, run.final_theta)
        st.button("Take the best", on_click=experiment.set_point, args=point, key="best", help=told)


def least(run: Run) -> int:
    """The snapshot whose train cost is least."""
    return int(np.where(np.isfinite(run.train_cost), run.train_cost, np.inf).argmin())


def _scale_of(run: Run) -> int | None:
    """The snapshot by which axes and colours are scaled: of a run that diverged, the one on which it rests."""
    return None if run.diverged_at < 0 else least(run)


def at_rest(run: Run, figure: Any) -> Any:
    """A film as it stands where the player rests at first."""
    return figure if run.diverged_at < 0 else standing_at(figure, least(run))


def diverged(run: Run) -> None:
    """Since when a run's parameters are no numbers any more, and what to do about it."""
    show.sentence(
        f"The run diverged at step {int(run.diverged_at)}: from there on its parameters are not finite. "
        f"Its train cost is least at step {int(run.step[least(run)])}: train anew, or fork there, with a smaller learning rate."
    )


def numbers_at(run: Run, snapshot: int, score: str) -> None:
    """The numbers of the step on which the player rests, and what a step does."""
    pairs = (("cost", run.train_cost, run.test_cost), (score, run.train_accuracy, run.test_accuracy))
    rows = [
        [
            name,
            *("–" if np.isnan(value) else fixed(value, 6) for value in (train[snapshot], test[snapshot], test[snapshot] - train[snapshot])),
        ]
        for name, train, test in pairs
    ]
    norms = run.gradient_norm[snapshot]
    length = f"Norm of the gradient by layer: {', '.join(significant(float(norm), 3) for norm in norms)}."
    left, right = st.columns([1, 1.15], gap="large")
    with left:
        show.table(("", "train", "test", "gap"), rows, f"Cost and {score} at step {int(run.step[snapshot])}")
        show.sentence(
            f"{length if np.isfinite(norms).all() else 'The gradient is no longer finite.'} "
            f"Learning rate of the next step: {significant(float(run.learning_rate[snapshot]))}."
        )
    with right:
        show.formula(formulas.step(run, snapshot, show.theme().symbols), "step")


@caching.recent(entries=4)
def spreads(run: Run, mode: str) -> tuple[Any, Any]:
    """Histograms of weights and of gradients by layer, over the snapshots of a run."""
    settings, network = run.settings, run.network
    cost = NetworkCost(network, settings.loss, settings.data.train.X, settings.data.train.Y)
    with np.errstate(all="ignore"):
        gradients = np.concatenate([cost.gradient(theta[None]) for theta in run.theta])
    weights, slopes = ([layer.W.reshape(len(run.theta), -1) for layer in network.unpack(theta)] for theta in (run.theta, gradients))
    parts = ((weights, "weights"), (slopes, "gradients"))
    first, second = (learned.histograms(some[:6], what, THEMES[mode], scale_of=_scale_of(run)) for some, what in parts)
    return first, second


@caching.recent(entries=4)
def confusions(run: Run, test: bool) -> NDArray[np.integer]:
    """The confusion matrix of each snapshot."""
    data = run.settings.data
    part = data.test if test else data.train
    outputs = activations_on(run.network, run.theta, part.X, (len(run.network.sizes) - 1,))[0]
    return confusion_matrix(predicted_classes(outputs), data.labels[part.index], len(data.class_names))


def pictures_of(run: Run, snapshot: int) -> None:
    """For data of pictures: those the network gets wrong, and each first-layer weight as an image."""
    theme, data, network = show.theme(), run.settings.data, run.network
    part, name = (data.test, "test") if len(data.test) else (data.train, "training")
    with np.errstate(all="ignore"):
        taken = predicted_classes(network.predict(run.theta[snapshot], part.X))
    labels = data.labels[part.index]
    wrong = np.flatnonzero(taken != labels)
    if len(wrong):
        some = wrong[:MOST_WRONG]
        words = [f"{data.class_names[labels[i]]}, not {data.class_names[taken[i]]}" for i in some]
        images = data.X[:, part.index[some]].T.reshape(-1, *data.image_shape)
        key = f"{len(wrong)} of {len(labels)} of the {name} part" + (
            f", the first {MOST_WRONG} are drawn" if len(wrong) > MOST_WRONG else ""
        )
        show.figure(
            learned.pictures(images, words, "What it gets wrong", key, theme, columns=6),  # their words have room on a phone
            key="wrong",
            alt=f"{len(wrong)} pictures taken for another class",
        )
    else:
        show.sentence(f"Every picture of the {name} part is recognised at this step.")
    weights = network.unpack(run.theta[snapshot])[0].W[:24]
    images = weights.reshape(-1, *data.image_shape)
    words = [f"unit {i + 1}" for i in range(len(images))]
    key = f"{len(images)} of {network.sizes[1]} units · blue +, orange −"
    show.figure(
        learned.pictures(images, words, "Weights of the first layer", key, theme, signed=True),
        key="firstweights",
        alt="The first layer's weights as images",
    )


def untrained(chosen: Experiment) -> None:
    """Before the first run: what the network says with its initial weights, and what to do."""
    boundary, _ = _maps(_still(chosen), view_of(chosen), chosen.show_test, show.theme().name)
    show.figure(boundary | {"frames": []}, key="untrained", alt="What the network says over the plane with its initial weights")
    show.sentence("These are the initial weights: nothing is learnt yet. Press Train.")


@caching.recent(entries=4)
def _still(chosen: Experiment) -> Run:
    """A run of no steps: the initial point and its costs."""
    return train(
        chosen.network, chosen.loss, chosen.data, chosen.optimizer, epochs=0, batch_size=chosen.batch_size, theta0=chosen.initial_theta
    )


# Compare ------------------------------------------------------------------------------------------------------------------------


def _values(chosen: Experiment, varied: str) -> list[Any]:
    """What is compared, as chosen: up to six values of one setting."""
    options: dict[str, tuple[list[Any], list[Any]]] = {
        "optimiser": (runs.BY_BATCHES, ["sgd", "heavy_ball", "rmsprop", "adam"]),
        "learning rate": ([1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0], [1e-3, 0.01, 0.1]),
        "batch size": ([1, 4, 8, 16, 32, 64, 128, runs.ALL], [1, 32, runs.ALL]),
        "width": ([1, 2, 4, 8, 16, 32, 64, 128], [2, 8, 32]),
        "L2": ([0.0, 1e-4, 1e-3, 0.01, 0.03, 0.1], [0.0, 1e-3, 0.01]),
        "seed": (list(range(10)), [0, 1, 2, 3]),
    }
    every, usual = options[varied]
    return controls.several("Values", every, key=f"vs{VARIED.index(varied)}", default=usual, most=MOST_RUNS, names=runs.batch_name)


def setting_of(chosen: Experiment, varied: str, value: Any, seed: int) -> dict[str, Any]:
    """Arguments of `train` for one run of a comparison."""
    network: Network = chosen.network
    if varied == "width":
        sizes = (network.sizes[0], *(int(value),) * (len(network.sizes) - 2), network.sizes[-1])
        network = Network(sizes, network.activations)
    rate = float(value) if varied == "learning rate" else chosen.learning_rate
    name = value if varied == "optimiser" else chosen.optimizer_name
    return {
        "network": network,
        "optimizer": make_optimizer(name, rate, network),
        "batch_size": int(value) if varied == "batch size" else chosen.batch_size,
        "l2": float(value) if varied == "L2" else chosen.l2,
        "seed": int(value) if varied == "seed" else seed,
    }


def compare(chosen: Experiment, how: Plan) -> None:
    """Up to six settings side by side, each over several seeds: curves with mean and spread, a table, and which one won."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        varied = controls.choice("What differs", VARIED, key="varied", default="learning rate")
        seeds = 1 if varied == "seed" else int(controls.slider("Seeds of each", 1, 5, key="seeds", default=3, step=1))
    with right:
        values = _values(chosen, varied)
        ask = partial(st.session_state.update, compared=(varied, tuple(values), seeds, how, chosen))
        st.button("Compare", on_click=ask, type="primary")
    if runs.pressed(runs.COMPARE):
        ask()
    asked = st.session_state.get("compared")
    if asked is None:
        show.sentence("Press Compare: every setting is trained on the experiment's data, each seed from its own start.")
        return
    varied, values, seeds, how, then = asked
    if not values:
        st.info("Choose at least one value to compare.")
        return
    settings = [setting_of(then, varied, value, then.seed + s) for value in values for s in range(seeds)]
    common = how.settings(then) | {"loss": then.loss, "epochs": how.epochs, "initializer": then.initializer}

    work, count = partial(train_groups_steps, then.data, settings, **common), len(settings)
    token = (varied, values, seeds, how, then.setup)
    try:
        done = progress.run("compare", token, work, lambda done: sum(run.share for run in done) / count, "Comparing")
    except ValueError as error:
        mistakes.tell(error)
        return
    made = (then, varied, values, seeds, done) if done is not None and len(done) == count else None
    scene = progress.standing("compare", made)
    if scene is not None:
        then, varied, values, seeds, done = scene
        names = [runs.batch_name(value) for value in values]
        _compared(then, varied, names, [done[i * seeds : (i + 1) * seeds] for i in range(len(values))])


def _compared(chosen: Experiment, varied: str, names: list[str], done: list[list[Run]]) -> None:
    theme, score = show.theme(), score_name(chosen)
    test = len(chosen.data.test) > 0
    pictures = st.columns(2, gap="medium")
    for place, what in zip(pictures, ("cost", score), strict=True):
        with place:
            figure = compared.overlaid(done, names, what, test, theme)
            show.figure(figure, key=f"versus{what}", alt=f"{what} of {len(names)} settings of {varied} over the epochs")
    rows, verdict = compared.table(done, names, test, score)
    show.table((varied, "seeds", "final cost", f"final {score}", "best cost at epoch", "diverged"), rows, f"Settings of {varied} compared")
    named = varied != "optimiser" and verdict.startswith("**")  # a bare number is no setting
    st.markdown(f"{varied[0].upper()}{varied[1:]} {verdict}" if named else verdict)


# Learning rate ------------------------------------------------------------------------------------------------------------------


def find_rate(chosen: Experiment) -> None:
    """The cost over an exponentially growing rate, the suggested rate marked, and a button that takes it."""
    optimizer = make_optimizer(chosen.optimizer_name, 1e-3, chosen.network)
    work = partial(
        learning_rate_range_chunks, chosen.network, chosen.loss, chosen.data, optimizer,
        batch_size=chosen.batch_size, seed=chosen.seed, l2=chosen.l2, initializer=chosen.initializer,
    )  # fmt: skip
    done = progress.run("rate range", chosen.setup, work, lambda chunk: chunk[0], "Finding a rate")
    scene = progress.standing("rate range", (chosen, done[1]) if done is not None else None)
    if scene is None:
        return
    chosen, found = scene
    alt = f"Cost over a learning rate that grows from 1e-6 to 10; suggested is {found.suggested:.3g}"
    show.figure(compared.rates(found, chosen.learning_rate, show.theme()), key="rates", alt=alt)
    nearest = controls.nearest_power(found.suggested, -5, 1)
    show.sentence(
        f"One step a rate, batches of {chosen.batch_size}: the suggestion is where the smoothed cost falls most steeply (Smith 2017)."
    )
    st.button(f"Take {nearest:g}", on_click=lambda: st.session_state.update(rate=nearest))
