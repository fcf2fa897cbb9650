"""The LP relaxation at any size: prices, what they prove, candidates, and a first plan.

Smoothed prices on a sample of accounts, then on all (`dual`), then the core LP with pairs that
price in (`core`), each step followed by a pass over all pairs: what is returned is certified by
that pass, and equals the LP optimum to `CLOSE` where time allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from territoryopt.backends.large.candidates import Candidates
from territoryopt.backends.large.core import Columns, Core, CoreAnswer
from territoryopt.backends.large.dual import Dual, Scales
from territoryopt.backends.large.rowtable import RowTable
from territoryopt.backends.protocol import Limits, Watch, log
from territoryopt.problem import FloatArray, IntArray, Prices, Problem, Proof, prove
from territoryopt.problem.bound import forbids, reduced_block, valid_prices
from territoryopt.problem.penalise import Penalties

LEAST_SAMPLE, SAMPLE_PER_REP = 8_000, 50
"""Accounts that the first prices are found on: at least so many, and so many for each rep."""

SAMPLE_PAIRS = 500_000
"""Candidate pairs of the sample, but for `LEAST_CANDIDATES` of each account."""

LEAST_CANDIDATES = 60

RUN = 8
"""Accounts of the sample that stand together in the data, so that one look serves them."""

CANDIDATES, FEW = 16, 6
"""Candidate pairs of an account when all accounts are listed, and those that are looked at to see
how near the nearest are."""

MOST_LISTED, LEAST_LISTED = 80_000_000, 8
"""Candidate pairs of all accounts (28 bytes each with two rows a rep): beyond, each account has
fewer, but for so many. At prices near the LP's few are enough: what they lack prices in."""

SAMPLE_HEATS, HEATS = (0.3, 0.1, 0.03), (0.02, 0.006)
"""Of a step (`Scales`): on the sample, then on all accounts. Colder prices are nearer the LP's, so
that fewer columns are left to the core LP."""

STEPS = 150

TRUST, MOST_CLIMBS = 1.0, 6
"""How far a climb over all accounts may go from the prices that the candidates were listed at, in
units of `Scales.unit`; and climbs at most."""

CLOSE = 1e-7
"""The core LP is done when the pass over all pairs proves its value but for this fraction."""

INNER_CLOSE = 1e-9
CORE_PER_ROW, LEAST_CORE = 16, 6_000
"""Columns of the first core LP: so many for each side row, and at least so many."""

MANY_PER_ROW = 8
"""More columns than this for each side row are not added at once, but for one of each account."""

MOST_ROUNDS = 60
CORE_SHARE = 0.5
"""Share of the time left that the core LP may take: a plan is wanted, too."""

RESERVE = 4.0
"""Another climb, and the core LP, begin only where time is left for so many passes over all pairs:
a climb and its pass take about half of it, and a plan is wanted, too."""

STRETCHES = (1.0, 10.0, 1e3)
"""Prices that run away are tried as a proof that no plan exists, so many times longer than fits."""

RAISE, MOST_RAISES = 8.0, 4
"""Hard rows are elastic at so many times the largest price; where that does not hold them, at so
many times more, again and again. Beyond, the size of the numbers is too much for HiGHS."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """What is known when the relaxation is solved, or time is up.

    proof: of the best prices, by a pass over all pairs. candidates: the pairs cheapest at the last
    prices. value: an upper estimate of the LP optimum, currency/year (inf where unknown). rep:
    int[n], each account's rep of largest share in the LP, or its cheapest. excess: float[rows], by
    how much the LP breaks hard rows; above zero where they cannot all hold. passes: over all pairs.
    penalties: what hard rules are worth at the best prices. violation: a proof, of
    `Problem.elastic`, that hard rows must be broken; None where none was found.
    """

    table: RowTable
    proof: Proof
    candidates: Candidates
    value: float
    rep: IntArray
    split: int
    excess: FloatArray
    passes: int
    penalties: Penalties
    violation: Proof | None = None

    @property
    def broken(self) -> bool:
        """Whether the LP cannot keep its hard rows."""
        return self.violation is not None or bool((self.excess > 0).any())

    @property
    def finished(self) -> bool:
        """Whether the pass over all pairs proves the value of the LP, but for `CLOSE`."""
        return self.value - self.proof.bound <= CLOSE * max(1.0, abs(self.value))


def relax(problem: Problem, limits: Limits, watch: Watch) -> Relaxation:
    """Solve the LP relaxation of a problem over units without its groupings; see the module."""

    def going() -> bool:
        return limits.left > 0 and not watch.stopping.is_set() and not watch.interrupted

    # L-BFGS-B calls BLAS on short vectors, where a second BLAS thread costs far more than it gives.
    one = threadpool_limits(limits=1, user_api="blas")
    with one, ThreadPoolExecutor(max(1, limits.threads)) as pool:
        return _Relax(problem, RowTable.of(problem), limits, watch, pool, going).run()


@dataclass(eq=False)
class _Relax:
    problem: Problem
    table: RowTable
    limits: Limits
    watch: Watch
    pool: ThreadPoolExecutor
    going: Callable[[], bool]
    proof: Proof | None = None
    candidates: Candidates | None = None
    passes: int = 0
    pass_seconds: float = 0.0

    def run(self) -> Relaxation:
        y = self._smoothed()
        assert self.proof is not None
        violation = self._violation(y) if self._ran_away() else None
        answer = None
        if len(self.table) and self.proof.bound < np.inf and violation is None and self.affordable:
            answer = self._core(y)
            if answer is not None and answer.excess.any():
                violation = self._violation(answer.y)
        assert self.candidates is not None
        known = (np.inf, self.proof.cheapest, 0, np.zeros(len(self.table)))
        if answer is not None:
            known = (answer.value, answer.rep, answer.split, answer.excess)
        penalties = self._penalties(self.table.flat(self.proof.prices))
        return Relaxation(
            self.table, self.proof, self.candidates, *known, self.passes, penalties, violation
        )

    # -- no plan --------------------------------------------------------------------------------

    def _ran_away(self) -> bool:
        """Whether the prices prove more than any plan over the candidates costs."""
        assert self.candidates is not None
        assert self.proof is not None
        cost = np.where(self.candidates.rep >= 0, self.candidates.cost, -np.inf)
        dearest = cost.max(axis=1, initial=-np.inf)
        soft = np.isfinite(self.table.price) & (self.table.price > 0)
        return not soft.any() and bool(self.proof.bound > dearest.sum())

    def _violation(self, y: FloatArray) -> Proof | None:
        """What prices float[rows] prove about `Problem.elastic`, if it is that no plan exists."""
        elastic = self.problem.elastic()
        hard = [k for k, rows in enumerate(self.problem.rows) if rows.hard]
        if not hard:
            return None
        given = self.table.prices(y)
        rows = [np.where(np.isinf(self.problem.rows[k].price), given.rows[k], 0.0) for k in hard]
        size = max(
            float((np.abs(y) * self.problem.rows[k].scale).max(initial=0.0))
            for k, y in zip(hard, rows, strict=True)
        )
        for stretch in STRETCHES if size > 0 else ():
            if not self.going():
                break
            tried = Prices(tuple(y * (stretch / size) for y in rows))
            proof = prove(elastic, tried, threads=self.limits.threads, going=self.going)
            self.passes += 1
            log.debug("prices prove a violation of %.6g", proof.bound)
            if forbids(elastic, proof):
                return proof
        return None

    # -- smoothed prices ------------------------------------------------------------------------

    def _smoothed(self) -> FloatArray:
        """Prices float[rows]; leaves a pass at those prices behind."""
        n, table = self.problem.accounts, self.table
        y = np.zeros(len(table))
        most = max(LEAST_SAMPLE, SAMPLE_PER_REP * self.problem.reps)
        sample = _sample(n, most, self.limits.seed)
        size = sum(b - a for a, b in sample)
        k = min(self.problem.reps, max(LEAST_CANDIDATES, SAMPLE_PAIRS // max(1, size)))
        few = self._listed(sample, size, k, y)
        scales = Scales.of(table, few)
        box = 1e3 * scales.unit
        free = np.full(len(table), np.inf)
        for heat in SAMPLE_HEATS:
            y = self._dual(few, scales, box, n / max(1, size)).climb(y, heat, STEPS, free)
        if size == n:
            y = self._dual(few, scales, box, 1.0).climb(y, HEATS[0], STEPS, free)
            self._pass(y)
            return y
        del few
        return self._refined(y, scales, box)

    def _refined(self, y: FloatArray, scales: Scales, box: FloatArray) -> FloatArray:
        """Prices on all accounts, from those of a sample: climbs over lists of candidates, each
        after a pass, and no farther than the lists can be trusted."""
        proof = self._pass(y)
        radius, heats = TRUST, list(HEATS)
        for _ in range(MOST_CLIMBS):
            if not heats or not self.affordable or not len(y):
                break
            assert self.candidates is not None
            own = Scales.of(self.table, self.candidates)
            dual = self._dual(self.candidates, own, box, 1.0)
            tried = dual.climb(y, heats[0], STEPS, radius * scales.unit)
            log.debug("climbed at heat %g, %.1f s left", heats[0], self.limits.left)
            found = self._pass(tried)
            if found.bound > proof.bound:
                y, proof = tried, found
                heats.pop(0)
            else:
                # The lists left out what these prices draw in; they hold it now.
                radius *= 0.25
        return y

    @property
    def affordable(self) -> bool:
        """Whether time is left for another step and its pass, and for a plan."""
        return self.going() and self.limits.left >= RESERVE * self.pass_seconds

    def _dual(self, few: Candidates, scales: Scales, box: FloatArray, weight: float) -> Dual:
        return Dual(self.table, few, scales, box, weight, self.pool, self.going)

    def _listed(self, runs: list[tuple[int, int]], size: int, k: int, y: FloatArray) -> Candidates:
        """Candidates of a sample of accounts."""
        prices = self.table.prices(y)
        found = Candidates.empty(size, k, self.table.parts)
        at = 0
        for start, stop in runs:
            if not self.going():
                break
            found.fill(reduced_block(self.problem, prices, start, stop), at)
            at += stop - start
        return found

    def _pass(self, y: FloatArray) -> Proof:
        """A pass over all pairs at y; keeps the best proof, and the candidates listed."""
        if self.candidates is None:
            n = max(1, self.problem.accounts)
            k = min(self.problem.reps, CANDIDATES, max(LEAST_LISTED, MOST_LISTED // n))
            self.candidates = Candidates.empty(self.problem.accounts, k, self.table.parts)
        found = self.candidates
        began = time.monotonic()
        proof = prove(
            self.problem,
            self.table.prices(y),
            visit=lambda block: found.fill(block, block.start),
            threads=self.limits.threads,
            going=self.going,
        )
        self.passes += 1
        self.pass_seconds = time.monotonic() - began
        if self.proof is None or proof.bound > self.proof.bound:
            self.proof = proof
        self.watch.bound(proof.bound)
        log.debug("pass %d proves %.10g, %.1f s left", self.passes, proof.bound, self.limits.left)
        return proof

    # -- the core LP ----------------------------------------------------------------------------

    def _core(self, y: FloatArray) -> CoreAnswer | None:
        penalties = self._penalties(y)
        limits = replace(
            self.limits, deadline=self.limits.deadline - (1.0 - CORE_SHARE) * self.limits.left
        )
        factor = RAISE
        columns = self._first_columns(y)
        answer: CoreAnswer | None = None
        for _ in range(MOST_RAISES):
            priced_problem = penalties.at(factor)
            core = Core(self.problem, priced_problem, self.table, columns, limits, self.watch)
            found, settled = self._priced_out(core)
            if found is None:
                return answer
            answer, columns = found, core.columns
            if not settled:  # what is broken now says nothing yet
                return replace(answer, excess=np.zeros(len(self.table)))
            if not answer.excess.any():
                break
            factor *= RAISE
        return answer

    def _penalties(self, y: FloatArray) -> Penalties:
        """What hard rules are worth at prices y, from the candidates: no pass over all pairs."""
        assert self.candidates is not None
        scales = Scales.of(self.table, self.candidates)
        worth = tuple(
            float(np.abs(y[a:b]).max(initial=0.0)) or float(scales.unit[a:b].max(initial=1.0))
            for a, b in pairwise(self.table.first)
        )
        return Penalties(self.problem, worth, scales.mean)

    def _first_columns(self, y: FloatArray) -> Columns:
        """Of every account its cheapest pair, and the pairs nearest to being as cheap."""
        assert self.candidates is not None
        reduced = self.candidates.reduced(self.table, y, self.pool)
        slack = reduced - reduced.min(axis=1, keepdims=True)
        known = slack[:, 1:FEW]
        known = known[np.isfinite(known)]
        many = max(LEAST_CORE, CORE_PER_ROW * len(self.table))
        tau = np.partition(known, many)[many] if len(known) > many else np.inf
        chosen = (slack <= tau) & np.isfinite(slack)
        chosen[:, 0] = True
        return Columns.of(self.candidates, chosen)

    def _priced_out(self, core: Core) -> tuple[CoreAnswer | None, bool]:
        """Solve the core LP and add what prices in; the answer, and whether nothing does any
        more."""
        last: CoreAnswer | None = None
        for _ in range(MOST_ROUNDS):
            if not self.going() or core.limits.left <= 0:
                break
            answer = core.solve()
            if answer is None:
                break
            last = answer
            added = self._add(core, answer.y)
            log.debug("core LP %.10g over %d columns, %d priced in, %d split",
                      answer.value, len(core.columns), added, answer.split)  # fmt: skip
            if added:
                continue
            proof = self._pass(answer.y)
            if answer.value - proof.bound <= CLOSE * max(1.0, abs(answer.value)):
                return last, True
            if not self._add(core, answer.y):
                return last, True
        return last, False

    def _add(self, core: Core, y: FloatArray) -> int:
        """Add the candidates that are cheaper at y than their account's columns; how many."""
        assert self.candidates is not None
        valid = self.table.flat(valid_prices(core.priced, self.table.prices(y)))
        price = self.table.by_rep(valid)
        n = self.problem.accounts
        least = core.columns.least(n, core.columns.reduced(price))
        reduced = self.candidates.reduced(self.table, valid, self.pool)
        slip = INNER_CLOSE * np.maximum(1.0, np.abs(least))
        better = reduced < (least - slip)[:, None]
        if not better.any():
            return 0
        if better.sum() > MANY_PER_ROW * len(self.table):
            # So many price in while the prices are still far off: the best of each account will do.
            best = np.where(better, reduced, np.inf).argmin(axis=1)
            better &= np.arange(reduced.shape[1]) == best[:, None]
        before = len(core.columns)
        core.columns = core.columns.joined(Columns.of(self.candidates, better), self.problem.reps)
        return len(core.columns) - before


def _sample(accounts: int, most: int, seed: int) -> list[tuple[int, int]]:
    """Runs of accounts spread evenly over the data, one drawn from each stretch; all of them where
    they are few."""
    if accounts <= most:
        step = max(1, min(accounts, 2_000))
        return [(a, min(a + step, accounts)) for a in range(0, accounts, step)]
    rng = np.random.default_rng(seed)
    edges = np.linspace(0, accounts, most // RUN + 1).astype(np.int64)
    width = np.diff(edges)
    start = edges[:-1] + (rng.random(len(width)) * np.maximum(1, width - RUN)).astype(np.int64)
    return [(int(a), int(min(a + RUN, accounts))) for a in start]
