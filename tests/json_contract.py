"""What a test of a record in JSON asks of it: that its published schema holds, and that the schema
leaves no key of it out. A schema is open, so that a later version may have more keys; what is
printed today must all be described."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from territoryopt.schemas import json_schema

MAPS, ONE, MANY = (
    ("properties", "$defs"),
    ("items", "additionalProperties", "then"),
    ("anyOf", "allOf", "prefixItems"),
)


def closed(schema: Any) -> Any:
    """The schema with no key allowed beside those it names."""
    if not isinstance(schema, dict):
        return schema
    out = copy.copy(schema)
    for key in MAPS:
        if key in out:
            out[key] = {name: closed(part) for name, part in out[key].items()}
    for key in ONE:
        if key in out:
            out[key] = closed(out[key])
    for key in MANY:
        if key in out:
            out[key] = [closed(part) for part in out[key]]
    if "properties" in out and "additionalProperties" not in out:
        out["unevaluatedProperties"] = False
    return out


@cache
def _validator(name: str, strict: bool):
    import jsonschema

    schema = json_schema(name)
    return jsonschema.Draft202012Validator(closed(schema) if strict else schema)


def faults(record: dict[str, Any], *, strict: bool = True) -> list[str]:
    """What a record breaks of the schema it names; strict: keys without a description too."""
    record = json.loads(json.dumps(record, allow_nan=False))
    return [
        f"{record['schema']} at {error.json_path}: {error.message[:300]}"
        for error in _validator(record["schema"], strict).iter_errors(record)
    ]


def assert_meets(record: dict[str, Any]) -> None:
    """The record, a real output, holds the schema it names, and the schema names all its keys."""
    found = faults(record)
    assert not found, (
        "\n".join(found) + "\nDescribe what is printed in the file of this schema under "
        "src/territoryopt/schemas (docs/json.md says how), or print what it says."
    )
