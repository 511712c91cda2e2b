"""What leaves the app holds the same numbers, and plays by itself."""

import csv
import io

import numpy as np
import plotly.graph_objects as go

from nnviz.figures.export import numbers_as_csv, with_own_player
from nnviz.figures.theme import LIGHT


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_points_of_a_trace_are_written_with_its_name():
    figure = {"data": [{"type": "scatter", "name": "tanh", "x": np.array([0.0, 0.1]), "y": np.array([0.0, 0.09966799462495582])}]}
    assert rows(numbers_as_csv(figure)) == [
        ["trace", "x", "y", "z"],
        ["tanh", "0.0", "0.0", ""],
        ["tanh", "0.1", "0.09966799462495582", ""],
    ]


def test_a_grid_is_written_cell_by_cell():
    figure = {"data": [{"type": "heatmap", "z": np.array([[1, 2], [3, 4]]), "x": [10, 20], "y": [5, 6]}]}
    assert rows(numbers_as_csv(figure))[1:] == [
        ["trace 1", "10", "5", "1"],
        ["trace 1", "20", "5", "2"],
        ["trace 1", "10", "6", "3"],
        ["trace 1", "20", "6", "4"],
    ]


def test_columns_of_unequal_length_end_empty():
    assert rows(numbers_as_csv({}, {"a": [1, 2], "b": [3]})) == [["a", "b"], ["1", "3"], ["2", ""]]


def test_a_file_plays_its_frames_by_itself_and_is_valid():
    figure = {
        "data": [{"type": "scatter", "x": [0], "y": [0]}],
        "layout": {"height": 300},
        "frames": [{"name": str(i), "data": [{"type": "scatter", "x": [i]}], "traces": [0]} for i in range(3)],
    }
    made = with_own_player(figure, LIGHT, labels=("start", "middle", "end"))
    assert [step["label"] for step in made["layout"]["sliders"][0]["steps"]] == ["start", "middle", "end"]
    assert len(go.Figure(made).frames) == 3
    assert figure["layout"] == {"height": 300}
