"""The knapsack bound: what account multipliers prove about every possible plan.

For any multipliers λ_i (currency/year), with the assignment rows dualised,

    objective >= Σ_i λ_i - Σ_j max { Σ_i (λ_i - c_ij) x_i : Σ_i a_ij x_i <= b_j, x binary },

the Lagrangian dual that keeps the capacities whole (Fisher, Jaikumar and Van Wassenhove 1986,
Management Science 32, 1095-1103). It is never weaker than the LP relaxation at the LP's own
multipliers. The inner problems are 0-1 knapsacks. Each is solved exactly: Dantzig's bound fixes the
items that no solution better than the greedy one can have otherwise (Ingargiola and Korsh 1973),
and dynamic programming over the capacity decides the rest.

Amounts must be whole numbers (times a power of ten). What rounding in float64 may have added is
taken off again: a sum of n terms errs by at most n ulps of the sum of their sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from territoryopt.backends.tight.table import Table, factor
from territoryopt.problem import FloatArray, IntArray
from territoryopt.problem.amounts import BoolArray

ULP = 2.3e-16
MOST_CELLS = 50_000_000
"""Items times capacity of one table of choices (a byte each); beyond, no bound is offered."""


@dataclass(frozen=True, eq=False)
class Knapsacks:
    """The capacities in whole numbers: weight int[reps, accounts], room int[reps] (what the
    checker forgives included), value float[reps, accounts] = c_ij, inf where not eligible.

    step: every cost is a multiple of it, so that objectives are too; 0 where none is known.
    """

    weight: IntArray
    room: IntArray
    cost: FloatArray
    step: float

    @staticmethod
    def of(table: Table) -> Knapsacks | None:
        """None where amounts are not whole numbers of any unit down to 10^-6, or are too large."""
        unit = factor(table.amount)
        if unit is None:
            return None
        weight = np.rint(table.amount.T * unit).astype(np.int64)
        total = weight.sum(axis=1)
        limit = np.where(np.isfinite(table.capacity), table.capacity + table.forgiven, np.inf)
        # A plan is held to the capacity up to a tolerance; so is this bound, and the ulps of both.
        edge = np.floor(limit * unit + 1e-9 * np.abs(np.where(np.isinf(limit), 0, limit)) * unit)
        room = np.where(edge >= total, total, np.maximum(edge, -1)).astype(np.int64)
        divisor = np.maximum(1, np.gcd.reduce(weight, axis=1))
        if float((room // divisor).max(initial=0)) * weight.shape[1] > MOST_CELLS:
            return None
        cost = np.ascontiguousarray(table.cost.T)
        return Knapsacks(
            np.ascontiguousarray(weight // divisor[:, None]),
            np.where(room >= 0, room // divisor, -1),
            cost,
            _step(table.cost),
        )

    def bound(self, multipliers: FloatArray) -> tuple[float, IntArray]:
        """(the bound that the multipliers float[accounts] prove, rounded up to a multiple of
        `step`; how many knapsacks take each account, int[accounts]). inf where a capacity is
        below zero: no plan exists."""
        value, taken = self.value(multipliers)
        return self.round_up(value), taken

    def round_up(self, value: float) -> float:
        """The least multiple of `step` that is not below a bound."""
        if self.step <= 0 or not np.isfinite(value):
            return value
        steps = float(np.ceil(np.nextafter(value / self.step, -np.inf)))
        return steps * self.step

    def value(self, multipliers: FloatArray) -> tuple[float, IntArray]:
        """`bound` before it is rounded up: a concave function of the multipliers."""
        lam = np.nan_to_num(np.asarray(multipliers, dtype=np.float64), posinf=0.0, neginf=0.0)
        taken = np.zeros(len(lam), dtype=np.int64)
        if (self.room < 0).any():
            return np.inf, taken
        gain, size = 0.0, float(np.abs(lam).sum())
        for j in range(len(self.room)):
            profit = lam - self.cost[j]
            best, chosen = knapsack(profit, self.weight[j], int(self.room[j]))
            gain += best
            taken += chosen
            # c - λ is rounded once, then summed: of either size.
            used = chosen | (profit > 0)
            size += float((np.abs(lam[used]) + np.abs(self.cost[j][used])).sum())
        return float(lam.sum()) - gain - ULP * (len(lam) + len(self.room) + 2) * size, taken

    def forced(self, multipliers: FloatArray) -> FloatArray:
        """float[accounts, reps]: what a plan that uses the pair costs at least, currency/year.

        A pair taken against its knapsack's split (p < e w) costs that knapsack e w - p of its dual
        bound e b + Σ max(0, p - e w), and every other knapsack must do without the account (Posta,
        Ferland and Michelon 2012, Computational Optimization and Applications 52, 629-644).
        """
        lam = np.asarray(multipliers, dtype=np.float64)
        least, _ = self.value(lam)
        within = np.empty(self.cost.shape)
        without = np.empty(self.cost.shape)
        for j in range(len(self.room)):
            profit, weight, room = lam - self.cost[j], self.weight[j], int(self.room[j])
            best, _ = knapsack(profit, weight, room)
            rate = _rate(profit, weight, room)
            margin = profit - rate * weight
            known = np.isfinite(margin) & (weight <= room)
            top = rate * room + float(margin[known & (margin > 0)].sum())
            lost = best - top - 1e-9 * (1.0 + abs(top))
            within[j] = np.where(known, lost - np.minimum(0.0, margin), np.inf)
            without[j] = np.maximum(0.0, lost + np.where(known, np.maximum(0.0, margin), 0.0))
        out: FloatArray = least + np.maximum(0.0, within) + without.sum(axis=0) - without
        return out.T


def _rate(profit: FloatArray, weight: IntArray, room: int) -> float:
    """Profit per weight of the item that no longer fits whole, best first; 0 where all fit."""
    items = np.flatnonzero((profit > 0) & (weight <= room) & (weight > 0))
    each = profit[items] / weight[items]
    order = np.argsort(-each, kind="stable")
    split = int(np.searchsorted(np.cumsum(weight[items][order]), room, side="right"))
    return float(each[order[split]]) if split < len(items) else 0.0


def knapsack(profit: FloatArray, weight: IntArray, room: int) -> tuple[float, BoolArray]:
    """max Σ profit x with Σ weight x <= room and x binary: (value, bool[items]).

    profit: any float, -inf allowed; weight: int >= 0; room: int >= 0. Exact but for the rounding
    of sums, which is at most len(profit) ulps of Σ |profit|.
    """
    taken = np.zeros(len(profit), dtype=np.bool_)
    items = np.flatnonzero((profit > 0) & (weight <= room))
    if not len(items):
        return 0.0, taken
    p, w = profit[items], weight[items]
    order = np.argsort(-p / np.maximum(w, 1e-9), kind="stable")
    chosen = np.zeros(len(items), dtype=np.bool_)
    value = float(_solve(p[order], w[order], room, chosen))
    taken[items[order[chosen]]] = True
    return value, taken


def _step(cost: FloatArray) -> float:
    """The largest step (a power of ten below one, or a whole number) that divides all costs;
    only steps that float64 sums keep exactly: whole numbers."""
    known = cost[np.isfinite(cost)]
    if not len(known) or not (known == np.rint(known)).all() or np.abs(known).max() > 2.0**40:
        return 0.0
    return float(np.gcd.reduce(np.abs(known).astype(np.int64)))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _solve(p: FloatArray, w: IntArray, room: int, chosen: BoolArray) -> float:
    """Items sorted by falling profit per weight; fills `chosen`, returns the value."""
    n = len(p)
    total = 0.0
    size = 0.0
    for i in range(n):
        total += p[i]
        size += p[i]
    left = room
    split = 0
    head = 0.0
    while split < n and w[split] <= left:
        left -= w[split]
        head += p[split]
        chosen[split] = True
        split += 1
    if split == n:
        return head
    rate = p[split] / w[split]
    top = head + left * rate
    # The greedy solution: the head, then whatever still fits.
    greedy = head
    rest = left
    for i in range(split, n):
        if w[i] <= rest:
            rest -= w[i]
            greedy += p[i]
            chosen[i] = True
    slack = top - greedy + 1e-9 * (1.0 + size)
    # An item taken against its side of the split costs at least |p - rate w| of the bound.
    core = np.empty(n, np.int64)
    many = 0
    base = 0.0
    free = room
    for i in range(n):
        if abs(p[i] - rate * w[i]) <= slack:
            core[many] = i
            many += 1
        elif i < split:
            base += p[i]
            free -= w[i]
    if many == 0 or free < 0:
        return greedy
    reach = 0
    for k in range(many):
        reach += w[core[k]]
    free = min(free, reach)
    best = np.zeros(free + 1)
    use = np.zeros((many, free + 1), np.bool_)
    reach = 0
    for k in range(many):
        i = core[k]
        reach = min(free, reach + w[i])
        for c in range(free, w[i] - 1, -1):
            other = best[c - w[i]] + p[i]
            if other > best[c]:
                best[c] = other
                use[k, c] = True
    if base + best[free] <= greedy:
        return greedy
    for i in range(n):
        chosen[i] = i < split
    c = free
    for k in range(many - 1, -1, -1):
        i = core[k]
        chosen[i] = use[k, c]
        if use[k, c]:
            c -= w[i]
    return base + float(best[free])
