"""Stored maps: whatever stops the work, finished tiles are kept, and the map that is gone on with has the bits of one left in peace."""

import os
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import psutil
import pytest

from nnviz.__main__ import draw, main
from nnviz.core import executors
from nnviz.core.store import Store, open_store, open_stored
from nnviz.core.summary import Spread, Summary
from nnviz.core.surfaces import ravine
from nnviz.core.sweep import described, run_tile, spaced, sweep_chunks, tiles_of
from nnviz.core.sweep_file import parse_sweep

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = """
steps = {steps}
loss = "binary_cross_entropy"
measures = ["convergence", "cost", "test_cost"]
data = {{name = "moons", samples = 40, noise = 0.1}}
network = {{sizes = [2, 4, 1], activations = ["tanh", "sigmoid"]}}
optimizer = {{name = "momentum"}}
x = {{name = "learning_rate", low = 0.1, high = 300, count = 22, scale = "log"}}
y = {{name = "beta", low = 0.0, high = 0.95, count = 20}}
"""


def text(steps=40):
    return DESCRIPTION.format(steps=steps)


def undisturbed(sweep):
    *_, found = sweep_chunks(sweep, 64)
    return found


def same(one, other):
    return all(np.array_equal(one.results[name], other.results[name], equal_nan=True) for name in one.results)


def filled(path, sweep, make=None, tile=8):
    with open_store(path, sweep, tile) as store:
        for one, results in executors.finished_tiles(sweep, store.missing(), make):
            store.put(one, results)
        return store.map()


def killed(tmp_path, description, where):
    """The description of a map of which a process has finished three tiles or more when it is killed."""
    file = tmp_path / "map.toml"
    file.write_text(description)
    command = [sys.executable, "-m", "nnviz", "sweep", str(file), "--tile", "4", *where]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = tmp_path / "map.zarr" / "done" / "c"
    until = time.monotonic() + 600
    while len(list(done.glob("*/*"))) < 3 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    started = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(120)
    assert not psutil.wait_procs(started, timeout=120)[1]
    store = open_stored(tmp_path / "map.zarr")
    assert 3 <= len(store.tiles) - len(store.missing()) < len(store.tiles)
    return file


def test_a_killed_run_that_is_gone_on_with_has_the_same_bits(tmp_path):
    killed(tmp_path, text(steps=250), [])
    sweep = parse_sweep(text(steps=250))
    with open_store(tmp_path / "map.zarr", sweep, 4) as store:
        for tile in store.missing():
            store.put(tile, run_tile(sweep, tile))
        found = store.map()
    assert same(found, undisturbed(sweep))


def test_a_run_on_a_dask_cluster_that_is_killed_goes_on_on_another_with_the_same_bits(tmp_path, capsys):
    file = killed(tmp_path, text(steps=250), ["--local-cluster", "1"])
    assert main(["sweep", str(file), "--local-cluster", "1"]) == 0
    assert "tiles are there already" in capsys.readouterr().err
    store = open_stored(tmp_path / "map.zarr")
    assert same(store.map(), undisturbed(store.sweep))


def test_a_local_dask_cluster_gives_the_same_bits(tmp_path):
    sweep = parse_sweep(text())
    with executors.dask(None, 1) as make:
        assert same(filled(tmp_path / "map", sweep, make), undisturbed(sweep))


def test_a_worker_that_dies_is_replaced_and_its_tiles_are_done_again(tmp_path):
    sweep = parse_sweep(text(steps=400))
    tiles = tiles_of(sweep.shape, 4)
    found = {}
    pools = []
    with executors.processes(1) as make:

        def noted():
            pools.append(make())
            return pools[-1]

        for tile, results in executors.finished_tiles(sweep, tiles, noted):
            found[tile] = results
            if len(found) == 2:
                for pid in list(pools[0]._processes):
                    os.kill(pid, signal.SIGKILL)
    assert len(pools) == 2
    assert set(found) == set(tiles)
    whole = undisturbed(sweep)
    for tile in tiles:
        np.testing.assert_array_equal(found[tile]["cost"], whole.results["cost"][tile.window])


def test_damaged_tiles_are_computed_anew(tmp_path):
    sweep = parse_sweep(text())
    before = filled(tmp_path / "map", sweep)
    chunks = sorted((tmp_path / "map" / "results" / "c").glob("*/*/*"))
    chunks[0].write_bytes(b"not what was written")
    whole = chunks[3].read_bytes()
    chunks[3].write_bytes(whole[: len(whole) // 2])
    chunks[5].unlink()
    with open_store(tmp_path / "map", sweep, 8) as store:
        assert len(store.missing()) == 3
    assert same(filled(tmp_path / "map", sweep), before)


def test_two_runs_cannot_write_one_map(tmp_path):
    sweep = parse_sweep(text())
    with (
        open_store(tmp_path / "map", sweep, 8),
        pytest.raises(ValueError, match="another run is writing"),
        open_store(tmp_path / "map", sweep, 8),
    ):
        pass


def test_another_map_is_not_written_over(tmp_path):
    filled(tmp_path / "map", parse_sweep(text()))
    with pytest.raises(ValueError, match="differs in steps"), open_store(tmp_path / "map", parse_sweep(text(steps=41)), 8):
        pass


def test_a_damaged_description_is_told(tmp_path):
    sweep = parse_sweep(text())
    filled(tmp_path / "map", sweep)
    (tmp_path / "map" / "zarr.json").write_text('{"zarr_format": 3, "node')
    with pytest.raises(ValueError, match="damaged"), open_store(tmp_path / "map", sweep, 8):
        pass


def test_a_full_disk_keeps_what_was_finished(tmp_path, monkeypatch):
    sweep = parse_sweep(text())
    with open_store(tmp_path / "map", sweep, 8) as store:
        first, second, *_ = store.tiles
        store.put(first, run_tile(sweep, first))
        results = run_tile(sweep, second)

        class Full:
            def __setitem__(self, place, block):
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(store, "group", {"results": Full()})
        with pytest.raises(ValueError, match=r"No space left on device.*kept"):
            store.put(second, results)
    with open_store(tmp_path / "map", sweep, 8) as store:
        assert first not in store.missing()
        assert second in store.missing()


class Failing:
    """An executor whose every task fails."""

    def submit(self, *task):
        from concurrent.futures import Future

        future = Future()
        future.set_exception(RuntimeError("the disk of the worker is gone"))
        return future


def test_a_tile_that_always_fails_ends_the_run_with_a_sentence():
    sweep = parse_sweep(text())
    with pytest.raises(ValueError, match=r"failed 4 times.*RuntimeError.*finished tiles are kept"):
        list(executors.finished_tiles(sweep, tiles_of(sweep.shape, 20), Failing))


def test_an_unreachable_scheduler_is_a_sentence(monkeypatch):
    import distributed

    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda address, timeout: client(address, timeout=0.2))
    with pytest.raises(ValueError, match="no Dask scheduler answers"), executors.dask("tcp://127.0.0.1:9"):
        pass


def test_the_command_line_computes_draws_and_goes_on(tmp_path, capsys):
    file = tmp_path / "map.toml"
    file.write_text(text())
    assert main(["sweep", str(file), "--tile", "16"]) == 0
    told = capsys.readouterr()
    assert "100%" in told.err
    assert "% converged" in told.out
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "plotly" in (tmp_path / "map.html").read_text(encoding="utf-8").lower()
    assert main(["sweep", str(file)]) == 0
    assert "left" not in capsys.readouterr().err


SURFACE = """
steps = 60
measures = ["basin", "cost", "diverged_at"]
start = [0.5, -1.0]
surface = {name = "himmelblau"}
optimizer = {name = "momentum"}
x = {name = "learning_rate", low = 0.0001, high = 0.1, count = 12, scale = "log"}
y = {name = "start[1]", low = -5, high = 5, count = 9}
"""
SURFACES = {
    "starts": SURFACE.replace("start = [0.5, -1.0]\n", "").replace('"learning_rate", low = 0.0001', '"start[0]", low = 0.0001'),
    "rates": SURFACE,
    "a ravine": SURFACE.replace('"himmelblau"', '"ravine", condition = 200'),
    "a formula": SURFACE.replace('{name = "himmelblau"}', '{formula = "(x**2 - 1)**2 + y**2", bounds = [[-2, 2], [-3, 3]]}'),
}


@pytest.mark.parametrize("description", SURFACES.values(), ids=SURFACES)
def test_maps_of_surfaces_are_described_computed_and_opened_again(tmp_path, capsys, description):
    file = tmp_path / "map.toml"
    file.write_text(description)
    assert main(["sweep", str(file), "--tile", "8"]) == 0
    told = capsys.readouterr().out
    assert "ends: " in told
    assert ", minimum " in told or " minimum 1 " in told
    store = open_stored(tmp_path / "map.zarr")
    assert store.sweep.description() == parse_sweep(description).description()
    assert same(store.map(), undisturbed(store.sweep))


def test_a_map_from_a_file_is_the_one_that_python_makes():
    given = described(
        ravine(200.0), None, "momentum", spaced("learning_rate", 0.0001, 0.1, 12, "log"), spaced("start[1]", -5, 5, 9), 60,
        ["basin", "cost", "diverged_at"], theta0=[0.5, -1.0],
    )  # fmt: skip
    assert given.description() == parse_sweep(SURFACES["a ravine"]).description()


def test_what_the_command_line_tells_is_true_of_all_pixels(tmp_path):
    description = text().replace('"test_cost"', '"diverged_at"')
    found = filled(tmp_path / "map", parse_sweep(description))
    with open_store(tmp_path / "map", found.sweep, 8) as store:
        summary = Summary(found.sweep)
        for results in store.finished():
            summary.add(results)
    cost, gone = found.results["cost"], found.results["diverged_at"]
    assert f"{np.mean(found.results['convergence'] < 0):.1%} converged" in str(summary)
    assert f"diverged_at: {np.mean(gone >= 0):.1%} of the runs diverged" in str(summary)
    finite = cost[np.isfinite(cost)]
    assert (summary.spreads["cost"].low, summary.spreads["cost"].high) == (finite.min(), finite.max())
    assert summary.spreads["cost"].median == pytest.approx(np.quantile(finite, 0.5, method="inverted_cdf"), rel=0.005)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e250])
def test_the_median_of_a_spread_is_right_on_both_sides_of_zero(scale):
    numbers = scale * np.random.default_rng(0).standard_normal(3001)
    for shift in (-2 * scale, -0.1 * scale, 0.3 * scale, 5 * scale):
        spread = Spread()
        for part in np.array_split(numbers + shift, 7):
            spread.add(part)
        assert spread.median == pytest.approx(np.median(numbers + shift), rel=0.005)
    assert Spread().told() == "no number"


def peak(path, count):
    """The most memory in use while a stored map of so many pixels a side is told and drawn, in bytes; and what was told."""
    description = text().replace("count = 22", f"count = {count}").replace("count = 20", f"count = {count}")
    sweep = parse_sweep(description.replace('["convergence", "cost", "test_cost"]', '["cost", "test_cost"]'))
    with open_store(path, sweep, 125) as store:
        for tile in store.tiles:
            cost = np.add.outer(np.arange(*tile.rows), np.arange(*tile.columns)) + 1.0
            store.put(tile, dict.fromkeys(sweep.measures, cost))
        tracemalloc.start()
        try:
            summary = Summary(sweep)
            for results in store.finished():
                summary.add(results)
            draw(store)
            return tracemalloc.get_traced_memory()[1], str(summary)
        finally:
            tracemalloc.stop()


def test_memory_is_bounded_by_the_tile_whatever_the_map(tmp_path, monkeypatch):
    monkeypatch.setattr("nnviz.__main__.PICTURED", 100)
    small, _ = peak(tmp_path / "small.zarr", 250)
    small = max(small, peak(tmp_path / "again.zarr", 250)[0])
    large, told = peak(tmp_path / "large.zarr", 1000)
    assert "cost: 1 to 1999, median 1e+03" in told
    assert "100 × 100 of 1000 × 1000 runs" in (tmp_path / "large.html").read_text(encoding="utf-8")
    assert large < small + 1.5e6  # the map itself has 16 MB, 15 more than the small one


BAD = {
    "no toml": ("steps = ", "no TOML"),
    "no table": ("steps = 3", "no table"),
    "unknown word": ("speed = 3", "not known"),
    "reversed": (text().replace("low = 0.1, high = 300", "low = 300, high = 0.1"), "smaller to the larger"),
    "too many pixels": (text().replace("count = 22", "count = 1000000000"), "whole number"),
    "unknown hyperparameter": (text().replace('"beta"', '"gamma"'), "not known here"),
    "too many pixels in all": (text().replace("count = 22", "count = 40000").replace("count = 20", "count = 25000"), "at most"),
    "unknown data": (text().replace('"moons"', '"suns"'), "data set 'suns'"),
    "wrong kind": (text().replace("samples = 40", 'colour = "red"'), "no argument"),
    "no count": (text().replace(", count = 20", ""), "no count"),
    "unknown surface": (SURFACE.replace("himmelblau", "alps"), "surface 'alps'"),
    "both": (SURFACE + "network = {sizes = [2, 1]}", "of a surface it takes"),
    "no start": (SURFACE.replace("start = [0.5, -1.0]", ""), "start is None"),
    "three numbers": (SURFACE.replace("-1.0]", "-1.0, 2.0]"), "two numbers"),
    "a formula nobody reads": (SURFACE.replace('name = "himmelblau"', 'formula = "__import__(1)"'), "formula"),
    "a formula of numbers": (SURFACE.replace('name = "himmelblau"', "formula = 3"), "needs to be text"),
    "a formula that is defined nowhere": (SURFACE.replace('name = "himmelblau"', 'formula = "log(-1 - x**2)"'), "defined nowhere"),
    "bounds reversed": (SURFACE.replace('name = "himmelblau"', 'formula = "x", bounds = [[1, 0], [0, 1]]'), "xmin < xmax"),
    "a ravine without depth": (SURFACE.replace('"himmelblau"', '"ravine", condition = -1'), "above 0"),
    "name and condition": (SURFACE.replace('"himmelblau"', '"himmelblau", condition = 3'), "'condition' as well"),
    "a measure of networks": (SURFACE.replace('"cost"', '"accuracy"'), "not known here"),
    "hyperparameter of networks": (SURFACE.replace('"start[1]"', '"l2"'), "not known here"),
}


@pytest.mark.parametrize(("description", "message"), BAD.values(), ids=BAD)
def test_a_bad_description_is_one_sentence(tmp_path, capsys, description, message):
    file = tmp_path / "map.toml"
    file.write_text(description)
    assert main(["sweep", str(file)]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1


def one_sentence(capsys):
    told = capsys.readouterr().err.strip().splitlines()
    assert told[-1].startswith("nnviz: ")
    assert not any("Traceback" in line for line in told)
    return told[-1]


def test_a_damaged_store_is_one_sentence_of_the_command_line(tmp_path, capsys):
    file = tmp_path / "map.toml"
    file.write_text(text(steps=3))
    assert main(["sweep", str(file)]) == 0
    (tmp_path / "map.zarr" / "zarr.json").write_text("{")
    capsys.readouterr()
    assert main(["sweep", str(file)]) == 2
    assert "damaged" in one_sentence(capsys)


def test_an_unreachable_scheduler_is_one_sentence_of_the_command_line(tmp_path, capsys, monkeypatch):
    import distributed

    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda address, timeout: client(address, timeout=0.2))
    file = tmp_path / "map.toml"
    file.write_text(text(steps=3))
    assert main(["sweep", str(file), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "no Dask scheduler answers" in one_sentence(capsys)


def test_a_disk_that_takes_no_more_is_one_sentence_and_keeps_what_it_has(tmp_path, capsys, monkeypatch):
    """The system itself refuses to write on from the third tile; what is on the disk then is gone on with."""
    file = tmp_path / "map.toml"
    file.write_text(text())
    put, put_before = Store.put, []
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def full(store, tile, results):
        put_before.append(tile)
        if len(put_before) > 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        put(store, tile, results)

    monkeypatch.setattr(Store, "put", full)
    try:
        assert main(["sweep", str(file), "--tile", "8"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    told = one_sentence(capsys)
    assert "could not be written" in told
    assert "what was finished before is kept" in told
    monkeypatch.undo()
    store = open_stored(tmp_path / "map.zarr")
    assert [tile for tile in store.tiles if tile not in store.missing()] == put_before[:2]
    assert main(["sweep", str(file)]) == 0
    assert same(store.map(), undisturbed(store.sweep))


def test_a_picture_that_cannot_be_written_leaves_the_map(tmp_path, capsys):
    file = tmp_path / "map.toml"
    file.write_text(text(steps=3))
    (tmp_path / "map.png").mkdir()
    assert main(["sweep", str(file)]) == 2
    assert "the map itself is kept" in one_sentence(capsys)
    assert not open_stored(tmp_path / "map.zarr").missing()


def test_a_description_that_is_not_there_is_one_sentence(tmp_path, capsys):
    assert main(["sweep", str(tmp_path / "none.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err
