"""A part of a problem: some accounts free among some reps, everything else as in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from territoryopt.problem.amounts import (
    AccountAmounts,
    Amounts,
    BoolArray,
    DenseAmounts,
    FloatArray,
    IntArray,
)
from territoryopt.problem.parts import Cost, Exclusion, Grouping
from territoryopt.problem.problem import Problem


def restrict(
    problem: Problem,
    rep: IntArray,
    accounts: IntArray,
    reps: IntArray,
    barred: BoolArray | None = None,
) -> Problem:
    """The problem in which `accounts` may go among `reps` and all others stay as in `rep`.

    rep: int[n], a complete plan. barred: bool[accounts, reps], pairs not to be used besides those
    that may not be. A plan of the part has the objective of the whole plan, less what the fixed
    accounts cost over pairs, and less what groups with fixed members cost; an account may not
    join a fixed one that it must be apart from. The problem is one over units, or one without
    families.
    """
    free = np.zeros(problem.accounts, dtype=bool)
    free[accounts] = True
    fixed = np.where(free, -1, rep)
    exclusions = [Exclusion(e.name, e.kind, _dense(e.barred, accounts, reps))
                  for e in problem.exclusions]  # fmt: skip
    beside = beside_rivals(problem, fixed, accounts, reps)
    barred = beside if barred is None else barred | beside
    if barred.any():
        exclusions.append(Exclusion("left out", "search", DenseAmounts(barred.astype(np.float64))))
    return Problem(
        accounts=len(accounts),
        reps=len(reps),
        costs=(_cost(problem.costs, accounts, reps),),
        rows=tuple(
            replace(
                part,
                amounts=_dense(part.amounts, accounts, reps),
                row_of_rep=part.row_of_rep[reps],
                constant=part.activity(fixed),
            )
            for part in problem.rows
        ),
        exclusions=tuple(exclusions),
        groupings=tuple(free_groups(part, free, accounts) for part in problem.groupings),
        current=np.full(len(accounts), -1, dtype=np.int64),
        family=np.full(len(accounts), -1, dtype=np.int64),
    )


def _dense(amounts: Amounts, accounts: IntArray, reps: IntArray) -> Amounts:
    if isinstance(amounts, AccountAmounts) and not len(amounts.shift):
        return AccountAmounts(amounts.base[accounts], len(reps))
    values = amounts.at(np.repeat(accounts, len(reps)), np.tile(reps, len(accounts)))
    return DenseAmounts(values.reshape(len(accounts), len(reps)).copy())


def _cost(costs: Sequence[Cost], accounts: IntArray, reps: IntArray) -> Cost:
    """All costs over pairs as one; the parts need no names."""
    total: FloatArray = np.zeros((len(accounts), len(reps)))
    for cost in costs:
        total += cost.price * _dense(cost.amounts, accounts, reps).block(0, len(accounts))
    return Cost("cost", "cost", DenseAmounts(total), 1.0, "money")


def beside_rivals(
    problem: Problem, fixed: IntArray, accounts: IntArray, reps: IntArray
) -> BoolArray:
    """bool[accounts, reps]: pairs that put an account with a fixed one it must be apart from."""
    number = np.full(problem.accounts, -1, dtype=np.int64)
    number[accounts] = np.arange(len(accounts))
    out = np.zeros((len(accounts), len(reps)), dtype=bool)
    for part in problem.groupings:
        if part.apart:
            taken = part.counts(fixed, problem.reps)[:, reps] > 0
            mine = number[part.member] >= 0
            np.logical_or.at(out, number[part.member[mine]], taken[part.group_of_member[mine]])
    return out


def free_groups(part: Grouping, free: BoolArray, accounts: IntArray) -> Grouping:
    """The members that are free; a group that should share a rep is kept together only among
    them."""
    number = np.full(len(free), -1, dtype=np.int64)
    number[accounts] = np.arange(len(accounts))
    keep = free[part.member]
    counts = np.bincount(part.group_of_member[keep], minlength=len(part))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return replace(part, member=number[part.member[keep]], start=start)
