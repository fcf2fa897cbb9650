"""A problem with something asked of it: pairs that must be, or must not be, in the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from territoryopt.problem.amounts import AccountAmounts, IntArray
from territoryopt.problem.parts import Exclusion
from territoryopt.problem.problem import Problem

ASKED = "what was asked for"
"""The name of the rule that says so."""

Pair = tuple[int, int]


def with_pairs(problem: Problem, force: Mapping[int, int], forbid: Sequence[Pair] = ()) -> Problem:
    """The problem in which each account of `force` must be with its rep, and no pair of `forbid` is
    used. Every plan of it is one of `problem`, at the same cost."""
    base = np.zeros(problem.accounts)
    forced: IntArray = np.array(sorted(force), dtype=np.int64)
    base[forced] = 1.0
    to = np.array([force[int(i)] for i in forced], dtype=np.int64)
    never = np.array(sorted(set(forbid)), dtype=np.int64).reshape(-1, 2)
    bars = AccountAmounts(
        base,
        problem.reps,
        np.concatenate([forced, never[:, 0]]),
        np.concatenate([to, never[:, 1]]),
        np.concatenate([np.full(len(forced), -1.0), np.ones(len(never))]),
    )
    return replace(problem, exclusions=(*problem.exclusions, Exclusion(ASKED, "asked", bars)))
