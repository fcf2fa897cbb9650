"""docs/answers.md says what the JSON of every answer holds; and a notebook shows no markup of
names."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from json_contract import assert_meets
from planted import locks_against_capacity

import territoryopt as topt
from territoryopt.answers.uncertain import uncertain

PAGE = Path(__file__).parents[2] / "docs" / "answers.md"
OPAQUE = ("facts", "goals", "breaches", "back", "totals", "reps")
"""What is described in words, or is the same as elsewhere."""
NASTY = "<script>alert('x')</script>"


def documented():
    """Fields of each schema, by the page."""
    out = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, _, body = section.partition("\n")
        fields = set()
        for line in body.splitlines():
            if line.startswith("- "):
                head = line[2:].split(":")[0]
                fields |= set(re.findall(r"`([a-z_.\[\]]+)`", head))
        out[name.strip()] = fields
    return out


def fields_of(value, prefix=""):
    """Dotted names of everything in a record."""
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            if key in OPAQUE and not (key == "reps" and not prefix):
                yield name
                continue
            for each in inner:
                yield from fields_of(each, f"{name}[].")
            continue
        yield name
        if isinstance(inner, dict) and key not in OPAQUE:
            yield from fields_of(inner, f"{name}.")


@pytest.fixture(scope="module")
def answers():
    """One answer or more of every kind."""
    rng = np.random.default_rng(1)
    bands = [topt.Band("n", 1.5 * np.ones(12), upper=7.5)]
    cost = rng.uniform(1, 9, (12, 3))
    cost[3, 1:] = np.inf
    problem = topt.Problem.from_arrays(cost, bands, current=rng.integers(3, size=12))
    problem = replace(problem, account_ids=tuple(f"{NASTY}{i}" for i in range(12)))
    reasons = topt.explain(topt.solve(problem, gap=0.0))
    first = f"{NASTY}0"
    other = problem.rep_id((int(reasons.rep[0]) + 1) % 3)
    return [
        topt.why_not(reasons, first, other),
        topt.why_not(reasons, f"{NASTY}3", "1"),
        topt.rule_costs(reasons, seconds=1),
        topt.certainty(reasons, seconds=1),
        topt.frontier(reasons, "moves", seconds=1, points=4),
        topt.fewest_moves(problem),
        topt.compare(reasons, problem.current),
        uncertain(reasons, 20),
        topt.why_no_plan(locks_against_capacity(10, 3).problem),
    ]


def test_the_page_names_every_field_and_no_other(answers):
    said = documented()
    found = {}
    for answer in answers:
        record = json.loads(json.dumps(answer.as_dict(), allow_nan=False))
        assert_meets(record)
        name = record.pop("schema")
        found.setdefault(name, set()).update(fields_of(record))
    for name, fields in found.items():
        assert fields == {field for field in said[name] if field not in ("schema",)}, name
    assert set(said) - set(found) == {"territoryopt/pair-prices/1"}


def test_a_notebook_shows_every_answer_as_a_table_and_names_as_text(answers):
    for answer in answers:
        html = answer._repr_html_()
        assert "<table" in html
        assert "<script>" not in html
    assert "&lt;script&gt;" in answers[0]._repr_html_()
    assert "dearer" in answers[0]._repr_html_()


def test_prices_of_pairs_are_written_block_by_block_as_one_table(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    problem = topt.Problem.from_arrays(rng.uniform(1, 9, (40, 4)))
    reasons = topt.explain(topt.solve(problem, gap=0.0))
    whole = topt.write_pair_prices(reasons, tmp_path / "whole.csv").read_text(encoding="utf-8")
    monkeypatch.setattr(
        "territoryopt.answers.pair_prices.blocks",
        lambda accounts, reps: ((i, min(i + 7, accounts)) for i in range(0, accounts, 7)),
    )
    parts = topt.write_pair_prices(reasons, tmp_path / "parts.csv").read_text(encoding="utf-8")
    assert parts == whole
    lines = whole.splitlines()
    assert lines[0] == "account_id,rep_id,in_plan,cost,reduced,at_least"
    assert len(lines) == 1 + 160
    assert sum(line.split(",")[2] == "yes" for line in lines) == 40
    with pytest.raises(topt.InputError):
        topt.write_pair_prices(reasons, tmp_path / "whole.csv" / "a.csv")
