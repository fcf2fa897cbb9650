"""Ejection chains in compiled loops.

An account leaves its rep for another and ejects one there, which ejects one elsewhere, and so on,
until the last fits in, or takes the place of the first (Yagiura, Ibaraki and Glover 2004, INFORMS
J. on Computing 16, 133-151; cyclic exchange: Thompson and Psaraftis 1993, Operations Research 41,
935-946). A chain is measured by what it adds to

    h = Σ_i r_i,rep(i) + Σ_j φ_j(load_j),   φ_j(s) = y_j (b_j - s) if s <= b_j else v_j (s - b_j),

with reduced costs r_ij = c_ij + y_j a_ij - min_j(...) and prices y_j of the capacities. Where no
capacity is broken, h is the plan's cost plus a constant; v_j is what breaking one is charged beyond
its price. Any improving cycle has a place from where all its partial sums improve (Lin and
Kernighan 1973, Operations Research 21, 498-516), so only such beginnings are followed, the best
few at each length.

Members of a rep stand in rising order of amount, so that those that leave a good fit are found by
bisection. All functions work in place and know no clock: the caller cuts the work in slices.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from territoryopt.problem import FloatArray, IntArray

jit = numba.njit(cache=True, nogil=True)
inlined = numba.njit(inline="always")

NOBODY = -1
NONE = -1
MOST_APPLIED = 100
"""Chains followed in one call before the first kick, so that a call never takes long."""


@inlined  # type: ignore[untyped-decorator]
def _draw(state: Any, n: int) -> Any:
    """A number below n, by Marsaglia's xorshift64 (2003); state[0]: uint64, not zero."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64((x >> np.uint64(33)) % np.uint64(n))


@inlined  # type: ignore[untyped-decorator]
def _phi(s: float, b: float, y: float, v: float) -> float:
    return y * (b - s) if s <= b else v * (s - b)


@jit  # type: ignore[untyped-decorator]
def shift(
    i: int, to: int, amount: FloatArray, rep: IntArray, load: FloatArray, member: IntArray,
    size: FloatArray, count: IntArray,
) -> None:  # fmt: skip
    """Account i goes to rep `to`. member, size: [reps, accounts], who is with a rep and with what
    amount, rising; the first count[j] of row j are used."""
    p = rep[i]
    s = 0
    while member[p, s] != i:
        s += 1
    last = count[p] - 1
    for z in range(s, last):
        member[p, z] = member[p, z + 1]
        size[p, z] = size[p, z + 1]
    count[p] = last
    load[p] -= amount[i, p]
    a = amount[i, to]
    s = count[to]
    while s > 0 and size[to, s - 1] > a:
        member[to, s] = member[to, s - 1]
        size[to, s] = size[to, s - 1]
        s -= 1
    member[to, s] = i
    size[to, s] = a
    count[to] += 1
    load[to] += a
    rep[i] = to


@jit  # type: ignore[untyped-decorator]
def chain(
    o: int, p: int, limit: float, depth: int, width: int, reduced: FloatArray, amount: FloatArray,
    b: FloatArray, y: FloatArray, v: FloatArray, near: IntArray, nears: IntArray, rep: IntArray,
    load: FloatArray, member: IntArray, size: FloatArray, count: IntArray, who: IntArray,
    where: IntArray, sofar: FloatArray, before: IntArray,
) -> tuple[float, int]:  # fmt: skip
    """The best chain found in which account o leaves rep p (`NOBODY` leaves where o is -1) and
    whose every beginning adds less than `limit` < 0: (what it adds to h, its last label), 0 and
    -1 if none. near[i, :nears[i]]: reps thought of for account i.

    Labels of the chains: account `who` (or nobody) was ejected from rep `where`, to make room for
    the account of the label `before`; `sofar` is what h has changed by.
    """
    reps = len(b)
    left = load[p] - (amount[o, p] if o >= 0 else 0.0)
    was = _phi(load[p], b[p], y[p], v[p])
    who[0] = o
    where[0] = p
    sofar[0] = 0.0
    before[0] = NONE
    first, last = 0, 1
    best = limit
    end = NONE
    # The last place keeps the best chain's end, which the beam may have dropped.
    keep = len(who) - 1
    for length in range(depth):
        new = 0
        for h in range(first, last):
            k = who[h]
            base = sofar[h] - (reduced[k, where[h]] if k >= 0 else 0.0)
            for z in range(nears[k] if k >= 0 else reps):
                q = near[k, z] if k >= 0 else z
                entering = amount[k, q] if k >= 0 else 0.0
                cost = base + (reduced[k, q] if k >= 0 else 0.0)
                fq = _phi(load[q], b[q], y[q], v[q])
                room = fq - cost + limit
                if room <= 0:
                    continue
                over = load[q] + entering - b[q]
                low, high = over - room / v[q], over + room / y[q]
                if high <= 0:
                    continue
                g = h
                while g >= 0 and where[g] != q:
                    g = before[g]
                if g >= 0:
                    continue
                s = -1
                if low >= 0 or k < 0:
                    s, stop = 0, count[q]
                    while s < stop:
                        middle = (s + stop) >> 1
                        if size[q, middle] <= low:
                            s = middle + 1
                        else:
                            stop = middle
                while s < count[q]:
                    leaving = size[q, s] if s >= 0 else 0.0
                    if leaving >= high:
                        break
                    e = member[q, s] if s >= 0 else NOBODY
                    s += 1
                    d = cost + _phi(over - leaving + b[q], b[q], y[q], v[q]) - fq
                    if e >= 0:
                        closed = d + reduced[e, p] - reduced[e, q]
                        closed += _phi(left + amount[e, p], b[p], y[p], v[p]) - was
                    else:
                        closed = d + _phi(left, b[p], y[p], v[p]) - was
                    if closed < best and (e >= 0 or o >= 0):
                        best = closed
                        end = keep
                        who[keep] = e
                        where[keep] = q
                        before[keep] = h
                    if length + 1 == depth:
                        continue
                    at = last + new
                    if new < width:
                        new += 1
                    elif d < sofar[at - 1]:
                        at -= 1
                    else:
                        continue
                    while at > last and sofar[at - 1] > d:
                        who[at] = who[at - 1]
                        where[at] = where[at - 1]
                        sofar[at] = sofar[at - 1]
                        before[at] = before[at - 1]
                        at -= 1
                    who[at] = e
                    where[at] = q
                    sofar[at] = d
                    before[at] = h
        first, last = last, last + new
        if new == 0:
            break
    return (best, end) if end >= 0 else (0.0, NONE)


@jit  # type: ignore[untyped-decorator]
def search(
    kicks: int, whole: bool, heat: float, limit: float, depth: int, width: int,
    reduced: FloatArray, amount: FloatArray, b: FloatArray, slack: FloatArray, y: FloatArray,
    v: FloatArray, near: IntArray, nears: IntArray, fan: IntArray, fans: IntArray, rep: IntArray,
    load: FloatArray, member: IntArray, size: FloatArray, count: IntArray, who: IntArray,
    where: IntArray, sofar: FloatArray, before: IntArray, state: Any, best: float,
    best_rep: IntArray,
) -> float:  # fmt: skip
    """Iterated local search: send one account, drawn by lot, to another rep, follow chains from the
    reps touched until none helps, and undo all of it where h rose by more than heat · an
    exponential variate (Lourenço, Martin and Stützle 2003, Handbook of Metaheuristics, 320-353).

    whole: begin with chains from every rep; state[1] is 1 after `MOST_APPLIED` of them, if there
    are more, and the kicks wait for another call. fan[fans[j]:fans[j+1]]: the accounts that think
    of rep j. best, best_rep: the least h of a plan that breaks no capacity by more than slack[j];
    written. Returns the new best.
    """
    accounts, reps = reduced.shape
    dirty = np.zeros(reps, np.bool_)
    stack = np.empty(reps + 1, np.int64)
    log_who = np.empty(4096, np.int64)
    log_from = np.empty(4096, np.int64)
    for _ in range(kicks):
        waiting = 0
        logged = 0
        change = 0.0
        applied = 0
        if whole:
            state[1] = np.uint64(0)
            for j in range(reps):
                dirty[j] = True
                stack[waiting] = j
                waiting += 1
        else:
            i = _draw(state, accounts)
            p, q = rep[i], near[i, _draw(state, nears[i])]
            if p == q:
                continue
            change = reduced[i, q] - reduced[i, p]
            change -= _phi(load[p], b[p], y[p], v[p]) + _phi(load[q], b[q], y[q], v[q])
            shift(i, q, amount, rep, load, member, size, count)
            change += _phi(load[p], b[p], y[p], v[p]) + _phi(load[q], b[q], y[q], v[q])
            log_who[0], log_from[0] = i, p
            logged = 1
            dirty[p] = dirty[q] = True
            stack[0], stack[1] = p, q
            waiting = 2
        while waiting > 0:
            if whole and applied >= MOST_APPLIED:
                state[1] = np.uint64(1)
                return best
            z = _draw(state, waiting)
            d = stack[z]
            waiting -= 1
            stack[z] = stack[waiting]
            dirty[d] = False
            own, outside = count[d], fans[d + 1] - fans[d]
            turn = _draw(state, 1 + own + outside)
            for e in range(1 + own + outside):
                x = (e + turn) % (1 + own + outside)
                o, p = NOBODY, d
                if x > own:
                    o = fan[fans[d] + x - own - 1]
                    p = rep[o]
                    if p == d:
                        continue
                elif x > 0:
                    o = member[d, x - 1]
                gain, end = chain(
                    o, p, limit, depth, width, reduced, amount, b, y, v, near, nears, rep, load,
                    member, size, count, who, where, sofar, before,
                )  # fmt: skip
                if end < 0:
                    continue
                change += gain
                applied += 1
                to = p
                while True:
                    if not dirty[to]:
                        dirty[to] = True
                        stack[waiting] = to
                        waiting += 1
                    k, here = who[end], where[end]
                    if k >= 0:
                        if logged < len(log_who):
                            log_who[logged], log_from[logged] = k, here
                        logged += 1
                        shift(k, to, amount, rep, load, member, size, count)
                    to, end = here, before[end]
                    if end < 0:
                        break
                if not dirty[d]:
                    dirty[d] = True
                    stack[waiting] = d
                    waiting += 1
                break
        chance = (_draw(state, 1 << 30) + 1.0) / (1 << 30)
        if not whole and change > -heat * np.log(chance) and logged <= len(log_who):
            for z in range(logged - 1, -1, -1):
                shift(log_who[z], log_from[z], amount, rep, load, member, size, count)
            continue
        whole = False
        value, holds = 0.0, True
        for j in range(reps):
            if load[j] > b[j] + slack[j]:
                holds = False
                break
            value += _phi(load[j], b[j], y[j], v[j])
        if holds:
            for i in range(accounts):
                value += reduced[i, rep[i]]
            if value < best + limit:
                best = value
                best_rep[:] = rep
    return best
