"""What the page Recurrent networks asks: the task, the network, the spectral radius. What does not fit leaves the former in place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.activations import ELEMENTWISE_NAMES
from nnviz.core.far_gradient import radius_sweep
from nnviz.core.initializers import INITIALIZERS
from nnviz.core.losses import LOSSES
from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork, ThroughTime
from nnviz.core.sequences import SequenceTask, echo, make_task, next_value
from nnviz.core.series import Series, series_from_table
from nnviz.formulas.numbers import significant
from nnviz.ui import caching, controls, mistakes, show, uploads

Array = NDArray[np.floating]
OWN = "own series"
TASKS = {"sine": "Sine", "sunspots": "Sunspots", "echo": "Echo", "adding": "Adding", OWN: "Your own series"}
DRAWS = ["identity", *(name for name in INITIALIZERS if name != "zeros")]  # of W_hh; no multiple of zeros has the radius asked for
DRAWN, TRAINED = "as drawn", "as trained"
KEPT = "rec trained"  # session_state: a network and the weights that training has reached
MOST_NUMBERS = 400_000  # hidden states of a sequence, all samples


@dataclass(frozen=True, eq=False)
class Setup:
    """A task, a network for it and its weights, of the spectral radius asked for."""

    task: SequenceTask
    network: RecurrentNetwork
    initializer: str
    seed: int
    radius: float
    truncation: int | None
    drawn: Array  # (P,): where training starts
    theta: Array  # (P,): what is looked at

    @cached_property
    def cost(self) -> RecurrentCost:
        """The mean squared error over all steps and samples that have a target."""
        return RecurrentCost(self.network, LOSSES["half_squared_error"], self.task.X, self.task.Y, self.truncation)

    @cached_property
    def back(self) -> ThroughTime:
        """The gradient with what each step adds to it."""
        return _backward(self.cost, self.theta.tobytes())

    @property
    def told(self) -> str:
        """In a few words."""
        return f"{self.network.activation}, {self.network.hidden} units, {self.steps} steps, ρ = {significant(self.radius)}"

    @property
    def steps(self) -> int:
        """T."""
        return len(self.task.X)


@caching.recent(entries=8)
def _backward(cost: RecurrentCost, theta: bytes) -> ThroughTime:
    return cost.backward(np.frombuffer(theta))


@lru_cache(maxsize=16)
def sweep(network: RecurrentNetwork, initializer: str, seed: int, span: int) -> tuple[Array, Array]:
    """Radii (R,) and what is left of a change after so many steps (R, draws)."""
    radii = np.linspace(0.1, 3.0, 30)
    return radii, radius_sweep(network, radii, span, initializer, draws=9, seed=seed)


def setup() -> Setup:
    """Draw the controls and give back what they describe; where they do not fit, a sentence and what was there before."""
    name, delay, own = _task_controls()
    left, right = st.columns(2)
    with left:
        steps = int(controls.number("Steps T", 2, 1000, key="recsteps", default=40, step=1))
    with right:
        samples = int(controls.number("Samples", 1, 64, key="recsamples", default=8, step=1))
    st.markdown("#### Network")
    activation = controls.choice("Activation f", ELEMENTWISE_NAMES, key="recf", default="tanh")
    hidden = int(controls.slider("Hidden units", 1, 32, key="rechidden", default=8, step=1))
    with controls.fold("W_hh, seed, truncation", ("recinit", "recseed", "reccut")):
        initializer = controls.choice("W_hh is drawn", DRAWS, key="recinit", default="orthogonal")
        seed = int(controls.number("Seed", 0, 9999, key="recseed", default=0, step=1))
        cut = int(
            controls.number(
                "Truncate every (0: never)", 0, 1000, key="reccut", default=0, step=1, help="δ flows back within so many steps only."
            )
        )
    radius = float(controls.slider("Spectral radius ρ of W_hh", 0.05, 3.0, key="recrho", default=1.0, step=0.05))
    try:
        task = _task(name, delay, own, steps, samples, seed)
        if steps * hidden * samples > MOST_NUMBERS:
            raise ValueError(
                f"{steps} steps of {samples} samples with {hidden} units are {steps * hidden * samples:,} states: at most "
                f"{MOST_NUMBERS:,} are drawn, so take fewer"
            )
        network = RecurrentNetwork(task.X.shape[1], hidden, task.Y.shape[1], activation)
        drawn = _drawn(network, initializer, seed, radius)
        made = Setup(task, network, initializer, seed, radius, cut or None, drawn, drawn)
    except ValueError as error:
        mistakes.tell(error, after="What was there before is shown.")
        return st.session_state.get("rec former") or _first()
    made = _trained(made)
    st.session_state["rec former"] = made
    return made


@lru_cache(maxsize=1)
def _first() -> Setup:
    """What is shown where the first address asked for something that does not fit."""
    task, network = make_task("sine", 40, 8), RecurrentNetwork(1, 8, 1)
    drawn = _drawn(network, "orthogonal", 0, 1.0)
    return Setup(task, network, "orthogonal", 0, 1.0, None, drawn, drawn)


@lru_cache(maxsize=32)
def _drawn(network: RecurrentNetwork, initializer: str, seed: int, radius: float) -> Array:
    theta = network.rescale(network.initialize(initializer, seed=seed), radius)
    theta.setflags(write=False)
    return theta


def keep_trained(network: RecurrentNetwork, theta: Array) -> bool:
    """Keep the trained weights for the other views; true where they can be looked at from now on and could not before."""
    before = st.session_state.get(KEPT)
    st.session_state[KEPT] = (network, np.array(theta))
    return before is None or before[0] != network


def _trained(made: Setup) -> Setup:
    """The setup with the weights that training has reached, where there are some for this network and they are asked for."""
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] != made.network or not np.isfinite(kept[1]).all():
        return made
    which = controls.segments("Weights", (DRAWN, TRAINED), key="recweights", default=DRAWN)
    if which == DRAWN:
        return made
    radius = float(made.network.spectral_radius(kept[1]))
    show.sentence(f"Training has made ρ = {significant(radius)}; the slider moves the weights as drawn.")
    return Setup(made.task, made.network, made.initializer, made.seed, radius, made.truncation, made.drawn, kept[1])


def _task_controls() -> tuple[str, int, Series | None]:
    st.markdown("#### Task")
    name = controls.choice("Task", TASKS, key="rectask", default="sine", names=TASKS.__getitem__, label_visibility="collapsed")
    delay = int(controls.slider("Delay of the echo", 1, 50, key="recdelay", default=5, step=1)) if name == "echo" else 5
    own = _own_series() if name == OWN else None
    if name == OWN and own is None:
        show.sentence("Until there is one, the sine is learnt.")
    return name, delay, own


def _task(name: str, delay: int, own: Series | None, steps: int, samples: int, seed: int) -> SequenceTask:
    if name == OWN:
        return next_value(own, steps, samples, seed) if own is not None else make_task("sine", steps, samples, seed)
    return echo(steps, samples, seed, delay) if name == "echo" else make_task(name, steps, samples, seed)


def _own_series() -> Series | None:
    """A column of a person's own table; None as long as there is none."""
    table = uploads.read("Your series as CSV", "recfile", "One row a time step; it stays in this session.")
    if table is None:
        return None
    numbers = [column.name for column in table.columns if column.kind == "number"]
    column = controls.choice("Column", numbers, key="reccolumn", default=numbers[0])
    try:
        series = series_from_table(table, column)
    except ValueError as error:
        mistakes.tell(error)
        return st.session_state.get("rec series")
    st.session_state["rec series"] = series
    show.sentence(show.as_typed(f"{table.name}: {len(series):,} values of {column[:60]}."))
    return series
