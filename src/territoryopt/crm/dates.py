"""Dates as exports write them, made ISO: `31.12.2025` is 2025-12-31.

Whether the day or the month stands first is told by the mapping, or settled by a cell of the
column with a number above 12. A column that leaves it open is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from territoryopt.cells import IntArray, ObjectArray, matching
from territoryopt.crm.amounts import MISSING
from territoryopt.crm.quality import Quality

DAY_FIRST, MONTH_FIRST = "day first", "month first"
DECLARE = f'Write date_order = "{DAY_FIRST}" or date_order = "{MONTH_FIRST}" in the mapping'
PIVOT = 70
"""Years of two digits from here on are of the last century, as in C and SQL."""

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d.*)?", re.ASCII)
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/.])(\d{1,2})\2(\d{1,2})(?: .*)?", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)(?:,? \d.*)?", re.ASCII)
_SERIAL = re.compile(r"([2-7]\d{4})(?:\.\d+)?", re.ASCII)
_SPREADSHEET_EPOCH = date(1899, 12, 30)
"""Day 0 of the serial numbers of spreadsheets, from 1 March 1900 on."""


def iso_dates(
    cells: ObjectArray, file: str, lines: IntArray, column: str, quality: Quality,
    *, order: str = "", missing: Sequence[str] = MISSING,
) -> ObjectArray:  # fmt: skip
    """The cells as `YYYY-MM-DD`, object[n], blank where refused or missing; the time of day is
    left out."""
    if len(matching(_PLAIN, cells)) == len(cells) and all(_is_date(t) for t in set(cells)):
        return cells
    texts = cells.tolist()
    gone = {mark.casefold() for mark in missing}
    distinct = [text for text in dict.fromkeys(texts) if text]
    settled = order or _settled(distinct)
    told: dict[str, tuple[str, str]] = {"": ("", "")}
    for text in distinct:
        if text.casefold() in gone:
            told[text] = "", "stands for a date that is not known"
        else:
            told[text] = _read(text, settled)
    out = np.empty(len(cells), dtype=object)
    out[:] = [told[text][0] for text in texts]
    for reason in dict.fromkeys(why for taken, why in told.values() if why):
        at = np.flatnonzero([told[text][1] == reason for text in texts])
        refused = "is no date" in reason or "could mean" in reason or "disagree" in reason
        quality.add_many(
            "refused" if refused else "repaired", reason, file=file, rows=lines[at],
            column=column, old=cells[at], new=out[at],
            remedy=(DECLARE if "no date" not in reason else "Write it as 2026-12-31")
            if refused else "",
        )  # fmt: skip
    return out


def _settled(texts: Sequence[str]) -> str:
    """Which of day and month stands first, '?' where cells disagree, '' where nothing says."""
    says = set()
    for text in texts:
        found = _NUMBERS.fullmatch(text)
        if found:
            first, second = int(found[1]), int(found[3])
            if first > 12 >= second:
                says.add(DAY_FIRST)
            elif second > 12 >= first:
                says.add(MONTH_FIRST)
    return says.pop() if len(says) == 1 else "?" if says else ""


def _read(text: str, order: str) -> tuple[str, str]:
    """The date and why it was read so, or '' and why not."""
    found = _ISO.fullmatch(text)
    if found:
        day = _date(int(found[1]), int(found[2]), int(found[3]))
        why = "" if day == text else "the time of day was left out"
        return (day, why) if day else ("", "is no date of the calendar")
    if found := _YEAR_FIRST.fullmatch(text):
        day = _date(int(found[1]), int(found[3]), int(found[4]))
        return (day, "written as a plain date") if day else ("", "is no date of the calendar")
    if found := _SERIAL.fullmatch(text):
        day = (_SPREADSHEET_EPOCH + timedelta(days=int(found[1]))).isoformat()
        return day, "the number of a day in a spreadsheet"
    if (found := _NUMBERS.fullmatch(text)) is None:
        return "", "is no date"
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    why = "written as a plain date"
    if len(found[4]) == 2:
        year += 1900 if year >= PIVOT else 2000
        why = "written as a plain date, the year with its century"
    if order == "?" or (not order and first != second):
        return "", (
            "could mean two days: some cells of the column have the day first, some the month"
            if order == "?"
            else "could mean two days: nothing in the column says whether day or month is first"
        )
    day = _date(year, first, second) if order == MONTH_FIRST else _date(year, second, first)
    return (day, why) if day else ("", f"is no date with the {order.replace(' ', ' standing ')}")


def _date(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _is_date(text: str) -> bool:
    return bool(_date(*map(int, text.split("-"))))


def looks_like_dates(cells: ObjectArray) -> bool:
    """Whether a column holds nothing but dates, at least one of them not ISO, and settles by
    itself whether day or month stands first."""
    filled = [cell for cell in dict.fromkeys(cells.tolist()) if cell]
    forms = (_ISO, _YEAR_FIRST, _NUMBERS)
    if not filled or any(not any(form.fullmatch(cell) for form in forms) for cell in filled):
        return False
    if all(_PLAIN.fullmatch(cell) for cell in filled):
        return False
    order = _settled(filled)
    return all(_read(cell, order)[0] for cell in filled)
