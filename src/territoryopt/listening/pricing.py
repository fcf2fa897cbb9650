"""Each request priced by itself: first all by arithmetic, then by small searches, then those that
are not decided yet by searches of the whole, each with a fair share of the time left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.answers.series import Series
from territoryopt.answers.what_if import WhatIf, asked
from territoryopt.listening.model import Wishes
from territoryopt.problem.amounts import FloatArray, IntArray

AT_ONCE = 1e-3
"""Seconds of a first look, in which no search begins."""
SMALL_MOST, WHOLE_MOST = 2.0, 30.0
"""Seconds of a small search and of one of the whole, at most."""
NARROW = 0.02
"""A price is exact enough when less than this part of it is open."""

Told = Callable[[str], None]


@dataclass(eq=False)
class Singles:
    """The prices of requests one by one, each against the plan in hand. None: not looked at yet.
    limit: float[requests], what each may cost, or None."""

    ground: Ground
    wishes: Wishes
    limit: FloatArray | None = None
    prices: list[WhatIf | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prices = [None] * len(self.wishes)

    def ask(
        self, series: Series, r: int, seconds: float, whole: bool, start: IntArray | None = None
    ) -> None:
        """Price one request; what is known of it already is not lost."""
        known = self.prices[r]
        if start is None and known is not None:
            start = known.rep
        force, forbid = self.wishes.ids([r])
        with series:
            found = asked(self.ground, force, forbid, seconds, whole=whole, start=start)
            self.prices[r] = _better(known, found)
            if found.stopped == "interrupted":
                series.stopped = "interrupted"

    def first_look(self, series: Series) -> None:
        """Every request by the prices of the plan and by the one move it asks for, if that holds.
        It is arithmetic, and done for all whatever the time; Ctrl-C ends it."""
        for r in range(len(self.wishes)):
            if series.stopped == "interrupted":
                break
            self.ask(series, r, AT_ONCE, False)

    def look_nearer(self, series: Series, told: Told) -> None:
        """Small searches for those that are not exact yet, a fair share of the series for each."""
        left = [r for r in range(len(self.wishes)) if self.open(r)]
        for k, r in enumerate(left):
            if series.over:
                break
            told(f"pricing request {k + 1} of {len(left)}")
            self.ask(series, r, max(AT_ONCE, min(SMALL_MOST, series.left / (len(left) - k))),
                     False)  # fmt: skip

    def settle(self, series: Series, told: Told, unknown: bool = False) -> None:
        """Searches of the whole: those without a plan first, then those whose limit lies within
        their price, then those that leave most open. unknown: the first alone."""
        left = sorted((r for r in range(len(self.wishes)) if self.open(r)), key=self._urgency)
        if unknown:
            left = [r for r in left if not self._has_plan(r)]
        for k, r in enumerate(left):
            if series.over:
                break
            told(f"settling request {k + 1} of {len(left)}")
            share = min(WHOLE_MOST, 2 * series.left / (len(left) - k))
            self.ask(series, r, max(AT_ONCE, min(share, series.left)), True)

    def learn(self, series: Series, plans: Sequence[IntArray], costs: Sequence[float]) -> None:
        """Take over plans int[units] of other searches where they are cheaper for a request."""
        if not len(plans):
            return
        granted = np.stack([self.wishes.granted(plan) for plan in plans])
        cost = np.asarray(costs)
        for r in range(len(self.wishes)):
            known = self.prices[r]
            if series.stopped == "interrupted":
                break
            if known is None or known.change is None or known.verdict == "as it is":
                continue
            some = np.flatnonzero(granted[:, r])
            if not len(some):
                continue
            best = int(some[cost[some].argmin()])
            if cost[best] < known.change.upper - self.ground.reasons.speaker.small:
                self.ask(series, r, AT_ONCE, False, self.ground.plan_of(plans[best]))

    def open(self, r: int) -> bool:
        """Whether a longer search may say more of a request."""
        known = self.prices[r]
        if known is None or known.verdict == "unknown":
            return True
        if known.change is None or known.verdict == "as it is":
            return False
        small = self.ground.reasons.speaker.small
        return known.change.width > max(small, NARROW * abs(known.change.upper))

    def _has_plan(self, r: int) -> bool:
        known = self.prices[r]
        return known is not None and known.verdict != "unknown"

    def _urgency(self, r: int) -> tuple[bool, float]:
        known = self.prices[r]
        change = None if known is None else known.change
        if change is None or not np.isfinite(change.upper):
            return False, -np.inf
        decided = self.limit is not None and not change.lower <= self.limit[r] <= change.upper
        return decided, -change.width

    @property
    def typical(self) -> float:
        """The median of the prices above nothing, currency/year; a thousandth of the plan's money
        where there is none."""
        known = [
            p.change.upper
            for p in self.prices
            if p is not None and p.change is not None and np.isfinite(p.change.upper)
        ]
        above = [value for value in known if value > self.ground.reasons.speaker.small]
        return float(np.median(above)) if above else 1e-3 * (abs(self.ground.objective) or 1.0)


def _better(known: WhatIf | None, found: WhatIf) -> WhatIf:
    """The later answer, but where it was cut short and says less."""
    if known is None or found.change is None or known.change is None:
        return found
    less = found.change.lower < known.change.lower or found.change.upper > known.change.upper
    return known if less and found.change.width >= known.change.width else found
