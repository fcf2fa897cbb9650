"""Any solver that Pyomo reaches, and a researcher's own constraints on top of the problem."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.backends.protocol import Limits, Outcome, Watch
from territoryopt.backends.pyomo_call import (
    NO_PLAN,
    NO_PLAN_OR_UNBOUNDED,
    READY,
    Call,
    Reply,
    Solver,
)
from territoryopt.backends.pyomo_model import plan_from_pyomo, set_start, to_pyomo
from territoryopt.backends.running import run_watched
from territoryopt.problem import IntArray, Problem, evaluate
from territoryopt.problem.amounts import blocks

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel

MOST_PAIRS = 5_000_000
"""A model this large takes about a minute and 10 GB to build."""

TRUST = 1e-6
"""How far a plan may lie from the bound of a search that is complete (relative to the plan, at
least this much money): solvers work to a tolerance."""


class PyomoBackend:
    """The model of `to_pyomo`, solved by `solver` (a name of Pyomo's `SolverFactory`).

    extend: called with the model before it is solved, to add constraints, variables and sets of
    one's own. It must leave `total` the only objective and what is there as it is. A plan is
    still checked and priced by our own arithmetic, which knows the problem and not the extension.

    With `extend`, every claim is about the extended model: its bound goes to the watch signed
    "..., model extended" and says nothing about plans outside the extension; that it has no
    solution is a note, never `Outcome.infeasible`; and a plan that the watch held before is
    dropped, because nobody checked it against the extension.
    """

    def __init__(
        self,
        solver: str = "appsi_highs",
        extend: Callable[[ConcreteModel], None] | None = None,
    ) -> None:
        self.solver = solver
        self.extend = extend
        self.name = "pyomo" if solver == "appsi_highs" else f"pyomo:{solver}"

    @property
    def extended(self) -> bool:
        """Whether the answers are about a model that is narrower than the problem."""
        return self.extend is not None

    def refuses(self, problem: Problem) -> str | None:
        """Why this backend cannot take this problem; None where it can."""
        if problem.accounts * problem.reps <= MOST_PAIRS:
            return None
        count = 0
        for start, stop in blocks(problem.accounts, problem.reps):
            count += int(np.count_nonzero(problem.eligible_block(start, stop)))
            if count > MOST_PAIRS:
                return f"Pyomo takes about a minute and 10 GB for {MOST_PAIRS:,} eligible pairs"
        return None

    def solve(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        """See `Backend.solve`. Building the model counts against the limit.

        Raises BackendError if the solver is missing or breaks; what `extend` raises is passed on.
        """
        solver = Solver(self.solver)
        by = solver.by + (", model extended" if self.extended else "")
        if self.extended:
            watch.rep, watch.objective = None, np.inf

        def work() -> Outcome:
            return self._run(solver, by, problem, limits, start, watch)

        outcome = run_watched(work, solver.stop, limits, watch)
        return outcome if outcome is not None else Outcome(by)

    def _run(
        self,
        solver: Solver,
        by: str,
        problem: Problem,
        limits: Limits,
        start: IntArray | None,
        watch: Watch,
    ) -> Outcome:
        began = time.monotonic()
        model = to_pyomo(problem)
        warm = start is not None and evaluate(problem, start).holds
        if start is not None and warm:
            set_start(model, problem, start)
        comparable = self._extend(model)
        # Pyomo translates the model before the solver's clock starts, about as long as we built.
        built = time.monotonic() - began
        seconds = limits.left - min(built, limits.left / 2)
        if seconds <= 0 or watch.stopping.is_set():
            return Outcome(by, notes=("the time was up when the model was built",))
        call = Call(seconds, limits.gap, limits.threads, limits.seed, warm)
        reply = solver.solve(model, call)
        if watch.stopping.is_set() and not reply.loaded:
            return Outcome(by, notes=reply.notes)
        notes = list(reply.notes)
        held = not reply.loaded or self._take(model, problem, watch, by, notes)
        if comparable and np.isfinite(reply.bound):
            watch.bound(reply.bound, by)
            held = held and self._closed(reply, limits, watch, by, notes)
        return self._outcome(by, reply, held, comparable, notes)

    def _extend(self, model: Any) -> bool:
        """Add the extension; whether the objective is still the problem's."""
        if self.extend is None:
            return True
        from pyomo.environ import Objective

        before = model.total.expr
        self.extend(model)
        active = list(model.component_data_objects(Objective, active=True))
        return len(active) == 1 and active[0] is model.total and active[0].expr is before

    def _take(self, model: Any, problem: Problem, watch: Watch, by: str, notes: list[str]) -> bool:
        plan = plan_from_pyomo(model, problem)
        watch.plan(plan)
        breaches = evaluate(problem, plan).breaches
        if breaches:
            first = " ".join(x for x in (breaches[0].rule, breaches[0].label) if x)
            notes.append(
                f"the plan of {by} breaks {first!r} beyond the tolerance by our own check, and "
                "was not used"
            )
        return not breaches

    def _closed(
        self, reply: Reply, limits: Limits, watch: Watch, by: str, notes: list[str]
    ) -> bool:
        """Whether a search called complete leaves no more than the gap, at our own objective.
        (HiGHS 1.12.0 can end "optimal" with a bound that its own plan does not reach.)"""
        size = abs(watch.objective)
        left = watch.objective - reply.bound
        if reply.condition not in READY or left <= limits.gap * size + TRUST * max(1.0, size):
            return True
        notes.append(
            f"{by} called its plan of {watch.objective:,.6g} optimal with a bound of "
            f"{reply.bound:,.6g}; the gap counts as open"
        )
        return False

    def _outcome(
        self, by: str, reply: Reply, held: bool, comparable: bool, notes: list[str]
    ) -> Outcome:
        # Without an extension nothing in the model is unbounded.
        none = reply.condition in NO_PLAN + (() if self.extended else NO_PLAN_OR_UNBOUNDED)
        if self.extended and none:
            notes.append(
                f"{by}: the extended model has no solution. The problem without it may have one"
            )
        elif self.extended:
            notes.append(f"the bound of {by} holds for plans that keep to the extension")
        if not comparable:
            notes.append(
                "the extension changed the objective: the solver's bound is of another question "
                "and was not used"
            )
        ready = reply.condition in READY
        if not ready and not none and not reply.loaded:
            notes.append(f"{by} found no plan: {reply.condition}")
        return Outcome(
            by=by,
            finished=none or (ready and held),
            infeasible=none and not self.extended,
            notes=tuple(notes),
        )
