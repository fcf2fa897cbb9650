"""Best known values of the instances: never beaten beyond their bound, and reached where small."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import territoryopt as topt

INSTANCES = Path(__file__).resolve().parent.parent / "instances"
ROWS = [
    (folder.name, row)
    for folder in sorted(INSTANCES.iterdir())
    if (folder / "best_known.csv").is_file()
    for row in csv.DictReader((folder / "best_known.csv").open(encoding="utf-8"))
]


def model_of(folder: str, name: str) -> topt.Model:
    return topt.load_model(INSTANCES / folder / name if name.endswith(".toml") else name)


@pytest.mark.parametrize(("folder", "row"), ROWS, ids=[f"{f}-{r['model']}" for f, r in ROWS])
def test_bounds_of_a_short_search_agree_with_what_is_known(folder, row):
    instance = topt.read_instance(INSTANCES / folder)
    model = model_of(folder, row["model"])
    result = topt.solve(instance, model, gap=0.02, time_limit=60)
    best, bound, proved = (float(row[k]) for k in ("best_value", "bound", "proved_bound"))
    assert result.status in ("optimal", "gap_reached")
    assert proved <= bound <= best
    assert result.objective >= bound * (1 - 1e-6), "a plan better than the best bound known"
    assert result.bound <= best * (1 + 1e-6), "a bound above a plan that is known"
    assert result.proved_bound == pytest.approx(proved, rel=1e-7)
    assert topt.check(instance, model, result.rep).holds


def test_tiny_is_solved_as_by_hand():
    instance = topt.read_instance(INSTANCES / "tiny")
    result = topt.solve(instance, model_of("tiny", "model.toml"), gap=0)
    assert result.status == "optimal"
    assert result.objective == 4050
    assert [instance.rep_names[j] for j in result.rep] == [
        "Rivera", "Rivera", "Chen", "Chen", "Okafor", "Okafor",
    ]  # fmt: skip
