"""A plan that keeps the rules, account by account: where there is room it finds one at once.

Accounts with few eligible reps come first, then the large ones; each goes where the rows are least
overfull after it, and, where none is, to the rep with the most room. Nothing is ever undone, so
that not finding a plan says nothing.
"""

from __future__ import annotations

import numpy as np

from territoryopt.problem.amounts import FloatArray, IntArray, blocks
from territoryopt.problem.parts import Rows
from territoryopt.problem.problem import Problem

MOST_ACCOUNTS = 50_000
"""Accounts up to which going through them one by one is no long work."""


def greedy_plan(problem: Problem) -> IntArray | None:
    """A complete plan int[accounts], which may break rules; None where an account has no rep or
    there are too many. The problem is one over units. Costs play no part."""
    if problem.accounts > MOST_ACCOUNTS or not problem.reps:
        return None
    few, size = _order(problem)
    if (few == 0).any():
        return None
    hard = [rows for rows in problem.rows if rows.hard]
    activity = [rows.constant.copy() for rows in hard]
    rep = np.full(problem.accounts, -1, dtype=np.int64)
    apart = _apart(problem)
    every = np.arange(problem.reps)
    for i in np.lexsort((-size, few)):
        score = _scores(hard, activity, int(i), every)
        closed = ~problem.eligible_block(int(i), int(i) + 1)[0]
        for members in apart.get(int(i), ()):
            taken = rep[members]
            closed[taken[taken >= 0]] = True
        if closed.all():
            return None
        score[closed] = np.inf
        j = int(score.argmin())
        rep[i] = j
        for rows, s in zip(hard, activity, strict=True):
            row = int(rows.row_of_rep[j])
            if row >= 0:
                s[row] += float(rows.amounts.at(np.array([i]), np.array([j]))[0])
    return rep


def _order(problem: Problem) -> tuple[IntArray, FloatArray]:
    """int[accounts] eligible reps of each, and float[accounts] its largest share of a row."""
    few = np.zeros(problem.accounts, dtype=np.int64)
    size = np.zeros(problem.accounts)
    for start, stop in blocks(problem.accounts, problem.reps):
        few[start:stop] = problem.eligible_block(start, stop).sum(axis=1)
        for rows in problem.rows:
            if rows.hard and len(rows):
                amount = np.abs(rows.amounts.block(start, stop)).max(axis=1, initial=0.0)
                size[start:stop] = np.maximum(size[start:stop], amount / float(rows.scale.min()))
    return few, size


def _scores(hard: list[Rows], activity: list[FloatArray], i: int, every: IntArray) -> FloatArray:
    """float[reps]: how full, and above all how overfull, the rows are with the account there."""
    out = np.zeros(len(every))
    here = np.full(len(every), i)
    for rows, s in zip(hard, activity, strict=True):
        row = rows.row_of_rep
        used = row >= 0
        amount = rows.amounts.at(here, every)
        at = np.maximum(row, 0)
        after = s[at] + amount
        scale = rows.scale[at]
        over = np.where(np.isfinite(rows.upper[at]), after - rows.upper[at], -np.inf)
        top = np.where(np.isfinite(rows.upper[at]), rows.upper[at], rows.lower[at])
        full = np.where(np.isfinite(top), (after - top) / scale, 0.0)
        out += np.where(used & (amount != 0), full + 1e6 * np.maximum(0.0, over) / scale, 0.0)
    return out


def _apart(problem: Problem) -> dict[int, list[IntArray]]:
    """The members of the groups that an account must be apart from."""
    out: dict[int, list[IntArray]] = {}
    for part in problem.groupings:
        if part.apart and part.hard:
            for g in range(len(part)):
                members = part.member[part.start[g] : part.start[g + 1]]
                for i in members.tolist():
                    out.setdefault(i, []).append(members)
    return out
