"""TOML files of ours (models, mappings): read with guards against what no person writes, and the
findings of the validator in a person's words."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

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
    "date_type": "must be a date without quotes, such as 2027-02-01",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be above {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be below {lt:g}",
    "string_too_short": "must not be empty",
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


def faults_of(error: ValidationError, spec: type[BaseModel], file: str) -> list[Fault]:
    """What the validator found wrong with a table of `spec`, in our words: one fault for each key,
    an unknown one with the nearest known beside it."""
    found: dict[str, Fault] = {}
    for item in error.errors(include_url=False):
        path = [str(part) for part in item["loc"]]
        kind, value = item["type"], item.get("input")
        message = WORDS[kind].format(**item.get("ctx", {})) if kind in WORDS else item["msg"]
        message = message.removeprefix("Value error, ")
        remedy = ""
        if kind == "extra_forbidden":
            message, known = "is not a known key", _keys_at(spec, path[:-1])
            close = difflib.get_close_matches(path[-1], known, 1, 0.6)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            remedy = f"{hint}Known here: {', '.join(known)}"
        elif kind == "missing":
            message, value = "is missing", ""
        # the validator ends the path of a field of several types by the name of the type
        key = ".".join(part for part in path if not _TYPE.fullmatch(part))
        shown = "" if isinstance(value, dict | list | tuple) else shortened(value)
        earlier = found.get(key)
        if earlier is None:
            found[key] = Fault(message, remedy, file=file, key=shortened(key, 200), value=shown)
        elif earlier.message != message and not earlier.remedy:
            more = message.removeprefix("must be ")
            found[key] = replace(earlier, message=f"{earlier.message}, or {more}")
    return list(found.values())


_TYPE = re.compile(r"literal\[.*|constrained-.*|function-.*|float|int|str|date|tuple\[.*|list\[.*")


def _keys_at(spec: type[BaseModel], path: list[str]) -> list[str]:
    """The keys that may stand in the table at a dotted path."""
    for part in path:
        field = spec.model_fields.get(part)
        inner = _models(field.annotation) if field is not None else []
        if inner:
            spec = inner[0]
    return list(spec.model_fields)


def _models(kind: object) -> list[type[BaseModel]]:
    """The tables that a type may hold, those of a table of tables too."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [each for part in get_args(kind) for each in _models(part)]
