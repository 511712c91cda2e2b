"""What is done once a server: heavy imports, and taking what they made out of the garbage collector's sight.

A full collection of garbage holds the lock for 56 to 76 ms over everything that was ever imported. Frozen objects are not looked at;
Streamlit's own collection after every rerun is off (`runner.postScriptGC`), Python's goes on by itself.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import streamlit as st
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.runtime.state.safe_session_state import SafeSessionState
from threadpoolctl import threadpool_limits

from nnviz.core import background


@st.cache_resource(show_spinner=False)
def once() -> bool:
    """Limit BLAS to one thread (several sessions share the machine), import what every page needs, freeze it."""
    import nnviz.core.kernel
    import nnviz.core.training  # noqa: F401

    threadpool_limits(limits=1)
    SafeSessionState.filtered_state = property(_Entries)  # type: ignore[assignment, method-assign]
    app_session._populate_theme_msg = theme_read_once(app_session._populate_theme_msg)
    gc.collect()
    gc.freeze()
    threading.Thread(target=_later, name="warm", daemon=True).start()
    return True


def _later() -> None:
    """SymPy takes a third of a second, and so does a process: no first formula, and no first long work, should wait for it."""
    background.warm()
    import sympy  # noqa: F401


def theme_read_once(read: Callable[[CustomThemeConfig, str], None]) -> Callable[..., None]:
    """What tells the browser the theme, from what reads it out of the settings: six times at every run, each time through all of them.

    Streamlit (1.67) took 6 ms for it, and a control of the sidebar starts two runs. The settings stay as long as the server.
    """

    @lru_cache
    def known(section: str) -> CustomThemeConfig:
        theme = CustomThemeConfig()
        read(theme, section)
        return theme

    def tell(message: CustomThemeConfig, section: str = "theme") -> None:
        if known(section).ByteSize():
            message.MergeFrom(known(section))

    return tell


class _Entries(Mapping[str, Any]):
    """A session's state for those who ask for one entry of it.

    Every menu and every field of Streamlit (1.67) asks whether its own value is None, and has all of the state copied for it: for 20
    controls and a hundred entries that was a sixth of an answer. Here an entry is looked up, and the whole is made for who goes through it.
    """

    def __init__(self, state: SafeSessionState) -> None:
        self._safe, self._state = state, state._state

    def __contains__(self, key: object) -> bool:
        with self._safe._lock:
            return key in self._state

    def __getitem__(self, key: str) -> Any:
        with self._safe._lock:
            return self._state[key]

    def __iter__(self) -> Iterator[str]:
        with self._safe._lock:
            return iter(self._state.filtered_state)

    def __len__(self) -> int:
        with self._safe._lock:
            return len(self._state.filtered_state)
