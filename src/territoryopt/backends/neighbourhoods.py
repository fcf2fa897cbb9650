"""A plan for problems too large for one search: a few reps at a time.

From the prices of the LP relaxation every account gets its cheapest rep; that plan is near the
best and breaks a few bands. Then, again and again, the accounts of a few neighbouring reps are
dealt out anew by a small exact search (HiGHS), all else fixed: a large neighbourhood search
(Shaw 1998, CP 98, 417-431) in which hard rules carry a price that is raised until they hold.
Reps are neighbours where accounts of one are nearly as cheap with the other at those prices.

The bound is that of the LP, by our own arithmetic, until no small search helps any more and one
search of the whole takes over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from territoryopt.backends.highs import HighsBackend
from territoryopt.backends.protocol import Limits, Outcome, Watch
from territoryopt.backends.relaxation import lp_prices
from territoryopt.backends.sizes import too_many_pairs
from territoryopt.gaps import relative_gap
from territoryopt.problem import (
    FloatArray,
    IntArray,
    Prices,
    Problem,
    evaluate,
    prove,
    reduced_costs,
)
from territoryopt.problem.amounts import blocks
from territoryopt.problem.penalise import Penalties
from territoryopt.problem.restrict import restrict

MOST_PAIRS = 5_000_000
"""Eligible pairs up to which the LP relaxation is solved in a time that is of use."""

NEAREST = 6
"""Reps an account is thought of for: the cheapest at the prices, and the one it is with."""

CLOSEST = 0.35
"""The share of those second thoughts, the nearest of the whole problem, that are kept."""

SMALL, LARGE = 150, 2_500
"""Open pairs (of accounts with a choice) that a small search starts with, and grows to."""

CORE, CORE_NODES = 1_500, 1
"""Open pairs of the one search among all reps that comes first; it ends at its root."""

NODES = 50
"""Branch-and-bound nodes of a small search; a count, so that a seed gives one plan."""

FINENESS = 50
"""A small search stops at this part of the gap that is still open."""

FIRST_FACTOR, RAISE, MOST_FACTOR = 4.0, 1.2, 1e6


class NeighbourhoodBackend:
    """Large neighbourhood search over a few reps at a time; see `Backend`."""

    name = "neighbourhoods"

    def refuses(self, problem: Problem) -> str | None:
        """Why this backend cannot take this problem; None where it can."""
        return too_many_pairs(problem, MOST_PAIRS, "the search by neighbourhoods")

    def solve(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        """See `Backend.solve`. Stops where no neighbourhood of the largest size helps any more."""
        whole = HighsBackend()
        by = f"neighbourhoods of {whole.name}"
        if not problem.accounts or not problem.reps or limits.left <= 0:
            return Outcome(by)
        prices = watch.prices
        if prices is None:
            prices = lp_prices(problem, limits, watch).prices
        proof = prove(problem, prices)
        watch.bound(proof.bound)
        if not np.isfinite(proof.bound):
            return Outcome(by)
        begin = [proof.cheapest] if watch.rounded is None else [watch.rounded, proof.cheapest]
        begin += [] if start is None else [start]
        search = _Search(problem, prices, limits, watch)
        search.run(begin)
        if search.done or whole.refuses(problem):
            return Outcome(by)
        # Nothing small helps any more: one search of the whole, from the plan in hand. It may
        # prove more, too.
        return whole.solve(problem, limits, watch.rep, watch)


@dataclass(eq=False)
class _Search:
    """One run: the plan in hand, its cost with broken rules priced, and who neighbours whom."""

    problem: Problem
    prices: Prices
    limits: Limits
    watch: Watch
    factor: float = FIRST_FACTOR
    size: float = SMALL
    penalties: Penalties = field(init=False)
    priced: Problem = field(init=False)
    holds: bool = False
    rep: IntArray = field(init=False)
    value: float = np.inf
    near: IntArray = field(init=False)
    slack: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.near, self.slack = _nearest(self.problem, self.prices)
        self.penalties = Penalties.of(self.problem, self.prices)
        self.priced = self.penalties.at(self.factor)
        self.rng = np.random.default_rng(self.limits.seed)

    def run(self, begin: list[IntArray]) -> None:
        """Improve the best of the given plans until time is up, or no small search helps: one of
        all the open pairs, or of `LARGE` of them, is no longer small."""
        values = [evaluate(self.priced, rep).objective for rep in begin]
        self.rep = begin[int(np.argmin(values))].copy()
        self.value = min(values)
        self._offer()
        self._core()
        idle, patience = 0, 2 * self.problem.reps
        most = min(LARGE, int((self.near[:, 1:] >= 0).sum()))
        while not self.done and self.size < most:
            idle = 0 if self._step() else idle + 1
            if not self.holds and self.factor < MOST_FACTOR:
                # What is left broken is often small and cheap: the price grows until it is not.
                self.factor *= RAISE
                self.priced = self.penalties.at(self.factor)
                self.value = evaluate(self.priced, self.rep).objective
            if idle >= patience:
                idle, self.size = 0, 2 * self.size

    def _offer(self) -> None:
        """Hand the plan in hand to the watch, if it holds."""
        self.holds = evaluate(self.problem, self.rep).holds
        if self.holds:
            self.watch.plan(self.rep)

    @property
    def done(self) -> bool:
        """Whether the gap is reached, time is up or somebody asked to stop."""
        reached = relative_gap(self.watch.objective, self.watch.best_bound)
        stopped = self.watch.stopping.is_set() or self.watch.interrupted
        return stopped or self.limits.left <= 0 or reached <= self.limits.gap

    def _core(self) -> bool:
        """Deal out at once, among all reps, the accounts that the prices leave most undecided;
        what rounding broke runs through long chains of reps, which small steps mend slowly."""
        second = np.where(self.near[:, 1:] >= 0, self.slack[:, 1:], np.inf)
        many = np.isfinite(second)
        order = np.argsort(second.min(axis=1, initial=np.inf), kind="stable")
        total = np.cumsum(many[order].sum(axis=1))
        accounts = np.sort(order[: int(np.searchsorted(total, CORE)) + 1])
        return self._deal(np.arange(self.problem.reps), accounts, CORE_NODES)

    def _step(self) -> bool:
        """Deal out the accounts of a few reps anew; whether that helped."""
        reps = self._choose()
        return self._deal(reps, np.flatnonzero(np.isin(self.rep, reps)), NODES)

    def _deal(self, reps: IntArray, accounts: IntArray, nodes: int) -> bool:
        """Deal out accounts among reps, all else fixed; whether that helped."""
        number = np.full(self.problem.reps, -1, dtype=np.int64)
        number[reps] = np.arange(len(reps))
        open_ = np.zeros((len(accounts), len(reps)), dtype=bool)
        here = np.arange(len(accounts))
        open_[here, number[self.rep[accounts]]] = True
        for column in self.near[accounts].T:
            known = (column >= 0) & (number[column] >= 0)
            open_[here[known], number[column[known]]] = True
        choice = open_.sum(axis=1) > 1
        accounts, open_ = accounts[choice], open_[choice]
        if len(reps) < 2 or not len(accounts):
            return False
        part = restrict(self.priced, self.rep, accounts, reps, barred=~open_)
        found = self._solve(part, number[self.rep[accounts]], nodes)
        if found is None:
            return False
        plan = self.rep.copy()
        plan[accounts] = reps[found]
        value = evaluate(self.priced, plan).objective
        if value >= self.value - 1e-9 * max(1.0, abs(self.value)):
            return False
        self.rep, self.value = plan, value
        self._offer()
        return True

    def _solve(self, part: Problem, own: IntArray, nodes: int) -> IntArray | None:
        """A plan of a part by HiGHS, from the present one; Ctrl-C and the limit reach through."""
        inner = Watch(part, began=self.watch.began, stopping=self.watch.stopping)
        open_gap = relative_gap(self.value, self.watch.best_bound)
        limits = replace(self.limits, gap=max(self.limits.gap, min(open_gap, 1.0)) / FINENESS)
        HighsBackend(options={"mip_max_nodes": nodes}).solve(part, limits, own, inner)
        if inner.interrupted:
            self.watch.interrupted = True
        self.watch.tell()
        return inner.rep

    def _choose(self) -> IntArray:
        """A few neighbouring reps: first one with a broken rule or a random one, then others drawn
        by how many accounts they could take from or give to those chosen, up to the size."""
        shared = self._shared()
        broken = self._broken()
        pool = broken if len(broken) and self.rng.random() < 0.7 else np.arange(self.problem.reps)
        chosen = [int(self.rng.choice(pool))]
        while True:
            weight = shared[chosen].sum(axis=0) + shared[:, chosen].sum(axis=1)
            weight[chosen] = 0
            if not weight.any():
                break
            nxt = int(self.rng.choice(len(weight), p=weight / weight.sum()))
            chosen.append(nxt)
            inside = np.ix_(chosen, chosen)
            if shared[inside].sum() >= self.size:
                break
        return np.sort(np.array(chosen, dtype=np.int64))

    def _shared(self) -> FloatArray:
        """float[reps, reps]: accounts of rep j that think of rep k."""
        reps = self.problem.reps
        out = np.zeros((reps, reps))
        for column in self.near.T:
            known = (column >= 0) & (column != self.rep)
            np.add.at(out, (self.rep[known], column[known]), 1.0)
        return out

    def _broken(self) -> IntArray:
        """The reps in rows that the plan in hand breaks."""
        bad = np.zeros(self.problem.reps, dtype=bool)
        for part in self.problem.rows:
            row = part.broken(part.activity(self.rep))
            if row.any():
                bad |= (part.row_of_rep >= 0) & row[part.row_of_rep]
        return np.flatnonzero(bad)


def _nearest(problem: Problem, prices: Prices) -> tuple[IntArray, FloatArray]:
    """int[n, k] the reps of least reduced cost of each account, -1 where there are fewer, and by
    how much each is dearer than the first, currency/year."""
    k = min(NEAREST, problem.reps)
    near = np.empty((problem.accounts, k), dtype=np.int64)
    slack = np.empty((problem.accounts, k))
    for begin, end in blocks(problem.accounts, problem.reps):
        cost = reduced_costs(problem, prices, begin, end)
        few = np.argpartition(cost, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(cost, few, axis=1)
        order = np.argsort(value, axis=1, kind="stable")
        value = np.take_along_axis(value, order, axis=1)
        few = np.take_along_axis(few, order, axis=1)
        near[begin:end] = np.where(np.isfinite(value), few, -1)
        slack[begin:end] = value - value[:, :1]
    # An account far cheaper with its first rep than with any other need not be thought of twice:
    # only the pairs among the closest of the whole problem are kept.
    others = slack[:, 1:]
    known = others[np.isfinite(others)]
    if len(known):
        near[:, 1:][others > np.quantile(known, CLOSEST)] = -1
    return near, slack
