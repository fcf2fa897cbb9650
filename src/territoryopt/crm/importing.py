"""`import_accounts`: two files of an export become an instance folder, with a report of all that
was done to them; `propose_mapping`: how it would read them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.crm.account_file import account_columns
from territoryopt.crm.centroids import Centroids, centroids_of_file, centroids_of_package
from territoryopt.crm.columns import Fields, missing_columns
from territoryopt.crm.mapping import AccountsSource, Mapping, RepsSource, load_mapping
from territoryopt.crm.proposing import proposed
from territoryopt.crm.quality import Quality
from territoryopt.crm.reading import read_sheet
from territoryopt.crm.rep_file import Reps, rep_columns, tell_lacks
from territoryopt.errors import FaultList, InputError
from territoryopt.folders import FolderKind
from territoryopt.instance import ACCOUNTS, REPS, read_instance
from territoryopt.instance_writing import as_written
from territoryopt.tables import sha256_of, write_table

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/import/1"
MAPPING, QUALITY, PAGE, RECORD = "mapping.toml", "quality.csv", "quality.md", "quality.json"
FILES = (ACCOUNTS, REPS, MAPPING, QUALITY, PAGE, RECORD)
FOLDER = FolderKind("import", FILES, RECORD, b'"schema": "territoryopt/import/')

TEXTS = frozenset({"account_id", "source_id", "rep_id", "name"})
"""Columns in which a text that looks like a number is none."""

Path_ = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Imported:
    """What an import made: the folder, how the files were read, and what was found in them.

    `accounts` and `reps` count the records written; `quality` has every repair and refusal.
    """

    folder: Path
    mapping: Mapping
    quality: Quality
    accounts: int
    reps: int
    sources: Table[str, Table[str, object]]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the single entries."""
        return {
            "schema": SCHEMA,
            "folder": str(self.folder),
            "accounts": self.accounts,
            "reps": self.reps,
            "counts": self.quality.counts,
            "sources": {kind: dict(source) for kind, source in self.sources.items()},
            "mapping": self.mapping.model_dump(mode="json"),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per row of quality.csv: kind, file, row (NA for a whole file), column, old, new,
        reason, remedy."""
        import pandas as pd

        return pd.DataFrame(self.quality.table()).astype({"row": "Int64"})


def propose_mapping(accounts: Path_, reps: Path_) -> Mapping:
    """How the two files would be read without a mapping.

    Raises one InputError with every fault that keeps them from being read at all.
    """
    faults = FaultList(InputError)
    found = {
        "accounts": _Work(Path(accounts), "accounts").prepare(AccountsSource(), None, faults),
        "reps": _Work(Path(reps), "reps").prepare(RepsSource(), None, faults),
    }
    faults.raise_if_any()
    return Mapping.model_validate({kind: source.model_dump() for kind, source in found.items()})


def import_accounts(
    accounts: Path_,
    reps: Path_,
    folder: Path_,
    *,
    mapping: Mapping | Path_ | None = None,
    centroids: Path_ | None = None,
    overwrite: bool = False,
) -> Imported:
    """Reads exports of accounts and reps and writes an instance folder as `read_instance` takes it.

    accounts, reps: CSV in any usual encoding, .xlsx or Parquet, of Salesforce, HubSpot, Dynamics
    365 or plain tables. mapping: a `Mapping` or its TOML file; proposed where there is none.
    centroids: a CSV file with postal_code, latitude, longitude, country, for
    `missing_place = "centroid"`; without it the package `zipcodes` is asked, offline.

    The folder gets accounts.csv, reps.csv, mapping.toml (how they were read) and the report of data
    quality as quality.csv, quality.md and quality.json: every cell that was repaired, refused or is
    worth a look. Raises one InputError with everything that cannot be used, unless the mapping says
    `refused = "leave_out"`; then nothing is written.
    """
    FOLDER.refuse(folder, overwrite)  # before the work, not after it
    given = load_mapping(mapping) if isinstance(mapping, str | os.PathLike) else mapping
    table = _centroids(given, centroids)
    faults = FaultList(InputError)
    people, book = _Work(Path(reps), "reps"), _Work(Path(accounts), "accounts")
    reps_source = people.prepare((given or Mapping()).reps, given, faults)
    accounts_source = book.prepare((given or Mapping()).accounts, given, faults)
    used = Mapping.model_validate(
        {"accounts": accounts_source.model_dump(), "reps": reps_source.model_dump()}
    )
    found_reps: Reps | None = None
    if people.ready is not None:
        found_reps = rep_columns(people.ready, used.reps.inactive)
    columns: dict[str, ObjectArray] = {}
    if book.ready is not None:
        known = None if found_reps is None else found_reps.known
        columns = account_columns(book.ready, known, used.accounts.closed, table, faults)
    if found_reps is not None and people.ready is not None and columns:
        blank = np.zeros(0, dtype=object)
        tell_lacks(found_reps, columns.get("current_rep", blank), people.ready)
    _raise_refusals(used, people, book, columns, found_reps, faults)
    assert found_reps is not None
    quality = Quality()
    quality.entries = [*book.quality.entries, *people.quality.entries]
    made = Imported(
        Path(folder), used, quality, len(columns["account_id"]), len(found_reps.columns["rep_id"]),
        {one.kind: {"file": str(one.path), "sha256": sha256_of(one.path), "rows": one.rows}
         for one in (book, people)},
    )  # fmt: skip
    _write(made, columns, found_reps.columns, overwrite)
    return made


class _Work:
    """One of the two files on its way."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind = path, kind
        self.quality = Quality()
        self.ready: Fields | None = None
        self.rows = 0

    def prepare(
        self, source: AccountsSource | RepsSource, given: Mapping | None, faults: FaultList
    ) -> AccountsSource | RepsSource:
        """Read the file; the source with columns proposed where the mapping names none."""
        sheet = read_sheet(self.path, self.kind, source, self.quality, faults)
        if sheet is None:
            return source
        before = len(faults.problems)
        if not source.columns:
            source = proposed(self.kind, sheet, source, given is not None, faults)
        else:
            missing_columns(self.kind, sheet, source, faults)
        if len(faults.problems) == before:
            self.ready = Fields(sheet, source, self.quality)
            self.rows = len(sheet)
        return source


def _centroids(given: Mapping | None, path: Path_ | None) -> Centroids | None:
    if path is not None:
        return centroids_of_file(path)
    if given is not None and given.accounts.missing_place == "centroid":
        return centroids_of_package()
    return None


def _raise_refusals(
    used: Mapping, people: _Work, book: _Work, columns: dict[str, ObjectArray],
    reps: Reps | None, faults: FaultList,
) -> None:  # fmt: skip
    """Everything that stops the import, at once."""
    for source, work in ((used.accounts, book), (used.reps, people)):
        if source.refused == "stop":
            faults.problems.extend(work.quality.refusals())
    for what, found in (("account", columns.get("account_id")),
                        ("rep", None if reps is None else reps.columns["rep_id"])):  # fmt: skip
        if found is not None and not len(found) and not faults:
            work = book if what == "account" else people
            faults.add(f"no {what} is left", "See what was refused and left out",
                       file=work.path.name)  # fmt: skip
    faults.raise_if_any()


def _write(
    made: Imported, accounts: dict[str, ObjectArray], reps: dict[str, ObjectArray], overwrite: bool
) -> None:
    counts = made.quality.counts
    lines = [
        f"{made.accounts:,} accounts and {made.reps:,} reps were taken over.",
        f"{counts['repaired']:,} repairs, {counts['refused']:,} refusals, "
        f"{counts['noticed']:,} things worth a look; each of them is a row of {QUALITY}.",
    ]
    record = {
        "schema": SCHEMA, "accounts": made.accounts, "reps": made.reps, "counts": counts,
        "sources": made.sources, "entries": made.quality.records(),
    }  # fmt: skip

    def fill(draft: Path) -> None:
        write_table(draft / ACCOUNTS, as_written(accounts, TEXTS))
        write_table(draft / REPS, as_written(reps, TEXTS))
        write_table(draft / QUALITY, made.quality.table())
        page = made.quality.page("Data quality of the import", lines)
        for name, text in (
            (MAPPING, made.mapping.text),
            (PAGE, page),
            (RECORD, json.dumps(record, ensure_ascii=False) + "\n"),
        ):
            (draft / name).write_bytes(text.encode("utf-8", "backslashreplace"))
        read_instance(draft)  # what the engine would refuse is refused here

    FOLDER.write(made.folder, fill, overwrite=overwrite)
