"""Planted conflicts are found down to rows and accounts, with nothing needless among them."""

from __future__ import annotations

import pytest
from planted import KINDS

from territoryopt.answers.members import only
from territoryopt.answers.no_plan import why_no_plan
from territoryopt.backends import get_backend
from territoryopt.backends.protocol import Limits
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
    for member in said.members[:: max(1, len(said.members) // 8)]:
        rest = [other for other in said.members if other is not member]
        assert has_plan(only(problem, rest), judge, limits).feasible is True
    assert said.repairs
