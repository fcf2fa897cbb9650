"""A learned score against the truth it was drawn from, its figures by hand, and false teachers."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_contract import assert_meets
from score_cases import ACCOUNTS, LEARNED, cells, deals, faults, make, scored, totals

import territoryopt as topt
from territoryopt.scoring.history import auc
from territoryopt.scoring.learning import brier, calibration, log_loss, probability
from territoryopt.scoring.spec import parse_scoring
from territoryopt.tables import write_table

pytest.importorskip("sklearn", reason="needs the extra 'score'")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learned")
    write_table(folder / "deals.csv", deals())
    return scored(folder, ACCOUNTS, LEARNED)


def test_coefficients_come_near_the_truth(learned):
    found = {(c["feature"], c["level"]): c for c in learned.as_dict()["learned"]["coefficients"]}
    size = found["employees", None]
    assert size["per"] == 100
    assert size["odds_per"] == pytest.approx(math.exp(0.5), rel=0.1)
    assert size["odds_per_unit"] == pytest.approx(math.exp(1 / 200), rel=0.001)
    assert found["industry", "food"]["odds"] == pytest.approx(math.e, rel=0.3)
    assert found["industry", "food"]["compared_with"] == "steel"
    assert found["industry", "paper"]["odds"] == pytest.approx(1, rel=0.25)


def test_held_out_quality_is_shown_against_the_base_rate(learned):
    assert_meets(learned.as_dict())
    quality = learned.as_dict()["learned"]["quality"]
    assert quality["rows"] == 750
    assert 0.75 < quality["auc"] < 0.9
    assert quality["brier"] < quality["brier_base_rate"] - 0.03
    assert quality["log_loss"] < quality["log_loss_base_rate"] - 0.05
    table = learned.as_dict()["learned"]["calibration"]
    assert sum(row["rows"] for row in table) == 750
    assert all(abs(row["chance"] - row["won"]) < 0.15 for row in table), "it says what happens"
    told = learned.told()
    assert any("puts the one won first in" in line and "50 is chance" in line for line in told)
    assert any(line.startswith("Odds times 1.6") and line.endswith("for each 100 more employees.")
               for line in told)  # fmt: skip


def test_probabilities_are_the_log_odds_of_their_parts(learned):
    sums = totals(learned, "log odds of probability")
    for account, cell in zip(learned.instance.account_ids, cells(learned, "probability"),
                             strict=True):  # fmt: skip
        assert float(cell) == pytest.approx(1 / (1 + math.exp(-float(sums[account]))), abs=1e-6)
        assert totals(learned, "probability")[account] == Decimal(cell)
    low, mid, high = map(float, cells(learned, "probability"))
    assert low < mid < high
    record = learned.as_dict()["learned"]
    mean = next(c for c in record["coefficients"] if c["feature"] == "employees")
    by_hand = record["start"] + mean["weight"] * (10 - mean["mean"]) / mean["deviation"]
    assert float(sums["a1"]) == pytest.approx(by_hand, abs=1e-5)
    assert learned.notes == (
        "learned: text of industry that was not learned counts as steel: 1 account",
    )


def test_a_seed_gives_one_score_and_dates_split_by_time(tmp_path, learned):
    write_table(tmp_path / "deals.csv", deals())
    again = scored(tmp_path, ACCOUNTS, LEARNED)
    assert cells(again, "probability") == cells(learned, "probability")
    assert again.as_dict()["learned"]["quality"] == learned.as_dict()["learned"]["quality"]
    other = scored(tmp_path, ACCOUNTS, f"{LEARNED}seed = 7\n").as_dict()["learned"]
    assert other["quality"] != learned.as_dict()["learned"]["quality"]
    late = scored(tmp_path, ACCOUNTS, f'{LEARNED}date = "closed"\n').as_dict()["learned"]
    days = sorted(deals()["closed"])
    first = days[int(0.75 * len(days))]
    assert late["held_out"] == f"the rows from {first} on"
    assert late["quality"]["rows"] == sum(day >= first for day in days)


def test_accounts_may_be_their_own_history(tmp_path):
    table = deals(800)
    columns = {name: list(map(str, table[name])) for name in ("stage", "employees", "industry")}
    columns["stage"][:5] = ["", "Open", "", "", ""]
    text = LEARNED.replace('history = "deals.csv"\n', "")
    found = scored(tmp_path, columns, text)
    assert found.as_dict()["learned"]["rows"] == 795
    assert "" not in cells(found, "probability")
    assert found.notes[0] == ("learned: 5 rows of accounts.csv without an outcome were not learned "
                              "from")  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_counts_pairs(rows):
    values, won = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    if won.all() or not won.any():
        return
    pairs = [(a > b) + (a == b) / 2 for a in values[won] for b in values[~won]]
    assert auc(values, won) == pytest.approx(sum(pairs) / len(pairs))


def test_figures_of_quality_by_hand():
    chance, won = np.array([0.9, 0.2, 0.5]), np.array([True, False, False])
    assert brier(chance, won) == pytest.approx((0.01 + 0.04 + 0.25) / 3)
    assert log_loss(chance, won) == pytest.approx(
        -(math.log(0.9) + math.log(0.8) + math.log(0.5)) / 3
    )
    assert probability(np.array([0.0, 800.0, -800.0])).tolist() == [0.5, 1.0, 0.0]
    table = calibration(np.linspace(0, 1, 200), np.arange(200) % 2 == 0)
    assert [row["rows"] for row in table] == [20] * 10
    assert all(row["won"] == 0.5 for row in table)


def leak(**more):
    table = deals(400)
    won = table["stage"] == "Won"
    return {**table, **{name: make_column(won) for name, make_column in more.items()}}


@pytest.mark.parametrize(("numbers", "texts", "more", "told"), [
    (["after"], [], {"after": lambda won: np.where(won, 5.0, 1.0)},
     "'after' alone tells won from lost (AUC 1.000), as only what became known with the outcome "
     "can. Take it out of numbers"),
    ([], ["reason"], {"reason": lambda won: np.where(won, "", "price").astype(object)},
     "'reason' alone tells won from lost (AUC 1.000)"),
    (["same"], [], {"same": lambda won: np.ones(len(won))},
     "'same' is the same in every row, so nothing can be learned from it. Take it out of numbers"),
    ([], ["id"], {"id": lambda won: np.array([f"d{k}" for k in range(len(won))], object)},
     "'id' has 400 texts in 400 rows, so it names rows and teaches nothing"),
])  # fmt: skip
def test_false_teachers_are_refused(tmp_path, numbers, texts, more, told):
    write_table(tmp_path / "deals.csv", leak(**more))
    text = LEARNED.replace('numbers = ["employees"]', f"numbers = {numbers}")
    text = text.replace('texts = ["industry"]', f"texts = {texts}").replace("'", '"')
    found = faults(lambda: scored(tmp_path, ACCOUNTS, text))
    assert len(found) == 1
    assert found[0].startswith("score.toml, learned.")
    assert told in found[0]


def test_what_is_blank_only_where_lost_is_refused(tmp_path):
    table = leak()
    won = table["stage"] == "Won"
    table["employees"] = np.where(won, table["employees"], np.nan)
    write_table(tmp_path / "deals.csv", table)
    found = faults(lambda: scored(tmp_path, ACCOUNTS, f'{LEARNED}blank = "average"\n'))
    assert any("being blank of 'employees' alone tells won from lost" in text for text in found)


def test_a_text_that_always_ended_alike_is_noted(tmp_path):
    table = deals(1000)
    rows = np.flatnonzero(table["stage"] == "Lost")[:60]
    table["industry"][rows] = "closed down"
    write_table(tmp_path / "deals.csv", table)
    found = scored(tmp_path, ACCOUNTS, LEARNED)
    assert any("learned: all 60 rows with industry 'closed down' were lost; make sure that it was "
               "known before the outcome" in note for note in found.notes)  # fmt: skip


@pytest.mark.parametrize(("change", "told"), [
    (lambda t: {**t, "stage": np.full(400, "Won", object)},
     "deals.csv has 0 rows that were lost; at least 20 are needed to learn anything"),
    (lambda t: {name: cells[:30] for name, cells in t.items()}, "at least 20 are needed"),
    (lambda t: {**t, "stage": np.where(np.arange(400) == 7, "Maybe", t["stage"])},
     "deals.csv has outcomes that are neither won nor lost: 'Maybe' (found 'stage'). Put each into "
     "won, lost or left_out"),
    (lambda t: {name: cells for name, cells in t.items() if name != "employees"},
     "deals.csv has no such column (found 'employees'). Columns: stage, industry, closed"),
    (lambda t: {**t, "employees": np.where(np.arange(400) == 7, "x", t["employees"].astype(str))},
     "deals.csv, row 9, column employees: not a number"),
    (lambda t: {**t, "employees": np.where(np.arange(400) == 7, np.nan, t["employees"])},
     "deals.csv, row 9, column employees: the cell is blank"),
])  # fmt: skip
def test_histories_that_teach_nothing_are_refused(tmp_path, change, told):
    write_table(tmp_path / "deals.csv", change(deals(400)))
    assert told in " ".join(faults(lambda: scored(tmp_path, ACCOUNTS, LEARNED)))


def test_noise_is_told_as_such(tmp_path):
    write_table(tmp_path / "deals.csv", deals(600, seed=1, signal=False))
    told = faults(lambda: scored(tmp_path, ACCOUNTS, LEARNED))
    assert told == [
        "score.toml, learned: on rows not learned from the score ran against the outcome, so there "
        "is nothing to learn from these features. Give others, or score by points"
    ]


def test_a_score_no_better_than_the_base_rate_is_told_as_such(tmp_path):
    table = deals(1000)
    late = np.arange(1000) >= 750
    table["employees"][late] = 1000 - table["employees"][late]  # what held then holds no more
    write_table(tmp_path / "deals.csv", table)
    found = scored(tmp_path, ACCOUNTS, f'{LEARNED}date = "day"\n'.replace("day", "closed"))
    quality = found.as_dict()["learned"]["quality"]
    assert quality["brier"] >= quality["brier_base_rate"]
    assert any("do not rely on it" in note for note in found.notes)
    assert any("do not rely on it" in line for line in found.told())


def test_blank_numbers_are_refused_or_taken_as_average(tmp_path):
    table = deals(900)
    table["employees"][::5] = np.nan
    write_table(tmp_path / "deals.csv", table)
    accounts = {"employees": ["", "500"], "industry": ["food", "food"]}
    assert "column employees: the cell is blank" in faults(
        lambda: scored(tmp_path, accounts, LEARNED)
    )[0]  # fmt: skip
    found = scored(tmp_path, accounts, f'{LEARNED}blank = "average"\n')
    kinds = {c["kind"] for c in found.as_dict()["learned"]["coefficients"]}
    assert kinds == {"number", "level", "blank"}
    assert "learned: a blank employees counts as average: 1 account" in found.notes


def test_the_history_given_goes_before_the_one_named(tmp_path):
    write_table(tmp_path / "mine.csv", deals(400))
    found = scored(tmp_path, ACCOUNTS, LEARNED, history=tmp_path / "mine.csv")
    assert found.as_dict()["learned"]["source"].endswith("mine.csv")
    told = faults(lambda: scored(tmp_path, ACCOUNTS, LEARNED))
    assert told == ["deals.csv: the file cannot be read: No such file or directory. Check the "
                    "folder and the name"]  # fmt: skip
    data = make(tmp_path / "x", {"t": ["1"]})
    told = faults(lambda: topt.score_accounts(data, parse_scoring("visits_per_year = 1\n"),
                                              history="h.csv"))  # fmt: skip
    assert told == ["score.toml, learned: is missing, so a history is of no use. Add [learned], or "
                    "give none"]  # fmt: skip
