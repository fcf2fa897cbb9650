"""Factors that make the rows of a linear model whole numbers, and what rounding them costs.

The rules are told in `integers.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from territoryopt.backends.linear import LinearModel
from territoryopt.problem import TOLERANCE, FloatArray, IntArray

BoolArray = NDArray[np.bool_]

OPEN = 2**62
"""Stands for an open side."""

MOST = 2.0**60
"""Sums of |coefficient| x |largest value| stay below; CP-SAT computes in int64."""

DECIMALS = 6
FINE = 2.0**23
"""Units of a row's scale for each account in it: half a unit of error each makes 2^-24."""

WORST_BITS = 2.0**20
ULPS = 16 * np.finfo(np.float64).eps
EDGE = 1e-12
"""Of a row's size: float rounding of its bounds, by which they are loosened in any case."""


def whole(value: FloatArray, size: FloatArray | float) -> BoolArray:
    """bool: whether float rounding alone keeps a value from being whole; `size` is what it was
    computed from."""
    near: BoolArray = np.abs(value - np.rint(value)) <= ULPS * np.maximum(np.abs(value), size)
    return near & (np.abs(value) < 2.0**52)


def column_of(linear: LinearModel, column: int) -> tuple[IntArray, FloatArray]:
    """Rows and entries of one column of the linear model."""
    here = slice(linear.matrix.indptr[column], linear.matrix.indptr[column + 1])
    return linear.matrix.indices[here].astype(np.int64), linear.matrix.data[here]


@dataclass(eq=False)
class WholeRows:
    """The rows over pairs in whole numbers: row r is multiplied by m[r] and rounded.

    All arrays are float64, whole where they stand for integers. values: of the pair entries, in
    the order of `linear.matrix[:, :pairs]` by row. m, sigma: factor and the linear model's own
    divisor of each row. lower, upper: loosened bounds. most, least: of a row's activity. exact:
    rows in which nothing was rounded.
    """

    m: FloatArray
    sigma: FloatArray
    lower: FloatArray
    upper: FloatArray
    values: FloatArray
    most: FloatArray
    least: FloatArray
    exact: BoolArray
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Facts:
    """Of each LP row: divisor, scale, size of its bounds, whether it is over pairs in a part of
    `Problem.rows` at all, and whether money answers for it."""

    sigma: FloatArray
    scale: FloatArray
    size: FloatArray
    part: BoolArray
    priced: BoolArray


def whole_rows(linear: LinearModel) -> WholeRows:
    """Choose the factors and round. Time and memory are linear in the entries."""
    csr = linear.matrix[:, : len(linear.pairs)].tocsr()
    csr.sort_indices()
    facts = _facts(linear)
    n = csr.shape[0]
    row = np.repeat(np.arange(n), np.diff(csr.indptr))
    raw = csr.data * facts.sigma[row]
    low, high = linear.row_lower * facts.sigma, linear.row_upper * facts.sigma
    # Entries of one account in one row stand together, and only one of them is ever used.
    account = linear.pairs.account[csr.indices]
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (account[1:] != account[:-1])
    group = np.flatnonzero(new)
    total = np.bincount(row, weights=np.abs(raw), minlength=n).astype(np.float64)
    many = np.bincount(row[group], minlength=n)
    m, exact = _factors(facts, row, raw, total, many, low, high)
    notes = _raise_worst(linear, facts, m, total)
    scaled = raw * m[row]
    values = np.rint(scaled)
    error, most, least = np.zeros(n), np.zeros(n), np.zeros(n)
    if len(group):
        slip = np.where(exact[row], 0.0, np.abs(scaled - values))
        np.add.at(error, row[group], np.maximum.reduceat(slip, group))
        np.add.at(most, row[group], np.maximum(0, np.maximum.reduceat(values, group)))
        np.add.at(least, row[group], np.minimum(0, np.minimum.reduceat(values, group)))
    if np.any(error > TOLERANCE / 2 * facts.scale * m):
        notes.append("some rows are rounded more coarsely than the tolerance of the check")
    lower, upper = _bounds(facts, m, low, high, error)
    return WholeRows(m, facts.sigma, lower, upper, values, most, least, exact, notes)


def _facts(linear: LinearModel) -> _Facts:
    n = len(linear.row_lower)
    facts = _Facts(
        np.ones(n), np.ones(n), np.zeros(n), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    )
    for block in linear.row_blocks:
        part = linear.problem.rows[block.part]
        facts.sigma[block.row] = block.sigma
        facts.scale[block.row] = part.scale[block.of]
        facts.size[block.row] = (part.scale + np.abs(part.constant))[block.of]
        facts.part[block.row] = True
        facts.priced[block.row] = np.isfinite(part.price[block.of])
    return facts


def _factors(
    facts: _Facts,
    row: IntArray,
    raw: FloatArray,
    total: FloatArray,
    many: IntArray,
    low: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, BoolArray]:
    """m and exact of every row; account and grouping rows are whole as they are."""
    n = len(total)
    exact = ~facts.part
    m = np.ones(n)
    for k in range(DECIMALS + 1):
        factor = 10.0**k
        good = ~exact & (total * factor < MOST / 4)
        good &= np.bincount(row, weights=~whole(raw * factor, 0.0), minlength=n) == 0
        for side in (low, high):
            closed = np.where(np.isfinite(side), side, 0.0) * factor
            # The excess over a bound is charged exactly only if the bound is whole as well.
            good &= ~facts.priced | whole(closed, facts.size * factor)
        m[good] = factor
        exact |= good
    wanted = np.exp2(np.ceil(np.log2(np.maximum(1, many) * FINE / facts.scale)))
    room = np.exp2(np.floor(np.log2(MOST / 4 / np.maximum(total, facts.scale))))
    return np.where(exact, m, np.minimum(wanted, room)), exact


def _raise_worst(linear: LinearModel, facts: _Facts, m: FloatArray, total: FloatArray) -> list[str]:
    """Raise the factors of the rows that share a Z, in place, so that one step of Z is one unit of
    each (exact), or else so that a step is fine."""
    notes = []
    for block in linear.column_blocks:
        if block.kind != "worst":
            continue
        rows, entry = column_of(linear, block.first)
        weight = np.abs(entry) * facts.sigma[rows]
        size = np.maximum(total, facts.scale)[rows]
        factor = _equal_steps(weight * m[rows])
        if factor is None or np.any(size * m[rows] * factor > MOST / 4):
            need = np.exp2(np.ceil(np.log2(WORST_BITS * WORST_BITS / weight / m[rows])))
            room = np.exp2(np.floor(np.log2(MOST / 4 / size / m[rows])))
            factor = np.maximum(1.0, np.minimum(need, room))
            if np.any(need > room):
                notes.append("a worst-row goal is rounded coarsely: its prices are very unlike")
        m[rows] *= factor
    return notes


def _equal_steps(kappa: FloatArray) -> FloatArray | None:
    """Whole factors that make all `kappa` equal; None where no small ones do."""
    for k in range(1, 13):
        ratio = kappa / kappa.min() * k
        near = np.rint(ratio)
        if np.all(np.abs(ratio - near) <= 64 * EDGE * ratio) and near.max() < WORST_BITS:
            common = math.lcm(*(int(each) for each in np.unique(near)))
            if common < WORST_BITS:
                factor: FloatArray = common / near
                return factor
    return None


def _bounds(
    facts: _Facts, m: FloatArray, low: FloatArray, high: FloatArray, error: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Whole bounds, -inf/inf where open. A hard row's activity is whole, so its bound is cut to
    the whole number inside; a priced row's goes to the one outside, so that the excess is never
    charged too much."""
    edge = EDGE * facts.size * m
    above, below = high * m + error, low * m - error
    upper = np.where(facts.priced, np.ceil(above - edge), np.floor(above + edge))
    lower = np.where(facts.priced, np.floor(below + edge), np.ceil(below - edge))
    return np.where(lower <= -MOST, -np.inf, lower), np.where(upper >= MOST, np.inf, upper)
