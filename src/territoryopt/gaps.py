"""The optimality gap: one definition for results, searches and sentences."""

from __future__ import annotations

import math

OPTIMAL_GAP = 1e-9
"""A plan this close to its bound is called optimal."""


def relative_gap(objective: float, bound: float) -> float:
    """(objective - bound) / abs(objective); 0 when equal, inf where there is no plan or bound."""
    if objective == bound:
        return 0.0
    if not math.isfinite(objective) or not math.isfinite(bound) or objective == 0:
        return math.inf
    return max(0.0, (objective - bound) / abs(objective))
