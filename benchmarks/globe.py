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
    IntArray,
    territories,
)

if TYPE_CHECKING:
    import territoryopt as topt

EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, eq=False)
class Globe:
    """place float[accounts, 2], home float[reps, 2]: latitude, longitude in degrees. The rest as
    in `generate.Territories`; holds bool[reps, skills]; bands in hours/year and money/year."""

    place: FloatArray
    home: FloatArray
    visits: FloatArray
    hours: FloatArray
    potential: FloatArray
    revenue: FloatArray
    requires: IntArray
    holds: np.ndarray
    current: IntArray
    tightness: float
    potential_band: tuple[float, float]

    @property
    def accounts(self) -> int:
        return len(self.place)

    @property
    def reps(self) -> int:
        return len(self.home)

    def problem(self) -> topt.Problem:
        """The engine's `Problem`, its parts as `compile_problem` makes them."""
        from territoryopt.problem import AccountAmounts, Cost, Problem, Rows
        from territoryopt.terms.patterns import PatternAmounts
        from territoryopt.terms.roads import Roads

        n, reps = self.accounts, self.reps
        roads = Roads(self.place, self.home, 0.0)
        per_km = self.visits * HOURS_PER_KM
        travel = roads.amounts(np.zeros(n), per_km)
        workload = roads.amounts(self.visits * self.hours, per_km)
        lacks = np.vstack([np.zeros(reps), ~self.holds.T]).astype(np.float64)
        misfit = PatternAmounts(self.requires + 1, lacks, self.potential)
        owned = np.flatnonzero(self.current >= 0)
        revenue = np.where(self.current >= 0, self.revenue, 0.0)
        moved = AccountAmounts(revenue, reps, owned, self.current[owned], -revenue[owned])
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
        least, most = (side * every for side in self.potential_band)
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
                     amounts=AccountAmounts(self.potential, reps), lower=least, upper=most),
            ),
            exclusions=(),
            groupings=(),
            current=self.current,
            family=np.full(n, -1, dtype=np.int64),
        )  # fmt: skip


def globe(accounts: int, reps: int, seed: int, tightness: float = 0.10, **axes: float) -> Globe:
    """Draw by the recipe of `generate.territories` and lay it on the sphere. ValueError where the
    square of that recipe does not fit (beyond about 8,000 reps)."""
    drawn = territories(accounts, reps, seed, tightness, **axes)
    middle = (float(np.ptp(drawn.place[:, 0])) / 2, float(np.ptp(drawn.place[:, 1])) / 2)
    return Globe(
        _on_globe(drawn.place, middle),
        _on_globe(drawn.home, middle),
        drawn.visits,
        drawn.hours,
        drawn.potential,
        drawn.revenue,
        drawn.requires,
        drawn.holds,
        drawn.current,
        tightness,
        drawn.potential_band,
    )


def _on_globe(place: FloatArray, middle: tuple[float, float]) -> FloatArray:
    """Latitude, longitude of places float[n, 2] in km: longitude x / R, sine of latitude y / R."""
    sine = (place[:, 1] - middle[1]) / EARTH_RADIUS_KM
    if np.abs(sine).max(initial=0.0) > 0.99:
        raise ValueError("the square does not fit on the sphere; take fewer reps")
    lon = np.degrees((place[:, 0] - middle[0]) / EARTH_RADIUS_KM)
    return np.column_stack([np.degrees(np.arcsin(sine)), lon])
