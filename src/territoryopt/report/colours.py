"""Colours for territories: told apart by the colour-blind too, and most of all from neighbours.

Twenty colours, each with a twin for a dark page. Any two differ by at least 0.07 in Oklab to the
eye with all cones, without the red ones and without the green ones, the first ten by 0.09
(`tests/report/test_colours.py`). Oklab: Ottosson 2020, A perceptual color space for image
processing. Missing cones: Machado, Oliveira & Fernandes 2009, A Physiologically-based Model for
Simulation of Color Vision Deficiency, IEEE TVCG 15(6), severity 1.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from territoryopt.cells import FloatArray, IntArray

LIGHT = (
    "#436fe1", "#f97907", "#168c7f", "#ce5366", "#4f32b9", "#937602", "#099dc6", "#e85eaf",
    "#6a3500", "#67af53", "#1e3384", "#e7af8e", "#35d9c7", "#64233a", "#9f92fc", "#c6c601",
    "#05628b", "#8f365c", "#60cbff", "#5c6504",
)  # fmt: skip
DARK = (
    "#8585ff", "#f99f69", "#20ac99", "#df786a", "#6252fb", "#d39b04", "#20b6d0", "#fd7bc9",
    "#9d6807", "#79c796", "#6466cd", "#f6d0a6", "#22f8db", "#ae4b89", "#b7a4ff", "#cee708",
    "#517fb5", "#b3626d", "#85d9ff", "#9c8913",
)  # fmt: skip
BEST = 10
"""The first colours, which differ most: enough for as many territories."""

_EYES = (
    np.eye(3),
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
              [-0.003882, -0.048116, 1.051998]]),
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
              [-0.011820, 0.042940, 0.968881]]),
)  # fmt: skip
_CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                   [0.2119034982, 0.6806995451, 0.1073969566],
                   [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                 [1.9779984951, -2.4285922050, 0.4505937099],
                 [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


@cache
def differences(colours: tuple[str, ...]) -> FloatArray:
    """float64[n, n]: how far two colours are apart in Oklab, to the eye that sees least of it."""
    s = np.array([[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in colours])
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    least = np.full((len(colours), len(colours)), np.inf)
    for eye in _EYES:
        seen = np.clip(linear @ eye.T, 0.0, 1.0)
        lab = np.cbrt(seen @ _CONES.T) @ _LAB.T
        least = np.minimum(least, np.linalg.norm(lab[:, None] - lab[None], axis=2))
    return np.asarray(least)


def colours_of(middle: FloatArray, size: IntArray) -> IntArray:
    """int64[n]: the number of a colour for each territory, the largest first.

    middle: float64[n, 2] on the map, NaN where unknown; size: int64[n], accounts. Up to twenty
    territories each have a colour of their own; beyond, a colour comes again where it is far off.
    """
    n, most = len(middle), len(LIGHT)
    apart = differences(LIGHT)
    use = np.arange(BEST if n <= BEST else most)
    near = _nearness(middle)
    dislike = 1.0 / (apart + 0.02) ** 2  # the same colour 2,500, the next ones at most some 80
    chosen = np.full(n, -1, dtype=np.int64)
    for j in np.argsort(-size, kind="stable"):
        done = np.flatnonzero(chosen >= 0)
        cost = near[j, done] @ dislike[chosen[done]]
        times = np.bincount(chosen[done], minlength=most)
        cost = cost + (1e9 if n <= most else 1.0) * times  # each once, as long as there are enough
        chosen[j] = use[cost[use].argmin()]
    return chosen


def _nearness(middle: FloatArray) -> FloatArray:
    """float64[n, n]: 1 on the same spot, falling to little over a few territories' width."""
    from scipy.spatial.distance import cdist

    known = ~np.isnan(middle).any(axis=1)
    near = np.full((len(middle), len(middle)), 0.01)
    if known.sum() > 1:
        distance = cdist(middle[known], middle[known])
        next_one = distance + np.diag(np.full(len(distance), np.inf))
        width = max(float(np.median(next_one.min(axis=1))), 1e-9)
        near[np.ix_(known, known)] += np.exp(-((distance / (3.0 * width)) ** 2))
    return near
