"""The command line: exit codes, JSON everywhere, planted faults named, names shown as text."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_runs import hostile_instance

from territoryopt.cli import main

ROOT = Path(__file__).parents[1]
TINY = str(ROOT / "instances" / "tiny")
MODEL = str(ROOT / "instances" / "tiny" / "model.toml")
LIBRARY = sorted(path.stem for path in (ROOT / "models").glob("*.toml"))


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


def as_json(*args, code=0):
    """The JSON on standard output, which holds nothing else."""
    result = run(*args, "--json")
    assert result.exit_code == code, result.output
    found = json.loads(result.stdout)
    assert found["schema"].startswith("territoryopt/")
    assert result.stderr == ""
    return found


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, header, rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def toml(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# -- solve, check, explain ----------------------------------------------------------------------


def test_solve_check_explain(place):
    solved = run("solve", TINY, "-m", MODEL, "--out", "run")
    assert solved.exit_code == 0
    assert "This plan costs 4,050 USD a year; no plan can cost less" in solved.stdout
    assert "Union Mills (A-3) is with Chen" in solved.stdout
    assert "Written to run" in solved.stdout
    checked = run("check", TINY, "run/alignment.csv", "-m", MODEL)
    assert (checked.exit_code, checked.stdout.splitlines()[0]) == (
        0,
        "Against Tiny, by hand: The plan holds.",
    )
    why = run("explain", "run", "-a", "A-3", "-r", "R-2", "--alternatives", 1)
    assert why.exit_code == 0
    assert why.stdout.startswith("Union Mills (A-3) is with Chen")
    assert why.stdout.splitlines()[1].startswith("Chen has 2 accounts")
    whole = run("explain", "run")
    assert "Rivera has 2 accounts (2 handed off)." in whole.stdout


def test_the_next_command_is_told_ready_to_type(place):
    solved = run("solve", TINY, "-m", MODEL, "--out", "my run")
    line = solved.stdout.splitlines()[-1]
    assert line == "Ask why: territoryopt explain 'my run' --account=A-1"


def test_a_run_folder_of_its_own_by_default(place):
    assert run("solve", TINY, "-m", MODEL).exit_code == 0
    (made,) = (place / "runs").iterdir()
    assert made.name.endswith("-tiny")


def test_json_everywhere(place):
    solved = as_json("solve", TINY, "-m", MODEL, "--out", "run")
    assert (solved["status"], solved["run_folder"]) == ("optimal", "run")
    checked = as_json("check", TINY, "run/alignment.csv", "-m", MODEL)
    assert (checked["holds"], checked["objective"]) == (True, 4050.0)
    assert as_json("explain", "run")["moved"] == 3
    one = as_json("explain", "run", "-a", "A-3", "-r", "R-1")
    assert one["accounts"][0]["text"].startswith("Union Mills (A-3) is with Chen")
    assert one["territories"][0]["rep"] == "R-1"
    assert set(as_json("show")["models"]) == set(LIBRARY)
    assert as_json("show", MODEL)["statements"]["driving"]


def test_demo_is_solve(place, monkeypatch):
    """The demo's instance and model are there; solving them has tests of its own."""
    monkeypatch.setattr("territoryopt.cli.commands.DEMO", "tiny")
    monkeypatch.setattr("territoryopt.cli.commands.DEFAULT_MODEL", MODEL)
    found = as_json("demo", "--out", "run")
    assert found["objective"] == 4050.0
    assert not list(place.glob("runs"))
    assert as_json("demo", "--out", "run", code=2)["error"]["kind"] == "input"


# -- exit codes ---------------------------------------------------------------------------------


def test_no_plan_is_1_with_the_rules(place):
    model = toml(place / "m.toml", Path(MODEL).read_text() + '\n[rules.narrow]\nkind = "band"\n'
                 'measure = "potential"\ntolerance = 0.001\n')  # fmt: skip
    told = run("solve", TINY, "-m", model, "--out", "run")
    assert told.exit_code == 1
    assert "No plan exists" in told.stdout
    assert "narrow" in told.stdout
    found = as_json("solve", TINY, "-m", model, "--out", "run2", code=1)
    assert (found["status"], found["objective"], found["bound"]) == ("infeasible", None, None)
    assert found["conflict"]["rules"] == ["narrow"]
    assert (place / "run2" / "result.json").is_file()
    again = as_json("explain", "run2", code=1)
    assert again["conflict"] == found["conflict"]
    assert run("explain", "run2").stdout.splitlines()[0] == again["summary"][0]
    assert "narrow" in again["summary"][0]


@pytest.mark.parametrize(
    ("args", "code", "kind"),
    [
        (("solve", "nowhere", "-m", MODEL), 2, "input"),
        (("solve", TINY, "-m", MODEL, "--time-limit", "0"), 2, "input"),
        (("solve", TINY, "-m", MODEL, "--time-limit", "soon"), 2, "input"),
        (("solve", TINY, "-m", MODEL, "--where", "accounts=1"), 2, "input"),
        (("solve", TINY, "-m", MODEL, "--where", "accounts.account_id=Z"), 2, "input"),
        (("solve", TINY, "-m", MODEL, "--start", "nothing.csv"), 2, "input"),
        (("solve", TINY, "-m", MODEL, "--no-such-option"), 2, "input"),
        (("solve",), 2, "input"),
        (("no-such-command",), 2, "input"),
        (("check", TINY, "nothing.csv", "-m", MODEL), 2, "input"),
        (("explain", "nowhere"), 2, "input"),
        (("solve", TINY, "-m", "no-such-model"), 3, "model"),
        (("show", "no-such-model"), 3, "model"),
        (("solve", TINY, "-m", MODEL, "--backend", "higs"), 4, "backend"),
    ],
)
def test_errors_have_their_exit_code_in_words_and_in_json(place, args, code, kind):
    words = run(*args)
    assert words.exit_code == code
    assert words.stdout == ""
    assert words.stderr
    assert "Traceback" not in words.stderr
    found = as_json(*args, code=code)
    assert (found["schema"], found["error"]["kind"]) == ("territoryopt/error/1", kind)
    assert all(problem["message"] for problem in found["error"]["problems"])


def test_a_bad_model_is_3_with_file_and_key(place):
    model = toml(place / "bad.toml", 'name = "x"\n[goals.driving]\nkind = "travel"\nprise = 3\n')
    found = as_json("solve", TINY, "-m", model, code=3)
    (problem,) = found["error"]["problems"]
    assert problem["file"].endswith("bad.toml")
    assert "prise" in problem["key"]


def test_an_interrupted_start_is_130(place, monkeypatch):
    def interrupt(*args, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("territoryopt.instance.read_instance", interrupt)
    monkeypatch.setattr("territoryopt.read_instance", interrupt, raising=False)
    assert as_json("solve", TINY, "-m", MODEL, code=130)["error"]["kind"] == "interrupted"
    assert run("solve", TINY, "-m", MODEL).exit_code == 130


def test_an_interrupted_search_is_130_and_saved(place, monkeypatch):
    """As Ctrl-C ends it: `solve` gives back what is in hand, and it is written and printed."""
    import dataclasses

    import territoryopt as topt

    real = topt.solve
    monkeypatch.setattr(
        topt,
        "solve",
        lambda *args, **named: dataclasses.replace(real(*args, **named), status="interrupted"),
    )
    assert as_json("solve", TINY, "-m", MODEL, "--out", "run", code=130)["run_folder"] == "run"
    assert len(list((place / "run").iterdir())) == 6


BIG = """
import numpy as np
from pathlib import Path
from territoryopt.tables import write_table
rng = np.random.default_rng(0)
n, m = 250, 8
Path("big").mkdir()
write_table("big/accounts.csv", {"account_id": [f"a{i}" for i in range(n)],
    "potential": rng.lognormal(10, 1, n).round(2), "visits_per_year": np.full(n, 10.0),
    "hours_per_visit": np.ones(n)})
write_table("big/reps.csv", {"rep_id": [f"r{j}" for j in range(m)]})
write_table("big/pairs.csv", {"account_id": [f"a{i}" for i in range(n) for _ in range(m)],
    "rep_id": [f"r{j}" for _ in range(n) for j in range(m)],
    "travel_hours": rng.uniform(0.1, 5, n * m)})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
def test_ctrl_c_is_130_and_the_best_plan_is_saved(place):
    exec(compile(BIG, "big", "exec"), {})  # the test's own text
    toml(place / "m.toml", """
name = "slow"
[travel]
pairs_hours = "travel_hours"
[rules.potential]
kind = "band"
measure = "potential"
tolerance = 0.01
[rules.work]
kind = "band"
measure = "workload"
tolerance = 0.02
[goals.driving]
kind = "travel"
""")  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    child = subprocess.Popen(
        [sys.executable, "-m", "territoryopt", "solve", "big", "-m", "m.toml", "--out", "run",
         "--gap", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=place,
    )  # fmt: skip
    time.sleep(6.0)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    assert json.loads(out)["status"] == "interrupted"
    assert not any("broke" in note for note in json.loads(out)["notes"])
    assert (place / "run" / "result.json").is_file()


# -- run folders --------------------------------------------------------------------------------


def test_overwrite(place):
    assert run("solve", TINY, "-m", MODEL, "--out", "run").exit_code == 0
    again = run("solve", TINY, "-m", MODEL, "--out", "run")
    assert again.exit_code == 2
    assert "holds a run already" in again.stderr
    assert run("solve", TINY, "-m", MODEL, "--out", "run", "--overwrite").exit_code == 0
    (place / "mine").mkdir()
    (place / "mine" / "x").write_text("x")
    assert run("solve", TINY, "-m", MODEL, "--out", "mine", "--overwrite").exit_code == 2


def test_explain_a_moved_instance_and_a_changed_one(place):
    shutil.copytree(TINY, place / "data")
    assert run("solve", "data", "-m", MODEL, "--out", "run").exit_code == 0
    (place / "data").rename(place / "moved")
    assert run("explain", "run").exit_code == 2
    assert run("explain", "run", "--instance", "moved").exit_code == 0
    accounts = place / "moved" / "accounts.csv"
    accounts.write_text(accounts.read_text().replace("120000", "120001"))
    changed = run("explain", "run", "--instance", "moved")
    assert (changed.exit_code, "accounts.csv has changed" in changed.stderr) == (2, True)


# -- check --------------------------------------------------------------------------------------

EXTRA = {
    "requires": ["", "", "", "", "", "medical"],
    "locked_rep": ["R-1", "", "", "", "", ""],
    "family": ["", "", "", "", "north", "north"],
    "apart": ["rivals", "", "", "rivals", "", ""],
}
RULES = """
name = "all rules"
[travel]
pairs_hours = "travel_hours"
[rules.potential_band]
kind = "band"
measure = "potential"
tolerance = 0.20
[rules.skills]
kind = "required_skills"
[rules.locks]
kind = "locks"
[rules.kin]
kind = "families"
[rules.rivals]
kind = "apart"
[rules.moves]
kind = "moves"
max = 3
[goals.driving]
kind = "travel"
price = 50
"""
BEST = {"A-1": "R-1", "A-2": "R-1", "A-3": "R-2", "A-4": "R-2", "A-5": "R-3", "A-6": "R-3"}


@pytest.fixture
def planted(place):
    """Tiny with a rule of every kind, which its best plan keeps."""
    shutil.copytree(TINY, place / "data")
    with (place / "data" / "accounts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for k, row in enumerate(rows):
        row |= {name: cells[k] for name, cells in EXTRA.items()}
    write(place / "data" / "accounts.csv", list(rows[0]), [list(r.values()) for r in rows])
    with (place / "data" / "reps.csv").open(encoding="utf-8") as file:
        reps = list(csv.DictReader(file))
    for rep in reps:
        rep["skills"] = "" if rep["rep_id"] == "R-1" else "medical=1"
    write(place / "data" / "reps.csv", list(reps[0]), [list(r.values()) for r in reps])
    toml(place / "rules.toml", RULES)
    return place


def check(place, plan, *more, header=("account_id", "rep_id")):
    write(place / "plan.csv", header, plan.items())
    args = ("check", place / "data", place / "plan.csv", "-m", place / "rules.toml", *more)
    told = run(*args)
    found = json.loads(run(*args, "--json").stdout)
    assert found["holds"] == (told.exit_code == 0)
    return told, {(b["rule"], b.get("account", b.get("label", ""))) for b in found["breaches"]}


def test_the_best_plan_of_all_rules_holds(planted):
    told, breaches = check(planted, BEST)
    assert (told.exit_code, breaches) == (0, set())
    solved = as_json("solve", "data", "-m", "rules.toml", "--out", "run")
    assert solved["alignment"] == BEST


@pytest.mark.parametrize(
    ("change", "drop", "breach", "said"),
    [
        ({}, "A-2", ("one rep per account", "A-2"), "Lakeside Foods (A-2) has no rep."),
        ({"A-2": ""}, None, ("one rep per account", "A-2"), "Lakeside Foods (A-2) has no rep."),
        ({"A-3": "R-1"}, None, ("potential_band", "R-1"),
         "potential_band: Rivera has 280,000 USD a year, 40,000 USD a year above the most allowed "
         "(240,000 USD a year)."),
        ({"A-3": "R-1"}, None, ("potential_band", "R-2"), "potential_band: Chen has"),
        ({"A-1": "R-2"}, None, ("locks", "A-1"),
         "locks: Harbor Hospital (A-1) may not be with Chen."),
        ({"A-6": "R-1"}, None, ("skills", "A-6"),
         "skills: Summit Clinic (A-6) may not be with Rivera."),
        ({"A-5": "R-2"}, None, ("kin", "A-6"),
         "kin: Summit Clinic (A-6) is with Okafor, but its family is with"),
        ({"A-1": "R-2"}, None, ("rivals", "rivals"),
         "rivals: accounts that must be apart (rivals) share a rep."),
        ({"A-2": "R-2"}, None, ("moves", "all reps"),
         "moves: what changes hands comes to 4 accounts, 1 account above the most allowed "
         "(3 accounts)."),
    ],
)  # fmt: skip
def test_check_names_each_planted_fault(planted, change, drop, breach, said):
    plan = {k: v for k, v in {**BEST, **change}.items() if k != drop}
    told, breaches = check(planted, plan)
    assert told.exit_code == 1
    assert told.stdout.startswith("Against all rules: The plan breaks its rules in ")
    assert breach in breaches
    assert f"- {said}" in told.stdout


@pytest.mark.parametrize("column", ["rep_id", "rep", "owner", "current_rep"])
def test_a_plan_from_a_spreadsheet_with_other_columns(planted, column):
    rows = [(f"note {a}", a, r) for a, r in reversed(BEST.items())]
    write(planted / "sheet.csv", ("remark", "account_id", column), rows)
    assert run("check", "data", "sheet.csv", "-m", "rules.toml").exit_code == 0


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        (("account_id", "who"), [("A-1", "R-1")], "no column that names the rep"),
        (("id", "rep"), [("A-1", "R-1")], "account_id"),
        (("account_id", "rep_id"), [("A-9", "R-1")], "no such account"),
        (("account_id", "rep_id"), [("A-1", "R-9")], "no such rep"),
        (("account_id", "rep_id"), [("A-1", "R-1"), ("A-1", "R-2")], "stands in row 2 already"),
    ],
)
def test_a_plan_that_cannot_be_read(planted, header, rows, said):
    write(planted / "plan.csv", header, rows)
    told = run("check", "data", "plan.csv", "-m", "rules.toml")
    assert told.exit_code == 2
    assert said in told.stderr


def test_where(place):
    found = as_json("solve", TINY, "-m", toml(place / "m.toml", """
name = "loose"
[travel]
pairs_hours = "travel_hours"
[goals.driving]
kind = "travel"
"""), "--where", "accounts.account_id=A-1, A-6", "--where", "reps.rep_id=R-1,R-3",
        "--out", "run")  # fmt: skip
    assert found["alignment"] == {"A-1": "R-1", "A-6": "R-3"}
    assert as_json("explain", "run")["moved"] == 0
    again = as_json("check", TINY, "run/alignment.csv", "-m", "m.toml", "--where",
                    "accounts.account_id=A-1,A-6", "--where", "reps.rep_id=R-1,R-3")  # fmt: skip
    assert again["holds"]


def test_a_start_from_a_file(place):
    write(place / "plan.csv", ("account_id", "rep_id"), BEST.items())
    found = as_json("solve", TINY, "-m", MODEL, "--start", "plan.csv", "--time-limit", "0.01",
                    "--out", "run")  # fmt: skip
    assert found["objective"] == 4050.0


# -- show, names --------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [*LIBRARY, MODEL])
def test_show_every_model(model):
    told = run("show", model)
    assert told.exit_code == 0
    assert "Money in USD a year." in told.stdout
    found = as_json("show", model)
    for name, statement in found["statements"].items():
        assert f"{name}: {statement}" in told.stdout
    assert "None" not in told.stdout


def test_show_lists_the_models():
    told = run("show")
    assert all(name in told.stdout for name in LIBRARY)


def test_hostile_names_on_a_terminal(place):
    folder = hostile_instance(place / "x")
    toml(place / "m.toml", 'name = "\\u001b[2J[red]x"\n[travel]\npairs_hours = "travel_hours"\n'
         '[goals.driving]\nkind = "travel"\n')  # fmt: skip
    told = run("solve", folder, "-m", "m.toml", "--out", "run")
    assert told.exit_code == 0
    said = told.stdout + run("explain", "run").stdout
    said += run("explain", "run", "-a", "line\nbreak").stdout
    assert not set(said) & set("\x1b\u202e\r\u2028")
    assert "line\\u000abreak" in said
    assert max(map(len, said.splitlines())) < 1500
    assert run("check", folder, "run/alignment.csv", "-m", "m.toml").exit_code == 0
    bad = run("explain", "run", "-a", "\x1b[31m\u202e")
    assert bad.exit_code == 2
    assert not set(bad.stderr) & set("\x1b\u202e")


def test_help_of_the_module():
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    told = subprocess.run([sys.executable, "-m", "territoryopt", "-h"], env=env, check=True,
                          capture_output=True, text=True, timeout=30)  # fmt: skip
    assert told.stdout.startswith("Usage: territoryopt ")
    for name in ("demo", "solve", "check", "explain", "show"):
        assert f"  {name}" in told.stdout


def test_every_command_stands_in_the_help_once():
    from territoryopt.cli.commands import PARTS

    listed = [name for lines in PARTS.values() for name in lines]
    assert sorted(listed) == sorted(main.commands)


def test_a_run_folder_stands_for_its_data_and_model(place):
    assert run("solve", TINY, "-m", MODEL, "--out", "run").exit_code == 0
    found = run("check", "run", "run/alignment.csv", "--json")
    assert found.exit_code == 0, found.output
    first = json.loads((place / "run" / "result.json").read_text())
    assert json.loads(found.stdout)["objective"] == first["objective"]
    again = run("solve", "run", "--out", "again", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["objective"] == first["objective"]
    assert json.loads((place / "again" / "result.json").read_text())["inputs"] == first["inputs"]
    other = run("check", "run", "run/alignment.csv", "-m", "no-such-model", "--json")
    assert other.exit_code == 3  # a model that is given counts
