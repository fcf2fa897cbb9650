"""From two exports to everything that is handed out, in one call."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

import territoryopt as topt
from territoryopt.cli import main

SEARCH = ("--time-limit", "20", "--threads", "1")


@pytest.fixture
def export(tmp_path):
    """Two reps, twelve accounts along a line, every one with the farther of the two today."""
    accounts = tmp_path / "accounts.csv"
    reps = tmp_path / "reps.csv"
    with accounts.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["Account ID", "Account Name", "Account Owner", "Annual Revenue",
                      "Billing Latitude", "Billing Longitude", "Industry"])  # fmt: skip
        for k in range(12):
            owner = "Bob" if k < 6 else "Ann"
            out.writerow([f"{k:03d}", f"Shop {k}", owner, 1000 * (k % 3 + 1), 40, -100 + k, "Toys"])
    reps.write_text(
        "rep_id,name,home_latitude,home_longitude\n007,Ann,40,-100\n008,Bob,40,-89\n",
        encoding="utf-8",
    )
    return accounts, reps


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments), *SEARCH])


@pytest.fixture
def done(export, tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("xlsxwriter")
    accounts, reps = export
    found = run("plan", accounts, "--reps", reps, "--out", tmp_path / "plan", "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout), tmp_path / "plan"


def test_every_step_leaves_what_it_made(done):
    record, folder = done
    assert record["schema"] == "territoryopt/plan/1"
    assert record["result"]["status"] in ("optimal", "gap_reached")
    names = {path.relative_to(folder).parts[0] for path in folder.rglob("*")}
    assert names == {
        "1-imported", "2-scored", "3-run", "report.html", "plan.xlsx", "owners", "score.toml",
    }  # fmt: skip
    assert [str(folder / n) for n in ("report.html", "plan.xlsx")] == record["files"][:2]
    again = topt.read_run(folder / "3-run")
    assert again.record["objective"] == record["result"]["objective"]
    assert topt.read_scored(folder / "2-scored").record["accounts"] == 12


def test_the_owner_file_holds_what_changes_and_ids_as_they_came(done):
    record, folder = done
    rows = list(csv.DictReader((folder / "owners" / "owners-plain-1.csv").open()))
    assert len(rows) == record["accounts_with_another_owner"] > 0
    plan = record["result"]["alignment"]
    assert {row["account_id"]: row["rep_id"] for row in rows}.items() <= plan.items()
    assert {row["rep_id"] for row in rows} <= {"007", "008"}


def test_the_proposed_scoring_is_kept_and_can_be_given_back(export, done, tmp_path):
    record, folder = done
    assert record["scoring_file"] == str(folder / "score.toml")
    text = (folder / "score.toml").read_text().replace("A = 12", "A = 24")
    (tmp_path / "mine.toml").write_text(text)
    accounts, reps = export
    found = run("plan", accounts, "--reps", reps, "--out", tmp_path / "two", "--json",
                "--with", tmp_path / "mine.toml")  # fmt: skip
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["scoring_file"] is None
    made = topt.read_scored(tmp_path / "two" / "2-scored").instance
    tier = made.accounts.columns["tier"]
    assert set(made.accounts.columns["visits_per_year"][tier == "A"]) == {"24"}


def test_nothing_is_replaced_unasked_and_all_of_it_when_asked(export, done):
    _, folder = done
    accounts, reps = export
    before = (folder / "report.html").read_bytes()
    refused = run("plan", accounts, "--reps", reps, "--out", folder)
    assert refused.exit_code == 2
    assert "overwrite" in refused.output
    assert (folder / "report.html").read_bytes() == before
    again = run("plan", accounts, "--reps", reps, "--out", folder, "--overwrite")
    assert again.exit_code == 0, again.output


def test_in_words(export, tmp_path):
    accounts, reps = export
    found = run("plan", accounts, "--reps", reps, "--out", tmp_path / "plan")
    assert found.exit_code == 0, found.output
    assert "12 accounts and 2 reps imported" in found.output
    assert "12 accounts scored." in found.output
    assert f"edit {tmp_path / 'plan' / 'score.toml'} and give it with --with" in found.output
    assert "This plan costs" in found.output


@pytest.mark.parametrize(
    ("more", "code", "word"),
    [
        (["--model", "no-such-model"], 3, "there is no model"),
        (["--with", "no-such.toml"], 2, "no-such.toml"),
        (["--where", "accounts.colour=red"], 2, "colour"),
    ],
)
def test_what_cannot_go_on_says_why(export, tmp_path, more, code, word):
    accounts, reps = export
    found = run("plan", accounts, "--reps", reps, "--out", tmp_path / "plan", *more, "--json")
    assert found.exit_code == code
    assert word in json.dumps(json.loads(found.stdout))
    assert not (tmp_path / "plan" / "3-run").exists()


def test_a_model_that_cannot_hold_gives_reasons_and_no_files(export, tmp_path):
    accounts, reps = export
    model = tmp_path / "m.toml"
    model.write_text(
        'name = "M"\n[rules.p]\nkind = "capacity"\nmeasure = "count"\nmax = 1\n'
        '[goals.d]\nkind = "travel"\nprice = 1\n'
    )
    found = run("plan", accounts, "--reps", reps, "--out", tmp_path / "plan", "-m", model, "--json")
    assert found.exit_code == 1
    record = json.loads(found.stdout)
    assert record["result"]["status"] == "infeasible"
    assert record["files"] == []
    assert (tmp_path / "plan" / "3-run" / "result.json").exists()
    assert not (tmp_path / "plan" / "report.html").exists()
