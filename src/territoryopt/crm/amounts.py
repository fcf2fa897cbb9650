"""Numbers and money as people write them, made plain: `$1,234.50` is 1234.50.

What separates thousands and what stands before the fraction is told by the mapping, or by the
column: `1.234,56` and `1,5` settle that a comma stands before the fraction, `1,234,567` that it
separates thousands. `1,234` and `1.234` by themselves could be either, so a column of nothing else
is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from territoryopt.cells import IntArray, ObjectArray, matching
from territoryopt.crm.quality import Quality

PLAIN = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
OPEN = re.compile(r"-?[1-9]\d{0,2}\.\d{3}", re.ASCII)
"""A plain number that could have a separator of thousands."""
DECLARE = 'Write decimal = "." or decimal = "," in the mapping, for what stands before the fraction'
MISSING = ("NULL", "NaN", "N/A", "#N/A", "NA", "None", "NOT AVAILABLE", "n.a.", "-", "--", "?",
           "-999", "-9999")  # fmt: skip
"""What stands in numbers, dates, places and owners for a value that is not known."""
BIG = 1_000
"""Times the median beyond which an amount is worth a look."""

LONGEST = 400
"""Characters of the longest text that is looked at as a number."""

_SPACES = " \u00a0\u2009\u202f"
_MONEY = re.compile(
    rf"(?P<open>\()?[{_SPACES}]*(?P<sign>[-+\u2212])?[{_SPACES}]*"
    rf"(?P<before>[A-Z]{{3}}|(?:US|CA|AU|NZ|HK|C|A)?[$\u20ac\u00a3\u00a5\u20b9]|CHF|kr\.?|z\u0142)?"
    rf"[{_SPACES}]*(?P<after_sign>[-\u2212])?"
    rf"(?P<body>[0-9.,][0-9.,'\u2019{_SPACES}]*?)(?P<exponent>[eE][+-]?[0-9]+)?"
    rf"[{_SPACES}]*(?P<after>[A-Z]{{3}}|[$\u20ac\u00a3\u00a5\u20b9]|kr\.?|z\u0142)?"
    rf"[{_SPACES}]*(?P<percent>%)?(?P<trailing>-)?[{_SPACES}]*(?P<close>\))?"
)
_CODE = re.compile(r"\+|0\d|\(0")
"""How telephone numbers and codes begin, which are no amounts though they are digits."""
_GROUPED = re.compile(rf"\d{{1,3}}(?:[{_SPACES}'\u2019]\d{{3}})+")


@dataclass(frozen=True)
class _Parts:
    """A number taken apart: `body` holds digits, points and commas only."""

    negative: bool
    currency: str
    body: str
    exponent: str
    percent: bool


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
    parts: dict[str, _Parts] = {}
    told: dict[str, tuple[str, str, str]] = {}  # text -> what it is taken as, kind and reason
    for text in dict.fromkeys(texts):
        if not text:
            continue
        if text.casefold() in gone:
            told[text] = "", "repaired", "stands for a value that is not known"
        elif (taken := _apart(text)) is not None:
            parts[text] = taken
        else:
            told[text] = "", "refused", _why_none(text)
    point = decimal or _settled(parts, first, file, lines, column, quality)
    money = {part.currency for part in parts.values() if part.currency}
    for text, part in parts.items():
        told[text] = _plainly(text, part, point, len(money) > 1)
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


def _apart(text: str) -> _Parts | None:
    if len(text) > LONGEST:
        return None
    found = _MONEY.fullmatch(text)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    body = found["body"]
    head = re.match(rf"[0-9{_SPACES}'\u2019]*", body)
    whole = head.group() if head else ""
    if re.search(rf"[{_SPACES}'\u2019]", body):
        if not _GROUPED.fullmatch(whole) or re.search(rf"[{_SPACES}'\u2019]", body[len(whole) :]):
            return None
        body = re.sub(rf"[{_SPACES}'\u2019]", "", whole) + "S" + body[len(whole) :]
    signs = [found["sign"] in ("-", "\u2212"), found["after_sign"], found["trailing"],
             found["open"]]  # fmt: skip
    if sum(map(bool, signs)) > 1 or not re.search(r"\d", body):
        return None
    currency = (found["before"] or "") + (found["after"] or "")
    return _Parts(
        any(map(bool, signs)), currency, body, found["exponent"] or "", bool(found["percent"])
    )


def _evidence(part: _Parts) -> str:
    """What the number says of the sign before a fraction: '.', ',' or '' if it says nothing."""
    body = part.body.replace("S", "")
    points, commas = body.count("."), body.count(",")
    if points and commas:
        return "." if body.rfind(".") > body.rfind(",") else ","
    sign, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return other
    if points + commas == 0:
        return ""
    whole, _, fraction = body.partition(sign)
    grouped = "S" in part.body  # spaces separate thousands already
    if len(fraction) == 3 and 0 < len(whole) <= 3 and whole[0] != "0" and not grouped:
        return ""
    return sign


def _settled(
    parts: dict[str, _Parts], first: dict[str, int], file: str, lines: IntArray, column: str,
    quality: Quality,
) -> str:  # fmt: skip
    """The sign before the fraction that the column settles, '?' where two cells disagree, ''
    where nothing says."""
    says: dict[str, str] = {}
    for text, part in parts.items():
        sign = _evidence(part)
        if sign:
            says.setdefault(sign, text)
    if len(says) > 1:
        return "?"
    if not says:
        return ""
    sign, text = next(iter(says.items()))
    if sign == "," or any(_ambiguous(part) for part in parts.values()):
        quality.add(
            "noticed", f"the column was read with {sign!r} before the fraction, which row "
            f"{int(lines[first[text]])} settles", file=file, column=column, old=text,
        )  # fmt: skip
    return sign


def _ambiguous(part: _Parts) -> bool:
    return not _evidence(part) and ("." in part.body or "," in part.body)


def _plainly(text: str, part: _Parts, decimal: str, mixed: bool) -> tuple[str, str, str]:
    """What a number is taken as, what that is called, and why."""
    sign = decimal if decimal in (".", ",") else _evidence(part)
    body = part.body.replace("S", "")
    marked = re.search("[.,]", body) is not None
    why = ""
    if part.percent:
        why = "a share in percent is no amount"
    elif mixed:
        why = "the column holds several currencies"
    elif decimal == "?" and marked:
        why = "its column does not settle what stands before the fraction: cells disagree"
    elif not sign and marked:
        why = f"could mean {re.sub('[.,]', '', body)} or {body.replace(',', '.')}"
    number = "" if why else _joined(body, sign)
    if not why and not number:
        why = f"does not fit a number with {sign!r} before its fraction"
    elif not why and not math.isfinite(float(number + part.exponent)):
        why = "not a finite number"
    if why:
        return "", "refused", why
    number += part.exponent
    taken = "-" + number if part.negative and float(number) else number
    if PLAIN.fullmatch(text) and float(text) == float(taken):
        return text, "", ""
    return taken, "repaired", "written as a plain number"


def _joined(body: str, sign: str) -> str:
    """Digits with a point before the fraction and nothing else; '' where groups of thousands are
    not of three digits."""
    thousands = "." if sign == "," else ","
    whole, _, fraction = body.partition(sign) if sign else (body, "", "")
    first, *groups = whole.split(thousands)
    right = not groups or (0 < len(first) <= 3 and all(len(group) == 3 for group in groups))
    number = first + "".join(groups)
    if not right or not (number + fraction).isdigit():
        return ""
    return (number or "0") + (f".{fraction}" if fraction else "")


def _why_none(text: str) -> str:
    if text.casefold().lstrip("+-") in ("inf", "infinity"):
        return "not a finite number"
    return "not a number"


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
    parts = {cell: _apart(cell) for cell in filled if cell.casefold() not in gone}
    if any(_CODE.match(cell) for cell in parts):
        return False
    if not parts or all(PLAIN.fullmatch(cell) for cell in filled):
        return False
    found = {text: part for text, part in parts.items() if part is not None}
    signs = {sign for part in found.values() if (sign := _evidence(part))}
    if len(found) < len(parts) or len(signs) > 1:
        return False
    sign = signs.pop() if signs else ""
    money = {part.currency for part in found.values() if part.currency}
    return all(
        _plainly(text, part, sign, len(money) > 1)[1] != "refused" for text, part in found.items()
    )
