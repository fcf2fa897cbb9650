"""`Problem`: one alignment question as arrays. The only thing a solver or a check ever reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.problem.amounts import (
    BoolArray,
    FloatArray,
    IntArray,
    Units,
    blocks,
    frozen,
)
from territoryopt.problem.parts import Cost, Exclusion, Grouping, Rows


@dataclass(frozen=True, eq=False)
class Band:
    """Bounds on the sum of an amount over the accounts of each rep.

    amount: float[accounts]; or float[accounts, reps] in `Problem.from_arrays`; or, in
    `Problem.from_blocks`, a function of (start, stop) that gives float[stop - start, reps].
    lower, upper: float or float[reps]; -inf / inf leave a side open. price None (or inf) = the
    band must hold; a number = money per unit outside the band, included in the objective.
    """

    name: str
    amount: ArrayLike | Callable[[int, int], ArrayLike]
    lower: ArrayLike = -np.inf
    upper: ArrayLike = np.inf
    price: float | None = None


@dataclass(frozen=True, eq=False)
class Pairs:
    """The eligible pairs, by account: pair p joins `account[p]` and `rep[p]`.

    Pairs of account i are start[i]..start[i+1]-1; cost is currency/year.
    """

    account: IntArray
    rep: IntArray
    start: IntArray
    cost: FloatArray

    def __len__(self) -> int:
        return len(self.account)


@dataclass(frozen=True, eq=False)
class Problem:
    """Costs, rows, exclusions and groupings over accounts x reps.

    current: int[accounts], the present owner, -1 = unowned: a start and a subject of
    explanations; adds no cost by itself. family: int[accounts], accounts with one number must
    share a rep, -1 = alone; `family_rule` names the rule that says so. listed: the only pairs that
    may be used, where a part of a problem is given by its pairs; None = all but the excluded.
    kept: the rule and the words why an account is to stay with its owner, by account id; only
    explanations read it.
    """

    accounts: int
    reps: int
    costs: tuple[Cost, ...]
    rows: tuple[Rows, ...]
    exclusions: tuple[Exclusion, ...]
    groupings: tuple[Grouping, ...]
    current: IntArray
    family: IntArray
    family_rule: str = ""
    account_ids: tuple[str, ...] | None = None
    rep_ids: tuple[str, ...] | None = None
    currency: str = ""
    notes: tuple[str, ...] = ()
    listed: Pairs | None = None
    kept: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frozen(self.current)
        frozen(self.family)

    @staticmethod
    def from_arrays(
        cost: ArrayLike,
        bands: Sequence[Band] = (),
        current: ArrayLike | None = None,
    ) -> Problem:
        """A problem straight from arrays; see `territoryopt.problem.arrays.from_arrays`."""
        from territoryopt.problem.arrays import from_arrays

        return from_arrays(cost, bands, current)

    @staticmethod
    def from_blocks(
        accounts: int,
        reps: int,
        cost: Callable[[int, int], ArrayLike],
        pairs: Callable[[IntArray, IntArray], ArrayLike] | None = None,
        bands: Sequence[Band] = (),
        current: ArrayLike | None = None,
    ) -> Problem:
        """A problem too large to store, from functions that give blocks of accounts; see
        `territoryopt.problem.from_blocks.from_blocks`."""
        from territoryopt.problem.from_blocks import from_blocks

        return from_blocks(accounts, reps, cost, pairs, bands, current)

    def account_id(self, account: int) -> str:
        return self.account_ids[account] if self.account_ids else str(account)

    def rep_id(self, rep: int) -> str:
        return self.rep_ids[rep] if self.rep_ids else str(rep)

    @cached_property
    def units(self) -> Units:
        """Accounts contracted by family."""
        return Units.from_groups(self.accounts, self.family)

    @cached_property
    def contracted(self) -> Problem:
        """The problem over units, which is what a solver gets; this one where no family binds.

        Eligibility is intersected and amounts are summed, so a plan of units and the plan of its
        accounts have the same totals and the same objective.
        """
        units = self.units
        if units.count == self.accounts:
            return self
        first, ids = units.first, self.account_ids
        owner = self.current
        mixed = np.bincount(
            units.unit_of, weights=owner != owner[first][units.unit_of], minlength=units.count
        )
        return replace(
            self,
            accounts=units.count,
            costs=tuple(part.contracted(units) for part in self.costs),
            rows=tuple(part.contracted(units) for part in self.rows),
            exclusions=tuple(part.contracted(units) for part in self.exclusions),
            groupings=tuple(part.contracted(units) for part in self.groupings),
            current=np.where(mixed > 0, -1, owner[first]),
            family=np.full(units.count, -1, dtype=np.int64),
            account_ids=tuple(ids[i] for i in first) if ids else None,
        )

    def cost_block(self, start: int, stop: int) -> FloatArray:
        """float[stop - start, reps]: money of each pair, currency/year, eligible or not; inf may
        stand where a pair is not eligible. A fresh array."""
        return _weighted(self.costs, start, stop, self.reps)

    def priced_block(self, start: int, stop: int) -> FloatArray:
        """float[stop - start, reps]: money of each pair, currency/year; inf where the pair is not
        eligible. A fresh array."""
        out = self.cost_block(start, stop)
        for exclusion in self.exclusions:
            if not exclusion.in_cost:
                np.copyto(out, np.inf, where=exclusion.barred.block(start, stop) > 0)
        return out

    def cost_at(self, account: IntArray, rep: IntArray) -> FloatArray:
        """float[n]: money of scattered pairs, currency/year; see `Cost.at` for barred ones."""
        out = np.zeros(len(account))
        for cost in self.costs:
            out += cost.price * cost.at(account, rep)
        return out

    def eligible_block(self, start: int, stop: int) -> BoolArray:
        """bool[stop - start, reps]: pairs that no exclusion bars."""
        out = np.ones((stop - start, self.reps), dtype=bool)
        for exclusion in self.exclusions:
            out &= exclusion.barred.block(start, stop) <= 0
        return out

    def eligible_at(self, account: IntArray, rep: IntArray) -> BoolArray:
        """bool[n]: whether scattered pairs are eligible."""
        out = np.ones(len(account), dtype=bool)
        for exclusion in self.exclusions:
            out &= exclusion.barred.at(account, rep) <= 0
        return out

    @cached_property
    def pairs(self) -> Pairs:
        """All eligible pairs with their cost. Memory is linear in their number."""
        if self.listed is not None:
            return self.listed
        account, rep, cost = [], [], []
        for start, stop in blocks(self.accounts, self.reps):
            priced = self.priced_block(start, stop)
            eligible = priced < np.inf
            i, j = np.nonzero(eligible)
            account.append(i + start)
            rep.append(j)
            cost.append(priced[eligible])
        i = np.concatenate([np.empty(0, dtype=np.int64), *account]).astype(np.int64)
        j = np.concatenate([np.empty(0, dtype=np.int64), *rep]).astype(np.int64)
        begin = np.searchsorted(i, np.arange(self.accounts + 1)).astype(np.int64)
        return Pairs(i, j, begin, np.concatenate([np.empty(0), *cost]))

    @property
    def rule_names(self) -> tuple[str, ...]:
        """Names of everything that can forbid a plan, each once."""
        names = [part.name for part in self.exclusions]
        names += [part.name for part in self.rows if part.hard]
        names += [part.name for part in self.groupings if part.hard]
        if self.family_rule:
            names.append(self.family_rule)
        return tuple(dict.fromkeys(names))

    def without(self, names: Collection[str]) -> Problem:
        """The problem with the rules of these names dropped."""
        drop_family = self.family_rule in names
        costs = tuple(p for p in self.costs if p.role == "goal" or p.name not in names)
        if any(p.in_cost and p.name in names for p in self.exclusions):
            costs = tuple(p.finite() for p in costs)
        return replace(
            self,
            costs=costs,
            rows=tuple(p for p in self.rows if p.role == "goal" or p.name not in names),
            exclusions=tuple(p for p in self.exclusions if p.name not in names),
            groupings=tuple(p for p in self.groupings if p.name not in names),
            family=np.full(self.accounts, -1, dtype=np.int64) if drop_family else self.family,
            family_rule="" if drop_family else self.family_rule,
        )

    def feasibility(self) -> Problem:
        """Only what must hold: no costs, no priced rows. Any plan of it is a plan that holds."""
        return replace(
            self,
            costs=(),
            exclusions=self._exclusions_alone(),
            rows=tuple(_hard_alone(part) for part in self.rows if part.hard),
            groupings=tuple(part for part in self.groupings if part.hard),
        )

    def elastic(self) -> Problem:
        """The least-violation question: hard rows priced 1 per scale outside, nothing else.

        Its optimum is the least sum of relative violations; above zero there is no plan.
        """
        rows = tuple(
            replace(part, price=np.where(np.isinf(part.price), 1.0 / part.scale, 0.0), worst=False)
            for part in self.rows
            if part.hard
        )
        return replace(self, costs=(), exclusions=self._exclusions_alone(), rows=rows, groupings=())

    def _exclusions_alone(self) -> tuple[Exclusion, ...]:
        """The exclusions for a problem without these costs."""
        return tuple(replace(part, in_cost=False) for part in self.exclusions)


def _hard_alone(rows: Rows) -> Rows:
    """The rows that must hold; those with a price, which no plan breaks then, are open."""
    hard = np.isinf(rows.price)
    if hard.all():
        return rows
    return replace(
        rows,
        lower=np.where(hard, rows.lower, -np.inf),
        upper=np.where(hard, rows.upper, np.inf),
        price=np.full(len(rows), np.inf),
    )


def _weighted(costs: Sequence[Cost], start: int, stop: int, reps: int) -> FloatArray:
    if not costs:
        return np.zeros((stop - start, reps))
    out: FloatArray = costs[0].price * costs[0].amounts.block(start, stop)
    for cost in costs[1:]:
        out += cost.price * cost.amounts.block(start, stop)
    return out
