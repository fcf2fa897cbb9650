"""Why there is no plan: the least that cannot hold together, with rows and accounts, and the
cheapest ways out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.members import ROW, RULE, Member, least_conflict, members_of, only
from territoryopt.answers.repair import Repair, repairs
from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.showing import Shown
from territoryopt.backends import choose, get_backend
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.backends.relaxation import infeasibility
from territoryopt.problem import Problem
from territoryopt.problem.screen import Impossible, screen
from territoryopt.reasons.conflict import Conflict, Verdict, find_conflict, has_plan

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/no-plan/1"

SECONDS = 60.0
"""Seconds of the whole, where nobody says."""

RULES_SHARE, MEMBERS_SHARE = 0.4, 0.6
"""Shares of the time for the rules to blame, and of what is left then for their rows and
accounts."""

QUESTION_SHARE = 0.2
"""One question about a set of members takes this part of the time left at most."""


@dataclass(frozen=True, eq=False)
class NoPlan(Shown):
    """Why a problem has no plan.

    rules: that cannot hold together; members: their rows, accounts, groups and families that alone
    cannot (what = "rule": a whole rule, where there was no time to go into its accounts).
    irreducible: without any one of them there is a plan. proof: "proved", or on whose word. facts:
    what adding up shows, with numbers. repairs: one for each rule that helps by itself. stopped:
    whether Ctrl-C ended the search early.
    """

    rules: tuple[str, ...]
    members: tuple[Member, ...]
    irreducible: bool
    proof: str
    facts: tuple[Impossible, ...]
    repairs: tuple[Repair, ...]
    seconds: float
    stopped: Stopped = None

    @property
    def conflict(self) -> Conflict:
        return Conflict(self.rules, self.irreducible, self.proof, self.facts)

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/no-plan/1`."""
        return {
            "schema": SCHEMA,
            "rules": list(self.rules),
            "members": [member.as_dict() for member in self.members],
            "irreducible": self.irreducible,
            "proof": self.proof,
            "facts": [fact.as_dict() for fact in self.facts],
            "repairs": [each.as_dict() for each in self.repairs],
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per member."""
        import pandas as pd

        columns = ["rule", "what", "label"]
        return pd.DataFrame([member.as_dict() for member in self.members], columns=columns)

    def heading(self) -> str:
        """The rules to blame."""
        return f"No plan: {', '.join(self.rules)} ({self.proof})"


def why_no_plan(
    problem: Problem,
    *,
    seconds: float = SECONDS,
    seed: int = 0,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> NoPlan | None:
    """Why a problem has no plan; None where it has one, or neither was shown in the time.

    First the rules, one dropped after the other; then their rows and accounts; then repairs.
    seconds: of the whole. progress: called with what is looked at. After Ctrl-C what was found so
    far is given: at first nothing, then the rules, then their rows and accounts.
    """
    series = Series(seconds, seconds, seed, threads)
    told = progress or (lambda _: None)
    limits = series.limits(seconds, 1.0)
    backend = get_backend(choose(problem.feasibility().contracted)[0])
    told("whether there is a plan")
    first = has_plan(problem, backend, limits)
    if first.feasible is not False:
        return None
    rules = series.limits(RULES_SHARE * series.left, 1.0)
    found = find_conflict(problem, backend, rules, first.proof, told)
    if isinstance(found, Verdict):
        return None
    members: list[Member] = []
    sure, facts = False, found.facts
    ways: list[Repair] = []
    with series:
        rows = series.limits(MEMBERS_SHARE * series.left, 1.0)
        members, sure = _members(problem, found.rules, rows, told)
        if members:
            facts = screen(only(problem, members)) or facts
    if not series.over:
        ways = repairs(problem, found.rules, series, told)
    return NoPlan(
        rules=found.rules,
        members=tuple(members),
        irreducible=sure if members else found.irreducible,
        proof=found.proof,
        facts=facts,
        repairs=tuple(ways),
        seconds=series.spent,
        stopped=series.stopped if series.stopped == "interrupted" else None,
    )


def _members(
    problem: Problem, rules: Sequence[str], limits: Limits, told: Callable[[str], None]
) -> tuple[list[Member], bool]:
    """The least members that have no plan, and whether that is sure."""
    backend = get_backend(choose(problem.feasibility().contracted)[0])

    def question(members: Sequence[Member]) -> bool | None:
        told(f"{len(members):,} of {len(every):,} parts of {', '.join(rules)}")
        share = max(0.2, QUESTION_SHARE * limits.left)
        soon = replace(limits, deadline=min(limits.deadline, time.monotonic() + share))
        if soon.left <= 0:
            return None
        return has_plan(only(problem, members), backend, soon).feasible

    every = members_of(problem, rules)
    likely = _certified(problem, rules, every, limits)
    start = every
    if likely and len(likely) < len(every) and question(likely) is False:
        start = likely
    # First the rows, with all else of the rules; then the accounts, groups and families.
    rows = [m for m in start if m.what == ROW]
    others = [m for m in start if m.what != ROW]
    whole = [tuple(m for m in others if m.rule == rule) for rule in rules]
    bundles = [*((m,) for m in rows), *(bundle for bundle in whole if bundle)]
    found, sure = least_conflict([], bundles, question)
    kept = [m for m in found if m.what == ROW]
    single = [(m,) for m in found if m.what != ROW]
    if not single:
        return kept, sure
    fine, settled = least_conflict(kept, single, question)
    if settled or not sure:
        return [*kept, *fine], settled and sure
    # Not settled account by account: the rules stand for them.
    return [*kept, *(Member(rule, RULE, 0, "") for rule in rules if _is_whole(rule, found))], True


def _is_whole(rule: str, members: Sequence[Member]) -> bool:
    return any(member.rule == rule and member.what != ROW for member in members)


def _certified(
    problem: Problem, rules: Sequence[str], every: list[Member], limits: Limits
) -> list[Member]:
    """The members that a proof by prices rests on: rows whose price is not zero, and whatever is
    not a row; empty where there is no such proof."""
    alone = problem.without(set(problem.rule_names) - set(rules)).feasibility().contracted
    if not alone.rows:
        return []
    watch = Watch(alone)
    found = infeasibility(alone, limits, watch)
    if watch.interrupted:
        raise KeyboardInterrupt
    if not found.certified:
        return []
    hard = [k for k, rows in enumerate(problem.rows) if rows.hard and rows.name in rules]
    used = {
        (k, int(r))
        for k, y in zip(hard, found.proof.prices.rows, strict=True)
        for r in np.flatnonzero(y)
    }
    return [m for m in every if m.what != ROW or (m.part, m.number) in used]
