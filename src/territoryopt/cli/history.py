"""`territoryopt log`: which plans there are, from what, and what changed between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from territoryopt.cli.commands import command

if TYPE_CHECKING:
    from territoryopt.history.log import RunLog


@command("log")
@click.argument("folder", type=click.Path(), default="runs")
@click.option("--clean", is_flag=True, help="Take away what killed writers left.")
def log_command(folder: str, clean: bool, as_json: bool) -> int:
    """List the runs under FOLDER (default: runs), newest first.

    Of a run folder: the line of runs it grew from, and what changed from each to the next in
    inputs, model, versions, owners and money.
    """
    import territoryopt as topt
    from territoryopt.cli.printing import print_json, say
    from territoryopt.history.telling import found, head, told, warnings

    log = topt.run_log(folder, remove_drafts=clean)
    if as_json:
        print_json(log.as_dict())
        return 0
    if log.line:
        for k, entry in enumerate(log.runs):
            say(head(entry), bold=True)
            say(f"  {found(entry)}")
            if k < len(log.changes):
                say(f"  Since {log.runs[k + 1].folder.name}:")
                for line in told(log.changes[k]):
                    say(f"  - {line}")
    elif log.runs:
        _print_runs(log)
    else:
        say(f"There are no runs in {folder}.")
    for line in (*log.notes, *warnings(log)):
        say(line)
    return 0


def _print_runs(log: RunLog) -> None:
    """A row for each run."""
    from rich.text import Text

    from territoryopt.cli.printing import clean, new_table, print_table
    from territoryopt.errors import shortened
    from territoryopt.history.log import SHORT
    from territoryopt.history.telling import ENDS, sure, when
    from territoryopt.words import number

    known = {entry.id: entry.folder.name for entry in log.runs}
    table = new_table()
    for name in ("run", "when", "instance", "model", "status"):
        table.add_column(name)
    for name in ("cost a year", "bound"):
        table.add_column(name, justify="right")
    table.add_column("gap")
    table.add_column("moves", justify="right")
    table.add_column("from")
    table.add_column("note")
    for entry in log.runs:
        money = [f"{number(value)} {entry.currency}" if value is not None else ""
                 for value in (entry.objective, entry.bound)]  # fmt: skip
        before = entry.predecessor
        origin = known.get(before.id, before.id[:SHORT]) if before else ""
        status = ENDS.get(entry.status, entry.status)
        cells = (
            str(entry.folder.relative_to(log.folder)), when(entry), entry.instance, entry.model,
            f"{status} (see below)" if entry.faults else status, *money, sure(entry),
            "" if entry.moved is None else f"{entry.moved:,}", origin, entry.note,
        )  # fmt: skip
        table.add_row(*(Text(clean(shortened(cell))) for cell in cells))
    print_table(table)
