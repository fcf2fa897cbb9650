"""The file of accounts under its mapping becomes the columns of accounts.csv."""

from __future__ import annotations

import re

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.crm.centroids import Centroids
from territoryopt.crm.columns import Fields
from territoryopt.crm.families import families
from territoryopt.crm.ids import one_of_each
from territoryopt.crm.layouts import DATES
from territoryopt.crm.owners import Known, rep_of_each
from territoryopt.crm.places import Region, placed
from territoryopt.crm.regions import Regions, look
from territoryopt.errors import FaultList

YEARLY = ("potential", "annual_revenue")
AMOUNTS = (*YEARLY, "employees", "visits_per_year", "hours_per_visit")
LEAST = {"potential": 0.0, "visits_per_year": 0.0, "hours_per_visit": 0.0, "employees": 0.0}
_OTHER_PERIOD = re.compile(r"quarter|month|week|\bQ[1-4]\b|\bMRR\b|\bYTD\b", re.IGNORECASE)
TEXTS = (
    "street", "city", "state", "postal_code", "country", "industry", "family", "apart",
)  # fmt: skip


def account_columns(
    fields: Fields, known: Known | None, closed: str, centroids: Centroids | None,
    faults: FaultList,
) -> dict[str, ObjectArray]:  # fmt: skip
    """The columns of accounts.csv; `known` None where the reps could not be read."""
    fields.leave_out_marked(
        (("deleted", True), ("status", True)), "the account is closed or deleted", closed
    )
    given, ids = fields.cells("account_id"), fields.ids("account_id")
    label = fields.label("account_id")
    others = {n: c for n, c in zip(fields.sheet.names, fields.sheet.cells, strict=True)
              if n != label}  # fmt: skip
    owner = fields.label("current_rep") if fields.has("current_rep") else ""
    keep = one_of_each(ids, given, others, label, fields.sheet.file, fields.sheet.lines,
                       fields.quality, owner)  # fmt: skip
    fields.keep(keep)
    ids, given = ids[keep], given[keep]
    out: dict[str, ObjectArray] = {"account_id": ids}
    if (ids != given).any():
        out["source_id"] = given
    if fields.has("name"):
        out["name"] = fields.one_line("name")
        _tell_alike(fields, out["name"])
    out |= {field: fields.cells(field) for field in TEXTS if fields.has(field)}
    out |= {field: fields.tags(field) for field in ("requires", "wishes") if fields.has(field)}
    region = _region(fields, out, centroids)
    _places(fields, out, region, centroids)
    _amounts(fields, out, faults)
    for field in DATES:
        if fields.has(field):
            out[field] = fields.dates(fields.cells(field), fields.label(field))
    if known is not None:
        _owners(fields, out, known)
    _families(fields, out, faults)
    return out | fields.free(out)


def _region(fields: Fields, out: dict[str, ObjectArray], centroids: Centroids | None) -> Region:
    blank = np.full(len(fields.sheet), "", dtype=object)
    regions = Regions(
        out.get("country", blank), out.get("state", blank), out.get("postal_code", blank),
        out.get("city", blank), fields.sheet.file, fields.sheet.lines, fields.quality,
    )  # fmt: skip
    if fields.has("state"):
        regions.spell_states(fields.label("state"))
        out["state"] = regions.state
    if fields.has("postal_code"):
        regions.spell_codes(fields.label("postal_code"))
        out["postal_code"] = regions.postal_code
    if fields.has("state") and centroids is not None:
        regions.against_codes(fields.label("state"), centroids)
    if fields.has("city"):
        regions.spellings(fields.label("city"))
    return Region(regions.country_for_places(), regions.postal_code)


def _places(
    fields: Fields, out: dict[str, ObjectArray], region: Region, centroids: Centroids | None
) -> None:
    source = fields.source
    pair = ("latitude", "longitude")
    has = [field for field in pair if fields.has(field)]
    if not has and source.missing_place == "keep":
        return
    names = tuple(fields.label(f) if fields.has(f) else f for f in pair)
    found = placed(
        fields.cells("latitude"), fields.cells("longitude"), (names[0], names[1]),
        fields.sheet.file, fields.sheet.lines, fields.quality, source.missing_place, region,
        centroids,
    )  # fmt: skip
    out["latitude"], out["longitude"] = found.latitude, found.longitude
    out["place_source"] = found.source


def _amounts(fields: Fields, out: dict[str, ObjectArray], faults: FaultList) -> None:
    for field in AMOUNTS:
        if fields.has(field):
            cells, label = fields.cells(field), fields.label(field)
            out[field] = fields.amounts(cells, label, LEAST.get(field))
    yearly = [field for field in YEARLY if field in out]
    for field in yearly:
        if _OTHER_PERIOD.search(fields.label(field)):
            fields.quality.add(
                "noticed", f"{field} is taken as an amount a year, but the name of the column "
                "speaks of another time", file=fields.sheet.file, row=fields.sheet.header_row,
                column=fields.label(field), old=fields.label(field),
                remedy="Give the amounts of a year",
            )  # fmt: skip
    if fields.has("currency") and yearly:
        _currencies(fields, out, yearly, faults)


def _currencies(
    fields: Fields, out: dict[str, ObjectArray], yearly: list[str], faults: FaultList
) -> None:
    """Amounts of one currency only, the one the mapping names where there are several."""
    cells, label = fields.cells("currency"), fields.label("currency")
    found = sorted(set(cells.tolist()) - {""})
    wanted = fields.source.currency
    out["currency"] = cells
    if len(found) > 1 and not wanted:
        converted = [f for f in yearly if "onverted" in fields.label(f) or "(Base)" in
                     fields.label(f)]  # fmt: skip
        rest = [fields.label(f) for f in yearly if f not in converted]
        if rest:
            faults.add(
                f"the amounts of {', '.join(rest)} are in several currencies: {', '.join(found)}",
                "Map the column converted into one currency, or write currency = "
                f'"{found[0]}" in the mapping to take those amounts only',
                file=fields.sheet.file,
                column=label,
            )
    elif wanted:
        other = (cells != "") & (cells != wanted)
        for field in yearly:
            at = np.flatnonzero(other & (out[field] != ""))
            fields.quality.add_many(
                "refused", f"the amount is not in {wanted}", file=fields.sheet.file,
                rows=fields.sheet.lines[at], column=fields.label(field),
                old=[f"{a} {b}" for a, b in zip(out[field][at], cells[at], strict=True)],
                remedy=f"Convert it into {wanted}, or leave it blank",
            )  # fmt: skip
            out[field] = np.where(other, "", out[field]).astype(object)


def _owners(fields: Fields, out: dict[str, ObjectArray], known: Known) -> None:
    for field in ("current_rep", "locked_rep"):
        if fields.has(field):
            out[field] = rep_of_each(
                fields.cells(field), known, fields.sheet.file, fields.sheet.lines,
                fields.label(field), fields.quality, binding=field == "locked_rep",
            )  # fmt: skip
    if not (fields.has("last_rep") and "current_rep" in out):
        return
    last = fields.cells("last_rep")
    rep = {text: known.find(text)[0] for text in set(last.tolist()) if text}
    was = np.array([rep.get(text, "") for text in last.tolist()], dtype=object)
    out["last_rep"] = last
    other = np.flatnonzero((last != "") & (was != out["current_rep"]))
    fields.quality.add_many(
        "noticed", "the rep of the last order is not the owner; the owner was kept",
        file=fields.sheet.file, rows=fields.sheet.lines[other], column=fields.label("last_rep"),
        old=last[other], new=out["current_rep"][other],
    )  # fmt: skip


def _families(fields: Fields, out: dict[str, ObjectArray], faults: FaultList) -> None:
    if not fields.has("parent"):
        return
    if "family" in out:
        faults.add("both parent and family say which accounts belong together", "Map one of them",
                   file=fields.sheet.file, column=fields.label("parent"))  # fmt: skip
        return
    blank = np.full(len(fields.sheet), "", dtype=object)
    parents = fields.ids("parent", binding=False)
    out["parent"] = parents
    out["family"] = families(
        out["account_id"], out.get("name", blank), parents, out.get("current_rep", blank),
        fields.sheet.file, fields.sheet.lines, fields.label("parent"), fields.quality,
    )  # fmt: skip


def _tell_alike(fields: Fields, names: ObjectArray) -> None:
    """Names that are the same but for capitals, spaces and accents."""
    looks: dict[str, list[int]] = {}
    for k, text in enumerate(names.tolist()):
        looks.setdefault(text.casefold(), []).append(k)
    ways: dict[str, list[int]] = {}
    for text, at in looks.items():
        if text:
            ways.setdefault(look(text) or text, []).extend(at)
    for at in ways.values():
        if len(at) > 1:
            rows = np.array(sorted(at))
            first = int(fields.sheet.lines[rows[0]])
            fields.quality.add_many(
                "noticed", f"the name of row {first}, or nearly; both are kept as accounts of "
                "their own", file=fields.sheet.file, rows=fields.sheet.lines[rows[1:]],
                column=fields.label("name"), old=names[rows[1:]],
            )  # fmt: skip
