"""The record of a run, result.json: what it is called, where it came from, and how it is read.

The id of a run is a hash of what was solved and what was found, and of the id of the run it grew
from, so that an id vouches for the whole line behind it. No clock and no folder goes into it:
the same inputs, searched alike, give the same id wherever and whenever that is.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from territoryopt.alignment import ALIGNMENT
from territoryopt.errors import InputError
from territoryopt.folders import FolderKind
from territoryopt.result import SCHEMA
from territoryopt.workbook_reading import is_workbook, read_marks

TERRITORIES, RESULT, MODEL, REASONS, PAGE = (
    "territories.csv",
    "result.json",
    "model.toml",
    "explanation.json",
    "explanation.md",
)
OF_EVERY_PLAN = {ALIGNMENT, TERRITORIES, RESULT, MODEL, REASONS, PAGE}
MOVES, REALIGN, CLOSEST = "moves.csv", "realign.json", "closest.csv"
"""What a realignment adds to a run folder."""
FILES = OF_EVERY_PLAN | {MOVES, REALIGN, CLOSEST}
FOLDER = FolderKind("run", FILES, RESULT, b'"schema": "territoryopt/result/')
LARGEST_RESULT = 2_000_000_000
"""Bytes of a result.json that is read back."""

HASHED = (
    "schema", "status", "objective", "bound", "proved_bound", "bound_source", "backend", "seed",
    "threads", "versions", "inputs", "alignment",
)  # fmt: skip
"""The keys of a record that make its id, besides the row filter and locks of its source and the id
of its predecessor. Not among them: seconds, notes, folders, and who made it when."""

RUN_MARK = "territoryopt_run"
"""The property of a workbook of ours that holds the id of its run."""


@dataclass(frozen=True)
class Predecessor:
    """The run that another one grew from: its id, and the folder it lay in then ('' where only the
    id is known, as from a workbook that was sent around)."""

    id: str
    folder: str = ""


@dataclass(frozen=True)
class Lineage:
    """Where a run came from. id: SHA-256 of its content; made: UTC, ISO 8601; by: the command or
    function; note: why, in a person's words; predecessor: the run it grew from."""

    id: str
    made: str
    by: str
    note: str = ""
    predecessor: Predecessor | None = None

    def as_dict(self) -> dict[str, Any]:
        """What stands in result.json under `lineage`."""
        return asdict(self)


def new_lineage(
    record: Mapping[str, Any], predecessor: Predecessor | None, note: str, by: str
) -> Lineage:
    """The lineage of a record that is written now; the only place with a clock."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    made = now.replace("+00:00", "Z")
    return Lineage(run_id(record, predecessor), made, by, note, predecessor)


def run_id(record: Mapping[str, Any], predecessor: Predecessor | None) -> str:
    """The id of a record: SHA-256, in hexadecimal, of its content; see the module."""
    source = record.get("source")
    source = source if isinstance(source, dict) else {}
    content = {key: record.get(key) for key in HASHED}
    content |= {key: source.get(key) for key in ("where", "locks")}
    content["predecessor"] = predecessor.id if predecessor else None
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def lineage_of(record: Mapping[str, Any]) -> Lineage | None:
    """The lineage that a record holds; None where it has none, or none that can be read."""
    found = record.get("lineage")
    if not isinstance(found, dict):
        return None
    before = found.get("predecessor")
    predecessor = None
    if before is not None:
        ends = _texts(before, ("id", "folder"))
        if ends is None:
            return None
        predecessor = Predecessor(*ends)
    texts = _texts(found, ("id", "made", "by", "note"))
    if texts is None:
        return None
    name, made, by, note = texts
    return Lineage(name, made, by, note, predecessor)


def _texts(record: object, keys: tuple[str, ...]) -> list[str] | None:
    """The texts under some keys; None where one of them is none."""
    if not isinstance(record, dict):
        return None
    found = [record.get(key) for key in keys]
    texts = [text for text in found if isinstance(text, str)]
    return texts if len(texts) == len(keys) else None


def id_of(record: Mapping[str, Any]) -> str:
    """The id of a record; made from its content where it was written before runs had one."""
    lineage = lineage_of(record)
    return lineage.id if lineage else run_id(record, None)


def run_in(folder: str | os.PathLike[str]) -> Predecessor:
    """The run in a folder, as a predecessor. Raises InputError where there is none."""
    root = Path(folder)
    return Predecessor(id_of(read_record(root)), os.path.abspath(root))


def run_behind(plan: str | os.PathLike[str]) -> Predecessor | None:
    """The run that a plan came from: a run folder, a file in one, or a workbook made from one;
    None for any other file."""
    path = Path(plan)
    for folder in (path, path.parent):
        try:
            if (folder / RESULT).is_file():
                return run_in(folder)
        except (InputError, OSError, ValueError):
            continue
    mark = read_marks(path).get(RUN_MARK, "") if is_workbook(path) else ""
    name, _, folder_name = mark.partition(" ")
    if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        return None
    beside = path.parent / folder_name if folder_name else path.parent
    there = folder_name and Path(folder_name).name == folder_name and beside.is_dir()
    return Predecessor(name, os.path.abspath(beside) if there else "")


def read_record(root: Path) -> dict[str, Any]:
    """result.json of a run folder; InputError where it is not there or damaged.

    A folder that a killed process had set aside is put back first.
    """
    FOLDER.recover(root)
    path = root / RESULT
    try:
        if path.stat().st_size > LARGEST_RESULT:
            raise InputError([f"{path} is too large to be a result"])
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            [f"{root} is no run folder: {path.name}: {error.strerror or error}"]
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError([f"{path} cannot be read: {error}"]) from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise InputError([f"{path} is not of the schema {SCHEMA}"])
    number = (int, float, type(None))
    needs: dict[str, type | tuple[type, ...]] = {
        "status": str,
        "bound": number,
        "proved_bound": number,
        "bound_source": str,
        "inputs": dict,
        "source": dict,
        "alignment": (dict, type(None)),
    }
    bad = [key for key, kind in needs.items() if not isinstance(record.get(key, ...), kind)]
    if not bad and not isinstance(record["source"].get("instance"), str):
        bad = ["source"]
    if bad:
        raise InputError([f"{path} is damaged: {', '.join(bad)}; solve again"])
    return record
