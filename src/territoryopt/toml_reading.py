"""TOML files of ours (models, mappings): read with guards against what no person writes, and the
findings of the validator in a person's words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from territoryopt.errors import Fault, FaultList, TerritoryoptError, shortened

LARGEST_FILE = 1_000_000
"""Bytes of a file; it is a page, not a data set."""
LARGEST_DEPTH = 20

_KEY = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
_DEEP_KEY = re.compile(rf"(?<![\w-])(?:{_KEY}){{{LARGEST_DEPTH},}}")

WORDS = {
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": 'must be text in quotes, such as "name"',
    "bool_type": "must be true or false",
    "list_type": 'must be a list, such as ["A", "B"]',
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be above {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be below {lt:g}",
    "string_too_short": "must not be empty",
    "string_too_long": "must be shorter",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}",
    "date_type": "must be a date without quotes, such as 2026-06-30",
    "string_pattern_mismatch": 'must be three capital letters, such as "USD"',
}
"""The validator's findings, as a person would put them."""


def read_text(path: Path, what: str, error: type[TerritoryoptError]) -> str:
    """The text of a TOML file; raises `error` where it cannot be read. `what` it should be."""
    name = shortened(path, 500)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as found:
        raise error([Fault("is not UTF-8 text", "Save it as UTF-8", file=name)]) from found
    except (OSError, ValueError) as found:
        why = getattr(found, "strerror", None) or found
        raise error([Fault(f"cannot be read: {why}", file=name)]) from found
    if len(content) > LARGEST_FILE:
        raise error([Fault(f"is larger than {LARGEST_FILE:,} bytes, so no {what}", file=name)])
    return text


def parse(text: str, file: str, what: str, error: type[TerritoryoptError]) -> dict[str, Any]:
    """The table of a TOML text; raises `error` where it is none. `what` it should be."""
    if _depth(text) > LARGEST_DEPTH or _DEEP_KEY.search(text):
        raise error([Fault(f"is nested too deeply to be a {what}", file=file)])
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as found:
        row = re.search(r"at line (\d+)", str(found))
        place = int(row.group(1)) if row else None
        raise error([Fault(f"is not valid TOML: {found}", file=file, row=place)]) from found
    faults = FaultList(error)
    for key in _huge_numbers(table):
        faults.add("is too large a whole number", file=file, key=shortened(key, 200))
    faults.raise_if_any()
    return table


def _depth(text: str) -> int:
    """How deeply brackets nest, at most; read before the parser recurses over them."""
    depth = most = 0
    for mark in re.findall(r"[\[\]{}]", text):
        depth += 1 if mark in "[{" else -1
        most = max(most, depth)
    return most


def _huge_numbers(value: object, key: str = "") -> Iterator[str]:
    """The keys of whole numbers beyond 64 bits; Python may refuse even to write these out."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _huge_numbers(part, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for part in value:
            yield from _huge_numbers(part, key)
    elif isinstance(value, int) and value.bit_length() > 63:
        yield key
