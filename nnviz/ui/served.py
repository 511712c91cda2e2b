"""What the browser loads from `static/` besides Streamlit."""

from __future__ import annotations

import streamlit as st


def base() -> str:
    """The path before all addresses, where a proxy has put one; ends with a slash."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}/" if path else "/"


def address(name: str) -> str:
    """Where a file of `static/` is to be had from, also behind a proxy that puts a path before it."""
    return f"{base()}app/static/{name}"
