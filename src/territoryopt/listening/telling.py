"""Answers to requests in sentences that a rep can read, and the letters that hold them.

Every sentence has a test of its words. What is proved and what is claimed stands in the table
beside them; here are the money, the reason, and what would have to be otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.moves import ASKED
from territoryopt.answers.telling import NARROW
from territoryopt.problem.asked import ASKED as ASKED_RULE
from territoryopt.reasons.facts import Alternative, Broken
from territoryopt.reasons.pages import text
from territoryopt.words import amount, listed, money, plural

if TYPE_CHECKING:
    from territoryopt.listening.answer import Answered, RequestAnswers
    from territoryopt.listening.table import Request
    from territoryopt.reasons.sentences import Speaker

SHOWN_MOVES = 3
"""Other moves that a sentence names."""


def sentence(answers: RequestAnswers, a: Answered, you: bool = False) -> str:
    """The answer to one request. you: it is said to the rep who asked."""
    parts = (part.strip() for part in _Telling(answers, a, you).parts())
    return " ".join(part for part in parts if part)


class _Telling:
    """The sentences about one request."""

    def __init__(self, answers: RequestAnswers, a: Answered, you: bool) -> None:
        self.answers, self.a, self.you = answers, a, you
        self.request = a.request
        self.reasons = answers.reasons
        self.speak: Speaker = answers.reasons.speaker
        self.account = self.speak.account(a.request.account)
        self.number = self.reasons.account_number(a.request.account)
        self.planned = self.reasons.problem.rep_id(int(self.reasons.rep[self.number]))

    def parts(self) -> list[str]:
        verdict = self.a.price.verdict
        if verdict == "as it is":
            return [self.as_it_is(), self.decision()]
        if verdict == "impossible":
            return [self.impossible(), self.person_against_it()]
        return [self.cost(), self.why_dear(), self.moves(), self.decision(), self.easier()]

    def who(self, rep: str) -> str:
        return "you" if self.you and rep == self.request.rep else self.speak.rep(rep)

    def cash(self, value: float) -> str:
        return money(value, self.speak.currency)

    # -- what was asked, and what it costs --------------------------------------------------------

    def head(self) -> str:
        if self.request.loses:
            return f"Giving {self.account} to somebody else"
        current = int(self.reasons.problem.current[self.number])
        owner = self.reasons.problem.rep_id(current) if current >= 0 else ""
        who = self.who(self.request.rep)
        if owner == self.request.rep:
            return f"Keeping {self.account} with {who}"
        return f"Giving {self.account} to {who}"

    def as_it_is(self) -> str:
        where = self.who(self.planned)
        return f"In the plan {self.account} is with {where} already, so that this costs nothing."

    def cost(self) -> str:
        change, head, small = self.a.change, self.head(), self.speak.small
        assert change is not None
        low, high = change.lower, change.upper
        if not np.isfinite(high):
            least = f"; it would cost at least {self.cash(low)} more" if low > small else ""
            return f"{head}: no plan with it was found in the time given{least}."
        if high < -small:
            return f"{head} would cost {self.cash(high)} less."
        if high <= small:
            return f"{head} would cost nothing."
        if change.width <= max(small, NARROW * high):
            return f"{head} would cost {self.cash(high)} more."
        if low > small:
            return f"{head} would cost {money(low, '')} to {self.cash(high)} more."
        return f"{head} would cost at most {self.cash(high)} more."

    def other(self) -> Alternative | None:
        """The move that is asked for, by itself; of a request to lose, the cheapest one."""
        facts = self.reasons.facts.account(self.number)
        if not self.request.loses:
            return facts.alternative(self.request.rep)
        return next(iter(facts.alternatives), None)

    def why_dear(self) -> str:
        """The limit that stands in the way, or the goal that most of the money goes to."""
        change, other = self.a.change, self.other()
        if change is None or change.upper <= self.speak.small or other is None:
            return ""
        if other.breaks:
            return f"By itself it would {self.broken(other.breaks[0])}."
        problem, members = self.reasons.problem, self.members
        before = self.reasons.rep[members]
        after = np.full(len(members), self.reasons.rep_number(other.rep))
        rise = {
            part.name: part.price
            * float((part.at(members, after) - part.at(members, before)).sum())
            for part in problem.costs
        }
        name = max(rise, key=lambda n: rise[n], default="")
        least, most = max(self.speak.small, 0.5 * other.change), 1.01 * change.upper
        if not name or not least < rise[name] <= most:
            return ""
        return f"Most of it is {name.replace('_', ' ')}: {self.cash(rise[name])}."

    def broken(self, broken: Broken) -> str:
        """What the move would break; to the rep whom it concerns, "your workload"."""
        told = self.speak.broken(broken)
        if not self.you or broken.label != self.request.rep:
            return told
        name = self.speak.rep(broken.label)
        for owner in (f"{name}'s ", f"{name}' "):
            told = told.replace(owner, "your ")
        return told.replace(name, "you")

    @property
    def members(self) -> np.ndarray:
        units = self.reasons.problem.units
        return units.members(int(units.unit_of[self.number]))

    def moves(self) -> str:
        """What else would move."""
        moves = self.a.price.moves
        others = [move for move in moves if move.cause != ASKED]
        if not moves:
            return ""
        family = next((m.accounts for m in moves if m.cause == ASKED and m.accounts > 1), 1)
        extra = f" Its family of {plural(family, 'account')} goes with it." if family > 1 else ""
        if not others:
            return f"Nothing else would have to move.{extra}"
        named = [
            f"{self.speak.account(m.account)} to {self.who(m.after)}" for m in others[:SHOWN_MOVES]
        ]
        if len(others) > len(named):
            named.append(f"{len(others) - len(named):,} more")
        count = plural(len(others), "other account")
        return f"For that, {count} would have to move: {listed(named)}.{extra}"

    # -- what cannot be ---------------------------------------------------------------------------

    def impossible(self) -> str:
        conflict = self.a.price.conflict
        rules = [] if conflict is None else [r for r in conflict.rules if r != ASKED_RULE]
        kinds = {part.name: part.kind for part in self.reasons.problem.exclusions}
        whys, ways = [], []
        for rule in rules:
            why, way = self.bar(rule, kinds.get(rule, ""), alone=len(rules) == 1)
            whys.append(why)
            ways.append(way)
        head = self.head()
        if not whys:
            return f"{head} is not possible: no plan that keeps every rule has it so."
        text_ = f"{head} is not possible: {listed(list(dict.fromkeys(whys)))}."
        ways = [way for way in dict.fromkeys(ways) if way]
        return f"{text_} It would be possible if {listed(ways)}." if ways else text_

    def bar(self, rule: str, kind: str, alone: bool) -> tuple[str, str]:
        """Why a rule stands against it, and what would have to be otherwise."""
        who = self.who(self.request.rep)
        if self.request.loses and kind:
            return f"nobody else may have it by {rule}", ""
        data = self.answers.instance
        if kind == "required_skills" and data is not None:
            row = data.account_ids.index(self.request.account)
            has = {s.casefold() for s in data.skills.of(data.rep_ids.index(self.request.rep))}
            lacks = sorted(s for s in data.requires.of(row) if s.casefold() not in has)
            if lacks:
                verb = "have" if who == "you" else "has"
                had = "these skills" if len(lacks) > 1 else "this skill"
                return f"it needs {listed(lacks)}, which {who} {verb} not", f"{who} had {had}"
        if kind == "locks" and data is not None:
            to = int(data.locked[data.account_ids.index(self.request.account)])
            if to >= 0 and data.rep_ids[to] != self.request.rep:
                return f"it is locked to {self.who(data.rep_ids[to])}", "that lock were taken off"
        if kind:
            return f"{rule} does not allow it", ""
        together = "cannot be kept with it" if alone else "cannot all be kept with it"
        return f"{rule} {together}", f"{rule} gave way"

    def person_against_it(self) -> str:
        return "" if self.a.because != "person" else self.decision()

    # -- what was decided -------------------------------------------------------------------------

    def decision(self) -> str:
        a = self.a
        if a.outcome == "open":
            late = "It is not decided: the time given did not settle it."
            return late if a.because == "not settled" else ""
        if a.outcome == "fulfilled":
            return ""
        if a.because == "person":
            verb = "granted it" if a.outcome == "accepted" else "decided against it"
            return f"{a.by} {verb}{f': {_ended(a.why)}' if a.why else '.'}"
        if a.outcome == "accepted":
            # In a letter that stands above it.
            return ("" if self.you else "It is granted.") + self.beside_them()
        return self.refusal()

    def refusal(self) -> str:
        """Why it is not granted."""
        a = self.a
        why = {
            "never": _ended(a.why or "the policy leaves this account where it is"),
            "per rep": f"{self.who(self.request.rep)} "
            f"{'have' if self.you else 'has'} as many requests granted as the policy allows.",
            "budget": f"{self.given_up()}what all requests together may cost"
            f"{self.of_budget()} is better used for others{self.room()}.",
            "limit": f"it may cost at most {self.cash(a.limit or 0.0)}.",
            "beside": f"{self.given_up()}{self.too_dear()}{self.room()}.",
            "rival": f"{self.rival()}.",
        }.get(a.because, "another set of requests counts more.")
        return f"It is not granted: {why}"

    def given_up(self) -> str:
        fulfilled = self.a.price.verdict == "as it is"
        return "the plan had it so, and it was given up for others; " if fulfilled else ""

    def of_budget(self) -> str:
        budget = self.answers.budget
        return "" if budget is None else f" ({self.cash(budget)})"

    def too_dear(self) -> str:
        marginal, limit = self.a.marginal, self.a.limit
        if marginal is None or limit is None or marginal.lower <= limit:
            return "beside the requests that are granted it is too dear"
        if not np.isfinite(marginal.lower):
            return "it is not possible together with the requests that are granted"
        return (
            f"beside the requests that are granted it would cost {self.cash(marginal.lower)} or "
            f"more, and it may cost at most {self.cash(limit)}"
        )

    def room(self) -> str:
        """The accepted requests that need the same room."""
        named = [self.answers.of(name).request for name in self.a.others[:2]]
        if not named or self.a.price.verdict == "as it is":
            return ""
        return (
            f"; it needs the same room as {listed([self.speak.account(r.account) for r in named])}"
        )

    def rival(self) -> str:
        others: list[Request] = [self.answers.of(name).request for name in self.a.others]
        given = next((r for r in others if not r.loses), None)
        if given is None:
            return "a request that speaks against it was granted"
        return f"{self.account} goes to {self.who(given.rep)}, who asked for it too"

    def beside_them(self) -> str:
        """What an accepted one costs beside the others, where that is another sum."""
        marginal, change = self.a.marginal, self.a.change
        if marginal is None or change is None or not np.isfinite(change.upper):
            return ""
        apart = max(self.speak.small, 0.1 * abs(change.upper))
        if marginal.lower > max(self.speak.small, change.upper + apart):
            return (
                f" Beside the others that are granted it costs {self.cash(marginal.lower)} or "
                "more: they need the same room."
            )
        if marginal.upper < change.lower - apart:
            most = max(0.0, marginal.upper)
            sum_ = f"at most {self.cash(most)}" if most > self.speak.small else "nothing"
            return f" Beside the others that are granted it costs {sum_}."
        if self.a.limit is not None and change.upper > self.a.limit >= marginal.upper:
            sum_ = self.cash(max(0.0, marginal.upper))
            return f" Beside the others that are granted it costs at most {sum_}."
        return ""

    def easier(self) -> str:
        """What would have to be otherwise for what is not granted."""
        a = self.a
        if a.outcome not in ("refused", "open") or a.because in ("never", "rival", "person"):
            return ""
        other = self.other()
        rows = [b for b in (other.breaks if other else ()) if b.after is not None]
        if rows:
            return f"It would be easier if {self.lacking(rows[0])}."
        if a.because == "limit" and a.change is not None and np.isfinite(a.change.upper):
            return f"It would be granted if it might cost {self.cash(a.change.upper)}."
        return ""

    def lacking(self, broken: Broken) -> str:
        """What a limit is short of, as a condition."""
        assert broken.after is not None
        high = broken.after > broken.upper
        short = broken.after - broken.upper if high else broken.lower - broken.after
        size, who = amount(short, broken.unit), self.who(broken.label)
        if broken.kind == "moves":
            return f"{size} more were allowed to change hands"
        measure = "" if broken.measure == "count" else broken.measure
        if high:
            return f"{who} had {size} more room{f' for {measure}' if measure else ''}"
        return f"{who} got {size}{f' of {measure}' if measure else ''} from elsewhere"


def _ended(words: str) -> str:
    """Somebody's words as the end of a sentence."""
    flat = " ".join(words.split())
    return flat if flat.endswith((".", "!", "?")) else f"{flat}."


# -- the whole, and letters -----------------------------------------------------------------------


def summary(answers: RequestAnswers) -> list[str]:
    """All requests in a few sentences."""
    speak, total = answers.reasons.speaker, len(answers.answered)
    words = {
        "fulfilled": "fulfilled by the plan",
        "accepted": "granted",
        "refused": "not granted",
        "impossible": "not possible",
        "open": "not decided",
    }
    counts = {key: sum(a.outcome == key for a in answers.answered) for key in words}
    told = [f"{count:,} {words[key]}" for key, count in counts.items() if count]
    lines = [f"{plural(total, 'request')}: {listed(told)}."]
    chosen, together = answers.chosen, answers.together
    if together is not None:
        lines.append(_together(answers))
    if chosen is not None:
        lines.append(_chosen(answers))
    if answers.frontier and answers.frontier[-1].weight > answers.frontier[0].weight:
        last = answers.frontier[-1]
        cost = f"for {money(last.money, speak.currency)} a plan in hand grants"
        lines.append(f"The most that was found: {cost} {len(last.granted):,} of {total:,}.")
    lines += [f"{note[:1].upper()}{note[1:]}." for note in answers.notes]
    if answers.stopped == "interrupted":
        lines.append("The search was interrupted; a longer one may say it more exactly.")
    elif answers.stopped:
        lines.append("The time was up before all was looked at; more time may say it more exactly.")
    return lines


def _together(answers: RequestAnswers) -> str:
    found, speak = answers.together, answers.reasons.speaker
    assert found is not None
    count = len(answers.asked_together)
    whole = count == len(answers.answered)
    head = "All of them at once" if whole else (
        f"The {count:,} that do not rule each other out, at once,"
    )  # fmt: skip
    if found.change is None:
        return f"{head.rstrip(',')}: there is no such plan."
    low, high = found.change.lower, found.change.upper
    if not np.isfinite(high):
        return f"{head.rstrip(',')}: no plan was found in the time given."
    if high <= speak.small:
        return f"{head} would cost nothing."
    if found.change.width <= max(speak.small, NARROW * high):
        return f"{head} would cost {money(high, speak.currency)} more."
    if low <= speak.small:
        return f"{head} would cost at most {money(high, speak.currency)} more."
    return f"{head} would cost {money(low, '')} to {money(high, speak.currency)} more."


def _chosen(answers: RequestAnswers) -> str:
    chosen, speak = answers.chosen, answers.reasons.speaker
    assert chosen is not None
    if not chosen.accepted:
        return "None is granted beside what the plan fulfils." + _sure(answers)
    verb = "costs" if len(chosen.accepted) == 1 else "cost together"
    upper = chosen.cost.upper
    cost = f"{verb} {money(upper, speak.currency)} more than the plan"
    if upper <= speak.small:
        less = f"{money(upper, speak.currency)} less than the plan" if upper < -speak.small else (
            "nothing"
        )  # fmt: skip
        cost = f"{verb} {less}"
    return f"The {plural(len(chosen.accepted), 'request')} granted {cost}.{_sure(answers)}"


def _sure(answers: RequestAnswers) -> str:
    """Whether another set could count more."""
    chosen, speak = answers.chosen, answers.reasons.speaker
    assert chosen is not None
    if chosen.unit == "weight" and chosen.at_most <= 0 and chosen.worth <= 0:
        return ""
    by = "as our own arithmetic proves" if chosen.source == "proved" else f"as {chosen.source}"
    open_ = chosen.at_most - chosen.worth
    if chosen.unit == "weight":
        if chosen.gap == 0:
            return f" No other set counts more, {by}."
        return f" Another set may count up to {open_:,.4g} more, {by}."
    if open_ <= speak.small:
        return f" No other set is better, {by}."
    return f" Another set may be better by at most {money(open_, speak.currency)}, {by}."


def letters(answers: RequestAnswers) -> str:
    """answers.md: the whole, who got what, and a letter for each rep who asked."""
    speak = answers.reasons.speaker
    lines = ["# Answers to requests", ""]
    lines += [f"- {text(line)}" for line in summary(answers)]
    keys = ("asked", "fulfilled", "accepted", "refused", "impossible", "open")
    titles = ("rep", "asked", "fulfilled", "granted", "not granted", "not possible", "not decided")
    lines += ["", f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for row in answers.by_rep():
        numbers = [f"{row[key]:,}" for key in keys]
        lines.append(f"| {' | '.join([text(speak.rep(str(row['rep']))), *numbers])} |")
    for row in answers.by_rep():
        lines += _letter(answers, str(row["rep"]))
    return "\n".join(lines) + "\n"


ORDER = ("accepted", "fulfilled", "refused", "impossible", "open")
"""The order of answers in a letter."""


TITLES = {
    "accepted": "Granted: ",
    "fulfilled": "Granted: ",
    "refused": "Not granted: ",
    "impossible": "Not possible: ",
    "open": "",
}


def _letter(answers: RequestAnswers, rep: str) -> list[str]:
    mine = [a for a in answers.answered if a.request.rep == rep]
    mine.sort(key=lambda a: ORDER.index(a.outcome))
    good = sum(a.outcome in ("accepted", "fulfilled") for a in mine)
    if len(mine) == 1:
        late = mine[0].outcome == "open"
        got = "it is granted" if good else f"it is not {'decided' if late else 'granted'}"
        head = f"You asked for one thing, and {got}."
    else:
        verb = "is" if good == 1 else "are"
        got = "all are granted" if good == len(mine) else (
            f"{good:,} {verb} granted" if good else "none is granted"
        )  # fmt: skip
        head = f"You asked for {len(mine):,} things; {got}."
    if not answers.chosen and any(a.outcome == "open" for a in mine):
        head = f"You asked for {plural(len(mine), 'thing')}. This is what they would cost."
    lines = ["", f"## {text(answers.reasons.speaker.rep(rep))}", "", head, ""]
    for a in mine:
        wish = f"**{TITLES[a.outcome]}{text(_wish(answers, a))}**"
        reason = f" (“{text(a.request.reason)}”)" if a.request.reason.strip() else ""
        lines.append(f"- {wish}{reason}: {text(sentence(answers, a, you=True))}")
    return lines


def _wish(answers: RequestAnswers, a: Answered) -> str:
    account = answers.reasons.speaker.account(a.request.account)
    return {
        "keep": f"keep {account}",
        "want": f"take over {account}",
        "lose": f"hand over {account}",
    }[a.request.wish]
