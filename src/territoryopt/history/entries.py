"""One run of a history, read from its folder without its instance and without arithmetic."""

from __future__ import annotations

import datetime
import hashlib
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from territoryopt.alignment import ALIGNMENT
from territoryopt.errors import InputError, ModelError
from territoryopt.folders.locks import DRAFT
from territoryopt.run_record import (
    FILES,
    MODEL,
    PAGE,
    REASONS,
    RESULT,
    TERRITORIES,
    Lineage,
    Predecessor,
    id_of,
    lineage_of,
    read_record,
    run_id,
)
from territoryopt.toml_reading import parse, read_text

DEPTH = 8
"""Folders below each other that are looked through."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A run as the log shows it. Money is currency a year.

    id, made (UTC, ISO 8601; None for a run older than lineages), by, note, predecessor: its
    lineage. written: when its result.json was, by the file. instance, model: their names.
    objective, bound, gap, moved: None without a plan, or where the run does not say. faults: what
    is wrong with the folder. record, table: result.json and the model as it was read, for
    comparing.
    """

    folder: Path
    id: str
    made: str | None
    written: str
    by: str
    note: str
    predecessor: Predecessor | None
    instance: str
    model: str
    status: str
    objective: float | None
    bound: float | None
    bound_source: str
    gap: float | None
    currency: str
    accounts: int | None
    reps: int | None
    moved: int | None
    version: str
    faults: tuple[str, ...]
    record: Mapping[str, Any] = field(repr=False)
    table: Mapping[str, Any] = field(repr=False)

    @property
    def when(self) -> str:
        """The time it is sorted by."""
        return self.made or self.written

    def as_dict(self) -> dict[str, Any]:
        """One of `runs` of `territoryopt/log/1`."""
        before = self.predecessor
        return {
            "folder": str(self.folder),
            "id": self.id,
            "made": self.made,
            "written": self.written,
            "by": self.by,
            "note": self.note,
            "predecessor": None if before is None else {"id": before.id, "folder": before.folder},
            "instance": self.instance,
            "model": self.model,
            "status": self.status,
            "objective": self.objective,
            "bound": self.bound,
            "bound_source": self.bound_source,
            "gap": self.gap,
            "currency": self.currency,
            "accounts": self.accounts,
            "reps": self.reps,
            "moved": self.moved,
            "version": self.version,
            "faults": list(self.faults),
        }


def run_folders(root: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Every folder under `root` that is a run folder, or what is left of one; links and what is
    being written are passed over."""
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError:
        return
    names = {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    if looks_like_run(root, names):
        yield root
        return
    for entry in entries:
        if depth and entry.is_dir(follow_symlinks=False) and not entry.name.startswith(DRAFT):
            yield from run_folders(Path(entry.path), depth - 1)


def looks_like_run(root: Path, names: set[str]) -> bool:
    """Whether files of these names are a run: marked as one, or nothing but what a run holds."""
    if RESULT not in names:
        return MODEL in names and bool(names & {ALIGNMENT, TERRITORIES, REASONS, PAGE})
    try:
        with (root / RESULT).open("rb") as handle:
            ours = b'"schema": "territoryopt/result/' in handle.read(200)
    except OSError:
        return True
    return ours or (names <= FILES and len(names) > 1)


def read_entry(folder: Path) -> Entry:
    """A run as the log shows it; InputError where its record cannot be read."""
    record = read_record(folder)
    lineage = lineage_of(record)
    table, faults = _model(folder, record)
    if record["alignment"] is not None and not (folder / ALIGNMENT).is_file():
        faults.append(f"{ALIGNMENT} is missing")
    if "lineage" in record and lineage is None:
        faults.append("its lineage cannot be read")
    elif lineage is not None and lineage.id != run_id(record, lineage.predecessor):
        faults.append(f"{RESULT} was changed after it was written: its id no longer fits")
    known = lineage or Lineage(id_of(record), "", "")
    versions = record.get("versions")
    return Entry(
        folder=folder,
        id=known.id,
        made=known.made or None,
        written=_written(folder),
        by=known.by,
        note=known.note,
        predecessor=known.predecessor,
        instance=Path(record["source"]["instance"]).name,
        model=_text(table.get("name")),
        status=record["status"],
        objective=_number(record.get("objective")),
        bound=_number(record["bound"]),
        bound_source=record["bound_source"],
        gap=_number(record.get("gap")),
        currency=_text(record.get("currency")),
        accounts=_whole(record.get("accounts")),
        reps=_whole(record.get("reps")),
        moved=_whole(record.get("moved")),
        version=_text(versions.get("territoryopt")) if isinstance(versions, dict) else "",
        faults=tuple(faults),
        record=record,
        table=table,
    )


def _model(folder: Path, record: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The table of the model of a run, and what is wrong with it."""
    try:
        text = read_text(folder / MODEL, "model", ModelError)
    except ModelError as error:
        missing = not (folder / MODEL).exists()
        return {}, [f"{MODEL} is missing" if missing else f"{MODEL} {error.problems[0].message}"]
    changed = hashlib.sha256(text.encode()).hexdigest() != record["inputs"].get("model")
    faults = [f"{MODEL} was changed after it was written"] if changed else []
    try:
        return parse(text, MODEL, "model", InputError), faults
    except InputError:
        return {}, [*faults, f"{MODEL} is no TOML any more"]


def _written(folder: Path) -> str:
    """When result.json was written, by the file; UTC, ISO 8601."""
    seconds = (folder / RESULT).stat().st_mtime
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
