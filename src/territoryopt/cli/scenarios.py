"""`territoryopt sweep`, `compare` and `robust`: several futures solved, plans side by side, and the
plan that loses least whatever comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from territoryopt.cli.commands import INTERRUPTED, NO_PLAN, command

FUTURES_SHOWN = 8
"""Futures that have a column of their own."""

if TYPE_CHECKING:
    from territoryopt.scenarios.robust import Robust
    from territoryopt.scenarios.side_by_side import SideBySide
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
    from territoryopt.words import gap, number, percent

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
    from territoryopt.words import plural

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


@command("compare")
@click.argument("runs", nargs=-1, required=True, type=click.Path(), metavar="RUN... | SWEEP")
@click.option(
    "--out", type=click.Path(), metavar="FILE.html", help="Also a page with bars and small maps."
)
@click.option("--overwrite", is_flag=True, help="Replace a page that is there already.")
def compare_command(runs: tuple[str, ...], out: str | None, overwrite: bool, as_json: bool) -> int:
    """Set the plans of run folders, or all of a sweep folder, side by side.

    Money by goal, balance, moves, who has more and who less, and which is better for what. Nothing
    is solved.
    """
    from territoryopt.cli.printing import print_json, say
    from territoryopt.folders import refuse_file
    from territoryopt.scenarios.side_by_side import side_by_side
    from territoryopt.scenarios.telling_plans import tell_side_by_side

    if out:
        refuse_file(out, overwrite)
    found = side_by_side(*runs)
    lines = tell_side_by_side(found)
    if out:
        from territoryopt.scenarios.compare_page import write_comparison

        write_comparison(found, out, overwrite=overwrite)
    if as_json:
        print_json({**found.as_dict(), "text": lines, "page": out})
        return 0
    _print_plans(found)
    say("")
    for line in lines:
        say(f"- {line}")
    if out:
        say("")
        say(f"Written to {out}")
    return 0


def _print_plans(found: SideBySide) -> None:
    """A row per plan."""
    from rich.text import Text

    from territoryopt.cli.printing import clean, new_table, print_table
    from territoryopt.words import gap, number, percent

    table = new_table()
    table.add_column("plan")
    goals = list(dict.fromkeys(s.name for p in found.plans for s in p.goals))
    heads = [found.currency or "money", "gap", "moved", *goals]
    heads += [f"{measure}\nmost off, CV" for measure, _ in found.measures]
    for head in heads:
        table.add_column(head.replace("_", " "), justify="right")
    for plan in found.plans:
        cells = [plan.name]
        if plan.objective is None:
            cells += ["no plan"]
        else:
            money = {s.name: number(s.money) for s in plan.goals}
            even = {
                b.measure: f"{percent(b.worst)}, {b.cv:.3f}"
                for b in plan.balance if b.worst is not None and b.cv is not None
            }  # fmt: skip
            moved = f"{plan.moved:,}" if plan.owned else ""
            cells += [number(plan.objective), "" if plan.gap is None else gap(plan.gap), moved]
            cells += [money.get(name, "") for name in goals]
            cells += [even.get(measure, "") for measure, _ in found.measures]
        table.add_row(*(Text(clean(cell)) for cell in cells))
    print_table(table)


@command("robust")
@click.argument("sweep", type=click.Path())
@click.option(
    "--weights",
    multiple=True,
    metavar="NAME=NUMBER",
    help="How likely a future is; those not named have none then. Repeatable.",
)
@click.option(
    "--breach-price",
    type=float,
    default=0.0,
    show_default=True,
    help="Money a year for each place where a rule that must hold is broken.",
)
@click.option(
    "--search",
    "seconds",
    type=float,
    default=0.0,
    metavar="SECONDS",
    help="Also search for the plan that is best on the mean of all futures.",
)
@click.option(
    "--plan-out", type=click.Path(), metavar="CSV", help="Write the plan that --search finds."
)
@click.option("--gap", type=float, default=1e-3, show_default=True, help="Of --search.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of --search.")
@click.option(
    "--threads", type=click.IntRange(1), default=2, show_default=True, help="Of --search."
)
def robust_command(
    sweep: str, weights: tuple[str, ...], plan_out: str | None, as_json: bool, **options: Any
) -> int:
    """Hold every plan of the sweep folder SWEEP against every future of it: which loses least, at
    worst and on the mean, and what each would lose where."""
    from territoryopt.cli.printing import print_json, say
    from territoryopt.scenarios.robust import robust, tell_robust

    found = robust(sweep, weights=_weights(weights), **options)
    if plan_out and found.owners:
        from territoryopt.folders import write_file
        from territoryopt.tables import write_table

        columns = {"account_id": list(found.owners), "rep_id": list(found.owners.values())}
        write_file(plan_out, lambda draft: write_table(draft, columns), overwrite=True)
    lines = tell_robust(found)
    if as_json:
        print_json({**found.as_dict(), "text": lines})
        return 0
    _print_regrets(found)
    say("")
    for line in lines:
        say(f"- {line}")
    return 0


def _weights(texts: tuple[str, ...]) -> dict[str, float] | None:
    """`base=2` as {"base": 2.0}; names hold commas and equals signs themselves."""
    from territoryopt.errors import FaultList, InputError

    faults = FaultList(InputError)
    out: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        try:
            out[name] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            faults.add("is no weight", "Write NAME=NUMBER", key="--weights", value=text)
    faults.raise_if_any()
    return out or None


def _print_regrets(found: Robust) -> None:
    """What each plan loses in each future: a row per plan, the best first."""
    from rich.text import Text

    from territoryopt.cli.printing import clean, new_table, print_table
    from territoryopt.words import number

    table = new_table()
    table.add_column("plan")
    shown = found.futures if len(found.futures) <= FUTURES_SHOWN else ()
    for head in ("most lost", "mean", "broken", *(future.name for future in shown)):
        table.add_column(clean(head), justify="right")
    cells = {(c.plan, c.future): c for c in found.cells}
    for s in found.standings:
        row = [s.plan, number(s.worst), number(s.mean), f"{s.breaches:,}" if s.breaches else ""]
        for future in shown:
            cell = cells[s.plan, future.name]
            row.append(f"{number(cell.regret)}{'*' * bool(cell.breaches)}")
        table.add_row(*(Text(clean(text)) for text in row))
    print_table(table)
    if any(c.breaches for c in found.cells):
        click.echo("* breaks rules that must hold there; `broken` counts the places in all.")
