"""Prices of the groupings in the proved bound: which accounts should share a rep, or must not.

Of a group g with price P (inf where it must hold), x_ij = 1 where account i is with rep j:

- apart: with n_gj = Σ_{i in g} x_ij, a member counted as often as it is listed, the money is
  P Σ_j max(0, n_gj - 1) >= Σ_j λ_gj (n_gj - 1) for all 0 <= λ_gj <= P. Every member's pair with j
  is dearer by λ_gj, and Σ_j λ_gj is given back.
- together: with y_gj = max_{i in g} x_ij, the money is P max(0, Σ_j y_gj - 1). For all μ_ij >= 0
  and 0 <= ν <= P it is at least

      Σ_ij μ_ij (x_ij - y_gj) + ν (Σ_j y_gj - 1)
          >= Σ_ij μ_ij x_ij - ν - Σ_j max(0, m_gj - ν),   m_gj = Σ_{i in g} μ_ij,

  for y_gj is 0 or 1. The pair (i, j) is dearer by μ_ij, and the rest is given back, at the best ν:
  the second largest m_gj of the group, P at most, for then one rep at most is worth more than ν.

Both hold for every plan, whoever found the prices. At the duals of the LP relaxation of
`territoryopt.backends.linear` they give its optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from territoryopt.problem.amounts import FloatArray, IntArray
from territoryopt.problem.parts import Grouping

LARGEST = 1e100
"""A price beyond this, currency/year, is taken as this: sums stay numbers."""


@dataclass(frozen=True, eq=False)
class GroupPrices:
    """Multipliers of one `Grouping` where they are not zero, currency/year.

    Entry e is `price[e]` for `rep[e]` and, apart, the group `of[e]` (λ_gj); together, the member
    that stands at the place `of[e]` of `Grouping.member` (μ_ij). Entries ascend by of, then rep,
    each once: `listed` puts them so.
    """

    of: IntArray
    rep: IntArray
    price: FloatArray

    @staticmethod
    def none() -> GroupPrices:
        """No price at all: the grouping is left out of the bound."""
        return GroupPrices(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))

    @staticmethod
    def listed(of: IntArray, rep: IntArray, price: FloatArray) -> GroupPrices:
        """From entries int[n], int[n], neither below zero, and float[n] in any order; prices of one
        of and rep are added. Those without a price above zero are dropped."""
        given = np.clip(np.nan_to_num(price, nan=0.0, posinf=0.0, neginf=0.0), 0.0, LARGEST)
        some = given > 0
        many = int(rep.max(initial=0)) + 1
        key, entry = np.unique(of[some] * many + rep[some], return_inverse=True)
        total = np.bincount(entry.reshape(-1), given[some], minlength=len(key))
        return GroupPrices(key // many, key % many, total.astype(np.float64))

    def __len__(self) -> int:
        return len(self.of)


def valid_group_prices(grouping: Grouping, given: GroupPrices, reps: int) -> GroupPrices:
    """The nearest prices that prove something: finite, not below zero, of what there is, and
    within the price of the grouping where it keeps accounts apart."""
    many = len(grouping) if grouping.apart else len(grouping.member)
    there = (given.of >= 0) & (given.of < many) & (given.rep >= 0) & (given.rep < reps)
    out = GroupPrices.listed(given.of[there], given.rep[there], given.price[there])
    most = min(grouping.price, LARGEST)
    if not grouping.apart:  # ν takes the price into account; without one there is nothing to tell
        return out if most > 0 else GroupPrices.none()
    return GroupPrices.listed(out.of, out.rep, np.minimum(out.price, most))


def shifts(
    grouping: Grouping, given: GroupPrices, start: int, stop: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """(account, rep, currency/year), each [n]: what makes pairs of the accounts start..stop-1
    dearer; a pair may stand several times. `given` valid."""
    place, account = grouping.by_account
    low, high = np.searchsorted(account, [start, stop])
    place, account = place[low:high], account[low:high]
    key = grouping.group_of_member[place] if grouping.apart else place
    first = np.searchsorted(given.of, key)
    many = np.searchsorted(given.of, key, side="right") - first
    source = np.repeat(np.arange(len(key)), many)
    entry = np.arange(len(source)) + np.repeat(first - np.cumsum(many) + many, many)
    return account[source], given.rep[entry], given.price[entry]


def add_to_block(
    reduced: FloatArray, start: int, groupings: Sequence[Grouping], prices: Sequence[GroupPrices]
) -> None:
    """Add the shifts to a block float[n, reps] of the accounts from `start` on."""
    for grouping, given in _priced(groupings, prices):
        account, rep, money = shifts(grouping, given, start, start + len(reduced))
        np.add.at(reduced, (account - start, rep), money)


def add_to_pairs(
    reduced: FloatArray,
    account: IntArray,
    rep: IntArray,
    groupings: Sequence[Grouping],
    prices: Sequence[GroupPrices],
) -> None:
    """Add the shifts to float[n] of listed pairs, ascending by account, then rep, each once."""
    if not len(reduced):
        return
    reps = int(rep.max()) + 1
    key = account * reps + rep
    for grouping, given in _priced(groupings, prices):
        i, j, money = shifts(grouping, given, 0, int(account[-1]) + 1)
        inside = j < reps
        asked = i[inside] * reps + j[inside]
        place = np.minimum(np.searchsorted(key, asked), len(key) - 1)
        found = key[place] == asked
        np.add.at(reduced, place[found], money[inside][found])


def add_to_candidates(
    reduced: FloatArray,
    rep: NDArray[np.int32],
    groupings: Sequence[Grouping],
    prices: Sequence[GroupPrices],
) -> None:
    """Add the shifts to float[n, k] of candidate pairs, each account with the reps int[n, k]."""
    for grouping, given in _priced(groupings, prices):
        account, other, money = shifts(grouping, given, 0, len(reduced))
        entry, place = np.nonzero(rep[account] == other[:, None])
        np.add.at(reduced, (account[entry], place), money[entry])


def _priced(
    groupings: Sequence[Grouping], prices: Sequence[GroupPrices]
) -> list[tuple[Grouping, GroupPrices]]:
    """The groupings that have prices; none where groupings are left out altogether."""
    if not prices:
        return []
    return [pair for pair in zip(groupings, prices, strict=True) if len(pair[1])]


def given_back(grouping: Grouping, given: GroupPrices) -> FloatArray:
    """float[n], none above zero, currency/year: what the bound gives back for each group that has
    prices (see the module). `given` valid."""
    if not len(given):
        return np.empty(0)
    if grouping.apart:
        return -given.price
    each = GroupPrices.listed(grouping.group_of_member[given.of], given.rep, given.price)
    order = np.lexsort((-each.price, each.of))
    group, worth = each.of[order], each.price[order]
    _, first, of_cell = np.unique(group, return_index=True, return_inverse=True)
    second = np.append(worth, 0.0)[first + 1]
    alone = np.append(group, -1)[first + 1] != group[first]
    nu = np.minimum(np.where(alone, 0.0, second), grouping.price)
    above = np.maximum(0.0, worth - nu[of_cell.reshape(-1)])
    out: FloatArray = -(nu + np.add.reduceat(above, first))
    return out
