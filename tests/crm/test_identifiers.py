"""Ids as spreadsheets and exports leave them (dirty data, cases 2 to 6)."""

import pytest


def test_lost_zeros_are_told_and_never_guessed(desk):
    taken = desk.put("account_id,name\n00712,a\n713,b\n00714,c\n").take()
    assert taken.column("account_id") == ["00712", "713", "00714"]
    ((row, old, new),) = taken.told("may have lost its zeros", "noticed")
    assert (row, old, new) == (3, "713", "713")


def test_a_zip_code_gets_its_zero_where_the_state_says_so(desk):
    taken = desk.put(
        "account_id,state,postal_code,country\n1,CT,6250,US\n2,TN,3810,US\n3,CT,06250,US\n"
        "4,CT,6250.0,\n"
    ).take()
    assert taken.column("postal_code") == ["06250", "3810", "06250", "06250"]
    assert taken.told("leading zeros", "repaired") == [
        (2, "6250", "06250"),
        (5, "6250", "06250"),
    ]
    assert taken.told("no postal code of the US", "noticed") == [(3, "3810", "3810")]


def test_whole_numbers_written_as_decimals(desk):
    taken = desk.put("account_id,current_rep\n279.0,R-1\n280.0,\n281,\n").take()
    assert taken.column("account_id") == ["279", "280", "281"]
    assert taken.told("whole number") == [(2, "279.0", "279"), (3, "280.0", "280")]
    mixed = desk.put("account_id,name\n279.0,x\nA-1,y\n").take()
    assert mixed.column("account_id") == ["279.0", "A-1"], "not a column of numbers"


def test_an_owner_id_read_as_a_decimal_is_no_rep(desk):
    reps = "rep_id,name\n279,Ann\n"
    taken = desk.put("account_id,current_rep\n1,279.0\n", reps).take()
    assert taken.column("current_rep") == [""]
    assert taken.told("is no rep") == [(2, "279.0", "")]


def test_the_same_row_twice_is_kept_once(desk):
    taken = desk.put("account_id,name\n1,x\n2,y\n1,x\n").take()
    assert taken.column("account_id") == ["1", "2"]
    assert taken.told("the same row as row 2") == [(4, "1", "")]


def test_one_id_with_two_data_is_refused_and_can_be_left_out(desk):
    desk.put("account_id,name\n1,x\n2,y\n1,z\n")
    (fault,) = desk.refused()
    assert (fault.file, fault.row, fault.column, fault.value) == (
        "export.csv", 4, "account_id", "1",
    )  # fmt: skip
    assert "the id of row 2, but name differs" in fault.message
    taken = desk.take('[accounts]\nrefused = "leave_out"')
    assert taken.column("name") == ["x", "y"]
    assert taken.told("but name differs", "refused") == [(4, "1", "")]


def test_a_blank_id_is_refused(desk):
    (fault,) = desk.put("account_id,name\n1,x\n\u00a0,y\n").refused()
    assert (fault.row, fault.column) == (3, "account_id")
    assert "id is blank" in fault.message


@pytest.mark.parametrize("odd", ["NA", "NULL", "None", "007", "1e5", "nan", "true", "-1"])
def test_odd_ids_stay_text(desk, odd):
    taken = desk.put(f"account_id,name\n{odd},{odd}\nx,y\n").take()
    assert taken.column("account_id") == [odd, "x"]
    assert taken.column("name") == [odd, "y"], "a company may be called that"


def test_spaces_around_ids_go_with_a_note(desk):
    taken = desk.put("account_id,name\n\u00a0 A-1 ,x\n\u2003A-2,y\n").take()
    assert taken.column("account_id") == ["A-1", "A-2"]
    assert taken.told("spaces around", "repaired") == [
        (2, "\u00a0 A-1 ", "A-1"),
        (3, "\u2003A-2", "A-2"),
    ]


def test_an_id_that_a_spreadsheet_cut_short_is_told(desk):
    taken = desk.put("account_id,name\n1.23457E+12,x\nA,y\n").take()
    assert taken.column("account_id") == ["1.23457E+12", "A"]
    assert taken.told("cut short", "noticed") == [(2, "1.23457E+12", "1.23457E+12")]


def test_accounts_that_look_alike_stay_apart(desk):
    taken = desk.put(
        "account_id,name,latitude,longitude\n1,GTXPro,35,-90\n2,GTX Pro,35,-90\n3,Acme,35,-90\n"
        "4,Acme,36,-91\n"
    ).take()
    assert len(taken.accounts) == 4
    assert taken.told("name of row 2, or nearly", "noticed") == [(3, "GTX Pro", "GTX Pro")]
    assert taken.told("name of row 4, or nearly", "noticed") == [(5, "Acme", "Acme")]
    assert taken.told("3 rows share 1 places", "noticed")


def test_codes_without_a_country_are_not_taken_for_american_among_other_states(desk):
    taken = desk.put("account_id,state,postal_code\n1,NH,1011\n2,Utrecht,3511\n").take()
    assert taken.column("postal_code") == ["1011", "3511"]
