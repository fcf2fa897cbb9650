"""One problem of several futures: costs on the weighted mean, the rules of all of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from territoryopt.compile import joined_families
from territoryopt.problem import Problem


@dataclass(frozen=True, eq=False)
class Weighted:
    """A future. weight: of all of them together 1. rules: futures with one such word have the same
    rows, pairs and groups by rule, so that these are needed once."""

    name: str
    problem: Problem
    weight: float
    rules: Hashable


def averaged(futures: Sequence[Weighted]) -> Problem | None:
    """min Σ_f weight_f cost_f(x) over plans x that keep the rules of every future; None where they
    are not of the same accounts and reps. Priced rows and groups are charged by weight, too."""
    first = futures[0].problem
    ids = (first.account_ids, first.rep_ids)
    if any((f.problem.account_ids, f.problem.rep_ids) != ids for f in futures):
        return None
    share: dict[Hashable, float] = {}
    for future in futures:
        share[future.rules] = share.get(future.rules, 0.0) + future.weight
    seen: set[Hashable] = set()
    costs, rows, exclusions, groupings, families = [], [], [], [], []
    for future in futures:
        problem, weight = future.problem, future.weight
        costs += [replace(cost, price=cost.price * weight) for cost in problem.costs]
        fresh = future.rules not in seen
        seen.add(future.rules)
        for part in problem.rows:
            if part.role == "goal" or fresh:
                by = weight if part.role == "goal" else share[future.rules]
                price = np.where(np.isinf(part.price), np.inf, part.price * by)
                rows.append(replace(part, name=f"{part.name} in {future.name}", price=price))
        if fresh:
            exclusions += [replace(p, in_cost=False) for p in problem.exclusions]
            groupings += [
                replace(p, price=p.price if p.hard else p.price * share[future.rules])
                for p in problem.groupings
            ]
            families.append(problem.family)
    return replace(
        first,
        costs=tuple(cost.finite() for cost in costs),
        rows=tuple(rows),
        exclusions=tuple(exclusions),
        groupings=tuple(groupings),
        family=joined_families(families, first.accounts),
        family_rule=" + ".join(dict.fromkeys(f.problem.family_rule for f in futures
                                             if f.problem.family_rule)),
        notes=(),
    )  # fmt: skip
