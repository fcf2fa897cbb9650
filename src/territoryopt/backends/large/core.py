"""The core of the LP relaxation: the accounts that prices leave undecided, and pairs that price in.

At good prices nearly every account is decided: its cheapest rep is far cheaper than any other. The
others, and the pairs of theirs that are nearly as cheap, make an LP of a few times as many pairs
as there are side rows. Its duals are better prices; every pair that is cheaper at them than what
its account uses joins the LP (columns are added, never dropped), until none is: then the prices
are those of the full relaxation (Dantzig-Wolfe pricing over a restricted master; Desrosiers and
Luebbecke 2005). Hard rows are elastic in it, at a price above all found so far, so that the LP
always has a solution; what is left broken in the end is broken in the full relaxation too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from territoryopt.backends.highs_session import Session
from territoryopt.backends.large.candidates import Candidates
from territoryopt.backends.large.rowtable import RowTable
from territoryopt.backends.linear import linear_model
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.backends.running import run_watched
from territoryopt.errors import BackendError
from territoryopt.problem import FloatArray, IntArray, Problem
from territoryopt.problem.listed import listed_problem

BROKEN = 1e-7
"""A hard row is broken in the LP where it is outside by more than this fraction of its scale."""


@dataclass(eq=False)
class Columns:
    """Pairs of the core LP: flat arrays in ascending order of account, then rep, each once."""

    account: IntArray
    rep: IntArray
    cost: FloatArray
    amount: FloatArray

    @staticmethod
    def of(candidates: Candidates, chosen: np.ndarray) -> Columns:
        """The candidates where `chosen` bool[n, k]."""
        account, place = np.nonzero(chosen & (candidates.rep >= 0))
        rep = candidates.rep[account, place].astype(np.int64)
        order = np.lexsort((rep, account))
        account, place, rep = account[order], place[order], rep[order]
        return Columns(
            account, rep, candidates.cost[account, place], candidates.amount[account, place]
        )

    def __len__(self) -> int:
        return len(self.account)

    def joined(self, other: Columns, reps: int) -> Columns:
        """Both lists as one."""
        account = np.concatenate([self.account, other.account])
        rep = np.concatenate([self.rep, other.rep])
        _, first = np.unique(account * reps + rep, return_index=True)
        return Columns(
            account[first],
            rep[first],
            np.concatenate([self.cost, other.cost])[first],
            np.concatenate([self.amount, other.amount])[first],
        )

    def reduced(self, price: FloatArray) -> FloatArray:
        """float[columns]: reduced costs at prices float[reps, parts]."""
        out: FloatArray = self.cost + (price[self.rep] * self.amount).sum(axis=1)
        return out

    def least(self, accounts: int, reduced: FloatArray) -> FloatArray:
        """float[accounts]: the least of each account's reduced costs; inf where it has none."""
        out = np.full(accounts, np.inf)
        np.minimum.at(out, self.account, reduced)
        return out


@dataclass(frozen=True, eq=False)
class CoreAnswer:
    """The core LP. y: float[rows] prices. value: its optimum with the decided accounts',
    currency/year: no less than the full relaxation's. rep: int[n], the rep of each account's
    largest share. split: accounts shared among reps. excess: float[rows], by how much the hard
    rows are broken, in their unit."""

    y: FloatArray
    value: float
    rep: IntArray
    split: int
    excess: FloatArray


@dataclass(eq=False)
class Core:
    """The columns so far, and the LP over them."""

    problem: Problem
    priced: Problem
    table: RowTable
    columns: Columns
    limits: Limits
    watch: Watch
    session: Session | None = field(default=None, repr=False)

    def solve(self) -> CoreAnswer | None:
        """Solve the LP over the columns; None where time is up or HiGHS has no answer."""
        accounts, reps = self.problem.accounts, self.problem.reps
        count = np.bincount(self.columns.account, minlength=accounts)
        open_ = count > 1
        alone = ~open_[self.columns.account]
        number = np.cumsum(open_) - 1
        fixed = np.zeros(len(self.table))
        reached = np.where(alone, 1.0, 0.0)
        row = self.table.row[self.columns.rep]
        for p in range(self.table.parts):
            inside = alone & (row[:, p] >= 0)
            fixed += np.bincount(
                row[inside, p], self.columns.amount[inside, p], minlength=len(self.table)
            )
        fixed += self.table.constant
        base = float((self.columns.cost * reached).sum())
        rep = np.full(accounts, -1, dtype=np.int64)
        rep[self.columns.account[alone]] = self.columns.rep[alone]
        free = ~alone
        first = self.table.first
        part = listed_problem(
            int(open_.sum()),
            reps,
            (
                number[self.columns.account[free]],
                self.columns.rep[free],
                self.columns.cost[free],
            ),
            [self.columns.amount[free, p].copy() for p in range(self.table.parts)],
            [
                replace(rows, constant=fixed[first[p] : first[p + 1]].copy())
                for p, rows in enumerate(self.priced.rows)
            ],
        )
        if not part.accounts:
            return self._decided(fixed, base, rep)
        model = linear_model(part)
        session = Session(model, replace(self.limits, threads=1), relaxed=True)
        session.option("solver", "simplex")
        try:
            answer = run_watched(session.run, session.stop, self.limits, self.watch)
        except BackendError as error:
            # Better prices are a help, not a need: without them the bound is only weaker.
            self.watch.notes.append(f"the prices are not the best there are: {error}")
            return None
        if answer is None or answer.row_dual is None or answer.values is None:
            return None
        session.close()
        y = self.table.flat(model.prices_of(answer.row_dual))
        share = answer.values[: len(model.pairs)]
        rep[open_] = model.plan_of(answer.values)
        inner = (share > 1e-6) & (share < 1 - 1e-6)
        activity = fixed.copy()
        for p in range(self.table.parts):
            to = row[free, p]
            used = to >= 0
            weight = (share * self.columns.amount[free, p])[used]
            activity += np.bincount(to[used], weight, minlength=len(self.table))
        value = base + model.offset + float(model.cost @ answer.values)
        split = len(np.unique(model.pairs.account[inner]))
        return CoreAnswer(y, value, rep, split, self._broken(activity))

    def _broken(self, activity: FloatArray) -> FloatArray:
        """float[rows]: by how much hard rows are outside their bounds, in their unit."""
        table = self.table
        excess = np.maximum(0.0, np.maximum(table.lower - activity, activity - table.upper))
        scale = np.concatenate([np.empty(0), *(rows.scale for rows in self.problem.rows)])
        out: FloatArray = np.where(np.isinf(table.price) & (excess > BROKEN * scale), excess, 0.0)
        return out

    def _decided(self, activity: FloatArray, base: float, rep: IntArray) -> CoreAnswer:
        """The answer where no account has a choice: rows that are outside have their full price."""
        y = np.zeros(len(self.table))
        value = base
        for p, part in enumerate(self.priced.rows):
            rows = slice(int(self.table.first[p]), int(self.table.first[p + 1]))
            s = activity[rows]
            price = np.where(s > part.upper, part.price, np.where(s < part.lower, -part.price, 0.0))
            if part.worst and len(s):
                price[np.arange(len(s)) != int((part.excess(s) * part.price).argmax())] = 0.0
            y[rows] = price
            value += part.money(s)
        return CoreAnswer(y, value, rep, 0, self._broken(activity))
