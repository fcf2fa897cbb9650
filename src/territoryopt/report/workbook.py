"""The plan as a workbook: to read, to filter, and to edit the owners in.

Every text is written as text, so that no name runs as a formula; the sheets are written row by
row, so that 100,000 accounts need little memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from territoryopt.extras import need
from territoryopt.folders import refuse_file, write_file
from territoryopt.goals.quality import territory_quality
from territoryopt.report.answer import answer
from territoryopt.report.goal_sheets import (
    Given,
    Thresholds,
    found_whitespace,
    given_goals,
    given_quality,
    goal_lines,
    goal_sheets,
    quality_sheet,
    whitespace_sheet,
)
from territoryopt.report.handing import beside
from territoryopt.report.notes import data_notes, facts_of_run
from territoryopt.report.sheets import Book, Column
from territoryopt.run_record import RUN_MARK, id_of
from territoryopt.runs import Run, alignment_table

ALIGNMENT, TERRITORIES = "Alignment", "Territories"
MOST_SENTENCES = 1_000
"""Accounts whose reason stands on the sheet of explanations; `explain` has every other."""


def write_workbook(
    run: Run,
    path: str | os.PathLike[str] | None = None,
    *,
    goals: Given = None,
    quality: Thresholds = None,
    overwrite: bool = False,
) -> Path:
    """Write the plan of a run as a workbook (.xlsx), beside the run folder where no path is given.

    Sheets: Answer, Alignment (one row per account, the column rep_id to be edited), Territories,
    Goals and KPIs where goals (or the folder they lie in) are given, Territory quality, Whitespace
    where the model has a potential, Moves, Explanations, Data quality. quality: other thresholds,
    or the file they stand in. Amounts have the unit of their header. Raises InputError where the
    run has no plan, the goals are of another run, the file is there already and `overwrite` is not
    given, or xlsxwriter is not installed.
    """
    target = refuse_file(beside(run.folder, ".xlsx") if path is None else path, overwrite)
    need("xlsxwriter", "report", "a workbook")
    reasons = run.explanation()
    asked = given_goals(run, goals)
    spec = given_quality(quality)
    judged, white = territory_quality(run, spec), found_whitespace(run, spec)
    alignment = alignment_table(reasons, run.instance)

    def write(draft: Path) -> None:
        with Book(draft) as book:
            # so that a plan solved again from an edited workbook knows where it came from
            book.mark(RUN_MARK, f"{id_of(run.record)} {run.folder.absolute().name}")
            _answer(book, run, reasons, [] if asked is None else goal_lines(asked))
            _alignment(book, run, alignment)
            _territories(book, reasons)
            if asked is not None:
                goal_sheets(book, asked)
            quality_sheet(book, judged)
            if white is not None:
                whitespace_sheet(book, white)
            _moves(book, reasons, alignment)
            _explanations(book, reasons, alignment)
            _data(book, run)

    return write_file(target, write, overwrite=overwrite)


def _answer(book: Book, run: Run, reasons: Any, goals: list[str]) -> None:
    """The first sheet: three sentences, what bound and gap say, money by goal, the goals of reps
    in sentences, how to go on."""
    found = answer(reasons)
    page = book.page("Answer")
    page.title(run.model.name)
    page.lines(found.sentences)
    page.heading("How sure this is")
    page.lines(found.bound)
    page.heading("What the money goes to")
    today = reasons.facts.today
    unit = f"{reasons.problem.currency}/year" if reasons.problem.currency else "a year"
    page.row(("goal", f"plan, {unit}", f"today, {unit}", f"change, {unit}"), bold=True)
    for share in reasons.facts.shares():
        before = None if today is None else today.money.get(share.name, 0.0)
        change = None if before is None else share.money - before
        page.row((share.name, share.money, before, change))
    if goals:
        page.heading("Goals for the reps")
        page.lines(goals)
    page.heading("Change the plan here")
    page.lines(
        (
            f"On the sheet {ALIGNMENT} choose another rep in the column rep_id (yellow) and save.",
            f"What the edited plan is worth: territoryopt check {run.folder.name} THIS_FILE.xlsx",
            f"The best plan with your owners kept: territoryopt solve {run.folder.name} "
            "--locks-from THIS_FILE.xlsx",
            f"({run.folder.name} is the run folder that this workbook was made from.)",
        )
    )
    page.heading("Where this comes from")
    for name, value in facts_of_run(run):
        page.row((name, value))


def _alignment(book: Book, run: Run, table: Mapping[str, Any]) -> None:
    currency = run.problem.currency
    money = f" ({currency})" if currency else ""
    reps = len(run.instance.rep_ids)
    book.table(
        ALIGNMENT,
        (
            Column("account_id", table["account_id"], 14),
            Column("name", table["name"], 30),
            Column("rep_id", table["rep_id"], 12, edit=f"={TERRITORIES}!$A$2:$A${reps + 1}"),
            Column("planned_rep_id", table["rep_id"], 14),
            Column("planned_rep_name", table["rep_name"], 22),
            Column("current_rep_id", table["current_rep_id"], 14),
            Column("current_rep_name", table["current_rep_name"], 22),
            Column("moved", table["moved"], 9),
            Column(f"cost_per_year{money}", table["cost_per_year"], 15, "amount"),
            Column("next_best_rep_id", table["next_best_rep_id"], 16),
            Column(f"next_best_change{money}", table["next_best_change"], 17, "amount"),
            Column("next_best_breaks", table["next_best_breaks"], 24),
            Column("reason", table["reason"], 80),
        ),
        frozen=2,
        changed=(2, 3),
    )


def _territories(book: Book, reasons: Any) -> None:
    """One row per rep: accounts, every total with its range and unit, money by goal, a sentence."""
    found = reasons.territories()
    columns = [
        Column("rep_id", [t.rep for t in found], 12),
        Column("name", [reasons.rep_names.get(t.rep, t.rep) for t in found], 22),
        Column("accounts", [t.accounts for t in found], 10, "count"),
        Column("accounts today", [t.accounts_before for t in found], 10, "count"),
        Column("new", [t.new for t in found], 9, "count"),
        Column("taken over", [t.gained for t in found], 9, "count"),
        Column("handed off", [t.lost for t in found], 9, "count"),
    ]
    for k, total in enumerate(found[0].totals if found else ()):
        for word, name in (("plan", "total"), ("today", "before"), ("least", "lower"),
                           ("most", "upper")):  # fmt: skip
            values = np.array([getattr(t.totals[k], name) for t in found])
            title = f"{total.rule}: {word}, {total.unit}"
            columns.append(Column(title, values, 14, "amount"))
    for k, share in enumerate(found[0].shares if found else ()):
        unit = f"{reasons.problem.currency}/year" if reasons.problem.currency else "a year"
        money = np.array([t.shares[k].money for t in found])
        columns.append(Column(f"{share.name}, {unit}", money, 14, "amount"))
    columns.append(Column("in words", [reasons.speaker.territory(t) for t in found], 90, "long"))
    book.table(TERRITORIES, columns, frozen=2)


def _moves(book: Book, reasons: Any, table: Mapping[str, Any]) -> None:
    """Every account that changes hands, the weightiest first."""
    order = reasons.facts.weightiest_moves(reasons.problem.accounts)
    problem, currency = reasons.problem, reasons.problem.currency
    saved = problem.cost_at(order, reasons.rep[order]) - problem.cost_at(
        order, problem.current[order]
    )

    def of(column: str) -> Any:
        return np.asarray(table[column], dtype=object)[order]

    money = f" ({currency}/year)" if currency else ""
    book.table(
        "Moves",
        (
            Column("account", of("account_id"), 14),
            Column("name", of("name"), 30),
            Column("from", of("current_rep_id"), 12),
            Column("from (name)", of("current_rep_name"), 22),
            Column("to", of("rep_id"), 12),
            Column("to (name)", of("rep_name"), 22),
            Column(f"change of cost{money}", saved, 20, "amount"),
            Column("why", of("reason"), 100, "long"),
        ),
        frozen=2,
    )


def _explanations(book: Book, reasons: Any, table: Mapping[str, Any]) -> None:
    """Sentences: of the plan, of each territory, of the moves that weigh most."""
    speak, facts = reasons.speaker, reasons.facts
    rows = [("plan", "", "", line) for line in reasons.summary()]
    rows += [("territory", t.rep, speak.rep(t.rep), speak.territory(t))
             for t in reasons.territories()]  # fmt: skip
    for i in facts.weightiest_moves(MOST_SENTENCES).tolist():
        rows.append(("account", table["account_id"][i], table["name"][i], table["reason"][i]))
    kinds = ("about", "id", "name", "sentence")
    widths = (11, 14, 30, 120)
    book.table(
        "Explanations",
        [
            Column(kinds[k], [row[k] for row in rows], widths[k], "long" if k == 3 else "text")
            for k in range(4)
        ],
        frozen=3,
    )


def _data(book: Book, run: Run) -> None:
    """What was read otherwise than it stands in the files, and what is missing."""
    notes = data_notes(run)
    names = ("file", "row", "column", "in the file", "read as", "why")
    widths = (16, 8, 22, 26, 26, 90)
    kinds: dict[str, Literal["count", "long"]] = {"row": "count", "why": "long"}
    book.table(
        "Data quality",
        [Column(name, [note[k] for note in notes], widths[k], kinds.get(name, "text"))
         for k, name in enumerate(names)],
    )  # fmt: skip
