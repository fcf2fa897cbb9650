"""A change in steps, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.reports import tell_stopped
from territoryopt.gaps import relative_gap
from territoryopt.words import amount, gap, plural

if TYPE_CHECKING:
    from territoryopt.realign.transition import Transition


def tell_transition(made: Transition) -> list[str]:
    """How many move in how many steps, then each step, then how sure the order is."""
    speak, moving = made.speaker, len(made.way.moving)
    if not moving:
        return ["No account changes hands: there is nothing to cut into steps."]
    budget = f"at most {amount(made.budget, made.unit)} in each"
    sizes = ", ".join(f"{step.accounts:,}" for step in made.steps)
    steps = plural(len(made.steps), "step")
    done = sum(step.accounts for step in made.steps)
    if made.in_time:
        lines = [f"{plural(moving, 'account')} change hands in {steps}, {budget}: {sizes}."]
    elif made.reached:
        verb = "is" if made.asked == 1 else "are"
        lines = [
            f"{plural(made.asked, 'step')} {verb} not enough: it takes {steps}, {budget}: {sizes}. "
            f"By adding up, fewer than {made.least_steps:,} cannot do."
        ]
    else:
        lines = [
            f"The plan is not reached: {done:,} of {plural(moving, 'account')} change hands in "
            f"{steps}, {budget}; more cannot move at a time without breaking a rule more."
        ]
        if made.heaviest > made.budget * (1 + 1e-9):
            heavy = amount(made.heaviest, made.unit)
            lines.append(f"Accounts that go together come to {heavy}: give a step that much.")
    if made.placed:
        verb = "is" if made.placed == 1 else "are"
        lines.append(f"{plural(made.placed, 'account')} that nobody owned {verb} placed at once.")
    before, broken = made.start_cost, len(made.start_breaches)
    for step in made.steps:
        change = before - step.cost
        word = "less" if change >= 0 else "more"
        text = f"Step {step.number}: {plural(step.accounts, 'account')}"
        if made.measure != "count":
            text += f" ({amount(step.moved, made.unit)})"
        text += f"; the plan then costs {speak.cost(step.cost)}"
        if abs(change) > speak.small:
            text += f", {speak.cost(abs(change))} {word} than before"
        now = len(step.breaches)
        if broken or now:
            text += f"; rules are broken in {plural(now, 'place')} (before: {broken:,})"
        lines.append(f"{text}.")
        before, broken = step.cost, now
    if made.reached and np.isfinite(made.bound):
        room = relative_gap(made.total, made.bound)
        word = "our own arithmetic proves" if made.source == "proved" else made.source
        lines.append(
            f"No other order in so many steps costs less in sum, as {word}."
            if room <= 1e-6
            else f"In sum another order can cost at most {gap(room)} less, as {word}."
        )
    return [*lines, *tell_stopped(made.stopped)]
