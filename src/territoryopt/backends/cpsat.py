"""CP-SAT behind our arrays: the linear model in whole numbers (`integers.py`)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from territoryopt.backends.integers import IntegerModel, integer_model
from territoryopt.backends.linear import linear_model
from territoryopt.backends.protocol import Limits, Outcome, Watch, log
from territoryopt.backends.rounding import OPEN
from territoryopt.backends.running import run_watched
from territoryopt.backends.sizes import too_many_pairs
from territoryopt.errors import BackendError
from territoryopt.problem import IntArray, Problem, evaluate

MOST_PAIRS = 2_000_000
"""Beyond this presolve alone takes minutes: CP-SAT is for problems of some thousand accounts."""

INTERLEAVE_FROM = 4
"""Threads from which CP-SAT runs several workers."""


def load() -> tuple[Any, str]:
    """The `cp_model` module and "CP-SAT <version>"; raises BackendError where it is missing."""
    try:
        ortools = import_module("ortools")
        return import_module("ortools.sat.python.cp_model"), f"CP-SAT {ortools.__version__}"
    except ImportError as error:
        raise BackendError(
            f"ortools cannot be loaded ({error}); install it with: pip install 'ortools<9.16'"
        ) from error


class CpSatBackend:
    """CP-SAT on the whole model; see `Backend`. One seed and number of threads give one plan,
    unless the time limit cuts the search short."""

    name = "cpsat"

    def refuses(self, problem: Problem) -> str | None:
        """Why this backend cannot take this problem; None where it can."""
        return too_many_pairs(problem, MOST_PAIRS, "CP-SAT")

    def solve(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        """See `Backend.solve`. Raises BackendError if ortools is missing or breaks."""
        cp_model, by = load()
        if limits.left <= 0 or watch.stopping.is_set():
            return Outcome(by)
        model = integer_model(linear_model(problem))
        built = _build(cp_model, model)
        if start is not None:
            watch.plan(start)
            _hint(built, model.hint(start))
        solver = _solver(cp_model, limits)

        def bound(value: float) -> None:
            # CP-SAT hands out a double of an integer and the offset: taken down by what that may
            # round.
            watch.bound((value - abs(value) * 2.0**-51) / model.money, by)

        solver.best_bound_callback = bound
        callback = _collector(cp_model, model, watch)

        def work() -> Any:
            # Left to its own clock, CP-SAT stops within a fraction of a second.
            solver.parameters.max_time_in_seconds = max(0.01, limits.left)
            return solver.solve(built, callback)

        status = run_watched(work, solver.stop_search, limits, watch)
        if status is None:
            return Outcome(by, notes=model.notes)
        return _outcome(cp_model, solver, status, model, by, watch)


def _money(model: IntegerModel, value: float) -> float:
    """A bound on the whole costs as currency/year."""
    bound = value / model.money
    # What the division and the sum may have rounded is taken off.
    return bound + model.linear.offset - 4e-16 * (abs(bound) + abs(model.linear.offset))


def _build(cp_model: Any, model: IntegerModel) -> Any:
    """The CpModel, written into its protocol buffer array by array."""
    helper = import_module("ortools.sat.python.cp_model_helper")
    built = cp_model.CpModel()
    proto = built.proto
    pairs = model.linear.pairs
    binary = helper.IntegerVariableProto()
    binary.domain.extend([0, 1])
    proto.variables.extend([binary] * len(pairs))
    for most in model.most[len(pairs) :]:
        proto.variables.add().domain.extend([0, int(most)])
    for i in range(model.linear.problem.accounts):
        one = proto.constraints.add().exactly_one
        one.literals.extend(np.arange(pairs.start[i], pairs.start[i + 1]))
    starts, columns, values = model.matrix.indptr, model.matrix.indices, model.matrix.data
    infinite = 2**63 - 1
    for r in range(model.linear.problem.accounts, len(model.lower)):
        low, high = int(model.lower[r]), int(model.upper[r])
        linear = proto.constraints.add().linear
        here = slice(starts[r], starts[r + 1])
        linear.vars.extend(columns[here])
        linear.coeffs.extend(values[here])
        if low > high:
            # A band with no whole number inside: the constraint that never holds.
            low, high = 1, 0
        linear.domain.extend(
            [low if low > -OPEN else -infinite - 1, high if high < OPEN else infinite]
            if low <= high
            else []
        )
    used = np.flatnonzero(model.cost)
    proto.objective.vars.extend(used)
    proto.objective.coeffs.extend(model.cost[used])
    proto.objective.scaling_factor = 1.0
    # The gap is relative to the whole objective, so CP-SAT is told the offset, in its own unit.
    proto.objective.offset = model.linear.offset * model.money
    return built


def _hint(built: Any, values: IntArray) -> None:
    built.proto.solution_hint.vars.extend(np.arange(len(values)))
    built.proto.solution_hint.values.extend(values)


def _solver(cp_model: Any, limits: Limits) -> Any:
    solver = cp_model.CpSolver()
    set_ = solver.parameters
    # Workers that share what they find as it comes make runs differ; interleaved, they share at
    # fixed points, and the same seed gives the same plan. Two interleaved workers were eight times
    # slower than one on gap1..gap12 and found worse plans on larger problems, so one searches
    # alone until there are enough for interleaving to bring in other strategies.
    set_.num_workers = int(limits.threads) if limits.threads >= INTERLEAVE_FROM else 1
    set_.interleave_search = limits.threads >= INTERLEAVE_FROM
    set_.random_seed = int(limits.seed) % 2**31
    set_.relative_gap_limit = float(limits.gap)
    set_.absolute_gap_limit = 0.0
    # Ctrl-C is ours: CP-SAT would swallow it and return as if nothing had happened.
    set_.catch_sigint_signal = False
    set_.log_search_progress = False
    # 9.15 calls wrong plans optimal on rows that share a continuous column (google/or-tools#5293,
    # and our own worst-row goals: 28.33 instead of 16.22); the presolve step at fault,
    # at-most-ones met with linear rows, is what this limit switches off.
    set_.presolve_inclusion_work_limit = 0
    return solver


def _plan(model: IntegerModel, solution: Any) -> IntArray:
    values = np.fromiter(solution, dtype=np.float64, count=len(model.cost))
    return model.linear.plan_of(values)


def _collector(cp_model: Any, model: IntegerModel, watch: Watch) -> Any:
    class Collector(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
        """Hands every plan to the watch."""

        def on_solution_callback(self) -> None:
            watch.plan(_plan(model, self.response_proto.solution))

    return Collector()


def _outcome(
    cp_model: Any, solver: Any, status: Any, model: IntegerModel, by: str, watch: Watch
) -> Outcome:
    if status == cp_model.MODEL_INVALID:
        raise BackendError(f"{by} refused the model: its numbers are too large for int64")
    response = solver.response_proto
    notes = model.notes
    held = True
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        rep = _plan(model, response.solution)
        watch.plan(rep)
        held = evaluate(model.linear.problem, rep).holds
        if not held:
            notes += (
                f"the last plan of {by} breaks a rule beyond the tolerance by our own check, and "
                "was not used",
            )
        if len(np.flatnonzero(model.cost)):
            watch.bound(_money(model, float(response.inner_objective_lower_bound)), by)
        else:
            watch.bound(_money(model, 0.0), by)
    log.debug("%s: %s", by, solver.response_stats())
    infeasible = status == cp_model.INFEASIBLE
    watch.tell()
    return Outcome(
        by=by,
        finished=infeasible or (status == cp_model.OPTIMAL and held),
        infeasible=infeasible,
        notes=notes,
    )
