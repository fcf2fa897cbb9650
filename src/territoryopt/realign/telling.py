"""A realignment in sentences: what happened, how few moves are enough and on whose word, what each
rep gains and loses, and why each account goes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from territoryopt.answers.reports import SHOWN
from territoryopt.answers.telling_no_plan import tell_no_plan
from territoryopt.reasons.sentences import Speaker
from territoryopt.words import listed, percent, plural

if TYPE_CHECKING:
    from territoryopt.realign.realigning import Realignment

TOLD = 40
"""Moves that are told one by one; moves.csv has all."""


def tell_realignment(made: Realignment) -> list[str]:
    """The answer first, then each rep, then each account."""
    speaker = made.speaker
    lines = [f"{change.sentence()}." for change in made.changes]
    lines += _before(made)
    if made.result.rep is None:
        return [*lines, *_none(made, speaker)]
    lines += [_few(made), *_worth(made, speaker)]
    lines += _reps(made, speaker)
    lines += [move.text for move in made.moves[:TOLD]]
    if len(made.moves) > TOLD:
        lines.append(f"And {plural(len(made.moves) - TOLD, 'more account')}; moves.csv has all.")
    return [*lines, *(f"{note}." for note in made.notes)]


def _before(made: Realignment) -> list[str]:
    """Whether the rules held before anything happened: else some moves mend older trouble."""
    rules = dict.fromkeys(b.rule for b in made.start.before.breaches if b.kind != "one_rep")
    if not rules:
        return []
    count = sum(b.kind != "one_rep" for b in made.start.before.breaches)
    return [
        f"Before that, {made.start.source} broke {listed(list(rules))} in "
        f"{plural(count, 'place')}; the moves below mend that too."
    ]


def _few(made: Realignment) -> str:
    placed, moved = len(made.moves) - made.counted, made.counted
    text = []
    if placed:
        text.append(f"{plural(placed, 'account')} without an owner {_get(placed)} one")
    if moved or not placed:
        verb = "changes" if moved == 1 else "change"
        text.append(f"{plural(moved, 'other account' if placed else 'account')} {verb} hands")
    head = " and ".join(text)
    few = made.fewest
    if few is None or few.moves is None:
        return f"{head}."
    word = few.source if few.source == "proved" else f"as {few.source}"
    allowed = few.moves + made.extra
    if few.moves == 0:
        tail = "no rule asks for more"
    elif made.proved:
        tail = f"with fewer than {few.moves:,} the rules cannot be kept ({word})"
    else:
        tail = f"fewer than {few.least:,} cannot be enough ({word}); whether {few.least:,} are"
        tail += " was not settled in the time given"
    if made.extra:
        tail += f"; up to {allowed:,} were allowed"
    return f"{head}; {tail}."


def _get(count: int) -> str:
    return "gets" if count == 1 else "get"


def _worth(made: Realignment, speaker: Speaker) -> list[str]:
    result = made.result
    proof = speaker.proof(result.objective, result.bound, result.proved_bound, result.bound_source)
    if made.fewest is not None:
        proof = proof.replace("no plan can", "no plan with so few moves can", 1)
    lines = [proof]
    before = made.start.before
    if not any(b.kind == "one_rep" for b in before.breaches):
        change = result.objective - before.objective
        if abs(change) > speaker.small:
            more = "more" if change > 0 else "less"
            lines.append(
                f"That is {speaker.cost(abs(change))} {more} than before anything happened "
                f"({speaker.cost(before.objective)})."
            )
    return lines


def _reps(made: Realignment, speaker: Speaker) -> list[str]:
    """Who gains and who loses, a sentence each, those with most to do first."""
    gained: dict[str, Counter[str | None]] = {}
    lost: Counter[str] = Counter()
    for move in made.moves:
        gained.setdefault(move.after, Counter())[move.before] += 1
        if move.counted and move.before is not None:
            lost[move.before] += 1
    weight = {rep: sum(of.values()) for rep, of in gained.items()}
    reps = sorted({*gained, *lost}, key=lambda rep: (-weight.get(rep, 0) - lost[rep], rep))
    lines = []
    for rep in reps[:SHOWN]:
        parts = []
        if rep in gained:
            sources = [
                f"{count:,} of {speaker.rep(of)}" if of else f"{count:,} that nobody owned"
                for of, count in gained[rep].most_common()
            ]
            parts.append(f"gets {plural(weight[rep], 'account')} ({listed(sources)})")
        if lost[rep]:
            parts.append(f"hands off {lost[rep]:,}")
        lines.append(f"{speaker.rep(rep)} {' and '.join(parts)}.")
    if len(reps) > SHOWN:
        lines.append(f"{plural(len(reps) - SHOWN, 'more rep')} gain or lose accounts.")
    return [line[:1].upper() + line[1:] for line in lines]


def _none(made: Realignment, speaker: Speaker) -> list[str]:
    if made.no_plan is not None:
        lines = tell_no_plan(made.no_plan, speaker)
    else:
        result = made.result
        lines = speaker.no_plan(result.status, result.bound_source, result.conflict)
    if made.closest is None:
        return lines
    near = made.closest
    lines.append(
        f"The plan that breaks the rules least (closest.csv) has {plural(near.moves, 'move')} and "
        f"exceeds its limits by {percent(near.violation)} of their size in all; "
        + (
            f"less than {percent(near.least)} is not possible, as {_word(near.source)}:"
            if near.least > 0
            else "whether less is possible is not known:"
        )
    )
    lines += [speaker.breach(breach) for breach in near.breaches[:SHOWN]]
    if len(near.breaches) > SHOWN:
        lines.append(f"And {plural(len(near.breaches) - SHOWN, 'more place')}.")
    return lines


def _word(source: str) -> str:
    return "our own arithmetic proves" if source == "proved" else source
