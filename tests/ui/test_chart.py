"""A figure reaches the browser as it is, arrays packed as Plotly packs them; a selection belongs to the figure it was made in."""

import base64
import json

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest
from streamlit.testing.v1 import AppTest

from nnviz.ui import navigation
from nnviz.ui.chart import VERSION, bundle, encode, parcel
from tests.pages.conftest import opened_parcel

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


@pytest.fixture
def sent():
    """`sent(value)`: what becomes of it in the browser."""
    return lambda value: opened_parcel(b"\n".join((b"{}", *parcel(value))))["figure"]


def test_what_is_sent_is_what_the_validated_figure_would_be():
    sent = json.loads(encode(FIGURE))
    validated = json.loads(plotly.io.to_json(go.Figure(FIGURE)))
    assert sent["data"] == validated["data"]
    assert sent["frames"][0]["data"] == validated["frames"][0]["data"]
    assert sent["layout"]["height"] == validated["layout"]["height"]


def test_a_figure_with_its_arrays_apart_is_the_same_figure(sent):
    figure = sent(FIGURE)
    assert figure["data"][0]["z"].tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_array_equal(figure["data"][1]["x"], [0.0, np.nan, 2.0])
    assert figure["data"][1]["y"] == [1, None, 3]
    assert figure["frames"][0]["data"][0]["z"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert figure["layout"] == FIGURE["layout"]


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "int16", "uint8"])
def test_an_array_that_is_there_already_travels_once_and_a_part_of_it_not_at_all(sent, kind):
    whole = np.arange(12, dtype=kind)
    table = np.zeros((3, 2), dtype=kind)
    once = len(parcel({"whole": whole, "table": table})[1])
    value = {"whole": whole, "again": whole, "part": whole[3:7], "none": whole[5:5], "table": table, "rows": table[1:]}
    assert len(parcel(value)[1]) == once
    got = sent(value)
    for name, array in value.items():
        np.testing.assert_array_equal(got[name], array)


@pytest.mark.parametrize(
    "part",
    [
        lambda a: a[::2],
        lambda a: a[::-1],
        lambda a: a.reshape(2, 6)[:, 1],
        lambda a: a.view("uint8")[3:9],
        lambda a: a.view("uint8")[2:6].view("int32"),
        lambda a: a.reshape(6, 2).T,
    ],
)
def test_what_is_not_a_stretch_of_another_array_travels_by_itself(sent, part):
    whole = np.arange(12, dtype="int32")
    got = sent({"whole": whole, "part": part(whole)})
    np.testing.assert_array_equal(got["part"], part(whole))
    np.testing.assert_array_equal(got["whole"], whole)


def test_each_array_begins_where_its_type_may():
    text, _ = parcel({"a": np.zeros(3, dtype=np.uint8), "b": np.ones(2), "c": np.ones(5, dtype=np.int16), "d": np.ones(1, dtype=np.int32)})
    assert all(array["packed"][1] % 4 == 0 for array in json.loads(text).values())


def test_wide_numbers_travel_in_four_bytes_and_overflow_to_infinity_silently():
    packed = json.loads(encode(np.array([1e300, 1.5])))
    assert np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"]).tolist() == [np.inf, 1.5]


def test_whole_numbers_beyond_four_bytes_are_written_out():
    assert json.loads(encode(np.array([2**40]))) == [2**40]


def test_numbers_of_numpy_are_numbers_and_what_is_not_finite_is_null():
    assert json.loads(encode({"a": np.float64(1.5), "b": np.int64(3), "c": [float("nan")]})) == {"a": 1.5, "b": 3, "c": [None]}


def test_what_is_no_part_of_a_figure_is_refused():
    with pytest.raises(TypeError):
        encode({"a": object()})


@pytest.mark.parametrize(("kind", "part"), [("scatter", "cartesian"), ("heatmap", "cartesian"), ("surface", "gl3d"), ("scatter3d", "gl3d")])
def test_each_figure_names_a_bundle_that_is_there(kind, part):
    address = bundle({"data": [{"type": kind}]})
    assert address == f"/app/static/plotly-{part}-{VERSION}.min.js"
    head = (navigation.ROOT / "static" / address.rpartition("/")[2]).read_text(encoding="utf-8")[:300]
    assert f"v{VERSION}" in head
    assert part in head


def script():
    import streamlit as st

    from nnviz.ui import chart

    if "told" in st.session_state:
        token = st.session_state.get("plot token") if st.session_state["told"] == "now" else "another"
        st.session_state["plot"] = {"selection": {"token": token, "points": [{"customdata": [1, 2]}], "box": []}}
    st.text(str(chart.selection("plot")["points"]))


@pytest.mark.parametrize(("told", "seen"), [("now", "[{'customdata': [1, 2]}]"), ("before", "[]")])
def test_a_selection_counts_in_the_figure_it_was_made_in(told, seen):
    app = AppTest.from_function(script)
    app.session_state["plot token"] = "this"
    assert app.run().text[0].value == "[]"
    app.session_state["told"] = told
    assert app.run().text[0].value == seen
