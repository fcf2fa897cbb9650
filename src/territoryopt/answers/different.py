"""A plan that is nearly as good and far from those known.

Every account that stays with the rep it has in a known plan is charged, and the charge rises until
the plans found are beyond the distance. Plans come from small exact searches, a few neighbouring
reps at a time from a known plan on, so that each step is a plan that holds; then from a search of
the whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.answers.nearby import Reduced, dealt, with_neighbours
from territoryopt.answers.series import Series
from territoryopt.problem import Cost, IntArray, Problem, evaluate
from territoryopt.problem.amounts import AccountAmounts

TRIES, FIRST, STEP = 3, 1.5, 2.5
"""Charges tried for each plan; the first in distances for a fifth of the accounts; the factor from
one to the next."""

STEPS_SHARE = 0.6
"""Share of a try that small searches may take."""

ROUNDS = ((1, 300), (2, 600))
"""Each rep in turn: neighbours whose accounts are dealt out anew with its own, and open pairs,
those of least reduced cost."""

STEP_SHARE = 0.2
"""Share of the time of all small searches that one may take."""


def different(
    ground: Ground, known: list[IntArray], distance: float, series: Series
) -> IntArray | None:
    """A plan int[units] within the distance and the farthest found from those known, the first of
    which is the plan in hand; None where there is none in sight. Takes the seconds of one search of
    the series."""
    unit = ground.unit
    farthest = _Farthest(ground, known, distance)
    charge = FIRST * distance / max(1.0, 0.2 * unit.accounts)
    for _ in range(TRIES):
        asked = _charged(unit, known, charge)
        share = series.seconds / TRIES
        start = _stepwise(ground, asked, farthest, STEPS_SHARE * share, series)
        if series.over:
            break
        found = series.solve(asked, 1e-3, start, (1 - STEPS_SHARE) * share)
        inside = found.rep is None or farthest.take(found.rep)
        charge = charge * STEP if inside else charge / STEP**0.5
        if series.over:
            break
    return farthest.rep


class _Farthest:
    """Keeps the plan within the distance that is farthest from all known ones."""

    def __init__(self, ground: Ground, known: list[IntArray], distance: float) -> None:
        self._ground, self._known = ground, known
        self._most = ground.objective + distance
        self._far = 0
        self.rep: IntArray | None = None

    def take(self, rep: IntArray) -> bool:
        """Whether a plan is within the distance."""
        if evaluate(self._ground.unit, rep).objective > self._most:
            return False
        far = min(int((rep != other).sum()) for other in self._known)
        if far > self._far:
            self._far, self.rep = far, rep
        return True


def _stepwise(
    ground: Ground, asked: Problem, farthest: _Farthest, seconds: float, series: Series
) -> IntArray:
    """From the plan in hand on, the accounts of a few neighbouring reps at a time dealt out anew
    at the charged costs, as long as the plans stay within the distance; the last of them."""
    rep, reduced, nobody = ground.rep, Reduced(ground), np.empty(0, dtype=np.int64)
    reps = ground.unit.reps
    whole = series.limits(seconds)
    order = np.random.default_rng(ground.seed).permutation(reps).tolist()
    for others, pairs in ROUNDS[: reps - 1]:
        for j in order:
            if whole.left <= 0:
                return rep
            soon = replace(series.limits(min(whole.left, STEP_SHARE * seconds), 1e-3), threads=1)
            some = with_neighbours(ground, reduced, np.array([j]), others)
            found = dealt(asked, rep, nobody, some, reduced, pairs, soon)
            if found is not None and farthest.take(found):
                rep = found
    return rep


def _charged(problem: Problem, known: list[IntArray], charge: float) -> Problem:
    """The problem with `charge` a year on every pair of the known plans."""
    every = np.arange(problem.accounts)
    rep = np.concatenate(known)
    amounts = AccountAmounts(
        np.zeros(problem.accounts),
        problem.reps,
        np.tile(every, len(known)),
        rep,
        np.ones(len(rep)),
    )
    bother = Cost("same as before", "same", amounts, charge, "accounts")
    return replace(problem, costs=(*problem.costs, bother))
