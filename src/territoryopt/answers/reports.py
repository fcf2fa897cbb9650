"""The longer answers in sentences: rules, certainty, trades, changes, wrong numbers."""

from __future__ import annotations

import numpy as np

from territoryopt.answers.certainty import Certainty
from territoryopt.answers.compare import Comparison, Exchange
from territoryopt.answers.fewest import FewestMoves
from territoryopt.answers.frontier import Frontier, Point
from territoryopt.answers.ground import Interval
from territoryopt.answers.rule_costs import RuleCost, RuleCosts
from territoryopt.answers.series import Stopped
from territoryopt.answers.uncertain import RowChance, Uncertain
from territoryopt.answers.weights import MOVES
from territoryopt.reasons.sentences import Speaker
from territoryopt.words import amount, gap, money, number, percent, plural

SHOWN = 8
"""Things of one kind that are told one by one."""

SURE = 0.995
"""A chance from which nothing needs to be said."""


# -- what rules cost -----------------------------------------------------------------------------


def tell_rule_costs(answer: RuleCosts, speaker: Speaker) -> list[str]:
    """One sentence for each rule, the dearest first."""
    lines = [_rule_cost(rule, speaker) for rule in answer.rules]
    room = -answer.kept.lower
    if lines and np.isfinite(room) and room > speaker.small:
        word = "" if answer.kept.source == "proved" else f", {answer.kept.source}"
        lines.insert(
            0,
            f"With every rule in place a plan could cost at most {money(room, speaker.currency)} "
            f"less than this one{word}; the rules below include that.",
        )
    if not lines and answer.stopped is None:
        return ["The model has no rules."]
    return [*lines, *tell_stopped(answer.stopped)]


def _rule_cost(cost: RuleCost, speaker: Speaker) -> str:
    head = f"Without {cost.rule} the plan could cost {_less(cost.dropped, speaker)}"
    parts = [head]
    if cost.loosened is not None and cost.step is not None:
        how = f"{percent(cost.step)} wider"
        if cost.before is not None and cost.after is not None:
            how = f"at +-{percent(cost.after)} instead of +-{percent(cost.before)}"
        parts.append(f"{how}, {_less(cost.loosened, speaker)}")
    text = "; ".join(parts)
    if not cost.hard and cost.charged:
        text += f"; the plan pays {money(cost.charged, speaker.currency)} for breaking it"
    return f"{text}."


def _less(change: Interval, speaker: Speaker) -> str:
    """How much less, from what is in hand to what cannot be ruled out."""
    saved, most = -change.upper, -change.lower
    small = max(speaker.small, 0.01 * saved)
    word = "" if change.source == "proved" else f", {change.source}"
    if not np.isfinite(most):
        if saved <= speaker.small:
            return "less, by how much is not known"
        return f"{money(saved, speaker.currency)} less or better still"
    if most <= speaker.small:
        return f"nothing less{word}"
    if most - saved <= small:
        return f"{money(saved, speaker.currency)} less{word}"
    if saved <= speaker.small:
        return f"at most {money(most, speaker.currency)} less{word}"
    return f"{number(saved)} to {money(most, speaker.currency)} less{word}"


def tell_stopped(stopped: Stopped) -> list[str]:
    """That not everything was looked at, and why."""
    if stopped is None:
        return []
    why = "the search was interrupted" if stopped == "interrupted" else "time was up"
    return [f"Not everything was looked at: {why}."]


# -- how sure ------------------------------------------------------------------------------------


def tell_certainty(answer: Certainty, speaker: Speaker) -> list[str]:
    """The gap, who is where in every good plan, who is contested, and the other plans."""
    problem = answer.reasons.problem
    lines = [speaker.proof(answer.objective, answer.bound, answer.proved_bound,
                           answer.bound_source)]  # fmt: skip
    share = gap(answer.within / abs(answer.objective)) if answer.objective else "0 %"
    within = f"within {share} of this one"
    proved, seen = answer.count("proved"), answer.count("seen")
    if proved:
        lines.append(
            f"{proved:,} of {plural(problem.accounts, 'account')} {_have(proved)} the same rep in "
            f"every plan {within}; that is proved."
        )
    else:
        lines.append(f"Of no account is it proved that it has the same rep in every plan {within}.")
    if answer.plans:
        more = " more" if proved else ""
        lines.append(
            f"{seen:,}{more} {_have(seen)} the same rep in all {len(answer.plans) + 1} plans that "
            "were looked at; that is no proof."
        )
        for plan in answer.plans:
            lines.append(
                f"Another plan has {plural(plan.differing, 'account')} with other reps and costs "
                f"{_more_or_less(plan.change, speaker)}."
            )
    contested = [i for i, word in enumerate(answer.standing) if word == "contested"]
    if contested:
        names = [speaker.account(problem.account_id(i)) for i in contested[:SHOWN]]
        rest = f" and {len(contested) - SHOWN:,} more" if len(contested) > SHOWN else ""
        lines.append(
            f"{plural(len(contested), 'account')} could as well be with somebody else: "
            f"{', '.join(names)}{rest}."
        )
    return [*lines, *tell_stopped(answer.stopped)]


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _more_or_less(change: float, speaker: Speaker) -> str:
    if abs(change) <= speaker.small:
        return "the same"
    return f"{money(change, speaker.currency)} {'more' if change > 0 else 'less'}"


# -- what trades for what ------------------------------------------------------------------------


def tell_frontier(answer: Frontier, speaker: Speaker) -> list[str]:
    """One sentence for each point, from one end to the other."""
    lines = []
    if answer.against is not None:
        lines.append(
            f"Only {answer.goal} and {answer.against} are looked at here; other goals may cost "
            "anything."
        )
    for point in answer.points:
        head = _at(answer, point, speaker)
        room = point.money - point.bound
        tail = "no plan can be better there"
        if not np.isfinite(point.bound):
            tail = "how much better another could be is not known"
        elif room > speaker.small:
            tail = f"no plan there can be better by more than {money(room, speaker.currency)}"
        word = "" if point.source == "proved" else f" ({point.source})"
        lines.append(f"{head} {speaker.cost(point.money)}; {tail}{word}.")
    if answer.better > speaker.small:
        lines.append(
            f"One of these plans costs {money(answer.better, speaker.currency)} less than the plan "
            "of this run: solve again, for longer, to have it."
        )
    return [*lines, *tell_stopped(answer.stopped)]


def _at(answer: Frontier, point: Point, speaker: Speaker) -> str:
    if not answer.lines:
        how = "as it is" if point.at == 0 else f"{percent(point.at)} wider"
        return f"With {answer.goal} {how} {answer.against or 'the plan'} costs"
    if answer.goal == MOVES:
        hands = plural(int(point.x), "account")
        return f"With {hands} changing hands {answer.against or 'the plan'} costs"
    other = answer.against or "all else"
    return f"With {answer.goal} at {speaker.cost(point.x)} {other} costs"


def tell_fewest(answer: FewestMoves) -> list[str]:
    """How few accounts must change hands for every rule to hold."""
    return [_fewest(answer), *tell_stopped(answer.stopped)]


def _fewest(answer: FewestMoves) -> str:
    if answer.moves is None:
        return (
            "No plan that keeps every rule was found in the time given; it takes at least "
            f"{plural(answer.least, 'move')}."
        )
    word = "proved" if answer.source == "proved" else answer.source
    if answer.moves == 0:
        return "No account has to change hands: today's owners keep every rule."
    if answer.moves == answer.least:
        return f"{plural(answer.moves, 'account')} must change hands; fewer will not do ({word})."
    return (
        f"{plural(answer.moves, 'account')} changing hands are enough, and fewer than "
        f"{answer.least:,} are not ({word})."
    )


# -- what changed --------------------------------------------------------------------------------


def tell_comparison(answer: Comparison, speaker: Speaker) -> list[str]:
    """What this plan changes against the other."""
    if not answer.moves:
        return ["The two plans are the same."]
    costs = "costs as much as" if abs(answer.change) <= speaker.small else (
        f"costs {_more_or_less(answer.change, speaker)} than"
    )  # fmt: skip
    lines = [
        f"This plan {costs} the other, with {plural(len(answer.moves), 'account')} with other reps."
    ]
    for name, before, after in answer.money:
        if abs(after - before) > speaker.small:
            lines.append(
                f"{name}: {speaker.cost(after)}, {_more_or_less(after - before, speaker)} than "
                f"{speaker.cost(before)}."
            )
    for word, plan in (("The other plan", answer.before), ("This plan", answer.after)):
        if plan.breaches:
            lines.append(f"{word} breaks its rules in {plural(len(plan.breaches), 'place')}.")
    for rep in answer.reps:
        if rep.gained or rep.lost:
            totals = [
                f"{measure} {amount(after, unit)} instead of {amount(before, unit)}"
                for measure, unit, before, after in rep.totals
                if abs(after - before) > 1e-9 * max(1.0, abs(before))
            ]
            tail = f"; {', '.join(totals)}" if totals else ""
            lines.append(
                f"{speaker.rep(rep.rep)} gains {plural(rep.gained, 'account')} and loses "
                f"{rep.lost:,}{tail}."
            )
    lines += [_exchange(move, speaker) for move in answer.moves[:SHOWN]]
    if len(answer.moves) > SHOWN:
        lines.append(f"And {plural(len(answer.moves) - SHOWN, 'more move')}.")
    return lines


def _exchange(move: Exchange, speaker: Speaker) -> str:
    """One move between two plans, with its reason."""
    text = f"{speaker.account(move.account)} goes from {speaker.rep(move.before)} to "
    text += speaker.rep(move.after)
    return f"{text}: {speaker.left(move.back)}." if move.back is not None else f"{text}."


# -- wrong numbers -------------------------------------------------------------------------------


def tell_uncertain(answer: Uncertain, speaker: Speaker) -> list[str]:
    """The chance that limits hold, the least likely first, and on whose numbers most depends."""
    if not answer.rows:
        return ["No limit of this plan depends on amounts that could be wrong."]
    wrong = f"With every account's numbers wrong by about {answer.percent:g} %"
    lines = [
        f"{wrong}, all limits hold with a chance of {percent(answer.all_hold)} ({answer.draws:,} "
        "draws)."
        if answer.all_hold
        else f"{wrong}, some limit was missed in every one of {answer.draws:,} draws."
    ]
    weak = [row for row in answer.rows if row.holds < SURE]
    if not weak:
        lines.append("Each limit by itself is all but sure to hold.")
    lines += [_chance(row, speaker) for row in weak[:SHOWN]]
    if len(weak) > SHOWN:
        lines.append(f"{plural(len(weak) - SHOWN, 'more limit')} may be missed.")
    close = [each for each in answer.fragile if each.alone <= 1.0][:3]
    lines += [
        f"Much hangs on {speaker.account(each.account)} with {speaker.rep(each.rep)}: if its own "
        f"number is wrong by {percent(each.alone)}, {each.rule} breaks."
        for each in close
    ]
    return lines


def _chance(row: RowChance, speaker: Speaker) -> str:
    way = "too little" if row.below > row.above else "too much"
    return (
        f"{speaker.rep(row.label)} stays within {row.rule} with a chance of {percent(row.holds)}; "
        f"{row.measure} would be {number(row.low)} to {amount(row.high, row.unit)} nine times in "
        f"ten, and where it misses it is mostly {way}."
    )
