"""Small exact searches over what good plans have in common.

The pairs that some good plan uses, and after them those that a plan may use most cheaply by the
knapsack bound, are searched by HiGHS; accounts on which the plans agree are settled (solution
merging: Aggarwal, Orlin and Tai 1997, Operations Research 45, 226-234; kernel search: Angelelli,
Mansini and Speranza 2010, Computers & Operations Research 37, 2017-2026). Pairs whose use costs as
much as the plan in hand are left out for good; once all others are in, what HiGHS says of the
part holds for the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from territoryopt.backends.highs import HighsBackend
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.problem import FloatArray, IntArray, Problem
from territoryopt.problem.amounts import BoolArray, DenseAmounts
from territoryopt.problem.parts import Exclusion

KEPT = 12
"""Good plans that are kept."""

MERGED = 5
"""Good plans that are merged at a time, the best among them."""

FIRST_SIZE, GROWTH = 80.0, 2.0
"""Open pairs beyond one per account: at first, and how fast their number follows success."""

FIRST_NODES = 300
"""Branch-and-bound nodes at first; a count, so that a seed gives one plan."""

CLOSE = 1e-6
"""Steps: a claim so near below a multiple of the step is one, but for HiGHS's rounding."""


@dataclass(eq=False)
class Pool:
    """Good plans, the best first: plans int[accounts] and their costs."""

    costs: list[float] = field(default_factory=list)
    plans: list[IntArray] = field(default_factory=list)
    new: int = 0

    def add(self, cost: float, plan: IntArray) -> None:
        """Keep a plan if it is new and good enough."""
        if any(np.array_equal(plan, each) for each in self.plans):
            return
        place = int(np.searchsorted(self.costs, cost, side="right"))
        if place < KEPT:
            self.costs.insert(place, cost)
            self.plans.insert(place, plan.copy())
            del self.costs[KEPT:], self.plans[KEPT:]
            self.new += 1


@dataclass(eq=False)
class Merger:
    """Chooses what is searched next, and how much of it.

    step: every cost is a multiple of it, or 0. size: open pairs beyond one per account; nodes: of
    branch and bound. growing: whether another search is worth it though no new plan has come.
    """

    problem: Problem
    seed: int
    step: float
    size: float = FIRST_SIZE
    nodes: float = FIRST_NODES
    growing: bool = True

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def merge(
        self, pool: Pool, forced: FloatArray, usable: BoolArray, limits: Limits, watch: Watch
    ) -> IntArray | None:
        """Search a part; a plan better than the pool's best, or None.

        forced: float[accounts, reps], what use of a pair costs at least; usable: bool, pairs that a
        better plan may use. A bound that holds for the whole goes to the watch.
        """
        n = self.problem.accounts
        others = self.rng.permutation(np.arange(1, len(pool.plans)))[: MERGED - 1]
        open_ = np.zeros(usable.shape, dtype=bool)
        here = np.arange(n)
        best = pool.plans[0]
        open_[here, best] = True
        for k in others:
            more = open_.copy()
            more[here, pool.plans[int(k)]] |= usable[here, pool.plans[int(k)]]
            if more.sum() - n <= self.size:
                open_ = more
        left = int(self.size) - int(open_.sum()) + n
        rest = np.flatnonzero(usable.ravel() & ~open_.ravel())
        order = np.argsort(forced.ravel()[rest], kind="stable")
        open_.ravel()[rest[order[: max(0, left)]]] = True
        whole = not bool((usable & ~open_).any())
        part = replace(
            self.problem,
            exclusions=(
                *self.problem.exclusions,
                Exclusion("left out", "search", DenseAmounts((~open_).astype(np.float64))),
            ),
        )
        inner = Watch(part, began=watch.began, stopping=watch.stopping)
        options = {"mip_max_nodes": int(self.nodes)}
        outcome = HighsBackend(options).solve(part, limits, best, inner)
        if whole and np.isfinite(inner.claimed):
            # Pairs left out belong to plans no better than the best in hand.
            claim = inner.claimed
            if self.step > 0:
                claim = float(np.ceil(claim / self.step - CLOSE)) * self.step
            watch.bound(min(claim, pool.costs[0]), inner.claimed_by)
        # What was too much is less next time, or, as nothing is left out of it, gets more nodes.
        self.growing = outcome.finished or whole
        if outcome.finished:
            self.size *= GROWTH
        elif whole:
            self.nodes *= GROWTH
        else:
            self.size = max(FIRST_SIZE / GROWTH, self.size / GROWTH)
        better = inner.rep is not None and inner.objective < pool.costs[0]
        return inner.rep if better else None
