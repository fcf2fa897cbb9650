"""Points against a plain loop written from the definition, and what is told of them."""

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from score_cases import cells, faults, make, scored, totals

import territoryopt as topt
from territoryopt.scoring.spec import parse_scoring

DAY = date(2026, 6, 30)
TOML = """
as_of = 2026-06-30
[points.score]
start = 5
least = 0
most = 60
caps = { doing = 25 }
[[points.score.signals]]
column = "employees"
at_least = 50
points = 20
[[points.score.signals]]
column = "employees"
between = [10, 50]
points = 7.5
[[points.score.signals]]
column = "employees"
below = 10
points = -10
[[points.score.signals]]
column = "source"
one_of = ["web", "fair"]
points = 12
[[points.score.signals]]
column = "rival"
filled = true
points = -8
[[points.score.signals]]
column = "opened"
each = 3
points = 4
cap = 10
group = "doing"
[[points.score.signals]]
column = "last"
within_days = 60
points = 30
half_life_days = 20
group = "doing"
[[points.score.signals]]
column = "last"
older_than_days = 200
points = -15
blank = -20
[[points.score.signals]]
column = "ends"
due_within_days = 90
points = 9
where = { source = ["web", ""] }
"""


def by_hand(row):
    """The score of one account, from the definition; Decimal hundredths are exact."""

    def cents(x):
        return round(x * 100)

    def age(text):
        return (DAY - date.fromisoformat(text)).days

    total = 500
    if row["employees"] != "":
        n = float(row["employees"])
        total += 2000 if n >= 50 else 750 if n >= 10 else -1000
    total += 1200 if row["source"] in ("web", "fair") else 0
    total -= 800 if row["rival"] else 0
    doing = 0
    if row["opened"] != "":
        doing += cents(min(10, 4 * math.floor(float(row["opened"]) / 3)))
    if row["last"] and age(row["last"]) <= 60:
        doing += cents(30 * 0.5 ** (age(row["last"]) / 20))
    total += max(-2500, min(2500, doing))
    if row["last"] == "":
        total -= 2000
    elif age(row["last"]) > 200:
        total -= 1500
    if row["source"] in ("web", "") and row["ends"]:
        days = -age(row["ends"])
        total += 900 if 0 <= days <= 90 else 0
    return Decimal(max(0, min(6000, total))) / 100


def table(n=300, seed=3):
    draw = np.random.default_rng(seed)

    def some(values):
        return [str(v) for v in draw.choice(np.array(values, dtype=object), n)]

    days = ["", "2026-06-30", "2026-06-29", "2026-05-01", "2026-04-30", "2026-06-11",
            "2025-12-12", "2025-12-11", "2024-02-29"]  # fmt: skip
    return {
        "employees": some(["", 0, 9, 10, 49, 49.5, 50, 2000]),
        "source": some(["", "web", "fair", "Web", "list"]),
        "rival": some(["", "Acme", "0"]),
        "opened": some(["", 0, 2, 3, 8, 9, 100]),
        "last": some(days),
        "ends": some(["", "2026-06-30", "2026-09-28", "2026-09-29", "2026-06-29", "2030-01-01"]),
    }


def test_points_are_those_of_a_plain_loop(tmp_path):
    columns = table()
    found = scored(tmp_path, columns, TOML)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert [Decimal(cell) for cell in cells(found, "score")] == [by_hand(row) for row in rows]
    assert len(set(cells(found, "score"))) > 20, "the cases differ"


def test_parts_add_up_to_the_score_exactly(tmp_path):
    found = scored(tmp_path, table(), TOML)
    sums = totals(found, "score")
    for account, cell in zip(found.instance.account_ids, cells(found, "score"), strict=True):
        assert sums[account] == Decimal(cell), account


def test_the_parts_that_count_are_named_with_their_cells(tmp_path):
    row = {"employees": ["80"], "source": ["web"], "rival": ["Acme"], "opened": ["9"],
           "last": ["2026-06-10"], "ends": [""]}  # fmt: skip
    found = scored(tmp_path, row, TOML)
    frame = found.trace_frame()
    parts = dict(zip(frame["part"], frame["contribution"], strict=True))
    assert parts == {
        "start": 5.0, "employees at least 50": 20.0, "source one of web, fair": 12.0,
        "rival filled in": -8.0, "opened for each full 3, at most 10 points": 10.0,
        "last in the last 60 days": 15.0, "ends in the next 90 days": 0.0,
    }  # fmt: skip
    assert cells(found, "score") == ["54"]
    text = found.explain("a1")[1]
    assert text.startswith("score 54 points: +5 for start (given to every account); +20 for "
                           "employees at least 50 (employees is 80: at least 50);")  # fmt: skip
    assert "-8 for rival filled in (rival is Acme: filled in)" in text
    assert "+15 for last in the last 60 days (last is 2026-06-10: in the last 60 days; halves " \
           "every 20 days from its date)" in text  # fmt: skip


def test_a_blank_gives_what_is_declared_and_is_noted(tmp_path):
    text = """
[points.score]
[[points.score.signals]]
column = "x"
at_least = 1
points = 5
"""
    found = scored(tmp_path, {"x": ["", "2", ""]}, text)
    assert cells(found, "score") == ["0", "5", "0"]
    assert found.notes == (
        "points.score: 2 accounts with a blank x got 0 points for 'x at least 1'",
    )
    notes = found.trace_frame().query("note == 'blank'")
    assert list(notes["account_id"]) == ["a1", "a3"]
    refusing = parse_scoring(f'{text}blank = "refuse"\n')
    data = make(tmp_path / "in2", {"x": ["", "2", ""]})
    told = faults(lambda: topt.score_accounts(data, refusing))
    assert told == [
        "accounts.csv, row 2, column x: the cell is blank, and points.score needs it. Fill it in, "
        "or give signals.0 another blank than 'refuse'",
        "accounts.csv, row 4, column x: the cell is blank, and points.score needs it. Fill it in, "
        "or give signals.0 another blank than 'refuse'",
    ]


def test_inbound_and_outbound_have_scores_of_their_own(tmp_path):
    text = """
[points.inbound]
where = { lead = ["inbound"] }
[[points.inbound.signals]]
column = "n"
each = 1
points = 2
[points.outbound]
where = { lead = ["outbound"] }
[[points.outbound.signals]]
column = "n"
at_least = 3
points = 1
"""
    found = scored(tmp_path, {"lead": ["inbound", "outbound", ""], "n": ["4", "4", "4"]}, text)
    assert cells(found, "inbound") == ["8", "", ""]
    assert cells(found, "outbound") == ["", "1", ""]
    assert found.as_dict()["scores"][0]["accounts"] == 1
    assert found.to_frame()["inbound"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(("signal", "told"), [
    ('column = "nothing"\nat_least = 1', "points.s.signals.0.column: there is no such column "
     "(found 'nothing'). Columns: account_id, x, day"),
    ('column = "xx"\nat_least = 1', "Did you mean 'x'"),
    ('column = "day"\nat_least = 1', "accounts.csv, row 2, column day: not a plain number"),
    ('column = "x"\nwithin_days = 3', "accounts.csv, row 2, column x: is no date (found '1'). "
     "Write it as 2026-12-31"),
    ('column = "day"\nwithin_days = 3', "accounts.csv, row 2, column day: lies after as_of = "
     "2026-01-01 (found '2026-05-05'). Correct the date, or as_of"),
    ('column = "x"', "needs exactly one condition. Give one of at_least, below"),
    ('column = "x"\nat_least = 1\nbelow = 3', "needs exactly one condition"),
    ('column = "x"\nbetween = [3, 1]', "between must rise"),
    ('column = "x"\nbetween = [3]', "between: must have at least 2"),
    ('column = "x"\nat_least = 1\ncap = 3', "cap goes with each"),
    ('column = "x"\nat_least = 1\nhalf_life_days = 3', "half_life_days needs a date"),
    ('column = "x"\nat_least = nan', "at_least: must be a finite number"),
    ('column = "x"\nat_least = "3"', "at_least: must be a number (found '3')"),
    ('column = "x"\nwithin_days = -3', "within_days: must be at least 0"),
])  # fmt: skip
def test_what_cannot_be_used_is_told_with_its_place(tmp_path, signal, told):
    text = f"as_of = 2026-01-01\n[points.s]\n[[points.s.signals]]\npoints = 1\n{signal}\n"
    found = faults(lambda: scored(tmp_path, {"x": ["1"], "day": ["2026-05-05"]}, text))
    assert len(found) == 1
    assert told in found[0]
    assert found[0].startswith(("score.toml, points.s.signals.0", "accounts.csv, row 2"))


def test_ages_need_a_day_that_is_stated(tmp_path):
    signal = '[[points.s.signals]]\ncolumn = "day"\nwithin_days = 3\npoints = 1\n'
    found = faults(lambda: scored(tmp_path, {"day": ["2026-05-05"]}, f"[points.s]\n{signal * 2}"))
    assert found == ["score.toml, as_of: is missing, and ages of dates count to that day. State "
                     "it, such as as_of = 2026-06-30"]  # fmt: skip


def test_a_value_nobody_has_is_noted_with_the_nearest(tmp_path):
    text = '[points.s]\n[[points.s.signals]]\ncolumn = "k"\none_of = ["Roadd"]\npoints = 1\n'
    found = scored(tmp_path, {"k": ["Road", "Hill"]}, text)
    assert found.notes == ("points.s: no account has 'Roadd' in k (did you mean 'Road'?)",)


def test_limits_of_a_score_are_parts_of_it(tmp_path):
    text = """
[points.s]
least = -1
most = 10
[[points.s.signals]]
column = "x"
each = 1
points = 3
[[points.s.signals]]
column = "x"
below = 0
points = -7
"""
    found = scored(tmp_path, {"x": ["5", "-5", "2"]}, text)
    assert cells(found, "s") == ["10", "-1", "6"]
    frame = found.trace_frame().query("part == 'limit of the score'")
    assert frame["contribution"].tolist() == [-5.0, 6.0]
    assert set(frame["rule"]) == {"at least -1, at most 10"}
