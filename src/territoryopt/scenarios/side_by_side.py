"""Plans side by side: what each costs by goal, how even it is, what moves, who has how much.

Balance of a measure with total w_j of rep j and target mu_j: max_j |w_j - mu_j| / |mu_j| and the
coefficient of variation, std(w) / mean(w). The target is that of the plan's own rule on the
measure; where it has none, the mean over its reps.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.answers.showing import Shown
from territoryopt.errors import InputError, ModelError
from territoryopt.problem import FloatArray, Problem
from territoryopt.reasons.territories import Share
from territoryopt.result import finite
from territoryopt.runs import Run, read_run
from territoryopt.scenarios.sweep import INDEX, read_sweep
from territoryopt.terms import Data

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/side-by-side/1"


@dataclass(frozen=True)
class Balance:
    """How even a measure is: worst, cv: fractions; None where the mean is zero."""

    measure: str
    unit: str
    worst: float | None
    cv: float | None


@dataclass(frozen=True)
class RepLine:
    """One rep in one plan. money: of its pairs, currency/year; totals: by measure."""

    rep: str
    name: str
    accounts: int
    money: float
    totals: Mapping[str, float]

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "totals": dict(self.totals)}


@dataclass(frozen=True, eq=False)
class Plan:
    """One of the plans. Money is currency/year; numbers of a plan that there is not are None.

    data, prices, rules: plans of the same data, goals or rules have the same word here.
    goals: amount and money of every goal. charged: money of priced rules and rows. breaches: places
    where a rule that must hold is broken.
    """

    name: str
    about: str
    in_words: tuple[str, ...]
    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    bound_source: str
    moved: int
    owned: int
    accounts: int
    breaches: int
    goals: tuple[Share, ...]
    charged: Mapping[str, float]
    balance: tuple[Balance, ...]
    reps: tuple[RepLine, ...]
    data: str
    prices: str
    rules: str
    run: Run = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        known = {k: v for k, v in vars(self).items() if k != "run"}
        return {
            **known,
            "in_words": list(self.in_words),
            "goals": [{**share.as_dict(), "amount": finite(share.amount)} for share in self.goals],
            "charged": dict(self.charged),
            "balance": [dict(vars(b)) for b in self.balance],
            "reps": [rep.as_dict() for rep in self.reps],
        }


@dataclass(frozen=True)
class Apart:
    """Accounts that two plans both have, and how many of them are with another rep."""

    one: str
    two: str
    accounts: int
    differing: int


@dataclass(frozen=True)
class Dominated:
    """A plan that another of the same data is no worse than in anything, and better in `better`."""

    plan: str
    by: str
    better: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SideBySide(Shown):
    """Plans side by side. measures: name and unit of those whose balance is told."""

    currency: str
    plans: tuple[Plan, ...]
    measures: tuple[tuple[str, str], ...]
    apart: tuple[Apart, ...]
    dominated: tuple[Dominated, ...]

    @property
    def with_plan(self) -> list[Plan]:
        return [plan for plan in self.plans if plan.objective is not None]

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/side-by-side/1`."""
        return {
            "schema": SCHEMA,
            "currency": self.currency,
            "plans": [plan.as_dict() for plan in self.plans],
            "measures": [{"measure": m, "unit": u} for m, u in self.measures],
            "apart": [dict(vars(pair)) for pair in self.apart],
            "dominated": [{**vars(d), "better": list(d.better)} for d in self.dominated],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per plan: money by goal, balance, moves, bound and gap."""
        import pandas as pd

        rows = []
        for plan in self.plans:
            row: dict[str, object] = {
                "plan": plan.name, "status": plan.status, "objective": plan.objective,
                "bound": plan.bound, "gap": plan.gap, "moved": plan.moved, "owned": plan.owned,
                "breaches": plan.breaches,
            }  # fmt: skip
            row |= {f"{share.name}_money": share.money for share in plan.goals}
            row |= {f"{name}_money": money for name, money in plan.charged.items()}
            for b in plan.balance:
                row |= {f"{b.measure}_worst": b.worst, f"{b.measure}_cv": b.cv}
            rows.append(row)
        return pd.DataFrame(rows)

    def reps_frame(self) -> pd.DataFrame:
        """One row per plan and rep: accounts, money and each measure."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"plan": plan.name, "rep": r.rep, "name": r.name, "accounts": r.accounts,
                 "money": r.money, **r.totals}
                for plan in self.plans for r in plan.reps
            ]
        )  # fmt: skip


def read_plans(
    places: Sequence[str | os.PathLike[str]],
) -> list[tuple[str, Mapping[str, Any], Run]]:
    """(name, what is known of it, run) of run folders, or of every run of a sweep folder."""
    out: list[tuple[str, Mapping[str, Any], Run]] = []
    for place in map(Path, places):
        if (place / INDEX).is_file():
            out += [(o.name, o.as_dict(), run) for o, run in read_sweep(place)]
        else:
            out.append((place.resolve().name, {}, read_run(place)))
    names = [name for name, _, _ in out]
    return [
        (name if names.count(name) == 1 else str(run.folder), known, run)
        for name, known, run in out
    ]


def side_by_side(*places: str | os.PathLike[str]) -> SideBySide:
    """The plans in run folders or sweep folders, side by side; nothing is solved.

    Raises InputError where there are fewer than two, a run cannot be read, or their money is not
    in one currency.
    """
    found = read_plans(places)
    if len(found) < 2:
        raise InputError(["give two runs or more, or a sweep folder with as many"])
    currencies = list(dict.fromkeys(run.problem.currency for _, _, run in found))
    if len(currencies) > 1:
        raise InputError([f"the plans are in several currencies: {', '.join(currencies)}"])
    measures = _measures([run.problem for _, _, run in found])
    plans = tuple(_plan(name, known, run, measures) for name, known, run in found)
    return SideBySide(currencies[0], plans, tuple(measures.items()), _apart(plans),
                      _dominated(plans))  # fmt: skip


def _measures(problems: Sequence[Problem]) -> dict[str, str]:
    """The measures that some rule limits rep by rep, with their units."""
    return {
        rows.measure: rows.unit
        for problem in problems
        for rows in problem.rows
        if rows.measure and rows.kind != "moves" and _per_rep(problem, rows.row_of_rep)
    }


def _per_rep(problem: Problem, row_of_rep: Any) -> bool:
    return bool(np.array_equal(row_of_rep, np.arange(problem.reps)))


def _plan(name: str, known: Mapping[str, Any], run: Run, measures: Mapping[str, str]) -> Plan:
    record, problem = run.record, run.problem
    owned = int((problem.current >= 0).sum())
    about: dict[str, Any] = {
        "name": name, "about": str(known.get("about", "")),
        "in_words": tuple(known.get("in_words", ())), "status": str(record["status"]),
        "bound_source": str(record["bound_source"]), "owned": owned, "accounts": problem.accounts,
        "data": data_word(run), "prices": _prices(run),
        "rules": word_of({n: r.model_dump(mode="json") for n, r in run.model.rules.items()}),
        "run": run,
    }  # fmt: skip
    if run.rep is None:
        return Plan(**about, objective=None, bound=record["bound"], gap=None, moved=0, breaches=0,
                    goals=(), charged={}, balance=(), reps=())  # fmt: skip
    reasons = run.explanation()
    facts = reasons.facts
    evaluation, territories = facts.evaluation, reasons.territories()
    totals = {m: t for m in measures if (t := _totals(run, m)) is not None}
    goals = tuple(share for share in facts.shares() if share.name in run.model.goals)
    named = {share.name for share in goals}
    return Plan(
        **about,
        objective=evaluation.objective,
        bound=record["bound"],
        gap=finite(float(record["gap"])) if record.get("gap") is not None else None,
        moved=len(facts.moved),
        breaches=len(evaluation.breaches),
        goals=goals,
        charged={n: m for n, m in evaluation.money.items() if n not in named},
        balance=tuple(_balance(problem, m, measures[m], t) for m, t in totals.items()),
        reps=tuple(
            RepLine(
                t.rep, reasons.speaker.rep(t.rep), t.accounts, sum(s.money for s in t.shares),
                {m: float(total[j]) for m, total in totals.items()},
            )
            for j, t in enumerate(territories)
        ),
    )  # fmt: skip


def _totals(run: Run, measure: str) -> FloatArray | None:
    """float[reps]: the total of a measure of each rep; None where the model has no such measure or
    the data lack a column of it."""
    if measure not in run.model.units or run.rep is None:
        return None
    data = Data(run.instance, run.model)
    try:
        amounts = data.amounts(measure)
    except (InputError, ModelError):
        return None
    if data.faults or data.bad_input:
        return None
    owned = np.flatnonzero(run.rep >= 0)
    weights = amounts.at(owned, run.rep[owned])
    total: FloatArray = np.bincount(run.rep[owned], weights, run.problem.reps).astype(np.float64)
    return total


def _balance(problem: Problem, measure: str, unit: str, total: FloatArray) -> Balance:
    target = next(
        (rows.target for rows in problem.rows if rows.measure == measure and rows.target is not None
         and _per_rep(problem, rows.row_of_rep)), None,
    )  # fmt: skip
    mean = float(total.mean()) if len(total) else 0.0
    mu = np.full(len(total), mean) if target is None else target
    if not mean or not mu.all():
        return Balance(measure, unit, None, None)
    worst = float((np.abs(total - mu) / np.abs(mu)).max())
    return Balance(measure, unit, worst, float(total.std() / abs(mean)))


def data_word(run: Run) -> str:
    """What tells the data of a run from those of others."""
    inputs = {k: v for k, v in run.record["inputs"].items() if k != "model"}
    source = run.record["source"]
    where = [source.get("where") or {}, run.model.where.model_dump(), source.get("locks") or {}]
    return word_of([inputs, where])


def _prices(run: Run) -> str:
    """What tells the goals of a run, and how their amounts are counted, from those of others."""
    model = run.model
    return word_of(
        [{name: goal.model_dump(mode="json") for name, goal in model.goals.items()},
         *(part.model_dump(mode="json") for part in (model.travel, model.workload)),
         {name: part.model_dump(mode="json") for name, part in model.measures.items()}],
    )  # fmt: skip


def word_of(known: object) -> str:
    """A short word for what is known: the same for the same."""
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def _apart(plans: Sequence[Plan]) -> tuple[Apart, ...]:
    """How many accounts are with other reps, for every two plans."""
    owners = [
        (plan.name, plan.run.record["alignment"]) for plan in plans if plan.run.rep is not None
    ]
    out = []
    for (one, first), (two, second) in combinations(owners, 2):
        both = first.keys() & second.keys()
        out.append(Apart(one, two, len(both), sum(first[a] != second[a] for a in both)))
    return tuple(out)


def criteria(plan: Plan, money: bool) -> dict[str, float]:
    """What a plan is judged by, less being better: money of the goals where the others have the
    same prices, else their amounts; accounts that change hands; balance."""
    out: dict[str, float] = {}
    if money and plan.objective is not None:
        out["money"] = plan.objective
    for share in plan.goals:
        out[f"goal {share.name}"] = share.money if money else share.amount
    out["moves"] = float(plan.moved)
    out |= {f"balance {b.measure}": b.worst for b in plan.balance if b.worst is not None}
    return out


def _dominated(plans: Sequence[Plan]) -> tuple[Dominated, ...]:
    """Plans that some other is no worse than in money (or, with other prices, in the amounts of all
    goals), moves and balance, and better in one of them; of two alike the first stays."""
    out = []
    for at, plan in enumerate(plans):
        for other_at, other in enumerate(plans):
            if at == other_at or plan.data != other.data or other.breaches > plan.breaches:
                continue
            if plan.objective is None or other.objective is None:
                continue
            better = _better(other, plan)
            if better or (better is not None and other_at < at):
                out.append(Dominated(plan.name, other.name, better))
                break
    return tuple(out)


def _better(one: Plan, two: Plan) -> tuple[str, ...] | None:
    """What one plan is better in; None where it is worse in something, or they do not compare."""
    same = one.prices == two.prices
    if not same and [s.name for s in one.goals] != [s.name for s in two.goals]:
        return None
    first, second = criteria(one, same), criteria(two, same)
    if first.keys() != second.keys():
        return None
    names = [n for n in first if not (same and n.startswith("goal "))]
    room = {n: 1e-6 * max(abs(first[n]), abs(second[n])) for n in names}
    if any(first[n] > second[n] + room[n] for n in names):
        return None
    return tuple(n for n in names if first[n] < second[n] - room[n])
