"""What is done once a server: heavy imports, and taking what they made out of the garbage collector's sight.

A full collection of garbage holds the lock for 56 to 76 ms over everything that was ever imported. Frozen objects are not looked at;
Streamlit's own collection after every rerun is off (`runner.postScriptGC`), Python's goes on by itself.
"""

from __future__ import annotations

import gc
import threading

import streamlit as st
from threadpoolctl import threadpool_limits


@st.cache_resource(show_spinner=False)
def once() -> bool:
    """Limit BLAS to one thread (several sessions share the machine), import what every page needs, freeze it."""
    import nnviz.core.kernel
    import nnviz.core.training  # noqa: F401

    threadpool_limits(limits=1)
    gc.collect()
    gc.freeze()
    threading.Thread(target=_later, name="warm", daemon=True).start()
    return True


def _later() -> None:
    """SymPy takes a third of a second: no first formula of a person should wait for it."""
    import sympy  # noqa: F401
