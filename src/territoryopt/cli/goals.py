"""Commands about what territories are asked to bring, and how well they are cut."""

from __future__ import annotations

from typing import Any

import click

from territoryopt.cli.commands import command
from territoryopt.cli.outputs import instance_option


@command("goals")
@click.argument("run", type=click.Path())
@click.option("--total", metavar="MONEY", help="What all goals add up to, e.g. 12000000.")
@click.option("--with", "settings", type=click.Path(), metavar="FILE.toml",
              help="Weights, limits on growth, seasons; see docs/goals.md.")  # fmt: skip
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Also write them as files.")
@click.option("--overwrite", is_flag=True, help="Replace earlier goals in that folder.")
@instance_option
def goals_command(
    run: str,
    total: str | None,
    settings: str | None,
    out: str | None,
    overwrite: bool,
    instance: str | None,
    as_json: bool,
) -> int:
    """Share a total out to the reps of RUN: a goal for each, with its basis, and KPIs.

    By potential, last year's sales and hours; the total is kept to the cent.
    """
    import territoryopt as topt
    from territoryopt.goals.keeping import FOLDER

    if out:
        FOLDER.refuse(out, overwrite)
    found = topt.set_goals(topt.read_run(run, instance), total, settings=settings)
    files = [str(topt.write_goals(found, out, overwrite=overwrite))] if out else []
    _print(found, as_json, files=files)
    return 0


@command("quality")
@click.argument("run", type=click.Path())
@click.option("--with", "settings", type=click.Path(), metavar="FILE.toml",
              help="Other thresholds and weights; see docs/goals.md.")  # fmt: skip
@instance_option
def quality_command(run: str, settings: str | None, instance: str | None, as_json: bool) -> int:
    """Judge each territory of RUN high, medium or low, with the reasons."""
    import territoryopt as topt

    _print(topt.territory_quality(topt.read_run(run, instance), settings), as_json)
    return 0


@command("whitespace")
@click.argument("run", type=click.Path())
@click.option("--by", multiple=True, metavar="COLUMN",
              help="A column of accounts.csv; give it twice for pairs. Default: state, region,"
              " industry or such.")  # fmt: skip
@click.option("--beyond", type=float, metavar="KM", help="From here on an account is far.")
@click.option("--potential", default="potential", show_default=True, metavar="MEASURE",
              help="The measure of the model that is looked at.")  # fmt: skip
@instance_option
def whitespace_command(
    run: str,
    by: tuple[str, ...],
    beyond: float | None,
    potential: str,
    instance: str | None,
    as_json: bool,
) -> int:
    """Find potential that has no cover under the plan of RUN, by region or segment."""
    import territoryopt as topt

    found = topt.whitespace(topt.read_run(run, instance), list(by) or None, beyond=beyond,
                            potential=potential)  # fmt: skip
    _print(found, as_json)
    return 0


def _print(found: Any, as_json: bool, files: list[str] | None = None) -> None:
    """The sentences, the first of them bold; or the record, with the files written."""
    from territoryopt.cli.printing import print_json, say

    if as_json:
        print_json({**found.as_dict(), **({} if files is None else {"files": files})})
        return
    for k, line in enumerate(found.sentences()):
        say(line, bold=k == 0)
    for file in files or ():
        say(f"Written to {file}")
