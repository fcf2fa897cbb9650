"""A plan carried into another future: the same owners, as far as accounts and reps are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from territoryopt.problem import (
    TOLERANCE,
    Evaluation,
    FloatArray,
    IntArray,
    Prices,
    Problem,
    evaluate,
)


@dataclass(frozen=True, eq=False)
class Carried:
    """A plan in a future. rep: int64[accounts] there. placed: accounts that the plan does not know,
    or whose rep is not there: each was given to whom it costs least. gone: accounts of the plan
    that are not there."""

    rep: IntArray = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    placed: int
    gone: int


def carry(owners: Mapping[str, str], problem: Problem) -> Carried:
    """The plan `owners` (rep by account, ids) in a problem of other accounts and reps.

    An account keeps its rep where both are there. One that is new, or whose rep is gone, goes with
    its family where that has an owner; else, the large ones first, to the rep for whom it costs
    least among those with whom it breaks no rule more than before, or, where there is none, breaks
    the rows that must hold least. Nothing else moves.
    """
    number = {problem.rep_id(j): j for j in range(problem.reps)}
    ids = [problem.account_id(i) for i in range(problem.accounts)]
    rep = np.array([number.get(owners.get(a, ""), -1) for a in ids], dtype=np.int64)
    left = np.flatnonzero(rep < 0)
    unit_of = problem.units.unit_of
    activity = {rows.name: rows.activity(rep) for rows in problem.rows}
    for i in _by_size(problem, left).tolist():
        family = rep[unit_of == unit_of[i]]
        taken = family[family >= 0]
        to = int(taken[0]) if len(taken) else _cheapest(problem, i, rep, activity)
        if to < 0:
            continue
        rep[i] = to
        here, there = np.array([i]), np.array([to])
        for rows in problem.rows:
            row = int(rows.row_of_rep[to])
            if row >= 0:
                activity[rows.name][row] += float(rows.amounts.at(here, there)[0])
    gone = len(owners.keys() - set(ids))
    return Carried(rep, evaluate(problem, rep), len(left), gone)


def _by_size(problem: Problem, accounts: IntArray) -> IntArray:
    """The accounts by their largest share of a row, the largest first."""
    size = np.zeros(len(accounts))
    for k, i in enumerate(accounts.tolist()):
        for rows in problem.rows:
            if rows.hard and len(rows):
                amount = np.abs(rows.amounts.block(i, i + 1)).max(initial=0.0)
                size[k] = max(size[k], amount / float(rows.scale.min()))
    return accounts[np.argsort(-size, kind="stable")]


def _cheapest(problem: Problem, i: int, rep: IntArray, activity: Mapping[str, FloatArray]) -> int:
    """The rep for whom an account without one costs least; -1 where nobody may have it."""
    cost = problem.priced_block(i, i + 1)[0]
    barred = ~np.isfinite(cost) | ~problem.eligible_block(i, i + 1)[0]
    if barred.all():
        return -1
    broken = np.zeros(problem.reps)
    every, here = np.arange(problem.reps), np.full(problem.reps, i)
    for rows in problem.rows:
        row = rows.row_of_rep
        used, at = row >= 0, np.maximum(row, 0)
        if not len(rows):
            continue
        s = activity[rows.name]
        before, after = rows.excess(s), s[at] + rows.amounts.at(here, every)
        excess = np.maximum(0.0, np.maximum(rows.lower[at] - after, after - rows.upper[at]))
        more = np.where(used, excess - before[at], 0.0)
        hard = np.isinf(rows.price[at])
        broken += np.where(hard, np.maximum(0.0, more / rows.scale[at] - TOLERANCE), 0.0)
        cost = cost + np.where(hard, 0.0, more * np.where(hard, 0.0, rows.price[at]))
    for group in problem.groupings:
        for g in np.unique(group.group_of_member[group.member == i]):
            members = rep[group.member[group.start[g] : group.start[g + 1]]]
            shared = np.isin(every, members[members >= 0])
            wrong = shared if group.apart else ~shared & bool((members >= 0).any())
            if group.hard:
                broken += wrong
            else:
                cost = cost + np.where(wrong, group.price, 0.0)
    broken[barred], cost[barred] = np.inf, np.inf
    return int(np.lexsort((cost, broken))[0])


def worth_of_breaches(problem: Problem, evaluation: Evaluation, prices: Prices | None) -> float:
    """What the broken rows are worth at prices, currency/year: Σ_r |y_r| e_r over the side that is
    broken. At the prices of a proved bound, cost and this together are never below that bound (the
    Lagrangian of `problem/bound`), so that breaking rules makes no plan look better than lawful
    ones can be. Pairs and groups that are not allowed have no such price, and rows whose price is
    zero are worth nothing here: they are told as breaches."""
    if prices is None:
        return 0.0
    total = 0.0
    for rows, y in zip(problem.rows, prices.rows, strict=True):
        hard = np.isinf(rows.price)
        s = evaluation.activity[rows.name]
        over = np.maximum(0.0, s - rows.upper) * np.maximum(y, 0.0)
        under = np.maximum(0.0, rows.lower - s) * np.maximum(-y, 0.0)
        total += float(np.where(hard, np.nan_to_num(over) + np.nan_to_num(under), 0.0).sum())
    return total


def farthest(problem: Problem, evaluation: Evaluation) -> float:
    """The farthest that a row that must hold is out of its bounds, a fraction of their size."""
    out = 0.0
    for rows in problem.rows:
        s = evaluation.activity[rows.name]
        share = np.where(rows.broken(s), rows.excess(s) / rows.scale, 0.0)
        out = max(out, float(share.max(initial=0.0)))
    return out
