"""The app in a real browser: a page painted after its address is opened, and after a slider is moved, against a bare Streamlit page."""

from __future__ import annotations

import argparse
import atexit
import subprocess
import tempfile
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.measuring import Absent, Peer, Row, Work
from nnviz.ui import navigation
from tests.browser.serving import serve

BARE = """import numpy as np, plotly.graph_objects as go, streamlit as st
a = st.slider("a", 0.0, 5.0, 1.0)
st.write(f"a is {a}")
x = np.linspace(-3, 3, 200)
st.plotly_chart(go.Figure(go.Scatter(x=x, y=np.sin(a * x))))
"""
NEW = ("network", "backpropagation", "optimizers", "curvature")  # are measured at values that nobody has asked for before, too
RACE = "opt=SGD&opt=Momentum&opt=RMSProp&opt=Adam&opt=Nesterov&opt=AdaGrad&steps=490"
PAINTED = """quiet => new Promise(done => {
  const begun = performance.now(); let last = begun;
  // What stands inside a canvas is for screen readers: it is never painted.
  const inside = change => change.type !== 'attributes' && change.target.parentElement && (change.target.closest ? change.target :
    change.target.parentElement).closest('canvas');
  const watch = new MutationObserver(changes => { if (!changes.every(inside)) last = performance.now(); });
  watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  const app = () => document.querySelector('[data-testid=stApp]');
  const timer = setInterval(() => {
    const now = performance.now(), ready = app() && app().getAttribute('data-test-script-state') === 'notRunning';
    if ((ready && document.querySelector('.main-svg') && now - last > quiet) || now - begun > 60000) {
      clearInterval(timer); watch.disconnect(); done((last - begun) / 1000); } }, 10); })"""

PICTURED = """quiet => new Promise(done => {
  const begun = performance.now(); let text = begun, picture = begun, last = begun;
  const watch = new MutationObserver(changes => { last = performance.now();
    for (const change of changes) {
      const place = change.target.closest ? change.target : change.target.parentElement;
      if (place?.closest('.js-plotly-plot')) picture = last;
      else if (text === begun && place?.closest('[data-testid=stMain]') && !place.closest('[data-testid=stSlider]')) text = last; } });
  watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  const timer = setInterval(() => {
    const now = performance.now(), ready = document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning';
    if ((ready && now - last > quiet) || now - begun > 60000) {
      const seen = Math.max(text, picture);
      clearInterval(timer); watch.disconnect(); done(((seen > begun ? seen : last) - begun) / 1000); } }, 10); })"""


def rows(options: argparse.Namespace) -> list[Row]:
    """Each page with a figure, opened; and its first slider moved, or the first of the sidebar where the page has none."""
    names = [name for files in navigation.SECTIONS.values() for name in files if name != "formulas"]
    opened = [Row(f"{title(name)} opened", lambda name=name: opening(name), [bare(opening, "≤ 1.25×")]) for name in names]
    kept = [name for name in names if name not in ("start", "maps")]  # the first looks at its own example, the other starts another map
    moved = [Row(f"{title(name)}: a slider moved", lambda name=name: moving(name), [bare(moving, "≤ 1.6×, worst 3×")]) for name in kept]
    anew = [
        Row(f"{title(name)}: moved to a new value", lambda name=name: moving(name, False), [bare(moving, "≤ 1.6×, worst 3×")])
        for name in NEW
    ]
    race = f"optimizers?{RACE}"
    return [
        *opened,
        *moved,
        *anew,
        Row("six optimisers, 490 steps: a slider moved", lambda: moving(race), [bare(moving, "≤ 1.6×, worst 3×")]),
    ]


def title(name: str) -> str:
    """The title of a page."""
    return next(files[name] for files in navigation.SECTIONS.values() if name in files)


def bare(way: Any, aim: str) -> Peer:
    """A page with a slider and one line, in the same browser."""
    return Peer("a bare Streamlit page", lambda: way(None), aim, inverse=True)


standing: dict[bool, Any] = {}  # the page that is moved now, of ours and the bare one


@lru_cache(maxsize=1)
def browser() -> Any:
    """Chromium, where it is installed."""
    from playwright.sync_api import sync_playwright

    from tests.browser.chromium import find

    found = find()
    playwright = sync_playwright().start()
    opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-background-networking"])
    atexit.register(lambda: (opened.close(), playwright.stop()))
    return opened


@lru_cache(maxsize=2)
def address(of_ours: bool) -> str:
    """A server of the app, or of the bare page."""
    script = navigation.ROOT / "app.py" if of_ours else Path(tempfile.mkdtemp()) / "bare.py"
    if not of_ours:
        script.write_text(BARE, encoding="utf-8")
    try:
        server, url = serve(script, subprocess.DEVNULL)
    except RuntimeError as error:
        raise Absent(str(error)) from error
    atexit.register(server.terminate)
    return url


def opening(name: str | None) -> Work:
    """A page in a fresh window: from its address to the last change that is drawn."""

    def once() -> float:
        page = browser().new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(f"{address(name is not None)}/{name or ''}", wait_until="commit")
        seconds = page.evaluate(PAINTED, 600)
        page.context.close()
        return float(seconds)

    return once


def moving(name: str | None, back: bool = True) -> Work:
    """One step of a slider, from the key to the last change of a picture, or the first of a text where that comes later.

    There and back, so that what is computed once for all is seen again; or on and on.
    """
    page = browser().new_context(viewport={"width": 1440, "height": 900}).new_page()
    if before := standing.get(name is None):
        before.context.close()  # the pages of the rows before would work on beside this one
    standing[name is None] = page
    page.goto(f"{address(name is not None)}/{name or ''}", wait_until="commit")
    page.evaluate(PAINTED, 600)
    if page.locator(".nnviz-notice").count():
        raise RuntimeError(f"{name} is not what was to be measured: {page.locator('.nnviz-notice').first.inner_text()}")
    inputs = "[data-testid=stSlider] input[type=range]"
    slider = page.locator(f"[data-testid=stMain] {inputs}")
    slider = (slider if slider.count() else page.locator(inputs)).first
    keys = cycle(("ArrowRight", "ArrowLeft") if back else ("ArrowRight",))

    def once() -> float:
        slider.focus()
        page.evaluate(f"() => {{ window.painted = ({PICTURED})(900); }}")
        page.keyboard.press(next(keys))
        return float(page.evaluate("window.painted"))

    return once
