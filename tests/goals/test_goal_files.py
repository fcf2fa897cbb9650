"""Goals as a folder, and what the commands print and refuse."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from goal_cases import ACCOUNTS, made, settings

import territoryopt as topt
from territoryopt.cli import main
from territoryopt.goals.types import PARTS


def call(*args):
    done = CliRunner().invoke(main, list(map(str, args)))
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_add_up_as_they_stand(pencil, tmp_path):
    text = 'step = 0.01\n[segments]\ncolumn = "tier"\n[kpis]\nchurn = 0.1\n'
    found = topt.set_goals(pencil, "999.99", settings=settings(tmp_path, text))
    folder = topt.write_goals(found, tmp_path / "goals")
    assert {p.name for p in folder.iterdir()} == {
        "goals.json", "goals.csv", "goal_parts.csv", "kpis.csv", "goal_segments.csv", "goals.md",
    }  # fmt: skip
    goals = rows(folder / "goals.csv")
    assert sum(Decimal(row["goal"]) for row in goals) == Decimal("999.99")
    parts = rows(folder / "goal_parts.csv")
    assert [row["part"] for row in parts] == [*PARTS, *PARTS]
    for row in goals:
        mine = [Decimal(p["money"]) for p in parts if p["rep_id"] == row["rep_id"]]
        quarters = sum(Decimal(row[f"goal_q{k}"]) for k in range(1, 5))
        assert sum(mine) == Decimal(row["goal"]) == quarters
    segments = rows(folder / "goal_segments.csv")
    assert sum(Decimal(row["goal"]) for row in segments) == Decimal("999.99")
    assert {row["kpi"] for row in rows(folder / "kpis.csv")} == {
        "sales", "retention", "new_business", "calls", "coverage",
    }  # fmt: skip
    assert "Rivera" in (folder / "goals.md").read_text("utf-8")


def test_what_is_written_is_read_back(pencil, tmp_path):
    text = "year_begins = 2027-01-01\n[ramp.starts]\nR-2 = 2027-03-01\n[growth]\nmost = 1.2\n"
    found = topt.set_goals(pencil, 900, settings=settings(tmp_path, text))
    topt.write_goals(found, tmp_path / "goals")
    assert topt.read_goals(tmp_path / "goals", pencil) == found
    assert json.loads(found.settings)["year_begins"] == "2027-01-01"


def test_only_goals_are_replaced_and_only_when_asked(pencil, tmp_path):
    found = topt.set_goals(pencil, 1000)
    topt.write_goals(found, tmp_path / "goals")
    with pytest.raises(topt.InputError, match="holds a goals already"):
        topt.write_goals(found, tmp_path / "goals")
    topt.write_goals(found, tmp_path / "goals", overwrite=True)
    (tmp_path / "goals" / "mine.txt").write_text("x")
    with pytest.raises(topt.InputError, match="other files too"):
        topt.write_goals(found, tmp_path / "goals", overwrite=True)
    with pytest.raises(topt.InputError, match="no goals folder"):
        topt.write_goals(found, pencil.folder, overwrite=True)


def test_goals_of_another_run_or_changed_by_hand_are_refused(pencil, tmp_path):
    found = topt.set_goals(pencil, 1000)
    folder = topt.write_goals(found, tmp_path / "goals")
    other = made(tmp_path / "other", accounts=ACCOUNTS.replace("Harbor", "Harbour"))
    with pytest.raises(topt.InputError, match="are of another run"):
        topt.read_goals(folder, other)
    record = json.loads((folder / "goals.json").read_text("utf-8"))

    def spoiled(change, match):
        copy = json.loads(json.dumps(record))
        change(copy)
        (folder / "goals.json").write_text(json.dumps(copy), encoding="utf-8")
        with pytest.raises(topt.InputError, match=match):
            topt.read_goals(folder, pencil)

    spoiled(lambda r: r["reps"][0].update(goal=999.0), "do not add up any more")
    spoiled(lambda r: r["reps"][0]["parts"].update(rounding=7.0), "do not add up any more")
    spoiled(lambda r: r["reps"][0]["parts"].pop("limits"), "do not add up any more")
    spoiled(lambda r: r["reps"][0].pop("goal"), "is damaged: reps.0.goal")
    spoiled(lambda r: r.update(total="much"), "is damaged: total")
    spoiled(lambda r: r.update(schema="territoryopt/goals/9"), "not of the schema")
    (folder / "goals.json").write_text("{", encoding="utf-8")
    with pytest.raises(topt.InputError, match="cannot be read"):
        topt.read_goals(folder)
    with pytest.raises(topt.InputError, match="no folder of goals"):
        topt.read_goals(tmp_path)


def test_the_command_writes_and_tells(pencil, tmp_path):
    done = call("goals", pencil.folder, "--total", "1000", "--out", tmp_path / "g", "--json")
    record = json.loads(done.output)
    assert (done.exit_code, record["schema"]) == (0, "territoryopt/goals/1")
    assert record["files"] == [str(tmp_path / "g")]
    done = call("goals", pencil.folder, "--total", "1000", "--out", tmp_path / "g")
    assert done.exit_code == 2
    done = call("goals", pencil.folder, "--total", "1000")
    assert done.exit_code == 0
    assert "Rivera: " in done.output
    assert "Left out: retention" in done.output
    done = call("goals", pencil.folder)
    assert done.exit_code == 2
    assert "there is no total to share out" in done.output
    done = call("goals", pencil.folder, "--with", settings(tmp_path, "totl = 1"), "--json")
    assert json.loads(done.output)["error"]["problems"][0]["key"] == "totl"


@pytest.mark.parametrize("name", ["quality", "whitespace"])
def test_the_other_commands(pencil, name):
    done = call(name, pencil.folder, "--json")
    assert (done.exit_code, json.loads(done.output)["schema"]) == (0, f"territoryopt/{name}/1")
    assert call(name, pencil.folder).exit_code == 0
    assert call(name, "nowhere").exit_code == 2


def test_names_do_no_harm_in_the_files(tmp_path):
    reps = "R-1,=cmd|' /C calc'!A0,100\nR-2,<script>x</script>,300\n"
    run = made(
        tmp_path,
        accounts=ACCOUNTS.replace(",A,", ",=1+1,"),
        reps=f"rep_id,name,capacity\n{reps}",
    )
    text = '[segments]\ncolumn = "tier"\n'
    found = topt.set_goals(run, 1000, settings=settings(tmp_path, text))
    folder = topt.write_goals(found, tmp_path / "goals")
    for name in ("goals.csv", "goal_parts.csv", "kpis.csv", "goal_segments.csv"):
        for row in rows(folder / name):
            assert not any(str(cell).startswith(("=", "+", "@")) for cell in row.values())
    page = (folder / "goals.md").read_text("utf-8")
    assert "<script>" not in page
    html = found._repr_html_()
    assert "<script>" not in html
