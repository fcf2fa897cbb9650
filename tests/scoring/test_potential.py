"""Potential and calls: every form by hand, and parts that add up to the cent."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from score_cases import cells, faults, scored, totals

from territoryopt.scoring.potential import apportioned

RATES = """
currency = "USD"
[segments.tier]
kind = "values"
column = "kind"
rest = "C"
[segments.tier.tiers]
A = ["key"]
B = ["mid"]
[[potential.parts]]
name = "share of wallet"
kind = "rate"
amount = "sales"
times = ["chance", "open"]
[potential.parts.rate]
by = "tier"
values = { A = 0.1, B = 0.07 }
rest = 0.033
[[potential.parts]]
name = "service"
kind = "rate"
amount = 120.5
where = { kind = ["key", "mid"] }
"""


def columns(n=200, seed=1):
    draw = np.random.default_rng(seed)
    return {
        "kind": [str(k) for k in draw.choice(["key", "mid", "low"], n)],
        "sales": [f"{v:.2f}" for v in draw.lognormal(12, 2, n)],
        "chance": [f"{v:.4f}" for v in draw.random(n)],
        "open": [f"{v:.3f}" for v in draw.random(n)],
    }


def test_rates_are_those_of_a_plain_loop_and_parts_add_up(tmp_path):
    given_columns = columns()
    found = scored(tmp_path, given_columns, RATES)
    rate = {"key": 0.1, "mid": 0.07, "low": 0.033}
    sums = totals(found, "potential")
    for k, row in enumerate(zip(*given_columns.values(), strict=True)):
        kind, sales, chance, free = row
        wallet = round(float(sales) * (rate[kind] * float(chance) * float(free)) * 100)
        service = 12050 if kind in ("key", "mid") else 0
        assert Decimal(cells(found, "potential")[k]) == Decimal(wallet + service) / 100
        assert sums[f"a{k + 1}"] == Decimal(cells(found, "potential")[k])
    before = found.as_dict()["totals"][0]
    assert before["before"] is None
    assert before["after"] == pytest.approx(sum(map(float, cells(found, "potential"))))


def test_a_potential_is_told_by_its_parts(tmp_path):
    row = {"kind": ["key"], "sales": ["1000"], "chance": ["0.5"], "open": ["0.9"]}
    found = scored(tmp_path, row, RATES)
    assert found.explain("a1") == [
        "a1",
        "tier A: kind is key: one of key, so A.",
        "potential 165.5 USD a year: +45 for share of wallet (sales is 1000: × 0.1 (tier A) × 0.5 "
        "(chance) × 0.9 (open)); +120.5 for service (120.5).",
    ]


def test_a_blank_amount_is_refused_or_declared(tmp_path):
    text = '[[potential.parts]]\nkind = "rate"\namount = "sales"\nrate = 2\n'
    told = faults(lambda: scored(tmp_path, {"sales": ["", "5"]}, text))
    assert told == ["accounts.csv, row 2, column sales: the cell is blank, and potential needs it. "
                    "Fill it in, or give parts.0 blank = 0"]  # fmt: skip
    found = scored(tmp_path, {"sales": ["", "5"]}, f"{text}blank = 1.5\n")
    assert cells(found, "potential") == ["1.5", "10"]
    assert found.notes == ("potential: 1 account with a blank sales got 1.5 for 'sales'",)


def test_peers_are_held_against_a_quantile_of_their_kind(tmp_path):
    text = """
[[potential.parts]]
kind = "peers"
column = "now"
by = ["kind"]
quantile = 0.5
least_accounts = 3
rate = 0.5
"""
    now = [10, 20, 60, 5, 500, 1000]
    kind = ["a", "a", "a", "b", "b", "c"]
    found = scored(tmp_path, {"now": [str(v) for v in now], "kind": kind}, text)
    everyone = float(np.median(now))
    levels = [20, 20, 20, everyone, everyone, everyone]
    expected = [max(0, level - own) / 2 for level, own in zip(levels, now, strict=True)]
    assert [float(c) for c in cells(found, "potential")] == expected
    assert found.notes == ("potential: 3 accounts in groups of fewer than 3 were held against all "
                           "accounts",)  # fmt: skip
    assert found.explain("a1")[1] == (
        "potential 5 USD a year: now is 10: 50 % of 3 accounts of kind a bring at most 20, less "
        "its own; × 0.5."
    )


@given(st.integers(0, 10**9), st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_shares_add_up_to_the_total_and_are_near_their_quota(total, weights):
    weights = np.array(weights)
    if not weights.sum():
        return
    parts = apportioned(total, weights)
    assert parts.sum() == total
    assert np.all(np.abs(parts - total * (weights / weights.sum())) < 1 + 1e-6)


def test_a_total_is_shared_out_to_the_cent(tmp_path):
    text = """
[[potential.parts]]
kind = "share"
in_proportion_to = "w"
[potential.parts.total]
by = "land"
values = { US = 100, CA = 0.05 }
"""
    found = scored(
        tmp_path, {"w": ["1", "1", "1", "2", "1"], "land": ["US"] * 3 + ["CA"] * 2}, text
    )
    assert cells(found, "potential") == ["33.34", "33.33", "33.33", "0.03", "0.02"]
    assert "a share of 100 (land US) in proportion to 3 in all" in found.explain("a1")[1]


def test_limits_are_parts_and_a_potential_below_zero_is_refused(tmp_path):
    text = '[[potential.parts]]\nkind = "rate"\namount = "x"\n'
    told = faults(lambda: scored(tmp_path, {"x": ["-5", "7"]}, text))
    assert told == ["accounts.csv, row 2, column potential: the potential would be -5.00. Correct "
                    "the cells, or write least = 0 under [potential]"]  # fmt: skip
    held = f"[potential]\nleast = 0\nmost = 6\n{text}"
    found = scored(tmp_path, {"x": ["-5", "7", "3"]}, held)
    assert cells(found, "potential") == ["0", "6", "3"]
    assert totals(found, "potential") == {"a1": 0, "a2": 6, "a3": 3}
    assert found.notes == ("potential: 1 account held to at least 0",
                           "potential: 1 account held to at most 6")  # fmt: skip


def test_calls_by_tier_and_for_all(tmp_path):
    text = 'hours_per_visit = 1.25\n[visits_per_year]\nby = "t"\nvalues = { A = 12, B = 0.5 }\n'
    found = scored(tmp_path, {"t": ["A", "B"]}, text)
    assert cells(found, "visits_per_year") == ["12", "0.5"]
    assert cells(found, "hours_per_visit") == ["1.25", "1.25"]
    totals_ = {t["column"]: t["after"] for t in found.as_dict()["totals"]}
    assert totals_ == {"visits_per_year": 12.5, "hours": 12.5 * 1.25}
    assert found.explain("a1")[1:] == [
        "visits_per_year 12 visits a year: t is A.",
        "hours_per_visit 1.25 hours: the same for every account.",
    ]
    told = faults(lambda: scored(tmp_path, {"t": ["A", "Z"]}, text))
    assert told == ["score.toml, visits_per_year.values: has no number for 'Z' of the column 't'. "
                    "Give it one in values, or give rest"]  # fmt: skip
    told = faults(lambda: scored(tmp_path, {"t": ["A"]}, "visits_per_year = -1\n"))
    assert told == ["score.toml, visits_per_year: is below 0 (found '-1.0'). Give 0 or more"]


def test_amounts_too_large_for_cents_are_refused(tmp_path):
    text = '[[potential.parts]]\nkind = "rate"\namount = "x"\nrate = 1e10\n'
    told = faults(lambda: scored(tmp_path, {"x": ["1e300"]}, text))
    assert told == ["score.toml, potential.parts.0: gives amounts too large to be told to the "
                    "cent. Use a smaller rate"]  # fmt: skip
