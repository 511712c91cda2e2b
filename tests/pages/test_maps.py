"""The page Maps: a whole map, odd windows, bad input, and the run behind a pixel."""

import numpy as np
import pytest
import streamlit as st

from nnviz.core.axes import spaced
from nnviz.ui import maps_view as view

SMALL = {"data": "Two moons", "samples": 30, "layers": 1, "units": 3, "mapsize": 16, "mapsteps": 12, "optimizer": "sgd"}


def shown(app):
    assert not app.exception
    return app.session_state[view.SHOWN], app.session_state["map kept"][1]


def test_a_map_is_computed_to_its_end(open_page):
    sweep, (rough, fine) = shown(open_page("maps", **SMALL))
    assert sweep.shape == (16, 16)
    assert fine.known.all()
    np.testing.assert_array_equal(fine.results["cost"][::4, ::4], rough.results["cost"])


@pytest.mark.parametrize(
    "address",
    [
        {"optimizer": "adam", "mapx": "β1"},
        {"mapy": "batch size"},
        {"mapx": "learning rate of layer 1", "mapy": "learning rate of layer 2", "mapmeasure": "cost"},
        {"mapwx": "1.25, 1.2500001", "mapwy": "0.5, 1.5", "mapfull": "false"},
        {"mapmeasure": "accuracy", "data": "Iris flowers"},
    ],
    ids=["adam", "batch size", "layers", "deep", "iris"],
)
def test_other_maps_are_drawn(open_page, address):
    _, (_, fine) = shown(open_page("maps", **(SMALL | address)))
    assert fine.known.all()


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"mapx": "start x", "mapy": "start y", "mapmeasure": "cost"},
        {"mapof": "Styblinski–Tang", "mapx": "β", "optimizer": "heavy_ball", "mapmeasure": "steps to threshold"},
        {"mapof": "Ackley", "mapwy": "-1, 1", "optimizer": "lbfgs", "mapmeasure": "diverged at"},
        {"mapof": "Saddle", "mapmeasure": "accuracy"},
    ],
    ids=["rates", "starts", "momentum", "window", "a measure of networks"],
)
def test_surfaces_are_swept_too(open_page, address):
    app = open_page("maps", **(SMALL | {"mapof": "Himmelblau"} | address))
    sweep, (rough, fine) = shown(app)
    assert not app.error
    assert fine.known.all()
    assert sweep.data is None
    heights = view.values_of((rough, fine), "cost")
    np.testing.assert_array_equal(np.isnan(heights), fine.results["diverged_at"] >= 0)
    assert np.nanmin(heights) > 0
    np.testing.assert_array_equal(fine.results["diverged_at"][::4, ::4], rough.results["diverged_at"])


def test_a_surface_begins_with_its_own_axes(open_page):
    app = open_page("maps", **SMALL)
    app.selectbox(key="mapof").set_value("himmelblau").run()
    sweep, _ = shown(app)
    assert (sweep.x.name, sweep.y.name) == ("learning_rate", "start[0]")
    assert (sweep.y.values[0], sweep.y.values[-1]) == (-5.0, 5.0)
    app.selectbox(key="mapof").set_value("network").run()
    assert shown(app)[0].y.name == "initial_scale"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"mapwx": "10, 1"}, "smaller to the larger"),
        ({"mapwx": "a lot"}, "two numbers"),
        ({"mapwx": "1, 1.000000000000001"}, "float64"),
        ({"mapx": "initial weights × scale"}, "two different"),
        ({"optimizer": "newton"}, "look beyond"),
        ({"optimizer": "muon", "mapof": "Bowl"}, "layers of a network"),
        ({"mapof": "Bowl", "mapwy": "2, 1"}, "smaller to the larger"),
    ],
)
def test_bad_input_is_one_sentence(open_page, address, words):
    app = open_page("maps", **(SMALL | address))
    assert not app.exception
    assert [words in error.value for error in app.error] == [True]


def test_the_former_map_stays_where_a_range_is_wrong(open_page):
    app = open_page("maps", **SMALL)
    app.text_input(key="mapwx").set_value("10, 1").run()
    assert len(app.error) == 1
    assert shown(app)[0].shape == (16, 16)
    assert len(app.get("plotly_chart")) == 1


def test_a_window_as_text_gives_the_same_numbers_back():
    for axis in (spaced("learning_rate", 0.01, 100.0, 33, "log"), spaced("beta", 0.0, 0.99, 33)):
        low, high = view.parse_window(view.window_text(axis, 8, 24), (0.0, 1.0, "linear"))
        assert low == pytest.approx(axis.values[8], rel=1e-12)
        assert high == pytest.approx(axis.values[24], rel=1e-12)


def test_a_box_becomes_the_window_once(monkeypatch, open_page):
    sweep, _ = shown(open_page("maps", **SMALL))
    state = {view.SHOWN: sweep, view.FIGURE: {"selection": {"points": [], "box": [{"x": [4.0, 2.0], "y": [1.0, 9.0]}]}}}
    monkeypatch.setattr(st, "session_state", state)
    view.zoom_on_box()
    low, high = view.parse_window(state[view.X], (0.0, 1.0, "linear"))
    assert low == pytest.approx(sweep.x.values[2])
    assert high == pytest.approx(sweep.x.values[4])
    assert state["map history"] == [("", "")]
    view.zoom_on_box()
    assert len(state["map history"]) == 1
    view.back()
    assert state[view.X] == ""
