"""The page of a figure works without a network."""

from nnviz.figures.theme import LIGHT
from nnviz.ui.show import standalone
from tests.ui.test_chart import FIGURE


def test_a_standalone_page_asks_nothing_of_the_network():
    page = standalone(FIGURE, "a <figure>", LIGHT).decode()
    assert "&lt;figure&gt;" in page
    assert 'src="http' not in page
    assert "Plotly.newPlot" in page
