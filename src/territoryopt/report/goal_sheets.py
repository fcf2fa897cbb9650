"""Sheets of the workbook about goals: the goals and their basis, KPIs, quality, whitespace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

from territoryopt.goals.criteria import QualitySettings, load_quality_settings
from territoryopt.goals.keeping import read_goals
from territoryopt.goals.measured import Measured
from territoryopt.goals.quality import Quality
from territoryopt.goals.types import PARTS, Goals
from territoryopt.goals.whitespace import WORDS, Whitespace, whitespace
from territoryopt.report.sheets import Book, Column
from territoryopt.runs import Run

GOALS, KPIS, QUALITY, WHITESPACE = "Goals", "KPIs", "Territory quality", "Whitespace"
PART_WORDS = {
    "potential": "by potential",
    "history": "by last year's sales",
    "capacity": "by hours",
    "limits": "by limits on growth",
    "rounding": "by rounding",
}
Given = Goals | str | os.PathLike[str] | None
"""Goals, or the folder they lie in."""
Thresholds = QualitySettings | str | os.PathLike[str] | None
"""What territories are judged by, or the quality.toml that says so."""


def given_goals(run: Run, goals: Given) -> Goals | None:
    """The goals meant; InputError where a folder holds none of this run."""
    return read_goals(goals, run) if isinstance(goals, str | os.PathLike) else goals


def given_quality(quality: Thresholds) -> QualitySettings:
    """What territories are judged by; InputError for a file that cannot be used."""
    if isinstance(quality, str | os.PathLike):
        return load_quality_settings(quality)
    return quality or QualitySettings()


def found_whitespace(run: Run, spec: QualitySettings) -> Whitespace | None:
    """What has no cover; None where the model has no such potential to look at."""
    if not Measured(run).has(spec.potential):
        return None
    return whitespace(run, potential=spec.potential, capacity=spec.capacity)


def goal_lines(goals: Goals) -> list[str]:
    """The goals in a few sentences, for the first sheet and the page."""
    return [*goals.summary, *(each.text for each in goals.fairness)]


def goal_sheets(book: Book, goals: Goals) -> None:
    """The sheets Goals, Goal segments where there are segments, and KPIs."""
    reps, unit = goals.reps, f"{goals.currency}/year" if goals.currency else "a year"

    def of(name: str) -> list[Any]:
        return [getattr(rep, name) for rep in reps]

    columns = [
        Column("rep_id", of("rep"), 12),
        Column("name", of("name"), 22),
        Column("accounts", of("accounts"), 10, "count"),
        Column(f"goal, {unit}", of("goal"), 16, "amount"),
    ]
    for part in PARTS:
        money = [rep.parts[part] for rep in reps]
        if any(money):
            columns.append(Column(f"{PART_WORDS[part]}, {unit}", money, 15, "amount"))
    for k, name in enumerate(goals.periods):
        columns.append(Column(f"{name}, {goals.currency}", [r.periods[k] for r in reps], 14,
                              "amount"))  # fmt: skip
    more: tuple[tuple[str, str, Literal["amount", "share"]], ...] = (
        ("growth", "growth over last year", "share"),
        ("history", f"last year's sales, {unit}", "amount"),
        ("taken_over", f"of that taken over, {unit}", "amount"),
        ("potential", f"potential, {unit}", "amount"),
        ("hours", "hours/year", "amount"),
        ("share_of_year", "share of the year", "share"),
        ("low", f"least allowed, {unit}", "amount"),
        ("high", f"most allowed, {unit}", "amount"),
        ("goal_per_potential", "goal per potential", "amount"),
        ("goal_per_hour", f"goal per hour, {goals.currency}", "amount"),
    )
    for name, title, kind in more:
        values = of(name)
        whole = name == "share_of_year" and all(v == 1 for v in values)
        if not whole and any(v is not None for v in values):
            columns.append(Column(title, values, 15, kind))
    columns.append(Column("basis", of("text"), 110, "long"))
    book.table(GOALS, columns, frozen=2)
    if goals.segments:
        table = goals.segment_columns()
        name = goals.segment_column
        book.table(
            "Goal segments",
            (
                Column("rep_id", table["rep_id"], 12),
                Column(name, table[name], 24),
                Column("accounts", table["accounts"], 10, "count"),
                Column(f"goal, {unit}", table["goal"], 16, "amount"),
            ),
            frozen=2,
        )
    kpis = goals.kpi_columns()
    book.table(
        KPIS,
        (
            Column("rep_id", kpis["rep_id"], 12),
            Column("name", kpis["name"], 22),
            Column("kpi", kpis["kpi"], 16),
            Column("target", kpis["target"], 16, "amount"),
            Column("unit", kpis["unit"], 14),
            Column("formula", kpis["formula"], 60),
            Column("from", kpis["columns"], 70),
        ),
        frozen=3,
    )


def quality_sheet(book: Book, found: Quality) -> None:
    """One row per territory: the verdict, each criterion with its thresholds, the reasons."""
    table = found.columns()
    columns = [
        Column("rep_id", table["rep_id"], 12),
        Column("name", table["name"], 22),
        Column("verdict", table["verdict"], 10),
        Column("points", table["points"], 10, "share"),
    ]
    for each in found.criteria:
        title = f"{each.title} (high {each.span(each.high)}, medium {each.span(each.medium)})"
        kind: Literal["share", "amount"] = "share" if each.share else "amount"
        columns.append(Column(title, table[each.name], 25, kind))
        columns.append(Column(f"{each.name}: verdict", table[f"{each.name}_verdict"], 13))
    columns.append(Column("reasons", table["reasons"], 110, "long"))
    book.table(QUALITY, columns, frozen=2)


def whitespace_sheet(book: Book, found: Whitespace) -> None:
    """One row per segment, the most money without full cover first."""
    table = found.columns()
    unit = f"{found.currency}/year" if found.currency else "a year"
    first = found.by or ("segment",)
    columns = [Column(name, table.get(name, ["all accounts"]), 20) for name in first]
    columns += [
        Column("accounts", table["accounts"], 10, "count"),
        Column(f"potential, {unit}", table["potential"], 16, "amount"),
        Column(f"revenue, {unit}", table["revenue"], 16, "amount"),
        Column(f"without full cover, {unit}", table["uncovered"], 16, "amount"),
        Column("accounts without full cover", table["uncovered_accounts"], 12, "count"),
    ]
    for name, word in WORDS.items():
        values: Sequence[float] = table[f"uncovered_{name}"]
        if any(values):
            columns.append(Column(f"{word.format(beyond=found.beyond or 0)}, {unit}", values, 18,
                                  "amount"))  # fmt: skip
    columns += [
        Column("hours/year spent", table["hours"], 12, "amount"),
        Column("share of potential", table["potential_share"], 11, "share"),
        Column("share of hours", table["hours_share"], 11, "share"),
        Column("in words", table["text"], 100, "long"),
    ]
    book.table(WHITESPACE, columns, frozen=len(first))
