"""Hours on the road per visit, from where accounts and reps are. No road map is needed."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from territoryopt.cells import FloatArray
from territoryopt.geography import Spots, nearest_km

LOCAL_TOUR = 0.57
"""Daganzo's constant k in a local tour of about `k sqrt(N A)` km through N stops spread over
A km² (straight lines), that is `k / sqrt(N/A)` km a stop. No unit."""


@dataclass(frozen=True)
class Travel:
    """How reps travel. Every constant is positive; ValueError otherwise.

    - `circuity`: km by road per km of great circle. 1.2 for the United States (Ballou, Rahardja
      and Sakai 2002, Selected country circuity factors for road travel distance estimation,
      Transportation Research Part A 36(9) 843-848).
    - `speed_kmh`: mean speed by road from door to door, km/hour. Our assumption.
    - `stops_per_tour`: visits s made on one tour from home and back, at least 1. Our assumption.
    - `hop_neighbours`: K, the neighbour whose distance tells how dense accounts lie. A small K
      sees only the nearest site, a large one blurs town and country. Our assumption.

    The shape of a tour follows Daganzo 1984 (The distance traveled to visit N points with a
    maximum of C stops per vehicle: an analytic model and an application, Transportation Science
    18(4) 331-350): a stem out and back shared by the stops of the tour, plus local travel.
    """

    circuity: float = 1.2
    speed_kmh: float = 60.0
    stops_per_tour: float = 4.0
    hop_neighbours: int = 5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{field.name} must be a positive number (found {value!r})")
        if self.stops_per_tour < 1:
            raise ValueError(f"stops_per_tour must be at least 1 (found {self.stops_per_tour!r})")
        if self.hop_neighbours != int(self.hop_neighbours):
            raise ValueError(f"hop_neighbours must be whole (found {self.hop_neighbours!r})")

    def local_hop_km(self, lat: FloatArray, lon: FloatArray) -> FloatArray:
        """Great-circle km h_i from one stop of a tour to the next around account i, float64[n].

        `h_i = 0.57 / sqrt(δ_i)`, δ_i accounts per km² around i, found from the distance d_K to
        the K-th nearest other account: in a planar Poisson process of density δ
        `E[d_K] = Γ(K + 1/2) / (Γ(K) sqrt(π δ))`, hence
        `1/sqrt(δ_i) = d_K sqrt(π) Γ(K) / Γ(K + 1/2)`.

        Unknown coordinates (NaN) give NaN. With fewer than K others, K is their number; an
        account all alone has no hop (0), and neither has one with K others on its own spot.
        """
        others = int(np.count_nonzero(~(np.isnan(lat) | np.isnan(lon)))) - 1
        k = max(1, min(int(self.hop_neighbours), others))
        return self._hop_per_km(k) * nearest_km(lat, lon, k)

    def hop_km_among(self, spots: Spots, lat: float, lon: float) -> float:
        """The same for one more account, which is not among the others."""
        k = max(1, min(int(self.hop_neighbours), spots.count))
        return self._hop_per_km(k) * spots.nearest_km(lat, lon, k)

    @staticmethod
    def _hop_per_km(k: int) -> float:
        """h_i for each km to the k-th nearest other account."""
        per_km = math.sqrt(math.pi) * math.exp(math.lgamma(k) - math.lgamma(k + 0.5))
        return LOCAL_TOUR * per_km

    def hours_per_visit(self, distance_km: FloatArray, hop_km: FloatArray) -> FloatArray:
        """Hours on the road t_ij per visit of rep j to account i; the arguments broadcast.

        `t_ij = (c / v) (2 d_ij / s + h_i (s - 1) / s)`

        with d_ij (`distance_km`, [..., R]) the great-circle km from home to account, h_i
        (`hop_km`, [..., 1]) the km from one stop to the next, c = `circuity`, v = `speed_kmh`,
        s = `stops_per_tour`; km / (km/hour) = hours. A tour of s stops goes out and back once
        (2 d) and hops s - 1 times, and each visit carries 1/s of it. Daganzo counts a hop for
        every stop, which is the same for long tours; s - 1 makes s = 1 exactly out and back.
        """
        s = self.stops_per_tour
        scale = self.circuity / self.speed_kmh
        # two passes over the large array instead of four
        return np.asarray(distance_km * (scale * 2 / s) + hop_km * (scale * (s - 1) / s))
