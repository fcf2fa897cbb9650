"""`Alignment`: one rep per account, and what lies between two of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from territoryopt.cells import IntArray, ObjectArray, among, index_of, numbers
from territoryopt.errors import FaultList, InputError
from territoryopt.tables import Table, read_table
from territoryopt.workbook_reading import is_workbook, read_sheet

if TYPE_CHECKING:
    from territoryopt.instance import Instance

ALIGNMENT = "alignment.csv"
"""The plan in a run folder."""
REP_COLUMNS = ("rep_id", "rep", "owner", "current_rep")
"""Columns a plan may name its rep in, the first that is there."""
PLANNED = "planned_rep_id"
"""The column of a workbook that says whom the plan gave an account to, beside the one to edit."""


class Move(NamedTuple):
    """One account that changes hands; None stands for no rep."""

    account_id: str
    before: str | None
    after: str | None


@dataclass(frozen=True, eq=False)
class Alignment:
    """One rep per account: rep int64[accounts] indexes `rep_ids`, -1 = none."""

    account_ids: Sequence[str]
    rep_ids: Sequence[str]
    rep: IntArray

    def moves_from(self, before: Alignment) -> list[Move]:
        """What changed between an earlier alignment of the same accounts and this one."""
        if tuple(before.account_ids) != tuple(self.account_ids):
            raise InputError(["the two alignments are not of the same accounts"])
        was, now = before.owners(), self.owners()
        changed = np.flatnonzero(was != now)
        ids = map(self.account_ids.__getitem__, changed.tolist())
        return list(map(Move, ids, was[changed].tolist(), now[changed].tolist()))

    def owner(self, account: int) -> str | None:
        """The id of the rep of an account by number; None if it has none."""
        j = self.rep[account]
        return self.rep_ids[j] if j >= 0 else None

    def owners(self) -> ObjectArray:
        """object[accounts]: the id of the rep of each account; None if it has none."""
        ids = np.array([*self.rep_ids, None], dtype=object)
        return np.asarray(ids[np.maximum(self.rep, -1)])


def current_alignment(instance: Instance) -> Alignment:
    """Who owns what today."""
    return Alignment(instance.account_ids, instance.rep_ids, instance.current)


def read_alignment(path: str | os.PathLike[str], instance: Instance) -> Alignment:
    """A plan from a CSV file or a workbook with `account_id` and `rep_id` (or rep, owner,
    current_rep), or from a run folder.

    Ours or a spreadsheet's: other columns do not matter, and of a workbook the sheet is read that
    has these two. An account of the instance that the file leaves out, or leaves blank, has no
    rep (a check names it); one that the instance's row filter left out is passed over. Rows of
    accounts that the instance does not have, unknown reps and accounts listed twice raise
    InputError.
    """
    return _read(path, instance)[0]


def read_locks(path: str | os.PathLike[str], instance: Instance) -> dict[str, str]:
    """The owners that somebody set by hand, as rep ids by account id; see `Instance.with_locks`.

    Of a file with the column `planned_rep_id` (the workbook of a run) those that differ from it;
    of any other plan every owner it names. An owner that was made blank is no lock: the account
    is free. Raises InputError as `read_alignment` does.
    """
    plan, table = _read(path, instance)
    owners = plan.owners()
    if PLANNED in table.columns:
        planned = dict(zip(table.columns["account_id"], table.columns[PLANNED], strict=True))
        before = np.array([planned.get(a) for a in plan.account_ids], dtype=object)
        owners[owners == before] = None
    pairs = zip(plan.account_ids, owners.tolist(), strict=True)
    return {account: rep for account, rep in pairs if rep is not None}


def _read(path: str | os.PathLike[str], instance: Instance) -> tuple[Alignment, Table]:
    """The plan of a file or of a run folder, and the table."""
    path = Path(path)
    if (path / ALIGNMENT).is_file():
        path = path / ALIGNMENT
    if is_workbook(path):
        table = read_sheet(path, ("account_id",), REP_COLUMNS)
    else:
        table = read_table(path, required=("account_id",))
    faults = FaultList(InputError)
    column = next((name for name in REP_COLUMNS if name in table.columns), None)
    if column is None:
        faults.add(
            "has no column that names the rep",
            f"Add rep_id; columns there: {', '.join(table.columns)}",
            file=table.file,
        )
        raise InputError(faults.problems)
    names, owners = table.columns["account_id"], table.columns[column]
    account = numbers(index_of(instance.account_ids), names)
    owner = numbers(index_of(instance.rep_ids), owners)
    meant = np.flatnonzero((account >= 0) | ~among(instance.left_out[0], names))
    known, first = np.unique(account[meant], return_index=True)
    again = np.ones(len(meant), dtype=np.bool_)
    again[first] = False
    again &= account[meant] >= 0
    strange = (account[meant] < 0) | ((owner[meant] < 0) & (owners[meant] != ""))
    for at in np.flatnonzero(again | strange):
        k = meant[at]
        tell = partial(faults.add, file=table.file, row=int(table.lines[k]))
        if account[k] < 0:
            tell(
                "there is no such account",
                "Take the row out, or correct the id",
                column="account_id",
                value=names[k],
            )
        elif again[at]:
            earlier = meant[first[np.searchsorted(known, account[k])]]
            tell(
                f"the account stands in row {table.lines[earlier]} already",
                "Keep one of them",
                column="account_id",
                value=names[k],
            )
        if owner[k] < 0 and owners[k] in instance.left_out[1]:
            tell(
                "the filter keeps the account and leaves out its rep",
                "Keep the rep too, or give the account another",
                column=column,
                value=owners[k],
            )
        elif owner[k] < 0 and owners[k]:
            tell(
                "there is no such rep",
                f"Reps: {', '.join(instance.rep_ids[:20])}",
                column=column,
                value=owners[k],
            )
    faults.raise_if_any()
    rep = np.full(len(instance.account_ids), -1, dtype=np.int64)
    rep[account[meant]] = owner[meant]
    return Alignment(instance.account_ids, instance.rep_ids, rep), table
