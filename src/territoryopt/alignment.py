"""`Alignment`: one rep per account, and what lies between two of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from territoryopt.cells import IntArray
from territoryopt.errors import FaultList, InputError
from territoryopt.tables import read_table

if TYPE_CHECKING:
    from territoryopt.instance import Instance

REP_COLUMNS = ("rep_id", "rep", "owner", "current_rep")
"""Columns a plan may name its rep in, the first that is there."""


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
        return [
            Move(account, before.owner(i), self.owner(i))
            for i, account in enumerate(self.account_ids)
            if before.owner(i) != self.owner(i)
        ]

    def owner(self, account: int) -> str | None:
        """The id of the rep of an account by number; None if it has none."""
        j = self.rep[account]
        return self.rep_ids[j] if j >= 0 else None


def current_alignment(instance: Instance) -> Alignment:
    """Who owns what today."""
    return Alignment(instance.account_ids, instance.rep_ids, instance.current)


def read_alignment(path: str | os.PathLike[str], instance: Instance) -> Alignment:
    """A plan from a CSV file with `account_id` and `rep_id` (or rep, owner, current_rep).

    Ours or a spreadsheet's: other columns do not matter. An account of the instance that the
    file leaves out, or leaves blank, has no rep (a check names it); one that the instance's row
    filter left out is passed over. Rows of accounts that the instance does not have, unknown reps
    and accounts listed twice raise InputError.
    """
    table = read_table(Path(path), required=("account_id",))
    faults = FaultList(InputError)
    column = next((name for name in REP_COLUMNS if name in table.columns), None)
    if column is None:
        faults.add(
            "has no column that names the rep",
            f"Add rep_id; columns there: {', '.join(table.columns)}",
            file=table.file,
        )
        raise InputError(faults.problems)
    accounts = {name: i for i, name in enumerate(instance.account_ids)}
    reps = {name: j for j, name in enumerate(instance.rep_ids)}
    rep = np.full(len(accounts), -1, dtype=np.int64)
    seen: dict[str, int] = {}
    cells = zip(table.columns["account_id"], table.columns[column], table.lines, strict=True)
    for account, owner, line in cells:
        tell = partial(faults.add, file=table.file, row=int(line))
        if account in instance.left_out[0]:
            continue
        if account not in accounts:
            tell(
                "there is no such account",
                "Take the row out, or correct the id",
                column="account_id",
                value=account,
            )
        elif account in seen:
            tell(
                f"the account stands in row {seen[account]} already",
                "Keep one of them",
                column="account_id",
                value=account,
            )
        if owner in instance.left_out[1]:
            tell(
                "the filter keeps the account and leaves out its rep",
                "Keep the rep too, or give the account another",
                column=column,
                value=owner,
            )
        elif owner and owner not in reps:
            tell(
                "there is no such rep",
                f"Reps: {', '.join(list(reps)[:20])}",
                column=column,
                value=owner,
            )
        seen.setdefault(account, int(line))
        if account in accounts and owner in reps:
            rep[accounts[account]] = reps[owner]
    faults.raise_if_any()
    return Alignment(instance.account_ids, instance.rep_ids, rep)
