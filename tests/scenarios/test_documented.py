"""docs/scenarios.md says what the JSON holds, and its page of us-field can be solved."""

from __future__ import annotations

import re
from pathlib import Path

from territoryopt.scenarios.preparing import prepare
from territoryopt.scenarios.robust import Cell, Future, Robust, Standing
from territoryopt.scenarios.side_by_side import Apart, Balance, Dominated, Plan, RepLine, SideBySide
from territoryopt.scenarios.sweep import Outcome

DOCS = Path(__file__).parents[2] / "docs"


def words_of(schema):
    text = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    section = text.split(f"### {schema}\n")[1].split("\n### ")[0]
    return set(re.findall(r"`([a-z_]+)(?:\[\])?`", section))


def fields(*kinds):
    return {name for kind in kinds for name in kind.__dataclass_fields__}


def test_every_field_is_documented():
    assert fields(Outcome) <= words_of("territoryopt/sweep/1")
    told = fields(Plan, Balance, RepLine, Apart, Dominated, SideBySide) - {"run", "currency"}
    assert told <= words_of("territoryopt/side-by-side/1")
    told = fields(Future, Cell, Standing, Robust) - {"owners", "currency"}
    assert told <= words_of("territoryopt/robust/1")


def test_the_page_of_us_field():
    prepared = prepare(DOCS / "us-field-scenarios.toml")
    assert len(prepared.scenarios) == 15
    assert "summer" in prepared.by_name
