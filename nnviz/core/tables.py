"""A person's table: a CSV file read with suspicion, and what each of its columns holds.

`read_table` comes first: it tells what the columns are, so that a person can choose among them. What then becomes of them is in
`tabular.py`. A file is refused, in a sentence, rather than guessed at: by its size before it is read, by its first bytes, by its
encoding, by a row that is longer or shorter than the first.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from nnviz.core.features import shortened

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 256 * 2**20
MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
MAX_LEVELS = 50
MAGNITUDE = 1e100  # beyond it squares, and so deviations, overflow

_MAGIC = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "gzip-compressed",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    **{bytes([0x80, version]): "a Python pickle, which is never opened" for version in range(2, 6)},
}
_FORMULA = r"\s*(?:=|@\w+\(|[+\-][^\s\d.].*[|!(])"
_DATE = r"\s*(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:[T ]\d.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: \d.*)?)\s*"
_DECIMAL_COMMA = re.compile(rb"(?:^|[;\t])-?\d+,\d+(?=[;\t\r\n]|$)", re.MULTILINE)
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
_INDEX_NAMES = {"", "id", "index", "row", "rownames", "row number", "unnamed: 0"}


@dataclass(frozen=True)
class Column:
    """What one column holds. `kind` is number, category, text, date, index or empty; the last four are not used as features."""

    name: str
    kind: str
    missing: int
    distinct: int
    examples: tuple[str, ...]
    levels: tuple[str, ...] = ()  # of a category, in alphabetical order
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table that was read: its columns as recognised, and its cells. Equal by the bytes it was read from."""

    name: str
    rows: int
    columns: tuple[Column, ...]
    digest: str
    frame: pd.DataFrame = field(compare=False, repr=False)

    def column(self, name: str) -> Column:
        """The column of that name, or a ValueError that lists those there are."""
        for column in self.columns:
            if column.name == name:
                return column
        there = ", ".join(shortened(column.name, 24) for column in self.columns[:8])
        raise ValueError(f"there is no column {shortened(name)!r}: choose from {there}{', …' if len(self.columns) > 8 else ''}")

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)


def read_table(file: str | os.PathLike[str] | IO[Any]) -> Table:
    r"""A CSV file (commas, semicolons or tabs, UTF-8, a header or none) and what its columns hold.

    Parameters
    ----------
    file : a path, or a file object, binary or text; at most 256 MB, a million rows and a thousand columns

    Raises
    ------
    ValueError
        Too large, empty, not text, not UTF-8, ragged, fewer than two rows, a name twice, a formula in a cell, no number at all.

    Examples
    --------
    >>> table = read_table(io.StringIO("height;colour\n1,5;red\n2,5;blue\n3,5;red\n"))
    >>> [(column.name, column.kind, column.distinct) for column in table.columns]
    [('height', 'number', 3), ('colour', 'category', 2)]
    """
    name, content = _content(file)
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in content and b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    _refuse_what_is_no_text(content)
    separator = _separator(content)
    first = _check_rows(content, separator)
    names, has_header = _names(first)
    frame = _parse(content, separator, names, has_header)
    columns = tuple(_recognise(frame[name]) for name in names)
    if not any(column.kind == "number" for column in columns):
        raise ValueError(
            f"none of the {len(names)} columns holds numbers: a network needs numbers, so check the separator and remove units "
            f"(first cells: {shortened(', '.join(first))})"
        )
    return Table(name, len(frame), columns, hashlib.blake2b(content, digest_size=16).hexdigest(), frame)


def _content(file: str | os.PathLike[str] | IO[Any]) -> tuple[str, bytes]:
    """A name for it, and its bytes; refused by its size before it is read."""
    if isinstance(file, str | os.PathLike):
        path = Path(file)
        if not path.is_file():
            raise ValueError(f"there is no file {shortened(path)}: check its name and folder")
        _check_size(path.stat().st_size)
        return path.stem, path.read_bytes()
    if not hasattr(file, "read"):
        raise ValueError(f"a table is read from a path or a file object, not from a {shortened(type(file).__name__)}: give one of these")
    if file.seekable():  # an uploaded file is read again at each rerun
        _check_size(file.seek(0, os.SEEK_END))
        file.seek(0)
    try:
        content = file.read(MAX_BYTES + 1)
    except UnicodeDecodeError as error:
        raise ValueError("the file is not UTF-8 text: save it as “CSV UTF-8” and open that") from error
    _check_size(len(content))
    name = getattr(file, "name", None)
    return Path(name).stem if isinstance(name, str) else "table", content.encode() if isinstance(content, str) else bytes(content)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise ValueError(f"the file is larger than {MAX_BYTES // 2**20} MB, the most that is read: keep fewer rows or columns")


def _refuse_what_is_no_text(content: bytes) -> None:
    """Tell a picture, an archive, a workbook or another encoding by what it starts with."""
    if not content.strip():
        raise ValueError("the file is empty: it needs a header with the columns' names and at least two rows of numbers")
    kind = next((what for magic, what in _MAGIC.items() if content.startswith(magic)), None)
    if content.startswith(b"PK\x03\x04"):
        kind = "an Excel workbook" if b"xl/" in content or b"[Content_Types]" in content else "a ZIP archive"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        kind = "text in UTF-16"
    if kind is None and content.lstrip()[:1] in (b"<", b"{"):
        kind = "HTML or XML" if content.lstrip()[:1] == b"<" else "JSON"
    if kind is None and b"\x00" in content:
        kind = "binary (it holds zero bytes)"
    if kind:
        raise ValueError(f"the file is {kind}, not a table in text: save it as “CSV UTF-8” and open that")
    try:
        _ = content.isascii() or content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 text (byte 0x{content[error.start]:02X}): save the file as “CSV UTF-8”") from error


def _separator(content: bytes) -> str:
    """The tab, semicolon or comma that parts each of the first rows into equally many cells; else the one most often seen."""
    sample = [line for line in content[:65536].splitlines()[:20] if line.strip()]
    sample = sample[:-1] if len(sample) > 1 and len(content) > 65536 else sample
    # What is between quotation marks parts nothing.
    bare = [re.sub(rb'"[^"]*"', b"", line) for line in sample]
    counts = {separator: [line.count(separator.encode()) for line in bare] for separator in "\t;,"}
    for separator, seen in counts.items():
        if seen[0] and min(seen) == max(seen):
            return separator
    return max(counts, key=lambda separator: (counts[separator][0], separator == ","))


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each row's line number and bytes: one line, or several where a quoted cell runs over its end. Blank lines are none."""
    pending: list[bytes] = []
    start, is_open = 1, False
    for number, line in enumerate(io.BytesIO(content), 1):
        if not is_open:
            start, pending = number, []
        pending.append(line)
        is_open ^= bool(line.count(b'"') % 2)
        if not is_open and (len(pending) > 1 or not line.isspace()):
            yield start, b"".join(pending)
    if is_open:
        raise ValueError(f"a quotation mark that opens in line {start} is never closed: close it, or write it twice to mean itself")


def _cells(line: int, record: bytes, separator: str) -> list[str]:
    rows = list(csv.reader(io.StringIO(record.decode(), newline=""), delimiter=separator, skipinitialspace=True))
    if len(rows) > 1:  # a mark within an unquoted cell opens nothing, though it was counted as one that does
        raise ValueError(f"line {line} has a quotation mark in the middle of a cell: put the whole cell between marks and write it twice")
    return rows[0]


def _check_rows(content: bytes, separator: str) -> list[str]:
    """The cells of the first row; raises where another row has more or fewer, or where there are too many."""
    byte, first = separator.encode(), [""]
    for row, (line, record) in enumerate(_records(content)):
        if not row:
            first = _cells(line, record, separator)
        if row > MAX_ROWS or len(first) > MAX_COLUMNS:
            raise ValueError(f"the table has more than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns, the most that are read: keep fewer")
        width = len(_cells(line, record, separator)) if b'"' in record else record.count(byte) + 1
        if width != len(first):
            raise ValueError(f"line {line} has {width} cells and the first has {len(first)}: give every row the same number of cells")
    return first


def _names(first: list[str]) -> tuple[list[str], bool]:
    """The columns' names, and whether the first row gave them: it did not where it is all numbers, or holds one with a fraction."""
    cells = [cell.strip() for cell in first]
    numbers = [cell for cell in cells if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?", cell)]
    if len(numbers) == len(cells) or any("." in cell or "," in cell for cell in numbers):
        return [f"column {i}" for i in range(1, len(cells) + 1)], False
    names = [cell or f"column {i}" for i, cell in enumerate(cells, 1)]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{names.count(twice[0])} columns are named {shortened(twice[0])!r}: give each column a name of its own")
    return names, True


def _parse(content: bytes, separator: str, names: list[str], has_header: bool) -> pd.DataFrame:
    import pandas as pd

    decimal = "," if separator != "," and _DECIMAL_COMMA.search(content[:65536]) else "."
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            header=0 if has_header else None,
            names=names,
            index_col=False,
            decimal=decimal,
            skipinitialspace=True,
            na_values=["?"],
            low_memory=False,
        )
    except (ValueError, OverflowError) as error:  # ParserError and EmptyDataError are ValueErrors
        raise ValueError(f"the table cannot be read: {shortened(error, 200)}; check its separators and quotation marks") from error
    for name in names:
        cells = frame[name].dropna()
        if not pd.api.types.is_numeric_dtype(cells) and len(cells) and all(_WHOLE.fullmatch(str(cell)) for cell in cells):
            frame[name] = frame[name].astype(str).astype(float)  # beyond 64 bits
    if len(frame) < 2:
        found = "a header and no row" if not len(frame) else "one row"
        raise ValueError(f"the file has {found} of data: at least two rows are needed, one to learn from and one to compare with")
    return frame


def _recognise(cells: pd.Series) -> Column:
    """What a column holds, from its cells."""
    import pandas as pd

    name, known = str(cells.name), cells.dropna()
    missing, distinct = len(cells) - len(known), int(known.nunique())
    examples = tuple(shortened(value, 30) for value in known.iloc[:3])
    if not len(known):
        return Column(name, "empty", missing, 0, (), note="every cell is empty")
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        numbered = name.lower() in _INDEX_NAMES or re.fullmatch(r"column \d+", name) is not None
        with np.errstate(invalid="ignore"):  # inf − inf
            steps = np.diff(cells.to_numpy(dtype=float)) if numbered else np.array([0.0])
        if (steps == 1).all():
            return Column(name, "index", missing, distinct, examples, note="it counts the rows")
        return Column(name, "number", missing, distinct, examples)
    text = known.astype(str)
    formula = text.str.match(_FORMULA)
    if formula.any():
        row = int(np.argmax(formula.to_numpy()))
        raise ValueError(
            f"row {int(text.index[row]) + 1} of column {shortened(name)!r} holds a spreadsheet formula, {shortened(text.iloc[row], 30)!r}: "
            "nothing is computed here, so save the file with values only"
        )
    if text.str.fullmatch(_DATE).mean() > 0.9:
        return Column(name, "date", missing, distinct, examples, note="dates are not used as features")
    strange = text[pd.to_numeric(text, errors="coerce").isna()]
    if len(strange) < 0.5 * len(text) and distinct > 2 and not pd.api.types.is_bool_dtype(cells):
        told = f"{len(strange)} of {len(text)} cells are no numbers" if len(strange) else "its numbers are not written as the table's are"
        note = f"{told}, such as {shortened((strange if len(strange) else text).iloc[0], 20)!r}"
        return Column(name, "text", missing, distinct, examples, note=note)
    if distinct <= MAX_LEVELS and distinct < len(text):
        return Column(name, "category", missing, distinct, examples, levels=tuple(sorted(text.unique())))
    return Column(name, "text", missing, distinct, examples, note=f"{distinct} different texts: too many to be categories")
