"""A year of a team, drawn: what the watch is measured against.

T_im = w_i · S_m · D_im · e_im for account i and month m: sizes w_i log-normal with spread 1, a
season common to all S_m = 1 + swing · sin(2π (m + shift) / 12), noise e_im log-normal with mean 1
and standard deviation `noise`, and in the territories that drift D_im from 1 up to 1 + drift in
equal steps over `over` months. Everything is drawn from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.problem.amounts import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Simulated:
    """amounts: float[accounts, months]. rep: int[accounts]. drifting: the territories that drift.
    begins: the first month, from 0, that differs; 2 or 3. sizes: float[accounts], a usual month."""

    amounts: FloatArray
    rep: IntArray
    drifting: tuple[int, ...]
    begins: int
    sizes: FloatArray


def simulated_year(
    seed: int, *, territories: int = 20, accounts: int = 50, drifting: int = 3,
    drift: float = 0.25, over: int = 6, swing: float = 0.20, noise: float = 0.15,
    months: int = 12, size_spread: float = 1.0,
) -> Simulated:  # fmt: skip
    """A year of `territories` with `accounts` each, give or take five. The months the drift
    begins, the phase of the season and who drifts are drawn too."""
    rng = np.random.default_rng(seed)
    each = rng.integers(accounts - 5, accounts + 6, territories)
    rep = np.repeat(np.arange(territories, dtype=np.int64), each)
    sizes = 1_000.0 * rng.lognormal(0.0, size_spread, len(rep))
    m = np.arange(months)
    season = 1 + swing * np.sin(2 * np.pi * (m + rng.uniform(0, 12)) / 12)
    who = np.sort(rng.choice(territories, drifting, replace=False))
    begins = int(rng.integers(2, 4))
    grown = 1 + drift * np.clip((m - begins + 1) / over, 0.0, 1.0)
    sigma = np.sqrt(np.log1p(noise**2))
    errors = rng.lognormal(-(sigma**2) / 2, sigma, (len(rep), months))
    path = np.where(np.isin(rep, who)[:, None], grown, 1.0)
    amounts = sizes[:, None] * season * path * errors
    return Simulated(amounts, rep, tuple(who.tolist()), begins, sizes)
