"""Amounts by skill: accounts share few distinct needs, so one row per need says it all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from territoryopt.problem import FloatArray, IntArray, Units


@dataclass(frozen=True, eq=False)
class PatternAmounts:
    """Amounts Σ_m weight_m · values[pattern_of_m, j] over the members m of each unit.

    pattern_of int64[accounts], values float64[patterns, reps]; weight float64[accounts], None for
    ones; units None: each account by itself.
    """

    pattern_of: IntArray
    values: FloatArray
    weight: FloatArray | None = None
    units: Units | None = None
    _members: tuple[IntArray, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # the accounts that come k-th in their unit, and those units: few beyond the first
        members: list[IntArray] = []
        if self.units is not None:
            order, starts = self.units.order, self.units.starts
            size = np.diff(np.append(starts, len(order)))
            for k in range(1, int(size.max(initial=0))):
                unit = np.flatnonzero(size > k)
                members += [unit, order[starts[unit] + k]]
        object.__setattr__(self, "_members", tuple(members))

    @property
    def accounts(self) -> int:
        return len(self.pattern_of) if self.units is None else self.units.count

    @property
    def reps(self) -> int:
        return int(self.values.shape[1])

    def block(self, start: int, stop: int) -> FloatArray:
        if self.units is None:
            return self._rows(slice(start, stop))
        first = self.units.order[self.units.starts[start:stop]]
        out = self._rows(first)
        for unit, member in zip(self._members[::2], self._members[1::2], strict=True):
            low, high = np.searchsorted(unit, [start, stop])
            out[unit[low:high] - start] += self._rows(member[low:high])
        return out

    def _rows(self, account: IntArray | slice) -> FloatArray:
        out: FloatArray = self.values[self.pattern_of[account]]
        if self.weight is not None:
            out *= self.weight[account, None]
        return out

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        account, rep = np.asarray(account), np.asarray(rep)
        if self.units is None:
            return self._pairs(account, rep)
        out = self._pairs(self.units.order[self.units.starts[account]], rep)
        for unit, member in zip(self._members[::2], self._members[1::2], strict=True):
            place = np.minimum(np.searchsorted(unit, account), len(unit) - 1)
            more = np.flatnonzero(unit[place] == account)
            out[more] += self._pairs(member[place[more]], rep[more])
        return out

    def _pairs(self, account: IntArray, rep: IntArray) -> FloatArray:
        out: FloatArray = self.values[self.pattern_of[account], rep]
        if self.weight is not None:
            out *= self.weight[account]
        return out

    def contracted(self, units: Units) -> PatternAmounts:
        if units.count == self.accounts:
            return self
        own = units.unit_of if self.units is None else units.unit_of[self.units.unit_of]
        return PatternAmounts(self.pattern_of, self.values, self.weight, Units(own))
