"""A page of TOML as a validated object: one class of fields for each table, and every fault told in
a person's words, with file, key and the nearest right one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from territoryopt.errors import Fault, FaultList, TerritoryoptError
from territoryopt.toml_reading import findings, parse, read_text


class Part(BaseModel):
    """A table of a page: no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


P = TypeVar("P", bound=Part)


def load_page(
    page: type[P], path: str | os.PathLike[str], what: str, error: type[TerritoryoptError]
) -> P:
    """The page in a file; raises `error` with every fault. `what` the file should be, in words."""
    return parse_page(page, read_text(Path(path), what, error), Path(path).name, what, error)


def parse_page(page: type[P], text: str, file: str, what: str, error: type[TerritoryoptError]) -> P:
    """The page in a text; `file` is how messages name it."""
    return check_page(page, parse(text, file, what, error), file, error)


def check_page(
    page: type[P],
    table: dict[str, Any],
    file: str,
    error: type[TerritoryoptError],
    known: tuple[Fault, ...] = (),
) -> P:
    """The page of a parsed table; `known` are faults found already, told with the others."""
    faults = FaultList(error)
    faults.problems.extend(known)
    try:
        made = page.model_validate(table)
    except ValidationError as found:
        faults.problems.extend(findings(found, page, file))
        raise error(faults.problems) from found
    faults.raise_if_any()
    return made
