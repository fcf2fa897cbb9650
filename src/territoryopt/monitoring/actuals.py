"""Actuals and goals as files: what was sold by account or rep and month, and what was aimed at."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.cells import FloatArray, IntArray, ObjectArray, among, parse_numbers
from territoryopt.errors import FaultList, InputError
from territoryopt.instance import Instance
from territoryopt.instance_reading import Ids
from territoryopt.monitoring import months as calendar
from territoryopt.problem.amounts import BoolArray
from territoryopt.tables import Table, check_identity, parse_table, sha256_of
from territoryopt.words import listed, plural

By = Literal["account", "rep"]
AMOUNT, MONTH, MEASURE = "amount", "month", "measure"
SHOWN = 5
"""Ids or months that a note names."""


@dataclass(frozen=True, eq=False)
class Actuals:
    """Amounts of consecutive months, by account or by rep.

    months: `YYYY-MM`. amounts: for each measure float[accounts or reps of the instance, months];
    0 where the file has no row, NaN in a month of which it has no row at all. present: bool[n],
    whether the file knows the account or rep.
    """

    months: tuple[str, ...]
    by: By
    amounts: Mapping[str, FloatArray]
    present: BoolArray
    file: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(
        amounts: ArrayLike, first_month: str, by: By = "account", measure: str = "actuals"
    ) -> Actuals:
        """From an array float[accounts or reps, months] in the order of the instance. Raises
        InputError for another shape, or numbers that are not finite."""
        table = np.array(amounts, dtype=np.float64, ndmin=2)
        faults = FaultList(InputError)
        if table.ndim != 2 or not table.size or not np.isfinite(table).all():
            faults.add("needs finite numbers float[accounts or reps, months]", key="amounts")
        if not calendar.MONTH.fullmatch(first_month):
            faults.add("is no month", "Write it as 2026-03", key="first_month", value=first_month)
        faults.raise_if_any()
        start = calendar.number(first_month)
        names = tuple(calendar.text(start + m) for m in range(table.shape[1]))
        return Actuals(names, by, {measure: table}, np.ones(len(table), dtype=np.bool_))

    def until(self, month: str) -> Actuals:
        """Without the months after this one; InputError where none is left."""
        kept = sum(name <= month for name in self.months)
        if not kept:
            faults = FaultList(InputError)
            faults.add("is before the first month of the actuals", key="until", value=month)
            faults.raise_if_any()
        cut = {name: table[:, :kept] for name, table in self.amounts.items()}
        return replace(self, months=self.months[:kept], amounts=cut)


@dataclass(frozen=True, eq=False)
class Goals:
    """Goals of reps for one year. month: float[reps, 12], the first month of the year first, NaN
    where there is none; whole: float[reps], goals of the whole year, NaN where there is none."""

    month: FloatArray
    whole: FloatArray
    file: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = field(default=())


def read_actuals(
    path: str | os.PathLike[str], instance: Instance, measure: str = "actuals"
) -> Actuals:
    """Actuals from a CSV file.

    Long: account_id (or rep_id), month (2026-03), amount, and if wished measure. Wide: account_id
    (or rep_id), a column for each month, and if wished measure. An account and month without a row
    is nothing sold; a month of which there is no row at all is not known, and noted. Amounts below
    zero (returns) are kept and noted. measure: what the amounts are where no column says it.
    Raises InputError with every unknown id, double row, wrong month and wrong number.
    """
    faults = FaultList(InputError)
    table = parse_table(path, faults)
    if table is None:
        raise InputError(faults.problems)
    id_column = next((name for name in ("account_id", "rep_id") if name in table.columns), None)
    if id_column is None:
        faults.add(
            "has neither account_id nor rep_id", f"Columns found: {', '.join(table.columns)}",
            file=table.file,
        )  # fmt: skip
        raise InputError(faults.problems)
    notes: list[str] = []
    rows = _rows(table, id_column, measure, faults, notes)
    who, kept = _who(table, rows, id_column, instance, faults, notes)
    faults.raise_if_any()
    size = len(instance.account_ids if id_column == "account_id" else instance.rep_ids)
    at = np.flatnonzero(kept)
    if not len(at):
        faults.add("has no row of an account or rep of the run", file=table.file)
        raise InputError(faults.problems)
    first, last = int(rows.month[at].min()), int(rows.month[at].max())
    shape = (size, last - first + 1)
    amounts: dict[str, FloatArray] = {}
    for name in dict.fromkeys(rows.measure[at].tolist()):
        mine = at[rows.measure[at] == name]
        filled = np.zeros(shape)
        filled[who[mine], rows.month[mine] - first] = rows.amount[mine]
        known = np.zeros(shape[1], dtype=np.bool_)
        known[rows.month[mine] - first] = True
        filled[:, ~known] = np.nan
        _note_gaps(name, known, first, table.file, notes)
        amounts[name] = filled
    present = np.zeros(size, dtype=np.bool_)
    present[who[at]] = True
    _note_doubts(rows, at, present, id_column, instance, table.file, notes)
    names = tuple(calendar.text(m) for m in range(first, last + 1))
    by: By = "account" if id_column == "account_id" else "rep"
    return Actuals(names, by, amounts, present, table.file, sha256_of(path), tuple(notes))


@dataclass(frozen=True, eq=False)
class _Rows:
    """One row for each amount. line: its row in the table, as a number from 0."""

    line: IntArray
    month: IntArray
    amount: FloatArray
    measure: ObjectArray


def _rows(table: Table, id_column: str, measure: str, faults: FaultList, notes: list[str]) -> _Rows:
    wide = [name for name in table.columns if calendar.is_month(name)]
    measures = table.columns.get(MEASURE, np.full(len(table), measure, dtype=object))
    if MEASURE in table.columns:
        for i in np.flatnonzero(measures == ""):
            faults.add("the cell is blank",
                       "Name the measure of every row, or take the column out",
                       file=table.file, row=int(table.lines[i]), column=MEASURE)  # fmt: skip
    known = {id_column, MONTH, AMOUNT, MEASURE, "name", "account_id", "rep_id"}
    others = [name for name in table.columns if name not in known and name not in wide]
    keys: tuple[str, ...] = (id_column, *([MEASURE] if MEASURE in table.columns else []))
    if MONTH in table.columns and not wide:
        if AMOUNT not in table.columns:
            faults.add("has a column month and no column amount",
                       f"Columns found: {', '.join(table.columns)}", file=table.file)  # fmt: skip
            raise InputError(faults.problems)
        check_identity(table, (id_column, MONTH, *keys[1:]), faults)
        month = calendar.parse_months(
            table.columns[MONTH], faults, file=table.file, lines=table.lines, column=MONTH
        )
        amount = table.numbers(AMOUNT, faults, blank="refuse")
        rows = _Rows(np.arange(len(table)), month, amount, measures)
    elif wide and MONTH not in table.columns:
        check_identity(table, keys, faults)
        plain = [calendar.plain(name) for name in wide]
        for name in {name for name in plain if plain.count(name) > 1}:
            faults.add("two columns are of the same month", "Keep one", file=table.file,
                       column=name)  # fmt: skip
        cells = [
            parse_numbers(table.columns[name], faults, file=table.file, lines=table.lines,
                          column=name)
            for name in wide
        ]  # fmt: skip
        values = np.array(cells).reshape(len(wide), len(table)).T
        line, column = np.nonzero(~np.isnan(values))
        numbers = np.array([calendar.number(name) for name in plain], dtype=np.int64)
        rows = _Rows(line, numbers[column], values[line, column], measures[line])
    else:
        what = "both a column month and columns of months" if wide else "no months"
        faults.add(
            f"has {what}",
            "Give columns month (2026-03) and amount, or one column for each month, named 2026-03",
            file=table.file,
        )
        raise InputError(faults.problems)
    if others:
        shown = listed([repr(name) for name in others[:SHOWN]])
        notes.append(f"{table.file}: {plural(len(others), 'column')} passed over: {shown}")
    calendar.refuse_long(rows.month[rows.month >= 0], faults, table.file)
    return rows


def _who(
    table: Table, rows: _Rows, id_column: str, instance: Instance, faults: FaultList,
    notes: list[str],
) -> tuple[IntArray, BoolArray]:  # fmt: skip
    """int64[rows]: the account or rep of each; bool[rows]: those that are not passed over."""
    by_account = id_column == "account_id"
    source = instance.accounts if by_account else instance.reps
    ids = Ids(source.columns[id_column], source.columns.get("name"))
    cells = table.columns[id_column]
    number = ids.find(cells)
    passed = (number < 0) & among(instance.left_out[0 if by_account else 1], cells)
    for i in np.flatnonzero((number < 0) & ~passed & (cells != "")):
        faults.add(
            f"the run has no such {id_column.removesuffix('_id')}",
            ids.remedy(cells[i], "take its rows out"), file=table.file, row=int(table.lines[i]),
            column=id_column, value=cells[i],
        )  # fmt: skip
    if passed.any():
        notes.append(
            f"{table.file}: {plural(int(passed.sum()), 'row')} of {id_column.removesuffix('_id')}s "
            "that the filter of the run leaves out"
        )
    who = number[rows.line]
    return who, who >= 0


def _note_gaps(name: str, known: BoolArray, first: int, file: str, notes: list[str]) -> None:
    gaps = [calendar.text(first + int(m)) for m in np.flatnonzero(~known)]
    if gaps:
        more = f" and {len(gaps) - SHOWN} more" if len(gaps) > SHOWN else ""
        of = "" if name == "actuals" else f" of {name}"
        notes.append(
            f"{file}: nothing at all{of} in {', '.join(gaps[:SHOWN])}{more}; "
            "taken as not known, not as nothing sold"
        )


def _note_doubts(
    rows: _Rows, at: IntArray, present: BoolArray, id_column: str, instance: Instance, file: str,
    notes: list[str],
) -> None:  # fmt: skip
    below = rows.amount[at] < 0
    if below.any():
        notes.append(
            f"{file}: {plural(int(below.sum()), 'amount')} below zero, kept as returns: "
            f"{rows.amount[at][below].sum():,.0f} in all"
        )
    absent = np.flatnonzero(~present)
    if len(absent):
        names = instance.account_ids if id_column == "account_id" else instance.rep_ids
        shown = ", ".join(names[int(i)] for i in absent[:SHOWN])
        more = f" and {len(absent) - SHOWN:,} more" if len(absent) > SHOWN else ""
        noun = id_column.removesuffix("_id")
        notes.append(f"{file}: no row of {plural(len(absent), noun)} of the run: {shown}{more}")
    last = rows.month[at].max()
    total = {int(m): float(rows.amount[at][rows.month[at] == m].sum())
             for m in np.unique(rows.month[at])}  # fmt: skip
    earlier = [value for month, value in total.items() if month < last]
    if earlier and total[int(last)] < 0.5 * float(np.median(earlier)):
        notes.append(
            f"{file}: {calendar.text(int(last))} has less than half of a usual month; if it is "
            'not over yet, leave it out with until = "..."'
        )


def read_goals(path: str | os.PathLike[str], instance: Instance, first_month: str) -> Goals:
    """Goals from a CSV file with rep_id, goal and, for goals by month, month; other columns do not
    matter. A row without a month is the goal of the whole year that begins with `first_month`;
    months of other years are passed over. Raises InputError with every unknown rep, double row,
    wrong month, goal below zero, and rep with goals of both kinds."""
    faults = FaultList(InputError)
    table = parse_table(path, faults, required=("rep_id", "goal"))
    if table is None:
        raise InputError(faults.problems)
    size = len(instance.rep_ids)
    timed = MONTH in table.columns
    cells = table.columns[MONTH] if timed else np.full(len(table), "", dtype=object)
    check_identity(table, ("rep_id",) if not timed else (), faults)
    goal = table.numbers("goal", faults, minimum=0.0, blank="refuse")
    ids = Ids(instance.reps.columns["rep_id"], instance.reps.columns.get("name"))
    names = table.columns["rep_id"]
    rep = ids.find(names)
    left = among(instance.left_out[1], names)
    for i in np.flatnonzero((rep < 0) & ~left):
        faults.add(
            "the run has no such rep" if names[i] else "the cell is blank",
            ids.remedy(names[i], "take its rows out"), file=table.file, row=int(table.lines[i]),
            column="rep_id", value=names[i],
        )  # fmt: skip
    dated = np.flatnonzero(cells != "")
    month = np.full(len(table), -1, dtype=np.int64)
    month[dated] = calendar.parse_months(
        cells[dated], faults, file=table.file, lines=table.lines[dated], column=MONTH
    )
    made = Goals(np.full((size, 12), np.nan), np.full(size, np.nan), table.file, sha256_of(path))
    start, passed = calendar.number(first_month), 0
    placed: dict[tuple[int, int], int] = {}
    for i in np.flatnonzero(rep >= 0):
        j, at = int(rep[i]), int(month[i]) - start if cells[i] else -1
        if cells[i] and not 0 <= at < 12:
            passed += 1
            continue
        file, row = table.file, int(table.lines[i])
        both = (j, -1) in placed if at >= 0 else any(k == j and m >= 0 for k, m in placed)
        if (j, at) in placed:
            faults.add(f"the goal stands in row {placed[j, at]} already", "Keep one of them",
                       file=file, row=row, column="rep_id", value=names[i])  # fmt: skip
        elif both:
            faults.add("the rep has a goal of the year and goals of months", "Keep one kind",
                       file=file, row=row, column="rep_id", value=names[i])  # fmt: skip
        placed.setdefault((j, at), int(table.lines[i]))
        if at < 0:
            made.whole[j] = goal[i]
        else:
            made.month[j, at] = goal[i]
    faults.raise_if_any()
    return replace(made, notes=tuple(_goal_notes(made, table.file, instance.rep_ids, passed)))


def _goal_notes(made: Goals, file: str, reps: Sequence[str], passed: int) -> list[str]:
    notes = []
    if passed:
        notes.append(f"{file}: {plural(passed, 'row')} of months outside the year passed over")
    without = np.flatnonzero(np.isnan(made.whole) & np.isnan(made.month).all(axis=1))
    if len(without):
        shown = ", ".join(reps[int(j)] for j in without[:SHOWN])
        more = f" and {len(without) - SHOWN:,} more" if len(without) > SHOWN else ""
        notes.append(f"{file}: no goal of {plural(len(without), 'rep')}: {shown}{more}")
    return notes
