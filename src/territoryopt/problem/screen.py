"""What can be seen to be impossible by adding up, before any search.

Each finding is a proof by our own arithmetic: an account that nobody may own, or a hard row that
no choice of reps can bring within its bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.problem.amounts import BoolArray, FloatArray, blocks
from territoryopt.problem.evaluate import said
from territoryopt.problem.parts import TOLERANCE, Rows
from territoryopt.problem.problem import Problem


@dataclass(frozen=True)
class Impossible:
    """One thing no plan can do.

    An account nobody may own: `account`, and in `rules` those that bar every rep between them.
    A row out of reach: `rules[0]` at `label`; any plan gives it at least `least` and at most
    `most`, while its bounds are lower..upper (in `unit`). `forced` accounts have no other row.
    """

    rules: tuple[str, ...]
    account: str = ""
    label: str = ""
    least: float | None = None
    most: float | None = None
    lower: float | None = None
    upper: float | None = None
    unit: str = ""
    forced: int = 0

    def as_dict(self) -> dict[str, object]:
        """The fields that say something; an open bound is left out, so that this is JSON."""
        return said(vars(self))


def screen(problem: Problem) -> tuple[Impossible, ...]:
    """Everything impossible that needs no search; families are contracted first."""
    unit = problem.contracted
    found = _accounts_without_rep(unit, problem)
    if found:
        return tuple(found)
    for rows in unit.rows:
        if rows.hard:
            out = _rows_out_of_reach(unit, rows)
            found += out or _total_out_of_reach(unit, rows)
    return tuple(found)


def _accounts_without_rep(problem: Problem, whole: Problem) -> list[Impossible]:
    found = []
    for start, stop in blocks(problem.accounts, problem.reps):
        stuck = np.flatnonzero(~problem.eligible_block(start, stop).any(axis=1))
        if not len(stuck):
            continue
        barred = [(e.name, e.barred.block(start, stop) > 0) for e in problem.exclusions]
        for i in stuck:
            names = _least_cover([(name, bars[i]) for name, bars in barred])
            if len(whole.units.members(int(i) + start)) > 1:
                names = (*names, whole.family_rule)
            found.append(Impossible(names, account=problem.account_id(int(i) + start)))
    return found


def _least_cover(barred: list[tuple[str, BoolArray]]) -> tuple[str, ...]:
    """Rules that bar every rep between them, none of them needless."""
    kept = list(barred)
    for rule in barred:
        rest = [other for other in kept if other is not rule]
        if rest and np.logical_or.reduce([bars for _, bars in rest]).all():
            kept = rest
    return tuple(dict.fromkeys(name for name, _ in kept))


def _rows_out_of_reach(problem: Problem, rows: Rows) -> list[Impossible]:
    """Rows whose least or most possible activity misses their bounds."""
    used = np.flatnonzero(rows.row_of_rep >= 0)
    order = used[np.argsort(rows.row_of_rep[used], kind="stable")]
    if not len(order):
        return []
    row, first = np.unique(rows.row_of_rep[order], return_index=True)
    outside = rows.row_of_rep < 0
    least, most = rows.constant.copy(), rows.constant.copy()
    forced = np.zeros(len(rows), dtype=np.int64)
    for start, stop in blocks(problem.accounts, problem.reps):
        eligible = problem.eligible_block(start, stop)
        amount = rows.amounts.block(start, stop)
        low = _by_row(np.where(eligible, amount, np.inf), order, first, np.minimum)
        high = _by_row(np.where(eligible, amount, -np.inf), order, first, np.maximum)
        reaches = np.isfinite(low)
        elsewhere = reaches.sum(axis=1) + (eligible & outside).any(axis=1)
        only = reaches & (elsewhere == 1)[:, None]
        least[row] += np.where(only, low, np.minimum(low, 0.0)).sum(axis=0)
        most[row] += np.where(only, high, np.maximum(high, 0.0)).sum(axis=0)
        forced[row] += only.sum(axis=0)
    slack = TOLERANCE * rows.scale
    bad = np.isinf(rows.price) & ((least > rows.upper + slack) | (most < rows.lower - slack))
    return [
        Impossible(
            (rows.name,),
            label=rows.labels[r],
            least=float(least[r]),
            most=float(most[r]),
            lower=float(rows.lower[r]),
            upper=float(rows.upper[r]),
            unit=rows.unit,
            forced=int(forced[r]),
        )
        for r in np.flatnonzero(bad)
    ]


def _total_out_of_reach(problem: Problem, rows: Rows) -> list[Impossible]:
    """Rows that hold one by one and cannot together: all accounts bring more than all rows may
    have, or less than they must. Asks for a hard row at every rep."""
    if (rows.row_of_rep < 0).any() or not np.isinf(rows.price).all():
        return []
    least = most = float(rows.constant.sum())
    for start, stop in blocks(problem.accounts, problem.reps):
        eligible = problem.eligible_block(start, stop)
        amount = rows.amounts.block(start, stop)
        least += float(np.where(eligible, amount, np.inf).min(axis=1).sum())
        most += float(np.where(eligible, amount, -np.inf).max(axis=1).sum())
    lower, upper = float(rows.lower.sum()), float(rows.upper.sum())
    slack = TOLERANCE * float(rows.scale.sum())
    if least <= upper + slack and most >= lower - slack:
        return []
    return [
        Impossible(
            (rows.name,), label="", least=least, most=most, lower=lower, upper=upper, unit=rows.unit
        )
    ]


def _by_row(
    values: FloatArray, order: np.ndarray, first: np.ndarray, reduce: np.ufunc
) -> FloatArray:
    out: FloatArray = reduce.reduceat(values[:, order], first, axis=1)
    return out
