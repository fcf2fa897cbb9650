"""`explain` with a question: each is put to one function of the API and told in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from territoryopt.problem import Problem
    from territoryopt.reasons.explanation import Explanation
    from territoryopt.reasons.sentences import Speaker
    from territoryopt.runs import Run

F = TypeVar("F", bound=Callable[..., Any])
Told = Callable[[str], None]

SCHEMA = "territoryopt/answers/1"


@dataclass(frozen=True)
class Answer:
    """One answer: its name, its JSON and its sentences."""

    title: str
    record: dict[str, Any]
    lines: list[str]


def question_options(function: F) -> F:
    """What `explain` can be asked beside the plan itself."""
    pair: dict[str, Any] = {"type": (str, str), "multiple": True, "metavar": "ACCOUNT REP"}
    for option in reversed(
        (
            click.option("--why-not", **pair, help="Why not this rep: what it would cost, exactly."
                         " Repeatable, each a question by itself."),
            click.option("--force", **pair, help="What if this pair were in the plan. Repeatable,"
                         " all at once."),
            click.option("--forbid", **pair, help="What if this pair were not. Repeatable."),
            click.option("--rules", is_flag=True, help="What each rule costs."),
            click.option("--sure", is_flag=True, help="Who is where in every good plan, and other"
                         " good plans."),
            click.option("--trade", multiple=True, metavar="NAME", help='Money against a goal, a'
                         ' rule or "moves".'),
            click.option("--fewest-moves", is_flag=True, help="How few moves keep every rule."),
            click.option("--against", type=click.Path(), help="What changes against another plan"
                         " (CSV)."),
            click.option("--uncertain", type=float, metavar="PERCENT", help="What if every"
                         " account's numbers are wrong by about so much."),
            click.option("--why", is_flag=True, help="Of a run without a plan: what is to blame,"
                         " down to rows and accounts, and ways out."),
            click.option("--seconds", type=click.FloatRange(0.01), help="For each search; by"
                         " default what suits the question."),
            click.option("--seed", type=int, default=0, show_default=True),
            click.option("--threads", type=click.IntRange(1), default=2, show_default=True),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def asked(options: dict[str, Any]) -> bool:
    """Whether any question is put."""
    names = (
        "why_not",
        "force",
        "forbid",
        "rules",
        "sure",
        "trade",
        "fewest_moves",
        "against",
        "why",
    )
    return any(options[name] for name in names) or options["uncertain"] is not None


def answers(
    reasons: Explanation, options: dict[str, Any], other: Any, told: Told
) -> Iterator[Answer]:
    """The answers to the questions put, one after the other. other: the plan int[accounts] of
    `--against`."""
    from territoryopt.answers import reports
    from territoryopt.answers.certainty import certainty
    from territoryopt.answers.compare import compare
    from territoryopt.answers.frontier import fewest_moves, frontier
    from territoryopt.answers.rule_costs import rule_costs
    from territoryopt.answers.telling import tell_what_if
    from territoryopt.answers.uncertain import uncertain
    from territoryopt.answers.what_if import what_if

    speak = reasons.speaker
    seeds = {"seed": options["seed"], "threads": options["threads"]}
    time = {} if options["seconds"] is None else {"seconds": options["seconds"]}
    for account, rep in options["why_not"]:
        told(f"why not {rep} for {account}")
        found = what_if(reasons, {account: rep}, **time, **seeds)
        yield Answer("why not", found.as_dict(), tell_what_if(found, speak))
    if options["force"] or options["forbid"]:
        told("what if")
        found = what_if(reasons, dict(options["force"]), options["forbid"], **time, **seeds)
        yield Answer("what if", found.as_dict(), tell_what_if(found, speak))
    if options["rules"]:
        costs = rule_costs(reasons, progress=told, **time, **seeds)
        yield Answer("what rules cost", costs.as_dict(), reports.tell_rule_costs(costs, speak))
    if options["sure"]:
        sure = certainty(reasons, progress=told, **time, **seeds)
        yield Answer("how sure", sure.as_dict(), reports.tell_certainty(sure, speak))
    for name in options["trade"]:
        line = frontier(reasons, name, progress=told, **time, **seeds)
        yield Answer(f"money against {name}", line.as_dict(), reports.tell_frontier(line, speak))
    if options["fewest_moves"]:
        told("the fewest moves")
        fewest = fewest_moves(reasons.problem, start=reasons.rep, **time, **seeds)
        yield Answer("the fewest moves", fewest.as_dict(), [reports.tell_fewest(fewest)])
    if other is not None:
        change = compare(reasons, other)
        yield Answer("what changes", change.as_dict(), reports.tell_comparison(change, speak))
    if options["uncertain"] is not None:
        told("drawing")
        chance = uncertain(reasons, options["uncertain"], seed=options["seed"])
        yield Answer("wrong numbers", chance.as_dict(), reports.tell_uncertain(chance, speak))


def answer_all(reasons: Explanation, run: Run, options: dict[str, Any], as_json: bool) -> None:
    """Put the questions and print the answers as they come."""
    import territoryopt as topt
    from territoryopt.checking import aligned
    from territoryopt.cli.printing import Progress, print_json, say

    other = None
    if options["against"]:
        other = aligned(topt.read_alignment(options["against"], run.instance), run.instance)
    records = []
    with Progress(show=not as_json) as progress:
        for answer in answers(reasons, options, other, progress.note):
            records.append({"question": answer.title, **answer.record, "text": answer.lines})
            if not as_json:
                with progress.aside():
                    say(answer.title[:1].upper() + answer.title[1:], bold=True)
                    for line in answer.lines:
                        say(f"  {line}")
                    say("")
    if as_json:
        print_json({"schema": SCHEMA, "answers": records})


def why_none(
    problem: Problem, speaker: Speaker, seconds: float | None, seed: int, threads: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Look for the rules, rows and accounts to blame for there being no plan, and ways out."""
    from territoryopt.answers.no_plan import why_no_plan
    from territoryopt.answers.reports import tell_no_plan
    from territoryopt.cli.printing import Progress, print_json, say

    with Progress(show=not as_json) as progress:
        found = why_no_plan(
            problem, seconds=seconds or 60.0, seed=seed, threads=threads, progress=progress.note
        )
    lines = ["Whether there is a plan was not settled in the time given."]
    if found is not None:
        lines = tell_no_plan(found, speaker)
    if as_json:
        record = {} if found is None else found.as_dict()
        print_json({"schema": SCHEMA, "answers": [{"question": "why no plan", **record,
                                                   "text": lines}]})  # fmt: skip
        return
    for line in lines:
        say(line)
