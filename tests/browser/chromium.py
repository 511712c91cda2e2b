"""Find a Chromium for the browser tests, or install one: never skip silently.

`python -m tests.browser.chromium` prints where it is; the tests call `find`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = "No Chromium was found and none could be installed: install one (Debian: apt-get install chromium) and run the tests again."


def on_path() -> str | None:
    """A Chromium that is there already."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


def of_playwright() -> str | None:
    """The Chromium that Playwright has downloaded, if both are there."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _try(*command: str) -> None:
    try:
        subprocess.run(command, check=False, timeout=600, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return


def install() -> None:
    """Debian's package manager where we may use it, else Playwright's own installer."""
    if shutil.which("apt-get"):
        if os.geteuid() == 0:
            _try("apt-get", "update", "-qq")
            _try("apt-get", "install", "-y", "-qq", "chromium")
        elif shutil.which("sudo"):
            _try("sudo", "-n", "apt-get", "update", "-qq")
            _try("sudo", "-n", "apt-get", "install", "-y", "-qq", "chromium")
    if on_path() is None:
        _try(sys.executable, "-m", "playwright", "install", "chromium")


def find() -> str:
    """The path of a Chromium; installs one where there is none, and ends with a sentence where that fails."""
    found = on_path() or of_playwright()
    if found is None:
        install()
        found = on_path() or of_playwright()
    if found is None:
        raise SystemExit(HELP)
    return found


if __name__ == "__main__":
    print(find())
