"""Whitespace by hand: who has no cover and why, what hours hold, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from goal_cases import ACCOUNTS, REPS, made
from hypothesis import given, settings
from hypothesis import strategies as st

import territoryopt as topt
from territoryopt.goals.cover import covered


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-1, 2)), max_size=12),
    st.lists(st.integers(0, 20), min_size=3, max_size=3),
)
def test_hours_are_filled_as_by_hand(accounts, capacity):
    """Against a loop, rep by rep, hour by hour in the order of value."""
    hours = np.array([float(a[0]) for a in accounts])
    value = np.array([float(a[1]) for a in accounts])
    rep = np.array([a[2] for a in accounts], dtype=np.int64)
    able = np.array(capacity, dtype=float)
    found = covered(hours, value, rep, able)
    for i in np.flatnonzero(rep < 0):
        assert found[i] == 0
    for j in range(3):
        left = able[j]
        mine = [i for i in range(len(rep)) if rep[i] == j]
        for i in sorted(mine, key=lambda i: (-(value[i] / hours[i] if hours[i] else 0), i)):
            if not hours[i]:
                assert found[i] == 1
                continue
            got = min(left, hours[i])
            assert found[i] == pytest.approx(got / hours[i])
            left -= got


def test_hours_that_end_leave_potential_uncovered(tmp_path):
    """Chen's two hours of the twenty-four of A-3 (4 visits of 5 + 1)."""
    run = made(tmp_path, reps=REPS.replace("Chen,300", "Chen,6"), model=SOFT)
    found = topt.whitespace(run, ["state"])
    assert [(s.values, s.potential, s.uncovered, s.uncovered_accounts) for s in found.segments] == [
        (("IN",), 2000, 1500, 1), (("OH",), 8000, 0, 0),
    ]  # fmt: skip
    assert found.segments[0].reasons == {"hours_end": pytest.approx(1500)}
    assert found.segments[0].text == (
        "IN: 1,500 USD a year of potential without full cover (75 %), at 1 of 1 account: 1,500 "
        "because the rep's hours end before it. It has 20 % of the potential and gets 10.7 % of "
        "the hours."
    )
    assert found.heading() == (
        "1,500 USD a year of potential has no full cover, 15 % of 10,000, at 1 account."
    )
    assert found.segments[0].hours == pytest.approx(6)
    assert [(g.account, g.rep, g.uncovered, g.reason) for g in found.gaps] == [
        ("A-3", "R-2", 1500, "hours_end")
    ]


SOFT = """
name = "Soft"
[travel]
pairs_hours = "hours"
[rules.locks]
kind = "locks"
[goals.driving]
kind = "travel"
price = 1
"""


def test_nobody_barred_no_visits_and_far(tmp_path):
    accounts = """\
account_id,potential,visits_per_year,hours_per_visit,latitude,longitude,requires,locked_rep,state
A-1,100,1,1,0,1,,R-1,X
A-2,200,0,1,0,1,,R-1,X
A-3,400,1,1,0,3,,R-1,Y
A-4,800,1,1,0,1,surgery,,
A-5,1600,1,1,0,1,,,Y
"""
    reps = "rep_id,home_latitude,home_longitude,capacity\nR-1,0,1,100\n"
    model = """
name = "m"
[rules.locks]
kind = "locks"
[rules.skills]
kind = "required_skills"
[goals.driving]
kind = "travel"
"""
    run = made(tmp_path, accounts.replace("surgery", ""), reps, model, "")
    data = run.instance
    (tmp_path / "data" / "accounts.csv").write_text(accounts, encoding="utf-8")
    data = topt.read_instance(tmp_path / "data")
    problem = topt.compile_problem(data, run.model)
    plan = np.array([0, 0, 0, -1, -1])
    bare = replace(run, instance=data, problem=problem, rep=plan)
    found = topt.whitespace(bare, ["state"], beyond=200)
    assert {g.account: (g.reason, g.uncovered, g.rep) for g in found.gaps} == {
        "A-2": ("no_visits", 200, "R-1"),
        "A-3": ("far", 400, "R-1"),
        "A-4": ("barred", 800, ""),
        "A-5": ("nobody", 1600, ""),
    }
    assert [(s.values[0], s.uncovered) for s in found.segments] == [
        ("Y", 2000), ("(blank)", 800), ("X", 200),
    ]  # fmt: skip
    assert found.segments[0].text.startswith(
        "Y: 2,000 USD a year of potential without full cover (100 %), at 2 of 2 accounts: 1,600 "
        "because nobody has it and 400 because it lies more than 200 km from its rep."
    )
    assert "no rep may have it" in found.segments[1].text
    assert next(g.km for g in found.gaps if g.account == "A-3") == pytest.approx(222.39, rel=1e-4)
    assert topt.whitespace(bare, ["state"]).uncovered == 2600
    json.dumps(found.as_dict(), allow_nan=False)
    assert len(found.to_frame()) == 3
    assert len(found.gaps_frame()) == 4


def test_pairs_of_columns_and_the_default(pencil):
    found = topt.whitespace(pencil, ["state", "tier"])
    assert {s.values for s in found.segments} == {("OH", "A"), ("OH", "B"), ("IN", "(blank)")}
    assert topt.whitespace(pencil).by == ("state",)
    assert found.heading() == "All potential has cover: 10,000 USD a year."
    assert found.sentences()[1].startswith("Most potential for the hours it gets: ")
    assert sum(s.potential_share for s in found.segments) == pytest.approx(1)
    assert sum(s.hours_share for s in found.segments) == pytest.approx(1)


def test_without_such_columns_all_accounts_are_one(tmp_path):
    head, *lines = ACCOUNTS.strip().split("\n")
    run = made(tmp_path, "\n".join([head.replace("state,tier", "x,y"), *lines]) + "\n", model=SOFT)
    found = topt.whitespace(run)
    assert (found.by, len(found.segments)) == ((), 1)
    assert found.segments[0].text.startswith("All accounts: ")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"by": ["stat"]}, "accounts.csv has no column 'stat'"),
        ({"by": []}, "give one column, or two"),
        ({"by": ["state", "tier", "name"]}, "give one column, or two"),
        ({"by": ["state", "state"]}, "stands there twice"),
        ({"beyond": 0}, "is no distance"),
        ({"beyond": float("nan")}, "is no distance"),
        ({"potential": "beds"}, "the model has no measure 'beds'"),
    ],
)
def test_what_cannot_be_asked(pencil, args, said):
    with pytest.raises(topt.InputError, match=said):
        topt.whitespace(pencil, **args)


def test_what_is_not_there_is_named(tmp_path):
    run = made(tmp_path, reps="rep_id,name\nR-1,Rivera\nR-2,Chen\n", model=SOFT)
    found = topt.whitespace(run, "state", beyond=100)
    assert [each.what for each in found.left_out] == [
        "where the hours end", "accounts far from their rep",
    ]  # fmt: skip
    assert found.sentences()[-1].startswith("Not looked at: accounts far from their rep: ")
