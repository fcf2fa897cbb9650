"""A part of a problem in which only listed pairs may be used: what a search hands to a solver.

Nothing is looked up in the whole problem again: the list carries costs and amounts, so that a part
of a problem whose pairs are computed on demand costs no more than its list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from territoryopt.problem.amounts import FloatArray, IntArray, Units, frozen
from territoryopt.problem.parts import Cost, Grouping, Rows
from territoryopt.problem.problem import Pairs, Problem


@dataclass(frozen=True, eq=False)
class ListedAmounts:
    """An amount of listed pairs, zero elsewhere: `value[e]` at (account[e], rep[e]), the pairs in
    ascending order of account, then rep, each once."""

    accounts: int
    reps: int
    account: IntArray
    rep: IntArray
    value: FloatArray
    _key: IntArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        key = self.account * max(1, self.reps) + self.rep
        for array in (self.account, self.rep, self.value, key):
            frozen(array)
        object.__setattr__(self, "_key", key)

    def block(self, start: int, stop: int) -> FloatArray:
        out = np.zeros((stop - start, self.reps))
        low, high = np.searchsorted(self.account, [start, stop])
        out[self.account[low:high] - start, self.rep[low:high]] = self.value[low:high]
        return out

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        if account is self.account and rep is self.rep:
            return self.value
        if not len(self._key):
            return np.zeros(len(account))
        key = np.asarray(account, dtype=np.int64) * self.reps + rep
        place = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        out: FloatArray = np.where(self._key[place] == key, self.value[place], 0.0)
        return out

    def contracted(self, units: Units) -> ListedAmounts:
        if units.count == self.accounts:
            return self
        raise ValueError("a list of pairs is one over units already")


def listed_problem(
    accounts: int,
    reps: int,
    pairs: tuple[IntArray, IntArray, FloatArray],
    amounts: Sequence[FloatArray],
    rows: Sequence[Rows],
    groupings: Sequence[Grouping] = (),
) -> Problem:
    """A problem over a list of pairs.

    pairs: (account, rep, cost in currency/year), in ascending order of account, then rep, each
    once. amounts: one float[pairs] for each of `rows`, which give everything else of the rows;
    their `row_of_rep` is int[reps].
    """
    account, rep, cost = pairs
    start = np.searchsorted(account, np.arange(accounts + 1)).astype(np.int64)
    listed = Pairs(account, rep, start, cost)

    def over(value: FloatArray) -> ListedAmounts:
        return ListedAmounts(accounts, reps, account, rep, value)

    alone = np.full(accounts, -1, dtype=np.int64)
    return Problem(
        accounts=accounts,
        reps=reps,
        costs=(Cost("cost", "cost", over(cost), 1.0, "money"),),
        rows=tuple(
            replace(part, amounts=over(value)) for part, value in zip(rows, amounts, strict=True)
        ),
        exclusions=(),
        groupings=tuple(groupings),
        current=alone,
        family=alone.copy(),
        listed=listed,
    )
