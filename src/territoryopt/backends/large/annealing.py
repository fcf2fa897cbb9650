"""Simulated annealing over near-tied pairs, with broken rules priced (Kirkpatrick, Gelatt and
Vecchi 1983, Science 220, 671-680).

Millions of chains of moves a second fill the rows that bind, which the rounding of the LP leaves
over- and underfull. Large problems are annealed region by region, some neighbouring reps at a
time: their pairs stay in the processor's cache, and regions without a common row share the
threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from territoryopt.backends.large import moving
from territoryopt.backends.large.plan import Plan
from territoryopt.backends.large.regions import embedding, links_between, regions
from territoryopt.backends.protocol import Limits, log
from territoryopt.problem import FloatArray, IntArray

NEAR_PER_REP = 60
"""Pairs that are annealed, per rep: those of least slack in the whole problem."""

MOST_NEAR = 6
"""Candidates of an account that are annealed."""

HOT, COLD = 0.25, 0.02
"""First and last temperature, of the largest slack annealed."""

PER_ACCOUNT = 10_000
"""Chains tried for each account with a choice, over all rounds."""

ROUNDS = ((0.05, 0.3, 8.0), (0.65, 1.0, 1.0), (0.3, 0.3, 8.0))
"""Rounds, in other regions each time: share of the chains, heat, and by how much broken rules are
dearer than at first. The first is short, for a plan that holds soon; the last settles what the
second left a little broken."""

REGION = 300
"""Reps of a region, at most."""

SLICE = 2_000_000
"""Chains between two looks at the clock."""

RATE = 4_000_000
"""Chains per second and thread that are counted on when time is short."""

SHARE = 0.25
"""Share of the time left that annealing may take."""


@dataclass(eq=False)
class Annealer:
    """slack: float[n, k], by how much each candidate is dearer than the cheapest, currency/year."""

    plan: Plan
    slack: FloatArray
    limits: Limits
    going: Callable[[], bool]
    offer: Callable[[], None] = lambda: None
    place: FloatArray | None = None

    def run(self) -> None:
        """Anneal the plan in place, for its `SHARE` of the time at most."""
        plan = self.plan
        near, tau = self._near()
        active = np.flatnonzero(near.sum(axis=1) > 1)
        if not len(active) or not tau > 0 or not self.going():
            return
        threads = max(1, self.limits.threads)
        before = plan.value
        affordable = self.limits.left * SHARE * RATE * threads
        chains = min(PER_ACCOUNT * len(active), affordable)
        factor = plan.factor
        rng = np.random.default_rng(self.limits.seed)
        with ThreadPoolExecutor(threads) as pool:
            for share, heat, dearer in ROUNDS:
                found = self._regions(near, rng)
                if not self.going():
                    break
                plan.raise_to(factor * dearer)
                hot, many = HOT * tau * heat, int(share * chains)
                if len(found) == 1:
                    self._alone(found[0], active, near, many, hot, tau, pool, threads)
                else:
                    self._by_region(found, active, near, many, hot, tau, pool)
                plan.recount()
                self.offer()
                log.debug(
                    "annealed %d accounts in %d regions: %.10g -> %.10g, %.1f s left",
                    *(len(active), len(found), before, plan.value, self.limits.left),
                )

    def _near(self) -> tuple[NDArray[np.bool_], float]:
        """bool[n, k], the pairs that are annealed, the one in use among them; and their largest
        slack."""
        plan, slack = self.plan, self.slack
        known = slack[:, 1:MOST_NEAR]
        known = known[(known > 0) & np.isfinite(known)]
        many = NEAR_PER_REP * plan.problem.reps
        if len(known) > many:
            tau = float(np.partition(known, many)[many])
        else:
            tau = float(known.max(initial=0.0))
        near = (slack <= tau) & (plan.candidates.rep >= 0)
        near[np.arange(len(near)), plan.place] = True
        for part in plan.problem.groupings:  # the chains know nothing of groups
            near[part.member] = False
        return near, tau

    def _regions(self, near: NDArray[np.bool_], rng: np.random.Generator) -> list[IntArray]:
        """Reps in regions of neighbours, cut elsewhere each time."""
        reps = self.plan.problem.reps
        if reps <= REGION:
            return [np.arange(reps)]
        if self.place is None:
            account, place = np.nonzero(near)
            ends = self.plan.candidates.rep[account, place].astype(np.int64)
            links = links_between(self.plan.rep[account], ends, reps)
            self.place = embedding(links, self.limits.seed)
        return regions(self.place, REGION, rng)

    def _alone(
        self, reps: IntArray, active: IntArray, near: NDArray[np.bool_], chains: int,
        hot: float, tau: float, pool: ThreadPoolExecutor, threads: int,
    ) -> None:  # fmt: skip
        """Anneal a small problem once in each thread, and keep the best."""
        copies = [self.plan.activity.copy() for _ in range(threads)]
        each = chains // threads
        under_way = [
            pool.submit(self._region, reps, active, near, each, hot, tau, t, copy)
            for t, copy in enumerate(copies)
        ]
        wait(under_way)
        changes = [future.result() for future in under_way]
        best = min(changes, key=lambda change: change[2])
        if best[2] < 0:
            self.plan.place[best[0]] = best[1]

    def _by_region(
        self, regions: list[IntArray], active: IntArray, near: NDArray[np.bool_], chains: int,
        hot: float, tau: float, pool: ThreadPoolExecutor,
    ) -> None:  # fmt: skip
        """Anneal region after region; at once where no two have a row in common."""
        table = self.plan.table
        own = self.plan.rep[active]
        number = np.empty(self.plan.problem.reps, dtype=np.int64)
        for g, reps in enumerate(regions):
            number[reps] = g
        # A row that several regions add to keeps them from being annealed at once.
        shared = False
        for p in range(table.parts):
            used = table.row[:, p] >= 0
            pairs = np.unique(table.row[used, p].astype(np.int64) * len(regions) + number[used])
            shared |= len(np.unique(pairs // len(regions))) < len(pairs)
        per = chains / max(1, len(active))
        under_way: list[Future[tuple[IntArray, IntArray, float]]] = []
        for g, reps in enumerate(regions):
            mine = active[number[own] == g]
            job = pool.submit(
                self._region, reps, mine, near, int(per * len(mine)), hot, tau, g,
                self.plan.activity,
            )  # fmt: skip
            under_way.append(job)
            if shared:
                wait([job])
        wait(under_way)
        for future in under_way:
            accounts, place, _ = future.result()
            self.plan.place[accounts] = place

    def _region(
        self, reps: IntArray, active: IntArray, near: NDArray[np.bool_], chains: int,
        hot: float, tau: float, stream: int, activity: FloatArray,
    ) -> tuple[IntArray, IntArray, float]:  # fmt: skip
        """Anneal the active accounts of some reps among these; the accounts, the candidates they
        use then, and the change of money. `activity` is changed in place."""
        plan, c, table = self.plan, self.plan.candidates, self.plan.table
        local = np.full(plan.problem.reps + 1, -1, dtype=np.int32)
        local[reps] = np.arange(len(reps))
        here = local[c.rep[active]]
        usable = near[active] & (here >= 0)
        some = usable.sum(axis=1) > 1
        active, here, usable = active[some], here[some], usable[some]
        if not len(active) or not chains:
            return active, plan.place[active], 0.0
        # The nearest few of each, the one in use first.
        rank = np.where(usable, self.slack[active], np.inf)
        rank[np.arange(len(active)), plan.place[active]] = -1.0
        few = np.argsort(rank, axis=1, kind="stable")[:, : min(MOST_NEAR, rank.shape[1])]
        count = np.minimum(few.shape[1], usable.sum(axis=1))
        place = np.zeros(len(active), dtype=np.int64)
        whole = active[:, None]
        arrays = (
            np.ascontiguousarray(np.take_along_axis(here, few, axis=1)),
            np.ascontiguousarray(c.cost[whole, few]),
            np.ascontiguousarray(c.amount[whole, few]),
            np.ascontiguousarray(table.row[reps]),
        )
        slices = max(1, -(-chains // SLICE))
        cold = COLD * tau
        heats = np.geomspace(hot, min(cold, hot), slices + 1)
        change = 0.0
        for s in range(slices):
            if not self.going():
                break
            change += moving.anneal(
                place, count, *arrays, table.lower, table.upper, plan.price, activity,
                chains // slices, float(heats[s]), float(heats[s + 1]),
                (self.limits.seed * 1009 + stream) * 10_007 + s,
            )  # fmt: skip
        return active, few[np.arange(len(active)), place], change
