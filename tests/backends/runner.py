"""Runs a backend as `solve` would, without `solve`."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from territoryopt.backends import get_backend
from territoryopt.backends.protocol import Limits, Outcome, Watch
from territoryopt.problem import Problem

ARRAY_BACKENDS = ("highs", "cpsat")


@dataclass
class Run:
    outcome: Outcome
    watch: Watch

    @property
    def objective(self) -> float:
        return self.watch.objective

    @property
    def bound(self) -> float:
        return self.watch.claimed

    @property
    def rep(self) -> np.ndarray | None:
        return self.watch.rep


def run(
    backend: str,
    problem: Problem,
    seconds: float = 60.0,
    gap: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    start=None,
) -> Run:
    """Solve the contracted problem with one backend."""
    unit = problem.contracted
    watch = Watch(unit)
    limits = Limits(time.monotonic() + seconds, gap, seed, threads)
    outcome = get_backend(backend).solve(unit, limits, start, watch)
    return Run(outcome, watch)
