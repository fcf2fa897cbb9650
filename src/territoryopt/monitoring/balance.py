"""How far territories lie from their shares, month by month, as their measures grow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.problem import Problem
from territoryopt.problem.amounts import FloatArray, IntArray
from territoryopt.problem.parts import Rows

ACTUALS = ""
"""The rule of an imbalance that is of the actuals themselves."""


@dataclass(frozen=True)
class Imbalance:
    """One month of one rule (or of the actuals, where `rule` is empty). worst: the deviation
    w_j / μ_j - 1 that is largest in size, of the rep `rep`; None of the actuals, which have no
    target. cv: standard deviation over mean; gini: Σ_j Σ_k |w_j - w_k| / (2 R² mean); both of
    w_j / μ_j, so that reps with unlike targets compare. outside: reps outside the rule."""

    rule: str
    month: int
    worst: float | None
    rep: int
    cv: float
    gini: float
    outside: int

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


def cv(values: FloatArray) -> float:
    """Standard deviation over mean (of all, not of a sample); 0 where the mean is not positive."""
    mean = float(values.mean()) if len(values) else 0.0
    return float(values.std() / mean) if mean > 0 else 0.0


def gini(values: FloatArray) -> float:
    """Σ_j Σ_k |x_j - x_k| / (2 n² mean), from 0 (all alike) to 1; 0 where the mean is not positive.

    By ranks: Σ_k (2k - n - 1) x_(k) / (n² mean), x_(1) the least.
    """
    n = len(values)
    mean = float(values.mean()) if n else 0.0
    if mean <= 0:
        return 0.0
    rank = 2.0 * np.arange(1, n + 1) - n - 1
    return float((rank * np.sort(values)).sum() / (n * n * mean))


def bands(problem: Problem, measures: frozenset[str]) -> list[Rows]:
    """The rows of the problem that hold each rep's total of one of the measures near a target."""
    found = []
    for rows in problem.rows:
        one_each = np.array_equal(rows.row_of_rep, np.arange(problem.reps))
        if rows.target is not None and rows.measure in measures and one_each:
            found.append(rows)
    return found


def imbalances(
    problem: Problem, rep: IntArray, measures: frozenset[str], growth: FloatArray,
    totals: FloatArray,
) -> list[Imbalance]:  # fmt: skip
    """The imbalance of every band on one of the measures and of the actuals, in each month.

    Of a band: w_jm = s_j g_jm, s_j the total in the plan and g_jm the growth float[reps, months]
    against the team; μ_jm = μ_j Σ w_m / Σ s, since shares are of the total as it is then.
    totals: float[reps, months], the actuals.
    """
    out = []
    for rows in bands(problem, measures):
        assert rows.target is not None
        plan = rows.activity(rep)
        for m in range(growth.shape[1]):
            grown = plan * growth[:, m]
            scale = grown.sum() / plan.sum() if plan.sum() > 0 else 1.0
            share = grown / (rows.target * scale)
            worst = int(np.abs(share - 1).argmax())
            low, high = rows.lower * scale, rows.upper * scale
            slack = 1e-6 * rows.scale
            outside = int(((grown < low - slack) | (grown > high + slack)).sum())
            out.append(
                Imbalance(rows.name, m, float(share[worst] - 1), worst, cv(share), gini(share),
                          outside)
            )  # fmt: skip
    for m in np.flatnonzero(~np.isnan(totals).any(axis=0)).tolist():
        month = np.maximum(totals[:, m], 0.0)
        out.append(Imbalance(ACTUALS, m, None, -1, cv(month), gini(month), 0))
    return out
