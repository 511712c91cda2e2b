"""What the browser loads from `static/` besides Streamlit."""

from __future__ import annotations

import streamlit as st


def address(name: str) -> str:
    """Where a file of `static/` is to be had from, also behind a proxy that puts a path before it."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/app/static/{name}".replace("//", "/")
