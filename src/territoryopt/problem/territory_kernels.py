"""The least that one rep's territory costs, compiled by numba on first use (the machine code is
kept): the inner loops of `territory_bound`, and of the ascent that finds what it rests on. In one
module, since machine code that is kept is not made anew when another module changes.

A row's money at activity s, with multiplier y, is its Fenchel gap
`h(s) = φ(s) + φ*(y) - y s >= 0`: for a hard band |y| times the room that is left on the side where
y binds, inf outside; for a soft one the charge besides.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MOST_JOINED = 3
"""Rows of a rep that are bounded together, in every combination of directions."""


@njit(cache=True, nogil=True, inline="always")
def _money(s, lower, upper, slip, y, price):
    """h(s), currency/year, a hard row being kept within `slip`; never below zero."""
    value = 0.0
    if y > 0.0:
        value = y * (upper - s)
    elif y < 0.0:
        value = y * (lower - s)
    if s > upper:
        if price == np.inf:
            return max(0.0, value) if s <= upper + slip else np.inf
        value += price * (s - upper)
    elif s < lower:
        if price == np.inf:
            return max(0.0, value) if s >= lower - slip else np.inf
        value += price * (lower - s)
    return max(0.0, value)


@njit(cache=True, nogil=True, inline="always")
def _least_money(s, lower, upper, slip, y, price, unit):
    """The least of h(s') + |s' - s| `unit` over activities s' on the way down the slope of h:
    what a row costs at least where a unit of it costs `unit` at least to change, currency/year."""
    if s > upper + slip:
        steep = price - y if y > 0.0 else price
        out = (s - upper - slip) * min(steep, unit) if steep > 0.0 else 0.0
        if y < 0.0:
            out += (upper - lower) * min(-y, unit)
        return out
    if s < lower - slip:
        steep = price + y if y < 0.0 else price
        out = (lower - slip - s) * min(steep, unit) if steep > 0.0 else 0.0
        if y > 0.0:
            out += (upper - lower) * min(y, unit)
        return out
    if y > 0.0:
        return max(0.0, upper - s) * min(y, unit)
    if y < 0.0:
        return max(0.0, s - lower) * min(-y, unit)
    return 0.0


@njit(cache=True, nogil=True)
def least_change(dear, amount, at, lower, upper, slip, y, price, most, nodes, chosen):
    """min over sets F of items of Σ_F dear + Σ_p h_p(at_p + Σ_F amount_p), if it is below `most`.

    dear: float[m] >= 0, ascending, currency/year. amount: float[m, rows], what an item changes;
    at, lower, upper, slip, y, price: float[rows]. chosen: bool[m], set to the best F found. Depth
    first; a branch ends where what is left cannot pay for itself even at the best ratio of change
    to money among the items left, row by row and for all rows at once. Returns the least value
    (`most` where none is below it), and whether all sets were looked at within so many nodes.
    """
    m, rows = amount.shape
    combined = 1 << rows if rows <= MOST_JOINED else 0
    size = np.ones(rows)
    for p in range(rows):
        for side in (lower[p], upper[p]):
            if np.isfinite(side):
                size[p] = max(size[p], abs(side))
    more, less = np.zeros((m + 1, rows)), np.zeros((m + 1, rows))
    joined = np.zeros((m + 1, combined))
    for k in range(m - 1, -1, -1):
        cost = max(dear[k], 1e-300)
        for p in range(rows):
            more[k, p] = max(more[k + 1, p], amount[k, p] / cost)
            less[k, p] = max(less[k + 1, p], -amount[k, p] / cost)
        for c in range(combined):
            change = 0.0
            for p in range(rows):
                # What goes the other way is no help elsewhere: only the way towards counts.
                change += max(0.0, amount[k, p] if (c >> p) & 1 else -amount[k, p]) / size[p]
            joined[k, c] = max(joined[k + 1, c], change / cost)
    best = most
    chosen[:] = False
    s = at.copy()
    stack = np.empty(m + 1, dtype=np.int64)
    next_item = np.zeros(m + 2, dtype=np.int64)
    paid = np.zeros(m + 2)
    depth, looked, fresh = 0, 0, True
    while True:
        if fresh:
            value = paid[depth]
            for p in range(rows):
                value += _money(s[p], lower[p], upper[p], slip[p], y[p], price[p])
            if value < best:
                best = value
                chosen[:] = False
                for d in range(depth):
                    chosen[stack[d]] = True
            fresh = False
        k = next_item[depth]
        useful = k < m and paid[depth] + dear[k] < best
        if useful:
            single, code = 0.0, 0
            for p in range(rows):
                up = s[p] < lower[p] - slip[p] or (s[p] <= upper[p] + slip[p] and y[p] > 0.0)
                if up:
                    code |= 1 << p
                ratio = more[k, p] if up else less[k, p]
                unit = 1.0 / ratio if ratio > 0.0 else np.inf
                single = max(
                    single, _least_money(s[p], lower[p], upper[p], slip[p], y[p], price[p], unit)
                )
            useful = paid[depth] + single < best
            if useful and combined > 2:
                ratio = joined[k, code]
                unit = 1.0 / ratio if ratio > 0.0 else np.inf
                both = 0.0
                for p in range(rows):
                    both += _least_money(
                        s[p], lower[p], upper[p], slip[p], y[p], price[p], unit / size[p]
                    )
                useful = paid[depth] + both < best
        if useful:
            looked += 1
            if looked > nodes:
                return best, False
            next_item[depth] = k + 1
            stack[depth] = k
            depth += 1
            next_item[depth] = k + 1
            paid[depth] = paid[depth - 1] + dear[k]
            for p in range(rows):
                s[p] += amount[k, p]
            fresh = True
        else:
            if depth == 0:
                return best, True
            depth -= 1
            k = stack[depth]
            for p in range(rows):
                s[p] -= amount[k, p]


@njit(cache=True, nogil=True)
def least_of_territory(dear, amount, at, lower, upper, slip, y, price, guess, most, nodes, chosen):
    """A lower bound on `least_change` for a territory, as good as `nodes` allow, `most` at most.

    dear: float[m], in any order, every item of less than `most` among them. Looks for values
    below `guess` first, and for larger ones while there is nothing below. Returns the bound and
    the number of nodes allowed that it took as a fraction; `chosen` bool[m] is the best set found.
    """
    order = np.argsort(dear)
    sorted_dear = dear[order]
    sorted_amount = amount[order]
    picked = np.zeros(len(dear), dtype=np.bool_)
    chosen[:] = False
    proved = 0.0
    limit = min(guess, most)
    while limit > 0.0:
        m = np.searchsorted(sorted_dear, limit)
        best, complete = least_change(
            sorted_dear[:m],
            sorted_amount[:m],
            at,
            lower,
            upper,
            slip,
            y,
            price,
            limit,
            nodes,
            picked[:m],
        )
        if best < limit:
            chosen[:] = False
            for k in range(m):
                chosen[order[k]] = picked[k]
        if complete:
            if best < limit or limit >= most:
                return best
            proved = limit
            limit = min(most, 1.6 * limit)
            continue
        if proved > 0.0:
            return proved
        limit = min(0.6 * limit, best)
        if limit < 1e-12 * max(1.0, guess):
            return 0.0
    return proved


@njit(cache=True, nogil=True, inline="always")
def _given(y, lower, upper, constant):
    """y k - φ*(y), currency/year."""
    if y > 0.0:
        return y * (constant - upper)
    if y < 0.0:
        return y * (constant - lower)
    return 0.0


@njit(cache=True, nogil=True)
def _best_step(q, amount, y, move, low, high, lower, upper, constant):
    """The step t that makes Σ min(0, q + amount·(y + t move)) + Σ (y k - φ*(y)) largest, with
    y + t move within low..high (finite). Concave and piecewise linear: the slope is followed from
    the least step over its breaks."""
    m, rows = amount.shape
    least, most = -np.inf, np.inf
    for p in range(rows):
        if move[p] != 0.0:
            first, last = (low[p] - y[p]) / move[p], (high[p] - y[p]) / move[p]
            least, most = max(least, min(first, last)), min(most, max(first, last))
    at = np.empty(m + rows)
    fall = np.empty(m + rows)
    count = 0
    slope = 0.0
    for i in range(m):
        value, rate = q[i], 0.0
        for p in range(rows):
            value += y[p] * amount[i, p]
            rate += move[p] * amount[i, p]
        there = value + rate * least
        if there < 0.0 or (there == 0.0 and rate < 0.0):
            slope += rate
        if rate != 0.0 and -value / rate > least:
            at[count] = -value / rate
            fall[count] = abs(rate)
            count += 1
    for p in range(rows):
        d = move[p]
        if d == 0.0:
            continue
        there = min(high[p], max(low[p], y[p] + d * least))
        side = upper[p] if there > 0.0 or (there == 0.0 and d > 0.0) else lower[p]
        slope += d * (constant[p] - side)
        if -y[p] / d > least and np.isfinite(lower[p]) and np.isfinite(upper[p]):
            at[count] = -y[p] / d
            fall[count] = abs(d) * (upper[p] - lower[p])
            count += 1
    if not slope > 0.0:
        return least if least > -1e90 else 0.0
    order = np.argsort(at[:count])
    for k in range(count):
        if at[order[k]] >= most:
            break
        slope -= fall[order[k]]
        if slope <= 0.0:
            return at[order[k]]
    return most


@njit(cache=True, nogil=True)
def centre(q, amount, y, low, high, lower, upper, constant, size, rounds):
    """Move y float[rows] in place to where the LP of one territory has its prices, by steps along
    each row and along two at once."""
    rows = amount.shape[1]
    move = np.zeros(rows)
    for _ in range(rounds):
        moved = False
        for a in range(rows):
            for b in range(rows):
                for sign in (1.0, -1.0):
                    if a > b or (a == b and sign < 0.0):
                        continue
                    move[:] = 0.0
                    move[a] = 1.0 / size[a]
                    if a != b:
                        move[b] = sign / size[b]
                    t = _best_step(q, amount, y, move, low, high, lower, upper, constant)
                    for p in range(rows):
                        to = min(high[p], max(low[p], y[p] + t * move[p]))
                        moved |= to != y[p]
                        y[p] = to
        if not moved:
            break


@njit(cache=True, nogil=True)
def one_territory(
    account,
    cost,
    amount,
    worth,
    y,
    low,
    high,
    lower,
    upper,
    slip,
    price,
    constant,
    size,
    guess,
    most,
    nodes,
    rounds,
    taken,
):
    """(value, λ) of a rep: min over sets S of Σ (cost - worth) + money of its rows, as a bound
    from below; y is moved to suit, `taken` bool[m] set to the best S found.

    account: int[m], its candidates; cost: float[m] with the prices of rows that are not its own;
    amount: float[m, rows]. guess, most, nodes: see `least_of_territory`.
    """
    m, rows = amount.shape
    q = np.empty(m)
    for i in range(m):
        q[i] = cost[i] - worth[account[i]]
    centre(q, amount, y, low, high, lower, upper, constant, size, rounds)
    value = 0.0
    at = constant.copy()
    dear = np.empty(m)
    change = np.empty((m, rows))
    for p in range(rows):
        value += _given(y[p], lower[p], upper[p], constant[p])
    for i in range(m):
        r = q[i]
        for p in range(rows):
            r += y[p] * amount[i, p]
        taken[i] = r < 0.0
        dear[i] = abs(r)
        value += min(0.0, r)
        for p in range(rows):
            change[i, p] = -amount[i, p] if taken[i] else amount[i, p]
            if taken[i]:
                at[p] += amount[i, p]
    chosen = np.zeros(m, dtype=np.bool_)
    found = least_of_territory(
        dear, change, at, lower, upper, slip, y, price, guess, most, nodes, chosen
    )
    for i in range(m):
        if chosen[i]:
            taken[i] = not taken[i]
    return value + found, found
