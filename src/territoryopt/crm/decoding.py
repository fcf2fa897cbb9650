"""The bytes of a text file become text, and text becomes records; which encoding and which
separator is found out from the file alone, or refused where the file leaves it open."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from territoryopt.crm.quality import Quality
from territoryopt.errors import FaultList, shortened

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 60
"""Records by which the separator is judged."""
DECLARE = "Save the file as 'CSV UTF-8', or write encoding = \"...\" in the mapping"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_USUAL = frozenset("ÄÖÜäöüßÉÈÊËéèêëÀÂÁàâáÇçÑñÓÔóôòÍÎíîïÚÙÛúùûÅåØøæœãõ")
"""Letters that Western names are made of; the other signs of a code page are rare in them."""
_SIGNS = frozenset(
    "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u20ac\u00a3\u2122\u00ae\u00a9\u00b0\u00a0\u00b4\u00ab\u00bb\u00bd"
)
_WORDS = re.compile(rb"([A-Za-z]?)([\x80-\xff]+)([A-Za-z]?)")
_MOST_HIGH = 20_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(
    content: bytes, declared: str, file: str, quality: Quality, faults: FaultList
) -> tuple[str, str] | None:
    """The text and the name of its encoding; None, with a fault, where that cannot be told."""
    encoding = declared or _found(content, file, faults)
    if not encoding:
        return None
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError, ValueError) as error:
        why = "is no known encoding" if isinstance(error, LookupError) else "does not fit the bytes"
        faults.add(
            f"the encoding {shortened(encoding)!r} {why}{_place(content, error)}", DECLARE,
            file=file,
        )  # fmt: skip
        return None
    if declared and not text.isascii() and _SURROGATE.search(text):
        faults.add(f"the encoding {shortened(encoding)!r} does not give text", DECLARE, file=file)
        return None
    if encoding in ("cp1252", "mac_roman") and not declared:
        example = _example(content, encoding)
        quality.add(
            "repaired",
            f"the file is not UTF-8; it was read as {encoding}, in which its letters make words",
            file=file,
            old=example[1],
            new=example[0],
            remedy=f"If the letters are wrong, {DECLARE[0].lower()}{DECLARE[1:]}",
        )
    elif encoding.startswith(("utf-16", "utf-32")):
        quality.add("repaired", f"the file was read as {encoding.upper()}", file=file)
    return text.removeprefix("\ufeff"), encoding


def _found(content: bytes, file: str, faults: FaultList) -> str:
    """The encoding, or a fault."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding
    head = content[:4096]
    if len(head) >= 4 and head[1::2].count(0) > 0.4 * len(head[1::2]) and 0 not in head[0:1]:
        return "utf-16-le"
    if len(head) >= 4 and head[::2].count(0) > 0.4 * len(head[::2]) and 0 not in head[1:2]:
        return "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(_SEQUENCE.findall(content[:5_000_000])) > 2 * _stray(content):
            at = content[: error.start]
            faults.add(
                "the file is UTF-8 in most places, but not here",
                f"Correct the cell. {DECLARE}",
                file=file,
                row=at.count(b"\n") + 1,
                value=_shown(content[max(0, error.start - 20) : error.start + 20]),
            )
            return ""
        return _code_page(content, file, faults)
    return "utf-8"


def _stray(content: bytes) -> int:
    """High bytes that are no part of a UTF-8 sequence."""
    return len(_HIGH.findall(_SEQUENCE.sub(b"", content[:5_000_000])))


def _code_page(content: bytes, file: str, faults: FaultList) -> str:
    """cp1252 or MacRoman, whichever makes letters of Western names; where both do, the line ends
    of Windows or of an old Macintosh tell; a fault if it stays open."""
    runs = list(islice(_WORDS.finditer(content), _MOST_HIGH))
    signs = sum(len(run[2]) for run in runs)
    score = {name: sum(_likely(run, name) for run in runs) for name in ("cp1252", "mac_roman")}
    best = max(score, key=lambda name: score[name])
    if score[best] <= 1.5 * min(score.values()):
        lines = content[:1_000_000]
        best = "cp1252" if b"\r\n" in lines else "" if b"\n" in lines else "mac_roman"
    # in Western names letters with accents stand alone; in Cyrillic or Greek they make words
    crowded = sum(len(run[2]) > 2 for run in runs) > 0.2 * len(runs)
    if not best or crowded or score[best] < 0.6 * signs:
        row = content[: runs[0].start(2)].count(b"\n") + 1
        faults.add(
            "the file is not UTF-8, and what it is cannot be told: as cp1252 it reads "
            f"{shortened(_around(content, 'cp1252'))!r}, as MacRoman "
            f"{shortened(_around(content, 'mac_roman'))!r}",
            DECLARE,
            file=file,
            row=row,
            value=_shown(runs[0][2]),
        )
        return ""
    return best


def _likely(run: re.Match[bytes], encoding: str) -> int:
    """How many bytes of a run of high ones are letters or signs that may stand where they do."""
    try:
        before, text, after = (part.decode(encoding) for part in run.groups())
    except UnicodeDecodeError:
        return 0
    found = sum(sign in _USUAL or sign in _SIGNS for sign in text)
    # capitals do not stand behind small letters, nor small ones between capitals
    odd = (text[:1].isupper() and before.islower()) or (
        text[-1:].islower() and after.isupper() and before.isupper()
    )
    return 0 if odd else found


def _around(content: bytes, encoding: str) -> str:
    """The word around the first high byte."""
    match = re.search(rb"[\w \-]*[\x80-\xff][\w\x80-\xff \-]*", content)
    return match.group()[:60].decode(encoding, "replace").strip() if match else ""


def _example(content: bytes, encoding: str) -> tuple[str, str]:
    """A word with a high byte in it, read rightly and as bytes."""
    match = re.search(rb"[\w \-]*[\x80-\xff][\w\x80-\xff \-]*", content)
    word = match.group()[:60].strip() if match else b""
    return word.decode(encoding, "replace"), _shown(word)


def _shown(content: bytes) -> str:
    return content.decode("ascii", "backslashreplace")


def _place(content: bytes, error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f", first in row {content[: error.start].count(10) + 1}"
    return ""


def records_of(
    text: str, declared: str, file: str, quality: Quality, faults: FaultList
) -> tuple[Iterator[list[str]], str]:
    """The records of a CSV text as they are asked for, and what separates their cells."""
    hint = re.match(r"sep=([,;\t|])\r?\n", text)
    if hint:
        text = text[hint.end() :]
        quality.add("repaired", "a line for spreadsheets names the separator and is no record",
                    file=file, row=1, old=hint.group().strip("\r\n"))  # fmt: skip
    delimiter = declared or (hint.group(1) if hint else _separator(text))
    return _records(text, delimiter, file, faults), delimiter


def _records(text: str, delimiter: str, file: str, faults: FaultList) -> Iterator[list[str]]:
    row = 0
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            row += 1
            yield record
    except csv.Error as error:
        faults.add(
            f"the quotes do not match from here on: {error}",
            'Close every quote; write a quote inside a quoted cell as ""',
            file=file,
            row=row + 1,
        )


def _separator(text: str) -> str:
    """What cuts most of the first records into equally many cells, and those into the most."""
    best, found = (0.0, False, 0), ","
    sample = text[:500_000]
    for delimiter in DELIMITERS:
        widths: list[int] = []
        lines = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        with suppress(csv.Error):
            widths.extend(len(record) for record in islice(lines, SAMPLE) if any(record))
        wide = Counter(width for width in widths if width > 1)
        if not wide:
            continue
        width, times = max(wide.items(), key=lambda pair: (pair[1], pair[0]))
        score = (round(times / len(widths), 1), widths[0] == width, width)
        if score > best:
            best, found = score, delimiter
    return found
