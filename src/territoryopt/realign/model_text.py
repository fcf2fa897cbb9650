"""A model with one rule more, or without its row filter: a new text, parsed as any other, so that
a run of it can be read back and says what it was solved under."""

from __future__ import annotations

import re

from territoryopt.errors import ModelError
from territoryopt.model import Model, parse_model
from territoryopt.toml_reading import parse

LIMIT = "few_moves_enough"
"""The name of the rule that a realignment adds."""

_HEADER = re.compile(r"^\s*\[")
_WHERE = re.compile(r"^\s*\[\s*where\s*[.\]]")


def with_most_moves(model: Model, most: int, why: str) -> Model:
    """The model with a rule `moves` below it: at most so many accounts change hands. `why`: one
    line of remark."""
    name, k = LIMIT, 2
    while name in model.terms:
        name, k = f"{LIMIT}_{k}", k + 1
    text = f'{model.text.rstrip()}\n\n# {why}\n[rules.{name}]\nkind = "moves"\nmax = {most}\n'
    try:
        return parse_model(text, model.file)
    except ModelError as error:
        if "rules" in parse(model.text, model.file, "model", ModelError):
            raise ModelError(
                ["the rules of the model stand on one line, so that none can be added below: "
                 "write each as [rules.name]"]
            ) from error  # fmt: skip
        raise


def without_filter(model: Model) -> Model:
    """The model without its tables `where`, for data in which only the rows meant are left, and to
    which others may come. ModelError where the text cannot be taken apart."""
    if not (model.where.accounts or model.where.reps):
        return model
    kept, inside = [], False
    for line in model.text.splitlines():
        if _HEADER.match(line):
            inside = _WHERE.match(line) is not None
        if not inside:
            kept.append(line)
    text = "\n".join([*kept, ""])
    wanted = {k: v for k, v in _table(model.text, model.file).items() if k != "where"}
    try:
        same = _table(text, model.file) == wanted
    except ModelError:
        same = False
    if not same:
        raise ModelError(
            ["the row filter of the model cannot be taken out of its text: write it as "
             "[where.accounts] and [where.reps]"]
        )  # fmt: skip
    return parse_model(text, model.file)


def _table(text: str, file: str) -> dict[str, object]:
    return parse(text, file, "model", ModelError)
