"""Prices of groups as records of plain values, and back: what result.json keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from territoryopt.problem.group_prices import GroupPrices
from territoryopt.problem.parts import Grouping
from territoryopt.problem.problem import Problem


def group_price_records(problem: Problem, prices: Iterable[GroupPrices]) -> list[dict[str, object]]:
    """A record for each price that is not zero, currency/year: for a rep, of a group that is kept
    apart (account is None), or of a member of one that is kept together."""
    return [
        {
            "name": part.name,
            "group": group,
            "account": account,
            "rep": problem.rep_id(rep),
            "lp_price": price,
        }
        for part, given in zip(problem.groupings, prices, strict=False)  # () if all are left out
        for (group, account), rep, price in zip(
            map(_names(problem, part).__getitem__, given.of.tolist()),
            given.rep.tolist(),
            given.price.tolist(),
            strict=True,
        )
    ]


def group_prices_of(
    problem: Problem, records: Sequence[Mapping[str, Any]]
) -> tuple[GroupPrices, ...]:
    """The prices of each of `Problem.groupings`. A record of anything else is passed over, for any
    prices prove something; a result of an earlier version has none."""
    reps = {problem.rep_id(j): j for j in range(problem.reps)}
    found = [_read(problem, part, reps, records) for part in problem.groupings]
    return tuple(found)


def _names(problem: Problem, part: Grouping) -> list[tuple[str, str | None]]:
    """What each `GroupPrices.of` stands for: a group, or a group and an account of it."""
    if part.apart:
        return [(label, None) for label in part.labels]
    return [
        (part.labels[g], problem.account_id(i))
        for g, i in zip(part.group_of_member.tolist(), part.member.tolist(), strict=True)
    ]


def _read(
    problem: Problem, part: Grouping, reps: Mapping[str, int], records: Sequence[Mapping[str, Any]]
) -> GroupPrices:
    number = {name: of for of, name in enumerate(_names(problem, part))}
    of, rep, price = [], [], []
    for each in records:
        where = number.get((each.get("group", ""), each.get("account")))
        to, value = reps.get(each.get("rep", "")), each.get("lp_price")
        mine = each.get("name") == part.name and where is not None and to is not None
        if mine and isinstance(value, int | float):
            of.append(where)
            rep.append(to)
            price.append(float(value))
    return GroupPrices.listed(
        np.array(of, dtype=np.int64), np.array(rep, dtype=np.int64), np.array(price, dtype=float)
    )
