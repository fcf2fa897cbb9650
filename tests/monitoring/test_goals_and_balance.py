"""Attainment, imbalance, growth and causes, computed by hand and by the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from territoryopt.monitoring.actuals import Goals
from territoryopt.monitoring.attainment import attainment, season_index
from territoryopt.monitoring.balance import cv, gini
from territoryopt.monitoring.causes import cause_of
from territoryopt.monitoring.growth import AccountGrowth, shrunk
from territoryopt.monitoring.watching import watch

NONE = np.zeros(2)


def goals(whole, month=None):
    table = np.full((2, 12), np.nan)
    for j, values in (month or {}).items():
        table[j, : len(values)] = values
    return Goals(table, np.array(whole, dtype=float))


def test_attainment_by_hand():
    totals = np.array([[10.0, 20.0, 30.0], [5.0, 5.0, 5.0]])
    got = attainment(totals, goals([240.0, 120.0]), None, NONE, NONE)
    assert got.actual[0].tolist() == [10, 30, 60]
    assert got.goal[0].tolist() == [20, 40, 60]
    assert got.to_date[:, -1].tolist() == [1.0, 0.5]
    assert got.projected.tolist() == [60 + 9 * 20, 15 + 9 * 5]
    assert got.projected_ratio.tolist() == [1.0, 0.5]


def test_a_season_moves_the_goal_to_date_and_the_rest_of_the_year():
    season = np.array([2.0, 2.0] + [0.8] * 10)
    totals = np.array([[40.0, 40.0], [20.0, 20.0]])
    got = attainment(totals, goals([240.0, 240.0]), season, NONE, NONE)
    assert got.goal[:, -1].tolist() == pytest.approx([80, 80])
    assert got.to_date[:, -1].tolist() == pytest.approx([1.0, 0.5])
    assert got.projected.tolist() == pytest.approx([80 + 20 * 8, 40 + 10 * 8])


def test_goals_by_month_and_reps_without_a_goal():
    totals = np.array([[10.0, 20.0], [5.0, 5.0]])
    got = attainment(totals, goals([np.nan, np.nan], {0: [20, 10, 30]}), None, NONE, NONE)
    assert got.goal[0].tolist() == [20, 30]
    assert got.year_goal[0] == 60
    assert np.isnan(got.to_date[1]).all()
    assert np.isnan(attainment(totals, None, None, NONE, NONE).to_date).all()


def test_lately_stopped_and_unknown_months():
    totals = np.array([[10.0, 10, 10, 40, 40, 40], [10, 10, np.nan, 10, 0, 0]])
    got = attainment(totals, goals([100.0, 100.0]), None, np.array([1.0, 0]), np.array([0.0, 1]))
    assert got.projected[0] == 150 + 6 * 40
    assert got.projected[1] == got.actual[1, -1] == 10 + 10 + 6 + 10


def test_a_season_needs_whole_known_years():
    year = np.tile(np.array([1.0] * 6 + [3.0] * 6), (2, 1))
    index = season_index(np.hstack([year, 2 * year, year[:, :4]]), 24)
    assert index is not None
    assert index.tolist() == [0.5] * 6 + [1.5] * 6
    assert season_index(year, 11) is None
    year[0, 3] = np.nan
    assert season_index(year, 12) is None


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12))
def test_gini_and_cv_by_their_definitions(values):
    x = np.array(values)
    if x.mean() > 0:
        by_pairs = np.abs(x[:, None] - x).sum() / (2 * len(x) ** 2 * x.mean())
        assert gini(x) == pytest.approx(by_pairs, abs=1e-9)
        assert cv(x) == pytest.approx(x.std() / x.mean())
    else:
        assert gini(x) == cv(x) == 0.0


def test_what_is_as_uncertain_as_it_is_large_is_taken_for_noise():
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.1, 400)
    assert np.abs(shrunk(noise, np.full(400, 0.012), 0.0)).max() < 0.01
    real = rng.normal(0, 0.3, 400)
    kept = shrunk(real + noise, np.full(400, 0.01), 0.0)
    assert np.polyfit(real + noise, kept, 1)[0] == pytest.approx(0.9, abs=0.03)
    assert ((kept - real) ** 2).mean() < (noise**2).mean()


def grown(before, now, lost=()):
    b, n = np.array(before, dtype=float), np.array(now, dtype=float)
    gone = np.isin(np.arange(len(b)), lost)
    return AccountGrowth(b, n, np.ones(len(b)), gone, (b <= 0) & (n > 0))


IDS = tuple(f"A{i}" for i in range(10))
ONE = np.zeros(10, dtype=np.int64)


def test_broad_growth_is_told_from_a_few_accounts():
    broad = cause_of(grown([10] * 10, [12] * 9 + [9]), ONE, 0, True, IDS)
    assert (broad.kind, broad.accounts, broad.along) == ("growth", 10, 9)
    assert broad.middle == pytest.approx(0.2)
    few = cause_of(grown([10] * 10, [10] * 8 + [30, 40]), ONE, 0, True, IDS)
    assert few.kind == "few accounts"
    assert few.few_share == pytest.approx(1.0)
    assert [one.account for one in few.weightiest] == ["A9", "A8"]


def test_lost_and_new_accounts():
    lost = cause_of(grown([10] * 10, [10] * 8 + [0, 0], (8, 9)), ONE, 0, False, IDS)
    assert (lost.kind, lost.lost, lost.lost_share) == ("lost accounts", 2, 1.0)
    came = cause_of(grown([10] * 9 + [0], [10] * 9 + [20]), ONE, 0, True, IDS)
    assert (came.kind, came.came) == ("new accounts", 1)
    down = cause_of(grown([10] * 10, [8] * 10), ONE, 0, False, IDS)
    assert (down.kind, down.along) == ("decline", 10)
    assert cause_of(grown([0] * 10, [0] * 10), ONE, 0, False, IDS).kind == "unknown"


def test_an_account_is_lost_when_nothing_was_never_usual():
    rng = np.random.default_rng(5)
    amounts = 100 * rng.lognormal(0, 0.05, (40, 12))
    amounts[3, 8:] = 0  # four months of nothing, after none
    amounts[7, [1, 3, 5, 7, 9, 10, 11]] = 0  # nothing is usual here
    amounts[9, 11:] = 0  # one month says nothing
    amounts[12, :6] = 0  # new
    found = watch(amounts, np.repeat(np.arange(4), 10), 4, year=0).accounts
    assert found is not None
    assert np.flatnonzero(found.lost).tolist() == [3]
    assert np.flatnonzero(found.came).tolist() == [12]
    assert found.factor[3] == 0.0
    others = np.delete(found.factor, [3, 7, 9, 12])
    assert np.abs(others - 1).max() < 0.1


def test_the_growth_of_accounts_adds_up_to_about_that_of_a_territory_that_drifts():
    rng = np.random.default_rng(6)
    rep = np.repeat(np.arange(5), 12)
    amounts = rng.uniform(50, 500, 60)[:, None] * rng.lognormal(0, 0.05, (60, 12))
    amounts[rep == 2] *= np.where(np.arange(12) >= 6, 1.4, 1.0)
    found = watch(amounts, rep, 5, year=0)
    accounts = found.accounts
    assert accounts is not None
    mine = rep == 2
    total = (accounts.before[mine] * accounts.factor[mine]).sum() / accounts.before[mine].sum()
    assert total == pytest.approx(found.growth[2, -1], abs=0.03)
    assert total == pytest.approx(1.4, abs=0.05)
    assert np.abs(accounts.factor[~mine] - 1).max() < 0.15
