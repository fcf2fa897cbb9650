"""The units of measures. Goals add up only in money per year, so units are checked, not guessed."""

from __future__ import annotations

import re

HOURS = "hours/year"
DISTANCE = "km"
COUNT = "accounts"

_CURRENCY = re.compile(r"^[A-Z]{3}(?=/|$)")
_TIME = re.compile(
    r"^(hours?|h|hrs?|minutes?|mins?|seconds?|secs?|s|days?|weeks?)\b", re.IGNORECASE
)
_KNOWN_PERIODS = ("/month", "/quarter", "/week", "/day")


def money(currency: str) -> str:
    """The unit of money per year, e.g. `USD/year`."""
    return f"{currency}/year"


def unit_fault(unit: str, currency: str) -> str | None:
    """Why `unit` cannot be used in a model whose currency label is `currency`; None if it can.

    Time is always hours/year and money always <currency>/year; any other word (beds, people,
    visits/year) is a label of the user's own and is taken as it stands.
    """
    if not unit.strip():
        return "a unit is missing"
    if unit != unit.strip():
        return "the unit has spaces around it"
    if _TIME.match(unit) and unit != HOURS:
        return f"time is counted in {HOURS}, not {unit}"
    wrong_case = unit.upper() == money(currency).upper()
    if (wrong_case or _CURRENCY.match(unit)) and unit != money(currency):
        return f"money is counted in {money(currency)} in this model, not {unit}"
    if any(unit.endswith(period) for period in _KNOWN_PERIODS):
        return f"amounts are counted per year, not {unit[unit.rindex('/') :]}"
    return None
