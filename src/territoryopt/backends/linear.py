"""The problem as a mixed-integer linear model in plain arrays, which every solver room reads.

    min  offset + cost · v    with  row_lower <= matrix v <= row_upper,  0 <= v <= upper

Columns: first one x_ij per eligible pair, in the order of `Problem.pairs`, binary; then continuous
columns, each determined by the x of a plan:

- over/under of a priced row, in units of the row's `sigma` (a power of two near its scale);
- Z of a `worst` part, in units of `zeta` money: s_r - Z/price_r <= upper_r, s_r + Z/price_r >=
  lower_r;
- a_gj >= Σ_{i in g} x_ij - 1 of an `apart` grouping and y_gj >= x_ij of a `together` grouping.
  They need no integrality: at integral x the least value is integral. A hard grouping has no a_gj
  and has Σ_j y_gj <= 1.

Rows: one per account (Σ_j x_ij = 1), then those of the `Rows` parts, divided by `sigma` so that a
solver's absolute tolerance means a fraction of the row's scale, then those of the groupings.
The cheapest eligible pair of each account is taken off its costs and put in `offset`: exactly one
pair is used, so nothing changes but the numbers, which get small.
Dividing by powers of two loses no bit; integral data can still be read back (`integers.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from territoryopt.backends.building import Builder, ColumnBlock, GroupBlock, RowBlock
from territoryopt.backends.grouping_rows import add_grouping
from territoryopt.errors import BackendError
from territoryopt.problem import FloatArray, GroupPrices, IntArray, Pairs, Prices, Problem, Rows


@dataclass(frozen=True, eq=False)
class LinearModel:
    """See the module text. matrix: scipy csc_array float[rows, columns].

    cost and offset: currency/year per unit of the column. upper: float[columns].
    """

    problem: Problem
    pairs: Pairs
    cost: FloatArray
    offset: float
    upper: FloatArray
    matrix: Any
    row_lower: FloatArray
    row_upper: FloatArray
    row_blocks: tuple[RowBlock, ...]
    group_blocks: tuple[GroupBlock, ...]
    column_blocks: tuple[ColumnBlock, ...]

    @property
    def columns(self) -> int:
        return len(self.cost)

    def values_of(self, rep: IntArray) -> FloatArray:
        """float[columns]: the plan int[accounts] as column values, from our own arithmetic.

        A pair that is not eligible has no column, and -1 uses none: their accounts' rows fail.
        """
        out = np.zeros(self.columns)
        pairs, reps = self.pairs, self.problem.reps
        owned = np.flatnonzero(rep >= 0)
        if len(pairs):
            key = pairs.account * reps + pairs.rep
            asked = owned * reps + rep[owned]
            place = np.minimum(np.searchsorted(key, asked), len(key) - 1)
            out[place[key[place] == asked]] = 1.0
        for block in self.column_blocks:
            out[block.first : block.first + block.count] = block.values(rep)
        return out

    def plan_of(self, values: FloatArray) -> IntArray:
        """int[accounts]: each account's rep of largest value, the first of equals; -1 if none."""
        out = np.full(self.problem.accounts, -1, dtype=np.int64)
        x = np.asarray(values[: len(self.pairs)], dtype=np.float64)
        if len(x):
            filled = np.flatnonzero(np.diff(self.pairs.start) > 0)
            most = np.zeros(self.problem.accounts)
            most[filled] = np.maximum.reduceat(x, self.pairs.start[filled])
            top = np.flatnonzero(x >= most[self.pairs.account])[::-1]
            out[self.pairs.account[top]] = self.pairs.rep[top]
        return out

    def prices_of(self, row_dual: FloatArray) -> Prices:
        """Duals float[rows] (change of the minimum per unit of a row's bounds, currency/year) as
        prices of the parts: a dual below zero, at an upper side, pushes amounts away."""
        prices = tuple(np.zeros(len(part)) for part in self.problem.rows)
        for block in self.row_blocks:
            np.subtract.at(prices[block.part], block.of, row_dual[block.row] / block.sigma)
        groups = [GroupPrices.none() for _ in self.problem.groupings]
        for each in self.group_blocks:
            groups[each.part] = GroupPrices.listed(each.of, each.rep, -row_dual[each.row])
        return Prices(prices, tuple(groups))


def linear_model(problem: Problem) -> LinearModel:
    """Build the model of a problem over units (`Problem.contracted`), or one without families.

    Time and memory are linear in the eligible pairs times the parts. Raises BackendError where
    families are left to contract.
    """
    if problem.units.count != problem.accounts:
        raise BackendError("a linear model is built over units: pass Problem.contracted")
    from scipy.sparse import csc_array

    pairs = problem.pairs
    build = Builder(pairs, problem.reps)
    filled = np.flatnonzero(np.diff(pairs.start) > 0)
    least = np.zeros(problem.accounts)
    if len(filled):
        least[filled] = np.minimum.reduceat(pairs.cost, pairs.start[filled])
    build.offset += float(least.sum())
    x = build.add_columns(pairs.cost - least[pairs.account], np.ones(len(pairs)))
    one = np.ones(problem.accounts)
    build.add_rows(one, one)
    build.add_entries(pairs.account, x, np.ones(len(pairs)))
    for k, part in enumerate(problem.rows):
        _add_part(build, k, part)
    for k, grouping in enumerate(problem.groupings):
        add_grouping(build, k, grouping)
    row, column, value = (np.concatenate(each) for each in zip(*build.entries, strict=True))
    matrix = csc_array((value, (row, column)), shape=(build.rows, build.columns))
    return LinearModel(
        problem=problem,
        pairs=pairs,
        cost=np.concatenate(build.cost),
        offset=build.offset,
        upper=np.concatenate(build.upper),
        matrix=matrix,
        row_lower=np.concatenate(build.lower_side),
        row_upper=np.concatenate(build.upper_side),
        row_blocks=tuple(build.row_blocks),
        group_blocks=tuple(build.group_blocks),
        column_blocks=tuple(build.column_blocks),
    )


def power_of_two(size: FloatArray) -> FloatArray:
    """The power of two next to each size above zero (within a factor of the root of two)."""
    out: FloatArray = np.exp2(np.round(np.log2(size)))
    return out


def _add_part(build: Builder, k: int, part: Rows) -> None:
    """The rows of one part that can bind; a row that is open or priced zero binds nothing."""
    bounded = np.isfinite(part.lower) | np.isfinite(part.upper)
    priced = np.isfinite(part.price)
    hard = np.flatnonzero(bounded & ~priced)
    soft = np.flatnonzero(bounded & priced & (part.price > 0))
    entries = _pair_entries(build, part)
    _side_rows(build, k, part, entries, hard, part.lower, part.upper)
    if not part.worst:
        _soft_rows(build, k, part, entries, soft)
    elif len(soft):
        _worst_rows(build, k, part, entries, soft)


Entries = tuple[IntArray, IntArray, FloatArray]


def _pair_entries(build: Builder, part: Rows) -> Entries:
    """(row of the part, column, amount) of every pair that falls in a row and carries some."""
    row = part.row_of_rep[build.pairs.rep]
    inside = np.flatnonzero(row >= 0)
    amount = part.amounts.at(build.pairs.account[inside], build.pairs.rep[inside])
    some = amount != 0
    return row[inside][some], inside[some], amount[some]


def _side_rows(
    build: Builder,
    k: int,
    part: Rows,
    entries: Entries,
    of: IntArray,
    lower: FloatArray,
    upper: FloatArray,
) -> IntArray:
    """LP rows lower <= s <= upper for the rows `of` of a part; constants go to the right."""
    sigma = power_of_two(part.scale)
    constant = part.constant
    rows = build.add_rows(((lower - constant) / sigma)[of], ((upper - constant) / sigma)[of])
    number = np.full(len(part), -1, dtype=np.int64)
    number[of] = rows
    row, column, amount = entries
    used = number[row] >= 0
    build.add_entries(number[row[used]], column[used], amount[used] / sigma[row[used]])
    build.row_blocks.append(RowBlock(k, of, rows, sigma[of]))
    return rows


def _soft_rows(build: Builder, k: int, part: Rows, entries: Entries, of: IntArray) -> None:
    if not len(of):
        return
    rows = _side_rows(build, k, part, entries, of, part.lower, part.upper)
    sigma = power_of_two(part.scale)
    for kind, side, sign in (("over", part.upper, -1.0), ("under", part.lower, 1.0)):
        closed = np.isfinite(side[of])
        r = of[closed]

        def values(
            rep: IntArray, r: IntArray = r, side: FloatArray = side, sign: float = sign
        ) -> FloatArray:
            out: FloatArray = np.maximum(0.0, sign * (side - part.activity(rep)))[r] / sigma[r]
            return out

        columns = build.add_block(
            kind, (part.price * sigma)[r], np.full(len(r), np.inf), rows[closed], values
        )
        build.add_entries(rows[closed], columns, np.full(len(r), sign))


def _worst_rows(build: Builder, k: int, part: Rows, entries: Entries, of: IntArray) -> None:
    sigma = power_of_two(part.scale)
    # One money unit of Z for all rows, such that its typical coefficient is about one.
    zeta = float(power_of_two(np.atleast_1d(np.median((part.price * sigma)[of])))[0])
    open_ = np.full(len(part), np.inf)
    above, below = of[np.isfinite(part.upper[of])], of[np.isfinite(part.lower[of])]

    def values(rep: IntArray) -> FloatArray:
        return np.array([part.money(part.activity(rep)) / zeta])

    column = build.add_block("worst", np.array([zeta]), np.array([np.inf]), of[:0], values)
    for r, lower, upper, sign in (
        (above, -open_, part.upper, -1.0),
        (below, part.lower, open_, 1.0),
    ):
        if len(r):
            rows = _side_rows(build, k, part, entries, r, lower, upper)
            value = sign * zeta / (part.price * sigma)[r]
            build.add_entries(rows, np.repeat(column, len(r)), value)
