"""The data of the run as they are now: the plan owned, measures grown, reps gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.compile import compile_problem
from territoryopt.errors import FaultList, InputError
from territoryopt.instance import Instance
from territoryopt.instance_changes import RepLeaves, changed
from territoryopt.instance_writing import with_columns
from territoryopt.model import Model
from territoryopt.problem import Problem
from territoryopt.problem.amounts import FloatArray, IntArray
from territoryopt.runs import Run
from territoryopt.terms.data import COLUMNS


@dataclass(frozen=True, eq=False)
class Present:
    """The instance and the problem as they are now; the plan of the run is what is owned today.

    rep: int[accounts], who owns what in the numbering of `problem`, -1 where the rep has left.
    grown: the columns that were multiplied. left: ids of reps who are left out.
    """

    instance: Instance
    problem: Problem
    rep: IntArray
    grown: tuple[str, ...]
    left: tuple[str, ...]


def column_of(measure: str, model: Model) -> str:
    """The column of accounts.csv that a measure grows with; "" where there is none. Workload,
    calls and travel grow with the visits."""
    spec = model.measures.get(measure)
    if spec is not None:
        return spec.column or ""
    if measure in ("workload", "calls", "travel"):
        visits = model.workload.visits_per_year
        return visits if isinstance(visits, str) else ""
    return COLUMNS.get(measure, "")


def grown_measures(
    model: Model, instance: Instance, measure: str, asked: list[str] | None, file: str
) -> tuple[str, ...]:
    """The measures of the model that grow with the actuals called `measure`. asked: the key
    plan.grows of the settings in `file`; InputError for a measure that cannot grow."""
    if asked is not None:
        faults = FaultList(InputError)
        for name in asked:
            column = column_of(name, model) if name in model.units else ""
            if column in instance.accounts.columns:
                continue
            can = [n for n in model.units if column_of(n, model) in instance.accounts.columns]
            message = "is no measure of the model"
            if name in model.units:
                message = "is no column of accounts.csv, so it cannot grow account by account"
            faults.add(message, f"One of: {', '.join(can)}", file=file, key="plan.grows",
                       value=name)  # fmt: skip
        faults.raise_if_any()
        return tuple(dict.fromkeys(asked))
    if column_of(measure, model) in instance.accounts.columns:
        return (measure,)
    used = [name for term in model.terms.values() for name in term.measures()]
    money = f"{model.currency}/year"
    return tuple(
        name for name in dict.fromkeys(used)
        if model.units.get(name) == money and column_of(name, model) in instance.accounts.columns
    )  # fmt: skip


def present(run: Run, factors: Mapping[str, FloatArray], left: list[str], file: str) -> Present:
    """What the run's accounts and reps are now.

    factors: float[accounts] by measure of the model. left: reps who have gone, whose accounts
    nobody owns then. Raises InputError for reps that are not there, and as compiling does.
    """
    assert run.rep is not None
    faults = FaultList(InputError)
    for name in left:
        if name not in run.instance.rep_ids:
            faults.add("the run has no such rep", f"Reps: {', '.join(run.instance.rep_ids[:20])}",
                       file=file, key="plan.left", value=name)  # fmt: skip
    faults.raise_if_any()
    accounts = run.instance.accounts
    ids = np.array(run.instance.rep_ids, dtype=object)
    columns: dict[str, ObjectArray] = {"current_rep": ids[run.rep]}
    for measure, factor in factors.items():
        column = column_of(measure, run.model)
        if column not in columns:
            columns[column] = _multiplied(accounts.columns[column], factor)
    now = replace(run.instance, accounts=with_columns(accounts, columns)).select(None)
    if left:
        now = changed(now, [RepLeaves(kind="rep_leaves", reps=left)], file=file)
    problem = compile_problem(now, run.model)
    grown = tuple(dict.fromkeys(column_of(m, run.model) for m in factors))
    return Present(now, problem, problem.current.copy(), grown, tuple(left))


def _multiplied(cells: ObjectArray, factor: FloatArray) -> ObjectArray:
    """The numbers of a column times factors, as text; blank cells and factors of 1 stay."""
    out = cells.copy()
    for i in np.flatnonzero(factor != 1.0).tolist():
        if cells[i]:
            out[i] = f"{float(cells[i]) * float(factor[i]):.12g}"
    return out
