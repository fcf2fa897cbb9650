"""The data of one alignment: accounts, reps, pairs and who owns what now; checked and frozen.

An instance knows units and ids and no mathematics. Columns it does not know are kept as text and
become numbers when a model asks for them by name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from territoryopt.cells import FloatArray, IntArray, ObjectArray, index_of, matching
from territoryopt.csv_reading import Note, add_missing_column
from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.instance_reading import (
    Ids,
    Where,
    check_where,
    coordinates,
    owners,
    pair_ends,
    rows_where,
)
from territoryopt.skills import GradedTags, no_tags, parse_graded
from territoryopt.tables import Table, check_identity, frozen, parse_table, sha256_of

THOUSANDS = ("potential", "annual_revenue", "capacity")
"""Columns of amounts large enough for a thousands separator to be likely."""

_POINTED = re.compile(r"[1-9]\d{0,2}\.\d00")

ACCOUNTS, REPS, PAIRS = "accounts.csv", "reps.csv", "pairs.csv"

LEAST: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        ACCOUNTS: {"potential": 0.0, "visits_per_year": 0.0, "hours_per_visit": 0.0},
        REPS: {"capacity": 0.0},
    }
)
"""The columns of each file that must hold numbers, and the least number allowed."""


@dataclass(frozen=True, eq=False)
class Instance:
    """N accounts and R reps, in the order of their files. No array can be written to.

    - `accounts`, `reps`, `pairs`: the text of the files, with the rows that a filter kept.
    - `account_ids`, `rep_ids`; `account_names`, `rep_names`: the id where there is no name.
    - `current`, `locked`: int64[N], the index of a rep; -1 for an unowned or a free account.
    - `coordinates` float64[N, 2], `homes` float64[R, 2]: latitude, longitude in degrees, NaN where
      unknown.
    - `pair_account`, `pair_rep`: int64[P], the ends of each row of `pairs`; empty without it.
    - `requires`, `wishes` of the accounts, `skills` of the reps.
    - `family`, `apart`: object[N] of str; '' for none; `apart` may list groups between `;`.
    - `left_out`: ids of accounts and of reps that the files name and a filter left out.
    - `added_locks`: account and rep of every lock that is not in the files; see `with_locks`.
    - `notes`: every repair. `hashes`: SHA-256 of each file read. `folder`: where they lie.
    """

    accounts: Table
    reps: Table
    pairs: Table | None
    account_ids: tuple[str, ...]
    rep_ids: tuple[str, ...]
    account_names: tuple[str, ...]
    rep_names: tuple[str, ...]
    current: IntArray
    locked: IntArray
    coordinates: FloatArray
    homes: FloatArray
    pair_account: IntArray
    pair_rep: IntArray
    requires: GradedTags
    wishes: GradedTags
    skills: GradedTags
    family: ObjectArray
    apart: ObjectArray
    left_out: tuple[frozenset[str], frozenset[str]]
    notes: tuple[Note, ...]
    hashes: Mapping[str, str]
    folder: str
    added_locks: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashes", MappingProxyType(dict(self.hashes)))
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value))

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "hashes": dict(self.hashes)}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def account_numbers(self, column: str, *, minimum: float | None = None) -> FloatArray:
        """A column of accounts.csv as float64[N]; InputError names every blank cell, every cell
        that is no number and every number below `minimum`."""
        return _numbers(self.accounts, column, minimum)

    def rep_numbers(self, column: str, *, minimum: float | None = None) -> FloatArray:
        """A column of reps.csv as float64[R]; InputError as for `account_numbers`."""
        return _numbers(self.reps, column, minimum)

    def pair_numbers(self, column: str) -> tuple[IntArray, IntArray, FloatArray]:
        """A column of pairs.csv: account int64[P], rep int64[P], number float64[P]."""
        if self.pairs is None:
            faults = FaultList(InputError)
            faults.add(
                f"the folder has no {PAIRS}",
                f"Add it with account_id, rep_id, {column}",
                file=PAIRS,
                column=column,
            )
            faults.raise_if_any()
        assert self.pairs is not None
        return self.pair_account, self.pair_rep, _numbers(self.pairs, column)

    def select(self, where: Where | None) -> Instance:
        """The instance of the rows that hold one of the values in each column named.

        `where` is `{"accounts": {column: [values]}, "reps": {column: [values]}}`; see
        `rows_where`. An account whose owner is left out has none, with a note; InputError for an
        unknown column, a value without a row, an empty result, or a lock to a rep left out.
        """
        faults = FaultList(InputError)
        kept = _filtered(self.accounts, self.reps, where)
        # owners that an earlier filter left out still stand in the text
        owned_by = frozenset(_optional(self.accounts, "current_rep"))
        left_out = (
            self.left_out[0] | set(self.account_ids),
            self.left_out[1] | set(self.rep_ids) | owned_by,
        )
        built = _build(*kept, self.pairs, left_out, faults, self.hashes, self.folder)
        faults.raise_if_any()
        assert built is not None
        return replace(built, added_locks=self.added_locks)

    def with_locks(self, locks: Mapping[str, str]) -> Instance:
        """The instance with these accounts locked to these reps (ids), besides the locks it has;
        for an account that has one, the new one counts. InputError for ids that are not there."""
        if not locks:
            return self
        faults = FaultList(InputError)
        number = index_of(self.account_ids)
        for account in locks:
            if account not in number:
                faults.add("there is no such account to lock", key="locks", value=account)
        faults.raise_if_any()
        cells = _optional(self.accounts, "locked_rep").copy()
        for account, rep in locks.items():
            cells[number[account]] = rep
        columns = {**self.accounts.columns, "locked_rep": cells}
        accounts = replace(self.accounts, columns=columns)
        added = {**dict(self.added_locks), **locks}
        return replace(self, accounts=accounts, added_locks=tuple(added.items())).select(None)


def read_instance(folder: str | os.PathLike[str], *, where: Where | None = None) -> Instance:
    """Reads accounts.csv, reps.csv and, if it is there, pairs.csv.

    accounts.csv: account_id (required), name, latitude, longitude (degrees), potential
    (currency/year), visits_per_year, hours_per_visit, requires, wishes, current_rep, locked_rep,
    family, apart. reps.csv: rep_id (required), name, home_latitude, home_longitude, capacity
    (hours/year), skills. pairs.csv: account_id, rep_id and numbers. Any other column is free.

    `where` keeps some rows (see `Instance.select`); what is wrong with the others does not matter,
    as long as the file can be cut into rows. Raises one InputError with every fault of all files.
    """
    root = Path(folder)
    faults = FaultList(InputError)
    if not root.is_dir():
        faults.add(
            "there is no such folder" if not root.exists() else "is not a folder",
            f"Give a folder with {ACCOUNTS} and {REPS}",
            file=str(folder),
        )
        faults.raise_if_any()
    accounts = parse_table(root / ACCOUNTS, faults, required=("account_id",))
    reps = parse_table(root / REPS, faults, required=("rep_id",))
    pairs = None
    if (root / PAIRS).exists():
        pairs = parse_table(root / PAIRS, faults, required=("account_id", "rep_id"))
    # a row that could not be read would make every reference to it look wrong
    whole = not faults
    if accounts is None or reps is None:
        raise InputError(faults.problems)
    kept = _filtered(accounts, reps, where, faults.problems)
    left_out = (
        frozenset(accounts.columns["account_id"]) - {""},
        frozenset(reps.columns["rep_id"]) - {""},
    )
    files = [name for name in (ACCOUNTS, REPS, PAIRS) if (root / name).exists()]
    hashes = {name: sha256_of(root / name) for name in files}
    built = _build(*kept, pairs, left_out, faults, hashes, str(folder), refer=whole)
    faults.raise_if_any()
    assert built is not None
    return built


def _filtered(
    accounts: Table, reps: Table, where: Where | None, known: Sequence[Fault] = ()
) -> tuple[Table, Table]:
    """The rows kept. Raises at once, for with a wrong filter every row left would be judged."""
    if not where:
        return accounts, reps
    faults = FaultList(InputError)
    check_where(where, faults)
    keep = (
        rows_where(accounts, "accounts", where, faults),
        rows_where(reps, "reps", where, faults),
    )
    if faults:
        raise InputError([*known, *faults.problems])
    return accounts.select(keep[0]), reps.select(keep[1])


def _build(
    accounts: Table,
    reps: Table,
    pairs: Table | None,
    left_out: tuple[frozenset[str], frozenset[str]],
    faults: FaultList,
    hashes: Mapping[str, str],
    folder: str,
    *,
    refer: bool = True,
) -> Instance | None:
    """Checks the tables; `left_out` are ids that were known before a filter, kept ones included."""
    check_identity(accounts, ("account_id",), faults)
    check_identity(reps, ("rep_id",), faults)
    for table in (accounts, reps):
        for column, least in LEAST[table.file].items():
            if column in table.columns:
                table.numbers(column, faults, minimum=least)
    notes = [*accounts.notes, *reps.notes, *_thousands(accounts), *_thousands(reps)]
    place = coordinates(accounts, "latitude", "longitude", faults, notes)
    homes = coordinates(reps, "home_latitude", "home_longitude", faults, notes)
    requires = _tags(accounts, "requires", faults, 1.0, 1.0)
    wishes = _tags(accounts, "wishes", faults, 0.0, float("inf"), above_low=True)
    skills = _tags(reps, "skills", faults, 0.0, 1.0)
    if not refer:
        return None
    known = Ids(reps.columns["rep_id"], reps.columns.get("name"))
    current = owners(accounts, "current_rep", known, REPS, left_out[1], faults, notes)
    locked = owners(accounts, "locked_rep", known, REPS, left_out[1], faults, notes, binding=True)
    ends = [np.zeros(0, dtype=np.int64)] * 2
    if pairs is not None:
        ids = {
            "account_id": (Ids(accounts.columns["account_id"]), left_out[0]),
            "rep_id": (known, left_out[1]),
        }
        pairs, ends = pair_ends(pairs, ids, faults)
        notes.extend(pairs.notes)
    return Instance(
        accounts=accounts,
        reps=reps,
        pairs=pairs,
        account_ids=tuple(accounts.columns["account_id"]),
        rep_ids=tuple(reps.columns["rep_id"]),
        account_names=_names(accounts, "account_id"),
        rep_names=_names(reps, "rep_id"),
        current=current,
        locked=locked,
        coordinates=place,
        homes=homes,
        pair_account=ends[0],
        pair_rep=ends[1],
        requires=requires,
        wishes=wishes,
        skills=skills,
        family=_optional(accounts, "family"),
        apart=_optional(accounts, "apart"),
        left_out=(
            left_out[0] - set(accounts.columns["account_id"]),
            left_out[1] - set(reps.columns["rep_id"]) - {""},
        ),
        notes=tuple(notes),
        hashes=hashes,
        folder=folder,
    )


def _thousands(table: Table) -> list[Note]:
    """A note for each amount such as 70.000, which is seventy here and seventy thousand to some."""
    notes = []
    for column in THOUSANDS:
        cells = table.columns.get(column, np.empty(0, dtype=object))
        for i in matching(_POINTED, cells):
            cell, number = cells[i], f"{float(cells[i]):g}"
            why = f"{cell} is read as {number}; if the point separates thousands, take it out"
            notes.append(Note(table.file, int(table.lines[i]), column, cell, number, why))
    return notes


def _tags(
    table: Table, column: str, faults: FaultList, low: float, high: float, above_low: bool = False
) -> GradedTags:
    if column not in table.columns:
        return no_tags(len(table))
    return parse_graded(
        table.columns[column],
        faults,
        table.file,
        table.lines,
        column,
        low,
        high,
        above_low=above_low,
    )


def _optional(table: Table, column: str) -> ObjectArray:
    return table.columns.get(column, np.full(len(table), "", dtype=object))


def _names(table: Table, id_column: str) -> tuple[str, ...]:
    names, ids = _optional(table, "name"), table.columns[id_column]
    return tuple(np.where(names == "", ids, names).tolist())


def _numbers(table: Table, column: str, minimum: float | None = None) -> FloatArray:
    faults = FaultList(InputError)
    values = np.zeros(0)
    if column in table.columns:
        least = LEAST.get(table.file, {}).get(column, minimum)
        values = table.numbers(column, faults, minimum=least, blank="refuse")
    else:
        add_missing_column(column, table.file, tuple(table.columns), faults)
    faults.raise_if_any()
    return frozen(values)
