"""`territoryopt import`: from the export of a CRM to an instance folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from territoryopt.cli.commands import command

if TYPE_CHECKING:
    from territoryopt.crm.importing import Imported
    from territoryopt.crm.mapping import Source

TOLD = 12
"""Kinds of repairs shown; the report has them all."""


@command("import")
@click.argument("accounts", type=click.Path())
@click.option("--reps", required=True, type=click.Path(), help="The export of reps (or users).")
@click.option("--mapping", type=click.Path(), help="What the columns are; proposed if left out.")
@click.option(
    "--centroids",
    type=click.Path(),
    help="CSV with postal_code, latitude, longitude, country; else the US from a package.",
)
@click.option("--out", type=click.Path(), help="The instance folder to write.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier import in that folder.")
@click.option("--propose", is_flag=True, help="Only print the mapping it would use.")
def import_command(
    accounts: str, reps: str, mapping: str | None, centroids: str | None, out: str | None,
    overwrite: bool, propose: bool, as_json: bool,
) -> int:  # fmt: skip
    """Make an instance folder of ACCOUNTS, the export of a CRM or any table.

    CSV in any encoding, .xlsx or Parquet; Salesforce, HubSpot, Dynamics 365 or plain. Every repair
    is written down in the folder's quality.md; what cannot be used is told at once, and nothing is
    written.
    """
    import territoryopt as topt
    from territoryopt.cli.printing import print_json, say

    if propose:
        if mapping or out:
            raise topt.InputError(["--propose prints a mapping: give no --mapping and no --out"])
        found = topt.propose_mapping(accounts, reps)
        if as_json:
            print_json({"schema": "territoryopt/mapping/1", **found.model_dump(mode="json")})
        else:
            for line in found.text.splitlines():
                say(line)
        return 0
    if not out:
        raise topt.InputError(["say where the instance folder goes, with --out"])
    made = topt.import_accounts(
        accounts, reps, out, mapping=mapping, centroids=centroids, overwrite=overwrite
    )
    if as_json:
        print_json({**made.as_dict(), "entries": made.quality.records()})
    else:
        _print(made)
    return 0


def _print(made: Imported) -> None:
    """What each column was taken for, what was done to the cells, and where it lies."""
    from shlex import quote

    from territoryopt.cli.printing import say

    say(f"{made.accounts:,} accounts and {made.reps:,} reps", bold=True)
    _print_columns("accounts", made.sources["accounts"], made.mapping.accounts)
    _print_columns("reps", made.sources["reps"], made.mapping.reps)
    shown = made.quality.summary()
    for line in shown[:TOLD]:
        say(line)
    if len(shown) > TOLD:
        say(f"... and {len(shown) - TOLD:,} more")
    say("")
    folder = quote(str(made.folder))
    say(f"Written to {made.folder}. What was done to which cell: {folder}/quality.md")
    say(f"To read columns otherwise, edit {folder}/mapping.toml and give it with --mapping.")


def _print_columns(kind: str, file: Any, source: Source) -> None:
    from territoryopt.cli.printing import say

    look = f"looks like {source.layout}" if source.layout else "by the mapping"
    say(f"{kind}: {file['file']}, {look}")
    width = max(map(len, source.columns), default=0)
    for field, column in source.columns.items():
        say(f"  {field.ljust(width)}  {column}")
    say("")
