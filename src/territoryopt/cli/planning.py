"""`territoryopt plan`: from the exports of a CRM to a plan and everything that is handed out."""

from __future__ import annotations

from typing import Any

import click

from territoryopt.cli.commands import INTERRUPTED, NO_PLAN, command, search_options, where_option


@command("plan")
@click.argument("accounts", type=click.Path())
@click.option("--reps", required=True, type=click.Path(), help="The export of reps (or users).")
@click.option("--out", required=True, type=click.Path(), metavar="FOLDER",
              help="Where everything goes.")  # fmt: skip
@click.option("--mapping", type=click.Path(), help="What the columns are; proposed if left out.")
@click.option("--with", "scoring", type=click.Path(), metavar="SCORE.TOML",
              help="How accounts are scored; proposed if left out.")  # fmt: skip
@click.option("--model", "-m", default="first-plan", show_default=True,
              help="A .toml file, or the name of a model that comes with the package.")  # fmt: skip
@click.option("--for", "crm", type=click.Choice(["salesforce", "hubspot", "plain"]),
              default="plain", show_default=True, help="Whose owner files.")  # fmt: skip
@click.option("--centroids", type=click.Path(),
              help="CSV with postal_code, latitude, longitude, country.")  # fmt: skip
@where_option
@search_options
@click.option("--overwrite", is_flag=True, help="Replace what an earlier call left there.")
def plan_command(
    accounts: str, reps: str, out: str, where: tuple[str, ...], as_json: bool, **options: Any
) -> int:
    """Plan from ACCOUNTS, the export of a CRM: import, score, solve, report, all in one.

    Whatever is not said (what the columns are, how accounts are scored) is proposed, used and kept
    in the folder: edit it and call again. Each step is a command of its own, too.
    """
    import territoryopt as topt
    from territoryopt.cli.paths import parse_where
    from territoryopt.cli.printing import Progress, print_json, print_result, say

    def told(step: str) -> None:
        if not as_json:
            with progress.aside():
                say(f"{step} ...", err=True)

    with Progress(show=not as_json) as progress:
        made = topt.plan_from_export(
            accounts, reps, out, where=parse_where(where), told=told, progress=progress, **options
        )
    if as_json:
        print_json(made.as_dict())
    else:
        lines = made.imported.quality.summary()
        say(
            f"{made.imported.accounts:,} accounts and {made.imported.reps:,} reps imported; "
            f"{len(lines):,} kinds of repairs and remarks: {made.folder / '1-imported'}/quality.md"
        )
        for line in made.scored.told():
            say(line)
        for note in made.scored.notes:
            say(f"Note: {note}.")
        if made.scoring_file is not None:
            say(
                f"How accounts were scored was proposed: edit {made.scoring_file} and give it "
                "with --with."
            )
        say("")
        print_result(made.result, made.instance, made.model, made.run_folder, False)
        for file in made.files:
            say(f"Written to {file}")
        for note in made.owners.notes if made.owners is not None else ():
            say(note)
    if made.result.status == "interrupted":
        return INTERRUPTED
    return 0 if made.result.rep is not None else NO_PLAN
