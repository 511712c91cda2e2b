"""The scripts that are handed out run as they are, in a process of their own, and print the numbers that the engine computes.

PyTorch's numbers were made by `tests/references/make_scripts.py`; where PyTorch is installed the scripts are run anew instead.
"""

import base64
import json
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nnviz.core.batches import Batches
from nnviz.core.datasets import DATASETS, from_csv
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import OPTIMIZERS, Adam
from nnviz.core.training import train
from nnviz.formulas.scripts import core_script, table_data
from nnviz.formulas.torch_script import LACKING, torch_script
from tests.references.make_scripts import fingerprint
from tests.references.script_recipes import RECIPES, recipe

ROOT = Path(__file__).resolve().parents[2]
STORED = json.loads((ROOT / "tests/references/scripts.json").read_text())


def printed(script, folder):
    """What a script prints in a fresh Python, by name."""
    path = folder / "experiment.py"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {name: float(value) for name, value in (line.rsplit(": ", 1) for line in done.stdout.splitlines())}


def on_the_screen(given):
    """The numbers that the engine computes for a recipe, by the names that the scripts give them."""
    cost = NetworkCost(given.network, given.loss, given.data.train.X, given.data.train.Y, l2=given.l2)
    points = {"initial cost": given.initial}
    if given.moved:
        points["cost at the current point"] = given.theta
    numbers = {}
    for name, theta in points.items():
        value, gradient = cost.value_and_gradient(theta)
        numbers |= {
            name: float(value),
            name.replace("initial cost", "gradient norm").replace("cost at", "gradient norm at"): np.linalg.norm(gradient),
        }
    start = given.initial if given.start is None else given.start
    more = {"seed": given.order_seed, "schedule": given.schedule, "l2": given.train_l2, "l1": given.train_l1, "theta0": start}
    run = train(given.network, given.loss, given.data, given.optimizer, steps=given.steps, batch_size=given.batch_size, **more)
    told = f"cost after {given.steps} steps"
    return numbers | {f"train {told}": run.train_cost[-1], f"test {told}": run.test_cost[-1]}


def carried(script):
    """The bytes of all arrays that a script carries."""
    texts = re.findall(r'unpack\(\s*"{1,3}([A-Za-z0-9+/=\s]+)"', script)
    return [zlib.decompress(base64.b64decode(text)) for text in texts]


@pytest.mark.parametrize("name", ["two classes", "three classes, edited, penalties", "weights of another place", "a schedule and clipping"])
def test_the_script_for_the_core_prints_the_screens_numbers(name, tmp_path):
    seen, numbers = printed(core_script(RECIPES[name]), tmp_path), on_the_screen(RECIPES[name])
    assert seen.keys() == numbers.keys()
    assert all(seen[key] == pytest.approx(numbers[key], rel=1e-12, abs=1e-15) for key in seen)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_script_for_the_core_knows_every_optimiser(name):
    given = recipe(optimizer=name, steps=5)
    scope, said = {}, []
    exec(core_script(given), scope | {"print": said.append})
    assert float(said[2].rsplit(": ", 1)[1]) == pytest.approx(on_the_screen(given)["train cost after 5 steps"], rel=1e-12)


@pytest.mark.parametrize("name", RECIPES)
def test_the_script_for_pytorch_gives_the_screens_numbers(name, tmp_path):
    script = torch_script(RECIPES[name])
    compile(script, name, "exec")
    assert fingerprint(script) == STORED[name]["script"], "the script has changed: run tests.references.make_scripts with PyTorch"
    seen, numbers = printed(script, tmp_path) if find_spec("torch") else STORED[name]["printed"], on_the_screen(RECIPES[name])
    assert seen.keys() == numbers.keys()
    assert all(seen[key] == pytest.approx(numbers[key], abs=1e-6) for key in seen)


def test_the_script_for_pytorch_carries_the_weights_the_samples_and_the_order_of_the_batches():
    given = RECIPES["weights of another place"]
    blobs = carried(torch_script(given))
    order = next(np.frombuffer(blob, "<i4") for blob in blobs if len(blob) == 4 * given.permutations().size)
    theta = given.theta
    batches = Batches(given.network, given.loss, given.data.train.X, given.data.train.Y, theta.copy(), theta.copy(), 16, 1, lambda X, Y: [])
    for epoch in order.reshape(-1, len(given.data.train)):
        assert np.array_equal(epoch, batches.permutation())
    for values in (given.data.train.X.T, given.data.test.Y.T, given.initial, given.theta):
        assert np.ascontiguousarray(values).tobytes() in blobs


@pytest.mark.parametrize("name", LACKING)
def test_optimisers_that_pytorch_lacks_are_refused_in_a_sentence(name):
    with pytest.raises(ValueError, match="choose another, such as adam"):
        torch_script(recipe(optimizer=name))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (recipe(hidden=("=z*sigmoid(2*z)",)), "PyTorch has no activation"),
        (replace(recipe(), optimizer=Adam(bias_correction=False)), "always corrects its bias"),
        (recipe(steps=10_000_000), "at most 4,000,000: train for fewer epochs"),
        (recipe("digits", samples=None, noise=0.0, output="softmax", loss="cross_entropy", steps=4_000_000), "train for fewer epochs"),
    ],
)
def test_what_pytorch_lacks_or_a_script_cannot_carry_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        torch_script(given)


def test_a_table_of_ones_own_is_read_from_beside_the_script(tmp_path):
    rows = "\n".join(f"{i % 7},{(i * 3) % 11},{'oak' if i % 2 else 'elm'}" for i in range(60))
    (tmp_path / "trees.csv").write_text("height,girth,kind\n" + rows + "\n")
    settings = {"test_fraction": 0.3, "seed": 2, "noise": 0.0}
    data = from_csv(tmp_path / "trees.csv", ["kind"], **settings)
    given = replace(recipe(), data=data, data_lines=table_data("trees.csv", "0123456789", ("kind",), settings))
    seen, numbers = printed(core_script(given), tmp_path), on_the_screen(given)
    assert all(seen[key] == pytest.approx(numbers[key], rel=1e-12) for key in numbers)


def test_a_title_cannot_leave_its_docstring():
    script = core_script(replace(recipe(), title='x"""\nraise SystemExit(3)\n"""\\'))
    assert "raise SystemExit" in script.splitlines()[0]
    compile(script, "script", "exec")


def test_without_a_test_part_and_without_training_nothing_is_said_of_them(tmp_path):
    given = replace(recipe(steps=0), data=DATASETS["moons"](samples=60, noise=0.1, test_fraction=0, seed=2))
    given = replace(given, data_lines=("from nnviz.core.datasets import DATASETS", "data = DATASETS['moons'](60, 0.1, 0, 2)"))
    assert list(printed(core_script(given), tmp_path)) == ["initial cost", "gradient norm"]
    assert "test_X" not in torch_script(given).replace("(test_X", "")
