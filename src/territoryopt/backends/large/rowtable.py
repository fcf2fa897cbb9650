"""The side rows of a problem under one numbering, as the kernels read them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from territoryopt.problem import FloatArray, IntArray, Prices, Problem


@dataclass(frozen=True, eq=False)
class RowTable:
    """Rows of all parts, those of part p from `first[p]` on.

    row: int32[reps, parts], the row that a pair of a rep falls in, -1 = none. lower, upper,
    price, constant: float[rows] as in `Rows`. worst: float[rows] marks the rows of parts that are
    charged for their worst row only. part: int[rows].
    """

    first: IntArray
    part: IntArray
    row: NDArray[np.int32]
    lower: FloatArray
    upper: FloatArray
    price: FloatArray
    constant: FloatArray
    worst: tuple[int, ...]

    @staticmethod
    def of(problem: Problem) -> RowTable:
        """The table of a problem's parts, in their order."""
        parts = problem.rows
        sizes = [len(part) for part in parts]
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        row = np.full((problem.reps, len(parts)), -1, dtype=np.int32)
        for p, part in enumerate(parts):
            row[:, p] = np.where(part.row_of_rep >= 0, part.row_of_rep + first[p], -1)

        def joined(name: str) -> FloatArray:
            return np.concatenate([np.empty(0), *(getattr(part, name) for part in parts)])

        return RowTable(
            first=first,
            part=np.repeat(np.arange(len(parts)), sizes),
            row=row,
            lower=joined("lower"),
            upper=joined("upper"),
            price=joined("price"),
            constant=joined("constant"),
            worst=tuple(p for p, part in enumerate(parts) if part.worst),
        )

    def __len__(self) -> int:
        return len(self.lower)

    @property
    def parts(self) -> int:
        return len(self.first) - 1

    def prices(self, y: FloatArray) -> Prices:
        """float[rows] as the prices of the parts."""
        return Prices(tuple(y[a:b].copy() for a, b in pairwise(self.first)))

    def flat(self, prices: Prices) -> FloatArray:
        """The prices of the parts as float[rows]."""
        return np.concatenate([np.empty(0), *prices.rows])

    def by_rep(self, y: FloatArray) -> FloatArray:
        """float[reps, parts]: the price that a pair of a rep pays per unit of each part."""
        if not len(y):
            return np.zeros(self.row.shape)
        out: FloatArray = np.where(self.row >= 0, y[self.row], 0.0)
        return out
