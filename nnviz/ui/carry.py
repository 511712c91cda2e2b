"""The state of the app as a session, and a session as the state of the app: what `session.py` writes and reads, taken from and put into
the controls.

Values for controls wait until their control is drawn, which alone knows what fits it; what no control took is named at the end.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from nnviz.core.features import shortened
from nnviz.ui import controls, editing, experiment, models, navigation, notices, session, uploads
from nnviz.ui.session import Session, State, Weights

LESSON, GO, CHECKED = "lesson", "go to", "address checked"
OF_THE_APP = (experiment.EDITS, uploads.NAME)  # parameters of the address that belong to no control
EMBEDDING = ("embed", "embed_options")


_page: ContextVar[str] = ContextVar("page", default="start")


@dataclass(frozen=True)
class Lesson:
    """A session of several states, and which of them is shown."""

    session: Session
    at: int

    @property
    def state(self) -> State:
        """The one that is shown."""
        return self.session.states[self.at]


def state(title: str = "", sentence: str = "") -> State:
    """What the app looks like now."""
    values = {key: value for key, value in controls.changed().items() if session.is_plain(value)}
    address = {key: st.query_params[key] for key in _free()}
    return State(_page.get(), title, sentence, values, address, _weights())


def _free() -> list[str]:
    """The parameters of the address that are no control's: those are Streamlit's own to change."""
    known = controls.defaults()
    return [key for key in st.query_params if key not in known and key not in EMBEDDING]


def _weights() -> Weights | None:
    """The current point, where no address holds it."""
    point = experiment.kept_point()
    if point is None or experiment.EDITS in st.query_params:
        return None
    theta = base64.b64encode(np.asarray(point.theta, dtype="<f8").tobytes()).decode()
    return Weights(point.network.sizes, point.network.activations, point.kind, point.description, theta)


def held_by_the_address() -> str:
    """What of the state a link does not hold, as a sentence; empty where it holds all."""
    weights = _weights()
    if weights is not None:
        return f"A link does not hold these weights ({weights.kind}): it opens at the initial ones. The session file does."
    if uploads.NAME in st.query_params:
        return "A link names the table of your own and does not hold it: who opens it is asked to drop the same file."
    return ""


def open_file(content: bytes | str, name: str) -> None:
    """Show what a session file holds; for callbacks. A file that cannot be read leaves everything as it is."""
    try:
        found, unknown = session.read(content)
    except ValueError as error:
        notices.tell(f"{shortened(name, 60)}: {error}")
        return
    st.session_state.pop(LESSON, None)
    for sentence in unknown:
        notices.tell(sentence)
    if len(found.states) > 1 or found.states[0].sentence:
        st.session_state[LESSON] = Lesson(found, 0)
    show(found.states[0])


def turn(step: int) -> None:
    """Go on, or back, in a lesson; for callbacks."""
    lesson: Lesson = st.session_state[LESSON]
    at = min(max(lesson.at + step, 0), len(lesson.session.states) - 1)
    st.session_state[LESSON] = Lesson(lesson.session, at)
    show(lesson.session.states[at])


def close_lesson() -> None:
    """Leave the lesson; what it shows stays."""
    st.session_state.pop(LESSON, None)


def show(wanted: State) -> None:
    """Put a state into the app; for callbacks, before anything is drawn."""
    experiment.reset_point()
    models.forget()
    editing.forget_all()
    controls.reset(controls.defaults())
    st.session_state[controls.ARRIVING] = dict(wanted.controls)
    experiment.read_edits_again()
    for key in _free():
        del st.query_params[key]
    known = controls.defaults()
    address = {key: value for key, value in wanted.address.items() if key not in known and key not in EMBEDDING}
    for key, value in address.items():
        st.query_params[key] = value
    _ask_for_the_table(address)
    if wanted.weights is not None:
        network, theta = wanted.weights.point()
        experiment.set_point(wanted.weights.kind, wanted.weights.description, network, theta)
    known_page = any(wanted.page in files and navigation.path(wanted.page).exists() for files in navigation.SECTIONS.values())
    st.session_state[GO] = (wanted.page if known_page else _page.get(), address)
    if not known_page:
        notices.tell(f"The session file was saved on the page “{shortened(wanted.page, 40)}”, which is not here: this page is shown.")


def _ask_for_the_table(address: Mapping[str, str]) -> None:
    """Where a state looks at a table that is not the one in this session, say which to drop."""
    kept = uploads.kept_table()
    asked = address.get(uploads.NAME, "")
    if asked and kept is not None and uploads.address_of(kept) != asked:
        notices.tell(f"This state looks at the table “{shortened(uploads.name_in(asked), 60)}”: drop it in the sidebar to see the same.")


def go(page: Any) -> None:
    """Go to the page of the state that was just opened; from `app.py`, before anything is drawn."""
    _page.set(page.url_path or "start")
    asked = st.session_state.pop(GO, None)
    if asked is not None and asked[0] != _page.get():
        st.switch_page(navigation.path(asked[0]), query_params=asked[1])


def stay(page: Any) -> None:
    """Before the page runs, alone or with all: a state that was just opened is shown by a run of the whole app."""
    _page.set(page.url_path or "start")
    if GO in st.session_state:
        st.rerun()


def finish(chosen: experiment.Experiment) -> None:
    """After the page has run: name what of a session file, or of the first address, nothing here has taken."""
    if not st.session_state.get(CHECKED):
        st.session_state[CHECKED] = True
        known = {*controls.defaults(), *OF_THE_APP, *EMBEDDING, *editing.names(), *uploads.KEYS}
        strange = [f"“{shortened(name, 30)}”" for name in st.query_params if name not in known]
        if strange:
            notices.tell(f"The address sets {', '.join(strange[:8])}, which this version does not know on this page: it is left out.")
    left = st.session_state.pop(controls.ARRIVING, None)
    if left is None:
        return
    if left:
        names = ", ".join(f"“{shortened(name, 30)}”" for name in list(left)[:8])
        notices.tell(f"The session file sets {names}, which this version does not know on this page: it is left out.")
    point = experiment.kept_point()
    if point is not None and point.network != chosen.network:
        notices.tell(f"The session file's weights are of a network {point.network.brief()}, which is not the one here: they are left out.")
    st.rerun()  # what was drawn before a control had its value is drawn anew
