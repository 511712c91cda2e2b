"""Frames are bounded, dense at the start, and name only what changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.figures.animation import MOST_FRAMES, animate, dense_steps, levels, standing_at


@given(st.integers(0, 100_000))
def test_shown_steps_begin_at_0_end_at_the_last_climb_and_are_bounded(last):
    steps = dense_steps(last)
    assert steps[0] == 0
    assert steps[-1] == last
    assert np.all(np.diff(steps) > 0)
    assert len(steps) <= MOST_FRAMES


def test_the_first_twenty_steps_are_all_shown():
    assert dense_steps(10_000)[:21].tolist() == list(range(21))


def test_a_frame_names_the_type_and_place_of_what_changes():
    figure = {"data": [{"type": "heatmap", "z": [[1]]}, {"type": "scatter", "x": [0]}], "layout": {}}
    made = animate(figure, [{1: {"x": [1]}}, {0: {"z": [[2]]}}])
    assert made["frames"][0] == {"name": "0", "data": [{"type": "scatter", "x": [1]}], "traces": [1]}
    assert made["frames"][1] == {"name": "1", "data": [{"type": "heatmap", "z": [[2]]}], "traces": [0]}


def test_too_many_frames_are_refused():
    with pytest.raises(ValueError, match="at most 60"):
        animate({"data": [{}], "layout": {}}, [{0: {"x": [i]}} for i in range(61)])


def test_levels_span_the_byte_and_put_what_is_not_finite_at_an_end():
    assert levels(np.array([-1.0, 0.0, 1.0, np.inf, -np.inf, np.nan, 7.0]), -1, 1).tolist() == [0, 128, 255, 255, 0, 0, 255]
    assert levels(np.array([3.0]), 3, 3).dtype == np.uint8


def test_a_figure_stands_where_it_is_told_to():
    figure = {"data": [{"type": "scatter", "x": [3], "name": "a"}, {"type": "scatter", "x": [9]}], "layout": {"height": 300}}
    film = animate(figure, [{0: {"x": [step]}} for step in range(4)])
    made = standing_at(film, 1)
    assert made["data"] == [{"type": "scatter", "x": [1], "name": "a"}, {"type": "scatter", "x": [9]}]
    assert made["frames"] == film["frames"]
    assert film["data"][0]["x"] == [3]
