"""Groups of accounts of which some stay where they are while others are dealt out anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from territoryopt.problem.amounts import BoolArray, IntArray
from territoryopt.problem.parts import Grouping
from territoryopt.problem.problem import Problem


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
