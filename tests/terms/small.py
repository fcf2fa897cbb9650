"""Instances of a few objects, written as CSV and read back, and plans judged on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from territoryopt.compile import compile_problem
from territoryopt.instance import Instance, read_instance
from territoryopt.model import parse_model
from territoryopt.problem import Evaluation, Problem, evaluate

Columns = Mapping[str, Sequence[object]]

GOAL = '\n[goals.free]\nkind = "measure"\nmeasure = "count"\nprice = 0\n'
"""A goal that costs nothing, for models that need one."""


def csv(columns: Columns) -> str:
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(str(cell) for cell in row) for row in rows)]
    return "\n".join(lines) + "\n"


def instance(
    folder: Path,
    accounts: Columns | int,
    reps: Columns | int,
    pairs: Columns | None = None,
) -> Instance:
    """Accounts A-1, A-2, ... and reps R-1, R-2, ... with these columns; or just so many."""
    tables = {}
    for name, columns in (("account", accounts), ("rep", reps)):
        count = columns if isinstance(columns, int) else len(next(iter(columns.values())))
        ids = [f"{name[0].upper()}-{k + 1}" for k in range(count)]
        tables[name] = {f"{name}_id": ids, **({} if isinstance(columns, int) else columns)}
    folder.mkdir(exist_ok=True)
    (folder / "accounts.csv").write_text(csv(tables["account"]), encoding="utf-8")
    (folder / "reps.csv").write_text(csv(tables["rep"]), encoding="utf-8")
    if pairs is not None:
        (folder / "pairs.csv").write_text(csv(pairs), encoding="utf-8")
    return read_instance(folder)


def table(values: Sequence[Sequence[object]], column: str) -> dict[str, list[object]]:
    """Columns of pairs.csv from a table[account][rep]; None leaves a pair out."""
    kept = [
        (f"A-{i + 1}", f"R-{j + 1}", value)
        for i, row in enumerate(values)
        for j, value in enumerate(row)
        if value is not None
    ]
    accounts, reps, cells = zip(*kept, strict=True)
    return {"account_id": list(accounts), "rep_id": list(reps), column: list(cells)}


def problem(data: Instance, text: str, goal: str = GOAL) -> Problem:
    """The problem of an instance under a rule or two."""
    return compile_problem(data, parse_model(f'name = "test"\n{text}{goal}', "test.toml"))


def judged(what: Problem, *plan: int) -> Evaluation:
    """What a plan is worth: the rep of each account, R-1 being 1; 0 leaves an account out."""
    return evaluate(what, np.array(plan, dtype=np.int64) - 1)


def holding(what: Problem) -> set[str]:
    """All plans that hold, each as a word such as "112": the rep of each account."""
    plans = product(range(what.reps), repeat=what.accounts)
    return {
        "".join(str(j + 1) for j in plan)
        for plan in plans
        if evaluate(what, np.array(plan, dtype=np.int64)).holds
    }
