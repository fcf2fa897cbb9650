"""`run_log`: the runs of a folder, newest first; or one run and the line of those before it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from territoryopt.answers.showing import Shown
from territoryopt.errors import Fault, InputError, shortened
from territoryopt.folders import Draft, clean, drafts_under
from territoryopt.folders.locks import place_of
from territoryopt.history.changes import Changes, changes
from territoryopt.history.entries import Entry, looks_like_run, read_entry, run_folders
from territoryopt.run_record import FOLDER, Predecessor, id_of, read_record

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/log/1"
LONGEST_LINE = 1_000
"""Runs behind each other that are followed."""
SHORT = 12
"""Letters of an id that are shown; enough to tell a million runs apart."""


class Damaged(NamedTuple):
    """A run folder that cannot be read, and why."""

    folder: Path
    why: str


@dataclass(frozen=True, eq=False)
class RunLog(Shown):
    """Runs as a history.

    folder: what was asked for. line: whether it is one run with those before it; then `changes[k]`
    is from `runs[k + 1]` to `runs[k]`. runs: newest first. damaged: run folders that cannot be
    read. drafts: what writers have open now, and what killed ones left. notes: predecessors that
    moved or are not there any more. cleaned: drafts that were taken away.
    """

    folder: Path
    line: bool
    runs: tuple[Entry, ...]
    changes: tuple[Changes, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    drafts: tuple[Draft, ...] = ()
    notes: tuple[str, ...] = ()
    cleaned: tuple[Path, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/log/1`; see docs/runs.md."""
        return {
            "schema": SCHEMA,
            "folder": str(self.folder),
            "line": self.line,
            "runs": [entry.as_dict() for entry in self.runs],
            "changes": [step.as_dict() for step in self.changes],
            "damaged": [{"folder": str(d.folder), "why": d.why} for d in self.damaged],
            "drafts": [draft.as_dict() for draft in self.drafts],
            "notes": list(self.notes),
            "cleaned": list(map(str, self.cleaned)),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per run, newest first: the fields of `runs`, the predecessor by its id."""
        from dataclasses import fields

        import pandas as pd

        rows = []
        for entry in self.runs:
            row = entry.as_dict()
            row["predecessor"] = entry.predecessor.id if entry.predecessor else None
            row["faults"] = "; ".join(entry.faults)
            rows.append(row)
        names = [each.name for each in fields(Entry) if each.name not in ("record", "table")]
        return pd.DataFrame(rows, columns=names)


def run_log(folder: str | os.PathLike[str] = "runs", *, remove_drafts: bool = False) -> RunLog:
    """The runs under a folder, newest first; or, of a run folder, that run, the line of those it
    grew from, and what changed from each to the next.

    Only the run folders are read: no instance, and nothing is solved. Folders that cannot be read
    and predecessors that are gone are told, not raised. remove_drafts: take away what killed
    writers left (see `folders.clean`). Raises InputError where there is no such folder, or the run
    asked for cannot be read.
    """
    root = Path(folder)
    try:
        FOLDER.recover(root)
        if not root.is_dir():
            what = "is no folder" if root.exists() else "there is no such folder of runs"
            raise InputError([Fault(what, "Give a folder with run folders in it, or a run folder",
                                    value=shortened(str(root), 500))])  # fmt: skip
        names = {path.name for path in root.iterdir()}
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        text = getattr(error, "strerror", None) or error
        raise InputError([Fault(f"the folder cannot be read: {text}",
                                value=shortened(str(root), 500))]) from error  # fmt: skip
    if looks_like_run(root, names):
        if remove_drafts:
            raise InputError(["drafts lie beside a run: give the folder that the runs are in"])
        return _line(root)
    cleaned = tuple(clean(root)) if remove_drafts else ()
    runs, damaged = [], []
    for path in run_folders(root):
        try:
            runs.append(_light(read_entry(path)))
        except (InputError, OSError) as error:
            damaged.append(Damaged(path, _why(error)))
    runs.sort(key=lambda entry: (entry.when, entry.folder.name), reverse=True)
    return RunLog(root, False, tuple(runs), (), tuple(damaged), tuple(drafts_under(root)), (),
                  cleaned)  # fmt: skip


def _line(root: Path) -> RunLog:
    """A run and those before it; no more than two records are held at a time."""
    entry = read_entry(root)
    runs, steps, damaged, notes = [_light(entry)], [], [], []
    seen = {entry.id}
    while entry.predecessor is not None:
        found, note = _find(entry.predecessor, entry.folder)
        if note:
            notes.append(note)
        if found is None:
            break
        try:
            before = read_entry(found)
        except (InputError, OSError) as error:
            damaged.append(Damaged(found, _why(error)))
            break
        steps.append(changes(before, entry))
        steps[-1] = replace(steps[-1], before=_light(before), after=_light(entry))
        entry = before
        runs.append(_light(entry))
        if entry.id in seen or len(runs) >= LONGEST_LINE:
            notes.append(f"The line is followed no further than {_called(entry.id, found)}.")
            break
        seen.add(entry.id)
    place = place_of(root)
    drafts = tuple(d for d in drafts_under(place.parent) if d.target == place)
    return RunLog(root, True, tuple(runs), tuple(steps), tuple(damaged), drafts, tuple(notes))


def _find(run: Predecessor, after: Path) -> tuple[Path | None, str]:
    """Where a predecessor lies now, and what is to be said of that."""
    told = Path(run.folder) if run.folder else None
    other = None
    if told is not None:
        lying = _id_in(told)
        if lying in (run.id, ""):
            return told, ""  # "" is a damaged one, which is told when it is read
        other = lying
    name = after.absolute().parent / told.name if told is not None else None
    for place in (name, *run_folders(after.absolute().parent, 2)):
        if place is not None and place != told and _id_in(place) == run.id:
            moved = f"The run {_called(run.id, told)} lies in {shortened(str(place), 500)} now."
            return place, moved if told is not None else ""
    if told is None:
        return None, f"The run {run.id[:SHORT]} is not among those beside {after.name}."
    if other is not None:
        by = "this one" if _same(told, after) else f"another one ({other[:SHORT]})"
        return None, f"The run {_called(run.id, told)} is not there any more: {by} took its place."
    return None, f"The run {_called(run.id, told)} is not there any more."


def _id_in(folder: Path) -> str | None:
    """The id of the run in a folder; None where there is none, "" where it cannot be read."""
    try:
        if not folder.is_dir() or not looks_like_run(folder, {p.name for p in folder.iterdir()}):
            return None
        return id_of(read_record(folder))
    except InputError:
        return ""
    except (OSError, ValueError):
        return None


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _called(name: str, folder: Path | None) -> str:
    place = f" in {shortened(str(folder), 500)}" if folder is not None else ""
    return f"{name[:SHORT]}{place}"


def _why(error: Exception) -> str:
    if isinstance(error, InputError):
        return "; ".join(map(str, error.problems))
    return getattr(error, "strerror", None) or str(error)


def _light(entry: Entry) -> Entry:
    """Without its record, which of a large plan is large."""
    return replace(entry, record={}, table={})
