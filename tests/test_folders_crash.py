"""A kill, a full disk, two writers: what is in place is whole, the error is clear, nothing is lost.

Power cuts cannot be tried here; that everything is on the disk before the rename is held by the
order of the calls.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import crash_driver as driver
import pytest
from click.testing import CliRunner

import territoryopt as topt
from territoryopt.cli import main
from territoryopt.errors import InputError
from territoryopt.folders import (
    clean,
    drafts,
    drafts_under,
    files,
    kinds,
    locks,
    placing,
    write_file,
    write_text,
)

ROOT = Path(__file__).parents[1]
TINY = ROOT / "instances" / "tiny"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="stops processes by POSIX signals")


def start(*args: object) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        [sys.executable, driver.__file__, *map(str, args)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
    )  # fmt: skip


def done(child: subprocess.Popen[str]) -> str:
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return out


@pytest.fixture
def quick(tmp_path):
    """A folder in memory where the machine has one: its `fsync` does not wait for a disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    place = memory / f"territoryopt-{os.getpid()}-{time.monotonic_ns()}"
    place.mkdir()
    yield place
    shutil.rmtree(place)


@pytest.fixture
def holder(tmp_path):
    """A living process in the middle of writing the folder `held`."""
    child = start("hold", tmp_path / "held")
    assert child.stdout.readline() == "writing\n"
    yield child
    child.kill()
    child.wait()


# -- a kill -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["swap", "aside", "fresh"])
@pytest.mark.parametrize("what", ["kind", "file", "run"])
def test_killed_at_any_moment(quick, what, mode):
    """The driver asserts that what is read after each kill is the old or the new one, whole, that
    the next writer gets through, and that nothing stays after the broom."""
    found = json.loads(done(start("kill", what, mode, quick)))
    assert len(found) >= 20
    read = [seen["read"] for seen in found]
    first = "nothing" if mode == "fresh" else "old"
    turn = read.index("new")
    assert set(read[:turn]) == {first}
    assert set(read[turn:]) == {"new"}
    if mode == "swap" or what == "file":
        # there is always something to read, and nothing to be put back
        assert all(seen["there"] for seen in found) or mode == "fresh"
    elif mode == "aside" and what == "kind":
        # the one moment between two renames was hit, and the old one read all the same
        assert [seen["read"] for seen in found if not seen["there"]] == ["old"]
    assert all("writing" not in seen["left"] for seen in found)


def test_what_was_set_aside_comes_back_to_the_next_writer_and_reader(tmp_path, monkeypatch):
    driver.put(tmp_path / "x", "o")
    real, calls = os.replace, []

    def stop(source, target):
        calls.append(target)
        if len(calls) > 1:
            raise SystemExit  # as a kill would, for what follows fails too
        real(source, target)

    monkeypatch.setattr(placing, "swap", lambda one, other: False)
    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(SystemExit):
        driver.put(tmp_path / "x", "n")
    monkeypatch.undo()
    assert not (tmp_path / "x").exists()
    (left,) = drafts_under(tmp_path)
    assert (left.standing, left.earlier, left.removable) == ("stopped", True, False)
    assert left.target == tmp_path / "x"
    with pytest.raises(InputError, match="holds a test already"):
        driver.put(tmp_path / "x", "n", overwrite=False)
    assert driver.token_in(tmp_path / "x") == "o"


def test_the_broom_puts_back_before_it_takes_away(tmp_path):
    driver.put(tmp_path / "x", "o")
    draft = left_behind(tmp_path, "x")
    (tmp_path / "x").rename(draft / "old")
    assert clean(tmp_path) == [draft]
    assert driver.token_in(tmp_path / "x") == "o"
    # without a word of where it belongs, it stays
    draft = left_behind(tmp_path, "x")
    (draft / "writer.json").write_text("?")
    (tmp_path / "x").rename(draft / "old")
    age(draft)
    (found,) = drafts_under(tmp_path)
    assert (found.earlier, found.removable, found.target) == (True, False, None)
    assert clean(tmp_path) == []
    assert driver.token_in(draft / "old") == "o"


# -- drafts: whose they are ---------------------------------------------------------------------


def left_behind(folder: Path, target: str, machine: str | None = None) -> Path:
    """A draft as a killed process leaves it."""
    draft = folder / ".territoryopt-left"
    (draft / "new").mkdir(parents=True)
    (draft / "new" / "a").write_text("half")
    writer = {"noun": "test", "target": target, "process": 1, "since": "then",
              "machine": locks.this_machine() if machine is None else machine}  # fmt: skip
    (draft / "writer.json").write_text(json.dumps(writer))
    return draft


def age(draft: Path) -> None:
    for path in (*draft.rglob("*"), draft):
        os.utime(path, (0, 0))


def test_a_living_writers_draft_is_never_taken_away(holder, tmp_path):
    found = drafts_under(tmp_path)
    assert [draft.standing for draft in found] == ["writing", "writing"]
    assert {draft.writer.process for draft in found} == {holder.pid}
    for draft in found:
        age(draft.path)
    assert clean(tmp_path) == []
    holder.stdin.write("\n")
    assert "written" in done(holder)
    assert driver.token_in(tmp_path / "held") == "h"
    assert os.listdir(tmp_path) == ["held"]


def test_a_killed_writers_draft_is_taken_away_at_once(holder, tmp_path):
    holder.kill()
    holder.wait()
    found = drafts_under(tmp_path)
    assert [(draft.standing, draft.removable) for draft in found] == [("stopped", True)] * 2
    assert found[0].target == tmp_path / "held"
    assert len(clean(tmp_path)) == 2
    assert os.listdir(tmp_path) == []


def test_a_draft_of_another_machine_is_left_for_an_hour(tmp_path):
    draft = left_behind(tmp_path, "x", machine="elsewhere/1")
    (found,) = drafts_under(tmp_path)
    assert (found.standing, found.removable, found.as_dict()["machine"]) == (
        "unknown", False, "elsewhere",
    )  # fmt: skip
    assert clean(tmp_path) == []
    age(draft)
    assert clean(tmp_path) == [draft]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[" * 100_000, '{"noun": 1}', "\x00", '{"process": "x"}']
)
def test_a_signature_that_is_none(tmp_path, text):
    draft = left_behind(tmp_path, "x")
    (draft / "writer.json").write_text(text)
    (found,) = drafts_under(tmp_path)
    assert (found.writer, found.standing, found.removable) == (None, "unknown", False)


def test_a_signature_cannot_lead_elsewhere(tmp_path):
    for target in ("../x", "/etc/x", "..", "a/b", ""):
        draft = left_behind(tmp_path, target)
        (found,) = drafts_under(tmp_path)
        assert found.target is None
        shutil.rmtree(draft)


def test_links_are_not_followed(tmp_path):
    draft = left_behind(tmp_path / "far", "x")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / ".territoryopt-link").symlink_to(draft)
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far")
    assert drafts_under(tmp_path / "near") == []
    assert clean(tmp_path / "near") == []
    assert draft.exists()


def test_a_draft_taken_for_one_that_was_left_is_made_again(tmp_path, monkeypatch):
    """The broom comes between the making of a draft and its signature."""
    real, swept = os.open, []

    def open_(path, *args, **named):
        if str(path).endswith("writer.json") and not swept:
            swept.append(path)
            assert clean(tmp_path) == [Path(path).parent]
        return real(path, *args, **named)

    monkeypatch.setattr(drafts.os, "open", open_)
    driver.put(tmp_path / "x", "n")
    assert swept
    assert driver.token_in(tmp_path / "x") == "n"


# -- two writers --------------------------------------------------------------------------------


def test_the_second_writer_waits_and_then_is_told_who_writes(holder, tmp_path, monkeypatch):
    monkeypatch.setattr(kinds, "claimed", lambda *a, **how: locks.claimed(*a, wait=0.2))
    with pytest.raises(InputError) as told:
        driver.put(tmp_path / "held", "n")
    (fault,) = told.value.problems
    assert f"another process is writing this test folder (process {holder.pid} on" in str(fault)
    assert "Wait for it, or give another place" in str(fault)
    holder.kill()  # and its lock is gone with it
    holder.wait()
    driver.put(tmp_path / "held", "n")
    assert driver.token_in(tmp_path / "held") == "n"


def test_the_second_writer_gets_through_when_the_first_is_done(holder, tmp_path):
    timer = threading.Timer(0.3, lambda: (holder.stdin.write("\n"), holder.stdin.flush()))
    timer.start()
    driver.put(tmp_path / "held", "n")
    timer.join()
    assert "written" in holder.stdout.readline()
    assert driver.token_in(tmp_path / "held") == "n"
    holder.wait(timeout=30)
    assert os.listdir(tmp_path) == ["held"]


def test_of_two_that_may_not_overwrite_one_wins(tmp_path):
    children = [start("once", tmp_path / "x", token) for token in "ab"]
    said = [done(child) for child in children]
    assert sorted(text.split()[0] for text in said) == ["the", "written"]
    assert "the folder holds a test already" in "".join(said)
    assert driver.token_in(tmp_path / "x") == "ab"[said.index("written\n")]


def test_what_came_meanwhile_is_not_overwritten_unasked(tmp_path):
    def fill(draft):
        driver.fill(draft, "n")

    def rude(draft):  # a program that knows nothing of our locks
        fill(draft)
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "thesis.txt").write_text("years of work")

    with pytest.raises(InputError, match="is no test folder"):
        driver.KIND.write(tmp_path / "x", rude, overwrite=False)
    assert (tmp_path / "x" / "thesis.txt").read_text() == "years of work"
    assert os.listdir(tmp_path) == ["x"]


def test_a_race_of_writers_leaves_one_whole_and_readers_always_find_it(quick):
    target = quick / "x"
    driver.put(target, "s")
    children = [start("race", target, token, 25) for token in "abc"]
    absent = 0
    while any(child.poll() is None for child in children):
        absent += not target.exists()
        time.sleep(0.001)
    for child in children:
        done(child)
    assert driver.token_in(target) in "abc"
    assert os.listdir(quick) == ["x"]
    if placing._renameat2() is not None:
        assert absent == 0


def test_threads_exclude_each_other_too(tmp_path):
    threads = [threading.Thread(target=driver.race, args=(tmp_path / "x", token, 3))
               for token in "ab"]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert driver.token_in(tmp_path / "x") in "ab"
    assert os.listdir(tmp_path) == ["x"]


def test_a_run_folder_is_claimed_before_the_work(tmp_path, monkeypatch):
    """A second `solve` of the same folder is refused before it searched, and leaves no trace."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("territoryopt.solving.solve", lambda *a, **k: pytest.fail("it searched"))
    with topt.claim_run("runs/one"):
        found = []
        args = ["solve", str(TINY), "-m", str(TINY / "model.toml"), "--out", "runs/one"]
        second = threading.Thread(target=lambda: found.append(CliRunner().invoke(main, args)))
        second.start()  # a thread of its own holds no claim of ours
        second.join()
    (result,) = found
    assert result.exit_code == 2
    assert "another process is writing this run folder (process" in result.stderr
    assert os.listdir(tmp_path) == []


def test_a_claim_can_be_written_into(tmp_path):
    with driver.KIND.claim(tmp_path / "a" / "x", False):
        driver.put(tmp_path / "a" / "x", "n", overwrite=False)
        assert len(drafts_under(tmp_path)) == 1
    assert os.listdir(tmp_path / "a") == ["x"]
    with pytest.raises(InputError, match="holds a test already"), \
            driver.KIND.claim(tmp_path / "a" / "x", False):  # fmt: skip
        pass


def test_a_place_without_locks_is_written_all_the_same(tmp_path, monkeypatch):
    import errno
    import fcntl

    def none(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    driver.put(tmp_path / "x", "n")
    draft = left_behind(tmp_path, "x")
    (found,) = drafts_under(tmp_path)
    assert (found.standing, found.removable) == ("unknown", False)
    age(draft)
    assert clean(tmp_path) == [draft]


def test_a_file_that_came_meanwhile_is_not_overwritten_unasked(tmp_path):
    target = tmp_path / "x.txt"
    with locks.claimed(target, "file"):
        said: list[str] = []

        def second() -> None:
            try:
                write_text(target, "second")
            except InputError as error:
                said.append(str(error))

        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        target.write_text("first")
    thread.join()
    assert "the file exists already" in said[0]
    assert target.read_text() == "first"


# -- a full disk --------------------------------------------------------------------------------


@pytest.fixture
def full_disk(tmp_path):
    """A disk of 1 MB, and a function that leaves so many bytes free on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
                          capture_output=True, check=False)  # fmt: skip
    if made.returncode:
        pytest.skip("mounting a small disk takes more rights than these")

    def leave(free: int) -> None:
        ballast = disk / "ballast"
        ballast.unlink(missing_ok=True)
        space = os.statvfs(disk)
        with ballast.open("wb") as handle:
            handle.write(b"x" * max(0, space.f_bavail * space.f_frsize - free))

    yield disk, leave
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_the_earlier_run(full_disk):
    disk, leave = full_disk
    write, read = driver.run_pair(disk / "run")
    write("old")
    said = set()
    for free in range(0, 80_001, 4096):
        leave(free)
        try:
            write("new")
            said.add("written")
        except InputError as error:
            said.add(str(error))
            assert read() == "old"
        assert set(os.listdir(disk)) == {"run", "ballast"}
        if "written" in said:
            break
    assert read() == "new"
    (failed,) = said - {"written"}
    assert failed.endswith("disk/run cannot be written: No space left on device")


@pytest.mark.parametrize("what", ["workbook", "report", "pages", "owners"])
def test_a_full_disk_leaves_the_earlier_files(full_disk, tmp_path, what):
    disk, leave = full_disk
    instance, model = topt.read_instance(TINY), topt.load_model(TINY / "model.toml")
    folder = topt.write_run(topt.solve(instance, model), instance, model, tmp_path / "run")
    run = topt.read_run(folder)
    write = {
        "workbook": lambda: topt.write_workbook(run, disk / "a.xlsx", overwrite=True),
        "report": lambda: topt.write_report(run, disk / "a.html", overwrite=True),
        "pages": lambda: topt.write_rep_pages(run, disk / "a", overwrite=True),
        "owners": lambda: topt.write_owners(run, "plain", disk / "a", overwrite=True),
    }[what]
    write()
    before = {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()}
    for free in (0, 4096):
        leave(free)
        with pytest.raises(InputError, match="cannot be written: No space left on device"):
            write()
        found = {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()}
        found.pop(disk / "ballast")
        assert found == before


@pytest.mark.parametrize(
    ("what", "size"), [("kind", 0), ("kind", 1000), ("file", 0), ("file", 1000), ("run", 1000)]
)
def test_a_limit_on_files_is_told_like_a_full_disk(tmp_path, what, size):
    found = json.loads(done(start("limit", what, tmp_path, size)))
    assert found["said"].endswith("cannot be written: File too large")
    assert (found["read"], found["there"]) == ("old", ["target"])


@pytest.mark.parametrize("call", ["fsync", "chmod", "mkdir"])
def test_any_call_that_fails_leaves_what_was_there(tmp_path, monkeypatch, call):
    driver.put(tmp_path / "x", "o")

    def fail(*args, **named):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(*((os, "fsync", fail) if call == "fsync" else (Path, call, fail)))
    with pytest.raises(InputError, match=r"test folder .*x cannot be written: Input/output"):
        driver.put(tmp_path / "x", "n")
    monkeypatch.undo()
    assert driver.token_in(tmp_path / "x") == "o"
    assert os.listdir(tmp_path) == ["x"]


def test_a_search_is_not_lost_with_its_disk(full_disk, tmp_path, monkeypatch):
    disk, leave = full_disk
    (tmp_path / "kept").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "kept"))
    args = ["solve", str(TINY), "-m", str(TINY / "model.toml"), "--out", str(disk / "run")]
    for more in ([], ["--json"]):
        leave(0)
        result = CliRunner().invoke(main, [*args, *more])
        assert result.exit_code == 2
        told = result.stdout if more else result.stderr
        assert "cannot be written: No space left on device" in told
        assert "the run is kept in another folder instead" in told
        assert ("This plan costs 4,050 USD" in result.stdout) == (not more)
        assert os.listdir(disk) == ["ballast"]
    kept = sorted((tmp_path / "kept").glob("*/run"))
    assert [topt.read_run(folder).record["objective"] for folder in kept] == [4050.0, 4050.0]
    if more:
        problems = json.loads(result.stdout)["error"]["problems"]
        assert problems[1]["value"] in map(str, kept)


def test_a_search_that_can_be_kept_nowhere_says_so(tmp_path, monkeypatch):
    def fail(*args, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("territoryopt.runs.write_table", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    args = ["solve", str(TINY), "-m", str(TINY / "model.toml"), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2
    assert "could not be kept anywhere else either" in result.stderr
    assert "This plan costs 4,050 USD" in result.stdout


# -- a power cut --------------------------------------------------------------------------------


def test_all_is_on_the_disk_before_the_rename_and_the_name_after_it(tmp_path, monkeypatch):
    calls = []
    fsync, swap, replace = os.fsync, placing.swap, os.replace

    def where(handle):
        return Path(os.readlink(f"/proc/self/fd/{handle}")) if os.path.isdir("/proc") else handle

    monkeypatch.setattr(os, "fsync", lambda h: (calls.append(where(h).name), fsync(h)))
    monkeypatch.setattr(placing, "swap", lambda *a: (calls.append("RENAME"), swap(*a))[1])
    monkeypatch.setattr(os, "replace", lambda *a: (calls.append("RENAME"), replace(*a)))
    driver.put(tmp_path / "x", "n")
    assert calls == ["a", "b", "record.json", "new", "RENAME", tmp_path.name]
    calls.clear()
    driver.put(tmp_path / "x", "m")
    assert calls[:6] == ["a", "b", "record.json", "new", "RENAME", tmp_path.name]
    calls.clear()
    write_file(tmp_path / "f.txt", driver.fill_file)
    assert calls == ["new.txt", "RENAME", tmp_path.name]
    assert files.refuse_file(tmp_path / "f.txt", True).read_text() == "text"
