"""The scatter shows the samples that there are, the chosen one among them, whatever the data set."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.datasets import DATASETS
from nnviz.core.slices import principal_plane
from nnviz.figures.samples import GLYPHS, MOST_POINTS, NAMED, SHAPES, picture, scatter, telling_axes
from nnviz.figures.theme import DARK, LIGHT
from nnviz.ui.chart import encode


def points(figure):
    return [t for t in figure["data"] if t.get("customdata") is not None]


def rows_of(trace):
    return np.array(trace["customdata"])[:, 0]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_makes_a_valid_figure(name, theme):
    data = DATASETS[name]()
    figure = scatter(data, 0, theme)
    go.Figure(figure)
    rows = np.sort(np.concatenate([rows_of(t) for t in points(figure)]))
    assert len(rows) == len(set(rows.tolist()))
    assert len(rows) <= MOST_POINTS + 1
    assert len(encode(figure)) < 200_000


def test_a_point_is_its_samples_coordinates_and_the_ring_is_on_the_chosen_one():
    data = DATASETS["moons"](samples=60, seed=1)
    figure = scatter(data, 7, LIGHT)
    for t in points(figure):
        assert t["x"] == pytest.approx(data.coordinates[0, rows_of(t)], rel=1e-6)
        assert t["y"] == pytest.approx(data.coordinates[1, rows_of(t)], rel=1e-6)
    ring = figure["data"][-1]
    assert [ring["x"][0], ring["y"][0]] == pytest.approx(data.coordinates[:, 7], rel=1e-6)


def test_classes_differ_by_shape_and_the_test_part_is_hollow():
    data = DATASETS["iris"]()
    traces = points(scatter(data, 0, LIGHT))
    assert len({t["marker"]["symbol"].removesuffix("-open") for t in traces}) == 3
    for t in traces:
        assert np.isin(rows_of(t), data.test_index).all() == t["marker"]["symbol"].endswith("-open")


def test_without_the_test_part_only_training_samples_and_the_chosen_one_are_drawn():
    data = DATASETS["iris"]()
    row = int(data.test_index[0])
    rows = np.concatenate([rows_of(t) for t in points(scatter(data, row, LIGHT, show_test=False))])
    assert set(rows.tolist()) == {*data.train_index.tolist(), row}


def test_of_many_samples_some_are_drawn_and_the_figure_says_how_many():
    data = DATASETS["gauss"](samples=5000)
    figure = scatter(data, 4321, LIGHT)
    rows = np.concatenate([rows_of(t) for t in points(figure)])
    assert 4321 in rows
    assert f"{len(rows)} of 5000 drawn" in figure["layout"]["title"]["text"]


def test_the_default_axes_are_those_that_tell_the_classes_apart():
    assert set(telling_axes(DATASETS["iris"]())) == {2, 3}


def test_pictures_lie_in_their_principal_plane():
    data = DATASETS["digits"](samples=200)
    figure = scatter(data, 0, LIGHT)
    plane = principal_plane(data)
    x, y = plane.places(data.inputs)
    for t in points(figure):
        assert t["x"] == pytest.approx(x[rows_of(t)], rel=1e-5, abs=1e-5)
        assert t["y"] == pytest.approx(y[rows_of(t)], rel=1e-5, abs=1e-5)
    assert plane.names[0] in figure["layout"]["xaxis"]["title"]["text"]


def test_a_regression_is_coloured_by_its_target():
    data = DATASETS["plane"]()
    for t in points(scatter(data, 0, LIGHT)):
        assert t["marker"]["color"] == pytest.approx(data.Y[0, rows_of(t)], rel=1e-6)


def test_class_names_are_no_tags():
    data = replace(DATASETS["moons"](samples=40), class_names=("<b>one</b>", "two" * 50))
    figure = scatter(data, 0, LIGHT)
    go.Figure(figure)
    assert "&lt;b&gt;" in figure["layout"]["title"]["text"]


def test_there_is_a_glyph_for_each_shape_and_both_for_ten_classes():
    assert len(set(GLYPHS)) == len(set(SHAPES)) == 10
    assert NAMED <= 10


@pytest.mark.parametrize(("row", "axes", "said"), [(150, None, "row 150"), (-1, None, "row -1"), (0, (0, 4), "coordinates 0 and 4")])
def test_what_is_not_there_is_a_sentence(row, axes, said):
    with pytest.raises(ValueError, match=said):
        scatter(DATASETS["iris"](), row, LIGHT, axes)


def test_axes_keep_the_units_of_their_columns():
    layout = scatter(DATASETS["iris"](), 0, LIGHT)["layout"]
    assert layout["xaxis"]["title"]["text"] == "petal length (cm)"
    assert layout["yaxis"]["title"]["text"] == "petal width (cm)"


def test_a_picture_shows_the_pixels_of_its_sample():
    data = DATASETS["digits"]()
    heat = picture(data, 3, LIGHT)["data"][0]
    go.Figure(picture(data, 3, DARK))
    assert heat["z"].shape == (8, 8)
    assert heat["z"] == pytest.approx(255 * data.X[:, 3].reshape(8, 8) / 16, abs=0.5)
    with pytest.raises(ValueError, match="no pictures"):
        picture(DATASETS["iris"](), 0, LIGHT)
