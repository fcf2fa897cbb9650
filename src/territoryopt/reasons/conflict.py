"""Why there is no plan: the rules that cannot hold together, by name.

A deletion filter (Chinneck & Dravnieks 1991, ORSA J. Computing 3(2), 157-168) over whole rules:
drop each in turn; where there is still no plan without it, it stays out. What is left is
irreducible, for conflicts of integers too. Every claim of a solver that it rests on is named.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from territoryopt.backends import get_backend
from territoryopt.backends.protocol import Backend, Limits, Watch
from territoryopt.backends.relaxation import infeasibility
from territoryopt.problem import IntArray, Prices, Problem, Rows, prove
from territoryopt.problem.amounts import blocks
from territoryopt.problem.greedy import greedy_plan
from territoryopt.problem.part import restrict
from territoryopt.problem.screen import Impossible, screen

FEW = 3
"""Eligible reps up to which an account hardly has a choice."""


@dataclass(frozen=True)
class Conflict:
    """Rules that cannot hold together.

    irreducible: dropping any one of `rules` leaves a plan. proof: "proved" by adding up, or who
    claims it. facts: what can be seen to be impossible by itself, with numbers.
    """

    rules: tuple[str, ...]
    irreducible: bool
    proof: str
    facts: tuple[Impossible, ...] = field(default=())

    def as_dict(self) -> dict[str, object]:
        return {
            "rules": list(self.rules),
            "irreducible": self.irreducible,
            "proof": self.proof,
            "facts": [fact.as_dict() for fact in self.facts],
        }

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> Conflict:
        """The conflict that `as_dict` wrote; open bounds come back as None."""
        facts = (Impossible(**{**fact, "rules": tuple(fact["rules"])}) for fact in record["facts"])
        return Conflict(
            tuple(record["rules"]), record["irreducible"], record["proof"], tuple(facts)
        )


@dataclass(frozen=True)
class Verdict:
    """Whether a problem has a plan: True, False or unknown (None), and on whose word."""

    feasible: bool | None
    proof: str = "proved"
    rep: IntArray | None = None


def has_plan(problem: Problem, backend: Backend, limits: Limits) -> Verdict:
    """Whether any plan keeps every hard rule; `problem` may have families."""
    unit = problem.feasibility().contracted
    if screen(unit):
        return Verdict(False)
    watch = Watch(unit)
    cheapest = prove(unit, Prices.zero(unit)).cheapest
    watch.plan(cheapest)
    if watch.rep is None:
        quick = greedy_plan(unit)
        if quick is not None:
            watch.plan(quick)
    if watch.rep is None:
        verdict = _without_the_free(unit, limits)
        if verdict is not None:
            return verdict
    if watch.rep is None and unit.rows:
        alone = Watch(unit)
        if infeasibility(unit, limits, alone).certified:
            return Verdict(False)
        if alone.interrupted:
            raise KeyboardInterrupt
    outcome = None
    if watch.rep is None:
        outcome = backend.solve(unit, replace(limits, gap=1.0), None, watch)
    if watch.interrupted:
        raise KeyboardInterrupt
    if watch.rep is not None:
        return Verdict(True, rep=watch.rep[problem.units.unit_of])
    if outcome is not None and outcome.infeasible:
        return Verdict(False, f"claimed by {outcome.by}")
    return Verdict(None)


def _without_the_free(unit: Problem, limits: Limits) -> Verdict | None:
    """Whether the accounts with few eligible reps fit by themselves; None where they do, or it was
    not settled."""
    bound = hardly_free(unit)
    if not len(bound) or len(bound) == unit.accounts or limits.left <= 0:
        return None
    alone = by_themselves(unit, bound)
    backend = get_backend("highs")
    if backend.refuses(alone):
        return None
    watch = Watch(alone)
    share = replace(limits, deadline=time.monotonic() + 0.5 * limits.left, gap=1.0)
    outcome = backend.solve(alone, share, None, watch)
    if watch.interrupted:
        raise KeyboardInterrupt
    if watch.rep is None and outcome.infeasible:
        return Verdict(False, f"claimed by {outcome.by}")
    return None


def hardly_free(unit: Problem) -> IntArray:
    """The accounts with few eligible reps."""
    few = np.zeros(unit.accounts, dtype=bool)
    for start, stop in blocks(unit.accounts, unit.reps):
        few[start:stop] = unit.eligible_block(start, stop).sum(axis=1) <= FEW
    return np.flatnonzero(few)


def by_themselves(unit: Problem, accounts: IntArray) -> Problem:
    """A problem of some accounts alone, in which rows have a most and no least. The others could
    only add to the rows: where these do not fit without them, they do not fit with them, and what
    it costs to make these fit is no more than what it costs for all."""
    nobody = np.full(unit.accounts, -1, dtype=np.int64)
    part = restrict(unit, nobody, accounts, np.arange(unit.reps))
    rows = tuple(
        replace(mine, lower=np.full(len(mine), -np.inf), target=None)
        for mine, whole in zip(part.rows, unit.rows, strict=True)
        if not _has_negative(whole)
    )
    return replace(part, rows=rows)


def _has_negative(rows: Rows) -> bool:
    """Whether some amount is below zero: then more accounts may make room."""
    return any(
        (rows.amounts.block(start, stop) < 0).any()
        for start, stop in blocks(rows.amounts.accounts, rows.amounts.reps)
    )


def find_conflict(
    problem: Problem,
    backend: Backend,
    limits: Limits,
    proof: str,
    report: Callable[[str], None] | None = None,
) -> Conflict | Verdict:
    """An irreducible set of rules of a problem known to have no plan, within the limits.

    Where time runs out the set found so far is given, marked as not irreducible. Where the
    backend finds a plan of the whole problem after all, its Verdict comes back: whoever said
    there was none was wrong.
    """
    facts = screen(problem)
    kept = list(problem.rule_names)
    irreducible = True
    if proof != "proved":
        again = has_plan(problem, backend, limits)
        if again.feasible:
            return again
        if again.feasible is False and again.proof != proof:
            more = again.proof.removeprefix("claimed ")
            proof = again.proof if again.proof == "proved" else f"{proof} and {more}"
    # Rules seen to be impossible by themselves are tried last, so that they are what stays.
    suspects = {name for fact in facts for name in fact.rules}
    order = sorted(kept, key=lambda name: name in suspects)
    for name in order:
        rest = [other for other in kept if other != name]
        dropped = set(problem.rule_names) - set(rest)
        if report is not None:
            report(name)
        left = len([n for n in order if n in kept])
        share = Limits(
            deadline=time.monotonic() + limits.left / max(1, left) if np.isfinite(limits.left)
            else np.inf,
            gap=1.0,
            seed=limits.seed,
            threads=limits.threads,
        )  # fmt: skip
        verdict = has_plan(problem.without(dropped), backend, share)
        if verdict.feasible is False:
            kept = rest
            if verdict.proof != "proved":
                proof = verdict.proof
        elif verdict.feasible is None:
            irreducible = False
    final = problem.without(set(problem.rule_names) - set(kept))
    return Conflict(tuple(kept), irreducible, proof, screen(final) or facts)
