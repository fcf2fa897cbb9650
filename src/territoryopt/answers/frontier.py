"""What trades for what: two goals against each other, or money against a rule, with bounds.

Goal against goal. With x the money of one goal and o that of all else, every weight w of the goal
asks for min w x + o. The plan found is a point (x, o); the bound B_w says w x + o >= B_w of every
plan, so that at any x no plan has o below max_w (B_w - w x): a bound at the points and between
them (Cohon 1978, Multiobjective Programming and Planning, ch. 6). Points that only weights between
would reach are not all found; the bound shows how much may be missed.

Money against a rule. A rule is loosened step by step; the least money can only fall as it gives
way, so that between two steps it lies between the bound at the looser and the plan at the stricter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.answers.ground import Ground
from territoryopt.answers.rule_costs import loosened, priced_rules
from territoryopt.errors import Fault, InputError
from territoryopt.problem import Cost, FloatArray, IntArray, Problem, evaluate
from territoryopt.problem.amounts import AccountAmounts
from territoryopt.reasons.explanation import Explanation
from territoryopt.result import finite
from territoryopt.solving import solve

SCHEMA = "territoryopt/frontier/1"

MOVES = "moves"
"""The name of the goal that counts accounts taken from their present owner."""

POINTS, SECONDS = 10, 8.0
"""Points of a frontier, and seconds for each, where nobody says."""

WEIGHTS = (0.1, 10.0)
"""The least and the largest weight of a goal, of the one it has."""

STEPS = 0.25
"""The last step of a rule: a fraction of its targets or bounds."""


@dataclass(frozen=True, eq=False)
class Point:
    """One plan of a frontier. at: the weight of the goal, or the fraction a rule is loosened by. x:
    the goal's money (of `moves`: how many), or `at` again. money: of all else, currency/year, or of
    the whole. bound: no plan has less money at this x (or at this rule), by `source`."""

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
class Frontier:
    """Points from the least x to the largest, none worse than another in both. goal: what x is
    (`unit`). lines: (w, B_w) of the weights asked: w x + money >= B_w of every plan; empty for a
    rule."""

    goal: str
    unit: str
    points: tuple[Point, ...]
    lines: tuple[tuple[float, float], ...]
    seconds: float

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
            "points": [point.as_dict() for point in self.points],
            "between": [
                {"x": x, "bound": finite(self.bound_at(x))}
                for x in (
                    (one.x + two.x) / 2
                    for one, two in zip(self.points, self.points[1:], strict=False)
                )
            ],
            "lines": [{"weight": w, "bound": b} for w, b in self.lines],
            "seconds": round(self.seconds, 3),
        }

    def to_frame(self) -> Any:
        """One row per point."""
        import pandas as pd

        return pd.DataFrame([point.as_dict() for point in self.points])

    def _repr_html_(self) -> str:
        html: str = self.to_frame().to_html(index=False)
        return html


def frontier(
    reasons: Explanation,
    what: str,
    *,
    points: int = POINTS,
    seconds: float = SECONDS,
    seed: int = 0,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> Frontier:
    """Money against `what`: a goal or priced rule, "moves", or a rule of rows that must hold.

    seconds: for each point. Raises InputError for a name that is neither.
    """
    began = time.monotonic()
    ground = Ground(reasons, seed, threads)
    told = progress or (lambda _: None)
    if what == MOVES or what in _goals(ground.reasons.problem):
        return _of_goal(ground, what, points, seconds, told, began)
    if any(rows.name == what for rows in ground.reasons.problem.rows):
        return _of_rule(ground, what, points, seconds, told, began)
    known = [MOVES, *_goals(reasons.problem), *priced_rules(reasons.problem)]
    raise InputError(
        [
            Fault(
                "there is no such goal, or it is a rule without an amount",
                f"Known are {', '.join(dict.fromkeys(known))}",
                value=what,
            )
        ]
    )


def _goals(problem: Problem) -> list[str]:
    """Names of everything that has money in the objective."""
    names = [cost.name for cost in problem.costs]
    names += [rows.name for rows in problem.rows if np.isfinite(rows.price).all()]
    names += [part.name for part in problem.groupings if not part.hard]
    return list(dict.fromkeys(names))


def _of_goal(
    ground: Ground,
    goal: str,
    points: int,
    seconds: float,
    told: Callable[[str], None],
    began: float,
) -> Frontier:
    problem = ground.reasons.problem
    unit, first = f"{problem.currency}/year", np.geomspace(*WEIGHTS, max(2, points))
    weights: FloatArray = first
    if goal == MOVES:
        unit = "accounts"
        # A move is worth from a hundredth to all of what an account costs on average.
        size = abs(ground.objective) / max(1, problem.accounts)
        weights = np.concatenate([[0.0], np.geomspace(0.01, 1.0, max(1, points - 1)) * size])
    start = ground.reasons.rep
    lines: list[tuple[float, float]] = []
    found: list[tuple[float, IntArray, str]] = []
    for w in weights.tolist():
        told(f"{goal} at {w:.3g}")
        asked = weighted(problem, goal, w)
        result = solve(asked, time_limit=seconds, gap=1e-4, seed=ground.seed,
                       threads=ground.threads, start=start)  # fmt: skip
        if np.isfinite(result.bound):
            lines.append((w, result.bound))
        if result.rep is not None:
            found.append((w, result.rep, result.bound_source))
            start = result.rep
    if goal != MOVES:
        lines.append((1.0, ground.bound))
    made = Frontier(goal, unit, (), tuple(lines), 0.0)
    out = []
    for w, rep, source in [*found, (1.0 if goal != MOVES else 0.0, ground.reasons.rep, "a plan")]:
        x = _amount(problem, goal, rep)
        rest = evaluate(problem, rep).objective - (0.0 if goal == MOVES else x)
        bound = min(rest, made.bound_at(x))
        out.append(Point(w, x, rest, bound, source if source != "a plan" else ground.source, rep))
    return replace(made, points=_undominated(out), seconds=time.monotonic() - began)


def _of_rule(
    ground: Ground,
    rule: str,
    points: int,
    seconds: float,
    told: Callable[[str], None],
    began: float,
) -> Frontier:
    problem, rep, best = ground.reasons.problem, ground.reasons.rep, ground.objective
    out = [Point(0.0, 0.0, best, ground.bound, ground.source, rep)]
    for t in np.linspace(0.0, STEPS, max(2, points))[1:].tolist():
        told(f"{rule} wider by {t:.1%}")
        asked = loosened(problem, rule, t)
        result = solve(asked, time_limit=seconds, gap=1e-4, seed=ground.seed,
                       threads=ground.threads, start=rep)  # fmt: skip
        if result.rep is not None and result.objective < best:
            rep, best = result.rep, result.objective
        out.append(Point(t, t, best, min(best, result.bound), result.bound_source, rep))
    # What no plan of a looser rule undercuts, none of a stricter one does.
    bounds = np.maximum.accumulate([point.bound for point in reversed(out)])[::-1]
    made = tuple(
        replace(point, bound=float(bound)) for point, bound in zip(out, bounds, strict=True)
    )
    return Frontier(rule, "loosened by, as a share", made, (), time.monotonic() - began)


def _undominated(points: list[Point]) -> tuple[Point, ...]:
    """The points that none beats in x and money, from the least x."""
    out: list[Point] = []
    for point in sorted(points, key=lambda p: (p.x, p.money)):
        if not out or point.money < out[-1].money - 1e-9 * max(1.0, abs(point.money)):
            out.append(point)
    return tuple(out)


def _amount(problem: Problem, goal: str, rep: IntArray) -> float:
    if goal == MOVES:
        owned = problem.current >= 0
        return float((owned & (problem.current != rep)).sum())
    return evaluate(problem, rep).money.get(goal, 0.0)


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


@dataclass(frozen=True, eq=False)
class FewestMoves:
    """The fewest accounts that must change hands so that every rule holds. moves: of the plan rep;
    least: no plan has fewer, by `source`."""

    moves: int | None
    least: int
    source: str
    rep: IntArray | None = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        return {"moves": self.moves, "least": self.least, "source": self.source}


def fewest_moves(
    problem: Problem,
    *,
    seconds: float = 30.0,
    seed: int = 0,
    threads: int = 2,
    start: ArrayLike | None = None,
) -> FewestMoves:
    """The fewest moves from the present owners that keep every rule that must hold; money plays no
    part. Accounts without an owner count nothing. start: a plan int[accounts] in hand."""
    asked = replace(problem.feasibility(), costs=(moves_cost(problem, 1.0),))
    found = solve(asked, time_limit=seconds, gap=1e-9, seed=seed, threads=threads, start=start)
    bound = found.bound if np.isfinite(found.bound) else 0.0
    moves = None if found.rep is None else round(_amount(problem, MOVES, found.rep))
    least = max(0, int(np.ceil(bound - 1e-6)))
    return FewestMoves(moves, least, found.bound_source, found.rep)
