"""Requests as arrays: what it is worth to grant one becomes a cost, and how many are granted a row.

A request for a pair is granted where x_uj = 1, one to be rid of a pair where x_uj = 0. With w_r
the worth of request r, what is not granted is

    unmet(x) = Σ_{keep, want} w_r (1 - x_{u(r) j(r)}) + Σ_{lose} w_r x_{u(r) j(r)}

which is linear in x: at a price it is a `Cost` (soft locks), and bounded a `Rows` of the whole
plan. Nothing else has to be told to a solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.listening.table import Request
from territoryopt.problem import Cost, IntArray, Problem, Rows
from territoryopt.problem.amounts import AccountAmounts, BoolArray, FloatArray
from territoryopt.problem.asked import with_pairs

UNMET = "requests not granted"
GRANTED = "requests granted to a rep"


@dataclass(frozen=True, eq=False)
class Wishes:
    """Requests by number over the units of a plan: unit, rep int[requests]; loses
    bool[requests]."""

    requests: tuple[Request, ...]
    unit: IntArray
    rep: IntArray
    loses: BoolArray

    @staticmethod
    def of(requests: Sequence[Request], ground: Ground) -> Wishes:
        reasons = ground.reasons
        unit = [ground.unit_of(reasons.account_number(r.account)) for r in requests]
        rep = [reasons.rep_number(r.rep) for r in requests]
        return Wishes(
            tuple(requests),
            np.array(unit, dtype=np.int64),
            np.array(rep, dtype=np.int64),
            np.array([r.loses for r in requests], dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.requests)

    def granted(self, plan: IntArray) -> BoolArray:
        """bool[requests]: those that a plan int[units] grants."""
        out: BoolArray = (plan[self.unit] == self.rep) != self.loses
        return out

    def rivals(self, r: int) -> IntArray:
        """The requests that no plan grants together with one, by their meaning alone."""
        same = self.unit == self.unit[r]
        alike = self.rep == self.rep[r]
        against = np.where(
            self.loses[r],
            ~self.loses & alike,
            np.where(self.loses, alike, ~alike),
        )
        return np.flatnonzero(same & against)

    def pairs(self, chosen: Sequence[int]) -> tuple[dict[int, int], list[tuple[int, int]]]:
        """What granting these asks of a plan: unit -> rep, and pairs that are not used."""
        force = {int(self.unit[r]): int(self.rep[r]) for r in chosen if not self.loses[r]}
        forbid = [(int(self.unit[r]), int(self.rep[r])) for r in chosen if self.loses[r]]
        return force, forbid

    def ids(self, chosen: Sequence[int]) -> tuple[dict[str, str], list[tuple[str, str]]]:
        """The same by ids of accounts and reps."""
        some = [self.requests[r] for r in chosen]
        force = {r.account: r.rep for r in some if not r.loses}
        return force, [(r.account, r.rep) for r in some if r.loses]


def granting(problem: Problem, wishes: Wishes, chosen: Sequence[int]) -> Problem:
    """The problem over units in which these requests are granted."""
    if not len(chosen):
        return problem
    return with_pairs(problem, *wishes.pairs(chosen))


def refusing(problem: Problem, wishes: Wishes, refused: Sequence[int]) -> Problem:
    """The problem over units in which no pair is used that these requests ask for."""
    pairs = [(int(wishes.unit[r]), int(wishes.rep[r])) for r in refused if not wishes.loses[r]]
    return with_pairs(problem, {}, pairs) if pairs else problem


def unmet(problem: Problem, wishes: Wishes, worth: FloatArray) -> AccountAmounts:
    """The worth of what a plan does not grant, over pairs of units."""
    base = np.bincount(
        wishes.unit, np.where(wishes.loses, 0.0, worth), minlength=problem.accounts
    ).astype(np.float64)
    sign = np.where(wishes.loses, worth, -worth)
    return AccountAmounts(base, problem.reps, wishes.unit, wishes.rep, sign)


def at_price(problem: Problem, wishes: Wishes, worth: FloatArray, price: float) -> Problem:
    """The problem with `price` a year for each unit of worth that is not granted."""
    cost = Cost(UNMET, "requests", unmet(problem, wishes, worth), price, "worth", "rule")
    return replace(problem, costs=(*problem.costs, cost))


def at_least(problem: Problem, wishes: Wishes, worth: FloatArray, least: float) -> Problem:
    """The problem in which requests worth `least` in all, or more, are granted."""
    rows = Rows(
        name=UNMET,
        kind="requests",
        measure="worth",
        unit="worth",
        labels=("all reps",),
        amounts=unmet(problem, wishes, worth),
        row_of_rep=np.zeros(problem.reps, dtype=np.int64),
        lower=np.array([-np.inf]),
        upper=np.array([float(worth.sum()) - least]),
        price=np.array([np.inf]),
        constant=np.zeros(1),
    )
    return replace(problem, rows=(*problem.rows, rows))


def at_most(problem: Problem, wishes: Wishes, counted: Sequence[int], most: FloatArray) -> Problem:
    """The problem in which of the requests `counted` each rep has no more granted than most
    float[reps]."""
    some = np.array(list(counted), dtype=np.int64)
    unit, rep, loses = wishes.unit[some], wishes.rep[some], wishes.loses[some]
    sign = np.where(loses, -1.0, 1.0)
    rows = Rows(
        name=GRANTED,
        kind="requests",
        measure="count",
        unit="requests",
        labels=tuple(problem.rep_id(j) for j in range(problem.reps)),
        amounts=AccountAmounts(np.zeros(problem.accounts), problem.reps, unit, rep, sign),
        row_of_rep=np.arange(problem.reps, dtype=np.int64),
        lower=np.full(problem.reps, -np.inf),
        upper=np.array(most, dtype=np.float64),
        price=np.full(problem.reps, np.inf),
        constant=np.bincount(rep[loses], minlength=problem.reps).astype(np.float64),
    )
    return replace(problem, rows=(*problem.rows, rows))


def step_of(worth: FloatArray) -> float:
    """The least difference that two sets can have in worth: the largest number of which all are
    whole multiples; a billionth of the whole where there is none."""
    total = float(worth.sum()) or 1.0
    for digits in range(7):
        scaled = worth * 10.0**digits
        if np.abs(scaled).max(initial=0.0) < 2.0**50 and np.allclose(
            scaled, np.rint(scaled), rtol=1e-12, atol=1e-9
        ):
            step = int(np.gcd.reduce(np.rint(scaled).astype(np.int64))) if len(worth) else 1
            return (step or 1) / 10.0**digits
    return 1e-9 * total
