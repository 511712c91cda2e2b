"""Files are answered out of memory as they stand on the disk, and nothing but these."""

import gzip
from contextlib import suppress

import pytest

from nnviz.ui import assets, served

FONT = next((assets.STREAMLITS / "media").glob("*.woff2"))
PLOTLY = next(assets.OURS.glob("plotly-cartesian-*.js"))


def ask(path, method="GET", kind="http", **headers):
    """What is answered: status, headers and content; None where the request went on to Streamlit."""
    passed, sent = [], []

    async def streamlit(scope, receive, send):
        passed.append(scope)

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "path": path, "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}
    with suppress(StopIteration):  # nothing here waits, so that no loop is needed: the browser tests leave one running
        assets.Assets(streamlit)(scope | ({"method": method} if kind == "http" else {}), None, send).send(None)
    if passed:
        assert not sent
        return None
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


def test_a_file_of_streamlits_is_answered_as_it_is_and_need_not_be_asked_for_again():
    status, headers, content = ask(f"/static/media/{FONT.name}", accept_encoding="gzip, br")
    assert (status, content) == (200, FONT.read_bytes())
    assert headers["content-type"] == "font/woff2"
    assert headers["cache-control"] == assets.FOREVER
    assert "content-encoding" not in headers


def test_a_script_of_ours_is_packed_for_who_can_unpack_it():
    _, headers, content = ask(served.address(PLOTLY.name), accept_encoding="gzip, deflate")
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(content) < PLOTLY.stat().st_size / 2
    assert gzip.decompress(content) == PLOTLY.read_bytes()
    _, headers, content = ask(served.address(PLOTLY.name))
    assert "content-encoding" not in headers
    assert content == PLOTLY.read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/network", "/_stcore/health", "static/js", "", "/static/", "/static//etc/passwd"),
        *("/static/js/../index.html", "/static/../../config.py", "/static/%2e%2e/index.html"),
        *("/app/static/README.md", "/app/static/../app.py"),
    ],
)
def test_all_else_goes_on_to_streamlit(path):
    assert ask(path) is None


def test_what_is_no_plain_request_goes_on_to_streamlit():
    path = served.address(PLOTLY.name)
    assert ask(path, method="POST") is None
    assert ask(path, kind="websocket") is None


def test_files_are_found_under_the_path_that_a_proxy_puts_before_them(monkeypatch):
    monkeypatch.setattr(served.st, "get_option", {"server.baseUrlPath": "/class/"}.get)
    assert ask(f"/class/app/static/{PLOTLY.name}")[0] == 200
    assert ask(f"/class/static/media/{FONT.name}")[0] == 200
    assert ask(f"/app/static/{PLOTLY.name}") is None
