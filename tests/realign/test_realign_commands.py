"""The commands: what they print, write and exit with."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from events_cases import team

import territoryopt as topt
from territoryopt.cli import main

MODEL = """name = "t"
[where.reps]
rep_id = ["R0", "R1", "R2"]
[rules.books]
kind = "capacity"
measure = "count"
max = 4
[goals.way]
kind = "measure"
measure = "hours"
price = 10
[measures.hours]
unit = "km"
pairs = "hours"
"""


def ask(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def run(tmp_path):
    team(tmp_path / "in", 3, 6, 3, owned=1.0)
    (tmp_path / "m.toml").write_text(MODEL)
    done = ask("solve", tmp_path / "in", "--model", tmp_path / "m.toml", "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    return tmp_path / "run"


def test_a_rep_leaves_and_another_joins_on_one_line(run, tmp_path):
    new = json.dumps({"rep_id": "R9", "name": "Nora"})
    out = tmp_path / "after"
    done = ask("realign", run, "--rep-leaves", "R1", "--rep-joins", new, "--like", "R2",
               "--out", out, "--json")  # fmt: skip
    assert done.exit_code in (0, 3), done.output
    if done.exit_code == 3:  # pairs.csv lacks the new rep: the model says so
        assert "pairs have no hours" in done.output
    done = ask("realign", run, "--rep-leaves", "R1", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    record = json.loads(done.output)
    assert record["schema"] == "territoryopt/realign/1"
    assert record["changes"][0]["in_words"] == "R1 leaves the team"
    assert (out / "moves.csv").is_file()
    assert (out / "realign.json").is_file()
    again = topt.read_run(out)
    assert again.instance.rep_ids == ("R0", "R2")
    assert ask("explain", out).exit_code == 0
    assert "holds a run already" in ask("realign", run, "--out", out).output
    assert ask("realign", run, "--rep-leaves", "R1", "--out", out, "--overwrite").exit_code == 0


def test_bad_words_are_told_on_one_line_each(run, tmp_path):
    out = tmp_path / "x"
    for args, code, word in (
        (("--rep-leaves", "R7"), 2, "no such rep_id"),
        (("--rep-joins", "{"), 2, "is no JSON"),
        (("--like", "R1"), 2, "--like goes with --rep-joins"),
        (("--on-leave", "R1"), 2, "share of the year away"),
        (("--model", "x"), 2, "a run has its own model"),
        (("--new-accounts", tmp_path / "none.csv"), 2, "none.csv"),
        (("--changes", tmp_path / "none.toml"), 2, "none.toml"),
        (("--merge", tmp_path / "none"), 2, "there is no such folder"),
    ):
        done = ask("realign", run, *args, "--out", out)
        assert done.exit_code == code, done.output
        assert word in done.output
        assert not out.exists()


def test_an_instance_works_without_a_run_and_no_plan_is_one(tmp_path):
    team(tmp_path / "in", 3, 6, 3, owned=1.0)
    (tmp_path / "m.toml").write_text(MODEL)
    done = ask("realign", tmp_path / "in", "-m", tmp_path / "m.toml", "--rep-leaves", "R1",
               "--rep-leaves", "R2", "--out", tmp_path / "run", "--time-limit", 10)  # fmt: skip
    assert done.exit_code == 1, done.output
    assert "No plan exists: the rule books cannot be kept." in done.output
    assert (tmp_path / "run" / "closest.csv").is_file()
    assert (tmp_path / "run-data" / "changes.json").is_file()


def test_recommend_and_transition(run, tmp_path):
    pairs = [{"rep_id": f"R{j}", "hours": 1 + j} for j in range(3)]
    (tmp_path / "n.json").write_text(json.dumps({"account_id": "N", "pairs": pairs}))
    done = ask("recommend", run, tmp_path / "n.json", "--json")
    assert done.exit_code == 0, done.output
    record = json.loads(done.output)
    assert record["accounts"][0]["schema"] == "territoryopt/recommend/1"
    assert ask("recommend", run, tmp_path / "n.json").output.startswith("Account N goes best to")
    done = ask("transition", run, "--steps", 6, "--per-step", 2, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["schema"] == "territoryopt/transition/1"
    assert (tmp_path / "run-transition" / "transition.csv").is_file()
    assert ask("transition", run, "--per-step", 2).exit_code == 2  # it is there already
    assert ask("transition", run, "--per-step", 0, "--overwrite").exit_code == 2
