"""The inner loop of annealing: chains of one to three accounts, each moving to another candidate
and pushing one out of the rep it comes to. Compiled by numba; see `anneal`."""

from __future__ import annotations

import numpy as np
from numba import njit

MOST_CHAIN = 3


@njit(cache=True, nogil=True, inline="always")
def _draw(state):
    """The next of a xorshift64* sequence (Marsaglia 2003; Vigna 2016), as uint64."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return x * np.uint64(2685821657736338717)


@njit(cache=True, nogil=True, inline="always")
def _below(state, n):
    """A whole number from 0 to n - 1."""
    return np.int64((_draw(state) >> np.uint64(11)) % np.uint64(n))


@njit(cache=True, nogil=True, inline="always")
def _unit(state):
    """A number from 0 to 1."""
    return float(_draw(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True, inline="always")
def _money(activity, lower, upper, price):
    if activity > upper:
        return (activity - upper) * price
    if activity < lower:
        return (lower - activity) * price
    return 0.0


@njit(cache=True, nogil=True)
def anneal(
    place, count, rep, cost, amount, row, lower, upper, price, activity, proposals, hot, cold, seed
):
    """Simulated annealing of the accounts with a choice; returns the change of money.

    place: int[m], the candidate in use, changed in place, as is `activity` float[rows]. count:
    int[m], candidates of each account (at least two); rep int32[m, q], cost float[m, q] and amount
    float[m, q, parts] of them. price: float[rows] per unit outside lower..upper. The temperature
    falls from `hot` to `cold` (currency/year) over so many proposals.
    """
    m, parts = rep.shape[0], amount.shape[2]
    reps = row.shape[0]
    state = np.empty(1, dtype=np.uint64)
    state[0] = np.uint64(seed) * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    for _ in range(8):
        _draw(state)
    # The accounts of each rep, so that one can be drawn: lists with room to grow.
    size = np.zeros(reps, dtype=np.int64)
    for i in range(m):
        size[rep[i, place[i]]] += 1
    room = size.max() * 2 + 16
    member = np.empty((reps, room), dtype=np.int32)
    slot = np.empty(m, dtype=np.int32)
    size[:] = 0
    for i in range(m):
        j = rep[i, place[i]]
        member[j, size[j]] = i
        slot[i] = size[j]
        size[j] += 1
    mover = np.empty(MOST_CHAIN, dtype=np.int64)
    to = np.empty(MOST_CHAIN, dtype=np.int64)
    ops = 2 * MOST_CHAIN * parts
    op_row = np.empty(ops, dtype=np.int64)
    op_was = np.empty(ops)
    total = 0.0
    temperature = hot
    fall = (cold / hot) ** (256.0 / max(256.0, float(proposals)))
    for step in range(proposals):
        if step & 255 == 255:
            temperature *= fall
        depth = 1 + _below(state, MOST_CHAIN)
        i = _below(state, m)
        begin = rep[i, place[i]]
        change = 0.0
        done = 0
        length = 0
        for d in range(depth):
            old = place[i]
            j = rep[i, old]
            c = -1
            if d > 0 and d == depth - 1:
                for other in range(count[i]):
                    if rep[i, other] == begin and other != old:
                        c = other
            if c < 0:
                c = _below(state, count[i] - 1)
                if c >= old:
                    c += 1
            k = rep[i, c]
            change += cost[i, c] - cost[i, old]
            for p in range(parts):
                r = row[j, p]
                if r >= 0:
                    s = activity[r]
                    new = s - amount[i, old, p]
                    change += _money(new, lower[r], upper[r], price[r]) - _money(
                        s, lower[r], upper[r], price[r]
                    )
                    op_row[done] = r
                    op_was[done] = s
                    done += 1
                    activity[r] = new
                r = row[k, p]
                if r >= 0:
                    s = activity[r]
                    new = s + amount[i, c, p]
                    change += _money(new, lower[r], upper[r], price[r]) - _money(
                        s, lower[r], upper[r], price[r]
                    )
                    op_row[done] = r
                    op_was[done] = s
                    done += 1
                    activity[r] = new
            mover[length] = i
            to[length] = c
            length += 1
            if d + 1 == depth:
                break
            # Push out somebody who is with the rep now come to, and not yet in the chain.
            if size[k] == 0:
                break
            i = member[k, _below(state, size[k])]
            known = False
            for e in range(length):
                known |= mover[e] == i
            if known:
                break
        if change <= 0.0 or _unit(state) < np.exp(-change / temperature):
            total += change
            for e in range(length):
                a = mover[e]
                j = rep[a, place[a]]
                k = rep[a, to[e]]
                place[a] = to[e]
                if slot[a] >= 0:
                    last = member[j, size[j] - 1]
                    member[j, slot[a]] = last
                    slot[last] = slot[a]
                    size[j] -= 1
                if size[k] == room:
                    # No room: the account is not drawn from this rep's list any more.
                    slot[a] = -1
                else:
                    member[k, size[k]] = a
                    slot[a] = size[k]
                    size[k] += 1
        else:
            for e in range(done - 1, -1, -1):
                activity[op_row[e]] = op_was[e]
    return total
