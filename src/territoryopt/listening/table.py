"""The table of requests: who asks to keep, to get or to be rid of which account, and why."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from territoryopt.cells import index_of
from territoryopt.errors import FaultList, InputError
from territoryopt.tables import Table, read_table

if TYPE_CHECKING:
    from territoryopt.problem import Problem

Wish = Literal["keep", "want", "lose"]
"""keep: the account stays with, or goes to, the rep who asks; want: the same, said of an account of
another; lose: it goes to anybody else."""

WISHES = get_args(Wish)
REQUIRED = ("account_id", "rep_id", "wish", "reason")
OPTIONAL = ("request_id", "asked_by", "asked_on", "weight")
NEAR = 10_000
"""Ids among which one like an unknown id is sought, at most."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Request:
    """One request. rep: who asks for it; asked_by: who put it in, where that is another person.

    id: `account/rep/wish` where the table has no `request_id`: the same request has the same id
    next time. weight: how much it counts beside others, 1 where nobody says. asked_on: a date,
    2026-11-27.
    """

    id: str
    account: str
    rep: str
    wish: Wish
    reason: str = ""
    asked_by: str = ""
    asked_on: str = ""
    weight: float = 1.0
    row: int | None = None

    @property
    def loses(self) -> bool:
        return self.wish == "lose"

    @property
    def what(self) -> tuple[str, str, str]:
        """What is asked, whatever the id."""
        return self.account, self.rep, self.wish

    def as_dict(self) -> dict[str, object]:
        out = {k: v for k, v in vars(self).items() if k not in ("row",)}
        return cast(dict[str, object], out)


def read_requests(path: str | os.PathLike[str], problem: Problem) -> tuple[Request, ...]:
    """The requests of a CSV file: account_id, rep_id, wish and reason (which may be blank), and
    optional request_id, asked_by, asked_on (2026-11-27), weight (above 0; blank: 1).

    Raises one InputError with every fault: ids that are not known, what is asked twice, and what a
    rep asks of an account both ways. Two reps who ask for one account are no fault.
    """
    return requests_of(read_table(path, required=REQUIRED), problem)


def as_requests(table: object, problem: Problem) -> tuple[Request, ...]:
    """The requests of a path, a sequence of `Request` or of mappings with the columns of the file,
    or a pandas frame; checked in the same way."""
    if isinstance(table, str | os.PathLike):
        return read_requests(table, problem)
    rows: Any = table
    if hasattr(table, "to_dict"):
        rows = cast(Any, table).to_dict("records")
    if not isinstance(rows, Sequence) or not all(isinstance(r, Request | Mapping) for r in rows):
        raise InputError(
            ["requests are a path, a frame, or a list of Request or of mappings with account_id, "
             "rep_id, wish and reason"]
        )  # fmt: skip
    cells: dict[str, list[str]] = {name: [] for name in (*REQUIRED, *OPTIONAL)}
    for row in rows:
        given = _columns_of(row) if isinstance(row, Request) else row
        for name, column in cells.items():
            value = given.get(name)
            blank = value is None or (isinstance(value, float) and math.isnan(value))
            column.append("" if blank else str(value).strip())
    import numpy as np

    columns = {name: np.array(column, dtype=object) for name, column in cells.items()}
    return requests_of(
        Table("requests", columns, np.arange(len(rows), dtype=np.int64) + 1), problem
    )


def _columns_of(request: Request) -> dict[str, object]:
    return {
        "account_id": request.account, "rep_id": request.rep, "wish": request.wish,
        "reason": request.reason, "request_id": request.id, "asked_by": request.asked_by,
        "asked_on": request.asked_on, "weight": request.weight,
    }  # fmt: skip


def requests_of(table: Table, problem: Problem) -> tuple[Request, ...]:
    """The requests of a table, or one InputError with every fault."""
    faults = FaultList(InputError)
    accounts = index_of([problem.account_id(i) for i in range(problem.accounts)])
    reps = index_of([problem.rep_id(j) for j in range(problem.reps)])
    weights = [1.0] * len(table)
    if "weight" in table.columns:
        found = table.numbers("weight", faults)
        weights = [1.0 if math.isnan(w) else w for w in found.tolist()]
    out = []
    for k in range(len(table)):
        cell = {name: str(column[k]) for name, column in table.columns.items()}
        tell = partial(faults.add, file=table.file, row=int(table.lines[k]))
        _known(cell["account_id"], accounts, "account", "account_id", tell)
        _known(cell["rep_id"], reps, "rep", "rep_id", tell)
        wish = cell["wish"].casefold()
        if wish not in WISHES:
            close = get_close_matches(wish, WISHES, 1, 0.5)
            hint = f"Did you mean {close[0]}? " if close else ""
            tell("is not a wish", f"{hint}Write keep, want or lose", column="wish",
                 value=cell["wish"])  # fmt: skip
        if not weights[k] > 0:
            tell("a weight is a number above zero", "Leave it blank for 1", column="weight",
                 value=cell.get("weight", ""))  # fmt: skip
        day = cell.get("asked_on", "")
        if day and not _is_day(day):
            tell("is not a date", "Write year-month-day, such as 2026-11-27", column="asked_on",
                 value=day)  # fmt: skip
        name = cell.get("request_id", "") or f"{cell['account_id']}/{cell['rep_id']}/{wish}"
        out.append(
            Request(name, cell["account_id"], cell["rep_id"], cast(Wish, wish), cell["reason"],
                    cell.get("asked_by", ""), day, float(weights[k]), int(table.lines[k]))
        )  # fmt: skip
    _against_each_other(out, table.file, faults)
    if not out and not faults:
        faults.add("there is no request", "Give one row for each", file=table.file)
    faults.raise_if_any()
    return tuple(out)


def _known(
    name: str, index: Mapping[str, int], what: str, column: str, tell: partial[None]
) -> None:
    if name in index:
        return
    if not name:
        tell(f"names no {what}", "Fill in its id", column=column)
        return
    close = get_close_matches(name, list(index)[:NEAR], 1, 0.6)
    hint = f"Did you mean {close[0]}?" if close else f"Use an id of {what}s.csv"
    tell(f"there is no such {what} in this plan", hint, column=column, value=name)


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _against_each_other(requests: Sequence[Request], file: str, faults: FaultList) -> None:
    """Faults of one rep's asking twice, or both ways, of an account; and of one id for two."""
    first: dict[tuple[str, str], Request] = {}
    ids: dict[str, Request] = {}
    for request in requests:
        earlier = first.setdefault((request.account, request.rep), request)
        if earlier is not request:
            same = earlier.loses == request.loses
            faults.add(
                f"the rep asks for this account in row {earlier.row} already"
                if same
                else f"the rep asks for the opposite in row {earlier.row}: {earlier.wish}",
                "Keep one of the two",
                file=file,
                row=request.row,
                column="wish",
                value=", ".join(request.what),
            )
            continue
        named = ids.setdefault(request.id, request)
        if named is not request:
            faults.add(f"the id stands in row {named.row} already", "Give each request its own",
                       file=file, row=request.row, column="request_id",
                       value=request.id)  # fmt: skip
