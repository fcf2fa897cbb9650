"""Distances against numbers from elsewhere, the travel formula by hand."""

import math

import numpy as np
import pytest

from territoryopt.geography import EARTH_RADIUS_KM, great_circle_km, nearest_km
from territoryopt.travel import Travel

DEGREE = math.pi * EARTH_RADIUS_KM / 180


def test_a_quarter_of_the_equator_and_a_half_meridian():
    assert great_circle_km(0, 0, 0, 90) == pytest.approx(math.pi / 2 * 6371.0088, rel=1e-12)
    assert great_circle_km(90, 0, -90, 0) == pytest.approx(math.pi * 6371.0088, rel=1e-12)
    assert great_circle_km(10, 179.5, 10, -179.5) == pytest.approx(
        great_circle_km(10, -0.5, 10, 0.5), rel=1e-12
    )


def test_the_published_example_of_the_great_circle():
    # Nashville (BNA) to Los Angeles (LAX): central angle 25.958 degrees, the usual worked example
    assert great_circle_km(36.12, -86.67, 33.94, -118.40) == pytest.approx(
        math.radians(25.958) * 6371.0088, rel=2e-5
    )


def test_against_the_law_of_cosines_and_at_one_metre():
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(-80, 80, (2, 50)), rng.uniform(-180, 180, (2, 50))
    cosine = np.sin(np.radians(lat[0])) * np.sin(np.radians(lat[1])) + np.cos(
        np.radians(lat[0])
    ) * np.cos(np.radians(lat[1])) * np.cos(np.radians(lon[0] - lon[1]))
    np.testing.assert_allclose(
        great_circle_km(lat[0], lon[0], lat[1], lon[1]), 6371.0088 * np.arccos(cosine), rtol=1e-9
    )
    assert great_circle_km(45, 9, 45 + 0.001 / DEGREE, 9) == pytest.approx(0.001, rel=1e-6)
    assert great_circle_km(45, 9, 45, 9) == 0


def test_it_broadcasts_and_hands_nan_on():
    d = great_circle_km(np.array([[0.0], [np.nan], [1.0]]), np.zeros((3, 1)), [0.0, 2.0], [0.0, 0])
    assert d.shape == (3, 2)
    np.testing.assert_allclose(d / DEGREE, [[0, 2], [np.nan, np.nan], [1, 1]])


def test_nearest_agrees_with_sorting_all_distances():
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(-60, 60, 80), rng.uniform(-180, 180, 80)
    lat[:9], lon[:9] = 10.0, 20.0  # nine on one spot
    lat[9:12], lon[9:12] = 11.0, 20.0
    lat[20] = np.nan
    known = ~np.isnan(lat)
    full = np.sort(great_circle_km(lat[:, None], lon[:, None], lat[known], lon[known]), axis=1)
    for k in (1, 3, 8, 9, 11, 78):
        np.testing.assert_allclose(nearest_km(lat, lon, k), full[:, k], atol=1e-9)
    np.testing.assert_allclose(nearest_km(lat, lon, 500), full[:, -1])


def test_nearest_of_few():
    one = np.array([1.0])
    assert nearest_km(one, one, 5) == [0]
    assert len(nearest_km(one[:0], one[:0], 5)) == 0
    assert np.isnan(nearest_km(np.array([np.nan]), one, 5)).all()
    assert (nearest_km(np.full(50_000, 40.0), np.full(50_000, 7.0), 5) == 0).all()


def test_hours_per_visit_by_hand():
    travel = Travel(circuity=1.5, speed_kmh=50, stops_per_tour=4)
    hours = travel.hours_per_visit(np.array([[100.0, 0.0]]), np.array([[8.0]]))
    # a tour of 4: 200 km out and back + 3 hops of 8 km = 224 km; 56 km a visit; 84 by road
    np.testing.assert_allclose(hours, [[84 / 50, 1.5 * 8 * 0.75 / 50]])
    alone = Travel(circuity=1, speed_kmh=50, stops_per_tour=1)
    assert alone.hours_per_visit(np.array(100.0), np.array(8.0)) == 4


def test_local_hop_finds_the_density_of_scattered_accounts():
    # about 1 account per 25 km² on a patch at the equator, so hops of about 0.57 * 5 km
    rng = np.random.default_rng(3)
    n, side = 4000, 5 * math.sqrt(4000)
    lat, lon = rng.uniform(0, side / DEGREE, (2, n))
    hop = Travel().local_hop_km(lat, lon)
    inner = (np.minimum(lat, lon) * DEGREE > 20) & (np.maximum(lat, lon) * DEGREE < side - 20)
    assert hop[inner].mean() == pytest.approx(0.57 * 5, rel=0.03)
    # E[d_1] = 1 / (2 sqrt(density)) for the nearest of all
    two = Travel().local_hop_km(np.array([0.0, 0.0, np.nan]), np.array([0.0, 1.0, 0.0]))
    np.testing.assert_allclose(two, [0.57 * 2 * DEGREE] * 2 + [np.nan])
    assert Travel().local_hop_km(np.zeros(1), np.zeros(1)) == [0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"circuity": 0},
        {"speed_kmh": -1},
        {"speed_kmh": math.nan},
        {"stops_per_tour": math.inf},
        {"stops_per_tour": 0.5},
        {"hop_neighbours": 0},
        {"hop_neighbours": 2.5},
    ],
)
def test_constants_must_be_positive(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Travel(**wrong)
