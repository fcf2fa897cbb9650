"""What is decided of each request, and what decided it."""

from __future__ import annotations

import numpy as np

from territoryopt.listening.answer import Answered, Because, Marginal, Outcome
from territoryopt.listening.choosing import Choice, Rules
from territoryopt.listening.model import Wishes
from territoryopt.listening.pricing import Singles


def answered_of(
    wishes: Wishes, singles: Singles, rules: Rules, choice: Choice | None
) -> list[Answered]:
    """The answers to all requests, in their order."""
    return [_answered(r, wishes, singles, rules, choice) for r in range(len(wishes))]


def _answered(
    r: int, wishes: Wishes, singles: Singles, rules: Rules, choice: Choice | None
) -> Answered:
    request, price = wishes.requests[r], singles.prices[r]
    assert price is not None
    outcome, because = _decided(r, wishes, singles, rules, choice)
    by = why = ""
    person = rules.persons.get(r)
    if person is not None:
        by, why = person.by, person.why
    elif because == "never":
        why = rules.never.get(request.account, "")
    if not by and outcome != "open":
        by = {"policy": rules.file, "never": rules.file, "limit": rules.file}.get(because, "")
    others: tuple[str, ...] = ()
    if choice is not None and outcome == "refused":
        others = _others(r, because, wishes, choice)
    return Answered(
        request,
        price,
        outcome,
        because,
        by,
        why,
        None if rules.limit is None else float(rules.limit[r]),
        None if outcome == "impossible" else _marginal(r, singles, choice),
        others,
        tuple(wishes.requests[s].id for s in wishes.rivals(r)),
    )


def _marginal(r: int, singles: Singles, choice: Choice | None) -> Marginal | None:
    """The price beside the others. Granting r too costs no less than granting r alone, so that what
    is known of the one bounds the other."""
    known = None if choice is None else choice.marginals.get(r)
    price = singles.prices[r]
    if known is None or choice is None or price is None or price.change is None:
        return known
    least = price.change.lower - choice.cost.upper
    if r in choice.accepted or least <= known.lower:
        return known
    return Marginal(least, max(least, known.upper), price.change.source)


def _decided(  # noqa: PLR0911
    r: int, wishes: Wishes, singles: Singles, rules: Rules, choice: Choice | None
) -> tuple[Outcome, Because]:
    price = singles.prices[r]
    assert price is not None
    as_it_is = price.verdict == "as it is"
    stands = choice is not None and choice.best is not None
    granted = choice is not None and stands and r in choice.accepted
    person = rules.persons.get(r)
    if person is not None:
        if not person.accept:
            return "refused", "person"
        if granted:
            return "accepted", "person"
        return ("impossible", "impossible") if price.verdict == "impossible" else (
            "open", "not settled"
        )  # fmt: skip
    if price.verdict == "impossible":
        return "impossible", "impossible"
    if as_it_is:
        if choice is not None and stands and not granted:
            return "refused", _why_not(r, wishes, rules, choice, singles)
        return "fulfilled", "as it is"
    if not rules.chooses:
        return "open", "not asked"
    if wishes.requests[r].account in rules.never:
        return "refused", "never"
    if choice is None or not stands:
        return "open", "not settled"
    if granted:
        return "accepted", "policy" if rules.policy else "budget"
    why = _why_not(r, wishes, rules, choice, singles)
    return ("open" if why == "not settled" else "refused"), why


def _why_not(  # noqa: PLR0911
    r: int, wishes: Wishes, rules: Rules, choice: Choice, singles: Singles
) -> Because:
    """Why a request is not in the set: the plainest reason that is certain."""
    if set(wishes.rivals(r).tolist()) & set(choice.accepted):
        return "rival"
    price, marginal = singles.prices[r], _marginal(r, singles, choice)
    change = None if price is None else price.change
    small = choice.ground.reasons.speaker.small
    if rules.limit is not None:
        if change is not None and change.lower > rules.limit[r] + small:
            return "limit"
        if marginal is not None and marginal.lower > rules.limit[r] + small:
            return "beside"
    if rules.most_per_rep is not None:
        new = [s for s in choice.accepted if s not in choice.fulfilled]
        if int((wishes.rep[new] == wishes.rep[r]).sum()) >= rules.most_per_rep:
            return "per rep"
    if rules.budget is not None and marginal is not None and (
        choice.cost.upper + marginal.lower > rules.budget + small
    ):  # fmt: skip
        return "budget"
    if not choice.settled:
        return "not settled"
    if rules.limit is not None:
        return "limit" if change is not None and change.upper > rules.limit[r] else "beside"
    return "budget" if rules.budget is not None else "beside"


def _others(r: int, because: Because, wishes: Wishes, choice: Choice) -> tuple[str, ...]:
    """The accepted requests that stand against one: its rivals, or those that need room where it
    does."""
    new = [s for s in choice.accepted if s not in choice.fulfilled]
    if because == "rival":
        found = [s for s in wishes.rivals(r).tolist() if s in choice.accepted]
    elif because in ("beside", "budget"):
        price = choice.singles.prices[r]
        reps = set() if price is None else {m.after for m in price.moves}
        same = wishes.rep == wishes.rep[r]
        found = [
            s for s in new
            if (same[s] and not wishes.loses[s]) or _reps_of(s, choice) & reps
        ]  # fmt: skip
    else:
        found = new if because == "per rep" else []
        found = [s for s in found if wishes.rep[s] == wishes.rep[r]]
    return tuple(wishes.requests[s].id for s in np.array(found, dtype=np.int64))


def _reps_of(r: int, choice: Choice) -> set[str]:
    price = choice.singles.prices[r]
    return set() if price is None else {m.after for m in price.moves}
