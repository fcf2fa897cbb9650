"""`score_accounts`: an instance and a scoring file become an instance with tiers, scores, potential
and calls, and a record of where each figure comes from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from territoryopt.cells import FloatArray
from territoryopt.errors import FaultList, InputError
from territoryopt.folders import FolderKind
from territoryopt.instance import ACCOUNTS, REPS, Instance, read_instance
from territoryopt.instance_writing import folder_kind, with_columns, write_instance
from territoryopt.scoring.columns import Board, Refused
from territoryopt.scoring.learning import LearnedModel
from territoryopt.scoring.scored import COPY, RECORD, SCHEMA, SCORES, Scored
from territoryopt.scoring.spec import Scoring, load_scoring
from territoryopt.scoring.steps import Step, in_order, steps
from territoryopt.scoring.trace import Trace, plain
from territoryopt.tables import Table, write_table
from territoryopt.words import number, plural

Path_ = str | os.PathLike[str]
UNITS = {"visits_per_year": "visits/year", "hours_per_visit": "hours", "score": "points"}


def scored_folder() -> FolderKind:
    """What a folder of `score_accounts` is."""
    return folder_kind((SCORES, RECORD, COPY))


def score_accounts(
    instance: Instance | Path_,
    scoring: Scoring | Path_,
    folder: Path_ | None = None,
    *,
    history: Path_ | None = None,
    overwrite: bool = False,
) -> Scored:
    """Tiers, scores, potential (money/year), visits_per_year and hours_per_visit of every account.

    instance, scoring: as read, or their folder and TOML file. folder: an instance folder to write,
    whole or not at all: accounts.csv with the columns made and all others, reps.csv, pairs.csv,
    scores.csv (each part of each figure), score.toml and score.json; an existing one is refused
    unless `overwrite`. history: a CSV file of won and lost, in place of the one the scoring names.

    Workload is then `visits_per_year · (hours_per_visit + travel per visit)`, made by the model.
    Raises one InputError with every fault, each with file and key or row; nothing is written then.
    """
    if folder is not None:  # before the work, not after it
        scored_folder().refuse(folder, overwrite)
    given = scoring if isinstance(scoring, Scoring) else load_scoring(scoring)
    data = instance if isinstance(instance, Instance) else read_instance(instance)
    board, trace = Board(data.accounts, given), Trace()
    order = in_order(steps(given, _history(given, history, board)), board)
    learned: LearnedModel | None = None
    for step in order:
        board.begin(step.key, frozenset(step.makes))
        try:
            learned = step.run(board, trace) or learned
        except Refused:
            board.failed |= set(step.makes)
    board.faults.raise_if_any()
    reps = _reps(data, given, board)
    accounts = with_columns(data.accounts, board.made)
    changes = _changes(data, board, order, reps)
    record = _record(data, accounts, given, board, order, learned)
    changed = replace(data, accounts=accounts, reps=reps)
    parts = trace.columns(data.account_ids)
    if folder is None:
        built = changed.select(None)
    else:
        built = write_instance(changed, folder, changes=tuple(changes), overwrite=overwrite,
                               more=_more(given, record, parts))  # fmt: skip
    where = None if folder is None else Path(folder)
    return Scored(built, record, parts, tuple(record["sentences"]), where)


def _history(scoring: Scoring, given: Path_ | None, board: Board) -> Path | None:
    """The file of won and lost: the one given, or named by the scoring, beside its own file."""
    named = scoring.learned.history if scoring.learned is not None else None
    if given is not None:
        if scoring.learned is None:
            board.begin("learned", frozenset())
            board.fault("is missing, so a history is of no use", "Add [learned], or give none")
        return Path(given)
    return None if named is None else Path(scoring.folder) / named


def _reps(data: Instance, scoring: Scoring, board: Board) -> Table:
    """reps.csv with the stated capacity where it has none."""
    capacity = scoring.reps.capacity
    if capacity is None:
        return data.reps
    old = data.reps.columns.get("capacity", np.full(len(data.reps), "", dtype=object))
    blank = (old == "").astype(bool)
    if not blank.any():
        board.note(f"{REPS}: every rep has a capacity, so the one of the scoring is not used")
        return data.reps
    new = old.copy()
    new[blank] = plain(np.array([float(capacity)]), 6)[0]
    board.note(f"{REPS}: {plural(int(blank.sum()), 'rep')} without a capacity got "
               f"{number(capacity)} hours a year")  # fmt: skip
    return with_columns(data.reps, {"capacity": new})


def _changes(data: Instance, board: Board, order: list[Step], reps: Table) -> list[dict[str, Any]]:
    """Each column that is other than before, for changes.json; a replaced one is noted."""
    out: list[dict[str, Any]] = []
    for step in order:
        for column in step.makes:
            old, new = data.accounts.columns.get(column), board.made[column]
            change: dict[str, Any] = {"file": ACCOUNTS, "column": column, "by": step.key}
            if old is None:
                out.append({**change, "kind": "added", "cells": len(new)})
                continue
            other = int((old != new).sum())
            out.append({**change, "kind": "replaced", "cells": other})
            board.note(f"{ACCOUNTS}: the column {column} was there and is replaced by {step.key}; "
                       f"{other:,} of {plural(len(new), 'cell')} differ from before")  # fmt: skip
    if reps is not data.reps:
        old = data.reps.columns.get("capacity")
        new = reps.columns["capacity"]
        cells = len(new) if old is None else int((old != new).sum())
        out.append({"file": REPS, "column": "capacity", "by": "reps.capacity",
                    "kind": "added" if old is None else "filled", "cells": cells})  # fmt: skip
    return out


def _record(
    data: Instance, accounts: Table, scoring: Scoring, board: Board, order: list[Step],
    learned: LearnedModel | None,
) -> dict[str, Any]:  # fmt: skip
    """The JSON of the schema `territoryopt/score/1`."""
    made = {column: kind for step in order for column, kind in step.makes.items()}
    by = {column: step.key for step in order for column in step.makes}
    units = {**UNITS, "potential": scoring.money}
    return {
        "schema": SCHEMA,
        "name": scoring.name,
        "as_of": scoring.as_of.isoformat() if scoring.as_of else None,
        "currency": scoring.currency,
        "accounts": len(accounts),
        "columns": [
            {"column": column, "kind": kind, "unit": units.get(kind, ""), "by": by[column],
             "replaced": column in data.accounts.columns}
            for column, kind in made.items()
        ],
        "segments": [_segment(c, by[c], accounts) for c, kind in made.items() if kind == "tier"],
        "scores": [
            _score(c, kind, board.numeric[c]) for c, kind in made.items()
            if kind in ("score", "probability")
        ],
        "totals": list(_totals(data.accounts, accounts, scoring)),
        "learned": None if learned is None else learned.as_dict(),
        "sentences": [] if learned is None else learned.told(),
        "notes": list(board.notes),
        "inputs": {**data.hashes, scoring.file: hashlib.sha256(scoring.text.encode()).hexdigest()},
    }  # fmt: skip


def _segment(column: str, by: str, accounts: Table) -> dict[str, Any]:
    """Accounts, potential, visits and hours of calls of each tier, by name."""
    names, which = np.unique(accounts.columns[column].astype(str), return_inverse=True)
    counts = np.bincount(which, minlength=len(names))
    sums = {name: _numbers(accounts, name) for name in ("potential", "visits_per_year", "hours")}
    tiers = []
    for k, name in enumerate(names.tolist()):
        tier: dict[str, Any] = {
            "tier": name, "accounts": int(counts[k]), "share": float(counts[k] / len(accounts)),
        }  # fmt: skip
        for what, values in sums.items():
            tier[what] = None if values is None else _sum(values[which == k])
        tiers.append(tier)
    return {"column": column, "by": by, "tiers": tiers}


def _score(column: str, kind: str, values: FloatArray) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    none: dict[str, Any] = {"least": None, "mean": None, "most": None}
    told = none if not len(known) else {
        "least": float(known.min()), "mean": float(known.mean()), "most": float(known.max()),
    }  # fmt: skip
    return {"column": column, "kind": kind, "accounts": len(known), **told}


def _totals(before: Table, after: Table, scoring: Scoring) -> list[dict[str, Any]]:
    """Potential, visits and hours of calls, in all; None where a cell is blank or missing."""
    units = {"potential": scoring.money, "visits_per_year": "visits/year", "hours": "hours/year"}
    words = {"potential": "Potential", "visits_per_year": "Visits",
             "hours": "Time with accounts, without the road"}  # fmt: skip
    out = []
    for name, unit in units.items():
        found = [_numbers(table, name) for table in (before, after)]
        if found[1] is not None:
            sums = [None if values is None else _sum(values) for values in found]
            out.append({"column": name, "what": words[name], "unit": unit, "before": sums[0],
                        "after": sums[1]})  # fmt: skip
    return out


def _sum(values: FloatArray) -> float | None:
    return None if np.isnan(values).any() else float(np.round(values.sum(), 6))


def _numbers(table: Table, name: str) -> FloatArray | None:
    """A column of numbers; "hours" are visits_per_year · hours_per_visit."""
    if name == "hours":
        parts = [_numbers(table, c) for c in ("visits_per_year", "hours_per_visit")]
        return None if parts[0] is None or parts[1] is None else parts[0] * parts[1]
    if name not in table.columns:
        return None
    return table.numbers(name, FaultList(InputError))


def _more(
    scoring: Scoring, record: dict[str, Any], parts: dict[str, npt.NDArray[Any]]
) -> dict[str, Callable[[Path], None]]:
    """The further files of the folder, each by how it is written."""
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    return {
        SCORES: lambda path: write_table(path, parts),
        RECORD: lambda path: _put(path, f"{text}\n"),
        COPY: lambda path: _put(path, scoring.text),
    }


def _put(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
