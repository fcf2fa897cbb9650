"""What it would take to bring the plan back into its bands, and whether that is worth it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from territoryopt.alignment import Move
from territoryopt.answers.fewest import fewest_moves
from territoryopt.answers.moves import shortened
from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.weights import MOVES, at_most_moves, of_goal, weighted
from territoryopt.monitoring.balance import bands
from territoryopt.monitoring.present import Present
from territoryopt.problem import Breach, Evaluation, IntArray, Problem, evaluate
from territoryopt.result import finite

Standing = Literal["in", "out", "heading out"]
NONE_IN_TIME = "no plan that keeps every rule with the numbers of now was found in time"
AHEAD = 12
"""Months ahead that a territory is told to head out of its band."""


@dataclass(frozen=True)
class Place:
    """Where a territory is in a band now. share: w / μ as the measure is now; lower, upper: the
    band, as shares of μ. standing: "heading out" where its drift, going on as it did, would have
    it outside within a year, in `months` months."""

    rep: str
    rule: str
    measure: str
    share: float
    lower: float
    upper: float
    standing: Standing
    months: float | None = None

    def as_dict(self) -> dict[str, object]:
        out = dict(vars(self))
        return {k: None if isinstance(v, float) and not np.isfinite(v) else v
                for k, v in out.items()}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Realignment:
    """One way to realign, from the plan as it is owned to a plan that holds with the numbers of
    now.

    kind: "fewest" moves that make every rule hold, the cheapest of these; or the "best" plan of
    the model's goals, every move priced. moves: whose owner changes; free: accounts of reps who
    left, which are no move. least: fewer moves will not do, by `source` (of "fewest").
    hand_over: what the model says is at risk by moves, and the price of moves, currency/year.
    gain: what the other goals and priced rules save, currency/year, below zero where they cost
    more; None where a rep left, for then today's plan is none. unbroken: what is brought back
    into hard bands, by measure, in its unit. worth: that times the price in the settings.
    net: gain + worth - hand_over. bound, bound_source: no plan that holds costs less in all.
    """

    kind: Literal["fewest", "best"]
    rep: IntArray = field(repr=False)
    moves: tuple[Move, ...]
    free: tuple[Move, ...]
    least: int | None
    source: str
    hand_over: float
    gain: float | None
    unbroken: dict[str, tuple[float, str]]
    worth: float
    goals: dict[str, tuple[float, float]]
    bound: float | None
    bound_source: str
    objective: float

    @property
    def net(self) -> float | None:
        return None if self.gain is None else self.gain + self.worth - self.hand_over

    @property
    def break_even(self) -> float | None:
        """The price of a unit outside the band, a year, from which it pays; None where it pays
        without one, where nothing was outside, or where several measures were."""
        if self.net is None or self.net >= 0 or len(self.unbroken) != 1 or self.worth:
            return None
        amount, _ = next(iter(self.unbroken.values()))
        return -self.net / amount if amount > 0 else None

    def as_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "moves": [move._asdict() for move in self.moves],
            "accounts_of_reps_who_left": [move._asdict() for move in self.free],
            "least": self.least,
            "source": self.source,
            "hand_over": self.hand_over,
            "gain": self.gain,
            "unbroken": [{"measure": m, "amount": a, "unit": u}
                         for m, (a, u) in self.unbroken.items()],
            "worth": self.worth,
            "net": self.net,
            "break_even": self.break_even,
            "goals": [{"name": n, "before": b, "after": a} for n, (b, a) in self.goals.items()],
            "objective": self.objective,
            "bound": self.bound,
            "bound_source": self.bound_source,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Health:
    """The plan with the numbers of now. places: every territory in every band that grows;
    breaches: the rules it breaks; realignments: what it would take. none: why there is no
    realignment, "" where there is one or none is needed."""

    present: Present = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    places: tuple[Place, ...]
    realignments: tuple[Realignment, ...]
    none: str = ""
    stopped: Stopped = None

    @property
    def breaches(self) -> tuple[Breach, ...]:
        return self.evaluation.breaches


def places(now: Present, measures: frozenset[str], pace: dict[str, float]) -> tuple[Place, ...]:
    """Where each territory lies in each band on one of the measures. pace: of the territories
    that are above the limit, the growth of the share in logs a month."""
    out = []
    for rows in bands(now.problem, measures):
        assert rows.target is not None
        total = rows.activity(now.rep)
        broken = rows.excess(total) > 1e-6 * rows.scale
        for j, label in enumerate(rows.labels):
            mu = float(rows.target[j])
            share = float(total[j]) / mu
            low, high = float(rows.lower[j]) / mu, float(rows.upper[j]) / mu
            months = None
            standing: Standing = "out" if broken[j] else "in"
            speed = pace.get(label, 0.0)
            edge = high if speed > 0 else low
            if standing == "in" and speed and share > 0 and edge > 0 and np.isfinite(edge):
                months = max(0.0, float(np.log(edge / share) / speed))
                standing = "heading out" if months <= AHEAD else "in"
            out.append(
                Place(label, rows.name, rows.measure, share, low, high, standing,
                      months if standing == "heading out" else None)
            )  # fmt: skip
    return tuple(out)


def realign(
    now: Present, series: Series, made: list[Realignment], *, move_price: float,
    outside_price: float | None, gap: float,
) -> str:  # fmt: skip
    """Add the realignments to `made` as they are found; the word why there is none, where there is
    none. Ctrl-C between searches is raised, and what was found is in `made` then."""
    problem = now.problem
    args = (now, move_price, outside_price)
    priced = weighted(problem, MOVES, move_price) if move_price else problem
    best = series.solve(priced, gap)
    if best.status == "infeasible":
        return "no plan keeps every rule with the numbers of now"
    if best.rep is not None:
        bound, source = finite(best.bound), best.bound_source
        made.append(_realignment("best", best.rep, None, "", bound, source, *args))
    if series.over:
        return NONE_IN_TIME
    found = fewest_moves(
        problem, seconds=max(1e-3, min(series.seconds, series.left)), seed=series.seed,
        threads=series.threads, start=best.rep,
    )  # fmt: skip
    if found.stopped is not None:
        series.stopped = found.stopped
    rep = found.rep
    if rep is None:
        return NONE_IN_TIME
    if not series.over and not now.left and of_goal(problem, MOVES, rep) > found.least:
        # what a search cut short may have left: accounts that go and need not
        dear = 1e3 * (1.0 + abs(evaluate(problem, rep).objective))
        rep = shortened(problem, now.rep, rep, (), dear, series.limits(series.seconds))
    few: float | None = None
    word = ""
    if not series.over:
        most = round(of_goal(problem, MOVES, rep))
        limited = at_most_moves(priced, most)
        cheapest = series.solve(limited, gap, rep)
        rep = rep if cheapest.rep is None else cheapest.rep
        few, word = finite(cheapest.bound), cheapest.bound_source
    made.insert(0, _realignment("fewest", rep, found.least, found.source, few, word, *args))
    return ""


def _realignment(
    kind: Literal["fewest", "best"], rep: IntArray, least: int | None, source: str,
    bound: float | None, bound_source: str, now: Present, move_price: float,
    outside_price: float | None,
) -> Realignment:  # fmt: skip
    problem = now.problem
    before, after = evaluate(problem, now.rep), evaluate(problem, rep)
    hand_overs = {cost.name for cost in problem.costs if cost.kind == "disruption"}
    names = dict.fromkeys([*before.money, *after.money])
    goals = {n: (before.money.get(n, 0.0), after.money.get(n, 0.0)) for n in names}
    moved = of_goal(problem, MOVES, rep)
    hand_over = move_price * moved + sum(
        after.money.get(n, 0.0) - before.money.get(n, 0.0) for n in hand_overs
    )
    gain = None
    if not now.left:
        gain = sum(b - a for n, (b, a) in goals.items() if n not in hand_overs)
    unbroken = _unbroken(problem, now.rep, rep)
    worth = 0.0 if outside_price is None else outside_price * sum(a for a, _ in unbroken.values())
    moves = [
        Move(
            problem.account_id(int(i)),
            problem.rep_id(int(now.rep[i])) if now.rep[i] >= 0 else None,
            problem.rep_id(int(rep[i])),
        )
        for i in np.flatnonzero(now.rep != rep)
    ]
    return Realignment(
        kind, rep, tuple(m for m in moves if m.before is not None),
        tuple(m for m in moves if m.before is None), least, source, hand_over, gain, unbroken,
        worth, goals, bound, bound_source, after.objective + move_price * moved,
    )  # fmt: skip


def _unbroken(problem: Problem, before: IntArray, after: IntArray) -> dict[str, tuple[float, str]]:
    """By measure: what lay outside hard bands before and no longer does, and its unit."""
    out: dict[str, tuple[float, str]] = {}
    for rows in problem.rows:
        hard = np.isinf(rows.price) & (rows.excess(rows.activity(before)) > 1e-6 * rows.scale)
        less = rows.excess(rows.activity(before)) - rows.excess(rows.activity(after))
        amount = float(less[hard].sum())
        if amount > 0 and rows.kind != "moves":
            earlier = out.get(rows.measure, (0.0, rows.unit))[0]
            out[rows.measure] = (earlier + amount, rows.unit)
    return out
