"""Drift against the team: what is common cancels, what is a territory's own is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from territoryopt.monitoring import drift
from territoryopt.monitoring.simulating import simulated_year
from territoryopt.monitoring.team import leave_one_out, median_polish
from territoryopt.monitoring.watching import watch


def totals_of(seed, reps=8, months=12, noise=0.03):
    rng = np.random.default_rng(seed)
    level = rng.uniform(50, 500, reps)
    return level[:, None] * rng.lognormal(0, noise, (reps, months)), rng


def test_polish_takes_an_additive_table_apart():
    level, common = np.array([1.0, 5.0, 9.0]), np.array([0.0, -2.0, 2.0])
    found = median_polish(level[:, None] + common)
    assert np.allclose(found[0][:, None] + found[1], level[:, None] + common)


@pytest.mark.parametrize("rows", [2, 3, 4, 7, 8])
def test_each_row_is_held_against_the_median_of_the_others(rows):
    x = np.random.default_rng(rows).normal(size=(rows, 5))
    x[:2, 0] = 0.25  # a tie
    others = np.array([np.median(np.delete(x, j, axis=0), axis=0) for j in range(rows)])
    assert np.allclose(leave_one_out(x, np.zeros(rows)), x - others)


def test_a_common_season_alone_is_no_drift():
    level = np.array([10.0, 20.0, 35.0, 80.0, 81.0])
    season = 1 + 0.4 * np.sin(np.arange(12))
    found = watch(level[:, None] * season, None, 5, year=0)
    assert not found.flagged.any()
    assert np.allclose(np.exp(found.drifts.ratio), 1.0)
    assert np.allclose(found.growth, 1.0)
    assert np.allclose(found.totals / found.common, found.totals[:, :1] / found.common[0])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.05, 20), min_size=12, max_size=12), st.integers(0, 50))
def test_what_all_have_in_common_changes_nothing(season, seed):
    totals, _ = totals_of(seed)
    totals[2, 6:] *= 1.3
    one = watch(totals, None, 8, year=0)
    two = watch(totals * np.array(season), None, 8, year=0)
    assert np.allclose(one.drifts.ratio, two.drifts.ratio, atol=1e-9)
    assert (one.flagged == two.flagged).all()
    assert one.drifts.territories[2].change == pytest.approx(two.drifts.territories[2].change)


@pytest.mark.parametrize(("factor", "onset"), [(1.25, 5), (0.8, 7)])
def test_a_step_is_found_with_its_size_and_month(factor, onset):
    totals, _ = totals_of(4, noise=0.02)
    totals[3, onset:] *= factor
    found = watch(totals, None, 8, year=0)
    assert np.flatnonzero(found.flagged).tolist() == [3]
    told = found.drifts.territories[3]
    assert told.change == pytest.approx(factor - 1, abs=0.03)
    assert told.onset == onset
    assert onset <= told.flagged <= onset + 2
    assert told.still
    assert told.chance < 0.01
    assert found.growth[3, -1] == pytest.approx(factor, abs=0.03)
    assert found.growth[3, 0] == pytest.approx(1, abs=0.02)


def test_noise_is_that_of_the_team_whatever_a_few_territories_do():
    rng = np.random.default_rng(1)
    spread = rng.uniform(0.5, 1.5, 30)
    y = 0.04 * spread[:, None] * rng.standard_normal((30, 12))
    y[:3] += np.linspace(0, 2, 12)
    sigma = drift.noise_of(y, spread)
    assert np.allclose(sigma / spread, sigma[0] / spread[0])
    assert sigma[0] / spread[0] == pytest.approx(0.04, rel=0.15)


def test_a_limit_is_the_quantile_that_was_asked_for():
    drawn = drift.limits(8, 8, (4, 6, 8), True)
    strict, loose = (drift.limit_at(drawn, 8, a) for a in (0.01, 0.20))
    assert strict > loose
    assert (drawn > loose).mean() == pytest.approx(0.20, abs=0.002)
    assert drift.chance_of(drawn, 8, loose) == pytest.approx(0.20, abs=0.005)
    assert drift.limit_at(drawn, 4_000, 0.05) > drift.limit_at(drawn, 40, 0.05)


def test_least_keeps_small_drift_quiet_however_sure_it_is():
    totals, _ = totals_of(6, noise=0.001)
    totals[1, 5:] *= 1.03
    assert not watch(totals, None, 8, year=0).flagged.any()
    assert watch(totals, None, 8, year=0, least=0.01).flagged.tolist() == [j == 1 for j in range(8)]


def test_nothing_any_more_is_no_drift_and_not_the_others_gain():
    totals, _ = totals_of(7)
    totals[5, 9:] = 0
    found = watch(totals, None, 8, year=0)
    assert found.team.stopped.tolist() == [-1] * 5 + [9, -1, -1]
    assert np.flatnonzero(found.flagged).tolist() == [5]
    assert found.growth[5, -1] == 1.0


def test_a_month_of_nothing_that_is_usual_is_no_end():
    totals, _ = totals_of(8)
    totals[4, ::2] = 0
    totals[4, -1] = 0
    assert watch(totals, None, 8, year=0).team.stopped[4] == -1


def test_what_cannot_be_told_is_not_told():
    totals, _ = totals_of(9, reps=2)
    totals[0, 6:] *= 3
    assert not watch(totals, None, 2, year=0).flagged.any()
    assert watch(totals, None, 2, year=0).drifts.looks == ()
    assert watch(totals_of(9)[0][:, :3], None, 8, year=0).drifts.looks == ()
    nothing = watch(np.zeros((8, 6)), None, 8, year=0)
    assert not nothing.flagged.any()
    assert nothing.team.silent.all()


def test_unknown_months_are_left_out():
    totals, _ = totals_of(10)
    totals[2, 6:] *= 1.4
    totals[:, 3] = np.nan
    found = watch(totals, None, 8, year=0)
    assert np.flatnonzero(found.flagged).tolist() == [2]
    assert np.isnan(found.drifts.ratio[:, 3]).all()
    assert 3 not in found.drifts.looks


def test_own_season_is_taken_out_by_earlier_years():
    totals, _ = totals_of(11, months=36, noise=0.02)
    own = np.tile(1 + 0.5 * np.sin(2 * np.pi * np.arange(12) / 12), 3)
    totals[2] *= own
    assert watch(totals, None, 8, year=24).flagged[2]
    assert not watch(totals, None, 8, year=24, own_season=True).flagged.any()
    totals[5, 29:] *= 1.3
    found = watch(totals, None, 8, year=24, own_season=True)
    assert np.flatnonzero(found.flagged).tolist() == [5]


def test_a_simulated_year_is_what_it_says():
    drawn = simulated_year(1, noise=0.0, swing=0.0)
    who = np.isin(drawn.rep, drawn.drifting)
    assert len(drawn.drifting) == 3
    assert drawn.begins in (2, 3)
    path = drawn.amounts / drawn.sizes[:, None]
    assert np.allclose(path[~who], 1.0)
    begins = drawn.begins
    assert np.allclose(path[who][:, begins - 1 : begins + 6], 1 + 0.25 * np.arange(7) / 6)
    assert np.allclose(path[who][:, begins + 5 :], 1.25)
    noisy = simulated_year(1)
    factor = noisy.amounts / noisy.sizes[:, None]
    assert np.array_equal(noisy.amounts, simulated_year(1).amounts)
    season = factor[~who].mean(axis=0)
    assert season.max() - season.min() == pytest.approx(0.4, abs=0.03)
    assert (factor[~who] / season).std() == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize("seed", [1_001, 1_002, 1_003, 1_004])
def test_the_three_that_drift_are_flagged_by_month_nine(seed):
    drawn = simulated_year(seed)
    found = watch(drawn.amounts[:, :9], drawn.rep, 20, year=0)
    flagged = set(np.flatnonzero(found.flagged).tolist())
    assert set(drawn.drifting) <= flagged
    assert len(flagged) <= 4
    for j in drawn.drifting:
        told = found.drifts.territories[j]
        assert abs(np.log1p(told.change) - np.log(1.25)) < 4 * told.error


def test_years_without_drift_are_quiet():
    alarms = 0
    for seed in range(1_500, 1_540):
        drawn = simulated_year(seed, drifting=0)
        alarms += bool(watch(drawn.amounts, drawn.rep, 20, year=0).flagged.any())
    assert alarms <= 6  # 5 % of 40 is 2; more than 6 has a chance of 0.3 %
