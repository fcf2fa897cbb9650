"""Which territories drift away from the team, from when, by how much, and how sure that is.

Model: y_jm = log T_jm - a_j - c_m, the log of a territory's month against its own level and the
team's month, is noise of standard deviation σ_j until a month k and drifts from then on, in a ramp
or by a step.
Statistic: G_j(t) = max over shapes x of |x̃·y_j| / (σ_j |x̃|), x̃ the shape less its mean, over the
months up to t (a generalised likelihood ratio over the month of the change: Hawkins, Qiu & Kang
2003, J. Quality Technology 35(4), 355-366). A territory is flagged at the first month t at which
G_j(t) > h.
By account the same is asked of the mean log of a territory's accounts that sold in every month:
where its accounts grow alike that is quieter than the total, in which a few large ones weigh.
G is the larger of the two; the drift that is told is always that of the total.
Limit: h is the (1 - α) quantile of max_{j,t} G_j(t) of teams of the same size without drift, drawn
from the normal distribution and treated in the same way, medians and noise included. So α is the
chance that *any* territory of a team without drift is flagged in *any* month looked at (the max-T
adjustment of Westfall & Young 1993, Resampling-Based Multiple Testing).
Noise: σ_j = φ h_j with h_j = |w| / Σ w over the amounts w of its accounts (the noise of a sum of
accounts that are all as noisy), and φ from the team's successive differences (von Neumann et al.
1941, Ann. Math. Statistics 12(2), 153-162) by the median of their sizes (MAD: Rousseeuw & Croux
1993, JASA 88, 1273-1283), so that neither drift nor a few odd territories enter it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from territoryopt.monitoring.team import NORMAL, Team, leave_one_out, median_polish
from territoryopt.problem.amounts import FloatArray, IntArray

FEWEST_MONTHS = 4
"""Months before anything is said: two to compare, two to compare with."""
FEWEST_TERRITORIES = 3
"""With two it cannot be told which of them drifted."""
DRAWS = 1_000
"""Teams without drift that a limit is drawn from."""
DRAWN_TERRITORIES = 40
"""Larger teams are taken as several of this size, which are next to independent."""
UNLIKE = 0.3
"""How unlike in noise territories are drawn: accounts of log-normal sizes with spread 1, fifty to
a territory, give about so much."""
OUTER = 0.8, 1.2816
"""A quantile of the size of a normal x."""

FEWEST_ACCOUNTS = 5
"""Accounts that sold in every month, from which their mean says something."""

Shape = Literal["ramp", "step"]
Steady = Callable[[int], tuple[FloatArray, IntArray]]
"""Of a number of months: the mean log amount float[territories, known months] of the accounts that
sold in each of them, and how many these are."""


@dataclass(frozen=True)
class Drift:
    """What is known of the drift of one territory after the last month.

    statistic: G, the largest of all looks. flagged: the number of the month in which it was first
    above the limit, -1 if never. still: whether it is above the limit after the last month.
    shape, onset: the likeliest shape, and the first month that differs. change: exp(drift after
    the last month) - 1 against the months before the onset and the team. error: its standard error
    in logs, over all shapes that fit. noise: σ_j, of the log of a month. chance: that any territory
    of a team without drift shows as much.
    """

    statistic: float
    flagged: int
    still: bool
    shape: Shape
    onset: int
    change: float
    error: float
    noise: float
    chance: float


@dataclass(frozen=True, eq=False)
class Drifts:
    """The drift of every territory. limit: h. ratio: y float[territories, months], NaN in unknown
    months; fitted: its drift by the likely shapes, in logs. looks: the months after
    which the question was put."""

    territories: tuple[Drift, ...]
    limit: float
    ratio: FloatArray
    fitted: FloatArray
    looks: tuple[int, ...]


def shapes(months: int) -> tuple[FloatArray, list[tuple[Shape, int]]]:
    """Shapes float[shapes, months] that a drift may have had, each less its mean and of length
    one, and (shape, first month that differs). Two months at least lie on each side of a step and
    on a ramp."""
    m = np.arange(months)
    made: list[tuple[Shape, int]] = [("step", k) for k in range(2, months - 1)]
    made += [("ramp", k) for k in range(1, months - 1)]
    rows = [np.where(m >= k, 1.0 if s == "step" else m - k + 1.0, 0.0) for s, k in made]
    x = np.array(rows).reshape(len(made), months)
    x -= x.mean(axis=1, keepdims=True)
    return x / np.linalg.norm(x, axis=1, keepdims=True), made


def against_team(logs: FloatArray) -> FloatArray:
    """y float[..., territories, months]: log totals against the own level and the others."""
    level, _ = median_polish(logs)
    return leave_one_out(logs, level)


def noise_of(y: FloatArray, spread: FloatArray | None) -> FloatArray:
    """σ float[..., territories] of a month. spread: float[territories], h_j; where it is not
    known, each territory's own differences count as much as eight of the team's."""
    steps = np.diff(y, axis=-1) / np.sqrt(2.0)
    unit = np.ones(y.shape[-2]) if spread is None else spread
    size = np.abs(steps / unit[:, None]).reshape(*y.shape[:-2], -1)
    team = NORMAL * np.median(size, axis=-1)
    # heavy tails make the middle look quieter than a month may be
    team = np.maximum(team, np.quantile(size, OUTER[0], axis=-1) / OUTER[1])
    if spread is not None:
        return np.asarray(team[..., None] * unit, dtype=np.float64)
    own = NORMAL * np.median(np.abs(steps), axis=-1)
    n = steps.shape[-1]
    return np.asarray(np.sqrt((8 * team[..., None] ** 2 + n * own**2) / (8 + n)), dtype=np.float64)


def statistic(y: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """z float[..., territories, shapes], signed: x̃·y / (σ |x̃|); and the largest sizes."""
    x, _ = shapes(y.shape[-1])
    z = (y @ x.T) / np.maximum(sigma, 1e-12)[..., None]
    return z, np.abs(z).max(axis=-1)


@lru_cache(maxsize=64)
def limits(territories: int, months: int, looks: tuple[int, ...], by_account: bool) -> FloatArray:
    """float[DRAWS], ascending: max_{j,t} G_j(t) of teams without drift, whose territories are
    unlike in their noise (log-normal with spread `UNLIKE`). looks: the numbers of months known at
    each look; by_account: whether accounts are known, and so the noise of each territory up to a
    common factor, and its middle growth besides its total (drawn as if the two had nothing to do
    with each other, which makes the limit rather too high than too low)."""
    drawn = min(territories, DRAWN_TERRITORIES)
    rng = np.random.default_rng(20_041)
    spread = rng.lognormal(0.0, UNLIKE, drawn)
    logs = rng.standard_normal((DRAWS, drawn, months)) * spread[:, None]
    most = np.zeros(DRAWS)
    alike = np.ones(drawn)
    steady = rng.standard_normal(logs.shape) if by_account else logs
    for t in looks:
        y = against_team(logs[..., :t])
        _, g = statistic(y, noise_of(y, spread if by_account else None))
        most = np.maximum(most, g.max(axis=-1))
        if by_account:
            y = against_team(steady[..., :t])
            _, g = statistic(y, noise_of(y, alike))
            most = np.maximum(most, g.max(axis=-1))
    return np.sort(most)


def limit_at(drawn: FloatArray, territories: int, false_alarm: float) -> float:
    """h: the quantile of the draws; of a larger team, that of several of the size drawn."""
    several = max(1.0, territories / DRAWN_TERRITORIES)
    return float(np.quantile(drawn, (1 - false_alarm) ** (1 / several), method="higher"))


def chance_of(drawn: FloatArray, territories: int, g: float) -> float:
    """The chance that a team without drift shows g or more anywhere; no less than one draw."""
    several = max(1.0, territories / DRAWN_TERRITORIES)
    above = (len(drawn) - np.searchsorted(drawn, g) + 1) / (len(drawn) + 1)
    return float(1 - (1 - min(above, 1.0)) ** several)


def drifts(
    team: Team, spread: FloatArray | None, first_look: int, false_alarm: float, least: float,
    steady: Steady | None = None,
) -> Drifts:  # fmt: skip
    """The drift of every territory, looked for after each month from `first_look` on.

    spread: float[territories], h_j by accounts; None where only totals are known; steady: what its
    accounts did on average, by the number of months looked at. least: drift of the total (a
    fraction) below which nothing is flagged. Months that are unknown are left out. Nothing is
    flagged of a territory that stopped or was silent, of fewer than `FEWEST_TERRITORIES`, or
    before `FEWEST_MONTHS`.
    """
    count, months = team.totals.shape
    at = np.flatnonzero(team.known)
    asked = np.flatnonzero((team.stopped < 0) & ~team.silent)
    counts = tuple(t for t in range(FEWEST_MONTHS, len(at) + 1) if at[t - 1] >= first_look)
    ratio = np.full((count, months), np.nan)
    fitted = np.zeros((count, months))
    quiet = Drift(0.0, -1, False, "ramp", -1, 0.0, 0.0, float("nan"), 1.0)
    if len(asked) < FEWEST_TERRITORIES or not counts:
        if len(asked) > 1 and len(at):
            ratio[np.ix_(asked, at)] = against_team(team.logs(months)[asked])
        return Drifts((quiet,) * count, float("inf"), ratio, fitted, ())
    drawn = limits(len(asked), len(at), counts, spread is not None)
    limit = limit_at(drawn, len(asked), false_alarm)
    out = [quiet] * count
    first = np.full(len(asked), -1, dtype=np.int64)
    top = np.zeros(len(asked))
    for t in counts:
        y = against_team(team.logs(int(at[t - 1]) + 1)[asked])
        sigma = noise_of(y, None if spread is None else spread[asked])
        z, g = statistic(y, sigma)
        if steady is not None:
            g = np.maximum(g, _of_accounts(*steady(int(at[t - 1]) + 1), asked))
        large = np.abs(np.expm1(_estimate(z, sigma, t).change)) >= least
        now = (g > limit) & large
        first[(first < 0) & now] = at[t - 1]
        top = np.maximum(top, g)
    found = _estimate(z, sigma, len(at))
    _, made = shapes(len(at))
    for k, j in enumerate(asked.tolist()):
        shape, onset = made[int(found.best[k])]
        before = y[k, :onset].mean() if first[k] >= 0 else y[k].mean()
        ratio[j, at] = y[k] - before
        fitted[j, at] = found.path[k]
        out[j] = Drift(
            float(top[k]), int(first[k]), bool(now[k]), shape, int(at[onset]),
            float(np.expm1(found.change[k])), float(found.error[k]), float(sigma[k]),
            chance_of(drawn, len(asked), float(top[k])),
        )  # fmt: skip
    return Drifts(tuple(out), limit, ratio, fitted, tuple(int(at[t - 1]) for t in counts))


class _Estimate(NamedTuple):
    """change, error: float[territories], in logs; best: int[territories], the likeliest shape;
    path: float[territories, months], the drift."""

    change: FloatArray
    error: FloatArray
    best: IntArray
    path: FloatArray


def _of_accounts(logs: FloatArray, count: IntArray, asked: IntArray) -> FloatArray:
    """G float[asked territories] of the mean log of steady accounts, 0 where they are few."""
    out = np.zeros(len(asked))
    enough = np.flatnonzero(count[asked] >= FEWEST_ACCOUNTS)
    if len(enough) >= FEWEST_TERRITORIES:
        y = against_team(logs[asked[enough]])
        out[enough] = statistic(y, noise_of(y, 1 / np.sqrt(count[asked[enough]])))[1]
    return out


def _estimate(z: FloatArray, sigma: FloatArray, months: int) -> _Estimate:
    """The drift, averaged over shapes by their likelihood w_s ∝ exp(z_s² / 2), since with noise
    several fit as well: change Σ w_s δ_s, variance Σ w_s (se_s² + (δ_s - change)²)."""
    _, made = shapes(months)
    m = np.arange(months)
    raw = np.array([np.where(m >= k, 1.0 if s == "step" else m - k + 1.0, 0.0) for s, k in made])
    size = np.linalg.norm(raw - raw.mean(axis=1, keepdims=True), axis=1)
    weight = np.exp(0.5 * (z**2 - (z**2).max(axis=1, keepdims=True)))
    weight /= weight.sum(axis=1, keepdims=True)
    slope = z * sigma[:, None] / size  # of the raw shape
    path = (weight * slope) @ raw
    change = path[:, -1]
    each, se = slope * raw[:, -1], sigma[:, None] * raw[:, -1] / size
    variance = (weight * (se**2 + (each - change[:, None]) ** 2)).sum(axis=1)
    return _Estimate(change, np.sqrt(variance), np.abs(z).argmax(axis=1), path)
