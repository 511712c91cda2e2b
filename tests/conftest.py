"""What all tests share: a fixed order of hypothesis' examples, so that a failure here is a failure everywhere, and who runs what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("nnviz", max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nnviz")

collect_ignore = ["references"]  # the scripts that made the stored numbers need PyTorch


@pytest.hookimpl(optionalhook=True)  # there is no such hook without pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The browser tests file by file, so that each worker has one server and one browser; the others one by one to whoever is free.

    Groups by mark (`--dist loadgroup`) are lost with pytest 9.2: it keeps a test's id where xdist 3.8 does not look.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.split("::")[0] if nodeid.startswith("tests/browser/") else nodeid

    return ByFile(config, log)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser nobody looks again or opens a fold, and nothing stays from the run before: a page waits for its long work, which no
    test before has done, and is drawn whole."""
    from nnviz.ui import controls, progress, redraw

    for name in ("FIRST", "PATIENCE", "AGAIN"):
        monkeypatch.setattr(progress, name, 60.0)
    monkeypatch.setattr(redraw, "ALONE", False)
    monkeypatch.setattr(controls, "RESTING", False)
    progress.whole.results.clear()


@pytest.fixture(autouse=True)
def no_packaged_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's harness reads what every installed package says of itself, in search of components, each time a test opens the app:
    three quarters of its time. None of ours comes in a package."""
    from streamlit.components.v2 import manifest_scanner

    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)
