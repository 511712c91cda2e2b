"""A person's own CSV file: read, its columns shown as recognised, its targets chosen. What cannot be used leaves the former data in place.

The table lives in the session alone: no other session can see it.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import streamlit as st

from nnviz.core.datasets import DataSet
from nnviz.core.tables import Table, read_table
from nnviz.core.tabular import from_table, guess_task
from nnviz.ui import controls, mistakes, show

MOST_SHOWN = 30  # columns that are listed
MISSING = {"drop": "Drop the row", "mean": "Fill with the mean"}
UPLOADER = "upload"  # its key
NAME = "file"  # the address's parameter that names the table of the experiment
KEYS = ("targets", "task", "missing", "standardise")  # of the controls that stand where there is a table
MADE_OF = "table choices"  # session_state: the digest of the table that is shown, and by what its data were made of it
TASKS = {"auto": "Guess", "classification": "Classes", "regression": "Numbers"}


def read(label: str, key: str, help: str) -> Table | None:
    """An uploader, and the table that it read last, in this run or before; what cannot be read is told and leaves that one.

    The table stands in `session_state` under "KEY table".
    """
    file = st.file_uploader(label, type=["csv", "tsv", "txt"], key=key, help=help)
    if fresh(file, key):
        st.session_state.pop(f"{key} error", None)
        try:
            st.session_state[f"{key} table"] = read_table(file)
        except ValueError as error:
            st.session_state[f"{key} error"] = error, f"{file.name[:60]}: "
    if f"{key} error" in st.session_state:
        mistakes.tell(*st.session_state[f"{key} error"])
    return st.session_state.get(f"{key} table")


def unseen(file: Any, key: str) -> bool:
    """Whether the uploader of that key holds a file that `fresh` has not told of."""
    return file is not None and st.session_state.get(f"{key} id") != file.file_id


def fresh(file: Any, key: str) -> TypeGuard[Any]:
    """Whether a file has come since the last time that this was asked: each is to be read once."""
    new = unseen(file, key)
    if new:
        st.session_state[f"{key} id"] = file.file_id
    return new


def kept_table() -> Table | None:
    """The table of the experiment, where one was dropped in this session."""
    return st.session_state.get(f"{UPLOADER} table")


def address_of(found: Table) -> str:
    """How the address names a table: `mine~1a2b3c4d`, by its name and its content."""
    return f"{found.name}~{found.digest[:8]}"


def name_in(address: str) -> str:
    """The name of a table as the address names it."""
    return address.rpartition("~")[0]


def table() -> Table | None:
    """The table of the experiment; the address names it, so that a link can ask for it."""
    kept = read("Your CSV file", UPLOADER, "Commas, semicolons or tabs; the first row names the columns.")
    asked = st.query_params.get(NAME)
    if kept is not None:
        st.query_params[NAME] = address_of(kept)
    elif asked:
        st.info(f"This link looks at the file “{show.as_typed(name_in(asked)[:60])}”: drop it here to see the same picture.")
    return kept


def data_set(test_fraction: float, seed: int, noise: float, samples: int | None) -> DataSet | None:
    """The data set made of the uploaded table and the choices about it, or None as long as there is none."""
    found = table()
    if found is None:
        return None
    left_out = [f"{show.as_typed(column.name[:40])} ({column.note})" for column in found.columns if column.note]
    told = f" Not used: {', '.join(left_out[:3])}{' …' if len(left_out) > 3 else ''}." if left_out else ""
    st.caption(f"{show.as_typed(found.name)}: {found.rows:,} rows, {len(found.columns)} columns.{told}")
    usable = [column.name for column in found.columns if column.kind in {"number", "category"}]
    likely = _likely_target(found, usable)
    _follow(found, usable, likely)
    targets = controls.several("Targets", usable, key="targets", default=likely, help="What the network learns to predict.")
    task = controls.segments("They are", TASKS, key="task", default="auto", names=TASKS.__getitem__)
    gaps = sum(column.missing for column in found.columns)
    missing = controls.segments(f"Empty cells ({gaps})", MISSING, key="missing", default="drop", names=MISSING.__getitem__)
    standardize = controls.toggle(
        "Standardise", key="standardise", default=True, help="Mean 0 and deviation 1, fitted on the training part only."
    )
    _columns(found)
    choices = {"task": None if task == "auto" else task, "standardize": standardize, "missing": missing}
    return _made(found, tuple(targets), choices | {"test_fraction": test_fraction, "seed": seed, "noise": noise, "samples": samples})


def _made(found: Table, targets: tuple[str, ...], choices: dict[str, Any]) -> DataSet | None:
    """The data set, kept until one of the choices changes; where the choices do not go together, the one that was there before."""
    if made_of(found) != (targets, choices):
        try:
            st.session_state["table data"] = from_table(found, targets, **choices)
            st.session_state[MADE_OF] = found.digest, targets, choices
        except ValueError as error:
            mistakes.tell(error)
    made: DataSet | None = st.session_state.get("table data")
    if made is not None and targets:
        by_guess = choices["task"] is None
        guess = f"Read as {'classes' if guess_task(found, targets) == 'classification' else 'numbers'}." if by_guess else ""
        if told := " ".join([guess, *made.notes]).strip():
            st.caption(show.as_typed(told))
    return made


def made_of(found: Table) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """The targets and choices by which the data that are shown were made of a table, whatever its controls say now; None of another."""
    digest, targets, choices = st.session_state.get(MADE_OF, ("", (), {}))
    return (targets, choices) if digest == found.digest else None


def _follow(found: Table, usable: list[str], likely: list[str]) -> None:
    """Where another table has come that lacks the targets chosen before, the likely ones of this."""
    before = st.session_state.get("targets of")
    st.session_state["targets of"] = found.digest
    kept = st.session_state.get("targets") or []
    if before not in (None, found.digest) and not (kept and set(kept) <= set(usable)):
        st.session_state["targets"] = likely


def _likely_target(found: Table, usable: list[str]) -> list[str]:
    """The last category of few levels, as most files end with what is to be told; else the last column."""
    categories = [column.name for column in found.columns if column.kind == "category"]
    return categories[-1:] or usable[-1:]


def _columns(found: Table) -> None:
    """The columns as they were recognised."""
    with st.popover("Columns as recognised", width="stretch"):
        rows = [(c.name, c.kind, f"{c.missing} missing", f"{c.distinct} different", c.note) for c in found.columns[:MOST_SHOWN]]
        st.table(
            {"column": [r[0] for r in rows], "holds": [r[1] for r in rows], "missing": [r[2] for r in rows], "values": [r[3] for r in rows]}
        )
        if len(found.columns) > MOST_SHOWN:
            st.caption(f"The first {MOST_SHOWN} of {len(found.columns)} columns are listed.")
