"""The 60 generalized assignment problems gap1..gap12 of the OR-Library, to proven optimality."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from runner import ARRAY_BACKENDS, run

from territoryopt.problem import Band, Problem

NAMES = [f"gap{k}-{n}" for k in range(1, 13) for n in range(5)]


def read_gap(path: Path) -> Problem:
    """`m n`, m rows of n costs, m rows of n resource uses, m capacities."""
    numbers = np.array(path.read_text().split(), dtype=np.float64)
    m, n = int(numbers[0]), int(numbers[1])
    cost, use = numbers[2 : 2 + 2 * m * n].reshape(2, m, n)
    capacity = numbers[2 + 2 * m * n : 2 + 2 * m * n + m]
    return Problem.from_arrays(cost.T, [Band("capacity", use.T, upper=capacity)])


@pytest.fixture(scope="module")
def best_known(outside_data) -> dict[str, float]:
    with (outside_data / "gap" / "best_known.csv").open() as file:
        return {
            row["instance"]: float(row["best_known_value"])
            for row in csv.DictReader(file)
            if row["proven_optimal"] == "yes"
        }


@pytest.mark.outside_data
@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_gap_is_solved_to_its_proven_optimum(name, backend, outside_data, best_known):
    problem = read_gap(outside_data / "gap" / name)
    got = run(backend, problem, seconds=120, threads=1)
    assert got.outcome.finished
    assert got.objective == best_known[name]
    assert got.bound == pytest.approx(best_known[name], abs=1e-6)
