"""`Explanation`: a result's reasons, numbers first, sentences made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.errors import Fault, InputError
from territoryopt.problem import (
    TOLERANCE,
    IntArray,
    Prices,
    Problem,
    Proof,
    plan_array,
    prove,
    reduced_costs,
)
from territoryopt.problem.tighten import tighten
from territoryopt.reasons.facts import AccountFacts, PlanFacts
from territoryopt.reasons.sentences import Speaker
from territoryopt.reasons.territories import TerritoryFacts
from territoryopt.words import amount, percent, plural

SHOWN_BREACHES = 5
EACH, TOLD = 20_000, 1_000
"""Accounts up to which each is told of where no names are given; and how many are beyond."""
NEAR = 10_000
"""Ids among which one like an unknown id is sought, at most."""

if TYPE_CHECKING:
    import pandas as pd

    from territoryopt.instance import Instance
    from territoryopt.result import Result

SCHEMA = "territoryopt/explanation/1"


def explain(result: Result, instance: Instance | None = None) -> Explanation:
    """The reasons of a result with a plan; names of accounts and reps come from the instance.

    Raises InputError where the result has no plan (`Result.conflict` says why not).
    """
    if result.rep is None:
        raise InputError([f"there is no plan to explain: the status is {result.status}"])
    speaker = speaker_of(result.problem, instance)
    return Explanation(
        result.problem,
        result.rep,
        result.bound,
        result.proved_bound,
        result.bound_source,
        result.prices,
        speaker.account_names,
        speaker.rep_names,
    )


def speaker_of(problem: Problem, instance: Instance | None = None) -> Speaker:
    """Who says sentences about a problem, with the names of an instance."""
    if instance is None:
        return Speaker(problem.currency)
    return Speaker(
        problem.currency,
        dict(zip(instance.account_ids, instance.account_names, strict=True)),
        dict(zip(instance.rep_ids, instance.rep_names, strict=True)),
    )


@dataclass(frozen=True, eq=False)
class Explanation:
    """Answers about one plan int[accounts]: of the whole, of each territory, of each account.

    Ours, last year's or a spreadsheet's: only arithmetic is needed. bounds, bound_source and
    prices (of rows and groups, at which the bound is proved) come from a result, where there is
    one.
    """

    problem: Problem
    rep: IntArray
    bound: float = float("-inf")
    proved_bound: float = float("-inf")
    bound_source: str = "proved"
    prices: Prices | None = None
    account_names: Mapping[str, str] = field(default_factory=dict)
    rep_names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def facts(self) -> PlanFacts:
        return PlanFacts(self.problem, plan_array(self.problem, self.rep))

    @cached_property
    def speaker(self) -> Speaker:
        # Without a currency the money may be of any size: what is small is seen from the plan.
        size = abs(self.facts.evaluation.objective) / max(1, self.problem.accounts)
        small = 0.5 if self.problem.currency else 1e-9 * size
        return Speaker(self.problem.currency, self.account_names, self.rep_names, small)

    def account(self, account: str, most: int | None = None) -> AccountFacts:
        """The facts of an account by id; InputError where there is none."""
        found = self.facts.account(self.account_number(account), most)
        proof = self.proof
        if proof is None or not found.alternatives or found.rep is None:
            return found
        # Whatever else moves: the bound at the prices and the reduced cost of the pair.
        unit = int(self.problem.units.unit_of[self.account_number(account)])
        cost = reduced_costs(self._tight, proof.prices, unit, unit + 1)[0]
        above = cost - cost.min() + (proof.bound - self.facts.evaluation.objective)
        return replace(
            found,
            alternatives=tuple(
                replace(other, at_least=float(above[self.rep_number(other.rep)]))
                for other in found.alternatives
            ),
        )

    @cached_property
    def _tight(self) -> Problem:
        return tighten(self.problem.contracted)

    @cached_property
    def proof(self) -> Proof | None:
        """What the prices prove of every plan, by a pass over all pairs; None without prices, or
        where the plan breaks rules or splits a family."""
        prices = self.prices
        if prices is None or not self.facts.evaluation.holds:
            return None
        if [len(y) for y in prices.rows] != [len(rows) for rows in self._tight.rows]:
            return None
        if len(prices.groups) not in (0, len(self._tight.groupings)):
            return None
        return prove(self._tight, prices)

    def account_number(self, account: str) -> int:
        """The number of an account by its id; InputError where there is none."""
        return _known(account, self._numbers, "account")

    def rep_number(self, rep: str) -> int:
        """The number of a rep by its id; InputError where there is none."""
        return _known(rep, self._rep_numbers, "rep")

    @cached_property
    def _numbers(self) -> dict[str, int]:
        ids = self.problem.account_ids or map(str, range(self.problem.accounts))
        return {account: i for i, account in enumerate(ids)}

    @cached_property
    def _rep_numbers(self) -> dict[str, int]:
        return {self.problem.rep_id(j): j for j in range(self.problem.reps)}

    def territory(self, rep: str) -> TerritoryFacts:
        """The facts of a territory by the rep's id; InputError where there is none."""
        return self.facts.territories[self.rep_number(rep)]

    def territories(self) -> list[TerritoryFacts]:
        return list(self.facts.territories)

    def summary(self) -> list[str]:
        """The plan in a few sentences: what it costs by goal, how sure that is, what moves."""
        speak, problem = self.speaker, self.problem
        found = self.facts.evaluation
        lines = [self._worth()]
        lines += [speak.breach(breach) for breach in found.breaches[:SHOWN_BREACHES]]
        today = self.facts.today
        lines += [
            speak.goal(share, None if today is None else today.money[share.name])
            for share in self.facts.shares()
            if share.money or (today is not None and today.money[share.name])
        ]
        if today is not None:
            lines.append(speak.today(today.objective, len(today.breaches)))
        owned = int((problem.current >= 0).sum())
        if owned:
            moved = len(self.facts.moved)
            share = percent(moved / owned)
            verb = "changes" if moved == 1 else "change"
            lines.append(
                f"{moved:,} of {plural(owned, 'owned account')} {verb} hands ({share})."
                if moved
                else "No account changes hands."
            )
        tight = [f"{rows.name} ({speak.rep(rows.labels[r])})" for rows, r in self.facts.binding()]
        if tight:
            more = f" and {len(tight) - 5} more" if len(tight) > 5 else ""
            lines.append(f"Rules filled to the brim: {', '.join(tight[:5])}{more}.")
        missed = self.missed()
        if missed:
            lines.append(f"Wished for and not reached: {missed}.")
        return lines

    def missed(self) -> str:
        """Priced rules that are broken: how often, and by how much in all."""
        parts = []
        for rows in self.problem.rows:
            if not rows.labels or not np.isfinite(rows.price).all() or rows.kind == "balance":
                continue
            value = self.facts.evaluation.activity[rows.name]
            above, below = value - rows.upper, rows.lower - value
            room = TOLERANCE * rows.scale
            out = np.maximum(np.maximum(above, below), 0.0)
            count = int((out > room).sum())
            if count:
                over = amount(float(np.maximum(above, 0.0)[above > room].sum()), rows.unit)
                under = amount(float(np.maximum(below, 0.0)[below > room].sum()), rows.unit)
                sides = [f"{over} above"] * bool((above > room).any())
                sides += [f"{under} below"] * bool((below > room).any())
                where = f" at {count} of {len(rows.labels)} reps" if len(rows.labels) > 1 else ""
                parts.append(f"{rows.name}{where} ({' and '.join(sides)})")
        return "; ".join(parts)

    def _worth(self) -> str:
        """What the plan costs: beside its bound if it holds, with what is wrong if it does not."""
        found, speak = self.facts.evaluation, self.speaker
        if found.holds:
            return speak.proof(found.objective, self.bound, self.proved_bound, self.bound_source)
        places = plural(len(found.breaches), "place")
        return f"This plan breaks its rules in {places}. It costs {speak.cost(found.objective)}."

    def to_frame(self) -> pd.DataFrame:
        """One row per territory: accounts, changes, and each measure's total."""
        import pandas as pd

        rows = []
        for t in self.territories():
            totals = {total.rule: total.total for total in t.totals}
            money = {f"{share.name}_money": share.money for share in t.shares}
            rows.append(
                {
                    "rep_id": t.rep,
                    "name": self.speaker.rep(t.rep),
                    "accounts": t.accounts,
                    "taken_over": t.gained,
                    "new": t.new,
                    "handed_off": t.lost,
                    **totals,
                    **money,
                }
            )
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        """As a notebook shows it: the summary and a table of territories; names are escaped."""
        lines = "".join(f"<li>{escape(line)}</li>" for line in self.summary())
        table: str = self.to_frame().to_html(index=False)
        return f"<ul>{lines}</ul>{table}"

    def as_dict(self, accounts: bool = True) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/explanation/1`.

        Of a plan of more than `EACH` accounts only the `TOLD` moves that weigh most are told.
        """
        found = self.facts.evaluation
        out: dict[str, Any] = {
            "schema": SCHEMA,
            "objective": found.objective,
            "currency": self.problem.currency,
            "goals": [{"name": n, "money": m} for n, m in found.money.items()],
            "moved": len(self.facts.moved),
            "today": None if self.facts.today is None else self.facts.today.as_dict(),
            "summary": self.summary(),
            "territories": [
                {**t.as_dict(), "text": self.speaker.territory(t)} for t in self.territories()
            ],
        }
        if accounts:
            told = range(self.problem.accounts)
            if len(told) > EACH:
                told = self.facts.weightiest_moves(TOLD).tolist()
            out["accounts"] = [
                {**a.as_dict(), "text": self.speaker.why(a)}
                for a in (self.facts.account(i, 3) for i in told)
            ]
        return out


def _known(name: str, numbers: Mapping[str, int], what: str) -> int:
    if name not in numbers:
        close = get_close_matches(name, list(numbers)[:NEAR], 3, 0.6)
        hint = f"Did you mean {' or '.join(close)}?" if close else ""
        raise InputError([Fault(f"there is no such {what} in this plan", hint, value=name)])
    return numbers[name]
