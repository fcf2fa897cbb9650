"""A page of TOML: every fault at once, each under the key a person wrote."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from territoryopt.errors import InputError
from territoryopt.toml_page import Part, parse_page


class Grow(Part):
    kind: Literal["grow"]
    factor: float = Field(gt=0)


class Drop(Part):
    kind: Literal["drop"]
    reps: list[str]


class Case(Part):
    name: str
    changes: list[Annotated[Grow | Drop, Field(discriminator="kind")]] = Field(default_factory=list)
    limit: float | Literal["none"] = "none"


class Page(Part):
    cases: dict[str, Case] = Field(default_factory=dict)
    title: str = ""


def faults(text):
    with pytest.raises(InputError) as caught:
        parse_page(Page, text, "p.toml", "page", InputError)
    return {fault.key: fault for fault in caught.value.problems}


def test_a_sound_page():
    page = parse_page(
        Page, '[cases.a]\nname = "A"\nchanges = [{kind = "grow", factor = 2}]', "p.toml", "page",
        InputError,
    )  # fmt: skip
    assert page.cases["a"].changes[0].factor == 2


@pytest.mark.parametrize(
    ("text", "key", "message", "remedy"),
    [
        ("titel = 'x'", "titel", "is not a known key", "Did you mean 'title'?"),
        ("[cases.a]\nnam = 'x'", "cases.a.nam", "is not a known key", "Did you mean 'name'?"),
        ("[cases.a]", "cases.a.name", "is missing", ""),
        ("[cases.a]\nname='x'\nlimit=[1]", "cases.a.limit", "must be a number", ""),
        ("[cases.a]\nname='x'\nchanges=[{kind='grow', factor=0}]", "cases.a.changes.0.factor",
         "must be above 0", ""),
        ("[cases.a]\nname='x'\nchanges=[{kind='grow', factr=1}]", "cases.a.changes.0.factr",
         "is not a known key", "Did you mean 'factor'?"),
        ("[cases.a]\nname='x'\nchanges=[{kind='grwo', factor=1}]", "cases.a.changes.0.kind",
         "is not a known kind", "Did you mean 'grow'?"),
        ("[cases.a]\nname='x'\nchanges=[{factor=1}]", "cases.a.changes.0.kind", "needs a kind",
         "Kinds here: grow, drop"),
        ("[cases.a]\nname='x'\nchanges=[{kind='drop', reps=[1]}]", "cases.a.changes.0.reps.0",
         "must be text in quotes", ""),
    ],
)  # fmt: skip
def test_where_and_what(text, key, message, remedy):
    found = faults(text)
    assert set(found) - {"cases.a.name", "cases.a.changes.0.factor"} <= {key}
    assert message in found[key].message
    assert found[key].remedy.startswith(remedy)
    assert found[key].file == "p.toml"


def test_all_at_once():
    text = "titel = 'x'\n[cases.a]\nnam = 'x'\n[cases.b]\nname = 1"
    assert set(faults(text)) == {"titel", "cases.a.nam", "cases.a.name", "cases.b.name"}
