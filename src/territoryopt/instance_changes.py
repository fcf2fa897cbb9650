"""Changes to the data of an alignment, each one named thing that happens to a team: a rep leaves,
joins or is away, accounts come, go, grow or are locked, two teams become one.

A change is data (a table of TOML) and returns tables; the instance is built and checked anew once
all are done. `written` keeps what was changed, so that a run of the changed data says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from territoryopt.cells import FloatArray, ObjectArray, among, parse_numbers
from territoryopt.errors import FaultList, InputError, shortened
from territoryopt.instance import Instance, read_instance
from territoryopt.instance_writing import with_columns
from territoryopt.tables import Table, read_table
from territoryopt.toml_page import Part
from territoryopt.toml_reading import nearest

FORMER = "former_rep"
"""The column of accounts that keeps who owned an account before its rep left."""
Cell = str | int | float
Rows = dict[str, list[str]]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Tables:
    """What a change works on: the text of the files."""

    accounts: Table
    reps: Table
    pairs: Table | None


class Change(Part):
    """One change. `key` in messages is its place in the list that it came from."""

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        raise NotImplementedError

    def sentence(self) -> str:
        """What happens, for a person."""
        raise NotImplementedError


class RepLeaves(Change):
    """Reps are gone: their accounts have no owner, so that giving them to others is no hand-over
    of anybody's choice, and their column `former_rep` says whose they were. Locks to them end."""

    kind: Literal["rep_leaves"]
    reps: list[str] = Field(min_length=1, description="Ids of the reps who leave.")

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        gone = _rows(tables.reps, "rep_id", self.reps, faults, f"{key}.reps")
        left = frozenset(self.reps)
        accounts = tables.accounts
        for column in ("current_rep", "locked_rep"):
            if column not in accounts.columns:
                continue
            cells = accounts.columns[column]
            theirs = among(left, cells)
            kept = np.where(theirs, "", cells).astype(object)
            if column == "current_rep":
                before = accounts.columns.get(FORMER, _blank(len(accounts)))
                former = np.where(theirs, cells, before).astype(object)
                accounts = with_columns(accounts, {FORMER: former})
            accounts = with_columns(accounts, {column: kept})
        pairs = tables.pairs
        if pairs is not None:
            pairs = pairs.select(~among(left, pairs.columns["rep_id"]))
        return Tables(accounts, tables.reps.select(~gone), pairs)

    def sentence(self) -> str:
        return f"{', '.join(self.reps)} leave{'s' * (len(self.reps) == 1)} the team"


class RepJoins(Change):
    """A rep joins: columns of reps.csv, those left out as of another rep (`like`) or blank."""

    kind: Literal["rep_joins"]
    rep: dict[str, Cell] = Field(description="Columns of reps.csv; rep_id is required.")
    like: str = Field(default="", description="The rep whose other columns are taken over.")

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        reps = tables.reps
        cells = dict.fromkeys(reps.columns, "")
        if self.like:
            row = _rows(reps, "rep_id", [self.like], faults, f"{key}.like")
            cells |= {name: column[row][0] for name, column in reps.columns.items() if row.any()}
            cells |= {name: "" for name in ("name",) if name in cells}
        added = _appended(reps, [cells | _texts(self.rep)], "rep_id", faults, f"{key}.rep", cells)
        return replace(tables, reps=added)

    def sentence(self) -> str:
        like = f", in the place and with the skills of {self.like} where not said otherwise"
        return f"{_named(self.rep, 'rep_id')} joins the team{like * bool(self.like)}"


class ChangeReps(Change):
    """Columns of reps take another value or are multiplied, such as the capacity of a rep on leave
    for half a year: `scale = {capacity = 0.5}`."""

    kind: Literal["change_reps"]
    reps: list[str] = Field(default_factory=list, description="Ids; with `where`, or all.")
    where: Rows = Field(default_factory=dict, description='Rows: column = ["values"].')
    set: dict[str, Cell] = Field(default_factory=dict, description="column = new value.")
    scale: dict[str, float] = Field(default_factory=dict, description="column = factor.")

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        chosen = _chosen(tables.reps, "rep_id", self.reps, self.where, faults, key)
        return replace(tables, reps=_edited(tables.reps, chosen, self, faults, key))

    def sentence(self) -> str:
        return f"{_whom(self.reps, self.where, 'reps')}: {_edits(self)}"


class ChangeAccounts(Change):
    """Columns of accounts take another value or are multiplied: the potential of a segment grows
    by a tenth with `where = {segment = ["..."]}, scale = {potential = 1.1}`."""

    kind: Literal["change_accounts"]
    accounts: list[str] = Field(default_factory=list, description="Ids; with `where`, or all.")
    where: Rows = Field(default_factory=dict, description='Rows: column = ["values"].')
    set: dict[str, Cell] = Field(default_factory=dict, description="column = new value.")
    scale: dict[str, float] = Field(default_factory=dict, description="column = factor.")
    scale_by: dict[str, str] = Field(
        default_factory=dict,
        description="column = the column that holds each account's factor, such as one of a month.",
    )

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        table = tables.accounts
        chosen = _chosen(table, "account_id", self.accounts, self.where, faults, key)
        return replace(tables, accounts=_edited(table, chosen, self, faults, key))

    def sentence(self) -> str:
        return f"{_whom(self.accounts, self.where, 'accounts')}: {_edits(self)}"


class AccountsArrive(Change):
    """Accounts come in, as rows of a CSV file or one by one."""

    kind: Literal["accounts_arrive"]
    accounts: list[dict[str, Cell]] = Field(
        default_factory=list, description="Columns of accounts.csv; account_id is required."
    )
    file: str = Field(default="", description="A CSV file with the columns of accounts.csv.")

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        rows: list[Mapping[str, str]] = [_texts(row) for row in self.accounts]
        if self.file:
            more = read_table(self.file, id_columns=("account_id",))
            rows += [
                {name: str(cells[i]) for name, cells in more.columns.items()}
                for i in range(len(more))
            ]
        if not rows:
            faults.add("names no accounts", "Give accounts or file", key=key)
        known = dict.fromkeys((*tables.accounts.columns, *(c for row in rows for c in row)), "")
        added = _appended(tables.accounts, rows, "account_id", faults, f"{key}.accounts", known)
        return replace(tables, accounts=added)

    def sentence(self) -> str:
        ids = [_named(row, "account_id") for row in self.accounts]
        return f"new accounts: {', '.join([*ids, *([self.file] if self.file else [])])}"


class AccountsGo(Change):
    """Accounts are lost or closed."""

    kind: Literal["accounts_go"]
    accounts: list[str] = Field(default_factory=list, description="Ids; with `where`, or all.")
    where: Rows = Field(default_factory=dict, description='Rows: column = ["values"].')

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        if not self.accounts and not self.where:
            faults.add("names no accounts", "Give accounts or where", key=key)
        table, pairs = tables.accounts, tables.pairs
        chosen = _chosen(table, "account_id", self.accounts, self.where, faults, key)
        if pairs is not None:
            gone = frozenset(table.columns["account_id"][chosen])
            pairs = pairs.select(~among(gone, pairs.columns["account_id"]))
        return Tables(table.select(~chosen), tables.reps, pairs)

    def sentence(self) -> str:
        return f"{_whom(self.accounts, self.where, 'accounts')} are lost"


class Lock(Change):
    """Accounts are fixed to reps by the column `locked_rep`; a model holds it by a rule `locks`."""

    kind: Literal["lock"]
    accounts: dict[str, str] = Field(min_length=1, description="account id = rep id.")

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        table = tables.accounts
        _rows(table, "account_id", list(self.accounts), faults, f"{key}.accounts")
        _rows(tables.reps, "rep_id", list(self.accounts.values()), faults, f"{key}.accounts")
        cells = table.columns.get("locked_rep", _blank(len(table))).copy()
        place = {str(name): i for i, name in enumerate(table.columns["account_id"])}
        for account, rep in self.accounts.items():
            if account in place:
                cells[place[account]] = rep
        return replace(tables, accounts=with_columns(table, {"locked_rep": cells}))

    def sentence(self) -> str:
        return "locked: " + ", ".join(f"{a} to {r}" for a, r in self.accounts.items())


class Merge(Change):
    """Another team comes in with its accounts and reps: an instance folder. No id may stand in
    both."""

    kind: Literal["merge"]
    folder: str = Field(min_length=1, description="The instance folder of the other team.")

    def apply(self, tables: Tables, faults: FaultList, key: str) -> Tables:
        other = read_instance(self.folder)
        made = {}
        for name, id_column in (("accounts", "account_id"), ("reps", "rep_id")):
            ours, theirs = getattr(tables, name), getattr(other, name)
            both = sorted(set(ours.columns[id_column]) & set(theirs.columns[id_column]))
            if both:
                faults.add(
                    f"{len(both):,} {name} have an id that stands in both teams",
                    "Rename them in one of the two", key=f"{key}.folder", value=both[0],
                )  # fmt: skip
            made[name] = _joined(ours, theirs)
        pairs = [each for each in (tables.pairs, other.pairs) if each is not None]
        whole = _joined(*pairs) if len(pairs) == 2 else pairs[0] if pairs else None
        return Tables(made["accounts"], made["reps"], whole)

    def sentence(self) -> str:
        return f"the team of {self.folder} comes in with its accounts"


AnyChange = Annotated[
    RepLeaves | RepJoins | ChangeReps | ChangeAccounts | AccountsArrive | AccountsGo | Lock | Merge,
    Field(discriminator="kind"),
]


def changed(
    instance: Instance, changes: Iterable[Change], *, key: str = "changes", file: str = ""
) -> Instance:
    """The instance after the changes, one after the other; InputError with every fault.

    key, file: where the changes stand, for messages. Write it with `write_instance(...,
    changes=written(changes))` before it is solved, so that the run can be read back.
    """
    faults = FaultList(InputError)
    tables = Tables(instance.accounts, instance.reps, instance.pairs)
    for i, change in enumerate(changes):
        tables = change.apply(tables, faults, f"{key}[{i}]")
    if faults:
        raise InputError([replace(f, file=f.file or file) for f in faults.problems])
    made = replace(instance, accounts=tables.accounts, reps=tables.reps, pairs=tables.pairs)
    return made.select(None)


def written(changes: Iterable[Change]) -> tuple[dict[str, Any], ...]:
    """The changes for JSON, each with its sentence."""
    return tuple(
        {**change.model_dump(exclude_defaults=True), "in_words": change.sentence()}
        for change in changes
    )


def _rows(table: Table, column: str, ids: Sequence[str], faults: FaultList, key: str) -> BoolArray:
    """bool[n]: the rows with these ids; a fault for each id that is not there."""
    cells = table.columns[column]
    for missing in sorted(set(ids).difference(cells)):
        faults.add(
            f"{table.file} has no such {column}", nearest(missing, sorted(cells)[:20]), key=key,
            value=missing,
        )  # fmt: skip
    return among(frozenset(ids), cells)


def _chosen(
    table: Table, id_column: str, ids: Sequence[str], where: Rows, faults: FaultList, key: str
) -> BoolArray:
    """bool[n]: the rows with one of the ids (all, if there are none) that `where` keeps."""
    rows = np.ones(len(table), dtype=np.bool_)
    if ids:
        rows = _rows(table, id_column, ids, faults, f"{key}.{id_column.removesuffix('_id')}s")
    for column, values in where.items():
        if column not in table.columns:
            remedy = nearest(column, list(table.columns))
            faults.add(f"{table.file} has no such column", remedy, key=f"{key}.where.{column}")
            continue
        rows = rows & among(frozenset(values), table.columns[column])
    if not rows.any() and not faults:
        faults.add(f"no row of {table.file} is meant", "Widen the filter", key=key)
    return rows


def _edited(
    table: Table, rows: BoolArray, change: ChangeReps | ChangeAccounts, faults: FaultList, key: str
) -> Table:
    by = change.scale_by if isinstance(change, ChangeAccounts) else {}
    if not change.set and not change.scale and not by:
        faults.add("changes nothing", "Give set or scale", key=key)
    columns: dict[str, ObjectArray] = {}
    for name, value in change.set.items():
        cells = table.columns.get(name, _blank(len(table))).copy()
        cells[rows] = _text(value)
        columns[name] = cells

    def numbers(name: str, field: str, named: str) -> FloatArray | None:
        """The numbers of a column in these rows, NaN where blank; None, with a fault, where there
        is no such column."""
        if name not in table.columns:
            remedy = nearest(name, list(table.columns))
            faults.add(f"{table.file} has no such column", remedy, key=f"{key}.{field}",
                       value=named)  # fmt: skip
            return None
        return parse_numbers(
            columns.get(name, table.columns[name])[rows], faults, file=table.file,
            lines=table.lines[rows], column=name, blank="nan",
        )  # fmt: skip

    factors: list[tuple[str, str, float | str]] = [
        (name, f"scale.{name}", factor) for name, factor in change.scale.items()
    ]
    factors += [(name, f"scale_by.{name}", column) for name, column in by.items()]
    for name, field, factor in factors:
        times: FloatArray | float | None
        times = factor if isinstance(factor, float) else numbers(factor, field, factor)
        found = numbers(name, field, "")
        if found is None or times is None:
            continue
        cells = columns.get(name, table.columns[name]).copy()
        cells[rows] = ["" if np.isnan(x) else _text(x) for x in (found * times).tolist()]
        columns[name] = cells
    return with_columns(table, columns)


def _appended(
    table: Table,
    rows: Sequence[Mapping[str, str]],
    id_column: str,
    faults: FaultList,
    key: str,
    known: Mapping[str, str],
) -> Table:
    """The table with more rows below; `known` are its columns, the new ones too."""
    there = set(table.columns[id_column])
    for row in rows:
        name = row.get(id_column, "")
        if not name or name in there:
            message = "is there already" if name else f"needs {id_column}"
            faults.add(message, key=f"{key}.{id_column}", value=name)
        there.add(name)
    columns = [*known, *(c for row in rows for c in row if c not in known)]
    more = {name: np.array([row.get(name, "") for row in rows], dtype=object) for name in columns}
    lines = np.arange(len(rows), dtype=np.int64)
    return _joined(table, Table(table.file, more, lines))


def _joined(table: Table, more: Table) -> Table:
    """The rows of both; a column that one of them lacks is blank there."""
    columns = {
        name: np.concatenate([part.columns.get(name, _blank(len(part))) for part in (table, more)])
        for name in dict.fromkeys((*table.columns, *more.columns))
    }
    last = int(table.lines.max(initial=1))
    lines = np.concatenate([table.lines, last + 1 + np.arange(len(more), dtype=np.int64)])
    return Table(table.file, columns, lines, table.notes)


def _blank(rows: int) -> ObjectArray:
    return np.full(rows, "", dtype=object)


def _text(value: Cell) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value).strip()


def _texts(row: Mapping[str, Cell]) -> dict[str, str]:
    return {name: _text(value) for name, value in row.items()}


def _named(row: Mapping[str, Cell], id_column: str) -> str:
    name, known = str(row.get("name", "")), str(row.get(id_column, ""))
    return shortened(f"{name} ({known})" if name else known)


def _whom(ids: Sequence[str], where: Rows, noun: str) -> str:
    rows = [f"{column} {' or '.join(values)}" for column, values in where.items()]
    return shortened(", ".join([*ids, *rows]) if ids or rows else f"all {noun}", 200)


def _edits(change: ChangeReps | ChangeAccounts) -> str:
    parts = [f"{name} = {value}" for name, value in change.set.items()]
    parts += [f"{name} x {factor:g}" for name, factor in change.scale.items()]
    if isinstance(change, ChangeAccounts):
        parts += [f"{name} x {column}" for name, column in change.scale_by.items()]
    return ", ".join(parts)
