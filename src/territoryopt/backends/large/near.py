"""Which candidate pairs a search thinks of: those nearest to being as cheap as an account's best.

Territories differ: where accounts are large or far apart, a rep has few accounts that another
would take for little. Each rep therefore gets its own share of pairs: the nearest that come to it,
and the nearest that leave it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from territoryopt.backends.large.candidates import Candidates
from territoryopt.problem import FloatArray, IntArray

DEPTH = 10
"""Candidates of an account that are looked at, the nearest first."""


def near_pairs(
    candidates: Candidates, slack: FloatArray, per_rep: int, reps: int
) -> NDArray[np.bool_]:
    """bool[n, k]: of each rep the `per_rep` pairs of least slack that come to it from another
    account's cheapest, as many that leave it, and each account's cheapest itself."""
    cheapest = slack.argmin(axis=1)
    here = np.arange(len(slack))
    home = candidates.rep[here, cheapest].astype(np.int64)
    near = np.zeros(slack.shape, dtype=bool)
    depth = min(DEPTH, slack.shape[1])
    some = np.isfinite(slack[:, :depth])
    some[here[cheapest < depth], cheapest[cheapest < depth]] = False
    account, place = np.nonzero(some)
    value = slack[account, place]
    # Far more than can be near are left out before sorting.
    most = 8 * per_rep * reps
    if len(value) > most:
        kept = np.flatnonzero(value <= np.partition(value, most)[most])
        left = np.setdiff1d(np.arange(reps), candidates.rep[account[kept], place[kept]])
        if len(left) == 0:
            account, place, value = account[kept], place[kept], value[kept]
    order = np.argsort(value, kind="stable")
    account, place = account[order], place[order]
    for rep in (candidates.rep[account, place].astype(np.int64), home[account]):
        chosen = _rank_in(rep, reps) < per_rep
        near[account[chosen], place[chosen]] = True
    near[here, cheapest] = True
    return near


def _rank_in(group: IntArray, groups: int) -> IntArray:
    """int[n]: how many earlier entries have the same group."""
    order = np.argsort(group, kind="stable")
    start = np.searchsorted(group[order], np.arange(groups))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - start[group[order]]
    return rank
