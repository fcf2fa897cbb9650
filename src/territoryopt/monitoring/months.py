"""Months as text, `2026-03`, and as numbers that can be counted with."""

from __future__ import annotations

import re

import numpy as np

from territoryopt.cells import IntArray, ObjectArray
from territoryopt.errors import FaultList

MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", re.ASCII)
LONGEST = 120
"""Months that a file may span; a year wrongly typed would make thousands."""

NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def number(month: str) -> int:
    """Months since the year 0: 2026-03 is 12 · 2026 + 2."""
    return 12 * int(month[:4]) + int(month[5:7]) - 1


def text(number: int) -> str:
    """The month of a number."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def said(month: str) -> str:
    """March 2026."""
    return f"{NAMES[int(month[5:7]) - 1]} {month[:4]}"


def is_month(text: str) -> bool:
    return bool(MONTH.fullmatch(plain(text)))


def plain(text: str) -> str:
    """The month that a first day of a month stands for: 2026-03-01 is 2026-03."""
    return text.removesuffix("-01") if len(text) == 10 else text


def parse_months(
    cells: ObjectArray, faults: FaultList, *, file: str, lines: IntArray, column: str
) -> IntArray:
    """int64[n]: the month of each cell, -1 with a fault where it is none."""
    known: dict[str, int] = {}
    for cell in dict.fromkeys(cells.tolist()):
        month = plain(cell)
        known[cell] = number(month) if MONTH.fullmatch(month) else -1
    out = np.array([known[cell] for cell in cells.tolist()], dtype=np.int64)
    for i in np.flatnonzero(out < 0):
        faults.add(
            "is no month" if cells[i] else "the cell is blank", "Write it as 2026-03", file=file,
            row=int(lines[i]), column=column, value=cells[i],
        )  # fmt: skip
    return out


def refuse_long(found: IntArray, faults: FaultList, file: str) -> bool:
    """Whether the months span more than a file may; then there is a fault."""
    if len(found) and int(found.max()) - int(found.min()) >= LONGEST:
        faults.add(
            f"its months go from {text(int(found.min()))} to {text(int(found.max()))}, which is "
            f"more than {LONGEST} months", "Correct the year, or leave old months out", file=file,
        )  # fmt: skip
        return True
    return False
