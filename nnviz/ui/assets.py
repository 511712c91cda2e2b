"""The scripts, styles and fonts that a browser loads, out of memory: Streamlit's own, and those of `static/`.

A first visit loads a hundred of them. Streamlit (1.67) gives each to a thread that reads it in pieces, and packs those of `static/` anew
for each visitor, who asks for them again at each visit, since nothing tells that they do not change.
"""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nnviz.ui import navigation, served

FOREVER = "public, immutable, max-age=31536000"  # a file's name changes with what is in it
STREAMLITS = Path(st.__file__).parent / "static" / "static"
OURS = navigation.ROOT / "static"


def middleware() -> list[Middleware]:
    """What `st.App` is given."""
    return [Middleware(Assets)]


class Assets:
    """Answers for these files; everything else goes on to Streamlit."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.known = known()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self.known.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if file is None:
            await self.app(scope, receive, send)
            return
        packed = OURS in file.parents and "gzip" in Headers(scope=scope).get("accept-encoding", "")
        await answer(file, packed)(scope, receive, send)


def known() -> Mapping[str, Path]:
    """The files by their addresses: nothing else can be asked for."""
    base = served.base()
    streamlits = {f"{base}static/{file.relative_to(STREAMLITS).as_posix()}": file for file in STREAMLITS.rglob("*") if file.is_file()}
    return streamlits | {served.address(file.name): file for file in OURS.glob("*.js")}


@cache
def answer(file: Path, packed: bool) -> Response:
    """A file as it is sent; read, and packed, when it is first asked for."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    content = file.read_bytes()
    if packed:
        return Response(gzip.compress(content), media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(content, media_type=kind, headers=headers)
