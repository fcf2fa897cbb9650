"""What columns are called, and rows above, between and below the records (cases 7 to 11)."""

from calendar import month_abbr

import pytest

HUBSPOT_REPS = "Owner ID,First name,Last name,Email\n11,Ann,Lee,ann@x.com\n12,Bob,Ray,bob@x.com\n"
DYNAMICS_REPS = "(Do Not Modify) User,Full Name,Primary Email\nu-1,Ann Lee,ann@x.com\n"


def test_hubspot_owners_are_names(desk):
    taken = desk.put(
        "Record ID,Company name,Company owner,City,Country/Region,Annual Revenue\n"
        "1001,Acme,Ann Lee,Memphis,United States,5000\n"
        "1002,Beta,Former Employee,Memphis,United States,6000\n"
        "1003,Gamma,bob@x.com,Memphis,United States,\n",
        HUBSPOT_REPS,
    ).take()
    assert taken.made.mapping.accounts.layout == "hubspot"
    assert taken.column("current_rep") == ["11", "", "12"]
    assert taken.told("is no rep") == [(3, "Former Employee", "")]
    assert taken.reps.text("name").tolist() == ["Ann Lee", "Bob Ray"]


@pytest.mark.parametrize(
    "header",
    [
        "record id,COMPANY NAME,Company Owner,city",
        "Record ID,Company name,Company owner,City",
        "Datensatz-ID,Unternehmensname,Zuständiger Mitarbeiter,Stadt",
    ],
)
def test_hubspot_headers_vary(desk, header):
    taken = desk.put(f"{header}\n1001,Acme,Ann Lee,Memphis\n", HUBSPOT_REPS).take()
    assert (taken.column("name"), taken.column("city")) == (["Acme"], ["Memphis"])
    assert taken.column("current_rep") == ["11"]


def test_dynamics_puts_its_own_columns_first(desk):
    taken = desk.put(
        "(Do Not Modify) Account,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,"
        "Account Name,Owner,Parent Account,Address 1: State/Province,Address 1: Latitude,"
        "Address 1: Longitude,Annual Revenue,Status\n"
        "a-1,h/AB==,2026-01-02 10:00:00,Acme,Ann Lee,,TN,35.1,-90.0,900.00,Active\n"
        "a-2,h/AC==,2026-01-02 10:00:00,Acme East,Ann Lee,Acme,TN,35.2,-90.1,800.00,Active\n"
        "a-3,h/AD==,2026-01-02 10:00:00,Old,Ann Lee,,TN,35.2,-90.1,800.00,Inactive\n",
        DYNAMICS_REPS,
    ).take()
    assert taken.made.mapping.accounts.layout == "dynamics 365"
    assert taken.column("account_id") == ["a-1", "a-2"]
    assert taken.column("family") == ["a-1", "a-1"]
    assert taken.column("current_rep") == ["u-1", "u-1"]
    assert taken.told("closed or deleted") == [(4, "Inactive", "")]
    assert taken.column("(Do Not Modify) Row Checksum") == ["h/AB==", "h/AC=="]


def test_columns_in_any_order_and_unknown_ones_stay(desk):
    taken = desk.put("tier,longitude,name,account_id,latitude\ngold,-90,x,1,35\n").take()
    assert taken.column("latitude") == ["35"]
    assert taken.column("tier") == ["gold"]


def test_a_byte_order_mark_in_the_header(desk):
    for content in ("\ufeffaccount_id,name\n1,x\n", '\ufeff"account_id","name"\n1,x\n'):
        assert desk.put(content).take().column("account_id") == ["1"]


def test_no_header_is_refused_and_can_be_declared(desk):
    desk.put("A-1,Acme,Ann Lee\nA-2,Beta,Bob Ray\n")
    (fault,) = desk.refused()
    assert "no column is known as the id of an account" in fault.message
    assert "header_row = 0" in fault.remedy
    taken = desk.take(
        '[accounts]\nheader_row = 0\n[accounts.columns]\naccount_id = "column 1"\n'
        'name = "column 2"\ncurrent_rep = "column 3"\n'
    )
    assert taken.column("account_id") == ["A-1", "A-2"]
    assert taken.column("current_rep") == ["R-1", "R-2"]


def test_a_header_only(desk):
    (fault,) = desk.put("account_id,name\n").refused()
    assert "no row below the header" in fault.message


def test_titles_above_the_header_are_told(desk):
    taken = desk.put("Accounts of 2026\n\naccount_id,name\n1,x\n").take()
    assert taken.made.mapping.accounts.header_row == 3
    assert taken.column("account_id") == ["1"]
    assert taken.told("above the header") == [(1, "Accounts of 2026", "")]


def test_headers_that_repeat(desk):
    same = desk.put("account_id,name,name\n1,x,x\n").take()
    assert list(same.accounts.columns) == ["account_id", "name"]
    assert same.told("comes twice with the same cells")
    other = desk.put("account_id,note,note\n1,x,y\n").take()
    assert other.column("note (2)") == ["y"]
    assert other.told("given a number") == [(1, "note", "note (2)")]
    (fault,) = desk.put("account_id,name,name\n1,x,y\n").refused()
    assert (fault.column, fault.row) == ("name", 1)
    assert "cannot be told which is name" in fault.message
    chosen = desk.take('[accounts.columns]\naccount_id = "account_id"\nname = "name (2)"')
    assert chosen.column("name") == ["y"]
    assert chosen.column("name (as exported)") == ["x"]
    assert chosen.told("has a column of this name") == [(1, "name", "name (as exported)")]


def test_a_header_between_the_rows_of_joined_files(desk):
    taken = desk.put("account_id,name\n1,x\naccount_id,name\n2,y\n").take()
    assert taken.column("account_id") == ["1", "2"]
    assert taken.told("repeats the header") == [(3, "account_id | name", "")]


def test_blank_rows_and_columns_at_the_end(desk):
    taken = desk.put("account_id,name,,\n1,x,,\n\n2,y,,,,\n,,,\n\n").take()
    assert list(taken.accounts.columns) == ["account_id", "name"]
    assert taken.column("account_id") == ["1", "2"]
    assert [row for row, _, _ in taken.told("blank row")] == [3, 5, 6]
    assert [row for row, _, _ in taken.told("beyond the last column")] == [4]
    assert len(taken.told("a blank column")) == 2


def test_a_column_without_a_name_that_holds_something_is_kept(desk):
    taken = desk.put("account_id,,name\n1,z,x\n").take()
    assert taken.column("column 2") == ["z"]
    assert taken.told("without a name")


def test_twelve_columns_of_months(desk):
    header = ",".join(f"Sales {month_abbr[k]}" for k in range(1, 13))
    cells = ",".join(f'"${k},000.50"' for k in range(1, 13))
    taken = desk.put(f"account_id,{header}\n1,{cells}\n").take()
    assert taken.column("Sales Dec") == ["12000.50"]
    assert taken.instance.account_numbers("Sales Jan").tolist() == [1000.5]
    assert len(taken.told("plain number")) == 12


def test_a_missing_column_is_named_with_those_found(desk):
    desk.put("account_id,name\n1,x\n")
    (fault,) = desk.refused('[accounts.columns]\naccount_id = "ID"')
    assert (fault.column, fault.key) == ("ID", "accounts.columns.account_id")
    assert "'account_id', 'name'" in fault.remedy


def test_a_column_of_the_export_cannot_slip_into_the_engine(desk):
    taken = desk.put("account_id,name\n1,x\n").take('[accounts.columns]\naccount_id = "account_id"')
    assert "name" not in taken.accounts.columns
    assert taken.column("name (as exported)") == ["x"]


def test_all_faults_of_both_files_come_at_once(desk):
    desk.put("account_id,potential\n1,x\n,5\n3,-4\n", "rep_id,capacity\nR-1,many\n,10\n")
    found = {(fault.file, fault.row, fault.column) for fault in desk.refused()}
    assert found == {
        ("export.csv", 2, "potential"), ("export.csv", 3, "account_id"),
        ("export.csv", 4, "potential"), ("reps.csv", 2, "capacity"), ("reps.csv", 3, "rep_id"),
    }  # fmt: skip


def test_names_of_columns_lose_controls_with_a_note(desk):
    taken = desk.put("account_id,no\u202ete\x00  of ours\n1,x\n").take()
    assert taken.column("note of ours") == ["x"]
    assert taken.told("in the name of a column") == [(1, "no\u202ete\x00  of ours", "note of ours")]


def test_a_mapping_says_where_the_header_is_too(desk):
    desk.put("Our accounts,,\nKey,Firm,Who\n1,x,Ann Lee\n")
    taken = desk.take('[accounts.columns]\naccount_id = "Key"\nname = "Firm"\ncurrent_rep = "Who"')
    assert (taken.column("account_id"), taken.column("current_rep")) == (["1"], ["R-1"])


def test_reps_without_ids_are_known_by_their_e_mail_if_the_mapping_says_so(desk):
    desk.put("account_id,owner\n1,ANN@x.com\n2,Ann Lee\n", "Name,Email\nAnn Lee,ann@x.com\n")
    (fault,) = desk.refused()
    assert "known by their e-mail" in fault.remedy
    taken = desk.take('[reps.columns]\nrep_id = "Email"\nemail = "Email"\nname = "Name"')
    assert taken.column("current_rep") == ["ann@x.com", "ann@x.com"]
