"""Bounds drawn in to what totals can be, before a search: the same plans, a better proof.

Where every amount of a row is a whole multiple of a step g, so is its total less the constant,
and a hard bound between two multiples can be moved to the nearer one inside (a preprocessing of
Savelsbergh 1994, ORSA J. Computing 6(4), 445-454). Revenue in steps of 10,000 makes a band of
8,532,000 to 10,428,000 one of 8,540,000 to 10,420,000; the LP relaxation gains, and with it the
proved bound.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from territoryopt.problem.amounts import (
    AccountAmounts,
    Amounts,
    ComputedAmounts,
    FloatArray,
    blocks,
)
from territoryopt.problem.parts import TOLERANCE, Rows
from territoryopt.problem.problem import Problem

DECIMALS = 6
"""Digits behind the point that amounts may have and still count as whole steps."""
LARGEST = 2.0**52
ROUNDING = 1e-12
"""How far floating point may have carried an amount from a decimal number, as a fraction of it."""


def tighten(problem: Problem) -> Problem:
    """The problem with the bounds of hard rows moved in to multiples of their amounts' step.

    Every plan that holds in one holds in the other: a bound is never moved past a total that the
    checker's tolerance would let pass.
    """
    rows = tuple(_tightened(part, problem) if part.hard else part for part in problem.rows)
    if all(new is old for new, old in zip(rows, problem.rows, strict=True)):
        return problem
    return replace(problem, rows=rows)


def _tightened(rows: Rows, problem: Problem) -> Rows:
    step = _step(rows.amounts, problem)
    if step is None:
        return rows
    hard = np.isinf(rows.price)
    slack = TOLERANCE * rows.scale
    upper = _inside(rows.upper - rows.constant + slack, step, np.floor) + rows.constant
    lower = _inside(rows.lower - rows.constant - slack, step, np.ceil) + rows.constant
    # A bound that is a multiple already may come back a little off: keep the given one then, and
    # every bound that a multiple is within the tolerance of.
    upper = np.where(hard & (upper < rows.upper - slack), upper, rows.upper)
    lower = np.where(hard & (lower > rows.lower + slack), lower, rows.lower)
    same = (upper == rows.upper).all() and (lower == rows.lower).all()
    if same or (lower > upper).any():
        return rows
    out = replace(rows, lower=lower, upper=upper)
    # The tolerance is a fraction of the bounds and moves with them. Should it reach the next step,
    # more plans would hold than before; should it sink to the rounding of sums, fewer.
    tolerance = TOLERANCE * out.scale
    unsafe = (tolerance >= 0.5 * step) | (tolerance <= ROUNDING * np.abs(rows.constant))
    return rows if (hard & unsafe).any() else out


def _inside(bound: FloatArray, step: float, to: np.ufunc) -> FloatArray:
    out: FloatArray = to(bound / step) * step
    return out


def _step(amounts: Amounts, problem: Problem) -> float | None:
    """The largest g of which every amount is a whole multiple; None where there is none worth it.

    Amounts of the account alone only need one pass over accounts; others one over all pairs.
    """
    if isinstance(amounts, ComputedAmounts):
        return None  # a pass over pairs that are not stored is worth more than a step
    if isinstance(amounts, AccountAmounts):
        parts = [amounts.base, amounts.base[amounts.shift_account] + amounts.shift]
    else:
        parts = []
        for start, stop in blocks(problem.accounts, problem.reps):
            eligible = problem.eligible_block(start, stop)
            parts.append(amounts.block(start, stop)[eligible])
            if _scale(parts[0]) is None:
                return None
    values = np.unique(np.abs(np.concatenate(parts)))
    scale = _scale(values)
    if scale is None:
        return None
    whole = np.rint(values * scale).astype(np.int64)
    step = int(np.gcd.reduce(whole)) if len(whole) else 0
    return step / scale if step else None


def _scale(values: FloatArray) -> float | None:
    """The smallest power of ten that makes all values whole; None where none up to 10^6 does."""
    largest = float(np.abs(values).max(initial=0.0))
    for digits in range(DECIMALS + 1):
        scale = 10.0**digits
        if largest * scale > LARGEST:
            return None
        scaled = values * scale
        if np.all(np.abs(scaled - np.rint(scaled)) <= ROUNDING * np.abs(scaled)):
            return scale
    return None
