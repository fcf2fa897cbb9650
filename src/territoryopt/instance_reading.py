"""Checks and repairs of single columns: filters, coordinates, references from table to table.

Each function adds what is wrong to `faults` and what it repaired to `notes`; none raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from territoryopt.cells import FloatArray, IntArray, ObjectArray, among, index_of, numbers
from territoryopt.csv_reading import Note
from territoryopt.errors import FaultList
from territoryopt.tables import Table, check_identity

Where = Mapping[str, Mapping[str, Sequence[object]]]
"""{"accounts": {column: [values]}, "reps": {column: [values]}}: the rows to keep."""

UNKNOWN = "(0, 0) lies in the sea off Africa and marks a missing place, so it is read as unknown"
FUZZY = 200
"""Unknown ids for which a similar id is sought; beyond that a search costs more than it helps."""


def rows_where(
    table: Table, kind: str, where: Where | None, faults: FaultList
) -> npt.NDArray[np.bool_]:
    """bool[n]: the rows that hold, in every column named, one of the values given.

    `kind` is "accounts" or "reps". Values are compared with the text of the cell after taking off
    surrounding whitespace, so the number 275 is the text `275` and capitals count.
    """
    keep = np.ones(len(table), dtype=np.bool_)
    before = len(faults.problems)
    for column, given in (where or {}).get(kind, {}).items():
        key = f"where.{kind}.{column}"
        if column not in table.columns:
            listed = ", ".join(repr(name) for name in table.columns)
            faults.add(f"{table.file} has no such column", f"Columns found: {listed}", key=key)
            continue
        cells = table.columns[column]
        values = [given] if isinstance(given, str) or not isinstance(given, Iterable) else given
        wanted = {str(value).strip() for value in values}
        for value in sorted(wanted.difference(cells)):
            similar = get_close_matches(value, sorted(set(cells))[:10_000], n=1)
            faults.add(
                f"no row of {table.file} has this value",
                f"Did you mean {similar[0]!r}?" if similar else "Correct or remove it",
                key=key,
                value=value,
            )
        keep &= among(wanted, cells)
    if not keep.any() and len(faults.problems) == before:
        faults.add(
            f"no row of {table.file} meets all of it", "Widen the filter", key=f"where.{kind}"
        )
    return keep


def check_where(where: Where | None, faults: FaultList) -> None:
    """A fault for every key that names no table that can be filtered."""
    for key in where or {}:
        if key not in ("accounts", "reps"):
            faults.add(
                "rows are filtered in accounts and reps only",
                "Write where.accounts or where.reps",
                key=f"where.{key}",
            )


def coordinates(
    table: Table, latitude: str, longitude: str, faults: FaultList, notes: list[Note]
) -> FloatArray:
    """float64[n, 2]: latitude and longitude in degrees, NaN where unknown."""
    place = np.full((len(table), 2), np.nan)
    if latitude not in table.columns and longitude not in table.columns:
        return place
    for have, lack in ((latitude, longitude), (longitude, latitude)):
        if lack not in table.columns:
            faults.add(
                f"the column {lack!r} is missing beside it",
                "Give both columns or none",
                file=table.file,
                row=1,
                column=have,
            )
            return place
    before = len(faults.problems)
    lat, lon = table.numbers(latitude, faults), table.numbers(longitude, faults)
    spoilt = {fault.row for fault in faults.problems[before:]}
    lat_text, lon_text = table.columns[latitude], table.columns[longitude]
    for i in np.flatnonzero(np.isnan(lat) != np.isnan(lon)):
        if int(table.lines[i]) not in spoilt:
            faults.add(
                f"only one of {latitude} and {longitude} is given",
                "Give both, or leave both blank",
                file=table.file,
                row=int(table.lines[i]),
                column=latitude if np.isnan(lat[i]) else longitude,
            )
    wrong_lat, wrong_lon = np.abs(lat) > 90, np.abs(lon) > 180
    for i in np.flatnonzero(wrong_lat | wrong_lon):
        remedy = "Give degrees with a decimal point, south and west negative"
        if abs(lat[i]) <= 180 and abs(lon[i]) <= 90:
            remedy = f"{latitude} and {longitude} look swapped: the other way round they would fit"
        for wrong, column, most, text in (
            (wrong_lat[i], latitude, 90, lat_text[i]),
            (wrong_lon[i], longitude, 180, lon_text[i]),
        ):
            if wrong:
                faults.add(
                    f"the number lies outside -{most} to {most} degrees",
                    remedy,
                    file=table.file,
                    row=int(table.lines[i]),
                    column=column,
                    value=text,
                )
    null_island = (lat == 0) & (lon == 0)
    for i in np.flatnonzero(null_island):
        notes.append(
            Note(
                table.file,
                int(table.lines[i]),
                f"{latitude}, {longitude}",
                f"{lat_text[i]}, {lon_text[i]}",
                "",
                UNKNOWN,
            )
        )
    place[:, 0], place[:, 1] = lat, lon
    place[null_island] = np.nan
    return place


class Ids:
    """The ids of one table, to be found and, where they are misspelt, to be suggested."""

    def __init__(self, ids: ObjectArray, names: ObjectArray | None = None) -> None:
        self.index = index_of(ids.tolist())
        self._names = names
        self._ids = ids
        self._looks: dict[str, str] = {}
        self._told: dict[str, str] = {}

    def find(self, column: ObjectArray) -> IntArray:
        """The index of each id, -1 for a blank cell or an unknown id."""
        return numbers(self.index, column)

    def remedy(self, text: str, otherwise: str) -> str:
        """What to do about an id that is not there: take the similar one, or `otherwise`."""
        if text not in self._told:
            similar = self._similar(text)
            self._told[text] = f"Did you mean {similar!r}? Else" if similar else "Correct it, or"
        return f"{self._told[text]} {otherwise}"

    def _similar(self, text: str) -> str:
        if not self._looks:
            if self._names is not None:
                named = zip(self._names, self._ids, strict=True)
                self._looks.update((name, known) for name, known in named if name)
            self._looks.update((_look(known), known) for known in self.index)
        near = self._looks.get(_look(text)) or self._looks.get(text)
        if near is None and len(self._told) < FUZZY and len(text) <= 100:
            near = next(iter(get_close_matches(text, list(self.index)[:10_000], n=1)), None)
        return near or ""


def _look(text: str) -> str:
    """What ids have in common that a spreadsheet or a CRM made unlike.

    `007`, `7` and `7.0`; `a1` and `A1`; a Salesforce id of 18 characters and its first 15.
    """
    if re.fullmatch(r"[A-Za-z0-9]{18}", text):
        text = text[:15]
    return re.sub(r"\.0+$", "", text).lstrip("0").casefold() or "0"


def pair_ends(
    pairs: Table,
    ids: Mapping[str, tuple[Ids, frozenset[str]]],
    faults: FaultList,
) -> tuple[Table, list[IntArray]]:
    """The pairs between accounts and reps that are there, and int64[P] the index of each end.

    `ids` gives, per column of `pairs`, the ids there are and those that a filter left out. Rows of
    the latter are dropped with one note; an unknown id and a pair that comes twice are faults.
    """
    ends = [known.find(pairs.columns[column]) for column, (known, _) in ids.items()]
    left = np.zeros(len(pairs), dtype=np.bool_)
    for end, (column, (_, left_out)) in zip(ends, ids.items(), strict=True):
        unknown = np.flatnonzero(end < 0)
        left[unknown] |= among(left_out, pairs.columns[column][unknown])
    if left.any():
        note = Note(
            pairs.file,
            None,
            "",
            f"{int(left.sum()):,} rows",
            "",
            "the filter leaves out their account or their rep",
        )
        pairs, ends = pairs.select(~left), [end[~left] for end in ends]
        pairs = replace(pairs, notes=(*pairs.notes, note))
    for end, (column, (known, _)) in zip(ends, ids.items(), strict=True):
        cells = pairs.columns[column]
        for i in np.flatnonzero((end < 0) & (cells != "")):
            faults.add(
                f"no such {column}",
                known.remedy(cells[i], "delete the row"),
                file=pairs.file,
                row=int(pairs.lines[i]),
                column=column,
                value=cells[i],
            )
    account, rep = ends
    key = account * (int(rep.max(initial=0)) + 1) + rep
    if any((end < 0).any() for end in ends) or len(np.unique(key)) < len(key):
        check_identity(pairs, tuple(ids), faults)
    return pairs, ends


def owners(
    table: Table,
    column: str,
    reps: Ids,
    reps_file: str,
    left_out: frozenset[str],
    faults: FaultList,
    notes: list[Note],
    *,
    binding: bool = False,
) -> IntArray:
    """int64[n]: the index of the rep that `column` names, -1 where it is blank.

    A rep that the filter left out makes the account unowned, with a note; if the column is
    `binding` (a lock), it is a fault, as is a rep that never was in the file.
    """
    cells = table.columns.get(column)
    if cells is None:
        return np.full(len(table), -1, dtype=np.int64)
    found = reps.find(cells)
    for i in np.flatnonzero((found < 0) & (cells != "")):
        row, text = int(table.lines[i]), cells[i]
        if text not in left_out:
            faults.add(
                f"no such rep in {reps_file}",
                reps.remedy(text, "add the rep or leave the cell blank"),
                file=table.file,
                row=row,
                column=column,
                value=text,
            )
        elif binding:
            faults.add(
                "the account is locked to a rep that the filter leaves out",
                "Keep the rep, leave the account out too, or take the lock off",
                file=table.file,
                row=row,
                column=column,
                value=text,
            )
        else:
            notes.append(
                Note(
                    table.file,
                    row,
                    column,
                    text,
                    "",
                    "the filter leaves this rep out, so the account has no owner",
                )
            )
    return found
