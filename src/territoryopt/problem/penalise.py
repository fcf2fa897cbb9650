"""Hard rules at a price, so that a search may pass through plans that break them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from territoryopt.problem.amounts import FloatArray, blocks
from territoryopt.problem.bound import Prices
from territoryopt.problem.parts import Grouping, Rows
from territoryopt.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class Penalties:
    """What hard rules are worth, found once: worth[k] of `problem.rows[k]` (currency/year per unit
    of the row) and `step` of an account with the wrong rep (currency/year).

    A row is worth the largest price of its part, or, where none binds, what the mean step between
    an account's two cheapest reps is per mean amount.
    """

    problem: Problem
    worth: tuple[float, ...]
    step: float

    @staticmethod
    def of(problem: Problem, prices: Prices) -> Penalties:
        """From prices of the rows; one pass over all pairs."""
        step = _mean_step(problem)
        worth = tuple(
            _worth(part, y, step, problem)
            for part, y in zip(problem.rows, prices.rows, strict=True)
        )
        return Penalties(problem, worth, step)

    def at(self, factor: float) -> Problem:
        """The problem with every hard row and grouping priced at `factor` times its worth.

        With a factor above one, plans that keep the rules are the best of the penalised problem
        too, as far as the prices tell; where they are not, the factor is raised.
        """
        rows = tuple(
            replace(part, price=np.where(np.isinf(part.price), factor * worth, part.price))
            if part.hard
            else part
            for part, worth in zip(self.problem.rows, self.worth, strict=True)
        )
        groupings: tuple[Grouping, ...] = tuple(
            replace(part, price=10 * factor * self.step) if part.hard else part
            for part in self.problem.groupings
        )
        return replace(self.problem, rows=rows, groupings=groupings)


def _worth(part: Rows, y: FloatArray, step: float, problem: Problem) -> float:
    largest = float(np.abs(y).max(initial=0.0))
    if largest > 0:
        return largest
    start, stop = next(iter(blocks(problem.accounts, problem.reps)), (0, 0))
    amount = np.abs(part.amounts.block(start, stop))
    mean = float(amount.mean()) if amount.size else 0.0
    return step / mean if mean > 0 else step


def _mean_step(problem: Problem) -> float:
    """The mean difference between an account's two cheapest eligible reps, currency/year; the
    mean size of a cost where there is none."""
    total, size, count = 0.0, 0.0, 0
    for start, stop in blocks(problem.accounts, problem.reps):
        cost = problem.priced_block(start, stop)
        known = cost[np.isfinite(cost)]
        size += float(np.abs(known).sum()) / max(1, len(known)) * (stop - start)
        if problem.reps > 1:
            two = np.partition(cost, 1, axis=1)
            some = np.isfinite(two[:, 1])
            total += float((two[some, 1] - two[some, 0]).sum())
        count += stop - start
    return (total or size or 1.0) / max(1, count)
