"""The page of a figure works without a network."""

import numpy as np

from nnviz.figures.theme import LIGHT
from nnviz.ui.show import standalone

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


def test_a_standalone_page_asks_nothing_of_the_network():
    page = standalone(FIGURE, "a <figure>", LIGHT).decode()
    assert "&lt;figure&gt;" in page
    assert 'src="http' not in page
    assert "Plotly.newPlot" in page
