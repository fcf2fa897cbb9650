"""Plans side by side, in sentences: which is better for what, who gains and who loses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from territoryopt.scenarios.side_by_side import Plan, SideBySide, criteria
from territoryopt.words import amount, gap, listed, money, number, percent, plural

GAINS = 3
"""Reps named as gaining, and as many as losing."""
OPEN = 0.01
"""A gap from which on what is said of a plan comes with a warning."""
ENOUGH = 1e-4
"""What differs by a smaller fraction is told as alike."""


@dataclass(frozen=True)
class _Better:
    """One plan is better than the next in something. words: "costs 12,000 USD a year less"."""

    plan: str
    than: str
    words: str


def tell_side_by_side(found: SideBySide) -> list[str]:
    """What is to be said of the plans: what they stand on, which is better for what, which is no
    use, and who has more or less than in the first."""
    out = [without(plan) for plan in found.plans if plan.objective is None]
    plans = found.with_plan
    if len({plan.data for plan in plans}) > 1:
        out.append(
            "These plans stand on different data, so that their money tells of the data as well as "
            "of the plans; territoryopt robust holds plans against each other in one future."
        )
    if len({plan.prices for plan in plans}) > 1:
        out.append("Their goals differ, so that goals are told in their own units and no sums of "
                   "money are compared.")  # fmt: skip
    out += filter(None, (unfinished(plan, found.currency) for plan in plans))
    out += tell_better(found)
    out += tell_dominated(found)
    for plan in plans[1 : 1 + 5]:
        out += gains(plans[0], plan, found)
    return out


def unfinished(plan: Plan, currency: str) -> str:
    """What a search that was cut short leaves open, where that is much; else nothing."""
    if plan.gap is None or plan.objective is None or plan.bound is None or plan.gap <= OPEN:
        return ""
    return (
        f"{plan.name} was not searched to its end: another plan may cost up to "
        f"{money(plan.objective - plan.bound, currency)} a year less ({gap(plan.gap)}), so what is "
        "said of it may change with more time."
    )


def without(plan: Plan) -> str:
    word = "there is no plan" if plan.status == "infeasible" else "no plan was found in time"
    return f"{plan.name}: {word}."


def summary(plan: Plan, currency: str) -> str:
    """A plan by itself, on a line."""
    if plan.objective is None:
        return without(plan)
    parts = [f"costs {money(plan.objective, currency)}"]
    if plan.objective < 0:
        parts = [f"gains {money(plan.objective, currency)}"]
    if plan.gap is not None:
        word = "" if plan.bound_source == "proved" else f", as {plan.bound_source}"
        parts.append(f"gap {gap(plan.gap)}{word}")
    if plan.owned:
        parts.append(f"{plural(plan.moved, 'account')} of {plan.owned:,} change hands")
    for b in plan.balance:
        if b.worst is not None:
            parts.append(f"{b.measure} at most {percent(b.worst)} off its target")
    if plan.breaches:
        parts.append(f"breaks rules in {plural(plan.breaches, 'place')}")
    return f"{plan.name}: {'; '.join(parts)}."


def tell_better(found: SideBySide) -> list[str]:
    """For each plan what it is better in than every other: by how much than the next."""
    plans = found.with_plan
    if len(plans) < 2:
        return []
    better = _betters(plans, found)
    out = []
    for plan in plans:
        words: dict[str, list[str]] = {}
        for item in better:
            if item.plan == plan.name:
                words.setdefault(item.than, []).append(item.words)
        if words and len(plans) == 2:
            out.append(f"{plan.name} {listed(next(iter(words.values())))}.")
        elif words:
            parts = [f"{listed(each)} than {than}" for than, each in words.items()]
            out.append(f"{plan.name}: best of all in this: it {'; '.join(parts)}.")
    return out or ["Nothing that is compared here differs."]


def _betters(plans: list[Plan], found: SideBySide) -> list[_Better]:
    alike = len({plan.prices for plan in plans}) == 1 and len({p.data for p in plans}) == 1
    judged = {plan.name: criteria(plan, alike) for plan in plans}
    shared = [c for c in judged[plans[0].name] if all(c in values for values in judged.values())]
    if len({plan.data for plan in plans}) > 1:
        shared = [c for c in shared if not c.startswith(("money", "goal"))]
    out = []
    for criterion in shared:
        order = sorted(judged, key=lambda name: judged[name][criterion])
        least, next_one = judged[order[0]][criterion], judged[order[1]][criterion]
        share = criterion.startswith("balance")  # told in percent, with one digit
        if next_one - least <= (1e-3 if share else ENOUGH * max(abs(next_one), abs(least))):
            continue
        words = _words(criterion, least, next_one, plans[0], alike, found.currency)
        out.append(_Better(order[0], order[1], words))
    return out


def _words(
    criterion: str, least: float, more: float, plan: Plan, alike: bool, currency: str
) -> str:
    kind, _, name = criterion.partition(" ")
    if kind == "money":
        return f"costs {money(more - least, currency)} less"
    if kind == "goal":
        share = next(share for share in plan.goals if share.name == name)
        title = name.replace("_", " ")
        if alike:
            return f"costs {money(more - least, currency)} less on {title}"
        return f"needs {amount(more - least, share.unit)} less for {title}"
    if kind == "moves":
        return f"moves {plural(round(more - least), 'account')} fewer"
    return f"has {name} more even ({percent(least)} off its target at most, not {percent(more)})"


def tell_dominated(found: SideBySide) -> list[str]:
    """The plans that another is better than, or as good as, in everything."""
    out = []
    for item in found.dominated:
        if not item.better:
            out.append(f"{item.plan} is as good as {item.by} in all of this: one will do.")
            continue
        what = listed([_called(name) for name in item.better])
        rules = {p.name: p.rules for p in found.plans}
        under = "" if rules[item.plan] == rules[item.by] else ", whose rules are others"
        out.append(
            f"{item.plan} is dominated by {item.by}{under}: better in nothing, worse in {what}."
        )
    return out


def _called(criterion: str) -> str:
    kind, _, name = criterion.partition(" ")
    named = {"money": "money", "moves": "accounts that change hands"}
    return named.get(kind, f"{'balance of ' * (kind == 'balance')}{name.replace('_', ' ')}")


def gains(first: Plan, other: Plan, found: SideBySide) -> list[str]:
    """Who has more and who less in another plan than in the first, by the first measure."""
    if not found.measures:
        return []
    measure, unit = found.measures[0]
    was = {r.rep: r for r in first.reps}
    change: dict[str, float] = {}
    names: Mapping[str, str] = {r.rep: r.name for r in (*first.reps, *other.reps)}
    for r in other.reps:
        if r.rep in was and measure in r.totals and measure in was[r.rep].totals:
            change[r.rep] = r.totals[measure] - was[r.rep].totals[measure]
    out = []
    size = max((abs(r.totals.get(measure, 0.0)) for r in first.reps), default=0.0)
    up = sorted((r for r in change if change[r] > 1e-3 * size), key=lambda r: -change[r])
    down = sorted((r for r in change if change[r] < -1e-3 * size), key=lambda r: change[r])
    head = f"In {other.name}, against {first.name}"
    if up or down:
        more = [f"{names[r]} (+{number(change[r])})" for r in up[:GAINS]]
        less = [f"{names[r]} (-{number(-change[r])})" for r in down[:GAINS]]
        parts = []
        if more:
            parts.append(f"{listed(more)} {'have' if len(more) > 1 else 'has'} more")
        if less:
            parts.append(f"{listed(less)} {'have' if len(less) > 1 else 'has'} less")
        words = unit.replace("/year", " a year")
        out.append(f"{head}, {measure} in {words}: {', '.join(parts)}.")
    gone = [names[r.rep] for r in first.reps if r.rep not in {o.rep for o in other.reps}]
    come = [names[o.rep] for o in other.reps if o.rep not in was]
    if gone:
        out.append(f"{head}, {listed(gone)} {'are' if len(gone) > 1 else 'is'} not there.")
    if come:
        out.append(f"{head}, {listed(come)} {'are' if len(come) > 1 else 'is'} new.")
    return out
