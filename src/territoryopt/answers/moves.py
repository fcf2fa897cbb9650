"""What lies between two plans: the moves, the fewest that explain it, and the chain they make."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.backends import get_backend
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.problem import Cost, IntArray, Problem, evaluate
from territoryopt.problem.amounts import AccountAmounts
from territoryopt.problem.part import restrict

ASKED, ROOM, RETURN, BESIDES = "asked", "room", "return", "besides"
MOST_SHORTENED = 5_000
"""Moves up to which the fewest are sought."""


@dataclass(frozen=True)
class Move:
    """An account that goes from a rep to another. cause: "asked" for, to make "room" at a rep that
    gets accounts, in "return" to one that gives, or "besides". accounts: how many go, itself and
    its family."""

    account: str
    before: str
    after: str
    cause: str
    accounts: int = 1

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


def shortened(
    problem: Problem,
    before: IntArray,
    after: IntArray,
    kept: Collection[int],
    worth: float,
    limits: Limits,
) -> IntArray:
    """A plan int[n] between two, with the moves of `after` that are worth `worth` each,
    currency/year: min objective + worth · (accounts not with their rep `before`).

    Every account is as in one of the two, those of `kept` as in `after`, which holds. One small
    search over the accounts that differ; what it does not settle in time stays as in `after`.
    Ctrl-C is raised.
    """
    moved = np.flatnonzero(before != after)
    free = np.array([i for i in moved.tolist() if i not in set(kept)], dtype=np.int64)
    if not len(free) or len(free) > MOST_SHORTENED:
        return after
    reps = np.unique(np.concatenate([before[free], after[free]]))
    number = np.full(problem.reps, -1, dtype=np.int64)
    number[reps] = np.arange(len(reps))
    here = np.arange(len(free))
    barred = np.ones((len(free), len(reps)), dtype=bool)
    barred[here, number[before[free]]] = False
    barred[here, number[after[free]]] = False
    part = restrict(problem, after, free, reps, barred)
    bother = AccountAmounts(
        np.ones(len(free)), len(reps), here, number[before[free]], np.full(len(free), -1.0)
    )
    part = replace(part, costs=(*part.costs, Cost("moves", "moves", bother, worth, "moves")))
    watch = Watch(part)
    get_backend("highs").solve(part, replace(limits, gap=0.0), number[after[free]], watch)
    if watch.interrupted:
        raise KeyboardInterrupt
    if watch.rep is None:
        return after
    out = after.copy()
    out[free] = reps[watch.rep]
    return out if evaluate(problem, out).holds else after


def chain(before: IntArray, after: IntArray, asked: Collection[int]) -> list[tuple[int, str]]:
    """The accounts that move, in an order that can be read, each with its cause.

    First those asked for; then, from rep to rep, what leaves one that has got something, and what
    comes to one that has given; last, what hangs on nothing before it.
    """
    moved = np.flatnonzero((before != after) & (after >= 0)).tolist()
    left = dict.fromkeys(i for i in moved if i not in set(asked))
    out = [(int(i), ASKED) for i in asked if before[i] != after[i]]
    got = deque(int(after[i]) for i, _ in out)
    gave = deque(int(before[i]) for i, _ in out if before[i] >= 0)
    while left:
        if got:
            rep = got.popleft()
            found = [i for i in left if before[i] == rep]
            cause = ROOM
        elif gave:
            rep = gave.popleft()
            found = [i for i in left if after[i] == rep]
            cause = RETURN
        else:
            found, cause = [next(iter(left))], BESIDES
        for i in found:
            del left[i]
            out.append((i, cause))
            got.append(int(after[i]))
            if before[i] >= 0:
                gave.append(int(before[i]))
    return out


def told(
    ground: Ground, order: list[tuple[int, str]], before: IntArray, after: IntArray
) -> tuple[Move, ...]:
    """The moves of a chain of units by their ids."""
    problem = ground.reasons.problem
    out = []
    for u, cause in order:
        members = ground.accounts_of(u)
        out.append(
            Move(
                problem.account_id(int(members[0])),
                problem.rep_id(int(before[u])) if before[u] >= 0 else "",
                problem.rep_id(int(after[u])),
                cause,
                len(members),
            )
        )
    return tuple(out)
