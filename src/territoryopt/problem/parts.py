"""What a rule or a goal becomes: a few kinds of array, read by solvers and by arithmetic alike.

With x_ij = 1 where account i is with rep j, and a_ij an amount over pairs:

- `Cost`:      price · Σ a_ij x_ij                                 a goal that adds up over pairs
- `Rows`:      s_r = constant_r + Σ_{(i,j) in row r} a_ij x_ij,     a rule or a convex goal; its
               excess e_r = max(0, lower_r - s_r, s_r - upper_r)    money is Σ_r price_r e_r, or
                                                                    max_r price_r e_r if `worst`
- `Exclusion`: pairs that may not be used                           locks, required skills
- `Grouping`:  accounts that must be with different reps (`apart`), or should share one

An infinite price is a hard rule. Units: s, lower, upper and e are in the row's own unit, prices
in currency per year and unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from territoryopt.problem.amounts import (
    Amounts,
    BoolArray,
    ComputedAmounts,
    FloatArray,
    IntArray,
    Units,
    frozen,
)

Role = Literal["rule", "goal"]

TOLERANCE = 1e-6
"""A hard row holds when it is broken by no more than this fraction of its scale."""


@dataclass(frozen=True, eq=False)
class Cost:
    """A goal that adds up over pairs: money = price · Σ a_ij x_ij (currency/year).

    `amounts` are in `unit` (e.g. hours/year on the road), `price` in currency/year per unit.
    A soft lock or a soft required skill is a cost too, with role "rule". An amount of inf stands
    for a pair that an exclusion bars (`Exclusion.in_cost`).
    """

    name: str
    kind: str
    amounts: Amounts
    price: float
    unit: str
    role: Role = "goal"

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        """float[n]: the amounts of scattered pairs, in `unit`. A barred pair counts nothing where
        its amount is inf: the exclusion speaks of it, and totals stay numbers."""
        return _finite(self.amounts.at(account, rep))

    def finite(self) -> Cost:
        """The same cost with 0 where it is inf."""
        amounts = self.amounts
        return replace(
            self,
            amounts=ComputedAmounts(
                amounts.accounts,
                amounts.reps,
                lambda start, stop: _finite(amounts.block(start, stop)),
                lambda account, rep: _finite(amounts.at(account, rep)),
            ),
        )

    def contracted(self, units: Units) -> Cost:
        return replace(self, amounts=self.amounts.contracted(units))


def _finite(amounts: FloatArray) -> FloatArray:
    return np.where(amounts == np.inf, 0.0, amounts)


@dataclass(frozen=True, eq=False)
class Rows:
    """Row activities between bounds, each with a convex price outside them.

    row_of_rep: int[reps], the row that a pair of rep j falls in, -1 = none. A row per rep is
    `arange(reps)`, a group of reps shares one number, the whole plan is all zeros.
    constant, lower, upper, price: float[rows]; price is inf for a hard row.
    worst: one price for the worst row instead of a price for each (a minimax goal).
    target: float[rows], the constant a relative band is measured against, where there is one.
    """

    name: str
    kind: str
    measure: str
    unit: str
    labels: tuple[str, ...]
    amounts: Amounts
    row_of_rep: IntArray
    lower: FloatArray
    upper: FloatArray
    price: FloatArray
    constant: FloatArray
    role: Role = "rule"
    worst: bool = False
    target: FloatArray | None = None

    def __post_init__(self) -> None:
        for array in (self.row_of_rep, self.lower, self.upper, self.price, self.constant):
            frozen(array)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def hard(self) -> bool:
        """Whether some row must hold."""
        return bool(np.isinf(self.price).any())

    @property
    def scale(self) -> FloatArray:
        """float[rows]: the size of a row's bounds, in its unit; 1 where both are zero or open."""
        sides = np.stack([np.abs(self.lower), np.abs(self.upper)])
        size = np.where(np.isfinite(sides), sides, 0.0).max(axis=0)
        return np.where(size > 0, size, 1.0)

    def activity(self, rep: IntArray) -> FloatArray:
        """float[rows]: s_r of a plan rep int[accounts]; -1, no rep, counts in no row."""
        row = np.where(rep >= 0, self.row_of_rep[rep], -1)
        used = np.flatnonzero(row >= 0)
        amounts = self.amounts.at(used, rep[used])
        return self.constant + np.bincount(row[used], weights=amounts, minlength=len(self))

    def excess(self, activity: FloatArray) -> FloatArray:
        """max(0, lower - s, s - upper), elementwise; rows stand in the last axis."""
        return np.maximum(0.0, np.maximum(self.lower - activity, activity - self.upper))

    def broken(self, activity: FloatArray) -> BoolArray:
        """bool: where a hard row is broken beyond the tolerance."""
        out: BoolArray = np.isinf(self.price) & (self.excess(activity) > TOLERANCE * self.scale)
        return out

    def money(self, activity: FloatArray) -> float:
        """Currency/year charged by the priced rows; hard rows charge nothing."""
        soft = np.isfinite(self.price)
        charge = self.excess(activity)[soft] * self.price[soft]
        if not len(charge):
            return 0.0
        return float(charge.max() if self.worst else charge.sum())

    def contracted(self, units: Units) -> Rows:
        return replace(self, amounts=self.amounts.contracted(units))


@dataclass(frozen=True, eq=False)
class Exclusion:
    """Pairs that may not be used: barred where `barred` is above zero.

    in_cost: the cost of a barred pair is inf already, so that a pass over costs need not look
    twice.
    """

    name: str
    kind: str
    barred: Amounts
    in_cost: bool = False

    def contracted(self, units: Units) -> Exclusion:
        return replace(self, barred=self.barred.contracted(units))


@dataclass(frozen=True, eq=False)
class Grouping:
    """Groups of accounts that must not share a rep (`apart`), or that should share one.

    Members of group g are `member[start[g] : start[g + 1]]`. With n_gj the members of group g
    that are with rep j, a group counts Σ_j max(0, n_gj - 1) accounts too many when apart, and
    Σ_j [n_gj > 0] - 1 reps too many when together. `price` is currency/year for each, inf = hard.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    member: IntArray
    start: IntArray
    apart: bool
    price: float
    group_of_member: IntArray = field(init=False)

    def __post_init__(self) -> None:
        group = np.repeat(np.arange(len(self.labels)), np.diff(self.start))
        object.__setattr__(self, "group_of_member", group)
        for array in (self.member, self.start, self.group_of_member):
            frozen(array)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def hard(self) -> bool:
        return bool(np.isinf(self.price))

    @cached_property
    def by_account(self) -> tuple[IntArray, IntArray]:
        """(int[n], int[n]): the places of `member` by ascending account, and those accounts."""
        place = np.argsort(self.member, kind="stable").astype(np.int64)
        return place, self.member[place]

    def counts(self, rep: IntArray, reps: int) -> IntArray:
        """int[groups, reps]: n_gj of a plan."""
        owned = rep[self.member] >= 0
        key = self.group_of_member[owned] * reps + rep[self.member[owned]]
        return np.bincount(key, minlength=len(self) * reps).reshape(len(self), reps)

    def excess(self, counts: IntArray) -> IntArray:
        """int[groups]: accounts (apart) or reps (together) too many."""
        many: IntArray = np.maximum(counts - 1, 0).sum(axis=-1)
        spread: IntArray = np.maximum((counts > 0).sum(axis=-1) - 1, 0)
        return many if self.apart else spread

    def contracted(self, units: Units) -> Grouping:
        """The same groups of units. A family inside an apart group keeps its count: every member
        stays listed, so two members of one family can never be apart."""
        return replace(self, member=units.unit_of[self.member])
