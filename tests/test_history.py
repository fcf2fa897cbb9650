"""Lineage of runs, and `territoryopt log`: what is listed, what changed, what is wrong."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_folders_crash import left_behind

import territoryopt as topt
from territoryopt.cli import main
from territoryopt.history.telling import found, head, told, warnings
from territoryopt.model import parse_model
from territoryopt.run_record import HASHED, Predecessor, run_behind, run_id

ROOT = Path(__file__).parents[1]
TINY = ROOT / "instances" / "tiny"
DOCS = ROOT / "docs" / "runs.md"
LOCKS = '\n[rules.locks]\nkind = "locks"\n'


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The tiny instance in a place of its own, a model, a looser one, and a result of each."""
    place = tmp_path_factory.mktemp("data") / "tiny"
    shutil.copytree(TINY, place)
    instance = topt.read_instance(place)
    model = topt.load_model(TINY / "model.toml")
    loose = parse_model(re.sub("tolerance = .*", "tolerance = 0.5", model.text))
    return instance, {name: (topt.solve(instance, used), used)
                      for name, used in (("tight", model), ("loose", loose))}  # fmt: skip


@pytest.fixture
def write(solved, tmp_path):
    """Writes the run of one of the models into a folder below `runs`."""
    instance, results = solved

    def put(name, which="tight", **how):
        result, model = results[which]
        return topt.write_run(result, instance, model, tmp_path / "runs" / name, **how)

    return put


def record_of(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def cli(*args, code=0):
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


# -- lineage ------------------------------------------------------------------------------------


def test_the_id_is_the_content_and_no_time_or_place(write):
    one, two = record_of(write("a")), record_of(write("b", note="again", by="me"))
    assert one["lineage"]["id"] == two["lineage"]["id"]
    assert re.fullmatch("[0-9a-f]{64}", one["lineage"]["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["lineage"]["made"])
    assert (one["lineage"]["by"], two["lineage"]["by"], two["lineage"]["note"]) == (
        "write_run", "me", "again",
    )  # fmt: skip
    for record in (one, two):
        assert record.pop("lineage")["predecessor"] is None
    assert one == two  # nothing else knows the time


def test_the_id_changes_with_what_was_solved_found_and_followed(write):
    record = record_of(write("a"))
    first = record["lineage"]["id"]
    assert run_id(record, None) == first
    assert run_id(record, Predecessor("0" * 64)) != first
    for key in HASHED:
        assert run_id({**record, key: "another"}, None) != first, key
    locked = {**record, "source": {**record["source"], "locks": {"A-1": "R-1"}}}
    assert run_id(locked, None) != first
    moved = {**record, "source": {**record["source"], "instance": "/elsewhere"}, "seconds": 9}
    assert run_id(moved, None) == first


def test_a_run_knows_its_predecessor_however_it_is_given(write):
    a = write("a")
    run = topt.read_run(a)
    expected = Predecessor(run.lineage.id, str(a))
    for k, given in enumerate((run, a, str(a), expected)):
        b = topt.read_run(write(f"b{k}", "loose", predecessor=given, note="a wider band"))
        assert b.lineage.predecessor == expected
        assert b.lineage.note == "a wider band"
    assert record_of(b.folder)["moved"] == int((b.rep != b.problem.current).sum()) == 2


def test_a_predecessor_that_is_none_is_refused(write, tmp_path):
    with pytest.raises(topt.InputError, match="no run folder"):
        write("b", predecessor=tmp_path / "nothing")
    assert not (tmp_path / "runs").exists()


def test_keys_of_the_schema_are_only_added(write):
    record = record_of(write("a"))
    assert list(record)[-2:] == ["source", "lineage"]
    del record["lineage"], record["moved"]
    folder = write("b")
    (folder / "result.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    run = topt.read_run(folder)  # as an earlier version wrote it
    assert run.lineage is None
    assert run.explanation().summary()


def test_solve_finds_what_it_grew_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TINY, "tiny")
    model = Path("model.toml")
    model.write_text((TINY / "model.toml").read_text() + LOCKS)
    solve = ("solve", "tiny", "-m", "model.toml", "--out")
    cli(*solve, "runs/a", "--note", "first")
    a = topt.read_run("runs/a").lineage
    assert (a.by, a.note, a.predecessor) == ("territoryopt solve", "first", None)
    expected = Predecessor(a.id, str(tmp_path / "runs" / "a"))
    cli(*solve, "b1", "--start", "runs/a", "--seed", 1)
    cli(*solve, "b2", "--start", "runs/a/alignment.csv")
    cli(*solve, "b3", "--from", "runs/a")
    cli("workbook", "runs/a")
    cli(*solve, "b4", "--locks-from", "runs/a.xlsx")
    for name in ("b1", "b2", "b3", "b4"):
        assert topt.read_run(name).lineage.predecessor == expected, name
    # the one named, then that of the locks, then that of the start
    cli(*solve, "c1", "--start", "b1", "--locks-from", "b2/alignment.csv")
    assert topt.read_run("c1").lineage.predecessor.folder == str(tmp_path / "b2")
    cli(*solve, "c2", "--from", "b1", "--locks-from", "b2")
    assert topt.read_run("c2").lineage.predecessor.folder == str(tmp_path / "b1")
    assert len(topt.read_run("c2").record["source"]["locks"]) == 6
    plain = Path("plan.csv")
    shutil.copy("runs/a/alignment.csv", plain)
    cli(*solve, "d", "--start", plain)
    assert topt.read_run("d").lineage.predecessor is None
    stop = cli(*solve, "e", "--from", "plan.csv", code=2)
    assert "plan.csv is no run folder" in stop.stderr
    assert not Path("e").exists()


def test_an_edited_workbook_keeps_the_run_it_came_from(write, tmp_path):
    import openpyxl

    a = write("a")
    file = topt.write_workbook(topt.read_run(a))
    name = record_of(a)["lineage"]["id"]
    assert run_behind(file) == Predecessor(name, str(a))
    book = openpyxl.load_workbook(file)
    book["Alignment"]["C2"] = "R-2"
    sent = tmp_path / "sent.xlsx"
    book.save(sent)
    assert run_behind(sent) == Predecessor(name, "")  # where it lies is not known from here
    for content in (b"", b"PK\x03\x04", b"x" * 100):
        sent.write_bytes(content)
        assert run_behind(sent) is None


@pytest.mark.parametrize(
    "lineage", [3, [], {}, {"id": 1}, {"id": "x", "made": "", "by": "", "note": "",
                                       "predecessor": 5}]
)  # fmt: skip
def test_a_lineage_that_is_none_is_told(write, tmp_path, lineage):
    folder = write("a")
    record = {**record_of(folder), "lineage": lineage}
    (folder / "result.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    assert topt.read_run(folder).lineage is None
    (entry,) = topt.run_log(tmp_path / "runs").runs
    assert entry.faults == ("its lineage cannot be read",)


# -- the list -----------------------------------------------------------------------------------


def test_runs_are_listed_newest_first(write, tmp_path):
    a = write("a", note="first quarter")
    write("deep/er/b", "loose", predecessor=a)
    log = topt.run_log(tmp_path / "runs")
    assert [entry.folder.name for entry in log.runs] == ["b", "a"]
    b, a = log.runs
    assert (a.model, a.instance, a.status, a.moved) == ("Tiny, by hand", "tiny", "optimal", 3)
    assert (a.objective, a.bound, a.gap, a.note) == (4050.0, 4050.0, 0.0, "first quarter")
    assert b.predecessor.id == a.id
    assert not log.line
    assert (log.changes, log.damaged, log.drafts, log.notes) == ((), (), (), ())
    frame = log.to_frame()
    assert frame["folder"].tolist() == [str(b.folder), str(a.folder)]
    assert frame["predecessor"].isna().tolist() == [False, True]
    assert frame["predecessor"][0] == a.id
    assert "first quarter" in log._repr_html_()
    said = cli("log", tmp_path / "runs").stdout
    assert "4,050 USD" in said
    assert "first quarter" in said
    assert "claimed" in said or "proved" in said


def test_the_default_is_the_folder_runs(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stop = cli("log", code=2)
    assert "there is no such folder of runs (found 'runs')" in stop.stderr
    Path("runs").mkdir()
    assert cli("log").stdout == "There are no runs in runs.\n"
    write("a")
    assert len(json.loads(cli("log", "--json").stdout)["runs"]) == 1


@pytest.mark.parametrize("place", ["a\0b", "n" * 300, "file", "file/below"])
def test_a_folder_that_is_none_is_refused(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("x")
    with pytest.raises(topt.InputError):
        topt.run_log(place)


def test_damaged_folders_are_told_and_not_crashed_on(write, tmp_path):
    runs = tmp_path / "runs"
    for name in "abcdefg":
        write(name)
    (runs / "a" / "result.json").write_bytes((runs / "a" / "result.json").read_bytes()[:500])
    (runs / "b" / "alignment.csv").unlink()
    (runs / "c" / "model.toml").write_text("[[[", encoding="utf-8")
    (runs / "d" / "model.toml").unlink()
    (runs / "e" / "result.json").unlink()
    text = (runs / "f" / "result.json").read_text(encoding="utf-8")
    (runs / "f" / "result.json").write_text(text.replace('"R-2"', '"R-1"'), encoding="utf-8")
    (runs / "g" / "result.json").write_bytes(b"")
    (runs / "notes").mkdir()
    (runs / "notes" / "result.json").write_text('{"of": "another program"}')
    (runs / "notes" / "mine.txt").write_text("x")
    (runs / "loop").symlink_to(runs)
    log = topt.run_log(runs)
    faults = {entry.folder.name: list(entry.faults) for entry in log.runs}
    assert faults == {
        "b": ["alignment.csv is missing"],
        "c": ["model.toml was changed after it was written", "model.toml is no TOML any more"],
        "d": ["model.toml is missing"],
        "f": ["result.json was changed after it was written: its id no longer fits"],
    }
    damaged = {bad.folder.name: bad.why for bad in log.damaged}
    assert set(damaged) == {"a", "e", "g"}
    assert "result.json cannot be read" in damaged["a"]
    assert "No such file" in damaged["e"]
    said = cli("log", runs).stdout
    for name in "abcdefg":
        assert str(runs / name) in said.replace("\n", ""), name
    json.dumps(log.as_dict(), allow_nan=False)
    stop = cli("log", runs / "a", code=2)
    assert "result.json cannot be read" in stop.stderr


def test_names_that_mean_harm_are_shown_as_text(write, tmp_path):
    nasty = "<script>x</script>\x1b[31m\u202e[bold]"
    folder = write("a", note=nasty, by=nasty)
    log = topt.run_log(tmp_path / "runs")
    assert log.runs[0].note == nasty
    assert "<script>" not in log._repr_html_()
    for place in (tmp_path / "runs", folder):
        said = cli("log", place).stdout
        assert "\x1b" not in said
        assert "\u202e" not in said
    assert json.loads(cli("log", folder, "--json").stdout)["runs"][0]["note"] == nasty


def test_records_with_strange_numbers_give_json_all_the_same(write, tmp_path):
    folder = write("a")
    record = record_of(folder)
    record |= {"objective": float("inf"), "gap": "x", "moved": 1.5, "accounts": True,
               "versions": [], "goals": [3], "currency": None, "bound": 10**400}  # fmt: skip
    (folder / "result.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    (entry,) = topt.run_log(tmp_path / "runs").runs
    assert (entry.objective, entry.gap, entry.moved, entry.accounts, entry.bound) == (None,) * 5
    json.dumps(entry.as_dict(), allow_nan=False)
    assert cli("log", tmp_path / "runs").exit_code == 0
    write("b", predecessor=folder)
    assert cli("log", tmp_path / "runs" / "b").exit_code == 0


def test_drafts_are_listed_and_taken_away_when_asked(write, tmp_path):
    runs = write("a").parent
    draft = left_behind(runs, "b")
    said = cli("log", runs).stdout
    assert f"{draft} was left by a writer of {runs / 'b'} that was killed" in said
    assert "--clean takes away" in said
    assert draft.exists()
    stop = cli("log", runs / "a", "--clean", code=2)
    assert "drafts lie beside a run" in stop.stderr
    swept = json.loads(cli("log", runs, "--clean", "--json").stdout)
    assert (swept["cleaned"], swept["drafts"]) == ([str(draft)], [])
    assert not draft.exists()
    assert len(swept["runs"]) == 1
    shutil.move(runs / "a", left_behind(runs, "a") / "old")
    assert "holds what stood at" in " ".join(warnings(topt.run_log(runs)))
    assert topt.read_run(runs / "a").rep is not None  # reading puts it back


# -- the line -----------------------------------------------------------------------------------


def another_account():
    """A-6 leaves the instance, A-9 comes."""
    accounts = Path("tiny/accounts.csv")
    lines = accounts.read_text().splitlines()
    more = lines[1].replace("A-1", "A-9").replace("Harbor Hospital", "New Mill")
    kept = [line for line in lines if not line.startswith("A-6")]
    accounts.write_text("\n".join([*kept, more]) + "\n")
    pairs = Path("tiny/pairs.csv").read_text().splitlines()
    pairs = [line for line in pairs if not line.startswith("A-6")]
    pairs += [line.replace("A-1", "A-9") for line in pairs if line.startswith("A-1,")]
    Path("tiny/pairs.csv").write_text("\n".join(pairs) + "\n")


def test_what_changed_from_run_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TINY, "tiny")
    model = Path("model.toml")
    text = (TINY / "model.toml").read_text() + LOCKS
    model.write_text(text)
    solve = ("solve", "tiny", "-m", "model.toml", "--out")
    cli(*solve, "runs/a")
    model.write_text("# a remark\n" + re.sub("tolerance = .*", "tolerance = 0.5", text))
    cli(*solve, "runs/b", "--from", "runs/a", "--note", "a wider band", "--seed", 4)
    another_account()
    text = text.replace('[rules.capacity]\nkind = "capacity"\n', "")
    model.write_text(re.sub("tolerance = .*", "tolerance = 0.99", text))
    owner = record_of(Path("runs/b"))["alignment"]["A-2"]
    Path("plan.csv").write_text(f"account_id,rep_id\nA-2,{owner}\n")
    cli(*solve, "runs/c", "--from", "runs/b", "--locks-from", "plan.csv", "--seed", 4)

    log = topt.run_log("runs/c")
    assert log.line
    assert [entry.folder.name for entry in log.runs] == ["c", "b", "a"]
    later, first = log.changes
    assert (first.before.folder.name, first.after.folder.name) == ("a", "b")
    assert first.inputs == ()
    band = tomllib.loads(text)["rules"]["potential_band"]["tolerance"]
    assert list(first.model) == [("rules.potential_band.tolerance", band, 0.5)]
    assert list(first.settings) == [("seed", 0, 4)]
    assert (first.source, first.versions, first.came, first.went) == ((), (), (), ())
    a, b = (record_of(Path("runs") / name) for name in "ab")
    was, now = a["alignment"], b["alignment"]
    assert set(first.moves) == {(k, was[k], now[k]) for k in was if was[k] != now[k]}
    assert first.moves
    assert tuple(first.money[0]) == ("objective", 4050.0, 3650.0)
    lines = told(first)
    assert lines[0].startswith("Model, rules.potential_band.tolerance: ")
    assert lines[0].endswith(" -> 0.5.")
    assert "Search, seed: 0 -> 4." in lines
    assert "The plan: 4,050 -> 3,650 USD a year (400 less)." in lines

    assert {change.name for change in later.inputs} == {"accounts.csv", "pairs.csv"}
    assert (later.came, later.went) == (("A-9",), ("A-6",))
    assert list(later.source) == [("locks.A-2", None, later.source[0].after)]
    lines = told(later)
    assert re.fullmatch(r"Input accounts.csv differs \(\w{8} -> \w{8}\)\.", lines[0])
    assert re.search(r"Owner set by hand, A-2: nothing -> R-\d\.", "\n".join(lines))
    assert "1 account new: A-9." in lines
    assert "1 account gone: A-6." in lines
    check_words(log)


def check_words(log):
    said = cli("log", "runs/c").stdout
    assert said.startswith(f"c ({log.runs[0].id[:12]}), ")
    assert "by territoryopt solve: a wider band" in said
    assert "  Since b:\n" in said
    assert said.count("Since") == 2
    assert head(log.runs[1]).endswith("by territoryopt solve: a wider band")
    assert found(log.runs[1]).startswith("Tiny, by hand on tiny: 3,650 USD a year, ")


def test_two_that_are_alike(write):
    a = write("a")
    log = topt.run_log(write("b", predecessor=a))
    assert told(log.changes[0]) == [
        "Nothing: the inputs, the model, the versions and the plan are the same."
    ]
    assert found(topt.run_log(a).runs[0]).endswith("3 accounts with another rep than today.")


def test_a_run_without_a_plan_in_the_line(solved, write, tmp_path):
    instance, results = solved
    model = results["tight"][1]
    tight = parse_model(model.text + '\n[rules.narrow]\nkind = "band"\nmeasure = "potential"\n'
                        "tolerance = 0.001\n")  # fmt: skip
    a = write("a")
    out = topt.write_run(topt.solve(instance, tight), instance, tight, tmp_path / "runs" / "b",
                         predecessor=a)  # fmt: skip
    log = topt.run_log(out)
    assert found(log.runs[0]) == "Tiny, by hand on tiny: no plan exists."
    (step,) = log.changes
    assert (step.moves, step.money) == ((), ())
    assert {change.name for change in step.model} == {
        "rules.narrow.kind", "rules.narrow.measure", "rules.narrow.tolerance",
    }  # fmt: skip


def test_predecessors_that_moved_or_are_gone_are_told(write, tmp_path):
    runs = tmp_path / "runs"
    a = write("a")
    name = record_of(a)["lineage"]["id"][:12]
    b = write("b", "loose", predecessor=a)
    shutil.move(a, runs / "archive")
    log = topt.run_log(b)
    assert log.notes == (f"The run {name} in {a} lies in {runs / 'archive'} now.",)
    assert [entry.folder.name for entry in log.runs] == ["b", "archive"]
    write("a", "loose")  # another run in its old place
    assert topt.run_log(b).notes == log.notes
    shutil.rmtree(runs / "archive")
    other = record_of(runs / "a")["lineage"]["id"][:12]
    assert topt.run_log(b).notes == (
        f"The run {name} in {a} is not there any more: another one ({other}) took its place.",
    )
    shutil.rmtree(runs / "a")
    assert topt.run_log(b).notes == (f"The run {name} in {a} is not there any more.",)
    assert "is not there any more" in cli("log", b).stdout
    # the whole folder went elsewhere: the line is found beside
    write("a")
    moved = shutil.move(runs, tmp_path / "far")
    assert [entry.folder.name for entry in topt.run_log(Path(moved) / "b").runs] == ["b", "a"]


def test_a_run_that_took_its_predecessors_place(write):
    a = write("a")
    write("a", "loose", predecessor=a, overwrite=True)
    (note,) = topt.run_log(a).notes
    assert note.endswith("is not there any more: this one took its place.")


def test_a_damaged_predecessor_ends_the_line(write):
    a = write("a")
    b = write("b", "loose", predecessor=a)
    (a / "result.json").write_text("{", encoding="utf-8")
    log = topt.run_log(b)
    assert [entry.folder.name for entry in log.runs] == ["b"]
    assert [bad.folder.name for bad in log.damaged] == ["a"]


def test_a_line_that_bites_its_tail_ends(write):
    a = write("a")
    b = write("b", "loose", predecessor=a)
    record = record_of(a)
    record["lineage"]["predecessor"] = {"id": record_of(b)["lineage"]["id"], "folder": str(b)}
    (a / "result.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    log = topt.run_log(b)
    assert [entry.folder.name for entry in log.runs] == ["b", "a", "b"]
    assert "followed no further" in log.notes[-1]
    assert log.runs[1].faults  # the id of a forged one does not fit


def test_the_id_vouches_for_the_line(write):
    a = write("a")
    b = write("b", "loose", predecessor=a)
    record = record_of(b)
    record["lineage"]["predecessor"]["id"] = "0" * 64
    (b / "result.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    (entry,) = topt.run_log(b).runs
    assert entry.faults == ("result.json was changed after it was written: its id no longer fits",)


# -- the contract -------------------------------------------------------------------------------


def keys(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_the_page_names_every_field(write):
    a = write("a")
    left_behind(a.parent, "b")
    log = topt.run_log(write("b", "loose", predecessor=a))
    fields = set(keys(log.as_dict())) | set(keys(record_of(a)["lineage"]))
    page = DOCS.read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:[a-z_]+(?:\[\])?\.)*([a-z_]+)(?:\[\])?`", page))
    assert fields <= named, sorted(fields - named)
