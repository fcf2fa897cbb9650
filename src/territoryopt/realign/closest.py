"""Where no plan keeps every rule: the plan that breaks them least."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from territoryopt.answers.series import Series
from territoryopt.answers.weights import MOVES, moves_cost, of_goal
from territoryopt.problem import Breach, IntArray, Problem, evaluate

MOVE_WEIGHT = 1e-4
"""What a move weighs against breaking a rule: as much as a hundredth of a percent of one limit."""


@dataclass(frozen=True, eq=False)
class Closest:
    """The plan of the least sum of what limits are exceeded by, each as a fraction of the limit.

    violation: that sum; least: no plan breaks them by less in all, by `source`.
    breaches: by name, with numbers. Skills, locks and families are kept.
    """

    violation: float
    least: float
    source: str
    moves: int
    breaches: tuple[Breach, ...]
    rep: IntArray = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        return {
            "violation": self.violation,
            "least": self.least,
            "source": self.source,
            "moves": self.moves,
            "breaches": [breach.as_dict() for breach in self.breaches],
        }


def closest_plan(
    problem: Problem, seconds: float, *, seed: int = 0, threads: int = 2
) -> Closest | None:
    """The plan that breaks the rules least, and among like ones moves few; None where none was
    found, such as where an account has no rep who may own it."""
    series = Series(seconds, seconds, seed, threads)
    elastic = problem.elastic()
    alone = series.solve(elastic, 1e-4, seconds=seconds / 2)
    if alone.rep is None:
        return None
    weighed = replace(elastic, costs=(*elastic.costs, moves_cost(problem, MOVE_WEIGHT)))
    found = alone if series.over else series.solve(weighed, 1e-4, alone.rep)
    rep = alone.rep if found.rep is None else found.rep
    violation = evaluate(elastic, rep).objective
    least = min(max(0.0, alone.bound), violation)
    breaches = evaluate(problem, rep).breaches
    moves = round(of_goal(problem, MOVES, rep))
    return Closest(violation, least, alone.bound_source, moves, breaches, rep)
