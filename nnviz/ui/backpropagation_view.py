"""What the page Backpropagation looks at: one parameter and one sample of the experiment, and the studies of its whole gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import networkx as nx
import numpy as np
import streamlit as st

from nnviz.core.backpropagation import BIAS, Factor, Path, Paths, UnitStates, paths_of, size_factors, strongest_paths, unit_states
from nnviz.core.gradient_check import (
    CHECK_WORK,
    STEP_WORK,
    GradientCheck,
    StepStudy,
    affordable,
    checked_parameters,
    gradient_check,
    step_study,
)
from nnviz.core.gradient_depth import DepthStudy, gradient_by_depth
from nnviz.core.network import Backward, Forward
from nnviz.core.objectives import NetworkCost
from nnviz.figures.backpropagation import most_passing
from nnviz.figures.graph import layer_name, network_graph
from nnviz.ui import caching, controls, progress
from nnviz.ui.experiment import Experiment
from nnviz.ui.network_view import Look, neuron_name

MOST_SAMPLES = 4000  # whose δ are computed at once
LOWEST, HIGHEST, PER_DECADE = -4, 2, (1, 2, 3, 5, 7)  # the exponents of η, and what its slider offers in between
RATES = np.unique(
    [float(f"{rate:.6g}") for rate in np.geomspace(10.0**LOWEST, 10.0**HIGHEST, 121)]
    + [float(f"{digit}e{exponent}") for exponent in range(LOWEST, HIGHEST) for digit in PER_DECADE]
)
DEPTHS = (1, 2, 4, 8, 16, 32)
WIDEST, DEPTH_SAMPLES, RUNS = 64, 64, 4


@dataclass(frozen=True, eq=False)
class Chosen:
    """One parameter: a weight, or with column −1 a bias, and one sample of the data."""

    look: Look
    column: int

    @property
    def experiment(self) -> Experiment:
        """The experiment that is looked at."""
        return self.look.chosen

    @property
    def place(self) -> tuple[int, int, int]:
        """Layer, unit and column."""
        return self.look.layer, self.look.unit, self.column

    @cached_property
    def paths(self) -> Paths:
        """The ways of its neuron to the cost of the sample."""
        chosen, look = self.experiment, self.look
        return paths_of(chosen.network, chosen.theta, look.forward, look.backward, look.layer, look.unit)

    @cached_property
    def strongest(self) -> list[Path]:
        """The five paths that carry most."""
        return strongest_paths(self.paths, 5)

    @cached_property
    def factors(self) -> list[Factor]:
        """The size of its gradient, factor by factor."""
        chosen, look = self.experiment, self.look
        passes = (chosen.network, chosen.theta, look.forward, look.backward)
        return size_factors(*passes, chosen.loss, look.Y, *self.place)

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The network with the sample's numbers: the neurons through which most passes, and both ends of the weight."""
        chosen, look = self.experiment, self.look
        return network_graph(
            chosen.network,
            chosen.theta,
            look.forward,
            look.backward,
            feature_names=chosen.data.feature_names,
            target_names=look.target_names,
            target=look.Y[:, 0],
            cost=look.cost,
            units=most_passing(self.paths, look.forward, None if self.column == BIAS else self.column),
        )

    @property
    def held(self) -> float:
        """What it is multiplied by: its input, of a bias 1."""
        return 1.0 if self.column == BIAS else float(self.look.forward.A[self.look.layer - 1][self.column, 0])

    @property
    def index(self) -> int:
        """Its place in theta."""
        layer, unit, column = self.place
        bias = column == BIAS
        return self.experiment.network.parameter_index(layer, "b" if bias else "W", unit, 0 if bias else column)

    def derivative(self, gradient: np.ndarray) -> float:
        """Its entry of a gradient (P,)."""
        return float(gradient[self.index])

    @property
    def name(self) -> str:
        """It in words."""
        layer, unit, column = self.place
        neuron = neuron_name(self.experiment, layer, unit)
        if column == BIAS:
            return f"the bias of {neuron}"
        return f"the weight from {neuron_name(self.experiment, layer - 1, column)} to {neuron}"


def choose(chosen: Experiment) -> Chosen:
    """The controls that choose sample and parameter; clicks on edges, neurons and points of the check set them."""
    place = ["backlayer", "backto", "backfrom"]
    controls.from_click("back-graph", place)
    controls.from_click("back-check", place)
    sizes, layers = chosen.network.sizes, len(chosen.network.sizes) - 1
    with st.container(horizontal=True, key="back-choice"):
        controls.keep_within("backrow", chosen.data.samples - 1)
        row = int(controls.number("Sample (row)", 0, chosen.data.samples - 1, key="backrow", default=0, step=1, width=140))
        controls.keep_within("backlayer", layers)
        layer = int(
            controls.choice("Layer", range(1, layers + 1), key="backlayer", default=1, names=lambda l: layer_name(l, layers), width=180)
        )
        controls.keep_within("backto", sizes[layer] - 1)
        unit = int(controls.choice("To neuron", range(sizes[layer]), key="backto", default=0, names=lambda u: str(u + 1), width=110))
        controls.keep_within("backfrom", sizes[layer - 1] - 1)
        column = int(
            controls.choice(
                "From neuron",
                [*range(sizes[layer - 1]), BIAS],
                key="backfrom",
                default=0,
                names=lambda j: "bias" if j == BIAS else str(j + 1),
                width=120,
            )
        )
    return Chosen(Look(chosen, row, layer, unit), column)


@dataclass(frozen=True, eq=False)
class Batch:
    """The passes of the training samples, the first 4,000 of very many, and the state of every neuron over them."""

    cost: NetworkCost
    forward: Forward
    backward: Backward
    states: list[UnitStates]


@caching.kept(megabytes=64, entries=6)
def batch(key: str, _chosen: Experiment) -> Batch:
    """Forward and backward over the training samples at the current point."""
    cost = _chosen.cost if _chosen.cost.samples <= MOST_SAMPLES else _chosen.cost.on(slice(0, MOST_SAMPLES))
    forward = _chosen.network.forward(_chosen.theta, cost.X)
    backward = _chosen.network.backward(_chosen.theta, forward, cost.Y, cost.loss)
    return Batch(cost, forward, backward, unit_states(_chosen.network, forward))


def check(chosen: Experiment, step: float) -> tuple[GradientCheck | None, int]:
    """The check of every parameter that can be had within some seconds, and on how many samples; None while there is none."""
    cost = affordable(chosen.cost, 2 * chosen.network.parameter_count, CHECK_WORK)
    found = progress.run(
        "gradient check",
        (chosen.key, step),
        partial(gradient_check, cost, chosen.theta, step, checked_parameters(cost)),
        lambda check: len(check.index) / check.total,
        "Checking every parameter",
    )
    return found, cost.samples


@caching.kept(megabytes=32, entries=8)
def step(key: str, _chosen: Experiment) -> tuple[StepStudy, int]:
    """One step of gradient descent at some 140 rates, those of the slider among them, and on how many samples."""
    cost = affordable(_chosen.cost, len(RATES), STEP_WORK)
    return step_study(cost, _chosen.theta, RATES), cost.samples


@caching.recent(entries=16)
def depth(cost: NetworkCost, width: int, activation: str, initializer: str, scale: float, seed: int) -> DepthStudy:
    """The size of the gradient in networks of 1 to 32 hidden layers, the median of four draws each."""
    few = cost.on(np.linspace(0, cost.samples - 1, min(cost.samples, DEPTH_SAMPLES)).round().astype(int))
    return gradient_by_depth(few, DEPTHS, min(width, WIDEST), activation, initializer, RUNS, scale, seed)
