"""The experiment as a program that anyone can run: what is to be reproduced, and the script that does it with `nnviz.core` alone.

It prints the numbers that the screen shows, as lines `name: number`. `torch_script.py` writes the same for PyTorch.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.datasets import DataSet
from nnviz.core.losses import Loss
from nnviz.core.network import Network
from nnviz.core.optimizers import ClippedByNorm, Decayed, Optimizer
from nnviz.core.schedules import Constant

Array = NDArray[np.floating]

MOST_NUMBERS = 4_000_000  # that a script carries: about 10 MB of text


@dataclass(frozen=True, eq=False)
class Recipe:
    """What a script reproduces: a network at its start, at its current point, and trained for some steps."""

    title: str
    data: DataSet
    data_lines: tuple[str, ...]  # Python that makes `data` with nnviz.core
    network: Network
    loss: Loss
    initializer: str
    seed: int
    theta: Array  # the current point, (P,)
    optimizer: Optimizer
    batch_size: int
    steps: int
    l2: float = 0.0  # of the cost on the screen
    train_l2: float = 0.0
    train_l1: float = 0.0
    schedule: Any = None
    train_seed: int | None = None  # of the order of the batches; that of the weights where it is None
    start: Array | None = field(default=None)  # where training begins, (P,); the initial weights where it is None

    @property
    def initial(self) -> Array:
        """The weights that the initialiser draws, (P,)."""
        return self.network.initialize(self.initializer, seed=self.seed)

    @property
    def order_seed(self) -> int:
        """The seed of the order of the batches."""
        return self.seed if self.train_seed is None else self.train_seed

    @property
    def moved(self) -> bool:
        """Whether the current point is another than the initial one."""
        return not np.array_equal(self.theta, self.initial)

    @property
    def batch(self) -> int:
        """Samples in a whole batch."""
        return min(self.batch_size, len(self.data.train))

    def permutations(self) -> NDArray[np.integer]:
        """The order of the training samples in each epoch, (epochs, m)."""
        m = len(self.data.train)
        epochs = -(-self.steps // -(-m // self.batch))
        if epochs * m > MOST_NUMBERS:
            raise ValueError(
                f"{epochs:,} epochs of {m:,} samples are {epochs * m:,} places in the order of the batches, and a PyTorch script carries "
                f"at most {MOST_NUMBERS:,}: train for fewer epochs"
            )
        rng = np.random.default_rng(self.order_seed)
        return np.stack([rng.permutation(m) for _ in range(epochs)]) if epochs else np.empty((0, m), dtype=int)


def registered_data(
    name: str,
    samples: int | None,
    noise: float,
    test_fraction: float,
    seed: int,
    options: Mapping[str, Any],
    features: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """The lines that make a data set that comes with nnviz."""
    more = "".join(f", {key}={value!r}" for key, value in options.items())
    made = f"data = DATASETS[{name!r}](samples={samples}, noise={noise!r}, test_fraction={test_fraction!r}, seed={seed}{more})"
    return (made, f"data = with_features(data, {features!r})") if features else (made,)


def table_data(file: str, digest: str, targets: tuple[str, ...], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines that make a data set of a person's own table, which has to lie beside the script."""
    more = "".join(f", {key}={value!r}" for key, value in settings.items())
    return (
        f"# The table that was dropped onto the page; BLAKE2 of its text begins with {digest[:8]}.",
        f"data = from_csv({file!r}, {list(targets)!r}{more})",
    )


def data_imports(recipe: Recipe) -> str:
    """The line that imports what makes the data."""
    uses = [name for name in ("DATASETS", "from_csv", "with_features") if any(name in line for line in recipe.data_lines)]
    return f"from nnviz.core.datasets import {', '.join(uses)}"


def core_script(recipe: Recipe) -> str:
    """A Python program that needs nnviz.core alone and prints the experiment's numbers."""
    lines = [
        f'"""{plain(recipe.title)}, as nnviz shows it. Needs nnviz.core: NumPy and SciPy."""',
        "",
        *(["import base64", "import zlib", ""] if _packs(recipe) else []),
        "import numpy as np",
        "",
        data_imports(recipe),
        "from nnviz.core.network import Network",
        "from nnviz.core.objectives import NetworkCost",
        *_optimizer_imports(recipe),
        "from nnviz.core.training import train",
        "",
        *recipe.data_lines,
        f"network = Network(sizes={recipe.network.sizes}, activations={recipe.network.activations})",
        f"cost = NetworkCost(network, {recipe.loss.name!r}, data.train.X, data.train.Y, l2={recipe.l2!r})",
        "",
        f"initial = network.initialize({recipe.initializer!r}, seed={recipe.seed})",
        *_core_report("initial cost", "gradient norm", "initial"),
        *(_core_point(recipe) if recipe.moved else []),
        *_core_training(recipe),
    ]
    return "\n".join(lines) + "\n"


def _packs(recipe: Recipe) -> bool:
    return recipe.start is not None or (recipe.moved and len(_changes(recipe)) > 40)


def _changes(recipe: Recipe) -> NDArray[np.intp]:
    return np.flatnonzero(recipe.theta != recipe.initial)


def _core_report(cost: str, norm: str, theta: str) -> list[str]:
    return [
        f"value, gradient = cost.value_and_gradient({theta})",
        f'print(f"{cost}: {{float(value)!r}}")',
        f'print(f"{norm}: {{float(np.linalg.norm(gradient))!r}}")',
    ]


def _core_point(recipe: Recipe) -> list[str]:
    changed = _changes(recipe)
    if len(changed) > 40:
        made = [f"theta = np.frombuffer(zlib.decompress(base64.b64decode({packed(recipe.theta, '<f8')})))  # the weights on the screen"]
    else:
        made = ["theta = initial.copy()", f"theta[{changed.tolist()}] = {recipe.theta[changed].tolist()}  # changed by hand"]
    return ["", *made, *_core_report("cost at the current point", "gradient norm at the current point", "theta")]


def _core_training(recipe: Recipe) -> list[str]:
    if not recipe.steps:
        return []
    start = "initial"
    made = [""]
    if recipe.start is not None:
        made += [f"start = np.frombuffer(zlib.decompress(base64.b64decode({packed(recipe.start, '<f8')})))"]
        start = "start"
    settings = f"batch_size={recipe.batch_size}, seed={recipe.order_seed}, l2={recipe.train_l2!r}, l1={recipe.train_l1!r}"
    schedule = f", schedule={recipe.schedule!r}" if scheduled(recipe) else ""
    return [
        *made,
        f"optimizer = {optimizer_code(recipe.optimizer)}",
        f"run = train(network, {recipe.loss.name!r}, data, optimizer, steps={recipe.steps}, {settings}{schedule}, theta0={start})",
        f'print(f"train cost after {recipe.steps} steps: {{float(run.train_cost[-1])!r}}")',
        *([f'print(f"test cost after {recipe.steps} steps: {{float(run.test_cost[-1])!r}}")'] if len(recipe.data.test) else []),
    ]


def scheduled(recipe: Recipe) -> bool:
    return recipe.schedule is not None and not isinstance(recipe.schedule, Constant)


def _optimizer_imports(recipe: Recipe) -> list[str]:
    if not recipe.steps:
        return []
    names = "OPTIMIZERS, ClippedByNorm" if isinstance(recipe.optimizer, ClippedByNorm) else "OPTIMIZERS"
    schedule = [f"from nnviz.core.schedules import {type(recipe.schedule).__name__}"] if scheduled(recipe) else []
    return [f"from nnviz.core.optimizers import {names}", *schedule]


def optimizer_code(optimizer: Optimizer) -> str:
    """The call that makes the optimiser, every hyperparameter written out."""
    if isinstance(optimizer, ClippedByNorm):
        return f"ClippedByNorm({optimizer_code(optimizer.optimizer)}, max_norm={optimizer.max_norm!r})"
    if isinstance(optimizer, Decayed):
        more = f"weight_decay={optimizer.weight_decay!r}, decoupled={optimizer.decoupled!r}"
        return f"Decayed({optimizer_code(optimizer.optimizer)}, {more})"
    told = [
        f"{f.name}=network" if f.name == "shapes" else f"{f.name}={getattr(optimizer, f.name)!r}"
        for f in fields(optimizer)  # type: ignore[arg-type]  # every optimiser is a dataclass
    ]
    return f'OPTIMIZERS["{optimizer.name}"]({", ".join(told)})'


def packed(values: Any, kind: str) -> str:
    """Numbers as a Python string literal: their bytes compressed, in base64."""
    text = base64.b64encode(zlib.compress(np.ascontiguousarray(values, dtype=kind).tobytes(), 9)).decode()
    lines = [text[start : start + 120] for start in range(0, len(text), 120)]
    return '"' + text + '"' if len(lines) <= 1 else '"""\n' + "\n".join(lines) + '\n"""'


def plain(title: str) -> str:
    """A title as it may stand in a docstring."""
    return " ".join(title.replace("\\", "/").replace('"', "'").split())[:120]
