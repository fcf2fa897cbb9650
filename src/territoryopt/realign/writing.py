"""A realignment as folders: the changed data, and a run of them that can be read back, checked,
explained and realigned again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.folders import FolderKind
from territoryopt.instance_changes import written
from territoryopt.instance_writing import folder_kind, write_instance
from territoryopt.run_record import CLOSEST, MOVES, REALIGN
from territoryopt.runs import refuse_target, write_run
from territoryopt.tables import write_table

if TYPE_CHECKING:
    from territoryopt.realign.realigning import Realignment
    from territoryopt.realign.transition import Transition


@dataclass(frozen=True)
class Written:
    """Where a realignment lies: the changed instance and the run."""

    data: Path
    run: Path


def data_folder(out: str | os.PathLike[str]) -> Path:
    """Where the changed data go when no place is given: beside the run."""
    folder = Path(os.path.abspath(out))
    return folder.with_name(f"{folder.name}-data")


def refuse_folders(
    out: str | os.PathLike[str], data: str | os.PathLike[str] | None, overwrite: bool
) -> None:
    """Raises InputError where one of the two folders may not be written, before the work."""
    refuse_target(out, overwrite)
    folder_kind().refuse(data or data_folder(out), overwrite)


def write_realignment(
    made: Realignment,
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Written:
    """Write the changed instance (`data`, beside the run if not given) and the run folder `out`
    with moves.csv and realign.json; closest.csv where no plan exists and one comes near.

    Each folder appears whole or not at all, the data first: without the run they harm nobody.
    Raises InputError where they cannot be written.
    """
    place = Path(data) if data else data_folder(out)
    refuse_folders(out, place, overwrite)
    record = ({"kind": "owners", "in_words": f"owners as in {made.start.source}"},)
    changes = (*record * bool(made.start.folder), *written(made.changes))
    instance = write_instance(made.instance, place, changes=changes, overwrite=overwrite)
    note = "; ".join(change.sentence() for change in made.changes)
    run = write_run(
        made.result, instance, made.model, out, more=_files(made), overwrite=overwrite,
        predecessor=made.start.folder or None, note=note, by="territoryopt realign",
    )  # fmt: skip
    return Written(place, run)


def _files(made: Realignment) -> dict[str, Callable[[Path], None]]:
    from territoryopt.realign.realigning import moves_table

    text = json.dumps(made.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    files: dict[str, Callable[[Path], None]] = {
        REALIGN: lambda path: _put(path, f"{text}\n"),
    }
    if made.result.rep is not None:
        files[MOVES] = lambda path: write_table(path, moves_table(made))
    if made.closest is not None:
        ids = np.array(made.instance.rep_ids, dtype=object)
        plan: dict[str, Any] = {
            "account_id": made.instance.account_ids,
            "rep_id": ids[made.closest.rep],
        }
        files[CLOSEST] = lambda path: write_table(path, plan)
    return files


def _put(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "backslashreplace"))


STEPS = "steps.csv"
TRANSITION, TRANSITION_JSON = "transition.csv", "transition.json"
TRANSITION_FOLDER = FolderKind(
    "transition",
    {TRANSITION, STEPS, TRANSITION_JSON},
    TRANSITION_JSON,
    b'"schema": "territoryopt/transition/',
)


def write_transition(
    made: Transition, out: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write transition.csv (an account a row), steps.csv (a step a row) and transition.json; the
    folder appears whole or not at all. Raises InputError where it cannot be written."""
    target = Path(out)
    TRANSITION_FOLDER.refuse(target, overwrite)
    text = json.dumps(made.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    steps: dict[str, Any] = {
        "step": [step.number for step in made.steps],
        "accounts": [step.accounts for step in made.steps],
        "moved": [step.moved for step in made.steps],
        "cost": [step.cost for step in made.steps],
        "breaches": [len(step.breaches) for step in made.steps],
    }

    def fill(draft: Path) -> None:
        write_table(draft / TRANSITION, made.table())
        write_table(draft / STEPS, steps)
        _put(draft / TRANSITION_JSON, f"{text}\n")

    TRANSITION_FOLDER.write(target, fill, overwrite=overwrite)
    return target
