"""What the text of one cell means: plain numbers, and the guard against formulas.

Cells are read as text first and become numbers only where a model asks for a number, so an id
`007` or `NA` stays what it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Mapping, Sequence
from itertools import repeat
from typing import Literal

import numpy as np
import numpy.typing as npt

from territoryopt.errors import FaultList

ObjectArray = npt.NDArray[np.object_]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3},\d{3}", re.ASCII)
_DIGIT = re.compile(r"\d")
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
_MISSING = frozenset({"na", "n/a", "#n/a", "null", "none", "-", "--", "?", "not available"})

_PLAIN_REMEDY = "Write a plain number with a decimal point and nothing else, such as 1234.56"
_BLANK_REMEDY = "Leave the cell blank if the number is not known"


def guarded(text: str) -> str:
    """`text` as it may stand in a CSV file that somebody opens in a spreadsheet.

    A cell beginning with `=`, `+`, `-`, `@`, tab or carriage return runs as a formula there, so it
    gets a leading apostrophe. A text that already looks guarded gets one more; `unguarded` takes
    exactly one away, so every text comes back as it was.
    """
    return "'" + text if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if _GUARDED.match(text) else text


def index_of(ids: Sequence[str]) -> dict[str, int]:
    """The first place of each id."""
    return dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))


def numbers(index: Mapping[str, int], column: ObjectArray) -> IntArray:
    """int64[n]: the number of each cell in `index`, -1 where it has none."""
    return np.fromiter(map(index.get, column.tolist(), repeat(-1)), np.int64, len(column))


def among(known: Container[str], column: ObjectArray) -> npt.NDArray[np.bool_]:
    """bool[n]: the cells that are known."""
    return np.fromiter(map(known.__contains__, column.tolist()), np.bool_, len(column))


def matching(pattern: re.Pattern[str], column: ObjectArray) -> IntArray:
    """Where the cells lie that are a match from end to end; `pattern` matches no NUL."""
    cells = column.tolist()
    joined = "\0".join(["", *cells, ""])
    ends = np.cumsum(np.fromiter(map(len, cells), np.int64, len(cells)) + 1)
    found = re.finditer(rf"\0(?:{pattern.pattern})(?=\0)", joined)
    starts = np.fromiter((match.start() for match in found), np.int64)
    return np.searchsorted(ends, starts, side="right")


def parse_numbers(
    cells: ObjectArray,
    faults: FaultList,
    *,
    file: str,
    lines: IntArray,
    column: str,
    minimum: float | None = None,
    blank: Literal["nan", "refuse"] = "nan",
) -> FloatArray:
    """The cells as float64[n], in the unit of the column; a fault for every cell that is none.

    Only plain decimal numbers are taken (`12`, `-3.5`, `.5`, `1e5`). Thousands separators, signs
    of currency and percent, `nan`, `inf` and numbers too large for a float are refused, because
    each could be meant in two ways or would spoil every sum. A blank cell is NaN, or a fault with
    `blank="refuse"`. A cell with a fault is NaN in the result.
    """
    empty = np.equal(cells, "").astype(bool)
    values = _fast(cells, empty)
    if values is None:
        values = _slow(cells, faults, file, lines, column)
    if blank == "refuse":
        for i in np.flatnonzero(empty):
            faults.add(
                "the cell is blank", "Fill in a number", file=file, row=int(lines[i]), column=column
            )
    if minimum is not None:
        for i in np.flatnonzero(values < minimum):
            faults.add(
                f"the number is below {minimum:g}, the least allowed",
                f"Correct it. {_BLANK_REMEDY}",
                file=file,
                row=int(lines[i]),
                column=column,
                value=cells[i],
            )
    return values


def _fast(cells: ObjectArray, empty: npt.NDArray[np.bool_]) -> FloatArray | None:
    """All cells at once; None if any needs a closer look."""
    joined = "".join(cells.tolist())
    # float() also takes 1_000 and the digits of every script
    if "_" in joined or not joined.isascii():
        return None
    try:
        values = np.where(empty, "nan", cells).astype(np.float64)
    except ValueError:
        return None
    return values if bool(np.all(np.isfinite(values) | empty)) else None


def _slow(
    cells: ObjectArray, faults: FaultList, file: str, lines: IntArray, column: str
) -> FloatArray:
    values = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        if not cell:
            continue
        if PLAIN.fullmatch(cell) and math.isfinite(number := float(cell)):
            values[i] = number
        else:
            message, remedy = _why_no_number(cell)
            faults.add(message, remedy, file=file, row=int(lines[i]), column=column, value=cell)
    return values


def _why_no_number(cell: str) -> tuple[str, str]:
    low = cell.casefold()
    if low.lstrip("+-") in _NOT_FINITE or PLAIN.fullmatch(cell):
        return "not a finite number", f"{_PLAIN_REMEDY}. {_BLANK_REMEDY}"
    if low in _MISSING:
        return "not a number but a mark for a missing one", _BLANK_REMEDY
    if _AMBIGUOUS.fullmatch(cell):
        whole, point = cell.replace(",", ""), cell.replace(",", ".")
        return f"could mean {whole} or {point}", _PLAIN_REMEDY
    if "%" in cell:
        return "not a plain number: it has a percent sign", _PLAIN_REMEDY
    if _DIGIT.search(cell):
        return (
            "not a plain number: no thousands separator, currency or unit, decimal comma or "
            "bracket may stand in it",
            _PLAIN_REMEDY,
        )
    return "not a number", f"{_PLAIN_REMEDY}. {_BLANK_REMEDY}"
