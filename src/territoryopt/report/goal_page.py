"""What the page shows of goals and of the quality of territories: places on a scale, and words."""

from __future__ import annotations

from dataclasses import dataclass

from territoryopt.goals.criteria import QualitySettings
from territoryopt.goals.quality import Quality, territory_quality
from territoryopt.goals.telling import money_words
from territoryopt.goals.types import Goals, Kpi, LeftOut, RepGoal, plain_money
from territoryopt.report.goal_sheets import found_whitespace
from territoryopt.runs import Run
from territoryopt.words import listed, number, percent

BASES = ("potential", "history", "capacity")
BASE_WORDS = {"potential": "potential", "history": "last year's sales", "capacity": "hours"}
SEGMENTS = 6
"""Segments without full cover that are told, at most."""
Bar = tuple[str, float, float]
"""What it stands for, where it begins and how long it is."""
MOST_PERIODS = 4
"""Periods that stand in columns; months are too many for a page."""


@dataclass(frozen=True)
class GoalRow:
    """A rep's goal: bars from start to end in percent of the scale by what they stand for, and the
    place of last year's sales, None where that is not known."""

    name: str
    goal: str
    bars: tuple[Bar, ...]
    was: float | None
    growth: str
    periods: tuple[str, ...]
    kpis: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class GoalView:
    """The section on goals."""

    summary: str
    lines: tuple[str, ...]
    currency: str
    bases: tuple[str, ...]
    history: bool
    periods: tuple[str, ...]
    kpis: tuple[tuple[str, str, str], ...]
    rows: tuple[GoalRow, ...]
    total: str
    left_out: tuple[str, ...]


def goal_view(goals: Goals) -> GoalView:
    """Goals as the page shows them."""
    bases = tuple(name for name in BASES if any(rep.parts[name] for rep in goals.reps))
    most = max([1e-12, *(max(rep.goal, rep.history or 0.0) for rep in goals.reps)]) * 1.03
    shown = [kpi for kpi in goals.kpis if kpi.name != "sales"]
    periods = goals.periods if len(goals.periods) <= MOST_PERIODS else ()
    rows = tuple(
        GoalRow(
            name=rep.name,
            goal=plain_money(rep.goal),
            bars=_bars(rep, bases, most),
            was=None if rep.history is None else round(100 * rep.history / most, 3),
            growth=_growth(rep),
            periods=tuple(plain_money(v) for v in rep.periods) if periods else (),
            kpis=tuple(_value(kpi, j) for kpi in shown),
            text=rep.text,
        )
        for j, rep in enumerate(goals.reps)
    )
    return GoalView(
        summary=" ".join(goals.summary),
        lines=tuple(each.text for each in goals.fairness),
        currency=goals.currency,
        bases=tuple(BASE_WORDS[name] for name in bases),
        history=any(rep.history is not None for rep in goals.reps),
        periods=periods,
        kpis=tuple((_title(k.name), _unit(k.unit), k.formula) for k in shown),
        rows=rows,
        total=money_words(goals.total, goals.currency),
        left_out=tuple(
            f"{listed(whats)}: {why}" for why, whats in _by_reason(goals.left_out).items()
        ),
    )


def _by_reason(left_out: tuple[LeftOut, ...]) -> dict[str, list[str]]:
    """What was left out, by why, so that a missing column is told once."""
    out: dict[str, list[str]] = {}
    for each in left_out:
        out.setdefault(each.why, []).append(each.what.replace("_", " "))
    return out


def _unit(unit: str) -> str:
    return "" if unit == "share" else unit.replace("/year", " a year")


def _bars(
    rep: RepGoal, bases: tuple[str, ...], most: float
) -> tuple[tuple[str, float, float], ...]:
    """The parts end to end, drawn in the proportions of the shares up to the whole goal: what
    limits and rounding change is spread over them."""
    whole = sum(rep.parts[name] for name in bases)
    out, at = [], 0.0
    for k, name in enumerate(bases):
        size = rep.goal * rep.parts[name] / whole if whole else 0.0
        out.append((f"part{k}", round(100 * at / most, 3), round(100 * size / most, 3)))
        at += size
    return tuple(out)


def _growth(rep: RepGoal) -> str:
    if rep.growth is None:
        return ""
    text = percent(abs(rep.growth))
    sign = "" if text == "0 %" else "+" if rep.growth > 0 else "−"
    return f"{sign}{text}"


@dataclass(frozen=True)
class RepGoalView:
    """The goal on the page of a rep: by period, and the KPIs with value and formula."""

    goal: str
    text: str
    periods: tuple[tuple[str, str], ...]
    kpis: tuple[tuple[str, str, str], ...]


def rep_goal_view(goals: Goals, j: int) -> RepGoalView:
    """The goal of the rep with the number j."""
    rep = goals.reps[j]
    return RepGoalView(
        goal=money_words(rep.goal, goals.currency),
        text=rep.text,
        periods=tuple(zip(goals.periods, map(plain_money, rep.periods), strict=True)),
        kpis=tuple(
            (_title(kpi.name), f"{_value(kpi, j)} {_unit(kpi.unit)}".strip(), kpi.formula)
            for kpi in goals.kpis
            if kpi.name != "sales"
        ),
    )


def _title(name: str) -> str:
    """A name as a heading; HHI stays what it is."""
    words = name.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"


def _value(kpi: Kpi, j: int) -> str:
    value = kpi.targets[j]
    return percent(value) if kpi.unit == "share" else number(value)


@dataclass(frozen=True)
class QualityView:
    """The section on quality: a row per territory with a mark for each criterion."""

    summary: str
    rule: str
    criteria: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, str, tuple[tuple[str, str], ...], str], ...]
    left_out: tuple[str, ...]
    white: str
    segments: tuple[str, ...]
    more: int


def quality_view(run: Run, spec: QualitySettings) -> QualityView:
    """Quality and whitespace as the page shows them."""
    found: Quality = territory_quality(run, spec)
    white = found_whitespace(run, spec)
    bare = [] if white is None else [s for s in white.segments if s.uncovered > 0]
    told = [] if white is None else white.sentences(SEGMENTS)[1:]
    return QualityView(
        summary=found.summary,
        rule=found.rule,
        criteria=tuple(
            (_title(c.title), f"high {c.span(c.high)}; medium {c.span(c.medium)}")
            for c in found.criteria
        ),
        rows=tuple(
            (t.name, t.verdict, "" if t.points is None else percent(t.points),
             tuple((j.verdict, j.text) for j in t.criteria), t.text)
            for t in found.territories
        ),
        left_out=tuple(
            f"{listed(whats)}: {why}" for why, whats in _by_reason(found.left_out).items()
        ),
        white="" if white is None else white.heading(),
        segments=tuple(told),
        more=max(0, len(bare) - SEGMENTS),
    )  # fmt: skip
