"""Goals as a folder: goals.json, goals.csv, goal_parts.csv, kpis.csv; whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from territoryopt.errors import Fault, InputError
from territoryopt.folders import FolderKind
from territoryopt.goals.types import PARTS, SCHEMA, Goals, cents
from territoryopt.run_record import RESULT
from territoryopt.runs import Run
from territoryopt.tables import sha256_of, write_table

RECORD, GOALS, GOAL_PARTS, KPIS, SEGMENTS, PAGE = (
    "goals.json", "goals.csv", "goal_parts.csv", "kpis.csv", "goal_segments.csv", "goals.md",
)  # fmt: skip
FOLDER = FolderKind(
    "goals", {RECORD, GOALS, GOAL_PARTS, KPIS, SEGMENTS, PAGE}, RECORD,
    b'"schema": "territoryopt/goals/',
)  # fmt: skip
LARGEST = 500_000_000
"""Bytes of a goals.json that is read back."""


def write_goals(goals: Goals, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a folder of goals, whole or not at all. An existing one is replaced only with
    `overwrite`, and only if it holds goals and nothing else; InputError otherwise."""
    from territoryopt.reasons.pages import text

    target = Path(folder)
    FOLDER.refuse(target, overwrite)
    record = json.dumps(goals.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    lines = ["# Goals", "", *(f"- {text(line)}" for line in goals.sentences()), ""]

    def fill(draft: Path) -> None:
        write_table(draft / GOALS, goals.goal_columns())
        write_table(draft / GOAL_PARTS, goals.part_columns())
        write_table(draft / KPIS, goals.kpi_columns())
        if goals.segments:
            write_table(draft / SEGMENTS, goals.segment_columns())
        for name, content in ((RECORD, f"{record}\n"), (PAGE, "\n".join(lines))):
            (draft / name).write_bytes(content.encode("utf-8", "backslashreplace"))

    FOLDER.write(target, fill, overwrite=overwrite)
    return target


def read_goals(folder: str | os.PathLike[str], run: Run | None = None) -> Goals:
    """The goals of a folder; InputError where there are none, where they were changed by hand, or
    where they were made for another run than `run`."""
    path = Path(folder) / RECORD
    try:
        if path.stat().st_size > LARGEST:
            raise InputError([f"{path} is too large to be goals"])
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            [Fault(f"{folder} is no folder of goals: {RECORD}: {error.strerror or error}",
                   "Make one: territoryopt goals RUN --total ... --out FOLDER")]
        ) from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise InputError([f"{path} cannot be read: {error}"]) from error
    if not isinstance(record, dict) or record.pop("schema", None) != SCHEMA:
        raise InputError([f"{path} is not of the schema {SCHEMA}"])
    known = {each.name for each in fields(Goals)}
    try:
        goals = TypeAdapter(Goals).validate_python({k: v for k, v in record.items() if k in known})
    except ValidationError as error:
        key = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputError([f"{path} is damaged: {key}; set the goals again"]) from error
    _check(goals, path)
    if run is not None and goals.run_sha256 != sha256_of(run.folder / RESULT):
        raise InputError(
            [Fault(f"the goals in {folder} are of another run ({goals.run}) than {run.folder}",
                   "Set them again for this one: territoryopt goals RUN --total ...")]
        )  # fmt: skip
    return goals


def _check(goals: Goals, path: Path) -> None:
    """The goals add up to their total and their parts to each goal, as when they were written."""
    sound = sum(cents(rep.goal) for rep in goals.reps) == cents(goals.total)
    for rep in goals.reps:
        sound = sound and set(rep.parts) == set(PARTS)
        sound = sound and sum(map(cents, rep.parts.values())) == cents(rep.goal)
        sound = sound and len(rep.periods) == len(goals.periods)
    sound = sound and all(len(kpi.targets) == len(goals.reps) for kpi in goals.kpis)
    if not sound:
        raise InputError([f"the numbers of {path} do not add up any more; set the goals again"])
