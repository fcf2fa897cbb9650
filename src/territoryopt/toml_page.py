"""A page of TOML as a validated object: one class of fields for each table, and every fault told in
a person's words, with file, key and the nearest right one."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from territoryopt.errors import Fault, FaultList, TerritoryoptError, shortened
from territoryopt.toml_reading import WORDS, parse, read_text


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
        faults.problems.extend(faults_of(found, page, file))
        raise error(faults.problems) from found
    faults.raise_if_any()
    return made


def faults_of(found: ValidationError, page: type[Part], file: str) -> list[Fault]:
    """The findings of the validator in our words, one for each key."""
    told: dict[str, Fault] = {}
    for item in found.errors(include_url=False):
        fault = _fault(dict(item), page, file)
        earlier = told.get(fault.key)
        if earlier is not None and earlier.message != fault.message:  # a field of several types
            message = f"{earlier.message}, or {fault.message.removeprefix('must be ')}"
            fault = replace(earlier, message=message)
        told[fault.key] = fault
    return list(told.values())


def _fault(item: dict[str, Any], page: type[Part], file: str) -> Fault:
    kind, value = item["type"], item.get("input")
    path, within, options = _walk(page, item["loc"])
    message = WORDS[kind].format(**item.get("ctx", {})) if kind in WORDS else item["msg"]
    remedy = ""
    if kind == "extra_forbidden":
        message = "is not a known key"
        remedy = nearest(path[-1], list(_fields(within)) if within else [])
    elif kind == "missing":
        message, value = "is missing", ""
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = [str(tag) for one in options for tag in _tags(one)]
        given = str(value.get("kind", "")) if isinstance(value, dict) else ""
        message = "is not a known kind" if given else "needs a kind"
        value, remedy = given, nearest(given, tags)
        path = [*path, "kind"]
    elif kind == "value_error":
        message = message.removeprefix("Value error, ")
    shown = "" if isinstance(value, dict | list) else shortened(value)
    return Fault(message, remedy, file=file, key=shortened(".".join(path), 200), value=shown)


def nearest(given: str, known: list[str]) -> str:
    """The remedy for a word that is none of the known ones."""
    close = difflib.get_close_matches(given[:100], known, 1, 0.6)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}Known here: {', '.join(known)}" if known else hint.strip()


def _walk(
    page: type[Part], loc: tuple[int | str, ...]
) -> tuple[list[str], type[Part] | None, list[type[Part]]]:
    """The dotted path of a finding, without the names that the validator puts in for one of
    several types; the class of the table that its last key stands in; and the classes that may
    stand there."""
    path: list[str] = []
    at: Any = page
    within: type[Part] | None = page
    for step in loc:
        options = list(_options(at))
        classes = _classes(at)
        tagged = [one for one in classes if step in _tags(one)]
        if tagged and len(classes) > 1:
            at = tagged[0]
            continue
        within = None
        inner: Any = None
        for one in options:
            if isinstance(one, type) and issubclass(one, Part):
                within = within or one
                if step in _fields(one):
                    inner, within = _fields(one)[str(step)].annotation, one
                    break
            elif get_origin(one) in (list, tuple) and isinstance(step, int):
                inner = get_args(one)[0]
            elif get_origin(one) is dict and isinstance(step, str):
                inner = get_args(one)[1]
        if inner is None and within is None and path:
            break  # the name of a type
        path.append(str(step))
        at = inner
    return path, within, _classes(at)


def _fields(page: type[Part]) -> dict[str, FieldInfo]:
    """The fields of a table by the keys they have in a file."""
    return {field.alias or name: field for name, field in page.model_fields.items()}


def _classes(annotation: Any) -> list[type[Part]]:
    return [one for one in _options(annotation) if isinstance(one, type) and issubclass(one, Part)]


def _options(annotation: Any) -> Iterator[Any]:
    """The types a field may take."""
    if get_origin(annotation) is Annotated:
        yield from _options(get_args(annotation)[0])
    elif get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        for one in get_args(annotation):
            yield from _options(one)
    else:
        yield annotation


def _tags(page: type[Part]) -> tuple[Any, ...]:
    field = page.model_fields.get("kind")
    literal = None if field is None else field.annotation
    return get_args(literal) if get_origin(literal) is Literal else ()
