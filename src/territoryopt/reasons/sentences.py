"""Sentences made from facts. Every one has a test of its words and signs.

Plain words only: no solver terms, every number with its unit, names as they stand in the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from territoryopt.gaps import OPTIMAL_GAP, relative_gap
from territoryopt.problem import TOLERANCE, Breach
from territoryopt.problem.screen import Impossible
from territoryopt.reasons.conflict import Conflict
from territoryopt.reasons.facts import AccountFacts, Alternative, Broken
from territoryopt.reasons.territories import Share, TerritoryFacts, Total
from territoryopt.words import amount, gap, listed, money, number, percent, plural

SMALL = 0.5
"""Money a year below which two plans are called the same: nothing a planner would act on."""

NO_MISFIT = 1e-6
"""Value put at risk by poor fit below which a fit is full: rounding, in any unit."""

COUNT = "count"
"""The measure whose amounts are accounts, which need no other name."""

SHOWN_BREAKS = 2

LONGEST_NAME = 80
"""Letters of a name that are said; what is longer is no name but a mishap."""

WHOLE_PLAN = "all reps"
"""The label of a limit on moves that speaks of the whole plan."""


@dataclass(frozen=True)
class Speaker:
    """Knows the names of accounts and reps and the currency label, and makes the sentences."""

    currency: str = ""
    account_names: Mapping[str, str] = field(default_factory=dict)
    rep_names: Mapping[str, str] = field(default_factory=dict)
    small: float = SMALL

    def rep(self, rep: str | None) -> str:
        if not rep:
            return "nobody"
        if self.rep_names and rep not in self.rep_names:
            return _short(rep)  # a group of reps, or the whole plan
        return _said(self.rep_names.get(rep, rep), "rep")

    def account(self, account: str) -> str:
        name = self.account_names.get(account, account)
        if name == account:
            return _said(account, "account")
        return f"{_short(name)} ({_short(account)})"

    # -- one account ----------------------------------------------------------------------------

    def why(self, facts: AccountFacts, alternatives: int = 1) -> str:
        """Why an account is with its rep, in a few sentences."""
        parts = [self._where(facts)]
        if facts.family:
            family = plural(len(facts.family), "account")
            parts.append(f"Its family of {family} goes together; what follows is for all of them.")
        parts += self._why_kept(facts)
        if facts.moved:
            parts.append(self._why_moved(facts))
        shown = [o for o in facts.alternatives if not (facts.moved and o.rep == facts.before)]
        parts += [self.alternative(other) for other in shown[:alternatives]]
        if facts.rep is not None and not facts.alternatives:
            parts.append(self._only(facts))
        return " ".join(_started(part) for part in parts)

    def _why_kept(self, facts: AccountFacts) -> list[str]:
        """Why it was to stay with its owner: one sentence, or none."""
        if not facts.kept or facts.before is None:
            return []
        texts = []
        for account, why in facts.kept:
            own = account == facts.account
            texts.append(why if own else f"of {self.account(account)} in its family: {why}")
        reasons = listed(list(dict.fromkeys(texts)))
        if facts.moved:
            return [f"It moves although it was to stay with {self.rep(facts.before)}: {reasons}."]
        return [f"It stays with {self.rep(facts.before)} because {reasons}."]

    def _where(self, facts: AccountFacts) -> str:
        subject = self.account(facts.account)
        charges = [text for share in facts.shares if (text := self.share(share))]
        tail = f": {', '.join(charges)}" if charges else ""
        return f"{subject} is with {self.rep(facts.rep)}{tail}."

    def share(self, share: Share) -> str:
        """What one goal charges, as part of a sentence; empty where there is nothing to say."""
        if share.kind == "fit" and share.amount <= NO_MISFIT:
            return "full skill fit"
        if share.money == 0:
            return ""
        cost = money(share.money, self.currency)
        of = "" if share.kind == "cost" else f" for {amount(share.amount, share.unit)} of "
        if share.money < 0:
            return f"a gain of {cost}{of}{share.name if of else ''}"
        words = {
            "fit": f"{cost} at risk through missing skills",
            "travel": f"{cost} for {amount(share.amount, share.unit)} on the road",
            "disruption": f"{cost} at risk because it changes hands",
            "locks": f"{cost} for breaking {share.name}",
            "required_skills": f"{cost} for breaking {share.name}",
            "cost": f"a cost of {cost}",
        }
        return words.get(share.kind, f"{cost}{of}{share.name}")

    def _why_moved(self, facts: AccountFacts) -> str:
        before = self.rep(facts.before)
        back = facts.alternative(facts.before)
        if back is None:
            rule = next((r for r, reps in facts.barred.items() if facts.before in reps), None)
            return f"It moves from {before}, whom {rule} does not allow." if rule else (
                f"It moves from {before}."
            )  # fmt: skip
        return (
            f"It moves from {before}: staying there, all else as it is, {self._effect(back, '')}."
        )

    def left(self, other: Alternative) -> str:
        """What leaving an account with a rep would mean: "leaving it there would cost ... more"."""
        return f"leaving it there {self._effect(other, '')}"

    def alternative(self, other: Alternative) -> str:
        """What another rep would mean, e.g. "Chen would cost 455 USD a year more"."""
        text = _started(f"{self.rep(other.rep)} {self._effect(other, other.rep)}.")
        if other.breaks and other.at_least is not None and other.at_least > self.small:
            least = money(other.at_least, self.currency)
            text += f" Whatever else moves, that costs at least {least} more."
        return text

    def _effect(self, other: Alternative, subject: str) -> str:
        if abs(other.change) < self.small:
            cost = "would cost the same"
        elif other.change > 0:
            cost = f"would cost {money(other.change, self.currency)} more"
        else:
            cost = f"would cost {money(other.change, self.currency)} less"
        breaks = _worst(other.breaks)
        if not breaks:
            return cost
        texts = [self.broken(b, subject) for b in breaks[:SHOWN_BREAKS]]
        if len(breaks) > SHOWN_BREAKS:
            texts.append(f"break {plural(len(breaks) - SHOWN_BREAKS, 'more limit')}")
        link = "and" if other.change >= self.small else "but"
        return f"{cost}, {link} would {listed(texts)}"

    def broken(self, broken: Broken, subject: str = "") -> str:
        """What a move would break, after "would": "push Chen's workload to ... (allowed: ...)".

        subject: the rep who is spoken of, and is not named again.
        """
        if broken.after is None:
            if broken.kind == "apart":
                return f"put accounts that must be apart ({broken.label}) with one rep"
            return f"part accounts that must be together ({broken.label})"
        high = broken.after > broken.upper
        bound = amount(broken.upper if high else broken.lower, broken.unit)
        after, what, name = (
            amount(broken.after, broken.unit),
            broken.measure,
            self.rep(broken.label),
        )
        if broken.kind == "moves":
            where = "" if broken.label == WHOLE_PLAN else f" at {name}"
            text = f"bring what changes hands{where} to {after}"
        elif broken.label == subject:
            text = f"have {after}{_of(what)}"
        elif not high:
            text = f"leave {name} with {after}{_of(what)}"
        elif what == COUNT:
            text = f"bring {name} to {after}"
        else:
            text = f"push {self._owner(broken.label)} {what} to {after}"
        return f"{text} (allowed: at {'most' if high else 'least'} {bound})"

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
        counts = {"new": facts.new, "taken over": facts.gained, "handed off": facts.lost}
        changes = [f"{count:,} {word}" for word, count in counts.items() if count]
        change = f" ({', '.join(changes)})" if changes else " (as today)"
        if not facts.accounts_before and facts.new == facts.accounts:
            change = ""
        has = plural(facts.accounts, "account") if facts.accounts else "no accounts"
        head = _started(f"{self.rep(facts.rep)} has {has}{change}.")
        return " ".join([head, *(self.total(total) for total in facts.totals)])

    def total(self, total: Total) -> str:
        """One measure of a territory against its range."""
        value = amount(total.total, total.unit)
        if total.measure != COUNT:
            value = f"{total.measure[:1].upper()}{total.measure[1:]} {value}"
        if total.kind == "moves":
            way = "handed off or taken over"
            value = f"{amount(total.total, total.unit)} {way}"
        if total.target:
            value += f", {percent(total.total / total.target)} of the target"
        span = self.span(total)
        if not span:
            return f"{value}."
        size = max(abs(b) for b in (total.lower, total.upper) if np.isfinite(b)) or 1.0
        beyond = max(total.total - total.upper, total.lower - total.total)
        word = "allowed" if total.hard else "wished for"
        outside = "outside what is " if beyond > TOLERANCE * size else ""
        return f"{value} ({outside}{word}: {span})."

    def span(self, total: Total) -> str:
        """The range of a total in words; empty where there is none."""
        low, high = np.isfinite(total.lower), np.isfinite(total.upper)
        if total.lower == total.upper:
            # a goal has no range, only a target
            return f"exactly {amount(total.upper, total.unit)}" if total.hard else ""
        if low and high:
            return f"{amount(total.lower, '')} to {amount(total.upper, total.unit)}"
        if high:
            return f"at most {amount(total.upper, total.unit)}"
        return f"at least {amount(total.lower, total.unit)}" if low else ""

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
        verb = "gains" if objective < 0 else "costs"
        text = f"This plan {verb} {money(objective, self.currency)}"
        if not np.isfinite(bound):
            return f"{text}; how much better another could be is not known."
        if source == "proved":
            return f"{text}; {self.room(objective, bound)}, as our own arithmetic proves."
        text += f"; {self.room(objective, bound)}, as {source}."
        if np.isfinite(proved):
            text += f" Our own arithmetic proves that {self.room(objective, proved)}."
        return text

    def room(self, objective: float, bound: float) -> str:
        """What lies between a plan and a bound, as a clause: "no plan can be better by ..."."""
        relative = relative_gap(objective, bound)
        if relative <= OPTIMAL_GAP:
            return f"no plan can {'gain more' if objective < 0 else 'cost less'}"
        share = f" ({gap(relative)})" if np.isfinite(relative) else ""
        return (
            f"no plan can be better by more than {money(objective - bound, self.currency)}{share}"
        )

    def goal(self, share: Share, today: float | None) -> str:
        """What a goal costs in the whole plan, and today."""
        text = f"{share.name}: {self.cost(share.money)}"
        money_unit = f"{self.currency}/year"
        if share.unit not in ("", money_unit, "money") and np.isfinite(share.amount):
            text += f" for {amount(share.amount, share.unit)}"
        if today is not None:
            text += f" (today {self.cost(today)})"
        return f"{text}."

    def today(self, objective: float, breaches: int) -> str:
        """What today's owners cost, and whether they keep the rules."""
        text = f"Today's owners cost {self.cost(objective)}"
        if not breaches:
            return f"{text} and keep every rule that must hold."
        return f"{text} and break the rules in {plural(breaches, 'place')}."

    def breach(self, breach: Breach) -> str:
        """A rule that a plan breaks, with the numbers."""
        if breach.kind == "one_rep":
            return _started(f"{self.account(breach.account)} has no rep.")
        if breach.kind == "families":
            rest = f"is with {self.rep(breach.label)}" if breach.label else "has no rep"
            return (
                f"{breach.rule}: {self.account(breach.account)} is with {self.rep(breach.rep)}, "
                f"but its family {rest}."
            )
        if breach.account:
            return (
                f"{breach.rule}: {self.account(breach.account)} may not be with "
                f"{self.rep(breach.rep)}."
            )
        if breach.activity is None:
            must, do = (
                ("apart", "share") if breach.kind == "apart" else ("together", "do not share")
            )
            return f"{breach.rule}: accounts that must be {must} ({breach.label}) {do} a rep."
        high = breach.upper is not None and breach.activity > breach.upper
        limit = (breach.upper if high else breach.lower) or 0.0
        word = "above the most" if high else "below the least"
        has = amount(breach.activity, breach.unit)
        if breach.kind == "moves":
            where = "" if breach.label == WHOLE_PLAN else f" at {self.rep(breach.label)}"
            what = f"what changes hands{where} comes to {has}"
        else:
            what = f"{self.rep(breach.label)} has {has}"
        by = amount(abs(breach.activity - limit), breach.unit)
        return f"{breach.rule}: {what}, {by} {word} allowed ({amount(limit, breach.unit)})."

    # -- no plan --------------------------------------------------------------------------------

    def conflict(self, conflict: Conflict) -> list[str]:
        """Why there is no plan, the rules first, then what can be seen by adding up."""
        rules, count = listed(list(conflict.rules)), len(conflict.rules)
        head = "No plan exists" + ("" if conflict.proof == "proved" else f" ({conflict.proof})")
        every, one = ("both", "either one") if count == 2 else ("all", "any one")
        if not count:
            head += "."
        elif count == 1:
            head += f": the rule {rules} cannot be kept."
        elif conflict.irreducible:
            head += (
                f": {rules} cannot {every} be kept, whatever becomes of the other rules; drop "
                f"{one} and the rest of these can."
            )
        else:
            head += f": {rules} cannot {every} be kept; some of them may not be needed for that."
        return [head, *(self.impossible(fact) for fact in conflict.facts)]

    def no_plan(self, status: str, source: str, conflict: Conflict | None) -> list[str]:
        """Why a result has no plan."""
        if conflict is not None:
            return self.conflict(conflict)
        if status == "infeasible":
            whose = "" if source == "proved" else f" ({source})"
            return [f"No plan exists{whose}. There was no time to find the rules to blame."]
        if status == "interrupted":
            return ["The search was interrupted before it had a plan; one may exist."]
        return [
            "No plan was found in the time given; a plan may still exist. "
            "Give more time, or loosen a rule."
        ]

    def impossible(self, fact: Impossible) -> str:
        """One thing that no plan can do."""
        if fact.account:
            if not fact.rules:
                return f"There is no rep for {self.account(fact.account)}."
            bar = "bars" if len(fact.rules) == 1 else "between them bar"
            rules = listed(list(fact.rules))
            return f"Nobody may own {self.account(fact.account)}: {rules} {bar} every rep."
        rule = fact.rules[0]
        name = self.rep(fact.label) if fact.label else "the whole team"
        if fact.least is not None and fact.upper is not None and fact.least > fact.upper:
            because = (
                f" ({plural(fact.forced, 'account')} can go nowhere else)" if fact.forced else ""
            )
            return (
                f"{rule}: in any plan {name} comes to at least {amount(fact.least, fact.unit)}"
                f"{because}, and at most {amount(fact.upper, fact.unit)} is allowed."
            )
        return (
            f"{rule}: in any plan {name} comes to at most {amount(fact.most or 0.0, fact.unit)}, "
            f"and at least {amount(fact.lower or 0.0, fact.unit)} is needed."
        )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."


def _said(name: str, what: str) -> str:
    """A name, or "rep 275" where it is a bare number that a sentence would trip over."""
    return _short(name) if any(c.isalpha() for c in name) else f"{what} {_short(name)}"


def _started(sentence: str) -> str:
    """The sentence with a capital, where it does not begin with a name."""
    ours = sentence.startswith(("rep ", "account ", "nobody "))
    return sentence[:1].upper() + sentence[1:] if ours else sentence


def _of(measure: str) -> str:
    return "" if measure == COUNT else f" of {measure}"


def _worst(breaks: tuple[Broken, ...]) -> list[Broken]:
    """The broken limits worth telling: the tightest of each total, the furthest beyond first."""
    found: dict[tuple[str, str, bool], Broken] = {}
    for b in breaks:
        total = b.rule if b.kind == "moves" else b.measure or b.rule
        key = (total, b.label, b.after is not None and b.after > b.upper)
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
