"""Series: one number after the other in time, what a recurrent network learns to continue.

`SERIES` is a plain dict: the monthly sunspot numbers come with it, a sine is made, a column of a person's own table is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from nnviz.core.features import shortened
from nnviz.core.samples import packaged
from nnviz.core.tables import MAGNITUDE, Table

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Series:
    """Values (T,) at evenly spaced times (T,), and what they are; equal by value."""

    name: str
    title: str
    time: Array
    values: Array
    unit: str = ""
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        self.time.setflags(write=False)
        self.values.setflags(write=False)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def digest(self) -> str:
        """A fingerprint of its values and its name."""
        return hashlib.blake2b(self.name.encode() + self.time.tobytes() + self.values.tobytes(), digest_size=16).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Series) else NotImplemented

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)


@lru_cache
def _sunspots() -> Series:
    rows = packaged("sunspots.csv")
    years = [int(row["month"][:4]) + (int(row["month"][5:]) - 0.5) / 12 for row in rows]
    return Series(
        "sunspots",
        "Monthly sunspot numbers, 1749–2008",
        np.array(years),
        np.array([float(row["sunspots"]) for row in rows]),
        unit="sunspot number (monthly mean)",
        source="NOAA National Geophysical Data Center; the international number before its revision of 2015",
        licence="public domain",
    )


@lru_cache
def _sine() -> Series:
    time = np.arange(400.0)
    return Series(
        "sine", "A sine of period 25", time, np.sin(2 * np.pi * time / 25), source="made by its rule", licence="free of rights: a formula"
    )


SERIES: dict[str, Callable[[], Series]] = {"sine": _sine, "sunspots": _sunspots}


def load_series(name: str) -> Series:
    """The series of that name in `SERIES`.

    >>> len(load_series("sunspots"))
    3120
    """
    if name not in SERIES:
        raise ValueError(f"there is no series {shortened(name)!r}: choose from {', '.join(SERIES)}")
    return SERIES[name]()


def series_from_table(table: Table, column: str | None = None) -> Series:
    """A column of numbers of a person's own table as a series, in the order of its rows.

    Parameters
    ----------
    column : its name; None is the first column of numbers

    Raises
    ------
    ValueError
        A column that is not there, holds no numbers, misses one, or holds inf: a gap in time cannot be dropped.
    """
    found = table.column(column or next(c.name for c in table.columns if c.kind == "number"))
    if found.kind not in ("number", "index"):
        raise ValueError(f"the column {shortened(found.name)!r} holds no numbers but {found.kind}: choose a column of numbers")
    if found.missing:
        raise ValueError(f"{found.missing} cells of the column {shortened(found.name)!r} are empty: a series has no gaps, so fill them in")
    values = table.frame[found.name].to_numpy(dtype=float, copy=True)
    if (np.abs(values) > MAGNITUDE).any():
        raise ValueError(f"the column {shortened(found.name)!r} holds infinite numbers: replace them with what was measured")
    return Series(table.name, found.name, np.arange(float(len(values))), values, source="your own file", licence="yours")
