"""One number as people write it, taken apart: `$1,234.50` is 1234.50 where the column says that a
point stands before the fraction."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

PLAIN = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
OPEN = re.compile(r"-?[1-9]\d{0,2}\.\d{3}", re.ASCII)
"""A plain number that could have a separator of thousands."""
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
_GROUPED = re.compile(rf"\d{{1,3}}(?:[{_SPACES}'\u2019]\d{{3}})+")


@dataclass(frozen=True)
class Parts:
    """A number taken apart: `body` holds digits, points and commas only."""

    negative: bool
    currency: str
    body: str
    exponent: str
    percent: bool


def apart(text: str) -> Parts | None:
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
    return Parts(
        any(map(bool, signs)), currency, body, found["exponent"] or "", bool(found["percent"])
    )


def evidence(part: Parts) -> str:
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


def ambiguous(part: Parts) -> bool:
    return not evidence(part) and ("." in part.body or "," in part.body)


def plainly(text: str, part: Parts, decimal: str, mixed: bool) -> tuple[str, str, str]:
    """What a number is taken as, what that is called, and why."""
    sign = decimal if decimal in (".", ",") else evidence(part)
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


def why_none(text: str) -> str:
    if text.casefold().lstrip("+-") in ("inf", "infinity"):
        return "not a finite number"
    return "not a number"
