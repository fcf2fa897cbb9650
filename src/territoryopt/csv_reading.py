"""The bytes of a CSV file become columns of text, or faults that name the row and the cell."""

from __future__ import annotations

import csv
import os
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from territoryopt.cells import IntArray, ObjectArray, unguarded
from territoryopt.errors import FaultList

CHUNK = 2_000
"""Rows held as Python lists at one time while a file is read: few, for lists that live long cost
the collector of garbage more than the reading."""
SHARED = 25_000
"""Distinct texts of a column up to which equal ones share one string."""

BLOCK = 1 << 20
"""Bytes looked at in one go."""

SAVE_AS_UTF8 = "Save the file again as 'CSV UTF-8 (comma delimited)'"

_UNDECODED = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Note:
    """One thing that was read otherwise than it stands in the file. `row` None: the whole file."""

    file: str
    row: int | None
    column: str
    old: str
    new: str
    why: str


class Columns(NamedTuple):
    """The sound rows of a file: object[n] of str per column, int64[n] the row of each, repairs."""

    cells: dict[str, ObjectArray]
    lines: IntArray
    notes: tuple[Note, ...]


def read_columns(
    path: str | os.PathLike[str], faults: FaultList, required: Sequence[str] = ()
) -> Columns | None:
    """Reads a file as far as it can be read; None if its columns cannot be told."""
    file = Path(path).name
    try:
        kind = _not_text(Path(path))
        if kind:
            faults.add(f"the file is {kind}, not CSV in UTF-8", SAVE_AS_UTF8, file=file)
            return None
        clean = _is_clean(Path(path))
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
            return _Reading(handle, file, faults, clean).columns(required)
    except OSError as error:
        faults.add(
            f"the file cannot be read: {error.strerror}", "Check the folder and the name", file=file
        )
        return None


def add_missing_column(column: str, file: str, found: Sequence[str], faults: FaultList) -> None:
    """The fault of a column that a file should have and has not."""
    listed = ", ".join(repr(name) for name in found)
    faults.add(
        "there is no such column",
        f"Columns found: {listed}. Capitals count",
        file=file,
        row=1,
        column=column,
    )


def _not_text(path: Path) -> str:
    with path.open("rb") as handle:
        head = handle.read(4)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in (head[:1], head[1:2]):
        return "UTF-16 text"
    return "a workbook or an archive" if head == b"PK\x03\x04" else ""


def _is_clean(path: Path) -> bool:
    """Whether the file is UTF-8 without a NUL, so that no line of it need be looked at for that."""
    decode = getincrementaldecoder("utf-8")().decode
    with path.open("rb") as handle:
        try:
            while block := handle.read(BLOCK):
                decode(block)
                if b"\0" in block:
                    return False
            decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


class _Reading:
    """One pass over one file: a chunk of records at a time where the file is `clean`, else record
    by record, so that it is known which one holds the bytes that are wrong."""

    def __init__(self, handle: TextIO, file: str, faults: FaultList, clean: bool) -> None:
        lines = handle if clean else self._watched(handle)
        self.reader = csv.reader(lines, strict=True)
        self.at_once = CHUNK if clean else 1
        self.file = file
        self.faults = faults
        self.blank: list[int] = []  # rows that are a fault once a record follows them
        self.faults_before = len(faults.problems)  # those of other files
        self.suspicious = False  # the record at hand holds a NUL or bytes that are not UTF-8
        self.row = 0
        self.broken = ""  # what the reader said of quotes that do not match
        self.undecoded: list[tuple[int, int, str]] = []  # row, number of the cell, text

    def columns(self, required: Sequence[str]) -> Columns | None:
        header = next(iter(self._next(1)), None)
        if header is None:
            self._tell_quotes()
            if len(self.faults.problems) == self.faults_before:
                self.faults.add(
                    "the file is empty", "The first row must name the columns", file=self.file
                )
            return None
        self.row = 1
        names = [unguarded(name.strip().lstrip("\ufeff").strip()) for name in header]
        if not self._header_is_sound(names, required):
            return None
        width = len(names)
        parts: list[list[ObjectArray]] = [[] for _ in names]
        memos: list[dict[str, str] | None] = [{} for _ in names]
        lines: list[IntArray] = []
        rows: list[list[str]] = []
        while chunk := self._next(self.at_once):
            sound, where = self._sound(chunk, width)
            lines.append(where)
            rows += sound
            if len(rows) >= CHUNK:
                _pack(rows, parts, memos)
                rows = []
        _pack(rows, parts, memos)
        self._tell_quotes()
        self._tell_encoding()
        where = np.concatenate([np.empty(0, dtype=np.int64), *lines])
        if not len(where) and len(self.faults.problems) == self.faults_before:
            self.faults.add("there is no row below the header", "Add the records", file=self.file)
        return self._named(names, [np.concatenate(part) for part in parts], where)

    def _watched(self, handle: TextIO) -> Iterator[str]:
        for line in handle:
            # isascii() is a flag of the string, so only few lines are searched
            if (not line.isascii() or "\0" in line) and _UNDECODED.search(line):
                self.suspicious = True
            yield line

    def _next(self, most: int) -> list[list[str]]:
        """The next records, as far as quotes match."""
        records: list[list[str]] = []
        if not self.broken:
            try:
                records.extend(islice(self.reader, most))
            except csv.Error as error:  # what came before it is in the list
                self.broken = str(error)
        return records

    def _tell_quotes(self) -> None:
        if self.broken:
            self.faults.add(
                f"the quotes do not match from here on: {self.broken}",
                'Close every quote; write a quote inside a quoted cell as ""',
                file=self.file,
                row=self.row + 1,
            )

    def _sound(self, records: list[list[str]], width: int) -> tuple[list[list[str]], IntArray]:
        """The records fit to use, and their rows; blank ones count as faults once a record follows
        them."""
        usual = self.at_once > 1 and not self.blank and set(map(len, records)) == {width}
        if usual and all(map(str.strip, map(itemgetter(0), records))):
            self.row += len(records)
            return records, np.arange(self.row - len(records), self.row) + 1
        kept, rows = [], []
        for record in records:
            self.row += 1
            if not (record and record[0].strip()) and not "".join(record).strip():
                self.blank.append(self.row)
                continue
            for row in self.blank:
                self.faults.add("the row is blank", "Delete the row", file=self.file, row=row)
            self.blank = []
            if self.suspicious:
                self._tell_bytes(record)
            elif len(record) != width:
                self.faults.add(
                    f"the row has {len(record)} cells, the header has {width}",
                    "Put a cell that contains a comma in quotes, or fill up the row",
                    file=self.file,
                    row=self.row,
                )
            else:
                kept.append(record)
                rows.append(self.row)
            self.suspicious = False
        return kept, np.array(rows, dtype=np.int64)

    def _tell_bytes(self, record: list[str]) -> None:
        """A NUL is a fault of its cell; a wrong encoding is one fault of the whole file."""
        for number, cell in enumerate(record, 1):
            if "\0" in cell:
                self.faults.add(
                    f"cell {number} holds a NUL byte",
                    "Delete it",
                    file=self.file,
                    row=self.row,
                    value=cell.replace("\0", "\\x00"),
                )
            elif _UNDECODED.search(cell):
                self.undecoded.append((self.row, number, cell))

    def _tell_encoding(self) -> None:
        if self.undecoded:
            row, number, cell = self.undecoded[0]
            shown = cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            self.faults.add(
                f"the file is not UTF-8: {len(self.undecoded):,} cells cannot be read, the first "
                f"is cell {number}",
                SAVE_AS_UTF8,
                file=self.file,
                row=row,
                value=shown,
            )

    def _header_is_sound(self, names: list[str], required: Sequence[str]) -> bool:
        before = len(self.faults.problems)
        missing = [name for name in dict.fromkeys(required) if name not in names]
        other = next((mark for mark in ";\t|" if mark in names[0]), "") if len(names) == 1 else ""
        if self.suspicious:
            self._tell_bytes(names)
            self._tell_encoding()
        elif missing and other:
            self.faults.add(
                f"the cells look separated by {other!r}; they must be separated by commas",
                SAVE_AS_UTF8,
                file=self.file,
                row=1,
                value=names[0],
            )
        elif not any(names):
            self.faults.add(
                "the first row is blank",
                "The first row must name the columns",
                file=self.file,
                row=1,
            )
        else:
            for name in missing:
                add_missing_column(name, self.file, names, self.faults)
            for name in dict.fromkeys(names):
                if name and names.count(name) > 1:
                    at = " and ".join(str(i) for i, n in enumerate(names, 1) if n == name)
                    self.faults.add(
                        f"cells {at} have this same name",
                        "Rename or delete one",
                        file=self.file,
                        row=1,
                        column=name,
                    )
        return len(self.faults.problems) == before

    def _named(self, names: list[str], cells: list[ObjectArray], lines: IntArray) -> Columns | None:
        """The columns by name, without the blank ones at the right."""
        width = max(i for i, name in enumerate(names, 1) if name)
        notes = []
        sound = True
        for number, (name, column) in enumerate(zip(names, cells, strict=True), 1):
            if name:
                continue
            filled = np.flatnonzero(column != "")
            if len(filled) == 0 and number > width:
                notes.append(Note(self.file, 1, str(number), "", "", "a blank column was dropped"))
                continue
            sound = False
            row, value = (lines[filled[0]], column[filled[0]]) if len(filled) else (1, "")
            self.faults.add(
                f"column {number} has no name",
                "Name it in the first row, or delete it",
                file=self.file,
                row=int(row),
                value=value,
            )
        if not sound:
            return None
        named = {name: column for name, column in zip(names, cells, strict=True) if name}
        return Columns(named, lines, tuple(notes))


def _pack(
    rows: list[list[str]],
    parts: list[list[ObjectArray]],
    memos: list[dict[str, str] | None],
) -> None:
    """Moves rows of text into columns; equal texts of a column share one string."""
    for j, part in enumerate(parts):
        cells = list(map(str.strip, map(itemgetter(j), rows)))
        if "\0'" in "\0".join(["", *cells]):  # some cell begins with an apostrophe
            cells = [unguarded(cell) for cell in cells]
        memo = memos[j]
        if memo is not None:
            cells = list(map(memo.setdefault, cells, cells))
            if len(memo) > SHARED:  # hardly a text comes twice: sharing would only cost
                memos[j] = None
        packed = np.empty(len(cells), dtype=object)
        packed[:] = cells
        part.append(packed)
