"""Where postal codes lie: from a file of the planner's, or from the offline package `zipcodes`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from territoryopt.errors import FaultList, InputError
from territoryopt.extras import need
from territoryopt.tables import read_table

PACKAGE = "zipcodes"
NAMES_OF_US = frozenset({"us", "usa", "unitedstates", "unitedstatesofamerica"})


@dataclass(frozen=True)
class Centroids:
    """Latitude and longitude in degrees of postal codes: `places[country, code]`, and under the
    country '' where the source names none. `states` of codes, where known. `source` in words."""

    source: str
    places: dict[tuple[str, str], tuple[float, float]]
    states: dict[tuple[str, str], str] = field(default_factory=dict)

    def find(self, country: str, code: str) -> tuple[float, float] | None:
        """The centroid of a postal code; `country` as `country_key` gives it."""
        for key in _keys(country, code):
            if key in self.places:
                return self.places[key]
        return None

    def state(self, country: str, code: str) -> str:
        """The state of a postal code, '' where it is not known."""
        return next((self.states[k] for k in _keys(country, code) if k in self.states), "")


def country_key(country: str) -> str:
    """A country as it is compared: letters only, in small; the names of the US are one."""
    key = "".join(filter(str.isalpha, country.casefold()))
    return "us" if key in NAMES_OF_US else key


def code_key(code: str, country: str) -> str:
    """A postal code as it is compared: without spaces and hyphens; ZIP+4 by its first five."""
    key = "".join(filter(str.isalnum, code)).upper()
    return key[:5] if country == "us" and len(key) == 9 and key.isdigit() else key


def _keys(country: str, code: str) -> tuple[tuple[str, str], ...]:
    key = code_key(code, country)
    return ((country, key), ("", key)) if key else ()


def centroids_of_file(path: str | os.PathLike[str]) -> Centroids:
    """A CSV file with postal_code, latitude, longitude and, if it likes, country and state.

    Raises InputError with everything that is wrong with it.
    """
    table = read_table(path, required=("postal_code", "latitude", "longitude"))
    faults = FaultList(InputError)
    lat, lon = (table.numbers(c, faults, blank="refuse") for c in ("latitude", "longitude"))
    for k in range(len(table)):
        if abs(lat[k]) > 90 or abs(lon[k]) > 180:
            faults.add("lies outside the degrees there are", file=table.file,
                       row=int(table.lines[k]))  # fmt: skip
    faults.raise_if_any()
    countries = [country_key(text) for text in table.columns.get("country", [""] * len(table))]
    keys = [
        (country, code_key(code, country))
        for country, code in zip(countries, table.columns["postal_code"], strict=True)
    ]
    places = dict(zip(keys, zip(lat.tolist(), lon.tolist(), strict=True), strict=True))
    states = dict(zip(keys, table.columns.get("state", [""] * len(table)), strict=True))
    return Centroids(Path(path).name, places, {k: s for k, s in states.items() if s})


def centroids_of_package() -> Centroids:
    """The ZIP codes of the US from the package `zipcodes` (GeoNames, CC BY 4.0), offline.

    Raises InputError where it is not installed.
    """
    zipcodes = need(PACKAGE, "import", "a place by postal code",
                    otherwise="Give --centroids FILE.csv")  # fmt: skip
    rows = [row for row in zipcodes.list_all() if row.get("lat") and row.get("long")]
    places = {("us", row["zip_code"]): (float(row["lat"]), float(row["long"])) for row in rows}
    states = {("us", row["zip_code"]): row["state"] for row in rows}
    return Centroids(f"package {PACKAGE}", places, states)
