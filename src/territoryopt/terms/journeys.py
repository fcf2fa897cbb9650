"""Distance and travel time of every pair, from coordinates or from columns of pairs.csv."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from territoryopt.errors import FaultList, InputError
from territoryopt.problem import Amounts, FloatArray, IntArray
from territoryopt.problem.amounts import BoolArray
from territoryopt.terms.roads import Roads, nearest_home
from territoryopt.travel import Travel

if TYPE_CHECKING:
    from territoryopt.terms.data import Data

FAR_KM = 2_000.0
"""From its nearest rep, beyond ten times what is usual, an account's place is worth a look."""
FAR_SHOWN = 3


class Source(Protocol):
    """One number for every pair, such as the km between them."""

    @property
    def table(self) -> FloatArray:
        """float64[accounts, reps]: the number of every pair, stored."""
        ...

    def amounts(self, base: FloatArray, weight: FloatArray) -> Amounts:
        """base_i + weight_i · number_ij, with nothing stored that grows as accounts x reps."""
        ...

    def nearest(self) -> IntArray:
        """int64[accounts]: the rep of each account's least number; -1 where no pair is usable."""
        ...


class Scaled(NamedTuple):
    """An amount over pairs: base_i + weight_i · number_ij, base and weight float64[accounts], no
    weight below zero."""

    source: Source
    base: FloatArray
    weight: FloatArray

    def plus(self, more: FloatArray) -> Scaled:
        return self._replace(base=self.base + more)

    def table(self) -> FloatArray:
        """float64[accounts, reps], stored."""
        out: FloatArray = self.source.table * self.weight[:, None]
        out += self.base[:, None]
        return out

    def amounts(self) -> Amounts:
        return self.source.amounts(self.base, self.weight)


def distance_km(data: Data) -> Source:
    """One-way km of each pair: `travel.pairs_km`, or the great circle from the rep's home.

    An account or rep without coordinates is a fault, unless the model states `travel.missing_km`.
    """
    spec = data.model.travel
    if spec.pairs_km is not None:
        return data.pair_list(spec.pairs_km, spec.pairs_missing, "travel.pairs_km")
    places, homes = data.instance.coordinates, data.instance.homes
    no_place: BoolArray = np.isnan(places[:, 0]) | np.isnan(places[:, 1])
    no_home: BoolArray = np.isnan(homes[:, 0]) | np.isnan(homes[:, 1])
    if spec.missing_km is None:
        _refuse_missing(data, no_place, no_home)
    elif no_place.any() or no_home.any():
        data.notes.append(
            f"{int(no_place.sum()):,} accounts and {int(no_home.sum()):,} reps without "
            f"coordinates are taken as {spec.missing_km:g} km from everyone (travel.missing_km)"
        )
    _note_far(data, places, homes)
    return Roads(places, homes, spec.missing_km or 0.0)


def _note_far(data: Data, places: FloatArray, homes: FloatArray) -> None:
    """Note accounts so far from every rep that their coordinates are worth a look."""
    _, km = nearest_home(places, homes)
    usual = float(np.median(km[np.isfinite(km)])) if np.isfinite(km).any() else 0.0
    far = np.flatnonzero(np.isfinite(km) & (km > FAR_KM) & (km > 10 * usual))
    if not len(far):
        return
    shown = far[:FAR_SHOWN]
    could = np.abs(places[shown, 1]) <= 90  # a longitude that could be a latitude
    swapped = np.full(len(shown), np.inf)
    swapped[could] = nearest_home(places[shown[could]][:, ::-1], homes)[1]
    texts = []
    for i, other in zip(shown, swapped, strict=True):
        text = f"{data.instance.account_ids[i]} ({km[i]:,.0f} km"
        text += f"; {other:,.0f} km with latitude and longitude swapped)" if other < FAR_KM else ")"
        texts.append(text)
    more = f" and {len(far) - FAR_SHOWN:,} more" if len(far) > FAR_SHOWN else ""
    data.notes.append(f"far from every rep, so look at their coordinates: {', '.join(texts)}{more}")


def travel_hours(data: Data) -> Scaled:
    """Travel hours a year: the visits of each account times `travel.pairs_hours`, or times a share
    of a tour (`Travel`)."""
    spec, visits = data.model.travel, data.visits
    if spec.pairs_hours is not None:
        source = data.pair_list(spec.pairs_hours, spec.pairs_missing, "travel.pairs_hours")
        return Scaled(source, np.zeros(data.accounts), visits)
    km = data.km
    travel = Travel(
        circuity=spec.circuity,
        speed_kmh=spec.speed_kmh,
        stops_per_tour=spec.stops_per_tour,
        hop_neighbours=spec.hop_neighbours,
    )
    hop = data.hop_km(travel)
    # An account of unknown place has an unknown neighbourhood: its stated distance serves again.
    hop = np.where(np.isnan(hop), spec.missing_km or 0.0, hop)
    none, one = np.zeros(1), np.ones(1)
    return Scaled(
        km,
        visits * travel.hours_per_visit(none, hop),
        visits * travel.hours_per_visit(one, none),
    )


def _refuse_missing(data: Data, accounts: BoolArray, reps: BoolArray) -> None:
    faults = FaultList(InputError)
    remedy = (
        "Fill in its coordinates, leave it out with a filter, or state a distance for such "
        "accounts in the model: travel.missing_km"
    )
    instance = data.instance
    for table, ids, missing in (
        (instance.accounts, instance.account_ids, accounts),
        (instance.reps, instance.rep_ids, reps),
    ):
        for k in np.flatnonzero(missing):
            faults.add(
                f"{ids[k]} has no coordinates, and the model needs its distance",
                remedy,
                file=table.file,
                row=int(table.lines[k]),
            )
    if faults:
        data.bad_input.append(InputError(faults.problems))
