"""The one player under animated figures: it moves them in the browser and tells Python on which step it rests."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import streamlit as st

from nnviz.ui.chart import nothing


@lru_cache(maxsize=1)
def _component() -> Any:
    here = files("nnviz.ui")
    html, css, js = ((here / f"player.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("nnviz_player", html=html, css=css, js=js)


def player(
    key: str,
    figures: Sequence[str],
    steps: Sequence[int],
    labels: Sequence[str] = (),
    stops: Sequence[int] | None = None,
    interval: int = 60,
    start: int | None = None,
    clickable: bool = False,
    number: int = 0,
    on_rest: Callable[[], None] = nothing,
) -> int:
    """Show the player and give back the position, in `steps`, of the step on which it rests.

    Parameters
    ----------
    key : of the player itself
    figures : keys of the figures it moves, as given to `show.figure`
    steps : the true step number of each stop, ascending
    labels : what happens at each stop; empty for none
    stops : the frame of each stop; by default frame i is stop i. Frames between two stops are passed only while it plays
    interval : milliseconds a frame at single speed
    start : the stop on which it rests at first; by default the last one, at which the figures show the whole run
    clickable : the figures can be clicked, so each frame is redrawn in full
    number : of what is played; with another one the player goes to its start, wherever it was
    on_rest : what runs when it comes to rest, such as the parts that tell of the step (`redraw.only`); by default all that holds it
    """
    stops = list(range(len(steps))) if stops is None else [int(stop) for stop in stops]
    last = len(stops) - 1
    start = last if start is None else max(0, min(start, last))
    stands = rests(key, start, last, number)
    data = {
        "figures": list(figures),
        "stops": stops,
        "steps": [int(step) for step in steps],
        "labels": list(labels) or [""] * len(stops),
        "interval": interval,
        "start": start,
        "redraw": clickable,
        "number": number,
        "rests": stands,
    }
    _component()(key=key, data=data, default={"stop": start}, on_stop_change=on_rest)
    return stands


def rests(key: str, start: int, last: int, number: int) -> int:
    """The stop on which the player rests: what it told last, moved as the player itself moves when there are other stops.

    At the end it stays at the end; elsewhere it keeps its place as far as it exists.
    """
    state = st.session_state.get(key)
    told = start if state is None else int(state.stop)
    before = st.session_state.get(f"{key} rests")
    stop = told
    if before is not None and before[3] != number:
        stop = start
    elif before is not None and before[0] == told:
        _, stop, end, _ = before
        stop = last if stop == end else stop
    stop = max(0, min(stop, last))
    st.session_state[f"{key} rests"] = (told, stop, last, number)
    return stop


def resting(key: str, token: Hashable, count: int, start: int) -> int:
    """The stop at which figures that depend on `token` should stand: where the player rested when the token was last another one.

    As long as the token stays, so does the answer: figures do not change because the player moved.
    """
    kept = st.session_state.get(f"{key} stands")
    if kept is not None and kept[0] == token:
        return kept[1]
    state = st.session_state.get(key)
    stop = min(start, count - 1)
    if kept is not None and state is not None:
        stop = count - 1 if state.stop == kept[2] - 1 else min(int(state.stop), count - 1)
    st.session_state[f"{key} stands"] = (token, stop, count)
    return stop
