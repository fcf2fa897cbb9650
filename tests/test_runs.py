"""Run folders: what is in them, that they are written whole or not at all, and read back."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import territoryopt as topt
from territoryopt import runs
from territoryopt.folders import placing
from territoryopt.problem import prove
from territoryopt.problem.tighten import tighten
from territoryopt.reasons.explanation import Explanation

ROOT = Path(__file__).parents[1]
TINY = ROOT / "instances" / "tiny"
FILES = {
    "alignment.csv",
    "territories.csv",
    "result.json",
    "model.toml",
    "explanation.json",
    "explanation.md",
}
HOSTILE = [
    "<script>alert(1)</script>", "\x1b[31mred\x1b[0m", "line\nbreak", "right\u202eleft",
    '=HYPERLINK("http://x")', "+1", "-1", "@x", "'=1", "n" * 10_000, "../../x", "CON", "a,b",
    'quote"d', "тест", "$(rm -rf x)", "50%", "[bold]x[/bold]", ":smile:",
]  # fmt: skip


@pytest.fixture
def tiny(tmp_path):
    """A copy of the tiny instance, its model, a result and a place for runs."""
    shutil.copytree(TINY, tmp_path / "tiny")
    instance = topt.read_instance(tmp_path / "tiny")
    model = topt.load_model(TINY / "model.toml")
    return instance, model, topt.solve(instance, model), tmp_path / "out" / "run"


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def whats_there(folder: Path):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def test_what_is_in_a_run_folder(tiny):
    instance, model, result, out = tiny
    assert topt.write_run(result, instance, model, out) == out
    assert {p.name for p in out.iterdir()} == FILES
    assert [p.name for p in out.parent.iterdir()] == ["run"]
    rows = read(out / "alignment.csv")
    assert list(rows[0]) == [
        "account_id", "name", "rep_id", "rep_name", "current_rep_id", "moved", "cost_per_year",
        "next_best_rep_id", "next_best_change", "next_best_breaks", "reason", "current_rep_name",
    ]  # fmt: skip
    union = rows[2]
    assert (union["account_id"], union["rep_id"], union["moved"]) == ("A-3", "R-2", "yes")
    assert float(union["cost_per_year"]) == 1250
    assert (union["next_best_rep_id"], float(union["next_best_change"])) == ("R-1", -500)
    assert union["next_best_breaks"].startswith("potential_band")
    assert union["reason"].startswith("Union Mills (A-3) is with Chen: 1,250 USD a year for")
    territories = read(out / "territories.csv")
    assert [row["rep_id"] for row in territories] == ["R-1", "R-2", "R-3"]
    chen = territories[1]
    assert (chen["accounts"], chen["taken_over"], chen["handed_off"]) == ("2", "2", "1")
    assert float(chen["potential_band_total"]) == 170000
    assert (chen["capacity_lower"], float(chen["capacity_upper"])) == ("", 100)
    assert float(chen["driving_money"]) == 1550
    for row in territories:
        assert int(row["accounts"]) == (
            int(row["accounts_before"]) + int(row["new"]) + int(row["taken_over"])
            - int(row["handed_off"])
        )  # fmt: skip
    record = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert record["schema"] == "territoryopt/result/1"
    assert set(record["inputs"]) == {"accounts.csv", "reps.csv", "pairs.csv", "model"}
    assert (record["status"], record["seed"], record["objective"]) == ("optimal", 0, 4050.0)
    assert record["versions"]["territoryopt"]
    assert (out / "model.toml").read_text(encoding="utf-8") == model.text


def test_read_back(tiny):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    run = topt.read_run(out)
    assert run.rep.tolist() == result.rep.tolist()
    reasons = run.explanation()
    assert reasons.as_dict() == topt.explain(result, instance).as_dict()


GROUPS = """
[rules.rivals]
kind = "apart"

[rules.chains]
kind = "families"
price = 150
"""


@pytest.fixture
def grouped(tmp_path):
    """The tiny instance with rivals and chains that cost something, its run, and the folder."""
    shutil.copytree(TINY, tmp_path / "tiny")
    accounts = tmp_path / "tiny" / "accounts.csv"
    lines = accounts.read_text(encoding="utf-8").splitlines()
    extra = ["apart,family", "x;y,", "x,c", ",c", "y,", ",d", ",d"]
    text = "\n".join(f"{line},{more}" for line, more in zip(lines, extra, strict=True))
    accounts.write_text(text, encoding="utf-8")
    instance = topt.read_instance(tmp_path / "tiny")
    model = tmp_path / "model.toml"
    model.write_text((TINY / "model.toml").read_text(encoding="utf-8") + GROUPS, encoding="utf-8")
    model = topt.load_model(model)
    result = topt.solve(instance, model)
    return result, topt.write_run(result, instance, model, tmp_path / "run")


def test_prices_of_groups_are_read_back(grouped):
    result, out = grouped
    written = json.loads((out / "result.json").read_bytes())["group_prices"]
    assert {each["name"] for each in written} == {"rivals", "chains"}
    assert all(
        each["lp_price"] > 0
        and each["rep"] in {"R-1", "R-2", "R-3"}
        and (each["account"] is None) == (each["name"] == "rivals")
        for each in written
    )
    assert {each["group"] for each in written} <= {"x", "y", "c", "d"}
    prices = topt.read_run(out).explanation().prices
    for one, two in zip(prices.groups, result.prices.groups, strict=True):
        assert one.of.tolist() == two.of.tolist()
        assert one.rep.tolist() == two.rep.tolist()
        assert one.price.tolist() == two.price.tolist()
    proof = topt.read_run(out).explanation().proof
    assert proof.bound == pytest.approx(result.proved_bound, rel=1e-9)


@pytest.mark.parametrize("missing", [True, False])
def test_a_run_without_prices_of_groups_proves_what_rows_prove(grouped, missing):
    """As runs of earlier versions are, or with prices of what is not there any more."""
    result, out = grouped
    record = json.loads((out / "result.json").read_bytes())
    if missing:
        del record["group_prices"]
    else:
        record["group_prices"] = [
            {**each, **change}
            for each in record["group_prices"]
            for change in ({"name": "?"}, {"group": "?"}, {"account": "?"}, {"rep": "?"},
                           {"lp_price": None}, {"lp_price": -1})
        ]  # fmt: skip
    (out / "result.json").write_text(json.dumps(record), encoding="utf-8")
    reasons = topt.read_run(out).explanation()
    unit = tighten(result.problem.contracted)
    assert reasons.proof.bound == prove(unit, result.prices.rows).bound
    assert reasons.proof.bound < result.proved_bound - 1.0


def test_a_plan_of_many_accounts_has_the_same_columns_and_a_few_reasons(tmp_path, monkeypatch):
    instance = topt.read_instance(ROOT / "instances" / "us-field")
    model = topt.load_model("account-books")
    problem = topt.compile_problem(instance, model)
    rep = problem.current.copy()
    rep[::7] = (rep[::7] + 1) % problem.reps
    reasons = Explanation(problem, rep[problem.units.first][problem.units.unit_of])
    each = runs.alignment_table(reasons, instance)
    monkeypatch.setattr(runs, "EACH", 0)
    monkeypatch.setattr(runs, "TOLD", 5)
    at_once = runs.alignment_table(reasons, instance)
    assert list(at_once) == list(each)
    for name, column in each.items():
        if name == "reason":
            told = np.flatnonzero(at_once[name] != "")
            assert sorted(told) == sorted(reasons.facts.weightiest_moves(5))
            assert (at_once[name][told] == column[told]).all()
        elif isinstance(column[0], float):
            np.testing.assert_allclose(at_once[name], column, rtol=1e-9, atol=1e-9)
        else:
            assert list(at_once[name]) == list(column), name


def test_no_plan_is_written_too(tiny):
    instance, model, _, out = tiny
    tight = model.model_copy(
        update={"rules": {"capacity": model.rules["capacity"].model_copy(update={"max": 1.0})}}
    )
    result = topt.solve(instance, tight)
    topt.write_run(result, instance, model, out)
    assert {p.name for p in out.iterdir()} == {"result.json", "model.toml"}
    assert json.loads((out / "result.json").read_text())["conflict"]["rules"] == ["capacity"]


def test_the_result_of_something_else_is_refused(tiny):
    instance, model, result, out = tiny
    other = topt.solve(topt.Problem.from_arrays(np.ones((6, 3))))
    with pytest.raises(topt.InputError, match="not of this instance"):
        topt.write_run(other, instance, model, out)
    part = instance.select({"accounts": {"account_id": ["A-1", "A-2"]}})
    with pytest.raises(topt.InputError, match="not of this instance"):
        topt.write_run(result, part, model, out)
    assert not out.exists()


def test_overwritten_only_when_asked(tiny):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    before = whats_there(out)
    with pytest.raises(topt.InputError, match="holds a run already"):
        topt.write_run(result, instance, model, out)
    assert whats_there(out) == before
    topt.write_run(replace(result, seconds=9.0), instance, model, out, overwrite=True)
    assert whats_there(out) != before
    assert [p.name for p in out.parent.iterdir()] == ["run"]
    empty = out.parent / "empty"
    empty.mkdir()
    topt.write_run(result, instance, model, empty)


def test_what_is_no_run_folder_is_never_replaced(tiny, tmp_path):
    instance, model, result, out = tiny
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "result.json").write_text('{"of": "another program"}')
    topt.write_run(result, instance, model, out)
    (out / "notes.txt").write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(out)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.write_text("x")
    for place, why in (
        (mine, "no run folder"), (foreign, "no run folder"), (out, "notes.txt"), (link, "a link"),
        (dangling, "a link"), (file, "a file"), (tmp_path / ("n" * 300), "too long"),
        ("a\0b", "null"), (file / "below", "Not a directory|exist"),
    ):  # fmt: skip
        with pytest.raises(topt.InputError, match=why):
            topt.write_run(result, instance, model, place, overwrite=True)
    assert (mine / "thesis.txt").read_text() == "years of work"
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("call", ["write_table", "write_bytes", "first", "second"])
def test_a_write_that_fails_leaves_what_was_there(tiny, monkeypatch, call):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    before = whats_there(out)
    calls = []
    real = os.replace

    def fail(*args, **named):
        raise OSError(28, "No space left on device")

    def replace_once(source, target):
        calls.append(source)
        if len(calls) == (1 if call == "first" else 2):
            fail()
        real(source, target)

    if call == "write_table":
        monkeypatch.setattr(runs, "write_table", fail)
    elif call == "write_bytes":
        monkeypatch.setattr(Path, "write_bytes", fail)
    else:
        monkeypatch.setattr(placing, "swap", lambda one, other: False)
        monkeypatch.setattr(os, "replace", replace_once)
    with pytest.raises(topt.InputError, match="No space left"):
        topt.write_run(result, instance, model, out, overwrite=True)
    monkeypatch.undo()
    assert whats_there(out) == before
    assert [p.name for p in out.parent.iterdir()] == ["run"]
    fresh = out.parent / "fresh"
    monkeypatch.setattr(runs, "write_table", fail)
    with pytest.raises(topt.InputError):
        topt.write_run(result, instance, model, fresh)
    assert [p.name for p in out.parent.iterdir()] == ["run"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_place(tiny, tmp_path):
    instance, model, result, _ = tiny
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(topt.InputError, match="Permission denied"):
        topt.write_run(result, instance, model, locked / "run")


# -- reading back -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["accounts.csv", "reps.csv", "pairs.csv", "model.toml"])
def test_changed_inputs_are_refused(tiny, name):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    path = (out if name == "model.toml" else Path(instance.folder)) / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(topt.InputError, match=f"{name} has changed since the run"):
        topt.read_run(out)


def test_a_changed_plan_is_refused(tiny):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    path = out / "alignment.csv"
    path.write_text(path.read_text().replace("A-1,Harbor Hospital,R-1", "A-1,Harbor Hospital,R-2"))
    with pytest.raises(topt.InputError, match="the command check"):
        topt.read_run(out)


def test_a_file_of_the_instance_that_came_later_is_a_change(tiny, tmp_path):
    instance, model, result, out = tiny
    pairs = Path(instance.folder) / "pairs.csv"
    topt.write_run(result, instance, model, out)
    pairs.rename(tmp_path / "pairs.csv")
    with pytest.raises(topt.InputError, match=r"pairs\.csv has changed"):
        topt.read_run(out)


def test_a_moved_instance(tiny, tmp_path):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    moved = shutil.move(instance.folder, tmp_path / "elsewhere")
    with pytest.raises(topt.InputError, match="is not there any more"):
        topt.read_run(out)
    assert topt.read_run(out, moved).explanation().summary()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "{", '{"schema": "other/1"}', '{"schema": "territoryopt/result/1"}',
     "[" * 100_000, "\ufeff", '{"schema": "territoryopt/result/1", "inputs": 3, "source": []}'],
)  # fmt: skip
def test_a_result_that_is_none(tiny, text):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    (out / "result.json").write_text(text, encoding="utf-8")
    with pytest.raises(topt.InputError, match=r"result\.json"):
        topt.read_run(out)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_missing(tiny, name):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    (out / name).unlink()
    if name in {
        "territories.csv",
        "explanation.json",
        "explanation.md",
    }:  # written for people; nothing reads it
        assert topt.read_run(out).rep is not None
        return
    with pytest.raises(topt.InputError, match=name.replace(".", r"\.")):
        topt.read_run(out)


def test_a_folder_that_is_none(tmp_path):
    for place in (tmp_path, tmp_path / "none", "a\0b"):
        with pytest.raises(topt.InputError):
            topt.read_run(place)


def test_a_filtered_run_is_read_with_its_filter(tiny):
    instance, model, _, out = tiny
    where = {"accounts": {"account_id": ["A-1", "A-4", "A-6"]}}
    part = topt.read_instance(instance.folder, where=where)
    result = topt.solve(part, model.model_copy(update={"rules": {}}))
    bare = model.model_copy(update={"rules": {}, "text": 'name = "x"\n[goals.driving]\n'
                                    'kind = "travel"\nprice = 50\n[travel]\n'
                                    'pairs_hours = "travel_hours"\n'})  # fmt: skip
    topt.write_run(result, part, bare, out, where=where)
    assert topt.read_run(out).instance.account_ids == ("A-1", "A-4", "A-6")


# -- names that mean harm -----------------------------------------------------------------------


def hostile_instance(folder: Path) -> Path:
    from territoryopt.tables import write_table

    folder.mkdir()
    count = len(HOSTILE)
    write_table(folder / "accounts.csv", {
        "account_id": HOSTILE, "name": HOSTILE[::-1], "potential": np.arange(1.0, count + 1),
        "visits_per_year": np.full(count, 12.0), "hours_per_visit": np.ones(count),
    })  # fmt: skip
    reps = HOSTILE[:6]
    write_table(folder / "reps.csv", {"rep_id": reps, "name": reps, "capacity": [1e6] * 6})
    write_table(folder / "pairs.csv", {
        "account_id": np.repeat(np.array(HOSTILE, dtype=object), 6),
        "rep_id": np.array(reps * count, dtype=object),
        "travel_hours": np.arange(6.0 * count) % 7,
    })  # fmt: skip
    return folder


def test_hostile_names_do_no_harm_and_come_back(tmp_path):
    folder = hostile_instance(tmp_path / "<b>=1;$(x)")
    instance = topt.read_instance(folder)
    assert list(instance.account_ids) == HOSTILE
    model = topt.load_model(TINY / "model.toml")
    model = model.model_copy(update={"rules": {"capacity": model.rules["capacity"]}})
    result = topt.solve(instance, model)
    text = 'name = "x"\n[travel]\npairs_hours = "travel_hours"\n[rules.capacity]\n' \
           'kind = "capacity"\n[goals.driving]\nkind = "travel"\nprice = 50\n'  # fmt: skip
    (tmp_path / "m.toml").write_text(text)
    model = topt.load_model(tmp_path / "m.toml")
    result = topt.solve(instance, model)
    out = tmp_path / "run"
    topt.write_run(result, instance, model, out)
    for name in ("alignment.csv", "territories.csv"):
        with open(out / name, encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    number = cell.replace(".", "", 1).removeprefix("-").isdigit()
                    assert number or not cell.startswith(("=", "+", "-", "@")), cell
    plan = topt.read_alignment(out / "alignment.csv", instance)
    assert plan.rep.tolist() == result.rep.tolist()
    assert topt.check(instance, model, plan).holds
    assert topt.read_run(out).explanation().summary()
    assert {p.name for p in tmp_path.iterdir()} == {"<b>=1;$(x)", "m.toml", "run"}


def test_explaining_loads_no_solver(tiny):
    instance, model, result, out = tiny
    topt.write_run(result, instance, model, out)
    code = (
        "import sys, territoryopt as topt\n"
        f"run = topt.read_run({str(out)!r})\n"
        "run.explanation().as_dict()\n"
        "bad = {'highspy', 'ortools', 'pyomo', 'pandas'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, timeout=60)
