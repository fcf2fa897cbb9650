"""Territories on the globe whose costs are the engine's own travel and fit, for any size.

The plane of `generate.territories` is laid on the sphere by Lambert's cylindrical equal-area
projection, and the parts of the problem are those that files and a model would give: roads, skill
patterns, shares of revenue at hand-overs. Nothing here is a function that the engine calls back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from generate import (
    ALLOWANCE,
    AT_RISK,
    HOURS_PER_KM,
    LOST,
    PRICE_PER_HOUR,
    FloatArray,
    Territories,
    territories,
)

from territoryopt.geography import EARTH_RADIUS_KM

if TYPE_CHECKING:
    import territoryopt as topt


@dataclass(frozen=True, eq=False)
class Globe:
    """drawn: everything but the places. place float[accounts, 2], home float[reps, 2]: latitude,
    longitude in degrees."""

    drawn: Territories
    place: FloatArray
    home: FloatArray
    tightness: float

    def problem(self) -> topt.Problem:
        """The engine's `Problem`, its parts as `compile_problem` makes them."""
        from territoryopt.problem import AccountAmounts, Cost, Problem, Rows
        from territoryopt.terms.patterns import PatternAmounts
        from territoryopt.terms.roads import Roads

        drawn = self.drawn
        n, reps = drawn.accounts, drawn.reps
        roads = Roads(self.place, self.home, 0.0)
        per_km = drawn.visits * HOURS_PER_KM
        travel = roads.amounts(np.zeros(n), per_km)
        workload = roads.amounts(drawn.visits * drawn.hours, per_km)
        lacks = np.vstack([np.zeros(reps), ~drawn.holds.T]).astype(np.float64)
        misfit = PatternAmounts(drawn.requires + 1, lacks, drawn.potential)
        owned = np.flatnonzero(drawn.current >= 0)
        revenue = np.where(drawn.current >= 0, drawn.revenue, 0.0)
        moved = AccountAmounts(revenue, reps, owned, drawn.current[owned], -revenue[owned])
        nearest = workload.at(np.arange(n), roads.nearest())
        work = (1 + ALLOWANCE) * float(nearest.sum()) / reps

        rows = partial(
            Rows,
            kind="band",
            labels=tuple(map(str, range(reps))),
            row_of_rep=np.arange(reps),
            price=np.full(reps, np.inf),
            constant=np.zeros(reps),
        )
        every = np.ones(reps)
        low, high = (1 - self.tightness) * work * every, (1 + self.tightness) * work * every
        least, most = (side * every for side in drawn.potential_band)
        return Problem(
            accounts=n,
            reps=reps,
            costs=(
                Cost("driving", "travel", travel, PRICE_PER_HOUR, "hours/year"),
                Cost("skill_fit", "fit", misfit, LOST, "money/year"),
                Cost("hand_overs", "disruption", moved, AT_RISK, "money/year"),
            ),
            rows=(
                rows("workload", measure="workload", unit="hours/year", amounts=workload,
                     lower=low, upper=high),
                rows("potential", measure="potential", unit="money/year",
                     amounts=AccountAmounts(drawn.potential, reps), lower=least, upper=most),
            ),
            exclusions=(),
            groupings=(),
            current=drawn.current,
            family=np.full(n, -1, dtype=np.int64),
        )  # fmt: skip


def globe(accounts: int, reps: int, seed: int, tightness: float = 0.10, **axes: float) -> Globe:
    """Draw by the recipe of `generate.territories` and lay it on the sphere. ValueError where the
    square of that recipe does not fit (beyond about 8,000 reps)."""
    drawn = territories(accounts, reps, seed, tightness, **axes)
    middle = (float(np.ptp(drawn.place[:, 0])) / 2, float(np.ptp(drawn.place[:, 1])) / 2)
    return Globe(drawn, _on_globe(drawn.place, middle), _on_globe(drawn.home, middle), tightness)


def _on_globe(place: FloatArray, middle: tuple[float, float]) -> FloatArray:
    """Latitude, longitude of places float[n, 2] in km: longitude x / R, sine of latitude y / R."""
    sine = (place[:, 1] - middle[1]) / EARTH_RADIUS_KM
    if np.abs(sine).max(initial=0.0) > 0.99:
        raise ValueError("the square does not fit on the sphere; take fewer reps")
    lon = np.degrees((place[:, 0] - middle[0]) / EARTH_RADIUS_KM)
    return np.column_stack([np.degrees(np.arcsin(sine)), lon])
