"""A large change cut into steps: so much may move at a time, no step breaks a rule more than the
one before, and what saves most moves first.

Money: with c_k the cost of the plan after step k (currency/year), the sum of c_k over the steps is
made small; for steps of one quarter a fourth of it is what the year costs. Where the joint model of
all steps (`joint`) is small enough it is solved, and is exact where its plan keeps all that it
leaves out. Else, and beside it, each step is solved by itself from the plan before it (`between`):
the cheapest plan between that and the target within the budget, with what is left small enough for
the steps to come. The bound is that of the joint model, or for each step that of all moves up to it
at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.showing import Shown
from territoryopt.answers.weights import moves_cost
from territoryopt.errors import FaultList, InputError
from territoryopt.problem import Breach, Cost, FloatArray, IntArray, Problem, evaluate
from territoryopt.realign.between import SLACK, Way, money, no_worse, step_problem
from territoryopt.realign.joint import MOST_CELLS, constant_money, joint_problem, joint_size
from territoryopt.result import finite

if TYPE_CHECKING:
    import pandas as pd

    from territoryopt.reasons.sentences import Speaker
    from territoryopt.runs import Run

SCHEMA = "territoryopt/transition/1"

SECONDS = 60.0
MOST_STEPS = 60
MEASURES = ("count", "revenue", "workload")


@dataclass(frozen=True)
class Step:
    """One step. accounts: moved in it; moved: what they count against the budget; cost: of the plan
    after it, currency/year; breaches: rules it breaks still."""

    number: int
    accounts: int
    moved: float
    cost: float
    breaches: tuple[Breach, ...]

    def as_dict(self) -> dict[str, object]:
        return {
            "number": self.number,
            "accounts": self.accounts,
            "moved": self.moved,
            "cost": self.cost,
            "breaches": [b.as_dict() for b in self.breaches],
        }


@dataclass(frozen=True, eq=False)
class Transition(Shown):
    """Which account moves in which step. step: int[accounts], from 1 on; 0 = does not move.

    asked, budget: steps and what may move in each, in `unit`. placed: accounts that nobody owned,
    with their rep from the start. reached: whether the steps end in the target. least_steps: fewer
    cannot do, by adding up. total: sum of the costs of the plans after each step; bound: no order
    in so many steps has less, by `source`. heaviest: the most that goes at once.
    """

    way: Way
    step: IntArray
    steps: tuple[Step, ...]
    asked: int
    budget: float
    measure: str
    unit: str
    placed: int
    start_cost: float
    start_breaches: tuple[Breach, ...]
    reached: bool
    least_steps: int
    heaviest: float
    total: float
    bound: float
    source: str
    seconds: float
    speaker: Speaker = field(repr=False)
    stopped: Stopped = None

    @property
    def in_time(self) -> bool:
        """Whether the steps asked for are enough."""
        return self.reached and len(self.steps) <= self.asked

    def savings(self) -> FloatArray:
        """float[accounts]: what the account alone costs less a year at its new rep, by the goals
        that add up over accounts."""
        every = np.arange(len(self.step))
        problem = self.way.problem
        out: FloatArray = problem.cost_at(every, self.way.start)
        return out - problem.cost_at(every, self.way.target)

    def table(self) -> dict[str, list[object]]:
        """transition.csv: one row per account that moves, in the order of the steps and what each
        saves."""
        problem, saving = self.way.problem, self.savings()
        moved = self.way.moving
        step = np.where(self.step[moved] > 0, self.step[moved], MOST_STEPS + 1)
        order = moved[np.lexsort((-saving[moved], step))]
        names = self.speaker.account_names
        ids = [problem.account_id(int(i)) for i in order]
        return {
            "account_id": list(ids),
            "name": [names.get(a, a) for a in ids],
            "from_rep_id": [problem.rep_id(int(j)) for j in self.way.start[order]],
            "rep_id": [problem.rep_id(int(j)) for j in self.way.target[order]],
            "step": [int(k) or None for k in self.step[order]],
            "counts": self.way.weight[order].tolist(),
            "saving": saving[order].tolist(),
        }

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/transition/1`."""
        from territoryopt.realign.telling_transition import tell_transition

        columns = self.table()
        moves = [dict(zip(columns, row, strict=True))
                 for row in zip(*columns.values(), strict=True)]  # fmt: skip
        return {
            "schema": SCHEMA,
            "asked": self.asked,
            "budget": self.budget,
            "measure": self.measure,
            "unit": self.unit,
            "reached": self.reached,
            "in_time": self.in_time,
            "least_steps": self.least_steps,
            "placed": self.placed,
            "start": {"cost": self.start_cost,
                      "breaches": [b.as_dict() for b in self.start_breaches]},
            "steps": [step.as_dict() for step in self.steps],
            "total": self.total,
            "bound": finite(self.bound),
            "source": self.source,
            "moves": moves,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "text": tell_transition(self),
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row per account that moves."""
        import pandas as pd

        return pd.DataFrame(self.table())

    def heading(self) -> str:
        from territoryopt.realign.telling_transition import tell_transition

        return tell_transition(self)[0]


def transition(
    run: Run,
    steps: int,
    per_step: float,
    *,
    measure: str = "count",
    time_limit: float = SECONDS,
    seed: int = 0,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> Transition:
    """The change from today's owners to the plan of a run, in steps.

    per_step: what may move in one, in the unit of `measure`: "count", "revenue" or "workload" (with
    the owner of today). Where so many steps are not enough, the steps it takes are given. Raises
    InputError for numbers that cannot be used, a run without a plan, and data without the measure.
    """
    from territoryopt.reasons.explanation import speaker_of
    from territoryopt.terms import Data

    _check(run, steps, per_step, measure)
    assert run.rep is not None
    data = Data(run.instance, run.model)
    weight = data.held(measure)
    if data.faults or data.bad_input:
        faults = [f for e in data.bad_input for f in e.problems] + data.faults.problems
        raise InputError(faults)
    way, placed = way_of(run.problem, run.rep, weight)
    speaker = speaker_of(run.problem, run.instance)
    series = Series(time_limit, time_limit, seed, threads)
    made = cut(way, steps, float(per_step), series, progress or (lambda _: None))
    return replace(made, measure=measure, unit=data.unit(measure), placed=placed, speaker=speaker)


def _check(run: Run, steps: int, per_step: float, measure: str) -> None:
    faults = FaultList(InputError)
    if run.rep is None:
        faults.add(f"{run.folder} holds no plan: {run.record['status']}")
    if not 1 <= steps <= MOST_STEPS:
        faults.add(f"must be 1 to {MOST_STEPS}", key="steps", value=steps)
    if not per_step > 0 or not np.isfinite(per_step):
        faults.add("must be above zero", key="per_step", value=per_step)
    if measure not in MEASURES:
        faults.add(f"must be one of {', '.join(MEASURES)}", key="measure", value=measure)
    faults.raise_if_any()


def way_of(problem: Problem, target: IntArray, weight: FloatArray) -> tuple[Way, int]:
    """From the present owners to a plan; accounts without an owner are with their new rep from the
    start, and how many those are."""
    unowned = problem.current < 0
    start = np.where(unowned, target, problem.current)
    counted = np.where(unowned, 0.0, weight)
    return Way(problem, start, target.copy(), counted), int(unowned.sum())


def cut(
    way: Way, steps: int, budget: float, series: Series, told: Callable[[str], None]
) -> Transition:
    """The steps of a way; see `transition`."""
    from territoryopt.reasons.sentences import Speaker

    whole = way.left(way.start)
    least = max(int(np.ceil(whole / budget * (1 - SLACK))), 1 if len(way.moving) else 0)
    plans, exact = None, None
    bound, source = -np.inf, "proved"
    small = joint_size(way, steps) <= MOST_CELLS
    with series:
        if least <= steps and len(way.moving) and way.heaviest <= budget * (1 + SLACK) and small:
            told("all steps at once")
            found = series.solve(joint_problem(way, steps, budget), 1e-6, seconds=0.4 * series.left)
            fixed = constant_money(way, steps)
            if np.isfinite(found.bound):
                bound, source = fixed + found.bound, found.bound_source
            if found.rep is not None:
                exact = _plans_of(way, found.rep, steps)
                if all(no_worse(way, a, b) for a, b in pairwise(exact)):
                    plans = exact
    if not series.over or plans is None:
        other = _one_by_one(way, steps, budget, series, told)
        if plans is None or (
            len(other) <= len(plans) and _reached(way, other)
            and _total(way, other, steps) < _total(way, plans, steps)
        ):  # fmt: skip
            plans = other
    reached = _reached(way, plans)
    count = max(steps, len(plans) - 1)
    total = _total(way, plans, count)
    if count == steps and not np.isfinite(bound):
        with series:
            bound, source = _bound_by_step(way, plans, steps, budget, series)
    if count != steps or not reached:
        bound, source = -np.inf, "proved"  # what is known is of other steps than these
    step = np.zeros(len(way.start), dtype=np.int64)
    made: list[Step] = []
    for k, (before, after) in enumerate(pairwise(plans), 1):
        changed = np.flatnonzero(before != after)
        step[changed] = k
        judged = evaluate(way.problem, after)
        made.append(Step(k, len(changed), float(way.weight[changed].sum()), judged.objective,
                         judged.breaches))  # fmt: skip
    start = evaluate(way.problem, way.start)
    return Transition(
        way=way, step=step, steps=tuple(made), asked=steps, budget=budget, measure="count",
        unit="accounts", placed=0, start_cost=start.objective, start_breaches=start.breaches,
        reached=reached, least_steps=least, heaviest=way.heaviest, total=total,
        bound=min(bound, total), source=source, seconds=series.spent, speaker=Speaker(),
        stopped=series.stopped,
    )  # fmt: skip


def _reached(way: Way, plans: list[IntArray]) -> bool:
    return bool((plans[-1] == way.target).all())


def _total(way: Way, plans: list[IntArray], steps: int) -> float:
    """The sum of the costs after each step; after the last plan it stays as it is."""
    costs = [money(way.problem, plan) for plan in plans]
    done = costs[1:] or costs
    return sum(done[:steps]) + max(0, steps - len(done)) * costs[-1]


def _plans_of(way: Way, when: IntArray, steps: int) -> list[IntArray]:
    """The plan before the first step, and after each, up to the one that reaches the target."""
    plans = [way.start.copy()]
    for k in range(steps):
        plan = plans[-1].copy()
        for b, members in enumerate(way.bundles):
            if when[b] == k:
                plan[members] = way.target[members]
        plans.append(plan)
    while len(plans) > 2 and (plans[-1] == plans[-2]).all():
        plans.pop()
    return plans


def _one_by_one(
    way: Way, steps: int, budget: float, series: Series, told: Callable[[str], None]
) -> list[IntArray]:
    """Each step from the plan before it, until the target is reached or nothing can move."""
    plans = [way.start.copy()]
    with series:
        while not _reached(way, plans) and len(plans) <= MOST_STEPS:
            k, plan = len(plans), plans[-1]
            told(f"step {k}")
            left = way.left(plan)
            seconds = max(0.5, series.left / (2 * max(1, steps - k + 1)))
            needed = min(budget, max(0.0, left - max(0, steps - k) * budget))
            asked = step_problem(way, plan, needed, budget)
            found = series.solve(asked, 1e-5, plan, seconds)
            after = found.rep
            if after is None or (after == plan).all():
                # What is needed cannot be, or nothing pays: as far as the rules let it go.
                free = replace(step_problem(way, plan, 0.0, budget).feasibility(), costs=())
                far = replace(free, costs=(_staying(way, plan),))
                found = series.solve(far, 1e-5, plan, seconds)
                after = found.rep
            if after is None or (after == plan).all():
                break
            plans.append(after)
            if series.over:
                break
    return plans


def _staying(way: Way, plan: IntArray) -> Cost:
    """A gain for every account that moves."""
    going = replace(way.problem, current=np.where(plan != way.target, plan, -1))
    return moves_cost(going, -1.0)


def _bound_by_step(
    way: Way, plans: list[IntArray], steps: int, budget: float, series: Series
) -> tuple[float, str]:
    """The sum over the steps of a bound on the plans that all moves up to it can lead to."""
    total, sources = 0.0, {"proved"}
    for k in range(1, steps + 1):
        if series.over:
            return -np.inf, "proved"
        if k >= steps:  # after the last step the plan is the target
            total += money(way.problem, way.target)
            continue
        start = plans[min(k, len(plans) - 1)]
        asked = step_problem(way, way.start, 0.0, k * budget)
        loose = replace(asked, groupings=(), family=np.full(way.problem.accounts, -1))
        found = series.solve(loose, 1e-4, start, max(0.5, series.left / (steps - k + 1)))
        total += found.bound
        sources.add(found.bound_source)
    sources.discard("proved")
    return total, ", ".join(sorted(sources)) or "proved"
