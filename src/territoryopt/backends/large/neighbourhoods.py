"""Large neighbourhood search: the accounts of a few neighbouring reps are dealt out anew by a small
exact search (HiGHS), all else fixed (Shaw 1998, CP 98, 417-431).

What is still open between plan and bound is known account by account and row by row: the reduced
cost of each account's pair over its cheapest, and what each row's price pays for room it does not
use. Reps are chosen where that loss is, with their neighbours: reps that accounts of theirs are
nearly as cheap with. Several neighbourhoods without a rep in common are searched at once; what
they find is taken in the order they began, each only if it still helps.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from territoryopt.backends.highs import HighsBackend
from territoryopt.backends.large.dealing import dealt_anew, offenders
from territoryopt.backends.large.near import near_pairs
from territoryopt.backends.large.plan import Plan
from territoryopt.backends.large.race import Race
from territoryopt.backends.large.regions import links_between
from territoryopt.backends.protocol import Limits, Watch, log
from territoryopt.gaps import relative_gap
from territoryopt.problem import FloatArray, IntArray, Problem

NEAR_PER_REP = 60
"""Pairs that make two reps neighbours: so many of each rep, see `near_pairs`."""

SMALL, LARGE = 100, 3_200
"""Open pairs that a small search starts with, and grows to: those of least slack, so that a rep
whose accounts are all dear to others is dealt with as well."""

WIDTHS = (4, 6, 9, 12, 18, 25)
"""Reps of a small search, one of these at random."""

PATIENCE = 30
"""Small searches of one size, and one more for ten reps, before a larger size is thought of: it
is taken when fewer than a tenth of them helped."""

AT_ROOT = {"mip_max_nodes": 1, "mip_allow_restart": False}
"""Options of a small search: most of what is to be gained is found at the root, and a restart of
it took as long again for a thirtieth more. A count, so that a seed gives one plan."""

FINENESS, MOST_OPEN = 50, 0.01
"""A small search stops at this part of the gap that is still open, taken as so much at most."""

MENDING, MENDINGS = 0.8, 3
"""How often a rep in a broken row is dealt with first, while there are such; and how often all
sizes are gone through for them, once and then so many times again."""

MEND_TRIES = 6
"""Searches about broken rows that do not help before the next of them are twice as large."""

RIPE = 0.5
"""The search of the whole begins when fewer than this share of a round of small searches helped."""

RAISE, MOST_FACTOR = 1.5, 1e5

OFFER_SHARE = 0.05
"""Share of the time that may go into checking plans on the way."""


AHEAD = 2
"""Searches that wait for a thread beside those under way: one that takes long holds up no other."""

ROOM = 15
"""Reps for each of these at least: none has a rep of another's, and few reps are a small choice."""


@dataclass(frozen=True, eq=False)
class _Search:
    """A neighbourhood under way: its reps, the accounts with a choice, and the candidate that each
    rep of it stands for."""

    reps: IntArray
    mending: bool
    accounts: IntArray
    stands: IntArray
    future: Future[IntArray | None]


@dataclass(eq=False)
class Neighbourhoods:
    """One run. slack: float[n, k], by how much each candidate is dearer than the cheapest at the
    prices y float[rows], currency/year. climb: called after each round, for a better bound.
    begin_race: a search of the whole for that, begun when small searches help less."""

    plan: Plan
    y: FloatArray
    slack: FloatArray
    limits: Limits
    watch: Watch
    climb: Callable[..., None] | None = None
    begin_race: Callable[[], Race] | None = None
    race: Race | None = None
    mendings: int = MENDINGS
    size: float = SMALL
    mend_size: float = SMALL
    mend_tries: int = 0
    mended: int = 0
    least_broken: int = 0
    near: NDArray[np.bool_] = field(init=False)
    weary: FloatArray = field(init=False)
    links: csr_array = field(init=False)
    loss: FloatArray = field(init=False)
    broken: NDArray[np.bool_] = field(init=False)
    flight: deque[_Search] = field(default_factory=deque)
    reached: float = np.inf
    offered: float = np.inf
    next_offer: float = 0.0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.limits.seed)
        self.weary = np.zeros(self.plan.problem.reps)
        self.near = near_pairs(self.plan.candidates, self.slack, NEAR_PER_REP, len(self.weary))

    # -- the run --------------------------------------------------------------------------------

    def run(self) -> None:
        """Improve the plan until time is up, the gap is reached or no small search helps."""
        threads = max(1, self.limits.threads)
        if self.begin_race is not None:
            if np.isfinite(self.best):
                # A better plan leaves the search of the whole fewer pairs, and a better bound.
                self._rounds(threads, RIPE)
            if not self.done:
                self.race = self.begin_race()
                threads = max(1, threads - 1)
        self._rounds(threads, 0.0)
        self.offer(last=True)

    def _rounds(self, threads: int, share: float) -> None:
        """Rounds of small searches in so many threads, until none is of use any more, or fewer
        than a share of a round's helped."""
        reps = self.plan.problem.reps
        many = min(threads + min(AHEAD, threads), max(threads, reps // ROOM))
        with ThreadPoolExecutor(threads) as pool:
            ripe = False
            while not (self.done or ripe or self.size > LARGE):
                tries = helped = 0
                while tries < PATIENCE + reps // 10 and not self.done:
                    self._survey()
                    mending = self._mending()
                    if mending and self.plan.factor < MOST_FACTOR:
                        # What is left broken is often small and cheap: its price grows.
                        self.plan.raise_to(self.plan.factor * RAISE)
                    for _ in range(threads * (4 if mending else max(1, reps // 20))):
                        self._launch(pool, many)
                        good, counts = self._land()
                        tries += counts
                        helped += good and counts
                        if self.done:
                            break
                    self.offer()
                log.debug("neighbourhoods of %d pairs: %d of %d helped, value %.10g, %d broken",
                          self.size, helped, tries, self.plan.value, self.broken.sum())  # fmt: skip
                if self.climb is not None and not self.done:
                    self.climb()
                ripe = helped < share * tries
                if helped < 0.1 * tries and not mending:
                    self.size *= 2
                    self.weary[:] = 0
            for search in self.flight:
                search.future.cancel()
            while self.flight:
                self._land()

    @property
    def done(self) -> bool:
        """Whether the proved gap is reached, time is up or somebody asked to stop."""
        if self.watch.stopping.is_set() or self.watch.interrupted or self.limits.left <= 0:
            return True
        if self.race is not None and self.race.won:
            return True
        return relative_gap(self.best, self.watch.proved) <= self.limits.gap

    @property
    def best(self) -> float:
        """The objective of the best plan known that holds, handed over yet or not: what ends a
        search must not depend on when plans are handed over."""
        return min(self.watch.objective, self.reached)

    def note(self) -> None:
        """Take note of the plan if it holds."""
        if self.plan.holds:
            self.reached = min(self.reached, self.plan.value)

    def offer(self, last: bool = False) -> None:
        """Hand the plan to the watch if it holds; not so often that checking it costs much."""
        self.note()
        now = time.monotonic()
        if not last and now < self.next_offer:
            return
        if self.plan.holds:
            value = self.plan.value
            if value < self.offered:
                self.offered = value
                self.watch.plan(self.plan.rep)
        spent = time.monotonic() - now
        self.next_offer = now + spent / OFFER_SHARE

    # -- where the loss is ----------------------------------------------------------------------

    def _survey(self) -> None:
        """Who neighbours whom, and what each rep's accounts and rows lose against the bound."""
        plan, c = self.plan, self.plan.candidates
        reps = plan.problem.reps
        here = np.arange(len(plan.place))
        own = plan.rep
        self.own = own
        self.order = np.argsort(own, kind="stable")
        self.begin = np.searchsorted(own[self.order], np.arange(reps + 1))
        close = self.near & (c.rep != own[:, None])
        account, place = np.nonzero(close)
        ends = c.rep[account, place].astype(np.int64)
        self.links = links_between(own[account], ends, reps)
        lost = np.bincount(own, self.slack[here, plan.place], minlength=reps).astype(np.float64)
        row = self._row_loss()
        for p in range(plan.table.parts):
            inside = plan.table.row[:, p] >= 0
            share = np.bincount(plan.table.row[inside, p], minlength=len(row))
            to = plan.table.row[inside, p]
            lost[inside] += row[to] / share[to]
        self.loss = lost
        at = plan.table.row
        self.broken = ((at >= 0) & np.append(plan.outside, False)[at]).any(axis=1)
        for hard, part in zip(plan.problem.groupings, plan.priced.groupings, strict=True):
            rep, many = offenders(part, own, reps)
            if hard.hard:
                self.broken[rep] = True
            else:
                np.add.at(lost, rep, part.price * many)

    def _mending(self) -> bool:
        """Whether broken rows are dealt with first: as long as there are such, and hope for them.
        Each that is mended lets small searches begin again."""
        count = int(self.broken.sum())
        if count < self.least_broken or not count:
            self.mend_size, self.mend_tries, self.mended = SMALL, 0, 0
        self.least_broken = count
        return count > 0 and self.mended <= self.mendings

    def _row_loss(self) -> FloatArray:
        """float[rows]: what a row's price pays for room it does not use, and what a soft row is
        charged; broken hard rows are looked for by themselves."""
        plan, table = self.plan, self.plan.table
        side = np.where(self.y > 0, table.upper, np.where(self.y < 0, table.lower, plan.activity))
        unused = np.maximum(0.0, self.y * (side - plan.activity))
        soft = np.where(np.isinf(table.price), 0.0, plan.price)
        out: FloatArray = unused + plan.excess(plan.activity) * soft
        return out

    def _choose(self, free: NDArray[np.bool_]) -> tuple[IntArray, bool]:
        """Reps, and whether they are about a broken row. A rep drawn by what it loses, and others
        drawn by the pairs between them and those chosen, up to the size; reps whose neighbourhoods
        did not help lately are drawn less."""
        broken = np.flatnonzero(self.broken & free)
        hope = self.mended <= self.mendings
        mending = bool(len(broken) and hope and self.rng.random() < MENDING)
        if mending:
            weight = np.where(self.broken & free, 0.5**self.weary, 0.0)
        else:
            weight = np.where(free, self.loss * 0.5**self.weary, 0.0)
        if not weight.any():
            weight = free.astype(np.float64)
        if not weight.any():
            return np.empty(0, dtype=np.int64), mending
        chosen = [int(self.rng.choice(len(weight), p=weight / weight.sum()))]
        near = np.zeros(len(weight))
        width = int(self.rng.choice(WIDTHS))
        while len(chosen) < width:
            last = chosen[-1]
            low, high = self.links.indptr[last], self.links.indptr[last + 1]
            near[self.links.indices[low:high]] += self.links.data[low:high]
            draw = np.where(free, near, 0.0)
            draw[chosen] = 0.0
            if not draw.any():
                break
            chosen.append(int(self.rng.choice(len(draw), p=draw / draw.sum())))
        return np.sort(np.array(chosen, dtype=np.int64)), mending

    # -- dealing out ----------------------------------------------------------------------------

    def _launch(self, pool: ThreadPoolExecutor, many: int) -> None:
        """Begin searches of neighbourhoods until `many` are under way, none with a rep of
        another's."""
        while len(self.flight) < many:
            free = np.ones(self.plan.problem.reps, dtype=bool)
            for search in self.flight:
                free[search.reps] = False
            reps, mending = self._choose(free)
            if len(reps) < 2:
                break
            part = self.part(reps, self.mend_size if mending else self.size)
            if part is None:
                self.weary[reps] += 1
                break
            future = pool.submit(self._solve, *part)
            self.flight.append(_Search(reps, mending, part[1], part[3], future))

    def _land(self) -> tuple[bool, bool]:
        """Wait for the search that began first and take what it found, if that helps still;
        whether it did, and whether it counts for the size of searches: those about broken rows
        have a size of their own. In the order of their beginnings, so that a seed gives one
        plan."""
        if not self.flight:
            return False, True
        search = self.flight.popleft()
        if search.future.cancelled():
            return False, True
        found = search.future.result()
        good = found is not None and self.plan.change(
            search.accounts, search.stands[np.arange(len(found)), found]
        )
        if good:
            self.note()
        self.weary[search.reps] = 0 if good else self.weary[search.reps] + 1
        if search.mending:
            self.mend_tries = 0 if good else self.mend_tries + 1
            if self.mend_tries >= MEND_TRIES:
                self.mend_tries, self.mend_size = 0, 2 * self.mend_size
            if self.mend_size > LARGE:
                self.mended, self.mend_size = self.mended + 1, SMALL
        return good, not search.mending

    def part(
        self, reps: IntArray, pairs: float
    ) -> tuple[Problem, IntArray, IntArray, IntArray] | None:
        """See `dealt_anew`."""
        held = [self.order[self.begin[j] : self.begin[j + 1]] for j in reps]
        accounts = np.sort(np.concatenate(held))
        plan = self.plan
        # What was taken since the survey has moved on.
        now = plan.candidates.rep[accounts, plan.place[accounts]]
        accounts = accounts[self.own[accounts] == now]
        return dealt_anew(plan, self.slack, self.own, accounts, reps, pairs)

    def _solve(
        self, part: Problem, accounts: IntArray, own: IntArray, stands: IntArray
    ) -> IntArray | None:
        """A plan of a part by HiGHS, from the present one."""
        inner = Watch(part, began=self.watch.began, stopping=self.watch.stopping)
        # Of the plan in hand without what it breaks: also where no plan holds yet.
        open_gap = relative_gap(max(self.plan.cost, self.watch.proved), self.watch.proved)
        gap = max(self.limits.gap, min(open_gap, MOST_OPEN)) / FINENESS
        limits = replace(self.limits, gap=gap, threads=1)
        HighsBackend(options=AT_ROOT).solve(part, limits, own, inner)
        return inner.rep
