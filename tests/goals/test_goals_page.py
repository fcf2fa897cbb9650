"""docs/goals.md says what the JSON and the files hold, and the file in it can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from goal_cases import settings

import territoryopt as topt
from territoryopt.goals.criteria import CRITERIA, QualitySettings
from territoryopt.goals.settings import GoalSettings

PAGE = (Path(__file__).parents[2] / "docs" / "goals.md").read_text("utf-8")
MAPS = ("parts", "weights", "reasons")


def fields_of(value, prefix=""):
    for key, inner in value.items():
        name = f"{prefix}{key}"
        yield name
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for each in inner:
                yield from fields_of(each, f"{name}[].")
        elif isinstance(inner, dict) and key not in MAPS:
            yield from fields_of(inner, f"{name}.")


def documented(schema):
    part = PAGE.split(f"## {schema}\n")[1].split("\n## ")[0]
    heads = [line[2:].split(":")[0] for line in part.splitlines() if line.startswith("- ")]
    return {name for head in heads for name in re.findall(r"`([A-Za-z_.\[\]0-9]+)`", head)}


@pytest.fixture(scope="module")
def records(pencil, tmp_path_factory):
    text = '[segments]\ncolumn = "tier"\n[kpis]\nchurn = 0.1\n'
    folder = tmp_path_factory.mktemp("docs")
    goals = topt.set_goals(pencil, 1000, settings=settings(folder, text))
    left = topt.set_goals(pencil, 1000)
    white = topt.whitespace(pencil, beyond=1)
    found = {
        "territoryopt/goals/1": [goals.as_dict(), left.as_dict()],
        "territoryopt/quality/1": [topt.territory_quality(pencil).as_dict()],
        "territoryopt/whitespace/1": [white.as_dict()],
    }
    return found, goals


@pytest.mark.parametrize("schema", ["goals", "quality", "whitespace"])
def test_the_page_names_every_field(records, schema):
    name = f"territoryopt/{schema}/1"
    there = {f for record in records[0][name] for f in fields_of(record)} - {"schema"}
    said = documented(name)
    missing = {f for f in there if f not in said}
    assert not missing
    optional = {f for f in said - there if f.startswith(("gaps", "left_out", "files"))}
    assert said - there <= optional


def test_the_page_names_every_column_and_key(records):
    goals = records[1]
    columns = [*goals.goal_columns(), *goals.part_columns(), *goals.kpi_columns(),
               *topt.Whitespace.__dataclass_fields__]  # fmt: skip
    for column in columns[:-8]:
        assert f"`{column}`" in PAGE, column
    for key in (*GoalSettings.model_fields, *QualitySettings.model_fields):
        assert key in PAGE
    for criterion in CRITERIA:
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{criterion.name}`"))
        assert criterion.span(criterion.high) in row
        assert criterion.span(criterion.medium) in row


def test_the_file_of_the_page_can_be_used(pencil, tmp_path):
    text = PAGE.split("```toml\n")[1].split("```")[0]
    path = settings(tmp_path, text.replace("R-03", "R-1").replace("R-11", "R-2"))
    spec = topt.load_goal_settings(path)
    assert spec.total == 22_000_000
    found = topt.set_goals(pencil, 1000.0, settings=spec.model_copy(
        update={"step": 1.0, "growth": type(spec.growth)()}))  # fmt: skip
    assert sum(r.goal for r in found.reps) == 1000
