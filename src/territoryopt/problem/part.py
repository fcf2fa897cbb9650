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
    accounts cost over pairs and as groups; where several free members of a group join a fixed one,
    or leave it, it may have more (`group_costs`). The problem is one over units, or one without
    families.
    """
    free = np.zeros(problem.accounts, dtype=bool)
    free[accounts] = True
    fixed = np.where(free, -1, rep)
    exclusions = [Exclusion(e.name, e.kind, _dense(e.barred, accounts, reps))
                  for e in problem.exclusions]  # fmt: skip
    beside = group_costs(problem.groupings, fixed, accounts, reps)
    barred = np.isinf(beside) if barred is None else barred | np.isinf(beside)
    if barred.any():
        exclusions.append(Exclusion("left out", "search", DenseAmounts(barred.astype(np.float64))))
    return Problem(
        accounts=len(accounts),
        reps=len(reps),
        costs=(
            _cost(problem.costs, accounts, reps),
            Cost("groups", "cost", DenseAmounts(np.where(barred, 0.0, beside)), 1.0, "money"),
        ),
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
        groupings=tuple(free_groups(part, fixed, accounts) for part in problem.groupings),
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


def group_costs(
    groupings: Sequence[Grouping], fixed: IntArray, accounts: IntArray, reps: IntArray
) -> FloatArray:
    """float[accounts, reps]: what groups cost a pair because of members that stay, currency/year;
    inf where the group must hold.

    fixed: int[n], the rep of every account that stays, -1 of others. Beside a member it must be
    apart from, an account costs the price; so does one with a rep that no member has who stays and
    whom it should be together with. What free members of such a group cost each other is counted
    once too often at most.
    """
    out = np.zeros((len(accounts), len(reps)))
    number = np.full(len(fixed), -1, dtype=np.int64)
    number[accounts] = np.arange(len(accounts))
    for part in groupings:
        place, account = part.by_account
        low, high = np.searchsorted(account, accounts), np.searchsorted(account, accounts, "right")
        mine = place[_ranges(low, high)]
        if not len(mine) or part.price == 0:
            continue
        groups, of = np.unique(part.group_of_member[mine], return_inverse=True)
        low, high = part.start[groups], part.start[groups + 1]
        members = part.member[_ranges(low, high)]
        group = np.repeat(np.arange(len(groups)), high - low)
        stays = fixed[members] >= 0
        local = np.full(int(max(fixed.max(initial=0), reps.max(initial=0))) + 1, -1, dtype=np.int64)
        local[reps] = np.arange(len(reps))
        at = local[fixed[members[stays]]]
        here = np.zeros((len(groups), len(reps)), dtype=bool)
        here[group[stays][at >= 0], at[at >= 0]] = True
        if part.apart:
            dear = here
        else:
            dear = ~here & (np.bincount(group[stays], minlength=len(groups)) > 0)[:, None]
        charged = np.where(dear, part.price, 0.0)
        np.add.at(out, number[part.member[mine]], charged[of.reshape(-1)])
    return out


def _ranges(low: IntArray, high: IntArray) -> IntArray:
    """The numbers of all ranges low..high-1, one range after the other."""
    many = high - low
    out: IntArray = np.arange(int(many.sum())) + np.repeat(low - np.cumsum(many) + many, many)
    return out


def free_groups(part: Grouping, fixed: IntArray, accounts: IntArray) -> Grouping:
    """The members that are free, in the numbering of `accounts`. Of a group that should share a
    rep, nobody where somebody stays: `group_costs` says what they cost."""
    number = np.full(len(fixed), -1, dtype=np.int64)
    number[accounts] = np.arange(len(accounts))
    keep = number[part.member] >= 0
    if not part.apart:
        some = np.bincount(part.group_of_member[fixed[part.member] >= 0], minlength=len(part)) > 0
        keep &= ~some[part.group_of_member]
    counts = np.bincount(part.group_of_member[keep], minlength=len(part))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return replace(part, member=number[part.member[keep]], start=start)
