"""What is read as it stands, and told because it may not be what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from territoryopt import InputError, compile_problem, read_instance
from territoryopt.model import parse_model

DRIVING = 'name = "m"\n[goals.g]\nkind = "measure"\nmeasure = "distance"\nprice = 1.0\n'


def write(folder: Path, accounts: str, reps: str) -> Path:
    (folder / "accounts.csv").write_text(accounts)
    (folder / "reps.csv").write_text(reps)
    return folder


def test_a_point_that_may_separate_thousands_is_noted(tmp_path):
    read = read_instance(
        write(
            tmp_path,
            "account_id,potential\na,70.000\nb,120.5\nc,70000\nd,0.500\n",
            "rep_id,capacity\nr,1.600\n",
        )
    )
    found = [(n.file, n.row, n.column, n.old, n.new) for n in read.notes]
    assert found == [
        ("accounts.csv", 2, "potential", "70.000", "70"),
        ("reps.csv", 2, "capacity", "1.600", "1.6"),
    ]
    assert "if the point separates thousands" in read.notes[0].why


def test_an_account_far_from_everyone_is_noted(tmp_path):
    rows = "".join(f"a{k},48.{k},11.{k}\n" for k in range(1, 9))
    folder = write(
        tmp_path,
        f"account_id,latitude,longitude\n{rows}munich,11.58,48.14\nsydney,-33.9,151.2\n",
        "rep_id,home_latitude,home_longitude\nr,48.1,11.6\ns,48.8,11.1\n",
    )
    (note,) = compile_problem(read_instance(folder), parse_model(DRIVING)).notes
    assert "munich (" in note
    assert "with latitude and longitude swapped" in note
    assert "sydney (" in note
    assert "a1" not in note


def test_nothing_is_noted_where_everyone_is_far(tmp_path):
    folder = write(
        tmp_path,
        "account_id,latitude,longitude\na,10,10\nb,11,11\n",
        "rep_id,home_latitude,home_longitude\nr,60,100\n",
    )
    assert compile_problem(read_instance(folder), parse_model(DRIVING)).notes == ()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError) as told:
        read_instance(tmp_path / "nope")
    assert str(told.value).startswith(f"{tmp_path / 'nope'}: there is no such folder")
    assert len(told.value.problems) == 1
