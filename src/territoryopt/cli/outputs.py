"""Commands that hand a plan out: workbook, page with a map, pages for reps, files for the CRM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from territoryopt.cli.commands import F, command

SCHEMA = "territoryopt/files/1"


instance_option = click.option(
    "--instance", type=click.Path(), help="Where the instance lies now, if it moved."
)


goals_option = click.option(
    "--goals", type=click.Path(), metavar="FOLDER", help="Also the goals of `goals RUN --out`."
)


quality_option = click.option(
    "--quality", type=click.Path(), metavar="FILE.toml",
    help="Other thresholds for the quality of territories.",
)  # fmt: skip


def run_options(function: F) -> F:
    """What every command takes that reads a run and writes files."""
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace files that are there already."),
        instance_option,
        click.argument("run", type=click.Path()),
    ):
        function = option(function)
    return function


@command("workbook")
@run_options
@goals_option
@quality_option
@click.option("--out", type=click.Path(), metavar="FILE.xlsx", help="Default: beside the run.")
def workbook_command(
    run: str,
    out: str | None,
    goals: str | None,
    quality: str | None,
    instance: str | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Write the plan in the run folder RUN as a workbook: to read, to filter, to edit owners in.

    An edited workbook goes back with `check INSTANCE FILE.xlsx`, or with
    `solve INSTANCE --locks-from FILE.xlsx`.
    """
    from territoryopt.report.workbook import write_workbook
    from territoryopt.runs import read_run

    found = read_run(run, instance)
    _tell(
        [write_workbook(found, out, goals=goals, quality=quality, overwrite=overwrite)], (), as_json
    )
    return 0


@command("report")
@run_options
@goals_option
@quality_option
@click.option("--out", type=click.Path(), metavar="FILE.html", help="Default: beside the run.")
@click.option("--pages", type=click.Path(), metavar="FOLDER",
              help="Also a page for each rep, to hand out.")  # fmt: skip
def report_command(
    run: str,
    out: str | None,
    goals: str | None,
    quality: str | None,
    pages: str | None,
    instance: str | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Write the plan in the run folder RUN as a page with maps, to open offline and to print."""
    from territoryopt.report.page import write_report
    from territoryopt.report.rep_pages import write_rep_pages
    from territoryopt.runs import read_run

    found = read_run(run, instance)
    files = [write_report(found, out, goals=goals, quality=quality, overwrite=overwrite)]
    if pages is not None:
        files += write_rep_pages(found, pages, goals=goals, overwrite=overwrite)
    _tell(files, (), as_json)
    return 0


@command("owners")
@run_options
@click.option("--for", "crm", type=click.Choice(["salesforce", "hubspot", "plain"]), required=True,
              help="Whose columns, and whose limits.")  # fmt: skip
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Default: beside the run.")
@click.option("--account-column", default="account_id", show_default=True,
              help="The column of accounts.csv with the CRM's ids.")  # fmt: skip
@click.option("--owner-column", help="The column of reps.csv with the CRM's owners; default rep_id,"
              " for hubspot name.")  # fmt: skip
def owners_command(
    run: str,
    crm: str,
    out: str | None,
    account_column: str,
    owner_column: str | None,
    instance: str | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Write the accounts of RUN whose owner changes, in files that the CRM imports."""
    from territoryopt.report.owners import write_owners
    from territoryopt.runs import read_run
    from territoryopt.words import plural

    found = write_owners(
        read_run(run, instance), crm, out, account_column=account_column,
        owner_column=owner_column, overwrite=overwrite,
    )  # fmt: skip
    head = f"{plural(found.accounts, 'account')} with another owner."
    limits = f"Files are cut at: {found.limits}." if found.files else ""
    _tell(found.files, tuple(n for n in (head, limits, *found.notes) if n), as_json)
    return 0


def _tell(files: Sequence[Path], notes: Sequence[str], as_json: bool, **more: Any) -> None:
    """Which files were written, and what is to be said of them."""
    from territoryopt.cli.printing import print_json, say

    if as_json:
        print_json({"schema": SCHEMA, "files": list(map(str, files)), "notes": list(notes), **more})
        return
    for note in notes:
        say(note)
    shown = files if len(files) <= 20 else files[:20]
    for file in shown:
        say(f"Written to {file}")
    if len(files) > len(shown):
        say(f"... and {len(files) - len(shown):,} more files beside it")
