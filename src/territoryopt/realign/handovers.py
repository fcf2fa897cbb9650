"""Which accounts are with another rep after a realignment, and why each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from territoryopt.instance import Instance
from territoryopt.instance_changes import FORMER
from territoryopt.reasons.explanation import Explanation
from territoryopt.reasons.facts import AccountFacts, Alternative, Broken
from territoryopt.reasons.sentences import Speaker
from territoryopt.words import plural

Cause = Literal["orphan", "new", "unowned", "room", "fill", "rule", "money"]

CAUSES: tuple[Cause, ...] = ("orphan", "new", "unowned", "rule", "fill", "room", "money")
"""In the order in which they are told."""


@dataclass(frozen=True)
class Handover:
    """One account with another rep than before. before: its owner, or the rep who left; None for
    an account that nobody owned.

    cause: "orphan" (its rep left), "new", "unowned"; "room" (its rep would be above a limit with
    it), "fill" (somebody would be below one without it), "rule" (its rep may not have it),
    "money" (it only pays). rules: that would be broken had it stayed, alone with its family. left:
    what staying would do; next: the next best rep for it.
    """

    account: str
    before: str | None
    after: str
    cause: Cause
    rules: tuple[str, ...]
    family: tuple[str, ...]
    left: Alternative | None
    next: Alternative | None
    text: str

    @property
    def counted(self) -> bool:
        """Whether it was taken from a rep who is still there."""
        return self.cause not in ("orphan", "new", "unowned")

    def as_dict(self) -> dict[str, object]:
        return {
            "account": self.account,
            "before": self.before,
            "after": self.after,
            "cause": self.cause,
            "counted": self.counted,
            "rules": list(self.rules),
            "family": list(self.family),
            "left": None if self.left is None else self.left.as_dict(),
            "next": None if self.next is None else self.next.as_dict(),
            "text": self.text,
        }


def handovers(
    reasons: Explanation, instance: Instance, known: frozenset[str], speaker: Speaker
) -> tuple[Handover, ...]:
    """Every account of a plan with another rep than before, those without an owner first.

    instance: of the plan. known: the accounts there were before; the others are new. speaker: knows
    those who left, too.
    """
    problem = reasons.problem
    former = instance.accounts.columns.get(FORMER)
    out = []
    for i in np.flatnonzero(reasons.rep != problem.current):
        facts = reasons.facts.account(int(i), 2)
        left = str(former[i]) if former is not None else ""
        out.append(_handover(facts, left, facts.account in known, speaker))
    out.sort(key=lambda move: (CAUSES.index(move.cause), move.before or "", move.after))
    return tuple(out)


def _handover(facts: AccountFacts, former: str, known: bool, speaker: Speaker) -> Handover:
    stay = facts.alternative(facts.before)
    others = [a for a in facts.alternatives if a.rep != facts.before]
    best = others[0] if others else None
    cause, rules, worst = _cause(facts, stay, former, known)
    before = facts.before or former or None
    return Handover(
        account=facts.account,
        before=before,
        after=facts.rep or "",
        cause=cause,
        rules=rules,
        family=facts.family,
        left=stay,
        next=best,
        text=_text(facts, cause, before, rules, worst, stay, best, speaker),
    )


def _cause(
    facts: AccountFacts, stay: Alternative | None, former: str, known: bool
) -> tuple[Cause, tuple[str, ...], Broken | None]:
    """Why it moves, the rules that say so, and the limit that says it loudest."""
    if facts.before is None:
        return ("new" if not known else "orphan" if former else "unowned"), (), None
    if stay is None:
        bars = tuple(rule for rule, reps in facts.barred.items() if facts.before in reps)
        return "rule", bars, None
    rules = tuple(dict.fromkeys(b.rule for b in stay.breaks))
    if not rules:
        return "money", (), None
    rows = [b for b in stay.breaks if b.after is not None]
    high = [b for b in rows if b.after is not None and b.after > b.upper]
    own = [b for b in high if b.label == facts.before]
    if own or (high and len(high) == len(rows)):
        return "room", rules, (own or high)[0]
    return ("fill", rules, rows[0]) if rows else ("rule", rules, None)


def _text(
    facts: AccountFacts, cause: Cause, before: str | None, rules: tuple[str, ...],
    worst: Broken | None, stay: Alternative | None, best: Alternative | None, speaker: Speaker,
) -> str:  # fmt: skip
    account, after = speaker.account(facts.account), speaker.rep(facts.rep)
    if len(facts.family) > 1:
        account += f", with its family of {plural(len(facts.family), 'account')},"
    was = speaker.rep(before)
    if cause in ("orphan", "new", "unowned"):
        whose = {
            "orphan": f"of {was}, who has left,",
            "new": "is new and",
            "unowned": "had no owner and",
        }[cause]
        text = f"{account} {whose} goes to {after}."
    else:
        text = f"{account} goes from {was} to {after}"
        if cause == "room":
            at = speaker.rep(worst.label) if worst is not None else was
            text += f" to make room at {at}"
        elif cause == "fill" and worst is not None:
            text += f" so that {speaker.rep(worst.label)} has enough"
        elif cause == "rule":
            text += f", for {' and '.join(rules)} does not let it stay" if rules else ""
        if cause == "money" and stay is not None:
            text += f" because it pays: {speaker.left(stay)}."
        elif stay is not None:
            text += f": {speaker.left(stay)}."
        else:
            text += "."
    if best is not None:
        text += f" Next best: {speaker.alternative(best)}"
    elif cause in ("orphan", "new", "unowned"):
        text += " Nobody else may have it."
    return text[:1].upper() + text[1:] if text.startswith(("account ", "rep ")) else text
