"""The pictures of the page Convolution hold what the engine computes, and stay light."""

import numpy as np
import plotly.graph_objects as go
import pytest
import scipy.sparse

from nnviz.core.conv_stack import Region, receptive_field, run_stack, two_layer_stack
from nnviz.core.convolution import convolution_matrix, convolve2d, gradients
from nnviz.core.filters import kernel
from nnviz.core.walk import walk
from nnviz.figures import convolution as figures
from nnviz.figures import convolution_views as views
from nnviz.figures.theme import DARK, LIGHT
from nnviz.formulas.numbers import significant
from nnviz.ui.chart import encode

MOVED = ("slide", "products", "columns", "matrix")


def picture(side, seed=0):
    return np.random.default_rng(seed).random((side, side))


def drawn(name, x, weights, start=0, theme=LIGHT, **steps):
    walked = walk(x, weights, **steps)
    places = figures.shown_places(len(walked))
    if name == "matrix":
        return figures.matrix(convolution_matrix(weights, x.shape, **steps), x, walked, places, start, theme)
    first = (x, walked) if name == "slide" else (walked,)
    return getattr(figures, name)(*first, places, start, theme)


def sent(figure):
    """The bytes that reach the browser."""
    return len(encode(figure))


def named(figure, name):
    return next(trace for trace in figure["data"] if trace.get("name") == name)


def frame_of(figure, frame, name):
    """What a frame changes in the trace of that name."""
    changed = figure["frames"][frame]
    at = next(i for i, trace in enumerate(figure["data"]) if trace.get("name") == name)
    return changed["data"][changed["traces"].index(at)]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize(
    ("side", "width", "steps"),
    [(8, 3, {}), (5, 4, {"padding": "same"}), (9, 3, {"dilation": 2, "stride": 2}), (3, 3, {}), (8, 7, {"padding": "full"})],
)
def test_every_figure_is_whole_and_has_a_frame_a_place(name, side, width, steps, theme):
    figure = drawn(name, picture(side), kernel("gabor", width), theme=theme, **steps)
    made = go.Figure(figure)
    places = len(walk(picture(side), kernel("gabor", width), **steps))
    assert len(made.frames) == min(places, 60)


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize(("side", "width"), [(16, 3), (16, 7), (32, 7)])
def test_an_animated_figure_is_at_most_400_kilobytes(name, side, width):
    assert sent(drawn(name, picture(side), kernel("gabor", width), padding="full")) <= 400_000


def test_all_four_figures_of_a_16_by_16_picture_together_are_at_most_400_kilobytes():
    assert sum(sent(drawn(name, picture(16), kernel("gabor", 3), padding="same")) for name in MOVED) <= 400_000


def test_more_than_60_places_are_chosen_evenly_with_the_wanted_one_among_them():
    chosen = figures.shown_places(256, 101)
    assert len(chosen) == 60
    assert {0, 101, 255} <= set(chosen.tolist())
    assert np.all(np.diff(chosen) > 0)
    assert np.diff(chosen).max() <= 9
    assert "60 of 256 places, evenly chosen" in drawn("slide", picture(16), kernel("blur"), padding="same")["layout"]["title"]["text"]


def test_the_products_of_a_frame_and_their_sum_are_those_of_the_place():
    x, weights = picture(8), kernel("sobel_x")
    figure, place = drawn("products", x, weights), walk(x, weights)[7]
    assert frame_of(figure, 7, "products and their sum")["text"][0] == f"Σ = <b>{significant(place.total)}</b>"
    levels = frame_of(figure, 7, "products")["z"]
    largest = np.abs(walk(x, weights).products).max()
    assert (levels.astype(float) / 255 - 0.5) * 2 * largest == pytest.approx(place.products[0], abs=0.02 * largest)


def test_the_column_of_a_frame_is_that_of_im2col():
    x, weights = picture(6), kernel("sobel_y")
    figure, walked = drawn("columns", x, weights), walk(x, weights)
    assert named(figure, "im2col")["z"] == pytest.approx(walked.columns)
    assert named(figure, "vec(y)")["z"][0] == pytest.approx(walked.totals)
    level = frame_of(figure, 5, "column")["z"][:, 0].astype(float) / 255 * walked.columns.max()
    assert level == pytest.approx(walked.columns[:, 5], abs=0.02)


def test_the_row_of_a_frame_is_lit_where_the_row_of_T_has_entries():
    x, weights = picture(6), kernel("blur")
    figure, T = drawn("matrix", x, weights), convolution_matrix(weights, (6, 6)).toarray()
    lit = frame_of(figure, 9, "row of T")["z"][0]
    assert ((lit > 0) == (T[9] != 0)).all()
    assert ((named(figure, "T")["z"] > 0) == (T != 0)).all()


def test_the_output_is_filled_up_to_the_place_of_the_frame():
    figure = drawn("slide", picture(6), kernel("blur"))
    shown = frame_of(figure, 5, "y so far")["z"].ravel()
    assert (shown > 0).tolist() == [True] * 6 + [False] * 10
    assert named(figure, "y")["z"] == pytest.approx(convolve2d(picture(6), kernel("blur")))


@pytest.mark.parametrize("name", MOVED)
def test_a_figure_stands_at_the_frame_it_was_told(name):
    figure = drawn(name, picture(6), kernel("sobel_x"), start=4)
    for at, change in zip(figure["frames"][4]["traces"], figure["frames"][4]["data"], strict=True):
        for key in set(change) - {"type", "textfont"}:
            np.testing.assert_array_equal(np.asarray(figure["data"][at][key], dtype=object), np.asarray(change[key], dtype=object))


def test_a_large_matrix_is_drawn_in_blocks_by_their_largest_entry():
    T = scipy.sparse.random_array((600, 700), density=0.01, rng=np.random.default_rng(0)).tocsr()
    T.data -= 0.5
    shown, dense = figures.blocks(T, 3), T.toarray()
    assert shown.shape == (200, 234)
    block = dense[30:33, 60:63]
    assert abs(shown[10, 20]) == np.abs(block).max()


@pytest.mark.parametrize("values", [np.array([[np.inf, 1.0], [np.nan, -1e300]]), np.zeros((2, 2))], ids=["overflow", "zeros"])
def test_what_overflowed_or_is_0_is_drawn(values):
    with np.errstate(all="ignore"):
        x = np.full((4, 4), 1e300)
        go.Figure(drawn("products", x, values))
        go.Figure(drawn("slide", x, values))
        go.Figure(views.both_ways(values, x[:2, :2], values, LIGHT))


def test_both_ways_are_the_engines_and_their_difference():
    x, g = picture(8), kernel("emboss")
    plain, flipped = convolve2d(x, g), convolve2d(x, g, flip=True)
    made = go.Figure(views.both_ways(g, plain, flipped, LIGHT))
    maps = {trace.name: trace.z for trace in made.data if trace.type == "heatmap"}
    assert maps["not flipped"] == pytest.approx(plain, abs=1e-6)
    assert maps["difference"] == pytest.approx(plain - flipped, abs=1e-6)


def test_a_symmetric_kernel_is_told_to_make_no_difference():
    y = convolve2d(picture(8), kernel("blur"))
    texts = [trace["text"] for trace in views.both_ways(kernel("blur"), y, y, LIGHT)["data"] if trace.get("name") == "words"]
    assert "no difference" in texts[0]


def test_the_gradient_arrives_as_the_kernel_in_the_picture_and_as_the_patch_in_the_kernel():
    x, g = picture(8), kernel("sobel_x")
    delta = np.zeros((6, 6))
    delta[2, 3] = 1.0
    back = gradients(x, g, delta)
    made = go.Figure(views.gradients(back.x, back.kernel, Region(slice(2, 5), slice(3, 6)), LIGHT))
    maps = {trace.name: trace.z for trace in made.data if trace.type == "heatmap"}
    assert maps["∂C/∂x"][2:5, 3:6] == pytest.approx(g)
    assert maps["∂C/∂w"] == pytest.approx(x[2:5, 3:6], abs=1e-6)
    go.Figure(views.outputs(convolve2d(x, g), delta, (2, 3), LIGHT))


def test_every_unit_of_the_stack_can_be_clicked_and_the_field_is_outlined():
    stages = two_layer_stack(np.ones((2, 1, 3, 3)), np.ones((2, 2, 3, 3)))
    pictures = run_stack(stages, picture(8)[None])
    region = receptive_field(stages, (8, 8), (0, 1))
    made = go.Figure(views.stack(pictures, (6, 1, 0, 1), region, LIGHT))
    clicked = [tuple(place) for trace in made.data if trace.name == "cells" for place in trace.customdata]
    assert len(set(clicked)) == sum(p.size for p in pictures[1:])
    assert (6, 2, 1, 2) in clicked
    assert any(trace.name == "receptive field" for trace in made.data)
    go.Figure(views.influence(picture(8), region, LIGHT))


def test_the_drawn_grid_hands_back_row_and_column():
    made = go.Figure(figures.drawing(np.eye(5), LIGHT))
    cells = next(trace for trace in made.data if trace.name == "cells")
    assert list(cells.customdata[7]) == [2, 3]


def test_learning_marks_the_chosen_step():
    made = go.Figure(figures.learning(np.array([2.0, 1.0, 0.5]), 1, 3, LIGHT))
    assert (made.data[1].x[0], made.data[1].y[0]) == (1, 1.0)
