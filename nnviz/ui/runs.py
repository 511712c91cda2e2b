"""The training run of the experiment: begun on the page Training, looked at by Loss landscape and Curvature, kept for the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.runs import Run
from nnviz.core.schedules import SCHEDULES
from nnviz.core.training import continue_steps, train_steps
from nnviz.figures.animation import MOST_FRAMES
from nnviz.ui import controls, experiment, mistakes, progress
from nnviz.ui.experiment import Experiment

MOST_STEPS = 2_000_000
MOST_PATHS = 4  # that were left at forks are kept
NO_SCHEDULE = "constant"
RESTING = "resting at"  # session_state: the run and snapshot that was made the current point last
TRAIN, COMPARE = "train", "compare"  # buttons of the page Training
ALL = 100_000  # as a batch size: the largest that the sidebar takes
BY_BATCHES = [name for name in OPTIMIZERS if name not in {"newton", "lbfgs"}]  # those two need the whole cost, not batches of it


@dataclass(frozen=True)
class Plan:
    """How to train, besides what the sidebar says."""

    epochs: float = 60
    schedule: str = NO_SCHEDULE
    l1: float = 0.0
    clip_norm: float | None = None
    patience: int | None = None

    def settings(self, chosen: Experiment) -> dict[str, Any]:
        """Arguments of `train`, from the sidebar and the plan."""
        return {
            "batch_size": chosen.batch_size,
            "seed": chosen.seed,
            "schedule": None if self.schedule == NO_SCHEDULE else self.schedule,
            "l2": chosen.l2,
            "l1": self.l1,
            "clip_norm": self.clip_norm,
            "patience": self.patience,
        }


@dataclass(frozen=True, eq=False)
class Exactly:
    """A run that the sidebar cannot describe: the arguments of `train` besides network, loss and data, and what it is called."""

    arguments: Mapping[str, Any]
    description: str


@dataclass(frozen=True, eq=False)
class Kept:
    """A run and what it was a run of."""

    run: Run
    description: str
    former: tuple[Kept, ...] = field(default=())  # the paths that were left at a fork, each without its own


def batch_name(size: int) -> str:
    """How a batch size is called."""
    return "all" if size == ALL else str(size)


def plan() -> Plan:
    """The plan as the controls of the page Training set it."""
    epochs = controls.number("Epochs", 1, 10_000, key="epochs", default=60, step=10, width=150)
    with st.popover("Schedule, L1, clipping, early stopping"):
        schedule = controls.choice("Schedule of the rate", SCHEDULES, key="schedule", default=NO_SCHEDULE)
        l1 = controls.number("L1 penalty", 0.0, 10.0, key="l1", default=0.0, step=0.001, format="%.4g")
        clip = controls.number("Clip gradients longer than (0: never)", 0.0, 1e6, key="clip", default=0.0, step=0.5, format="%.4g")
        patience = controls.number(
            "Stop after so many epochs without a better test cost (0: never)", 0, 10_000, key="patience", default=0, step=1
        )
    return Plan(float(epochs), schedule, float(l1), float(clip) or None, int(patience) or None)


def planned() -> Plan:
    """The plan as it stands, on pages that do not show its controls."""
    value = st.session_state.get
    clip, patience = float(value("clip", 0.0)), int(value("patience", 0))
    return Plan(float(value("epochs", 60)), value("schedule", NO_SCHEDULE), float(value("l1", 0.0)), clip or None, patience or None)


def latest(chosen: Experiment) -> Kept | None:
    """The last run, as long as it is one of the experiment's network, loss and data."""
    kept: Kept | None = st.session_state.get("run")
    if kept is None or kept.run.settings is None:
        return None
    settings = kept.run.settings
    same = settings.network == chosen.network and settings.loss == chosen.loss and settings.data == chosen.data
    return kept if same else None


def number() -> int:
    """How often a run was asked for or taken: with another number another one is shown."""
    return int(st.session_state.get("training number", 0))


def press(button: str) -> Callable[[], None]:
    """A callback by which a *Try this* presses a button of the page Training in the run that follows."""

    def pressing() -> None:
        st.session_state[f"press {button}"] = True

    return pressing


def pressed(button: str) -> bool:
    """Whether `press` asked for the button; once."""
    return st.session_state.pop(f"press {button}", False)


def begin(chosen: Experiment, how: Plan | Exactly, verb: str, snapshot: int = -1) -> None:
    """Ask for training; for callbacks. `watch` does the work in the run that follows.

    Parameters
    ----------
    verb : "train" from the start, "continue" for the plan's epochs, "epoch", "step", or "fork" from a snapshot with the sidebar's settings
    """
    st.session_state["training number"] = number() + 1
    st.session_state["training"] = (number(), chosen, how, verb, snapshot)


def watch(chosen: Experiment) -> Kept | None:
    """Do what was asked for, with a progress bar and Stop, and give back the run there is."""
    asked = st.session_state.get("training")
    if asked is not None:
        count, then, how, verb, snapshot = asked
        before = latest(chosen) if verb != "train" else None
        if "training base" not in st.session_state or st.session_state["training base"][0] != count:
            st.session_state["training base"] = (count, before)
        base = st.session_state["training base"][1]
        if verb != "train" and base is None:
            verb = "train"
        fork = int(base.run.step[snapshot]) if base is not None and verb == "fork" else None
        try:
            run = progress.run(
                "training",
                count,
                _steps(then, how, verb, snapshot, base),
                share=lambda run: run.share,
                label="Training",
                made=lambda run: run.thinned(MOST_FRAMES, with_step=fork),
                shared=(then.setup, how) if verb == "train" and isinstance(how, Plan) else progress.ALONE,
            )
        except ValueError as error:
            st.session_state.pop("training")
            mistakes.tell(error)
            return latest(chosen)
        if progress.unfinished("training"):
            return latest(chosen)
        if run is not None:
            described = how.description if isinstance(how, Exactly) else _describe(run)
            st.session_state["run"] = Kept(run, described, _former(base, verb))
            st.session_state.pop(RESTING, None)  # it may be the very run that stood there: `follow` takes its point again
        st.session_state.pop("training")
    else:
        st.empty()  # where the bar stands while there is work: what follows keeps its place
    return latest(chosen)


def _steps(chosen: Experiment, how: Plan | Exactly, verb: str, snapshot: int, base: Kept | None) -> Callable[[], Iterator[Run]]:
    if isinstance(how, Exactly):
        return partial(train_steps, chosen.network, chosen.loss, chosen.data, **how.arguments)
    steps = {"epoch": None, "step": 1}.get(verb)
    epochs = 1.0 if verb == "epoch" else how.epochs
    if base is None:
        settings = how.settings(chosen)
        each = -(-len(chosen.data.train) // min(chosen.batch_size, max(1, len(chosen.data.train))))
        if epochs * each > MOST_STEPS:
            raise ValueError(
                f"{epochs:g} epochs of {each} steps are {epochs * each:,.0f} steps, and {MOST_STEPS:,} is the most: take fewer epochs"
            )
        start = chosen.initial_theta
        return partial(train_steps, chosen.network, chosen.loss, chosen.data, chosen.optimizer, epochs, theta0=start, **settings)
    if verb == "fork":
        return partial(continue_steps, base.run, epochs, snapshot, optimizer=chosen.optimizer, **how.settings(chosen))
    return partial(continue_steps, base.run, epochs, steps=steps)


def _former(base: Kept | None, verb: str) -> tuple[Kept, ...]:
    if base is None:
        return ()
    return (*base.former, replace(base, former=()))[-MOST_PATHS:] if verb == "fork" else base.former


def name_of(number: int) -> str:
    """How a path that was left at a fork is called, the first being 0."""
    return f"Path {number + 1}"


def take(place: int) -> None:
    """Make a path that was left at a fork the run again, and the run a path beside it; for callbacks."""
    kept: Kept = st.session_state["run"]
    others = [path for other, path in enumerate(kept.former) if other != place]
    st.session_state["run"] = replace(kept.former[place], former=(*others, replace(kept, former=())))
    st.session_state["training number"] = number() + 1


def base_of(run: Run) -> Any:
    """The optimiser of a run without what is wrapped around it."""
    optimizer = run.settings.optimizer
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer


def _describe(run: Run) -> str:
    optimizer = base_of(run)
    return f"{optimizer.name}, rate {optimizer.learning_rate:g}, batches of {run.settings.batch_size}, {int(run.step[-1])} steps"


def follow(chosen: Experiment, run: Run, snapshot: int) -> None:
    """Make the snapshot on which the player rests the current point of every page, and show that in the sidebar at once."""
    resting = (id(run), snapshot)
    if st.session_state.get(RESTING) == resting:
        return
    st.session_state[RESTING] = resting
    theta = run.theta[snapshot]
    if not np.isfinite(theta).all():
        return
    experiment.set_point("trained", f"step {int(run.step[snapshot])} of a training run", chosen.network, theta)
    st.rerun()


def ensure(chosen: Experiment, how: Plan | None = None) -> Kept | None:
    """The run of the experiment; trained now where there is none, so that a page that looks at runs is never empty."""
    kept = latest(chosen)
    if kept is None and "training" not in st.session_state:
        begin(chosen, how or Plan(), "train")
    return watch(chosen)
