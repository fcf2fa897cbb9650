"""`territoryopt sweep`, `compare` and `robust`: several futures solved, plans side by side, and the
plan that loses least whatever comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from territoryopt.cli.commands import INTERRUPTED, NO_PLAN, command

if TYPE_CHECKING:
    from territoryopt.scenarios.sweep import Outcome, Step, Sweep


@command("sweep")
@click.argument("page", type=click.Path())
@click.option(
    "--out",
    required=True,
    type=click.Path(),
    metavar="FOLDER",
    help="The sweep folder; given again, the sweep goes on where it stopped.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes at once; 2 unless said.")
@click.option(
    "--threads", type=click.IntRange(1), help="Of all workers together; one for each unless said."
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Solve on the Dask cluster of this scheduler, such as tcp://host:8786.",
)
@click.option("--seconds", type=float, help="For each scenario; over the page's.")
@click.option("--gap", type=float, help="A fraction; over the page's.")
@click.option("--seed", type=int, help="Over the page's.")
@click.option("--backend", help="Over the page's.")
@click.option(
    "--time-limit",
    type=float,
    help="Wall seconds of the whole; what is not done then is left to the next call.",
)
def sweep_command(
    page: str, out: str, workers: int | None, threads: int | None, scheduler: str | None,
    time_limit: float | None, as_json: bool, **search: Any,
) -> int:  # fmt: skip
    """Solve every scenario of PAGE (TOML), several at once, each kept as soon as it is done.

    Exits 1 where a scenario failed or has no plan, 130 after Ctrl-C; what is done is kept.
    """
    from territoryopt.cli.printing import Progress, print_json, say
    from territoryopt.scenarios.sweep import sweep

    with Progress(show=not as_json) as line:

        def told(step: Step) -> None:
            if step.finished is not None and not as_json:
                with line.aside():
                    say(f"{_place(step)}  {_said(step.finished)}")
            line.note(f"{step.done} of {step.total} done; under way: {', '.join(step.running)}")

        line.note("reading the page and all it names")
        found = sweep(
            page, out, workers=workers, threads=threads, scheduler=scheduler,
            search={name: value for name, value in search.items() if value is not None},
            time_limit=float("inf") if time_limit is None else time_limit, progress=told,
        )  # fmt: skip
    if as_json:
        print_json({**found.as_dict(), "folder": str(found.folder)})
    else:
        _tell(found)
    if found.stopped == "interrupted":
        return INTERRUPTED
    good = all(o.status not in ("failed", "infeasible", "no_plan") for o in found.outcomes)
    return 0 if good and found.stopped is None else NO_PLAN


def _place(step: Step) -> str:
    total = str(step.total)
    return f"{str(step.done).rjust(len(total))}/{total}"


def _said(outcome: Outcome) -> str:
    """A scenario on a line."""
    from territoryopt.reasons.words import gap, number, percent

    if outcome.status == "failed":
        return f"{outcome.name}: failed: {outcome.why}"
    if outcome.objective is None:
        word = "no plan exists" if outcome.status == "infeasible" else "no plan was found in time"
        return f"{outcome.name}: {word}"
    moved = percent(outcome.moved / outcome.owned) if outcome.owned else "none"
    room = "gap unknown" if outcome.gap is None else f"gap {gap(outcome.gap)}"
    return (
        f"{outcome.name}: {number(outcome.objective)}, {room}, {moved} of the owned accounts "
        f"change hands, {outcome.seconds:.1f} s"
    )


def _tell(found: Sweep) -> None:
    """What there is, what is left, and what to ask next."""
    from shlex import quote

    from territoryopt.cli.printing import say
    from territoryopt.reasons.words import plural

    kept = [outcome for outcome in found.outcomes if outcome.kept]
    say("")
    for outcome in kept:
        say(f"kept: {_said(outcome)}")
    fresh = found.done - len(kept)
    say(f"{plural(found.done, 'scenario')} of {len(found.outcomes):,} in {found.folder}: "
        f"{fresh:,} solved now, {len(kept):,} kept from before.", bold=True)  # fmt: skip
    for outcome in found.failed:
        say(f"failed: {outcome.name}: {outcome.why}", err=True)
    left = len(found.outcomes) - found.done - len(found.failed)
    if left or found.failed:
        say("Run the same command again to go on.")
    if found.done > 1:
        folder = quote(str(found.folder))
        say(f"Side by side: territoryopt compare {folder}")
        say(f"The plan for all of them: territoryopt robust {folder}")
