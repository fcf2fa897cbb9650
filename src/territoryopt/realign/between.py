"""The plans between two plans: every account with its old rep or its new one, no rule broken more
than before (the least and the most of a row are limits by themselves: who has too much is not left
with too little), and only so much moved at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from territoryopt.problem import (
    AccountAmounts,
    Exclusion,
    FloatArray,
    Grouping,
    IntArray,
    Problem,
    Rows,
    Units,
    evaluate,
)

SLACK = 1e-9
"""A budget is kept to within this fraction: sums of the same numbers in another order."""


@dataclass(frozen=True, eq=False)
class Way:
    """From `start` int[accounts], whole, to `target` int[accounts]. weight: float[accounts], what
    a move of each counts against the budget of a step (0 for an account that was placed first)."""

    problem: Problem
    start: IntArray
    target: IntArray
    weight: FloatArray

    @cached_property
    def moving(self) -> IntArray:
        """The accounts that go from one rep to another, by number."""
        return np.flatnonzero(self.start != self.target)

    def left(self, plan: IntArray) -> float:
        """What is still to be moved of a plan on the way."""
        return float(self.weight[plan != self.target].sum())

    @cached_property
    def bundles(self) -> list[IntArray]:
        """The moving accounts that go together: of a family, those that are with one rep now."""
        family = _together(self.problem.family, self.start, self.target)
        units = Units.from_groups(self.problem.accounts, family)
        named = dict.fromkeys(units.unit_of[self.moving].tolist())
        return [units.members(unit) for unit in named]

    @property
    def heaviest(self) -> float:
        """The most that must move at once."""
        return max((float(self.weight[b].sum()) for b in self.bundles), default=0.0)


def no_worse(way: Way, before: IntArray, after: IntArray) -> bool:
    """Whether no rule that must hold is broken more in one plan than in the one before it: no row
    on either side (the least and the most are limits by themselves), no group, no family and no
    account."""
    problem = way.problem
    for rows in problem.rows:
        s, t = rows.activity(before), rows.activity(after)
        room = 1e-9 * rows.scale
        worse = (t > np.maximum(rows.upper, s) + room) | (t < np.minimum(rows.lower, s) - room)
        if (worse & rows.broken(t)).any():
            return False
    for part in problem.groupings:
        if part.hard and not part.apart:
            counts = [part.excess(part.counts(plan, problem.reps)) for plan in (before, after)]
            if (counts[1] > counts[0]).any():
                return False
        elif part.hard:
            old_n, new_n = (part.counts(plan, problem.reps) for plan in (before, after))
            if (new_n > np.maximum(old_n, 1)).any():
                return False
    if problem.family_rule and _spread(problem, after) > _spread(problem, before):
        return False
    changed = np.flatnonzero(before != after)
    return bool(problem.eligible_at(changed, after[changed]).all())


def _spread(problem: Problem, plan: IntArray) -> int:
    """How many reps too many share families."""
    inside = np.flatnonzero(problem.family >= 0)
    pairs = np.unique(problem.family[inside] * problem.reps + plan[inside])
    return len(pairs) - len(np.unique(problem.family[inside]))


def step_problem(way: Way, plan: IntArray, least: float, most: float) -> Problem:
    """The plans that one more step can lead to: each account where it is or at its target, between
    `least` and `most` of the weight moved, no row or group broken more than in `plan`."""
    problem, reps = way.problem, way.problem.reps
    every = np.arange(problem.accounts, dtype=np.int64)
    going = np.flatnonzero(plan != way.target)
    barred = AccountAmounts(
        np.ones(problem.accounts),
        reps,
        np.concatenate([every, going]),
        np.concatenate([plan, way.target[going]]),
        np.full(len(every) + len(going), -1.0),
    )
    moved = AccountAmounts(way.weight.copy(), reps, every, plan.copy(), -way.weight)
    budget = Rows(
        name="budget of the step",
        kind="moves",
        measure="",
        unit="",
        labels=("all reps",),
        amounts=moved,
        row_of_rep=np.zeros(reps, dtype=np.int64),
        lower=np.array([least * (1 - SLACK)]),
        upper=np.array([most * (1 + SLACK)]),
        price=np.array([np.inf]),
        constant=np.zeros(1),
    )
    groupings: list[Grouping] = []
    apart: list[Rows] = []
    for part in problem.groupings:
        kept, eased = _eased_groups(part, plan, problem)
        groupings += kept
        apart += eased
    unbound = any(part.in_cost for part in problem.exclusions)
    return replace(
        problem,
        costs=tuple(cost.finite() for cost in problem.costs) if unbound else problem.costs,
        rows=(*(eased_rows(rows, plan) for rows in problem.rows), *apart, budget),
        exclusions=(Exclusion("old rep or new", "asked", barred),),
        groupings=tuple(groupings),
        family=_together(problem.family, plan, way.target),
        current=plan.copy(),
        listed=None,
    )


def eased_rows(rows: Rows, plan: IntArray) -> Rows:
    """Rows whose bounds, where the plan breaks one that must hold, are what the plan comes to."""
    s = rows.activity(plan)
    hard = np.isinf(rows.price)
    return replace(
        rows,
        lower=np.where(hard, np.minimum(rows.lower, s), rows.lower),
        upper=np.where(hard, np.maximum(rows.upper, s), rows.upper),
    )


def _eased_groups(
    part: Grouping, plan: IntArray, problem: Problem
) -> tuple[list[Grouping], list[Rows]]:
    """The groups that the plan keeps, and those apart that it breaks as rows: no rep may have more
    of one than he has, or than one."""
    if not part.hard:
        return [part], []
    counts = part.counts(plan, problem.reps)
    broken = part.excess(counts) > 0
    if not broken.any():
        return [part], []
    sound = np.flatnonzero(~broken)
    lists = [part.member[part.start[g] : part.start[g + 1]] for g in sound]
    kept = replace(
        part,
        labels=tuple(part.labels[g] for g in sound),
        member=np.concatenate([np.empty(0, dtype=np.int64), *lists]),
        start=np.cumsum([0, *map(len, lists)]).astype(np.int64),
    )
    rows = []
    for g in np.flatnonzero(broken) if part.apart else ():
        inside = np.zeros(problem.accounts)
        inside[part.member[part.start[g] : part.start[g + 1]]] = 1.0
        rows.append(
            Rows(
                name=f"{part.name} {part.labels[g]}",
                kind=part.kind,
                measure="",
                unit="accounts",
                labels=tuple(problem.rep_id(j) for j in range(problem.reps)),
                amounts=AccountAmounts(inside, problem.reps),
                row_of_rep=np.arange(problem.reps, dtype=np.int64),
                lower=np.full(problem.reps, -np.inf),
                upper=np.maximum(1.0, counts[g].astype(np.float64)),
                price=np.full(problem.reps, np.inf),
                constant=np.zeros(problem.reps),
            )
        )
    return [kept] if len(sound) else [], rows


def _together(family: IntArray, plan: IntArray, target: IntArray) -> IntArray:
    """Numbers of the accounts that go together: those of a family with one rep, and one target."""
    inside = np.flatnonzero(family >= 0)
    out = np.full(len(family), -1, dtype=np.int64)
    if len(inside):
        key = np.stack([family[inside], plan[inside], target[inside]], axis=1)
        _, number = np.unique(key, axis=0, return_inverse=True)
        out[inside] = number.reshape(-1)
    return out


def money(problem: Problem, plan: IntArray) -> float:
    """The objective of a plan, currency/year."""
    return evaluate(problem, plan).objective
