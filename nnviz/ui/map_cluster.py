"""The Dask cluster on which the page Maps computes, where the server's owner has named one; never one of a visitor's."""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

import streamlit as st

SCHEDULER = "NNVIZ_SCHEDULER"  # an environment variable: an address such as tcp://head:8786
WAIT = 1.0  # seconds for the scheduler to answer
AGAIN = 60.0  # seconds until it is asked again


def address() -> str:
    """The scheduler that the server's owner has named and that answers, or an empty text."""
    named = os.environ.get(SCHEDULER, "")
    return named if named and _answers(named) else ""


@st.cache_data(ttl=AGAIN, max_entries=4, show_spinner=False)
def _answers(named: str) -> bool:
    try:
        place = urlsplit(named)
        with socket.create_connection((place.hostname or "", place.port or 8786), WAIT):
            return True
    except (OSError, ValueError):
        return False


def tell() -> None:
    """A sentence where the cluster that was named does not answer; its address is the owner's business."""
    if os.environ.get(SCHEDULER, "") and not address():
        st.warning("The cluster of this server does not answer: maps are computed here.")
