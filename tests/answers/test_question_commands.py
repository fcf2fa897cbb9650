"""`explain` with questions: words for people, JSON for programs, exit codes for both."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import territoryopt as topt
from territoryopt.cli.commands import main

TINY = Path(__file__).parents[2] / "instances" / "tiny"


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    made = run("solve", TINY, "-m", TINY / "model.toml", "--out", out, "--gap", 0)
    assert made.exit_code == 0, made.output
    return out


def questions(folder, *arguments):
    said = run("explain", folder, *arguments, "--seconds", 3, "--json")
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert found["schema"] == "territoryopt/answers/1"
    return found["answers"]


def test_why_not_in_json_and_in_words(folder):
    reasons = topt.read_run(folder).explanation()
    problem = reasons.problem
    account = problem.account_id(0)
    other = next(j for j in range(problem.reps) if j != reasons.rep[0])
    rep = problem.rep_id(other)
    (answer,) = questions(folder, "--why-not", account, rep)
    assert answer["schema"] == "territoryopt/what-if/1"
    assert answer["force"] == [[account, rep]]
    assert answer["text"]
    words = run("explain", folder, "--why-not", account, rep)
    assert words.exit_code == 0
    assert answer["text"][0].split(" would ")[0].split(":")[0] in words.stdout


def test_every_question_at_once(folder):
    answers = questions(
        folder, "--rules", "--sure", "--trade", "moves", "--fewest-moves", "--uncertain", 10,
        "--against", folder / "alignment.csv",
    )  # fmt: skip
    assert [a["question"] for a in answers] == [
        "what rules cost",
        "how sure",
        "money against moves",
        "the fewest moves",
        "what changes",
        "wrong numbers",
    ]
    assert all(a["text"] for a in answers)
    assert answers[4]["moves"] == []


def test_names_that_are_not_known_are_input_errors(folder):
    said = run("explain", folder, "--why-not", "nobody", "no rep")
    assert said.exit_code == 2
    assert run("explain", folder, "--trade", "nonsense").exit_code == 2


def test_pages(folder):
    rep = topt.read_run(folder).problem.rep_id(0)
    page = run("explain", folder, "--page", rep)
    assert page.exit_code == 0
    assert page.stdout.startswith("# ")
    assert run("explain", folder, "--page", "nobody").exit_code == 2
    whole = run("explain", folder, "--markdown")
    assert whole.stdout == (folder / "explanation.md").read_text(encoding="utf-8")
    record = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    assert record["schema"] == "territoryopt/explanation/1"


def test_a_notebook_shows_tables(folder):
    html = topt.read_run(folder).explanation()._repr_html_()
    assert "<table" in html


def test_a_run_without_a_plan_is_asked_why(tmp_path):
    model = tmp_path / "m.toml"
    text = (TINY / "model.toml").read_text(encoding="utf-8")
    narrow = '[rules.narrow]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.001\n'
    model.write_text(f"{text}\n{narrow}", encoding="utf-8")
    out = tmp_path / "run"
    assert run("solve", TINY, "-m", model, "--out", out).exit_code == 1
    said = run("explain", out, "--why", "--json", "--seconds", 20)
    assert said.exit_code == 1
    (answer,) = json.loads(said.stdout)["answers"]
    assert answer["question"] == "why no plan"
    assert answer["rules"] == ["narrow"]
    assert answer["irreducible"]
    assert {member["rule"] for member in answer["members"]} == {"narrow"}
    (way,) = answer["repairs"]
    assert way["rule"] == "narrow"
    assert any("narrow wider by" in line for line in answer["text"])


def test_my_moves_are_asked_about_and_the_plan_is_written(folder, tmp_path):
    found = topt.read_run(folder)
    problem, rep = found.problem, found.rep
    account, other = problem.account_id(0), problem.rep_id((int(rep[0]) + 1) % problem.reps)
    mine = tmp_path / "mine.csv"
    mine.write_text(f"account_id,rep_id\n{account},{other}\n", encoding="utf-8")
    (by_file,) = questions(folder, "--my-moves", mine, "--plan-out", tmp_path / "plan.csv")
    (by_option,) = questions(folder, "--force", account, other)
    assert by_file["force"] == by_option["force"] == [[account, other]]
    assert by_file["verdict"] == by_option["verdict"]
    if by_file["change"] is not None:
        plan = topt.read_alignment(tmp_path / "plan.csv", found.instance)
        assert plan.owner(0) == other
        judged = run("check", TINY, tmp_path / "plan.csv", "-m", TINY / "model.toml", "--json")
        assert judged.exit_code == 0, judged.output


def test_prices_within_and_trades_of_two_goals(folder, tmp_path):
    table = tmp_path / "prices.csv"
    goals = [goal["name"] for goal in json.loads(run("explain", folder, "--json").stdout)["goals"]]
    answers = questions(
        folder, "--prices", table, "--sure", "--within", 5, "--trade", f"moves,{goals[0]}",
        "--against", folder,
    )  # fmt: skip
    assert [a["question"] for a in answers] == [
        "how sure", f"{goals[0]} against moves", "what changes", "prices of pairs",
    ]  # fmt: skip
    assert answers[0]["within"] == pytest.approx(0.05 * abs(answers[0]["objective"]))
    assert answers[1]["against"] == goals[0]
    assert answers[2]["moves"] == []
    assert answers[3]["slack"] >= 0
    assert "a least and no verdict" in answers[3]["text"][1]
    assert table.read_text(encoding="utf-8").startswith("account_id,rep_id,in_plan,")


def test_answers_stand_in_the_page(folder):
    said = run("explain", folder, "--markdown", "--uncertain", 10)
    assert said.exit_code == 0
    assert said.stdout.startswith("# The plan and its reasons")
    assert "## Wrong numbers" in said.stdout


@pytest.mark.parametrize(
    "bad",
    [
        ("--force", "A-1", "R-1", "--force", "A-1", "R-2"),
        ("--rules", "--seconds", "nan"),
        ("--rules", "--time-limit", 0),
        ("--sure", "--within", -1),
        ("--rules", "--plan-out", "x.csv"),
        ("--rules", "--page", "R-1"),
        ("--rules", "--account", "A-1"),
        ("--why",),
        ("--trade", "moves,nothing"),
        ("--against", "no-such-file.csv"),
        ("--my-moves", "no-such-file.csv"),
        ("--uncertain", 0),
    ],
    ids=lambda bad: " ".join(map(str, bad)),
)
def test_questions_that_cannot_be_put(folder, bad):
    said = run("explain", folder, *bad, "--json")
    assert said.exit_code == 2, said.output
    assert json.loads(said.stdout)["error"]["problems"]


def test_a_time_limit_for_the_whole_question(folder):
    (answer,) = questions(folder, "--rules", "--time-limit", 1e-6)
    assert answer["stopped"] == "time limit"
    assert answer["rules"] == []
    assert answer["text"] == ["Not everything was looked at: time was up."]


NOISE = """
import os, sys
from territoryopt.cli import printing
from territoryopt.cli.commands import main
ours = printing.print_models
def noisy(as_json):
    os.write(1, b"a line of a library in C\\n")
    ours(as_json)
printing.print_models = noisy
sys.argv = ["territoryopt", "show", "--json"]
main()
"""


def test_what_a_library_prints_is_not_in_our_json():
    said = subprocess.run([sys.executable, "-c", NOISE], capture_output=True, check=True)
    assert json.loads(said.stdout)["schema"] == "territoryopt/models/1"
