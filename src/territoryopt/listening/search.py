"""Which requests to grant: plans, and what is proved of all others, found by two questions.

At a price p for each unit of worth not granted, min cost(x) + p unmet(x) gives a plan and a bound
B_p, so that every plan x costs at least B_p - p unmet(x): the frontier of worth against money, and
its lower side (Cohon 1978, Multiobjective Programming and Planning, ch. 6). Sets behind the line
between two others are found by the second question, min cost(x) with worth(x) >= g, which is
exact for every g. The best set within a budget is the largest g whose least cost is within it; the
prices bound g from above, and bisection closes what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.answers.series import Series
from territoryopt.listening.model import Wishes, at_least, at_price, step_of
from territoryopt.problem import IntArray, Problem, evaluate
from territoryopt.problem.amounts import FloatArray
from territoryopt.result import Result

FINE = 0.002
"""Searches end when less than this part of a typical price of one request is open."""
COARSEST, FINEST = 1e-5, 1e-9
"""The largest and the least gap they are given for that, as a fraction of the plan's money."""
TOLERANCE = 1e-6
"""Worth, as a fraction of all of it, that makes no difference."""


@dataclass(frozen=True, eq=False)
class Found:
    """A plan int[units], what it costs more than the plan of the run, and the worth granted."""

    plan: IntArray = field(repr=False)
    cost: float
    worth: float


@dataclass(frozen=True)
class Line:
    """Every plan costs at least bound - price * (worth not granted), currency/year."""

    price: float
    bound: float
    source: str


@dataclass(frozen=True)
class Floor:
    """Every plan that grants `least` or more costs at least bound, currency/year."""

    least: float
    bound: float
    source: str


@dataclass(eq=False)
class Search:
    """Plans and bounds for one worth float[requests]; `problem` is over units, with what may not be
    granted and what must be. Money is currency/year more than the plan of the run."""

    ground: Ground
    wishes: Wishes
    worth: FloatArray
    problem: Problem
    typical: float
    pool: list[Found] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    floors: list[Floor] = field(default_factory=list)
    infeasible: Result | None = None

    def __post_init__(self) -> None:
        self.whole = float(self.worth.sum())
        self.step = max(step_of(self.worth), TOLERANCE * self.whole)
        self.lines.append(Line(0.0, self.ground.bound - self.ground.objective, self.ground.source))
        self.add(self.ground.rep)

    def add(self, plan: IntArray | None) -> None:
        """Take a plan int[units] into the pool, if it holds here."""
        if plan is None or any(np.array_equal(plan, other.plan) for other in self.pool):
            return
        found = evaluate(self.problem, plan)
        if found.holds:
            cost = evaluate(self.ground.unit, plan).objective - self.ground.objective
            self.pool.append(Found(plan, cost, self.granted(plan)))

    def granted(self, plan: IntArray) -> float:
        """The worth that a plan grants."""
        return float(self.worth[self.wishes.granted(plan)].sum())

    def value(self, found: Found, price: float) -> float:
        return found.cost + price * (self.whole - found.worth)

    def combine(self, price: float, budget: float) -> None:
        """Lay the moves of the plans in hand over each other, the cheapest first, as long as what
        comes out holds and is better: a first set by arithmetic alone."""
        before, now = self.ground.rep, min(self.pool, key=lambda f: f.cost, default=None)
        for other in sorted(self.pool, key=lambda f: f.cost):
            if now is None or other.worth <= 0:
                continue
            self.add(np.where(other.plan != before, other.plan, now.plan))
            last = self.pool[-1]
            if last.cost <= budget and self.value(last, price) < self.value(now, price):
                now = last

    # -- the two questions ------------------------------------------------------------------------

    def at_price(self, series: Series, price: float, seconds: float) -> Result:
        """One search at a price; its plan and its bound are kept."""
        start = min(self.pool, key=lambda f: self.value(f, price), default=None)
        asked = at_price(self.problem, self.wishes, self.worth, price)
        result = self._solve(series, asked, start, seconds)
        bound = result.bound - self.ground.objective
        if np.isfinite(bound):
            self.lines.append(Line(price, bound, result.bound_source))
        return result

    def at_least(self, series: Series, least: float, seconds: float) -> Result:
        """One search for the cheapest plan that grants so much; plan and bound are kept."""
        enough = [f for f in self.pool if f.worth >= least - TOLERANCE * self.whole]
        start = min(enough, key=lambda f: f.cost, default=None)
        asked = at_least(self.problem, self.wishes, self.worth, least)
        result = self._solve(series, asked, start, seconds)
        bound = result.bound - self.ground.objective
        if bound > -np.inf:
            self.floors.append(Floor(least, bound, result.bound_source))
        if result.status == "infeasible" and least <= 0:
            self.infeasible = result
        return result

    def _solve(self, series: Series, asked: Problem, start: Found | None, seconds: float) -> Result:
        size = abs(self.ground.objective) or 1.0
        gap = min(max(FINE * self.typical / size, FINEST), COARSEST)
        result = series.solve(asked, gap, None if start is None else start.plan, seconds)
        self.add(result.rep)
        return result

    # -- what is known ----------------------------------------------------------------------------

    def bound_at(self, worth: float) -> tuple[float, str]:
        """What granting so much costs at least, and on whose word."""
        open_ = self.whole - worth
        known = [(line.bound - line.price * open_, line.source) for line in self.lines]
        known += [(f.bound, f.source) for f in self.floors if f.least <= worth + self._small]
        return max(known, default=(-np.inf, "proved"))

    @property
    def _small(self) -> float:
        return TOLERANCE * self.whole

    def most_within(self, budget: float) -> tuple[float, str]:
        """The most worth that any plan within a budget can grant, and on whose word."""
        best, source = self.whole, "proved"
        for line in self.lines:
            if line.price > 0 and np.isfinite(budget):
                most = self.whole - (line.bound - budget) / line.price
                if most < best:
                    best, source = most, line.source
        for floor in self.floors:
            if floor.bound > budget and floor.least - self.step < best:
                best, source = floor.least - self.step, floor.source
        return max(0.0, np.floor(best / self.step + TOLERANCE) * self.step), source

    def cheapest_within(self, budget: float) -> Found | None:
        """The plan in hand within a budget that grants most, among equals the cheapest."""
        small = self.ground.reasons.speaker.small * 1e-3
        fit = [f for f in self.pool if f.cost <= budget + small]
        return max(fit, key=lambda f: (round(f.worth / self.step), -f.cost), default=None)

    def undominated(self) -> list[Found]:
        """The plans in hand that none beats in worth and money, from the cheapest."""
        out: list[Found] = []
        for found in sorted(self.pool, key=lambda f: (f.cost, -f.worth)):
            if not out or found.worth > out[-1].worth + self._small:
                out.append(found)
        return out


def within(search: Search, series: Series, budget: float, seconds: float) -> None:
    """Search for the most worth within a budget, by bisection; `search` keeps what is found."""
    if not search.pool and not series.over:
        search.at_least(series, 0.0, seconds)
    ceiling = search.most_within(budget)[0]
    asked_at_top = False
    while not series.over and search.infeasible is None:
        best = search.cheapest_within(budget)
        have = 0.0 if best is None else best.worth
        ceiling = min(ceiling, search.most_within(budget)[0])
        if ceiling <= have + search.step / 2:
            break
        target = ceiling
        if asked_at_top:
            half = np.floor((ceiling - have) / 2 / search.step + 0.5) * search.step
            target = have + max(search.step, half)
        asked_at_top = True
        before = have
        search.at_least(series, target, seconds)
        best = search.cheapest_within(budget)
        if best is None or best.worth <= before + search.step / 2:
            # Ruled out, or not settled in time: then the top stays open and we look below.
            ceiling = min(ceiling, target - search.step)
    best = search.cheapest_within(budget)
    if best is None or series.over or any(abs(f.least - best.worth) < search.step / 2
                                          for f in search.floors):  # fmt: skip
        return
    search.at_least(series, best.worth, seconds)  # the cheapest plan that grants as much


def sweep(search: Search, series: Series, points: int, highest: float, seconds: float) -> None:
    """The frontier: after the highest price, the slope between the two neighbouring plans that
    leave most open between them."""
    asked: list[float] = []
    while len(asked) < points and not series.over:
        price = highest if not asked else _next_price(search, asked)
        if price is None:
            break
        asked.append(price)
        search.at_price(series, price, seconds)


def _next_price(search: Search, asked: list[float]) -> float | None:
    found = search.undominated()
    pairs = sorted(
        pairwise(found),
        key=lambda pair: (pair[1].worth - pair[0].worth) * (pair[1].cost - pair[0].cost),
        reverse=True,
    )
    for one, two in pairs:
        price = (two.cost - one.cost) / (two.worth - one.worth)
        if price > 0 and all(abs(price - p) > 1e-6 * max(price, p) for p in asked):
            return price
    return None
