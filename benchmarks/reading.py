"""What is in results/*.csv, as records: the latest run of each instance, gaps to one bound.

Only numbers that a script wrote are read here; nothing is solved.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

Case = tuple[str, int, int, float, float, float, float]
"""instance, accounts, reps, tightness, potential_tightness, skew, skills: all but the seed."""

BEST_KNOWN = "best_known"
"""The solver of rows that hold a published value."""

SLACK = 1e-6
"""A bound may lie above a plan by this much, relative, before it is taken for wrong."""


@dataclass(frozen=True)
class Record:
    """A line of a CSV. Units as in `measure.Row`; gap, proved_gap: of the plan, as fractions,
    to the best bound that any solver of the run gave and to the engine's best proved one."""

    run: str
    case: Case
    seed: int
    solver: str
    time_limit: float
    status: str
    objective: float
    bound: float
    proved: float
    wall: float
    cpu: float
    build_wall: float
    build_cpu: float
    memory: float
    memory_before: float
    best_bound: float = -math.inf
    best_proved: float = -math.inf

    @property
    def gap(self) -> float:
        return gap_of(self.objective, self.best_bound)

    @property
    def proved_gap(self) -> float:
        return gap_of(self.objective, self.best_proved)

    @property
    def instance(self) -> str:
        return self.case[0]

    @property
    def accounts(self) -> int:
        return self.case[1]

    @property
    def reps(self) -> int:
        return self.case[2]


def gap_of(objective: float, bound: float) -> float:
    """(objective - bound) / |objective|, at least 0; inf without a plan or a bound."""
    if not math.isfinite(objective) or not math.isfinite(bound) or objective == 0:
        return math.inf
    return max(0.0, (objective - bound) / abs(objective))


def records(path: Path) -> list[Record]:
    """The records of a CSV, of the latest run of each (case, seed); none where there is no file.

    Runs are never mixed within a (case, seed): solvers that are compared ran together.
    """
    together: dict[tuple[Case, int], list[Record]] = defaultdict(list)
    for line in _lines(path):
        record = _record(line)
        together[record.case, record.seed].append(record)
    out = []
    for group in together.values():
        last = max(record.run for record in group)
        out += with_bounds([record for record in group if record.run == last])
    return out


def with_bounds(group: list[Record]) -> list[Record]:
    """The records of one instance with the best bounds among them; a bound above a plan that is
    in hand is wrong, and is left out."""
    best = min((record.objective for record in group), default=math.inf)
    most = best + SLACK * abs(best) if math.isfinite(best) else math.inf

    def highest(bounds: list[float]) -> float:
        return max((b for b in bounds if math.isfinite(b) and b <= most), default=-math.inf)

    proved = highest([record.proved for record in group])
    bound = highest([proved, *(record.bound for record in group)])
    changes = {"best_bound": bound, "best_proved": proved}
    return [Record(**{**vars(record), **changes}) for record in group]


def wrong_bounds(group: list[Record]) -> list[Record]:
    """The records whose own bound lies above a plan of the group."""
    best = min((record.objective for record in group), default=math.inf)
    return [r for r in group if math.isfinite(best) and r.bound > best + SLACK * abs(best)]


def trajectories(path: Path) -> dict[tuple[str, Case, int, str], list[tuple[float, ...]]]:
    """(wall, CPU, objective, bound) in the order of time, by run, case, seed and solver."""
    out: dict[tuple[str, Case, int, str], list[tuple[float, ...]]] = defaultdict(list)
    for line in _lines(path):
        point = tuple(float(line[name]) for name in ("wall_s", "cpu_s", "objective", "bound"))
        out[line["run"], _case(line), int(line["seed"]), line["solver"]].append(point)
    return out


def reached(points: list[tuple[float, ...]], objective: float) -> tuple[float, float]:
    """(wall, CPU) seconds at the first point with a plan at least that good; inf where none is.

    An objective of inf asks for any plan.
    """
    for wall, cpu, found, _ in points:
        if math.isfinite(found) and found <= objective * (1 + 1e-12):
            return wall, cpu
    return math.inf, math.inf


def about(folder: Path, runs: set[str]) -> list[str]:
    """One line on each run: date, commit, machine, libraries."""
    return [
        f"{line['run']}: {line['date_utc']} UTC, commit {line['commit']}, {line['cpu']}, "
        f"{line['cores']} cores, {line['ram_gib']} GiB, Python {line['python']}, "
        f"highspy {line['highspy']}, ortools {line['ortools']}, pyomo {line['pyomo']}, "
        f"numpy {line['numpy']}"
        for line in _lines(folder / "runs.csv")
        if line["run"] in runs
    ]


def _lines(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _case(line: dict[str, str]) -> Case:
    return (
        line["instance"], int(line["accounts"]), int(line["reps"]), float(line["tightness"]),
        float(line["potential_tightness"]), float(line["skew"]), float(line["skills"]),
    )  # fmt: skip


def _record(line: dict[str, str]) -> Record:
    numbers = (
        "objective", "bound", "proved_bound", "wall_s", "cpu_s", "build_wall_s", "build_cpu_s",
        "memory_gib", "memory_before_gib",
    )  # fmt: skip
    return Record(
        line["run"], _case(line), int(line["seed"]), line["solver"], float(line["time_limit"]),
        line["status"], *(float(line[name]) for name in numbers),
    )  # fmt: skip
