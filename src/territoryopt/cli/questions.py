"""`explain` with a question: each is put to one function of the API and told in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from territoryopt.problem import IntArray, Problem
    from territoryopt.reasons.explanation import Explanation
    from territoryopt.reasons.sentences import Speaker
    from territoryopt.runs import Run

F = TypeVar("F", bound=Callable[..., Any])
Told = Callable[[str], None]

SCHEMA = "territoryopt/answers/1"

QUESTIONS = (
    "why_not", "force", "forbid", "my_moves", "rules", "sure", "trade", "fewest_moves", "against",
    "uncertain", "prices", "why",
)  # fmt: skip
"""Options that put a question; the others say how."""


@dataclass(frozen=True)
class Answer:
    """One answer: its name, its JSON and its sentences; interrupted: Ctrl-C cut it short."""

    title: str
    record: dict[str, Any]
    lines: list[str]
    interrupted: bool = False


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
            click.option("--my-moves", type=click.Path(), metavar="CSV", help="What if these were"
                         " mine: account_id and rep_id of every account that must be there."),
            click.option("--plan-out", type=click.Path(), metavar="CSV", help="Write the plan found"
                         " for the one --why-not, or for --force and the like."),
            click.option("--rules", is_flag=True, help="What each rule costs."),
            click.option("--sure", is_flag=True, help="Who is where in every good plan, and other"
                         " good plans."),
            click.option("--within", type=float, metavar="PERCENT", default=1.0, show_default=True,
                         help="What --sure calls good: so much of the plan's money."),
            click.option("--trade", multiple=True, metavar="NAME[,GOAL]", help='Money (or that of'
                         ' one goal) against a goal, a rule or "moves".'),
            click.option("--fewest-moves", is_flag=True, help="How few moves keep every rule."),
            click.option("--against", type=click.Path(), metavar="CSV|RUN", help="What changes"
                         " against another plan."),
            click.option("--uncertain", type=float, metavar="PERCENT", help="What if every"
                         " account's numbers are wrong by about so much."),
            click.option("--prices", type=click.Path(), metavar="CSV", help="Write what each pair"
                         " costs at least, for other tools."),
            click.option("--why", is_flag=True, help="Of a run without a plan: what is to blame,"
                         " down to rows and accounts, and ways out."),
            click.option("--seconds", type=float, help="For each search; by default what suits the"
                         " question."),
            click.option("--time-limit", type=float, help="For each question; it then gives what"
                         " it has, as after Ctrl-C."),
            click.option("--seed", type=int, default=0, show_default=True),
            click.option("--threads", type=click.IntRange(1), default=2, show_default=True),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def asked(options: dict[str, Any]) -> bool:
    """Whether any question is put."""
    given = (options[name] for name in QUESTIONS)
    return any(value is not None and value is not False and value != () for value in given)


def refuse(options: dict[str, Any]) -> None:
    """Raises InputError for options that no question can use."""
    from territoryopt.errors import FaultList, InputError

    faults = FaultList(InputError)
    for name in ("seconds", "time_limit", "within"):
        value = options[name]
        if value is not None and not 0 < value < inf:
            key = f"--{name.replace('_', '-')}"
            faults.add("cannot be used", "Give a number above zero", key=key, value=value)
    to: dict[str, str] = {}
    for account, rep in options["force"]:
        if to.setdefault(account, rep) != rep:
            faults.add("is forced to two reps", key="--force", value=account)
    if options["plan_out"]:
        together = bool(options["force"] or options["forbid"] or options["my_moves"])
        if len(options["why_not"]) + together != 1:
            faults.add("needs one question whose plan it is", "Ask one --why-not, or --force",
                       key="--plan-out")  # fmt: skip
    faults.raise_if_any()


def answers(
    reasons: Explanation, run: Run, options: dict[str, Any], told: Told
) -> Iterator[Answer]:
    """The answers to the questions put, one after the other."""
    from territoryopt.answers import reports
    from territoryopt.answers.certainty import certainty
    from territoryopt.answers.compare import compare
    from territoryopt.answers.fewest import fewest_moves
    from territoryopt.answers.frontier import frontier
    from territoryopt.answers.rule_costs import rule_costs
    from territoryopt.answers.uncertain import uncertain

    speak, seeds = reasons.speaker, {"seed": options["seed"], "threads": options["threads"]}
    whole = inf if options["time_limit"] is None else options["time_limit"]
    many: dict[str, Any] = {**seeds, "time_limit": whole, "progress": told}
    one: dict[str, Any] = {**seeds}
    if options["seconds"] is not None:
        many["seconds"] = options["seconds"]
    if options["seconds"] is not None or whole < inf:
        one["seconds"] = min(options["seconds"] or inf, whole)
    other = _other_plan(options["against"], run)
    mine = {**_moves(options["my_moves"], run), **dict(options["force"])}
    for account, rep in options["why_not"]:
        yield _what_if("why not", reasons, {account: rep}, (), options, one, told)
    if mine or options["forbid"]:
        yield _what_if("what if", reasons, mine, options["forbid"], options, one, told)
    if options["rules"]:
        costs = rule_costs(reasons, **many)
        yield _answer("what rules cost", costs, reports.tell_rule_costs(costs, speak))
    if options["sure"]:
        sure = certainty(reasons, within=options["within"] / 100, **many)
        yield _answer("how sure", sure, reports.tell_certainty(sure, speak))
    for name in options["trade"]:
        what, _, against = name.partition(",")
        line = frontier(reasons, what.strip(), against.strip() or None, **many)
        title = f"{against.strip() or 'money'} against {what.strip()}"
        yield _answer(title, line, reports.tell_frontier(line, speak))
    if options["fewest_moves"]:
        told("the fewest moves")
        fewest = fewest_moves(reasons.problem, start=reasons.rep, **one)
        yield _answer("the fewest moves", fewest, reports.tell_fewest(fewest))
    if other is not None:
        change = compare(reasons, other)
        yield _answer("what changes", change, reports.tell_comparison(change, speak))
    if options["uncertain"] is not None:
        told("drawing")
        chance = uncertain(reasons, options["uncertain"], seed=options["seed"])
        yield _answer("wrong numbers", chance, reports.tell_uncertain(chance, speak))
    if options["prices"]:
        yield _prices(reasons, options["prices"], seeds, told)


def _answer(title: str, found: Any, lines: list[str]) -> Answer:
    stopped = getattr(found, "stopped", None)
    return Answer(title, found.as_dict(), lines, stopped == "interrupted")


def _what_if(
    title: str, reasons: Explanation, force: dict[str, str], forbid: Any,
    options: dict[str, Any], limits: dict[str, Any], told: Told,
) -> Answer:  # fmt: skip
    from territoryopt.answers.telling import tell_what_if
    from territoryopt.answers.what_if import what_if

    told(title)
    found = what_if(reasons, force, forbid, **limits)
    lines = tell_what_if(found, reasons.speaker)
    if options["plan_out"]:
        lines.append(_write_plan(reasons, found.rep, options["plan_out"]))
    elif found.verdict == "cheaper":
        lines.append("Ask again with --plan-out better.csv to have the better plan.")
    return _answer(title, found, lines)


def _write_plan(reasons: Explanation, rep: IntArray | None, path: str) -> str:
    """Write a plan as `check`, `solve --start` and a spreadsheet read it."""
    from functools import partial

    from territoryopt.folders import write_file
    from territoryopt.tables import write_table

    problem = reasons.problem
    if rep is None:
        return f"There is no plan to write to {path}."
    columns = {
        "account_id": [problem.account_id(i) for i in range(problem.accounts)],
        "rep_id": [problem.rep_id(int(j)) for j in rep],
    }
    write_file(path, partial(write_table, columns=columns), overwrite=True)
    return f"The plan found is in {path}."


def _prices(reasons: Explanation, path: str, seeds: dict[str, Any], told: Told) -> Answer:
    """Write the prices of pairs, and say what they are good for."""
    from territoryopt.answers.pair_prices import SCHEMA as PAIRS
    from territoryopt.answers.pair_prices import slack, write_pair_prices
    from territoryopt.words import money

    told("prices of pairs")
    write_pair_prices(reasons, path, **seeds)
    loose = slack(reasons, **seeds)
    gap = money(loose, reasons.speaker.currency)
    lines = [
        f"{path} says of every pair what a plan with it costs more at least.",
        f"It is a least and no verdict: the plan's own pairs stand {gap} too low at most, and "
        "others may cost more than it says, by the moves they drag along. --why-not decides.",
    ]
    return Answer("prices of pairs", {"schema": PAIRS, "file": path, "slack": loose}, lines)


def _moves(path: str | None, run: Run) -> dict[str, str]:
    """The pairs that a file of moves asks for; accounts that it leaves out are free."""
    import territoryopt as topt

    if path is None:
        return {}
    wished = topt.read_alignment(path, run.instance)
    pairs = zip(wished.account_ids, wished.owners().tolist(), strict=True)
    return {account: rep for account, rep in pairs if rep is not None}


def _other_plan(path: str | None, run: Run) -> IntArray | None:
    """The plan of a CSV file or of another run folder, int[accounts]."""
    import territoryopt as topt
    from territoryopt.checking import aligned

    if path is None:
        return None
    return aligned(topt.read_alignment(path, run.instance), run.instance)


def answer_all(
    reasons: Explanation, run: Run, options: dict[str, Any], as_json: bool, markdown: bool
) -> bool:
    """Put the questions and print the answers as they come, or the whole plan as a page with the
    answers in it. Whether Ctrl-C ended it: then no other question is put."""
    from territoryopt.cli.printing import Progress, print_json, print_page, say
    from territoryopt.reasons.pages import plan_page

    found: list[Answer] = []
    with Progress(show=not as_json) as progress:
        for answer in answers(reasons, run, options, progress.note):
            found.append(answer)
            if not as_json and not markdown:
                with progress.aside():
                    say(answer.title[:1].upper() + answer.title[1:], bold=True)
                    for line in answer.lines:
                        say(f"  {line}")
                    say("")
            if answer.interrupted:
                break
    if markdown:
        titled = [(a.title[:1].upper() + a.title[1:], a.lines) for a in found]
        print_page(plan_page(reasons, titled), as_json)
    elif as_json:
        records = [{"question": a.title, **a.record, "text": a.lines} for a in found]
        print_json({"schema": SCHEMA, "answers": records})
    return bool(found) and found[-1].interrupted


def why_none(problem: Problem, speaker: Speaker, options: dict[str, Any], as_json: bool) -> bool:
    """Look for the rules, rows and accounts to blame for there being no plan, and ways out; whether
    Ctrl-C ended it."""
    from territoryopt.answers.no_plan import SECONDS, why_no_plan
    from territoryopt.answers.telling_no_plan import tell_no_plan
    from territoryopt.cli.printing import Progress, print_json, say

    limits = [options[name] for name in ("seconds", "time_limit") if options[name] is not None]
    with Progress(show=not as_json) as progress:
        found = why_no_plan(
            problem, seconds=min(limits, default=SECONDS), seed=options["seed"],
            threads=options["threads"], progress=progress.note,
        )  # fmt: skip
    lines = ["Whether there is a plan was not settled in the time given."]
    if found is not None:
        lines = tell_no_plan(found, speaker)
    if as_json:
        record = {} if found is None else found.as_dict()
        print_json({"schema": SCHEMA, "answers": [{"question": "why no plan", **record,
                                                   "text": lines}]})  # fmt: skip
    else:
        for line in lines:
            say(line)
    return found is not None and found.stopped == "interrupted"
