"""Which backend to take when nobody says. Only what was measured decides."""

from __future__ import annotations

from territoryopt.backends.sizes import too_many_pairs
from territoryopt.backends.tight.table import suits
from territoryopt.problem import Problem

WHOLE = 10_000
"""Eligible pairs up to which one search of the whole is enough. At 1,000 x 20 and 30 s the
decomposition, which runs it beside its own, ends at half the gap."""


def choose(problem: Problem) -> tuple[str, str]:
    """A backend's name and, in plain words, why it. `problem` is over units."""
    why = suits(problem)
    if why is not None:
        return "tight", why
    if too_many_pairs(problem, WHOLE, "auto"):
        return (
            "decomposition",
            "it is large: prices first, then a few reps at a time, find good plans soonest",
        )
    return "highs", "it came nearest its bound in the same time on most problems measured"
