"""How much territories and accounts have grown against the team, by what noise lets one say.

An account's own growth is mostly noise, a territory's less so, the team's hardly; each is drawn
towards the next by what the team's own spread says of it (empirical Bayes: Morris 1983, JASA 78,
47-55).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.monitoring.drift import Drifts
from territoryopt.monitoring.team import CHANCE, NORMAL, Team, median_polish
from territoryopt.problem.amounts import BoolArray, FloatArray, IntArray

WINDOW = 3
"""Months that stand for "now" and for "before", where there are so many."""
ODD = 4.0
"""An account so many standard errors from the others of its territory is taken at its own word."""
LARGEST = 4.0
"""Growth beyond this factor, or below its inverse, is taken as this."""


def shrunk(values: FloatArray, variance: FloatArray, centre: FloatArray | float) -> FloatArray:
    """centre + λ (values - centre), λ = τ² / (τ² + variance), τ² = the spread of the values by
    their median distance, less the mean variance; no less than 0."""
    away = values - centre
    if not len(away):
        return away
    spread = (NORMAL * float(np.median(np.abs(away)))) ** 2
    tau = max(0.0, spread - float(np.mean(variance)))
    return np.asarray(centre + away * tau / np.maximum(tau + variance, 1e-300), dtype=np.float64)


def territory_growth(drifts: Drifts) -> FloatArray:
    """float[territories, months]: growth against the team since the first months, a factor.

    Of a territory that is above the limit: exp of its fitted drift. Of the others: exp of the mean
    of the last three months less that of the first three, drawn towards none; 1 where a territory
    stopped, or nothing is known.
    """
    y = drifts.ratio
    out = np.ones(y.shape)
    at = np.flatnonzero(~np.isnan(y).all(axis=0))
    flagged = np.array([d.still and d.flagged >= 0 for d in drifts.territories])
    out[flagged] = np.exp(drifts.fitted[flagged])
    quiet = np.flatnonzero(
        ~flagged & ~np.isnan(y[:, at]).any(axis=1) if len(at) else flagged & False
    )
    n = min(WINDOW, len(at) // 2)
    if not len(quiet) or not n:
        return out
    sigma = np.array([drifts.territories[j].noise for j in quiet.tolist()])
    if np.isnan(sigma).any():
        return out
    first = y[np.ix_(quiet, at[:n])].mean(axis=1)
    for k in range(n, len(at)):
        past = at[max(n, k - n + 1) : k + 1]
        change = y[np.ix_(quiet, past)].mean(axis=1) - first
        variance = sigma**2 * (1 / n + 1 / len(past))
        out[quiet, at[k]] = np.exp(shrunk(change, variance, 0.0))
    return out


@dataclass(frozen=True, eq=False)
class AccountGrowth:
    """What accounts did. before, now: float[accounts], the mean month before and lately, as if
    every month were a usual one of the team's. factor: growth against the team, drawn towards the
    territory; 0 for one that is lost. lost, came: bool[accounts]."""

    before: FloatArray
    now: FloatArray
    factor: FloatArray
    lost: BoolArray
    came: BoolArray


def account_growth(
    amounts: FloatArray, rep: IntArray, present: BoolArray, team: Team, drifts: Drifts,
    growth: FloatArray,
) -> AccountGrowth:  # fmt: skip
    """The growth of each account from amounts float[accounts, months] under the plan rep.

    before: the months before the drift of its territory began, or the first three; now: the last
    three. An account is drawn towards its territory (one that drifts: towards its middle account),
    but for those that are odd; in a territory that drifts the others are scaled to what they add up
    to now, by the drift of the territory, of which a mean of three months lags behind. Of a
    territory that stopped no account is lost. growth: float[territories], now.
    """
    at = np.flatnonzero(team.known)
    base, recent, nb, nr = _means(amounts, rep, at, team, drifts)
    lost = _lost(amounts[:, at]) & (base > 0)
    came = (base <= 0) & (recent > 0) & present
    lost &= ~np.isin(rep, np.flatnonzero(team.stopped >= 0))
    sound = (base > 0) & (recent > 0) & ~lost & (rep >= 0)
    sound &= ~np.isin(rep, np.flatnonzero((team.stopped >= 0) | team.silent))
    change = np.zeros(len(rep))
    np.log(recent / np.where(sound, base, 1.0), out=change, where=sound)
    variance = _noise(amounts[:, at], team) ** 2 * (1 / nb + 1 / nr)
    centre = np.where(rep >= 0, np.log(growth[np.maximum(rep, 0)]), 0.0)
    drifting = [j for j, d in enumerate(drifts.territories) if d.flagged >= 0 and d.still]
    for j in drifting:
        mine = sound & (rep == j)
        if mine.any():
            centre[rep == j] = np.median(change[mine])
    odd = sound & (np.abs(change - centre) > ODD * np.sqrt(variance))
    logs = centre.copy()
    like = sound & ~odd
    logs[like] = shrunk(change[like], variance[like], centre[like])
    logs[odd] = change[odd]
    factor = np.exp(np.clip(logs, -np.log(LARGEST), np.log(LARGEST)))
    factor[lost] = 0.0
    for j in drifting:
        mine, alike = rep == j, like & (rep == j)
        before, now = float(base[mine].sum()), float(recent[mine].sum())
        rest = float((base[alike] * factor[alike]).sum())
        if rest > 0 and now > 0:
            # the mean of the last months lags behind a drift that goes on
            lag = float(np.clip(growth[j] * before / now, 0.8, 1.25))
            factor[alike] *= np.clip(lag * float(recent[alike].sum()) / rest, 0.5, 2.0)
            factor[mine & odd] *= lag
    return AccountGrowth(base, recent, factor, lost, came)


def _means(
    amounts: FloatArray, rep: IntArray, at: IntArray, team: Team, drifts: Drifts
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The mean month before and now of each account, and of how many months."""
    _, common = median_polish(team.logs(len(team.known)))
    adjusted = amounts[:, at] * np.exp(common.mean() - common)
    months = len(at)
    n = min(WINDOW, max(1, months // 2))
    base, recent = adjusted[:, :n].mean(axis=1), adjusted[:, -n:].mean(axis=1)
    nb, nr = np.full(len(rep), float(n)), np.full(len(rep), float(n))
    for j, drift in enumerate(drifts.territories):
        if drift.flagged >= 0 and drift.onset >= 0:
            k = int(np.searchsorted(at, drift.onset))
            mine, after = rep == j, min(WINDOW, months - k)
            base[mine] = adjusted[mine][:, :k].mean(axis=1)
            recent[mine] = adjusted[mine][:, months - after :].mean(axis=1)
            nb[mine], nr[mine] = k, after
    return np.maximum(base, 0.0), np.maximum(recent, 0.0), nb, nr


def _noise(amounts: FloatArray, team: Team) -> float:
    """The noise of an account's month, a fraction, by the median of successive differences of
    accounts that sold in every month; 1 where there are none."""
    _, common = median_polish(team.logs(len(team.known)))
    sold = (amounts > 0).all(axis=1)
    if not sold.any() or amounts.shape[1] < 2:
        return 1.0
    steps = np.diff(np.log(amounts[sold]) - common, axis=1) / np.sqrt(2.0)
    return float(NORMAL * np.median(np.abs(steps)))


def _lost(amounts: FloatArray) -> BoolArray:
    """bool[accounts]: nothing in the last months, two at least, and so much of nothing had no more
    than `CHANCE` by the share of months of nothing before."""
    months = amounts.shape[1]
    sold = amounts > 0
    last = np.where(sold.any(axis=1), months - np.argmax(sold[:, ::-1], axis=1), 0)
    run = months - last
    share = (last - sold.sum(axis=1)) / np.maximum(last, 1)
    out: BoolArray = (last > 0) & (run >= 2) & (share**run < CHANCE)
    return out
