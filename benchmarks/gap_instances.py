"""The generalized assignment problem (GAP): types C, D, E by the published recipe, and files.

m agents (reps), n jobs (accounts); every job to one agent, uses within capacities, least cost.
Recipe: Yagiura, Ibaraki and Glover 2004 (An ejection chain approach for the generalized
assignment problem, INFORMS Journal on Computing 16(2) 133-151) and 2006 (A path relinking
approach with ejection chains for the generalized assignment problem, European Journal of
Operational Research 169(2) 548-569). A generated instance follows the recipe, not the published
files: its best value is not in the literature.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from generate import FloatArray

if TYPE_CHECKING:
    import territoryopt as topt

KINDS = ("C", "D", "E")


@dataclass(frozen=True, eq=False)
class GapInstance:
    """cost, use: float[agents, jobs]; capacity: float[agents]; all whole numbers; minimise."""

    cost: FloatArray
    use: FloatArray
    capacity: FloatArray

    def problem(self) -> topt.Problem:
        """The engine's `Problem`: jobs are accounts, agents are reps."""
        import territoryopt as topt

        band = topt.Band("capacity", self.use.T, upper=self.capacity)
        return topt.Problem.from_arrays(self.cost.T, [band])


def gap_instances(kind: str, reps: int, jobs: int, seed: int) -> GapInstance:
    """One instance of type C, D or E; m = reps, n = jobs.

    C: use U{5..25}, cost U{10..50}. D: use U{1..100}, cost 111 - use + U{-10..10}.
    E: use floor(1 - 10 ln u), cost floor(1000 / use - 10 v), u, v from U(0, 1].
    Capacity of every agent: floor(0.8 sum of its uses / m). ValueError for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)} (found {kind!r})")
    rng = np.random.default_rng([seed, KINDS.index(kind), reps, jobs])
    shape = (reps, jobs)
    if kind == "C":
        use, cost = rng.integers(5, 26, shape), rng.integers(10, 51, shape)
    elif kind == "D":
        use = rng.integers(1, 101, shape)
        cost = 111 - use + rng.integers(-10, 11, shape)
    else:
        use = np.floor(1 - 10 * np.log(1 - rng.random(shape))).astype(np.int64)
        cost = np.floor(1000 / use - 10 * (1 - rng.random(shape))).astype(np.int64)
    capacity = (4 * use.sum(axis=1)) // (5 * reps)
    return GapInstance(cost.astype(np.float64), use.astype(np.float64), capacity.astype(np.float64))


def read_gap(path: Path) -> GapInstance:
    """A file of whole numbers: `m n`, m rows of n costs, m rows of n uses, m capacities.

    Raises ValueError where the file does not hold as many numbers as it announces.
    """
    numbers = np.array(path.read_text(encoding="ascii").split(), dtype=np.float64)
    m, n = (int(k) for k in numbers[:2])
    if len(numbers) != 2 + 2 * m * n + m:
        raise ValueError(f"{path.name}: {m} x {n} needs {2 + 2 * m * n + m} numbers")
    cost, use = numbers[2 : 2 + 2 * m * n].reshape(2, m, n)
    return GapInstance(cost, use, numbers[2 + 2 * m * n :])


def best_known(folder: Path) -> dict[str, tuple[float, bool]]:
    """Best known value (least cost) and whether it is proven optimal, by the name of the file."""
    with (folder / "best_known.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["instance"]: (float(row["best_known_value"]), row["proven_optimal"] == "yes")
            for row in csv.DictReader(file)
            if row["sense"] == "min"
        }
