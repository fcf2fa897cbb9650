"""What single moves do to priced rows, compiled by numba on first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from territoryopt.problem import FloatArray, IntArray

_ANY = TypeVar("_ANY", bound=Callable[..., Any])


def _compiled(function: _ANY) -> _ANY:
    return cast(_ANY, njit(cache=True, nogil=True, error_model="numpy")(function))


@_compiled
def _charge(s: float, lower: float, upper: float, price: float) -> float:
    return max(0.0, lower - s, s - upper) * price


@_compiled
def _largest_elsewhere(charge: FloatArray, top: IntArray, one: int, two: int) -> float:
    """The largest charge of the rows `top` that are neither `one` nor `two`."""
    for row in top:
        if row not in (one, two):
            return float(charge[row])
    return 0.0


@_compiled
def add_row_change(
    amount: FloatArray,
    own: IntArray,
    row_of_rep: IntArray,
    activity: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    price: FloatArray,
    worst: bool,
    change: FloatArray,
) -> None:
    """Adds to change float64[n, reps] what the rows charge more where account k goes from rep
    own[k] to each other, as `problem.moves` says; amount float64[n, reps], price finite."""
    charge = np.empty(len(activity))
    for r in range(len(activity)):
        charge[r] = _charge(activity[r], lower[r], upper[r], price[r])
    top = np.argsort(-charge)[:3]
    most = charge[top[0]] if len(top) else 0.0
    for k in range(len(own)):
        if own[k] < 0:
            continue
        out = row_of_rep[own[k]]
        leaving, less = 0.0, 0.0
        if out >= 0:
            leaving = amount[k, own[k]]
            less = _charge(activity[out] - leaving, lower[out], upper[out], price[out])
        for j in range(len(row_of_rep)):
            to = row_of_rep[j]
            more = 0.0
            if to >= 0:
                net = amount[k, j] - leaving if to == out else amount[k, j]
                more = _charge(activity[to] + net, lower[to], upper[to], price[to])
            if worst:
                new = max(more, _largest_elsewhere(charge, top, out, to))
                change[k, j] += (new if to == out else max(new, less)) - most
                continue
            if to >= 0:
                change[k, j] += more - charge[to]
            if to != out and out >= 0:
                change[k, j] += less - charge[out]
