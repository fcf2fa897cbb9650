"""Dates with the day or the month first, years of two digits, numbers of days (case 18)."""

import pytest


def dated(*cells):
    return "account_id;last_activity\n" + "".join(f"{k};{c}\n" for k, c in enumerate(cells, 1))


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("2025-12-31", "2025-12-31"),
        ("2025-12-31T10:00:00.000+0000", "2025-12-31"),
        ("2025-12-31 10:00:00", "2025-12-31"),
        ("12/31/2025", "2025-12-31"),
        ("31.12.2025", "2025-12-31"),
        ("31-12-2025", "2025-12-31"),
        ("12/31/2025 10:15 AM", "2025-12-31"),
        ("12/31/2025, 10:15", "2025-12-31"),
        ("2025/12/31", "2025-12-31"),
        ("5/5/2025", "2025-05-05"),
        ("12/31/98", "1998-12-31"),
        ("12/31/25", "2025-12-31"),
        ("46022", "2025-12-31"),
        ("46022.5", "2025-12-31"),
        ("29.02.2024", "2024-02-29"),
    ],
)
def test_dates_become_iso(desk, cell, iso):
    taken = desk.put(dated(cell)).take()
    assert taken.column("last_activity") == [iso]
    told = [e[:3] for e in taken.entries("repaired", "last_activity")]
    assert told == ([] if cell == iso else [(2, cell, iso)])


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1/2/2026", "could mean two days"),
        ("29.02.2025", "is no date"),
        ("2025-02-30", "is no date"),
        ("13/13/2025", "is no date"),
        ("0/5/2025", "is no date"),
        ("yesterday", "is no date"),
        ("99999", "is no date"),
        ("0000-00-00", "is no date"),
    ],
)
def test_what_is_no_date_is_refused(desk, cell, why):
    faults = desk.put(dated(cell)).refused()
    assert {(f.row, f.column, f.value) for f in faults} == {(2, "last_activity", cell)}
    assert why in faults[0].message or "could mean" in faults[0].message


def test_the_column_or_the_mapping_settles_the_order(desk):
    by_column = desk.put(dated("1/2/2026", "1/31/2026")).take()
    assert by_column.column("last_activity") == ["2026-01-02", "2026-01-31"]
    desk.put(dated("1/2/2026"))
    day = desk.take('[accounts]\ndate_order = "day first"')
    assert day.column("last_activity") == ["2026-02-01"]
    month = desk.take('[accounts]\ndate_order = "month first"')
    assert month.column("last_activity") == ["2026-01-02"]


def test_a_column_that_contradicts_itself_is_refused(desk):
    faults = desk.put(dated("1/31/2026", "31/1/2026")).refused()
    assert len(faults) == 2
    assert "some cells of the column have the day first" in faults[0].message


def test_marks_of_missing_dates(desk):
    taken = desk.put(dated("N/A", "2026-01-02")).take()
    assert taken.column("last_activity") == ["", "2026-01-02"]
    assert taken.told("date that is not known") == [(2, "N/A", "")]


def test_other_columns_of_dates_are_proposed_and_made_plain(desk):
    taken = desk.put("account_id,Renewal\n1,31.12.2026\n2,\n").take()
    assert taken.made.mapping.accounts.dates == ["Renewal"]
    assert taken.column("Renewal") == ["2026-12-31", ""]
