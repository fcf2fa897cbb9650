"""From the exports of a CRM to a plan that people can open, in one call: import, score, solve,
report, workbook, owner files. Each step is the function of its own name, and leaves its folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from territoryopt.crm.importing import FOLDER as IMPORT_FOLDER
from territoryopt.crm.importing import Imported, import_accounts
from territoryopt.errors import Fault, InputError
from territoryopt.folders import refuse_file, write_text
from territoryopt.instance import Instance, read_instance
from territoryopt.model import Model, load_model
from territoryopt.report.owners import CRMS, OwnerFiles, write_owners
from territoryopt.report.page import write_report
from territoryopt.report.workbook import write_workbook
from territoryopt.result import Result
from territoryopt.runs import claim_run, read_run, refuse_target, write_run
from territoryopt.scoring.proposing import propose_scoring
from territoryopt.scoring.scored import Scored
from territoryopt.scoring.scoring import score_accounts, scored_folder
from territoryopt.scoring.spec import parse_scoring
from territoryopt.solving import solve

SCHEMA = "territoryopt/plan/1"
DATA, SCORED, RUN, PAGE, BOOK, OWNERS, SCORING = (
    "1-imported", "2-scored", "3-run", "report.html", "plan.xlsx", "owners", "score.toml",
)  # fmt: skip
Path_ = str | os.PathLike[str]
Where = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, eq=False)
class Planned:
    """What each step made. `scoring_file`: the scoring used, where it was proposed; edit it and
    give it back. `files`: what is handed out; empty where there is no plan."""

    folder: Path
    imported: Imported
    scored: Scored
    model: Model
    result: Result
    run_folder: Path
    scoring_file: Path | None
    files: tuple[Path, ...]
    owners: OwnerFiles | None

    @property
    def instance(self) -> Instance:
        """The accounts and reps that were solved."""
        return self.scored.instance

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/plan/1`: each step's own, and the files."""
        return {
            "schema": SCHEMA,
            "folder": str(self.folder),
            "imported": self.imported.as_dict(),
            "scored": self.scored.as_dict(),
            "scoring_file": None if self.scoring_file is None else str(self.scoring_file),
            "result": {**self.result.as_dict(), "run_folder": str(self.run_folder)},
            "files": [str(file) for file in self.files],
            "accounts_with_another_owner": None if self.owners is None else self.owners.accounts,
            "notes": [] if self.owners is None else list(self.owners.notes),
        }


def plan_from_export(
    accounts: Path_,
    reps: Path_,
    folder: Path_,
    *,
    mapping: Path_ | None = None,
    centroids: Path_ | None = None,
    where: Where | None = None,
    scoring: Path_ | None = None,
    model: str | Path = "first-plan",
    crm: str = "plain",
    overwrite: bool = False,
    told: Callable[[str], None] = lambda _: None,
    **search: Any,
) -> Planned:
    """Make a plan of two files of an export, and everything that is handed out with it.

    accounts, reps, mapping, centroids: as for `import_accounts`. where: which rows are planned, as
    for `read_instance`. scoring: a TOML file for `score_accounts`; proposed from the columns where
    there is none, and kept as score.toml. crm: whose owner files are written. told: called with a
    line as each step begins. search: options of `solve`. The folder gets 1-imported, 2-scored,
    3-run, report.html, plan.xlsx and owners/, each written whole or not at all; the steps after a
    search without a plan are left out. Raises InputError or ModelError with every fault of the step
    that cannot go on; what the steps before it wrote stays.
    """
    root = Path(folder)
    _refuse(root, crm, overwrite)
    parsed = load_model(model)  # before the work, not after it
    told("Reading the export")
    imported = import_accounts(
        accounts, reps, root / DATA, mapping=mapping, centroids=centroids, overwrite=overwrite
    )
    told("Scoring the accounts")
    data = read_instance(root / DATA, where=where)
    written: Path | None = None
    if scoring is None:
        text = propose_scoring(data)
        written = write_text(root / SCORING, text, overwrite=overwrite)
        scored = score_accounts(data, parse_scoring(text, SCORING), root / SCORED,
                                overwrite=overwrite)  # fmt: skip
    else:
        scored = score_accounts(data, scoring, root / SCORED, overwrite=overwrite)
    told("Looking for the best plan")
    with claim_run(root / RUN, overwrite):
        result = solve(scored.instance, parsed, **search)
        run = write_run(
            result, scored.instance, parsed, root / RUN, overwrite=overwrite, by="plan_from_export"
        )
    files: list[Path] = []
    owners: OwnerFiles | None = None
    if result.rep is not None:
        told("Writing the report, the workbook and the owner files")
        found = read_run(run)
        files = [write_report(found, root / PAGE, overwrite=overwrite),
                 write_workbook(found, root / BOOK, overwrite=overwrite)]  # fmt: skip
        owners = write_owners(found, crm, root / OWNERS, overwrite=overwrite)
        files += owners.files
    return Planned(root, imported, scored, parsed, result, run, written, tuple(files), owners)


def _refuse(root: Path, crm: str, overwrite: bool) -> None:
    """InputError where any of what will be written may not be."""
    if crm not in CRMS:
        raise InputError(
            [Fault("there is no such CRM here", f"Take one of: {', '.join(CRMS)}", value=crm)]
        )
    IMPORT_FOLDER.refuse(root / DATA, overwrite)
    scored_folder().refuse(root / SCORED, overwrite)
    refuse_target(root / RUN, overwrite)
    for name in (PAGE, BOOK, SCORING):
        refuse_file(root / name, overwrite)
