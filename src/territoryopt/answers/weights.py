"""Problems in which goals weigh more or less, or alone; and moves as a goal of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from territoryopt.problem import Cost, IntArray, Problem, Rows, evaluate
from territoryopt.problem.amounts import AccountAmounts

MOVES = "moves"
"""The name of the goal that counts accounts taken from their present owner."""


def goals(problem: Problem) -> list[str]:
    """Names of everything that has money in the objective."""
    names = [cost.name for cost in problem.costs]
    names += [rows.name for rows in problem.rows if np.isfinite(rows.price).all()]
    names += [part.name for part in problem.groupings if not part.hard]
    return list(dict.fromkeys(names))


def of_goal(problem: Problem, goal: str, rep: IntArray) -> float:
    """The money of one goal in a plan int[accounts], currency/year; of `moves`, how many."""
    if goal == MOVES:
        owned = problem.current >= 0
        return float((owned & (problem.current != rep)).sum())
    return evaluate(problem, rep).money.get(goal, 0.0)


def only_goals(problem: Problem, kept: Collection[str]) -> Problem:
    """The problem in which only these goals cost anything; what must hold still must."""

    def free(rows: Rows) -> Rows:
        price = np.where(np.isinf(rows.price) | (rows.name in kept), rows.price, 0.0)
        return replace(rows, price=price)

    return replace(
        problem,
        costs=tuple(cost for cost in problem.costs if cost.name in kept),
        rows=tuple(map(free, problem.rows)),
        groupings=tuple(part for part in problem.groupings if part.hard or part.name in kept),
    )


def weighted(problem: Problem, goal: str, weight: float) -> Problem:
    """The problem with the money of one goal times `weight`; `moves`: with `weight` a year for
    every account taken from its present owner."""
    if goal == MOVES:
        return replace(problem, costs=(*problem.costs, moves_cost(problem, weight)))
    return replace(
        problem,
        costs=tuple(
            replace(c, price=c.price * weight) if c.name == goal else c for c in problem.costs
        ),
        rows=tuple(
            replace(r, price=r.price * weight)
            if r.name == goal and np.isfinite(r.price).all()
            else r
            for r in problem.rows
        ),
        groupings=tuple(
            replace(g, price=g.price * weight) if g.name == goal and not g.hard else g
            for g in problem.groupings
        ),
    )


def moves_cost(problem: Problem, price: float) -> Cost:
    """`price` a year for every account that is not with its present owner."""
    owned = np.flatnonzero(problem.current >= 0)
    amounts = AccountAmounts(
        (problem.current >= 0).astype(np.float64),
        problem.reps,
        owned,
        problem.current[owned],
        np.full(len(owned), -1.0),
    )
    return Cost("moves asked about", "moves", amounts, price, "accounts")


def at_most_moves(problem: Problem, most: int) -> Problem:
    """The problem in which at most so many accounts are taken from their present owner."""
    rows = Rows(
        name="moves asked about",
        kind="moves",
        measure="count",
        unit="accounts",
        labels=("all reps",),
        amounts=moves_cost(problem, 1.0).amounts,
        row_of_rep=np.zeros(problem.reps, dtype=np.int64),
        lower=np.array([-np.inf]),
        upper=np.array([float(most)]),
        price=np.array([np.inf]),
        constant=np.zeros(1),
    )
    return replace(problem, rows=(*problem.rows, rows))
