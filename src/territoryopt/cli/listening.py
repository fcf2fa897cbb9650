"""`requests`: what reps ask for, priced against a plan, decided, answered and kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from territoryopt.cli.commands import INTERRUPTED, command

if TYPE_CHECKING:
    from territoryopt.listening.answer import Decision, RequestAnswers
    from territoryopt.runs import Run


@command("requests")
@click.argument("run", type=click.Path(), required=False)
@click.argument("table", type=click.Path(), required=False)
@click.option("--decide", type=click.Path(), metavar="TOML", help="The policy to decide by.")
@click.option("--budget", type=float, metavar="MONEY", help="What all of them may cost a year.")
@click.option("--decision", type=(click.Choice(["accept", "refuse"]), str), multiple=True,
              metavar="accept|refuse ID", help="A person's decision; it overrules the policy, now"
              " and next time. Repeatable.")  # fmt: skip
@click.option("--by", help="Who decides.")
@click.option("--why", help="The person's reason.")
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Write requests.csv, answers.md"
              " (letters), locks.csv, frontier.csv and requests.json.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace earlier folders of these kinds.")
@click.option("--solve", "solve_to", type=click.Path(), metavar="FOLDER", help="Solve with what is"
              " accepted locked, and write the new run.")  # fmt: skip
@click.option("--log", type=click.Path(), metavar="JSONL", help="The audit log; default beside the"
              " run, once something is decided.")  # fmt: skip
@click.option("--verify", type=click.Path(), metavar="JSONL", help="Only see that no line of this"
              " log was changed or is missing.")  # fmt: skip
@click.option("--head", metavar="SHA256", help="With --verify: a hash that was kept of the log.")
@click.option("--instance", type=click.Path(), help="Where the instance lies now, if it moved.")
@click.option("--time-limit", type=float, default=120.0, show_default=True,
              help="Wall seconds of the whole call.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
def requests_command(run: str | None, table: str | None, as_json: bool, **options: Any) -> int:
    """Price the requests in TABLE against the plan in the run folder RUN, and decide them.

    TABLE is a CSV file with account_id, rep_id (who asks), wish (keep, want or lose) and reason.
    Each is priced by itself and beside the others; with a policy or a budget the best set to grant
    is found, and every decision goes into the log.
    """
    from territoryopt.errors import InputError

    if options["verify"]:
        if run or options["decision"]:
            raise InputError(["--verify looks at a log alone: leave the rest out"])
        return _verify(options["verify"], options["head"], as_json)
    if not run or not table:
        raise InputError(["name a run folder and a table of requests"])
    return _requests(run, table, options, as_json)


def _verify(log: str, head: str | None, as_json: bool) -> int:
    from territoryopt.cli.printing import print_json, say
    from territoryopt.listening.log import verify_log
    from territoryopt.words import plural

    found = verify_log(log, head)
    if as_json:
        print_json({"schema": "territoryopt/requests-log-check/1", **found.as_dict()})
    else:
        say(f"{plural(found.lines, 'line')}, each as it was written. The last is {found.head}.")
    return 0


def _requests(run: str, table: str, options: dict[str, Any], as_json: bool) -> int:
    from territoryopt.cli.printing import Progress
    from territoryopt.listening.asking import price_requests
    from territoryopt.listening.folder import FOLDER, write_requests
    from territoryopt.listening.log import append_log
    from territoryopt.listening.table import read_requests
    from territoryopt.report.handing import beside
    from territoryopt.runs import read_run, refuse_target

    given = _decisions(options)
    if options["out"]:
        FOLDER.refuse(options["out"], options["overwrite"])  # before the work, not after it
    if options["solve_to"]:
        refuse_target(options["solve_to"], options["overwrite"])
    found = read_run(run, options["instance"])
    log = options["log"] or str(beside(run, "-requests-log.jsonl"))
    requests = read_requests(table, found.problem)
    with Progress(show=not as_json) as progress:
        answers = price_requests(
            found, requests, policy=options["decide"], budget=options["budget"],
            decisions=[*_earlier(log, requests), *given], time_limit=options["time_limit"],
            seed=options["seed"], threads=options["threads"], progress=progress.note,
        )  # fmt: skip
    files, head = [], None
    decided = bool(options["decide"] or options["budget"] is not None or given)
    if decided or options["log"]:
        head = append_log(answers, log, run=run)
        files.append(head.path)
    if options["out"]:
        files.append(str(write_requests(answers, options["out"], log=head,
                                        overwrite=options["overwrite"])))  # fmt: skip
    if options["solve_to"] and answers.stopped != "interrupted":
        files.append(_solve(found, answers, options))
    _print(answers, files, as_json)
    return INTERRUPTED if answers.stopped == "interrupted" else 0


def _earlier(log: str, requests: Any) -> list[Decision]:
    from territoryopt.listening.log import decisions_in

    return decisions_in(log, requests)


def _decisions(options: dict[str, Any]) -> list[Decision]:
    """The decisions of the person at the keyboard."""
    from territoryopt.errors import FaultList, InputError
    from territoryopt.listening.answer import Decision

    faults = FaultList(InputError)
    if options["decision"] and not (options["by"] or "").strip():
        faults.add("a decision needs the name of who decides", "Add --by NAME", key="--by")
    if options["decision"] and not (options["why"] or "").strip():
        faults.add("a decision needs a reason", "Add --why TEXT", key="--why")
    if not options["decision"] and (options["by"] or options["why"]):
        faults.add("goes with a decision", "Add --decision accept ID", key="--by, --why")
    if options["head"]:
        faults.add("goes with --verify", "Add --verify LOG", key="--head")
    if not 0 < options["time_limit"] < float("inf"):
        faults.add("cannot be used", "Give a number above zero", key="--time-limit",
                   value=options["time_limit"])  # fmt: skip
    faults.raise_if_any()
    by, why = options["by"] or "", options["why"] or ""
    return [Decision(name, verb == "accept", by, why) for verb, name in options["decision"]]


def _solve(run: Run, answers: RequestAnswers, options: dict[str, Any]) -> str:
    """Solve anew with everything accepted locked, and write that run."""
    from territoryopt.listening.asking import solve_with

    folder = Path(options["solve_to"])
    limits = {key: options[key] for key in ("time_limit", "seed", "threads")}
    return str(solve_with(run, answers, folder, overwrite=options["overwrite"], **limits))


def _print(answers: RequestAnswers, files: list[str], as_json: bool) -> None:
    from territoryopt.cli.printing import print_json, say
    from territoryopt.listening.telling import summary

    if as_json:
        print_json({**answers.as_dict(), "text": summary(answers), "files": files})
        return
    for line in summary(answers):
        say(line, bold=line is summary(answers)[0])
    say("")
    for a in answers.answered:
        say(f"{a.request.id}: {answers.sentence(a)}")
    if files:
        say("")
    for file in files:
        say(f"Written to {file}")
