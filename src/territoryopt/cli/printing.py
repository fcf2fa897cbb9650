"""What a person sees on a terminal, and what a program reads with --json.

Names come from data: they are shown as text, never as markup, and without control characters.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from territoryopt.errors import TerritoryoptError, shortened

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from territoryopt.checking import Check
    from territoryopt.instance import Instance
    from territoryopt.model import Model
    from territoryopt.reasons.explanation import Explanation
    from territoryopt.result import Result
    from territoryopt.runs import Run

UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of what has no shape of its own."""

WIDEST_NAME = 40
ENDS = {
    "optimal": "Proved best",
    "gap_reached": "As near to the best as asked",
    "time_limit": "Time was up, with a plan",
    "interrupted": "Interrupted",
    "infeasible": "No plan exists, found",
    "no_plan": "Time was up, without a plan",
}
WHY_SHOWN = 5
BREACHES_SHOWN = 30


def clean(text: str) -> str:
    """Text that can do a terminal no harm, on one line: control, format and bidi characters and
    line breaks made visible."""
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in UNSEEN else c for c in text)


def say(text: str, *, err: bool = False, bold: bool = False) -> None:
    click.echo(click.style(clean(text), bold=bold) if bold else clean(text), err=err)


def print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_error(error: TerritoryoptError, as_json: bool) -> None:
    """Every fault, in words on stderr or as JSON on stdout."""
    if as_json:
        problems = [problem.as_dict() for problem in error.problems]
        print_json({"schema": "territoryopt/error/1",
                    "error": {"kind": error.kind, "problems": problems}})  # fmt: skip
        return
    what = {"input": "The input", "model": "The model", "backend": "The solver"}
    say(f"{what.get(error.kind, 'This')} cannot be used:", err=True, bold=True)
    for line in str(error).split("\n"):
        say(f"  {line}", err=True)


def print_stop(kind: str, message: str, as_json: bool) -> None:
    """What stopped a command that is no fault of data, model or solver."""
    if as_json:
        print_json({"schema": "territoryopt/error/1",
                    "error": {"kind": kind, "problems": [{"message": message}]}})  # fmt: skip
    else:
        say(message, err=True)


class Progress:
    """Time, plan, bound and gap on one line of a terminal while a search runs."""

    def __init__(self, *, show: bool) -> None:
        self._show = show and sys.stderr.isatty()
        self._console: Console | None = None
        self._status: Any = None

    def __enter__(self) -> Progress:
        if self._show:
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)
            self._status = self._console.status("reading")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._status is not None:
            self._status.stop()

    def __call__(self, seconds: float, objective: float, bound: float) -> None:
        from territoryopt.gaps import relative_gap
        from territoryopt.words import gap, number

        if self._status is None:
            return
        plan = "none yet" if objective == float("inf") else number(objective)
        low = "none yet" if bound == float("-inf") else number(bound)
        self._status.update(
            f"{seconds:6.1f} s   plan {plan}   bound {low}   gap "
            f"{gap(relative_gap(objective, bound))}"
        )

    def note(self, text: str) -> None:
        """What is being looked at."""
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(clean(text)))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Time to print something between two looks."""
        if self._status is not None:
            self._status.stop()
        yield
        if self._status is not None:
            self._status.start()


def print_result(
    result: Result, data: Instance, model: Model, folder: Path | None, as_json: bool
) -> None:
    """The answer: what it costs, how sure that is, territories, some reasons, where it lies."""
    if as_json:
        print_json({**result.as_dict(), "run_folder": str(folder) if folder else None})
        return
    from territoryopt.compile import selected
    from territoryopt.reasons.explanation import explain, speaker_of

    kept = selected(data, model)
    problem = result.problem
    say(
        f"{model.name}: {problem.accounts:,} accounts, {problem.reps:,} reps. "
        f"{ENDS[result.status]} after {result.seconds:.1f} s.",
        bold=True,
    )
    if result.rep is None:
        speaker = speaker_of(problem, kept)
        for line in speaker.no_plan(result.status, result.bound_source, result.conflict):
            say(line)
    else:
        reasons = explain(result, kept)
        for line in reasons.summary():
            say(line)
        say("")
        print_territories(reasons)
        print_largest_moves(reasons)
    for note in result.notes:
        say(f"Note: {note}.")
    for note in _notes(kept):
        say(f"Note: {note}")
    if folder:
        say("")
        say(f"Written to {folder}")
        if result.rep is not None and problem.accounts:
            first = problem.account_id(int(result.rep.argmin()))
            say(f"Ask why: territoryopt explain {quote(str(folder))} --account={quote(first)}")


def _notes(data: Instance) -> list[str]:
    """Repairs made while reading, a few in full and the rest counted."""
    texts = [f"{note.file}, row {note.row}, {note.column}: {note.why}" for note in data.notes[:3]]
    if len(data.notes) > 3:
        texts.append(f"... and {len(data.notes) - 3:,} more repairs while reading")
    return texts


def print_territories(reasons: Explanation) -> None:
    """A row per rep: accounts, and each measure against its range."""
    from rich.text import Text

    found = reasons.territories()
    table = new_table()
    table.add_column("rep")
    for name in ("accounts", "in", "out"):
        table.add_column(name, justify="right")
    totals = [t for t in found[0].totals if t.kind != "moves"] if found else []
    shown = [k for k, t in enumerate(found[0].totals) if t in totals] if found else []
    for total in totals:
        table.add_column(f"{total.rule}\n{total.unit}", justify="right")
    for territory in found:
        cells = [
            clean(shortened(reasons.speaker.rep(territory.rep), WIDEST_NAME)),
            f"{territory.accounts:,}",
            f"+{came:,}" if (came := territory.gained + territory.new) else "",
            f"-{territory.lost:,}" if territory.lost else "",
            *(reasons.speaker.cell(territory.totals[k]) for k in shown),
        ]
        table.add_row(*(Text(cell) for cell in cells))
    print_table(table)


def print_largest_moves(reasons: Explanation) -> None:
    """Why the accounts that weigh most change hands."""
    moved = reasons.facts.weightiest_moves(WHY_SHOWN)
    if len(moved):
        say("")
        say("Why, for the moves that matter most:")
    for account in moved:
        say(f"- {reasons.speaker.why(reasons.facts.account(int(account), 1), 0)}")


def print_check(found: Check, data: Instance, model: Model, as_json: bool) -> None:
    """Whether a plan holds, what it is worth, and every fault."""
    if as_json:
        print_json(found.as_dict())
        return
    from territoryopt.reasons.explanation import speaker_of

    speaker = speaker_of(found.problem, data)
    breaches = found.evaluation.breaches
    money = speaker.cost(found.evaluation.objective)
    places = "1 place" if len(breaches) == 1 else f"{len(breaches):,} places"
    verdict = "The plan holds." if found.holds else f"The plan breaks its rules in {places}:"
    say(f"Against {model.name}: {verdict}", bold=True)
    for breach in breaches[:BREACHES_SHOWN]:
        say(f"- {speaker.breach(breach)}")
    if len(breaches) > BREACHES_SHOWN:
        say(f"... and {len(breaches) - BREACHES_SHOWN:,} more (all of them with --json)")
    say(f"It costs {money}" + (":" if found.evaluation.money else "."))
    for name, value in found.evaluation.money.items():
        say(f"  {name}: {speaker.cost(value)}")


def print_explanation(
    reasons: Explanation,
    accounts: tuple[str, ...],
    reps: tuple[str, ...],
    alternatives: int,
    as_json: bool,
) -> None:
    """Reasons of a whole plan, or of the accounts and reps asked for."""
    facts = [reasons.account(a) for a in accounts]
    territories = [reasons.territory(r) for r in reps]
    if as_json:
        if not facts and not territories:
            print_json(reasons.as_dict())
            return
        print_json(
            {
                "schema": "territoryopt/explanation/1",
                "accounts": [{**f.as_dict(), "text": reasons.speaker.why(f, alternatives)}
                             for f in facts],
                "territories": [{**t.as_dict(), "text": reasons.speaker.territory(t)}
                                for t in territories],
            }
        )  # fmt: skip
        return
    for fact in facts:
        say(reasons.speaker.why(fact, alternatives))
    for territory in territories:
        say(reasons.speaker.territory(territory))
    if facts or territories:
        return
    for line in reasons.summary():
        say(line)
    say("")
    for territory in reasons.territories():
        say(reasons.speaker.territory(territory))
    print_largest_moves(reasons)


def print_no_plan(run: Run, as_json: bool) -> None:
    """Why a run has no plan, as it was found then."""
    lines = run.no_plan()
    if as_json:
        print_json({"schema": "territoryopt/explanation/1", "status": run.record["status"],
                    "conflict": run.record.get("conflict"), "summary": lines})  # fmt: skip
        return
    for line in lines:
        say(line)


def print_page(page: str, as_json: bool) -> None:
    """A page in Markdown, line by line."""
    if as_json:
        print_json({"schema": "territoryopt/page/1", "markdown": page})
        return
    for line in page.splitlines():
        say(line)


def print_model(model: Model, as_json: bool) -> None:
    """A model as formulas with units."""
    if as_json:
        print_json(
            {"schema": "territoryopt/model/1", **model.model_dump(mode="json"),
             "statements": {n: t.statement(model.units, model.currency)
                            for n, t in model.terms.items()}}
        )  # fmt: skip
        return
    say(model.name, bold=True)
    if model.audience:
        say(" ".join(model.audience.split()))
    say("")
    say(f"x_ij = 1 where rep j owns account i; Σ_j x_ij = 1 for each account i."
        f" Money in {model.currency} a year.")  # fmt: skip
    used = sorted({m for term in model.terms.values() for m in term.measures()})
    say("")
    say("Measures")
    for name in used:
        say(f"  {name}  [{model.units[name]}]  {model.source(name)}")
    for title, terms in (("Rules", model.rules), ("Minimise the sum of", model.goals)):
        if terms:
            say("")
            say(title)
        for name, term in terms.items():
            say(f"  {name}: {term.statement(model.units, model.currency)}")


def print_models(as_json: bool) -> None:
    """The models that come with the package, each with its paragraph."""
    from territoryopt.model import library, load_model

    models = {path.stem: load_model(path) for path in sorted(library("models").glob("*.toml"))}
    if as_json:
        print_json({"schema": "territoryopt/models/1",
                    "models": {n: {"name": m.name, "audience": " ".join(m.audience.split())}
                               for n, m in models.items()}})  # fmt: skip
        return
    for name, model in models.items():
        say(name, bold=True)
        say(f"  {' '.join(model.audience.split())}")
        say("")


def new_table() -> Table:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")


def print_table(table: Table) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=140)
    console.print(table)
