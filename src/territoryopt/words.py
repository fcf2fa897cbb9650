"""Numbers as a planner reads them."""

from __future__ import annotations

import numpy as np

LARGEST = 1e15
"""From here on digits say nothing, and a power of ten is shown."""


def amount(value: float, unit: str, currency: str = "") -> str:
    """A number with its unit in words: 1,240 USD a year; 1 hour a year; 12 accounts."""
    words = unit.replace("/year", " a year") or (f"{currency} a year" if currency else "")
    text = number(value)
    if not np.isfinite(value):
        return text
    return f"{text} {_one(words) if text in ('1', '-1') else words}".strip()


def money(value: float, currency: str) -> str:
    """Currency a year, without the sign: the sentence says who gains and who loses."""
    return f"{number(abs(value))} {currency} a year" if currency else number(abs(value))


def number(value: float) -> str:
    """Thousands separated; small numbers keep two digits that mean something."""
    if np.isnan(value):
        return "unknown"
    if np.isinf(value):
        return "no limit" if value > 0 else "no least"
    size = abs(value)
    if size >= LARGEST or 0 < size < 0.1:
        return f"{float(f'{value:.2g}'):g}"
    if size >= 100 or value == round(value):
        return f"{value + 0.0:,.0f}"
    return f"{value:,.1f}" if size >= 10 else f"{value:,.2f}"


def percent(share: float) -> str:
    """A fraction as percent: 0.104 is 10.4 %; what is not nothing is never "0 %"."""
    if 0 < share < 0.0005:
        return "less than 0.1 %"
    text = f"{100 * share:.1f}" if abs(share) < 0.995 else f"{100 * share:,.0f}"
    return f"{text.removesuffix('.0')} %"


def gap(share: float) -> str:
    """An optimality gap: two digits that mean something, and never '0' for what is not zero."""
    if share == 0:
        return "0 %"
    if not np.isfinite(share):
        return "unknown"
    if share < 1e-6:
        return "less than 0.0001 %"
    return f"{100 * share:,.0f} %" if share >= 1 else f"{float(f'{100 * share:.2g}'):g} %"


def plural(count: int, word: str) -> str:
    """1 account, 2 accounts."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def listed(items: list[str]) -> str:
    """a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _one(words: str) -> str:
    """A unit for one of it: "hours a year" is "hour a year"; USD, km and gross stay."""
    first, space, rest = words.partition(" ")
    several = first.islower() and len(first) > 2 and first[-1] == "s" and first[-2] not in "sui"
    return f"{first[:-1] if several else first}{space}{rest}"
