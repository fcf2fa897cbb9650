"""Tiers against counting by hand: limits, quantiles with ties, RFM, texts, grids."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_cases import cells, faults, make, scored

import territoryopt as topt
from territoryopt.scoring.segments import share_above
from territoryopt.scoring.spec import parse_scoring


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_the_share_above_is_counted(values):
    found = share_above(np.array(values, dtype=float))
    for value, share in zip(values, found, strict=True):
        assert share == pytest.approx(sum(v > value for v in values) / len(values))
    weighed = share_above(np.array(values, dtype=float), np.array(values, dtype=float))
    for value, share in zip(values, weighed, strict=True):
        whole = sum(values)
        assert share == pytest.approx(sum(v for v in values if v > value) / whole if whole else 0)


def by_hand(values, shares, of):
    """The tier number of each value: the first whose summed share is above the share above it."""
    out = []
    for value in values:
        above = [v for v in values if v > value]
        share = (len(above) / len(values) if of == "accounts"
                 else sum(above) / sum(values) if sum(values) else 0)  # fmt: skip
        ends = np.cumsum(shares)[:-1]
        out.append(sum(share > end - 1e-9 for end in ends))
    return out


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=40),
       st.sampled_from(["accounts", "amount"]),
       st.sampled_from([[0.2, 0.3, 0.5], [0.5, 0.5], [1.0], [0.1, 0.1, 0.1, 0.7]]))  # fmt: skip
def test_quantiles_with_ties(tmp_path_factory, values, of, shares):
    names = [f"t{k}" for k in range(len(shares))]
    text = (f'[segments.tier]\nkind = "quantiles"\ncolumn = "x"\ntiers = {names}\n'
            f'shares = {shares}\nof = "{of}"\n').replace("'", '"')  # fmt: skip
    found = scored(tmp_path_factory.mktemp("q"), {"x": [str(v) for v in values]}, text)
    assert cells(found, "tier") == [names[k] for k in by_hand(values, shares, of)]
    by_value = {}
    for value, tier in zip(values, cells(found, "tier"), strict=True):
        assert by_value.setdefault(value, tier) == tier, "equal accounts share a tier"


def test_without_ties_the_shares_are_met_exactly(tmp_path):
    text = ('[segments.tier]\nkind = "quantiles"\ncolumn = "x"\ntiers = ["A", "B", "C"]\n'
            "shares = [0.2, 0.3, 0.5]\n")  # fmt: skip
    found = scored(tmp_path, {"x": [str(k) for k in range(100)]}, text)
    counts = {t["tier"]: t["accounts"] for t in found.as_dict()["segments"][0]["tiers"]}
    assert counts == {"A": 20, "B": 30, "C": 50}
    assert found.notes == ()
    assert cells(found, "tier")[79:81] == ["B", "A"]


def test_ties_that_change_the_shares_are_told(tmp_path):
    text = ('[segments.tier]\nkind = "quantiles"\ncolumn = "x"\ntiers = ["A", "B"]\n'
            "shares = [0.2, 0.8]\n")  # fmt: skip
    found = scored(tmp_path, {"x": ["9"] * 60 + ["1"] * 40}, text)
    assert found.notes == ("segments.tier: accounts equal in x share a tier, so the tiers hold "
                           "A 60 % (asked 20 %), B 40 % (asked 80 %)",)  # fmt: skip


def test_quantiles_within_groups_rank_each_by_itself(tmp_path):
    text = ('[segments.tier]\nkind = "quantiles"\ncolumn = "x"\ntiers = ["A", "B"]\n'
            'shares = [0.5, 0.5]\nwithin = "land"\n')  # fmt: skip
    columns = {"x": ["1", "2", "100", "200"], "land": ["US", "US", "CA", "CA"]}
    assert cells(scored(tmp_path, columns, text), "tier") == ["B", "A", "B", "A"]


def test_amounts_below_zero_have_no_shares(tmp_path):
    text = ('[segments.tier]\nkind = "quantiles"\ncolumn = "x"\ntiers = ["A", "B"]\n'
            'shares = [0.5, 0.5]\nof = "amount"\n')  # fmt: skip
    told = faults(lambda: scored(tmp_path, {"x": ["1", "-2"]}, text))
    assert told == ["accounts.csv, row 3, column x: is below 0, and shares of an amount need "
                    'amounts of 0 or more. Correct it, or write of = "accounts"']  # fmt: skip


def test_thresholds_take_the_limit_itself(tmp_path):
    text = ('[segments.tier]\nkind = "thresholds"\ncolumn = "x"\ntiers = ["A", "B", "C"]\n'
            'at_least = [10, 5]\nblank = "none"\n')  # fmt: skip
    found = scored(tmp_path, {"x": ["10", "9.99", "5", "4.99", "", "-3"]}, text)
    assert cells(found, "tier") == ["A", "B", "B", "C", "none", "C"]
    assert found.notes == ("segments.tier: 1 account with a blank x went to none",)
    assert found.explain("a2")[1] == "tier B: x is 9.99: at least 5, so B."
    assert found.explain("a4")[1] == "tier C: x is 4.99: below 5, so C."
    assert found.explain("a5")[1] == "tier none: x is blank: blank, so none."


def test_ages_of_dates_make_tiers(tmp_path):
    text = ('as_of = 2026-06-30\n[segments.warmth]\nkind = "thresholds"\ncolumn = "last"\n'
            'tiers = ["warm", "cool", "cold"]\nwithin_days = [30, 90]\n'
            'blank = "cold"\n')  # fmt: skip
    days = ["2026-06-30", "2026-05-31", "2026-05-30", "2026-04-01", "2026-03-31", ""]
    found = scored(tmp_path, {"last": days}, text)
    assert cells(found, "warmth") == ["warm", "warm", "cool", "cool", "cold", "cold"]
    assert "last is 2026-03-31: more than 90 days ago, so cold" in found.explain("a5")[1]


def test_rfm_ranks_fifths_of_each_side(tmp_path):
    text = """
as_of = 2026-01-11
[segments.history]
kind = "rfm"
recency = "last"
frequency = "orders"
monetary = "spent"
tiers = ["best", "good", "rest"]
at_least = [4.5, 3]
weights = { monetary = 2.0 }
"""
    columns = {
        "last": [f"2026-01-{k:02d}" for k in range(1, 11)],
        "orders": [str(k) for k in (1, 1, 1, 1, 1, 1, 1, 1, 5, 9)],
        "spent": [str(100 * k) for k in range(10)],
    }
    found = scored(tmp_path, columns, text)
    # by hand: fifths of ten are pairs; the eight with one order have two above: 5 - floor(5 · 0.2)
    recency = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    frequency = [4] * 8 + [5, 5]
    monetary = recency
    ranks = list(zip(recency, frequency, monetary, strict=True))
    assert cells(found, "history_code") == ["-".join(map(str, r)) for r in ranks]
    means = [(r + f + 2 * m) / 4 for r, f, m in ranks]
    tiers = ["best" if m >= 4.5 else "good" if m >= 3 else "rest" for m in means]
    assert cells(found, "history") == tiers
    assert set(tiers) == {"best", "good", "rest"}
    assert found.explain("a10")[1] == (
        "history best: last is 2026-01-10: recency, rank from 1 to 5, so 5; orders is 9: "
        "frequency, rank from 1 to 5, so 5; spent is 900: monetary, rank from 1 to 5, so 5; "
        "5: a mean rank of at least 4.5, so best."
    )


def test_rfm_refuses_blanks_unless_they_are_the_lowest(tmp_path):
    text = """
[segments.h]
kind = "rfm"
frequency = "orders"
tiers = ["A", "B"]
at_least = [3]
"""
    columns = {"orders": ["", "1", "2", "3", "4", "5"]}
    assert "row 2, column orders: the cell is blank" in faults(
        lambda: scored(tmp_path, columns, text)
    )[0]  # fmt: skip
    found = scored(tmp_path, columns, f'{text}blank = "lowest"\n')
    assert cells(found, "h_code") == ["1", "1", "2", "3", "4", "5"]
    assert found.notes == ("segments.h: 1 account with a blank orders got the lowest rank",)


def test_texts_make_tiers_and_what_is_in_none_is_refused(tmp_path):
    text = '[segments.s]\nkind = "values"\ncolumn = "k"\n[segments.s.tiers]\ncore = ["Road", 7]\n'
    told = faults(lambda: scored(tmp_path, {"k": ["Road", "Raod", "7", ""]}, text))
    assert told == [
        "score.toml, segments.s.tiers: is in no tier (found 'Raod'). Did you mean 'Road'? "
        'Give rest = "...", or name it; named: Road, 7',
        "score.toml, segments.s.tiers: is in no tier (found 'a blank cell'). "
        'Give rest = "...", or name it; named: Road, 7',
    ]
    text = text.replace('"k"\n', '"k"\nrest = "other"\n')
    found = scored(tmp_path, {"k": ["Road", "Raod", "7", ""]}, text)
    assert cells(found, "s") == ["core", "other", "core", "other"]


GRID = """
[segments.size]
kind = "thresholds"
column = "x"
tiers = ["big", "small"]
at_least = [5]
[segments.tier]
kind = "grid"
rows = "size"
columns = "k"
[segments.tier.tiers]
big = { a = "A", b = "B" }
small = { a = "C" }
"""


def test_a_grid_crosses_two_columns_made_or_there(tmp_path):
    found = scored(tmp_path, {"x": ["9", "9", "1"], "k": ["a", "b", "a"]}, GRID)
    assert cells(found, "tier") == ["A", "B", "C"]
    assert found.explain("a2")[2] == "tier B: size, k is big with b, so B."
    told = faults(lambda: scored(tmp_path, {"x": ["1"], "k": ["b"]}, GRID))
    assert told == ["score.toml, segments.tier.tiers: has no tier for 'small' (size) with 'b' (k). "
                    'Add it, or give rest = "..."']  # fmt: skip


def test_sections_run_after_what_they_read_whatever_their_order(tmp_path):
    text = """
[segments.late]
kind = "thresholds"
column = "potential"
tiers = ["A", "B"]
at_least = [50]
[[potential.parts]]
kind = "rate"
amount = "x"
[potential.parts.rate]
by = "early"
values = { hot = 10, cold = 1 }
[segments.early]
kind = "thresholds"
column = "score"
tiers = ["hot", "cold"]
at_least = [1]
[points.score]
[[points.score.signals]]
column = "x"
at_least = 7
points = 1
"""
    found = scored(tmp_path, {"x": ["6", "7"]}, text)
    assert cells(found, "late") == ["B", "A"]
    assert cells(found, "potential") == ["6", "70"]


def test_sections_that_wait_for_each_other_are_refused(tmp_path):
    text = """
[segments.a]
kind = "values"
column = "b"
rest = "x"
[segments.a.tiers]
y = ["1"]
[segments.b]
kind = "values"
column = "a"
rest = "x"
[segments.b.tiers]
y = ["1"]
"""
    told = faults(lambda: scored(tmp_path, {"x": ["1"]}, text))
    assert len(told) == 1
    assert "these wait for each other: segments." in told[0]
    assert "Let one of them read a column of the accounts" in told[0]


def test_a_section_that_makes_a_column_reads_the_one_that_stood_there(tmp_path):
    text = """
[segments.tier]
kind = "values"
column = "tier"
[segments.tier.tiers]
A = ["gold"]
B = ["tin"]
[visits_per_year]
by = "tier"
values = { A = 9, B = 1 }
"""
    found = scored(tmp_path, {"tier": ["tin", "gold"]}, text)
    assert cells(found, "tier") == ["B", "A"]
    assert cells(found, "visits_per_year") == ["1", "9"]
    assert found.notes == ("accounts.csv: the column tier was there and is replaced by "
                           "segments.tier; 2 of 2 cells differ from before",)  # fmt: skip


def test_the_spec_refuses_what_cannot_be_meant():
    head = '[segments.t]\nkind = "quantiles"\ncolumn = "x"\n'
    cases = {
        f'{head}tiers = ["A", "B"]\nshares = [0.5, 0.4]\n': "the shares add up to 0.9",
        f'{head}tiers = ["A", "A"]\nshares = [0.5, 0.5]\n': "names a tier twice",
        f'{head}tiers = ["A"]\nshares = [0.5, 0.5]\n': "needs one share for each tier",
        '[segments.t]\nkind = "thresholds"\ncolumn = "x"\ntiers = ["A", "B"]\nat_least = [1, 2]\n':
        "at_least needs one number fewer",
        '[segments.t]\nkind = "thresholds"\ncolumn = "x"\ntiers = ["A","B","C"]\n'
        "at_least = [1,2]\n":
        "the numbers of at_least must fall",
        '[segments.t]\nkind = "rfm"\ntiers = ["A"]\nat_least = []\n': "names no column",
        '[segments.account_id]\nkind = "values"\ncolumn = "x"\ntiers.a = ["1"]\n':
        "makes the column 'account_id', which means something else",
        "": "says nothing to do",
        "[points.a]\nsignals = []\n": "must have at least 1",
    }  # fmt: skip
    for text, told in cases.items():
        found = faults(lambda text=text: parse_scoring(text))
        assert told in found[0], found


def test_all_faults_are_told_at_once(tmp_path):
    text = """
[segments.a]
kind = "thresholds"
column = "nothing"
tiers = ["A", "B"]
at_least = [1]
[segments.b]
kind = "quantiles"
column = "word"
tiers = ["A"]
shares = [1.0]
[visits_per_year]
by = "a"
values = { A = 1 }
[hours_per_visit]
by = "word"
values = { x = 1 }
"""
    data = make(tmp_path, {"word": ["x", "y"]})
    told = faults(lambda: topt.score_accounts(data, parse_scoring(text)))
    assert [t.split(":")[0] for t in told] == [
        "score.toml, segments.a.column", "accounts.csv, row 2, column word",
        "accounts.csv, row 3, column word", "score.toml, hours_per_visit.values",
    ]  # fmt: skip
