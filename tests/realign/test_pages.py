"""docs/realign.md names every field of the JSON it speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_realign import books
from test_recommend import NEW, small
from test_transition import swapped

from territoryopt.instance_changes import RepLeaves
from territoryopt.realign.realigning import realigned
from territoryopt.realign.recommending import Recommender
from territoryopt.realign.transition import transition

PAGE = (Path(__file__).parents[2] / "docs" / "realign.md").read_text(encoding="utf-8")


def fields(record):
    """Names of a record, and of the records in its lists."""
    out = set(record)
    for value in record.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            out |= set(value[0])
    return out


@pytest.mark.parametrize("what", ["realign", "recommend", "transition"])
def test_every_field_stands_on_the_page(what, tmp_path):
    if what == "realign":
        gone = RepLeaves(kind="rep_leaves", reps=["cy"])
        record = realigned(books(tmp_path / "in"), [gone]).as_dict()
        del record["changes"][0]["kind"], record["changes"][0]["reps"]
    elif what == "recommend":
        record = Recommender(small(tmp_path)).recommend(NEW).as_dict()
    else:
        record = transition(swapped(tmp_path), 2, 2).as_dict()
    assert record["schema"] == f"territoryopt/{what}/1"
    section = PAGE.split(f"### territoryopt/{what}/1\n")[1].split("\n## ")[0]
    whole = section if what != "transition" else PAGE.split("## A large change in steps")[1]
    said = [f"`{name}`" in whole or f"`{name}[]`" in whole for name in fields(record)]
    missing = {n for n, ok in zip(fields(record), said, strict=True) if not ok} - {"schema"}
    assert not missing
