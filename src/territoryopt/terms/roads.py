"""Where accounts and homes lie, and amounts that grow with the way between them.

Distance, travel and workload are all `base_i + weight_i · km_ij`: one pass over a pair gives any
of them, and a family's is the sum of its members'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from territoryopt.geography import great_circle_km, on_sphere
from territoryopt.problem import FloatArray, IntArray, Units


@dataclass(frozen=True, eq=False)
class Roads:
    """Places float64[accounts, 2] and homes float64[reps, 2], degrees; where one of them is NaN
    the way is `missing` km."""

    places: FloatArray
    homes: FloatArray
    missing: float

    @cached_property
    def table(self) -> FloatArray:
        """float64[accounts, reps]: one-way km of every pair."""
        lat, lon = self.places[:, :1], self.places[:, 1:]
        km = great_circle_km(lat, lon, self.homes[None, :, 0], self.homes[None, :, 1])
        return np.where(np.isnan(km), self.missing, km)

    def amounts(self, base: FloatArray, weight: FloatArray) -> RoadAmounts:
        """base_i + weight_i · km_ij, computed when asked for."""
        return RoadAmounts(self, base, weight, Units(np.arange(len(self.places), dtype=np.int64)))

    @cached_property
    def places_on_sphere(self) -> FloatArray:
        """float64[3, accounts]."""
        return np.stack(on_sphere(self.places[:, 0], self.places[:, 1]))

    @cached_property
    def homes_on_sphere(self) -> FloatArray:
        """float64[3, reps]."""
        return np.stack(on_sphere(self.homes[:, 0], self.homes[:, 1]))

    def nearest(self) -> IntArray:
        """int64[accounts]: the rep with the shortest way to each account."""
        out, km = nearest_home(self.places, self.homes)
        km = np.where(out < 0, self.missing, km)
        nowhere = np.flatnonzero(np.isnan(self.homes).any(axis=1))
        if len(nowhere):
            out = np.where((out < 0) | (km > self.missing), nowhere[0], out)
        return np.maximum(out, 0)


def nearest_home(places: FloatArray, homes: FloatArray) -> tuple[IntArray, FloatArray]:
    """The nearest home of each place, int64[n], and the great-circle km to it, float64[n]; -1 and
    inf where the place, or every home, is unknown."""
    from scipy.spatial import cKDTree

    rep, km = np.full(len(places), -1, dtype=np.int64), np.full(len(places), np.inf)
    some = np.flatnonzero(~np.isnan(places).any(axis=1))
    known = np.flatnonzero(~np.isnan(homes).any(axis=1))
    if len(some) and len(known):
        tree = cKDTree(np.column_stack(on_sphere(*homes[known].T)))
        _, near = tree.query(np.column_stack(on_sphere(*places[some].T)))
        rep[some] = known[near]
        km[some] = great_circle_km(*places[some].T, *homes[rep[some]].T)
    return rep, km


_Arrays = tuple[FloatArray, FloatArray, float, FloatArray, FloatArray, IntArray, IntArray]
"""What the kernels take: places, homes, missing, base, weight, members, starts."""


@dataclass(frozen=True, eq=False)
class RoadAmounts:
    """Amounts Σ_m base_m + weight_m · km_mj over the members m of each unit, computed when asked
    for; base and weight float64[accounts]. Pure, so that any thread may ask."""

    roads: Roads
    base: FloatArray
    weight: FloatArray
    units: Units

    @property
    def accounts(self) -> int:
        return self.units.count

    @property
    def reps(self) -> int:
        return len(self.roads.homes)

    @cached_property
    def _arrays(self) -> _Arrays:
        roads, units = self.roads, self.units
        return (
            roads.places_on_sphere,
            roads.homes_on_sphere,
            float(roads.missing),
            np.ascontiguousarray(self.base),
            np.ascontiguousarray(self.weight),
            units.order,
            np.append(units.starts, len(units.order)),
        )

    def block(self, start: int, stop: int) -> FloatArray:
        from territoryopt.terms.road_kernels import sums_of_block

        out = np.empty((stop - start, self.reps))
        sums_of_block(*self._arrays, start, out)
        return out

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        from territoryopt.terms.road_kernels import sums_of_pairs

        unit = np.ascontiguousarray(account, dtype=np.int64)
        out = np.empty(len(unit))
        sums_of_pairs(*self._arrays, unit, np.ascontiguousarray(rep, dtype=np.int64), out)
        return out

    def contracted(self, units: Units) -> RoadAmounts:
        if units.count == self.accounts:
            return self
        joined = Units(units.unit_of[self.units.unit_of])
        return RoadAmounts(self.roads, self.base, self.weight, joined)
