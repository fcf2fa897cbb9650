"""Numbers and money as people write them, made plain: `$1,234.50` is 1234.50.

What separates thousands and what stands before the fraction is told by the mapping, or by the
column: `1.234,56` and `1,5` settle that a comma stands before the fraction, `1,234,567` that it
separates thousands. `1,234` and `1.234` by themselves could be either, so a column of nothing else
is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from territoryopt.cells import IntArray, ObjectArray, matching
from territoryopt.crm.numerals import (
    OPEN,
    PLAIN,
    Parts,
    ambiguous,
    apart,
    evidence,
    plainly,
    why_none,
)
from territoryopt.crm.quality import Quality

DECLARE = 'Write decimal = "." or decimal = "," in the mapping, for what stands before the fraction'
MISSING = ("NULL", "NaN", "N/A", "#N/A", "NA", "None", "NOT AVAILABLE", "n.a.", "-", "--", "?",
           "-999", "-9999")  # fmt: skip
"""What stands in numbers, dates, places and owners for a value that is not known."""
BIG = 1_000
"""Times the median beyond which an amount is worth a look."""

_CODE = re.compile(r"\+|0\d|\(0")
"""How telephone numbers and codes begin, which are no amounts though they are digits."""


def plain_amounts(
    cells: ObjectArray, file: str, lines: IntArray, column: str, quality: Quality,
    *, decimal: str = "", missing: Sequence[str] = MISSING, minimum: float | None = None,
) -> ObjectArray:  # fmt: skip
    """The cells as plain numbers, object[n] of str, blank where refused or missing.

    `decimal` is what stands before the fraction, '' where the column must settle it. A number
    below `minimum`, one that is not finite and a share in percent are refused.
    """
    if not decimal and not len(matching(OPEN, cells)) and _all_plain(cells):
        out = cells
    else:
        out = _read(cells, file, lines, column, quality, decimal, missing)
    return _within(out, cells, file, lines, column, quality, minimum)


def _all_plain(cells: ObjectArray) -> bool:
    joined = "".join(cells.tolist())
    if "_" in joined or "+" in joined or not joined.isascii():
        return False
    try:
        values = np.where(cells == "", "0", cells).astype(np.float64)
    except ValueError:
        return False
    return bool(np.isfinite(values).all()) and -999 not in values and -9999 not in values


def _read(
    cells: ObjectArray, file: str, lines: IntArray, column: str, quality: Quality, decimal: str,
    missing: Sequence[str],
) -> ObjectArray:  # fmt: skip
    texts = cells.tolist()
    gone = {mark.casefold() for mark in missing}
    first = dict(zip(reversed(texts), reversed(range(len(texts))), strict=True))
    parts: dict[str, Parts] = {}
    told: dict[str, tuple[str, str, str]] = {}  # text -> what it is taken as, kind and reason
    for text in dict.fromkeys(texts):
        if not text:
            continue
        if text.casefold() in gone:
            told[text] = "", "repaired", "stands for a value that is not known"
        elif (taken := apart(text)) is not None:
            parts[text] = taken
        else:
            told[text] = "", "refused", why_none(text)
    point = decimal or _settled(parts, first, file, lines, column, quality)
    money = {part.currency for part in parts.values() if part.currency}
    for text, part in parts.items():
        told[text] = plainly(text, part, point, len(money) > 1)
    out = np.empty(len(cells), dtype=object)
    out[:] = [told[text][0] if text else "" for text in texts]
    _tell(told, cells, out, file, lines, column, quality)
    return out


def _tell(
    told: dict[str, tuple[str, str, str]], cells: ObjectArray, out: ObjectArray, file: str,
    lines: IntArray, column: str, quality: Quality,
) -> None:  # fmt: skip
    reasons: dict[tuple[str, str], set[str]] = {}
    for text, (taken, kind, reason) in told.items():
        if taken != text:
            reasons.setdefault((kind, reason), set()).add(text)
    for (kind, reason), texts in reasons.items():
        at = np.flatnonzero(np.fromiter(map(texts.__contains__, cells.tolist()), np.bool_))
        quality.add_many(
            "refused" if kind == "refused" else "repaired", reason, file=file, rows=lines[at],
            column=column, old=cells[at], new=out[at],
            remedy=_remedy(reason) if kind == "refused" else "",
        )  # fmt: skip


def _remedy(reason: str) -> str:
    if "could mean" in reason or "does not settle" in reason:
        return DECLARE
    if "currenc" in reason:
        return "Map the column with the amounts converted into one currency"
    return "Write a plain number such as 1234.56, or leave the cell blank"


def _settled(
    parts: dict[str, Parts], first: dict[str, int], file: str, lines: IntArray, column: str,
    quality: Quality,
) -> str:  # fmt: skip
    """The sign before the fraction that the column settles, '?' where two cells disagree, ''
    where nothing says."""
    says: dict[str, str] = {}
    for text, part in parts.items():
        sign = evidence(part)
        if sign:
            says.setdefault(sign, text)
    if len(says) > 1:
        return "?"
    if not says:
        return ""
    sign, text = next(iter(says.items()))
    if sign == "," or any(ambiguous(part) for part in parts.values()):
        quality.add(
            "noticed", f"the column was read with {sign!r} before the fraction, which row "
            f"{int(lines[first[text]])} settles", file=file, column=column, old=text,
        )  # fmt: skip
    return sign


def _within(
    out: ObjectArray, cells: ObjectArray, file: str, lines: IntArray, column: str,
    quality: Quality, minimum: float | None,
) -> ObjectArray:  # fmt: skip
    values = numbers_of(out)
    if minimum is not None and (low := np.flatnonzero(values < minimum)).size:
        quality.add_many(
            "refused", f"the number is below {minimum:g}, the least allowed", file=file,
            rows=lines[low], column=column, old=cells[low],
            remedy="Correct it, or leave the cell blank",
        )  # fmt: skip
        out = out.copy()
        out[low] = ""
        values[low] = np.nan
    above = values[values > 0]
    if len(above) > 2:
        median = float(np.median(above))
        far = np.flatnonzero(values > BIG * median)
        quality.add_many(
            "noticed", f"more than {BIG:,} times the median of the column, {median:,.6g}",
            file=file, rows=lines[far], column=column, old=cells[far],
            remedy="Compare it with the CRM; one such amount outweighs all the others",
        )  # fmt: skip
    return out


def numbers_of(cells: ObjectArray) -> npt.NDArray[np.float64]:
    """Plain numbers as float64[n], NaN for a blank cell."""
    return np.where(cells == "", "nan", cells).astype(np.float64)


def looks_numeric(cells: ObjectArray) -> bool:
    """Whether a column holds numbers as people write them, some of them not plain, and else
    nothing but marks for missing values; and settles by itself what stands before a fraction."""
    filled = {cell for cell in cells.tolist() if cell}
    gone = {mark.casefold() for mark in MISSING}
    parts = {cell: apart(cell) for cell in filled if cell.casefold() not in gone}
    if any(_CODE.match(cell) for cell in parts):
        return False
    if not parts or all(PLAIN.fullmatch(cell) for cell in filled):
        return False
    found = {text: part for text, part in parts.items() if part is not None}
    signs = {sign for part in found.values() if (sign := evidence(part))}
    if len(found) < len(parts) or len(signs) > 1:
        return False
    sign = signs.pop() if signs else ""
    money = {part.currency for part in found.values() if part.currency}
    return all(
        plainly(text, part, sign, len(money) > 1)[1] != "refused" for text, part in found.items()
    )
