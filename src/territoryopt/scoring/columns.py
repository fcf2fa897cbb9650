"""The columns a scoring reads and makes: accounts as they came in, and what was made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from territoryopt.cells import FloatArray, IntArray, ObjectArray, among
from territoryopt.errors import FaultList, InputError, shortened
from territoryopt.scoring.spec import Rate, Rates, Scoring, Where
from territoryopt.tables import Table
from territoryopt.toml_reading import nearest

Mask = npt.NDArray[np.bool_]

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Refused(Exception):
    """A step cannot go on; why is among the faults."""


class Board:
    """Accounts as text by column, and what has been made of them so far.

    A step reads a column that is made under the name by its new values, save the step that makes
    it: that one reads what stood there before.
    """

    def __init__(self, table: Table, scoring: Scoring) -> None:
        self.table, self.scoring = table, scoring
        self.faults = FaultList(InputError)
        self.notes: list[str] = []
        self.made: dict[str, ObjectArray] = {}
        self.numeric: dict[str, FloatArray] = {}
        self.failed: set[str] = set()
        self.ours: frozenset[str] = frozenset()
        self.key = ""
        self._read: dict[tuple[str, bool], FloatArray] = {}
        self._wrong: set[tuple[str, str]] = set()
        self._past: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self.table)

    def begin(self, key: str, makes: frozenset[str]) -> None:
        """From here on faults and readings are those of the step `key`."""
        self.key, self.ours = key, makes

    def make(self, column: str, cells: ObjectArray, numbers: FloatArray | None = None) -> None:
        """Put a column in place, for later steps and for accounts.csv."""
        self.made[column] = cells
        if numbers is not None:
            self.numeric[column] = numbers

    def fault(self, message: str, remedy: str = "", *, key: str = "", **place: Any) -> None:
        """A fault of the scoring, or of a cell where `row` and `column` are given."""
        if "row" not in place:
            place.setdefault("file", self.scoring.file)
            place["key"] = shortened(f"{self.key}.{key}" if key else self.key, 200)
        else:
            place.setdefault("file", self.table.file)
        self.faults.add(message, remedy, **place)

    def note(self, text: str) -> None:
        """What happened that a person should know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def text(self, column: str, key: str) -> ObjectArray:
        """The cells of a column, new or old; Refused where there is none."""
        if self._is_new(column):
            return self.made[column]
        if column in self.failed and column not in self.ours:
            raise Refused
        if column not in self.table.columns:
            known = [*self.table.columns, *(c for c in self.made if c not in self.table.columns)]
            self.fault("there is no such column", nearest(column, known, "Columns"),
                       key=key, value=column)  # fmt: skip
            raise Refused
        return self.table.columns[column]

    def _is_new(self, column: str) -> bool:
        return column in self.made and column not in self.ours

    def numbers(self, column: str, key: str) -> FloatArray:
        """A column as float64[n], NaN where blank; Refused where a cell is no number."""
        if self._is_new(column) and column in self.numeric:
            return self.numeric[column]
        cells = self.text(column, key)
        at = (column, self._is_new(column))
        if ("number", column) in self._wrong:
            raise Refused
        if at not in self._read:
            before = len(self.faults.problems)
            table = Table(self.table.file, {column: cells}, self.table.lines)
            self._read[at] = table.numbers(column, self.faults)
            if len(self.faults.problems) > before:
                self._wrong.add(("number", column))
                raise Refused
        return self._read[at]

    def ages(self, column: str, key: str, *, future: bool = False) -> FloatArray:
        """Days from the date in a column to `as_of`, float64[n], NaN where blank.

        A date after `as_of` is a fault: it says that the day or the cell is wrong. With `future`
        days are counted the other way and either sign is taken.
        """
        if self.scoring.as_of is None:
            if not any(p.key == "as_of" for p in self.faults.problems):
                self.faults.add("is missing, and ages of dates count to that day",
                                "State it, such as as_of = 2026-06-30", file=self.scoring.file,
                                key="as_of")  # fmt: skip
            raise Refused
        cells = self.text(column, key)
        if ("date", column) in self._wrong:
            raise Refused
        days, before = iso_days(cells), len(self.faults.problems)
        for row in np.flatnonzero(np.isnan(days) & (cells != "")).tolist():
            self.fault("is no date", "Write it as 2026-12-31, or leave the cell blank",
                       row=int(self.table.lines[row]), column=column, value=cells[row])  # fmt: skip
        ages = float(self.scoring.as_of.toordinal()) - days
        if len(self.faults.problems) > before:
            self._wrong.add(("date", column))
            raise Refused
        if future:
            return -ages
        late = np.flatnonzero(ages < 0)
        if len(late) and ("late", column) not in self._past:
            self._past.add(("late", column))
            for row in late.tolist():
                self.fault(f"lies after as_of = {self.scoring.as_of}",
                           "Correct the date, or as_of", row=int(self.table.lines[row]),
                           column=column, value=cells[row])  # fmt: skip
        if len(late):
            raise Refused
        return ages

    def where(self, filters: Where, key: str) -> Mask:
        """bool[n]: the accounts that hold one of the values in each column named."""
        keep = np.ones(len(self), dtype=np.bool_)
        for column, values in filters.items():
            keep &= self.one_of(column, values, f"{key}.{column}")
        return keep

    def one_of(self, column: str, values: list[Any], key: str) -> Mask:
        """bool[n]: cells that are one of the values; capitals count. A value that no account has
        is noted."""
        cells = self.text(column, key)
        wanted = [str(value).strip() for value in values]
        known = set(cells.tolist())
        for value in wanted:
            if value not in known:
                remedy = nearest(value, sorted(known - {""})[:1_000], "").split("?")
                hint = f" ({remedy[0][:1].lower()}{remedy[0][1:]}?)" if len(remedy) > 1 else ""
                self.note(f"{self.key}: no account has {shortened(value)!r} in {column}{hint}")
        return among(frozenset(wanted), cells)

    def refuse_blank(self, blank: Mask, column: str, key: str, remedy: str) -> None:
        """A fault for each account of the mask; Refused if there is one."""
        for row in np.flatnonzero(blank).tolist():
            self.fault(f"the cell is blank, and {self.key} needs it",
                       f"Fill it in, or {remedy}",
                       row=int(self.table.lines[row]), column=column)  # fmt: skip
        if blank.any():
            raise Refused

    def rate(self, rate: Rate, key: str, among_: Mask | None = None) -> tuple[FloatArray, Cells]:
        """A number for each account, float64[n], and what it stands for: "tier A".

        Refused where a text has no number and there is no `rest`; outside of the mask `among_`
        that does not matter and the number is NaN.
        """
        if not isinstance(rate, Rates):
            return np.full(len(self), float(rate)), ""
        key = f"{key}." if key else ""
        cells = self.text(rate.by, f"{key}by")
        texts = cells if among_ is None else cells[among_]
        present = dict.fromkeys(texts.tolist())
        unknown = [text for text in present if text not in rate.values]
        if unknown and rate.rest is None:
            shown = ", ".join(repr(shortened(text)) for text in unknown[:10])
            remedy = "Give it one in values, or give rest"
            self.fault(f"has no number for {shown} of the column {rate.by!r}", remedy,
                       key=f"{key}values")  # fmt: skip
            raise Refused
        there = set(cells.tolist())
        for name in rate.values:
            if name not in there:
                self.note(f"{self.key}: no account has {shortened(name)!r} in {rate.by}")
        rest = float("nan") if rate.rest is None else rate.rest
        told = {text: f"{rate.by} {text or '(blank)'}" for text in there}
        names = np.array(list(map(told.__getitem__, cells.tolist())), dtype=object)
        numbers = [rate.values.get(text, rest) for text in cells.tolist()]
        return np.array(numbers, dtype=np.float64), names


Cells = ObjectArray | str


def iso_days(cells: ObjectArray) -> FloatArray:
    """The ordinal of each ISO date (day 1 is 1 January of year 1), NaN where the cell is none."""
    known: Mapping[str, float] = {text: _ordinal(text) for text in dict.fromkeys(cells.tolist())}
    return np.fromiter(map(known.__getitem__, cells.tolist()), np.float64, len(cells))


def _ordinal(text: str) -> float:
    if not _ISO.fullmatch(text):
        return float("nan")
    try:
        return float(date.fromisoformat(text).toordinal())
    except ValueError:
        return float("nan")


def rows_of(mask: Mask) -> IntArray:
    """int64[n]: the accounts of a mask."""
    return np.flatnonzero(mask).astype(np.int64)
