"""What a run knows of its data and of how it was made."""

from __future__ import annotations

from typing import Any

import numpy as np

from territoryopt.runs import Run
from territoryopt.words import number, plural

NoteRow = tuple[str, int | None, str, str, str, str]
"""file, row, column, what stood there, what it was read as, why."""

ENDS = {
    "optimal": "proved best",
    "gap_reached": "as near to the best as was asked",
    "time_limit": "time was up",
    "interrupted": "interrupted",
}


def data_notes(run: Run) -> list[NoteRow]:
    """Every repair made while reading, then what is missing, then what the model says of itself."""
    instance = run.instance
    rows: list[NoteRow] = [
        (note.file, note.row, note.column, note.old, note.new, note.why) for note in instance.notes
    ]
    file = instance.accounts.file
    places = int(np.isnan(instance.coordinates).any(axis=1).sum())
    if places:
        why = f"{plural(places, 'account')} without a place: not on the map"
        rows.append((file, None, "latitude, longitude", "", "", why))
    unowned = int((instance.current < 0).sum())
    if unowned:
        why = f"{plural(unowned, 'account')} without an owner today"
        rows.append((file, None, "current_rep", "", "", why))
    locks = len(instance.added_locks)
    if locks:
        why = f"{plural(locks, 'owner')} set by hand and locked"
        rows.append((file, None, "locked_rep", "", "", why))
    notes = dict.fromkeys([*run.record.get("notes", []), *run.problem.notes])
    rows += [("the run", None, "", "", "", str(note)) for note in notes]
    return rows


def facts_of_run(run: Run) -> list[tuple[str, Any]]:
    """How the plan was made: name and value."""
    record = run.record
    versions = record.get("versions", {})
    ended = ENDS.get(str(record["status"]), str(record["status"]))
    return [
        ("accounts", run.problem.accounts),
        ("reps", run.problem.reps),
        ("search ended", f"{ended}, after {number(float(record.get('seconds') or 0))} s"),
        ("method", f"{record.get('backend', '')}, seed {record.get('seed', '')}"),
        ("versions", ", ".join(f"{k} {v}" for k, v in versions.items())),
        ("run folder", run.folder.name),
        *((f"SHA-256 of {name}", str(digest)) for name, digest in sorted(record["inputs"].items())),
    ]
