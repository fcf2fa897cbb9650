"""The team as the yardstick: what all territories have in common, month by month, taken out.

A season, a price rise or a bad quarter moves every territory alike; what is left of a territory
after that is its own. Medians stand for the team, so that a few territories that drift do not make
the others look as if they drifted the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from territoryopt.problem.amounts import BoolArray, FloatArray, IntArray

ROUNDS = 4
"""Rounds of the median polish; after these it changes next to nothing."""

NOTHING = 0.05
"""A month below this share of a territory's usual month, as the team's month was, is nothing."""

CHANCE = 0.01
"""Months of nothing at the end say something where they had less chance than this."""

NORMAL = 1.4826
"""Median of |x| times this is the standard deviation of a normal x."""


def median_polish(logs: FloatArray, rounds: int = ROUNDS) -> tuple[FloatArray, FloatArray]:
    """Levels a float[..., rows] and common effects c float[..., months] of
    log T_jm = a_j + c_m + y_jm, by alternating medians.

    logs: float[..., rows, months], finite. Source: Tukey 1977, Exploratory Data Analysis, ch. 11.
    """
    level = logs.mean(axis=-1)  # linear, so that no common season leaves a trace in the rounds
    common = np.median(logs - level[..., None], axis=-2)
    for _ in range(rounds - 1):
        level = np.median(logs - common[..., None, :], axis=-1)
        common = np.median(logs - level[..., None], axis=-2)
    return level, common


def leave_one_out(logs: FloatArray, level: FloatArray) -> FloatArray:
    """y float[..., rows, months]: each row against the median of the others,
    y_jm = x_jm - med_{k≠j} x_km with x_jm = log T_jm - a_j; finite."""
    x = logs - level[..., None]
    rows = x.shape[-2]
    if rows < 2:
        return x
    order = np.sort(x, axis=-2)
    mid = rows // 2
    if rows % 2:  # an even number of others: the two in the middle
        low, centre, high = order[..., mid - 1, :], order[..., mid, :], order[..., mid + 1, :]
        without_low, without_mid, without_high = (
            0.5 * (centre + high), 0.5 * (low + high), 0.5 * (low + centre),
        )  # fmt: skip
        here = x - centre[..., None, :]
        others = np.where(
            here > 0, without_high[..., None, :],
            np.where(here < 0, without_low[..., None, :], without_mid[..., None, :]),
        )  # fmt: skip
    else:
        low, high = order[..., mid - 1, :], order[..., mid, :]
        others = np.where(x <= low[..., None, :], high[..., None, :], low[..., None, :])
    return np.asarray(x - others, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Team:
    """Territory totals of consecutive months against the team.

    totals: float[territories, months], in the unit of the actuals; NaN in a month that is not
    known for anybody. own_season: float[territories, months], logs to be taken off first, 0 where
    a territory's season is not known.
    """

    totals: FloatArray
    own_season: FloatArray

    @cached_property
    def usual(self) -> FloatArray:
        """float[territories]: the median month, which says what nothing is."""
        with np.errstate(all="ignore"):
            middle = np.nanmedian(self.totals[:, self.known], axis=1)
            mean = np.nanmean(self.totals[:, self.known], axis=1)
        return np.asarray(np.maximum(np.maximum(middle, 0.5 * mean), 0.0), dtype=np.float64)

    @cached_property
    def known(self) -> BoolArray:
        """bool[months]: the months anything is known of."""
        return np.asarray(~np.isnan(self.totals).any(axis=0), dtype=np.bool_)

    @cached_property
    def nothing(self) -> BoolArray:
        """bool[territories, months]: months of nothing, or less than nothing."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = self.totals / self.usual[:, None]
            team = _median(share, 0)  # a month may be a poor one for everybody
            small = ~(share > NOTHING * team) | ~(self.totals > 0)
        return np.asarray(self.known & small, dtype=np.bool_)

    @cached_property
    def stopped(self) -> IntArray:
        """int[territories]: the month from which there was nothing to the end; -1 where there was
        something in the last month, nothing ever, or so much of nothing is usual (its chance, by
        the share of months of nothing before, is not below `CHANCE`)."""
        out = np.full(len(self.totals), -1, dtype=np.int64)
        at = np.flatnonzero(self.known)
        for j in range(len(self.totals)):
            sold = np.flatnonzero(~self.nothing[j, at])
            if not len(sold) or sold[-1] == len(at) - 1:
                continue
            last = int(sold[-1])
            earlier = (last + 1 - len(sold)) / (last + 1)
            if earlier ** (len(at) - 1 - last) < CHANCE:
                out[j] = at[last + 1]
        return out

    @cached_property
    def silent(self) -> BoolArray:
        """bool[territories]: without anything in any month."""
        return np.asarray(self.nothing[:, self.known].all(axis=1), dtype=np.bool_)

    def logs(self, months: int) -> FloatArray:
        """float[territories, known months among the first `months`]: log T_jm less the own season.
        A month of nothing is put where the territory's other months and the team say."""
        at = np.flatnonzero(self.known[:months])
        out = np.zeros((len(self.totals), len(at)))
        sold = ~self.nothing[:, at]
        np.log(self.totals[:, at], out=out, where=sold)
        out -= np.where(sold, self.own_season[:, at], 0.0)
        if sold.all() or not len(at):
            return out
        filled = np.where(sold, out, np.nan)
        with np.errstate(all="ignore"):
            level = np.nan_to_num(_median(filled, 1))
            common = np.nan_to_num(_median(filled - level[:, None], 0))
            level = np.nan_to_num(_median(filled - common, 1))
        return np.where(sold, out, level[:, None] + common)


def _median(values: FloatArray, axis: int) -> FloatArray:
    """nanmedian without a warning where there is nothing."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=axis), dtype=np.float64)
