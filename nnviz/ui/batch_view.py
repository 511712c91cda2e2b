"""One batch on the page Losses: the loss of each sample of the experiment as a bar, their mean, the worst, and what each class costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.losses import LOSSES, Loss, fits
from nnviz.core.objectives import NetworkCost
from nnviz.figures import losses as figures
from nnviz.formulas import losses as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import caching, controls, show
from nnviz.ui.experiment import Experiment

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Batch:
    """One batch of the experiment at the current point."""

    index: NDArray[np.integer]  # the number of each sample in the data set
    losses: Array  # (m,)
    output: Array  # (k, m)
    cost: float  # as the engine's own cost tells it


@np.errstate(all="ignore")  # losses may add up to more than the largest number there is
def draw(chosen: Experiment) -> None:
    """The bars of one batch, their mean written out, the worst samples and the classes."""
    left, middle, right = st.columns([1.3, 1.3, 1], gap="medium", vertical_alignment="bottom")
    possible = [name for name in LOSSES if fits(chosen.network.activations[-1], name, chosen.data.train.Y)]
    m, size = len(chosen.data.train), min(chosen.batch_size, len(chosen.data.train))
    batches = -(-m // size)
    with left:
        name = controls.choice("Loss", [controls.EXPERIMENTS, *possible], key="dataloss")
    with middle:
        wanted = int(controls.number(f"Batch, 1 to {batches}", 1, 100_000, key="lossbatch", default=1, step=1))
    with right:
        worst_first = controls.toggle("Worst first", key="worstfirst", default=True)
    loss, number = LOSSES.get(name, chosen.loss), min(wanted, batches)
    found = batch(chosen.key, loss.name, (number - 1) * size, size, chosen, loss)
    rank = np.argsort(-np.nan_to_num(found.losses, nan=np.inf), kind="stable") if worst_first else np.arange(len(found.losses))
    rank = rank[: figures.MOST_BARS]
    key = f"{loss.title} · batch {number} of {batches}, {len(rank)} of {len(found.losses)} samples · the three worst with their number"
    ends = f"from {significant(found.losses.min())} to {significant(found.losses.max())}"
    alt = f"Losses of {len(found.losses)} samples under {loss.title}: {ends}, "
    picture, formula = st.columns([1.75, 1], gap="large")
    with picture:
        figure = figures.bars(show.theme(), found.losses[rank], found.index[rank].tolist(), found.cost, key)
        numbers = {"sample": found.index.tolist(), "loss": found.losses.tolist()}
        show.figure(figure, "bars", f"{alt}their mean, the cost, is {significant(found.cost)}.", numbers)
    with formula:
        show.formula(formulas.mean(found.losses, found.cost, show.theme().symbols), "mean")
        difference = abs(float(np.mean(found.losses)) - found.cost)
        differ = f"differ by {significant(difference, 2)}" if np.isfinite(difference) else "are not both finite"
        show.sentence(f"Check: the mean of the bars and the engine's cost {differ}. Without penalty.")
        finite = int(np.isfinite(found.losses).sum())
        if finite < len(found.losses):
            show.notice(f"{len(found.losses) - finite} of {len(found.losses)} samples have no finite loss: the network has diverged.")
    show.table(("worst samples", "the network says", "L", "share of the sum"), worst_rows(chosen, found), "The samples that cost most")
    rows = class_rows(chosen, found)
    if rows:
        show.table(("class", "samples", "share", "mean loss", "share of the cost"), rows, "What each class costs")


@caching.kept(megabytes=32, entries=8)
def batch(key: str, loss_name: str, start: int, size: int, _experiment: Experiment, _loss: Loss) -> Batch:
    """The losses of `size` training samples from `start` on, at the current point, and their cost without penalty."""
    part, network = _experiment.data.train, _experiment.network
    # Shuffled by the seed, as training does: in many tables the classes stand one after the other.
    drawn = np.random.default_rng(_experiment.seed).permutation(len(part))[start : start + size]
    cost = NetworkCost(network, _loss, part.X[:, drawn], part.Y[:, drawn])
    forward = network.forward(_experiment.theta, cost.X)
    return Batch(part.index[drawn], cost.losses_after(forward), forward.output, float(cost.value(_experiment.theta)))


def worst_rows(chosen: Experiment, found: Batch, most: int = 5) -> list[tuple[str, ...]]:
    """The samples that cost most: who they are, what the network says of them, their loss and its share of the sum."""
    order = np.argsort(-np.nan_to_num(found.losses, nan=np.inf), kind="stable")[:most]
    total = float(np.sum(found.losses))
    return [
        (
            chosen.data.describe(int(found.index[i])),
            said(chosen, found.output[:, i]),
            significant(found.losses[i]),
            f"{found.losses[i] / total:.1%}" if np.isfinite(total) and total > 0 else "–",
        )
        for i in order
    ]


def said(chosen: Experiment, output: Array) -> str:
    """What the network says of one sample, in words: the likeliest class with its number, or the predicted values."""
    if chosen.data.task == "classification" and len(output) > 1:
        best = int(np.argmax(output))
        return f"{chosen.data.class_names[best]} {significant(output[best])}"
    if chosen.data.task == "classification":
        return f"{chosen.data.class_names[1]} {significant(output[0])}"
    return ", ".join(significant(value) for value in output[:4])


def class_rows(chosen: Experiment, found: Batch) -> list[tuple[str, ...]]:
    """For each class its samples in the batch, their mean loss and their share of the cost; nothing in a regression."""
    if chosen.data.task != "classification":
        return []
    labels, total = chosen.data.labels[found.index], float(np.sum(found.losses))
    rows: list[tuple[str, ...]] = []
    for place, name in enumerate(chosen.data.class_names):
        mine = found.losses[labels == place]
        share = f"{mine.sum() / total:.1%}" if np.isfinite(total) and total > 0 else "–"
        rows.append((name, f"{len(mine):,}", f"{len(mine) / len(labels):.1%}", significant(mine.mean()) if len(mine) else "–", share))
    return rows
