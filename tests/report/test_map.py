"""Places, outlines, hulls and colours of the map."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from territoryopt.geography import great_circle_km
from territoryopt.report.colours import BEST, DARK, LIGHT, colours_of, differences
from territoryopt.report.outlines import make, outlines
from territoryopt.report.places import (
    WIDTH,
    _foreign,
    albers,
    core,
    hull,
    map_of,
    projection,
)

NEW_YORK, SEATTLE, MIAMI = (40.71, -74.01), (47.61, -122.33), (25.76, -80.19)
ANCHORAGE, HONOLULU = (61.22, -149.90), (21.31, -157.86)
TORONTO, BERLIN, SYDNEY, QUITO = (43.65, -79.38), (52.52, 13.40), (-33.87, 151.21), (-0.18, -78.47)


def place(*latitude_longitude):
    return np.array(latitude_longitude, dtype=float)


def drawn(*points):
    return map_of(place(*points), np.full((1, 2), np.nan))


def test_every_account_with_a_place_is_on_the_map():
    points = place(NEW_YORK, (np.nan, np.nan), SEATTLE, MIAMI)
    found = map_of(points, place((40.0, -100.0)))
    assert found.shown.tolist() == [0, 2, 3]
    x, y = found.xy.T
    assert (x >= 0).all()
    assert (x <= WIDTH).all()
    assert (y >= 0).all()
    assert (y <= found.height).all()
    assert x[1] < x[2] < x[0]  # Seattle, Miami, New York from west to east
    assert y[1] < y[0] < y[2]  # and from north to south, y downwards
    assert map_of(np.full((2, 2), np.nan), np.full((1, 2), np.nan)) is None


@pytest.mark.parametrize("points", [
    [BERLIN], [BERLIN, BERLIN], [BERLIN, SYDNEY, QUITO], [(0.0, -179.9), (0.0, 179.9)],
    [(89.9, 0.0), (-89.9, 10.0)], [SYDNEY, (-37.81, 144.96)], [NEW_YORK, TORONTO],
    [NEW_YORK, ANCHORAGE, HONOLULU, SEATTLE], [HONOLULU], [QUITO, (4.71, -74.07)],
])  # fmt: skip
def test_any_places_make_a_map(points):
    found = drawn(*points)
    x, y = found.xy.T
    assert len(found.shown) == len(points)
    assert (x >= 0).all()
    assert (x <= WIDTH).all()
    assert (y >= 0).all()
    assert (y <= found.height).all()
    assert 0.4 * WIDTH < found.height < 1.0 * WIDTH


def test_albers_keeps_areas_and_nearly_distances():
    flat = albers(-96, 29.5, 45.5)
    for low in (26.0, 36.0, 46.0):
        box = np.array([[-100.0, low], [-99.9, low], [-99.9, low + 0.1], [-100.0, low + 0.1]])
        x, y = flat(box).T
        area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        true = np.radians(0.1) * (np.sin(np.radians(low + 0.1)) - np.sin(np.radians(low)))
        assert area == pytest.approx(true, rel=1e-4)
    ends = flat(place(NEW_YORK[::-1], SEATTLE[::-1]))
    km = 6371.0088 * np.hypot(*(ends[0] - ends[1]))
    assert km == pytest.approx(float(great_circle_km(*NEW_YORK, *SEATTLE)), rel=0.02)


def test_alaska_and_hawaii_lie_below_the_lower_states():
    points = place(NEW_YORK, SEATTLE, MIAMI, ANCHORAGE, HONOLULU)
    flat, _ = projection(points[:, ::-1])
    x, y = flat(points[:, ::-1]).T
    assert y[3] < y[0]
    assert y[4] < y[0]
    assert x[1] - 0.2 < x[3] < x[2]
    assert x[3] < x[4] < x[2]


def test_other_countries_are_drawn_where_accounts_lie_in_them():
    assert not _foreign(place(NEW_YORK, SEATTLE, MIAMI)[:, ::-1])
    assert _foreign(place(NEW_YORK, TORONTO)[:, ::-1])
    assert drawn(NEW_YORK, SEATTLE).abroad == ()
    assert len(drawn(NEW_YORK, TORONTO).abroad) > 0
    berlin = drawn(BERLIN, (48.14, 11.58))
    assert berlin.abroad == ()
    assert len(berlin.land) > 2
    assert len(berlin.borders) > 3


def test_outlines_are_small_and_say_where_they_come_from():
    data = files("territoryopt.report.outlines").joinpath("outlines.json").read_bytes()
    assert len(data) <= 150_000
    us, world = outlines("us"), outlines("world")
    assert "Census" in us.source
    assert "Natural Earth" in us.source
    assert len(us.rings) > 40
    assert len(us.borders) > 100
    assert len(world.rings) > 150
    for ring in (*us.rings, *world.rings):
        assert np.abs(ring[0] - ring[-1]).max() < 0.011  # a ring ends where it begins


def test_thinning_keeps_ends_and_stays_near():
    line = np.column_stack([np.linspace(0, 10, 201), np.sin(np.linspace(0, 10, 201))])
    kept = make.thinned(line, 0.05)
    assert (kept[0] == line[0]).all()
    assert (kept[-1] == line[-1]).all()
    assert 5 < len(kept) < 60
    assert np.abs(np.interp(line[:, 0], kept[:, 0], kept[:, 1]) - line[:, 1]).max() < 0.08


# -- hulls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 10, 61, 2_000])
def test_a_hull_is_convex_and_holds_every_point(n):
    points = np.random.default_rng(n).integers(0, 1000, (n, 2))
    corners = hull(points)
    one, two = corners, np.roll(corners, -1, axis=0)
    edge = two - one
    turn = (
        edge[:, 0] * np.roll(edge, -1, axis=0)[:, 1] - edge[:, 1] * np.roll(edge, -1, axis=0)[:, 0]
    )
    assert (turn > 0).all()
    side = (edge[:, None, 0] * (points[None, :, 1] - one[:, None, 1])
            - edge[:, None, 1] * (points[None, :, 0] - one[:, None, 0]))  # fmt: skip
    assert (side >= 0).all()


@pytest.mark.parametrize("points", [[], [[1, 1]], [[1, 1], [1, 1]], [[0, 0], [1, 1], [2, 2]]])
def test_points_without_area_have_a_hull_too(points):
    found = hull(np.array(points, dtype=np.int64).reshape(-1, 2))
    assert len(found) <= 2


def test_the_core_leaves_out_what_lies_far_off():
    near = np.random.default_rng(0).integers(0, 100, (19, 2))
    points = np.vstack([near, [[5_000, 5_000]]])
    assert core(points).max() <= 100
    assert len(core(points)) == 18
    assert len(core(points[:9])) == 9


# -- colours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_colours_differ_to_every_eye(colours):
    assert len(set(colours)) == 20
    apart = differences(colours) + np.eye(20) * 9
    assert apart.min() > LEAST
    assert apart[:BEST, :BEST].min() > LEAST


LEAST = 0.066
"""Oklab; black to white is 1."""


def test_the_style_sheet_has_the_same_colours():
    style = files("territoryopt.report").joinpath("templates/page.css").read_text("utf-8")
    light, dark = style.split("@media screen and (prefers-color-scheme: dark)")
    for k in range(20):
        assert f".c{k} {{ fill: {LIGHT[k]}; }}" in light
        assert f".c{k} {{ fill: {DARK[k]}; }}" in dark


def test_up_to_twenty_territories_have_colours_of_their_own():
    rng = np.random.default_rng(1)
    for n in (1, 2, 10, 20):
        found = colours_of(rng.random((n, 2)), rng.integers(1, 100, n))
        assert len(set(found.tolist())) == n
        assert found.max() < (BEST if n <= BEST else 20)
    assert len(colours_of(np.full((5, 2), np.nan), np.arange(5))) == 5


def test_beyond_twenty_a_colour_comes_again_only_far_off():
    grid = np.array([(i, j) for i in range(10) for j in range(10)], dtype=float)
    found = colours_of(grid, np.arange(100))
    apart = np.abs(grid[:, None] - grid[None]).max(axis=2)
    same = (found[:, None] == found[None]) & ~np.eye(100, dtype=bool)
    assert np.bincount(found, minlength=20).max() <= 8
    assert apart[same].min() >= 2
