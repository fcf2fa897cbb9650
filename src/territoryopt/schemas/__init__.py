"""The JSON Schemas (draft 2020-12) of every record that is printed or written, one file for each.

A record says under `schema` which contract it keeps: `territoryopt/result/1` is result-1.json. A
schema is open: it names the keys that are there and what they hold, and lets others stand beside
them. Files refer to each other and to parts.json by `urn:` names, which nothing fetches.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from territoryopt.errors import Fault, InputError

PREFIX, URN = "territoryopt/", "urn:territoryopt:"
DEFINITIONS = "$defs"
_FILE = re.compile(r"([a-z-]+)-(\d+)\.json")


@cache
def schema_files() -> dict[str, str]:
    """The file of each schema by its id, in the order of the ids."""
    found = (_FILE.fullmatch(entry.name) for entry in files(__name__).iterdir())
    return dict(sorted((f"{PREFIX}{m[1]}/{m[2]}", m[0]) for m in found if m))


def json_schemas() -> dict[str, str]:
    """The title of each schema by its id, such as `territoryopt/result/1`."""
    return {name: _read(file)["title"] for name, file in schema_files().items()}


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a record, whole: what it refers to stands in its `$defs`.

    name: what the record has under `schema`, `territoryopt/result/1`; `result` is the newest of
    that name. Raises InputError where there is none.
    """
    known = schema_files()
    full = name if name.startswith(PREFIX) else f"{PREFIX}{name}"
    if full not in known:
        versions = [one for one in known if one.rpartition("/")[0] == full]
        full = max(versions, key=lambda one: int(one.rpartition("/")[2]), default="")
    if not full:
        short = {one.removeprefix(PREFIX): one for one in known}
        close = get_close_matches(name.removeprefix(PREFIX)[:100], short, 1, 0.5)
        hint = f"Did you mean {short[close[0]]!r}? " if close else ""
        remedy = f"{hint}Known: {', '.join(known)}"
        raise InputError([Fault("there is no such JSON schema", remedy, value=name[:100])])
    out = _read(known[full])
    parts = {out["$id"]: out}
    waiting = [out]
    while waiting:
        for urn in _references(waiting.pop()):
            if urn not in parts:
                parts[urn] = _read(_file_of(urn))
                waiting.append(parts[urn])
    whole = {key: value for key, value in out.items() if key != DEFINITIONS}
    others = {urn.removeprefix(URN): part for urn, part in parts.items() if urn != out["$id"]}
    definitions = {**out.get(DEFINITIONS, {}), **others}
    return {**whole, DEFINITIONS: definitions} if definitions else whole


def _file_of(urn: str) -> str:
    """`urn:territoryopt:result:1` is in result-1.json."""
    return f"{urn.removeprefix(URN).replace(':', '-')}.json"


def _read(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__name__).joinpath(file).read_text(encoding="utf-8"))
    return found


def _references(part: object) -> set[str]:
    """The other files that a schema refers to, by their names."""
    if isinstance(part, list):
        return set().union(*map(_references, part))
    if not isinstance(part, dict):
        return set()
    found = set().union(*map(_references, part.values()))
    target = part.get("$ref")
    if isinstance(target, str) and target.startswith(URN):
        found.add(target.partition("#")[0])
    return found
