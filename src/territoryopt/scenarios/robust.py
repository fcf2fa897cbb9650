"""The choice for several futures: every plan held against every future, and the one that loses
least, at worst (minimax regret: Savage 1951, The theory of statistical decision, JASA 46) and on
the weighted mean.

A plan's cost in a future is our own arithmetic on that future's data, rules and prices, plus what
the rules it breaks there are worth at the prices of that future's bound, plus, where that is asked
for, a price for each place. Its regret is that cost less the cost of the best plan known for that
future; no plan can have less regret than that by more than the future's gap.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.answers.showing import Shown
from territoryopt.errors import FaultList, InputError
from territoryopt.problem import IntArray, Problem
from territoryopt.result import finite
from territoryopt.runs import Run
from territoryopt.scenarios.averaged import Weighted, averaged
from territoryopt.scenarios.carrying import Carried, carry, farthest, worth_of_breaches
from territoryopt.scenarios.sweep import Outcome, read_sweep
from territoryopt.toml_reading import nearest

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/robust/1"
FOR_ALL = "best for all"
"""The name of the plan that is searched for on the weighted mean of all futures."""


@dataclass(frozen=True)
class Future:
    """A future with its weight (all together 1). best: what the best plan known for it costs there,
    `best_plan`; bound: no plan costs less, by `bound_source`. Currency/year."""

    name: str
    about: str
    in_words: tuple[str, ...]
    weight: float
    best: float
    best_plan: str
    bound: float | None
    bound_source: str

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "in_words": list(self.in_words)}


@dataclass(frozen=True)
class Cell:
    """A plan in a future. Currency/year.

    cost: by that future's goals. broken_worth: what the broken rows are worth at its prices.
    breaches: places where a rule that must hold is broken; beyond: the farthest that a row is out
    of its bounds, a fraction of them. placed, gone: accounts given a rep because the plan has none
    for them there, and accounts that are not there. regret: cost and broken_worth (and the price of
    each place) less the best; at_most: less the bound instead.
    """

    plan: str
    future: str
    cost: float
    broken_worth: float
    breaches: int
    beyond: float
    placed: int
    gone: int
    regret: float
    at_most: float | None


@dataclass(frozen=True)
class Standing:
    """A plan over all futures. worst: its largest regret, in `worst_in`; mean: by weight. holds: in
    how many futures it breaks nothing."""

    plan: str
    worst: float
    worst_in: str
    mean: float
    holds: int
    breaches: int


@dataclass(frozen=True, eq=False)
class Robust(Shown):
    """Every plan in every future. left_out: futures without any plan, which tell none apart.

    standings: the least worst regret first. by_worst, by_mean: the plans that lose least; lawful:
    the one with the least worst regret of those that break nothing in any future; None where there
    is none. searched: what came of the search for a plan for all, in words; owners: its plan.
    """

    currency: str
    futures: tuple[Future, ...]
    cells: tuple[Cell, ...]
    standings: tuple[Standing, ...]
    by_worst: str
    by_mean: str
    lawful: str | None
    left_out: tuple[str, ...]
    breach_price: float
    searched: str = ""
    owners: Mapping[str, str] = field(default_factory=dict, repr=False)

    def standing(self, plan: str) -> Standing:
        return next(s for s in self.standings if s.plan == plan)

    def of(self, plan: str) -> list[Cell]:
        """A plan in every future, the largest regret first."""
        return sorted((c for c in self.cells if c.plan == plan), key=lambda c: -c.regret)

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/robust/1`."""
        return {
            "schema": SCHEMA,
            "currency": self.currency,
            "breach_price": self.breach_price,
            "futures": [future.as_dict() for future in self.futures],
            "cells": [dict(vars(cell)) for cell in self.cells],
            "standings": [dict(vars(standing)) for standing in self.standings],
            "by_worst": self.by_worst,
            "by_mean": self.by_mean,
            "lawful": self.lawful,
            "left_out": list(self.left_out),
            "searched": self.searched,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per plan and future."""
        import pandas as pd

        return pd.DataFrame([vars(cell) for cell in self.cells])


def robust(
    folder: str | os.PathLike[str],
    *,
    weights: Mapping[str, float] | None = None,
    breach_price: float = 0.0,
    seconds: float = 0.0,
    gap: float = 1e-3,
    seed: int = 0,
    threads: int = 2,
) -> Robust:
    """Hold every plan of a sweep folder against every future of it.

    weights: of futures by name, zero or more; those not named have 0 then. Without, the weights of
    the page; a scenario of weight 0 is no future, but its plan counts. breach_price: currency/year
    for each place where a rule that must hold is broken. seconds: above 0, one more plan is
    searched for: the one that costs least on the weighted mean and keeps the rules of every future;
    gap, seed, threads are of that search. Raises InputError where nothing can be compared.
    """
    runs = read_sweep(folder)
    weight = _weights([outcome for outcome, _ in runs], weights, breach_price, seconds)
    with_plan = [(outcome, run) for outcome, run in runs if run.rep is not None]
    futures = [(outcome, run) for outcome, run in with_plan if weight[outcome.name] > 0]
    left_out = tuple(o.name for o, run in runs if run.rep is None and weight[o.name] > 0)
    if not futures or len(with_plan) < 2:
        raise InputError(["a choice needs two plans or more, and a future with a plan"])
    if len({run.problem.currency for _, run in with_plan}) > 1:
        raise InputError(["the plans are in several currencies"])
    whole = sum(weight[outcome.name] for outcome, _ in futures)
    weight = {name: value / whole for name, value in weight.items()}
    owners = {outcome.name: dict(run.record["alignment"]) for outcome, run in with_plan}
    searched = ""
    if seconds > 0:
        searched, plan = _search(futures, weight, seconds, gap, seed, threads)
        if left_out and plan:
            searched = searched.replace("every future", "every future that has a plan")
        if plan:
            owners[FOR_ALL] = plan
    made, cells = [], []
    for outcome, run in futures:
        carried = {name: carry(plan, run.problem) for name, plan in owners.items()}
        future = _future(outcome, run, weight[outcome.name], carried)
        made.append(future)
        prices = run.explanation().prices
        cells += [
            _cell(name, future, found, run.problem,
                  worth_of_breaches(run.problem, found.evaluation, prices), breach_price)
            for name, found in carried.items()
        ]  # fmt: skip
    standings = _standings(list(owners), made, cells)
    lawful = next((s.plan for s in standings if s.holds == len(made)), None)
    mean = min(standings, key=lambda s: (s.mean, s.breaches))
    return Robust(
        futures[0][1].problem.currency, tuple(made), tuple(cells), standings, standings[0].plan,
        mean.plan, lawful, left_out, breach_price, searched, owners.get(FOR_ALL, {}),
    )  # fmt: skip


def _weights(
    outcomes: list[Outcome], given: Mapping[str, float] | None, breach_price: float, seconds: float
) -> dict[str, float]:
    """The weight of every scenario."""
    faults = FaultList(InputError)
    known = [outcome.name for outcome in outcomes]
    for name, value in (given or {}).items():
        if name not in known:
            faults.add("there is no such scenario with a run", nearest(name, known), key="weights",
                       value=name)  # fmt: skip
        elif not 0 <= value < np.inf:
            faults.add("is no weight", "Give a number, zero or more", key=f"weights.{name}",
                       value=value)  # fmt: skip
    for key, value in (("breach_price", breach_price), ("seconds", seconds)):
        if not 0 <= value < np.inf:
            faults.add("cannot be used", "Give a number, zero or more", key=key, value=value)
    faults.raise_if_any()
    if given is not None:
        return {name: float(given.get(name, 0.0)) for name in known}
    return {outcome.name: float(outcome.weight) for outcome in outcomes}


def _future(outcome: Outcome, run: Run, weight: float, carried: Mapping[str, Carried]) -> Future:
    """The future of a scenario; its best is that of all plans that break nothing there."""
    lawful = {n: c.evaluation.objective for n, c in carried.items() if c.evaluation.holds}
    best_plan = min(lawful, key=lambda name: (lawful[name], name != outcome.name))
    return Future(
        outcome.name, outcome.about, outcome.in_words, weight, lawful[best_plan], best_plan,
        run.record["bound"], str(run.record["bound_source"]),
    )  # fmt: skip


def _cell(
    plan: str, future: Future, found: Carried, problem: Problem, worth: float, breach_price: float
) -> Cell:
    cost, breaches = found.evaluation.objective, len(found.evaluation.breaches)
    charged = cost + worth + breach_price * breaches
    at_most = None if future.bound is None else max(0.0, charged - future.bound)
    return Cell(
        plan, future.name, cost, worth, breaches, farthest(problem, found.evaluation),
        found.placed, found.gone, max(0.0, charged - future.best), at_most,
    )  # fmt: skip


def _standings(plans: list[str], futures: list[Future], cells: list[Cell]) -> tuple[Standing, ...]:
    weight = {future.name: future.weight for future in futures}
    out = []
    for plan in plans:
        own = [cell for cell in cells if cell.plan == plan]
        worst = max(own, key=lambda cell: cell.regret)
        mean = sum(weight[cell.future] * cell.regret for cell in own)
        holds = sum(cell.breaches == 0 for cell in own)
        breaches = sum(cell.breaches for cell in own)
        out.append(Standing(plan, worst.regret, worst.future, mean, holds, breaches))
    return tuple(sorted(out, key=lambda s: (s.worst, s.breaches, s.mean)))


def _search(
    futures: list[tuple[Outcome, Run]], weight: Mapping[str, float], seconds: float, gap: float,
    seed: int, threads: int,
) -> tuple[str, dict[str, str]]:  # fmt: skip
    """The plan that costs least on the weighted mean, and what came of the search for it."""
    from territoryopt.solving import solve
    from territoryopt.words import gap as gap_words
    from territoryopt.words import money

    problem = averaged(
        [Weighted(o.name, run.problem, weight[o.name], _rules(run)) for o, run in futures]
    )
    if problem is None:
        return ("A plan for all was not searched for: the futures are not of the same accounts and "
                "reps."), {}  # fmt: skip
    result = solve(problem, time_limit=seconds, gap=gap, seed=seed, threads=threads)
    if result.status == "infeasible":
        word = "" if result.bound_source == "proved" else f", as {result.bound_source}"
        return f"No plan keeps the rules of every future{word}.", {}
    if result.rep is None:
        return "A plan that keeps the rules of every future was not found in the time given.", {}
    word = "" if result.bound_source == "proved" else f", as {result.bound_source}"
    room = "unknown" if finite(result.gap) is None else gap_words(result.gap)
    said = (
        f"The plan {FOR_ALL} keeps the rules of every future and costs "
        f"{money(result.objective, problem.currency)} on their weighted mean; its gap there is "
        f"{room}{word}."
    )
    return said, _owners(problem, result.rep)


def _owners(problem: Problem, rep: IntArray) -> dict[str, str]:
    return {problem.account_id(i): problem.rep_id(int(j)) for i, j in enumerate(rep)}


def _rules(run: Run) -> str:
    """What tells the rules of a future, with the data they speak of, from those of others."""
    from territoryopt.scenarios.side_by_side import data_word, word_of

    model = run.model
    return word_of(
        [data_word(run), *({name: part.model_dump(mode="json") for name, part in parts.items()}
                           for parts in (model.rules, model.measures)),
         model.travel.model_dump(mode="json"), model.workload.model_dump(mode="json")]
    )  # fmt: skip


def tell_robust(found: Robust) -> list[str]:
    """The choice in sentences, with what each would lose where."""
    from territoryopt.scenarios.telling_plans import OPEN
    from territoryopt.words import listed, money, percent, plural

    def cost(value: float) -> str:
        return money(value, found.currency)

    weights = [f"{f.name} {percent(f.weight)}" for f in found.futures]
    if len({f.weight for f in found.futures}) == 1:
        out = [f"{plural(len(weights), 'future')}, all of one weight."]
    else:
        more = [f"{len(weights) - 8} more"] if len(weights) > 8 else []
        out = [f"Futures and their weights: {listed([*weights[:8], *more])}."]
    if found.left_out:
        names = listed(list(found.left_out))
        out.append(f"Left out, for there is no plan to hold others against: {names}.")
    if found.searched:
        out.append(found.searched)
    for f in found.futures:
        if f.bound is not None and f.best - f.bound > OPEN * abs(f.best):
            out.append(
                f"What is best in {f.name} is not settled: it may be up to "
                f"{cost(f.best - f.bound)} less than known, and every loss there that much more."
            )

    def loses(plan: str) -> str:
        rows = [c for c in found.of(plan) if c.regret > 0 or c.breaches]
        parts = []
        for c in rows[:6]:
            told = f"{cost(c.regret)} in {c.future}"
            if c.breaches:
                far = f", by up to {percent(c.beyond)}" if c.beyond else ""
                told += f" (breaks rules in {plural(c.breaches, 'place')}{far})"
            parts.append(told)
        more = f", and less in {len(rows) - 6} more" if len(rows) > 6 else ""
        return f"It loses {listed(parts)}{more}." if parts else "It is the best known in each."

    worst, mean = found.standing(found.by_worst), found.standing(found.by_mean)
    out.append(
        f"Whatever comes, {worst.plan} loses least: {cost(worst.worst)} at most, in "
        f"{worst.worst_in}. {loses(worst.plan)}"
    )
    if mean.plan == worst.plan:
        out.append(f"On the weighted mean it loses least, too: {cost(mean.mean)}.")
    else:
        out.append(
            f"On the weighted mean, {mean.plan} loses least: {cost(mean.mean)}, not "
            f"{cost(worst.mean)}. {loses(mean.plan)}"
        )
    if found.lawful is None:
        out.append("No plan keeps every rule in every future; what breaking them is worth at the "
                   "prices of each future's bound is part of what a plan loses there.")  # fmt: skip
    elif found.lawful not in (worst.plan, mean.plan):
        s = found.standing(found.lawful)
        out.append(
            f"Of the plans that keep every rule in every future, {s.plan} loses least: "
            f"{cost(s.worst)} at most, in {s.worst_in}; {cost(s.mean)} on the mean."
        )
    if any(c.placed or c.gone for c in found.cells):
        most = max(c.placed for c in found.cells)
        out.append(
            f"Accounts that a plan does not know, or whose rep is not there (up to {most:,}), are "
            "given to the rep for whom they cost least, without breaking a rule where that can be; "
            "accounts that are not there count nothing."
        )
    out.append("What is lost is told against the best plan known for each future; against its "
               "bound it can be more by that future's gap.")  # fmt: skip
    return out
