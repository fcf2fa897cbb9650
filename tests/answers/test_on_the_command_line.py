"""`explain` with questions: words for people, JSON for programs, exit codes for both."""

from __future__ import annotations

import json
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
