"""The experiment: data, network, loss, optimiser and the current point, chosen once in the sidebar and looked at by every page.

`app.py` builds it in each run and puts it where `current()` finds it. Its values are plain or compare by value: they are the cache keys.
"""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import streamlit as st

from nnviz.core.datasets import DataSet
from nnviz.core.losses import Loss
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.ui import navigation

POINT, EDITED_FROM, EDITS_READ = "point", "edited from", "edits read"  # session_state
EDITS = "edits"  # there too, and in the address
MOST_EDITS = 40  # so many hand-edited weights fit into an address


@dataclass(frozen=True, eq=False)
class Point:
    """A place in parameter space and where it came from."""

    kind: str  # initial, edited, trained, loaded
    description: str  # ends the sentence "The network stands at …"
    network: Network
    theta: np.ndarray  # (P,), read-only

    @cached_property
    def digest(self) -> str:
        """A fingerprint of theta."""
        return hashlib.blake2b(np.ascontiguousarray(self.theta).data, digest_size=12).hexdigest()


@dataclass(frozen=True, eq=False)
class Experiment:
    """Everything that the pages look at, as it was chosen; frozen, compared and hashed by its values."""

    data: DataSet
    network: Network
    loss: Loss
    initializer: str
    seed: int
    optimizer_name: str
    learning_rate: float
    batch_size: int
    l2: float
    show_test: bool
    point: Point
    settings: tuple[tuple[str, Any], ...] = field(default=())  # the sidebar's own values, by key

    @property
    def theta(self) -> np.ndarray:
        """The current point, (P,)."""
        return self.point.theta

    @cached_property
    def optimizer(self) -> Any:
        """The chosen optimiser at the chosen rate, all else at its defaults."""
        return make_optimizer(self.optimizer_name, self.learning_rate, self.network)

    @cached_property
    def initial_theta(self) -> np.ndarray:
        """Where training starts: the weights that the initialiser draws from the seed, (P,)."""
        return initial_point(self.network, self.initializer, self.seed).theta

    @cached_property
    def cost(self) -> NetworkCost:
        """The cost on the training part, the penalty included."""
        return NetworkCost(self.network, self.loss, self.data.train.X, self.data.train.Y, l2=self.l2)

    @cached_property
    def test_cost(self) -> NetworkCost | None:
        """The cost on the part held out, without penalty; None where nothing is held out."""
        return NetworkCost(self.network, self.loss, self.data.test.X, self.data.test.Y) if len(self.data.test) else None

    @cached_property
    def key(self) -> str:
        """A fingerprint of all of it, for caches; the point is in it."""
        return f"{self.setup}-{self.point.digest}"

    @cached_property
    def setup(self) -> str:
        """A fingerprint of everything but the point: what a training run depends on."""
        chosen = (self.data.digest, repr(self.network), repr(self.loss), self.initializer, self.seed, self.optimizer_name)
        return hashlib.blake2b(repr((*chosen, self.learning_rate, self.batch_size, self.l2)).encode(), digest_size=12).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and self.key == other.key and self.settings == other.settings

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def sizes(self) -> str:
        """The network in short: `4-8-8-3`."""
        return "-".join(map(str, self.network.sizes))


def make_optimizer(name: str, learning_rate: float, network: Network) -> Any:
    """An optimiser by its name; Muon is told the shapes of the layers."""
    more = {"shapes": network} if name == "muon" else {}
    return OPTIMIZERS[name](learning_rate=learning_rate, **more)


_current: ContextVar[Experiment | None] = ContextVar("experiment", default=None)


def current() -> Experiment:
    """The experiment of this run; the first thing a page asks for.

    Where a page's address was the first request of a fresh server, Streamlit runs the page without `app.py`: then the navigation is
    entered here and the run starts anew, whole.
    """
    experiment = _current.get()
    if experiment is None:
        navigation.enter()
        st.rerun()
    return experiment


def put(experiment: Experiment) -> None:
    """Make it the experiment of this run; called by `app.py` alone."""
    _current.set(experiment)


@lru_cache(maxsize=64)
def _initial_theta(network: Network, initializer: str, seed: int) -> np.ndarray:
    theta = network.initialize(initializer, seed=seed)
    theta.setflags(write=False)
    return theta


def initial_point(network: Network, initializer: str, seed: int) -> Point:
    """The point from which the experiment starts."""
    theta = _initial_theta(network, initializer, seed)
    return Point("initial", f"its initial weights ({initializer}, seed {seed})", network, theta)


def kept_point() -> Point | None:
    """What a page, a file or an edit has made the current point; it may be of another network than the present one."""
    return st.session_state.get(POINT)


def point_of(network: Network, initializer: str, seed: int) -> Point:
    """The current point: what a page has put there, as long as it fits the network; else the initial one."""
    kept = kept_point()
    if kept is not None and kept.network == network:
        return kept
    return initial_point(network, initializer, seed)


def set_point(kind: str, description: str, network: Network, theta: np.ndarray) -> None:
    """Make theta the current point of every page from the next run on."""
    theta = np.array(theta, dtype=float)
    if theta.shape != (network.parameter_count,):
        raise ValueError(
            f"theta has shape {theta.shape} and the network needs ({network.parameter_count},): give one vector of all parameters"
        )
    theta.setflags(write=False)
    st.session_state[POINT] = Point(kind, description, network, theta)


def reset_point() -> None:
    """Back to the initial weights; edits are forgotten."""
    for key in (POINT, EDITS, EDITED_FROM):
        st.session_state.pop(key, None)
    st.query_params.pop(EDITS, None)


def edits() -> dict[int, float]:
    """The parameters changed by hand, by their place in theta, in the order in which they were changed."""
    return st.session_state.get(EDITS, {})


def edit(experiment: Experiment, index: int, value: float) -> None:
    """Change one parameter by hand; `undo_edit` takes it back."""
    if not np.isfinite(value):
        raise ValueError(f"the weight was given as {value}: give a finite number")
    base: Point | None = st.session_state.get(EDITED_FROM)
    if base is not None and base.network != experiment.network:
        reset_point()  # what was changed by hand was another network, left in the same moment
    changes = {place: old for place, old in edits().items() if place != index} | {int(index): float(value)}
    if len(changes) > MOST_EDITS:
        raise ValueError(f"{MOST_EDITS} weights were changed by hand already: undo some, or go back to the initial weights")
    if EDITED_FROM not in st.session_state:
        st.session_state[EDITED_FROM] = experiment.point
    _apply_edits(changes)


def undo_edit() -> None:
    """Take back the parameter that was changed last."""
    changes = dict(edits())
    if changes:
        changes.popitem()
        _apply_edits(changes)


def _apply_edits(changes: dict[int, float]) -> None:
    base: Point = st.session_state[EDITED_FROM]
    st.session_state[EDITS] = changes
    if not changes:
        st.session_state[POINT] = base
        st.session_state.pop(EDITED_FROM)
        st.query_params.pop(EDITS, None)
        return
    theta = base.theta.copy()
    theta[list(changes)] = list(changes.values())
    count = f"{len(changes)} weight{'s' if len(changes) > 1 else ''}"
    set_point("edited", f"{base.description}, {count} changed by hand", base.network, theta)
    if base.kind == "initial":
        st.session_state[EDITS_READ] = True  # what is written here is not to be read back
        st.query_params[EDITS] = ",".join(f"{place}:{value!r}" for place, value in changes.items())


def read_edits_again() -> None:
    """In the next run, hand-edited weights are taken from the address once more."""
    st.session_state.pop(EDITS_READ, None)


def edits_from_address(network: Network, initializer: str, seed: int) -> str:
    """Once a session, take hand-edited weights from the address; gives back a sentence about what could not be read, or nothing."""
    text = st.query_params.get(EDITS, "")
    if not text or EDITS_READ in st.session_state:
        return ""
    st.session_state[EDITS_READ] = True
    changes: dict[int, float] = {}
    try:
        for pair in text.split(",")[:MOST_EDITS]:
            place, value = pair.split(":")
            changes[int(place)] = float(value)
    except ValueError:
        changes = {-1: 0.0}
    if not all(0 <= place < network.parameter_count and np.isfinite(value) for place, value in changes.items()):
        st.query_params.pop(EDITS, None)
        return f"The address brings edited weights that do not fit a network of {network.parameter_count} parameters: they are left out."
    st.session_state[EDITED_FROM] = initial_point(network, initializer, seed)
    _apply_edits(changes)
    return ""
