"""The entries of the page Formulas: a formula beside its symbols, its live numbers, and the way to where it can be played with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from nnviz.figures.theme import THEMES
from nnviz.formulas.catalogue import CATALOGUE
from nnviz.formulas.entry import Entry
from nnviz.formulas.live import Here
from nnviz.ui import caching, navigation, show
from nnviz.ui.experiment import Experiment

TITLES = {name: title for section in navigation.SECTIONS.values() for name, title in section.items()}


@caching.kept(megabytes=1, entries=256)
def numbers(key: str, _chosen: Experiment, entry_at: tuple[str, int], theme: str) -> str:
    """The live numbers of an entry at the experiment's current point; empty where it has none."""
    group, index = entry_at
    entry = CATALOGUE[group][index]
    if entry.numbers is None:
        return ""
    with np.errstate(all="ignore"):
        return entry.numbers(_here(_chosen), THEMES[theme].symbols)


@caching.recent(entries=4)
def _here(chosen: Experiment) -> Here:
    """Where the experiment stands; one object, so that its formulas share what they work out."""
    train = chosen.data.train
    return Here(chosen.network, chosen.theta, chosen.loss, train.X, train.Y, chosen.learning_rate, chosen.batch_size)


def entry(chosen: Experiment, group: str, index: int, shown: Entry) -> None:
    """One formula."""
    theme = show.theme()
    with st.container(key=f"formula-{group}-{index}".replace(" ", "-")):
        left, right = st.columns([1.25, 1], gap="large")
        with left:
            show.heading(shown.title)
            show.formula(shown.latex(theme.symbols), f"letters-{group}-{index}")
        with right:
            st.markdown(shown.explained(theme.symbols))
            if shown.note:
                show.sentence(shown.note)
            if found := numbers(chosen.key, chosen, (group, index), theme.name):
                show.formula(found, f"numbers-{group}-{index}")
            if shown.page:
                way(shown.page, shown.state, f"{group}-{index}")


def way(page: str, state: Mapping[str, Any], key: str, label: str = "") -> None:
    """The way to a page, its controls set as the formula wants them."""
    pressed = st.button(
        label or f"Play with it: {TITLES[page]}",
        key=f"way-{key}",
        type="tertiary",
        icon=":material/arrow_forward:",
        on_click=_set,
        args=(dict(state),),
    )
    if pressed:
        # With no query_params Streamlit would clear the address itself, which it refuses while controls are bound to it.
        st.switch_page(navigation.path(page), query_params={})


def _set(settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        st.session_state[key] = value
