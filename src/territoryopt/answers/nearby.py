"""A plan that does as asked, from the present one: small exact searches among neighbouring reps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.backends import get_backend
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.problem import FloatArray, IntArray, Problem, evaluate
from territoryopt.problem.part import restrict

ROUNDS = ((2, 400), (4, 1_000), (8, 3_000))
"""Small searches, one after the other until a plan holds: neighbouring reps beside those
concerned, and open pairs, those of least reduced cost."""

LOCAL_SHARE = 0.5
"""Share of the time that small searches may take."""


def nearby(
    ground: Ground,
    variant: Problem,
    to: dict[int, int],
    never: list[tuple[int, int]],
    limits: Limits,
) -> IntArray | None:
    """The best plan that does as asked, all accounts of reps far away staying where they are; None
    where small searches find none."""
    start = ground.rep.copy()
    for u, j in to.items():
        start[u] = j
    for u in {u for u, j in never if ground.rep[u] == j and u not in to}:
        cost = ground.reduced(u)
        cost[[j for v, j in never if v == u]] = np.inf
        start[u] = int(cost.argmin())
    best = start if evaluate(variant, start).holds else None
    value = np.inf if best is None else evaluate(variant, best).objective
    moved = np.flatnonzero(start != ground.rep)
    concerned = np.unique(np.concatenate([start[moved], ground.rep[moved]]))
    reduced = Reduced(ground)
    deadline = time.monotonic() + LOCAL_SHARE * limits.left
    for others, pairs in ROUNDS:
        reps = with_neighbours(ground, reduced, concerned, others)
        soon = replace(limits, deadline=deadline, threads=1, gap=1e-6)
        if soon.left <= 0:
            break
        found = dealt(variant, start, moved, reps, reduced, pairs, soon)
        if found is not None:
            worth = evaluate(variant, found).objective
            if worth < value:
                best, value = found, worth
        if best is not None or len(reps) == ground.unit.reps:
            break
    return best


@dataclass(eq=False)
class Reduced:
    """Reduced costs above the least, asked for a few units at a time and kept."""

    ground: Ground
    kept: dict[int, FloatArray] = field(default_factory=dict)

    def of(self, units: IntArray) -> FloatArray:
        """float[units, reps], currency/year."""
        for u in units.tolist():
            if u not in self.kept:
                self.kept[u] = self.ground.reduced(u)
        reps = self.ground.unit.reps
        return (
            np.stack([self.kept[u] for u in units.tolist()]) if len(units) else np.empty((0, reps))
        )


def with_neighbours(ground: Ground, reduced: Reduced, concerned: IntArray, others: int) -> IntArray:
    """The reps concerned, and those that their accounts are nearly as cheap with."""
    members = np.flatnonzero(np.isin(ground.rep, concerned))
    slack = reduced.of(members)
    if not slack.size:
        return concerned
    known = slack[np.isfinite(slack) & (slack > 0)]
    typical = float(np.quantile(known, 0.1)) if len(known) else 1.0
    weight = np.exp(-slack / max(typical, 1e-12)).sum(axis=0)
    weight[concerned] = -1.0
    order = np.argsort(-weight, kind="stable")
    near = order[: min(others, ground.unit.reps - len(concerned))]
    return np.sort(np.concatenate([concerned, near]))


def dealt(
    variant: Problem,
    start: IntArray,
    moved: IntArray,
    reps: IntArray,
    reduced: Reduced,
    pairs: int,
    limits: Limits,
) -> IntArray | None:
    """The accounts of some reps dealt out anew among them by a small exact search over the `pairs`
    of least reduced cost; a plan of the whole that holds, or None. Ctrl-C
    is raised."""
    accounts = np.union1d(np.flatnonzero(np.isin(start, reps)), moved)
    slack = reduced.of(accounts)[:, reps]
    number = np.full(variant.reps, -1, dtype=np.int64)
    number[reps] = np.arange(len(reps))
    own = number[start[accounts]]
    here = np.arange(len(accounts))
    slack[here, own] = -1.0
    most = len(accounts) + pairs
    tau = np.partition(slack, most, axis=None)[most] if slack.size > most else np.inf
    open_ = (slack <= tau) & np.isfinite(slack)
    choice = open_.sum(axis=1) > 1
    accounts, open_, own = accounts[choice], open_[choice], own[choice]
    if not len(accounts):
        return None
    part = restrict(variant, start, accounts, reps, ~open_)
    watch = Watch(part)
    get_backend("highs").solve(part, limits, own, watch)
    if watch.interrupted:
        raise KeyboardInterrupt
    if watch.rep is None:
        return None
    out = start.copy()
    out[accounts] = reps[watch.rep]
    return out if evaluate(variant, out).holds else None
