"""From the columns of a table to samples: numbers stay, categories become one-hot, missing cells are dropped or filled."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.features import shortened
from nnviz.core.samples import DataSet, assemble, check_draw
from nnviz.core.tables import MAGNITUDE, Table, read_table

Array = NDArray[np.floating]

MAX_CLASSES = 100
FEW_CLASSES = 10
MAX_CELLS = 25_000_000


def from_csv(
    file: str | os.PathLike[str] | IO[Any],
    targets: str | Sequence[str],
    task: str | None = None,
    standardize: bool = True,
    missing: str = "drop",
    test_fraction: float = 0.3,
    seed: int = 0,
    **options: Any,
) -> DataSet:
    r"""A data set from a CSV file: `read_table`, then `from_table`, whose arguments and errors these are.

    Examples
    --------
    >>> import io
    >>> table = io.StringIO("size,colour,price\n1,red,10\n2,blue,21\n3,red,29\n4,blue,41\n")
    >>> data = from_csv(table, targets="price", test_fraction=0)
    >>> data.task, data.feature_names, data.X.tolist()
    ('regression', ('size', 'colour = blue', 'colour = red'), [[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]])
    """
    return from_table(read_table(file), targets, task, standardize, missing, test_fraction, seed, **options)


def from_table(
    table: Table,
    targets: str | Sequence[str],
    task: str | None = None,
    standardize: bool = True,
    missing: str = "drop",
    test_fraction: float = 0.3,
    seed: int = 0,
    features: Sequence[str] | None = None,
    samples: int | None = None,
    noise: float = 0.0,
) -> DataSet:
    """A data set from chosen columns of a table.

    Parameters
    ----------
    targets : one column for a classification, one or more columns of numbers for a regression
    task : "classification", "regression", or None to have it guessed, see `guess_task`
    standardize : features, and the targets of a regression, to mean 0 and deviation 1 of the training part
    missing : "drop" rows with an empty cell, or fill it with the "mean" of the training part; a row without target always goes
    features : columns; None is every column of numbers or categories that is no target
    samples, noise, test_fraction, seed : as for every data set

    Raises
    ------
    ValueError
        A column that is not there or cannot be used, nothing left to learn from, one class alone or more than 100, inf.
    """
    check_draw(samples, noise, test_fraction, seed)
    chosen = _targets(table, targets)
    task = _task(table, chosen, task)
    used = _features(table, chosen, features)
    if missing not in ("drop", "mean"):
        raise ValueError(f"missing is {shortened(missing)!r}: give 'drop' to leave rows with an empty cell out, or 'mean' to fill it")
    kept = _kept(table, chosen, used, missing)
    names, X = _inputs(table, used, kept)
    values, class_names = _classes(table, chosen[0], kept) if task == "classification" else (_numbers(table, chosen, kept), ())
    return assemble(
        X,
        values,
        task=task,
        feature_names=names,
        target_names=chosen,
        class_names=class_names,
        samples=samples,
        noise=noise,
        test_fraction=test_fraction,
        seed=seed,
        standardize=standardize,
        standardize_targets=standardize and task == "regression",
        name=table.name,
        title=table.name,
        source="your own file",
        licence="yours",
        notes=_notes(table, chosen, used, kept),
    )


def guess_task(table: Table, targets: Sequence[str]) -> str:
    """What a target asks for: classes, where it is one column of texts, or of at most 10 whole numbers that each come twice or more.

    "Twice" is on average: 1, 2, 3 in three rows are three measurements, not three classes.
    """
    column = table.column(targets[0])
    if len(targets) > 1:
        return "regression"
    if column.kind not in ("number", "index"):
        return "classification"
    values = table.frame[column.name].dropna().to_numpy(dtype=float)
    few = column.distinct <= FEW_CLASSES and 2 * column.distinct <= len(values)
    return "classification" if few and (values == np.round(values)).all() else "regression"


def _targets(table: Table, targets: str | Sequence[str]) -> tuple[str, ...]:
    chosen = _names(targets, "targets")
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"the targets are {shortened(list(chosen))}: name at least one column, and each only once")
    for name in chosen:
        if table.column(name).kind == "empty":
            raise ValueError(f"every cell of the target {shortened(name)!r} is empty: choose another column")
        if table.column(name).distinct < 2:
            raise ValueError(f"the target {shortened(name)!r} has the same value in every row: there is nothing to tell apart")
    return chosen


def _names(columns: str | Sequence[str], what: str) -> tuple[str, ...]:
    """Columns by their names; one may stand alone."""
    names = tuple(columns) if isinstance(columns, Iterable) and not isinstance(columns, str) else (columns,)
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"{what} is {shortened(columns)}: give the name of a column, or a list of names")
    return names


def _task(table: Table, chosen: Sequence[str], task: str | None) -> str:
    if task not in ("classification", "regression", None):
        raise ValueError(f"task is {shortened(task)!r}: give 'classification', 'regression', or None to have it guessed")
    task = task or guess_task(table, chosen)
    texts = [name for name in chosen if table.column(name).kind not in ("number", "index")]
    if task == "regression" and texts:
        raise ValueError(f"the target {shortened(texts[0])!r} holds no numbers: choose it alone for a classification, or another column")
    if task == "classification" and len(chosen) > 1:
        raise ValueError(f"{len(chosen)} targets were chosen for a classification: choose one column with the classes, or a regression")
    return task


def _features(table: Table, chosen: Sequence[str], features: Sequence[str] | None) -> tuple[str, ...]:
    if features is None:
        features = [column.name for column in table.columns if column.kind in ("number", "category")]
    used = tuple(name for name in _names(features, "features") if name not in chosen)
    if not used:
        raise ValueError(f"no column of numbers or categories is left beside the target {shortened(chosen[0])!r}: a network needs one")
    for column in map(table.column, used):
        if column.kind not in ("number", "category", "index"):
            raise ValueError(f"the column {shortened(column.name)!r} cannot be a feature: it holds {column.kind} ({column.note})")
    return used


def _kept(table: Table, chosen: Sequence[str], used: Sequence[str], missing: str) -> NDArray[np.bool_]:
    """Which rows stay, (rows,)."""
    needed = [*chosen, *(used if missing == "drop" else ())]
    kept = table.frame[needed].notna().all(axis=1).to_numpy()
    if kept.sum() < 2:
        worst = max((table.column(name) for name in needed), key=lambda column: column.missing)
        advice = "fill missing cells with the mean, or leave the column out" if worst.name in used else "choose another target"
        raise ValueError(
            f"{kept.sum()} of {table.rows} rows are complete ({shortened(worst.name)!r} lacks {worst.missing} cells): {advice}"
        )
    return kept


def _inputs(table: Table, used: Sequence[str], kept: NDArray[np.bool_]) -> tuple[tuple[str, ...], Array]:
    """Names and numbers of the features, (n, m); NaN where a cell is empty."""
    names = [
        name if not (column := table.column(name)).levels else f"{name} = {level}"
        for name in used
        for level in table.column(name).levels or [""]
    ]
    if len(names) * kept.sum() > MAX_CELLS:
        raise ValueError(
            f"{len(names):,} features of {kept.sum():,} rows are more than {MAX_CELLS:,} numbers: choose fewer columns or rows"
        )
    X = np.empty((len(names), int(kept.sum())))
    row = 0
    for column in map(table.column, used):
        cells = table.frame[column.name][kept]
        if column.kind == "category":
            text = cells.astype(str).to_numpy(dtype=object)
            for level in column.levels:
                X[row] = np.where(cells.isna(), np.nan, text == level)
                row += 1
        else:
            X[row] = _checked(column.name, cells)
            row += 1
    return tuple(names), X


def _numbers(table: Table, chosen: Sequence[str], kept: NDArray[np.bool_]) -> Array:
    Y = np.stack([_checked(name, table.frame[name][kept]) for name in chosen])
    if (np.ptp(Y, axis=1) == 0).any():
        raise ValueError(
            f"a target of {shortened(', '.join(chosen))} is constant in the {Y.shape[1]} complete rows: there is nothing to learn"
        )
    return Y


def _checked(name: str, cells: Any) -> Array:
    """The numbers of a column; raises where one is infinite or too large for its square."""
    values = cells.to_numpy(dtype=float)
    wild = np.abs(values) > MAGNITUDE
    if wild.any():
        row = int(cells.index[int(wild.argmax())]) + 1
        raise ValueError(f"row {row} of column {shortened(name)!r} holds {values[wild][0]:g}: empty that cell, or leave the column out")
    return values


def _classes(table: Table, target: str, kept: NDArray[np.bool_]) -> tuple[NDArray[np.integer], tuple[str, ...]]:
    """Each row's class as a position in the classes' names, which stand in order."""
    cells = table.frame[target][kept]
    numeric = table.column(target).kind in ("number", "index")
    levels, labels = np.unique(_checked(target, cells) if numeric else cells.astype(str).to_numpy(dtype=str), return_inverse=True)
    if len(levels) > MAX_CLASSES:
        raise ValueError(
            f"the target {shortened(target)!r} has {len(levels):,} classes, at most {MAX_CLASSES} are learned: choose another target, "
            "or a regression if it holds numbers"
        )
    if len(levels) < 2:
        raise ValueError(f"all {kept.sum()} complete rows have the class {shortened(levels[0])!r}: at least two classes are needed")
    return labels, tuple(f"{level:.12g}" if numeric else str(level) for level in levels)


def _notes(table: Table, chosen: Sequence[str], used: Sequence[str], kept: NDArray[np.bool_]) -> tuple[str, ...]:
    """What was left out, and what tells nothing, in sentences."""
    notes = []
    if not kept.all():
        notes.append(f"{table.rows - kept.sum()} of {table.rows} rows with an empty cell were left out.")
    unused = [c for c in table.columns if c.name not in used and c.name not in chosen and c.note]
    notes += [f"The column {shortened(column.name)!r} was left out: {column.note}." for column in unused]
    constant = [name for name in used if table.frame[name][kept].nunique() == 1]
    notes += [f"The column {shortened(name)!r} is the same in every row: it tells nothing." for name in constant]
    return tuple(notes)
