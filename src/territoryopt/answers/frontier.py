"""What trades for what: two goals against each other, or money against a rule, with bounds.

Goal against goal. With x the money of one goal and o that of the other (or of all else), every
weight w of the first asks for min w x + o. The plan found is a point (x, o); the bound B_w says
w x + o >= B_w of every plan, so that at any x no plan has o below max_w (B_w - w x): a bound at the
points and between them. After both ends the next weight is the slope between the two neighbouring
points that leave most open (Cohon 1978, Multiobjective Programming and Planning, ch. 6). Points
that lie behind the line between two others are not found; the bound shows how much may be missed.

Money against a rule. A rule is loosened step by step; the least money can only fall as it gives
way, so that between two steps it lies between the bound at the looser and the plan at the stricter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.answers.rule_costs import loosened, priced_rules
from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.showing import Shown
from territoryopt.answers.weights import MOVES, goals, of_goal, only_goals, weighted
from territoryopt.errors import Fault, InputError
from territoryopt.problem import IntArray, evaluate
from territoryopt.reasons.explanation import Explanation
from territoryopt.result import finite

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/frontier/1"

POINTS, SECONDS = 10, 8.0
"""Points of a frontier, and seconds for each, where nobody says."""

WEIGHTS = (0.1, 10.0)
"""The least and the largest weight of a goal, of the one it has."""

STEPS = 0.25
"""The last step of a rule: a fraction of its targets or bounds."""

GAP = 1e-4

Told = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Point:
    """One plan of a frontier. at: the weight of the goal, or the fraction a rule is loosened by. x:
    the goal's money (of `moves`: how many), or `at` again. money: of the other goal, of all else,
    or of the whole, currency/year. bound: no plan has less money at this x (or at this rule), by
    `source`."""

    at: float
    x: float
    money: float
    bound: float
    source: str
    rep: IntArray = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        return {
            "at": self.at,
            "x": self.x,
            "money": self.money,
            "bound": finite(self.bound),
            "source": self.source,
        }


@dataclass(frozen=True, eq=False)
class Frontier(Shown):
    """Points from the least x to the largest, none worse than another in both. goal: what x is
    (`unit`); against: the goal that money is of, all others left aside; None where it is of all
    else. lines: (w, B_w) of the weights asked: w x + money >= B_w of every plan; empty for a rule.
    better: how much less than the plan in hand the best plan of the points costs, currency/year.
    stopped: what ended the question early."""

    goal: str
    unit: str
    points: tuple[Point, ...]
    lines: tuple[tuple[float, float], ...]
    seconds: float
    against: str | None = None
    better: float = 0.0
    stopped: Stopped = None

    def bound_at(self, x: float) -> float:
        """The least money of any plan at x: by the lines; for a rule, by the next looser point
        (-inf beyond the last)."""
        if self.lines:
            return max(bound - weight * x for weight, bound in self.lines)
        looser = [point.bound for point in self.points if point.x >= x - 1e-12]
        return max(looser, default=-np.inf)

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/frontier/1`."""
        return {
            "schema": SCHEMA,
            "goal": self.goal,
            "unit": self.unit,
            "against": self.against,
            "points": [point.as_dict() for point in self.points],
            "between": [
                {"x": x, "bound": finite(self.bound_at(x))}
                for x in ((one.x + two.x) / 2 for one, two in pairwise(self.points))
            ],
            "lines": [{"weight": w, "bound": b} for w, b in self.lines],
            "better": self.better,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per point."""
        import pandas as pd

        columns = ["at", "x", "money", "bound", "source"]
        return pd.DataFrame([point.as_dict() for point in self.points], columns=columns)


def frontier(
    reasons: Explanation,
    what: str,
    against: str | None = None,
    *,
    points: int = POINTS,
    seconds: float = SECONDS,
    time_limit: float = float("inf"),
    seed: int = 0,
    threads: int = 2,
    progress: Told | None = None,
) -> Frontier:
    """Money against `what`: a goal or priced rule, "moves", or a rule of rows that must hold.

    against: the goal whose money it is, all other goals left aside; of all goals where None.
    seconds: for each point; time_limit: for all, and then, as after Ctrl-C, the points found so far
    are given. Raises InputError for a name that is neither, and numbers that cannot be used.
    """
    series = Series(seconds, time_limit, seed, threads)
    ground = Ground(reasons, seed, threads)
    told = progress or (lambda _: None)
    problem = reasons.problem
    known = goals(problem)
    if against is not None and (against not in known or against == what):
        others = ", ".join(name for name in known if name != what)
        raise InputError([Fault("there is no such other goal", f"Known are {others}",
                                value=against)])  # fmt: skip
    if what == MOVES or what in known:
        return _of_goal(ground, what, against, points, series, told)
    if any(rows.name == what for rows in problem.rows):
        return _of_rule(ground, what, against, points, series, told)
    names = [MOVES, *known, *priced_rules(problem)]
    raise InputError(
        [
            Fault(
                "there is no such goal, or it is a rule without an amount",
                f"Known are {', '.join(dict.fromkeys(names))}",
                value=what,
            )
        ]
    )


def _of_goal(
    ground: Ground, goal: str, against: str | None, points: int, series: Series, told: Told
) -> Frontier:
    problem, start = ground.reasons.problem, ground.reasons.rep
    whole = problem if against is None else only_goals(problem, {goal, against})
    unit = "accounts" if goal == MOVES else f"{problem.currency}/year"
    ends = WEIGHTS
    if goal == MOVES:  # a move is worth nothing, or ten times what an account costs on average
        ends = 0.0, 10.0 * abs(ground.objective) / max(1, problem.accounts)
    made = Frontier(goal, unit, (), (), 0.0, against)
    found: list[Point] = []

    def point(w: float, rep: IntArray, source: str) -> Point:
        x = of_goal(whole, goal, rep)
        rest = evaluate(whole, rep).objective - (0.0 if goal == MOVES else x)
        return Point(w, x, rest, -np.inf, source, rep)

    lines: list[tuple[float, float]] = []
    if against is None:
        w = 0.0 if goal == MOVES else 1.0
        lines.append((w, ground.bound))
        found.append(point(w, start, ground.source))
    asked: list[float] = []
    with series:
        while len(asked) < max(2, points) and not series.over:
            weight = ends[len(asked)] if len(asked) < len(ends) else _next_weight(found, asked)
            if weight is None:
                break
            asked.append(weight)
            told(f"point {len(asked)} of {points}: {goal}")
            result = series.solve(weighted(whole, goal, weight), GAP, start)
            if np.isfinite(result.bound):
                lines.append((weight, result.bound))
            if result.rep is not None:
                found.append(point(weight, result.rep, result.bound_source))
    made = replace(made, lines=tuple(lines))
    if lines:
        found = [replace(p, bound=min(p.money, made.bound_at(p.x))) for p in found]
    cheapest = min((evaluate(problem, p.rep).objective for p in found), default=np.inf)
    return replace(
        made,
        points=_undominated(found),
        better=max(0.0, ground.objective - cheapest),
        seconds=series.spent,
        stopped=series.stopped,
    )


def _next_weight(found: list[Point], asked: list[float]) -> float | None:
    """The slope between the two neighbouring points that leave most open between them; None where
    each has been asked for."""
    points = _undominated(found)
    pairs = sorted(
        pairwise(points),
        key=lambda pair: (pair[1].x - pair[0].x) * (pair[0].money - pair[1].money),
        reverse=True,
    )
    for one, two in pairs:
        weight = (one.money - two.money) / (two.x - one.x)
        if all(abs(weight - other) > 1e-6 * max(weight, other) for other in asked):
            return weight
    return None


def _of_rule(
    ground: Ground, rule: str, against: str | None, points: int, series: Series, told: Told
) -> Frontier:
    problem, rep = ground.reasons.problem, ground.reasons.rep
    whole = problem if against is None else only_goals(problem, {against})
    best = evaluate(whole, rep).objective
    out: list[Point] = []
    steps = np.linspace(0.0, STEPS, max(2, points)).tolist()
    if against is None:
        out.append(Point(0.0, 0.0, best, ground.bound, ground.source, rep))
        steps = steps[1:]
    with series:
        for t in steps:
            if series.over:
                break
            told(f"point {len(out) + 1} of {points}: {rule} wider by {t:.1%}")
            result = series.solve(loosened(whole, rule, t), GAP, rep)
            if result.rep is not None and result.objective < best:
                rep, best = result.rep, result.objective
            out.append(Point(t, t, best, min(best, result.bound), result.bound_source, rep))
    # What no plan of a looser rule undercuts, none of a stricter one does.
    bounds = np.maximum.accumulate(np.array([p.bound for p in reversed(out)]))[::-1]
    made = tuple(replace(p, bound=float(b)) for p, b in zip(out, bounds, strict=True))
    return Frontier(rule, "loosened by, as a share", made, (), series.spent, against, 0.0,
                    series.stopped)  # fmt: skip


def _undominated(points: list[Point]) -> tuple[Point, ...]:
    """The points that none beats in x and money, from the least x."""
    out: list[Point] = []
    for point in sorted(points, key=lambda p: (p.x, p.money)):
        if not out or point.money < out[-1].money - 1e-9 * max(1.0, abs(point.money)):
            out.append(point)
    return tuple(out)
