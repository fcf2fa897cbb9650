"""What each rule costs: the plan's money with the rule loosened a step, and dropped.

A rule that is loosened or dropped leaves every plan what it was and lets in others, so that the
least cost can only fall: the truth V* - P lies between a bound on V*, found by solving again, and
the best plan in hand, which may be the present one. The prices of the rows give an estimate before
any search: Σ_r |y_r| · step_r, what the bound would fall by if the prices stayed as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from territoryopt.answers.ground import Ground, Interval, interval
from territoryopt.errors import Fault, InputError
from territoryopt.problem import Cost, Exclusion, FloatArray, Grouping, Problem, Rows
from territoryopt.reasons.explanation import Explanation
from territoryopt.solving import solve

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
class RuleCosts:
    """Every rule, the dearest first."""

    rules: tuple[RuleCost, ...]
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/rule-costs/1`."""
        return {
            "schema": SCHEMA,
            "rules": [rule.as_dict() for rule in self.rules],
            "seconds": round(self.seconds, 3),
        }

    def to_frame(self) -> Any:
        """One row per rule, the dearest first."""
        import pandas as pd

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
            ]
        )

    def _repr_html_(self) -> str:
        html: str = self.to_frame().to_html(index=False)
        return html


def rule_costs(
    reasons: Explanation,
    rules: Iterable[str] | None = None,
    *,
    step: float = STEP,
    seconds: float = SECONDS,
    seed: int = 0,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> RuleCosts:
    """What each rule (or those named) costs, by solving again without it and with it loosened.

    seconds: for each search. progress: called with the name of a rule before it is looked at.
    Raises InputError for a rule that is not known.
    """
    began = time.monotonic()
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
    for name in asked:
        if progress is not None:
            progress(name)
        out.append(_cost(ground, name, step, seconds))
    out.sort(key=lambda each: (each.dropped.upper, each.dropped.lower))
    return RuleCosts(tuple(out), time.monotonic() - began)


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


def _cost(ground: Ground, rule: str, step: float, seconds: float) -> RuleCost:
    problem = ground.reasons.problem
    mine = [rows for rows in problem.rows if rows.name == rule and rows.role == "rule"]
    parts: list[Exclusion | Rows | Cost | Grouping] = [*problem.exclusions, *mine]
    parts += [*problem.costs, *problem.groupings]
    kind = next((part.kind for part in parts if part.name == rule), "families")
    before, after = _half_width(mine, step)
    change, estimate = None, None
    if mine:
        change = _again(ground, loosened(problem, rule, step), seconds)
        estimate = -sum(
            float((np.abs(y) * row_step(rows, step)).sum())
            for rows, y in zip(ground.tight.rows, ground.prices.rows, strict=True)
            if rows.name == rule and rows.role == "rule"
        )
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
        dropped=_again(ground, problem.without({rule}), seconds),
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


def _again(ground: Ground, variant: Problem, seconds: float) -> Interval:
    """Where the change of the least cost lies, the plan in hand being one of the variant."""
    rep = ground.plan_of(ground.rep)
    found = solve(
        variant, time_limit=seconds, gap=GAP, seed=ground.seed, threads=ground.threads, start=rep
    )
    upper = min(found.objective, ground.objective)
    return interval(ground.objective, upper, found.bound, found.proved_bound, found.bound_source)
