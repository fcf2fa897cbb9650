"""Run folders: a plan, its proof and its reasons as files, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.alignment import ALIGNMENT, read_alignment
from territoryopt.checking import aligned
from territoryopt.compile import compile_problem, selected
from territoryopt.errors import Fault, InputError
from territoryopt.instance import Instance, read_instance
from territoryopt.model import Model, parse_model
from territoryopt.problem import IntArray, Prices, Problem
from territoryopt.problem.price_records import group_prices_of
from territoryopt.reasons.conflict import Conflict
from territoryopt.reasons.explanation import EACH, TOLD, Explanation, explain, speaker_of
from territoryopt.reasons.next_best import next_best, next_best_of
from territoryopt.reasons.pages import plan_page
from territoryopt.result import Result
from territoryopt.run_record import (
    FOLDER,
    MODEL,
    PAGE,
    REASONS,
    RESULT,
    TERRITORIES,
    Lineage,
    Predecessor,
    id_of,
    lineage_of,
    new_lineage,
    read_record,
    run_in,
)
from territoryopt.tables import write_table


def write_run(
    result: Result,
    instance: Instance,
    model: Model,
    folder: str | os.PathLike[str],
    *,
    where: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    more: Mapping[str, Callable[[Path], None]] | None = None,
    overwrite: bool = False,
    predecessor: Run | Predecessor | str | os.PathLike[str] | None = None,
    note: str = "",
    by: str = "write_run",
    scenario: Mapping[str, Any] | None = None,
) -> Path:
    """Write a run folder: result.json, model.toml and, where there is a plan, alignment.csv,
    territories.csv, explanation.json and, to be read, explanation.md.

    The files are written beside the folder first and put in place by one rename, so that a
    reader sees all of them or none. An existing folder is refused unless `overwrite`, and then
    only if it is a run folder. Raises InputError where it cannot be written; what was there before
    is there still then, and so it is where another process writes the same folder.
    where: the row filter that the instance was read with, kept so that it can be read again.
    more: further files of `FILES` by name, each written by a function of its path.
    predecessor: the run this one grew from, or its folder; note: why; by: the command or function
    that made it. They stand in the run's `lineage`; InputError where the predecessor is no run.
    scenario: of a sweep, which scenario it is, kept under `source`.
    """
    target = Path(folder)
    refuse_target(target, overwrite)
    kept = selected(instance, model)
    if result.problem.account_ids != kept.account_ids or result.problem.rep_ids != kept.rep_ids:
        raise InputError(["the result is not of this instance under this model"])
    files: dict[str, Any] = {}
    texts: dict[str, str] = {}
    if result.rep is not None:
        reasons = explain(result, kept)
        files[ALIGNMENT] = alignment_table(reasons, kept)
        files[TERRITORIES] = territories_table(reasons, kept)
        texts[REASONS] = _json(reasons.as_dict())
        texts[PAGE] = plan_page(reasons)
    source = {
        "instance": os.path.abspath(instance.folder),
        "where": {table: dict(rows) for table, rows in (where or {}).items()},
        "locks": dict(kept.added_locks),
        **({} if scenario is None else {"scenario": dict(scenario)}),
    }
    record = {
        **result.as_dict(),
        "inputs": {**instance.hashes, "model": model.sha256},
        "source": source,
    }
    lineage = new_lineage(record, as_predecessor(predecessor), note, by)
    texts[RESULT] = _json({**record, "lineage": lineage.as_dict()})

    def fill(draft: Path) -> None:
        for name, table in files.items():
            write_table(draft / name, table)
        (draft / MODEL).write_bytes(model.text.encode())
        for name, text in texts.items():
            (draft / name).write_bytes(text.encode("utf-8", "backslashreplace"))
        for name, write in (more or {}).items():
            write(draft / name)

    FOLDER.write(target, fill, overwrite=overwrite)
    return target


def as_predecessor(
    run: Run | Predecessor | str | os.PathLike[str] | None,
) -> Predecessor | None:
    """A run, or the folder of one, as another's lineage holds it; InputError where it is none."""
    if run is None or isinstance(run, Predecessor):
        return run
    if isinstance(run, Run):
        return Predecessor(id_of(run.record), os.path.abspath(run.folder))
    return run_in(run)


def _json(record: Mapping[str, Any]) -> str:
    return f"{json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)}\n"


def refuse_target(folder: str | os.PathLike[str], overwrite: bool) -> None:
    """Raises InputError where a run folder may not be written.

    Only a folder that holds a run and nothing else is ever replaced.
    """
    FOLDER.refuse(folder, overwrite)


def claim_run(
    folder: str | os.PathLike[str], overwrite: bool = False
) -> AbstractContextManager[Path]:
    """Hold a run folder from before the work until it is written, so that another process that
    wants the same is refused before its own. Raises InputError as `refuse_target` does."""
    return FOLDER.claim(folder, overwrite)


def alignment_table(reasons: Explanation, instance: Instance) -> dict[str, Any]:
    """alignment.csv: one row per account with its rep, why, and the next best rep.

    next_best_change: change of the objective, money a year, if this account alone (with its
    family) went there; next_best_breaks: the rules that would then be broken. reason: in a plan of
    more than `EACH` accounts only for the `TOLD` moves that weigh most; `explain` has the others.
    """
    problem, rep, facts = reasons.problem, reasons.rep, reasons.facts
    ids, names = (
        np.array([*cells, ""], dtype=object) for cells in (instance.rep_ids, instance.rep_names)
    )
    reason = np.full(problem.accounts, "", dtype=object)
    if problem.accounts > EACH:
        best = next_best(facts)
        for i in facts.weightiest_moves(TOLD):
            reason[i] = reasons.speaker.why(facts.account(int(i), 1))
    else:
        each = [facts.account(i, 1) for i in range(problem.accounts)]
        best = next_best_of(each, instance.rep_ids)
        reason[:] = [reasons.speaker.why(account) for account in each]
    moved = np.full(problem.accounts, "no", dtype=object)
    moved[facts.moved] = "yes"
    return {
        "account_id": instance.account_ids,
        "name": instance.account_names,
        "rep_id": ids[rep],
        "rep_name": names[rep],
        "current_rep_id": ids[problem.current],
        "moved": moved,
        "cost_per_year": problem.cost_at(np.arange(len(rep)), rep),
        "next_best_rep_id": ids[best.rep],
        "next_best_change": best.change,
        "next_best_breaks": best.breaks,
        "reason": reason,
        "current_rep_name": names[problem.current],
    }


def territories_table(reasons: Explanation, instance: Instance) -> dict[str, Any]:
    """territories.csv: one row per rep; for each rule its total, before, least and most, and for
    each goal the amount and the money a year.

    accounts = accounts_before + new (unowned before) + taken_over - handed_off.
    """
    found = reasons.territories()
    out: dict[str, Any] = {
        "rep_id": instance.rep_ids,
        "name": instance.rep_names,
        "accounts": [t.accounts for t in found],
        "accounts_before": [t.accounts_before for t in found],
        "new": [t.new for t in found],
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

    @property
    def lineage(self) -> Lineage | None:
        """Its id, when and by what it was made, and the run it grew from; None for a run written
        before runs had a lineage."""
        return lineage_of(self.record)

    def no_plan(self) -> list[str]:
        """Why the run has no plan, in sentences."""
        record = self.record
        conflict = record.get("conflict")
        return speaker_of(self.problem, self.instance).no_plan(
            record["status"],
            record["bound_source"],
            None if conflict is None else Conflict.from_dict(conflict),
        )

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
            self._prices(),
            dict(zip(names.account_ids, names.account_names, strict=True)),
            dict(zip(names.rep_ids, names.rep_names, strict=True)),
        )

    def _prices(self) -> Prices | None:
        """The prices that the run wrote down; None where those of the rows are not all there."""
        written = {
            (rule.get("name"), rule.get("row")): rule.get("lp_price")
            for rule in self.record.get("rules", [])
        }
        found = [
            [written.get((rows.name, label)) for label in rows.labels] for rows in self.problem.rows
        ]
        if any(not isinstance(price, int | float) for part in found for price in part):
            return None
        rows = tuple(np.array(part, dtype=np.float64) for part in found)
        return Prices(rows, group_prices_of(self.problem, self.record.get("group_prices", [])))


def read_run(folder: str | os.PathLike[str], instance: str | None = None) -> Run:
    """Read a run folder and the instance it was made from; nothing is solved again.

    instance: where the instance lies now, if it moved. Raises InputError where a file is missing
    or has changed since the run.
    """
    root = Path(folder)
    for _ in range(MOST_READS - 1):
        before = _identity(root)
        try:
            return _read(root, instance)
        except InputError:
            if _identity(root) == before:
                raise  # else it was replaced while we read, and what we saw was of two runs
    return _read(root, instance)


MOST_READS = 5
"""Times that a folder is read which is replaced all the while."""


def _identity(root: Path) -> tuple[int, int] | None:
    """Which folder it is that lies there now."""
    try:
        found = root.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _read(root: Path, instance: str | None) -> Run:
    record = read_record(root)
    source = record["source"]
    model = _model(root, record["inputs"].get("model"))
    where_it_lies = instance or source.get("instance", "")
    if not Path(where_it_lies).is_dir():
        raise InputError(
            [
                Fault(
                    f"the instance of the run {root} is not there any more",
                    "Say where it lies now, with --instance or instance=...",
                    value=str(where_it_lies),
                )
            ]
        )
    data = read_instance(instance or source["instance"], where=source.get("where") or None)
    now = {**data.hashes, "model": model.sha256}
    changed = sorted(k for k in {*now, *record["inputs"]} if now.get(k) != record["inputs"].get(k))
    if changed:
        raise InputError(
            [f"{name} has changed since the run in {root}; solve again" for name in changed]
        )
    data = data.with_locks(source.get("locks") or {})
    kept = selected(data, model)
    rep = None
    if record["alignment"] is not None:
        plan = read_alignment(root / ALIGNMENT, kept)
        if dict(zip(plan.account_ids, plan.owners().tolist(), strict=True)) != record["alignment"]:
            raise InputError(
                [
                    f"{ALIGNMENT} has changed since the run in {root}; "
                    "the command check says what it is worth"
                ]
            )
        rep = aligned(plan, kept)
    return Run(root, record, model, kept, compile_problem(data, model), rep)


def _model(root: Path, sha256: object) -> Model:
    """The model of a run, if it is still the one that was solved."""
    try:
        text = (root / MODEL).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError([f"{root / MODEL} cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise InputError([f"{root / MODEL} is not UTF-8 text; solve again"]) from error
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise InputError([f"{MODEL} has changed since the run in {root}; solve again"])
    return parse_model(text, f"{root / MODEL}")
