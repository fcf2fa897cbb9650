"""What a small search deals out: the accounts of a few reps among them, all else as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from territoryopt.backends.large.plan import Plan
from territoryopt.problem import FloatArray, Grouping, IntArray, Problem, Rows
from territoryopt.problem.listed import listed_problem
from territoryopt.problem.part import free_groups, group_costs


def dealt_anew(
    plan: Plan, slack: FloatArray, own: IntArray, accounts: IntArray, reps: IntArray, pairs: float
) -> tuple[Problem, IntArray, IntArray, IntArray] | None:
    """The problem of dealing out the accounts of `reps` anew among them: itself, the accounts with
    a choice, their present reps in its numbering, and int[accounts, reps] the candidate that each
    rep of it stands for. None where nobody has a choice.

    slack: float[n, k] of all candidates, currency/year; own: int[n], the plan's reps; accounts:
    int[m] ascending, those that `reps` hold. Open are the `pairs` of least slack.
    """
    table, c = plan.table, plan.candidates
    number = np.full(plan.problem.reps + 1, -1, dtype=np.int64)
    number[reps] = np.arange(len(reps))
    local = number[c.rep[accounts]]
    here = np.arange(len(accounts))
    dear = np.where(local >= 0, slack[accounts], np.inf)
    dear[here, plan.place[accounts]] = np.inf
    size = int(pairs)
    most = np.partition(dear.reshape(-1), size)[size] if dear.size > size else np.inf
    open_ = (dear <= most) & np.isfinite(dear)
    open_[here, plan.place[accounts]] = True
    choice = open_.sum(axis=1) > 1
    accounts, local, open_ = accounts[choice], local[choice], open_[choice]
    if len(accounts) < 2:
        return None
    account, place = np.nonzero(open_)
    order = np.lexsort((local[account, place], account))
    account, place = account[order], place[order]
    to = local[account, place]
    stands = np.full((len(accounts), len(reps)), -1, dtype=np.int64)
    stands[account, to] = place
    whole, here = accounts[account], plan.place[accounts]
    fixed = own.copy()
    fixed[accounts] = -1
    beside = group_costs(plan.priced.groupings, fixed, accounts, reps)
    rows = _rows(plan, reps, accounts, here)
    amounts = [c.amount[whole, place, p].copy() for p in range(table.parts)]
    problem = listed_problem(
        len(accounts),
        len(reps),
        (account, to, c.cost[whole, place] + beside[account, to]),
        amounts,
        rows,
        [free_groups(part, fixed, accounts) for part in plan.priced.groupings],
    )
    return problem, accounts, number[c.rep[accounts, here]], stands


def _rows(plan: Plan, reps: IntArray, accounts: IntArray, here: IntArray) -> list[Rows]:
    """The rows of some reps, without what these accounts add at their candidates `here`."""
    table, c = plan.table, plan.candidates
    constant = plan.activity.copy()
    row = table.row[c.rep[accounts, here]]
    for p in range(table.parts):
        inside = row[:, p] >= 0
        np.subtract.at(constant, row[inside, p], c.amount[accounts[inside], here[inside], p])
    out = []
    outside = plan.outside
    for p, part in enumerate(plan.priced.rows):
        first = int(table.first[p])
        at = part.row_of_rep[reps]
        kept = np.arange(len(part)) if part.worst else np.unique(at[at >= 0])
        renumbered = np.full(len(part) + 1, -1, dtype=np.int64)
        renumbered[kept] = np.arange(len(kept))
        # A hard row that holds must hold: only what is broken already has a price.
        s = plan.activity[first + kept]
        holds = np.isinf(table.price[first + kept]) & ~outside[first + kept]
        out.append(
            replace(
                part,
                labels=tuple(part.labels[r] for r in kept),
                row_of_rep=renumbered[at],
                lower=np.where(holds, np.minimum(part.lower[kept], s), part.lower[kept]),
                upper=np.where(holds, np.maximum(part.upper[kept], s), part.upper[kept]),
                price=np.where(holds, np.inf, part.price[kept]),
                constant=constant[first + kept],
                target=None,
            )
        )
    return out


def offenders(part: Grouping, own: IntArray, reps: int) -> tuple[IntArray, IntArray]:
    """(int[n], int[n]): the reps with a group that is not as it should be, one entry for each such
    group, and how many accounts (apart) or reps (together) are too many there."""
    cell, count = np.unique(part.group_of_member * reps + own[part.member], return_counts=True)
    if part.apart:
        some = count > 1
        return cell[some] % reps, count[some] - 1
    spread = np.bincount(cell // reps, minlength=len(part))[cell // reps]
    return cell[spread > 1] % reps, np.ones(int((spread > 1).sum()), dtype=np.int64)
