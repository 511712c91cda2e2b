"""The map in shades: sides, ranks and ticks say what the numbers say."""

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.axes import spaced
from nnviz.core.datasets import DATASETS
from nnviz.core.measures import measures_of
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.surfaces import SURFACES
from nnviz.core.sweep import sweep
from nnviz.figures import map_picture
from nnviz.figures import trainability as drawing
from nnviz.figures.theme import DARK, LIGHT, rgb
from nnviz.ui.show import pack

NETWORK = Network((2, 4, 1), ("tanh", "sigmoid"))
ALL = tuple(name for name in measures_of(NETWORK) if name != "sharpness")


@pytest.fixture(scope="module")
def found():
    data = DATASETS["moons"](samples=30, noise=0.1)
    x, y = spaced("learning_rate", 0.05, 200.0, 12, "log"), spaced("initial_scale", 0.2, 5.0, 9, "log")
    return sweep(NETWORK, data, "sgd", x, y, 40, ALL, loss="binary_cross_entropy")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("measure", ALL)
def test_every_measure_is_a_valid_figure(found, measure, theme):
    figure = drawing.trainability(theme, found, found.results[measure], measure, title="t", key="k", token="a")
    go.Figure(figure)
    assert len(repr(pack(figure))) < 100_000


def test_the_two_sides_have_their_own_levels(found):
    values = found.results["convergence"]
    level = drawing.shades(values, "convergence")
    assert (values > 0).any()
    assert (values < 0).any()
    np.testing.assert_array_equal(level < drawing.LEVELS, values < 0)
    fastest = np.where(values < 0, values, -np.inf).argmax()
    slowest = np.where(values < 0, values, np.inf).argmin()
    assert level.flat[fastest] == 0
    assert level.flat[slowest] == drawing.LEVELS - 1


def test_higher_costs_are_darker_and_no_number_is_grey():
    level = drawing.shades(np.array([[0.1, 1.0, 10.0, np.nan, np.inf]]), "cost")[0]
    assert level[0] < level[1] < level[2]
    assert set(level[3:]) == {drawing.GONE}


def test_ticks_stand_at_their_values():
    axis = spaced("learning_rate", 0.01, 100.0, 41, "log")
    ticks = drawing._ticks(axis)
    assert ticks["ticktext"] == ["10⁻²", "10⁻¹", "1", "10", "10²"]
    assert ticks["tickvals"] == pytest.approx([0, 10, 20, 30, 40])


def test_deep_windows_have_ticks_that_differ():
    axis = spaced("learning_rate", 1.25, 1.25 + 1e-10, 32)
    assert len(set(drawing._ticks(axis)["ticktext"])) == 5


def test_the_table_has_a_row_for_each_pixel(found):
    table = drawing.table(found)
    assert {len(column) for column in table.values()} == {108}
    assert table["cost"][13] == found.results["cost"][1, 1]
    assert table["learning_rate"][13] == found.sweep.x.values[1]


def test_the_png_has_the_colours_of_the_figure(found):
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(map_picture.png(LIGHT, found, "convergence", "10⁻² × η")))
    zoom = map_picture.LEAST // 12
    level = drawing.shades(found.results["convergence"], "convergence")
    at = (map_picture.LEFT + zoom // 2, map_picture.TOP + 9 * zoom - zoom // 2)
    expected = rgb(map_picture._palette(LIGHT, "convergence")[level[0, 0]])
    assert picture.getpixel(at) == expected
    assert (expected[2] > expected[0]) == (found.results["convergence"][0, 0] < 0)


def test_optimizers_on_an_axis_are_written_by_name():
    both = ["adam", OPTIMIZERS["sgd"](0.01)]
    swept = sweep(SURFACES["bowl"], None, "sgd", ("learning_rate", [0.1, 0.2, 0.3]), ("optimizer", both), 5, "cost")
    assert [text for _, text in drawing.ticks_of(swept.sweep.y)] == ["adam", "sgd"]
    assert drawing.table(swept)["optimizer"] == ["adam"] * 3 + ["sgd"] * 3
