"""A parsed page of TOML with other values, written as TOML again: what a run folder keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")

Table = dict[str, Any]


def to_toml(table: Mapping[str, Any], heading: str = "") -> str:
    """TOML text that `tomllib` reads back as the same table: numbers, texts, booleans, lists and
    tables; dates are no part of a model. heading: a comment above it, a line for each."""
    lines = [f"# {_shown(line)}" for line in heading.splitlines()]
    return "\n".join([*lines, *_lines(table, ())]).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    values = {k: v for k, v in table.items() if not isinstance(v, dict)}
    tables = {k: v for k, v in table.items() if isinstance(v, dict)}
    out = []
    if path and (values or not tables):
        out += ["", f"[{'.'.join(map(_key, path))}]"]
    out += [f"{_key(k)} = {_value(v)}" for k, v in values.items()]
    for key, inner in tables.items():
        out += _lines(inner, (*path, key))
    return out


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)  # inf and nan are what TOML calls them, too
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())}}}"
    if isinstance(value, str):
        return _text(value)
    raise TypeError(f"{type(value).__name__} is nothing that a model holds")


def _text(text: str) -> str:
    """A basic string: as in JSON, and DEL is a control character to TOML, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(line: str) -> str:
    return "".join(c if c.isprintable() else " " for c in line)


def flat(table: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """The values of nested tables by their path; a key of the outermost table may be a dotted path
    in quotes ("rules.capacity.max"), as people write it in a list of keys."""
    out: dict[tuple[str, ...], Any] = {}

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(inner, (*path, *(key.split(".") if not path else (key,))))
        else:
            out[path] = value

    walk(dict(table), ())
    return {path: value for path, value in out.items() if path}


def put(table: Table, path: tuple[str, ...], value: Any) -> None:
    """Set the value at a path, with the tables on the way to it; KeyError where something that is
    no table is in the way."""
    at = table
    for key in path[:-1]:
        at = at.setdefault(key, {})
        if not isinstance(at, dict):
            raise KeyError(key)
    at[path[-1]] = value


def take_out(table: Table, path: tuple[str, ...]) -> bool:
    """Take out what stands at a path; whether there was something."""
    at: Any = table
    for key in path[:-1]:
        at = at.get(key) if isinstance(at, dict) else None
    if not isinstance(at, dict) or path[-1] not in at:
        return False
    del at[path[-1]]
    return True
