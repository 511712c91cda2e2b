"""A figure reaches Streamlit as it is, its arrays packed as Plotly packs them."""

import base64
import json

import numpy as np
import plotly.graph_objects as go
import plotly.io

from nnviz.figures.theme import LIGHT
from nnviz.ui.show import Ready, pack, standalone

FIGURE = {
    "data": [
        {"type": "heatmap", "z": np.arange(6, dtype=np.uint8).reshape(2, 3)},
        {
            "type": "scatter",
            "x": np.array([0.0, np.nan, 2.0], dtype=np.float32),
            "y": [1, None, 3],
            "text": np.array(["a", "b", "c"], dtype=object),
        },
    ],
    "layout": {"title": {"text": "t"}, "height": 300},
    "frames": [{"name": "0", "data": [{"type": "heatmap", "z": np.ones((2, 3), dtype=np.uint8)}], "traces": [0]}],
}


def test_the_cheap_way_sends_what_the_validated_way_would():
    sent = json.loads(plotly.io.to_json(Ready(FIGURE), validate=False))
    validated = json.loads(plotly.io.to_json(go.Figure(FIGURE)))
    assert sent["data"] == validated["data"]
    assert sent["frames"][0]["data"] == validated["frames"][0]["data"]
    assert sent["layout"]["height"] == validated["layout"]["height"]


def test_packing_leaves_the_figure_as_it_was():
    before = FIGURE["data"][0]["z"].copy()
    pack(FIGURE)
    assert FIGURE["data"][0]["z"] is not before
    assert np.array_equal(FIGURE["data"][0]["z"], before)


def test_wide_numbers_travel_in_four_bytes_and_overflow_to_infinity_silently():
    packed = pack(np.array([1e300, 1.5]))
    assert np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"]).tolist() == [np.inf, 1.5]


def test_whole_numbers_beyond_four_bytes_are_written_out():
    assert pack(np.array([2**40])) == [2**40]


def test_a_standalone_page_asks_nothing_of_the_network():
    page = standalone(FIGURE, "a <figure>", LIGHT).decode()
    assert "&lt;figure&gt;" in page
    assert 'src="http' not in page
    assert "Plotly.newPlot" in page
