"""What happens to a team, from the words of a command line to changes of its data."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.instance import Instance
from territoryopt.instance_changes import AnyChange, Change, ChangeReps, RepJoins
from territoryopt.model import Model
from territoryopt.tables import read_table
from territoryopt.terms.bands import Band, Capacity
from territoryopt.terms.goals import Balance
from territoryopt.toml_page import Part, load_page
from territoryopt.toml_reading import findings

CAPACITY = "capacity"


class ChangesPage(Part):
    """A file of changes, one after the other: `[[changes]]`, each with its kind."""

    changes: list[AnyChange] = Field(min_length=1, description="What happens, in order.")


def load_changes(path: str | os.PathLike[str]) -> tuple[Change, ...]:
    """The changes of a TOML file; InputError with every fault, each with file and key."""
    return tuple(load_page(ChangesPage, path, "file of changes", InputError).changes)


def joining(text: str, like: str = "") -> tuple[Change, ...]:
    """Reps who join: columns of reps.csv as a JSON object, or a CSV file with a row for each.
    like: the rep whose other columns they take over. InputError for what is neither."""
    if not text.lstrip().startswith("{"):
        table = read_table(text, id_columns=("rep_id",))
        rows: list[Mapping[str, Any]] = [
            {name: str(cells[i]) for name, cells in table.columns.items() if cells[i]}
            for i in range(len(table))
        ]
    else:
        rows = [json_object(text, "--rep-joins")]
    return tuple(_join(dict(row), like) for row in rows)


def _join(row: dict[str, Any], like: str) -> RepJoins:
    if "rep_id" not in row:
        raise InputError([Fault("needs rep_id", "Give the new rep an id", key="--rep-joins")])
    try:
        return RepJoins(kind="rep_joins", rep=row, like=like)
    except ValidationError as error:
        raise InputError(findings(error, RepJoins, "--rep-joins")) from error


def json_object(text: str, key: str) -> dict[str, Any]:
    """A JSON object; InputError where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            [Fault(f"is no JSON: {error}", 'Write {"rep_id": "R-9", ...}, or give a CSV file',
                   key=key)]
        ) from error  # fmt: skip
    if not isinstance(found, dict):
        raise InputError([Fault("must be a JSON object", key=key, value=text[:80])])
    return found


def on_leave(instance: Instance, model: Model, text: str) -> ChangeReps:
    """A rep who is away for a share of the year, `R-03=0.5`: every column of reps.csv that the
    model takes as a limit or a target is multiplied by one less that share.

    Columns meant: `capacity`, and those named by `min`, `max` or `target` of a rule or goal. A
    target "equal" is the same for all whatever becomes of them.
    """
    rep, _, number = text.rpartition("=")
    faults = FaultList(InputError)
    try:
        share = float(number)
    except ValueError:
        share = -1.0
    if not rep or not 0 < share <= 1:
        faults.add("is not a rep and the share of the year away", "Write R-03=0.5, above 0 and"
                   " at most 1", key="--on-leave", value=text)  # fmt: skip
        faults.raise_if_any()
    columns = [name for name in _columns_of_reps(model) if name in instance.reps.columns]
    if not columns:
        faults.add(
            "nothing in the model or reps.csv says how much a rep can do",
            "Add a column capacity, or name one as max, min or target", key="--on-leave", value=rep,
        )  # fmt: skip
        faults.raise_if_any()
    left = 1.0 - share
    return ChangeReps(kind="change_reps", reps=[rep], scale=dict.fromkeys(columns, left))


def _columns_of_reps(model: Model) -> tuple[str, ...]:
    """The columns of reps that say how much a rep can or should have."""
    names = [CAPACITY]
    for term in model.terms.values():
        if isinstance(term, Capacity):
            names += [side for side in (term.most, term.min) if isinstance(side, str)]
        if isinstance(term, (Band, Balance)) and term.target != "equal":
            names.append(term.target)
    return tuple(dict.fromkeys(names))
