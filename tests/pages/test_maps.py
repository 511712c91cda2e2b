"""The page Maps: a whole map, odd windows, bad input, and the run behind a pixel."""

import numpy as np
import pytest
import streamlit as st

from nnviz.core import cluster, tiles
from nnviz.core.axes import spaced
from nnviz.core.datasets import DATASETS
from nnviz.core.descent import descend
from nnviz.core.network import Network
from nnviz.core.summary import ending
from nnviz.core.surfaces import SURFACES, Surface, ravine
from nnviz.core.sweep import described, empty_map, sweep_chunks
from nnviz.figures import trainability as drawing
from nnviz.ui import descent_view, surface_choice, tuning
from nnviz.ui import maps_view as view
from tests.pages.conftest import charts, figures, notices

SMALL = {"data": "Two moons", "samples": 30, "layers": 1, "units": 3, "mapsize": 16, "mapsteps": 12, "optimizer": "sgd"}


def shown(app):
    assert not app.exception
    return app.session_state[view.SHOWN], app.session_state["standing map"][1]


def test_a_map_is_computed_to_its_end(open_page):
    sweep, found = shown(open_page("maps", **SMALL))
    assert sweep.shape == (16, 16)
    assert found.known.all()
    *_, whole = sweep_chunks(sweep)
    for name, values in whole.results.items():
        np.testing.assert_array_equal(found.results[name], values)


def test_the_first_map_is_coarse_and_each_pixel_is_computed_once(monkeypatch):
    sweep = described(SURFACES["himmelblau"], None, "sgd", ("start[0]", range(32)), ("start[1]", range(24)), 5, ("cost", "diverged_at"))
    assert view.coarsest(sweep) == 2
    runs, seen, whole = [], [], tiles.group_chunks
    monkeypatch.setattr(tiles, "group_chunks", lambda *given: runs.append(given[-1]) or whole(*given))
    for found in cluster.coarse_to_fine(sweep, 8):
        if found.share not in seen:
            seen.append(found.share)
            assert view.spread(found).known.all() == (found.share > 0)
    assert seen == [0.0, 12 / 768, 48 / 768, 192 / 768, 1.0]
    assert sum(runs) == 768


def test_what_is_not_known_is_filled_from_the_next_coarser_pixel():
    sweep = described(SURFACES["himmelblau"], None, "sgd", ("start[0]", range(8)), ("start[1]", range(8)), 5, "cost")
    *_, whole = sweep_chunks(sweep)
    found = empty_map(sweep)
    for place in ((0, 0), (4, 4), (4, 0), (0, 4), (2, 2), (7, 7)):
        found.results["cost"][place] = whole.results["cost"][place]
        found.known[place] = True
    spread = view.spread(found).results["cost"]
    for place, source in {(3, 3): (2, 2), (1, 1): (0, 0), (7, 7): (7, 7), (6, 7): (4, 4), (3, 7): (0, 4)}.items():
        assert spread[place] == whole.results["cost"][source]


@pytest.mark.parametrize(("sizes", "samples", "side"), [((2, 8, 1), 30, 16), ((2, 8, 8, 1), 500, 4), ((2, 64, 64, 1), 2000, 4)])
def test_the_coarse_map_is_smaller_where_runs_are_long(sizes, samples, side):
    data = DATASETS["moons"](samples=samples)
    axes = spaced("learning_rate", 0.1, 1, 64), spaced("initial_scale", 0.1, 1, 64)
    assert view.coarsest(described(Network(sizes), data, "sgd", *axes, 100)) == 64 // side


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
    _, found = shown(open_page("maps", **(SMALL | address)))
    assert found.known.all()


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"mapx": "start x", "mapy": "start y", "mapmeasure": "cost"},
        {"mapof": "Styblinski–Tang", "mapx": "β", "optimizer": "heavy_ball", "mapmeasure": "steps to threshold"},
        {"mapof": "Ackley", "mapwy": "-1, 1", "optimizer": "lbfgs", "mapmeasure": "diverged at"},
        {"mapof": "Saddle", "mapmeasure": "accuracy", "odd": True},
        {"mapx": "start x", "mapy": "start y", "mapmeasure": "which minimum"},
        {"mapof": "Ravine", "kappa": "200"},
        {"mapof": "Own formula", "fxy": "(x**2 - 1)**2 + y**2", "reach": "2", "mapmeasure": "which minimum"},
    ],
    ids=["rates", "starts", "momentum", "window", "a measure of networks", "minima", "ravine", "formula"],
)
def test_surfaces_are_swept_too(open_page, address):
    app = open_page("maps", **(SMALL | {"mapof": "Himmelblau"} | address))
    sweep, found = shown(app)
    assert not app.error
    assert found.known.all()
    assert sweep.data is None
    heights = drawing.pictured(found, "cost")
    np.testing.assert_array_equal(np.isnan(heights), found.results["diverged_at"] >= 0)
    assert np.nanmin(heights) > 0


def test_the_ravine_and_a_formula_are_what_was_asked_for(open_page):
    sweep, _ = shown(open_page("maps", **SMALL, mapof="Ravine", kappa="200"))
    assert sweep.subject.hessian([0.0, 0.0])[1, 1] == 200
    app = open_page("maps", **SMALL, mapof="Own formula", fxy="x**2 + sin(y)", reach="2", mapx="start x", mapy="start y")
    sweep, _ = shown(app)
    assert (sweep.subject.text, sweep.subject.bounds) == ("x**2 + sin(y)", ((-2.0, 2.0), (-2.0, 2.0)))
    assert (sweep.x.values[0], sweep.x.values[-1]) == (-2.0, 2.0)
    app.text_input(key="fxy").set_value("x**2 + open(y)").run()
    assert len(app.error) == 1
    assert len(app.code) == 1
    assert shown(app)[0].subject.text == "x**2 + sin(y)"


def test_basins_are_told_in_words_and_colours(open_page):
    address = {"mapof": "Himmelblau", "mapx": "start x", "mapy": "start y", "mapmeasure": "which minimum", "mapsteps": 80}
    app = open_page("maps", **(SMALL | address))
    _, found = shown(app)
    alt, title = (charts(app)[0][name] for name in ("alt", "title"))
    table = next(element.proto.body for element in app.get("html") if "nnviz-table" in element.proto.body)
    codes = np.unique(found.results["basin"]).astype(int).tolist()
    assert len(codes) > 2
    for code in codes:
        assert ending(code) in table
        assert ending(code) in alt
        assert f"</span> {code + 1 if code >= 0 else ending(code).removesuffix(' minimum reached').replace('no', 'none')}" in title


def test_a_pixel_of_a_surface_is_the_run_that_optimisers_shows(open_page, monkeypatch):
    app = open_page("maps", **(SMALL | {"mapof": "Ravine", "kappa": "200", "optimizer": "heavy_ball", "mapy": "start y"}))
    sweep, found = shown(app)
    state = {"kappa": 200.0}
    monkeypatch.setattr(st, "session_state", state)
    address = {}
    monkeypatch.setattr(st, "switch_page", lambda path, query_params: state.update(page=path.stem) or address.update(query_params))
    view.open_run(None, sweep, 11, 3)
    monkeypatch.undo()
    assert state.pop("page") == "optimizers"
    assert (state["surface"], state["opt"]) == ("ravine", ["heavy_ball"])
    run = tuning.make_run("heavy_ball", tuning.parse(state["tune"]), 1.0, 0.0, 0.0)
    start = descent_view.parse_start(state["start"])
    assert (run.plain.learning_rate, start[1]) == (sweep.x.values[3], sweep.y.values[11])
    walked = descend(descent_view.surface_of("ravine", state["kappa"], "", ""), run.optimizer, np.array(start), state["steps"])
    assert walked.value[-1] == pytest.approx(found.results["cost"][11, 3], rel=1e-12)
    assert "kappa" not in address  # it stands in the address of this page, and stays there
    linked = open_page("optimizers", kappa="200", **address)
    assert linked.session_state["former runs"][0].optimizer == run.optimizer
    assert linked.text_input(key="start").value == state["start"]
    fresh = open_page("optimizers")
    for key, value in state.items():
        fresh.session_state[key] = value
    fresh.run()
    assert not fresh.exception
    assert not fresh.error
    shown_run = fresh.session_state["former runs"][0]
    assert (fresh.session_state["former surface"], shown_run.optimizer) == (sweep.subject, run.optimizer)


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        (SURFACES["ackley"], {"menu": "ackley"}),
        (SURFACES["ravine"], {"menu": "ravine", "kappa": 50.0}),
        (ravine(200.0), {"menu": "ravine", "kappa": 200.0}),
        (ravine(123.0), {"menu": "own formula", "fxy": "(x**2 + 123.0*y**2)/2", "reach": "3"}),
        (Surface.from_expression("x*y", ((-1, 2), (0, 7))), {"menu": "own formula", "fxy": "x*y", "reach": "-1, 2, 0, 7"}),
    ],
    ids=["by name", "the usual ravine", "a ravine", "a ravine beside the slider", "a formula"],
)
def test_a_surface_is_chosen_by_these_controls(surface, expected):
    assert surface_choice.settings_of(surface, "menu") == expected


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
        ({"mapx": "initial scale"}, "two different"),
        ({"optimizer": "newton"}, "look beyond"),
        ({"optimizer": "muon", "mapof": "Bowl"}, "layers of a network"),
        ({"mapof": "Bowl", "mapwy": "2, 1"}, "smaller to the larger"),
        ({"mapof": "Own formula", "fxy": "spin(x)"}, "spin"),
        ({"mapof": "Own formula", "fxy": "log(-1 - x**2)"}, "defined nowhere"),
    ],
)
def test_bad_input_is_one_sentence(open_page, address, words):
    app = open_page("maps", **(SMALL | address))
    assert not app.exception
    assert [words in error.value for error in app.error] == [True]


@pytest.mark.parametrize(
    ("address", "words"),
    [({"mapx": "speed"}, "cannot be read"), ({"mapsize": 10**9}, "cannot be read"), ({"mapsteps": 10**9}, "from 1 to 5000")],
    ids=["unknown hyperparameter", "a thousand million pixels", "steps"],
)
def test_an_address_that_asks_for_what_there_is_not_gets_a_sentence(open_page, address, words):
    app = open_page("maps", odd=True, **(SMALL | {"mapsteps": 5} | address))
    assert [words in notice for notice in notices(app)] == [True]
    assert shown(app)[1].known.all()


def test_the_former_map_stays_where_a_range_is_wrong(open_page):
    app = open_page("maps", **SMALL)
    app.text_input(key="mapwx").set_value("10, 1").run()
    assert len(app.error) == 1
    assert shown(app)[0].shape == (16, 16)
    assert len(figures(app)) == 1


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
