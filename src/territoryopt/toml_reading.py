"""TOML files of ours (models, mappings): read with guards against what no person writes, and the
findings of the validator in a person's words."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from territoryopt.errors import Fault, FaultList, TerritoryoptError, shortened

if TYPE_CHECKING:
    from pydantic import ValidationError

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
    "missing": "is missing",
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


def findings(error: ValidationError, root: type[Any], file: str) -> list[Fault]:
    """What the validator found in a file of ours, in our words: one fault for each key, an unknown
    key or kind with the nearest right one. `root`: the model class that was validated."""
    found: dict[str, Fault] = {}
    tables: set[str] = set()
    for details in error.errors(include_url=False):
        item: dict[str, Any] = dict(details)
        path, place = _walk(root, item["loc"])
        fault = _finding(item, path, place, file)
        earlier = found.get(fault.key)
        if isinstance(item.get("input"), dict) and item["type"].endswith("_type"):
            tables.add(fault.key)
        if earlier is None:
            found[fault.key] = fault
        elif earlier.message != fault.message:
            told = fault.message.removeprefix("must be ")
            message = f"{earlier.message}, or {told}"
            found[fault.key] = Fault(message, earlier.remedy, file, key=fault.key,
                                     value=earlier.value or fault.value)  # fmt: skip
    # a table where a number might stand: what is wrong inside it says enough
    return [
        fault for key, fault in found.items()
        if not (key in tables and any(other.startswith(f"{key}.") for other in found))
    ]  # fmt: skip


def _walk(root: Any, loc: Sequence[int | str]) -> tuple[list[str], Any]:
    """The dotted path of a finding as it stands in the file, and the type of the table it is in."""
    path: list[str] = []
    here, table = root, root
    for part in loc:
        options = _options(here)
        if len(options) > 1:  # the name of a kind, or of one of several types
            here = next((o for o in options if part in _tags(o)), None)
            if here is None:
                here = next((o for o in options if hasattr(o, "model_fields")), options[0])
            table = here
            continue
        table = here = options[0]
        path.append(str(part))
        fields = _fields(here)
        arguments = get_args(here)
        if fields is not None:
            here = fields[part].annotation if part in fields else None
        elif get_origin(here) in (dict, list) and part != "[key]":
            here = arguments[-1]
    if _options(here)[1:]:
        table = here
    return path, table


def _fields(kind: Any) -> dict[str, Any] | None:
    """The fields of a table by the keys they have in a file; None where it is no table."""
    fields = getattr(kind, "model_fields", None)
    if fields is None:
        return None
    return {field.alias or name: field for name, field in fields.items()}


def _options(kind: Any) -> list[Any]:
    """The types a field may take, None left out."""
    if get_origin(kind) is Annotated:
        return _options(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        kinds = [one for one in get_args(kind) if one is not type(None)]
        return [get_args(one)[0] if get_origin(one) is Annotated else one for one in kinds]
    return [kind]


def _tags(kind: Any) -> tuple[Any, ...]:
    fields = getattr(kind, "model_fields", {})
    tag = fields["kind"].annotation if "kind" in fields else None
    return (getattr(kind, "__name__", ""), *(get_args(tag) if get_origin(tag) is Literal else ()))


def _finding(item: dict[str, Any], path: list[str], place: Any, file: str) -> Fault:
    kind, value = item["type"], item.get("input")
    message = WORDS[kind].format(**item.get("ctx", {})) if kind in WORDS else item["msg"]
    remedy, shown = "", "" if isinstance(value, dict | list) else shortened(value)
    if kind == "extra_forbidden":
        message = "is not a known key"
        known = [name for name, spec in (_fields(place) or {}).items() if not spec.exclude]
        remedy = nearest(path[-1], known)
    elif kind == "missing":
        shown = ""
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        kinds = [tag for option in _options(place) for tag in _tags(option)[1:]]
        given = value.get("kind", "") if isinstance(value, dict) else ""
        shown = shortened(given) if isinstance(given, str) else type(given).__name__
        message = "is not a known kind" if shown else "needs a kind"
        remedy, path = nearest(shown, kinds, "Kinds here"), [*path, "kind"]
    elif kind == "value_error":
        message, _, remedy = message.removeprefix("Value error, ").partition(". ")
    return Fault(message, remedy, file=file, key=shortened(".".join(path), 200), value=shown)


def nearest(text: str, known: Sequence[str], title: str = "Known here") -> str:
    """A remedy that names the known text most like this one, and all of them."""
    close = difflib.get_close_matches(text[:200], list(known)[:10_000], 1, 0.6)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    more = f" and {len(known) - 40:,} more" if len(known) > 40 else ""
    return f"{hint}{title}: {', '.join(map(shortened, known[:40]))}{more}"
