"""What was found as records and columns: monitor.json and the CSV files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.monitoring import months as calendar
from territoryopt.result import finite
from territoryopt.tables import sha256_of

if TYPE_CHECKING:
    from territoryopt.monitoring.monitor import Monitor
    from territoryopt.monitoring.watching import Watched

SCHEMA = "territoryopt/monitor/1"


def record(found: Monitor) -> dict[str, Any]:
    """The JSON contract of a `Monitor`; a number that is not known is None."""
    health, settings = found.health, found.settings
    inputs = {"result.json": sha256_of(found.run.folder / "result.json")}
    inputs |= {"actuals": found.actuals.sha256} if found.actuals.sha256 else {}
    inputs |= {"goals": found.goals.sha256} if found.goals and found.goals.sha256 else {}
    return {
        "schema": SCHEMA,
        "run": found.run.folder.name,
        "inputs": inputs,
        "currency": found.run.problem.currency,
        "by": found.actuals.by,
        "first_month": found.actuals.months[0],
        "last_month": found.actuals.months[-1],
        "year": found.year,
        "false_alarm": settings.drift.false_alarm,
        "least": settings.drift.least,
        "measures": [_measure(found, one) for one in found.watched],
        "flags": [_clean(flag.as_dict()) for flag in found.flags],
        "goals_of": found.goals_of,
        "attainment": _attainment(found),
        "imbalance": [
            {
                "rule": each.rule or None, "month": _month(found, each.month),
                "worst": each.worst, "rep": _rep(found, each.rep), "cv": each.cv,
                "gini": each.gini, "outside": each.outside,
            }
            for each in found.imbalance
        ],
        "places": [place.as_dict() for place in health.places],
        "breaches": [breach.as_dict() for breach in health.breaches],
        "realignments": [each.as_dict() for each in health.realignments],
        "no_realignment": health.none or None,
        "notes": list(found.notes),
        "text": found.sentences(),
        "seconds": round(found.seconds, 3),
        "stopped": found.stopped,
    }  # fmt: skip


def _measure(found: Monitor, one: Watched) -> dict[str, Any]:
    slope, error = one.trend
    return {
        "measure": one.measure,
        "grows": list(found.grown[one.measure]),
        "limit": finite(one.drifts.limit),
        "looks": [found.actuals.months[one.begins + t] for t in one.drifts.looks],
        "territories": [
            {
                "rep": rep,
                "total": finite(float(np.nansum(one.totals[j]))),
                "growth": finite(float(one.growth[j, -1] - 1)),
                "noise": finite(drift.noise),
                "statistic": drift.statistic,
                "chance": drift.chance,
                "trend": finite(float(np.expm1(slope[j]))),
                "trend_error": finite(float(error[j])),
                "flagged": bool(one.flagged[j]),
            }
            for j, (rep, drift) in enumerate(
                zip(found.run.instance.rep_ids, one.drifts.territories, strict=True)
            )
        ],
    }


def _attainment(found: Monitor) -> list[dict[str, Any]]:
    got = found.attained
    return [
        {
            "rep": rep,
            "actual": finite(float(got.actual[j, -1])),
            "goal": finite(float(got.goal[j, -1])),
            "to_date": finite(float(got.to_date[j, -1])),
            "year_goal": finite(float(got.year_goal[j])),
            "projected": finite(float(got.projected[j])),
            "projected_ratio": finite(float(got.projected_ratio[j])),
        }
        for j, rep in enumerate(found.run.instance.rep_ids)
    ]


def territories(found: Monitor) -> dict[str, Any]:
    """territories.csv: a row for each measure, territory and month watched.

    actual: in the unit of the actuals. team: the team's month against its usual one. fair:
    actual / team, what the month would have been in a usual one of the team's. ratio: the
    territory's month against its own level and the others, 1 where it is as ever. growth: what is
    believed of that, noise taken off. actual_to_date, goal_to_date, attainment: from the first
    month of the year, of the measure of the goals. flagged: yes from the first month flagged.
    """
    ids, names = found.run.instance.rep_ids, found.run.instance.rep_names
    out: dict[str, list[Any]] = {
        name: [] for name in (
            "measure", "rep_id", "name", "month", "actual", "team", "fair", "ratio", "growth",
            "actual_to_date", "goal_to_date", "attainment", "flagged",
        )
    }  # fmt: skip
    start = calendar.number(found.year) - calendar.number(found.actuals.months[0])
    got = found.attained
    for one in found.watched:
        first = {f.rep: f.flagged for f in found.flags if f.measure == one.measure}
        for j, rep in enumerate(ids):
            for m in range(one.totals.shape[1]):
                month = found.actuals.months[one.begins + m]
                at = one.begins + m - start
                dated = one.measure == found.goals_of and at >= 0
                row = (
                    one.measure, rep, names[j], month, one.totals[j, m], one.common[m],
                    one.totals[j, m] / one.common[m] if one.common[m] else np.nan,
                    np.exp(one.drifts.ratio[j, m]), one.growth[j, m],
                    got.actual[j, at] if dated else np.nan, got.goal[j, at] if dated else np.nan,
                    got.to_date[j, at] if dated else np.nan,
                    "yes" if rep in first and first[rep] <= month else "no",
                )  # fmt: skip
                for cells, value in zip(out.values(), row, strict=True):
                    cells.append(value)
    return _typed(out, ("measure", "rep_id", "name", "month", "flagged"))


def flags(found: Monitor) -> dict[str, Any]:
    """flags.csv: a row for each flag, the reason in words last."""
    from territoryopt.monitoring.telling import tell_flag

    out: dict[str, list[Any]] = {
        name: [] for name in (
            "measure", "rep_id", "name", "kind", "flagged", "since", "change", "error", "noise",
            "chance", "still", "cause", "standing", "text",
        )
    }  # fmt: skip
    names = dict(zip(found.run.instance.rep_ids, found.run.instance.rep_names, strict=True))
    standing: dict[str, str] = {}
    for place in found.health.places:
        if standing.get(place.rep) != "out":
            standing[place.rep] = (
                place.standing if place.standing != "in" else standing.get(place.rep, "in")
            )
    for flag in found.flags:
        row = (
            flag.measure, flag.rep, names[flag.rep], flag.kind, flag.flagged, flag.since,
            flag.change, flag.error, flag.noise, flag.chance, "yes" if flag.still else "no",
            flag.cause.kind, standing.get(flag.rep, ""), " ".join(tell_flag(flag, found)),
        )  # fmt: skip
        for cells, value in zip(out.values(), row, strict=True):
            cells.append(np.nan if value is None else value)
    return _typed(out, ("measure", "rep_id", "name", "kind", "flagged", "since", "still", "cause",
                        "standing", "text"))  # fmt: skip


def imbalance(found: Monitor) -> dict[str, Any]:
    """imbalance.csv: a row for each rule and month; without a rule, of the actuals themselves."""
    all_of = found.imbalance
    return {
        "rule": [each.rule for each in all_of],
        "month": [_month(found, each.month) for each in all_of],
        "worst": np.array([np.nan if e.worst is None else e.worst for e in all_of]),
        "worst_rep_id": [_rep(found, each.rep) or "" for each in all_of],
        "cv": np.array([each.cv for each in all_of]),
        "gini": np.array([each.gini for each in all_of]),
        "outside": [each.outside for each in all_of],
    }


def moves(found: Monitor) -> dict[str, Any]:
    """moves.csv: every account that changes hands in a realignment."""
    rows = [
        (each.kind, move.account_id, move.before or "", move.after or "")
        for each in found.health.realignments
        for move in (*each.moves, *each.free)
    ]
    columns = ("realignment", "account_id", "current_rep_id", "rep_id")
    return {name: [row[k] for row in rows] for k, name in enumerate(columns)}


def _typed(out: dict[str, list[Any]], texts: Iterable[str]) -> dict[str, Any]:
    kept = frozenset(texts)
    return {
        name: cells if name in kept else np.array(cells, dtype=np.float64)
        for name, cells in out.items()
    }


def _month(found: Monitor, month: int) -> str:
    return found.actuals.months[found.watched[0].begins + month]


def _rep(found: Monitor, rep: int) -> str | None:
    return found.run.instance.rep_ids[rep] if rep >= 0 else None


def _clean(value: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in value.items()}
