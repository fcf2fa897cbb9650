"""`solve`: from a problem, or an instance and a model, to a checked plan with its bound."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.backends import get_backend
from territoryopt.backends.auto import choose
from territoryopt.backends.protocol import Backend, Limits, Outcome, Progress, Watch
from territoryopt.backends.relaxation import Infeasibility
from territoryopt.backends.running import run_watched
from territoryopt.errors import BackendError, FaultList, InputError, TerritoryoptError
from territoryopt.gaps import OPTIMAL_GAP, relative_gap
from territoryopt.problem import TOLERANCE, IntArray, Prices, Problem, evaluate, plan_array, prove
from territoryopt.problem.screen import Impossible, screen
from territoryopt.problem.tighten import tighten
from territoryopt.reasons.conflict import Conflict, find_conflict
from territoryopt.result import Result, Status

if TYPE_CHECKING:
    from territoryopt.alignment import Alignment
    from territoryopt.instance import Instance
    from territoryopt.model import Model

log = logging.getLogger("territoryopt")

CLOSING_SHARE = 0.02
"""Share of the time limit kept for the final check, at most `CLOSING_SECONDS`."""
CLOSING_SECONDS = 1.0
SCREENED = 20_000_000
"""Pairs up to which problems are looked through before any search: beyond, the passes that the
prices need find what is impossible, too."""
TRUST = 1e-6
"""A plan may be better than a claimed bound by this much (relative) before the claim is called
wrong: solvers work to a tolerance."""


def solve(
    problem: Problem | Instance,
    model: Model | str | None = None,
    *,
    backend: str | Backend = "auto",
    time_limit: float = 60.0,
    gap: float = 1e-4,
    seed: int = 0,
    threads: int = 2,
    start: ArrayLike | Alignment | None = None,
    progress: Progress | None = None,
) -> Result:
    """The best alignment found, with a bound on every other.

    problem: a `Problem`, or an `Instance` together with a `model` (a `Model`, a path or a name).
    backend: "auto", "highs", "cpsat", "pyomo", "pyomo:<solver>", or a `Backend`. time_limit: wall
    seconds of the whole call. gap: relative gap at which to stop. start: a first plan,
    int[accounts] (-1 = none) or, of an instance, an `Alignment`. progress: called with seconds,
    best objective and best bound.

    No plan is a result, never an exception. Raises InputError for arguments that cannot be used,
    ModelError where the model does not fit, BackendError where a solver is missing or breaks.
    """
    began = time.monotonic()
    _check_arguments(problem, backend, time_limit, gap, seed, threads, progress)
    if not isinstance(problem, Problem):
        return _solve_files(problem, model, began, backend=backend, time_limit=time_limit, gap=gap,
                            seed=seed, threads=threads, start=start, progress=progress)  # fmt: skip
    if model is not None:
        raise InputError(["a model goes with an instance; a Problem has its rules already"])
    closing = min(CLOSING_SECONDS, CLOSING_SHARE * time_limit)
    limits = Limits(began + time_limit - closing, gap, seed, threads)
    told = _Told(progress)
    run = _Run(problem, limits, Watch(problem.contracted, told, began=began))
    told.watch = run.watch
    if start is not None and not run.offer(plan_array(problem, cast(ArrayLike, start))):
        run.notes.append("the start leaves accounts out or breaks a rule, and was not used")
    run.offer(problem.current)
    try:
        run.search(backend)
    except KeyboardInterrupt:
        run.watch.interrupted = True
    if told.failure is not None:
        raise told.failure
    return run.result()


def _solve_files(
    instance: Instance, model: Model | str | None, began: float, **options: Any
) -> Result:
    from territoryopt.alignment import Alignment
    from territoryopt.checking import aligned
    from territoryopt.compile import compile_problem, selected
    from territoryopt.model import Model, load_model

    if model is None:
        raise InputError(["an instance needs a model: a name, a path or a Model"])
    if not isinstance(model, Model):
        model = load_model(model)
    problem = compile_problem(instance, model)
    if isinstance(options["start"], Alignment):
        options["start"] = aligned(options["start"], selected(instance, model))
    options["time_limit"] = max(1e-3, options["time_limit"] - (time.monotonic() - began))
    result = solve(problem, **options)
    inputs = {**instance.hashes, "model": model.sha256}
    return replace(result, seconds=time.monotonic() - began, inputs=inputs)


@dataclass(eq=False)
class _Told:
    """The caller's `progress`. An error in it ends the search first, and is raised after that."""

    progress: Progress | None
    watch: Watch | None = None
    failure: Exception | None = None

    def __call__(self, seconds: float, objective: float, bound: float) -> None:
        if self.progress is None or self.failure is not None:
            return
        try:
            self.progress(seconds, objective, bound)
        except Exception as error:
            self.failure = error
            if self.watch is not None:
                self.watch.stopping.set()


@dataclass(eq=False)
class _Run:
    """One call of `solve` under way: what is known so far, and how it is known."""

    problem: Problem
    limits: Limits
    watch: Watch
    prices: Prices = field(init=False)
    tight: Problem = field(init=False)  # what is searched: the units, with bounds drawn in
    backend: str = "none"
    reason: str = ""
    outcome: Outcome | None = None
    infeasible: str = ""  # whose word it is that there is no plan
    facts: tuple[Impossible, ...] = ()
    conflict: Conflict | None = None
    certificate: Infeasibility | None = None
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prices = Prices.zero(self.problem)
        self.tight = tighten(self.watch.problem)

    def offer(self, rep: IntArray) -> bool:
        """Take a plan of accounts as a start; whether it is complete and holds."""
        first = rep[self.problem.units.first]
        whole = bool((rep >= 0).all()) and bool((first[self.problem.units.unit_of] == rep).all())
        rejected = self.watch.rejected
        if whole:
            self.watch.plan(first)
        return whole and self.watch.rejected == rejected

    def search(self, backend: str | Backend) -> None:
        solver, self.reason = _backend(backend, self.tight)
        self.backend = solver.name
        refusal = solver.refuses(self.tight)
        if refusal:
            raise _refused(solver.name, refusal)
        if not self.large:
            self.facts = screen(self.problem)
            if self.facts:
                self.infeasible = "proved"
                self.explain_conflict()
                return
            first = prove(self.tight)
            self.watch.bound(first.bound)
            self.watch.plan(first.cheapest)
            self.watch.tell()
        if not self.done:
            self.relax()
        if getattr(solver, "extended", False):
            # A researcher's own constraints: what was found so far was not asked to keep them.
            self.watch.forget_plan()
        if not self.done and not self.infeasible and self.limits.left > 0:
            self.ask(solver)
        if self.infeasible and self.watch.rep is None and not self.watch.stopping.is_set():
            self.explain_conflict()

    def ask(self, solver: Backend) -> None:
        """Let a backend search. One that is not ours is run at arm's length: it may never stop,
        and what it raises loses no plan that is in hand."""
        tight, limits, watch = self.tight, self.limits, self.watch

        def work() -> Outcome:
            return solver.solve(tight, limits, watch.rep, watch)

        rejected = watch.rejected
        try:
            if type(solver).__module__.startswith("territoryopt."):
                outcome: Outcome | None = work()
            else:
                outcome = run_watched(work, watch.stopping.set, limits, watch)
                if watch.rejected > rejected:
                    self.notes.append(
                        f"{watch.rejected - rejected:,} of the plans of the backend {solver.name} "
                        "break a rule by our own check, and were not used"
                    )
        except TerritoryoptError:
            raise
        except Exception as error:
            what = f"the backend {solver.name} broke down: {type(error).__name__}: {error}"
            if watch.rep is None:
                raise BackendError([what]) from error
            log.debug("%s", what, exc_info=True)
            self.notes.append(what)
            return
        if outcome is None:
            return
        self.outcome = outcome
        self.notes += outcome.notes
        if outcome.infeasible:
            self.infeasible = f"claimed by {outcome.by}"

    @property
    def done(self) -> bool:
        """Whether nothing is left to search for."""
        reached = relative_gap(self.watch.objective, self.watch.best_bound)
        if self.watch.interrupted or self.watch.stopping.is_set():
            return True
        return self.watch.rep is not None and reached <= max(self.limits.gap, OPTIMAL_GAP)

    def relax(self) -> None:
        """Prices from the LP relaxation, and the bound they prove by our own arithmetic."""
        from territoryopt.backends.relaxation import infeasibility, lp_prices

        answer = lp_prices(self.tight, self.limits, self.watch)
        self.watch.relaxation = answer.large
        if self.large and answer.large is not None:
            pairs = self.problem.accounts * self.problem.reps
            self.notes.append(f"the bound took {answer.large.passes} passes over {pairs:,} pairs")
        if answer.large is None and self.large:
            return  # left behind; what it proved until then is with the watch
        proof = prove(self.tight, answer.prices) if answer.large is None else answer.large.proof
        if answer.large is not None and self.tight.groupings:
            names = ", ".join(dict.fromkeys(part.name for part in self.tight.groupings))
            self.notes.append(
                f"the proved bound leaves out {names}: at this size the LP is solved without groups"
            )
        self.prices = proof.prices
        self.watch.proof = proof
        self.watch.bound(proof.bound)
        if proof.bound == np.inf:
            self.infeasible = "proved"  # an account that nobody may own
        elif np.isfinite(proof.bound):
            self.watch.plan(proof.cheapest)
            if (answer.rep >= 0).all():
                self.watch.plan(answer.rep)
        if answer.infeasible and self.limits.left > 0:
            known = answer.large.violation if answer.large is not None else None
            self.certificate = infeasibility(self.tight, self.limits, self.watch, known)
            if self.certificate.certified:
                self.infeasible = "proved"
        self.watch.tell()

    @property
    def large(self) -> bool:
        """Whether a pass over all pairs is so long that none is made without need."""
        return self.problem.accounts * self.problem.reps > SCREENED

    def explain_conflict(self) -> None:
        """Name the rules that cannot hold together; a second solver gives its word as well."""
        if self.large:
            self._name_conflict()
            return
        other = get_backend("highs" if self.backend == "cpsat" else "cpsat")
        if other.refuses(self.tight):
            other = get_backend("decomposition")
        limits = replace(self.limits, deadline=max(self.limits.deadline, time.monotonic() + 0.1))
        try:
            found = find_conflict(self.problem, other, limits, self.infeasible)
        except BackendError as error:
            self.notes.append(f"the rules to blame were not looked for: {error}")
            return
        if isinstance(found, Conflict):
            self.conflict = found
            return
        self.notes.append(
            f"'no plan' was {self.infeasible}, and is wrong: {other.name} found a plan"
        )
        self.infeasible = ""
        if found.rep is not None:
            self.offer(found.rep)
        if not self.done and self.limits.left > 0:
            self.ask(other)

    def _name_conflict(self) -> None:
        """The rules that the certificate of a large problem rests on; none is tried without."""
        found = self.certificate
        rules = dict.fromkeys(part.name for part in self.problem.exclusions)
        if found is not None and found.certified:
            rules = dict.fromkeys(row.rule for row in found.conflicts) | rules
            dearest = ", ".join(f"{row.rule} of {row.label}" for row in found.conflicts[:3])
            self.notes.append(
                f"any plan breaks hard rules by at least {found.violation:.3g} of their bounds "
                f"in all; the proof rests most on {dearest}"
            )
        self.conflict = Conflict(tuple(rules), False, self.infeasible)

    def result(self) -> Result:
        """The result, every number recomputed from the plan in hand."""
        watch, problem = self.watch, self.problem
        rep = None if watch.rep is None else watch.rep[problem.units.unit_of]
        found = None if rep is None else evaluate(problem, rep)
        if found is not None and not found.holds:  # families apart, this was checked when found
            raise AssertionError(f"a plan that fails its check: {found.breaches[:3]}")
        objective = np.inf if found is None else found.objective
        claimed, by = watch.claimed, watch.claimed_by
        notes = [*problem.notes, *watch.notes, *self.notes]
        if found is not None:
            if claimed > objective + self._tolerance(objective):
                notes.append(
                    f"the bound {claimed:,.6g} claimed by {by} is wrong: a plan of "
                    f"{objective:,.6g} is in hand. It was dropped"
                )
                claimed = -np.inf
            if self.infeasible:
                notes.append(f"'no plan' was {self.infeasible}, and is wrong: a plan is in hand")
        elif claimed == np.inf:
            claimed = -np.inf  # says no more than that there is no plan
        infeasible = bool(self.infeasible) and found is None
        proved = np.inf if infeasible and self.infeasible == "proved" else watch.proved
        bound, source = proved, "proved"
        if infeasible:
            bound, source = np.inf, self.infeasible
        elif claimed > proved:
            bound, source = claimed, f"claimed by {by}"
        bound, proved = min(bound, objective), min(proved, objective)
        reached = np.inf if found is None else relative_gap(objective, bound)
        return Result(
            problem=problem,
            status=self._status(found is not None, infeasible, reached),
            rep=rep,
            objective=objective,
            bound=bound,
            proved_bound=proved,
            bound_source=source,
            gap=reached,
            backend=self.backend,
            backend_reason=self.reason,
            seconds=time.monotonic() - watch.began,
            seed=self.limits.seed,
            threads=self.limits.threads,
            evaluation=found,
            prices=self.prices,
            territories=watch.territories,
            conflict=self.conflict,
            notes=tuple(dict.fromkeys(notes)),
            interrupted=watch.interrupted,
        )

    def _tolerance(self, objective: float) -> float:
        """How much a plan may be better than a right bound: bounds are of exact rules, and the
        check forgives each hard row a little, which its price turns into money."""
        given = sum(
            float((np.abs(y) * TOLERANCE * rows.scale).sum())
            for rows, y in zip(self.problem.rows, self.prices.rows, strict=True)
        )
        return TRUST * (abs(objective) or 1.0) + given

    def _status(self, plan: bool, infeasible: bool, reached: float) -> Status:
        finished = self.outcome is not None and self.outcome.finished
        if infeasible:
            return "infeasible"
        if plan and reached <= OPTIMAL_GAP:
            return "optimal"
        if plan and reached <= (max(self.limits.gap, TRUST) if finished else self.limits.gap):
            return "gap_reached"  # a finished search may leave what its whole numbers round off
        if self.watch.interrupted:
            return "interrupted"
        return "time_limit" if plan else "no_plan"


def _backend(backend: str | Backend, unit: Problem) -> tuple[Backend, str]:
    if not isinstance(backend, str):
        return backend, "given by the caller"
    if backend == "auto":
        name, reason = choose(unit)
        return get_backend(name), reason
    return get_backend(backend), "asked for"


def _refused(name: str, why: str) -> Exception:
    return BackendError([f"the backend {name} cannot take this problem: {why}"])


def _check_arguments(
    problem: object,
    backend: object,
    time_limit: float,
    gap: float,
    seed: int,
    threads: int,
    progress: object,
) -> None:
    from territoryopt.instance import Instance

    faults = FaultList(InputError)

    def refuse_unless(good: bool, key: str, value: object, need: str) -> None:
        if not good:
            faults.add("cannot be used", f"Give {need}", key=key, value=value)

    refuse_unless(
        isinstance(problem, Problem | Instance), "problem", type(problem).__name__,
        "a territoryopt.Problem, or an Instance and a model",
    )  # fmt: skip
    refuse_unless(
        isinstance(backend, str) or callable(getattr(backend, "solve", None)), "backend", backend,
        "a name, or a Backend",
    )  # fmt: skip
    refuse_unless(
        progress is None or callable(progress), "progress", progress, "a function, or None"
    )
    refuse_unless(
        _is_number(time_limit) and time_limit > 0, "time_limit", time_limit, "seconds above zero"
    )
    refuse_unless(_is_number(gap) and gap >= 0, "gap", gap, "a fraction, zero or more")
    refuse_unless(
        _is_whole(seed) and 0 <= seed < 2**31, "seed", seed, "a whole number from 0 to 2**31 - 1"
    )
    refuse_unless(
        _is_whole(threads) and 1 <= threads <= 1024, "threads", threads, "a whole number from 1"
    )
    faults.raise_if_any()


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool):
        return False
    number: Any = value
    return bool(abs(number) < 1e300 or number == math.inf)


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
