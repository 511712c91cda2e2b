"""One server and one browser for all browser tests of a worker; each visit is a tab and a session of its own, and no error may stand in
its console.

The browser keeps the compiled scripts of Streamlit and Plotly from one tab to the next, which is a third of the time of opening a page.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import find
from tests.browser.serving import serve

ROOT = Path(__file__).resolve().parents[2]
expect.set_options(timeout=30_000)  # a loaded machine answers late


@dataclass(frozen=True)
class Server:
    """The running app: its address and its process."""

    url: str
    pid: int

    def busy(self, seconds: float = 1.0) -> float:
        """How many processors it and its processes keep busy on average over the next moment: a computation left behind is one."""

        def used() -> float:
            children = [line for tasks in Path(f"/proc/{self.pid}/task").glob("*/children") for line in tasks.read_text().split()]
            every = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in (self.pid, *children)]
            return sum(int(fields[11]) + int(fields[12]) for fields in every) / os.sysconf("SC_CLK_TCK")

        before = used()
        time.sleep(seconds)
        return (used() - before) / seconds


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("w") as out:
        try:
            process, url = serve(ROOT / "app.py", out)
        except RuntimeError as error:
            pytest.fail(f"{error}: {log.read_text()}")
    yield Server(url, process.pid)
    process.terminate()
    process.wait(20)
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]


@pytest.fixture(scope="session")
def address(server: Server) -> str:
    return server.url


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--process-per-site"]
        kept = str(tmp_path_factory.mktemp("browser"))
        opened = playwright.chromium.launch_persistent_context(kept, executable_path=find(), args=quiet)
        opened.new_page().goto(f"{address}/_stcore/health")  # stays, and with it the process of all tabs: a fifth of opening a page
        yield opened
        opened.close()


QUIET = """async limit => {
    const begun = performance.now(); let changed = begun;
    const watch = new MutationObserver(() => { changed = performance.now(); });
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
    const app = () => document.querySelector('[data-testid=stApp]');
    while (performance.now() - begun < limit) {
        await new Promise(done => setTimeout(done, 20));
        const running = !app() || app().getAttribute('data-test-script-state') !== 'notRunning';
        // for the code of a widget or of plotly.js, in a starved browser
        const waiting = document.querySelector('[data-testid=stSkeleton], [data-testid=stPlotlyChart]:empty');
        if (!running && !waiting && performance.now() - changed > 400) break;
    }
    watch.disconnect(); }"""


def settle(page: Page) -> None:
    """Wait until the script has run to its end and nothing has been drawn for a moment."""
    page.evaluate(QUIET, 30_000)


def click_plot(page: Page, key: str, across: float, down: float) -> None:
    """Click a place of a plot, in shares of its width and height, once Plotly has seen the mouse there: it tells no other click."""
    box = page.locator(f".st-key-{key} .nsewdrag").first.bounding_box()
    assert box is not None
    x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y)
    page.wait_for_function(f"() => document.querySelector('.st-key-{key} .js-plotly-plot')._hoverdata?.length")
    page.mouse.click(x, y)


@pytest.fixture
def visit(browser: BrowserContext, address: str) -> Iterator[Callable[..., Page]]:
    """Open an address of the app in a tab of its own; at the end no error may stand in the console and no exception on the page."""
    errors: list[str] = []
    pages: list[Page] = []

    def opened(path: str, width: int = 1440, height: int = 900, permissions: Sequence[str] = (), **media: Any) -> Page:
        page = browser.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(**media)
        browser.clear_permissions()
        browser.grant_permissions(permissions)
        # A page's own address makes Streamlit first ask for its health under that path: the 404 is its own and harmless.
        page.on(
            "console", lambda m: errors.append(m.text) if m.type == "error" and not m.text.startswith("Failed to load resource") else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/{path}")
        page.wait_for_selector("[data-testid=stMain] h1", timeout=30_000)
        settle(page)
        pages.append(page)
        return page

    yield opened
    broken = [text for page in pages for text in page.locator("[data-testid=stException]").all_inner_texts()]
    for page in pages:
        page.close()
    assert not errors
    assert not broken
