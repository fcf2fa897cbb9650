"""What a worker does: one scenario solved, and its run folder as the bytes of its files.

The worker may be on another machine, so it is given the data and gives files back; the process that
asked puts them in place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.instance import Instance
from territoryopt.model import parse_model
from territoryopt.runs import write_run
from territoryopt.solving import solve


@dataclass(frozen=True, eq=False)
class Task:
    """A scenario to be solved. model: the TOML text, and how messages name it. search: options of
    `solve`. scenario: what the run keeps of it."""

    instance: Instance
    model: tuple[str, str]
    where: Mapping[str, Mapping[str, list[str]]]
    search: Mapping[str, Any]
    scenario: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Solved:
    """A scenario solved: the files of its run folder. failure: why there are none."""

    files: Mapping[str, bytes]
    failure: str = ""


def solve_one(task: Task) -> Solved:
    """Solve one scenario; whatever goes wrong is told and not raised, so that it can travel."""
    try:
        return _solved(task)
    except Exception as error:
        return Solved({}, f"{type(error).__name__}: {error}")


def _solved(task: Task) -> Solved:
    model = parse_model(*task.model)
    result = solve(task.instance, model, **task.search)
    moved = owned = 0
    if result.rep is not None:
        current = result.problem.current
        owned = int((current >= 0).sum())
        moved = int(np.count_nonzero((current >= 0) & (current != result.rep)))
    scenario = {**task.scenario, "moved": moved, "owned": owned}
    with tempfile.TemporaryDirectory(prefix="territoryopt-") as room:
        folder = write_run(
            result, task.instance, model, Path(room) / "run", where=task.where or None,
            scenario=scenario,
        )  # fmt: skip
        return Solved({path.name: path.read_bytes() for path in folder.iterdir()})
