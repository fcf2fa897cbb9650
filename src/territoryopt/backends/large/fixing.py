"""Pairs that no better plan uses, left out for good."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from territoryopt.problem import Pairs, Prices, Problem
from territoryopt.problem.bound import reduced_pairs

SAFETY = 1e-9


def without_dear_pairs(problem: Problem, prices: Prices, bound: float, objective: float) -> Problem:
    """The problem over the pairs that a plan of less than `objective` may use.

    With the bound L that `prices` prove, a plan that uses pair (i, j) costs at least L plus what
    the pair's reduced cost exceeds the account's least by: where that is more than `objective`,
    the pair is left out (reduced-cost fixing; Dantzig, Fulkerson and Johnson 1954). Asks for every
    pair of the problem.
    """
    pairs = problem.pairs
    reduced = reduced_pairs(problem, prices)
    least = np.full(problem.accounts, np.inf)
    np.minimum.at(least, pairs.account, reduced)
    room = objective - bound + SAFETY * max(1.0, abs(objective))
    kept = np.flatnonzero(reduced - least[pairs.account] <= room)
    account = pairs.account[kept]
    start = np.searchsorted(account, np.arange(problem.accounts + 1)).astype(np.int64)
    return replace(problem, listed=Pairs(account, pairs.rep[kept], start, pairs.cost[kept]))
