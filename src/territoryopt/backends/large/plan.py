"""The plan in hand during a search: who is with whom among candidates, what the rows carry, and
what a change is worth with broken rules priced."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from territoryopt.backends.large import kernels
from territoryopt.backends.large.candidates import Candidates
from territoryopt.backends.large.rowtable import RowTable
from territoryopt.problem import TOLERANCE, FloatArray, IntArray, Problem
from territoryopt.problem.penalise import Penalties


@dataclass(eq=False)
class Plan:
    """place: int[n], the candidate each account uses. activity: float[rows], constants included.
    price: float[rows], what a unit outside the bounds costs (currency/year), hard rows at their
    penalty. `value` is the objective with those prices, currency/year."""

    problem: Problem
    table: RowTable
    candidates: Candidates
    penalties: Penalties
    place: IntArray
    factor: float
    activity: FloatArray = field(init=False)
    price: FloatArray = field(init=False)
    priced: Problem = field(init=False)
    cost: float = field(init=False)
    scale: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.scale = np.concatenate([np.empty(0), *(rows.scale for rows in self.problem.rows)])
        self.raise_to(self.factor)
        self.recount()

    def raise_to(self, factor: float) -> None:
        """Price what hard rules forbid at `factor` times its worth."""
        self.factor = factor
        self.priced = self.penalties.at(factor)
        self.price = np.concatenate([np.empty(0), *(rows.price for rows in self.priced.rows)])

    def recount(self) -> None:
        """Add up costs and activities anew."""
        here = np.arange(len(self.place))
        self.cost = float(self.candidates.cost[here, self.place].sum())
        self.activity = self.table.constant.copy()
        kernels.activity_of(
            self.place, self.candidates.rep, self.candidates.amount, self.table.row, self.activity
        )

    @property
    def rep(self) -> IntArray:
        """int[n]: the plan itself."""
        here = np.arange(len(self.place))
        return self.candidates.rep[here, self.place].astype(np.int64)

    @property
    def value(self) -> float:
        """The objective with broken rules priced, currency/year."""
        return self.cost + self.row_money(self.activity) + self.group_money(None)

    def excess(self, activity: FloatArray) -> FloatArray:
        """float[rows]: how far outside its bounds each row is."""
        table = self.table
        return np.maximum(0.0, np.maximum(table.lower - activity, activity - table.upper))

    def row_money(self, activity: FloatArray) -> float:
        """What the rows cost at an activity, currency/year."""
        charge = self.excess(activity) * self.price
        total = float(charge.sum())
        for p in self.table.worst:
            rows = slice(int(self.table.first[p]), int(self.table.first[p + 1]))
            total += float(charge[rows].max(initial=0.0) - charge[rows].sum())
        return total

    def group_money(self, rep: IntArray | None) -> float:
        """What groups apart or together cost, currency/year; of this plan, or of another `rep`."""
        groupings = self.priced.groupings
        if not groupings:
            return 0.0
        rep = self.rep if rep is None else rep
        total = 0.0
        for part in groupings:
            pairs = np.unique(part.group_of_member * self.problem.reps + rep[part.member])
            distinct = np.bincount(pairs // self.problem.reps, minlength=len(part))
            size = np.bincount(part.group_of_member, minlength=len(part))
            over = size - distinct if part.apart else np.maximum(0, distinct - 1)
            total += part.price * float(over.sum())
        return total

    @property
    def outside(self) -> NDArray[np.bool_]:
        """bool[rows]: the hard rows that the plan breaks."""
        over = self.excess(self.activity) > TOLERANCE * self.scale
        out: NDArray[np.bool_] = np.isinf(self.table.price) & over
        return out

    @property
    def holds(self) -> bool:
        """Whether every hard rule holds, as far as running sums tell."""
        if self.outside.any():
            return False
        rep = self.rep if any(part.hard for part in self.problem.groupings) else None
        return rep is None or not any(
            part.hard and part.excess(part.counts(rep, self.problem.reps)).any()
            for part in self.problem.groupings
        )

    def change(self, accounts: IntArray, place: IntArray) -> bool:
        """Let `accounts` use other candidates if that is worth it; whether it was."""
        old = self.place[accounts]
        moved = place != old
        accounts, place, old = accounts[moved], place[moved], old[moved]
        if not len(accounts):
            return False
        c = self.candidates
        activity = self.activity.copy()
        for sign, at in ((-1.0, old), (1.0, place)):
            row = self.table.row[c.rep[accounts, at]]
            for p in range(self.table.parts):
                inside = row[:, p] >= 0
                amount = sign * c.amount[accounts[inside], at[inside], p]
                np.add.at(activity, row[inside, p], amount)
        gain = float((c.cost[accounts, old] - c.cost[accounts, place]).sum())
        gain += self.row_money(self.activity) - self.row_money(activity)
        if self.priced.groupings:
            rep = self.rep
            before = self.group_money(rep)
            rep[accounts] = c.rep[accounts, place]
            gain += before - self.group_money(rep)
        if gain <= 1e-10 * max(1.0, abs(self.cost)):
            return False
        self.cost -= float((c.cost[accounts, old] - c.cost[accounts, place]).sum())
        self.activity = activity
        self.place[accounts] = place
        return True
