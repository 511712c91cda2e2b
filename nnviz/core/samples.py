"""Samples: what a network learns from, as columns of `X` and `Y`, split into a training and a test part.

A `DataSet` keeps what was measured (`X`, as it came) and, apart from it, what is shown to a network (`train.X`, `test.X`):
standardised by the mean and the deviation of the training part alone, so that nothing of the test part leaks into the training.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import numbers
from nnviz.core.features import features, shortened
from nnviz.core.subsets import draw, split

MAX_SAMPLES = 1_000_000

Array = NDArray[np.floating]
Index = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Scale:
    """An affine map of each row, `(x − mean)/std`; `mean` and `std` are (n, 1)."""

    mean: Array
    std: Array

    @classmethod
    def fitted(cls, X: Array) -> Scale:
        """The scale that gives each row of X (n, m) mean 0 and deviation 1; a constant row is only moved."""
        mean, std = X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)
        # The deviation of a constant row is rounding, not 0, where its value is no binary fraction.
        constant = std <= 1e-12 * np.abs(mean)
        return cls(mean, np.where(constant, 1.0, std))

    @classmethod
    def identity(cls, n: int) -> Scale:
        """The scale that changes none of n rows."""
        return cls(np.zeros((n, 1)), np.ones((n, 1)))

    def __call__(self, X: ArrayLike) -> Array:
        """From what was measured to what a network sees, (..., n, m)."""
        return (np.asarray(X, dtype=float) - self.mean) / self.std

    def invert(self, X: ArrayLike) -> Array:
        """From what a network sees back to what was measured, (..., n, m)."""
        return np.asarray(X, dtype=float) * self.std + self.mean


@dataclass(frozen=True, eq=False)
class Part:
    """The training or the test part as a network sees it: X (n, m'), Y (k, m'), and which columns of the whole it holds."""

    X: Array
    Y: Array
    index: Index

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True, eq=False)
class DataSet:
    """Samples, one a column, with their targets, their split and their scale. Made by `DATASETS[name](…)` or `from_csv`."""

    name: str
    title: str
    X: Array  # (n, m), as it came
    Y: Array  # (k, m): 0 and 1 for two classes, one-hot for more, numbers in regression
    feature_names: tuple[str, ...]  # one a row of X
    target_names: tuple[str, ...]  # one a row of Y; for two classes the one that is 1
    task: str  # "classification" or "regression"
    train_index: Index
    test_index: Index
    scale: Scale
    target_scale: Scale
    class_names: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None  # where a sample is a picture
    coordinates: Array = field(default_factory=lambda: np.empty((0, 0)))  # X before features were made of it
    coordinate_names: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()  # what was left out on the way, as sentences

    def __post_init__(self) -> None:
        if not self.coordinates.size:
            object.__setattr__(self, "coordinates", self.X)
            object.__setattr__(self, "coordinate_names", self.feature_names)
        for array in self._arrays():
            array.setflags(write=False)

    @property
    def samples(self) -> int:
        """m, the number of samples."""
        return self.X.shape[1]

    @cached_property
    def train(self) -> Part:
        """What a network learns from, scaled."""
        return self._part(self.train_index)

    @cached_property
    def test(self) -> Part:
        """What it is judged by, scaled by what was fitted on the training part; empty where `test_fraction` is 0."""
        return self._part(self.test_index)

    def _part(self, index: Index) -> Part:
        part = Part(self.scale(self.X[:, index]), self.target_scale(self.Y[:, index]), index)
        part.X.setflags(write=False)
        part.Y.setflags(write=False)
        return part

    @cached_property
    def inputs(self) -> Array:
        """All samples as a network sees them, (n, m): row i of the table is column i."""
        return self.scale(self.X)

    def at(self, points: ArrayLike) -> Array:
        """What a network sees at points (c, …) given in the coordinates: the features made of them, scaled; (n, …)."""
        points = numbers(points, "points")
        if points.ndim == 0 or len(points) != len(self.coordinate_names):
            names = shortened(", ".join(self.coordinate_names))
            raise ValueError(
                f"points have shape {points.shape}: they need a row for each of the {len(self.coordinate_names)} coordinates, {names}"
            )
        made = features(points.reshape(points.shape[0], -1), self.coordinate_names, self.feature_names)
        return self.scale(made).reshape(-1, *points.shape[1:])

    @cached_property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """The range of each coordinate with a margin of 5 %; a constant one reaches 1 to either side."""
        low, high = self.coordinates.min(axis=1), self.coordinates.max(axis=1)
        margin = np.where(high > low, 0.05 * (high - low), 1.0)
        return tuple(zip((low - margin).tolist(), (high + margin).tolist(), strict=True))

    @cached_property
    def labels(self) -> Index:
        """The class of each sample, (m,), as a position in `class_names`."""
        if self.task != "classification":
            raise ValueError(f"{shortened(self.title)} is a regression: its samples have no classes, read Y instead")
        return classes_of(self.Y)

    def describe(self, row: int) -> str:
        """One sample in words: `sample 0: sepal length (cm) 5.1, …; setosa`."""
        if not -self.samples <= row < self.samples:
            raise ValueError(f"sample {row} was asked for and there are {self.samples}: choose 0 to {self.samples - 1}")
        row = row % self.samples
        if self.task == "classification":
            target = self.class_names[self.labels[row]]
        else:
            target = ", ".join(f"{n} = {v:.4g}" for n, v in zip(self.target_names, self.Y[:, row], strict=True))
        if self.image_shape:
            height, width = self.image_shape
            return f"sample {row}: a picture of {height} × {width} pixels; {target}"
        shown = [f"{n} = {v:.4g}" for n, v in zip(self.coordinate_names[:6], self.coordinates[:6, row], strict=True)]
        more = ["…"] if len(self.coordinate_names) > 6 else []
        return f"sample {row}: {', '.join(shown + more)}; {target}"

    @cached_property
    def digest(self) -> str:
        """A fingerprint of everything in it, the same on every machine."""
        told = hashlib.blake2b(repr(self._plain()).encode(), digest_size=16)
        for array in self._arrays():
            told.update(repr((array.shape, array.dtype.str)).encode())
            told.update(np.ascontiguousarray(array).data)
        return told.hexdigest()

    def _plain(self) -> tuple[object, ...]:
        values = (getattr(self, f.name) for f in fields(self))
        return tuple(value for value in values if not isinstance(value, np.ndarray | Scale))

    def _arrays(self) -> tuple[NDArray, ...]:
        scales = (self.scale.mean, self.scale.std, self.target_scale.mean, self.target_scale.std)
        return (self.X, self.Y, self.coordinates, self.train_index, self.test_index, *scales)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DataSet):
            return NotImplemented
        if self is other:
            return True
        same = all(np.array_equal(a, b) for a, b in zip(self._arrays(), other._arrays(), strict=True))
        return same and self._plain() == other._plain()

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)


def classes_of(Y: Array) -> Index:
    """The class of each column of Y: 0 or 1 where Y is (1, m), the place of the 1 where it is one-hot."""
    return (Y[0] > 0.5).astype(int) if Y.shape[0] == 1 else Y.argmax(axis=0)


def encode(labels: ArrayLike, count: int) -> Array:
    """Labels 0 … count − 1 as targets: (1, m) of 0 and 1 for two classes, one-hot (count, m) for more."""
    labels = np.asarray(labels)
    return labels[None, :].astype(float) if count == 2 else (labels == np.arange(count)[:, None]).astype(float)


def imputed(X: Array, train_index: Index) -> Array:
    """X with the mean of the training part where it is NaN; of all samples where the training part has no number either."""
    gaps = np.isnan(X)
    for row in np.flatnonzero(gaps.any(axis=1)):
        known = X[row, train_index][~gaps[row, train_index]]
        X[row, gaps[row]] = known.mean() if known.size else X[row, ~gaps[row]].mean()
    return X


def check_draw(samples: int | None, noise: float, test_fraction: float, seed: int) -> None:
    """Raise a ValueError that names what cannot be drawn."""
    if samples is not None and not (isinstance(samples, int | np.integer) and 1 <= samples <= MAX_SAMPLES):
        raise ValueError(f"samples is {shortened(samples)}: give a whole number from 1 to {MAX_SAMPLES:,}, or None for all")
    if not (isinstance(noise, Real) and 0 <= noise <= 100):
        raise ValueError(f"noise is {shortened(noise)}: give a number from 0 to 100, a share of each feature's standard deviation")
    if not (isinstance(test_fraction, Real) and 0 <= test_fraction < 1):
        raise ValueError(f"test_fraction is {shortened(test_fraction)}: give a number from 0 to below 1, such as 0.3")
    if not (isinstance(seed, int | np.integer) and seed >= 0):
        raise ValueError(f"seed is {shortened(seed)}: give a whole number of 0 or more")


def assemble(
    X: ArrayLike,
    targets: ArrayLike,
    *,
    task: str,
    feature_names: Sequence[str],
    target_names: Sequence[str] = ("y",),
    class_names: Sequence[str] = (),
    samples: int | None = None,
    noise: float = 0.0,
    noise_on: str = "features",
    test_fraction: float = 0.3,
    seed: int = 0,
    standardize: bool = True,
    standardize_targets: bool = False,
    **about: Any,
) -> DataSet:
    """A data set from its numbers: a subset drawn, split, missing numbers (NaN) filled, noise added, and the scale fitted.

    Parameters
    ----------
    X : (n, m)
    targets : (m,) labels 0, 1, … as positions in `class_names` for a classification, (k, m) for a regression
    """
    X, targets = np.array(X, dtype=float), np.asarray(targets)
    classification = task == "classification"
    Y = encode(targets, len(class_names)) if classification else np.array(targets, dtype=float)
    if samples is not None and samples > X.shape[1]:
        raise ValueError(f"{samples} samples were asked for and there are {X.shape[1]}: ask for at most {X.shape[1]}, or None for all")
    if samples is not None and samples < X.shape[1]:
        kept = draw(X.shape[1], classes_of(Y) if classification else None, np.random.default_rng((seed, 3)), samples)
        X, Y = X[:, kept], Y[:, kept]
    train_index, test_index = split(X.shape[1], classes_of(Y) if classification else None, test_fraction, seed)
    empty = np.flatnonzero(np.isnan(X).all(axis=1))
    if empty.size:
        raise ValueError(
            f"the column {shortened(feature_names[empty[0]])!r} is empty in all of the {X.shape[1]} samples: leave it out or take more"
        )
    X = imputed(X, train_index)
    if noise:
        noisy = X if noise_on == "features" else Y
        noisy += noise * noisy.std(axis=1, keepdims=True) * np.random.default_rng((seed, 1)).standard_normal(noisy.shape)
    rows = tuple(target_names) if not classification else tuple(class_names[1:] if len(class_names) == 2 else class_names)
    return DataSet(
        X=X,
        Y=Y,
        task=task,
        feature_names=tuple(feature_names),
        target_names=rows,
        class_names=tuple(class_names),
        train_index=train_index,
        test_index=test_index,
        scale=Scale.fitted(X[:, train_index]) if standardize else Scale.identity(X.shape[0]),
        target_scale=Scale.fitted(Y[:, train_index]) if standardize_targets else Scale.identity(Y.shape[0]),
        **about,
    )


@lru_cache
def packaged(file: str) -> tuple[dict[str, str], ...]:
    """The rows of a table in nnviz/data, each from its column's name to its cell."""
    with files("nnviz.data").joinpath(file).open(encoding="utf-8") as lines:
        return tuple(csv.DictReader(lines))


def with_features(data: DataSet, names: tuple[str, ...], standardize: bool = True) -> DataSet:
    """The same samples seen through other features, made of the coordinates; split and targets stay, the scale is fitted anew.

    Parameters
    ----------
    names : of the coordinates, or `x1`, `x1^2`, `x1*x2`, `sin(x1)` …; at least one, none twice
    standardize : whether the training part gets mean 0 and deviation 1

    Raises
    ------
    ValueError
        A name that is no feature, none at all, or one twice.
    """
    names = tuple(names)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"features are {shortened(names)}: choose at least one, and each only once")
    X = features(data.coordinates, data.coordinate_names, names)
    scale = Scale.fitted(X[:, data.train_index]) if standardize else Scale.identity(len(names))
    # A picture of which pixels were taken away or squared is none any more.
    image_shape = data.image_shape if names == data.coordinate_names else None
    return replace(data, X=np.array(X), feature_names=names, scale=scale, image_shape=image_shape)
