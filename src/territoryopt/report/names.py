"""Names from data in files of ours: shown as text, and never as a path, a formula or markup."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 60
"""Letters of a file name before its ending."""

UNSEEN = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of what has no shape of its own; line breaks and tabs are among them."""

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u061c")
"""What turns the direction of the text after it, and could make a name read as another."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def visible(text: str) -> str:
    """The text with control characters and what turns its direction made visible, on one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\\u{ord(c):04x}" if c in TURNING or unicodedata.category(c) in UNSEEN else c for c in text
    )


def file_names(ids: Iterable[str], ending: str) -> dict[str, str]:
    """A file name for each id, safe on every system, and no two alike even where capitals do not
    count: the id where it is plain, else its plain letters and a few digits of its SHA-256."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for each in ids:
        plain = _PLAIN.fullmatch(each) and len(each) <= LONGEST and not _RESERVED.fullmatch(each)
        name = each
        if not plain or each.endswith(".") or each.casefold() in taken:
            stem = re.sub(r"[^A-Za-z0-9]+", "-", each[:LONGEST]).strip("-").lower() or "id"
            digest = hashlib.sha256(each.encode("utf-8", "surrogatepass")).hexdigest()
            name = f"{stem[:LONGEST]}-{digest[:10]}"
        taken.add(name.casefold())
        names[each] = f"{name}{ending}"
    return names
