"""From degrees to a flat map: a projection that suits the accounts, outlines, and hulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from territoryopt.cells import FloatArray, IntArray
from territoryopt.report.outlines import outlines

Flat = Callable[[FloatArray], FloatArray]
"""Longitude and latitude in degrees, float64[n, 2], to x and y, y upwards."""

WIDTH = 10_000
"""Steps of a map from left to right."""
MARGIN = 0.045
"""Share of the map's width that stays free around the outermost account."""
FLATTEST, STEEPEST = 0.45, 0.85
"""Height of a map against its width, at least and at most."""
CORE, FEW = 0.9, 10
"""Share of a territory's accounts that its outline goes around, and how few are all of them."""
LOOKED_AT = 3_000
"""Accounts, spread over all, that are asked whether they lie outside the United States."""

# The lower 48 states with Alaska and Hawaii below them, as national atlases have it: boxes of
# longitude and latitude, then centre, parallels, scale and place (the numbers of d3's geoAlbersUsa)
_LOWER = (-125.0, -66.0, 24.0, 49.6)
_ALASKA, _HAWAII = (-170.0, -129.0, 51.0, 72.0), (-161.0, -154.0, 18.0, 23.0)


@dataclass(frozen=True, eq=False)
class Map:
    """A flat map in steps, y downwards.

    shown: int64[m], the accounts that have a place, by number; xy: int64[m, 2], where they lie.
    land: rings of the states, or of all countries where no account lies in the states; abroad:
    rings of the other countries; borders: lines; each int64[n, 2]. homes: float64[reps, 2], NaN
    where unknown. source: where the outlines come from.
    """

    width: int
    height: int
    shown: IntArray
    xy: IntArray
    land: tuple[IntArray, ...]
    abroad: tuple[IntArray, ...]
    borders: tuple[IntArray, ...]
    homes: FloatArray
    source: str


def albers(centre: float, low: float, high: float) -> Flat:
    """The equal-area conic projection (Snyder 1987, Map Projections, USGS PP 1395, 100 ff.)."""
    one, two = np.sin(np.radians([low, high]))
    n = (one + two) / 2
    c = 1 - one**2 + 2 * n * one

    def flat(place: FloatArray) -> FloatArray:
        turn = (place[:, 0] - centre + 540) % 360 - 180
        theta = n * np.radians(turn)
        rho = np.sqrt(np.maximum(c - 2 * n * np.sin(np.radians(place[:, 1])), 0)) / n
        return np.column_stack([rho * np.sin(theta), np.sqrt(c) / n - rho * np.cos(theta)])

    return flat


def _with_insets(place: FloatArray) -> FloatArray:
    """The lower 48 states, Alaska at a third of their scale, and Hawaii."""
    lower, alaska, hawaii = albers(-96, 29.5, 45.5), albers(-154, 55, 65), albers(-157, 8, 18)
    out = lower(place)
    middle = lower(np.array([[-96.6, 38.7]]))
    for box, flat, centre, scale, at in (
        (_ALASKA, alaska, (-156.0, 58.5), 0.35, (-0.307, -0.201)),
        (_HAWAII, hawaii, (-160.0, 19.9), 1.0, (-0.205, -0.212)),
    ):
        inside = _inside(place, box) | ((box is _ALASKA) & (place[:, 0] > 170) & (place[:, 1] > 50))
        there = flat(place[inside]) - flat(np.array([centre]))
        out[inside] = middle + there * scale + np.array(at)
    return out


def _inside(place: FloatArray, box: tuple[float, float, float, float]) -> np.ndarray:
    x, y = place[:, 0], place[:, 1]
    west, east, south, north = box
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def projection(place: FloatArray) -> tuple[Flat, bool]:
    """The one that suits places of longitude and latitude, none of them NaN, and whether it tears
    what lies on the other side of the earth."""
    lower, far = _inside(place, _LOWER), _inside(place, _ALASKA) | _inside(place, _HAWAII)
    if (lower | far).all() and lower.any():
        return (_with_insets if far.any() else albers(-96, 29.5, 45.5)), True
    (west, south), (east, north) = place.min(axis=0), place.max(axis=0)
    middle = (south + north) / 2
    if east - west > 140 or south * north < 0 or abs(middle) < 12:
        stretch = float(np.cos(np.radians(min(abs(middle), 60.0))))
        return (lambda p: np.radians(p * np.array([stretch, 1.0]))), False
    sixth = (north - south) / 6
    low, high = float(south + sixth), float(north - sixth)
    return albers(float(west + east) / 2, low, high), True


def map_of(coordinates: FloatArray, homes: FloatArray) -> Map | None:
    """The map of accounts at latitude and longitude, float64[n, 2] degrees; None where no account
    has a place."""
    shown = np.flatnonzero(~np.isnan(coordinates).any(axis=1))
    if not len(shown):
        return None
    place = coordinates[shown][:, ::-1]
    flat, tears = projection(place)
    points = flat(place)
    low, high = points.min(axis=0), points.max(axis=0)
    span = max(high[0] - low[0], (high[1] - low[1]) / STEEPEST, 1e-4)
    tall = min(max(high[1] - low[1], FLATTEST * span), STEEPEST * span)
    centre, side = (low + high) / 2, span * (1 + 2 * MARGIN)
    height = tall + span * 2 * MARGIN
    corner = np.array([centre[0] - side / 2, centre[1] + height / 2])

    def drawn(line: FloatArray) -> IntArray:
        step = (flat(line) - corner) * np.array([1.0, -1.0]) * (WIDTH / side)
        return np.asarray(np.round(step), dtype=np.int64)

    frame = (WIDTH, round(WIDTH * height / side))
    us, world = outlines("us"), outlines("world")
    foreign = _foreign(place)
    american = bool(_inside(place, (-180.0, -64.0, 17.0, 72.0)).any())
    middle, reach = float(np.median(place[:, 0])), 170 if tears else 360

    def whole(lines: Sequence[FloatArray]) -> tuple[IntArray, ...]:
        """Those lines of other countries that the projection does not tear, as they are seen."""
        near = [line for line in lines if np.abs(line[:, 0] - middle).max() < reach]
        return _visible(map(drawn, near), frame)

    states = us.rings if american else ()
    borders = us.borders if american else ()
    around, their_borders = (whole(world.rings), whole(world.borders)) if foreign else ((), ())
    return Map(
        *frame,
        shown,
        drawn(place),
        (*_visible(map(drawn, states), frame), *(() if american else around)),
        around if american else (),
        (*_visible(map(drawn, borders), frame), *their_borders),
        _homes(homes, drawn),
        us.source,
    )


def _homes(homes: FloatArray, drawn: Callable[[FloatArray], IntArray]) -> FloatArray:
    out = np.full(homes.shape, np.nan)
    known = ~np.isnan(homes).any(axis=1)
    if known.any():
        out[known] = drawn(homes[known][:, ::-1])
    return out


def _visible(
    lines: Sequence[IntArray] | map[IntArray], frame: tuple[int, int]
) -> tuple[IntArray, ...]:
    """The lines that reach into the frame, with room to look around, without repeated points."""
    kept = []
    for line in lines:
        low, high = line.min(axis=0), line.max(axis=0)
        room = np.array(frame) * 0.5
        if (high >= -room).all() and (low <= np.array(frame) + room).all():
            step = np.diff(line, axis=0, prepend=line[:1] - 1)
            kept.append(line[step.any(axis=1)])
    return tuple(line for line in kept if len(line) > 1)


def _foreign(place: FloatArray) -> bool:
    """Whether some account lies in a country other than the United States."""
    some = place[:: max(1, len(place) // LOOKED_AT)]
    us, world = outlines("us"), outlines("world")
    left = some[~_within(some, us.rings)]
    return bool(_within(left, world.rings).any())


def _within(points: FloatArray, rings: Sequence[FloatArray]) -> np.ndarray:
    """bool[n]: the points inside some ring; a ray to the east crosses it an odd number of times."""
    found = np.zeros(len(points), dtype=bool)
    for ring in rings:
        (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
        box = np.flatnonzero(_inside(points, (west, east, south, north)))
        if not len(box):
            continue
        x, y = points[box].T[:, :, None]
        one, two = ring, np.roll(ring, -1, axis=0)
        across = (one[:, 1] > y) != (two[:, 1] > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = (two[:, 0] - one[:, 0]) * (y - one[:, 1]) / (two[:, 1] - one[:, 1]) + one[:, 0]
        found[box] |= (across & (x < at)).sum(axis=1) % 2 == 1
    return found


def core(points: IntArray) -> IntArray:
    """Of points int64[n, 2] the share `CORE` nearest their middle (the medians of x and of y): what
    lies far off would draw an outline over half a map."""
    if len(points) < FEW:
        return points
    away = np.hypot(*(points - np.median(points, axis=0)).T)
    return points[np.argsort(away, kind="stable")[: int(np.ceil(CORE * len(points)))]]


def hull(points: IntArray) -> IntArray:
    """The corners of the convex hull of points int64[n, 2], in order (Andrew 1979, monotone
    chain); all of them where they are fewer than three."""
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    if len(ordered) > 60:
        ordered = _outer(ordered)
    chains = []
    for line in (ordered.tolist(), ordered[::-1].tolist()):
        chain: list[list[int]] = []
        for p in line:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], p) <= 0:
                chain.pop()
            chain.append(p)
        chains += chain[:-1]
    return np.array(chains, dtype=np.int64)


def _outer(points: IntArray) -> IntArray:
    """The lowest and the highest of the points on each upright line: only they can be corners."""
    x = points[:, 0]  # sorted, and y within
    first = np.flatnonzero(np.diff(x, prepend=x[0] - 1))
    last = np.append(first[1:] - 1, len(x) - 1)
    return np.asarray(points[np.unique(np.concatenate([first, last]))])


def _turn(a: list[int], b: list[int], c: list[int]) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
