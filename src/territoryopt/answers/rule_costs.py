"""What each rule costs: the plan's money with the rule loosened a step, and dropped.

A rule that is loosened or dropped leaves every plan what it was and lets in others, so that the
least cost can only fall: the truth V* - P lies between a bound on V*, found by solving again, and
the best plan in hand, which may be the present one. The prices of the rows give an estimate before
any search: Σ_r |y_r| · step_r, what the bound would fall by if the prices stayed as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.ground import Ground, Interval, interval
from territoryopt.answers.series import Series, Stopped, check_share
from territoryopt.answers.showing import Shown
from territoryopt.errors import Fault, InputError
from territoryopt.problem import (
    Cost,
    Exclusion,
    FloatArray,
    Grouping,
    IntArray,
    Problem,
    Rows,
    evaluate,
)
from territoryopt.reasons.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/rule-costs/1"

STEP = 0.05
"""How far a rule is loosened, as a fraction of its target or of its bounds."""

SECONDS = 6.0
"""Seconds for each search, where nobody says."""

GAP = 1e-4

COUNTED = ("accounts", "count")
"""Units of rows that count accounts: a step is one at least."""


@dataclass(frozen=True)
class RuleCost:
    """One rule. Money is currency/year; changes are against the plan in hand and never above zero.

    hard: it must hold; else it has a price, and `charged` is what the plan pays. step: by how much
    it was loosened, a fraction; None where a rule can only be dropped. before, after: the half
    width of a band before and after, a fraction of its target, where that is one number. estimate:
    of the loosened rule by the prices alone, not a bound.
    """

    rule: str
    kind: str
    hard: bool
    charged: float
    step: float | None
    before: float | None
    after: float | None
    estimate: float | None
    loosened: Interval | None
    dropped: Interval

    def as_dict(self) -> dict[str, object]:
        out: dict[str, object] = dict(vars(self))
        out["loosened"] = None if self.loosened is None else self.loosened.as_dict()
        out["dropped"] = self.dropped.as_dict()
        return out


@dataclass(frozen=True)
class RuleCosts(Shown):
    """Every rule, the dearest first. kept: by how much the plan could be better with every rule as
    it is, which the changes of the rules hold as well. stopped: what ended the question before
    every rule was looked at."""

    rules: tuple[RuleCost, ...]
    kept: Interval
    seconds: float
    stopped: Stopped = None

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/rule-costs/1`."""
        return {
            "schema": SCHEMA,
            "rules": [rule.as_dict() for rule in self.rules],
            "kept": self.kept.as_dict(),
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per rule, the dearest first."""
        import pandas as pd

        columns = ["rule", "kind", "hard", "charged", "step", "estimate", "loosened_lower",
                   "loosened_upper", "dropped_lower", "dropped_upper", "source"]  # fmt: skip
        return pd.DataFrame(
            [
                {
                    "rule": rule.rule,
                    "kind": rule.kind,
                    "hard": rule.hard,
                    "charged": rule.charged,
                    "step": rule.step,
                    "estimate": rule.estimate,
                    "loosened_lower": None if rule.loosened is None else rule.loosened.lower,
                    "loosened_upper": None if rule.loosened is None else rule.loosened.upper,
                    "dropped_lower": rule.dropped.lower,
                    "dropped_upper": rule.dropped.upper,
                    "source": rule.dropped.source,
                }
                for rule in self.rules
            ],
            columns=columns,
        )


def rule_costs(
    reasons: Explanation,
    rules: Iterable[str] | None = None,
    *,
    step: float = STEP,
    seconds: float = SECONDS,
    time_limit: float = float("inf"),
    seed: int = 0,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> RuleCosts:
    """What each rule (or those named) costs, by solving again without it and with it loosened.

    step: how far it is loosened, a fraction. seconds: for each search; time_limit: for all of them,
    and then, as after Ctrl-C, the rules looked at so far are given. progress: called with the name
    of a rule before it is looked at. Raises InputError for a rule that is not known, and numbers
    that cannot be used.
    """
    series = Series(seconds, time_limit, seed, threads)
    check_share("step", step)
    ground = Ground(reasons, seed, threads)
    names = priced_rules(ground.reasons.problem)
    asked = list(names) if rules is None else list(rules)
    unknown = [name for name in asked if name not in names]
    if unknown:
        raise InputError(
            [
                Fault("there is no such rule", f"Known are {', '.join(names)}", value=name)
                for name in unknown
            ]
        )
    out = []
    with series:
        for at, name in enumerate(asked, 1):
            if series.over:
                break
            if progress is not None:
                progress(f"{name} ({at} of {len(asked)} rules)")
            cost = _cost(ground, name, step, series)
            if cost is not None:
                out.append(cost)
    out.sort(key=lambda each: (each.dropped.upper, each.dropped.lower))
    here = ground.objective
    kept = interval(here, here, ground.bound, ground.proved, ground.source)
    return RuleCosts(tuple(out), kept, series.spent, series.stopped)


def priced_rules(problem: Problem) -> tuple[str, ...]:
    """Names of everything the model calls a rule, hard or with a price."""
    names = [part.name for part in problem.exclusions]
    names += [part.name for part in problem.rows if part.role == "rule"]
    names += [part.name for part in problem.costs if part.role == "rule"]
    names += [part.name for part in problem.groupings]
    if problem.family_rule:
        names.append(problem.family_rule)
    return tuple(dict.fromkeys(names))


def loosened(problem: Problem, rule: str, step: float) -> Problem:
    """The problem with the rows of a rule wider by `step` of their target, or else of their
    scale, on every closed side; rows that count accounts by one at least."""

    def wider(rows: Rows) -> Rows:
        if rows.name != rule or rows.role != "rule":
            return rows
        by = row_step(rows, step)
        return replace(rows, lower=rows.lower - by, upper=rows.upper + by)

    return replace(problem, rows=tuple(wider(rows) for rows in problem.rows))


def row_step(rows: Rows, step: float) -> FloatArray:
    """float[rows]: what `step` is of each row, in its unit."""
    size = rows.scale if rows.target is None else np.abs(rows.target)
    by: FloatArray = step * size
    return np.maximum(by, 1.0) if rows.unit in COUNTED else by


def _cost(ground: Ground, rule: str, step: float, series: Series) -> RuleCost | None:
    """What one rule costs; None where the series ended before its last search."""
    problem = ground.reasons.problem
    mine = [rows for rows in problem.rows if rows.name == rule and rows.role == "rule"]
    parts: list[Exclusion | Rows | Cost | Grouping] = [*problem.exclusions, *mine]
    parts += [*problem.costs, *problem.groupings]
    kind = next((part.kind for part in parts if part.name == rule), "families")
    before, after = _half_width(mine, step)
    change, estimate = None, None
    dropped, start = problem.without({rule}), ground.plan_of(ground.rep)
    if mine:
        change, start = _again(ground, loosened(problem, rule, step), start, series)
        estimate = -sum(
            float((np.abs(y) * row_step(rows, step)).sum())
            for rows, y in zip(ground.tight.rows, ground.prices.rows, strict=True)
            if rows.name == rule and rows.role == "rule"
        )
    if series.over:
        return None
    free, _ = _again(ground, dropped, start, series)
    if change is not None:
        # What no plan without the rule undercuts, none with it loosened does.
        change = _no_lower(change, free)
    return RuleCost(
        rule=rule,
        kind=kind,
        hard=rule in problem.rule_names,
        charged=ground.reasons.facts.evaluation.money.get(rule, 0.0),
        step=step if mine else None,
        before=before,
        after=after,
        estimate=estimate,
        loosened=change,
        dropped=free,
    )


def _half_width(rows: list[Rows], step: float) -> tuple[float | None, float | None]:
    """The half width of a band, before and after, where it is the same for every row."""
    if len(rows) != 1 or rows[0].target is None or not len(rows[0]):
        return None, None
    part, given = rows[0], rows[0].target
    target = np.where(given == 0, np.nan, given)
    width = np.concatenate([(part.upper - target) / target, (target - part.lower) / target])
    if not np.isfinite(width).all() or float(np.ptp(width)) > 1e-9:
        return None, None
    return float(width[0]), float(width[0]) + step


def _again(
    ground: Ground, variant: Problem, start: IntArray, series: Series
) -> tuple[Interval, IntArray]:
    """Where the change of the least cost lies, and the best plan of the variant; `start` int[
    accounts] is one."""
    found = series.solve(variant, GAP, start)
    rep, upper = start, evaluate(variant, start).objective
    if found.rep is not None and found.objective < upper:
        rep, upper = found.rep, found.objective
    upper = min(upper, ground.objective)
    change = interval(ground.objective, upper, found.bound, found.proved_bound, found.bound_source)
    return change, rep


def _no_lower(change: Interval, than: Interval) -> Interval:
    """A change that is known to be no lower than another."""
    proved = min(max(change.proved_lower, than.proved_lower), change.upper)
    if than.lower <= change.lower:
        return replace(change, proved_lower=proved)
    return replace(
        change, lower=min(than.lower, change.upper), proved_lower=proved, source=than.source
    )
