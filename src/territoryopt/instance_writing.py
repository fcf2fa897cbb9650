"""An instance written as a folder of its own: what a change to the data leaves behind, so that a
run of the changed data can be read back, checked and explained like any other."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.cells import PLAIN, ObjectArray
from territoryopt.folders import FolderKind
from territoryopt.instance import ACCOUNTS, PAIRS, REPS, Instance, read_instance
from territoryopt.tables import Table, write_table

CHANGES = "changes.json"
SCHEMA = "territoryopt/instance/1"
MARK = b'"schema": "territoryopt/instance/'
TEXTS = frozenset({"account_id", "rep_id", "name", "current_rep", "locked_rep", "family", "apart"})
"""Columns that are never numbers, whatever they look like."""


def write_instance(
    instance: Instance,
    folder: str | os.PathLike[str],
    *,
    changes: tuple[Mapping[str, Any], ...] = (),
    more: Mapping[str, Callable[[Path], None]] | None = None,
    overwrite: bool = False,
) -> Instance:
    """Write accounts.csv, reps.csv, pairs.csv (if there is one) and changes.json; the instance as
    it is read back.

    changes: what was changed from the files of `instance.folder`, for changes.json, besides their
    hashes. more: further files by name, each written by a function of its path. Locks added by
    hand are written into `locked_rep`. The folder appears whole or not at all; an existing one is
    refused unless `overwrite`, and then only if it is of this kind. Raises InputError where it
    cannot be written, or where what would be written cannot be read again.
    """
    extra = dict(more or {})
    target = Path(folder)
    kind = _kind(*extra)
    kind.refuse(target, overwrite)
    record = {
        "schema": SCHEMA,
        "from": os.path.abspath(instance.folder),
        "inputs": dict(instance.hashes),
        "changes": [dict(change) for change in changes],
    }

    def fill(draft: Path) -> None:
        for table, name in ((instance.accounts, ACCOUNTS), (instance.reps, REPS)):
            write_table(draft / name, as_written(table.columns))
        if instance.pairs is not None:
            write_table(draft / PAIRS, as_written(instance.pairs.columns))
        for name, write in extra.items():
            write(draft / name)
        text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
        (draft / CHANGES).write_bytes(f"{text}\n".encode("utf-8", "backslashreplace"))
        read_instance(draft)

    kind.write(target, fill)
    return read_instance(target)


def refuse_instance(folder: str | os.PathLike[str], overwrite: bool) -> None:
    """Raises InputError where an instance folder may not be written."""
    _kind().refuse(folder, overwrite)


def _kind(*more: str) -> FolderKind:
    return FolderKind("instance", {ACCOUNTS, REPS, PAIRS, CHANGES, *more}, CHANGES, MARK)


def with_columns(table: Table, columns: Mapping[str, ObjectArray]) -> Table:
    """The table with these columns of text, new or in place of what stood there."""
    return Table(table.file, {**table.columns, **columns}, table.lines, table.notes)


def as_written(
    columns: Mapping[str, ObjectArray], texts: Container[str] = TEXTS
) -> dict[str, ObjectArray]:
    """Columns of text with negative numbers as numbers, for as text `write_table` would guard them
    as if they were formulas; `texts` stay text whatever they look like."""
    return {
        name: cells if name in texts else _with_numbers(cells) for name, cells in columns.items()
    }


def _with_numbers(cells: ObjectArray) -> ObjectArray:
    found = [
        k for k, text in enumerate(cells.tolist()) if text[:1] == "-" and PLAIN.fullmatch(text)
    ]
    if not found:
        return cells
    out = np.array(cells, dtype=object)
    for k in found:
        number = float(cells[k])
        whole = cells[k][1:].isdigit() and len(cells[k]) < 16
        out[k] = int(cells[k]) if whole else number if math.isfinite(number) else cells[k]
    return out
