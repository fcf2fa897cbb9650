"""Arithmetic on a finished plan, with no solver in sight: objective, totals, broken rules.

This is the only place that says what a plan is worth and whether it holds; `solve`, `check` and
the explanations all read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.errors import FaultList, InputError
from territoryopt.problem.amounts import FloatArray, IntArray
from territoryopt.problem.problem import Problem


def said(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that are neither empty nor an open (infinite) bound."""
    return {
        name: value
        for name, value in fields.items()
        if value not in ("", None) and not (isinstance(value, float) and np.isinf(value))
    }


@dataclass(frozen=True)
class Breach:
    """One rule that a plan breaks, with the numbers that say so.

    For a row: `label` names the rep, group or plan, and `activity` lies outside lower..upper (in
    `unit`). For an account: `account` and `rep` name the pair, and `label` the rep
    of its family where the family is split. `rule` is the name in the model.
    """

    rule: str
    kind: str
    label: str = ""
    account: str = ""
    rep: str = ""
    activity: float | None = None
    lower: float | None = None
    upper: float | None = None
    unit: str = ""
    detail: str = ""

    def as_dict(self) -> dict[str, object]:
        """The fields that say something; an open bound is left out, so that this is JSON."""
        return said(vars(self))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a plan is worth. money: currency/year by the name of a goal or priced rule."""

    objective: float
    money: Mapping[str, float]
    activity: Mapping[str, FloatArray]
    breaches: tuple[Breach, ...]

    @property
    def holds(self) -> bool:
        return not self.breaches

    def as_dict(self) -> dict[str, object]:
        """Objective, money by goal and breaches, for JSON."""
        return {
            "objective": self.objective,
            "goals": [{"name": name, "money": money} for name, money in self.money.items()],
            "breaches": [breach.as_dict() for breach in self.breaches],
        }


def plan_array(problem: Problem, rep: ArrayLike) -> IntArray:
    """A plan as int64[accounts]; raises InputError where it is not one.

    -1 stands for an account that the plan leaves out, which `evaluate` names as a breach.
    """
    faults = FaultList(InputError)
    try:
        value = np.asarray(rep, dtype=np.float64)
    except (TypeError, ValueError):
        value = np.empty(0)
    if value.shape != (problem.accounts,):
        faults.add(
            f"a plan is int[{problem.accounts}], one rep number per account",
            "Number reps from 0",
            key="plan",
            value=getattr(rep, "shape", type(rep).__name__),
        )
        faults.raise_if_any()
    for i in np.flatnonzero(~((value >= -1) & (value < problem.reps) & (value == np.floor(value)))):
        faults.add(
            f"account {problem.account_id(int(i))} has no such rep",
            f"Use 0 to {problem.reps - 1}, or -1 for none",
            key="plan",
            value=value[i],
        )
    faults.raise_if_any()
    return value.astype(np.int64)


def evaluate(problem: Problem, rep: IntArray) -> Evaluation:
    """Objective, money by goal, row activities and every breach of a plan int[accounts].

    An account without a rep (-1) adds nothing to any total and is a breach of its own. A barred
    pair whose cost is inf adds no money (`Cost.at`) and is a breach.
    Money is currency/year; a hard row is broken beyond `TOLERANCE` of its scale.
    """
    owned = np.flatnonzero(rep >= 0)
    breaches = [
        Breach(
            "one rep per account",
            "one_rep",
            account=problem.account_id(int(i)),
            detail="has no rep",
        )
        for i in np.flatnonzero(rep < 0)
    ]
    money: dict[str, float] = {}
    for cost in problem.costs:
        total = cost.price * float(cost.at(owned, rep[owned]).sum())
        money[cost.name] = money.get(cost.name, 0.0) + total
    for exclusion in problem.exclusions:
        barred = exclusion.barred.at(owned, rep[owned]) > 0
        breaches += [
            Breach(
                exclusion.name,
                exclusion.kind,
                account=problem.account_id(int(i)),
                rep=problem.rep_id(int(rep[i])),
            )
            for i in owned[barred]
        ]
    activity: dict[str, FloatArray] = {}
    for rows in problem.rows:
        s = rows.activity(rep)
        activity[rows.name] = s
        if np.isfinite(rows.price).any():
            money[rows.name] = money.get(rows.name, 0.0) + rows.money(s)
        breaches += [
            Breach(
                rows.name,
                rows.kind,
                rows.labels[r],
                activity=float(s[r]),
                lower=float(rows.lower[r]),
                upper=float(rows.upper[r]),
                unit=rows.unit,
            )
            for r in np.flatnonzero(rows.broken(s))
        ]
    for grouping in problem.groupings:
        excess = grouping.excess(grouping.counts(rep, problem.reps))
        if grouping.hard:
            breaches += [
                Breach(grouping.name, grouping.kind, grouping.labels[g])
                for g in np.flatnonzero(excess)
            ]
        else:
            total = grouping.price * float(excess.sum())
            money[grouping.name] = money.get(grouping.name, 0.0) + total
    breaches += _split_families(problem, rep)
    return Evaluation(sum(money.values()), money, activity, tuple(breaches))


def _split_families(problem: Problem, rep: IntArray) -> list[Breach]:
    units = problem.units
    if units.count == problem.accounts:
        return []
    head = units.first[units.unit_of]
    apart = np.flatnonzero(rep != rep[head])
    return [
        Breach(
            problem.family_rule,
            "families",
            label=problem.rep_id(int(rep[head[i]])) if rep[head[i]] >= 0 else "",
            account=problem.account_id(int(i)),
            rep=problem.rep_id(int(rep[i])) if rep[i] >= 0 else "",
        )
        for i in apart
    ]
