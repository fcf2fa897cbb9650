"""A conflict down to rows and accounts: the least that cannot hold together.

A member is one row of a rule ("capacity of Rivera"), one account that a rule bars from reps ("the
lock of A-117"), one group or one family. A set of members is a problem of its own, in which
everything else of the rules is dropped. Members are left out as long as what is left has no plan:
halves first (QuickXplain; Junker 2004, AAAI-04, 167-172), so that few of many are found in few
questions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from territoryopt.problem import Exclusion, Grouping, IntArray, Problem, Rows
from territoryopt.problem.amounts import Amounts, BoolArray, ComputedAmounts, FloatArray, blocks

ROW, ACCOUNT, GROUP, FAMILY, RULE = "row", "account", "group", "family", "rule"


@dataclass(frozen=True)
class Member:
    """One part of a rule: what it is, and its number there (row, account, group or family)."""

    rule: str
    what: str
    number: int
    label: str
    part: int = 0

    def as_dict(self) -> dict[str, object]:
        return {"rule": self.rule, "what": self.what, "label": self.label}


Question = Callable[[Sequence[Member]], bool | None]
"""Whether a set of members has a plan; None where that is not known."""


def members_of(problem: Problem, rules: Sequence[str]) -> list[Member]:
    """All members of some hard rules of a problem."""
    out: list[Member] = []
    for k, rows in enumerate(problem.rows):
        if rows.name in rules:
            closed = np.isinf(rows.price) & (np.isfinite(rows.lower) | np.isfinite(rows.upper))
            out += [
                Member(rows.name, ROW, int(r), rows.labels[r], k) for r in np.flatnonzero(closed)
            ]
    for k, exclusion in enumerate(problem.exclusions):
        if exclusion.name in rules:
            out += [
                Member(exclusion.name, ACCOUNT, int(i), problem.account_id(int(i)), k)
                for i in _barred(problem, exclusion)
            ]
    for k, part in enumerate(problem.groupings):
        if part.hard and part.name in rules:
            out += [Member(part.name, GROUP, g, label, k) for g, label in enumerate(part.labels)]
    if problem.family_rule and problem.family_rule in rules:
        number, first, count = np.unique(problem.family, return_index=True, return_counts=True)
        out += [
            Member(problem.family_rule, FAMILY, int(f), problem.account_id(int(i)))
            for f, i, n in zip(number, first, count, strict=True)
            if f >= 0 and n > 1
        ]
    return out


def _barred(problem: Problem, exclusion: Exclusion) -> IntArray:
    """The accounts that an exclusion bars from some rep."""
    found = [
        start + np.flatnonzero((exclusion.barred.block(start, stop) > 0).any(axis=1))
        for start, stop in blocks(problem.accounts, problem.reps)
    ]
    return np.concatenate([np.empty(0, dtype=np.int64), *found]).astype(np.int64)


def only(problem: Problem, members: Sequence[Member]) -> Problem:
    """The problem in which nothing must hold but these members."""
    whole = [m.rule for m in members if m.what == RULE]
    members = [*(m for m in members if m.what != RULE), *members_of(problem, whole)]
    hard = problem.feasibility()
    chosen: dict[tuple[str, int], list[int]] = {}
    for member in members:
        chosen.setdefault((member.what, member.part), []).append(member.number)
    rows = [
        _rows(part, chosen[ROW, k])
        for k, part in enumerate(problem.rows)
        if part.hard and (ROW, k) in chosen
    ]
    exclusions = [
        replace(part, barred=only_accounts(part.barred, chosen[ACCOUNT, k]), in_cost=False)
        for k, part in enumerate(problem.exclusions)
        if (ACCOUNT, k) in chosen
    ]
    groupings = [
        _groups(part, chosen[GROUP, k])
        for k, part in enumerate(problem.groupings)
        if (GROUP, k) in chosen
    ]
    kept = np.isin(problem.family, chosen.get((FAMILY, 0), []))
    return replace(
        hard,
        rows=tuple(rows),
        exclusions=tuple(exclusions),
        groupings=tuple(groupings),
        family=np.where(kept & (problem.family >= 0), problem.family, -1),
        family_rule=problem.family_rule if kept.any() else "",
    )


def _rows(rows: Rows, numbers: Sequence[int]) -> Rows:
    keep = np.zeros(len(rows), dtype=bool)
    keep[list(numbers)] = True
    return replace(
        rows,
        lower=np.where(keep, rows.lower, -np.inf),
        upper=np.where(keep, rows.upper, np.inf),
    )


def only_accounts(barred: Amounts, numbers: Sequence[int] | IntArray) -> Amounts:
    """The bars of some accounts alone."""
    keep: BoolArray = np.zeros(barred.accounts, dtype=bool)
    keep[np.asarray(numbers, dtype=np.int64)] = True

    def rows(start: int, stop: int) -> FloatArray:
        return np.where(keep[start:stop, None], barred.block(start, stop), 0.0)

    def pairs(account: IntArray, rep: IntArray) -> FloatArray:
        return np.where(keep[account], barred.at(account, rep), 0.0)

    return ComputedAmounts(barred.accounts, barred.reps, rows, pairs)


def _groups(part: Grouping, numbers: Sequence[int]) -> Grouping:
    chosen = sorted(numbers)
    lists = [part.member[part.start[g] : part.start[g + 1]] for g in chosen]
    start = np.concatenate([[0], np.cumsum([len(each) for each in lists])]).astype(np.int64)
    member = np.concatenate([np.empty(0, dtype=np.int64), *lists])
    labels = tuple(part.labels[g] for g in chosen)
    return replace(part, labels=labels, member=member, start=start)


Bundle = tuple[Member, ...]
"""Members that stay or go together."""


@dataclass(eq=False)
class _Least:
    """QuickXplain with a memory of whether every question was answered."""

    question: Question
    sure: bool = True

    def infeasible(self, bundles: Sequence[Bundle]) -> bool:
        answer = self.question([member for bundle in bundles for member in bundle])
        if answer is None:
            self.sure = False
        return answer is False

    def of(self, fixed: list[Bundle], new: bool, rest: list[Bundle]) -> list[Bundle]:
        """The least part of `rest` that has no plan together with `fixed`."""
        if new and self.infeasible(fixed):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        one, two = rest[:half], rest[half:]
        second = self.of([*fixed, *one], True, two)
        first = self.of([*fixed, *second], bool(second), one)
        return [*first, *second]


def least_conflict(
    fixed: Sequence[Member], bundles: Sequence[Bundle], question: Question
) -> tuple[list[Member], bool]:
    """The members of the least part of some bundles that has no plan together with `fixed`, where
    all of them have none; and whether it is sure that there is a plan without any single bundle.
    Questions that are not answered keep bundles in."""
    if not bundles:
        return [], True
    search = _Least(question)
    found = search.of([tuple(fixed)] if fixed else [], bool(fixed), list(bundles))
    return [member for bundle in found for member in bundle], search.sure
