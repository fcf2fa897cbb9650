"""Planted conflicts are found down to rows and accounts, with nothing needless among them."""

from __future__ import annotations

import pytest
from planted import KINDS, whole_numbers_only

from territoryopt.answers.members import only
from territoryopt.answers.no_plan import why_no_plan
from territoryopt.answers.repair import repair
from territoryopt.answers.rule_costs import loosened
from territoryopt.answers.series import Series
from territoryopt.backends import get_backend
from territoryopt.backends.protocol import Limits
from territoryopt.problem import evaluate
from territoryopt.reasons.conflict import has_plan


@pytest.mark.parametrize(("accounts", "reps"), [(10, 3), (200, 10), (1000, 20)])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_planted_conflict_is_explained(kind, accounts, reps):
    planted = kind(accounts, reps)
    problem = planted.problem
    said = why_no_plan(problem, seconds=120)
    assert said is not None
    assert set(said.rules) == planted.rules
    assert said.irreducible
    rows = {m.label for m in said.members if m.what == "row" and m.rule == "hours"}
    assert rows == planted.reps
    limits, judge = Limits(float("inf")), get_backend("cpsat")
    assert has_plan(only(problem, said.members), judge, limits).feasible is False
    # Every one where that is quick; of the many locks of a large one a sample.
    step = 1 if accounts <= 200 else max(1, len(said.members) // 8)
    for member in said.members[::step]:
        rest = [other for other in said.members if other is not member]
        assert has_plan(only(problem, rest), judge, limits).feasible is True
    assert said.repairs


def test_the_cheapest_repair_of_a_large_problem_is_exact():
    """The five accounts fill two reps to 6.4 and 7.4 at best, of 6.95 allowed; the others find
    their place around them."""
    problem = whole_numbers_only(2000, 30).problem
    way = repair(problem, "hours", 60.0, Series(60.0))
    assert way is not None
    assert way.amount == pytest.approx(7.4 / 6.95 - 1, abs=1e-4)
    assert way.least == pytest.approx(way.amount, abs=1e-4)
    assert evaluate(loosened(problem, "hours", way.amount), way.rep).holds
    assert way.named in {("0",), ("1",)}
