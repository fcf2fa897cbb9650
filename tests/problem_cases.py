"""Random problems of every kind of part, and an oracle that tries every plan.

The oracle reads the arrays' definition and nothing else: no call into `evaluate`, `Rows.activity`
or `Grouping.excess`, so that it can be held against them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from territoryopt.problem import (
    AccountAmounts,
    ComputedAmounts,
    Cost,
    DenseAmounts,
    Exclusion,
    Grouping,
    Problem,
    Rows,
)

KINDS = (
    "pair_band",
    "account_band",
    "equality",
    "group_band",
    "plan_total",
    "handed_off",
    "taken_over",
    "soft_band",
    "deviation",
    "worst",
    "worst_unlike",
    "apart",
    "apart_soft",
    "together",
    "together_soft",
    "families",
    "ineligible",
    "negative",
    "hand_over_cost",
)


def rows(
    name,
    amounts,
    row_of_rep,
    lower=-np.inf,
    upper=np.inf,
    price=np.inf,
    constant=0.0,
    worst=False,
):
    """A `Rows` with scalars spread over its rows."""
    row_of_rep = np.array(row_of_rep, dtype=np.int64)
    count = int(row_of_rep.max()) + 1

    def spread(value):
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)))

    return Rows(
        name=name,
        kind="band",
        measure=name,
        unit="hours",
        labels=tuple(f"{name} {r}" for r in range(count)),
        amounts=amounts,
        row_of_rep=row_of_rep,
        lower=spread(lower),
        upper=spread(upper),
        price=spread(price),
        constant=spread(constant),
        worst=worst,
    )


def grouping(name, groups: Iterable[Iterable[int]], apart: bool, price: float = np.inf):
    """A `Grouping` from lists of accounts."""
    groups = [list(group) for group in groups]
    return Grouping(
        name=name,
        kind="apart" if apart else "together",
        labels=tuple(str(g) for g in range(len(groups))),
        member=np.array([i for group in groups for i in group], dtype=np.int64),
        start=np.cumsum([0, *(len(group) for group in groups)]).astype(np.int64),
        apart=apart,
        price=price,
    )


def problem_of(cost, parts=(), exclusions=(), groupings=(), current=None, family=None, costs=()):
    """A `Problem` around a table of costs."""
    cost = np.asarray(cost, dtype=np.float64)
    accounts, reps = cost.shape
    alone = np.full(accounts, -1, dtype=np.int64)
    return Problem(
        accounts=accounts,
        reps=reps,
        costs=(Cost("cost", "cost", DenseAmounts(cost.copy()), 1.0, "money"), *costs),
        rows=tuple(parts),
        exclusions=tuple(exclusions),
        groupings=tuple(groupings),
        current=alone.copy() if current is None else np.array(current, dtype=np.int64),
        family=alone if family is None else np.array(family, dtype=np.int64),
        family_rule="" if family is None else "families",
    )


def computed(dense: DenseAmounts) -> ComputedAmounts:
    """The same amounts, computed when asked for."""
    values = dense.values
    return ComputedAmounts(
        *values.shape, lambda start, stop: values[start:stop].copy(), lambda i, j: values[i, j]
    )


def random_problem(  # noqa: PLR0912, PLR0915
    seed: int,
    accounts: int = 6,
    reps: int = 3,
    kinds: Iterable[str] | None = None,
    whole: bool | None = None,
) -> Problem:
    """A problem of a few kinds of part (of `KINDS`; drawn unless given), integral or not.

    Bands are drawn about a random plan, so that most problems have a plan and many bands bind.
    """
    rng = np.random.default_rng(seed)
    if kinds is None:
        kinds = rng.choice(KINDS, size=rng.integers(1, 6), replace=False)
    kinds = set(kinds)
    whole = bool(rng.integers(2)) if whole is None else whole

    def draw(low, high, shape):
        value = rng.uniform(low, high, shape)
        return np.round(value) if whole else value

    cost = draw(0, 40, (accounts, reps))
    if "negative" in kinds:
        cost -= 30
    seeded = rng.integers(reps, size=accounts)
    current = np.where(rng.random(accounts) < 0.8, rng.integers(reps, size=accounts), -1)
    base, pair = draw(1, 10, accounts), draw(1, 10, (accounts, reps))
    each = np.arange(reps)
    halves = np.minimum(each // 2, 1)
    owned = np.flatnonzero(current >= 0)
    parts, groupings, exclusions, costs = [], [], [], []
    family = None

    def total(table, rep_row, constant=0.0):
        """Row totals of the seeded plan."""
        row = rep_row[seeded]
        inside = np.flatnonzero(row >= 0)
        sums = np.bincount(
            row[inside], table[inside, seeded[inside]], minlength=int(rep_row.max()) + 1
        )
        return sums + constant

    def per_account():
        return AccountAmounts(base.copy(), reps)

    def table_of(amounts):
        return np.array(amounts.block(0, accounts))

    if "pair_band" in kinds:
        s = total(pair, each)
        slack = draw(0, 4, reps)
        parts.append(rows("pair band", DenseAmounts(pair.copy()), each, s - slack, s + slack))
    if "account_band" in kinds:
        n = int(rng.integers(1, accounts))
        shifted = AccountAmounts(
            base.copy(),
            reps,
            rng.integers(accounts, size=n),
            rng.integers(reps, size=n),
            draw(-3, 3, n),
        )
        s = total(table_of(shifted), each)
        parts.append(rows("account band", shifted, each, upper=s + draw(0, 3, reps)))
    if "equality" in kinds:
        row = np.where(each == 0, 0, -1)
        s = total(table_of(per_account()), row)
        target = s if rng.random() < 0.7 else s + 0.5
        parts.append(rows("equality", per_account(), row, target, target))
    if "group_band" in kinds:
        s = total(pair, halves)
        parts.append(
            rows("group band", DenseAmounts(pair.copy()), halves, s - 2, s + draw(0, 5, len(s)))
        )
    if "plan_total" in kinds:
        s = total(pair, np.zeros(reps, dtype=np.int64))
        parts.append(
            rows("plan total", computed(DenseAmounts(pair.copy())), np.zeros(reps), upper=s + 1)
        )
    if "handed_off" in kinds:
        held = np.bincount(current[owned], base[owned], minlength=reps)
        kept = AccountAmounts(np.zeros(accounts), reps, owned, current[owned], -base[owned])
        upper = np.maximum(held * 0.6, 1.0)
        parts.append(rows("handed off", kept, each, upper=upper, constant=held))
    if "taken_over" in kinds:
        taken = AccountAmounts(base.copy(), reps, owned, current[owned], -base[owned])
        parts.append(
            rows("taken over", taken, np.zeros(reps), upper=base.sum() * 0.7, price=draw(1, 5, 1))
        )
    if "soft_band" in kinds:
        goal = pair.sum() / reps**2
        parts.append(
            rows(
                "soft band",
                DenseAmounts(pair.copy()),
                each,
                goal * 0.9,
                goal * 1.1,
                price=np.where(rng.random(reps) < 0.2, np.inf, draw(1, 9, reps))
                if rng.random() < 0.3
                else draw(1, 9, reps),
            )
        )
    if "deviation" in kinds:
        goal = base.sum() / reps
        parts.append(rows("deviation", per_account(), each, goal, goal, price=3.0))
    if "worst" in kinds:
        goal = np.round(base.sum() / reps)
        parts.append(rows("worst", per_account(), each, goal, goal, price=4.0, worst=True))
    if "worst_unlike" in kinds:
        goal = base.sum() / reps
        price = draw(1, 9, reps) + 0.37
        constant = draw(0, 2, reps)
        parts.append(
            rows("worst unlike", per_account(), each, goal * 0.8, goal, price, constant, worst=True)
        )
    if "apart" in kinds:
        groupings.append(grouping("apart", [rng.permutation(accounts)[:2]], True))
    if "apart_soft" in kinds:
        groups = [rng.permutation(accounts)[:3], rng.permutation(accounts)[:4]]
        groupings.append(grouping("apart soft", groups, True, 7.0))
    if "together" in kinds:
        groupings.append(grouping("together", [rng.permutation(accounts)[:2]], False))
    if "together_soft" in kinds:
        groups = [rng.permutation(accounts)[:3], [0], rng.permutation(accounts)[:4]]
        groupings.append(grouping("together soft", groups, False, 11.0))
    if "families" in kinds:
        family = np.full(accounts, -1)
        family[rng.permutation(accounts)[:2]] = 5
        family[rng.permutation(accounts)[:2]] = 2
    if "ineligible" in kinds:
        barred = rng.random((accounts, reps)) < 0.3
        barred[np.arange(accounts), seeded] = rng.random(accounts) < 0.02
        exclusions.append(Exclusion("skills", "skills", DenseAmounts(barred.astype(np.float64))))
        where = rng.integers(accounts, size=1)
        lock = AccountAmounts(
            np.zeros(accounts), reps, where, (seeded[where] + 1) % reps, np.ones(1)
        )
        exclusions.append(Exclusion("lock", "locks", lock))
    if "hand_over_cost" in kinds:
        stay = AccountAmounts(base.copy(), reps, owned, current[owned], -base[owned])
        costs.append(Cost("hand-overs", "hand_overs", stay, 1.5, "currency"))
    return problem_of(cost, parts, exclusions, groupings, current, family, costs)


def all_plans(accounts: int, reps: int) -> np.ndarray:
    """int64[reps**accounts, accounts]."""
    return np.array(list(product(range(reps), repeat=accounts)), dtype=np.int64).reshape(
        -1, accounts
    )


def oracle(  # noqa: PLR0912
    problem: Problem, plans: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Objective and whether it holds, of each plan int[n, accounts], from the definitions."""
    n, accounts = plans.shape
    here = np.arange(accounts)
    objective = np.zeros(n)
    holds = np.ones(n, dtype=bool)
    with_rep = plans[:, :, None] == np.arange(problem.reps)  # [n, accounts, reps]
    for cost in problem.costs:
        objective += cost.price * cost.amounts.block(0, accounts)[here, plans].sum(axis=1)
    for exclusion in problem.exclusions:
        holds &= (exclusion.barred.block(0, accounts)[here, plans] <= 0).all(axis=1)
    for part in problem.rows:
        amount = np.asarray(part.amounts.block(0, accounts))
        worst = np.zeros(n)
        for r in range(len(part.labels)):
            in_row = amount * (part.row_of_rep == r)
            s = part.constant[r] + np.einsum("nij,ij->n", with_rep, in_row)
            excess = np.maximum(0, np.maximum(part.lower[r] - s, s - part.upper[r]))
            if np.isinf(part.price[r]):
                sides = [abs(v) for v in (part.lower[r], part.upper[r]) if np.isfinite(v)]
                holds &= excess <= 1e-6 * (max(sides, default=0) or 1)
            elif part.worst:
                worst = np.maximum(worst, part.price[r] * excess)
            else:
                objective += part.price[r] * excess
        objective += worst
    for each in problem.groupings:
        for g in range(len(each.labels)):
            member = each.member[each.start[g] : each.start[g + 1]]
            counts = with_rep[:, member].sum(axis=1)
            if each.apart:
                excess = np.maximum(counts - 1, 0).sum(axis=1)
            else:
                excess = np.maximum((counts > 0).sum(axis=1) - 1, 0)
            if np.isinf(each.price):
                holds &= excess == 0
            else:
                objective += each.price * excess
    for label in set(problem.family.tolist()) - {-1}:
        member = np.flatnonzero(problem.family == label)
        holds &= (plans[:, member] == plans[:, member[:1]]).all(axis=1)
    return objective, holds


def brute_force(problem: Problem) -> tuple[float, np.ndarray | None]:
    """The best objective over all reps**accounts plans (inf: none holds), and a plan of it."""
    plans = all_plans(problem.accounts, problem.reps)
    objective, holds = oracle(problem, plans)
    if not holds.any():
        return np.inf, None
    best = int(np.argmin(np.where(holds, objective, np.inf)))
    return float(objective[best]), plans[best]
