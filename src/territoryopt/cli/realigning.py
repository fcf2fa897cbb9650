"""Commands that live with a plan: realign it, place a new account, cut a change into steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from territoryopt.cli.commands import (
    INTERRUPTED,
    NO_PLAN,
    command,
    search_options,
    where_option,
)
from territoryopt.cli.paths import DEFAULT_MODEL

if TYPE_CHECKING:
    from territoryopt.instance_changes import Change
    from territoryopt.realign.realigning import Aim, Start


@command("realign")
@click.argument("source", type=click.Path())
@click.option("--rep-leaves", multiple=True, metavar="ID", help="This rep leaves. Repeatable.")
@click.option(
    "--rep-joins",
    multiple=True,
    metavar="JSON|CSV",
    help='Columns of reps.csv of who joins: {"rep_id": "R-9", ...}, or a file.',
)
@click.option(
    "--like", default="", metavar="ID", help="The rep whose other columns those who join take over."
)
@click.option(
    "--on-leave",
    multiple=True,
    metavar="ID=SHARE",
    help="This rep is away for this share of the year: R-03=0.5. Repeatable.",
)
@click.option(
    "--new-accounts",
    multiple=True,
    type=click.Path(),
    metavar="CSV",
    help="New accounts, with the columns of accounts.csv.",
)
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(),
    metavar="FOLDER",
    help="Another team comes in: its instance folder.",
)
@click.option(
    "--changes", type=click.Path(), metavar="TOML", help="Changes of any kind, [[changes]]."
)
@click.option(
    "--aim",
    type=click.Choice(["fewest", "money"]),
    default="fewest",
    show_default=True,
    help="First the fewest moves, then the least money; or the model's money alone.",
)
@click.option(
    "--extra-moves",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Moves allowed beyond the fewest.",
)
@click.option("--model", "-m", help=f"For an instance; default {DEFAULT_MODEL}. A run has its own.")
@where_option
@search_options
@click.option("--instance", type=click.Path(), help="Where the run's instance lies, if it moved.")
@click.option("--out", type=click.Path(), help="The run folder; default runs/<time>-<source>.")
@click.option("--data", type=click.Path(), help="The changed data; default beside the run.")
@click.option("--overwrite", is_flag=True, help="Replace earlier folders of ours in these places.")
def realign_command(
    source: str, model: str | None, where: tuple[str, ...], instance: str | None, aim: Aim,
    extra_moves: int, out: str | None, data: str | None, overwrite: bool, as_json: bool,
    **options: Any,
) -> int:  # fmt: skip
    """Mend the plan of SOURCE (a run, or an instance folder) after something happened.

    Only accounts of who left and those that must make room change hands; the answer says which
    and why. The changed data and a run of them are written.
    """
    from territoryopt.cli.paths import default_run_folder
    from territoryopt.cli.printing import Progress, print_json, say
    from territoryopt.realign.realigning import realigned
    from territoryopt.realign.telling import tell_realignment
    from territoryopt.realign.writing import refuse_folders, write_realignment

    out = out or default_run_folder(source)
    refuse_folders(out, data, overwrite)
    start = _start(source, model, where, instance)
    changes, file = _changes(start, options)
    search = {k: options[k] for k in ("backend", "time_limit", "gap", "seed", "threads")}
    with Progress(show=not as_json) as progress:
        made = realigned(
            start, changes, aim=aim, extra_moves=extra_moves, file=file,
            progress=progress.note, **search,
        )  # fmt: skip
    folders = write_realignment(made, out, data=data, overwrite=overwrite)
    if as_json:
        print_json({**made.as_dict(), "run_folder": str(folders.run),
                    "data_folder": str(folders.data)})  # fmt: skip
    else:
        for line in tell_realignment(made):
            say(line)
        say("")
        say(f"Written to {folders.run}, and the changed data to {folders.data}")
    if made.result.status == "interrupted":
        return INTERRUPTED
    return 0 if made.result.rep is not None else NO_PLAN


def _start(source: str, model: str | None, where: tuple[str, ...], instance: str | None) -> Start:
    """A run if there is one in the folder, else an instance."""
    import territoryopt as topt
    from territoryopt.cli.paths import parse_where
    from territoryopt.realign.realigning import Start
    from territoryopt.run_record import RESULT

    if (Path(source) / RESULT).exists():
        if model or where:
            raise topt.InputError(["a run has its own model and rows: give no --model or --where"])
        return Start.of_run(topt.read_run(source, instance))
    if instance:
        raise topt.InputError([f"{source} is no run folder, so --instance means nothing"])
    data = topt.read_instance(source, where=parse_where(where))
    return Start.of_instance(data, topt.load_model(model or DEFAULT_MODEL))


def _changes(start: Start, options: dict[str, Any]) -> tuple[tuple[Change, ...], str]:
    """What happened, in one order: the file first, then who comes in, then who leaves."""
    import territoryopt as topt
    from territoryopt.instance_changes import AccountsArrive, Merge, RepLeaves
    from territoryopt.realign.events import joining, load_changes, on_leave

    out: list[Change] = []
    if options["changes"]:
        out += load_changes(options["changes"])
    out += [Merge(kind="merge", folder=folder) for folder in options["merge"]]
    for text in options["rep_joins"]:
        out += joining(text, options["like"])
    if options["like"] and not options["rep_joins"]:
        raise topt.InputError(["--like goes with --rep-joins"])
    out += [AccountsArrive(kind="accounts_arrive", file=file) for file in options["new_accounts"]]
    out += [on_leave(start.instance, start.model, text) for text in options["on_leave"]]
    if options["rep_leaves"]:
        out.append(RepLeaves(kind="rep_leaves", reps=list(options["rep_leaves"])))
    return tuple(out), Path(options["changes"]).name if options["changes"] else ""


@command("recommend")
@click.argument("run", type=click.Path())
@click.argument("accounts", type=click.Path(), metavar="NEW.csv|NEW.json")
@click.option(
    "--most",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Reps to speak of, for each account.",
)
@click.option("--instance", type=click.Path(), help="Where the instance lies now, if it moved.")
def recommend_command(
    run: str, accounts: str, most: int, instance: str | None, as_json: bool
) -> int:  # fmt: skip
    """Say which rep each new account should go to, all else in the plan of RUN as it is.

    Each account is a question by itself. Where the model needs pairs.csv, a JSON object brings its
    rows under "pairs". Exits 1 where no rep can take one of them with every rule kept.
    """
    import territoryopt as topt
    from territoryopt.cli.printing import print_json, say
    from territoryopt.realign.recommending import Recommender, read_new_accounts

    rows = read_new_accounts(accounts)
    ask = Recommender(topt.read_run(run, instance))
    found = [ask.recommend(row) for row in rows]
    if as_json:
        records = [answer.as_dict() for answer in found]
        print_json({"schema": "territoryopt/recommendations/1", "accounts": records})
    else:
        for k, answer in enumerate(found):
            for at, line in enumerate(answer.sentences(most)):
                say(line if at == 0 else f"  {line}", bold=at == 0)
            if k + 1 < len(found):
                say("")
    return 0 if all(answer.best is not None for answer in found) else NO_PLAN


@command("transition")
@click.argument("run", type=click.Path())
@click.option("--steps", type=int, default=4, show_default=True, help="Steps, such as quarters.")
@click.option("--per-step", type=float, required=True, help="What may change hands in each.")
@click.option(
    "--measure",
    type=click.Choice(["count", "revenue", "workload"]),
    default="count",
    show_default=True,
    help="What is counted of it.",
)
@click.option("--time-limit", type=float, default=60.0, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option("--instance", type=click.Path(), help="Where the instance lies now, if it moved.")
@click.option("--out", type=click.Path(), help="The folder; default beside the run.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier one.")
def transition_command(
    run: str, steps: int, per_step: float, measure: str, instance: str | None, out: str | None,
    overwrite: bool, as_json: bool, **search: Any,
) -> int:  # fmt: skip
    """Cut the change from today's owners to the plan of RUN into steps, the best moves first.

    No step breaks a rule more than the one before. Exits 1 where so many steps are not enough.
    """
    import os

    import territoryopt as topt
    from territoryopt.cli.printing import Progress, print_json, say
    from territoryopt.realign.telling_transition import tell_transition
    from territoryopt.realign.transition import transition
    from territoryopt.realign.writing import TRANSITION_FOLDER, write_transition

    place = Path(out or f"{os.path.abspath(run)}-transition")
    TRANSITION_FOLDER.refuse(place, overwrite)
    found = topt.read_run(run, instance)
    with Progress(show=not as_json) as progress:
        made = transition(found, steps, per_step, measure=measure, progress=progress.note, **search)
    write_transition(made, place, overwrite=overwrite)
    if as_json:
        print_json({**made.as_dict(), "folder": str(place)})
    else:
        for line in tell_transition(made):
            say(line)
        say(f"Written to {place}")
    if made.stopped == "interrupted":
        return INTERRUPTED
    return 0 if made.in_time or not len(made.way.moving) else NO_PLAN
