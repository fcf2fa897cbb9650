"""Great-circle km of every pair inside a sum, compiled by numba on first use (the machine code is
kept), for problems too large to store.

The arc over a chord comes from a polynomial instead of an arcsine, so that the processor works on
several pairs at once: relative error below 1e-14, about a fifth of the time. Blocks and look-ups
share every operation, so one pair has one value, to the last bit. Every kernel lets go of the
interpreter's lock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.polynomial import chebyshev, polynomial

from territoryopt.geography import EARTH_RADIUS_KM
from territoryopt.problem import FloatArray, IntArray

_ANY = TypeVar("_ANY", bound=Callable[..., Any])

DEGREE = 11


def _compiled(function: _ANY) -> _ANY:
    # a division by zero gives inf, as in numpy, instead of a test that keeps loops from vectors
    return cast(_ANY, njit(cache=True, nogil=True, error_model="numpy")(function))


def _series() -> tuple[float, ...]:
    """c with asin(√t) / √t = Σ_k c_k t^k on [0, 1/4]: the Chebyshev interpolant."""
    count = DEGREE + 1
    node = np.cos(np.pi * (np.arange(count, dtype=np.longdouble) + 0.5) / count)
    root = np.sqrt((node + 1) / 8)
    value = (np.arcsin(root) / root)[:, None] * chebyshev.chebvander(node, DEGREE)
    weight = 2 * value.sum(axis=0) / count
    weight[0] /= 2
    power, out = np.ones(1, dtype=np.longdouble), np.zeros(count, dtype=np.longdouble)
    for c in chebyshev.cheb2poly(weight):
        out[: len(power)] += c * power
        power = polynomial.polymul(power, np.array([-1, 8], dtype=np.longdouble))
    return tuple(float(c) for c in out)


_C = _series()
_ACROSS = 2 * EARTH_RADIUS_KM
_HALF_PI = 0.5 * math.pi


@_compiled
def _km(dx: float, dy: float, dz: float) -> float:
    """Km along the sphere between points that differ by this on the one of radius 1; NaN stays."""
    q = 0.25 * (dx * dx + dy * dy + dz * dz)  # the square of the sine of half the angle
    sine = math.sqrt(q)
    near = q <= 0.25
    t = q if near else 0.5 * (1.0 - sine)
    t = 0.0 if t < 0.0 else t  # between antipodes rounding may go beyond the diameter
    s = sine if near else math.sqrt(t)
    p = _C[11]
    p = p * t + _C[10]
    p = p * t + _C[9]
    p = p * t + _C[8]
    p = p * t + _C[7]
    p = p * t + _C[6]
    p = p * t + _C[5]
    p = p * t + _C[4]
    p = p * t + _C[3]
    p = p * t + _C[2]
    p = p * t + _C[1]
    p = p * t + _C[0]
    arc = s * p
    return _ACROSS * (arc if near else _HALF_PI - 2.0 * arc)


@_compiled
def sums_of_block(
    place: FloatArray,
    home: FloatArray,
    missing: float,
    base: FloatArray,
    weight: FloatArray,
    order: IntArray,
    starts: IntArray,
    first: int,
    out: FloatArray,
) -> None:
    """out[u, j] = Σ_m base_m + weight_m km_mj over the members m of unit first + u.

    place float64[3, accounts], home float64[3, reps] on the sphere of radius 1, NaN where unknown:
    `missing` km then. Members of unit u are order[starts[u]:starts[u + 1]].
    """
    reps = home.shape[1]
    hx, hy, hz = home[0], home[1], home[2]
    for u in range(out.shape[0]):
        row = out[u]
        for k in range(starts[first + u], starts[first + u + 1]):
            m = order[k]
            x, y, z, b, w = place[0, m], place[1, m], place[2, m], base[m], weight[m]
            alone = k == starts[first + u]
            for j in range(reps):
                km = _km(x - hx[j], y - hy[j], z - hz[j])
                km = missing if math.isnan(km) else km
                value = b + w * km
                row[j] = value if alone else row[j] + value


@_compiled
def sums_of_pairs(
    place: FloatArray,
    home: FloatArray,
    missing: float,
    base: FloatArray,
    weight: FloatArray,
    order: IntArray,
    starts: IntArray,
    unit: IntArray,
    rep: IntArray,
    out: FloatArray,
) -> None:
    """out[n] as in `sums_of_block`, for the pairs (unit[n], rep[n])."""
    for n in range(out.shape[0]):
        u, j = unit[n], rep[n]
        total = 0.0
        for k in range(starts[u], starts[u + 1]):
            m = order[k]
            km = _km(place[0, m] - home[0, j], place[1, m] - home[1, j], place[2, m] - home[2, j])
            km = missing if math.isnan(km) else km
            value = base[m] + weight[m] * km
            total = value if k == starts[u] else total + value
        out[n] = total
