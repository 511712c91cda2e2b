"""The map in shades: sides, ranks and ticks say what the numbers say."""

from itertools import combinations

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.axes import spaced
from nnviz.core.datasets import DATASETS
from nnviz.core.measures import measures_of
from nnviz.core.minima import DIVERGED
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.surfaces import SURFACES
from nnviz.core.sweep import sweep
from nnviz.figures import map_picture
from nnviz.figures import trainability as drawing
from nnviz.figures.descent_maps import ending_colours
from nnviz.figures.theme import DARK, LIGHT, rgb
from nnviz.ui.chart import encode

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
    assert len(encode(figure)) < 100_000


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


def test_ticks_of_an_even_axis_are_round_and_stand_where_they_would():
    axis = spaced("start[0]", -5.12, 5.12, 33)
    ticks = drawing._ticks(axis)
    assert ticks["ticktext"] == ["−5", "−2.5", "0", "2.5", "5"]
    np.testing.assert_allclose(np.interp(ticks["tickvals"], np.arange(33), axis.numbers), [-5, -2.5, 0, 2.5, 5], atol=1e-12)
    narrow = drawing._ticks(spaced("learning_rate", 0.11, 0.19, 64, "log"))
    assert narrow["ticktext"] == ["0.12", "0.14", "0.16", "0.18"]


@pytest.fixture(scope="module")
def basins():
    x, y = spaced("start[0]", -5.0, 5.0, 30), spaced("start[1]", -5.0, 5.0, 24)
    return sweep(SURFACES["himmelblau"], None, OPTIMIZERS["heavy_ball"](0.012), x, y, 80, ("basin", "cost", "diverged_at"))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_each_ending_has_a_colour_of_its_own_and_a_name(basins, theme):
    values = basins.results["basin"]
    codes = np.unique(values).astype(int).tolist()
    assert {DIVERGED, 0, 1, 2, 3} <= set(codes)
    figure = drawing.trainability(theme, basins, values, "basin", title="t", key="k", token="a")
    go.Figure(figure)
    scale = figure["data"][0]["colorscale"]

    def colour(level):
        at = level / 255
        right = next(i for i, (stop, _) in enumerate(scale) if stop >= at)
        assert scale[right - 1][1] == scale[right][1]
        return scale[right][1]

    looks = [colour(drawing.shades(np.full((1, 1), float(code)), "basin")[0, 0]) for code in codes]
    assert len(set(looks)) == len(codes)
    title = figure["layout"]["title"]["text"]
    for code, look in zip(codes, looks, strict=True):
        assert f"color:{look}'>■</span> {drawing.SHORT.get(code, code + 1)}" in title
    words = {note["text"] for note in figure["layout"]["annotations"]}
    assert {"1", "2", "3", "4"} <= words


def test_the_words_stand_in_what_they_name(basins):
    values = basins.results["basin"]
    for column, row, text in drawing.sides(values, "basin"):
        assert drawing.SHORT.get(int(values[row, column]), str(int(values[row, column]) + 1)) == text


def test_a_word_near_an_edge_stands_inwards_of_it(found):
    """In a narrow window it would be cut off."""
    values = np.full(found.results["convergence"].shape, -1.0)
    values[:, -1] = 1.0
    figure = drawing.trainability(LIGHT, found, values, "convergence", title="t", key="k", token="a")
    assert {word["text"]: word["xanchor"] for word in figure["layout"]["annotations"]} == {"converges": "center", "diverges": "right"}


def test_the_ninth_minimum_is_named_beside_the_first():
    told = drawing.legend(LIGHT, np.array([[0.0, 8.0, 1.0, np.nan]]))
    assert told.count("■") == 2
    assert "begin anew" in told
    assert "begin anew" not in drawing.legend(LIGHT, np.array([[0.0, 7.0]]))


# What a colour becomes in eyes without one kind of cone, in linear RGB. Source: Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "all cones": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def seen(colour, eyes):
    """The colour in OKLab (Ottosson 2020), as those eyes see it."""
    share = np.array(rgb(colour)) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.array(TO_LAB) @ np.cbrt(np.array(TO_CONES) @ np.clip(np.array(eyes) @ linear, 0, 1))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES.values(), ids=EYES)
def test_colour_blind_eyes_tell_the_first_four_minima_none_and_diverged_apart(eyes, theme):
    colours = [seen(colour, eyes) for colour in ending_colours(theme)[:6]]
    assert min(np.linalg.norm(one - other) for one, other in combinations(colours, 2)) > 0.1


def test_a_cost_on_a_surface_is_drawn_as_a_height(basins):
    drawn = drawing.pictured(basins, "cost")
    np.testing.assert_array_equal(np.isnan(drawn), basins.results["diverged_at"] >= 0)
    assert np.nanmin(drawn) > 0


def test_the_png_of_basins_has_the_colours_of_the_figure(basins):
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(map_picture.png(LIGHT, basins, "basin", "t")))
    zoom = round(map_picture.LEAST / 30)
    level = drawing.shades(basins.results["basin"], "basin")[0, 0]
    at = (map_picture.LEFT + zoom // 2, map_picture.TOP + 24 * zoom - zoom // 2)
    assert picture.getpixel(at) == rgb(map_picture._palette(LIGHT, "basin")[level])


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
