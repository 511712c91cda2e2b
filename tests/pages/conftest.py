"""Open any page of the app with an address, as Streamlit's own test harness does."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """`open_page("network", units="4")`: the page with those parameters in its address, run once.

    What of the address cannot be read is told, and the default is shown: that fails where the address is not called `odd`, so that no test
    looks at the default unawares, and where nothing is told of one that is.
    """

    def opened(name: str, *, odd: bool = False, **address: object) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for key, value in address.items():
            app.query_params[key] = value
        settled(app.switch_page(str(ROOT / "pages" / f"{name}.py")).run())
        told = [notice for notice in notices(app) if "The address" in notice]
        assert bool(told) == odd, told
        return app

    return opened


def settled(app: AppTest) -> AppTest:
    """The page with its whole map, which comes in parts: what the bar does by itself in a browser."""
    while "jobs" in app.session_state and "map" in app.session_state["jobs"] and app.session_state["jobs"]["map"].going_on:
        app.session_state["jobs"]["map"].work.wait(60)
        app.run()
    return app


def notices(app: AppTest) -> list[str]:
    """What the page tells at its top: what of an address or a file could not be used."""
    return [element.proto.body for element in app.get("html") if element.proto.body.startswith('<p class="nnviz-notice"')]


def components(app: AppTest, name: str) -> list[Any]:
    """What each component of that name on the page was given, as Streamlit sends it."""
    return [element.proto for element in app.get("bidi_component") if element.proto.component_name == name]


def charts(app: AppTest) -> list[dict[str, Any]]:
    """What each chart of the page is given: its `figure`, its `title`, its `alt` and how it is drawn."""
    return [opened_parcel(proto.bytes) for proto in components(app, "nnviz_chart")]


def opened_parcel(data: bytes) -> dict[str, Any]:
    """What a chart was given, its arrays in the figure again, as the browser puts them there."""
    head, text, arrays = data.split(b"\n", 2)

    def unpacked(value: Any) -> Any:
        if isinstance(value, list):
            return [unpacked(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "packed" not in value:
            return {name: unpacked(part) for name, part in value.items()}
        kind, place, *shape = value["packed"]
        return np.frombuffer(arrays, kind, math.prod(shape), place).reshape(shape)

    return json.loads(head) | {"figure": unpacked(json.loads(text))}


def figures(app: AppTest) -> list[dict[str, Any]]:
    """The figures that stand on the page, as plain dicts."""
    return [chart["figure"] for chart in charts(app)]


def formulas(app: AppTest) -> list[str]:
    """The formulas that stand on the page, in LaTeX."""
    return [json.loads(proto.json)["latex"] for proto in components(app, "nnviz_formula")]
