"""Take it with you: on every page a link, a session file in and out, the experiment as scripts, and a lesson that is stepped through."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import Any

import streamlit as st

from nnviz.formulas.scripts import Recipe, core_script
from nnviz.formulas.torch_script import torch_script
from nnviz.ui import carry, experiment, mistakes, programs, redraw, session, show
from nnviz.ui.chart import nothing
from nnviz.ui.session import ENDING, Session, State

COMPONENT, FILE, DRAFT = "take-link", "sessionfile", "lesson draft"
_place: ContextVar[Any] = ContextVar("place of the page's script", default=None)  # in the menu; None while that is closed
LONG = 2000  # characters beyond which mail programs and chats cut a link


@lru_cache(maxsize=1)
def _component() -> Any:
    css = (
        "button{min-height:32px;padding:2px 10px;font:inherit;font-size:14px;white-space:nowrap;cursor:pointer;color:var(--st-text-color);"
        "background:transparent;border:1px solid var(--st-border-color);border-radius:6px}"
        "button:focus-visible{outline:2px solid var(--st-primary-color)} @media (pointer: coarse){button{min-height:44px}}"
    )
    js = (files("nnviz.ui") / "take.js").read_text(encoding="utf-8")
    return st.components.v2.component("nnviz_take", html='<button type="button">Copy link</button>', css=css, js=js)


def bar() -> None:
    """In the row at a page's upper right corner: Copy link, and a menu whose content is made only when it is opened."""
    _component()(key=COMPONENT, width="content", on_dropped_change=_dropped, on_scheme_change=nothing)
    menu = st.popover("Take it with you", type="tertiary", key=redraw.TAKE, on_change="rerun")
    _place.set(None)
    if menu.open:
        with menu:
            _session_file()
            _place.set(st.container())
            _scripts()
            _lesson_draft()


def script(write: Callable[[], str]) -> None:
    """Offer the program that computes what the page shows; a page says it once its numbers are known.

    It is written only while the menu is open; there a part does not run by itself.
    """
    if redraw.alone() and redraw.menus_open():
        st.rerun()
    place = _place.get()
    if place is None:
        return
    with place:
        try:
            text = write()
        except ValueError as error:
            mistakes.tell(error)
            return
        _download("This page's numbers, with nnviz.core", text.encode, "nnviz-page.py", "text/x-python")
        st.caption("The scripts below tell the experiment; the PyTorch one is of its network and training, not of this page.")


def _dropped() -> None:
    dropped = st.session_state[COMPONENT].dropped
    if isinstance(dropped, dict):
        carry.open_file(str(dropped.get("text", "")), str(dropped.get("name", "")))


def _uploaded() -> None:
    file = st.session_state.get(FILE)
    if file is not None:
        carry.open_file(file.getvalue(), file.name)


def _session_file() -> None:
    told = carry.held_by_the_address()
    link = len(st.context.url or "")
    if not told and link > LONG:
        told = f"The link has {link:,} characters, which some programs cut: send the session file."
    if told:
        st.caption(told)
    _download("This page as a session file", _named(Session((carry.state(),))), f"nnviz{ENDING}", "application/json")
    help_text = "A session file (.nnviz.json), or a lesson of several. It may also be dropped anywhere onto the page."
    st.file_uploader("Open a session file", type=["json"], key=FILE, on_change=_uploaded, help=help_text, max_upload_size=20)


def _named(taken: Session) -> Callable[[], bytes]:
    return lambda: session.write(taken).encode()


def _scripts() -> None:
    chosen = experiment.current()
    try:
        recipe = programs.recipe(chosen)
    except ValueError as error:
        mistakes.tell(error)
        return
    _script(recipe, "Python, with nnviz.core", core_script, "nnviz-experiment.py")
    _script(recipe, "Python, with PyTorch", torch_script, "nnviz-experiment-torch.py")
    note = programs.note(chosen)
    if note:
        st.caption(note)


def _script(recipe: Recipe, label: str, write: Callable[[Recipe], str], name: str) -> None:
    """A script to download, or why there is none."""
    try:
        text = write(recipe)
    except ValueError as error:
        show.sentence(show.as_typed(f"No script in {label}: {error}."))
        return
    _download(label, text.encode, name, "text/x-python")


def _download(label: str, content: Callable[[], bytes], name: str, kind: str) -> None:
    st.download_button(label, content, name, kind, key=f"take-{name}", on_click="ignore", width="stretch")


def _lesson_draft() -> None:
    """A lesson is made here: the state of the page is added, with a title and a sentence."""
    draft: tuple[State, ...] = st.session_state.get(DRAFT, ())
    with st.expander("Make a lesson", expanded=bool(draft)):
        title = st.text_input("Title of this step", max_chars=120, key="lessontitle")
        sentence = st.text_input("What to look at, in one sentence", max_chars=400, key="lessonsentence")
        st.button("Add this page", on_click=_add, args=(title, sentence), disabled=len(draft) >= session.MOST_STATES, width="stretch")
        if draft:
            count = f"{len(draft)} step{'s' if len(draft) > 1 else ''}"
            _download(f"Lesson of {count}", _named(Session(draft)), f"lesson{ENDING}", "application/json")
            st.button("Start the lesson anew", on_click=lambda: st.session_state.pop(DRAFT, None), width="stretch")


def _add(title: str, sentence: str) -> None:
    st.session_state[DRAFT] = (*st.session_state.get(DRAFT, ()), carry.state(title, sentence))
    for key in ("lessontitle", "lessonsentence"):
        st.session_state[key] = ""


def lesson() -> None:
    """The step of the lesson that is open: its title and sentence, Back and Next."""
    shown: carry.Lesson | None = st.session_state.get(carry.LESSON)
    if shown is None:
        return
    state, count = shown.state, len(shown.session.states)
    with st.container(key="lesson", border=True):
        st.markdown("**Step " + f"{shown.at + 1} of {count}**")
        st.text(" ".join(f"{state.title}{'. ' if state.title and state.sentence else ''}{state.sentence}".split()))
        with st.container(horizontal=True):
            st.button("Back", on_click=carry.turn, args=(-1,), disabled=shown.at == 0, key="lesson-back")
            st.button("Next", on_click=carry.turn, args=(1,), disabled=shown.at == count - 1, key="lesson-next")
            st.button("Leave the lesson", on_click=carry.close_lesson, type="tertiary", key="lesson-leave")
