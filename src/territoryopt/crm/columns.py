"""One file under its mapping: fields by name, rows that stay, and the readers of its cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from territoryopt.cells import ObjectArray, among
from territoryopt.crm import ids as id_reading
from territoryopt.crm.amounts import plain_amounts
from territoryopt.crm.cleaning import on_one_line
from territoryopt.crm.dates import iso_dates
from territoryopt.crm.mapping import Source
from territoryopt.crm.owners import truth
from territoryopt.crm.quality import Quality
from territoryopt.crm.sheets import Sheet
from territoryopt.errors import FaultList, InputError
from territoryopt.skills import parse_graded


@dataclass
class Fields:
    """A sheet, how it is to be read, and where to write down what happens to it."""

    sheet: Sheet
    source: Source
    quality: Quality

    def has(self, field: str) -> bool:
        return field in self.source.columns

    def label(self, field: str) -> str:
        """What the file calls a field."""
        return self.source.columns[field]

    def cells(self, field: str) -> ObjectArray:
        """The text of a field, object[n]; blank where the file does not have it."""
        if not self.has(field):
            return np.full(len(self.sheet), "", dtype=object)
        return self.sheet.column(self.label(field))

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        """Go on with the rows of a mask bool[n]."""
        if not rows.all():
            self.sheet = self.sheet.select(rows)

    def amounts(self, cells: ObjectArray, label: str, minimum: float | None = None) -> ObjectArray:
        return plain_amounts(
            cells, self.sheet.file, self.sheet.lines, label, self.quality,
            decimal=self.source.decimal, missing=self.source.missing, minimum=minimum,
        )  # fmt: skip

    def dates(self, cells: ObjectArray, label: str) -> ObjectArray:
        return iso_dates(
            cells, self.sheet.file, self.sheet.lines, label, self.quality,
            order=self.source.date_order, missing=self.source.missing,
        )  # fmt: skip

    def ids(self, field: str, *, binding: bool = True) -> ObjectArray:
        """The ids of a field as the mapping says they are written."""
        cells, label = self.cells(field), self.label(field)
        place = (self.sheet.file, self.sheet.lines, label, self.quality)
        if self.source.ids == "salesforce":
            return id_reading.salesforce_ids(cells, *place, binding=binding)
        return id_reading.plain_ids(cells, *place)

    def tags(self, field: str) -> ObjectArray:
        """A field of tags as `skills.parse_graded` takes them; other cells are refused."""
        cells, label = self.cells(field), self.label(field)
        found = FaultList(InputError)
        low, high, above = TAGS[field]
        parse_graded(
            cells, found, self.sheet.file, self.sheet.lines, label, low, high, above_low=above
        )
        bad = np.isin(self.sheet.lines, [fault.row or 0 for fault in found.problems])
        for fault in found.problems:
            at = int(np.flatnonzero(self.sheet.lines == fault.row)[0])
            self.quality.add("refused", fault.message, file=fault.file, row=fault.row or 0,
                             column=label, old=cells[at], remedy=fault.remedy)  # fmt: skip
        return np.where(bad, "", cells).astype(object)

    def one_line(self, field: str) -> ObjectArray:
        cells = self.cells(field)
        if not self.has(field):
            return cells
        return on_one_line(cells, self.label(field), self.sheet, self.quality)

    def leave_out_marked(self, fields: Iterable[tuple[str, bool]], why: str, policy: str) -> None:
        """Leave out rows whose cell of a field is `bad`, yes or no, or tell of them where the
        policy is to keep them."""
        gone = np.zeros(len(self.sheet), dtype=np.bool_)
        for field, bad in fields:
            if not self.has(field):
                continue
            cells, label = self.cells(field), self.label(field)
            if field == "status":
                low = np.array([text.casefold() for text in cells.tolist()], dtype=object)
                marked = among(CLOSED, low)
            else:
                marked = truth(cells, self.sheet.file, self.sheet.lines, label, self.quality) == bad
            self.quality.add_many(
                "noticed" if policy == "keep" else "repaired",
                why if policy == "keep" else f"{why}, so it was left out",
                file=self.sheet.file, rows=self.sheet.lines[marked & ~gone], column=label,
                old=cells[marked & ~gone],
            )  # fmt: skip
            gone |= marked
        if policy != "keep":
            self.keep(~gone)

    def free(self, taken: Iterable[str]) -> dict[str, ObjectArray]:
        """The other columns under their own names, numbers and dates of them made plain."""
        out: dict[str, ObjectArray] = {}
        used = {*taken, *RESERVED}
        for name in self.sheet.names:
            if name in self.source.columns.values() or name in self.source.leave_out:
                continue
            cells = self.sheet.column(name)
            if name in self.source.numbers:
                cells = self.amounts(cells, name)
            elif name in self.source.dates:
                cells = self.dates(cells, name)
            as_named = name
            while as_named in used:
                as_named += " (as exported)"
            if as_named != name:
                self.quality.add(
                    "repaired", "the engine has a column of this name, so it was renamed",
                    file=self.sheet.file, row=self.sheet.header_row, column=name, old=name,
                    new=as_named,
                )  # fmt: skip
            used.add(as_named)
            out[as_named] = cells
        return out


TAGS = {"requires": (1.0, 1.0, False), "wishes": (0.0, math.inf, True), "skills": (0.0, 1.0, False)}
"""The least and most number of a tag, and whether it must lie above the least."""
CLOSED = frozenset({"inactive", "closed", "deleted", "out of business", "inaktiv", "gelöscht"})
RESERVED = frozenset(
    ("account_id", "rep_id", "name", "latitude", "longitude", "home_latitude", "home_longitude",
     "potential", "annual_revenue", "visits_per_year", "hours_per_visit", "requires", "wishes",
     "skills", "capacity", "current_rep", "locked_rep", "family", "apart")
)  # fmt: skip
"""Columns that mean something to the engine, which no other column may slip into."""


def missing_columns(kind: str, sheet: Sheet, source: Source, faults: FaultList) -> None:
    """A fault for every column that the mapping names and the file does not have."""
    named = [(f"{kind}.columns.{field}", name) for field, name in source.columns.items()]
    for key in ("numbers", "dates", "leave_out"):
        named += [(f"{kind}.{key}", name) for name in getattr(source, key)]
    listed = ", ".join(map(repr, sheet.names[:40]))
    for key, name in named:
        if name not in sheet.names:
            faults.add("there is no such column", f"Columns found: {listed}. Capitals count",
                       file=sheet.file, row=sheet.header_row, column=name, key=key)  # fmt: skip
    first: dict[str, str] = {}
    for field, name in source.columns.items():
        shared = {first.setdefault(name, field), field}
        # reps without ids may be known by their e-mail or their name
        if len(shared) > 1 and not shared < {"rep_id", "name", "email"}:
            faults.add(f"one column for two fields, {first[name]} and {field}", "Keep one",
                       file=sheet.file, column=name, key=f"{kind}.columns.{field}")  # fmt: skip
