"""The commands: what they write, where, what they print, and how an edited plan goes round."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from test_workbook import edited

from territoryopt.cli import main


def call(*args):
    done = CliRunner().invoke(main, list(map(str, args)))
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def place(hostile, tmp_path):
    """A run folder of its own beside which files go, and its instance."""
    run = tmp_path / "run"
    run.mkdir()
    for path in hostile.folder.iterdir():
        (run / path.name).write_bytes(path.read_bytes())
    return run, hostile.instance.folder


@pytest.mark.parametrize("args", [("workbook",), ("report",), ("owners", "--for", "plain")])
def test_files_go_beside_the_run_and_replace_none_unasked(place, args):
    run, _ = place
    before = {p.name for p in run.iterdir()}
    done = call(*args, run, "--json")
    record = json.loads(done.output)
    assert (done.exit_code, record["schema"]) == (0, "territoryopt/files/1")
    assert all(f.startswith(f"{run}") for f in record["files"])
    assert {p.name for p in run.iterdir()} == before
    again = call(*args, run)
    assert again.exit_code == 2
    assert "exists already" in again.output
    assert call(*args, run, "--overwrite").exit_code == 0


def test_a_page_for_each_rep(place, tmp_path):
    run, _ = place
    done = call("report", run, "--out", tmp_path / "r.html", "--pages", tmp_path / "pages")
    assert done.exit_code == 0
    assert len(list((tmp_path / "pages").iterdir())) == 4
    assert done.output.count("Written to") == 5


def test_owners_edited_in_the_workbook_go_round(place, hostile, tmp_path):
    run, instance = place
    book = tmp_path / "plan.xlsx"
    assert call("workbook", run, "--out", book).exit_code == 0
    model = run / "model.toml"
    assert call("check", instance, book, "-m", model).exit_code == 0
    account = hostile.problem.account_id(int((hostile.rep != 0).argmax()))
    mine = edited(book, tmp_path / "mine.xlsx", {account: "../../x"})
    checked = json.loads(call("check", instance, mine, "-m", model, "--json").output)
    assert checked["schema"] == "territoryopt/check/1"
    out = tmp_path / "again"
    done = call("solve", instance, "-m", model, "--locks-from", mine, "--out", out,
                "--backend", "highs", "--threads", 1, "--json")  # fmt: skip
    record = json.loads(done.output)
    assert done.exit_code == 0
    assert record["alignment"][account] == "../../x"
    saved = json.loads((out / "result.json").read_text("utf-8"))
    assert saved["source"]["locks"] == {account: "../../x"}
    why = call("explain", out, "--account", account)
    assert "locks" in why.output


def test_faults_are_told(place, tmp_path):
    run, instance = place
    assert call("report", tmp_path / "nowhere").exit_code == 2
    assert "no run folder" in call("report", tmp_path / "nowhere").output
    assert call("owners", run, "--for", "sap").exit_code == 2
    done = call("solve", instance, "--locks-from", tmp_path / "none.xlsx", "--out", tmp_path / "o")
    assert done.exit_code == 2
    assert not (tmp_path / "o").exists()
    json.loads(call("owners", run, "--for", "plain", "--owner-column", "x", "--json").output)
