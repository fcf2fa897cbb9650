"""The cheapest repair of a conflict: which rule to loosen by how much, each by itself.

For a rule of rows the least t such that a plan exists with every row wider by the fraction t of
its size (the minimax of Rows); for locks, required skills, groups and families the fewest accounts,
groups or families that must be let go. Each is an optimum with a plan that shows it works.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from territoryopt.answers.members import only_accounts
from territoryopt.answers.rule_costs import COUNTED, loosened, row_step
from territoryopt.answers.series import Series
from territoryopt.backends import choose, get_backend
from territoryopt.problem import (
    Amounts,
    Cost,
    Grouping,
    IntArray,
    Problem,
    Rows,
    evaluate,
)
from territoryopt.problem.amounts import ComputedAmounts, FloatArray
from territoryopt.problem.asked import with_pairs
from territoryopt.reasons.conflict import by_themselves, hardly_free, has_plan

LARGE = 50_000
"""Pairs from which the accounts that hardly have a choice are looked at first."""

MARGIN = 1e-6
"""A row is loosened by so much more, as a fraction, than the least that a plan needs."""

ACCOUNTS, GROUPS, FAMILIES, SHARE, COUNT = "accounts", "groups", "families", "share", "count"


@dataclass(frozen=True, eq=False)
class Repair:
    """What loosening one rule takes, all others as they are.

    unit: "share" of each row's target or bounds (0.03 = 3 % wider on each closed side), "count" of
    accounts that a limit on accounts or moves is wider by, or the "accounts", "groups" or
    "families" to be let go. amount: by a plan in hand, `rep`, that keeps
    all else; least: no less will do (by `source`). named: the rows or accounts concerned.
    """

    rule: str
    unit: str
    amount: float
    least: float
    source: str
    named: tuple[str, ...]
    rep: IntArray

    def as_dict(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "unit": self.unit,
            "amount": self.amount,
            "least": self.least,
            "source": self.source,
            "named": list(self.named),
        }


def repairs(
    problem: Problem, rules: Sequence[str], series: Series, told: Callable[[str], None]
) -> list[Repair]:
    """The repairs of a problem without a plan by each of some rules, those of rows first, the
    smallest first; a rule that does not help alone is left out. Each has a fair share of the time
    left; after Ctrl-C those found so far are given."""
    out = []
    with series:
        for k, rule in enumerate(rules):
            if series.over:
                break
            told(f"ways out: {rule}")
            each = repair(problem, rule, series.left / (len(rules) - k), series)
            if each is not None:
                out.append(each)
    out.sort(key=lambda each: (each.unit != SHARE, each.amount))
    return out


def repair(problem: Problem, rule: str, seconds: float, series: Series) -> Repair | None:
    """The least loosening of one rule that lets a plan exist; None where it does not help, or no
    plan was found in time."""
    began = time.monotonic()
    quick = _quick(problem, rule, seconds, series)
    if quick is not None:
        return quick
    left = max(0.1, seconds - (time.monotonic() - began))
    asked, unit = elastic(problem, rule)
    found = series.solve(asked, 1e-4, seconds=left)
    if found.rep is None:
        return None
    named = _named(problem, rule, found.rep)
    least, amount = _rounded(found.bound, found.objective, unit)
    return Repair(rule, unit, amount, least, found.bound_source, named, found.rep)


def _rounded(bound: float, objective: float, unit: str) -> tuple[float, float]:
    """What is needed at least, and what is enough."""
    least = max(0.0, bound)
    if unit == SHARE:
        return least, objective * (1 + MARGIN) + MARGIN
    return float(np.ceil(least - 1e-6)), float(np.ceil(objective - 1e-6))


def _quick(problem: Problem, rule: str, seconds: float, series: Series) -> Repair | None:
    """The same by the accounts that hardly have a choice: what it takes to make them fit is needed
    at least, and if a plan for all exists with just that, it is enough."""
    unit = problem.contracted
    if unit.accounts * unit.reps <= LARGE:
        return None
    bound = hardly_free(unit)
    if not len(bound) or len(bound) == unit.accounts:
        return None
    asked, kind = elastic(unit, rule)
    found = series.solve(by_themselves(asked, bound), 1e-4, seconds=0.4 * seconds)
    if found.rep is None or found.objective <= 0:
        return None
    least, amount = _rounded(found.bound, found.objective, kind)
    given = unit
    if kind in (SHARE, COUNT):
        given = loosened(unit, rule, amount)
        if kind == COUNT:
            given = _more(unit, rule, amount)
    elif kind == ACCOUNTS:
        barred = ~unit.eligible_at(bound, found.rep)
        given = _released(unit, rule, bound[barred])
    else:
        return None
    # The others are free to go round these, where these are left as they fit by themselves.
    as_found = dict(zip(bound.tolist(), found.rep.tolist(), strict=True))
    shown = has_plan(
        with_pairs(given, as_found),
        get_backend(choose(given)[0]),
        series.limits(0.4 * seconds, 1.0),
    )
    if not shown.feasible or shown.rep is None:
        return None
    rep = shown.rep[problem.units.unit_of]
    return Repair(rule, kind, amount, least, found.bound_source, _named(problem, rule, rep), rep)


def _more(problem: Problem, rule: str, count: float) -> Problem:
    """The problem with the rows of a rule wider by so many accounts."""
    return replace(
        problem,
        rows=tuple(
            replace(rows, lower=rows.lower - count, upper=rows.upper + count)
            if rows.name == rule
            else rows
            for rows in problem.rows
        ),
    )


def _released(problem: Problem, rule: str, accounts: IntArray) -> Problem:
    """The problem in which a rule bars nothing of these accounts."""
    kept = np.setdiff1d(np.arange(problem.accounts), accounts)
    return replace(
        problem,
        exclusions=tuple(
            replace(part, barred=only_accounts(part.barred, kept), in_cost=False)
            if part.name == rule
            else part
            for part in problem.exclusions
        ),
    ).feasibility()


def elastic(problem: Problem, rule: str) -> tuple[Problem, str]:
    """The question how far one rule must give way, and the unit of its answer."""
    rest = problem.without({rule}).feasibility()
    rows = [rows for rows in problem.rows if rows.name == rule and rows.hard]
    if rows:
        counted = all(part.unit in COUNTED for part in rows)
        return replace(rest, rows=(*rest.rows, *map(_wide, rows))), COUNT if counted else SHARE
    exclusions = [part for part in problem.exclusions if part.name == rule]
    if exclusions:
        costs = tuple(
            Cost(rule, "released", _ones(part.barred), 1.0, "accounts") for part in exclusions
        )
        return replace(rest, costs=costs), ACCOUNTS
    groupings = [part for part in problem.groupings if part.name == rule]
    if groupings:
        soft = tuple(replace(part, price=1.0) for part in groupings)
        return replace(rest, groupings=(*rest.groupings, *soft)), GROUPS
    return replace(rest, groupings=(*rest.groupings, _families(problem))), FAMILIES


def _wide(rows: Rows) -> Rows:
    """The rows at a price of one for each of their steps outside, the worst row alone charged."""
    hard = np.isinf(rows.price)
    return replace(
        rows,
        price=np.where(hard, 1.0 if rows.unit in COUNTED else 1.0 / row_step(rows, 1.0), 0.0),
        worst=True,
        target=None,
        lower=np.where(hard, rows.lower, -np.inf),
        upper=np.where(hard, rows.upper, np.inf),
    )


def _ones(barred: Amounts) -> Amounts:
    """One for each pair that is barred."""

    def rows(start: int, stop: int) -> FloatArray:
        return (barred.block(start, stop) > 0).astype(np.float64)

    def pairs(account: IntArray, rep: IntArray) -> FloatArray:
        return (barred.at(account, rep) > 0).astype(np.float64)

    return ComputedAmounts(barred.accounts, barred.reps, rows, pairs)


def _families(problem: Problem) -> Grouping:
    """The families as groups that should share a rep, one currency unit for each rep too many."""
    number = np.unique(problem.family[problem.family >= 0])
    lists = [np.flatnonzero(problem.family == f) for f in number]
    start = np.concatenate([[0], np.cumsum([len(each) for each in lists])]).astype(np.int64)
    member = np.concatenate([np.empty(0, dtype=np.int64), *lists]).astype(np.int64)
    labels = tuple(problem.account_id(int(each[0])) for each in lists)
    rule = problem.family_rule
    return Grouping(rule, "families", labels, member, start, apart=False, price=1.0)


def _named(problem: Problem, rule: str, rep: IntArray) -> tuple[str, ...]:
    """The rows or accounts of a rule that the plan found does not keep."""
    broken = [b for b in evaluate(problem, rep).breaches if b.rule == rule]
    return tuple(dict.fromkeys(b.account or b.label for b in broken))
