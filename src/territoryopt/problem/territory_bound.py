"""The bound of whole territories: what prices of accounts prove when each rep's rows must hold.

The bound of `bound` takes every account by itself. Here a rep takes a *set* of accounts, and its
own rows must hold for the set. With prices y of the rows, reduced costs r_ij at them, and any
worth u_i of each account, for every plan

    objective >= Σ_i u_i + Σ_j min_S { Σ_{i in S} (r_ij - u_i) + Σ_p h_pj(s_pj(S)) } + given back,

the Lagrangian dual of "one rep per account" (Geoffrion 1974; for GAP Fisher, Jaikumar and Van
Wassenhove 1986, Management Science 32, 1095-1103: multipliers on the accounts, a knapsack a rep).
h is the Fenchel gap of a row (`territory_kernels`), 0 <= h, so the inner minimum is

    Σ_i min(0, r_ij - u_i) + λ_j,    λ_j = min_F { Σ_{i in F} |r_ij - u_i| + Σ_p h_pj(...) } >= 0

over the sets F of accounts that are taken or left against the sign of r_ij - u_i. At the worth of
least reduced cost and no λ this is the bound of `bound`; λ_j is what no plan can avoid because
accounts are whole. It is found by a search of sets of few, cheap changes; cut off, it is replaced
by what was proved until then.

A hard row may be broken by the tolerance of the check here as there. Rows of several reps, and
groups, keep their prices alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from territoryopt.problem.amounts import FloatArray, IntArray
from territoryopt.problem.bound import Block, Prices, prove, valid_prices
from territoryopt.problem.parts import TOLERANCE
from territoryopt.problem.problem import Problem

REACH = 2.0
"""Pairs whose change costs up to so many times the guess of a rep's λ are looked at."""

SAFETY = 1e-9
"""Taken off every λ, relative: rounding of sums in the search."""


@dataclass(frozen=True, eq=False)
class TerritoryProof:
    """What proves a bound: `prove_territories(problem, prices, worth, guess, nodes=nodes)` gives it
    again. Currency/year."""

    bound: float
    prices: Prices
    worth: FloatArray
    guess: FloatArray
    nodes: int


@dataclass(frozen=True, eq=False)
class OwnRows:
    """The parts of a problem in which every row is one rep's own.

    part: int[p], their numbers in `Problem.rows`. row: int[reps, p], the row of each rep, -1 =
    none. lower, upper, price, constant, scale: float[reps, p], open and free where there is none.
    """

    part: IntArray
    row: IntArray
    lower: FloatArray
    upper: FloatArray
    price: FloatArray
    constant: FloatArray
    scale: FloatArray

    @staticmethod
    def of(problem: Problem) -> OwnRows:
        """The own rows of a problem; those of a worst-row goal share a price, and are none."""
        parts = [
            k
            for k, rows in enumerate(problem.rows)
            if not rows.worst and _alone(rows.row_of_rep) and len(rows)
        ]
        row = np.full((problem.reps, len(parts)), -1, dtype=np.int64)
        for p, k in enumerate(parts):
            row[:, p] = problem.rows[k].row_of_rep

        def table(name: str, none: float) -> FloatArray:
            out = np.full(row.shape, none)
            for p, k in enumerate(parts):
                some = row[:, p] >= 0
                out[some, p] = getattr(problem.rows[k], name)[row[some, p]]
            return out

        return OwnRows(
            np.array(parts, dtype=np.int64),
            row,
            table("lower", -np.inf),
            table("upper", np.inf),
            table("price", 0.0),
            table("constant", 0.0),
            table("scale", 1.0),
        )

    def __len__(self) -> int:
        return len(self.part)

    @property
    def slip(self) -> FloatArray:
        """float[reps, p]: how far outside its bounds the check lets a hard row be."""
        out: FloatArray = TOLERANCE * self.scale
        return out

    def prices(self, prices: Prices) -> FloatArray:
        """float[reps, p]: the price of each rep's own rows."""
        out = np.zeros(self.row.shape)
        for p, k in enumerate(self.part):
            some = self.row[:, p] >= 0
            out[some, p] = prices.rows[k][self.row[some, p]]
        return out

    def put(self, prices: Prices, own: FloatArray) -> Prices:
        """The prices with those of the own rows float[reps, p] put in."""
        rows = [y.copy() for y in prices.rows]
        for p, k in enumerate(self.part):
            some = self.row[:, p] >= 0
            rows[k][self.row[some, p]] = own[some, p]
        return Prices(tuple(rows), prices.groups)


def _alone(row_of_rep: IntArray) -> bool:
    some = row_of_rep[row_of_rep >= 0]
    return len(np.unique(some)) == len(some)


def prove_territories(
    problem: Problem,
    prices: Prices,
    worth: FloatArray,
    guess: FloatArray,
    *,
    nodes: int = 200_000,
    threads: int = 1,
    going: Callable[[], bool] = lambda: True,
) -> TerritoryProof:
    """The bound that `prices` and the worth float[accounts] (currency/year) of each account prove
    over every eligible pair; never above the objective of a plan that holds, whoever found them.

    guess: float[reps], about what λ_j is, currency/year: it is looked for up to `REACH` times that,
    with so many `nodes` for each rep. One pass over all pairs, then a search for each rep. -inf
    where `going()` turned false; inf only where an account has no eligible rep.
    """
    from territoryopt.problem.territory_kernels import least_of_territory

    own = OwnRows.of(problem)
    valid = valid_prices(problem, prices)
    y, slip = own.prices(valid), own.slip
    u = np.nan_to_num(np.asarray(worth, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    first = np.where(np.isfinite(guess), np.maximum(guess, 0.0), 0.0)
    limit = REACH * first
    items: list[_Items] = []
    sums: list[_Sums] = []

    def visit(block: Block) -> None:
        part = slice(block.start, block.start + len(block.reduced))
        change = block.reduced - u[part, None]
        taken = change < 0
        amounts = [block.amounts[k] for k in own.part]
        at = np.array([np.where(taken, a, 0.0).sum(axis=0) for a in amounts])
        near = np.abs(change) < limit
        account, rep = np.nonzero(near)
        amount = np.array([a[account, rep] for a in amounts]).reshape(len(amounts), len(rep)).T
        sign = np.where(taken[account, rep], -1.0, 1.0)
        items.append(_Items(block.start, rep, np.abs(change[account, rep]), sign[:, None] * amount))
        # What the accounts prove by themselves at their worth, instead of their cheapest pair.
        least = block.reduced.min(axis=1)
        gain = np.where(taken, change, 0.0).sum(axis=1) + u[part] - least
        known = gain[np.isfinite(least)]
        sums.append(_Sums(block.start, at.reshape(len(own), problem.reps), float(known.sum())))

    proof = prove(problem, valid, visit=visit, threads=threads, going=going)
    if not np.isfinite(proof.bound) or not len(own):
        return TerritoryProof(proof.bound, valid, u, first, nodes)
    items.sort(key=lambda each: each.start)
    sums.sort(key=lambda each: each.start)
    at = own.constant + np.sum([each.at for each in sums], axis=0).T
    rep = np.concatenate([each.rep for each in items])
    dear = np.concatenate([each.dear for each in items])
    amount = np.concatenate([each.amount for each in items])
    order = np.argsort(rep, kind="stable")
    begin = np.searchsorted(rep[order], np.arange(problem.reps + 1))
    lift = 0.0
    for j in range(problem.reps):
        if not going():
            return TerritoryProof(-np.inf, valid, u, first, nodes)
        mine = order[begin[j] : begin[j + 1]]
        chosen = np.zeros(len(mine), dtype=np.bool_)
        found = least_of_territory(
            dear[mine], amount[mine], at[j], own.lower[j], own.upper[j], slip[j], y[j],
            own.price[j], float(first[j]), float(limit[j]), nodes, chosen,
        )  # fmt: skip
        lift += found * (1 - SAFETY)
    gain = math.fsum(each.gain for each in sums)
    size = float(np.abs(u).sum()) + abs(proof.bound)
    bound = proof.bound + gain + lift - 4e-15 * size
    return TerritoryProof(bound, valid, u, first, nodes)


@dataclass(frozen=True, eq=False)
class _Items:
    """Pairs of a block that may be taken or left against their sign."""

    start: int
    rep: IntArray
    dear: FloatArray
    amount: FloatArray


@dataclass(frozen=True, eq=False)
class _Sums:
    """Of a block: what reps take, float[p, reps]; and what accounts prove beyond their cheapest
    pairs, currency/year (never above zero)."""

    start: int
    at: FloatArray
    gain: float
