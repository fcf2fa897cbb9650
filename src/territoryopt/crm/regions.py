"""States, postal codes and cities: spelled in one way where there is only one, else told."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from territoryopt.cells import IntArray, ObjectArray, among
from territoryopt.crm.centroids import Centroids, country_key
from territoryopt.crm.quality import Quality

STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA",
    "colorado": "CO", "connecticut": "CT", "delaware": "DE", "district of columbia": "DC",
    "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID", "illinois": "IL",
    "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
    "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN",
    "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV",
    "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY",
    "north carolina": "NC", "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR",
    "pennsylvania": "PA", "rhode island": "RI", "south carolina": "SC", "south dakota": "SD",
    "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
    "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
    "puerto rico": "PR", "guam": "GU", "virgin islands": "VI", "american samoa": "AS",
}  # fmt: skip
CODES = frozenset({*STATES.values(), "AA", "AE", "AP", "MP"})
ZERO_STATES = frozenset(("CT", "MA", "ME", "NH", "NJ", "PR", "RI", "VT", "VI", "AE"))
"""States of the US whose ZIP codes begin with a zero."""
_ZIP = re.compile(r"\d{5}(?:[- ]?\d{4})?", re.ASCII)
_WHOLE = re.compile(r"(\d+)\.0+", re.ASCII)


class Regions:
    """The columns of an address, object[n] each; reads the whole file at once."""

    def __init__(
        self, country: ObjectArray, state: ObjectArray, postal_code: ObjectArray,
        city: ObjectArray, file: str, lines: IntArray, quality: Quality,
    ) -> None:  # fmt: skip
        self.country, self.city = country, city
        self.file, self.lines, self.quality = file, lines, quality
        self.state, self.postal_code = state.copy(), postal_code.copy()
        key = {text: country_key(text) for text in set(country.tolist())}
        self._key = [key[text] for text in country.tolist()]
        self.in_us = np.array([text == "us" for text in self._key], dtype=np.bool_)
        bare = (country == "") & (state != "")
        us_states = {*STATES, *map(str.casefold, CODES)}
        all_us = bool(bare.any()) and {t.casefold() for t in state[bare]} <= us_states
        # without a country, states count as those of the US only where all of them are
        self.maybe_us = self.in_us | (country == "") if all_us else self.in_us

    def spell_states(self, label: str) -> None:
        """Full names of states of the US become their two letters; what is no state is told."""
        us = self.maybe_us
        names = {
            t: STATES[t.casefold()] for t in set(self.state.tolist()) if t.casefold() in STATES
        }
        at = np.flatnonzero(us & among(names, self.state))
        old = self.state[at].copy()
        self.state[at] = [names[text] for text in old]
        self._tell("repaired", "the name of a state was written as its code", at, label, old)
        odd = np.flatnonzero(self.in_us & (self.state != "") & ~among(CODES, self.state))
        self._tell("noticed", "no state of the US has this code", odd, label, self.state[odd])

    def spell_codes(self, label: str) -> None:
        """ZIP codes that a spreadsheet took for numbers get their zeros again, where the state
        says that they begin with one."""
        texts = self.postal_code.tolist()
        at = [i for i, text in enumerate(texts) if ".0" in text and _WHOLE.fullmatch(text)]
        rows = np.array(at, dtype=np.int64)
        old = self.postal_code[rows].copy()
        self.postal_code[rows] = [text.partition(".")[0] for text in old]
        self._tell("repaired", "a postal code was written as a decimal number", rows, label, old)
        short = np.array(
            [i for i, text in enumerate(self.postal_code.tolist()) if 3 <= len(text) <= 4
             and text.isdigit()], dtype=np.int64,
        )  # fmt: skip
        us = self.maybe_us[short]
        lost = short[us & among(ZERO_STATES, self.state[short])]
        old = self.postal_code[lost].copy()
        self.postal_code[lost] = [text.zfill(5) for text in old]
        self._tell("repaired", "the postal code had lost its leading zeros", lost, label, old)
        wrong = np.flatnonzero(self.in_us & (self.postal_code != ""))
        known = {t: bool(_ZIP.fullmatch(t)) for t in set(self.postal_code[wrong].tolist())}
        wrong = wrong[[not known[text] for text in self.postal_code[wrong].tolist()]]
        self._tell("noticed", "no postal code of the US has this form", wrong, label,
                   self.postal_code[wrong])  # fmt: skip

    def against_codes(self, label: str, centroids: Centroids) -> None:
        """States that their postal codes do not lie in."""
        pairs = list(zip(self._key, self.postal_code.tolist(), strict=True))
        known = {pair: centroids.state(*pair) for pair in dict.fromkeys(pairs)}
        told = np.array([known[pair] for pair in pairs], dtype=object)
        at = np.flatnonzero((told != "") & (self.state != "") & (told != self.state))
        for i in at.tolist():
            self.quality.add(
                "noticed", f"the postal code {self.postal_code[i]} lies in {told[i]}",
                file=self.file, row=int(self.lines[i]), column=label, old=self.state[i],
                remedy="One of the two is wrong; both were kept",
            )  # fmt: skip

    def spellings(self, label: str) -> None:
        """Cities that differ in accents and capitals only."""
        ways: dict[str, set[str]] = {}
        for text in set(self.city.tolist()) - {""}:
            ways.setdefault(look(text), set()).add(text)
        for found in ways.values():
            if len(found) > 1:
                listed = ", ".join(sorted(found)[:6])
                self.quality.add("noticed", "a city is spelled in several ways; all were kept",
                                 file=self.file, column=label, old=listed)  # fmt: skip

    def country_for_places(self) -> ObjectArray:
        """The countries, the US also where none is given but the state is one of its codes."""
        known = self.maybe_us & (self.country == "") & among(CODES, self.state)
        return np.where(known, "US", self.country).astype(object)

    def _tell(self, kind: str, why: str, at: IntArray, label: str, old: ObjectArray) -> None:
        new = {"state": self.state, "code": self.postal_code}
        after = new["code" if "postal" in why else "state"][at]
        self.quality.add_many(
            "repaired" if kind == "repaired" else "noticed", why, file=self.file,
            rows=self.lines[at], column=label, old=old, new=after,
        )  # fmt: skip


_GERMAN = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_PAIRS = re.compile(r"(?<=[aou])e")


def look(text: str) -> str:
    """What names have in common that are spelled with, without or around accents and signs:
    `München`, `Munchen` and `Muenchen`; `GTX Pro` and `GTXPro`."""
    low = _PAIRS.sub("", text.casefold().translate(_GERMAN))
    bare = unicodedata.normalize("NFKD", low)
    return "".join(c for c in bare if c.isalnum())
