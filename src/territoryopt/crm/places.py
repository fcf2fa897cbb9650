"""Coordinates of an export: what is missing, impossible or doubtful, and what the planner wants
done about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from territoryopt.cells import FloatArray, IntArray, ObjectArray
from territoryopt.crm.amounts import MISSING
from territoryopt.crm.centroids import Centroids, country_key
from territoryopt.crm.quality import Quality
from territoryopt.geography import great_circle_km

KEEP, REFUSE, CENTROID = "keep", "refuse", "centroid"
GIVEN, BY_CODE, NOWHERE = "given", "postal code", "none"
FAR_KM = 100.0
"""Distance of a place from the centroid of its postal code that is worth a look."""

BOXES: dict[str, tuple[float, float, float, float]] = {
    "us": (17.5, 71.5, -179.9, -64.5), "ca": (41.6, 83.2, -141.1, -52.5),
    "canada": (41.6, 83.2, -141.1, -52.5), "mx": (14.4, 32.8, -118.5, -86.6),
    "mexico": (14.4, 32.8, -118.5, -86.6), "de": (47.2, 55.1, 5.8, 15.1),
    "germany": (47.2, 55.1, 5.8, 15.1), "deutschland": (47.2, 55.1, 5.8, 15.1),
    "fr": (41.2, 51.2, -5.3, 9.7), "france": (41.2, 51.2, -5.3, 9.7),
    "gb": (49.8, 60.9, -8.7, 1.8), "uk": (49.8, 60.9, -8.7, 1.8),
    "unitedkingdom": (49.8, 60.9, -8.7, 1.8), "au": (-43.8, -9.1, 112.8, 153.7),
    "australia": (-43.8, -9.1, 112.8, 153.7),
}  # fmt: skip
"""South, north, west and east of countries, in degrees; of the others nothing is checked."""

_DEGREES = re.compile(r"([-+\u2212]?)\s*(\d{1,3}(?:[.,]\d*)?|[.,]\d+)\s*°?\s*([NSEW]?)", re.I)
_METRES = 1_000.0


@dataclass(frozen=True, eq=False)
class Region:
    """What else says where accounts lie, object[n] each, blank where it is not known."""

    country: ObjectArray
    postal_code: ObjectArray


@dataclass(frozen=True, eq=False)
class Places:
    """Latitude and longitude as plain numbers of degrees, and where they come from, object[n]."""

    latitude: ObjectArray
    longitude: ObjectArray
    source: ObjectArray


def placed(
    latitude: ObjectArray, longitude: ObjectArray, names: tuple[str, str], file: str,
    lines: IntArray, quality: Quality, policy: str, region: Region | None = None,
    centroids: Centroids | None = None,
) -> Places:  # fmt: skip
    """The coordinates that can be true; the others go by `policy`.

    `keep` leaves the place blank with a note, `refuse` refuses the row, `centroid` takes the
    centre of the postal code, marked as such, and leaves the place blank where there is none.
    """
    made = _Making(latitude, longitude, names, file, lines, quality, policy)
    made.read()
    made.judge()
    if region is not None:
        made.against_country(region)
        if centroids is not None:
            made.against_code(region, centroids)
    made.fill(region if policy == CENTROID else None, centroids)
    made.stacked()
    return Places(made.text[0], made.text[1], made.source)


class _Making:
    def __init__(
        self, latitude: ObjectArray, longitude: ObjectArray, names: tuple[str, str], file: str,
        lines: IntArray, quality: Quality, policy: str,
    ) -> None:  # fmt: skip
        self.given = (latitude, longitude)
        self.names, self.file, self.lines = names, file, lines
        self.quality, self.policy = quality, policy
        self.text = [latitude.copy(), longitude.copy()]
        self.values: list[FloatArray] = []
        self.why = np.full(len(lines), "", dtype=object)  # why there is no place
        self.source = np.full(len(lines), GIVEN, dtype=object)

    def read(self) -> None:
        """Degrees as people write them; what is none has a reason."""
        gone = {mark.casefold() for mark in MISSING}
        for k, name in enumerate(self.names):
            cells = self.text[k]
            try:
                plain = "_" not in "".join(cells.tolist())
                found = np.where(cells == "", "nan", cells if plain else "x").astype(np.float64)
                found[~np.isfinite(found)] = np.nan
                odd = np.flatnonzero(np.isnan(found) & (cells != ""))
            except ValueError:
                found = np.full(len(cells), np.nan)
                odd = np.flatnonzero(cells != "")
            changed = []
            for i in odd.tolist():
                text = cells[i]
                number = "" if text.casefold() in gone else _degrees(text, k)
                if number:
                    found[i], self.text[k][i] = float(number), number
                    if number != text:
                        changed.append(i)
                elif text.casefold() not in gone:
                    self.why[i] = self.why[i] or f"{name} is no number of degrees"
            at = np.array(changed, dtype=np.int64)
            self.quality.add_many(
                "repaired", "written as plain degrees", file=self.file, rows=self.lines[at],
                column=name, old=self.given[k][at], new=self.text[k][at],
            )  # fmt: skip
            self.values.append(found)

    def judge(self) -> None:
        """What no place on earth has."""
        lat, lon = self.values
        blank = np.isnan(lat), np.isnan(lon)
        self._mark(blank[0] & blank[1], "no coordinates")
        self._mark(blank[0] != blank[1], "only one of the two coordinates is given")
        self._mark(np.fmax(abs(lat), abs(lon)) > _METRES, "looks like metres, not degrees")
        wrong = (abs(lat) > 90) | (abs(lon) > 180)
        swapped = wrong & (abs(lat) <= 180) & (abs(lon) <= 90)
        self._mark(swapped, "latitude and longitude look swapped")
        self._mark(wrong, "outside -90 to 90 and -180 to 180 degrees")
        self._mark((lat == 0) & (lon == 0), "(0, 0) lies in the sea and marks a missing place")

    def _mark(self, where: np.ndarray, why: str) -> None:
        self.why[where & (self.why == "")] = why

    def against_country(self, region: Region) -> None:
        """Places outside their country that would lie in it with a sign or the order changed."""
        lat, lon = self.values
        for country in dict.fromkeys(region.country.tolist()):
            box = BOXES.get(country_key(country))
            if box is None:
                continue
            at = np.flatnonzero((region.country == country) & (self.why == ""))
            out = at[~_inside(lat[at], lon[at], box)]
            for y, x, why in (
                (lat[out], -lon[out], "longitude seems to have lost its minus sign"),
                (-lat[out], lon[out], "latitude seems to have lost its minus sign"),
                (lon[out], lat[out], "latitude and longitude look swapped"),
                (-lat[out], -lon[out], "latitude and longitude seem to have lost their signs"),
            ):
                fits = out[_inside(y, x, box)]
                self.why[fits[self.why[fits] == ""]] = f"{why}: so it would lie in its country"
            rest = out[self.why[out] == ""]
            self._notice(rest, "the place lies outside its country", region.country)

    def against_code(self, region: Region, centroids: Centroids) -> None:
        """Places far from the centre of their postal code: one of the two is wrong."""
        at = np.flatnonzero((self.why == "") & (region.postal_code != ""))
        centres = self._centres(at, region, centroids)
        known = ~np.isnan(centres[:, 0])
        at, centres = at[known], centres[known]
        lat, lon = self.values
        km = great_circle_km(lat[at], lon[at], centres[:, 0], centres[:, 1])
        for i, distance in zip(at[km > FAR_KM].tolist(), km[km > FAR_KM].tolist(), strict=True):
            self.quality.add(
                "noticed", f"the place lies {distance:,.0f} km from the centre of its postal code, "
                f"{region.postal_code[i]}", file=self.file, row=int(self.lines[i]),
                column=", ".join(self.names), old=self._pair(i),
                remedy="One of the two is wrong; the coordinates were kept",
            )  # fmt: skip

    def fill(self, region: Region | None, centroids: Centroids | None) -> None:
        """Give what has no place the centre of its postal code or a blank, or refuse it."""
        lost = np.flatnonzero(self.why != "")
        centres = np.full((len(lost), 2), np.nan)
        if region is not None and centroids is not None:
            centres = self._centres(lost, region, centroids)
        found = ~np.isnan(centres[:, 0])
        self.source[lost] = np.where(found, BY_CODE, NOWHERE)
        for k in range(2):
            self.text[k][lost] = ""
            self.text[k][lost[found]] = [repr(value) for value in centres[found, k].tolist()]
        places = np.array([self._pair(i) for i in lost.tolist()], dtype=object)
        for why in dict.fromkeys(self.why[lost].tolist()):
            here = self.why[lost] == why
            for mask, reason in (
                (here & found, f"{why}; the centre of the postal code was taken"),
                (here & ~found, why if self.policy == REFUSE else f"{why}; kept without a place"),
            ):
                refused = self.policy == REFUSE
                at = lost[mask]
                self.quality.add_many(
                    "refused" if refused else "repaired", reason, file=self.file,
                    rows=self.lines[at], column=", ".join(self.names), old=places[mask],
                    new=[f"{a}, {b}" if a else "" for a, b in
                         zip(self.text[0][at], self.text[1][at], strict=True)],
                    remedy='Fill it in, or write missing_place = "keep" or "centroid" in the '
                    "mapping" if refused else "",
                )  # fmt: skip

    def stacked(self) -> None:
        """How many accounts share a place."""
        at = np.flatnonzero(self.source == GIVEN)
        pairs = np.column_stack([self.values[0][at], self.values[1][at]])
        if not len(pairs):
            return
        _, sizes = np.unique(pairs, axis=0, return_counts=True)
        together = sizes[sizes > 1]
        if len(together):
            self.quality.add(
                "noticed", f"{int(together.sum()):,} rows share {len(together):,} places, up to "
                f"{int(together.max()):,} of them one place", file=self.file,
                column=", ".join(self.names),
                remedy="Several accounts on one site are right; a place that stands for a whole "
                "city is not",
            )  # fmt: skip

    def _centres(self, at: IntArray, region: Region, centroids: Centroids) -> FloatArray:
        """float64[k, 2]: the centres of the postal codes of the accounts `at`, NaN if unknown."""
        keys = list(zip(region.country[at].tolist(), region.postal_code[at].tolist(), strict=True))
        known = {
            key: centroids.find(country_key(key[0]), key[1]) or (np.nan, np.nan)
            for key in dict.fromkeys(keys)
        }
        return np.array([known[key] for key in keys], dtype=np.float64).reshape(-1, 2)

    def _pair(self, i: int) -> str:
        pair = f"{self.given[0][i]}, {self.given[1][i]}"
        return "" if pair == ", " else pair

    def _notice(self, at: IntArray, why: str, also: ObjectArray) -> None:
        self.quality.add_many(
            "noticed", why, file=self.file, rows=self.lines[at], column=", ".join(self.names),
            old=[f"{self._pair(i)} ({also[i]})" for i in at.tolist()],
        )  # fmt: skip


def _inside(lat: FloatArray, lon: FloatArray, box: tuple[float, float, float, float]) -> np.ndarray:
    return (lat >= box[0]) & (lat <= box[1]) & (lon >= box[2]) & (lon <= box[3])


def _degrees(text: str, axis: int) -> str:
    """`89.80 W` as -89.80, `41,5` as 41.5; '' for what is no number of degrees."""
    found = _DEGREES.fullmatch(text) if text.isascii() or "°" in text or "\u2212" in text else None
    if found is None:
        return ""
    sign, number, side = found[1], found[2].replace(",", "."), found[3].upper()
    if side and (side not in ("NS", "EW")[axis] or sign):
        return ""
    negative = sign in ("-", "\u2212") or side in ("S", "W")
    number = number.rstrip(".") if number.endswith(".") else number
    return ("-" if negative else "") + ("0" if number.startswith(".") else "") + number
