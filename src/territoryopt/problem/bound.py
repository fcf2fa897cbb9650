"""The proved bound: what any prices on the rows say about every possible plan.

For multipliers y_r on row activities s_r = k_r + Σ a_ij x_ij (currency per unit of the row),

    objective >= Σ_i min_{j eligible} (c_ij + Σ_r y_r a_ij + g_ij) + Σ_r (y_r k_r - φ*_r(y_r)) - G,

where φ_r is the convex price of row r and φ*_r(y) = max(y lower, y upper) its conjugate: the
Lagrangian dual of the side rows (Geoffrion 1974, Math. Programming Study 2, 82-114). A hard row
takes any y whose side is closed; a row with price p takes |y| <= p; rows that share one worst
price take Σ |y_r| / p_r <= 1. Groups kept apart or together make pairs dearer by g_ij >= 0 and
give G >= 0 back (`group_prices`); without prices of theirs both are 0, for their money cannot be
negative. `valid_prices` clips to all that, so the bound holds whoever found the prices, and is as
good as the LP relaxation when the prices are its duals.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from territoryopt.problem.amounts import FloatArray, IntArray, blocks
from territoryopt.problem.group_prices import (
    LARGEST,
    GroupPrices,
    add_to_block,
    add_to_pairs,
    given_back,
    valid_group_prices,
)
from territoryopt.problem.parts import TOLERANCE, Rows
from territoryopt.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class Prices:
    """Multipliers y_r for each part of `Problem.rows`: currency/year per unit of the row.

    Above zero a row pushes amounts away (its upper side binds), below zero it draws them in.
    groups: those of each of `Problem.groupings`; () leaves all of them out of the bound.
    """

    rows: tuple[FloatArray, ...]
    groups: tuple[GroupPrices, ...] = ()

    @staticmethod
    def zero(problem: Problem) -> Prices:
        return Prices(tuple(np.zeros(len(rows)) for rows in problem.rows))


def valid_prices(problem: Problem, prices: Prices) -> Prices:
    """The nearest prices for which the bound is a proof: finite, of the side that is closed, and
    within the own price of each row and group."""
    rows = tuple(_clip(rows, y) for rows, y in zip(problem.rows, prices.rows, strict=True))
    if not prices.groups:
        return Prices(rows)
    pairs = zip(problem.groupings, prices.groups, strict=True)
    return Prices(rows, tuple(valid_group_prices(g, given, problem.reps) for g, given in pairs))


def _clip(rows: Rows, y: FloatArray) -> FloatArray:
    y = np.nan_to_num(y, nan=0.0, posinf=0.0, neginf=0.0)
    y = np.where((y > 0) & np.isposinf(rows.upper), 0.0, y)
    y = np.where((y < 0) & np.isneginf(rows.lower), 0.0, y)
    most = np.minimum(rows.price, LARGEST)
    y = np.clip(y, -most, most)
    if rows.worst:
        used = y != 0
        share = float((np.abs(y[used]) / rows.price[used]).sum())
        if share > 1:
            y = y / (share * (1 + 1e-15 * len(y)))
    return y


@dataclass(frozen=True, eq=False)
class Block:
    """The pairs of the accounts start..start+n-1, all float[n, reps].

    cost: currency/year. reduced: c_ij + Σ_r y_r a_ij + g_ij, currency/year; both inf where a pair
    is not eligible. amounts: of each part of `Problem.rows`, in its unit.
    """

    start: int
    cost: FloatArray
    reduced: FloatArray
    amounts: tuple[FloatArray, ...]


def reduced_block(problem: Problem, prices: Prices, start: int, stop: int) -> Block:
    """All pairs of a few accounts at `prices`; those of groups as `valid_prices` gives them."""
    cost = problem.priced_block(start, stop)
    amounts = tuple(rows.amounts.block(start, stop) for rows in problem.rows)
    reduced = cost.copy()
    for rows, y, amount in zip(problem.rows, prices.rows, amounts, strict=True):
        if y.any():
            reduced += _price_of_rep(rows, y) * amount
    add_to_block(reduced, start, problem.groupings, prices.groups)
    return Block(start, cost, reduced, amounts)


def reduced_costs(problem: Problem, prices: Prices, start: int, stop: int) -> FloatArray:
    """float[stop - start, reps]: c_ij + Σ_r y_r a_ij + g_ij, currency/year; inf where not
    eligible."""
    return reduced_block(problem, prices, start, stop).reduced


def reduced_pairs(problem: Problem, prices: Prices) -> FloatArray:
    """float[pairs]: c_ij + Σ_r y_r a_ij + g_ij of `Problem.pairs`, currency/year."""
    pairs = problem.pairs
    reduced: FloatArray = pairs.cost.copy()
    for rows, y in zip(problem.rows, prices.rows, strict=True):
        row = rows.row_of_rep[pairs.rep]
        used = np.flatnonzero(row >= 0)
        reduced[used] += y[row[used]] * rows.amounts.at(pairs.account[used], pairs.rep[used])
    add_to_pairs(reduced, pairs.account, pairs.rep, problem.groupings, prices.groups)
    return reduced


def _price_of_rep(rows: Rows, y: FloatArray) -> FloatArray:
    return np.where(rows.row_of_rep >= 0, y[rows.row_of_rep], 0.0)


def support(rows: Rows, y: FloatArray) -> float:
    """Σ_r (y_r k_r - φ*_r(y_r)), currency/year: what the row bounds give back. `y` valid."""
    side = np.where(y > 0, rows.upper, rows.lower)
    used = y != 0
    return float((y[used] * (rows.constant[used] - side[used])).sum())


def all_given_back(problem: Problem, prices: Prices) -> list[float]:
    """What the bounds of each part's rows, and each grouping, give back at valid prices,
    currency/year."""
    given = [support(rows, y) for rows, y in zip(problem.rows, prices.rows, strict=True)]
    if prices.groups:
        pairs = zip(problem.groupings, prices.groups, strict=True)
        given += [float(given_back(grouping, each).sum()) for grouping, each in pairs]
    return given


@dataclass(frozen=True, eq=False)
class Proof:
    """A bound recomputed from prices, the prices used, and each account's cheapest rep at them."""

    bound: float
    prices: Prices
    cheapest: IntArray


def prove(
    problem: Problem,
    prices: Sequence[FloatArray] | Prices | None = None,
    *,
    visit: Callable[[Block], None] | None = None,
    threads: int = 1,
    going: Callable[[], bool] = lambda: True,
) -> Proof:
    """The bound that `prices` prove over every eligible pair, and inf only where an account has no
    eligible rep. Without prices: every account with its cheapest rep. The problem is one over units
    (`Problem.contracted`) or one without families.

    One pass over all pairs, block by block, in so many threads; the sums do not depend on how
    many. `visit` is shown every block, in any order and from any thread. Where `going()` turns
    false the pass ends early and proves nothing: the bound is -inf.
    """
    if prices is None:
        prices = Prices.zero(problem)
    elif not isinstance(prices, Prices):
        prices = Prices(tuple(prices))
    valid = valid_prices(problem, prices)
    cheapest = np.full(problem.accounts, -1, dtype=np.int64)
    if problem.accounts and not problem.reps:
        return Proof(np.inf, valid, cheapest)

    def work(part: tuple[int, int]) -> tuple[float, float] | None:
        if not going():
            return None
        start, stop = part
        block = reduced_block(problem, valid, start, stop)
        best = block.reduced.argmin(axis=1)
        cheapest[start:stop] = best
        value = block.reduced[np.arange(stop - start), best]
        if visit is not None:
            visit(block)
        return float(value.sum()), float(np.abs(value[np.isfinite(value)]).sum())

    terms: list[tuple[float, float]] = []
    for answer in _in_threads(work, blocks(problem.accounts, problem.reps), threads):
        if answer is None:
            return Proof(-np.inf, valid, cheapest)
        terms.append(answer)
    terms += [(value, abs(value)) for value in all_given_back(problem, valid)]
    # What float64 summation may have added by rounding is taken off again, so that the bound
    # errs below the truth: pairwise sums of n terms err by about log2(n) ulps of their size.
    total = math.fsum(value for value, _ in terms)
    return Proof(total - 4e-15 * math.fsum(size for _, size in terms), valid, cheapest)


def forbids(elastic: Problem, proof: Proof) -> bool:
    """Whether a proof for `Problem.elastic` says that no plan exists: more violation than the
    check forgives over all hard rows."""
    hard = sum(int((rows.price > 0).sum()) for rows in elastic.rows)
    return bool(proof.bound > TOLERANCE * hard)


Range = tuple[int, int]
Sums = tuple[float, float] | None


def _in_threads(work: Callable[[Range], Sums], parts: list[Range], threads: int) -> Iterator[Sums]:
    """The answers in order. Few parts are under way at once, so that little memory is."""
    if threads <= 1 or len(parts) <= 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        under_way: deque[Future[Sums]] = deque()
        for part in parts:
            under_way.append(pool.submit(work, part))
            if len(under_way) > 2 * threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
