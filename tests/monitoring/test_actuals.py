"""Files of actuals and goals: what is read, and what is refused in words."""

from __future__ import annotations

import numpy as np
import pytest
from actuals_files import write_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import territoryopt as topt
from territoryopt.monitoring.actuals import read_actuals, read_goals
from territoryopt.monitoring.settings import load_settings


def said(error):
    return "\n".join(map(str, error.value.problems))


def test_long_and_wide_are_read_alike(run, tmp_path):
    rows = [("A-00", "2026-01", 10), ("A-00", "2026-02-01", 20.5), ("A-47", "2026-02", -3)]
    long = read_actuals(write_rows(tmp_path / "l.csv", ["account_id", "month", "amount"], rows),
                        run.instance)  # fmt: skip
    wide = read_actuals(
        write_rows(tmp_path / "w.csv", ["account_id", "name", "2026-01", "2026-02"],
                   [("A-00", "x", 10, 20.5), ("A-47", "y", "", -3)]),
        run.instance,
    )  # fmt: skip
    for found in (long, wide):
        assert (found.months, found.by) == (("2026-01", "2026-02"), "account")
        table = found.amounts["actuals"]
        assert table.shape == (48, 2)
        assert table[0].tolist() == [10, 20.5]
        assert table[47].tolist() == [0, -3]
        assert table.sum() == 27.5
        assert found.present.sum() == 2
        assert any("1 amount below zero, kept as returns: -3 in all" in n for n in found.notes)
        assert any("no row of 46 accounts of the run: A-01, A-02" in n for n in found.notes)


def test_a_month_without_a_row_is_not_known(run, tmp_path):
    rows = [("R-0", f"2026-0{m}", 10) for m in (1, 2, 4, 5)]
    found = read_actuals(write_rows(tmp_path / "a.csv", ["rep_id", "month", "amount"], rows),
                         run.instance)  # fmt: skip
    table = found.amounts["actuals"]
    assert np.isnan(table[:, 2]).all()
    assert not np.isnan(table[:, [0, 1, 3, 4]]).any()
    assert any("nothing at all in 2026-03; taken as not known" in note for note in found.notes)


def test_measures_and_a_month_that_is_not_over(run, tmp_path):
    rows = [("R-0", f"2026-0{m}", w, a) for m, a in ((1, 9), (2, 9), (3, 2)) for w in ("x", "y")]
    found = read_actuals(
        write_rows(tmp_path / "a.csv", ["rep_id", "month", "measure", "amount"], rows), run.instance
    )
    assert list(found.amounts) == ["x", "y"]
    assert any("2026-03 has less than half of a usual month" in note for note in found.notes)
    assert found.until("2026-02").months == ("2026-01", "2026-02")
    with pytest.raises(topt.InputError, match="before the first month"):
        found.until("2025-12")


def test_everything_wrong_is_told_at_once(run, tmp_path):
    rows = [
        ("A-00", "2026-01", 1), ("A-00", "2026-01", 2), ("A-99", "2026-01", 1),
        ("A-01", "2026-13", 1), ("A-02", "Jan", 1), ("A-03", "2026-01", "1,5"),
        ("a-4", "2026-01", 1), ("A-05", "2026-01", ""), ("", "2026-02", 1),
    ]  # fmt: skip
    path = write_rows(tmp_path / "a.csv", ["account_id", "month", "amount"], rows)
    with pytest.raises(topt.InputError) as error:
        read_actuals(path, run.instance)
    text = said(error)
    assert "a.csv, row 3, column account_id: account_id and month as in row 2, but amount" in text
    assert "row 4, column account_id: the run has no such account (found 'A-99')" in text
    assert "row 5, column month: is no month (found '2026-13'). Write it as 2026-03" in text
    assert "row 6, column month: is no month (found 'Jan')" in text
    assert "row 7, column amount: not a plain number" in text
    assert "row 9, column amount: the cell is blank. Fill in a number" in text
    assert "row 10, column account_id: the cell is blank" in text
    assert all("\n" not in str(fault) for fault in error.value.problems)


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        (["who", "month", "amount"], [("x", "2026-01", 1)], "neither account_id nor rep_id"),
        (["rep_id", "amount"], [("R-0", 1)], "has no months"),
        (["rep_id", "month"], [("R-0", "2026-01")], "no column amount"),
        (["rep_id", "month", "2026-01"], [("R-0", "2026-01", 1)], "both a column month"),
        (["rep_id", "2026-01", "2026-01-01"], [("R-0", 1, 2)], "of the same month"),
        (["rep_id", "month", "amount"], [("R-0", "1926-01", 1), ("R-0", "2026-01", 1)],
         "more than 120 months"),
        (["rep_id", "month", "amount", "measure"], [("R-0", "2026-01", 1, "")],
         "Name the measure of every row"),
    ],
)  # fmt: skip
def test_files_of_another_shape_are_refused(run, tmp_path, header, rows, words):
    path = write_rows(tmp_path / "a.csv", header, rows)
    with pytest.raises(topt.InputError) as error:
        read_actuals(path, run.instance)
    assert words in said(error)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A-00", "A-1", "", "=1", "x" * 50, "A-47"]),
            st.sampled_from(["2026-01", "2026-02", "9999-99", "", "２０２６-01", "2026-01-01"]),
            st.one_of(st.text(max_size=6), st.floats().map(str), st.integers().map(str)),
        ),
        max_size=6,
    ),
    st.booleans(),
)  # fmt: skip
def test_garbage_is_read_or_refused(run, tmp_path, rows, long):
    header = ["account_id", "month", "amount"] if long else ["account_id", "2026-01", "2026-02"]
    path = write_rows(tmp_path / "garbage.csv", header, rows)
    problems, tables = [], []
    try:
        tables = list(read_actuals(path, run.instance).amounts.values())
    except topt.InputError as error:
        problems = error.problems
    assert bool(problems) != bool(tables)
    assert all(fault.message and "\n" not in str(fault) for fault in problems)
    assert all(np.isfinite(table).any() for table in tables)


def test_goals_of_the_year_and_of_months(run, tmp_path):
    path = write_rows(tmp_path / "g.csv", ["rep_id", "goal", "month", "note"],
                      [("R-0", 1200, "", "x"), ("R-1", 10, "2026-01", ""),
                       ("R-1", 20, "2026-03", ""), ("R-1", 5, "2025-12", "")])  # fmt: skip
    found = read_goals(path, run.instance, "2026-01")
    assert found.whole[0] == 1200
    assert np.isnan(found.whole[1:]).all()
    assert found.month[1, [0, 2]].tolist() == [10, 20]
    assert "1 row of months outside the year passed over" in found.notes[0]
    assert "no goal of 4 reps: R-2, R-3, R-4, R-5" in found.notes[1]


def test_wrong_goals_are_told(run, tmp_path):
    path = write_rows(tmp_path / "g.csv", ["rep_id", "goal", "month"],
                      [("R-0", 1, ""), ("R-0", 2, ""), ("R-9", 1, ""), ("R-1", -1, ""),
                       ("R-1", 1, "2026-01"), ("R-2", "", ""), ("R-3", 1, "May")])  # fmt: skip
    with pytest.raises(topt.InputError) as error:
        read_goals(path, run.instance, "2026-01")
    text = said(error)
    assert "g.csv, row 3, column rep_id: the goal stands in row 2 already" in text
    assert "row 4, column rep_id: the run has no such rep (found 'R-9')" in text
    assert "row 5, column goal: the number is below 0" in text
    assert "row 6, column rep_id: the rep has a goal of the year and goals of months" in text
    assert "row 7, column goal: the cell is blank" in text
    assert "row 8, column month: is no month (found 'May')" in text


def test_wrong_settings_are_told(tmp_path):
    (tmp_path / "m.toml").write_text(
        'until = "May"\n[drift]\nfalse_alarms = 0.1\nleast = 2\n[season]\ncompare = "x"\n'
        "[plan]\nmove_price = -1\n"
    )
    with pytest.raises(topt.InputError) as error:
        load_settings(tmp_path / "m.toml")
    text = said(error)
    assert "m.toml, drift.false_alarms: is not a known key" in text
    assert "Did you mean 'false_alarm'?" in text
    assert "drift.least: must be below 1" in text
    assert "season.compare: must be 'team' or 'own'" in text
    assert "plan.move_price: must be at least 0" in text
    assert "m.toml, until: must be a month, such as 2026-09 (found 'May')" in text


def test_arrays_are_actuals_too():
    found = topt.Actuals.of([[1, 2], [3, 4]], "2026-11")
    assert found.months == ("2026-11", "2026-12")
    with pytest.raises(topt.InputError, match="is no month"):
        topt.Actuals.of([[1, 2]], "2026-14")
    with pytest.raises(topt.InputError, match="finite numbers"):
        topt.Actuals.of([[np.nan]], "2026-01")
