"""Maps of the command line on the page Maps, and the cluster that the server's owner names."""

import json
from contextlib import nullcontext

import numpy as np
import pytest

from nnviz.core import cluster, executors
from nnviz.core.store import open_store, open_stored
from nnviz.core.sweep import run_tile, tiles_of
from nnviz.core.sweep_file import parse_sweep
from nnviz.figures import trainability as drawing
from nnviz.ui import map_cluster, stored_maps
from nnviz.ui import maps_view as view
from tests.pages.conftest import charts
from tests.pages.test_maps import SMALL

TEXT = """
steps = 5
loss = "binary_cross_entropy"
measures = ["convergence", "cost"]
data = {name = "moons", samples = 30}
network = {sizes = [2, 3, 1], activations = ["tanh", "sigmoid"]}
optimizer = {name = "sgd"}
x = {name = "learning_rate", low = 0.1, high = 300, count = 20, scale = "log"}
y = {name = "initial_scale", low = 0.1, high = 9, count = 18}
"""


TEXT_OF_SURFACE = """
steps = 30
measures = {measures}
start = [0.5, -1.0]
surface = {{formula = "(x**2 - 1)**2 + y**2", bounds = [[-2, 2], [-2, 2]]}}
optimizer = {{name = "sgd"}}
x = {{name = "learning_rate", low = 0.01, high = 10, count = 20, scale = "log"}}
y = {{name = "start[1]", low = -2, high = 2, count = 18}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of maps with one of which all tiles but the last are finished."""
    monkeypatch.setenv(stored_maps.FOLDER, str(tmp_path))
    with open_store(tmp_path / "first.zarr", parse_sweep(TEXT), 8, TEXT) as store:
        for tile in store.tiles[:-1]:
            store.put(tile, run_tile(store.sweep, tile))
    return tmp_path


def test_a_stored_map_is_shown_as_far_as_it_is_known(open_page, folder):
    app = open_page("maps", mapstored="first.zarr")
    assert not app.exception
    assert not app.error
    assert app.session_state[view.SHOWN].shape == (18, 20)
    assert any("2-3-1, all samples in each step. SGD" in caption.value for caption in app.caption)
    found = app.session_state["jobs"]["stored map"].result[1]
    assert found.share == pytest.approx(1 - 4 * 2 / 360)
    assert open_page("maps", mapstored="first.zarr").session_state["jobs"]["stored map"].result[1] is not found  # it may have grown
    app.selectbox(key="mapshows").set_value("cost").run()
    assert not app.exception
    assert list(app.session_state["jobs"]["stored map"].result[1].results) == ["cost"]


def test_a_window_and_the_thinned_whole_are_parts_of_the_stored_map(open_page, folder, monkeypatch):
    store = open_stored(folder / "first.zarr")
    whole = store.map().results["cost"]
    monkeypatch.setattr(stored_maps, "MOST_SIDE", 7)
    rows, columns = stored_maps.window(store.sweep.y, ""), stored_maps.window(store.sweep.x, "1, 100")
    numbers = store.sweep.x.numbers
    assert len(rows) <= 7
    assert ((numbers[columns] >= 1) & (numbers[columns] <= 100)).all()
    *_, (share, found) = store.thinned_chunks(("cost",), rows, columns)
    assert share == 1
    np.testing.assert_array_equal(found.results["cost"], whole[np.ix_(rows, columns)])
    with pytest.raises(ValueError, match="wider"):
        stored_maps.window(store.sweep.x, "1, 1.0001")


@pytest.mark.parametrize("measures", [("basin",), ("cost", "diverged_at"), ("diverged_at",)], ids=lambda measures: measures[0])
def test_a_stored_map_of_a_surface_is_shown_and_its_runs_open_in_optimisers(open_page, folder, measures):
    text = TEXT_OF_SURFACE.format(measures=list(measures))
    with open_store(folder / "surface.zarr", parse_sweep(text), 8, text) as store:
        for tile in store.tiles:
            store.put(tile, run_tile(store.sweep, tile))
        whole = store.map()
    app = open_page("maps", mapstored="surface.zarr", mapact="opens a run")
    assert not app.exception
    assert not app.error
    assert any("On `(x**2 - 1)**2 + y**2`. SGD" in caption.value for caption in app.caption)
    assert "in Optimisers" in charts(app)[0]["title"]
    assert ("no minimum reached" in charts(app)[0]["alt"]) == (measures[0] == "basin")
    found = app.session_state["jobs"]["stored map"].result[1]
    np.testing.assert_array_equal(found.results[measures[0]], whole.results[measures[0]])
    if measures[0] == "cost":
        np.testing.assert_array_equal(np.isnan(drawing.pictured(found, "cost")), whole.results["diverged_at"] >= 0)


@pytest.mark.parametrize("damage", ["not json", "another shape", "no source", "another source"])
def test_a_damaged_map_is_a_sentence(open_page, folder, damage):
    file = folder / "first.zarr" / "zarr.json"
    group = json.loads(file.read_text())
    if damage == "another shape":
        inner = folder / "first.zarr" / "results" / "zarr.json"
        array = json.loads(inner.read_text())
        inner.write_text(json.dumps(array | {"shape": [2, 10**9, 10**9]}))
        group.pop("consolidated_metadata", None)
    if damage == "no source":
        group["attributes"]["source"] = 3
    if damage == "another source":
        group["attributes"]["source"] = TEXT.replace("steps = 5", "steps = 6")
    file.write_text("{" if damage == "not json" else json.dumps(group))
    app = open_page("maps", mapstored="first.zarr", **SMALL)
    assert not app.exception
    assert len(app.error) == 1
    assert "stored map" in app.error[0].value or "another map" in app.error[0].value


def test_a_visitor_names_no_folder(open_page, folder, monkeypatch):
    app = open_page("maps", odd=True, mapstored="../first.zarr", **SMALL)
    assert not app.exception
    assert app.session_state[view.SHOWN].shape == (16, 16)
    monkeypatch.delenv(stored_maps.FOLDER)
    assert stored_maps.there() == {}


def test_a_scheduler_that_does_not_answer_is_told_and_the_map_is_computed_here(open_page, monkeypatch):
    monkeypatch.setenv(map_cluster.SCHEDULER, "tcp://127.0.0.1:9")
    monkeypatch.setattr(map_cluster, "WAIT", 0.2)
    app = open_page("maps", **SMALL)
    assert not app.exception
    assert ["does not answer" in warning.value for warning in app.warning] == [True]
    assert "127.0.0.1" not in app.warning[0].value
    assert app.session_state["standing map"][1].known.all()


class Leaving:
    """An executor that computes two tiles and is gone."""

    left = 2

    def submit(self, task, *arguments):
        from concurrent.futures import Future

        if Leaving.left == 0:
            raise RuntimeError("the scheduler is gone")
        Leaving.left -= 1
        future = Future()
        future.set_result(task(*arguments))
        return future


def test_what_a_cluster_that_goes_away_leaves_undone_is_computed_here(monkeypatch):
    sweep = parse_sweep(TEXT)
    monkeypatch.setattr(executors, "dask", lambda address, timeout: nullcontext(Leaving))
    *_, found = cluster.coarse_to_fine(sweep, 4, "tcp://somewhere:1")
    assert Leaving.left == 0
    assert found.known.all()
    for tile in tiles_of(sweep.shape, 8):
        np.testing.assert_array_equal(found.results["cost"][tile.window], run_tile(sweep, tile)["cost"])
