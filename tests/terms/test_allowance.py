"""The allowance: a stated fraction on the least total, where the amount depends on the rep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from territoryopt import ModelError, compile_problem, read_instance
from territoryopt.model import parse_model

MODEL = """
name = "allowance"
[travel]
pairs_hours = "hours"
[rules.even]
kind = "band"
measure = "{measure}"
tolerance = 0.1
{reference}
allowance = 0.25
[goals.driving]
kind = "travel"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts.csv").write_text(
        "account_id,visits_per_year,hours_per_visit,potential\na,10,1,5\nb,20,2,7\n"
    )
    (tmp_path / "reps.csv").write_text("rep_id\nr\ns\n")
    (tmp_path / "pairs.csv").write_text("account_id,rep_id,hours\na,r,1\na,s,2\nb,r,3\nb,s,1\n")
    return tmp_path


def test_raises_the_least_total_and_says_so(folder: Path) -> None:
    model = parse_model(MODEL.format(measure="workload", reference=""))
    problem = compile_problem(read_instance(folder), model)
    # Least: a with r 10 x (1 + 1) = 20, b with s 20 x (2 + 1) = 60; 80 and a quarter is 100.
    np.testing.assert_allclose(problem.rows[0].target, [50.0, 50.0])
    np.testing.assert_allclose(problem.rows[0].upper, [55.0, 55.0])
    assert "100 hours/year of workload" in problem.notes[0]
    assert "25 % for evening out" in problem.notes[0]


@pytest.mark.parametrize(
    ("measure", "reference"), [("potential", ""), ("workload", "reference = 90.0")]
)
def test_refused_where_the_total_is_fixed(folder: Path, measure: str, reference: str) -> None:
    model = parse_model(MODEL.format(measure=measure, reference=reference))
    with pytest.raises(ModelError, match=r"rules\.even\.allowance"):
        compile_problem(read_instance(folder), model)
