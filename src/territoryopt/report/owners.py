"""Back to the CRM: the accounts that change hands, in files it imports.

Files are cut so that every usual way in takes them. Sources, as their pages stood:

Salesforce. A batch of the Bulk API holds 10,000 records and 10 MB, 10,000,000 characters (Bulk API
Developer Guide, Limits, versions 212 and 232); Data Loader sends batches of 10,000 at most
(Data Loader Guide, Configure Data Loader). What is less narrow: Bulk API 2.0 makes the batches
itself and takes files of 150 MB, 150,000,000 records in 24 hours (Bulk API 2.0 Developer Guide,
Limits, version 228; 100,000,000 in versions up to 222); the Data Import Wizard takes files of
100 MB and 50,000 records, beyond which its help sends to Data Loader (Salesforce Help, "How large
can my import file be?" and "General Importing Questions").

HubSpot. Its free tools, and the Smart CRM alone, take files of 20 MB and 500,000 rows a day;
Starter, Professional and Enterprise take 512 MB and 1,048,576 rows a file, 10,000,000 rows a day
(Knowledge Base, "Set up import files", December 3, 2024 and October 3, 2025).

Plain. A sheet of Excel or LibreOffice has 1,048,576 rows, the header among them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.folders import refuse_file, write_file
from territoryopt.report.handing import beside
from territoryopt.runs import Run
from territoryopt.tables import Table, write_table
from territoryopt.words import plural


@dataclass(frozen=True)
class Crm:
    """How a CRM takes changes of owners.

    account, owner: the columns of its import. owner_column: the column of reps.csv that holds what
    it calls an owner. rows, size: the most rows and bytes of a file. limits: where that stands.
    """

    name: str
    account: str
    owner: str
    owner_column: str
    rows: int
    size: int
    limits: str


CRMS = {
    crm.name: crm
    for crm in (
        Crm(
            "salesforce", "Id", "OwnerId", "rep_id", 10_000, 10_000_000,
            "10,000 records and 10 MB, a batch of the Bulk API and of Data Loader (Bulk API "
            "Developer Guide, Limits); the Data Import Wizard takes 50,000 records and 100 MB a "
            "file, Bulk API 2.0 150 MB",
        ),
        Crm(
            "hubspot", "Record ID", "Company owner", "name", 500_000, 20_000_000,
            "20 MB, and the 500,000 rows a day of the free tools (Set up import files, October "
            "2025); Starter and above take 512 MB and 1,048,576 rows a file",
        ),
        Crm(
            "plain", "account_id", "rep_id", "rep_id", 1_048_575, 100_000_000,
            "the rows of a sheet of Excel or LibreOffice",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class OwnerFiles:
    """What was written: the files in order, how many accounts they hold, and what to look at."""

    files: tuple[Path, ...]
    accounts: int
    limits: str
    notes: tuple[str, ...]


def write_owners(
    run: Run,
    crm: str,
    folder: str | os.PathLike[str] | None = None,
    *,
    account_column: str = "account_id",
    owner_column: str | None = None,
    overwrite: bool = False,
) -> OwnerFiles:
    """Write the owner of every account whose owner changes, in files that a CRM imports.

    crm: "salesforce" (Id, OwnerId), "hubspot" (Record ID, Company owner) or "plain" (account_id,
    rep_id). Ids stand as they came in. account_column of accounts.csv and owner_column of reps.csv
    (for hubspot the name, else rep_id) say where the CRM's own ids are. folder: by default beside
    the run. Accounts that had no owner and get one are among them; those that the plan leaves out
    are not. Raises InputError for an unknown CRM or column, a cell that is blank, an owner that two
    reps share, or a file that is there already.
    """
    if crm not in CRMS:
        raise InputError([Fault("there is no such CRM here", f"Take one of: {', '.join(CRMS)}",
                                value=crm)])  # fmt: skip
    kind = CRMS[crm]
    if run.rep is None:
        raise InputError([f"{run.folder} holds no plan: {run.record['status']}"])
    root = beside(run.folder, f"-{crm}") if folder is None else Path(folder)
    current, rep = run.problem.current, run.rep
    changed = np.flatnonzero((rep >= 0) & (rep != current))
    accounts, owners = _ids(run, kind, changed, account_column, owner_column or kind.owner_column)
    owner = owners[rep[changed]]
    each = _batch(kind, accounts, owner)
    starts = range(0, len(changed), each)
    digits = len(str(len(starts)))
    names = [f"owners-{crm}-{k + 1:0{digits}d}.csv" for k in range(len(starts))]
    for name in names:
        refuse_file(root / name, overwrite)
    files = []
    for name, start in zip(names, starts, strict=True):
        part = slice(start, start + each)
        put = partial(write_table, columns={kind.account: accounts[part], kind.owner: owner[part]})
        files.append(write_file(root / name, put, overwrite=overwrite))
    return OwnerFiles(tuple(files), len(changed), kind.limits, _notes(kind, accounts, owner, run))


def _ids(
    run: Run, kind: Crm, changed: np.ndarray, account_column: str, owner_column: str
) -> tuple[ObjectArray, ObjectArray]:
    """What the CRM calls the changed accounts, and each rep."""
    faults = FaultList(InputError)
    accounts = _column(run.instance.accounts, account_column, faults)
    owners = _column(run.instance.reps, owner_column, faults, "rep_id")
    faults.raise_if_any()
    used = set(run.rep[changed].tolist()) if run.rep is not None else set()
    _refuse_blank(run.instance.accounts, account_column, changed.tolist(), faults)
    _refuse_blank(run.instance.reps, owner_column, sorted(used), faults)
    seen: dict[str, int] = {}
    for j in sorted(used):
        first = seen.setdefault(owners[j], j)
        if first != j and owners[j]:
            faults.add(
                "two reps have this same owner",
                "Name a column that tells them apart with --owner-column, such as an e-mail",
                file=run.instance.reps.file,
                row=int(run.instance.reps.lines[j]),
                column=owner_column,
                value=owners[j],
            )
    faults.raise_if_any()
    return accounts[changed], owners


def _column(table: Table, column: str, faults: FaultList, ids: str = "") -> ObjectArray:
    if column == "name" and column not in table.columns and ids:
        column = ids  # reps without names are called by their ids
    if column not in table.columns:
        found = ", ".join(repr(name) for name in table.columns)
        faults.add("there is no such column", f"Columns found: {found}", file=table.file,
                   column=column)  # fmt: skip
        return np.full(len(table), "", dtype=object)
    return table.columns[column]


def _refuse_blank(table: Table, column: str, rows: Sequence[int], faults: FaultList) -> None:
    cells = table.columns.get(column)
    for i in rows if cells is not None else ():
        if cells is not None and not cells[i]:
            faults.add("the cell is blank", "Fill it in, or name another column", file=table.file,
                       row=int(table.lines[i]), column=column)  # fmt: skip


def _batch(kind: Crm, accounts: ObjectArray, owner: ObjectArray) -> int:
    """Rows of a file: as many as the CRM takes, and fewer where the ids are very long."""
    longest = max((len(a.encode("utf-8", "backslashreplace")) for a in accounts), default=0)
    longest += max((len(o.encode("utf-8", "backslashreplace")) for o in owner), default=0)
    # quotes, doubled quotes and guards within a cell, the comma and the line break
    return max(1, min(kind.rows, kind.size // (2 * longest + 8)))


def _notes(kind: Crm, accounts: ObjectArray, owner: ObjectArray, run: Run) -> tuple[str, ...]:
    """What the CRM may stumble over."""
    notes = []
    if kind.name == "salesforce":
        for what, cells in (("account", accounts), ("owner", owner)):
            odd = [c for c in dict.fromkeys(cells) if not _salesforce(c)]
            if odd:
                notes.append(
                    f"{plural(len(odd), f'{what} id')} (such as {odd[0]!r}) have not the 15 or 18 "
                    "letters and digits of a Salesforce id; --account-column and --owner-column "
                    "say where those stand"
                )
    left = int((run.rep < 0).sum()) if run.rep is not None else 0
    if left:
        notes.append(f"{plural(left, 'account')} without a rep in the plan are not in the files")
    return tuple(notes)


def _salesforce(text: str) -> bool:
    return len(text) in (15, 18) and text.isascii() and text.isalnum()
