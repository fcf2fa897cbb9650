"""A column of pairs.csv: as a table while accounts x reps are few, as a list beyond."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from territoryopt.problem import AccountAmounts, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PairList:
    """value[p] of the pair (account[p], rep[p]), each pair at most once; `missing` for a pair that
    is not listed. usable: whether such a pair may be used at all."""

    accounts: int
    reps: int
    account: IntArray
    rep: IntArray
    value: FloatArray
    missing: float
    usable: bool

    @staticmethod
    def of_one(accounts: int, reps: int, value: float) -> PairList:
        """The same value for every pair."""
        none = np.empty(0, dtype=np.int64)
        return PairList(accounts, reps, none, none, np.empty(0), value, True)

    @cached_property
    def table(self) -> FloatArray:
        """float64[accounts, reps]: the value of every pair."""
        out = np.full((self.accounts, self.reps), self.missing)
        out[self.account, self.rep] = self.value
        return out

    def amounts(self, base: FloatArray, weight: FloatArray) -> AccountAmounts:
        """base_i + weight_i · value_ij; the pairs listed are stored and no others."""
        return AccountAmounts(
            base + weight * self.missing,
            self.reps,
            shift_account=self.account,
            shift_rep=self.rep,
            shift=weight[self.account] * (self.value - self.missing),
        )

    def unlisted(self) -> AccountAmounts:
        """1 for each pair that is not listed, 0 for the others."""
        minus = np.full(len(self.account), -1.0)
        return AccountAmounts(np.ones(self.accounts), self.reps, self.account, self.rep, minus)

    @cached_property
    def count(self) -> IntArray:
        """int64[accounts]: how many pairs of each account are listed."""
        return np.bincount(self.account, minlength=self.accounts)

    @cached_property
    def first_unlisted(self) -> IntArray:
        """int64[accounts]: the first rep that is not listed with an account; R where all are."""
        out = self.count.copy()
        order = np.lexsort((self.rep, self.account))
        rank = np.arange(len(order)) - (np.cumsum(self.count) - self.count)[self.account[order]]
        passed = np.flatnonzero(self.rep[order] != rank)
        np.minimum.at(out, self.account[order[passed]], rank[passed])
        return out

    def nearest(self) -> IntArray:
        """int64[accounts]: the usable rep of least value of each account; -1 where there is
        none."""
        out = np.full(self.accounts, -1, dtype=np.int64)
        least = np.full(self.accounts, np.inf)
        order = np.lexsort((self.rep, self.value, self.account))
        head = order[np.flatnonzero(np.diff(self.account[order], prepend=-1))]
        out[self.account[head]] = self.rep[head]
        least[self.account[head]] = self.value[head]
        if self.usable:
            other = (self.count < self.reps) & (least > self.missing)
            out = np.where(other, self.first_unlisted, out)
        return out
