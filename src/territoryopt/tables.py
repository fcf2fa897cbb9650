"""CSV files in and out, as text, with every fault told at once.

Nothing is guessed: a comma separates, the text is UTF-8, the first row names the columns, and
`NA`, `007` and `1e5` stay text until somebody asks a column for numbers.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, Literal, TextIO, TypeVar

import numpy as np
import numpy.typing as npt

from territoryopt.cells import (
    FloatArray,
    IntArray,
    ObjectArray,
    guarded,
    parse_numbers,
)
from territoryopt.csv_reading import Note, add_missing_column, read_columns
from territoryopt.errors import FaultList, InputError

ROWS = 100_000
"""Rows held as text at one time while a file is written."""

_QUOTED = re.compile(r'[",\r\n]')
_GUARDED = re.compile(r"\0'*[=+\-@\t]")
"""What begins a cell that must be guarded, after a NUL."""
_ANY = TypeVar("_ANY", bound=np.generic)


def frozen(array: npt.NDArray[_ANY]) -> npt.NDArray[_ANY]:
    """A view of `array` that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Table:
    """The text of a file: `columns[name]` is object[n] of str, `lines` int64[n] the row of each.

    `lines` counts as a spreadsheet does: the header is row 1, and a line break inside a quoted
    cell does not count. The arrays cannot be written to.
    """

    file: str
    columns: Mapping[str, ObjectArray]
    lines: IntArray
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        held = {name: frozen(cells) for name, cells in self.columns.items()}
        object.__setattr__(self, "columns", MappingProxyType(held))
        object.__setattr__(self, "lines", frozen(self.lines))

    def __reduce__(self) -> tuple[type[Table], tuple[object, ...]]:
        return Table, (self.file, dict(self.columns), self.lines, self.notes)

    def __len__(self) -> int:
        return len(self.lines)

    def select(self, rows: npt.NDArray[np.bool_] | IntArray) -> Table:
        """The rows of a mask bool[n] or an index int[m], in that order."""
        columns = {name: cells[rows] for name, cells in self.columns.items()}
        return Table(self.file, columns, self.lines[rows], self.notes)

    def text(self, column: str) -> ObjectArray:
        """The cells of a column; InputError that lists the columns found if there is none."""
        if column not in self.columns:
            faults = FaultList(InputError)
            add_missing_column(column, self.file, tuple(self.columns), faults)
            faults.raise_if_any()
        return self.columns[column]

    def numbers(
        self,
        column: str,
        faults: FaultList,
        *,
        minimum: float | None = None,
        blank: Literal["nan", "refuse"] = "nan",
    ) -> FloatArray:
        """The column as float64[n]; see `parse_numbers`."""
        return parse_numbers(
            self.text(column),
            faults,
            file=self.file,
            lines=self.lines,
            column=column,
            minimum=minimum,
            blank=blank,
        )


def read_table(
    path: str | os.PathLike[str],
    *,
    required: Sequence[str] = (),
    id_columns: Sequence[str] = (),
) -> Table:
    """Reads a CSV file, or raises one InputError with everything that is wrong with it.

    `id_columns` together name a record: none of them may be blank and no two rows may agree in
    all of them. Without them no row may stand in the file twice.
    """
    faults = FaultList(InputError)
    table = parse_table(path, faults, required=(*required, *id_columns))
    if table is not None:
        check_identity(table, id_columns, faults)
    faults.raise_if_any()
    assert table is not None
    return table


def parse_table(
    path: str | os.PathLike[str], faults: FaultList, *, required: Sequence[str] = ()
) -> Table | None:
    """The sound rows of a file, its faults added to `faults`; None if no row can be used.

    Whitespace around a cell (the non-breaking kind too) and the guard of `guarded` are taken off.
    Blank rows at the end are skipped; blank columns at the right are dropped with a note.
    """
    read = read_columns(path, faults, required)
    return None if read is None else Table(Path(path).name, read.cells, read.lines, read.notes)


def check_identity(table: Table, columns: Sequence[str], faults: FaultList) -> None:
    """A fault for every blank cell of `columns` and for every row that agrees with an earlier one.

    With no `columns`, rows are held against each other whole.
    """
    cells = [table.columns[name] for name in (columns or table.columns)]
    place: dict[str, Any] = {"file": table.file, "column": columns[0] if columns else ""}
    for name in columns:
        for row in table.lines[table.columns[name] == ""]:
            faults.add(
                "the cell is blank",
                "Every record needs an id",
                file=table.file,
                row=int(row),
                column=name,
            )
    keys = cells[0].tolist() if len(cells) == 1 else list(zip(*cells, strict=True))
    if len(set(map(hash, keys))) == len(table):
        return
    first: dict[tuple[str, ...], int] = {}
    for i, key in enumerate(zip(*cells, strict=True)):
        earlier = first.setdefault(key, i)
        if earlier == i or (columns and not all(key)):
            continue
        at = int(table.lines[earlier])
        unlike = [n for n, c in table.columns.items() if c[i] != c[earlier]]
        if unlike:
            faults.add(
                f"{' and '.join(columns)} as in row {at}, but {unlike[0]} differs",
                "Keep one of the two rows, or give one of them its own id",
                row=int(table.lines[i]),
                value=", ".join(key),
                **place,
            )
        else:
            faults.add(
                f"the same row as row {at}",
                "Delete one of the two",
                row=int(table.lines[i]),
                value=", ".join(key),
                **place,
            )


def write_table(
    target: str | os.PathLike[str] | TextIO,
    columns: Mapping[str, Sequence[object] | npt.NDArray[Any]],
    *,
    header: bool = True,
) -> None:
    """Writes CSV in UTF-8 with `\\n`, so that `read_table` gives the same text back.

    Floats are written with the fewest digits that give the same float again; None and NaN as a
    blank cell. Text is guarded against formulas, numbers are not. Everything a quoted cell can
    carry is kept (line breaks, escapes, any script); NUL and lone surrogates, which it cannot, are
    written out as `\\x00` and `\\udc80`. Whitespace around a text is not kept by the reader.

    Raises ValueError if the columns differ in length.
    """
    if isinstance(target, (str, os.PathLike)):
        with open(target, "w", encoding="utf-8", newline="") as handle:
            write_table(handle, columns, header=header)
        return
    sizes = {len(column) for column in columns.values()}
    if len(sizes) > 1:
        raise ValueError(f"a column is shorter than another: {sorted(sizes)} rows")
    cells: list[Sequence[object] | npt.NDArray[Any]] = list(columns.values())
    if header:
        _write_rows(target, [[_written(name)] for name in columns])
    for start in range(0, max(sizes, default=0), ROWS):
        _write_rows(target, [_texts(column[start : start + ROWS]) for column in cells])


def _write_rows(target: TextIO, columns: list[list[str]]) -> None:
    if len(columns) == 1:  # a single blank cell must not look like a blank line
        columns = [[text or '""' for text in columns[0]]]
    target.write("\n".join([*map(",".join, zip(*columns, strict=True)), ""]))


def _texts(column: Sequence[object] | npt.NDArray[Any]) -> list[str]:
    """The cells of a column as they are written."""
    cells: list[Any] = column.tolist() if isinstance(column, np.ndarray) else list(column)
    kinds = set(map(type, cells))
    if kinds == {float}:
        texts = list(map(repr, cells))
        return list(map({"nan": ""}.get, texts, texts))
    if kinds == {int}:
        return list(map(str, cells))
    if not kinds <= {str, NoneType}:
        return list(map(_written, cells))
    if kinds == {str} and _plain("\0".join(["", *cells]), len(cells)):
        return cells
    known = {cell: _written(cell) for cell in dict.fromkeys(cells)}
    return list(map(known.__getitem__, cells))


def _plain(joined: str, cells: int) -> bool:
    """Whether cells, each after a NUL, can be written as they are."""
    if any(mark in joined for mark in ',"\r\n') or joined.count("\0") != cells:
        return False
    return joined.isascii() and not _GUARDED.search(joined)


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (float, np.floating)):
        return "" if math.isnan(value) else repr(float(value))
    if isinstance(value, (int, np.integer)):
        return str(value)
    text = guarded(str(value)).replace("\0", "\\x00")
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of the bytes of a file, in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
