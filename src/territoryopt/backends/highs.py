"""HiGHS behind our arrays: branch and bound on the whole model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from territoryopt.backends.highs_session import INFEASIBLE, Answer, Session, load, version_of
from territoryopt.backends.linear import LinearModel, linear_model
from territoryopt.backends.protocol import Limits, Outcome, Watch, log
from territoryopt.backends.running import run_watched
from territoryopt.backends.sizes import too_many_pairs
from territoryopt.gaps import relative_gap
from territoryopt.problem import IntArray, Problem, evaluate

MOST_PAIRS = 20_000_000
"""Beyond this the model takes some 5 GB before HiGHS has begun."""

ROUNDING = 1e-6
"""What a bound and a plan of HiGHS may differ by, relative, when it calls the plan optimal."""


class HighsBackend:
    """Branch and bound by HiGHS on the whole model; see `Backend`."""

    name = "highs"

    def __init__(self, options: Mapping[str, object] | None = None) -> None:
        """options: HiGHS's own, by name, set after ours."""
        self.options = dict(options or {})

    def refuses(self, problem: Problem) -> str | None:
        """Why this backend cannot take this problem; None where it can."""
        return too_many_pairs(problem, MOST_PAIRS, "HiGHS")

    def solve(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        """See `Backend.solve`. Raises BackendError if HiGHS is missing or breaks."""
        if limits.left <= 0 or watch.stopping.is_set():
            return Outcome(version_of(load()))
        if not len(problem.pairs):
            return _nothing_to_assign(problem, watch)
        model = linear_model(problem)
        if start is not None:
            watch.plan(start)
        outcome = _run(model, limits, start, watch, self.options)
        if outcome.finished and not outcome.infeasible and not _closed(watch, limits):
            # Restarts have been seen to lose a plan that HiGHS then calls optimal without it.
            log.debug("%s stopped short of its own bound; searching again", outcome.by)
            again = _run(
                model, limits, watch.rep, watch, {**self.options, "mip_allow_restart": False}
            )
            outcome = replace(again, finished=again.finished and _closed(watch, limits))
        return outcome


def _run(
    model: LinearModel,
    limits: Limits,
    start: IntArray | None,
    watch: Watch,
    options: Mapping[str, object],
) -> Outcome:
    session = Session(model, limits, relaxed=False)
    for name, value in options.items():
        session.option(name, value)
    if start is not None:
        session.start_from(start)
    session.watch(watch)
    answer = run_watched(session.run, session.stop, limits, watch)
    if answer is None:
        return Outcome(session.by)
    session.close()
    return _outcome(model, answer, session.by, watch)


def _closed(watch: Watch, limits: Limits) -> bool:
    """Whether the plan in hand is as near to the bound as was asked, but for rounding."""
    return relative_gap(watch.objective, watch.best_bound) <= max(limits.gap, ROUNDING)


def _nothing_to_assign(problem: Problem, watch: Watch) -> Outcome:
    """HiGHS says nothing of a model without columns. Its one plan leaves every account out, which
    holds only if there are none and the constants of the rows are within bounds."""
    by = version_of(load())
    rep = np.full(problem.accounts, -1, dtype=np.int64)
    if watch.plan(rep):
        watch.bound(watch.objective, by)
    return Outcome(by, finished=True, infeasible=not evaluate(problem, rep).holds)


def _outcome(model: LinearModel, answer: Answer, by: str, watch: Watch) -> Outcome:
    notes: tuple[str, ...] = ()
    held = True
    if answer.values is not None:
        rep = model.plan_of(answer.values)
        watch.plan(rep)
        held = evaluate(model.problem, rep).holds
        if not held:
            notes = (
                f"the last plan of {by} breaks a rule beyond the tolerance by our own check, and "
                "was not used",
            )
    watch.bound(answer.bound, by)
    watch.tell()
    infeasible = answer.status in INFEASIBLE
    return Outcome(
        by=by,
        finished=infeasible or (answer.status == "Optimal" and held),
        infeasible=infeasible,
        notes=notes,
    )
