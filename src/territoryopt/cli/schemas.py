"""`territoryopt schema`: what a program may rely on in our JSON."""

from __future__ import annotations

import click

from territoryopt.cli.commands import command

SCHEMA = "territoryopt/schemas/1"


@command("schema")
@click.argument("name", required=False)
def schema_command(name: str | None, as_json: bool) -> int:
    """Print the JSON Schema of the records called NAME, such as territoryopt/result/1.

    Without NAME, the schemas there are.
    """
    from territoryopt.cli.printing import print_json, say
    from territoryopt.schemas import json_schema, json_schemas

    if name is not None:
        print_json(json_schema(name))
        return 0
    found = json_schemas()
    if as_json:
        print_json({"schema": SCHEMA, "schemas": found})
        return 0
    width = max(map(len, found))
    for one, title in found.items():
        say(f"{one.ljust(width)}  {title}")
    return 0
