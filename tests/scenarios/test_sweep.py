"""A sweep loses nothing and does nothing twice, whatever is killed; and finds what solving the
scenarios one by one finds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scenario_pages import HEAD, SIX, one_by_one

import territoryopt as topt
from territoryopt.scenarios import sweep as sweeping
from territoryopt.scenarios.crew import Processes
from territoryopt.scenarios.sweep import folder_names, read_sweep, sweep
from territoryopt.scenarios.working import TRIES, carry_out

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
ROOT = Path(__file__).parents[2]
MANY = (
    HEAD + '[grid]\n[grid.values]\n"goals.driving.price" = [10, 20, 30, 40, 50, 60, 70, 80, 90]\n'
)


def found_in(folder):
    """(objective, plan) of every scenario of a sweep folder."""
    return {
        outcome.name: (run.record["objective"], run.record["alignment"])
        for outcome, run in read_sweep(folder)
    }


def stamps(folder):
    """When each run was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/result.json")}


def test_a_sweep_finds_what_solving_one_by_one_finds(place, tmp_path):
    page, steps = place(SIX), []
    made = sweep(page, tmp_path / "out", workers=2, progress=steps.append)
    assert [o.name for o in made.outcomes] == [
        "base", "wide", "growth", "price=20", "price=40", "price=60",
    ]  # fmt: skip
    assert all(o.status == "optimal" and not o.kept and o.tries == 1 for o in made.outcomes)
    assert found_in(tmp_path / "out") == one_by_one(page)
    told = [step.finished.name for step in steps if step.finished]
    assert sorted(told) == sorted(o.name for o in made.outcomes)
    assert max(len(step.running) for step in steps) == 2
    record = json.loads((tmp_path / "out" / "sweep.json").read_text())
    assert record["schema"] == "territoryopt/sweep/1"
    assert [s["status"] for s in record["scenarios"]] == ["optimal"] * 6
    assert set(made.to_frame()["name"]) == set(told)
    growth = read_sweep(tmp_path / "out")[2][1]
    assert Path(growth.instance.folder).parent == tmp_path / "out" / "instances"
    changes = json.loads((Path(growth.instance.folder) / "changes.json").read_text())
    assert changes["changes"][0]["in_words"] == "A-1: potential x 1.05"
    # again: nothing is solved, nothing is written
    before = stamps(tmp_path / "out")
    again = sweep(page, tmp_path / "out")
    assert all(o.kept for o in again.outcomes)
    assert stamps(tmp_path / "out") == before
    # another price for one: only that is solved again
    page.write_text(SIX.replace("0.3", "0.35"), encoding="utf-8")
    third = sweep(page, tmp_path / "out", workers=1)
    assert [o.name for o in third.outcomes if not o.kept] == ["wide"]
    changed = {k for k, v in stamps(tmp_path / "out").items() if v != before[k]}
    assert changed == {"wide"}


def test_a_killed_worker_loses_no_result(place, tmp_path, monkeypatch):
    crews, killed = [], []

    class Watched(Processes):
        def __init__(self, workers):
            super().__init__(workers)
            crews.append(self)

    def kill_one(step):
        if step.finished is not None and len(killed) < 2:
            for pid in filter(alive, crews[0].pids[::-1]):
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)
                break

    monkeypatch.setattr(sweeping, "Processes", Watched)
    page = place(SIX)
    made = sweep(page, tmp_path / "out", workers=2, progress=kill_one)
    assert len(killed) == 2
    assert [o.status for o in made.outcomes] == ["optimal"] * 6
    assert found_in(tmp_path / "out") == one_by_one(page)


def children(pid):
    """The processes that a process has begun, and theirs."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            child = int(stat.parent.name)
            found += [child, *children(child)]
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_the_whole_sweep_is_killed_and_goes_on(place, tmp_path):
    page, out = place(MANY), tmp_path / "out"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "territoryopt", "sweep", str(page), "--out", str(out)]
    running = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(stamps(out)) < 3 and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    workers = children(running.pid)
    assert running.poll() is None
    running.kill()
    running.wait()
    before = stamps(out)
    assert 3 <= len(before) < 10
    deadline = time.monotonic() + 60
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers)), "workers of a sweep that is gone go on"
    made = sweep(page, out, workers=2)
    assert made.done == 10
    assert {o.folder for o in made.outcomes if o.kept} == set(before)
    after = stamps(out)
    assert {name: after[name] for name in before} == before
    assert found_in(out) == one_by_one(page)


def test_ctrl_c_keeps_what_is_done(place, tmp_path):
    page = place(MANY)
    sent = []

    def interrupt(step):
        if step.finished is not None and not sent:
            sent.append(1)
            raise KeyboardInterrupt

    made = sweep(page, tmp_path / "out", workers=2, progress=interrupt)
    assert made.stopped == "interrupted"
    assert 1 <= made.done < 10
    assert {o.status for o in made.outcomes} == {"optimal", "waiting"}
    assert sweep(page, tmp_path / "out").done == 10


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_ctrl_c_on_a_terminal_reaches_the_workers_too_and_is_no_matter(place, tmp_path):
    page, out = place(MANY), tmp_path / "out"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "territoryopt", "sweep", str(page), "--out", str(out)]
    running = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)  # fmt: skip
    deadline = time.monotonic() + 120
    while len(stamps(out)) < 2 and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    workers = children(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    said, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors == ""
    assert "Run the same command again to go on." in said
    assert 2 <= len(stamps(out)) < 10
    deadline = time.monotonic() + 60
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))


def test_a_time_limit_ends_it_and_the_next_call_goes_on(place, tmp_path):
    page = place(SIX)
    made = sweep(page, tmp_path / "out", workers=1, time_limit=1e-3)
    assert made.stopped == "time limit"
    assert made.done < 6
    assert sweep(page, tmp_path / "out").done == 6


def test_two_sweeps_do_not_write_one_folder(place, tmp_path):
    page = place(SIX)
    refused = []

    def second(step):
        if not refused:
            with pytest.raises(topt.InputError, match="another sweep is writing this folder") as e:
                sweep(page, tmp_path / "out")
            refused.append(e)

    assert sweep(page, tmp_path / "out", progress=second).done == 6
    assert refused


def kill_itself(task):
    """A task that takes its worker down where it says so."""
    if task == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "wrong":
        raise ValueError("no such thing")
    if isinstance(task, Path) and not task.exists():
        task.write_text("been here")
        os.kill(os.getpid(), signal.SIGKILL)
    return f"{task} done"


def test_a_task_that_kills_its_workers_sinks_no_other(tmp_path):
    tasks = {"a": "a", "poison": "poison", "b": "b", "wrong": "wrong",
             "once": tmp_path / "mark", "c": "c"}  # fmt: skip
    done, failed = {}, {}
    ended = carry_out(
        {name: lambda t=task: t for name, task in tasks.items()}, kill_itself, Processes(2),
        done=done.__setitem__, failed=lambda name, *why: failed.__setitem__(name, why),
    )  # fmt: skip
    assert ended is None
    assert set(done) == {"a", "b", "c", "once"}
    assert failed["poison"][1] == TRIES
    assert failed["poison"][0].startswith("its worker was lost 3 times")
    assert failed["wrong"] == ("ValueError: no such thing", 1)


def test_a_scenario_that_fails_is_told_and_tried_again(place, tmp_path):
    page = place(SIX.replace('"highs"', '"nothing"'))
    made = sweep(page, tmp_path / "out", workers=1)
    assert {o.status for o in made.outcomes} == {"failed"}
    assert "nothing" in made.outcomes[0].why
    assert read_sweep(tmp_path / "out") == []


def test_a_cluster_survives_a_killed_worker(place, tmp_path):
    distributed = pytest.importorskip("distributed")
    page, killed = place(SIX), []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        silence_logs=50,
    ) as cluster:  # fmt: skip

        def kill_one(step):
            if step.finished is not None and not killed:
                pid = next(iter(cluster.workers.values())).pid
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

        made = sweep(page, tmp_path / "out", scheduler=cluster.scheduler_address, progress=kill_one)
    assert killed
    assert [o.status for o in made.outcomes] == ["optimal"] * 6
    assert found_in(tmp_path / "out") == one_by_one(page)


def test_a_cluster_that_goes_away_loses_nothing(place, tmp_path):
    distributed = pytest.importorskip("distributed")
    page = place(SIX)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None,
        silence_logs=50,
    ) as cluster:  # fmt: skip

        def close(step):
            if step.finished is not None:
                cluster.close()

        with pytest.raises(topt.BackendError, match="the connection to the scheduler was lost"):
            sweep(page, tmp_path / "out", scheduler=cluster.scheduler_address, progress=close)
    made = sweep(page, tmp_path / "out", workers=1)
    assert made.done == 6
    assert sum(o.kept for o in made.outcomes) >= 1


def test_a_scheduler_that_is_not_there(place, tmp_path):
    pytest.importorskip("distributed")
    from territoryopt.scenarios.crew import Cluster

    with pytest.raises(topt.BackendError, match="cannot be reached"):
        Cluster("tcp://127.0.0.1:1", seconds=0.5)


def test_names_as_folders():
    names = ["base", "../../x", "CON", "a/b", "x" * 500, "Base", "instances", "sweep.json",
             "tolerance=0.05,price=75", "\x00", "é"]  # fmt: skip
    found = folder_names(names)
    assert found["base"] == "base"
    assert len({n.casefold() for n in found.values()}) == len(names)
    assert not {"instances", "sweep.json", "sweep.lock"} & set(found.values())
    for name in found.values():
        assert Path(name).name == name
        assert len(name) < 100
        assert name.casefold() != "con"


def test_folders_that_are_not_ours(place, tmp_path):
    page, other = place(SIX), tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    with pytest.raises(topt.InputError, match="exists and is no sweep folder"):
        sweep(page, other)
    with pytest.raises(topt.InputError, match="there is a file where"):
        sweep(page, page)
    with pytest.raises(topt.InputError, match="is no sweep folder: it has no sweep"):
        read_sweep(other)
    with pytest.raises(topt.InputError, match="Give 3 or more"):
        sweep(page, tmp_path / "out", workers=3, threads=2)


def test_threads_are_shared():
    assert sweeping._workers(None, None, 1.0, None) == (2, 1)
    assert sweeping._workers(2, 5, 1.0, None) == (2, 2)
    assert sweeping._workers(None, 1, 1.0, None) == (1, 1)
    assert sweeping._workers(4, None, 1.0, None) == (4, 1)
