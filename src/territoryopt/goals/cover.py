"""How much of what accounts ask for fits into the hours of their reps, and what has no cover."""

from __future__ import annotations

import numpy as np

from territoryopt.cells import FloatArray, IntArray
from territoryopt.goals.measured import Measured
from territoryopt.goals.types import LeftOut
from territoryopt.problem.amounts import BoolArray, blocks

REASONS = ("barred", "nobody", "no_visits", "hours_end", "far")
"""Why potential has no full cover. An account counts under the first that holds; only what the
hours of its rep leave over counts of one that is partly visited, and the rest may still lie far."""


def covered(
    hours: FloatArray, value: FloatArray, rep: IntArray, capacity: FloatArray
) -> FloatArray:
    """float64[accounts]: the share of its hours that each account gets, from 0 to 1.

    Each rep serves accounts by value per hour, the best first, until the hours end; the account at
    which they end gets what is left. An account without hours is served for nothing, one without
    a rep not at all.
    Symbols: hours, value float64[accounts] a year, rep int64[accounts] (-1: nobody), capacity
             float64[reps] hours a year, inf where there is no limit
    Source: the greedy rule is best for a knapsack whose items may be cut (Dantzig 1957, Operations
            Research 5(2), 266-288); that a rep works in this order is our assumption
    """
    out = np.zeros(len(hours))
    free = (rep >= 0) & (hours <= 0)
    out[free] = 1.0
    busy = np.flatnonzero((rep >= 0) & (hours > 0))
    order = busy[np.lexsort((busy, -value[busy] / hours[busy], rep[busy]))]
    owner, need = rep[order], hours[order]
    sums = np.cumsum(need)
    first = np.searchsorted(owner, owner)  # where the rep's accounts begin
    before = sums - need - np.where(first > 0, sums[first - 1], 0.0)
    out[order] = np.clip((capacity[owner] - before) / need, 0.0, 1.0)
    # sums of many hours end a rounding before or behind a capacity that is just met
    out[out > 1 - 1e-9] = 1.0
    out[out < 1e-9] = 0.0
    return out


def uncovered(
    measured: Measured,
    value: FloatArray,
    beyond: float | None,
    capacity: str,
    left: list[LeftOut],
) -> tuple[dict[str, FloatArray], FloatArray | None, FloatArray | None]:
    """By reason the share of each account that has no full cover for it; km; hours spent.

    value: float64[accounts] potential, money a year. beyond: km from which a rep is far. capacity:
    a column of reps.csv. left: what could not be looked at is added. km, hours: float64[accounts],
    None where they are not known; hours a year that are really spent.
    """
    rep = measured.rep
    reasons: dict[str, FloatArray] = {}
    nobody = rep < 0
    barred = nobody & ~_some_rep(measured, nobody)
    reasons["barred"] = barred.astype(np.float64)
    reasons["nobody"] = (nobody & ~barred).astype(np.float64)
    rest = np.where(nobody, 0.0, 1.0)
    visits = measured.visits
    if visits is None:
        left.append(LeftOut("accounts without visits", "there is no column of visits"))
    else:
        reasons["no_visits"] = rest * (visits <= 0)
        rest = rest - reasons["no_visits"]
    hours = None
    if why := measured.why_not("workload"):
        left.append(LeftOut("where the hours end, and hours by segment", why))
    else:
        hours = measured.of_accounts("workload")
        able = measured.rep_column(capacity)
        if able is None:
            why = f"reps.csv has no column {capacity!r} full of numbers"
            left.append(LeftOut("where the hours end", why))
        else:
            served = covered(hours, value, rep, able)
            reasons["hours_end"] = rest * (1 - served)
            hours = hours * served
            rest = rest - reasons["hours_end"]
    km = None
    if beyond is not None:
        if why := measured.why_not("distance"):
            left.append(LeftOut("accounts far from their rep", why))
        else:
            km = measured.of_accounts("distance")
            reasons["far"] = rest * (km > beyond)
    return reasons, km, hours


def _some_rep(measured: Measured, asked: BoolArray) -> BoolArray:
    """bool[accounts]: whether any rep may have the account; True where that was not asked."""
    problem = measured.run.problem
    out = np.ones(problem.accounts, dtype=bool)
    if asked.any():
        for start, stop in blocks(problem.accounts, problem.reps):
            out[start:stop] = problem.eligible_block(start, stop).any(axis=1)
    return out | ~asked
