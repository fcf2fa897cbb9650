"""What changed between two plans: moves, what each rep gains and loses, and the money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.answers.showing import Shown
from territoryopt.problem import Evaluation, IntArray, Problem, evaluate, plan_array
from territoryopt.reasons.explanation import Explanation
from territoryopt.reasons.facts import Alternative

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/comparison/1"

REASONED = 50
"""Moves that are given their reason, the weightiest first: each is a look at every rep."""


@dataclass(frozen=True)
class Exchange:
    """One account that is with another rep. change: of the money of its pair, currency/year; what
    rows charge is shared by many accounts and is told of the whole plan only. back: what it would
    mean for this plan to leave it where the other has it; None where its rep may not have it, or
    for moves of little weight."""

    account: str
    before: str | None
    after: str | None
    change: float
    back: Alternative | None = None

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "back": None if self.back is None else self.back.as_dict()}


@dataclass(frozen=True)
class RepChange:
    """One rep. gained, lost: numbers of accounts. totals: (measure, unit, before, after) of every
    row of the rep."""

    rep: str
    gained: int
    lost: int
    accounts_before: int
    accounts_after: int
    totals: tuple[tuple[str, str, float, float], ...]

    def as_dict(self) -> dict[str, object]:
        out: dict[str, object] = dict(vars(self))
        out["totals"] = [
            {"measure": m, "unit": u, "before": b, "after": a} for m, u, b, a in self.totals
        ]
        return out


@dataclass(frozen=True, eq=False)
class Comparison(Shown):
    """Two plans of one problem. money: (goal or priced rule, before, after), currency/year."""

    before: Evaluation
    after: Evaluation
    money: tuple[tuple[str, float, float], ...]
    moves: tuple[Exchange, ...]
    reps: tuple[RepChange, ...]

    @property
    def change(self) -> float:
        """Of the objective, currency/year."""
        return self.after.objective - self.before.objective

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/comparison/1`."""
        return {
            "schema": SCHEMA,
            "change": self.change,
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "money": [{"name": n, "before": b, "after": a} for n, b, a in self.money],
            "moves": [move.as_dict() for move in self.moves],
            "reps": [rep.as_dict() for rep in self.reps],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per account that is with another rep."""
        import pandas as pd

        columns = ["account", "before", "after", "change"]
        return pd.DataFrame([vars(move) for move in self.moves], columns=columns)


def compare(reasons: Explanation, before: ArrayLike) -> Comparison:
    """What the plan of `reasons` changes against another of the same problem, int[accounts].

    Both may break rules and leave accounts out (-1): then their evaluations say so.
    """
    problem, after = reasons.problem, plan_array(reasons.problem, reasons.rep)
    old = plan_array(problem, before)
    one, two = evaluate(problem, old), reasons.facts.evaluation
    names = dict.fromkeys([*one.money, *two.money])
    moved = np.flatnonzero(old != after)
    return Comparison(
        before=one,
        after=two,
        money=tuple((n, one.money.get(n, 0.0), two.money.get(n, 0.0)) for n in names),
        moves=_exchanges(reasons, old, after, moved),
        reps=_reps(problem, old, after, one, two),
    )


def _exchanges(
    reasons: Explanation, old: IntArray, new: IntArray, moved: IntArray
) -> tuple[Exchange, ...]:
    problem = reasons.problem
    cost = np.zeros(len(moved))
    for sign, rep in ((-1.0, old[moved]), (1.0, new[moved])):
        with_rep = rep >= 0
        cost[with_rep] += sign * problem.cost_at(moved[with_rep], rep[with_rep])
    order = np.argsort(-np.abs(cost), kind="stable")

    def name(rep: int) -> str | None:
        return problem.rep_id(rep) if rep >= 0 else None

    def back(account: int) -> Alternative | None:
        return reasons.facts.account(account).alternative(name(int(old[account])))

    return tuple(
        Exchange(
            problem.account_id(int(moved[e])),
            name(int(old[moved[e]])),
            name(int(new[moved[e]])),
            float(cost[e]),
            back(int(moved[e])) if at < REASONED else None,
        )
        for at, e in enumerate(order)
    )


def _reps(
    problem: Problem, old: IntArray, new: IntArray, one: Evaluation, two: Evaluation
) -> tuple[RepChange, ...]:
    moved = old != new

    def count(rep: IntArray) -> IntArray:
        return np.bincount(rep[rep >= 0], minlength=problem.reps)

    gained, lost, was, now = (count(r) for r in (new[moved], old[moved], old, new))
    out = []
    for j in range(problem.reps):
        totals = []
        for rows in problem.rows:
            r = int(rows.row_of_rep[j])
            if r >= 0 and np.count_nonzero(rows.row_of_rep == r) == 1:
                pair = float(one.activity[rows.name][r]), float(two.activity[rows.name][r])
                totals.append((rows.measure or rows.name, rows.unit, *pair))
        known = tuple(dict.fromkeys(totals))
        out.append(
            RepChange(
                problem.rep_id(j), int(gained[j]), int(lost[j]), int(was[j]), int(now[j]), known
            )
        )
    return tuple(out)
