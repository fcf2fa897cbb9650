"""Amounts over pairs: how much of something the pair (account, rep) carries.

Three sources stand behind one face, `Amounts`: every pair stored (`DenseAmounts`), an amount of
the account alone that a few pairs shift (`AccountAmounts`, never expanded to accounts x reps),
and pairs computed when asked for (`ComputedAmounts`). Nobody above this module knows which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

BLOCK_CELLS = 250_000
"""Pairs handled at a time where a pass goes over all of them: 2 MB of float64, so that what one
step leaves the next finds in the cache. A pass over 20,000 x 500 pairs took 1.7 to 2.5 times as
long in blocks of 4,000,000, and no less in blocks of 62,500."""


def frozen(array: NDArray[np.generic]) -> None:
    """Make an array refuse writing; a problem never changes after it is built."""
    array.flags.writeable = False


def blocks(accounts: int, reps: int) -> list[tuple[int, int]]:
    """Half-open account ranges that cover all accounts, each about `BLOCK_CELLS` pairs."""
    step = max(1, BLOCK_CELLS // max(1, reps))
    return [(start, min(start + step, accounts)) for start in range(0, accounts, step)]


@dataclass(frozen=True, eq=False)
class Units:
    """Accounts contracted to units: the members of a family move together.

    `unit_of[i]` is the unit of account i; units are numbered by their first account, so that
    without families a unit is its account.
    """

    unit_of: IntArray
    count: int = field(init=False)
    order: IntArray = field(init=False)
    starts: IntArray = field(init=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.unit_of, kind="stable")
        count = int(self.unit_of.max()) + 1 if len(self.unit_of) else 0
        starts = np.searchsorted(self.unit_of[order], np.arange(count))
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "order", order.astype(np.int64))
        object.__setattr__(self, "starts", starts.astype(np.int64))

    @staticmethod
    def from_groups(accounts: int, group: IntArray) -> Units:
        """Units of the accounts that share a group number; -1 stands alone."""
        key = np.where(group >= 0, group, -1 - np.arange(accounts))
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first, kind="stable")] = np.arange(len(first))
        return Units(rank[inverse.reshape(-1)])

    @property
    def first(self) -> IntArray:
        """The first account of each unit."""
        return self.order[self.starts]

    def members(self, unit: int) -> IntArray:
        """The accounts of a unit."""
        end = self.starts[unit + 1] if unit + 1 < self.count else len(self.order)
        return self.order[self.starts[unit] : end]


class Amounts(Protocol):
    """Amounts float[accounts, reps], handed out block by block or pair by pair."""

    @property
    def accounts(self) -> int: ...

    @property
    def reps(self) -> int: ...

    def block(self, start: int, stop: int) -> FloatArray:
        """float[stop - start, reps]: the amounts of the accounts start..stop-1. Do not write."""
        ...

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        """float[n]: the amounts of n scattered pairs."""
        ...

    def contracted(self, units: Units) -> Amounts:
        """The same amounts per unit: the sum over a unit's accounts."""
        ...


@dataclass(frozen=True, eq=False)
class DenseAmounts:
    """Every pair stored: `values` float[accounts, reps]."""

    values: FloatArray

    def __post_init__(self) -> None:
        frozen(self.values)

    @property
    def accounts(self) -> int:
        return int(self.values.shape[0])

    @property
    def reps(self) -> int:
        return int(self.values.shape[1])

    def block(self, start: int, stop: int) -> FloatArray:
        return self.values[start:stop]

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        return self.values[account, rep]

    def contracted(self, units: Units) -> DenseAmounts:
        if units.count == self.accounts:
            return self
        return DenseAmounts(np.add.reduceat(self.values[units.order], units.starts, axis=0))


@dataclass(frozen=True, eq=False)
class AccountAmounts:
    """An amount of the account, shifted on a few pairs: `base[i] + shift` where (i, j) is listed.

    A lock, a limit on moves or the cost of a hand-over touch an account and its current rep only;
    they are written this way at any size. Shifts of one pair add up.
    """

    base: FloatArray
    reps: int
    shift_account: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    shift_rep: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    shift: FloatArray = field(default_factory=lambda: np.empty(0))
    _key: IntArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        key, where = np.unique(
            self.shift_account * max(1, self.reps) + self.shift_rep, return_inverse=True
        )
        shift = np.bincount(where.reshape(-1), weights=self.shift, minlength=len(key))
        for name, value in (
            ("base", np.ascontiguousarray(self.base, dtype=np.float64)),
            ("shift_account", key // max(1, self.reps)),
            ("shift_rep", key % max(1, self.reps)),
            ("shift", shift.astype(np.float64)),
            ("_key", key),
        ):
            frozen(value)
            object.__setattr__(self, name, value)

    @property
    def accounts(self) -> int:
        return len(self.base)

    def block(self, start: int, stop: int) -> FloatArray:
        if not len(self._key):
            return np.broadcast_to(self.base[start:stop, None], (stop - start, self.reps))
        out = np.repeat(self.base[start:stop, None], self.reps, axis=1)
        low, high = np.searchsorted(self.shift_account, [start, stop])
        out[self.shift_account[low:high] - start, self.shift_rep[low:high]] += self.shift[low:high]
        return out

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        out = self.base[account]
        if len(self._key):
            key = np.asarray(account, dtype=np.int64) * self.reps + rep
            place = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
            out = out + np.where(self._key[place] == key, self.shift[place], 0.0)
        return out

    def contracted(self, units: Units) -> AccountAmounts:
        if units.count == self.accounts:
            return self
        base: FloatArray = np.bincount(units.unit_of, self.base, units.count).astype(np.float64)
        unit = units.unit_of[self.shift_account]
        return AccountAmounts(base, self.reps, unit, self.shift_rep, self.shift)


@dataclass(frozen=True, eq=False)
class ComputedAmounts:
    """Pairs computed when asked for: `rows(start, stop)` -> float[stop - start, reps].

    `pairs(account, rep)` -> float[n] serves scattered look-ups. Both are pure.
    """

    accounts: int
    reps: int
    rows: Callable[[int, int], FloatArray]
    pairs: Callable[[IntArray, IntArray], FloatArray]

    def block(self, start: int, stop: int) -> FloatArray:
        return self.rows(start, stop)

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        return self.pairs(account, rep)

    def contracted(self, units: Units) -> Amounts:
        """Sums over units, computed when asked for; `rows` is called for each run of accounts."""
        if units.count == self.accounts:
            return self

        def rows(start: int, stop: int) -> FloatArray:
            end = units.starts[stop] if stop < units.count else self.accounts
            members = units.order[units.starts[start] : end]
            every = np.arange(self.reps)
            values = self.pairs(np.repeat(members, self.reps), np.tile(every, len(members)))
            starts = units.starts[start:stop] - units.starts[start]
            return np.add.reduceat(values.reshape(-1, self.reps), starts, axis=0)

        def pairs(unit: IntArray, rep: IntArray) -> FloatArray:
            ends = np.append(units.starts[1:], self.accounts)
            size = ends[unit] - units.starts[unit]
            begin = np.repeat(units.starts[unit] - np.cumsum(size) + size, size)
            members = units.order[begin + np.arange(int(size.sum()))]
            values = self.pairs(members, np.repeat(rep, size))
            asked = np.repeat(np.arange(len(unit)), size)
            return np.bincount(asked, values, len(unit)).astype(np.float64)

        return ComputedAmounts(units.count, self.reps, rows, pairs)
