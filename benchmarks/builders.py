"""Peers of `build.py`: everything up to the solver, and no further."""

from __future__ import annotations

import math
import time

from peers import Clock, Reply, highs_model, pyomo_model
from questions import Arrays

BUILT = Reply(None, -math.inf, "built")


def build_pyomo(arrays: Arrays, clock: Clock, seed: int, threads: int) -> Reply:
    """The plain Pyomo model, and its translation into HiGHS."""
    from pyomo.contrib.appsi.solvers.highs import Highs

    solver = Highs()
    solver.set_instance(pyomo_model(arrays))
    clock.built()
    return BUILT


def build_arrays(arrays: Arrays, clock: Clock, seed: int, threads: int) -> Reply:
    """Arrays by passModel."""
    highs_model(arrays)
    clock.built()
    return BUILT


def build_problem(arrays: Arrays, clock: Clock, seed: int, threads: int) -> Reply:
    """The engine's `Problem`, checked and copied: what its own searches read. Beyond 2 million
    pairs they are computed on demand, and nothing of that size is stored."""
    arrays.problem()
    clock.built()
    return BUILT


def build_engine_highs(arrays: Arrays, clock: Clock, seed: int, threads: int) -> Reply:
    """`Problem`, the engine's linear model, and that in HiGHS: the backend "highs"."""
    from territoryopt.backends.highs_session import Session
    from territoryopt.backends.linear import linear_model
    from territoryopt.backends.protocol import Limits

    limits = Limits(time.monotonic() + clock.left, seed=seed, threads=threads)
    Session(linear_model(arrays.problem().contracted), limits, relaxed=False)
    clock.built()
    return BUILT


BUILDERS = {
    "build_pyomo": build_pyomo,
    "build_arrays": build_arrays,
    "build_problem": build_problem,
    "build_engine_highs": build_engine_highs,
}
