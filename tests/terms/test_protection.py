"""Accounts that stay for a reason, and moves of some accounts only, with numbers worked out by
hand; the reason in the words of an explanation."""

from __future__ import annotations

import numpy as np
import pytest
from small import holding, instance, judged, problem

import territoryopt as topt
from territoryopt.reasons.explanation import Explanation
from territoryopt.terms.dated import as_date, later

TEAM = {
    "name": ["One", "Two", "Three", "Four"],
    "since": ["2026-01-15", "2025-11-27", "", "2026-11-01"],
    "renewal": ["2028-01-01", "2027-02-01", "2026-10-05", "2026-12-24"],
    "health": ["", "", "red", "red"],
    "tier": ["A", "B", "B", "B"],
    "annual_revenue": [10, 20, 30, 40],
    "current_rep": ["R-1", "R-1", "R-2", ""],
}
RULE = '[rules.keep]\nkind = "protect"\n'


@pytest.mark.parametrize(
    ("text", "plans"),
    [
        # held to as said; A-4 has no owner, so that nothing holds it
        ('as_of = "2026-11-27"\nchanged = "since"', "1***"),  # 2025-11-27 is twelve months ago
        ('as_of = "2026-11-26"\nchanged = "since"', "11**"),
        ('as_of = "2026-11-27"\nchanged = "since"\nchanged_months = 3', "****"),
        ('as_of = "2026-11-27"\nrenewal = "renewal"', "*1**"),  # 66 days to 2027-02-01
        ('as_of = "2026-11-27"\nrenewal = "renewal"\nrenewal_days = 65', "****"),
        ('as_of = "2026-11-27"\nrenewal = "renewal"\nrenewal_after_months = 2', "*12*"),
        ('at_risk = { health = ["red"] }', "**2*"),
        ('key_account = { tier = ["A"] }\nat_risk = { health = ["red"] }', "1*2*"),
    ],
)
def test_who_is_protected(tmp_path, text, plans):
    what = problem(instance(tmp_path, TEAM, 2), f"{RULE}{text}\n")
    expected = {""}
    for each in plans:
        expected = {head + tail for head in expected for tail in ("12" if each == "*" else each)}
    assert holding(what) == expected


def test_a_price_is_charged_for_each(tmp_path):
    what = problem(
        instance(tmp_path, TEAM, 2), f'{RULE}at_risk = {{ health = ["red"] }}\nprice = 7\n'
    )
    assert judged(what, 1, 1, 2, 1).objective == 0
    assert judged(what, 2, 2, 1, 2).objective == 7


def test_the_reason_stands_in_the_explanation(tmp_path):
    text = f'{RULE}as_of = "2026-11-27"\nrenewal = "renewal"\nkey_account = {{ tier = ["A"] }}\n'
    data = instance(tmp_path, TEAM, 2)
    what = problem(data, text)
    names = dict(zip(data.account_ids, data.account_names, strict=True))
    told = Explanation(what, np.array([0, 0, 1, 0]), account_names=names)
    assert told.speaker.why(told.account("A-2")) == (
        "Two (A-2) is with R-1. It stays with R-1 because its renewal is on 2027-02-01. Nobody "
        "else may have it: keep (1 rep)."
    )
    assert "It stays with R-1 because it is a key account (tier: A)." in told.speaker.why(
        told.account("A-1")
    )
    assert told.account("A-2").as_dict()["kept"] == [
        {"account": "A-2", "because": "its renewal is on 2027-02-01"}
    ]
    assert told.account("A-4").kept == ()
    moved = Explanation(problem(data, text + "price = 3\n"), np.array([1, 1, 1, 0]))
    assert (
        "It moves although it was to stay with R-1: its renewal is on 2027-02-01."
        in moved.speaker.why(moved.account("A-2"))
    )


def test_limits_and_prices_of_some_moves_only(tmp_path):
    data = instance(tmp_path, TEAM, 2)
    rule = '[rules.m]\nkind = "moves"\nmax = 0\nwhere = { tier = ["B"] }\n'
    assert holding(problem(data, rule)) == {"1121", "1122", "2121", "2122"}
    rule = '[rules.m]\nkind = "moves"\nmax = 0\nwhen = { renewal = ["2026-12-01", "2027-12-31"] }\n'
    assert {plan[1] for plan in holding(problem(data, rule))} == {"1"}
    assert len(holding(problem(data, rule))) == 8
    share = '[rules.m]\nkind = "moves"\nmeasure = "revenue"\nmax_share = 0.5\n'
    share += 'where = { tier = ["B"] }\n'
    assert problem(data, share).rows[0].upper.tolist() == [25]  # half of 20 + 30
    goal = '[goals.g]\nkind = "disruption"\nprice = 0.1\nwhere = { tier = ["B"] }\n'
    what = problem(data, "", goal)
    assert judged(what, 2, 2, 2, 2).objective == pytest.approx(0.1 * 20)
    assert judged(what, 2, 1, 1, 2).objective == pytest.approx(0.1 * 30)


@pytest.mark.parametrize(
    ("text", "key", "word"),
    [
        ("", "rules.keep", "protects nothing"),
        ('renewal = "renewal"', "rules.keep", "needs as_of"),
        ('as_of = "27.11.2026"\nrenewal = "renewal"', "rules.keep.as_of", "2026-12-31"),
        ('as_of = "2026-11-27"\nrenewal = "renewl"', "rules.keep.renewal", "renewal"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, key, word):
    with pytest.raises(topt.ModelError, match=word) as error:
        problem(instance(tmp_path, TEAM, 2), f"{RULE}{text}\n")
    assert error.value.problems[0].key == key


def test_a_cell_that_is_no_date_is_told_with_its_row(tmp_path):
    bad = {**TEAM, "renewal": ["2028-01-01", "soon", "", ""]}
    text = f'{RULE}as_of = "2026-11-27"\nrenewal = "renewal"\n'
    with pytest.raises(topt.InputError) as error:
        problem(instance(tmp_path, bad, 2), text)
    fault = error.value.problems[0]
    assert (fault.row, fault.column, fault.value) == (3, "renewal", "soon")


def test_months_later():
    assert str(later(as_date("2026-01-31"), 1)) == "2026-02-28"
    assert str(later(as_date("2026-11-27"), -12)) == "2025-11-27"
    assert as_date("2026-13-01") is None
    assert as_date("20261301") is None
