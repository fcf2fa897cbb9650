"""The numbers of every territory, from one pass over the accounts. No words here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.problem import Cost, Evaluation, IntArray, Problem


@dataclass(frozen=True)
class Share:
    """What one goal or priced rule charges: `amount` in `unit`, `money` in currency/year."""

    name: str
    kind: str
    amount: float
    unit: str
    money: float

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


@dataclass(frozen=True)
class Total:
    """A rep's total of one measure against its range; before: as owned today, if all owned."""

    rule: str
    kind: str
    measure: str
    unit: str
    total: float
    before: float
    lower: float
    upper: float
    target: float | None
    hard: bool

    def as_dict(self) -> dict[str, object]:
        out = dict(vars(self))
        out["lower"] = self.lower if np.isfinite(self.lower) else None
        out["upper"] = self.upper if np.isfinite(self.upper) else None
        return out


@dataclass(frozen=True)
class TerritoryFacts:
    """One rep's territory: accounts now and in the plan, totals against ranges, money by goal.

    gained: taken over from other reps. new: unowned before. lost: no longer with the rep.
    """

    rep: str
    accounts: int
    accounts_before: int
    gained: int
    new: int
    lost: int
    totals: tuple[Total, ...]
    shares: tuple[Share, ...]

    def as_dict(self) -> dict[str, object]:
        return {
            "rep": self.rep,
            "accounts": self.accounts,
            "accounts_before": self.accounts_before,
            "gained": self.gained,
            "new": self.new,
            "lost": self.lost,
            "totals": [total.as_dict() for total in self.totals],
            "goals": [share.as_dict() for share in self.shares],
        }


def share(cost: Cost, account: IntArray, rep: IntArray) -> Share:
    """What a goal charges for some accounts with these reps."""
    amount = float(cost.at(account, rep).sum())
    return Share(cost.name, cost.kind, amount, cost.unit, cost.price * amount)


def territories(
    problem: Problem, rep: IntArray, evaluation: Evaluation
) -> tuple[TerritoryFacts, ...]:
    """The territory of every rep in a plan int[accounts] and its evaluation, by number."""
    reps, current = problem.reps, problem.current
    has, had, same = rep >= 0, current >= 0, rep == current
    owned = np.flatnonzero(has)

    def count(of: IntArray) -> list[int]:
        found: list[int] = np.bincount(of, minlength=reps).tolist()
        return found

    counts = zip(
        count(rep[has]),
        count(current[had]),
        count(rep[has & had & ~same]),
        count(rep[has & ~had]),
        count(current[had & ~same]),
        strict=True,
    )
    amounts = [
        np.bincount(rep[owned], cost.at(owned, rep[owned]), reps).tolist() for cost in problem.costs
    ]
    every = np.arange(reps)
    totals = [
        (rows, evaluation.activity[rows.name], rows.activity(current))
        for rows in problem.rows
        if np.array_equal(rows.row_of_rep, every)
    ]
    return tuple(
        TerritoryFacts(
            rep=problem.rep_id(j),
            accounts=accounts,
            accounts_before=before,
            gained=gained,
            new=new,
            lost=lost,
            totals=tuple(
                Total(
                    rule=rows.name,
                    kind=rows.kind,
                    measure=rows.measure,
                    unit=rows.unit,
                    total=float(now[j]),
                    before=float(was[j]),
                    lower=float(rows.lower[j]),
                    upper=float(rows.upper[j]),
                    target=None if rows.target is None else float(rows.target[j]),
                    hard=bool(np.isinf(rows.price[j])),
                )
                for rows, now, was in totals
            ),
            shares=tuple(
                Share(cost.name, cost.kind, amount[j], cost.unit, cost.price * amount[j])
                for cost, amount in zip(problem.costs, amounts, strict=True)
            ),
        )
        for j, (accounts, before, gained, new, lost) in enumerate(counts)
    )
