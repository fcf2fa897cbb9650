"""Actuals against goals: to date, and for the year as it would end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.monitoring.actuals import Goals
from territoryopt.problem.amounts import FloatArray

YEAR = 12


@dataclass(frozen=True, eq=False)
class Attainment:
    """Of each rep, NaN where there is no goal. season: float[12], the team's index of each month
    of the year with mean 1, from whole earlier years; None where there is none, and every month
    counts the same.

    actual, goal, to_date: float[reps, months of the year so far], running totals and their ratio.
    year_goal, projected, projected_ratio: float[reps], of the whole year.
    """

    season: FloatArray | None
    actual: FloatArray
    goal: FloatArray
    to_date: FloatArray
    year_goal: FloatArray
    projected: FloatArray
    projected_ratio: FloatArray


def season_index(totals: FloatArray, before: int) -> FloatArray | None:
    """float[12]: the team's season by the months before the year begins, mean 1.

    S_m = mean over whole earlier years of (Σ_j T_j,m) / (mean month of that year). None where
    there is no whole year, or a month of it is unknown.
    """
    years = []
    for end in range(before, YEAR - 1, -YEAR):
        total = totals[:, end - YEAR : end].sum(axis=0)
        if np.isfinite(total).all() and total.mean() > 0:
            years.append(total / total.mean())
    if not years:
        return None
    index = np.maximum(np.mean(years, axis=0), 0.0)
    return np.asarray(index / index.mean(), dtype=np.float64)


def attainment(
    totals: FloatArray, goals: Goals | None, season: FloatArray | None, lately: FloatArray,
    stopped: FloatArray,
) -> Attainment:  # fmt: skip
    """Actuals float[reps, months of the year so far] against goals.

    To date: A_j(t) = Σ_{m<=t} T_jm over the goal to date, which is the goals of the months, or the
    goal of the year times Σ_{m<=t} S_m / 12.
    Projected: A_j(t) + L_j Σ_{m>t} S_m, with the level L_j = mean of T_jm / S_m over the year so
    far, over its last three months where `lately` says that the territory drifts, 0 where it
    `stopped`. Months that are not known count as the level.
    """
    reps, done = totals.shape
    index = np.ones(YEAR) if season is None else season
    known = ~np.isnan(totals)
    fair = totals / np.maximum(index[:done], 1e-9)
    level = np.zeros(reps)
    for j in range(reps):
        seen = fair[j, known[j]]
        seen = seen[-3:] if lately[j] else seen
        level[j] = seen.mean() if len(seen) else 0.0
    filled = np.where(known, totals, level[:, None] * index[:done])
    actual = np.cumsum(filled, axis=1)
    ahead = np.where(stopped > 0, 0.0, level)
    projected = actual[:, -1] + ahead * index[done:].sum()
    goal = np.full((reps, done), np.nan)
    year = np.full(reps, np.nan)
    if goals is not None:
        by_month = np.nan_to_num(goals.month)
        monthly = np.asarray(~np.isnan(goals.month).all(axis=1), dtype=np.bool_)
        running = np.cumsum(by_month, axis=1)[:, :done]
        share = np.cumsum(index)[:done] / YEAR
        goal = np.where(monthly[:, None], running, goals.whole[:, None] * share)
        year = np.where(monthly, by_month.sum(axis=1), goals.whole)
    return Attainment(
        season, actual, goal, _ratio(actual, goal), year, projected, _ratio(projected, year)
    )


def _ratio(actual: FloatArray, goal: FloatArray) -> FloatArray:
    out = np.full(actual.shape, np.nan)
    np.divide(actual, goal, out=out, where=np.nan_to_num(goal) > 0)
    return out
