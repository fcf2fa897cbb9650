"""The `decomposition` backend: prices, candidates, annealing, neighbourhoods, then the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from territoryopt.backends.highs import HighsBackend
from territoryopt.backends.large.annealing import Annealer
from territoryopt.backends.large.candidates import Candidates
from territoryopt.backends.large.fixing import without_dear_pairs
from territoryopt.backends.large.neighbourhoods import Neighbourhoods
from territoryopt.backends.large.plan import Plan
from territoryopt.backends.large.race import Race
from territoryopt.backends.large.relax import Relaxation, relax
from territoryopt.backends.large.rowtable import RowTable
from territoryopt.backends.large.territories import Ascent, Climb
from territoryopt.backends.protocol import Limits, Outcome, Watch
from territoryopt.backends.running import run_watched
from territoryopt.problem import FloatArray, IntArray, Problem, Proof, evaluate

FIRST_FACTOR = 4.0
"""What breaking a hard row costs at first, in units of the largest price of its kind."""

MOST_CLIMBED = 4_000_000
"""Pairs up to which the bound of whole territories is climbed between the small searches; beyond,
what accounts being whole costs is small beside the rest."""

FIRST_STEPS = 60
"""Steps of that climb before the first small search."""

MOST_RACED = 400_000
"""Pairs up to which a search of the whole runs beside the small ones, where threads allow: for its
bound where no row is a rep's own, and for a plan where annealing left none that holds."""

MOST_WHOLE = 2_000_000
"""Pairs up to which a search of the whole ends a run in which small searches help no more."""


class DecompositionBackend:
    """Prices of the side rows, then a plan from a few reps at a time; see `Backend`."""

    name = "decomposition"

    def refuses(self, problem: Problem) -> str | None:
        """Why this backend cannot take this problem; None where it can."""
        return None

    def solve(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        """See `Backend.solve`."""

        def work() -> Outcome:
            return self._search(problem, limits, start, watch)

        # Every stage looks at the clock and at `watch.stopping` by itself.
        return run_watched(work, lambda: None, limits, watch) or Outcome("decomposition")

    def _search(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        by = "decomposition"
        if not problem.accounts or not problem.reps or limits.left <= 0:
            return Outcome(by)
        known = watch.relaxation if watch.relaxation is not None else relax(problem, limits, watch)
        if not np.isfinite(known.proof.bound):
            return Outcome(by)
        proof = _better(known, watch)
        plan, y, slack = first_plan(problem, known, proof, start, limits)
        search = Neighbourhoods(plan, y, slack, limits, watch)
        if problem.accounts * problem.reps <= MOST_WHOLE:
            search.mendings = 0  # what small searches cannot mend, the search of the whole can
        Annealer(plan, slack, limits, lambda: not search.done, search.offer).run()
        climbs = problem.accounts * problem.reps <= MOST_CLIMBED
        if climbs:
            ascent = Ascent(plan, proof, max(1, limits.threads), lambda: not search.done)
            climbs = not ascent.done
            search.climb = Climb(ascent, watch, lambda: search.best)
            search.climb(FIRST_STEPS)
        few = problem.accounts * problem.reps <= MOST_RACED and limits.threads > 1
        if few and not (climbs and np.isfinite(search.best)):
            search.begin_race = lambda: Race(_left(problem, known, watch), limits, watch, plan.rep)
        try:
            search.run()
        finally:
            outcome = search.race.end() if search.race is not None else None
        if outcome is not None:
            return replace(outcome, by=f"{by} beside {outcome.by}")
        if search.done or problem.accounts * problem.reps > MOST_WHOLE:
            return Outcome(by)
        # No small search helps any more: one search of the whole, from the plan in hand. It may
        # prove more, too.
        outcome = HighsBackend().solve(_left(problem, known, watch), limits, watch.rep, watch)
        return replace(outcome, by=f"{by}, then {outcome.by}")


def _better(known: Relaxation, watch: Watch) -> Proof:
    """The better of two proofs: that of the decomposition, and that of an LP with groups where
    there was one."""
    if watch.proof is not None and watch.proof.bound > known.proof.bound:
        return watch.proof
    return known.proof


def _left(problem: Problem, known: Relaxation, watch: Watch) -> Problem:
    """The problem without the pairs that no plan better than the one in hand uses."""
    if watch.rep is None:
        return problem
    proof = _better(known, watch)
    return without_dear_pairs(problem, proof.prices, proof.bound, watch.objective)


def first_plan(
    problem: Problem, known: Relaxation, proof: Proof, start: IntArray | None, limits: Limits
) -> tuple[Plan, FloatArray, FloatArray]:
    """The best of the rounded LP, each account's cheapest rep at the prices of a proof, and a
    given start, as a `Plan`; the prices float[rows]; and float[n, k], how much dearer than the
    cheapest each candidate is at all prices."""
    table: RowTable = known.table
    candidates: Candidates = known.candidates
    priced = known.penalties.at(FIRST_FACTOR)
    plans = [known.rep, *([proof.cheapest] if proof.prices.groups else []), start]
    rep = min(
        (plan for plan in plans if plan is not None),
        key=lambda plan: evaluate(priced, plan).objective,
    )
    candidates.include(problem, rep)
    plan = Plan(problem, table, candidates, known.penalties, candidates.place(rep), FIRST_FACTOR)
    slack = candidates.priced(problem, table, proof.prices, limits.threads)
    slack -= slack.min(axis=1, keepdims=True)
    return plan, table.flat(proof.prices), slack
