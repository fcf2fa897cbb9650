"""One LP file for each kind of rule and goal: what a solver is told, for a person to read.

Where a file differs on purpose, rewrite them all and read the difference before committing it:

    TERRITORYOPT_WRITE_GOLDEN=1 python -m pytest tests/terms/test_golden_lp.py
    git diff tests/terms/golden
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small import instance, problem, table

from territoryopt.backends.pyomo_model import write_model
from territoryopt.terms import GOALS, RULES
from territoryopt.terms.term import kind_name

GOLDEN = Path(__file__).parent / "golden"

TRAVEL = '\n[travel]\npairs_hours = "travel_hours"\n'
DRIVING = TRAVEL + '\n[goals.driving]\nkind = "travel"\nprice = 50\n'

RULE_CASES = {
    "rule_band": 'kind = "band"\nmeasure = "potential"\ntolerance = 0.2',
    "rule_band_soft": 'kind = "band"\nmeasure = "potential"\ntolerance = 0.2\nprice = 3',
    "rule_band_by_capacity": 'kind = "band"\nmeasure = "workload"\ntolerance = 0.1\n'
    'target = "capacity"\nreference = "least"',
    "rule_capacity": 'kind = "capacity"',
    "rule_capacity_soft": 'kind = "capacity"\nprice = 90',
    "rule_capacity_between": 'kind = "capacity"\nmeasure = "count"\nmin = 1\nmax = 2',
    "rule_group": 'kind = "group"\ncolumn = "team"\nmeasure = "potential"\nmax_share = 0.6\n'
    "min = 90",
    "rule_group_soft": 'kind = "group"\ncolumn = "team"\nvalues = ["East"]\nmeasure = "count"\n'
    "max = 1\nprice = 70",
    "rule_required_skills": 'kind = "required_skills"',
    "rule_required_skills_soft": 'kind = "required_skills"\nprice = 400',
    "rule_locks": 'kind = "locks"',
    "rule_locks_soft": 'kind = "locks"\nprice = 250',
    "rule_locks_to_current": 'kind = "locks"\nto = "current"\nwhere = { tier = ["A"] }',
    "rule_families": 'kind = "families"',
    "rule_families_soft": 'kind = "families"\nprice = 120',
    "rule_apart": 'kind = "apart"',
    "rule_apart_soft": 'kind = "apart"\nprice = 130',
    "rule_moves_total": 'kind = "moves"\nmax = 1',
    "rule_moves_handed_off": 'kind = "moves"\nscope = "handed_off"\nmeasure = "revenue"\n'
    "max_share = 0.5",
    "rule_moves_taken_over": 'kind = "moves"\nscope = "taken_over"\nmax = 1',
    "rule_moves_meant": 'kind = "moves"\nmax = 1\nwhere = { tier = ["A"] }\n'
    'when = { renewal = ["2026-12-01", ""] }',
    "rule_protect": 'kind = "protect"\nas_of = "2026-11-27"\nrenewal = "renewal"\n'
    'key_account = { tier = ["B"] }',
    "rule_protect_soft": 'kind = "protect"\nat_risk = { tier = ["A"] }\nprice = 80',
    "rule_moves_soft": 'kind = "moves"\nmax = 1\nprice = 60',
}
GOAL_CASES = {
    "goal_travel": 'kind = "travel"\nprice = 50',
    "goal_fit": 'kind = "fit"\nprice = 0.1',
    "goal_balance_worst": 'kind = "balance"\nmeasure = "potential"\nhow = "worst"\nprice = 10',
    "goal_balance_total": 'kind = "balance"\nmeasure = "workload"\nhow = "total"\nprice = 2\n'
    'target = "capacity"\nreference = 120',
    "goal_disruption": 'kind = "disruption"\nprice = 0.5',
    "goal_disruption_meant": 'kind = "disruption"\nmeasure = "count"\nprice = 25\n'
    'where = { tier = ["A"] }',
    "goal_measure": 'kind = "measure"\nmeasure = "letters"\nprice = 0.25',
}
OWN_MEASURE = '\n[measures.letters]\nunit = "letters/year"\npairs = "travel_hours"\nper = "visit"\n'


@pytest.fixture(scope="module")
def four_by_three(tmp_path_factory):
    """Four accounts and three reps that every kind has something to say about."""
    hours = [[1, 2, 3], [0.5, 1.5, 4], [3, 1, 2], [5, 2.5, 1]]
    return instance(
        tmp_path_factory.mktemp("four by three"),
        {
            "potential": [100, 80, 70, 50],
            "annual_revenue": [40, 30, 20, 10],
            "visits_per_year": [10, 8, 12, 6],
            "hours_per_visit": [2, 1.5, 1, 3],
            "requires": ["lab", "", "lab", ""],
            "wishes": ["german=2;lab", "german", "", ""],
            "current_rep": ["R-1", "R-1", "R-2", ""],
            "locked_rep": ["", "", "", "R-3"],
            "family": ["north", "", "north", ""],
            "apart": ["", "mills", "mills", "mills"],
            "tier": ["A", "B", "A", "B"],
            "renewal": ["2027-02-01", "2026-09-01", "2028-01-01", ""],
        },
        {
            "capacity": [60, 50, 40],
            "team": ["East", "East", "West"],
            "skills": ["lab;german=0.5", "lab=0.25", "german"],
        },
        table(hours, "travel_hours"),
    )


def text_of(name: str, data, folder: Path) -> str:
    if name in RULE_CASES:
        what = problem(data, f"[rules.rule]\n{RULE_CASES[name]}\n", DRIVING)
    else:
        what = problem(data, f"[goals.goal]\n{GOAL_CASES[name]}\n", TRAVEL + OWN_MEASURE)
    write_model(what, folder / "model.lp")
    return (folder / "model.lp").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*RULE_CASES, *GOAL_CASES])
def test_the_model_says_what_its_golden_file_says(name, four_by_three, tmp_path):
    text = text_of(name, four_by_three, tmp_path)
    path = GOLDEN / f"{name}.lp"
    if os.environ.get("TERRITORYOPT_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


def test_every_kind_has_a_golden_file():
    found = {path.stem for path in GOLDEN.glob("*.lp")}
    assert found == {*RULE_CASES, *GOAL_CASES}
    for term in (*RULES, *GOALS):
        name = f"{term.role}_{kind_name(term)}"
        assert any(each == name or each.startswith(name + "_") for each in found), name
    for term in RULES:
        assert f"rule_{kind_name(term)}_soft" in found


def test_every_rule_changes_the_model(four_by_three, tmp_path):
    write_model(problem(four_by_three, "", DRIVING), tmp_path / "plain.lp")
    plain = (tmp_path / "plain.lp").read_text(encoding="utf-8")
    texts = [text_of(name, four_by_three, tmp_path) for name in RULE_CASES]
    assert plain not in texts
    assert len(set(texts)) == len(texts)
