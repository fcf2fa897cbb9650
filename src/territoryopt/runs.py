"""Run folders: a plan, its proof and its reasons as files, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.alignment import read_alignment
from territoryopt.checking import aligned
from territoryopt.compile import compile_problem, selected
from territoryopt.errors import InputError
from territoryopt.instance import Instance, read_instance
from territoryopt.model import Model, parse_model
from territoryopt.problem import IntArray, Problem
from territoryopt.reasons.explanation import Explanation, explain
from territoryopt.result import SCHEMA, Result
from territoryopt.tables import write_table

ALIGNMENT, TERRITORIES, RESULT, MODEL = (
    "alignment.csv",
    "territories.csv",
    "result.json",
    "model.toml",
)
LARGEST_RESULT = 2_000_000_000
"""Bytes of a result.json that is read back."""


def write_run(
    result: Result,
    instance: Instance,
    model: Model,
    folder: str | os.PathLike[str],
    *,
    where: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a run folder: result.json, model.toml and, where there is a plan, alignment.csv and
    territories.csv.

    The files are written beside the folder first and put in place by one rename, so that a
    reader sees all of them or none. An existing folder is refused unless `overwrite`, and then
    only if it is a run folder. Raises InputError where it cannot be written; nothing is left.
    where: the row filter that the instance was read with, kept so that it can be read again.
    """
    target = Path(folder)
    refuse_target(target, overwrite)
    kept = selected(instance, model)
    files: dict[str, Any] = {}
    if result.rep is not None:
        reasons = explain(result, kept)
        files[ALIGNMENT] = alignment_table(reasons, kept)
        files[TERRITORIES] = territories_table(reasons, kept)
    source = {
        "instance": os.path.abspath(instance.folder),
        "where": {table: dict(rows) for table, rows in (where or {}).items()},
    }
    text = json.dumps(
        {**result.as_dict(), "source": source}, indent=2, ensure_ascii=False, allow_nan=False
    )
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        for name, table in files.items():
            write_table(draft / name, table)
        (draft / MODEL).write_text(model.text, encoding="utf-8")
        (draft / RESULT).write_text(text + "\n", encoding="utf-8")
        draft.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
            os.replace(target, old / "run")
            os.replace(draft, target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(draft, target)
    except OSError as error:
        raise InputError(
            [f"the run folder {target} cannot be written: {error.strerror or error}"]
        ) from error
    finally:
        if draft is not None and draft.exists():
            shutil.rmtree(draft, ignore_errors=True)
    return target


def refuse_target(folder: str | os.PathLike[str], overwrite: bool) -> None:
    """Raises InputError where a run folder may not be written."""
    target = Path(folder)
    if target.is_symlink():
        raise InputError([f"{target} is a link; give the folder itself"])
    if not target.exists():
        return
    if not target.is_dir() or (any(target.iterdir()) and not (target / RESULT).is_file()):
        raise InputError([f"{target} exists and is no run folder; give another place"])
    if not overwrite and any(target.iterdir()):
        raise InputError([f"{target} holds a run already; give another place, or overwrite it"])


def alignment_table(reasons: Explanation, instance: Instance) -> dict[str, Any]:
    """alignment.csv: one row per account with its rep, why, and the next best rep.

    next_best_change: change of the objective, money a year, if this account alone (with its
    family) went there; next_best_breaks: the rules that would then be broken.
    """
    problem, rep = reasons.problem, reasons.rep
    facts = [reasons.facts.account(i, 1) for i in range(problem.accounts)]
    best = [f.alternatives[0] if f.alternatives else None for f in facts]
    names = instance.rep_names
    current = problem.current
    return {
        "account_id": instance.account_ids,
        "name": instance.account_names,
        "rep_id": [f.rep for f in facts],
        "rep_name": [names[j] for j in rep],
        "current_rep_id": [f.before or "" for f in facts],
        "moved": ["yes" if f.moved else "no" for f in facts],
        "cost_per_year": problem.cost_at(np.arange(len(rep)), rep),
        "next_best_rep_id": [b.rep if b else "" for b in best],
        "next_best_change": [b.change if b else float("nan") for b in best],
        "next_best_breaks": [
            "; ".join(dict.fromkeys(x.rule for x in b.breaks)) if b else "" for b in best
        ],
        "reason": [reasons.speaker.why(f) for f in facts],
        "current_rep_name": [names[j] if j >= 0 else "" for j in current],
    }


def territories_table(reasons: Explanation, instance: Instance) -> dict[str, Any]:
    """territories.csv: one row per rep; for each rule its total, before, least and most, and for
    each goal the amount and the money a year."""
    found = reasons.territories()
    out: dict[str, Any] = {
        "rep_id": instance.rep_ids,
        "name": instance.rep_names,
        "accounts": [t.accounts for t in found],
        "accounts_before": [t.accounts_before for t in found],
        "taken_over": [t.gained for t in found],
        "handed_off": [t.lost for t in found],
    }
    for k, total in enumerate(found[0].totals if found else ()):
        for column in ("total", "before", "lower", "upper"):
            values = np.array([getattr(t.totals[k], column) for t in found])
            out[f"{total.rule}_{column}"] = np.where(np.isfinite(values), values, np.nan)
    for k, share in enumerate(found[0].shares if found else ()):
        if share.unit != f"{reasons.problem.currency}/year":
            out[f"{share.name}_amount"] = np.array([t.shares[k].amount for t in found])
        out[f"{share.name}_money"] = np.array([t.shares[k].money for t in found])
    out["reason"] = [reasons.speaker.territory(t) for t in found]
    return out


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder read back: `record` is result.json."""

    folder: Path
    record: Mapping[str, Any]
    model: Model
    instance: Instance
    problem: Problem = field(repr=False)
    rep: IntArray | None = field(repr=False)

    def explanation(self) -> Explanation:
        """The reasons of its plan, by arithmetic alone; InputError where it has none."""
        if self.rep is None:
            raise InputError([f"{self.folder} holds no plan: {self.record['status']}"])
        names = self.instance
        bound, proved = self.record["bound"], self.record["proved_bound"]
        return Explanation(
            self.problem,
            self.rep,
            -np.inf if bound is None else bound,
            -np.inf if proved is None else proved,
            self.record["bound_source"],
            dict(zip(names.account_ids, names.account_names, strict=True)),
            dict(zip(names.rep_ids, names.rep_names, strict=True)),
        )


def read_run(folder: str | os.PathLike[str], instance: str | None = None) -> Run:
    """Read a run folder and the instance it was made from; nothing is solved again.

    instance: where the instance lies now, if it moved. Raises InputError where a file is missing
    or has changed since the run.
    """
    root = Path(folder)
    record = _record(root)
    model = parse_model((root / MODEL).read_bytes().decode("utf-8-sig"), f"{root / MODEL}")
    source = record.get("source", {})
    data = read_instance(instance or source.get("instance", ""), where=source.get("where") or None)
    now = {**data.hashes, "model": model.sha256}
    changed = [name for name, value in record["inputs"].items() if now.get(name) != value]
    if changed:
        raise InputError(
            [f"{name} has changed since the run in {root}; solve again" for name in changed]
        )
    rep = None
    if record.get("alignment") is not None:
        kept = selected(data, model)
        rep = aligned(read_alignment(root / ALIGNMENT, kept), kept)
    return Run(root, record, model, selected(data, model), compile_problem(data, model), rep)


def _record(root: Path) -> dict[str, Any]:
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
    return record
