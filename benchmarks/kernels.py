"""Cost and workload of pairs, compiled: a few nanoseconds a pair, no temporaries, no lock held.

`*_rows` fill whole rows, `*_at` scattered pairs; both do the same operations in the same order,
so that they agree to the last bit. Arguments are the terms of `generate.Territories`:
ax, ay, hx, hy: km; per_km: money (or hours) a year per km; misfit, at_risk: money/year;
lacks: float[1 + skills, reps], row 0 for accounts that require nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def cost_rows(start, stop, ax, ay, hx, hy, per_km, misfit, at_risk, lacks, requires, current):
    """float[stop - start, reps], money/year."""
    reps = len(hx)
    out = np.empty((stop - start, reps))
    for i in range(start, stop):
        x, y, a, m, r = ax[i], ay[i], per_km[i], misfit[i], at_risk[i]
        row, missing, owner = out[i - start], lacks[requires[i] + 1], current[i]
        for j in range(reps):
            dx, dy = x - hx[j], y - hy[j]
            row[j] = a * np.sqrt(dx * dx + dy * dy)
        if requires[i] >= 0:
            for j in range(reps):
                row[j] += m * missing[j]
        if r > 0.0:
            for j in range(reps):
                row[j] += r
        if owner >= 0:
            dx, dy = x - hx[owner], y - hy[owner]
            row[owner] = a * np.sqrt(dx * dx + dy * dy) + m * missing[owner]
    return out


@njit(cache=True, nogil=True)
def cost_at(
    account, rep, ax, ay, hx, hy, per_km, misfit, at_risk, lacks, requires, current
):  # fmt: skip
    """float[n], money/year."""
    out = np.empty(len(account))
    for p in range(len(account)):
        i, j = account[p], rep[p]
        dx, dy = ax[i] - hx[j], ay[i] - hy[j]
        value = per_km[i] * np.sqrt(dx * dx + dy * dy) + misfit[i] * lacks[requires[i] + 1, j]
        out[p] = value if current[i] == j else value + at_risk[i]
    return out


@njit(cache=True, nogil=True)
def workload_rows(start, stop, ax, ay, hx, hy, per_km, on_site):
    """float[stop - start, reps], hours/year."""
    reps = len(hx)
    out = np.empty((stop - start, reps))
    for i in range(start, stop):
        x, y, a, b = ax[i], ay[i], per_km[i], on_site[i]
        row = out[i - start]
        for j in range(reps):
            dx, dy = x - hx[j], y - hy[j]
            row[j] = b + a * np.sqrt(dx * dx + dy * dy)
    return out


@njit(cache=True, nogil=True)
def workload_at(account, rep, ax, ay, hx, hy, per_km, on_site):
    """float[n], hours/year."""
    out = np.empty(len(account))
    for p in range(len(account)):
        i, j = account[p], rep[p]
        dx, dy = ax[i] - hx[j], ay[i] - hy[j]
        out[p] = on_site[i] + per_km[i] * np.sqrt(dx * dx + dy * dy)
    return out
