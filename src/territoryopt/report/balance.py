"""Bars of every territory against its range, as places on a scale from 0 to 100 %."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.problem.parts import TOLERANCE
from territoryopt.reasons.explanation import Explanation
from territoryopt.reasons.sentences import COUNT
from territoryopt.reasons.territories import Total
from territoryopt.words import amount, number

ROOM = 1.06
"""The scale ends this far beyond the largest amount."""


@dataclass(frozen=True)
class Bar:
    """One territory in one chart: ends of its bars and of its range, in percent of the scale, and
    what is written beside it. low, high: None where the range is open or there is none. outside:
    what is said where the amount is out of its range; to miss a wish breaks no rule."""

    plan: float
    today: float | None
    low: float | None
    high: float | None
    value: str
    share: str
    outside: str
    words: str


@dataclass(frozen=True)
class Chart:
    """One measure over all territories. note: which rules the range is made of; unit in words."""

    title: str
    unit: str
    note: str
    bars: tuple[Bar, ...]


def charts(reasons: Explanation) -> list[Chart]:
    """A chart for each measure that a rule limits rep by rep; limits on moves are told elsewhere.

    Rules on one measure share a chart: its range is what all of them leave.
    """
    found = reasons.territories()
    by_measure: dict[tuple[str, str], list[int]] = {}
    for k, total in enumerate(found[0].totals if found else ()):
        if total.kind != "moves":
            by_measure.setdefault((total.measure or total.rule, total.unit), []).append(k)
    owned = bool((reasons.problem.current >= 0).any())
    return [
        _chart(reasons, measure, unit, [[t.totals[k] for k in at] for t in found], owned)
        for (measure, unit), at in by_measure.items()
    ]


def _chart(
    reasons: Explanation, measure: str, unit: str, rows: list[list[Total]], owned: bool
) -> Chart:
    ends = [(*_range(totals), totals) for totals in rows]
    sizes = [abs(v) for low, high, totals in ends
             for v in (low, high, totals[0].total, totals[0].before) if np.isfinite(v)]  # fmt: skip
    scale = max([*sizes, 1e-12]) * ROOM

    def place(value: float) -> float:
        return round(100 * min(max(value, 0.0), scale) / scale, 3)

    bars = []
    for low, high, totals in ends:
        first = totals[0]
        target = next((t.target for t in totals if t.target), None)
        words = f"{amount(first.total, unit)} in the plan"
        if owned:
            words += f", {amount(first.before, unit)} today"
        spans = [text for t in totals if (text := reasons.speaker.span(t))]
        if spans:
            wish = not any(t.hard for t in totals)
            words += f"; {'wished for' if wish else 'allowed'}: {', and '.join(spans)}"
        bars.append(
            Bar(
                place(first.total),
                place(first.before) if owned else None,
                place(low) if np.isfinite(low) else None,
                place(high) if np.isfinite(high) else None,
                number(first.total),
                f"{100 * first.total / target:.0f} %" if target else "",
                _outside(totals),
                words,
            )
        )
    names = dict.fromkeys(f"{t.rule}{'' if t.hard else ' (a wish)'}" for t in rows[0])
    title = "accounts" if measure == COUNT else measure
    words = "" if measure == COUNT else unit.replace("/year", " a year")
    return Chart(f"{title[:1].upper()}{title[1:]}", words, ", ".join(names), tuple(bars))


def _limits(totals: list[Total], hard: bool) -> list[Total]:
    """The totals that have a range of this kind; a target alone is none."""
    return [t for t in totals if t.hard == hard and (hard or t.lower != t.upper)]


def _range(totals: list[Total]) -> tuple[float, float]:
    """What the rules that must hold leave; where there are none, what is wished for."""
    limits = _limits(totals, True) or _limits(totals, False)
    low = max((t.lower for t in limits), default=-np.inf)
    return low, min((t.upper for t in limits), default=np.inf)


def _outside(totals: list[Total]) -> str:
    """What is said of a total beyond its range."""
    for hard, word in ((True, "not allowed"), (False, "off the wish")):
        for t in _limits(totals, hard):
            size = max([abs(v) for v in (t.lower, t.upper) if np.isfinite(v)], default=1.0) or 1.0
            if max(t.total - t.upper, t.lower - t.total) > TOLERANCE * size:
                return word
    return ""
