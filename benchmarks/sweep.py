"""Does a sweep lose or repeat anything when its processes are killed, and is its answer that of
solving one by one?

    python benchmarks/sweep.py                       # 50 scenarios on us-field, two workers
    python benchmarks/sweep.py --scenarios 12        # a shorter look

Three passes over the same scenarios, a grid of prices, each to a gap of 0.5 %:

1. `territoryopt sweep` with two worker processes in a process of its own. After a quarter of the
   scenarios one worker is killed (SIGKILL), after half of them the sweep itself; then the same
   command is run again.
2. The same on a Dask LocalCluster of two processes, of which one is killed after a quarter.
3. One by one in one process.

Written to results/sweep.csv: seconds of each, how many were solved how often, and how many plans of
1 and 2 differ from 3.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from recording import append

import territoryopt as topt
from territoryopt.scenarios.preparing import prepare
from territoryopt.scenarios.sweep import read_sweep, sweep

HERE = Path(__file__).resolve().parent
US_FIELD = HERE.parent / "instances" / "us-field"
FIELDS = (
    "date", "scenarios", "workers", "gap", "killed_run_s", "kept_at_kill", "second_run_s", "solved",
    "solved_twice", "lost", "cluster_s", "cluster_lost", "sequential_s", "unlike_sequential",
    "cluster_unlike_sequential", "mean_solve_s", "longest_solve_s", "load",
)  # fmt: skip


def page_of(folder: Path, scenarios: int) -> Path:
    """A page with the base and a grid of prices: so many scenarios in all."""
    hand_overs = [0.02, 0.04, 0.066, 0.09, 0.12, 0.15, 0.18]
    rows = -(-(scenarios - 1) // len(hand_overs))
    driving = [50 + 5 * k for k in range(rows)]
    lines = [
        "[base]", f'instance = "{US_FIELD}"', 'model = "balanced-field-sales"',
        "[search]", "gap = 0.005", "seconds = 3600", "seed = 0", "",
    ]  # fmt: skip
    points = [(d, h) for d in driving for h in hand_overs][: scenarios - 1]
    for d, h in points:
        lines += [
            f"[scenarios.drive-{d}-hand-{h:g}]".replace("0.", "0_"),
            f"model.goals.driving.price = {d}",
            f"model.goals.hand_overs.price = {h}",
        ]
    path = folder / "scenarios.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def stamps(folder: Path) -> dict[str, int]:
    """When each run was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/result.json")}


def children(pid: int) -> list[int]:
    """The workers of a process: those that run Python and do not only watch resources."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            line = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z" and b"spawn_main" in line:
            found.append(int(stat.parent.name))
    return found


def killed_sweep(page: Path, out: Path, workers: int, total: int) -> dict[str, object]:
    """The sweep with a worker killed, then itself, then run again."""
    command = [sys.executable, "-m", "territoryopt", "sweep", str(page), "--out", str(out)]
    command += ["--workers", str(workers)]
    began = time.monotonic()
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    worker = 0
    while len(stamps(out)) < total // 2 and running.poll() is None:
        if not worker and len(stamps(out)) >= total // 4:
            worker = children(running.pid)[0]
            os.kill(worker, signal.SIGKILL)
            print(f"killed worker {worker} at {len(stamps(out))} of {total}", flush=True)
        time.sleep(0.05)
    orphans = children(running.pid)
    running.kill()
    running.wait()
    first, before = time.monotonic() - began, stamps(out)
    print(f"killed the sweep at {len(before)} of {total}", flush=True)
    time.sleep(2)
    left = [pid for pid in orphans if Path(f"/proc/{pid}").exists()]
    print(f"workers that go on without it: {len(left)}", flush=True)
    began = time.monotonic()
    done = subprocess.run([*command, "--json"], check=False, capture_output=True, text=True)
    second, after = time.monotonic() - began, stamps(out)
    record = json.loads(done.stdout)
    kept = {s["folder"] for s in record["scenarios"] if s["kept"]}
    twice = sum(after[name] != before[name] for name in before) + len(set(before) ^ kept)
    print(f"run again: exit {done.returncode}, {len(after)} of {total}, {len(kept)} kept, "
          f"{twice} solved twice", flush=True)  # fmt: skip
    return {
        "killed_run_s": first, "kept_at_kill": len(before), "second_run_s": second,
        "solved": len(after), "solved_twice": twice, "lost": total - len(after),
    }  # fmt: skip


def cluster_sweep(page: Path, out: Path, workers: int, total: int) -> float:
    """The sweep on a cluster of processes, one of which is killed."""
    from distributed import LocalCluster

    killed: list[int] = []
    began = time.monotonic()
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
        silence_logs=50,
    ) as cluster:  # fmt: skip

        def kill(step: object) -> None:
            if not killed and len(stamps(out)) >= total // 4:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)
                print(f"killed a worker of the cluster at {len(stamps(out))}", flush=True)

        sweep(page, out, scheduler=cluster.scheduler_address, progress=kill)
    return time.monotonic() - began


def plans(folder: Path) -> dict[str, tuple[float, dict[str, str]]]:
    return {o.name: (run.record["objective"], run.record["alignment"])
            for o, run in read_sweep(folder)}  # fmt: skip


def sequential(page: Path, room: Path, told: Callable[[str], None]) -> tuple[dict, list[float]]:
    """Every scenario solved one after the other in this process."""
    prepared = prepare(page)
    found, seconds = {}, []
    for ready in prepared.scenarios:
        result = topt.solve(prepared.instance(ready, room), ready.model, threads=1,
                            time_limit=3600, gap=0.005, seed=0)  # fmt: skip
        found[ready.name] = result.objective, result.as_dict()["alignment"]
        seconds.append(result.seconds)
        told(f"{ready.name}: {result.objective:,.0f} after {result.seconds:.1f} s")
    return found, seconds


def main() -> int:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--scenarios", type=int, default=50)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--out", type=Path, default=HERE / "results")
    given = asked.parse_args()
    total, workers = given.scenarios, given.workers
    with tempfile.TemporaryDirectory(prefix="sweep-") as name:
        room = Path(name)
        page = page_of(room, total)
        row: dict[str, object] = {
            "date": time.strftime("%Y-%m-%d"), "scenarios": total, "workers": workers, "gap": 0.005,
        }  # fmt: skip
        row |= killed_sweep(page, room / "processes", workers, total)
        row["cluster_s"] = cluster_sweep(page, room / "cluster", workers, total)
        row["cluster_lost"] = total - len(stamps(room / "cluster"))
        began = time.monotonic()
        alone, seconds = sequential(page, room / "alone", lambda text: print(text, flush=True))
        row["sequential_s"] = time.monotonic() - began
        for key, folder in (("unlike_sequential", "processes"),
                            ("cluster_unlike_sequential", "cluster")):  # fmt: skip
            found = plans(room / folder)
            row[key] = sum(found.get(name) != plan for name, plan in alone.items())
        row["mean_solve_s"] = sum(seconds) / len(seconds)
        row["longest_solve_s"] = max(seconds)
    row["load"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else ""
    shown = {k: f"{v:.1f}" if isinstance(v, float) and k != "gap" else v for k, v in row.items()}
    for key, value in shown.items():
        print(f"{key}: {value}")
    append(given.out / "sweep.csv", FIELDS, [[shown[key] for key in FIELDS]])
    lost = row["lost"] or row["solved_twice"] or row["cluster_lost"]
    return 1 if lost or row["unlike_sequential"] or row["cluster_unlike_sequential"] else 0


if __name__ == "__main__":
    sys.exit(main())
