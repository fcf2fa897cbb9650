"""`territoryopt monitor`: actuals against the plan of a run."""

from __future__ import annotations

import click

from territoryopt.cli.commands import INTERRUPTED, command


@command("monitor")
@click.argument("run", type=click.Path())
@click.argument("actuals", type=click.Path())
@click.option(
    "--goals", type=click.Path(), metavar="CSV", help="rep_id, goal and, by month, month."
)
@click.option("--with", "settings", type=click.Path(), metavar="TOML",
              help="What is to be flagged, what grows, what a move costs.")  # fmt: skip
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Also write tables and a page.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier one in that folder.")
@click.option("--no-search", is_flag=True, help="Look for no realignment.")
@click.option("--instance", type=click.Path(), help="Where the instance lies now, if it moved.")
@click.option("--seconds", type=float, default=30.0, show_default=True,
              help="For each search for a realignment; there are four at most.")  # fmt: skip
@click.option("--time-limit", type=float, default=90.0, show_default=True,
              help="Wall seconds of all searches.")  # fmt: skip
@click.option("--gap", type=float, default=1e-3, show_default=True,
              help="How near to the best a realignment must be (a fraction).")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--threads", type=int, default=2, show_default=True)
def monitor_command(
    run: str,
    actuals: str,
    goals: str | None,
    settings: str | None,
    out: str | None,
    overwrite: bool,
    no_search: bool,
    instance: str | None,
    seconds: float,
    time_limit: float,
    gap: float,
    seed: int,
    threads: int,
    as_json: bool,
) -> int:
    """Hold ACTUALS (a CSV file by account or rep and month) against the plan in the run folder RUN.

    Attainment of goals, territories that drift and why, imbalance as it grows, and what realigning
    would take and gain.
    """
    import territoryopt as topt
    from territoryopt.cli.printing import Progress, print_json, say
    from territoryopt.monitoring.writing import FOLDER

    if out:
        FOLDER.refuse(out, overwrite)
    with Progress(show=not as_json) as progress:
        found = topt.monitor(
            topt.read_run(run, instance), actuals, goals=goals, settings=settings,
            search=not no_search, seconds=seconds, time_limit=time_limit, gap=gap, seed=seed,
            threads=threads, progress=progress.note,
        )  # fmt: skip
    folder = topt.write_monitor(found, out, overwrite=overwrite) if out else None
    if as_json:
        print_json({**found.as_dict(), "folder": None if folder is None else str(folder)})
    else:
        head, *lines = found.sentences()
        say(head, bold=True)
        for line in lines:
            say(line)
        for note in found.notes:
            say(f"Note: {note}")
        if folder is not None:
            say("")
            say(f"Written to {folder}")
    return INTERRUPTED if found.stopped == "interrupted" else 0
