"""Stored maps: whatever stops the work, finished tiles are kept, and the map that is gone on with has the bits of one left in peace."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nnviz.__main__ import main
from nnviz.core import executors
from nnviz.core.store import open_store
from nnviz.core.sweep import run_tile, sweep_chunks, tiles_of
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


def test_a_killed_run_that_is_gone_on_with_has_the_same_bits(tmp_path):
    file = tmp_path / "map.toml"
    file.write_text(text(steps=1000))
    command = [sys.executable, "-m", "nnviz", "sweep", str(file), "--tile", "4"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = tmp_path / "map.zarr" / "done" / "c"
    until = time.monotonic() + 600
    while len(list(done.glob("*/*"))) < 3 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(120)

    sweep = parse_sweep(text(steps=1000))
    with open_store(tmp_path / "map.zarr", sweep, 4) as store:
        kept = len(store.tiles) - len(store.missing())
        assert 3 <= kept < len(store.tiles)
        for tile in store.missing():
            store.put(tile, run_tile(sweep, tile))
        found = store.map()
    assert same(found, undisturbed(sweep))


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


BAD = {
    "no toml": ("steps = ", "no TOML"),
    "no table": ("steps = 3", "no table"),
    "unknown word": ("speed = 3", "not known"),
    "reversed": (text().replace("low = 0.1, high = 300", "low = 300, high = 0.1"), "smaller to the larger"),
    "too many pixels": (text().replace("count = 22", "count = 1000000000"), "whole number"),
    "unknown hyperparameter": (text().replace('"beta"', '"gamma"'), "not known here"),
    "unknown data": (text().replace('"moons"', '"suns"'), "data set 'suns'"),
    "wrong kind": (text().replace("samples = 40", 'colour = "red"'), "no argument"),
    "no count": (text().replace(", count = 20", ""), "no count"),
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


def test_a_description_that_is_not_there_is_one_sentence(tmp_path, capsys):
    assert main(["sweep", str(tmp_path / "none.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err
