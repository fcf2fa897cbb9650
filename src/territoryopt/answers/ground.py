"""What every question stands on: a plan that holds, what it costs, and what is proved about all
others."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from territoryopt.backends.protocol import Limits, Watch
from territoryopt.backends.relaxation import lp_prices
from territoryopt.errors import InputError
from territoryopt.problem import FloatArray, IntArray, Prices, Problem, Proof, prove
from territoryopt.problem.bound import reduced_costs
from territoryopt.problem.tighten import tighten
from territoryopt.reasons.explanation import Explanation
from territoryopt.result import finite

PRICES_SECONDS = 30.0
"""Seconds that prices may take to find where the plan comes without them."""


@dataclass(frozen=True)
class Interval:
    """lower <= truth <= upper, a change of money, currency/year.

    upper: reached by a plan in hand (inf: none is). lower: on the word of `source`, "proved" or
    "claimed by <solver>"; proved_lower: by our own arithmetic.
    """

    lower: float
    upper: float
    proved_lower: float
    source: str = "proved"

    @property
    def width(self) -> float:
        """How much is not known, currency/year."""
        return self.upper - self.lower

    def as_dict(self) -> dict[str, object]:
        return {
            "lower": finite(self.lower),
            "upper": finite(self.upper),
            "proved_lower": finite(self.proved_lower),
            "source": self.source,
        }


def interval(base: float, upper: float, bound: float, proved: float, source: str) -> Interval:
    """The change against `base` of an optimum that lies between bounds and a plan of `upper`."""
    proved = min(proved, upper)
    bound = min(max(bound, proved), upper)
    return Interval(
        bound - base, upper - base, proved - base, source if bound > proved else "proved"
    )


@dataclass(eq=False)
class Ground:
    """A plan over units (families contracted), ready to be asked about. Money is currency/year.

    unit: the problem over units. rep: int[units]. objective: of the plan. bound, source: the best
    bound on every plan, and on whose word; proof: what the prices alone prove, by our own
    arithmetic.
    """

    reasons: Explanation
    seed: int = 0
    threads: int = 2
    unit: Problem = field(init=False)
    rep: IntArray = field(init=False)
    objective: float = field(init=False)

    def __post_init__(self) -> None:
        found = self.reasons.facts.evaluation
        if not found.holds:
            places = len(found.breaches)
            raise InputError(
                [
                    f"this plan breaks its rules in {places:,} place{'s' * (places > 1)}; what "
                    "another would cost can be said of a plan that holds. Solve first"
                ]
            )
        self.unit = self.reasons.problem.contracted
        self.rep = self.reasons.rep[self.reasons.problem.units.first]
        self.objective = found.objective

    @cached_property
    def tight(self) -> Problem:
        """The units with row bounds drawn in, which proves more."""
        return tighten(self.unit)

    @cached_property
    def proof(self) -> Proof:
        """The prices and what they prove; found anew where the plan came without them."""
        known = self.reasons.proof
        if known is not None:
            return known
        limits = Limits(time.monotonic() + PRICES_SECONDS, 1e-4, self.seed, self.threads)
        watch = Watch(self.tight)
        prices = lp_prices(self.tight, limits, watch).prices
        if watch.interrupted:
            raise KeyboardInterrupt
        return prove(self.tight, prices, threads=self.threads)

    @property
    def prices(self) -> Prices:
        return self.proof.prices

    @property
    def proved(self) -> float:
        """The best bound by our own arithmetic."""
        return min(self.objective, max(self.proof.bound, self.reasons.proved_bound))

    @property
    def bound(self) -> float:
        """The best bound, claimed or proved."""
        return min(self.objective, max(self.proved, self.reasons.bound))

    @property
    def source(self) -> str:
        """On whose word `bound` is."""
        return self.reasons.bound_source if self.bound > self.proved else "proved"

    def reduced(self, unit: int) -> FloatArray:
        """float[reps]: how much dearer each rep is than the cheapest for a unit at the prices,
        currency/year; inf where it is not eligible. Any plan with the pair costs at least
        `proof.bound` and that."""
        cost: FloatArray = reduced_costs(self.tight, self.prices, unit, unit + 1)[0]
        least = float(cost.min(initial=np.inf))
        if np.isfinite(least):
            cost -= least
        return cost

    def unit_of(self, account: int) -> int:
        return int(self.reasons.problem.units.unit_of[account])

    def accounts_of(self, unit: int) -> IntArray:
        return self.reasons.problem.units.members(unit)

    def plan_of(self, rep: IntArray) -> IntArray:
        """int[accounts] from int[units]."""
        return rep[self.reasons.problem.units.unit_of]
