"""The linear model in whole numbers, for solvers that know nothing else, without a false claim.

Row r is multiplied by a factor m_r, the objective by a factor M, and both are rounded:

- Data that are whole after multiplying by 10^k, k <= 6, stay exact.
- Otherwise m_r is a power of two such that rounding all amounts of a row errs by at most
  E_r <= 2^-24 of its scale (our checker forgives 1e-6, about 2^-20), and the row's bounds are
  loosened by E_r. Slack columns count in units of 1/m_r.
- Costs are rounded down. Z of a worst part counts in steps that are one unit of each of its rows
  where its prices allow that, else in steps of 2^-20 of its usual size; rows give way by a step.

Every rounding widens the model or makes it cheaper, so its optimum, divided by M, is a valid
lower bound on the true optimum; nothing need be subtracted. What a plan costs is our evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from territoryopt.backends.linear import LinearModel
from territoryopt.backends.rounding import (
    DECIMALS,
    EDGE,
    MOST,
    OPEN,
    WORST_BITS,
    WholeRows,
    column_of,
    whole,
    whole_rows,
)
from territoryopt.problem import FloatArray, IntArray

COST_BITS = 2.0**30
"""The largest cost of a pair, where costs are not whole: an account's cost errs by 1e-9 of it."""

SLACK_BITS = 2.0**20
"""The cheapest step of a slack, where sums allow."""


@dataclass(frozen=True, eq=False)
class IntegerModel:
    """min cost · v with lower <= matrix v <= upper, 0 <= v <= most, all int64.

    matrix: scipy csr_array; lower and upper are -OPEN and OPEN where open. money: a cost of 1 is
    1 / money currency/year, to which comes `linear.offset`. exact: nothing was rounded.
    """

    linear: LinearModel
    matrix: Any
    lower: IntArray
    upper: IntArray
    most: IntArray
    cost: IntArray
    money: float
    exact: bool
    notes: tuple[str, ...]

    def hint(self, rep: IntArray) -> IntArray:
        """int64[columns]: column values of a plan; slacks as this model's rows need them."""
        out: IntArray = np.rint(self.linear.values_of(rep)).astype(np.int64)
        x = out.copy()
        x[len(self.linear.pairs) :] = 0
        s = self.matrix @ x
        csc = self.matrix.tocsc()
        for block in self.linear.column_blocks:
            here = slice(block.first, block.first + block.count)
            if block.kind == "over":
                out[here] = np.maximum(0, s[block.of] - self.upper[block.of])
            elif block.kind == "under":
                out[here] = np.maximum(0, self.lower[block.of] - s[block.of])
            elif block.kind == "worst":
                inside = slice(csc.indptr[block.first], csc.indptr[block.first + 1])
                rows, step = csc.indices[inside], csc.data[inside]
                short = np.where(step < 0, s[rows] - self.upper[rows], self.lower[rows] - s[rows])
                out[here] = max(0, int((-(-short // np.abs(step))).max(initial=0)))
        return np.minimum(out, self.most)


def integer_model(linear: LinearModel) -> IntegerModel:
    """Scale and round a linear model. Time and memory are linear in its entries."""
    rows = whole_rows(linear)
    tail = _Tail(linear, rows)
    cost, money, cost_exact = _costs(linear, tail, rows.notes)
    return IntegerModel(
        linear=linear,
        matrix=tail.matrix(),
        lower=_int(rows.lower),
        upper=_int(rows.upper),
        most=tail.most.astype(np.int64),
        cost=cost,
        money=money,
        exact=bool(rows.exact.all() and cost_exact and tail.exact),
        notes=tuple(rows.notes),
    )


def _int(value: FloatArray) -> IntArray:
    out = np.where(np.isinf(value), 0.0, value).astype(np.int64)
    out[np.isposinf(value)] = OPEN
    out[np.isneginf(value)] = -OPEN
    return out


class _Tail:
    """The columns after the pairs: largest values, size of a step (in the linear model's unit of
    the column) and entries. Loosens the rows of a worst part in place."""

    def __init__(self, linear: LinearModel, rows: WholeRows) -> None:
        self.linear = linear
        self.rows = rows
        self.most, self.step = np.ones(linear.columns), np.ones(linear.columns)
        self.exact = True
        self._entries: list[tuple[IntArray, IntArray, FloatArray]] = []
        for block in linear.column_blocks:
            columns = np.arange(block.first, block.first + block.count)
            if block.kind == "count":
                self.most[columns] = linear.upper[columns]
                part = linear.matrix[:, columns].tocoo()
                self._entries.append((part.row, part.col + block.first, part.data))
            elif block.kind == "worst":
                self._worst(block.first)
            else:
                self._slack(block.kind == "over", block.of, columns)

    def _slack(self, over: bool, of: IntArray, columns: IntArray) -> None:
        rows = self.rows
        self.step[columns] = 1 / (rows.m * rows.sigma)[of]
        short = rows.most[of] - rows.upper[of] if over else rows.lower[of] - rows.least[of]
        self.most[columns] = np.maximum(0, short)
        self._entries.append((of, columns, np.full(len(of), -1.0 if over else 1.0)))

    def _worst(self, column: int) -> None:
        rows = self.rows
        of, entry = column_of(self.linear, column)
        kappa = np.abs(entry) * (rows.sigma * rows.m)[of]
        if np.all(kappa <= kappa.min() * (1 + 128 * EDGE)):
            step, units = 1 / kappa.min(), np.ones(len(of))
        else:
            # Rounded up, so that a step frees at least as much of a row as it should; and a row
            # gives way by what is left of a step, so that Z is never a step too dear.
            self.exact = False
            step = 1 / WORST_BITS
            units = np.maximum(1, np.ceil(kappa * step * (1 - EDGE)))
            rows.upper[of] += np.where(entry < 0, units - 1, 0)
            rows.lower[of] -= np.where(entry > 0, units - 1, 0)
        short = np.where(entry < 0, rows.most[of] - rows.upper[of], rows.lower[of] - rows.least[of])
        self.most[column] = np.maximum(0, np.ceil(short / units)).max()
        self.step[column] = step
        self._entries.append((of, np.full(len(of), column), np.sign(entry) * units))

    def matrix(self) -> Any:
        """All columns, int64, by row."""
        from scipy.sparse import coo_array, csr_array, hstack

        pairs = len(self.linear.pairs)
        body = self.linear.matrix[:, :pairs].tocsr()
        body.sort_indices()
        out = csr_array((self.rows.values.astype(np.int64), body.indices, body.indptr), body.shape)
        if not self._entries:
            return out
        row, column, value = (np.concatenate(each) for each in zip(*self._entries, strict=True))
        shape = (body.shape[0], self.linear.columns - pairs)
        tail = coo_array((value.astype(np.int64), (row, column - pairs)), shape=shape)
        return hstack([out, tail.tocsr()], format="csr")


def _costs(linear: LinearModel, tail: _Tail, notes: list[str]) -> tuple[IntArray, float, bool]:
    """Whole costs, rounded down; the factor M; whether they are exact."""
    pairs = len(linear.pairs)
    cost = linear.cost * tail.step
    size = np.zeros(len(cost))
    if pairs:
        # Taking the cheapest pair off an account's costs rounds at the size of those costs.
        size[:pairs] = np.abs(linear.pairs.cost).max()
    total = float((np.abs(cost) * tail.most).sum())
    for k in range(2 * DECIMALS + 1):
        money = 10.0**k
        if total * money < MOST / 4 and bool(whole(cost * money, size * money).all()):
            return np.rint(cost * money).astype(np.int64), money, True
    slack = cost[pairs:][(cost[pairs:] > 0) & (tail.most[pairs:] > 0)]
    largest = float(cost[:pairs].max(initial=0.0))
    wanted = COST_BITS / largest if largest > 0 else 1.0
    if len(slack):
        wanted = max(wanted, SLACK_BITS / float(slack.min()))
    money = float(np.exp2(np.floor(np.log2(min(wanted, MOST / 4 / max(total, 1e-300))))))
    if len(slack) and float(slack.min()) * money < 2**10:
        notes.append("prices and costs are of very unlike sizes: the bound may be coarse")
    return np.floor(cost * money).astype(np.int64), money, False
