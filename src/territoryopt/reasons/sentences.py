"""Sentences made from facts. Every one has a test of its words and signs.

Plain words only: no solver terms, every number with its unit, names as they stand in the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from territoryopt.gaps import OPTIMAL_GAP, relative_gap
from territoryopt.problem import Breach
from territoryopt.problem.screen import Impossible
from territoryopt.reasons.conflict import Conflict
from territoryopt.reasons.facts import (
    AccountFacts,
    Alternative,
    Broken,
    Share,
    TerritoryFacts,
    Total,
)
from territoryopt.reasons.words import amount, gap, listed, money, number, percent, plural

SMALL = 0.5
"""Money a year below which two plans are called the same: nothing a planner would act on."""

SHOWN_BREAKS = 2


@dataclass(frozen=True)
class Speaker:
    """Knows the names of accounts and reps and the currency label, and makes the sentences."""

    currency: str = ""
    account_names: Mapping[str, str] = field(default_factory=dict)
    rep_names: Mapping[str, str] = field(default_factory=dict)
    small: float = SMALL

    def rep(self, rep: str | None) -> str:
        return "nobody" if rep is None else self.rep_names.get(rep, rep)

    def account(self, account: str) -> str:
        name = self.account_names.get(account, account)
        return account if name == account else f"{name} ({account})"

    # -- one account ----------------------------------------------------------------------------

    def why(self, facts: AccountFacts, alternatives: int = 1) -> str:
        """Why an account is with its rep, in a few sentences."""
        parts = [self._where(facts)]
        if facts.moved:
            parts.append(self._why_moved(facts))
        shown = [o for o in facts.alternatives if not (facts.moved and o.rep == facts.before)]
        parts += [self.alternative(other) for other in shown[:alternatives]]
        if not facts.alternatives:
            parts.append(self._only(facts))
        return " ".join(parts)

    def _where(self, facts: AccountFacts) -> str:
        subject = self.account(facts.account)
        if facts.family:
            subject += f", with the {plural(len(facts.family), 'account')} of its family,"
        charges = [text for share in facts.shares if (text := self.share(share))]
        tail = f": {', '.join(charges)}" if charges else ""
        return f"{subject} is with {self.rep(facts.rep)}{tail}."

    def share(self, share: Share) -> str:
        """What one goal charges, as part of a sentence; empty where there is nothing to say."""
        if share.kind == "fit" and share.money < self.small:
            return "full skill fit"
        if share.money == 0:
            return ""
        cost = money(share.money, self.currency)
        words = {
            "fit": f"{cost} at risk through missing skills",
            "travel": f"{cost} for {amount(share.amount, share.unit)} on the road",
            "disruption": f"{cost} at risk because it changes hands",
            "locks": f"{cost} for breaking {share.name}",
            "required_skills": f"{cost} for breaking {share.name}",
            "cost": cost if share.money > 0 else f"a gain of {cost}",
        }
        other = f"{cost} for {amount(share.amount, share.unit)} of {share.name}"
        return words.get(share.kind, other)

    def _why_moved(self, facts: AccountFacts) -> str:
        before = self.rep(facts.before)
        back = facts.alternative(facts.before)
        if back is None:
            rule = next((r for r, reps in facts.barred.items() if facts.before in reps), None)
            return f"It moves from {before}, whom {rule} does not allow." if rule else (
                f"It moves from {before}."
            )  # fmt: skip
        return f"It moves from {before}: staying there {self._effect(back)}."

    def alternative(self, other: Alternative) -> str:
        """What another rep would mean, e.g. "Chen would cost 455 USD a year more"."""
        return f"{self.rep(other.rep)} {self._effect(other)}."

    def _effect(self, other: Alternative) -> str:
        if abs(other.change) < self.small:
            cost = "would cost the same"
        elif other.change > 0:
            cost = f"would cost {money(other.change, self.currency)} more"
        else:
            cost = f"would cost {money(other.change, self.currency)} less"
        breaks = _worst(other.breaks)
        if not breaks:
            return cost
        texts = [self.broken(b, other.rep) for b in breaks[:SHOWN_BREAKS]]
        if len(breaks) > SHOWN_BREAKS:
            texts.append(f"break {plural(len(breaks) - SHOWN_BREAKS, 'more limit')}")
        return f"{cost} {'and' if other.change >= self.small else 'but'} {listed(texts)}"

    def broken(self, broken: Broken, subject: str = "") -> str:
        """What a move would break, after "would": "push Chen's workload to ... (most ...)".

        subject: the rep who is spoken of, and is not named again.
        """
        if broken.after is None:
            return f"put rivals of {broken.label} with one rep"
        high = broken.after > broken.upper
        limit = f"({'most' if high else 'least'} {number(broken.upper if high else broken.lower)})"
        after = amount(broken.after, broken.unit)
        if broken.kind == "moves":
            if broken.label not in self.rep_names:
                return f"bring what changes hands to {after} {limit}"
            return f"bring what changes hands at {self.rep(broken.label)} to {after} {limit}"
        if broken.label == subject:
            return f"have {after} of {broken.measure} {limit}"
        if high:
            return f"push {self._owner(broken.label)} {broken.measure} to {after} {limit}"
        return f"leave {self.rep(broken.label)} {after} of {broken.measure} {limit}"

    def _owner(self, label: str) -> str:
        name = self.rep(label)
        return f"{name}'" if name.endswith("s") else f"{name}'s"

    def _only(self, facts: AccountFacts) -> str:
        if not facts.barred:
            return "There is no other rep."
        rules = [f"{rule} ({plural(len(reps), 'rep')})" for rule, reps in facts.barred.items()]
        return f"Nobody else may have it: {listed(rules)}."

    # -- one territory --------------------------------------------------------------------------

    def territory(self, facts: TerritoryFacts) -> str:
        """A territory in a few sentences: accounts, then each measure against its range."""
        change = "as today"
        if facts.gained or facts.lost:
            change = f"{facts.gained:,} taken over, {facts.lost:,} handed off"
        head = f"{self.rep(facts.rep)} has {plural(facts.accounts, 'account')} ({change})."
        return " ".join([head, *(self.total(total) for total in facts.totals)])

    def total(self, total: Total) -> str:
        """One measure of a territory against its range."""
        value = f"{total.measure.capitalize()} {amount(total.total, total.unit)}"
        if total.kind == "moves":
            way = "handed off or taken over"
            value = f"{amount(total.total, total.unit)} {way}"
        if total.target:
            value += f", {percent(total.total / total.target)} of the target"
        low, high = np.isfinite(total.lower), np.isfinite(total.upper)
        if total.lower == total.upper:
            return f"{value}."
        if low and high:
            span = f"{amount(total.lower, '')} to {amount(total.upper, total.unit)}"
        elif high:
            span = f"at most {amount(total.upper, total.unit)}"
        elif low:
            span = f"at least {amount(total.lower, total.unit)}"
        else:
            return f"{value}."
        outside = total.total > total.upper or total.total < total.lower
        word = "outside the wished" if outside and not total.hard else "allowed"
        return f"{value} ({word}: {span})."

    def cell(self, total: Total) -> str:
        """One measure of a territory for a table: "1,483 (102 %)"."""
        text = number(total.total)
        if total.target:
            return f"{text} ({100 * total.total / total.target:.0f} %)"
        if np.isfinite(total.upper) and total.upper > 0:
            return f"{text} of {number(total.upper)}"
        return text

    def cost(self, value: float) -> str:
        """Money with its sign: "-120 USD a year" is a gain."""
        return f"{'-' if value < 0 else ''}{money(value, self.currency)}"

    # -- the plan -------------------------------------------------------------------------------

    def proof(self, objective: float, bound: float, proved: float, source: str) -> str:
        """What the plan costs and how much less any plan could cost, on whose word.

        source: "proved", or "claimed by <solver>"; the proved bound is told beside a claim.
        """
        text = f"This plan costs {self.cost(objective)}"
        if source == "proved":
            return f"{text}{self._room(objective, bound)}, proved by our own arithmetic."
        text += f"{self._room(objective, bound)}, {source}."
        if np.isfinite(proved):
            less = money(objective - proved, self.currency)
            text += f" Our own arithmetic proves that it is no more than {less}"
            text += f" ({gap(relative_gap(objective, proved))})."
        return text

    def _room(self, objective: float, bound: float) -> str:
        relative = relative_gap(objective, bound)
        if relative <= OPTIMAL_GAP:
            return ", and no plan can cost less"
        if not np.isfinite(bound):
            return "; how much less another could cost is not known"
        less = money(objective - bound, self.currency)
        return f"; no plan can save more than {less} on it ({gap(relative)})"

    def breach(self, breach: Breach) -> str:
        """A rule that a plan breaks, with the numbers."""
        if breach.kind == "one_rep":
            return f"{self.account(breach.account)} has no rep."
        if breach.kind == "families":
            return (
                f"{breach.rule}: {self.account(breach.account)} is with {self.rep(breach.rep)}, "
                f"but {breach.detail}."
            )
        if breach.account:
            return (
                f"{breach.rule}: {self.account(breach.account)} may not be with "
                f"{self.rep(breach.rep)}."
            )
        if breach.activity is None:
            return f"{breach.rule}: accounts of {breach.label} are not with reps as they must be."
        high = breach.upper is not None and breach.activity > breach.upper
        limit = breach.upper if high else breach.lower
        word = "above the most" if high else "below the least"
        by = abs(breach.activity - limit) if limit is not None else 0.0
        return (
            f"{breach.rule}: {self.rep(breach.label)} has {amount(breach.activity, breach.unit)}, "
            f"{word}, {amount(limit or 0.0, breach.unit)}, by {amount(by, breach.unit)}."
        )

    # -- no plan --------------------------------------------------------------------------------

    def conflict(self, conflict: Conflict) -> list[str]:
        """Why there is no plan, the rules first, then what can be seen by adding up."""
        rules = listed(list(conflict.rules))
        if not conflict.rules:
            head = "No plan exists."
        elif len(conflict.rules) == 1:
            head = f"No plan exists: the rule {rules} cannot be kept."
        elif conflict.irreducible:
            head = f"No plan exists: {rules} cannot all be kept; without any one of them one can."
        else:
            head = f"No plan exists: {rules} cannot all be kept; fewer of them may do as well."
        proof = "" if conflict.proof == "proved" else f" ({conflict.proof})"
        return [head + proof, *(self.impossible(fact) for fact in conflict.facts)]

    def impossible(self, fact: Impossible) -> str:
        """One thing that no plan can do."""
        if fact.account:
            if not fact.rules:
                return f"There is no rep for {self.account(fact.account)}."
            return f"Nobody may own {self.account(fact.account)}: {listed(list(fact.rules))}."
        rule, name = fact.rules[0], self.rep(fact.label)
        if fact.least is not None and fact.upper is not None and fact.least > fact.upper:
            because = (
                f" ({plural(fact.forced, 'account')} can go nowhere else)" if fact.forced else ""
            )
            return (
                f"{rule}: {name} must have {amount(fact.least, fact.unit)} at the very least"
                f"{because}, and may have at most {amount(fact.upper, fact.unit)}."
            )
        return (
            f"{rule}: {name} can have {amount(fact.most or 0.0, fact.unit)} at the very most, and "
            f"must have at least {amount(fact.lower or 0.0, fact.unit)}."
        )


def _worst(breaks: tuple[Broken, ...]) -> list[Broken]:
    """The broken limits worth telling: the tightest of each total, the furthest beyond first."""
    found: dict[tuple[str, str, bool], Broken] = {}
    for b in breaks:
        key = (b.measure or b.rule, b.label, b.after is not None and b.after > b.upper)
        if key not in found or _beyond(b) > _beyond(found[key]):
            found[key] = b
    return sorted(found.values(), key=_beyond, reverse=True)


def _beyond(broken: Broken) -> float:
    """How far beyond its bound, as a share of the bound."""
    if broken.after is None:
        return float(np.inf)
    over = max(broken.after - broken.upper, broken.lower - broken.after)
    limit = broken.upper if broken.after > broken.upper else broken.lower
    return over / max(abs(limit), 1e-12)
