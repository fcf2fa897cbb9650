"""Instances: what is refused, what is repaired and noted, what is kept."""

import os
import pickle

import numpy as np
import pytest

from territoryopt.errors import InputError
from territoryopt.geography import great_circle_km
from territoryopt.instance import read_instance
from territoryopt.tables import sha256_of, write_table

ACCOUNTS = {
    "account_id": ["A1", "A2", "A3"],
    "name": ["One", "", "Three"],
    "latitude": ["40", "41", ""],
    "longitude": ["-100", "-101", ""],
    "potential": ["10", "", "30"],
    "current_rep": ["R1", "", "R2"],
    "locked_rep": ["", "R2", ""],
    "requires": ["german", "", ""],
    "wishes": ["", "spanish=2", ""],
    "family": ["", "f", "f"],
    "apart": ["", "g;h", ""],
    "country": ["US", "CA", "US"],
    "free": ["1", "x", ""],
}
REPS = {
    "rep_id": ["R1", "R2"],
    "home_latitude": ["40", "41"],
    "home_longitude": ["-100", "-100"],
    "capacity": ["1600", "1700"],
    "skills": ["german=0.5", ""],
    "region": ["N", "S"],
}
PAIRS = {"account_id": ["A1", "A3"], "rep_id": ["R2", "R1"], "cost": ["5", "6"]}


def folder(tmp_path, with_pairs=False, **changes):
    """The sound files, with cells changed: accounts={"latitude": {0: "95"}}."""
    for name, columns in (("accounts", ACCOUNTS), ("reps", REPS), ("pairs", PAIRS)):
        if name == "pairs" and not with_pairs:
            continue
        changed = {c: list(cells) for c, cells in columns.items()}
        for column, cells in changes.get(name, {}).items():
            if cells is None:
                del changed[column]
                continue
            for row, value in cells.items():
                changed.setdefault(column, [""] * len(next(iter(columns.values()))))[row] = value
        (tmp_path / f"{name}.csv").write_text(
            "".join(
                ",".join(row) + "\n"
                for row in zip(*([c, *v] for c, v in changed.items()), strict=True)
            ),
            encoding="utf-8",
        )
    return tmp_path


def faults_of(path, **kwargs):
    with pytest.raises(InputError) as caught:
        read_instance(path, **kwargs)
    return caught.value.problems


def test_a_sound_folder(tmp_path):
    path = folder(tmp_path, True)
    one = read_instance(path)
    assert one.account_ids == ("A1", "A2", "A3")
    assert one.account_names == ("One", "A2", "Three")
    assert one.rep_names == ("R1", "R2")
    assert one.current.tolist() == [0, -1, 1]
    assert one.locked.tolist() == [-1, 1, -1]
    np.testing.assert_array_equal(one.coordinates, [[40, -100], [41, -101], [np.nan, np.nan]])
    np.testing.assert_array_equal(one.homes, [[40, -100], [41, -100]])
    assert one.requires.of(0) == {"german": 1}
    assert one.wishes.of(1) == {"spanish": 2}
    assert one.skills.of(0) == {"german": 0.5}
    assert one.family.tolist() == ["", "f", "f"]
    assert one.apart.tolist() == ["", "g;h", ""]
    assert one.notes == ()
    assert one.hashes == {n: sha256_of(path / n) for n in ("accounts.csv", "reps.csv", "pairs.csv")}
    accounts, reps, cost = one.pair_numbers("cost")
    assert (accounts.tolist(), reps.tolist(), cost.tolist()) == ([0, 2], [1, 0], [5, 6])
    assert one.rep_numbers("capacity").tolist() == [1600, 1700]
    for again in (one, pickle.loads(pickle.dumps(one))):
        assert again.account_ids == one.account_ids
        for array in (again.current, again.coordinates, again.family, again.pair_rep):
            assert not array.flags.writeable


ONE_DEFECT = {
    # changes: file, row, column, value, part of the message, part of the remedy
    "owner with .0": (
        {"reps": {"rep_id": {0: "279", 1: "R2"}}, "accounts": {"current_rep": {0: "279.0"}}},
        "accounts",
        2,
        "current_rep",
        "279.0",
        "no such rep",
        "'279'",
    ),
    "owner lost a zero": (
        {"reps": {"rep_id": {0: "007"}}, "accounts": {"current_rep": {0: "7"}}},
        "accounts",
        2,
        "current_rep",
        "7",
        "no such rep",
        "'007'",
    ),
    "owner in small letters": (
        {"accounts": {"current_rep": {2: "r2"}}},
        "accounts",
        4,
        "current_rep",
        "r2",
        "no such rep",
        "'R2'",
    ),
    "owner by name": (
        {"reps": {"name": {1: "Mia Chen"}}, "accounts": {"current_rep": {0: "Mia Chen"}}},
        "accounts",
        2,
        "current_rep",
        "Mia Chen",
        "no such rep",
        "'R2'",
    ),
    "lock unknown": (
        {"accounts": {"locked_rep": {1: "Zoe"}}},
        "accounts",
        3,
        "locked_rep",
        "Zoe",
        "no such rep",
        "add the rep",
    ),
    "id twice": (
        {"accounts": {"account_id": {2: "A1"}}},
        "accounts",
        4,
        "account_id",
        "A1",
        "as in row 2",
        "own id",
    ),
    "blank rep id": (
        {"reps": {"rep_id": {1: ""}}, "accounts": {"current_rep": {2: ""}, "locked_rep": {1: ""}}},
        "reps",
        3,
        "rep_id",
        "",
        "blank",
        "id",
    ),
    "north of the pole": (
        {"accounts": {"latitude": {0: "95"}, "longitude": {0: "200"}}},
        "accounts",
        2,
        "latitude",
        "95",
        "-90 to 90",
        "degrees",
    ),
    "swapped": (
        {"reps": {"home_latitude": {0: "-100"}, "home_longitude": {0: "40"}}},
        "reps",
        2,
        "home_latitude",
        "-100",
        "-90 to 90",
        "swapped",
    ),
    "too far east": (
        {"accounts": {"longitude": {0: "181"}}},
        "accounts",
        2,
        "longitude",
        "181",
        "-180 to 180",
        "degrees",
    ),
    "half a place": (
        {"accounts": {"latitude": {1: ""}}},
        "accounts",
        3,
        "latitude",
        "",
        "only one of",
        "both",
    ),
    "half the columns": (
        {"accounts": {"longitude": None}},
        "accounts",
        1,
        "latitude",
        "",
        "'longitude' is missing",
        "both",
    ),
    "place in words": (
        {"accounts": {"latitude": {0: "north"}}},
        "accounts",
        2,
        "latitude",
        "north",
        "not a number",
        "plain number",
    ),
    "potential below 0": (
        {"accounts": {"potential": {2: "-999"}}},
        "accounts",
        4,
        "potential",
        "-999",
        "below 0",
        "blank",
    ),
    "capacity in words": (
        {"reps": {"capacity": {0: "full"}}},
        "reps",
        2,
        "capacity",
        "full",
        "not a number",
        "plain number",
    ),
    "wish of 0": (
        {"accounts": {"wishes": {1: "spanish=0"}}},
        "accounts",
        3,
        "wishes",
        "spanish=0",
        "above 0",
        "Correct",
    ),
    "graded need": (
        {"accounts": {"requires": {0: "german=0.5"}}},
        "accounts",
        2,
        "requires",
        "german=0.5",
        "plain list",
        "alone",
    ),
    "grade of 2": (
        {"reps": {"skills": {1: "german=2"}}},
        "reps",
        3,
        "skills",
        "german=2",
        "at most 1",
        "Correct",
    ),
    "pair unknown": (
        {"pairs": {"account_id": {0: "a1"}}},
        "pairs",
        2,
        "account_id",
        "a1",
        "no such account_id",
        "'A1'",
    ),
    "pair twice": (
        {"pairs": {"account_id": {1: "A1"}, "rep_id": {1: "R2"}}},
        "pairs",
        3,
        "account_id",
        "A1, R2",
        "as in row 2",
        "Keep one",
    ),
    "no rep column": (
        {"reps": {"rep_id": None}},
        "reps",
        1,
        "rep_id",
        "",
        "no such column",
        "'capacity'",
    ),
}


@pytest.mark.parametrize("name", ONE_DEFECT)
def test_one_defect_is_told_with_its_place(tmp_path, name):
    changes, file, row, column, value, message, remedy = ONE_DEFECT[name]
    faults = faults_of(folder(tmp_path, name.startswith("pair"), **changes))
    fault = faults[0]
    assert len(faults) == (2 if name == "north of the pole" else 1)
    assert (fault.file, fault.row, fault.column) == (f"{file}.csv", row, column)
    assert fault.value == value
    assert message in fault.message
    assert remedy in fault.remedy


def test_many_faults_in_three_files_are_told_at_once(tmp_path):
    faults = faults_of(
        folder(
            tmp_path,
            True,
            accounts={
                "latitude": {0: "95"},
                "potential": {1: "many"},
                "current_rep": {2: "R9"},
                "locked_rep": {0: "R8"},
                "account_id": {1: ""},
            },
            reps={"capacity": {0: "-1"}, "skills": {1: "x=7"}},
            pairs={"rep_id": {0: "R7"}},
        )
    )
    assert {(f.file, f.row, f.column) for f in faults} == {
        ("accounts.csv", 2, "latitude"),
        ("accounts.csv", 3, "potential"),
        ("accounts.csv", 4, "current_rep"),
        ("accounts.csv", 2, "locked_rep"),
        ("accounts.csv", 3, "account_id"),
        ("reps.csv", 2, "capacity"),
        ("reps.csv", 3, "skills"),
        ("pairs.csv", 2, "rep_id"),
    }


def test_a_row_that_cannot_be_read_makes_no_reference_look_wrong(tmp_path):
    path = folder(tmp_path, accounts={"current_rep": {0: "R3"}})
    (path / "reps.csv").write_text("rep_id,x\nR1,1\nR2,1\nR3\n")
    (fault,) = faults_of(path)
    assert (fault.file, fault.row) == ("reps.csv", 4)


def test_both_files_missing_or_empty_are_both_named(tmp_path):
    assert [f.file for f in faults_of(tmp_path)] == ["accounts.csv", "reps.csv"]
    for name in ("accounts.csv", "reps.csv"):
        (tmp_path / name).touch()
    assert [(f.file, f.message) for f in faults_of(tmp_path)] == [
        ("accounts.csv", "the file is empty"),
        ("reps.csv", "the file is empty"),
    ]


def test_ids_that_look_alike_stay_apart(tmp_path):
    ids = ["7", "007", "7.0", "a", "A"]
    write_table(tmp_path / "accounts.csv", {"account_id": ids})
    write_table(tmp_path / "reps.csv", {"rep_id": ["=R", "-1"], "name": ["<script>", "@x"]})
    one = read_instance(tmp_path)
    assert one.account_ids == tuple(ids)
    assert one.rep_ids == ("=R", "-1")
    assert one.rep_names == ("<script>", "@x")
    assert np.isnan(one.coordinates).all()
    assert one.current.tolist() == [-1] * 5


def test_zero_zero_is_unknown_and_noted(tmp_path):
    one = read_instance(
        folder(
            tmp_path,
            accounts={"latitude": {1: "0.0"}, "longitude": {1: "0"}},
            reps={"home_latitude": {0: "-0"}, "home_longitude": {0: "0"}},
        )
    )
    assert np.isnan(one.coordinates[1]).all()
    assert np.isnan(one.homes[0]).all()
    assert [(n.file, n.row, n.column, n.old) for n in one.notes] == [
        ("accounts.csv", 3, "latitude, longitude", "0.0, 0"),
        ("reps.csv", 2, "home_latitude, home_longitude", "-0, 0"),
    ]


def test_numbers_asked_for_by_name(tmp_path):
    one = read_instance(folder(tmp_path))
    with pytest.raises(InputError) as caught:
        one.account_numbers("free")
    assert {(f.row, f.value) for f in caught.value.problems} == {(3, "x"), (4, "")}
    with pytest.raises(InputError, match="'potential'"):
        one.account_numbers("Potential")
    with pytest.raises(InputError, match=r"row 3, column potential: the cell is blank"):
        one.account_numbers("potential")
    with pytest.raises(InputError, match=r"no pairs\.csv"):
        one.pair_numbers("cost")


US, NORTH = {"accounts": {"country": ["US"]}}, {"reps": {"region": "N"}}


def test_a_filter_keeps_rows_and_notes_owners_left_out(tmp_path):
    path = folder(tmp_path, True, accounts={"locked_rep": {1: ""}})
    for one in (
        read_instance(path, where={**US, **NORTH}),
        read_instance(path).select({**US, **NORTH}),
        read_instance(path, where=US).select(NORTH),
        read_instance(path, where=NORTH).select(US),
    ):
        assert one.account_ids == ("A1", "A3")
        assert one.rep_ids == ("R1",)
        assert one.current.tolist() == [0, -1]
        assert [(n.row, n.old) for n in one.notes if n.file == "accounts.csv"] == [(4, "R2")]
        assert [(n.row, n.old) for n in one.notes if n.file == "pairs.csv"] == [(None, "1 rows")]
        assert (one.pair_account.tolist(), one.pair_rep.tolist()) == ([1], [0])


def test_a_lock_to_a_rep_left_out_is_refused(tmp_path):
    path = folder(tmp_path)
    (fault,) = faults_of(path, where=NORTH)
    assert (fault.row, fault.column, fault.value) == (3, "locked_rep", "R2")
    assert "take the lock off" in fault.remedy
    with pytest.raises(InputError, match="locked to a rep"):
        read_instance(path).select(NORTH)


def test_what_is_wrong_with_rows_left_out_does_not_matter(tmp_path):
    path = folder(
        tmp_path,
        accounts={
            "latitude": {1: "95"},
            "potential": {1: "x"},
            "locked_rep": {1: "R9"},
            "account_id": {1: "A1"},
        },
    )
    assert len(faults_of(path)) == 4
    assert read_instance(path, where=US).account_ids == ("A1", "A3")


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ({"accounts": {"Country": ["US"]}}, "where.accounts.Country", ""),
        ({"accounts": {"country": ["US", "DE"]}}, "where.accounts.country", "DE"),
        ({"reps": {"capacity": [1600.5]}}, "where.reps.capacity", "1600.5"),
        ({"accounts": {"country": ["CA"], "name": ["One"]}}, "where.accounts", ""),
        ({"reps": {"region": []}}, "where.reps", ""),
        ({"pairs": {"cost": [5]}}, "where.pairs", ""),
    ],
)
def test_a_filter_that_does_not_fit_is_refused(tmp_path, where, key, value):
    path = folder(tmp_path)
    (fault,) = faults_of(path, where=where)
    assert (fault.key, fault.value) == (key, value)
    with pytest.raises(InputError, match=key):
        read_instance(path).select(where)


@pytest.fixture
def adventureworks():
    root = os.environ.get("TERRITORYOPT_DATA")
    if not root:
        pytest.skip("TERRITORYOPT_DATA does not name the folder of outside data")
    return os.path.join(root, "adventureworks")


@pytest.mark.outside_data
def test_adventureworks(adventureworks):
    full = read_instance(adventureworks)
    assert (len(full.account_ids), len(full.rep_ids)) == (701, 17)
    assert len(full.notes) == 30
    assert all("(0, 0)" in note.why for note in full.notes)
    where = {"accounts": {"country": ["US", "CA"]}, "reps": {"rep_id": list(range(275, 284))}}
    part = read_instance(adventureworks, where=where)
    assert (len(part.account_ids), len(part.rep_ids)) == (541, 9)
    assert part.notes == ()
    assert (part.current >= 0).all()
    km = great_circle_km(*part.coordinates.T, *part.homes[part.current].T)
    assert km.sum() == pytest.approx(486_121, abs=1)
