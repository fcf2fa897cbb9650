"""Distance and travel time of every pair, from coordinates or from columns of pairs.csv."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from territoryopt.errors import FaultList, InputError
from territoryopt.geography import great_circle_km
from territoryopt.problem import FloatArray, IntArray
from territoryopt.problem.amounts import BoolArray
from territoryopt.travel import Travel

if TYPE_CHECKING:
    from territoryopt.terms.data import Data

FAR_KM = 2_000.0
"""From its nearest rep, beyond ten times what is usual, an account's place is worth a look."""
FAR_PAIRS, FAR_SHOWN = 20_000_000, 3


class PairFunctions(NamedTuple):
    """An amount over pairs as two pure functions, for `ComputedAmounts`."""

    rows: Callable[[int, int], FloatArray]
    pairs: Callable[[IntArray, IntArray], FloatArray]

    @staticmethod
    def of_table(table: FloatArray) -> PairFunctions:
        return PairFunctions(lambda start, stop: table[start:stop], lambda i, j: table[i, j])


def distance_km(data: Data) -> PairFunctions:
    """One-way km of each pair: `travel.pairs_km`, or the great circle from the rep's home.

    An account or rep without coordinates is a fault, unless the model states `travel.missing_km`.
    """
    spec = data.model.travel
    if spec.pairs_km is not None:
        return PairFunctions.of_table(
            data.pair_table(spec.pairs_km, spec.pairs_missing, "travel.pairs_km")
        )
    places, homes = data.instance.coordinates, data.instance.homes
    no_place: BoolArray = np.isnan(places[:, 0]) | np.isnan(places[:, 1])
    no_home: BoolArray = np.isnan(homes[:, 0]) | np.isnan(homes[:, 1])
    if spec.missing_km is None:
        _refuse_missing(data, no_place, no_home)
    elif no_place.any() or no_home.any():
        note = (
            f"{int(no_place.sum()):,} accounts and {int(no_home.sum()):,} reps without "
            f"coordinates are taken as {spec.missing_km:g} km from everyone (travel.missing_km)"
        )
        if note not in data.notes:
            data.notes.append(note)
    fallback = spec.missing_km or 0.0

    def known(km: FloatArray) -> FloatArray:
        return np.where(np.isnan(km), fallback, km)

    def rows(start: int, stop: int) -> FloatArray:
        part = places[start:stop]
        return known(
            great_circle_km(part[:, :1], part[:, 1:], homes[None, :, 0], homes[None, :, 1])
        )

    def pairs(i: IntArray, j: IntArray) -> FloatArray:
        return known(great_circle_km(places[i, 0], places[i, 1], homes[j, 0], homes[j, 1]))

    _note_far(data, places, homes)
    return PairFunctions(rows, pairs)


def _note_far(data: Data, places: FloatArray, homes: FloatArray) -> None:
    """Note accounts so far from every rep that their coordinates are worth a look."""
    if len(places) * len(homes) > FAR_PAIRS or not len(places) or not len(homes):
        return

    def nearest(lat: FloatArray, lon: FloatArray) -> FloatArray:
        km = great_circle_km(lat[:, None], lon[:, None], homes[None, :, 0], homes[None, :, 1])
        out: FloatArray = np.where(np.isnan(km), np.inf, km).min(axis=1)
        return out

    km = nearest(places[:, 0], places[:, 1])
    usual = float(np.median(km[np.isfinite(km)])) if np.isfinite(km).any() else 0.0
    far = np.flatnonzero(np.isfinite(km) & (km > FAR_KM) & (km > 10 * usual))
    if not len(far):
        return
    could = np.abs(places[far, 1]) <= 90  # a longitude that could be a latitude
    swapped = np.full(len(far), np.inf)
    swapped[could] = nearest(places[far[could], 1], places[far[could], 0])
    texts = []
    for i, other in list(zip(far, swapped, strict=True))[:FAR_SHOWN]:
        text = f"{data.instance.account_ids[i]} ({km[i]:,.0f} km"
        text += f"; {other:,.0f} km with latitude and longitude swapped)" if other < FAR_KM else ")"
        texts.append(text)
    more = f" and {len(far) - FAR_SHOWN:,} more" if len(far) > FAR_SHOWN else ""
    data.notes.append(f"far from every rep, so look at their coordinates: {', '.join(texts)}{more}")


def travel_hours_per_visit(data: Data) -> PairFunctions:
    """Travel hours for one visit: `travel.pairs_hours`, or a share of a tour (`Travel`)."""
    spec = data.model.travel
    if spec.pairs_hours is not None:
        return PairFunctions.of_table(
            data.pair_table(spec.pairs_hours, spec.pairs_missing, "travel.pairs_hours")
        )
    km = distance_km(data)
    travel = Travel(
        circuity=spec.circuity,
        speed_kmh=spec.speed_kmh,
        stops_per_tour=spec.stops_per_tour,
        hop_neighbours=spec.hop_neighbours,
    )
    places = data.instance.coordinates
    hop = travel.local_hop_km(places[:, 0], places[:, 1])
    # An account of unknown place has an unknown neighbourhood: its stated distance serves again.
    hop = np.where(np.isnan(hop), spec.missing_km or 0.0, hop)
    return PairFunctions(
        lambda start, stop: travel.hours_per_visit(km.rows(start, stop), hop[start:stop, None]),
        lambda i, j: travel.hours_per_visit(km.pairs(i, j), hop[i]),
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
