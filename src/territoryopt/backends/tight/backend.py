"""`TightBackend`: few reps, tight capacities. Knapsack bound and chains, side by side.

From the prices of the LP relaxation: a subgradient ascent of the knapsack bound, and chains in
cycles of stiffening capacities (`stiffening.py`); between cycles, small exact searches over what
the best plans have in common (`merging.py`). Work goes in slices that are counted in steps, never
in seconds, and the threads meet after each, so that a seed and a number of threads give one plan as
long as time does not bind.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.backends.protocol import Limits, Outcome, Watch
from territoryopt.backends.relaxation import lp_prices
from territoryopt.backends.running import run_watched
from territoryopt.backends.tight.merging import FIRST_NODES, Merger, Pool
from territoryopt.backends.tight.table import Table, suits, unfit
from territoryopt.errors import BackendError
from territoryopt.gaps import relative_gap
from territoryopt.problem import IntArray, Problem, Proof, prove, reduced_costs

if TYPE_CHECKING:
    from territoryopt.backends.tight.multipliers import Ascent
    from territoryopt.backends.tight.stiffening import Stiffening

BY = "chains and knapsacks"

SLICE, LEAST_SLICE, SLICE_PAIRS = 64, 4, 128_000
"""Kicks between two looks at the clock, up to so many pairs, and fewer beyond; a tenth of a second
at 1,600 accounts x 40 reps."""

FIRST_CYCLE = 15
"""Slices of the first cycle."""

MENDING = 8
"""Slices after a cycle, each stiffer, that plans get which break capacities still."""

LEAST_GROWN, GROWN, MOST_GROWN = 15, 0.16, 120
"""Slices to which cycles grow: the first and last number bound the second times the accounts, ten
kicks for each. At 100 accounts many short cycles find more than few long ones."""

FRESH, REST = 3, 15_000
"""New plans in the pool that make it worth a merge; slices of chains between two merges, times the
accounts: about what a merge takes."""

ASCENT_SLICE = 8
"""Subgradient steps of a slice."""


class TightBackend:
    """Chains and the knapsack bound; see `Backend`."""

    name = "tight"

    def refuses(self, problem: Problem) -> str | None:
        """Why this backend cannot take this problem; None where it can.

        It takes one hard upper limit per rep on one measure with amounts >= 0. Its bound is better
        than that of the LP relaxation where amounts are whole numbers.
        """
        return unfit(problem)

    def suits(self, problem: Problem) -> str | None:
        """Why this problem is one of few reps and tight capacities; None where it is not."""
        return suits(problem)

    def solve(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        """See `Backend.solve`."""
        why = self.refuses(problem)
        if why is not None:
            raise BackendError(why)
        if find_spec("numba") is None:
            raise BackendError("numba is not installed; install it: pip install numba")
        if not problem.accounts or not problem.reps or limits.left <= 0:
            return Outcome(BY)
        if start is not None:
            watch.plan(start)
        proof = watch.proof
        if proof is None:
            answer = lp_prices(problem, limits, watch)
            if answer.infeasible:
                return Outcome(answer.by, finished=True, infeasible=True)
            proof = prove(problem, answer.prices)
            watch.bound(proof.bound)
        if not np.isfinite(proof.bound):
            return Outcome(BY, finished=True, infeasible=True)
        search = _Search(problem, proof, limits, watch)
        run_watched(search.run, search.stop, limits, watch)
        if np.isposinf(watch.proved):
            return Outcome(BY, finished=True, infeasible=True)
        return Outcome(BY, finished=search.closed)


@dataclass(eq=False)
class _Search:
    """One run: chains on every thread; the last begins when the ascent of the bound is done."""

    problem: Problem
    proof: Proof
    limits: Limits
    watch: Watch
    halt: bool = False
    pace: float = 0.0
    rested: float = 0.0

    def __post_init__(self) -> None:
        from territoryopt.backends.tight.knapsack import Knapsacks
        from territoryopt.backends.tight.multipliers import Ascent
        from territoryopt.backends.tight.stiffening import Stiffening

        table = Table.of(self.problem)
        y = self.proof.prices.rows[table.part]
        price = np.where(table.row >= 0, y[table.row], 0.0)
        count = max(1, self.limits.threads)
        knapsacks = Knapsacks.of(table)
        self.step = knapsacks.step if knapsacks is not None else 0.0
        seeds = [self.limits.seed * 64 + k for k in range(count)]
        self.chains = [Stiffening(table, price, seed) for seed in seeds]
        self.mergers = [Merger(self.problem, seed, self.step) for seed in seeds]
        n = self.problem.accounts
        reduced = reduced_costs(self.problem, self.proof.prices, 0, n)
        cheapest = reduced.min(axis=1)
        self.reduced = reduced - cheapest[:, None]
        self.pool = Pool()
        pairs = self.problem.accounts * self.problem.reps
        self.kicks = int(np.clip(SLICE * SLICE_PAIRS / pairs, LEAST_SLICE, SLICE))
        self.cost = table.cost
        self.ascent: Ascent | None = None
        if knapsacks is not None:
            self.ascent = Ascent(knapsacks, cheapest)

    def stop(self) -> None:
        self.halt = True

    @property
    def closed(self) -> bool:
        """Whether the plan in hand is as near to the bound as was asked."""
        return relative_gap(self.watch.objective, self.watch.best_bound) <= self.limits.gap

    @property
    def over(self) -> bool:
        return self.halt or self.watch.stopping.is_set() or self.limits.left <= 0 or self.closed

    def run(self) -> None:
        """Cycles, until closed, stopped or out of time."""
        finer = SLICE / self.kicks
        slices = int(FIRST_CYCLE * finer)
        grown = np.clip(GROWN * self.problem.accounts, LEAST_GROWN, MOST_GROWN)
        longest = int(grown * finer)
        if self.watch.rep is not None:
            self._keep(self.watch.rep)
        with ThreadPoolExecutor(len(self.chains)) as pool:
            while not self.over:
                self._cycle(pool, self._fitted(slices))
                slices = min(longest, 2 * slices)
                self._merge(pool)

    def _fitted(self, slices: int) -> int:
        """A cycle that the time cuts off is worth nothing: the last takes what is left."""
        if self.pace <= 0:
            return slices
        left = int(0.96 * self.limits.left / self.pace)
        return max(1, left) if left < 2.5 * slices else slices

    def _cycle(self, pool: ThreadPoolExecutor, slices: int) -> None:
        begun, did = time.monotonic(), 0
        for k in range(slices + MENDING):
            if self.over or (k >= slices and all(each.holds for each in self.chains)):
                break
            jobs = [pool.submit(each.run, self.kicks, k / slices) for each in self._at_chains()]
            if self._climbing:
                jobs.append(pool.submit(self._climb))
            better = [job.result() for job in jobs]
            did += 1
            for each, news in zip(self.chains, better, strict=False):
                if news and each.best is not None:
                    self.watch.plan(each.best)
            if self.ascent is not None:
                self.watch.bound(self.ascent.best)
        for each in self.chains:
            if each.holds:
                self._keep(each.rep)
            if each.best is not None:
                self._keep(each.best)
        self.rested += did * self.kicks / SLICE
        if did:
            self.pace = (time.monotonic() - begun) / did

    @property
    def _climbing(self) -> bool:
        return self.ascent is not None and not self.ascent.done

    def _at_chains(self) -> list[Stiffening]:
        """Whose turn it is: the last thread climbs first, if there is another."""
        return self.chains[:-1] if self._climbing and len(self.chains) > 1 else self.chains

    def _climb(self) -> bool:
        if self.ascent is not None:
            self.ascent.run(ASCENT_SLICE)
        return False

    def _keep(self, plan: IntArray) -> None:
        """Put a plan that breaks no capacity into the pool."""
        self.pool.add(float(self.cost[np.arange(len(plan)), plan].sum()), plan)

    def _merge(self, threads: ThreadPoolExecutor) -> None:
        """Search what the good plans have in common, a part on each thread."""
        worn = self.pool.new < FRESH and not all(each.growing for each in self.mergers)
        effort = self.mergers[0].nodes / FIRST_NODES
        tired = self.rested * self.problem.accounts < REST * effort
        if self.over or not self.pool.plans or worn or tired:
            return
        self.pool.new, self.rested = 0, 0.0
        forced = self.reduced + self.proof.bound
        step = self.step
        if self.ascent is not None and np.isfinite(self.ascent.best):
            forced = np.maximum(forced, self.ascent.knapsacks.forced(self.ascent.multipliers))
        # Below the best plan by a step at least, or what would a better plan be?
        worth = self.pool.costs[0] - step
        usable = forced <= worth + 1e-6 * max(1.0, step) if step else forced < worth
        whole = int(usable.sum()) <= self.mergers[0].size + self.problem.accounts
        turns = self.mergers[:1] if whole else self.mergers
        limits = replace(self.limits, threads=max(1, self.limits.threads // len(turns)))
        jobs = [
            threads.submit(each.merge, self.pool, forced, usable, limits, self.watch)
            for each in turns
        ]
        for plan in [job.result() for job in jobs]:
            if plan is not None:
                self.watch.plan(plan)
                self._keep(plan)
