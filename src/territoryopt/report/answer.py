"""The answer in three sentences: what the plan costs, how sure that is, and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from territoryopt.gaps import OPTIMAL_GAP, relative_gap
from territoryopt.reasons.explanation import Explanation
from territoryopt.words import gap, money, percent, plural


@dataclass(frozen=True)
class Answer:
    """plan, sure, moves: a sentence each. bound: what the bound and the gap mean, in a few more."""

    plan: str
    sure: str
    moves: str
    bound: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, str, str]:
        return self.plan, self.sure, self.moves


def answer(reasons: Explanation) -> Answer:
    """The answer that a plan gives, from its own numbers."""
    return Answer(_plan(reasons), _sure(reasons), _moves(reasons), tuple(_bound(reasons)))


def _plan(reasons: Explanation) -> str:
    """What is given to whom, what it costs, and against today."""
    problem, found = reasons.problem, reasons.facts.evaluation
    placed = int((reasons.rep >= 0).sum())
    accounts = plural(placed, "account")
    if placed < problem.accounts:
        accounts = f"{placed:,} of {plural(problem.accounts, 'account')}"
    verb = "gains" if found.objective < 0 else "costs"
    text = (
        f"This plan gives {accounts} to {plural(problem.reps, 'rep')} and {verb} "
        f"{money(found.objective, problem.currency)}"
    )
    today = reasons.facts.today
    if today is None:
        return f"{text}."
    change = found.objective - today.objective
    if abs(change) <= reasons.speaker.small:
        return f"{text}, as much as today's owners."
    share = abs(change) / abs(today.objective) if today.objective else np.nan
    part = f" ({percent(share)})" if np.isfinite(share) else ""
    word = "less" if change < 0 else "more"
    if found.objective < 0:
        word = "more" if change < 0 else "less"
    return f"{text}, {money(change, problem.currency)}{part} {word} than with today's owners."


def _sure(reasons: Explanation) -> str:
    """How much better another plan could be, and on whose word."""
    found, speak = reasons.facts.evaluation, reasons.speaker
    if not found.holds:
        first = speak.breach(found.breaches[0]).rstrip(".")
        places = plural(len(found.breaches), "place")
        return f"It breaks its rules in {places}, first of all here: {first}."
    if not np.isfinite(reasons.bound):
        return "How much better another plan could be is not known."
    room = speak.room(found.objective, reasons.bound)
    text = f"{room[:1].upper()}{room[1:]}"
    if reasons.bound_source == "proved":
        return f"{text}, as our own arithmetic proves."
    text += f", as {reasons.bound_source}"
    if not np.isfinite(reasons.proved_bound):
        return f"{text}."
    proved = speak.room(found.objective, reasons.proved_bound)
    return f"{text}; our own arithmetic proves that {proved}."


def _moves(reasons: Explanation) -> str:
    """How many accounts change hands, and whether the rules hold, now and today."""
    problem, facts = reasons.problem, reasons.facts
    owned = int((problem.current >= 0).sum())
    parts = []
    if owned:
        moved = len(facts.moved)
        verb = "changes" if moved == 1 else "change"
        parts.append(
            f"{moved:,} of {plural(owned, 'owned account')} {verb} hands ({percent(moved / owned)})"
            if moved
            else "No account changes hands"
        )
    if owned < problem.accounts:
        fresh = plural(problem.accounts - owned, "account")
        parts.append(f"{fresh} without an owner {'get' if owned + 1 < problem.accounts else 'gets'}"
                     " one")  # fmt: skip
    if facts.evaluation.holds:
        parts.append("no rule that must hold is broken")
    text = ", and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    today = facts.today
    if today is not None and today.breaches:
        text += f"; today's owners break the rules in {plural(len(today.breaches), 'place')}"
    missed = reasons.missed()
    if missed:
        text += f"{'.' if text else ''} Wished for and not reached: {missed}"
    return f"{text[:1].upper()}{text[1:]}." if text else "Nobody owns an account today."


def _bound(reasons: Explanation) -> list[str]:
    """What bound and gap mean, for who has never met them."""
    found, problem = reasons.facts.evaluation, reasons.problem
    speak, low, proved = reasons.speaker, reasons.bound, reasons.proved_bound
    if not found.holds:
        return [
            "A bound says what every plan that keeps the rules costs at least. This plan breaks "
            "them, so the two cannot be held against each other."
        ]
    if not np.isfinite(low):
        return ["No bound is known: another plan could be better, by how much nobody has proved."]
    word = "" if reasons.bound_source == "proved" else f", as {reasons.bound_source}"
    lines = [
        f"The bound: whatever plan anybody finds under these rules, it costs at least "
        f"{speak.cost(low)}{word}. That is said of every plan there is, also of those that nobody "
        "looked at.",
    ]
    relative = relative_gap(found.objective, low)
    if relative <= OPTIMAL_GAP:
        lines.append("The gap is closed: this plan costs just that, so it is a best one.")
    else:
        share = f", {gap(relative)} of its cost" if np.isfinite(relative) else ""
        lines.append(
            f"The gap: this plan costs {speak.cost(found.objective)}. What lies between, "
            f"{money(found.objective - low, problem.currency)}{share}, is the most that any "
            "further search could still save."
        )
    if reasons.bound_source != "proved":
        text = f"On whose word: the bound is {reasons.bound_source}."
        if np.isfinite(proved):
            text += (
                f" Without taking a solver's word, our own arithmetic proves that every plan costs "
                f"at least {speak.cost(proved)}."
            )
        lines.append(text)
    else:
        lines.append("On whose word: nobody's. Our own arithmetic recomputed the bound.")
    lines.append("Both speak of the numbers and rules of this model; wrong numbers are another "
                 "question.")  # fmt: skip
    return lines
