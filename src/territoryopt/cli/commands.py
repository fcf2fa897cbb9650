"""Commands. Everything heavy is imported inside them, so that `--help` answers at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, TypeVar

import click

from territoryopt import __version__
from territoryopt.cli.paths import DEFAULT_MODEL
from territoryopt.cli.questions import asked, question_options, refuse
from territoryopt.cli.streams import keep_output_ours

F = TypeVar("F", bound=Callable[..., Any])

DEMO = "us-field"
NO_PLAN, INTERRUPTED = 1, 130


PARTS = {
    "Begin": {
        "demo": "600 accounts, 14 reps: plan, proof and reasons",
        "plan": "from the exports of a CRM to everything handed out",
        "import": "exports of a CRM -> an instance folder",
        "score": "tiers, points, potential and calls, each traced",
        "solve": "the best alignment of an instance folder",
        "show": "a model as formulas, or the models there are",
    },
    "Ask": {
        "explain": "why, why not, what a rule costs, why there is no plan",
        "check": "what any plan is worth, and which rules it breaks",
        "quality": "each territory high, medium or low, and why",
        "whitespace": "potential without cover",
        "compare": "plans side by side",
    },
    "Hand out": {
        "report": "a page with maps, and one for each rep",
        "workbook": "an .xlsx in which owners can be edited",
        "owners": "the changed owners, for the CRM",
        "goals": "a total shared out to the reps, to the cent",
    },
    "Live with the plan": {
        "realign": "a rep left, joined, is away: the fewest moves",
        "recommend": "reps for a new account, ranked",
        "transition": "a large change in steps",
        "sweep": "many scenarios, resumed after any kill",
        "robust": "the plan that loses least whatever comes",
        "monitor": "actuals against the plan: attainment, drift, worth",
        "requests": "what reps ask for: priced, decided, answered",
        "log": "the runs, what they grew from, what changed",
    },
    "For programs": {"schema": "the JSON Schema of a record"},
}
"""Every command, in a line, in the order in which people meet them."""


class Commands(click.Group):
    """Lists commands by what they are for, and tells what is wrong with the arguments as JSON too,
    where --json stands among them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for part, lines in PARTS.items():
            with formatter.section(part):
                formatter.write_dl([(name, about) for name, about in lines.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        if args is None:  # a process of our own
            keep_output_ours()
        given = list(sys.argv[1:] if args is None else args)
        if "--json" not in given:
            return super().main(given, *rest, **named)
        try:
            return super().main(given, *rest, **{**named, "standalone_mode": False})
        except click.ClickException as error:
            from territoryopt.cli.printing import print_stop

            print_stop("input", error.format_message(), True)
            sys.exit(error.exit_code)


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="territoryopt")
def main() -> None:
    """Assign every account to the rep who should own it, with a proof and the reasons.

    \b
    Exit codes: 0 a plan that holds; 1 no plan, or one that fails its check; 2 input; 3 model;
    4 backend; 130 interrupted (the best plan is saved).
    """


def command(name: str) -> Callable[[F], click.Command]:
    """A command that tells our errors in words (or JSON with --json) and exits with their code."""

    def decorate(function: F) -> click.Command:
        @main.command(name)
        @click.option("--json", "as_json", is_flag=True, help="Print JSON only, errors too.")
        @wraps(function)
        def run(as_json: bool, **options: Any) -> None:
            from territoryopt.cli.printing import print_error, print_stop
            from territoryopt.errors import TerritoryoptError

            try:
                code = function(as_json=as_json, **options)
            except TerritoryoptError as error:
                print_error(error, as_json)
                code = error.exit_code
            except KeyboardInterrupt:
                print_stop("interrupted", "Interrupted before there was anything to show.", as_json)
                code = INTERRUPTED
            sys.exit(code or 0)

        return run

    return decorate


def search_options(function: F) -> F:
    """What every command that solves takes."""
    for option in reversed(
        (
            click.option("--backend", default="auto", show_default=True,
                         help="auto, highs, decomposition, tight, cpsat, pyomo or pyomo:<solver>."),
            click.option("--time-limit", type=float, default=60.0, show_default=True,
                         help="Wall seconds of the whole call."),
            click.option("--gap", type=float, default=1e-3, show_default=True,
                         help="Stop when the plan is proved this close to the best (a fraction)."),
            click.option("--seed", type=int, default=0, show_default=True),
            click.option("--threads", type=int, default=2, show_default=True),
        )
    ):  # fmt: skip
        function = option(function)
    return function


where_option = click.option(
    "--where",
    multiple=True,
    metavar="TABLE.COLUMN=V1,V2",
    help="Keep only these rows, e.g. accounts.country=US,CA or reps.rep_id=275,276. Repeatable.",
)
model_option = click.option(
    "--model", "-m",
    help="A .toml file, or the name of a model that comes with the package; default: that of the"
    f" run, or {DEFAULT_MODEL}.",
)  # fmt: skip


@command("demo")
@search_options
@click.option("--out", type=click.Path(), help="Also write a run folder.")
def demo(as_json: bool, out: str | None, **search: Any) -> int:
    """Align 600 accounts in real US places to 14 reps, with proof and reasons."""
    from territoryopt.model import library

    place = str(library("instances") / DEMO)
    return _solve(place, DEFAULT_MODEL, (), out, False, as_json, by="territoryopt demo", **search)


@command("solve")
@click.argument("instance", type=click.Path())
@model_option
@where_option
@search_options
@click.option(
    "--start", type=click.Path(), help="A plan (a run folder, CSV or workbook) to start from."
)
@click.option("--locks-from", type=click.Path(), metavar="PLAN",
              help="Lock the owners set by hand: in a workbook of ours those that were edited, in"
              " another plan all of them.")  # fmt: skip
@click.option("--from", "grew_from", type=click.Path(), metavar="RUN",
              help="The run that this one follows, for `territoryopt log`; by default that of"
              " --locks-from, or of --start.")  # fmt: skip
@click.option("--note", default="", help="Why, to be kept with the run.")
@click.option("--out", type=click.Path(), help="The run folder; default runs/<time>-<instance>.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier run in that folder.")
def solve_command(
    instance: str,
    model: str | None,
    where: tuple[str, ...],
    out: str | None,
    overwrite: bool,
    as_json: bool,
    **search: Any,
) -> int:
    """Find the best alignment of INSTANCE (a folder with accounts.csv and reps.csv).

    A run folder in its place stands for the data, the rows, the locks and the model of that run.
    """
    from territoryopt.cli.paths import default_run_folder

    out = out or default_run_folder(instance)
    return _solve(instance, model, where, out, overwrite, as_json, **search)


def _solve(
    instance: str,
    model: str | None,
    where: tuple[str, ...],
    out: str | None,
    overwrite: bool,
    as_json: bool,
    start: str | None = None,
    locks_from: str | None = None,
    grew_from: str | None = None,
    note: str = "",
    by: str = "territoryopt solve",
    **search: Any,
) -> int:
    from contextlib import nullcontext

    import territoryopt as topt
    from territoryopt.cli.keeping import keep, predecessor
    from territoryopt.cli.paths import asked_about
    from territoryopt.cli.printing import Progress, print_result

    # ours before the work, not after it
    with topt.claim_run(out, overwrite) if out else nullcontext():
        before = predecessor(grew_from, locks_from, start)
        data, parsed, filters = asked_about(instance, model, where)
        if locks_from:
            data = data.with_locks(topt.read_locks(locks_from, data))
        first = topt.read_alignment(start, data) if start else None
        with Progress(show=not as_json) as progress:
            result = topt.solve(data, parsed, start=first, progress=progress, **search)
        folder, failed = None, None
        if out:
            write = partial(
                topt.write_run, result, data, parsed, where=filters, predecessor=before, note=note,
                by=by,
            )  # fmt: skip
            folder, failed = keep(write, out, overwrite)
    if failed is None or not as_json:
        print_result(result, data, parsed, folder, as_json)
    if failed is not None:
        raise failed
    if result.status == "interrupted":
        return INTERRUPTED
    return 0 if result.rep is not None else NO_PLAN


@command("check")
@click.argument("instance", type=click.Path())
@click.argument("plan", type=click.Path())
@model_option
@where_option
def check_command(
    instance: str, plan: str, model: str | None, where: tuple[str, ...], as_json: bool
) -> int:
    """Recompute every total, rule and goal of PLAN (CSV or workbook with account_id and rep_id).

    Ours or a spreadsheet's; from the files and with no solver. Exits 1 and names each fault
    where the plan breaks a rule. INSTANCE is a folder with accounts.csv and reps.csv, or a run
    folder: its data under its model.
    """
    import territoryopt as topt
    from territoryopt.cli.paths import asked_about
    from territoryopt.cli.printing import print_check

    data, parsed, _ = asked_about(instance, model, where)
    found = topt.check(data, parsed, topt.read_alignment(plan, data))
    print_check(found, data, parsed, as_json)
    return 0 if found.holds else NO_PLAN


@command("explain")
@click.argument("run", type=click.Path())
@click.option("--account", "-a", multiple=True, metavar="ID", help="Why this account is there.")
@click.option("--rep", "-r", multiple=True, metavar="ID", help="What this rep's territory is.")
@click.option("--alternatives", type=click.IntRange(0), default=3, show_default=True,
              help="Other reps to speak of, for each account.")  # fmt: skip
@question_options
@click.option("--page", metavar="ID", help="A page in Markdown for this rep.")
@click.option("--markdown", is_flag=True, help="The whole plan as a page in Markdown.")
@click.option("--instance", type=click.Path(), help="Where the instance lies now, if it moved.")
def explain_command(
    run: str,
    account: tuple[str, ...],
    rep: tuple[str, ...],
    alternatives: int,
    page: str | None,
    markdown: bool,
    instance: str | None,
    as_json: bool,
    **questions: Any,
) -> int:
    """Give the reasons of the plan in the run folder RUN, and answer questions about it.

    Without a question nothing is solved again. Of a run without a plan the rules, rows and accounts
    to blame are looked for, and the cheapest ways out.
    """
    import territoryopt as topt
    from territoryopt.cli.printing import print_explanation, print_no_plan, print_page
    from territoryopt.cli.questions import answer_all, why_none
    from territoryopt.reasons.explanation import speaker_of
    from territoryopt.reasons.pages import plan_page, rep_page

    questioned = asked(questions)
    refuse(questions)
    if questioned and (account or rep or page is not None):
        raise topt.InputError(["--account, --rep and --page go with no other question: ask apart"])
    found = topt.read_run(run, instance)
    if found.rep is None:
        ended = False
        if found.record["status"] == "infeasible" and questioned:
            speaker = speaker_of(found.problem, found.instance)
            ended = why_none(found.problem, speaker, questions, as_json)
        else:
            print_no_plan(found, as_json)
        return INTERRUPTED if ended else NO_PLAN
    if questions["why"]:
        raise topt.InputError(["--why is for a run without a plan; this one has a plan"])
    reasons = found.explanation()
    if questioned:
        if answer_all(reasons, found, questions, as_json, markdown):
            return INTERRUPTED
    elif page is not None or markdown:
        print_page(plan_page(reasons) if page is None else rep_page(reasons, page), as_json)
    else:
        print_explanation(reasons, account, rep, alternatives, as_json)
    return 0


@command("show")
@click.argument("model", required=False)
def show_command(model: str | None, as_json: bool) -> int:
    """Print MODEL as formulas with units; without one, the models that come with the package."""
    from territoryopt.cli.printing import print_model, print_models
    from territoryopt.model import load_model

    if model is None:
        print_models(as_json)
    else:
        print_model(load_model(model), as_json)
    return 0
