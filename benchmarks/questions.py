"""What a benchmark asks: one record that names an instance, and the arrays it stands for.

A question is small and plain, so that it can be sent to a child process, which draws or reads the
instance by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from gap_instances import GapInstance, gap_instances, read_gap
from generate import FloatArray, territories
from globe import globe

if TYPE_CHECKING:
    import territoryopt as topt

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Question:
    """An instance by name. kind: "territories", "gap" (generated, `name` is C, D or E),
    "gap_file" (`name` of a file), "us_hospitals" or "globe" (`globe.py`: costs from the engine's
    own travel and fit). The rest is what the generator takes."""

    kind: str = "territories"
    name: str = "territories"
    accounts: int = 0
    reps: int = 0
    seed: int = 0
    tightness: float = 0.10
    potential_tightness: float = 0.15
    skew: float = 1.0
    skills: float = 0.2

    def load(self) -> Arrays:
        """Draw or read the instance."""
        return _LOADERS[self.kind](self)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Side(NamedTuple):
    """lower <= sum over a rep's accounts of amount <= upper. amount: float[accounts] or
    float[accounts, reps]; lower, upper: float[reps]."""

    name: str
    amount: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, eq=False)
class Arrays:
    """An instance as every peer gets it. table(): cost float[accounts, reps] (inf = barred) and
    the sides; problem(): the engine's own `Problem`. whole: data are whole numbers."""

    accounts: int
    reps: int
    table: Callable[[], tuple[FloatArray, list[Side]]]
    problem: Callable[[], topt.Problem]
    whole: bool = False


def data_folder() -> Path:
    """The folder of public data sets; FileNotFoundError where TERRITORYOPT_DATA names none."""
    folder = Path(os.environ.get("TERRITORYOPT_DATA", "") or "not-set")
    if not folder.is_dir():
        raise FileNotFoundError("set TERRITORYOPT_DATA to the folder of public data sets")
    return folder


def _territories(asked: Question) -> Arrays:
    drawn = territories(
        asked.accounts, asked.reps, asked.seed, asked.tightness, asked.potential_tightness,
        asked.skew, asked.skills,
    )  # fmt: skip
    one = np.zeros(1, dtype=np.int64)
    for kernel in (drawn.rows, drawn.workload):  # compiled, or read from a cache, by now
        kernel(0, 1)
    for kernel in (drawn.pairs, drawn.workload_pairs):
        kernel(one, one)

    def table() -> tuple[FloatArray, list[Side]]:
        cost, workload = drawn.dense()
        sides = [("workload", workload, drawn.workload_band)]
        sides += [("potential", drawn.potential, drawn.potential_band)]
        full = np.full(drawn.reps, 1.0)
        return cost, [Side(n, a, low * full, high * full) for n, a, (low, high) in sides]

    return Arrays(drawn.accounts, drawn.reps, table, drawn.problem)


def _globe(asked: Question) -> Arrays:
    """For sizes that no peer takes: there is no table."""
    drawn = globe(
        asked.accounts, asked.reps, asked.seed, asked.tightness,
        potential_tightness=asked.potential_tightness, skew=asked.skew, skills=asked.skills,
    )  # fmt: skip
    problem = drawn.problem()
    one = np.zeros(1, dtype=np.int64)
    for cost in problem.costs:  # compiled, or read from a cache, by now
        cost.amounts.block(0, 1)
        cost.at(one, one)

    def table() -> tuple[FloatArray, list[Side]]:
        raise ValueError("territories on the globe are not stored as a table")

    return Arrays(asked.accounts, asked.reps, table, lambda: problem)


def _gap(asked: Question) -> Arrays:
    return _of_gap(gap_instances(asked.name, asked.reps, asked.accounts, asked.seed))


def _gap_file(asked: Question) -> Arrays:
    return _of_gap(read_gap(data_folder() / "gap" / asked.name))


def _of_gap(gap: GapInstance) -> Arrays:
    def table() -> tuple[FloatArray, list[Side]]:
        least = np.full(len(gap.capacity), -np.inf)
        return gap.cost.T, [Side("capacity", gap.use.T, least, gap.capacity)]

    return Arrays(gap.cost.shape[1], gap.cost.shape[0], table, gap.problem, whole=True)


def _us_hospitals(_: Question) -> Arrays:
    """7,005 hospitals x 50 reps, beds within +-10 %, least km; from files, through the model."""
    import territoryopt as topt

    instance = topt.read_instance(data_folder() / "us_hospitals")
    problem = topt.compile_problem(instance, topt.load_model(HERE / "us_hospitals.toml"))

    def table() -> tuple[FloatArray, list[Side]]:
        n = problem.accounts
        cost = np.where(problem.eligible_block(0, n), problem.cost_block(0, n), np.inf)
        rows = problem.rows
        return cost, [Side(r.name, r.amounts.block(0, n), r.lower, r.upper) for r in rows]

    return Arrays(problem.accounts, problem.reps, table, lambda: problem)


_LOADERS: dict[str, Callable[[Question], Arrays]] = {
    "territories": _territories,
    "globe": _globe,
    "gap": _gap,
    "gap_file": _gap_file,
    "us_hospitals": _us_hospitals,
}
