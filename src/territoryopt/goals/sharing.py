"""Sharing out a whole number of units exactly. Whole numbers and fractions only: no float decides
who gets the last cent."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np


def exact(value: float) -> Fraction:
    """The number as it is written: 0.9 is nine tenths, and not the nearest binary fraction."""
    return Fraction(repr(float(value)))


def shares(amounts: Sequence[Fraction]) -> list[Fraction]:
    """Each amount as a fraction of their sum; all zero where the sum is."""
    total = sum(amounts, Fraction(0))
    return [amount / total if total else Fraction(0) for amount in amounts]


def largest_remainder(amounts: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers that add up to `total`, each the amount rounded down or up.

    Formula: floor(x_k), and one more for the `total - sum floor(x)` largest fractions
             x_k - floor(x_k); of equal ones the first
    Units: those of the amounts, which add up to `total` themselves (ValueError otherwise)
    Source: the method of largest remainders (Hamilton's): Balinski & Young 1982, Fair
            Representation, Yale University Press
    """
    if sum(amounts, Fraction(0)) != total:
        raise ValueError("the amounts do not add up to the total")
    out = [x.numerator // x.denominator for x in amounts]
    order = sorted(range(len(out)), key=lambda k: (out[k] - amounts[k], k))
    for k in order[: total - sum(out)]:
        out[k] += 1
    return out


def by_weight(weights: Sequence[Fraction], total: int) -> list[int]:
    """`total` units in proportion to weights (their sum above zero), by largest remainders."""
    return largest_remainder([total * share for share in shares(weights)], total)


class Infeasible(ValueError):
    """No amounts between the limits add up to the total; `least` and `most` is what they can."""

    def __init__(self, least: Fraction, most: Fraction | None) -> None:
        super().__init__("the total is out of reach")
        self.least, self.most = least, most


def water_fill(
    wanted: Sequence[Fraction],
    low: Sequence[int],
    high: Sequence[int | None],
    total: int,
) -> list[Fraction]:
    """Amounts between limits that add up to `total` and keep the proportions of what is wanted.

    Formula: g_k = min(high_k, max(low_k, λ wanted_k)) with the one λ at which Σ g_k = total
    Symbols: wanted_k >= 0; low_k <= high_k whole numbers, None for no upper limit
    Units: any, one for all
    Errors: Infeasible where Σ low > total or Σ high < total; who wants nothing gets the least
    Source: water-filling. λ exists because Σ g is continuous and never falls in λ; the g_k are the
            nearest to `wanted` in Σ (g_k - wanted_k)² / wanted_k (its optimality conditions)
    """
    tops = [lo if not w else hi for w, lo, hi in zip(wanted, low, high, strict=True)]
    least = Fraction(sum(low))
    most = None if None in tops else Fraction(sum(top for top in tops if top is not None))
    if total < least or (most is not None and total > most):
        raise Infeasible(least, most)

    def level(at: Fraction) -> list[Fraction]:
        found = (max(Fraction(lo), at * w) for w, lo in zip(wanted, low, strict=True))
        return [g if top is None else min(g, Fraction(top))
                for g, top in zip(found, tops, strict=True)]  # fmt: skip

    # Σ g is linear between the levels at which somebody leaves a limit or meets one
    turns = sorted(
        {
            Fraction(end) / w
            for w, lo, top in zip(wanted, low, tops, strict=True)
            for end in (lo, top)
            if w and end is not None
        }
    )
    first, last = 0, len(turns)
    while first < last:
        middle = (first + last) // 2
        if sum(level(turns[middle]), Fraction(0)) < total:
            first = middle + 1
        else:
            last = middle
    below = turns[first - 1] if first else Fraction(0)
    base = level(below)
    missing = total - sum(base, Fraction(0))
    if not missing:
        return base
    free = [
        w if w and (top is None or at < top) and below * w >= lo else Fraction(0)
        for w, lo, top, at in zip(wanted, low, tops, base, strict=True)
    ]
    return level(below + missing / sum(free, Fraction(0)))


def rounded_table(cells: Sequence[Sequence[Fraction]]) -> list[list[int]]:
    """A table of whole numbers, each cell, row sum and column sum the exact one rounded down or up.

    The rows must add up to whole numbers, and these are kept. Such a table is always there.
    Source: controlled rounding, Cox 1987, J. American Statistical Association 82(398), 520-524;
            found as a largest flow (Bacharach 1966, Management Science 12(9), 732-742)
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    rows, columns = len(cells), len(cells[0]) if cells else 0
    out = [[x.numerator // x.denominator for x in row] for row in cells]
    sums = [sum((row[m] for row in cells), Fraction(0)) for m in range(columns)]
    totals = largest_remainder(sums, int(sum(sums, Fraction(0)))) if columns else []
    need = [int(sum(row, Fraction(0))) - sum(done) for row, done in zip(cells, out, strict=True)]
    room = [totals[m] - sum(done[m] for done in out) for m in range(columns)]
    if not any(need):
        return out
    source, sink = rows + columns, rows + columns + 1
    tails, heads, sizes = [], [], []
    for j in range(rows):
        tails.append(source)
        heads.append(j)
        sizes.append(need[j])
        for m in range(columns):
            if cells[j][m] > out[j][m]:
                tails.append(j)
                heads.append(rows + m)
                sizes.append(1)
    for m in range(columns):
        tails.append(rows + m)
        heads.append(sink)
        sizes.append(room[m])
    graph = csr_array((np.array(sizes, dtype=np.int32), (tails, heads)), shape=(sink + 1, sink + 1))
    flow = maximum_flow(graph, source, sink).flow.tocoo()
    for j, k, one in zip(flow.row.tolist(), flow.col.tolist(), flow.data.tolist(), strict=True):
        if j < rows and one > 0:
            out[int(j)][int(k) - rows] += int(one)
    return out
