"""What the linear model is put together from: blocks of columns and rows, and who collects them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from territoryopt.problem import FloatArray, IntArray, Pairs

Values = Callable[[IntArray], FloatArray]
"""The values of some columns at a plan int[accounts]."""


@dataclass(frozen=True, eq=False)
class RowBlock:
    """LP rows `row` stand for the rows `of` of part `part` of `Problem.rows`, over `sigma`.

    A row of a worst part may stand in two blocks, one for each side.
    """

    part: int
    of: IntArray
    row: IntArray
    sigma: FloatArray


@dataclass(frozen=True, eq=False)
class GroupBlock:
    """LP rows `row` stand for what a `GroupPrices` of part `part` of `Problem.groupings` prices:
    `of` is the group where apart, the place of the member where together; `rep` the rep."""

    part: int
    of: IntArray
    rep: IntArray
    row: IntArray


@dataclass(frozen=True, eq=False)
class ColumnBlock:
    """Columns first..first+count-1 after the pairs. kind: "over", "under" (`of` names the LP row
    of each), "worst" (one column), "count" (a_gj and y_gj, integral at any plan)."""

    kind: str
    first: int
    count: int
    of: IntArray
    values: Values


@dataclass(eq=False)
class Builder:
    """Collects columns, rows and entries; whole arrays at a time."""

    pairs: Pairs
    reps: int
    cost: list[FloatArray] = field(default_factory=list)
    upper: list[FloatArray] = field(default_factory=list)
    lower_side: list[FloatArray] = field(default_factory=list)
    upper_side: list[FloatArray] = field(default_factory=list)
    entries: list[tuple[IntArray, IntArray, FloatArray]] = field(default_factory=list)
    row_blocks: list[RowBlock] = field(default_factory=list)
    group_blocks: list[GroupBlock] = field(default_factory=list)
    column_blocks: list[ColumnBlock] = field(default_factory=list)
    offset: float = 0.0
    columns: int = 0
    rows: int = 0

    def add_columns(self, cost: FloatArray, upper: FloatArray) -> IntArray:
        first, self.columns = self.columns, self.columns + len(cost)
        self.cost.append(cost)
        self.upper.append(upper)
        return np.arange(first, self.columns)

    def add_block(
        self, kind: str, cost: FloatArray, upper: FloatArray, of: IntArray, values: Values
    ) -> IntArray:
        columns = self.add_columns(cost, upper)
        first = self.columns - len(cost)
        self.column_blocks.append(ColumnBlock(kind, first, len(cost), of, values))
        return columns

    def add_rows(self, lower: FloatArray, upper: FloatArray) -> IntArray:
        first, self.rows = self.rows, self.rows + len(lower)
        self.lower_side.append(lower)
        self.upper_side.append(upper)
        return np.arange(first, self.rows)

    def add_entries(self, row: IntArray, column: IntArray, value: FloatArray) -> None:
        self.entries.append((row, column, value))
