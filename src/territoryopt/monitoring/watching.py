"""One measure of the actuals, territory by territory and month by month: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from territoryopt.monitoring.drift import Drifts, Steady, drifts
from territoryopt.monitoring.growth import AccountGrowth, account_growth, territory_growth
from territoryopt.monitoring.team import Team, median_polish
from territoryopt.problem.amounts import BoolArray, FloatArray, IntArray

TREND = 6
"""Months that a trend is of."""


@dataclass(frozen=True, eq=False)
class Watched:
    """What the actuals say of one measure. begins: the place of the first month watched in the
    actuals. totals: float[reps, months watched], NaN in unknown months. growth: float[reps,
    months], against the team since the first months. accounts: None where only reps are known."""

    measure: str
    begins: int
    totals: FloatArray
    team: Team
    drifts: Drifts
    growth: FloatArray
    accounts: AccountGrowth | None

    @cached_property
    def common(self) -> FloatArray:
        """float[months]: what the whole team's month was against its usual one, exp(c_m - mean);
        NaN where nothing is known."""
        out = np.full(self.totals.shape[1], np.nan)
        asked = np.flatnonzero(~self.team.silent & (self.team.stopped < 0))
        if len(asked) and self.team.known.any():
            _, c = median_polish(self.team.logs(len(out))[asked])
            out[self.team.known] = np.exp(c - c.mean())
        return out

    @cached_property
    def trend(self) -> tuple[FloatArray, FloatArray]:
        """float[reps] each: the slope of the log ratio to the team over the last `TREND` months
        (least squares), in logs a month, and its standard error; NaN where it is not known."""
        y, reps = self.drifts.ratio, len(self.totals)
        at = np.flatnonzero(~np.isnan(y).all(axis=0))[-TREND:]
        slope, error = np.full(reps, np.nan), np.full(reps, np.nan)
        if len(at) < 3:
            return slope, error
        x = at - at.mean()
        slope = y[:, at] @ x / (x @ x)
        noise = np.array([drift.noise for drift in self.drifts.territories])
        return slope, noise / np.sqrt(x @ x)

    @cached_property
    def flagged(self) -> BoolArray:
        """bool[reps]: a drift above the limit, or nothing any more."""
        drift = np.array([one.flagged >= 0 for one in self.drifts.territories], dtype=np.bool_)
        out: BoolArray = drift | (self.team.stopped >= 0)
        return out


def watch(
    amounts: FloatArray, rep: IntArray | None, reps: int, *, year: int,
    measure: str = "actuals", present: BoolArray | None = None, own_season: bool = False,
    false_alarm: float = 0.05, least: float = 0.05,
) -> Watched:  # fmt: skip
    """Watch one measure.

    amounts: float[accounts or reps, months], consecutive months; rep: int[accounts], the plan (-1:
    nobody), None where the amounts are of reps already. year: the place of the first month of the
    year watched; months before it count as months to compare with, up to twelve, where amounts are
    of accounts (those of a rep would be those of another territory). own_season: take out what the
    earlier years say of the season of each territory; then only the year itself is watched.
    false_alarm, least: see `drifts`.
    """
    if rep is None:
        all_totals = np.array(amounts, dtype=np.float64)
    else:
        owned = rep >= 0
        all_totals = np.zeros((reps, amounts.shape[1]))
        np.add.at(all_totals, rep[owned], amounts[owned])
    begins = year if own_season or rep is None else max(0, year - 12)
    totals = all_totals[:, begins:]
    season = np.zeros(totals.shape)
    if own_season:
        season = _own_season(all_totals[:, :year], totals.shape[1])
    team = Team(totals, season)
    spread = None
    if rep is not None:
        spread = _spread(amounts[:, begins:], rep, reps)
    steady = None
    if rep is not None:
        steady = _steady(amounts[:, begins:], rep, reps, team)
    found = drifts(team, spread, year - begins, false_alarm, least, steady)
    growth = territory_growth(found)
    accounts = None
    if rep is not None and team.known.any():
        there = np.ones(len(rep), dtype=np.bool_) if present is None else present
        accounts = account_growth(amounts[:, begins:], rep, there, team, found, growth[:, -1])
    return Watched(measure, begins, totals, team, found, growth, accounts)


def _steady(amounts: FloatArray, rep: IntArray, reps: int, team: Team) -> Steady:
    """The mean log amount of each rep's accounts that sold in every month; see `Steady`."""
    logs = np.full(amounts.shape, np.nan)
    np.log(amounts, out=logs, where=np.nan_to_num(amounts) > 0)

    def means(months: int) -> tuple[FloatArray, IntArray]:
        at = np.flatnonzero(team.known[:months])
        sold = (rep >= 0) & ~np.isnan(logs[:, at]).any(axis=1)
        count = np.bincount(rep[sold], minlength=reps)
        out = np.zeros((reps, len(at)))
        np.add.at(out, rep[sold], logs[np.ix_(np.flatnonzero(sold), at)])
        mean = out / np.maximum(count, 1)[:, None] - team.own_season[:, at]
        return np.asarray(mean, dtype=np.float64), count.astype(np.int64)

    return means


def _spread(amounts: FloatArray, rep: IntArray, reps: int) -> FloatArray:
    """float[reps]: h_j = |w| / Σ w over the mean amounts w of the accounts of each rep; 1 where
    there are none."""
    with np.errstate(all="ignore"):
        known = ~np.isnan(amounts).any(axis=0)
    w = np.maximum(amounts[:, known].mean(axis=1) if known.any() else np.zeros(len(rep)), 0.0)
    owned = rep >= 0
    total = np.bincount(rep[owned], w[owned], reps)
    square = np.bincount(rep[owned], w[owned] ** 2, reps)
    out = np.ones(reps)
    np.divide(np.sqrt(square), total, out=out, where=total > 0)
    return out


def _own_season(earlier: FloatArray, months: int) -> FloatArray:
    """float[reps, months]: log of each territory's month against its year, the mean of the whole
    years before; 0 where a month was nothing or unknown. The year watched begins where they end."""
    years = earlier.shape[1] // 12
    if not years:
        return np.zeros((len(earlier), months))
    part = earlier[:, earlier.shape[1] - 12 * years :].reshape(len(earlier), years, 12)
    logs = np.full(part.shape, np.nan)
    np.log(part, out=logs, where=np.nan_to_num(part) > 0)
    sound = ~np.isnan(logs).any(axis=2, keepdims=True)
    logs = np.where(sound, logs - logs.mean(axis=2, keepdims=True), 0.0)
    index = logs.sum(axis=1) / np.maximum(sound.sum(axis=1), 1)
    return np.asarray(np.tile(index, (1, months // 12 + 1))[:, :months], dtype=np.float64)
