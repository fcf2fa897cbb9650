"""Numbers as a planner reads them."""

from __future__ import annotations

import numpy as np


def amount(value: float, unit: str, currency: str = "") -> str:
    """A number with its unit in words: 1,240 USD a year; 1,950 hours a year; 12 accounts."""
    words = unit.replace("/year", " a year") or (f"{currency} a year" if currency else "")
    return f"{number(value)} {words}".strip()


def money(value: float, currency: str) -> str:
    """Currency a year, without the sign: the sentence says who gains and who loses."""
    return f"{number(abs(value))} {currency} a year" if currency else number(abs(value))


def number(value: float) -> str:
    """Thousands separated; small numbers keep two digits that mean something."""
    if not np.isfinite(value):
        return "no limit" if value > 0 else "no least"
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def percent(share: float) -> str:
    """A fraction as percent: 0.104 is 10.4 %."""
    return f"{100 * share:.1f} %" if abs(share) < 0.995 else f"{100 * share:.0f} %"


def gap(share: float) -> str:
    """An optimality gap: two digits that mean something, and never '0' for what is not zero."""
    if share == 0:
        return "0 %"
    if not np.isfinite(share):
        return "unknown"
    return "less than 0.0001 %" if share < 1e-6 else f"{float(f'{100 * share:.2g}'):g} %"


def plural(count: int, word: str) -> str:
    """1 account, 2 accounts."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def listed(items: list[str]) -> str:
    """a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
