"""Worth of accounts for the bound of whole territories: a subgradient ascent.

The LP's prices let a rep take half an account. `problem.territory_bound` proves what that is worth
for any worth u_i of the accounts; here u is moved to where it proves most: up where no rep takes
an account, down where several do, by Polyak's step towards the plan in hand (Polyak 1969, USSR
Comp. Math. and Math. Physics 9(3); Fisher 1981, Management Science 27, 1-18). It begins halfway
between an account's two cheapest reps: both then pay half of what a change costs.

The steps see candidates only; what is found is a bound only after `certify`, which goes over all
pairs. Steps are counted, and sums do not depend on the threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from territoryopt.backends.large.plan import Plan
from territoryopt.backends.protocol import Watch, log
from territoryopt.problem import FloatArray, IntArray, Proof
from territoryopt.problem.bound import all_given_back
from territoryopt.problem.territory_bound import OwnRows, TerritoryProof, prove_territories

FIRST_STEP, LEAST_STEP = 1.0, 0.01
"""Of Polyak's step: the first factor, and one at which nothing is to be gained any more."""

SHRINK, STALL = 0.6, 8
"""The factor shrinks so after so many steps without a better bound, which starts from the best."""

NODES, MOST_NODES, DEEPER = 50_000, 10_000_000, 4
"""Sets that a step looks at for each rep at first, and at most; so many times more whenever steps
have become small, which are then `AGAIN` times as large as at first."""

AGAIN = 0.3
CERTAIN = 10
"""The final proof looks at so many times more sets than a step."""

BOX = 1e3
"""The largest price of a row: so many times `room` for its whole size."""

STEPS = 25
"""Steps between two rounds of small searches."""

MARGIN = 1.3
"""How much larger than its last a rep's λ is looked for."""


@dataclass(eq=False)
class Ascent:
    """plan: its candidates are those that the steps see. proof: of the LP relaxation; its prices
    are where the ascent begins. objective: of the plan in hand, inf without one."""

    plan: Plan
    proof: Proof
    threads: int
    going: Callable[[], bool]
    objective: float = np.inf
    best: float = -np.inf
    factor: float = FIRST_STEP
    nodes: int = NODES
    stalled: int = 0
    steps: int = 0

    def __post_init__(self) -> None:
        problem, c = self.plan.problem, self.plan.candidates
        self.problem = problem
        self.own = own = OwnRows.of(problem)
        self.y = own.prices(self.proof.prices)
        others = own.put(self.proof.prices, np.zeros(self.y.shape))
        self.given = sum(all_given_back(problem, others))
        cost = c.priced(problem, self.plan.table, others, self.threads)
        account, place = np.nonzero(c.rep >= 0)
        rep = c.rep[account, place].astype(np.int64)
        order = np.argsort(rep, kind="stable")
        account, place = account[order], place[order]
        self.begin = np.searchsorted(rep[order], np.arange(problem.reps + 1))
        self.account: IntArray = account
        self.cost = cost[account, place]
        self.amount = np.ascontiguousarray(c.amount[account, place][:, own.part])
        self.worth = self._halfway(rep[order])
        self.guess = np.full(problem.reps, np.nan)
        self._keep()
        # Where a rep cannot keep its rows, their prices would run away.
        side = np.minimum(own.price, np.maximum(np.abs(self.y), BOX * self.room / own.scale))
        self.low = np.where(np.isfinite(own.lower), -side, 0.0)
        self.high = np.where(np.isfinite(own.upper), side, 0.0)

    def _keep(self) -> None:
        """Keep what proves the best."""
        self.best_worth, self.best_y = self.worth.copy(), self.y.copy()
        self.best_guess = self.guess.copy()

    def _halfway(self, rep: IntArray) -> FloatArray:
        """float[n]: between the two least reduced costs of each account; at the least where there
        is one alone."""
        reduced = self.cost + (self.y[rep] * self.amount).sum(axis=1)
        order = np.lexsort((reduced, self.account))
        account, value = self.account[order], reduced[order]
        n = self.problem.accounts
        first = np.searchsorted(account, np.arange(n))
        many = np.bincount(account, minlength=n)
        out = np.zeros(n)
        some = many > 0
        out[some] = value[first[some]]
        two = many > 1
        out[two] = 0.5 * (value[first[two]] + value[first[two] + 1])
        return out

    @property
    def done(self) -> bool:
        """Whether another step is of no use."""
        return self.nodes > MOST_NODES or not len(self.own)

    def run(self, steps: int, pool: ThreadPoolExecutor) -> None:
        """So many steps, in the threads of a pool."""
        for _ in range(steps):
            if self.done or not self.going():
                break
            self._step(pool)
        log.debug("territories: %d steps, %.10g, factor %.3g", self.steps, self.best, self.factor)

    def _step(self, pool: ThreadPoolExecutor) -> None:
        from territoryopt.problem.territory_kernels import one_territory

        own, reps = self.own, self.problem.reps
        slip = own.slip
        room = self.room
        guess = np.where(np.isnan(self.guess), 4.0 * room / max(1, reps), MARGIN * self.guess)
        guess = np.clip(guess, 1e-3 * room / max(1, reps), room)
        taken = np.zeros(len(self.account), dtype=np.bool_)

        def work(j: int) -> tuple[float, float]:
            mine = slice(self.begin[j], self.begin[j + 1])
            value, found = one_territory(
                self.account[mine], self.cost[mine], self.amount[mine], self.worth, self.y[j],
                self.low[j], self.high[j], own.lower[j], own.upper[j], slip[j], own.price[j],
                own.constant[j], own.scale[j], float(guess[j]), room, self.nodes, 2, taken[mine],
            )  # fmt: skip
            return value, found

        found = np.array(list(pool.map(work, range(reps))))
        self.guess = found[:, 1]
        value = self.given + float(self.worth.sum()) + float(found[:, 0].sum())
        self.steps += 1
        if value > self.best + 1e-9 * abs(self.best) or not np.isfinite(self.best):
            self.best, self.stalled = value, 0
            self._keep()
        else:
            self.stalled += 1
            if self.stalled >= STALL:
                self.stalled, self.factor = 0, SHRINK * self.factor
                self.worth = self.best_worth.copy()
                if self.factor < LEAST_STEP:
                    self.factor, self.nodes = AGAIN * FIRST_STEP, DEEPER * self.nodes
        slope = 1.0 - np.bincount(self.account[taken], minlength=len(self.worth))
        length = float((slope**2).sum())
        if length == 0.0:
            self.nodes = MOST_NODES + 1  # a plan: nothing better is to be proved
            return
        aim = self.objective if np.isfinite(self.objective) else self.best + 0.5 * room
        self.worth = self.worth + self.factor * max(0.0, aim - value) / length * slope

    @property
    def room(self) -> float:
        """The most that is worth proving of one rep, currency/year."""
        if np.isfinite(self.objective):
            return max(self.objective - self.proof.bound, 1e-9 * abs(self.objective))
        return 0.01 * max(1.0, abs(self.proof.bound))

    def certify(self) -> TerritoryProof:
        """What the best worth proves over all pairs."""
        prices = self.own.put(self.proof.prices, self.best_y)
        guess = np.where(np.isnan(self.best_guess), 0.0, self.best_guess)
        return prove_territories(
            self.problem, prices, self.best_worth, 1.01 * guess,
            nodes=CERTAIN * self.nodes, threads=self.threads, going=self.going,
        )  # fmt: skip


@dataclass(eq=False)
class Climb:
    """The ascent beside a search: some steps when called, and what they prove to the watch.
    objective: of the best plan known, inf without one."""

    ascent: Ascent
    watch: Watch
    objective: Callable[[], float]

    def __call__(self, steps: int = STEPS) -> None:
        """Climb so many steps, towards the plan in hand; none before there is one, since steps
        towards nothing are long, and a plan is wanted first."""
        ascent = self.ascent
        ascent.objective = self.objective()
        if ascent.done or not np.isfinite(ascent.objective) or not ascent.going():
            return
        with ThreadPoolExecutor(ascent.threads) as pool:
            ascent.run(steps, pool)
        if ascent.best > self.watch.proved and ascent.going():
            self.watch.prove(ascent.certify())
