"""Where amounts come from: built-in measures, columns and pairs, and what is missing."""

from __future__ import annotations

from math import gamma, pi, radians, sqrt

import numpy as np
import pytest
from small import holding, instance, problem, table

from territoryopt.errors import InputError, ModelError
from territoryopt.model import parse_model
from territoryopt.terms import Data


def amounts(data, measure, text=""):
    model = parse_model(
        f'name = "m"\n{text}\n[goals.g]\nkind = "measure"\nmeasure = "count"\nprice = 1\n'
    )
    found = Data(data, model)
    values = found.amounts(measure).block(0, found.accounts)
    assert not found.faults
    assert not found.bad_input
    return values


ON_A_LINE = (
    {
        "latitude": [0, 0],
        "longitude": [1, 3],
        "visits_per_year": [10, 4],
        "hours_per_visit": [2, 0.5],
    },
    {"home_latitude": [0, 0], "home_longitude": [2, 0.5]},
)
DEGREE = radians(1) * 6371.0088  # km on the equator


def test_distance_is_one_way_on_the_great_circle(tmp_path):
    km = amounts(instance(tmp_path, *ON_A_LINE), "distance")
    assert km == pytest.approx(DEGREE * np.array([[1, 0.5], [1, 2.5]]), rel=1e-3)


def test_travel_is_visits_times_a_share_of_a_tour(tmp_path):
    data = instance(tmp_path, *ON_A_LINE)
    travel = "[travel]\ncircuity = 1.5\nspeed_kmh = 50\nstops_per_tour = 2\nhop_neighbours = 1\n"
    km = amounts(data, "distance")
    # the one other account is 2 degrees off: 1/sqrt(density) = d sqrt(pi) Γ(1) / Γ(3/2)
    hop = 0.57 * sqrt(pi) * gamma(1) / gamma(1.5) * 2 * DEGREE
    expected = np.array([[10], [4]]) * 1.5 / 50 * (2 * km + hop) / 2
    assert amounts(data, "travel", travel) == pytest.approx(expected, rel=1e-3)
    alone = amounts(data, "travel", "[travel]\nstops_per_tour = 1\nspeed_kmh = 60\n")
    assert alone == pytest.approx(np.array([[10], [4]]) * 1.2 / 60 * 2 * km)  # out and back


def test_workload_is_calls_and_travel(tmp_path):
    data = instance(tmp_path, *ON_A_LINE)
    calls = amounts(data, "calls")
    assert calls.tolist() == [[20, 20], [2, 2]]
    assert amounts(data, "workload") == pytest.approx(calls + amounts(data, "travel"))


def test_visits_and_hours_may_be_other_columns_or_one_number(tmp_path):
    data = instance(tmp_path, {"calls": [3, 5]}, 2)
    workload = '[workload]\nvisits_per_year = "calls"\nhours_per_visit = 0.5\n'
    assert amounts(data, "calls", workload)[:, 0].tolist() == [1.5, 2.5]


def test_money_and_count(tmp_path):
    data = instance(tmp_path, {"potential": [7, 8], "annual_revenue": [1, 2]}, 2)
    assert amounts(data, "potential")[:, 0].tolist() == [7, 8]
    assert amounts(data, "revenue")[:, 1].tolist() == [1, 2]
    assert amounts(data, "count").tolist() == [[1, 1], [1, 1]]


BEDS = '[measures.beds]\nunit = "beds"\n'


def test_a_measure_from_a_column(tmp_path):
    data = instance(tmp_path, {"beds": [4, 6]}, 2)
    assert amounts(data, "beds", BEDS + 'column = "beds"')[:, 0].tolist() == [4, 6]


def test_a_measure_may_stand_for_a_built_in_one(tmp_path):
    data = instance(tmp_path, {"index": [4, 6]}, 2)
    text = '[measures.potential]\nunit = "USD/year"\ncolumn = "index"\n'
    assert amounts(data, "potential", text)[:, 0].tolist() == [4, 6]


def test_a_measure_of_pairs_by_year_and_by_visit(tmp_path):
    data = instance(tmp_path, {"visits_per_year": [10, 2]}, 2, table([[1, 2], [3, 4]], "n"))
    assert amounts(data, "beds", BEDS + 'pairs = "n"').tolist() == [[1, 2], [3, 4]]
    by_visit = amounts(data, "beds", BEDS + 'pairs = "n"\nper = "visit"')
    assert by_visit.tolist() == [[10, 20], [6, 8]]


RULE = '[rules.r]\nkind = "capacity"\nmeasure = "beds"\nmax = 100\n'
HOLES = [[1, None], [3, 4]]


def test_absent_pairs_are_refused(tmp_path):
    data = instance(tmp_path, 2, 2, table(HOLES, "n"))
    with pytest.raises(ModelError) as error:
        problem(data, BEDS + 'pairs = "n"\n' + RULE)
    (fault,) = error.value.problems
    assert fault.key == "measures.beds.pairs"
    assert fault.message == "1 pairs have no n in pairs.csv, the first A-1 with R-2"
    assert 'missing = "exclude"' in fault.remedy


def test_absent_pairs_may_be_barred(tmp_path):
    data = instance(tmp_path, 2, 2, table(HOLES, "n"))
    what = problem(data, BEDS + 'pairs = "n"\nmissing = "exclude"\n' + RULE)
    assert holding(what) == {"11", "12"}
    assert what.exclusions[0].name == "no n in pairs.csv"


def test_absent_pairs_may_have_a_stated_amount(tmp_path):
    data = instance(tmp_path, {"visits_per_year": [5, 5]}, 2, table(HOLES, "n"))
    what = problem(data, BEDS + 'pairs = "n"\nmissing = 9\n' + RULE)
    assert what.rows[0].amounts.block(0, 2).tolist() == [[1, 9], [3, 4]]
    visits = problem(data, BEDS + 'pairs = "n"\nper = "visit"\nmissing = 9\n' + RULE)
    assert visits.rows[0].amounts.block(0, 2).tolist() == [[5, 45], [15, 20]]


@pytest.mark.parametrize("pairs", [None, table([[1, 2]], "m")])
def test_no_such_column_of_pairs(tmp_path, pairs):
    with pytest.raises(ModelError, match=r"needs the column 'n' of pairs\.csv") as error:
        problem(instance(tmp_path, 1, 2, pairs), BEDS + 'pairs = "n"\n' + RULE)
    assert error.value.problems[0].key == "measures.beds.pairs"


@pytest.mark.parametrize("source", ["column", "pairs"])
def test_amounts_below_zero_must_be_meant(tmp_path, source):
    data = instance(tmp_path, {"n": [-1, 2]}, 1, table([[-1], [2]], "n"))
    text = BEDS + f'{source} = "n"\n'
    with pytest.raises(InputError) as error:
        problem(data, text + RULE)
    (fault,) = error.value.problems
    assert (fault.row, fault.column, fault.value) == (2, "n", "-1")
    assert fault.file == {"column": "accounts.csv", "pairs": "pairs.csv"}[source]
    what = problem(data, text + "negative = true\n" + RULE)
    assert what.rows[0].amounts.block(0, 2).tolist() == [[-1], [2]]


def test_hours_on_the_road_are_never_below_zero(tmp_path):
    data = instance(tmp_path, {"visits_per_year": [1]}, 2, table([[1, -1]], "road"))
    with pytest.raises(InputError, match="row 3, column road: the number is below 0"):
        problem(data, '[travel]\npairs_hours = "road"\n', '[goals.g]\nkind = "travel"\nprice = 1\n')


def test_km_of_pairs_stand_for_the_great_circle(tmp_path):
    accounts, reps = ON_A_LINE
    data = instance(tmp_path, accounts, reps, table([[10, 20], [30, 40]], "km"))
    text = '[travel]\npairs_km = "km"\nstops_per_tour = 1\nspeed_kmh = 60\ncircuity = 1\n'
    assert amounts(data, "distance", text).tolist() == [[10, 20], [30, 40]]
    expected = [[10 * 20 / 60, 10 * 40 / 60], [4 * 60 / 60, 4 * 80 / 60]]
    assert amounts(data, "travel", text) == pytest.approx(np.array(expected))


PLACELESS = (
    {"latitude": [0, ""], "longitude": [1, ""], "visits_per_year": [1, 1]},
    {"home_latitude": ["", 0], "home_longitude": ["", 1]},
)
TRAVEL = '[goals.g]\nkind = "travel"\nprice = 1\n[goals.km]\nkind = "measure"\n' \
    'measure = "distance"\nprice = 1\n'  # fmt: skip


def test_missing_coordinates_are_refused_with_their_rows(tmp_path):
    with pytest.raises(InputError) as error:
        problem(instance(tmp_path, *PLACELESS), "", TRAVEL)
    assert [(f.file, f.row) for f in error.value.problems] == [
        ("accounts.csv", 3),
        ("reps.csv", 2),
    ]
    assert "A-2 has no coordinates" in error.value.problems[0].message
    assert "travel.missing_km" in error.value.problems[0].remedy


def test_missing_coordinates_may_have_a_stated_distance(tmp_path):
    what = problem(instance(tmp_path, *PLACELESS), "[travel]\nmissing_km = 70\n", TRAVEL)
    assert what.costs[1].amounts.block(0, 2) == pytest.approx(np.array([[70, 0], [70, 70]]))
    assert what.notes == (
        "1 accounts and 1 reps without coordinates are taken as 70 km from everyone "
        "(travel.missing_km)",
    )


def test_a_model_that_needs_no_distance_needs_no_coordinates(tmp_path):
    problem(instance(tmp_path, *PLACELESS), RULE.replace("beds", "count"))


@pytest.mark.parametrize(
    ("text", "file", "column", "key", "close"),
    [
        ('[rules.r]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.1\n',
         "accounts.csv", "potential", "rules.r.measure", "potentail"),
        ('[rules.r]\nkind = "capacity"\nmeasure = "count"\n',
         "reps.csv", "capacity", "rules.r.max", "capacty"),
        ('[rules.r]\nkind = "capacity"\nmeasure = "count"\nmax = 9\nmin = "leest"\n',
         "reps.csv", "leest", "rules.r.min", "least"),
        ('[rules.r]\nkind = "band"\nmeasure = "count"\ntolerance = 0\ntarget = "quotas"\n',
         "reps.csv", "quotas", "rules.r.target", "quota"),
        ('[rules.r]\nkind = "group"\nmeasure = "count"\nmax = 1\ncolumn = "teams"\n',
         "reps.csv", "teams", "rules.r.column", "team"),
        ('[rules.r]\nkind = "families"\ncolumn = "parents"\n',
         "accounts.csv", "parents", "rules.r.column", "parent"),
        ('[measures.beds]\nunit = "beds"\ncolumn = "bed"\n' + RULE,
         "accounts.csv", "bed", "measures.beds.column", "beds"),
        ('[rules.r]\nkind = "capacity"\nmeasure = "calls"\nmax = 9\n',
         "accounts.csv", "visits_per_year", "workload.visits_per_year", "visits"),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there(tmp_path, text, file, column, key, close):
    data = instance(
        tmp_path,
        {"potentail": [1], "parent": [""], "beds": [3], "visits": [1], "hours_per_visit": [1]},
        {"capacty": [1], "least": [0], "quota": [1], "team": ["E"]},
    )
    with pytest.raises(ModelError) as error:
        problem(data, text)
    (fault,) = error.value.problems
    assert (fault.file, fault.key) == ("test.toml", key)
    assert fault.message == f"{file} has no column {column!r}"
    assert fault.remedy.startswith(f"Did you mean {close!r}? ")


def test_all_that_does_not_fit_is_told_at_once(tmp_path):
    data = instance(tmp_path, {"potential": [1, 2], "beds": ["many", ""]}, 2)
    text = (
        '[measures.beds]\nunit = "beds"\ncolumn = "beds"\n' + RULE
        + '[rules.c]\nkind = "capacity"\n[rules.m]\nkind = "moves"\n'
    )  # fmt: skip
    with pytest.raises(ModelError) as error:
        problem(data, text)
    found = error.value.problems
    assert {f.key for f in found if f.key} >= {
        "workload.visits_per_year",
        "workload.hours_per_visit",
        "rules.c.max",
        "rules.m",
    }
    assert {(f.file, f.row) for f in found} >= {("accounts.csv", 2), ("accounts.csv", 3)}
    assert len(set(found)) == len(found)
