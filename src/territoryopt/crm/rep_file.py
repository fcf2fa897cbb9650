"""The file of reps under its mapping becomes the columns of reps.csv."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.cells import ObjectArray, among
from territoryopt.crm.columns import Fields
from territoryopt.crm.ids import one_of_each
from territoryopt.crm.owners import Known, known_reps
from territoryopt.crm.places import placed
from territoryopt.tables import Table


@dataclass(frozen=True, eq=False)
class Reps:
    """The columns of reps.csv, and what an owner may be called."""

    columns: dict[str, ObjectArray]
    known: Known


def rep_columns(fields: Fields, inactive: str) -> Reps:
    """The reps who can own accounts."""
    gone = fields.sheet
    fields.leave_out_marked(
        (("active", False), ("status", True)), "the rep is not active", inactive
    )
    stay = set(fields.sheet.lines.tolist())
    given = fields.cells("rep_id")
    ids = fields.ids("rep_id")
    others = {n: c for n, c in zip(fields.sheet.names, fields.sheet.cells, strict=True)
              if n != fields.label("rep_id")}  # fmt: skip
    keep = one_of_each(ids, given, others, fields.label("rep_id"), fields.sheet.file,
                       fields.sheet.lines, fields.quality)  # fmt: skip
    fields.keep(keep)
    ids = ids[keep]
    names, emails = _names(fields), fields.cells("email")
    columns: dict[str, ObjectArray] = {"rep_id": ids}
    if names.any():
        columns["name"] = names
    if fields.has("email"):
        columns["email"] = emails
    _homes(fields, columns)
    if fields.has("capacity"):
        columns["capacity"] = fields.amounts(
            fields.cells("capacity"), fields.label("capacity"), minimum=0
        )
    if fields.has("skills"):
        columns["skills"] = fields.tags("skills")
    columns |= fields.free(columns)
    away = frozenset(
        text
        for field in ("rep_id", "name", "email")
        if field in fields.source.columns
        for row, text in zip(gone.lines.tolist(), gone.column(fields.label(field)), strict=True)
        if row not in stay and text
    )
    folded = frozenset(text.casefold() for text in away if "@" in text)
    known = known_reps(ids, names, emails if fields.has("email") else None, away | folded)
    return Reps(columns, known)


def _names(fields: Fields) -> ObjectArray:
    """Names as they stand, or first and last name together."""
    if fields.has("name"):
        return fields.one_line("name")
    first, last = fields.one_line("first_name"), fields.one_line("last_name")
    both = [f"{a} {b}".strip() for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    out = np.empty(len(both), dtype=object)
    out[:] = both
    return out


def _homes(fields: Fields, columns: dict[str, ObjectArray]) -> None:
    pair = ("home_latitude", "home_longitude")
    if all(fields.has(field) for field in pair):
        latitude, longitude = (fields.cells(field) for field in pair)
        names = (fields.label(pair[0]), fields.label(pair[1]))
        found = placed(
            latitude, longitude, names, fields.sheet.file, fields.sheet.lines, fields.quality,
            fields.source.missing_place,
        )  # fmt: skip
        columns |= {"home_latitude": found.latitude, "home_longitude": found.longitude}


def tell_lacks(reps: Reps, current: ObjectArray, fields: Fields) -> None:
    """What reps are without: accounts, a home, capacity, skills, a name of their own."""
    table = Table(fields.sheet.file, reps.columns, fields.sheet.lines)
    ids = reps.columns["rep_id"]
    quality, file = fields.quality, fields.sheet.file
    for column, what in (
        ("home_latitude", "home"), ("capacity", "capacity"), ("skills", "skills")
    ):  # fmt: skip
        if column in table.columns:
            bare = table.columns[column] == ""
            quality.add_many("noticed", f"a rep without {what}", file=file,
                             rows=table.lines[bare], column=column, old=ids[bare])  # fmt: skip
    idle = ~among(set(current.tolist()), ids)
    quality.add_many("noticed", "a rep who owns no account", file=file, rows=table.lines[idle],
                     column="rep_id", old=ids[idle])  # fmt: skip
    for name, at in reps.known.names.items():
        if len(at) > 1:
            rows = table.lines[at]
            quality.add_many(
                "noticed", "several reps have this name, so no account is matched by it",
                file=file, rows=rows, column="name", old=name,
            )  # fmt: skip
