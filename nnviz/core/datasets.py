"""Data sets: the made ones, the real ones that come with it, two small examples, and a person's own table.

`DATASETS` is a plain dict. To add a data set, write its rule (in `clouds.py`) or put its file into `nnviz/data`, and name it below;
menus, tests and pages read the registry.

>>> data = DATASETS["spiral"](samples=100, noise=0.1, seed=1)
>>> data.X.shape, data.Y.shape, data.train.X.shape, data.test.X.shape
((2, 100), (1, 100), (2, 70), (2, 30))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core import clouds
from nnviz.core.features import shortened
from nnviz.core.samples import DataSet, Part, Scale, assemble, check_draw, packaged, with_features
from nnviz.core.tabular import from_csv, from_table

__all__ = ["DATASETS", "DataSet", "DataSource", "Part", "Scale", "from_csv", "from_table", "with_features"]

Array = NDArray[np.floating]
MADE_SAMPLES = 500


@dataclass(frozen=True)
class DataSource:
    """Where a data set comes from; called, it draws one."""

    name: str
    title: str
    task: str
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]  # of a classification, else empty
    load: Callable[..., tuple[Array, Array]]  # X (n, m) and labels (m,) or Y (k, m)
    size: int | None = None  # how many samples there are; None where any number can be made
    target_names: tuple[str, ...] = ("y",)  # of a regression
    standardize: bool = True
    noise_on: str = "features"
    options: tuple[str, ...] = ()  # what its rule takes besides
    image_shape: tuple[int, int] | None = None
    source: str = "made by its rule; Smilkov et al. (2017), TensorFlow Playground"
    licence: str = "free of rights: computed from a formula"

    def __call__(
        self, samples: int | None = None, noise: float = 0.0, test_fraction: float = 0.3, seed: int = 0, **options: Any
    ) -> DataSet:
        """A data set, the same for the same arguments.

        Parameters
        ----------
        samples : how many; None is all there are, or 500 where they are made. Fewer than all are drawn by the seed, class by class
        noise : normal, its deviation relative to each feature's own (to the target's for `function`)
        test_fraction : 0 ≤ f < 1, held out; `round(f·m)` samples
        seed : of the samples, the noise and the split, each drawn for itself: more noise moves no sample into another part
        options : what its rule takes besides, named in `self.options`: `expression`, `low` and `high` of `function`

        Raises
        ------
        ValueError
            More samples than there are, a negative noise, a fraction outside [0, 1), an option the rule does not have.
        """
        if isinstance(samples, bool):
            raise ValueError(f"samples is {samples}: give a whole number, or None for all")
        check_draw(samples, noise, test_fraction, seed)
        unknown = [name for name in options if name not in self.options]
        if unknown:
            takes = ", ".join(("samples", "noise", "test_fraction", "seed", *self.options))
            raise ValueError(f"{self.name} has no argument {shortened(unknown[0])!r}: it takes {takes}")
        rng = np.random.default_rng((seed, 0))
        if self.size is None:
            X, targets = self.load(MADE_SAMPLES if samples is None else samples, rng, **options)
        else:
            X, targets = self.load()
        return assemble(
            X,
            targets,
            samples=samples if self.size else None,
            noise=noise,
            test_fraction=test_fraction,
            seed=seed,
            standardize=self.standardize,
            noise_on=self.noise_on,
            **{name: getattr(self, name) for name in ("name", "title", "task", "feature_names", "class_names", "target_names")},
            **{name: getattr(self, name) for name in ("image_shape", "source", "licence")},
        )


def _table(file: str, columns: Sequence[str], target: str, classes: Sequence[str]) -> tuple[Array, Array]:
    rows = [row for row in packaged(file) if all(row[column] for column in columns)]
    X = np.array([[float(row[column]) for row in rows] for column in columns])
    return X, np.array([classes.index(row[target]) for row in rows])


def _digits() -> tuple[Array, Array]:
    with files("nnviz.data").joinpath("digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return stored["images"].T.astype(float), stored["labels"].astype(int)


def _cloud(name: str, title: str, rule: Callable[..., tuple[Array, Array]], task: str = "classification", **more: Any) -> DataSource:
    classes = ("0", "1") if task == "classification" else ()
    return DataSource(name, title, task, more.pop("feature_names", ("x1", "x2")), classes, rule, **more)


IRIS_CLASSES = ("setosa", "versicolor", "virginica")
IRIS_COLUMNS = ("sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm")
PENGUIN_CLASSES = ("Adelie", "Chinstrap", "Gentoo")
PENGUIN_COLUMNS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")


def _measured(columns: Sequence[str]) -> tuple[str, ...]:
    """`bill_length_mm` as a person reads it: `bill length (mm)`."""
    return tuple("{} ({})".format(name.replace("_", " "), unit) for name, _, unit in (column.rpartition("_") for column in columns))


DATASETS: dict[str, DataSource] = {
    source.name: source
    for source in (
        _cloud("circle", "Circle in a ring", clouds.circle),
        _cloud("xor", "Exclusive or", clouds.xor),
        _cloud("gauss", "Two Gaussian clouds", clouds.gauss),
        _cloud("spiral", "Two spirals", clouds.spiral),
        _cloud("moons", "Two moons", clouds.moons, source="made by its rule; scikit-learn's make_moons"),
        _cloud("plane", "Slope (regression)", clouds.plane, "regression"),
        _cloud("gauss_regression", "Six hills (regression)", clouds.gauss_regression, "regression"),
        _cloud(
            "function",
            "A function you type (regression)",
            clouds.function,
            "regression",
            feature_names=("x",),
            noise_on="targets",
            options=("expression", "low", "high"),
            source="made from the expression",
        ),
        DataSource(
            "iris",
            "Iris flowers",
            "classification",
            _measured(IRIS_COLUMNS),
            IRIS_CLASSES,
            lambda: _table("iris.csv", IRIS_COLUMNS, "species", IRIS_CLASSES),
            size=150,
            source="Fisher (1936), The use of multiple measurements in taxonomic problems; Anderson's measurements, as corrected in R",
            licence="CC BY 4.0 (UCI Machine Learning Repository, doi:10.24432/C56C76)",
        ),
        DataSource(
            "penguins",
            "Palmer penguins",
            "classification",
            _measured(PENGUIN_COLUMNS),
            PENGUIN_CLASSES,
            lambda: _table("penguins.csv", PENGUIN_COLUMNS, "species", PENGUIN_CLASSES),
            size=342,
            source="Gorman, Williams, Fraser (2014); Horst, Hill, Gorman (2020), palmerpenguins; Palmer Station LTER",
            licence="CC0 1.0",
        ),
        DataSource(
            "digits",
            "Handwritten digits 8×8",
            "classification",
            tuple(f"pixel {row},{column}" for row in range(8) for column in range(8)),
            tuple("0123456789"),
            _digits,
            size=1797,
            image_shape=(8, 8),
            source="Alpaydin, Kaynak (1998), Optical recognition of handwritten digits, the test part (UCI Machine Learning Repository)",
            licence="CC BY 4.0 (doi:10.24432/C50P49)",
        ),
        DataSource(
            "worked_example",
            "Worked example",
            "regression",
            ("x1", "x2"),
            (),
            lambda: (np.array([[0.5], [0.8]]), np.array([[1.0]])),
            size=1,
            standardize=False,
            source="the 2-2-1 network computed by hand: x = (0.5, 0.8), y = 1",
            licence="free of rights: two numbers",
        ),
        DataSource(
            "small_example",
            "Small example [1, 2, 3]",
            "regression",
            ("x1", "x2", "x3"),
            (),
            lambda: (np.array([[1.0], [2.0], [3.0]]), np.array([[1.0]])),
            size=1,
            standardize=False,
            source="x = (1, 2, 3) through a matrix W; it names no target, so y = 1 stands in",
            licence="free of rights: three numbers",
        ),
    )
}
