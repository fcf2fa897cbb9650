"""What happens to a team, done to its tables."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter

import territoryopt as topt
from territoryopt.instance_changes import AnyChange, changed, written
from territoryopt.instance_writing import write_instance

ACCOUNTS = (
    "account_id,name,segment,potential,current_rep,locked_rep\n"
    "A1,One,x,100,R1,\nA2,Two,y,200,R1,R1\nA3,Three,x,50.5,R2,\nA4,Four,y,,,\n"
)
REPS = "rep_id,name,capacity,team\nR1,Ann,1000,n\nR2,Bob,800,s\n"
PAIRS = "account_id,rep_id,km\nA1,R1,1\nA1,R2,2\nA3,R2,3\n"


@pytest.fixture
def instance(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "reps.csv").write_text(REPS)
    (folder / "pairs.csv").write_text(PAIRS)
    return topt.read_instance(folder)


def change(**table):
    return TypeAdapter(AnyChange).validate_python(table)


def done(instance, *tables):
    return changed(instance, [change(**table) for table in tables])


def test_a_rep_leaves(instance):
    made = done(instance, {"kind": "rep_leaves", "reps": ["R1"]})
    assert made.rep_ids == ("R2",)
    assert made.current.tolist() == [-1, -1, 0, -1]
    assert made.locked.tolist() == [-1, -1, -1, -1]
    assert made.accounts.columns["former_rep"].tolist() == ["R1", "R1", "", ""]
    assert len(made.pairs) == 2


def test_a_rep_joins_like_another(instance):
    made = done(
        instance, {"kind": "rep_joins", "like": "R2", "rep": {"rep_id": "R3", "capacity": 500}}
    )
    assert made.rep_ids == ("R1", "R2", "R3")
    assert made.rep_names[2] == "R3"
    assert made.rep_numbers("capacity").tolist() == [1000, 800, 500]
    assert made.reps.columns["team"][2] == "s"


def test_leave_growth_and_one_after_the_other(instance):
    made = done(
        instance,
        {"kind": "change_reps", "reps": ["R1"], "scale": {"capacity": 0.5}},
        {"kind": "change_accounts", "where": {"segment": ["x"]}, "scale": {"potential": 1.1}},
        {"kind": "change_accounts", "set": {"visits_per_year": 12}},
    )
    assert made.rep_numbers("capacity").tolist() == [500, 800]
    assert made.accounts.columns["potential"].tolist() == ["110", "200", "55.55", ""]
    assert made.accounts.columns["visits_per_year"].tolist() == ["12"] * 4


def test_accounts_come_and_go(instance, tmp_path):
    (tmp_path / "new.csv").write_text("account_id,potential,region\nB2,7,west\n")
    made = done(
        instance,
        {"kind": "accounts_go", "where": {"segment": ["x"]}},
        {"kind": "accounts_arrive", "file": str(tmp_path / "new.csv"),
         "accounts": [{"account_id": "B1", "potential": 5}]},
        {"kind": "lock", "accounts": {"B1": "R2"}},
    )  # fmt: skip
    assert made.account_ids == ("A2", "A4", "B1", "B2")
    assert made.locked.tolist() == [0, -1, 1, -1]
    assert made.accounts.columns["region"].tolist() == ["", "", "", "west"]
    assert len(made.pairs) == 0


def test_two_teams_merge(instance, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "accounts.csv").write_text("account_id,potential,current_rep\nC1,9,S1\n")
    (other / "reps.csv").write_text("rep_id,quota\nS1,5\n")
    made = done(instance, {"kind": "merge", "folder": str(other)})
    assert made.account_ids[-1] == "C1"
    assert made.rep_ids == ("R1", "R2", "S1")
    assert made.current.tolist() == [0, 0, 1, -1, 2]
    with pytest.raises(topt.InputError, match="both teams"):
        done(instance, {"kind": "merge", "folder": instance.folder})


def test_the_folder_says_what_was_changed_and_reads_the_same(instance, tmp_path):
    changes = [change(kind="rep_leaves", reps=["R1"]), change(kind="lock", accounts={"A1": "R2"})]
    made = changed(instance, changes)
    back = write_instance(made, tmp_path / "out", changes=written(changes))
    assert back.current.tolist() == made.current.tolist()
    assert back.locked.tolist() == made.locked.tolist() == [0, -1, -1, -1]
    record = json.loads((tmp_path / "out" / "changes.json").read_text())
    assert record["changes"][0] == {
        "kind": "rep_leaves", "reps": ["R1"], "in_words": "R1 leaves the team",
    }  # fmt: skip
    assert record["inputs"] == dict(instance.hashes)


def test_all_faults_at_once_each_with_its_key(instance):
    with pytest.raises(topt.InputError) as caught:
        done(
            instance,
            {"kind": "rep_leaves", "reps": ["R9"]},
            {"kind": "change_accounts", "where": {"segmnt": ["x"]}, "scale": {"potentail": 2}},
            {"kind": "change_reps"},
            {"kind": "accounts_arrive", "accounts": [{"account_id": "A1"}, {"name": "x"}]},
        )
    keys = [fault.key for fault in caught.value.problems]
    assert keys == [
        "changes[0].reps", "changes[1].where.segmnt", "changes[1].scale.potentail", "changes[2]",
        "changes[3].accounts.account_id", "changes[3].accounts.account_id",
    ]  # fmt: skip
    assert "Did you mean 'potential'" in str(caught.value)


def test_what_is_no_number_is_not_multiplied(instance):
    with pytest.raises(topt.InputError) as caught:
        done(instance, {"kind": "change_accounts", "scale": {"name": 2}})
    assert caught.value.problems[0].column == "name"
    assert caught.value.problems[0].row == 2
