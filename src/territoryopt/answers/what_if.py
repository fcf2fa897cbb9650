"""What if these accounts were with those reps? A certified interval, and the moves it drags along.

The truth is V* - P: the least cost of any plan with the pairs asked for, less the cost P of the
plan in hand. It lies between a bound on V* and the cost of a plan found. The bound at first is that
of the prices: a plan with the pair (i, j) costs at least what they prove and what the pair's
reduced cost is above the account's least; a search of the whole lifts it. The plan comes from the
present one: a small exact search among the reps concerned, then, while there is time, the whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from territoryopt.answers.ground import Ground, Interval, interval
from territoryopt.answers.moves import Move, chain, shortened, told
from territoryopt.answers.nearby import nearby
from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.showing import Shown
from territoryopt.backends.protocol import Limits
from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.problem import IntArray, Problem, evaluate
from territoryopt.problem.asked import ASKED, with_pairs
from territoryopt.reasons.conflict import Conflict
from territoryopt.reasons.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/what-if/1"

Verdict = Literal["dearer", "cheaper", "same", "open", "impossible", "unknown", "as it is"]

Said = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
"""What was forced and what was forbidden, by ids."""

SECONDS, LARGE_SECONDS, LARGE = 1.0, 8.0, 50_000
"""Seconds for a question where nobody says, and from so many pairs on."""

FINE = 0.02
"""The search of the whole ends when less than this part of the change is open."""

WORTH = 0.01
"""A move beside those asked for is listed if it is worth this part of the change."""


@dataclass(frozen=True, eq=False)
class WhatIf(Shown):
    """The answer. Money is currency/year, changes are against the plan in hand.

    force, forbid: (account, rep) by their ids, as asked. change: where the truth lies; None where
    it is impossible. verdict: "dearer" and "cheaper" are certain; "same": the plan in hand costs as
    much, and no plan with the pairs less; "open": the interval has zero in it. moves: the fewest
    that make the plan found, first those asked for; moves_change: what that plan costs more. rep:
    int[accounts], the cheapest plan found. conflict: rules that cannot hold with what was asked.
    at_least: what the prices alone prove, before any search. stopped: what ended the search early.
    """

    force: tuple[tuple[str, str], ...]
    forbid: tuple[tuple[str, str], ...]
    verdict: Verdict
    change: Interval | None
    moves: tuple[Move, ...]
    moves_change: float
    rep: IntArray | None = field(repr=False)
    conflict: Conflict | None
    at_least: float
    seconds: float
    stopped: Stopped = None

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/what-if/1`."""
        return {
            "schema": SCHEMA,
            "force": [list(pair) for pair in self.force],
            "forbid": [list(pair) for pair in self.forbid],
            "verdict": self.verdict,
            "change": None if self.change is None else self.change.as_dict(),
            "at_least": self.at_least if np.isfinite(self.at_least) else None,
            "moves": [move.as_dict() for move in self.moves],
            "moves_change": self.moves_change if np.isfinite(self.moves_change) else None,
            "conflict": None if self.conflict is None else self.conflict.as_dict(),
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per move, first those asked for."""
        import pandas as pd

        columns = ["account", "before", "after", "cause", "accounts"]
        return pd.DataFrame([move.as_dict() for move in self.moves], columns=columns)

    def heading(self) -> str:
        """What was asked, and where the change lies."""
        pairs = [f"{account} with {rep}" for account, rep in self.force]
        pairs += [f"{account} not with {rep}" for account, rep in self.forbid]
        asked = f"{', '.join(pairs)}: {self.verdict}"
        if self.change is None:
            return asked
        low, high = self.change.lower, self.change.upper
        most = f"{high:,.0f}" if np.isfinite(high) else "not known"
        return f"{asked}, {low:,.0f} to {most} a year ({self.change.source})"


def why_not(
    reasons: Explanation,
    account: str,
    rep: str,
    *,
    seconds: float | None = None,
    seed: int = 0,
    threads: int = 2,
) -> WhatIf:
    """Why an account is not with a rep: what the best plan with that pair would cost more.

    See `what_if`, of which it is the simplest question.
    """
    return what_if(reasons, {account: rep}, seconds=seconds, seed=seed, threads=threads)


def what_if(
    reasons: Explanation,
    force: Mapping[str, str] | None = None,
    forbid: Iterable[tuple[str, str]] = (),
    *,
    seconds: float | None = None,
    seed: int = 0,
    threads: int = 2,
) -> WhatIf:
    """What the best plan costs in which accounts are with the reps of `force` (account id to rep
    id) and no pair of `forbid` is used, against the plan of `reasons`, which must hold.

    seconds: wall time, about; by size where None. Raises InputError for names that are not known.
    """
    return asked(Ground(reasons, seed, threads), dict(force or {}), list(forbid), seconds)


def asked(
    ground: Ground,
    force: dict[str, str],
    forbid: list[tuple[str, str]],
    seconds: float | None = None,
    *,
    whole: bool = True,
    start: IntArray | None = None,
) -> WhatIf:
    """`what_if` of a plan that has been made ready, for many questions.

    whole: whether the search of the whole may follow the small ones. start: int[accounts], another
    plan in hand, used where it does as asked and costs less than what the small searches find.
    """
    unit = ground.unit
    if seconds is None:
        seconds = SECONDS if unit.accounts * unit.reps <= LARGE else LARGE_SECONDS
    series = Series(seconds, seconds, ground.seed, ground.threads)
    to, never = _numbers(ground, force, forbid)
    said = (tuple(force.items()), tuple(forbid))
    present = all(ground.rep[u] == j for u, j in to.items())
    if present and not any(ground.rep[u] == j for u, j in never):
        here = interval(
            ground.objective, ground.objective, ground.bound, ground.proved, ground.source
        )
        return WhatIf(*said, "as it is", here, (), 0.0, ground.plan_of(ground.rep), None,
                      here.proved_lower, series.spent)  # fmt: skip
    variant = with_pairs(unit, to, never)
    least = ground.proof.bound + _rise(ground, to, never)
    if np.isposinf(least):
        return _impossible(ground, to, never, said, series)
    found = None
    with series:
        found = nearby(ground, variant, to, never, series.limits(seconds, 1e-6))
    upper = np.inf if found is None else evaluate(variant, found).objective
    if start is not None:
        begun = evaluate(variant, start[ground.reasons.problem.units.first])
        if begun.holds and begun.objective < upper:
            found, upper = start[ground.reasons.problem.units.first], begun.objective
    bound, proved, source = max(ground.bound, least), max(ground.proved, least), ground.source
    open_, change = upper - bound, abs(upper - ground.objective)
    settled = np.isfinite(upper) and open_ <= FINE * change
    if whole and not settled and not series.over:
        gap = FINE * change / abs(upper) if np.isfinite(upper) and upper else 1e-4
        more = series.solve(variant, min(max(gap, 1e-9), 1e-2), found)
        if more.status == "infeasible" and found is None:
            return _no_plan(more.conflict, said, least - ground.objective, series)
        proved = max(proved, more.proved_bound)
        if max(more.bound, proved) > bound:
            bound, source = max(more.bound, proved), more.bound_source
        if more.rep is not None and more.objective < upper:
            found, upper = more.rep, more.objective
    return _answer(ground, variant, to, never, said, found, (upper, bound, proved, source),
                   least - ground.objective, series)  # fmt: skip


def _answer(
    ground: Ground,
    variant: Problem,
    to: dict[int, int],
    never: list[tuple[int, int]],
    said: Said,
    found: IntArray | None,
    ends: tuple[float, float, float, str],
    at_least: float,
    series: Series,
) -> WhatIf:
    change = interval(ground.objective, *ends)
    small = ground.reasons.speaker.small
    moves: tuple[Move, ...] = ()
    moves_change = np.inf
    if found is not None:
        concerned = [*to, *(u for u, j in never if ground.rep[u] == j)]
        worth = max(small, WORTH * abs(change.upper))
        soon = Limits(time.monotonic() + max(0.2, 0.3 * series.seconds), 0.0, ground.seed, 1)
        fewest = found
        if series.stopped != "interrupted":
            with series:
                fewest = shortened(variant, ground.rep, found, concerned, worth, soon)
        moves_change = evaluate(variant, fewest).objective - ground.objective
        if moves_change < change.upper:  # leaving moves out may be worth money, too
            found = fewest
            change = interval(ground.objective, ground.objective + moves_change, *ends[1:])
        order = chain(ground.rep, fewest, dict.fromkeys(concerned))
        moves = told(ground, order, ground.rep, fewest)
    verdict: Verdict = "open"
    if found is None:
        verdict = "unknown"
    elif change.lower > small:
        verdict = "dearer"
    elif change.upper < -small:
        verdict = "cheaper"
    elif -small <= change.lower and change.upper <= small:
        verdict = "same"
    plan = None if found is None else ground.plan_of(found)
    stopped: Stopped = "interrupted" if series.stopped == "interrupted" else None
    return WhatIf(*said, verdict, change, moves, moves_change, plan, None, at_least, series.spent,
                  stopped)  # fmt: skip


def _numbers(
    ground: Ground, force: dict[str, str], forbid: list[tuple[str, str]]
) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Units and reps by number; every unknown name and every contradiction at once."""
    faults = FaultList(InputError)
    to: dict[int, int] = {}
    never: list[tuple[int, int]] = []

    def pair(account: str, rep: str) -> tuple[int, int] | None:
        try:
            i = ground.reasons.account_number(account)
            return ground.unit_of(i), ground.reasons.rep_number(rep)
        except InputError as error:
            faults.problems += error.problems
            return None

    for account, rep in force.items():
        found = pair(account, rep)
        if found is not None and to.setdefault(found[0], found[1]) != found[1]:
            faults.problems.append(
                Fault(
                    "accounts of one family are asked to be with different reps",
                    "A family has one rep",
                    value=account,
                )
            )
    for account, rep in forbid:
        found = pair(account, rep)
        if found is not None:
            never.append(found)
            if to.get(found[0]) == found[1]:
                faults.add("the pair is both forced and forbidden", value=f"{account}, {rep}")
    if not force and not forbid:
        faults.add("nothing is asked", "Name an account and a rep")
    faults.raise_if_any()
    return to, never


def _rise(ground: Ground, to: dict[int, int], never: list[tuple[int, int]]) -> float:
    """How much dearer than what the prices prove any plan is that does as asked; inf where a pair
    may not be used or nobody is left."""
    rise = 0.0
    for u in {*to, *(u for u, _ in never)}:
        cost = ground.reduced(u)
        for v, j in never:
            if v == u:
                cost[j] = np.inf
        rise += float(cost[to[u]] if u in to else cost.min(initial=np.inf))
    return rise


# -- no plan -------------------------------------------------------------------------------------


def _impossible(
    ground: Ground, to: dict[int, int], never: list[tuple[int, int]], said: Said, series: Series
) -> WhatIf:
    """A pair asked for may not be used, or nobody is left for an account: the rules that say so."""
    rules: dict[str, None] = {}
    for u in {*to, *(u for u, _ in never)}:
        free = ground.unit.eligible_block(u, u + 1)[0]
        free[[j for v, j in never if v == u]] = False
        if free[to[u]] if u in to else free.any():
            continue
        for exclusion in ground.unit.exclusions:
            bars = exclusion.barred.block(u, u + 1)[0] > 0
            if bars[to[u]] if u in to else bars.any():
                rules[exclusion.name] = None
    return _no_plan(Conflict((*rules, ASKED), False, "proved"), said, np.inf, series)


def _no_plan(
    conflict: Conflict | None,
    said: Said,
    at_least: float,
    series: Series,
) -> WhatIf:
    return WhatIf(*said, "impossible", None, (), np.inf, None, conflict, at_least,
                  series.spent)  # fmt: skip
