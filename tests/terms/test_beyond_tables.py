"""Problems too large to store: computed and listed amounts are those of the tables."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small import instance, problem, table

from territoryopt import ModelError, compile_problem, load_model, read_instance
from territoryopt.geography import great_circle_km
from territoryopt.problem import Units
from territoryopt.terms import data as data_module
from territoryopt.terms.pair_list import PairList
from territoryopt.terms.patterns import PatternAmounts
from territoryopt.terms.roads import Roads, nearest_home

ROOT = Path(__file__).parents[2]

EVERYTHING = """
[travel]
missing_km = 300
[measures.calls_by_phone]
unit = "calls"
pairs = "phone"
per = "visit"
missing = {missing}
[rules.band]
kind = "band"
measure = "workload"
tolerance = 0.5
allowance = 0.1
[rules.phone]
kind = "band"
measure = "calls_by_phone"
tolerance = 0.9
[rules.near]
kind = "capacity"
measure = "distance"
max = 1e6
[rules.skills]
kind = "required_skills"
[rules.locks]
kind = "locks"
[rules.families]
kind = "families"
[rules.apart]
kind = "apart"
[goals.driving]
kind = "travel"
price = 50
[goals.fit]
kind = "fit"
[goals.hand_overs]
kind = "disruption"
"""


def world(folder, accounts=40, reps=6, seed=1):
    rng = np.random.default_rng(seed)

    def some(values, size):
        return rng.choice(np.array(values, dtype=object), size).tolist()

    owner = ["", *(f"R-{j + 1}" for j in range(reps))]
    places = np.round(rng.uniform(-80, 80, (2, accounts)), 4).tolist()
    homes = np.round(rng.uniform(-80, 80, (2, reps)), 4).tolist()
    for row in places:
        row[3] = ""
    for row in homes:
        row[2] = ""
    phone = np.round(rng.uniform(0, 5, (accounts, reps)), 2).astype(object)
    phone[rng.random(phone.shape) < 0.4] = None
    phone[7] = None
    phone[8] = 2.5
    return instance(
        folder,
        {
            "latitude": places[0], "longitude": places[1],
            "potential": rng.integers(1, 90, accounts).tolist(),
            "annual_revenue": rng.integers(1, 90, accounts).tolist(),
            "visits_per_year": rng.integers(0, 12, accounts).tolist(),
            "hours_per_visit": rng.integers(1, 4, accounts).tolist(),
            "requires": some(["", "lab", "lab;german"], accounts),
            "wishes": some(["", "lab=2;german", "german"], accounts),
            "current_rep": some(owner, accounts), "locked_rep": some(owner, accounts),
            "family": some(["", "", "n", "s"], accounts), "apart": some(["", "x;y", "y"], accounts),
        },
        {
            "home_latitude": homes[0], "home_longitude": homes[1],
            "skills": some(["", "lab=0.5;german", "german=0.25"], reps),
        },
        table(phone, "phone"),
    )  # fmt: skip


def amounts_of(what):
    parts = {f"cost {p.name}": p.amounts for p in what.costs}
    parts |= {f"row {p.name}": p.amounts for p in what.rows}
    return parts | {f"bar {p.name}": p.barred for p in what.exclusions}


@pytest.mark.parametrize("missing", ['"exclude"', "7", "0.5"])
def test_amounts_beyond_tables_are_those_of_tables(tmp_path, monkeypatch, missing):
    data, text = world(tmp_path), EVERYTHING.replace("{missing}", missing)
    stored = problem(data, text)
    monkeypatch.setattr(data_module, "DENSE_CELLS", 0)
    computed = problem(data, text)
    assert computed.notes == stored.notes
    for rows, other in zip(computed.rows, stored.rows, strict=True):
        np.testing.assert_allclose(rows.lower, other.lower, rtol=1e-12)
    rng = np.random.default_rng(2)
    for one, two in ((computed, stored), (computed.contracted, stored.contracted)):
        found, expected = amounts_of(one), amounts_of(two)
        assert set(found) == set(expected)
        i, j = rng.integers(0, one.accounts, 200), rng.integers(0, one.reps, 200)
        for name, amounts in found.items():
            block = amounts.block(0, one.accounts)
            np.testing.assert_allclose(
                block, expected[name].block(0, one.accounts), rtol=1e-12, atol=1e-12, err_msg=name
            )
            assert (amounts.at(i, j) == block[i, j]).all(), name
            assert (amounts.block(5, 9) == block[5:9]).all(), name
    assert computed.contracted.accounts < computed.accounts


def test_absent_pairs_are_refused_alike(tmp_path, monkeypatch):
    data, text = world(tmp_path), EVERYTHING.replace("{missing}", '"refuse"')
    told = []
    for cells in (data_module.DENSE_CELLS, 0):
        monkeypatch.setattr(data_module, "DENSE_CELLS", cells)
        with pytest.raises(ModelError) as error:
            problem(data, text)
        told.append([str(fault) for fault in error.value.problems])
    assert told[0] == told[1]
    assert "pairs have no phone in pairs.csv, the first A-1 with R-" in told[0][0]


def test_the_least_of_a_list_is_the_least_of_its_table():
    rng = np.random.default_rng(3)
    full = rng.integers(0, 9, (60, 5)).astype(float)
    full[rng.random(full.shape) < 0.5] = np.nan
    full[:2] = np.nan
    full[2] = 4.0
    i, j = np.nonzero(~np.isnan(full))
    order = rng.permutation(len(i))
    i, j = i[order], j[order]
    for missing, usable in ((3.0, True), (0.0, False)):
        pairs = PairList(60, 5, i, j, full[i, j], missing, usable)
        nearest = pairs.nearest()
        values = np.where(np.isnan(full), missing if usable else np.inf, full)
        some = np.isfinite(values.min(axis=1))
        assert ((nearest >= 0) == some).all()
        found = values[np.flatnonzero(some), nearest[some]]
        assert (found == values[some].min(axis=1)).all()
        gap = np.where(np.isnan(full).any(axis=1), np.isnan(full).argmax(axis=1), 5)
        assert (pairs.first_unlisted == gap).all()


def test_kilometres_by_kernel_are_great_circles():
    places = np.array([[0, 0], [45, 9], [90, 0], [36.12, -86.67], [np.nan, 1], [10, 179.5]])
    homes = np.array([[0, 180], [45 + 1e-5, 9], [-90, 0], [33.94, -118.4], [0, np.nan], [0, 0]])
    roads = Roads(places, homes, 77.0)
    one, none = np.ones(len(places)), np.zeros(len(places))
    found = roads.amounts(none, one).block(0, len(places))
    assert found[1, 1] == pytest.approx(1e-5 * np.pi * 6371.0088 / 180, rel=1e-9)
    assert (found[4] == 77).all()
    assert (found[:, 4] == 77).all()
    assert found[0, 5] == 0
    np.testing.assert_allclose(found, roads.table, rtol=1e-12)
    km = great_circle_km(places[:, :1], places[:, 1:], homes[:, 0], homes[:, 1])
    rep, nearest = nearest_home(places, homes)
    known = np.where(np.isnan(km), np.inf, km)
    np.testing.assert_allclose(nearest, known.min(axis=1), rtol=1e-12)
    assert rep[4] == -1
    # where a home is unknown it is nearer to the pole than any other
    assert roads.table[2, roads.nearest()[2]] == roads.table[2].min() == 77


def test_sums_over_units_twice_over():
    rng = np.random.default_rng(4)
    patterns = PatternAmounts(rng.integers(0, 3, 12), rng.random((3, 4)), rng.random(12))
    roads = Roads(rng.uniform(-60, 60, (12, 2)), rng.uniform(-60, 60, (4, 2)), 0.0)
    first = Units(np.array([0, 1, 0, 2, 3, 4, 4, 4, 5, 6, 7, 7]))
    second = Units(np.array([0, 1, 1, 2, 3, 0, 4, 4]))
    for amounts in (patterns, roads.amounts(rng.random(12), rng.random(12))):
        whole = amounts.block(0, 12)
        twice = amounts.contracted(first).contracted(second)
        expected = np.zeros((5, 4))
        np.add.at(expected, second.unit_of[first.unit_of], whole)
        np.testing.assert_allclose(twice.block(0, 5), expected, rtol=1e-12)
        i, j = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
        assert (twice.at(i, j) == twice.block(0, 5)[i, j]).all()


def test_travel_of_the_models_own_may_be_the_same_with_every_rep(tmp_path):
    data = instance(
        tmp_path,
        {"visits_per_year": [2, 3], "hours_per_visit": [1, 1], "road": [5, 7]},
        2,
    )
    text = '[measures.travel]\nunit = "hours/year"\ncolumn = "road"\n[rules.b]\nkind = "band"\n' \
           'measure = "workload"\ntolerance = 0.5\nallowance = 0.1\n'  # fmt: skip
    what = problem(data, text)
    assert what.rows[0].amounts.block(0, 2).tolist() == [[7, 7], [10, 10]]
    assert what.rows[0].target.tolist() == pytest.approx([1.1 * 17 / 2] * 2)


def test_the_shipped_instance_beyond_tables(monkeypatch):
    data = read_instance(ROOT / "instances" / "us-field")
    model = load_model("balanced-field-sales")
    stored = compile_problem(data, model)
    monkeypatch.setattr(data_module, "DENSE_CELLS", 0)
    computed = compile_problem(data, model)
    np.testing.assert_allclose(
        computed.contracted.cost_block(0, 500), stored.contracted.cost_block(0, 500), rtol=1e-12
    )


def test_a_problem_that_fits_a_table_needs_no_compiler():
    code = (
        "import sys, territoryopt as topt\n"
        "what = topt.compile_problem(topt.read_instance(sys.argv[1]),"
        " topt.load_model('balanced-field-sales'))\n"
        "what.contracted.cost_block(0, 9)\n"
        "assert not {'numba', 'pandas'} & set(sys.modules)\n"
    )
    folder = str(ROOT / "instances" / "us-field")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", code, folder], check=True, env=env, timeout=60)
