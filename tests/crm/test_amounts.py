"""Missing markers, numbers, money and what is out of all proportion (cases 15 to 17 and 19)."""

import pytest

from territoryopt.errors import shortened

HEAD = "account_id\tpotential\n"


def potentials(*cells):
    return HEAD + "".join(f"{k}\t{cell}\n" for k, cell in enumerate(cells, 1))


@pytest.mark.parametrize(
    "mark", ["NULL", "NaN", "N/A", "NOT AVAILABLE", "-999", "-", "None", "n/a", "#N/A", "?"]
)
def test_marks_of_missing_values_become_blank_with_a_note(desk, mark):
    taken = desk.put(potentials("5", mark, "")).take()
    assert taken.column("potential") == ["5", "", ""]
    assert taken.told("not known", "repaired") == [(3, mark, "")]


def test_the_planner_says_what_marks_a_missing_value(desk):
    desk.put(potentials("5", "-999", "unknown"))
    assert len(desk.refused()) == 1
    taken = desk.take('[accounts]\nmissing = ["unknown", "-999"]')
    assert taken.column("potential") == ["5", "", ""]


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1\u2019234.56", "1234.56"),
        ("$1,200.00", "1200.00"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("12,5", "12.5"),
        ("0,125", "0.125"),
        ("\u20ac 12,50", "12.50"),
        ("12,50 \u20ac", "12.50"),
        ("USD 10,000.00", "10000.00"),
        ("+5", "5"),
        (".5", ".5"),
        ("1e5", "1e5"),
        ("1E+05", "1E+05"),
        ("1e15", "1e15"),
        ("0", "0"),
        ("1 234 567", "1234567"),
    ],
)
def test_numbers_as_people_write_them(desk, cell, plain):
    taken = desk.put(potentials(cell)).take()
    assert taken.column("potential") == [plain]
    changed = [] if cell == plain else [(2, cell, plain)]
    assert taken.told("plain number", "repaired") == changed
    assert taken.instance.account_numbers("potential")[0] == float(plain)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1,234", "could mean 1234 or 1.234"),
        ("1.234", "could mean 1234 or 1.234"),
        ("USD 10,000", "could mean 10000 or 10.000"),
        ("12%", "a share in percent"),
        ("(500)", "below 0"),
        ("-500", "below 0"),
        ("500-", "below 0"),
        ("1e999", "not a finite number"),
        ("inf", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("12,34,56", "does not fit"),
        ("1,234.56.78", "does not fit"),
        ("1 23", "not a number"),
        ("1_000", "not a number"),
        ("a few", "not a number"),
        ("\u0661\u0662", "not a number"),
        ("#REF!", "not a number"),
        ("1" * 400, "not a finite number"),
    ],
)
def test_what_is_no_amount_is_refused(desk, cell, why):
    (fault,) = desk.put(potentials("7", cell)).refused()
    assert (fault.file, fault.row, fault.column) == ("export.csv", 3, "potential")
    assert why in fault.message
    assert fault.value == shortened(cell)
    assert fault.remedy


def test_negative_money_in_brackets_is_read_where_it_may_be_negative(desk):
    taken = desk.put("account_id\tannual_revenue\n1\t(500)\n2\t-5\n").take()
    assert taken.column("annual_revenue") == ["-500", "-5"]
    assert taken.told("plain number") == [(2, "(500)", "-500")]


def test_the_column_settles_what_one_cell_leaves_open(desk):
    comma = desk.put(potentials("1,234", "1,234.50")).take()
    assert comma.column("potential") == ["1234", "1234.50"]
    ((row, old, _),) = comma.told("'.' before the fraction, which row 3 settles", "noticed")
    assert (row, old) == (None, "1,234.50")
    point = desk.put(potentials("1.234", "2,5")).take()
    assert point.column("potential") == ["1234", "2.5"]


def test_the_mapping_settles_it_too(desk):
    desk.put(potentials("1,234", "1.234"))
    assert len(desk.refused()) == 2
    assert desk.take('[accounts]\ndecimal = "."').column("potential") == ["1234", "1.234"]
    assert desk.take('[accounts]\ndecimal = ","').column("potential") == ["1.234", "1234"]


def test_a_column_that_contradicts_itself_or_the_mapping_is_refused(desk):
    faults = desk.put(potentials("1,234.50", "1.234,50", "7")).refused()
    assert [fault.row for fault in faults] == [2, 3]
    assert "cells disagree" in faults[0].message
    (fault,) = desk.put(potentials("1.234,50")).refused('[accounts]\ndecimal = "."')
    assert "does not fit a number with '.'" in fault.message


def test_several_currencies_in_one_column_are_refused(desk):
    faults = desk.put(potentials("$5", "\u20ac6")).refused()
    assert len(faults) == 2
    assert "several currencies" in faults[0].message


CURRENCIES = (
    "Account ID,Account Name,Annual Revenue Currency,Annual Revenue{}\n"
    "0014000000Lmabc,x,USD,100{}\n0014000000LmabD,y,EUR,200{}\n"
)


def test_a_column_of_currencies_needs_a_converted_one_or_a_word(desk):
    desk.put(CURRENCIES.format("", "", ""))
    (fault,) = desk.refused()
    assert "are in several currencies: EUR, USD" in fault.message
    taken = desk.take('[accounts]\ncurrency = "USD"\nrefused = "leave_out"')
    assert taken.column("annual_revenue") == ["100", ""]
    assert taken.told("is not in USD", "refused") == [(3, "200 EUR", "")]


def test_the_converted_column_goes_first(desk):
    both = CURRENCIES.format(",Annual Revenue (converted)", ",100", ",222")
    taken = desk.put(both).take()
    assert taken.column("annual_revenue") == ["100", "222"]
    assert taken.column("Annual Revenue") == ["100", "200"]


def test_zero_and_blank_are_not_the_same(desk):
    taken = desk.put(potentials("0", "", "0.0")).take()
    assert taken.column("potential") == ["0", "", "0.0"]


def test_amounts_out_of_all_proportion_are_noticed(desk):
    taken = desk.put(potentials("10", "12", "11", "20000", "1e15")).take()
    assert taken.column("potential")[3:] == ["20000", "1e15"]
    assert taken.told("times the median", "noticed") == [
        (5, "20000", "20000"),
        (6, "1e15", "1e15"),
    ]


def test_a_quota_of_a_quarter_is_not_taken_for_a_year(desk):
    reps = "rep_id,name,Q1 quota,capacity\nR-1,Ann,300,1500\n"
    taken = desk.put("account_id,Quarterly Revenue\n1,100\n", reps).take()
    assert taken.column("Quarterly Revenue") == ["100"]
    assert "annual_revenue" not in taken.accounts.columns
    assert taken.reps.text("Q1 quota").tolist() == ["300"]
    desk.put("account_id,Quarterly Revenue\n1,100\n")
    noticed = desk.take(
        '[accounts.columns]\naccount_id = "account_id"\nannual_revenue = "Quarterly Revenue"'
    )
    assert noticed.told("a year", "noticed"), "the planner is told what the engine takes it for"
