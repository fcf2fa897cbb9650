"""The mapping file: which column of an export is what, and how its cells are to be read.

A page of TOML that `import` proposes, shows and obeys. What it does not say is found out from the
file or refused, never assumed.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping as Table
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from territoryopt.crm.amounts import MISSING
from territoryopt.crm.layouts import FIELDS, ID_FIELD
from territoryopt.errors import FaultList, InputError, shortened
from territoryopt.toml_page import Part, check_page
from territoryopt.toml_reading import parse, read_text

ColumnName = Annotated[str, Field(min_length=1, max_length=1_000)]


class Source(Part):
    """How one file is read. A blank text stands for "find out from the file"."""

    layout: str = Field(default="", description="The export it looks like; a remark only.")
    encoding: str = Field(default="", max_length=40, description='Such as "utf-8" or "cp1252".')
    delimiter: Literal["", ",", ";", "\t", "|"] = Field(
        default="", description="What separates the cells of a CSV file."
    )
    sheet: str = Field(default="", description="The sheet of a workbook.")
    header_row: int | None = Field(
        default=None, ge=0, le=25, description="The row that names the columns; 0: there is none."
    )
    ids: Literal["text", "salesforce"] = Field(
        default="text", description="salesforce: ids of 15 characters get their checksum."
    )
    decimal: Literal["", ".", ","] = Field(
        default="", description="What stands before the fraction of a number."
    )
    date_order: Literal["", "day first", "month first"] = Field(
        default="", description="What stands first in 1/2/2026."
    )
    currency: str = Field(
        default="", max_length=3, description="The one currency whose amounts are taken."
    )
    missing: list[str] = Field(
        default=list(MISSING), description="What stands for a value that is not known."
    )
    missing_place: Literal["keep", "refuse", "centroid"] = Field(
        default="keep",
        description="A row without a possible place: kept without one, refused, or given the "
        "centre of its postal code.",
    )
    refused: Literal["stop", "leave_out"] = Field(
        default="stop",
        description="What cannot be used stops the import, or is left out: the cell is blank, a "
        "row without a sound id goes.",
    )
    numbers: list[ColumnName] = Field(
        default_factory=list, description="Other columns whose cells are made plain numbers."
    )
    dates: list[ColumnName] = Field(
        default_factory=list, description="Other columns whose cells are made plain dates."
    )
    leave_out: list[ColumnName] = Field(
        default_factory=list, description="Columns that are not taken over."
    )
    columns: dict[str, ColumnName] = Field(
        default_factory=dict, description="field = column; other columns keep their names."
    )


class AccountsSource(Source):
    """How the file of accounts is read."""

    closed: Literal["leave_out", "keep"] = Field(
        default="leave_out", description="Accounts that are deleted, closed or inactive."
    )


class RepsSource(Source):
    """How the file of reps is read."""

    inactive: Literal["leave_out", "keep"] = Field(
        default="leave_out", description="Reps who are not active."
    )


class Mapping(Part):
    """How the two files are read."""

    accounts: AccountsSource = Field(default_factory=AccountsSource)
    reps: RepsSource = Field(default_factory=RepsSource)

    @property
    def text(self) -> str:
        """The mapping as TOML, with a remark on each key."""
        lines = [
            "# How the export is read. Edit it and give it back with --mapping; what is left blank",
            "# is found out from the file, or refused where the file leaves it open.",
        ]
        for kind, source in (("accounts", self.accounts), ("reps", self.reps)):
            lines += ["", f"[{kind}]"]
            for key, spec in type(source).model_fields.items():
                value = getattr(source, key)
                told = key not in ("missing", "header_row") or value != spec.default
                if key != "columns" and told:
                    lines += [f"{key} = {_written(value)}  # {spec.description}"]
            if source.columns:
                lines += ["", f"[{kind}.columns]"]
                lines += [f"{field} = {_written(name)}" for field, name in source.columns.items()]
        return "\n".join([*lines, ""])


def load_mapping(path: str | os.PathLike[str]) -> Mapping:
    """The mapping of a TOML file; InputError with every fault, each with file and key."""
    return parse_mapping(read_text(Path(path), "mapping", InputError), Path(path).name)


def parse_mapping(text: str, file: str = "mapping.toml") -> Mapping:
    """A mapping from TOML text; `file` is how messages name it."""
    table = parse(text, file, "mapping", InputError)
    faults = FaultList(InputError)
    _check_fields(table, file, faults)
    return check_page(Mapping, table, file, InputError, tuple(faults.problems))


def _check_fields(table: Table[str, Any], file: str, faults: FaultList) -> None:
    for kind, known in FIELDS.items():
        part = table.get(kind, {})
        columns = part.get("columns", {}) if isinstance(part, dict) else {}
        if not isinstance(columns, dict):
            continue
        for field in columns:
            if field not in known:
                close = difflib.get_close_matches(field, known, 1, 0.5)
                hint = f"Did you mean {close[0]!r}? " if close else ""
                faults.add(
                    "is no field of an instance",
                    f"{hint}Known here: {', '.join(known)}; other columns keep their names",
                    file=file,
                    key=shortened(f"{kind}.columns.{field}", 200),
                )
        if "columns" in part and ID_FIELD[kind] not in columns:
            faults.add(
                "is missing", "Name the column of the ids", file=file,
                key=f"{kind}.columns.{ID_FIELD[kind]}",
            )  # fmt: skip


def _written(value: object) -> str:
    """A text, a whole number or a list of texts as TOML writes it."""
    if isinstance(value, str):
        # TOML escapes as JSON does, and DEL besides
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return str(value)
