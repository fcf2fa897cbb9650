"""The class of problems: one hard capacity per rep on one measure, and costs per pair.

    min Σ c_ij x_ij   with   Σ_j x_ij = 1,   Σ_i a_ij x_ij <= b_j,   x binary

the generalised assignment problem (GAP; Martello and Toth 1990, Knapsack Problems, ch. 7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.backends.sizes import too_many_pairs
from territoryopt.problem import TOLERANCE, FloatArray, IntArray, Problem, Rows
from territoryopt.problem.amounts import BoolArray

MOST_PAIRS = 1_000_000
"""Every pair is stored twice as float64, eligible or not."""

MOST_REPS = 120
"""Reps up to which a problem has few of them; chains and knapsacks were measured to 80."""

DECIMALS = 6
WHOLE = 1e-9


@dataclass(frozen=True, eq=False)
class Table:
    """A problem of the class as dense arrays.

    cost: float[accounts, reps], currency/year, inf where not eligible. amount: float[accounts,
    reps], >= 0, in the unit of the row. capacity: float[reps], what is left for free accounts; inf
    where a rep has none. forgiven: float[reps], excess that the checker lets pass. part: which of
    `Problem.rows`; row: int[reps], its row of each rep, -1 = none.
    """

    cost: FloatArray
    amount: FloatArray
    capacity: FloatArray
    forgiven: FloatArray
    part: int
    row: IntArray

    @staticmethod
    def of(problem: Problem) -> Table:
        """The table of a problem that `unfit` finds no fault with."""
        part = _bounded(problem)[0]
        rows = problem.rows[part]
        row = rows.row_of_rep
        cost = problem.cost_block(0, problem.accounts).copy()
        cost[~problem.eligible_block(0, problem.accounts)] = np.inf
        amount = np.array(rows.amounts.block(0, problem.accounts), dtype=np.float64)
        held = row >= 0
        capacity = np.where(held, (rows.upper - rows.constant)[row], np.inf)
        capacity = np.where(held & (rows.price[row] > 0), capacity, np.inf)
        amount[:, np.isinf(capacity)] = 0.0
        amount[np.isinf(cost)] = 0.0
        return Table(cost, amount, capacity, (TOLERANCE * rows.scale)[row] * held, part, row)


def unfit(problem: Problem) -> str | None:
    """Why a problem is not of the class, in plain words; None where it is."""
    many = too_many_pairs(problem, MOST_PAIRS, "the search for tight capacities")
    if many is not None:
        return many
    if problem.groupings:
        return "groups of accounts that are kept apart or together are more than capacities"
    parts = _bounded(problem)
    if len(parts) != 1:
        return f"one capacity per rep is needed, and {len(parts)} measures are bounded"
    rows = problem.rows[parts[0]]
    used = rows.row_of_rep[rows.row_of_rep >= 0]
    if not np.isinf(rows.price[_closed(rows)]).all():
        return f"{rows.name!r} has a price; only limits that must hold are taken"
    if np.isfinite(rows.lower).any():
        return f"{rows.name!r} has a least amount; only upper limits are taken"
    if len(np.unique(used)) < len(used):
        return f"{rows.name!r} has one limit for several reps; each needs its own"
    if problem.accounts and (rows.amounts.block(0, problem.accounts) < 0).any():
        return f"{rows.name!r} has amounts below zero"
    return None


def suits(problem: Problem) -> str | None:
    """Why a problem is one for this search, in plain words; None where another does as well."""
    if unfit(problem) is not None or not 1 < problem.reps <= MOST_REPS:
        return None
    table = Table.of(problem)
    name = problem.rows[table.part].name
    if problem.accounts < 4 * problem.reps or not np.isfinite(table.capacity).all():
        return None
    if not np.isfinite(table.cost).any(axis=1).all() or factor(table.amount) is None:
        return None
    cheapest = table.cost.argmin(axis=1)
    load = np.bincount(cheapest, table.amount[np.arange(len(cheapest)), cheapest], problem.reps)
    if float(load.sum()) < 0.95 * float(table.capacity.sum()):
        return None
    return (
        f"{problem.reps} reps share all accounts, {name!r} must hold for each in whole numbers, "
        f"and the cheapest plan takes {load.sum() / table.capacity.sum():.0%} of what there is"
    )


def factor(values: FloatArray) -> float | None:
    """The least power of ten that makes all finite values whole; None where none up to
    10^6 does."""
    known = values[np.isfinite(values)]
    for k in range(DECIMALS + 1):
        scaled = known * 10.0**k
        near = np.rint(scaled)
        if np.all(np.abs(scaled - near) <= WHOLE * np.minimum(1.0, 1e-3 + np.abs(near))):
            return 10.0**k if float(np.abs(near).max(initial=0.0)) < 2.0**40 else None
    return None


def _closed(rows: Rows) -> BoolArray:
    closed: BoolArray = (np.isfinite(rows.upper) | np.isfinite(rows.lower)) & (rows.price > 0)
    return closed


def _bounded(problem: Problem) -> list[int]:
    return [k for k, rows in enumerate(problem.rows) if _closed(rows).any()]
