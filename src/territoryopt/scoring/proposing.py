"""A scoring to begin with, from the columns that are there."""

from __future__ import annotations

import json
import re

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.errors import FaultList, InputError
from territoryopt.instance import Instance
from territoryopt.scoring.columns import iso_days
from territoryopt.scoring.spec import BARRED
from territoryopt.tables import Table

PREFERRED = ("potential", "annual_revenue", "annual_sales")
_MONEY = re.compile(r"revenue|sales|turnover|spend|amount|umsatz|value|beds", re.IGNORECASE)
_NO_AMOUNT = re.compile(r"phone|fax|zip|postal|plz|code|year|\bids?$|_id|lat|lon|number$", re.I)
FEW, MOST = 2, 12
"""Texts of a column that says what kind an account is."""


def propose_scoring(instance: Instance) -> str:
    """The TOML of a scoring that can be run as it is and should be edited: tiers by quantiles of
    the best amount there is, potential against accounts of the same kind where none is given,
    visits and hours per tier. InputError where no column holds an amount."""
    table = instance.accounts
    amount = _amount(table)
    if amount is None:
        listed = ", ".join(map(repr, table.columns))
        raise InputError(
            [f"{table.file} has no column of amounts to make tiers of. Columns found: {listed}"]
        )
    kinds = _kinds(table)
    dates = _dates(table)
    latest = max((cells.max() for cells in dates.values()), default="")
    lines = [
        "# How accounts are scored. Edit it and give it with --with; all forms: docs/scoring.md.",
        'currency = "USD"                # the money of your columns',
    ]
    if latest:
        lines += [f"as_of = {latest}              # ages count to this day: the latest found"]
    tier = "tier" if "tier" not in table.columns else "value_tier"
    blank = bool((table.columns[amount] == "").any())
    lines += [
        "",
        f"[segments.{tier}]                 # A: the top fifth; equal accounts share a tier",
        'kind = "quantiles"',
        f"column = {_text(amount)}",
        'tiers = ["A", "B", "C"]',
        "shares = [0.2, 0.3, 0.5]",
        *(['blank = "C"'] if blank else []),
    ]
    for column, cells in dates.items():
        lines += ["", *_recency(table, column, cells)]
    if "potential" not in table.columns:
        lines += ["", *_potential(amount, kinds, blank)]
    lines += ["", *_calls(table, tier)]
    if "capacity" not in instance.reps.columns:
        lines += ["", "[reps]", "capacity = 1600                 # hours a year of each rep with "
                  "accounts and on the road: an assumption"]  # fmt: skip
    if kinds:
        lines += ["", *_points(table, kinds[0], amount)]
    return "\n".join([*lines, ""])


def _amount(table: Table) -> str | None:
    """The column of money a year, or what comes nearest to it."""
    sound = [name for name in table.columns if name not in BARRED and _is_amount(table, name)]
    named = [name for name in sound if _MONEY.search(name)]
    for name in (*PREFERRED, *named, *sound):
        if name in sound:
            return name
    return None


def _is_amount(table: Table, name: str) -> bool:
    faults = FaultList(InputError)
    if _NO_AMOUNT.search(name):
        return False
    values = table.numbers(name, faults, minimum=0.0)
    known = values[~np.isnan(values)]
    return not faults and len(np.unique(known)) > 1 and len(known) * 2 > len(values)


def _kinds(table: Table) -> list[str]:
    """Columns that say what kind an account is: few texts, none of them a number."""
    found = []
    for name, cells in table.columns.items():
        texts = set(cells.tolist()) - {""}
        if name not in BARRED and FEW <= len(texts) <= MOST and not any(
            any(c.isdigit() for c in text) for text in texts
        ):  # fmt: skip
            found.append(name)
    named = [n for n in found if re.search(r"segment|industry|branch|type|class|kind", n, re.I)]
    return named or found


def _dates(table: Table) -> dict[str, ObjectArray]:
    """Columns of ISO dates, the filled cells of each; those of activity only."""
    out = {}
    for name, cells in table.columns.items():
        filled = cells[cells != ""]
        wanted = re.search(r"last|activity|order|purchase|visit", name, re.IGNORECASE)
        if len(filled) and wanted and not np.isnan(iso_days(filled)).any():
            out[name] = filled
    return out


def _recency(table: Table, column: str, filled: ObjectArray) -> list[str]:
    name = f"{column}_ago"
    blank = len(filled) < len(table)
    return [
        f"[segments.{_key(name)}]", 'kind = "thresholds"', f"column = {_text(column)}",
        'tiers = ["fresh", "fading", "cold"]', "within_days = [90, 365]",
        *(['blank = "cold"'] if blank else []),
    ]  # fmt: skip


def _potential(amount: str, kinds: list[str], blank: bool) -> list[str]:
    none = ["blank = 0"] if blank else []
    return [
        "[[potential.parts]]               # what it brings now",
        'kind = "rate"', f"amount = {_text(amount)}", "rate = 1.0", *none,
        "",
        "[[potential.parts]]               # and what it is short of the upper quarter of its kind",
        'kind = "peers"', f"column = {_text(amount)}",
        f"by = [{', '.join(map(_text, kinds[:2]))}]", "quantile = 0.75", *none,
    ]  # fmt: skip


def _calls(table: Table, tier: str) -> list[str]:
    out = []
    for column, numbers in (("visits_per_year", "A = 12, B = 6, C = 2"),
                            ("hours_per_visit", "A = 2, B = 1.5, C = 1")):  # fmt: skip
        if column not in table.columns:
            out += [f"[{column}]                # an assumption: put your own", f'by = "{tier}"',
                    f"values = {{ {numbers} }}", ""]  # fmt: skip
    return out[:-1]


def _points(table: Table, kind: str, amount: str) -> list[str]:
    texts, counts = np.unique(table.columns[kind].astype(str), return_counts=True)
    most = str(texts[counts.argmax()])
    faults = FaultList(InputError)
    median = np.nanmedian(table.numbers(amount, faults))
    lines = [
        "[points.score]", "most = 100", "[[points.score.signals]]", f"column = {_text(amount)}",
        f"at_least = {median:.15g}", "points = 40", "[[points.score.signals]]",
        f"column = {_text(kind)}", f"one_of = [{_text(most)}]", "points = 20",
    ]  # fmt: skip
    return ["# A score by points, to be taken in by taking out the marks:",
            *(f"# {line}" for line in lines)]  # fmt: skip


def _text(text: str) -> str:
    # TOML escapes as JSON does, and DEL besides
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _text(text)
