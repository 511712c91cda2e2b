"""What the page Activations computes about its curves, kept by value, and the field for a formula of one's own."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.activations import Activation, get_activation, largest_slope, saturated, saturation_intervals
from nnviz.formulas.numbers import significant
from nnviz.ui import caching, controls, mistakes
from nnviz.ui.experiment import Experiment
from nnviz.ui.sidebar import OWN_FORMULA

Array = NDArray[np.floating]

MOST_SAMPLES = 4000  # of the training samples whose weighted sums are looked at
FLAT = 0.01  # a curve is called saturated where |f′| is below


@caching.kept(megabytes=32, entries=8)
def weighted_sums(key: str, _experiment: Experiment) -> Array:
    """Each z of all hidden neurons (of the outputs, where there are none), as one row; of very many training samples the first 4,000."""
    forward = _experiment.network.forward(_experiment.theta, _experiment.data.train.X[:, :MOST_SAMPLES])
    layers = range(1, max(2, len(_experiment.network.sizes) - 1))
    return np.concatenate([forward.z(layer).ravel() for layer in layers])


@caching.kept(megabytes=1, entries=8)
def dead(key: str, _experiment: Experiment) -> tuple[int, int]:
    """Hidden neurons whose slope is exactly 0 for every one of these samples, and all hidden neurons."""
    network = _experiment.network
    forward = network.forward(_experiment.theta, _experiment.data.train.X[:, :MOST_SAMPLES])
    layers = [(f, forward.z(l)) for l, f in enumerate(network.layer_activations[:-1], start=1) if f.elementwise]
    return sum(int((f.derivative(z) == 0).all(axis=-1).sum()) for f, z in layers), sum(len(z) for _, z in layers)


@lru_cache(maxsize=64)
def _facts(f: Activation) -> tuple[str, ...]:
    flat = " or ".join(_interval(*ends) for ends in saturation_intervals(f, FLAT)) or "nowhere"
    low, high = f.range
    return (
        f"{significant(low, 3)} to {significant(high, 3)}",
        "yes" if f.zero_centered else "no",
        significant(float(f(0.0))),
        _steepest(f),
        flat,
    )


def _steepest(f: Activation) -> str:
    """The largest slope and where it is taken, if that is one place."""
    place, steepest = largest_slope(f)
    level = np.abs(f.derivative(np.linspace(place - 0.5, place + 0.5, 101))) > steepest * (1 - 1e-6)
    return significant(steepest) + (f" at z = {significant(place, 3)}" if level.sum() <= 3 else "")


def _interval(low: float, high: float) -> str:
    if np.isinf(low) and np.isinf(high):
        return "everywhere"
    if np.isinf(low):
        return f"z < {significant(high, 3)}"
    return f"z > {significant(low, 3)}" if np.isinf(high) else f"{significant(low, 3)} < z < {significant(high, 3)}"


def facts(activations: list[Activation], z: Array) -> list[tuple[str, ...]]:
    """One row a function: its name, facts, and the share of the experiment's own weighted sums that fall where it is flat."""
    return [(f.title, *_facts(f), f"{float(saturated(f, z, FLAT).mean()):.1%}") for f in activations]


def own_formula() -> Activation | None:
    """The formula that a person types, with its place among the curves and its way into the network; None where there is none.

    A formula that cannot be read is answered beside its field, the place marked; the former one stays.
    """
    field, button = st.columns([2.2, 1], vertical_alignment="bottom")
    with field:
        text = controls.text(
            "f(z) of your own", key="fz", default="", longest=controls.LONG, placeholder="such as z * sigmoid(2*z)"
        ).strip()
    own: Activation | None = st.session_state.get("former fz") if text else None
    trouble = None
    if text:
        try:
            own = st.session_state["former fz"] = get_activation(f"={text}")
        except ValueError as error:
            trouble = error
    usable = bool(text) and trouble is None
    if button.button("Use it in the network", key="usefz", disabled=not usable, on_click=_use, args=(text,), width="stretch"):
        st.rerun()  # of the whole app: the sidebar shows it
    if trouble is not None:
        mistakes.tell(trouble)
    return own


def _use(text: str) -> None:
    """Make the typed formula the activation of the hidden layers, as if it had been typed in the sidebar."""
    st.session_state["activation"] = OWN_FORMULA
    st.session_state["formula"] = text
