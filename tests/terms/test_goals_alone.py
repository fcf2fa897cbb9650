"""Each goal alone on two or three objects, with numbers worked out by hand."""

from __future__ import annotations

import pytest
from small import instance, judged, problem, table


def goal(folder, accounts, reps, text, pairs=None, extra=""):
    return problem(instance(folder, accounts, reps, pairs), extra, f"[goals.g]\n{text}\n")


def test_travel_costs_by_the_hour(tmp_path):
    what = goal(
        tmp_path,
        {"visits_per_year": [10, 4]},
        2,
        'kind = "travel"\nprice = 50',
        table([[1, 2], [0.5, 3]], "road"),
        '[travel]\npairs_hours = "road"\n',
    )
    assert judged(what, 1, 1).objective == 50 * (10 + 2)
    assert judged(what, 2, 2).objective == 50 * (20 + 12)
    assert what.costs[0].unit == "hours/year"


def test_fit_is_the_weighted_mean_of_grades(tmp_path):
    # A-1 wishes german twice as much as lab: R-1 (0.5, 0) -> (2 0.5 + 0) / 3, R-2 (1, 0.4) -> 0.8
    what = goal(
        tmp_path,
        {"potential": [300, 100], "wishes": ["german=2;lab", ""]},
        {"skills": ["german=0.5", "german;lab=0.4"]},
        'kind = "fit"\nprice = 0.1',
    )
    assert judged(what, 1, 1).objective == pytest.approx(0.1 * 300 * (1 - 1 / 3))
    assert judged(what, 2, 1).objective == pytest.approx(0.1 * 300 * (1 - 0.8))
    assert judged(what, 0, 2).objective == 0  # nothing wished is a full fit


def test_fit_may_put_another_measure_at_risk(tmp_path):
    what = goal(
        tmp_path,
        {"annual_revenue": [50], "wishes": ["lab"]},
        2,
        'kind = "fit"\nmeasure = "revenue"\nprice = 0.2',
    )
    assert judged(what, 1).objective == pytest.approx(10)


BALANCED = {"potential": [60, 30, 10]}


def test_balance_by_the_worst_deviation_in_points(tmp_path):
    # share 50: 90 and 10 are 80 % off, 60 and 40 are 20 % off
    text = 'kind = "balance"\nmeasure = "potential"\nhow = "worst"\nprice = 10'
    what = goal(tmp_path, BALANCED, 2, text)
    assert judged(what, 1, 1, 2).objective == pytest.approx(10 * 80)
    assert judged(what, 1, 2, 2).objective == pytest.approx(10 * 20)


def test_balance_by_the_worst_deviation_from_unequal_shares(tmp_path):
    # shares 75 and 25: 60 is 20 % below, 40 is 60 % above
    text = 'kind = "balance"\nmeasure = "potential"\nhow = "worst"\nprice = 10\ntarget = "capacity"'
    what = goal(tmp_path, BALANCED, {"capacity": [1500, 500]}, text)
    assert judged(what, 1, 2, 2).objective == pytest.approx(10 * 60)


def test_balance_by_all_deviations(tmp_path):
    text = 'kind = "balance"\nmeasure = "potential"\nhow = "total"\nprice = 2'
    what = goal(tmp_path, BALANCED, 2, text)
    assert judged(what, 1, 1, 2).objective == 2 * (40 + 40)
    assert judged(what, 1, 2, 2).objective == 2 * (10 + 10)


OWNED = {"annual_revenue": [50, 30, 99], "current_rep": ["R-1", "R-2", ""]}


def test_disruption_counts_each_moved_account_once(tmp_path):
    what = goal(tmp_path, OWNED, 3, 'kind = "disruption"\nprice = 0.1')
    assert judged(what, 1, 2, 3).objective == 0  # the unowned account is no move
    assert judged(what, 3, 2, 1).objective == pytest.approx(5)
    assert judged(what, 2, 1, 1).objective == pytest.approx(8)


def test_disruption_of_an_amount_of_pairs_is_that_of_the_current_pair(tmp_path):
    what = goal(
        tmp_path,
        {"current_rep": ["R-2", "R-1"]},
        2,
        'kind = "disruption"\nmeasure = "years"\nprice = 1',
        table([[3, 7], [5, 11]], "years"),
        '[measures.years]\nunit = "years"\npairs = "years"\n',
    )
    assert judged(what, 1, 2).objective == 7 + 5


def test_any_measure_may_be_a_goal(tmp_path):
    what = goal(
        tmp_path,
        {"beds": [4, 6]},
        2,
        'kind = "measure"\nmeasure = "beds"\nprice = 3',
        extra='[measures.beds]\nunit = "beds"\ncolumn = "beds"\n',
    )
    assert judged(what, 1, 2).objective == 30
    assert judged(what, 1, 0).objective == 12
    assert not judged(what, 1, 0).holds


def test_goals_add_up_and_are_told_apart(tmp_path):
    text = (
        'kind = "disruption"\nprice = 0.1\n'
        '[goals.h]\nkind = "measure"\nmeasure = "count"\nprice = 2\n'
    )
    found = judged(goal(tmp_path, OWNED, 3, text), 3, 2, 1)
    assert dict(found.money) == {"g": pytest.approx(5), "h": 6}
    assert found.objective == pytest.approx(11)
