"""Single moves: what one account's going to another rep changes, exactly, for a whole plan.

Reads the same arrays as `evaluate`; a test holds the two together (the change of a move is the
difference of two evaluations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from territoryopt.problem.amounts import BoolArray, FloatArray, IntArray
from territoryopt.problem.parts import TOLERANCE, Grouping, Rows
from territoryopt.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class MoveTable:
    """Moves of the accounts start..stop-1 to every rep, all else as in the plan.

    change: float[stop - start, reps], change of the objective, currency/year (0 for staying; inf
    may stand where a pair is not eligible).
    eligible: bool, whether the pair may be used at all.
    breaks: bool, whether a hard row or grouping would be broken by the move and is broken more
    than before (a plan that is broken already is not blamed on a move that helps).
    """

    start: int
    change: FloatArray
    eligible: BoolArray
    breaks: BoolArray


def move_table(
    problem: Problem,
    rep: IntArray,
    start: int,
    stop: int,
    activity: Mapping[str, FloatArray] | None = None,
) -> MoveTable:
    """Exact change and feasibility of every single move out of a complete plan int[accounts].

    activity: the plan's row activities by name (`Evaluation.activity`), where they are at hand.
    The problem is one over units, or one without families.
    """
    own = rep[start:stop]
    here = np.arange(stop - start)
    change = problem.cost_block(start, stop)
    paid = change[here, own]
    paid[paid == np.inf] = 0.0  # a barred pair, which `evaluate` counts nothing for
    change[here, own] = paid
    change -= paid[:, None]
    breaks = np.zeros_like(change, dtype=bool)
    for rows in problem.rows:
        s = rows.activity(rep) if activity is None else activity[rows.name]
        soft, hard = _row_change(rows, s, rep, start, stop)
        change += soft
        breaks |= hard
    for grouping in problem.groupings:
        _add_grouping(grouping, problem.reps, rep, start, stop, change, breaks)
    return MoveTable(start, change, problem.eligible_block(start, stop), breaks)


def _row_change(
    rows: Rows, s: FloatArray, rep: IntArray, start: int, stop: int
) -> tuple[FloatArray, BoolArray]:
    """Change of money, and whether a hard row gets broken, for moves of start..stop-1."""
    own = rep[start:stop]
    amount = rows.amounts.block(start, stop)
    out_row = np.broadcast_to(rows.row_of_rep[own][:, None], amount.shape)
    in_row = np.broadcast_to(rows.row_of_rep[None, :], amount.shape)
    leaving = np.where(out_row >= 0, amount[np.arange(stop - start), own][:, None], 0.0)
    entering = np.where(in_row >= 0, amount, 0.0)
    same = out_row == in_row
    # Where both ends lie in one row, the net change is put on it once, as entering.
    entering = np.where(same, entering - leaving, entering)
    leaving = np.where(same, 0.0, leaving)
    tolerance = np.where(np.isinf(rows.price), TOLERANCE * rows.scale, np.inf)
    before = rows.excess(s)
    after_out = _excess_at(rows, s, out_row, -leaving)
    after_in = _excess_at(rows, s, in_row, entering)
    breaks = _worse(after_out, before, tolerance, out_row)
    breaks |= _worse(after_in, before, tolerance, in_row)
    price = np.where(np.isfinite(rows.price), rows.price, 0.0)
    if not price.any():
        return np.zeros_like(amount), breaks
    charge = before * price
    charge_out = np.where(out_row >= 0, after_out * price[out_row], 0.0)
    charge_in = np.where(in_row >= 0, after_in * price[in_row], 0.0)
    if rows.worst:
        other = _largest_elsewhere(charge, out_row, in_row)
        # With one row at both ends, only the entering charge speaks: leaving moved nothing.
        charge_out = np.where(same, 0.0, charge_out)
        new = np.maximum(other, np.maximum(charge_out, charge_in))
        return new - charge.max(), breaks
    was_out = np.where(out_row >= 0, charge[out_row], 0.0)
    was_in = np.where(in_row >= 0, charge[in_row], 0.0)
    return np.where(same, 0.0, charge_out - was_out) + charge_in - was_in, breaks


def _excess_at(rows: Rows, s: FloatArray, row: IntArray, add: FloatArray) -> FloatArray:
    new = s[row] + add
    return np.maximum(0.0, np.maximum(rows.lower[row] - new, new - rows.upper[row]))


def _worse(
    after: FloatArray, before: FloatArray, tolerance: FloatArray, row: IntArray
) -> BoolArray:
    grown = after > np.maximum(before[row], tolerance[row]) * (1 + 1e-12)
    return grown & (row >= 0)


def _largest_elsewhere(charge: FloatArray, one: IntArray, two: IntArray) -> FloatArray:
    """The largest charge over the rows that are neither `one` nor `two`, elementwise."""
    top = np.argsort(charge)[::-1][:3]
    out = np.zeros(one.shape)
    open_ = np.ones(one.shape, dtype=bool)
    for row in top:
        take = open_ & (one != row) & (two != row)
        out[take] = charge[row]
        open_ &= ~take
    return out


def _add_grouping(
    grouping: Grouping,
    reps: int,
    rep: IntArray,
    start: int,
    stop: int,
    change: FloatArray,
    breaks: BoolArray,
) -> None:
    """Adds the groups' part to `change` and `breaks`, in place."""
    inside = np.flatnonzero((grouping.member >= start) & (grouping.member < stop))
    if not len(inside):
        return
    account, group = grouping.member[inside], grouping.group_of_member[inside]
    # A unit that stands in a group several times (a family) moves with all its members at once.
    key, times = np.unique(np.stack([account, group], axis=1), axis=0, return_counts=True)
    account, group = key[:, 0], key[:, 1]
    counts = grouping.counts(rep, reps)
    was = grouping.excess(counts)
    for i, g, n in zip(account, group, times, strict=True):
        after = np.repeat(counts[g][None, :], reps, axis=0)
        after[:, rep[i]] -= n
        after[np.arange(reps), np.arange(reps)] += n
        excess = grouping.excess(after) - was[g]
        if grouping.hard:
            breaks[i - start] |= excess > 0
        else:
            change[i - start] += grouping.price * excess
