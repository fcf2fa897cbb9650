"""Rows to CSV as they come, and what all scripts share on their command lines.

`results/<benchmark>.csv` has one line per (instance, seed, solver); `<benchmark>-trajectories.csv`
the plans and bounds on the way; `runs.csv` what each run id ran on. All are appended to; a run
that is stopped keeps what it has.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from measure import Job, Row, measured
from questions import HERE, Question

KEY = (
    "run", "instance", "accounts", "reps", "seed", "tightness", "potential_tightness", "skew",
    "skills", "solver",
)  # fmt: skip
FIELDS = (
    *KEY, "threads", "time_limit", "status", "objective", "bound", "proved_bound", "wall_s",
    "cpu_s", "build_wall_s", "build_cpu_s", "memory_gib", "memory_before_gib", "note",
)  # fmt: skip
POINT = (*KEY, "wall_s", "cpu_s", "objective", "bound")
RUN = (
    "run", "benchmark", "date_utc", "commit", "cpu", "cores", "ram_gib", "python", "territoryopt",
    "highspy", "ortools", "pyomo", "numpy", "numba", "command",
)  # fmt: skip
PEERS_BY_DEFAULT = "engine,highspy_arrays,cpsat,pyomo_highs"


class Size(NamedTuple):
    """accounts x reps, and wall seconds where the size has its own."""

    accounts: int
    reps: int
    time: float | None = None

    @staticmethod
    def parse(text: str) -> Size:
        """From "1000x20" or "1000x20:30"; ValueError otherwise."""
        size, _, time = text.partition(":")
        accounts, reps = size.lower().split("x")
        return Size(int(accounts), int(reps), float(time) if time else None)


def sizes(text: str) -> list[Size]:
    """From "1000x20,5000x50:60"."""
    return [Size.parse(part) for part in text.split(",")]


def seeds(text: str) -> list[int]:
    """From "1-5" or "1,3,4"; both ends included."""
    out: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    return out


def parser(description: str | None, time: float, peers: str = "") -> argparse.ArgumentParser:
    """--seeds, --time, --threads, --out and, where there are peers, --peers."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--seeds", type=seeds, default=seeds("1-5"), help="1-5 (the reported ones)")
    made.add_argument("--time", type=float, default=time, help="wall seconds to build and solve")
    made.add_argument("--threads", type=int, default=2)
    made.add_argument("--out", type=Path, default=HERE / "results")
    if peers:
        made.add_argument(
            "--peers", default=peers, help=f"of {PEERS_BY_DEFAULT}; engine:highs names a backend"
        )
    return made


class Recorder:
    """Runs jobs one after the other and writes each at once."""

    def __init__(self, benchmark: str, out: Path) -> None:
        self.run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
        self.benchmark, self.out, self.rows = benchmark, out, 0
        out.mkdir(parents=True, exist_ok=True)
        append(out / "runs.csv", RUN, [self._about()])

    def measure(self, job: Job, instance: str) -> Row:
        """Run, write, print."""
        row = measured(job)
        self.write(job, instance, row)
        return row

    def write(self, job: Job, instance: str, row: Row) -> None:
        """Write and print what a job gave."""
        asked = job.question
        known = [self.run, instance, asked.accounts, asked.reps, asked.seed]
        known += [asked.tightness, asked.potential_tightness, asked.skew, asked.skills, job.solver]
        figures = (
            job.threads, job.time, row.status, row.objective, row.bound, row.proved, row.wall,
            row.cpu, row.build_wall, row.build_cpu, row.memory, row.memory_before, row.note,
        )  # fmt: skip
        append(self.out / f"{self.benchmark}.csv", FIELDS, [[*known, *figures]])
        if row.trajectory:
            points = [[*known, *point] for point in row.trajectory]
            append(self.out / f"{self.benchmark}-trajectories.csv", POINT, points)
        self.rows += 1
        hardness = f"(±{asked.tightness:g}, skew {asked.skew:g}, skills {asked.skills:g}) "
        print(
            f"{instance} {asked.accounts:,} x {asked.reps:,} "
            f"{hardness if self.benchmark == 'hardness' else ''}seed {asked.seed} {job.solver}: "
            f"{row.status}, plan {row.objective:,.6g}, bound {row.bound:,.6g}, "
            f"{row.wall:.1f} s, {row.cpu:.1f} CPU s, {row.memory:.2f} GiB {row.note}".rstrip(),
            flush=True,
        )

    def _about(self) -> list[object]:
        libraries = [_version(name) for name in RUN[8:14]]
        words = [Path(sys.argv[0]).name, *sys.argv[1:]]
        command = " ".join("..." if os.sep in word else word for word in words)
        return [
            self.run, self.benchmark, f"{datetime.now(UTC):%Y-%m-%d %H:%M}", _commit(), _cpu(),
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            _ram(), platform.python_version(), *libraries, command,
        ]  # fmt: skip


def append(path: Path, fields: tuple[str, ...], rows: Iterable[Iterable[object]]) -> None:
    """Append rows; ValueError where the file has other columns."""
    new = not path.is_file()
    if not new:
        with path.open(encoding="utf-8", newline="") as file:
            found = tuple(next(csv.reader(file), ()))
        if found != fields:
            raise ValueError(f"{path.name} has other columns; move it away, or give another --out")
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(fields)
        writer.writerows(rows)


def finish(recorder: Recorder, work: Callable[[], None], picture: bool = True) -> int:
    """Do the work; Ctrl-C ends it with what is written kept. Then the plots. An exit code."""
    code = 0
    try:
        work()
    except KeyboardInterrupt:
        code = 130
        print(f"\nstopped; {recorder.rows} rows are kept", flush=True)
    if picture:
        from plots import draw

        print(draw(recorder.out, recorder.benchmark), flush=True)
    return code


def jobs(
    question: Question, peers: str, time: float, threads: int
) -> Iterable[Job]:  # fmt: skip
    """One job per peer named in "engine,engine:highs,cpsat"."""
    for named in peers.split(","):
        peer, _, backend = named.strip().partition(":")
        yield Job(question, peer, time, threads, backend or "auto")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "source" if name == "territoryopt" else "not installed"


def _commit() -> str:
    """The commit, with + where sources differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=HERE.parent, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "src", "benchmarks/*.py")
        return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _ram() -> float:
    if not hasattr(os, "sysconf"):
        return float("nan")
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
