"""Plans by chains while the capacities stiffen.

At first an amount beyond a capacity is charged hardly more than its price, and the search glides
through plans that break capacities a little; then the charge rises, in a geometric row, until
breaking one never pays. That does what the adaptive penalties of Yagiura, Ibaraki and Glover
(2004) do, and annealing in temperature does not: packings become exact while accounts are still
where their reduced costs want them. A cycle is one such rise; each begins from the plan the
last one left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from territoryopt.backends.tight import chains
from territoryopt.backends.tight.table import Table
from territoryopt.problem import FloatArray, IntArray

SOFT, STIFF = 0.01, 5.0
"""What breaking a capacity is charged beyond its price, as a part of the price: first and last."""

THOUGHTS = 4.0
"""Reps an account is thought of for, on average: the pairs of least reduced cost."""

DEPTH, WIDTH = 5, 32
"""Reps a chain passes beyond its first, and beginnings followed at each length."""

HEAT = 0.1
"""Of the largest reduced cost thought of: how much worse a kick may leave the plan."""

FINE = 1e-9
"""Of the mean size of a cost: changes below it are rounding."""


@dataclass(eq=False)
class Stiffening:
    """One search: its plan `rep` (which may break capacities) and its best plan that holds.

    prices: float[reps], y_j >= 0, currency/year per unit of the capacity. best: int[accounts] or
    None. Same table, prices and seed, same plans.
    """

    table: Table
    prices: FloatArray
    seed: int
    rep: IntArray = field(init=False)
    best: IntArray | None = None
    value: float = np.inf

    def __post_init__(self) -> None:
        table, y = self.table, np.maximum(self.prices, 0.0)
        priced = table.cost + y * table.amount
        self.reduced = priced - priced.min(axis=1, keepdims=True)
        known = table.cost[np.isfinite(table.cost)]
        self.fine = FINE * max(float(np.abs(known).mean()), 1e-300)
        total = table.amount.sum(axis=0) + 1.0
        self.b = np.where(np.isinf(table.capacity), total, table.capacity)
        self.slack = 1e-9 * np.abs(self.b)
        # No price is zero, so that every fit is told from a worse one.
        scale = _scale(self.reduced, table.amount)
        self.y = np.maximum(y, 1e-6 * max(float(y.max(initial=0.0)), scale))
        self.stiffness = np.maximum(self.y, 0.5 * (float(np.median(y)) or scale))
        self._think()
        self._place(self.reduced.argmin(axis=1))
        places = DEPTH * WIDTH + 3
        self.labels = (
            np.zeros(places, dtype=np.int64),
            np.zeros(places, dtype=np.int64),
            np.zeros(places),
            np.zeros(places, dtype=np.int64),
        )
        mixed = np.random.SeedSequence(self.seed).generate_state(2, np.uint64)
        self.state = np.maximum(mixed, np.uint64(1))
        self._kept = self.rep.copy()
        self._fresh = True

    def _think(self) -> None:
        n = len(self.reduced)
        order = np.argsort(self.reduced, axis=1, kind="stable")
        value = np.take_along_axis(self.reduced, order, axis=1)
        known = value[np.isfinite(value)]
        place = min(len(known), int(THOUGHTS * n)) - 1
        reach = float(np.partition(known, place)[place])
        few = (value <= reach + self.fine).sum(axis=1)
        self.nears = np.minimum(np.maximum(2, few), np.isfinite(value).sum(axis=1)).astype(np.int64)
        self.near = np.ascontiguousarray(order[:, : int(self.nears.max())]).astype(np.int64)
        self.heat = HEAT * reach
        i, z = np.nonzero(np.arange(self.near.shape[1]) < self.nears[:, None])
        rep = self.near[i, z]
        self.fan = i[np.argsort(rep, kind="stable")].astype(np.int64)
        self.fans = np.searchsorted(np.sort(rep), np.arange(self.table.cost.shape[1] + 1))

    def _place(self, rep: IntArray) -> None:
        """Begin again from a plan."""
        n, reps = self.table.cost.shape
        self.rep = rep.astype(np.int64).copy()
        amount = self.table.amount[np.arange(n), rep]
        self.count = np.bincount(rep, minlength=reps).astype(np.int64)
        self.load = np.bincount(rep, amount, reps).astype(np.float64)
        self.member = np.zeros((reps, n), dtype=np.int64)
        self.size = np.zeros((reps, n))
        for j in range(reps):
            inside = np.flatnonzero(rep == j)
            inside = inside[np.argsort(amount[inside], kind="stable")]
            self.member[j, : len(inside)] = inside
            self.size[j, : len(inside)] = amount[inside]

    def restart(self, rep: IntArray) -> None:
        """Go on from another plan int[accounts]; every account with an eligible rep."""
        self._place(rep)
        self._fresh = True

    @property
    def holds(self) -> bool:
        """Whether the plan in hand breaks no capacity."""
        return bool((self.load <= self.b + self.slack).all())

    def run(self, kicks: int, progress: float) -> bool:
        """So many kicks at a place of the cycle, `progress` from 0 (soft) to 1 (stiff) and, to mend
        what is broken still, beyond; whether `best` got better."""
        charge = SOFT * (STIFF / SOFT) ** progress
        value = chains.search(
            kicks, self._fresh, self.heat * max(0.0, 1.0 - progress), -self.fine, DEPTH, WIDTH,
            self.reduced, self.table.amount, self.b, self.slack, self.y, charge * self.stiffness,
            self.near, self.nears, self.fan, self.fans, self.rep, self.load, self.member,
            self.size, self.count, *self.labels, self.state, self.value, self._kept,
        )  # fmt: skip
        self._fresh = self._fresh and bool(self.state[1])
        better = value < self.value
        if better:
            self.value, self.best = value, self._kept.copy()
        return bool(better)


def _scale(reduced: FloatArray, amount: FloatArray) -> float:
    """A price where no capacity has one: mean step of reduced cost per mean amount."""
    known = reduced[np.isfinite(reduced)]
    mean = float(amount.mean()) or 1.0
    return max(float(known.mean()) / mean, 1e-12)
