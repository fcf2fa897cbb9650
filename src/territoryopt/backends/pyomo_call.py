"""One call of a solver through any of Pyomo's three kinds of interface, with one kind of answer.

APPSI (`appsi_...`) and the newer `pyomo.contrib.solver` (`highs`, `scip_direct`, ..._v2) are
called natively: their compatibility layers lose plans found by an interrupted run. Everything
else goes through the classic `solve`. None of them may raise because a run was not optimal.
"""

from __future__ import annotations

import io
import logging
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from territoryopt.backends.pyomo_options import DIALECTS, Dialect
from territoryopt.errors import BackendError, Fault, shortened

READY = ("optimal", "convergenceCriteriaSatisfied", "globallyOptimal")
NO_PLAN = ("infeasible", "provenInfeasible")
NO_PLAN_OR_UNBOUNDED = ("infeasibleOrUnbounded",)


@dataclass(frozen=True)
class Call:
    """What a solver is asked for: seconds, relative gap, threads, seed, begin at the values."""

    seconds: float
    gap: float
    threads: int
    seed: int
    warm: bool


@dataclass(frozen=True)
class Reply:
    """What came back. condition: Pyomo's word for why it stopped. bound: in the objective's
    unit, -inf where there is none. loaded: the model's variables hold a plan."""

    condition: str
    bound: float
    loaded: bool
    notes: tuple[str, ...] = ()


class Solver:
    """A solver by its name in Pyomo's `SolverFactory`."""

    def __init__(self, name: str) -> None:
        """Raises BackendError where the solver is missing, naming those that are not."""
        self.name = name
        self.dialect = DIALECTS.get(name, Dialect(name))
        opened = _open(name)
        if opened is None:
            there = ", ".join(available_solvers()) or "none"
            raise BackendError(
                [
                    Fault(
                        f"the solver {name!r} cannot be reached through Pyomo",
                        f"{self.dialect.remedy}. Available here: {there}",
                    )
                ]
            )
        self.pyomo = opened

    @property
    def by(self) -> str:
        """E.g. "HiGHS 1.12.0 via Pyomo"."""
        version: Any = ()
        with suppress(Exception), _quiet():
            version = tuple(self.pyomo.version() or ())
        while len(version) > 3 and version[-1] == 0:
            version = version[:-1]
        number = " " + ".".join(str(v) for v in version) if version else ""
        return f"{self.dialect.label}{number} via Pyomo"

    def stop(self) -> None:
        """Ask a solver that runs in this process to end; others keep to their time limit."""
        running = getattr(self.pyomo, "_solver_model", None)
        for method in ("cancelSolve", "interruptSolve", "terminate", "interrupt"):
            with suppress(Exception):
                getattr(running, method)()

    def solve(self, model: Any, call: Call) -> Reply:
        """Run. Raises BackendError if the solver breaks."""
        from pyomo.contrib.appsi.base import LegacySolverInterface as Appsi
        from pyomo.contrib.solver.common.base import LegacySolverWrapper as Newer

        try:
            with _quiet(), _own_output(self.pyomo, self.dialect):
                if isinstance(self.pyomo, Appsi):
                    return self._appsi(super(Appsi, self.pyomo), model, call)
                if isinstance(self.pyomo, Newer):
                    return self._newer(super(Newer, self.pyomo), model, call)
                return self._classic(model, call)
        except Exception as error:
            raise BackendError(f"{self.by} broke down: {self._why(error)}") from error

    def _why(self, error: Exception) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        last = str(getattr(self.pyomo, "_log", None) or "").strip().splitlines()[-1:]
        return shortened("; ".join([text, *last]), 500)

    def _options(self, call: Call, *names: str) -> tuple[dict[str, object], tuple[str, ...]]:
        """The asked options by the solver's own names, and a note on those it has no name for."""
        out = dict(self.dialect.always)
        lost = []
        for name in names:
            option = getattr(self.dialect, name)
            if option:
                out[option] = getattr(call, name)
            else:
                lost.append(name)
        notes = (f"{self.name} was not told: {', '.join(lost)}",) if lost else ()
        return out, notes

    def _appsi(self, native: Any, model: Any, call: Call) -> Reply:
        options, notes = self._options(call, "gap", "threads", "seed")
        self.pyomo.options = options
        self.pyomo.config.time_limit = call.seconds
        self.pyomo.config.load_solution = False
        self.pyomo.config.warmstart = call.warm
        results = native.solve(model)
        loaded = False
        with suppress(Exception):
            results.solution_loader.load_vars()
            loaded = True
        return _reply(
            results.termination_condition.name,
            results.best_objective_bound,
            results.best_feasible_objective,
            loaded,
            notes,
        )

    def _newer(self, native: Any, model: Any, call: Call) -> Reply:
        options, notes = self._options(call, "seed")
        asked: dict[str, object] = {"solver_options": options}
        if "rel_gap" in self.pyomo.config:
            asked["rel_gap"] = call.gap
        if "warmstart_discrete_vars" in self.pyomo.config:
            asked["warmstart_discrete_vars"] = call.warm
        elif call.warm:
            notes += (f"{self.name} was not given the start",)
        results = native.solve(
            model,
            load_solutions=False,
            raise_exception_on_nonoptimal_result=False,
            time_limit=call.seconds,
            threads=call.threads,
            **asked,
        )
        loaded = False
        if results.incumbent_objective is not None:
            with suppress(Exception):
                results.solution_loader.load_vars()
                loaded = True
        return _reply(
            results.termination_condition.name,
            results.objective_bound,
            results.incumbent_objective,
            loaded,
            notes,
        )

    def _classic(self, model: Any, call: Call) -> Reply:
        from pyomo.opt import SolverStatus

        options, notes = self._options(call, "gap", "threads", "seed")
        self.pyomo.options.update(options)
        # Some read whole seconds only, and none reads a zero as "at once".
        seconds = max(1, int(call.seconds))
        asked: dict[str, object] = {"timelimit": seconds}
        if self.dialect.seconds:
            self.pyomo.options[self.dialect.seconds] = seconds
        elif self.name not in DIALECTS:
            notes += (f"{self.name} may not keep to the time limit: its option is not known",)
        if call.warm:
            if self.pyomo.warm_start_capable():
                asked["warmstart"] = True
            else:
                notes += (f"{self.name} was not given the start",)
        results = self.pyomo.solve(model, load_solutions=False, **asked)
        condition = str(results.solver.termination_condition)
        loaded = False
        if len(results.solution) > 0 and condition not in NO_PLAN + NO_PLAN_OR_UNBOUNDED:
            # Pyomo refuses what a stopped run found unless it is called aborted.
            if results.solver.status not in (SolverStatus.ok, SolverStatus.warning):
                results.solver.status = SolverStatus.aborted
            with suppress(Exception):
                model.solutions.load_from(results)
                loaded = True
        lower, upper = (_number(results.problem.get(k)) for k in ("Lower bound", "Upper bound"))
        if self.dialect.echoes and condition in READY:
            # Its gap is a share of the larger of plan and bound; the bound is, below zero.
            share = call.gap if upper >= 0 else call.gap / max(1 - call.gap, 1e-9)
            lower = upper - share * abs(upper)
        return _reply(condition, lower, upper, loaded, notes)


def available_solvers() -> tuple[str, ...]:
    """The listed solvers that Pyomo can reach here, by name. Takes a few seconds."""
    return tuple(name for name in DIALECTS if _open(name) is not None)


def _open(name: str) -> Any:
    import pyomo.environ as pyo

    with _quiet(), suppress(Exception):
        solver = pyo.SolverFactory(name)
        if solver is not None and solver.available(exception_flag=False):
            return solver
    return None


def _reply(
    condition: str, bound: object, objective: object, loaded: bool, notes: tuple[str, ...]
) -> Reply:
    value, found = _number(bound), _number(objective)
    # APPSI repeats the plan's own objective as the bound where HiGHS ended before it had one. A
    # solver that had closed the gap would have said so.
    if condition not in READY and math.isfinite(found) and value >= found:
        value = -math.inf
    return Reply(condition, value, loaded, notes)


def _number(value: object) -> float:
    """A finite bound, or -inf; Pyomo gives None, NaN, text and its own containers."""
    try:
        out = float(getattr(value, "value", value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return -math.inf
    return out if math.isfinite(out) and abs(out) < 1e50 else -math.inf


@contextmanager
def _quiet() -> Iterator[None]:
    """Pyomo warns on the console about missing programs and about runs that hit a limit; both
    are answers here."""
    logger = logging.getLogger("pyomo")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _own_output(solver: Any, dialect: Dialect) -> Iterator[None]:
    """Keep Pyomo from taking the standard output of the whole process while a silent solver runs:
    what the calling thread prints would be lost, for good if the solver never came back. Pyomo
    may have it while it hands the model over, when HiGHS prints its name whatever it is told."""
    modules: set[Any] = set()
    if dialect.silent:
        modules = {sys.modules[c.__module__] for c in type(solver).__mro__}
    taken = [(m, m.capture_output) for m in modules if hasattr(m, "capture_output")]

    def capture(output: Any = None, capture_fd: bool = False) -> Any:
        if getattr(solver, "_solver_model", None) is None:
            from pyomo.common.tee import capture_output

            return capture_output(output, capture_fd)
        return nullcontext(io.StringIO())

    for module, _ in taken:
        module.capture_output = capture
    try:
        yield
    finally:
        for module, original in taken:
            module.capture_output = original
