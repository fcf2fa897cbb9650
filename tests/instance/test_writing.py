"""An instance written and read back is the same instance."""

from __future__ import annotations

import json

import numpy as np
import pytest

import territoryopt as topt
from territoryopt.instance_writing import with_columns, write_instance

ACCOUNTS = (
    "account_id,name,latitude,longitude,potential,current_rep,note\n"
    "007,=1+1,-33.8,151.2,10,R1,-5\n"
    "NA,\"a, \"\"b\"\"\",48.1,-11.5,20,,@x\n"
)  # fmt: skip
REPS = "rep_id,home_latitude,home_longitude\nR1,-33,151\nR2,48,11\n"


@pytest.fixture
def instance(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "reps.csv").write_text(REPS)
    return topt.read_instance(folder)


def test_what_is_written_reads_the_same(instance, tmp_path):
    back = write_instance(instance, tmp_path / "out", changes=({"kind": "none"},))
    for table in ("accounts", "reps"):
        ours, theirs = getattr(back, table).columns, getattr(instance, table).columns
        assert {k: v.tolist() for k, v in ours.items()} == {
            k: v.tolist() for k, v in theirs.items()
        }
    np.testing.assert_array_equal(back.coordinates, instance.coordinates)
    np.testing.assert_array_equal(back.current, instance.current)
    record = json.loads((tmp_path / "out" / "changes.json").read_text())
    assert record["inputs"] == dict(instance.hashes)
    assert record["changes"] == [{"kind": "none"}]
    assert "'=1+1" in (tmp_path / "out" / "accounts.csv").read_text()


def test_only_a_folder_of_its_kind_is_replaced(instance, tmp_path):
    write_instance(instance, tmp_path / "out")
    with pytest.raises(topt.InputError, match="overwrite"):
        write_instance(instance, tmp_path / "out")
    write_instance(instance, tmp_path / "out", overwrite=True)
    with pytest.raises(topt.InputError, match="no instance folder"):
        write_instance(instance, tmp_path / "in", overwrite=True)


def test_what_cannot_be_read_again_is_not_written(instance, tmp_path):
    from dataclasses import replace

    bad = with_columns(instance.accounts, {"potential": np.array(["x", "1"], dtype=object)})
    with pytest.raises(topt.InputError, match="potential"):
        write_instance(replace(instance, accounts=bad), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
