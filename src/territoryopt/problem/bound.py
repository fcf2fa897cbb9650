"""The proved bound: what any prices on the rows say about every possible plan.

For multipliers y_r on row activities s_r = k_r + Σ a_ij x_ij (currency per unit of the row),

    objective >= Σ_i min_{j eligible} (c_ij + Σ_r y_r a_ij) + Σ_r (y_r k_r - φ*_r(y_r)),

where φ_r is the convex price of row r and φ*_r(y) = max(y lower, y upper) its conjugate: the
Lagrangian dual of the side rows (Geoffrion 1974, Math. Programming Study 2, 82-114). A hard row
takes any y whose side is closed; a row with price p takes |y| <= p; rows that share one worst
price take Σ |y_r| / p_r <= 1. `valid_prices` clips to that, so the bound holds whoever found the
prices, and is as good as the LP relaxation when the prices are its duals. Groupings are dropped:
their money cannot be negative, so what is left is still a bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from territoryopt.problem.amounts import FloatArray, IntArray, blocks
from territoryopt.problem.parts import Rows
from territoryopt.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class Prices:
    """Multipliers y_r for each part of `Problem.rows`: currency/year per unit of the row.

    Above zero a row pushes amounts away (its upper side binds), below zero it draws them in.
    """

    rows: tuple[FloatArray, ...]

    @staticmethod
    def zero(problem: Problem) -> Prices:
        return Prices(tuple(np.zeros(len(rows)) for rows in problem.rows))


def valid_prices(problem: Problem, prices: Prices) -> Prices:
    """The nearest prices for which the bound is a proof: finite, of the side that is closed, and
    within each row's own price."""
    return Prices(tuple(_clip(rows, y) for rows, y in zip(problem.rows, prices.rows, strict=True)))


def _clip(rows: Rows, y: FloatArray) -> FloatArray:
    y = np.nan_to_num(y, nan=0.0, posinf=0.0, neginf=0.0)
    y = np.where((y > 0) & np.isposinf(rows.upper), 0.0, y)
    y = np.where((y < 0) & np.isneginf(rows.lower), 0.0, y)
    y = np.clip(y, -rows.price, rows.price)
    if rows.worst:
        used = y != 0
        share = float((np.abs(y[used]) / rows.price[used]).sum())
        if share > 1:
            y = y / (share * (1 + 1e-15 * len(y)))
    return y


def reduced_costs(problem: Problem, prices: Prices, start: int, stop: int) -> FloatArray:
    """float[stop - start, reps]: c_ij + Σ_r y_r a_ij, currency/year; inf where not eligible."""
    out = problem.cost_block(start, stop)
    for rows, y in zip(problem.rows, prices.rows, strict=True):
        if y.any():
            out += _price_of_rep(rows, y) * rows.amounts.block(start, stop)
    out[~problem.eligible_block(start, stop)] = np.inf
    return out


def _price_of_rep(rows: Rows, y: FloatArray) -> FloatArray:
    return np.where(rows.row_of_rep >= 0, y[rows.row_of_rep], 0.0)


def support(rows: Rows, y: FloatArray) -> float:
    """Σ_r (y_r k_r - φ*_r(y_r)), currency/year: what the row bounds give back. `y` valid."""
    side = np.where(y > 0, rows.upper, rows.lower)
    used = y != 0
    return float((y[used] * (rows.constant[used] - side[used])).sum())


@dataclass(frozen=True, eq=False)
class Proof:
    """A bound recomputed from prices, the prices used, and each account's cheapest rep at them."""

    bound: float
    prices: Prices
    cheapest: IntArray


def prove(problem: Problem, prices: Sequence[FloatArray] | Prices | None = None) -> Proof:
    """The bound that `prices` prove over every eligible pair; -inf is never returned, and inf
    only where an account has no eligible rep. Without prices: every account with its cheapest
    rep. The problem is one over units (`Problem.contracted`) or one without families."""
    if prices is None:
        prices = Prices.zero(problem)
    elif not isinstance(prices, Prices):
        prices = Prices(tuple(prices))
    valid = valid_prices(problem, prices)
    total = 0.0
    size = 0.0
    cheapest = np.empty(problem.accounts, dtype=np.int64)
    for start, stop in blocks(problem.accounts, problem.reps):
        reduced = reduced_costs(problem, valid, start, stop)
        if not problem.reps:
            return Proof(np.inf, valid, np.full(problem.accounts, -1, dtype=np.int64))
        best = reduced.argmin(axis=1)
        cheapest[start:stop] = best
        value = reduced[np.arange(stop - start), best]
        total += float(value.sum())
        size += float(np.abs(value[np.isfinite(value)]).sum())
    for rows, y in zip(problem.rows, valid.rows, strict=True):
        part = support(rows, y)
        total += part
        size += abs(part)
    # What float64 summation may have added by rounding is taken off again, so that the bound
    # errs below the truth: pairwise sums of n terms err by about log2(n) ulps of their size.
    return Proof(total - 4e-15 * size, valid, cheapest)
