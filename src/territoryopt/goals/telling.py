"""Goals in sentences: the whole, each rep with its basis, and how even it all is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from territoryopt.goals.settings import GoalSettings, Growth
from territoryopt.goals.types import Fairness, RepGoal, plain_money
from territoryopt.words import listed, number, percent, plural

BY = {"potential": "the potential", "history": "last year's sales", "capacity": "the hours"}
_Of = Callable[[RepGoal], float | None]
EVEN = 0.05
"""Spread up to which goals are called even; our assumption."""


def money_words(value: float, currency: str) -> str:
    """Money a year, cents only where there are some."""
    return f"{plain_money(value)} {currency} a year"


def summary(
    total: float,
    currency: str,
    weights: Mapping[str, Fraction],
    reps: Sequence[RepGoal],
    spec: GoalSettings,
) -> tuple[str, ...]:
    """The whole in a few sentences."""
    growth = spec.growth
    who = "accounts" if spec.history.reps is None else "reps"
    by = [f"{percent(float(w))} by {BY[name]}" for name, w in weights.items()]
    lines = [f"{money_words(total, currency)} for {plural(len(reps), 'rep')}: {listed(by)}."]
    history = [rep.history for rep in reps if rep.history is not None]
    if history and sum(history) > 0:
        past = sum(history)
        change = total / past - 1
        word = "more" if change > 0 else "less"
        lines.append(
            f"Last year these {who} brought {number(past)} {currency}; the total is "
            + (f"{percent(abs(change))} {word}." if round(change, 4) else "as much.")
        )
    for limit, value in (("least", growth.least), ("most", growth.most)):
        held = sum(rep.limit == limit for rep in reps)
        if held:
            general = value is not None and not growth.reps
            share = f" ({percent(value or 0.0)} of last year's sales)" if general else ""
            verb = "is" if held == 1 else "are"
            lines.append(f"{plural(held, 'rep')} {verb} held at the {limit} allowed{share}.")
    return tuple(lines)


def rep_sentence(
    rep: RepGoal, currency: str, totals: Mapping[str, float], spec: GoalSettings
) -> RepGoal:
    """The rep's goal with its sentence: the parts, what limits and rounding did, the growth."""
    parts = []
    for name, amount in (("potential", rep.potential), ("history", rep.history)):
        if rep.parts[name] and amount is not None:
            share = percent(rep.parts[name] / totals[name])
            parts.append(f"{plain_money(rep.parts[name])} for {share} of {BY[name]}"
                         f" ({number(amount)})")  # fmt: skip
    if rep.parts["capacity"]:
        hours = "" if rep.hours is None else f" ({number(rep.hours)} a year)"
        parts.append(f"{plain_money(rep.parts['capacity'])} for its share of the hours{hours}")
    text = f"{rep.name}: {money_words(rep.goal, currency)}"
    text += f" = {' + '.join(parts)}" if parts else ""
    change = rep.parts["limits"]
    if change:
        text += f" {'-' if change < 0 else '+'} {plain_money(abs(change))} {_why(rep, spec.growth)}"
    off = rep.parts["rounding"]
    if off:
        text += f" {'-' if off < 0 else '+'} {plain_money(abs(off))} by rounding"
    lines = [f"{text}."]
    if rep.share_of_year < 1:
        lines.append(f"Ramp and leave leave {percent(rep.share_of_year)} of the year.")
    if rep.growth is not None and rep.history:
        way = "more than" if rep.growth > 0 else "less than"
        near = percent(abs(rep.growth))
        same = round(abs(rep.growth), 4) == 0
        of = "as much as" if same else f"{near} {way}"
        who = "its accounts" if spec.history.reps is None else "the rep"
        lines.append(f"That is {of} {who} brought last year.")
    if rep.taken_over:
        lines.append(f"Accounts taken over brought {number(rep.taken_over)} {currency} of it.")
    return replace(rep, text=" ".join(lines))


def _why(rep: RepGoal, growth: Growth) -> str:
    own = growth.reps.get(rep.rep)
    for limit in ("most", "least"):
        if rep.limit == limit:
            value = getattr(own, limit) if own is not None else None
            value = getattr(growth, limit) if value is None else value
            way = "up" if rep.parts["limits"] > 0 else "down"
            what = "last year's sales"
            if rep.share_of_year < 1:
                what += " for the share of the year worked"
            return f"{way} to {percent(value)} of {what}, the {limit} allowed"
    return "because other reps meet their limits"


def fairness(reps: Sequence[RepGoal], currency: str) -> tuple[Fairness, ...]:
    """How goals stand to what reps have to reach them with.

    Formula: spread = standard deviation over reps / mean over reps; potential and last year's sales
             count for the share of the year that the rep works
    Source: coefficient of variation; that goals are fair where effort is alike: Zoltners, Sinha &
            Lorimer 2006, The Complete Guide to Sales Force Incentive Compensation
    """
    per = f"{currency} per {currency} of potential"
    kinds: tuple[tuple[str, str, str, _Of, _Of], ...] = (
        ("goal_per_potential", per, f"Goal per {currency} of potential",
         lambda r: _over(r, r.potential), lambda r: _lasting(r, r.potential)),
        ("goal_per_hour", f"{currency}/hour", "Goal per hour",
         lambda r: r.goal_per_hour, lambda r: r.hours),
        ("growth", "share", "Growth over last year",
         lambda r: _over(r, r.history, 1), lambda r: _lasting(r, r.history)),
    )  # fmt: skip
    out = []
    for name, unit, title, value, basis in kinds:
        found = [(v, rep) for rep in reps if (v := value(rep)) is not None]
        below = sum(b for _, rep in found if (b := basis(rep)) is not None)
        if len(found) < 2 or not below:
            continue
        team = sum(rep.goal for _, rep in found) / below - (1 if name == "growth" else 0)
        low, high = min(found, key=lambda f: f[0]), max(found, key=lambda f: f[0])
        values = np.array([v for v, _ in found]) + (1 if name == "growth" else 0)
        spread = float(values.std() / values.mean()) if values.mean() else 0.0
        say = _signed if name == "growth" else _three
        even = "even" if spread <= EVEN else "not even"
        text = (
            f"{title}: {say(team)} for the team, from {say(low[0])} "
            f"({low[1].name}) to {say(high[0])} ({high[1].name}); {even}: it varies by "
            f"{percent(spread)}."
        )
        out.append(Fairness(name, unit, team, low[0], low[1].rep, high[0], high[1].rep, spread,
                            text))  # fmt: skip
    return tuple(out)


def _lasting(rep: RepGoal, amount: float | None) -> float | None:
    """The amount for the share of the year that the rep works; None where there is none."""
    return amount * rep.share_of_year if amount and rep.share_of_year else None


def _over(rep: RepGoal, amount: float | None, less: int = 0) -> float | None:
    below = _lasting(rep, amount)
    return rep.goal / below - less if below else None


def _three(value: float) -> str:
    """Three digits that mean something where two would hide the differences."""
    return f"{value:.3f}" if 0.1 <= value < 1 else number(value)


def _signed(share: float) -> str:
    """A change as percent with its sign; nothing is 0 %."""
    text = percent(abs(share))
    return text if text == "0 %" else f"{'+' if share > 0 else '-'}{text}"
