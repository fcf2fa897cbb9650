"""Owners and the reps they are: matched exactly or not at all (cases 27 to 30)."""

import pytest

REPS = (
    "rep_id,name,email,active\nR-1,Ann Lee,Ann.Lee@x.com,true\nR-2,Bob Ray,bob@x.com,true\n"
    "R-3,Bob Ray,ray@x.com,yes\nR-4,Cy Old,cy@x.com,false\n"
)


@pytest.mark.parametrize(
    ("owner", "rep", "why"),
    [
        ("R-1", "R-1", ""),
        (" R-1 ", "R-1", ""),
        ("Ann Lee", "R-1", "found by name"),
        ("Ann  Lee", "R-1", "found by name"),
        ("ann.lee@X.COM", "R-1", "found by e-mail"),
        ("ray@x.com", "R-3", "found by e-mail"),
        ("Bob Ray", "", "is 2 reps: R-2, R-3"),
        ("ann lee", "", "is no rep"),
        ("Lee, Ann", "", "is no rep"),
        ("r-1", "", "is no rep"),
        ("Former Employee", "", "is no rep"),
        ("West Coast Queue", "", "is no rep"),
        ("R-4", "", "a rep who is not active"),
        ("cy@X.com", "", "a rep who is not active"),
        ("R-1; R-2", "", "names several owners"),
        ("R-1; Nobody", "", "is no rep"),
        ("NULL", "", "owner that is not known"),
        ("", "", ""),
    ],
)
def test_an_owner_is_matched_or_told(desk, owner, rep, why):
    taken = desk.put(f"account_id;current_rep\n1;\n2;{owner}\n".replace("R-1; R", "R-1| R"), REPS)
    content = f'account_id,current_rep\n1,\n2,"{owner}"\n'
    taken = desk.put(content, REPS).take()
    assert taken.column("current_rep") == ["", rep]
    told = [e for e in taken.entries("repaired", "current_rep") if "spaces" not in e[3]]
    if not why:
        assert told == []
    else:
        ((row, old, new, reason),) = told
        assert (old, new) == (owner, rep)
        assert row == (None if rep else 3)
        assert why in reason


def test_inactive_reps_are_left_out_or_kept_as_the_planner_chose(desk):
    desk.put("account_id,current_rep\n1,R-4\n", REPS)
    taken = desk.take()
    assert taken.reps.text("rep_id").tolist() == ["R-1", "R-2", "R-3"]
    assert taken.told("not active, so it was left out") == [(5, "false", "")]
    kept = desk.take('[reps]\ninactive = "keep"')
    assert kept.column("current_rep") == ["R-4"]
    assert kept.told("not active", "noticed") == [(5, "false", "false")]


def test_two_reps_of_one_name_are_noticed(desk):
    taken = desk.put("account_id,current_rep\n1,R-1\n", REPS).take()
    assert taken.told("several reps have this name", "noticed") == [
        (3, "Bob Ray", "Bob Ray"),
        (4, "Bob Ray", "Bob Ray"),
    ]


def test_a_name_that_is_an_id_of_another_is_no_match(desk):
    reps = "rep_id,name\nLee,Ann\nR-2,Lee\n"
    taken = desk.put("account_id,current_rep\n1,Lee\n", reps).take()
    assert taken.column("current_rep") == [""]
    assert taken.told("is 2 reps")


def test_the_rep_of_the_last_order_is_another(desk):
    taken = desk.put("account_id,current_rep,last_rep\n1,R-1,R-1\n2,R-1,Bob Ray\n3,R-1,\n").take()
    assert taken.column("current_rep") == ["R-1"] * 3
    assert taken.told("rep of the last order", "noticed") == [(3, "Bob Ray", "R-1")]


def test_an_account_with_two_owners_is_refused(desk):
    desk.put("account_id,name,current_rep\n1,x,R-1\n1,x,R-2\n")
    (fault,) = desk.refused()
    assert (fault.row, fault.value) == (3, "1")
    assert "the account has another owner in row 2" in fault.message
    taken = desk.take('[accounts]\nrefused = "leave_out"')
    assert taken.column("current_rep") == ["R-1"]


def test_a_lock_to_nobody_is_refused(desk):
    (fault,) = desk.put("account_id,locked_rep\n1,Ann Lee\n2,Nobody\n").refused()
    assert (fault.row, fault.column, fault.value) == (3, "locked_rep", "Nobody")


def test_reps_that_lack_something_are_noticed(desk):
    taken = desk.put(
        "account_id,current_rep\n1,R-1\n",
        "rep_id,home_latitude,home_longitude,capacity,skills\nR-1,35,-90,1500,german\nR-2,,,,\n",
    ).take()
    for what in ("home", "capacity", "skills"):
        assert taken.told(f"a rep without {what}", "noticed") == [(3, "R-2", "R-2")]
    assert taken.told("owns no account", "noticed") == [(3, "R-2", "R-2")]


def test_a_word_that_is_neither_yes_nor_no_is_refused(desk):
    reps = "rep_id,active\nR-1,perhaps\n"
    (fault,) = desk.put("account_id\n1\n", reps).refused()
    assert (fault.file, fault.row, fault.column, fault.value) == (
        "reps.csv", 2, "active", "perhaps",
    )  # fmt: skip


def test_no_rep_left_is_refused(desk):
    (fault,) = desk.put("account_id\n1\n", "rep_id,active\nR-1,no\n").refused()
    assert "no rep is left" in fault.message


def test_tags_that_the_engine_would_refuse_are_refused_with_their_row(desk):
    content = "account_id,requires,wishes\n1,german;medical,german=0.8\n2,german=5,german=-1\n"
    faults = desk.put(content).refused()
    assert [(f.file, f.row, f.column) for f in faults] == [
        ("export.csv", 3, "requires"),
        ("export.csv", 3, "wishes"),
    ]
    taken = desk.take('[accounts]\nrefused = "leave_out"')
    assert taken.column("requires") == ["german;medical", ""]
