"""Answers in sentences: plain words, every number with its unit, what is proved told from what is
claimed. Every sentence has a test of its words and signs."""

from __future__ import annotations

from itertools import groupby

from territoryopt.answers.ground import Interval
from territoryopt.answers.moves import ASKED, BESIDES, RETURN, ROOM, Move
from territoryopt.answers.what_if import WhatIf
from territoryopt.problem.asked import ASKED as ASKED_RULE
from territoryopt.reasons.sentences import Speaker
from territoryopt.words import listed, money, plural

SHOWN_MOVES = 8
"""Moves that are told one by one."""

NARROW = 0.01
"""An interval narrower than this part of itself is told as one number."""


def tell_what_if(answer: WhatIf, speaker: Speaker) -> list[str]:
    """The answer in sentences: what it costs, how sure that is, and what else would move."""
    asked = _asked(answer, speaker)
    if answer.verdict == "as it is":
        lines = [f"{asked}: so it is in this plan."]
        if answer.change is not None and answer.change.lower < -speaker.small:
            lines.append(_better_is_open(answer.change, speaker))
        return lines
    if answer.verdict == "impossible":
        rules = [rule for rule in answer.conflict.rules if rule != ASKED_RULE] if (
            answer.conflict
        ) else []  # fmt: skip
        verb = "rules" if len(rules) == 1 else "rule"
        why = f": {listed(rules)} {verb} it out" if rules else ""
        return [f"{asked}: there is no such plan{why}{_on_word(answer)}."]
    assert answer.change is not None
    lines = _cost(asked, answer.change, answer, speaker)
    if answer.stopped == "interrupted":
        lines.append("The search was interrupted; a longer one may say it more exactly.")
    lines += tell_moves(answer.moves, speaker)
    apart = answer.moves_change - answer.change.upper
    if answer.moves and apart > max(speaker.small, NARROW * abs(answer.change.upper)):
        sign = "less" if answer.moves_change < 0 else "more"
        total = money(answer.moves_change, speaker.currency)
        lines.append(f"With these moves and no others it costs {total} {sign}.")
    return lines


def _asked(answer: WhatIf, speaker: Speaker) -> str:
    """What was asked, as the head of a sentence: "Acme (A-117) with Chen"."""
    parts = [f"{speaker.account(a)} with {speaker.rep(r)}" for a, r in answer.force]
    parts += [f"{speaker.account(a)} not with {speaker.rep(r)}" for a, r in answer.forbid]
    shown = parts[:SHOWN_MOVES]
    if len(parts) > len(shown):
        shown.append(plural(len(parts) - len(shown), "more account"))
    text = listed(shown)
    return text[:1].upper() + text[1:]


def _on_word(answer: WhatIf) -> str:
    proof = answer.conflict.proof if answer.conflict else "proved"
    return "" if proof == "proved" else f" ({proof})"


def _cost(asked: str, change: Interval, answer: WhatIf, speaker: Speaker) -> list[str]:
    def cash(value: float) -> str:
        return money(value, speaker.currency)

    on_word = ", as our own arithmetic proves" if change.source == "proved" else (
        f", as {change.source}"
    )  # fmt: skip
    narrow = change.width <= max(speaker.small, NARROW * change.upper)
    if answer.verdict == "open":
        return _open(asked, change, speaker)
    if answer.verdict == "unknown":
        tail = "that there is none is not proved"
        if change.lower > speaker.small:
            tail = f"it would cost at least {cash(change.lower)} more{on_word}"
        text = f"{asked}: no such plan was found in the time given; {tail}."
    elif answer.verdict == "same":
        text = f"{asked} would cost the same as this plan: a tie{on_word}."
    elif answer.verdict == "cheaper":
        text = (
            f"{asked} would cost {cash(change.upper)} less: this plan is not the best. The better "
            "plan is in hand."
        )
    elif narrow:
        text = f"{asked} would cost {cash(change.upper)} more{on_word}."
    else:
        text = (
            f"{asked} would cost {_from_to(change, speaker)} more: a plan for the larger sum is in "
            f"hand, and less than the smaller is not possible{on_word}."
        )
    return [text]


def _open(asked: str, change: Interval, speaker: Speaker) -> list[str]:
    """Where it may cost nothing."""
    head = f"{asked}: a tie. There is a plan with it that costs the same as this one."
    if change.upper > speaker.small:
        most = money(change.upper, speaker.currency)
        head = f"{asked} would cost at most {most} more; there is a plan for that."
    if change.lower < -speaker.small:
        return [head, _better_is_open(change, speaker)]
    return [f"{head} It is not certain that it costs anything."]


def _from_to(change: Interval, speaker: Speaker) -> str:
    low = money(change.lower, "")
    return f"{low} to {money(change.upper, speaker.currency)}"


def _better_is_open(change: Interval, speaker: Speaker) -> str:
    return (
        "It may cost less than this plan, which is not proved to be the best: by at most "
        f"{money(change.lower, speaker.currency)}."
    )


def tell_moves(moves: tuple[Move, ...], speaker: Speaker) -> list[str]:
    """What else would move, from rep to rep: "To make room at Chen: B-20 to Rivera."."""
    others = [move for move in moves if move.cause != ASKED]
    if not others:
        return ["Nothing else would have to move."] if moves else []
    lines = []
    shown = others[:SHOWN_MOVES]
    for (cause, rep), group in groupby(shown, key=_place):
        texts = [_move(move, cause, speaker) for move in group]
        head = {
            ROOM: f"To make room at {speaker.rep(rep)}",
            RETURN: f"In return to {speaker.rep(rep)}",
            BESIDES: "Besides",
        }[cause]
        lines.append(f"{head}: {'; '.join(texts)}.")
    if len(others) > len(shown):
        lines.append(f"And {plural(len(others) - len(shown), 'more move')}.")
    return lines


def _place(move: Move) -> tuple[str, str]:
    """What a move is told together with: its cause, and the rep that has the use of it."""
    if move.cause == ROOM:
        return ROOM, move.before
    return move.cause, move.after if move.cause == RETURN else ""


def _move(move: Move, cause: str, speaker: Speaker) -> str:
    family = f" with its family ({plural(move.accounts, 'account')})" if move.accounts > 1 else ""
    name = f"{speaker.account(move.account)}{family}"
    if cause == ROOM:
        return f"{name} to {speaker.rep(move.after)}"
    if cause == RETURN:
        return f"{name} from {speaker.rep(move.before)}"
    return f"{name} from {speaker.rep(move.before)} to {speaker.rep(move.after)}"
