"""The inner loops over candidate pairs, compiled by numba on first use (the machine code is kept).

Arrays throughout: rep int32[n, k] (-1 = no candidate), cost float64[n, k] in currency/year,
amount float64[n, k, parts] in each part's unit; row int32[reps, parts] the global row a pair of a
rep falls in (-1 = none); price float64[reps, parts], currency/year per unit. Every kernel lets go
of the interpreter's lock, so that threads share the work.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FAR = 35.0
"""exp(-FAR) is nothing beside one in float64."""


@njit(cache=True, nogil=True)
def cheapest_pairs(reduced, k, out):
    """out int32[n, k]: the k reps of least reduced cost of each account, the cheapest first and
    the lower number first among equals; -1 where fewer are finite."""
    n, reps = reduced.shape
    value = np.empty(k)
    for i in range(n):
        filled = 0
        worst = np.inf
        for j in range(reps):
            r = reduced[i, j]
            if r < worst:
                at = filled if filled < k else k - 1
                while at > 0 and value[at - 1] > r:
                    value[at] = value[at - 1]
                    out[i, at] = out[i, at - 1]
                    at -= 1
                value[at] = r
                out[i, at] = j
                if filled < k:
                    filled += 1
                if filled == k:
                    worst = value[k - 1]
        for c in range(filled, k):
            out[i, c] = -1


@njit(cache=True, nogil=True)
def reduced_of(rep, cost, amount, price, start, stop, out):
    """out float64[n, k]: c + Σ_p price a of the candidates of accounts start..stop-1; inf where
    there is no candidate."""
    k, parts = rep.shape[1], amount.shape[2]
    for i in range(start, stop):
        for c in range(k):
            j = rep[i, c]
            if j < 0:
                out[i, c] = np.inf
                continue
            value = cost[i, c]
            for p in range(parts):
                value += price[j, p] * amount[i, c, p]
            out[i, c] = value


@njit(cache=True, nogil=True)
def soft_minimum(rep, cost, amount, price, row, heat, start, stop, activity):
    """Σ_i -h_i log Σ_c exp(-r_ic / h_i) over accounts start..stop-1, h = `heat` float64[n]; adds
    the soft assignment's amounts to `activity` float64[rows]."""
    k, parts = rep.shape[1], amount.shape[2]
    value = np.empty(k)
    total = 0.0
    for i in range(start, stop):
        least = np.inf
        for c in range(k):
            j = rep[i, c]
            if j < 0:
                value[c] = np.inf
                continue
            r = cost[i, c]
            for p in range(parts):
                r += price[j, p] * amount[i, c, p]
            value[c] = r
            least = min(least, r)
        if least == np.inf:
            continue
        h = heat[i]
        mass = 0.0
        for c in range(k):
            far = (value[c] - least) / h
            value[c] = np.exp(-far) if far < FAR else 0.0
            mass += value[c]
        total += least - h * np.log(mass)
        for c in range(k):
            if value[c] > 0.0:
                share = value[c] / mass
                j = rep[i, c]
                for p in range(parts):
                    if row[j, p] >= 0:
                        activity[row[j, p]] += share * amount[i, c, p]
    return total


@njit(cache=True, nogil=True)
def activity_of(choice, rep, amount, row, activity):
    """Adds to `activity` float64[rows] the amounts of each account's chosen candidate."""
    parts = amount.shape[2]
    for i in range(choice.shape[0]):
        c = choice[i]
        if c < 0:
            continue
        j = rep[i, c]
        for p in range(parts):
            if row[j, p] >= 0:
                activity[row[j, p]] += amount[i, c, p]
