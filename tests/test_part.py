"""Parts of a problem are worth what the whole is."""

from __future__ import annotations

import numpy as np
import pytest
from problem_cases import KINDS, random_problem

from territoryopt.problem import evaluate
from territoryopt.problem.part import restrict

LINKED = {kind for kind in KINDS if "together" in kind}


@pytest.mark.parametrize("seed", range(80))
def test_a_part_is_worth_what_the_whole_is(seed):
    problem = random_problem(seed, 8, 4, set(KINDS) - LINKED).contracted
    rng = np.random.default_rng(seed)
    rep = rng.integers(4, size=problem.accounts)
    reps = np.sort(rng.choice(4, 2 + seed % 2, replace=False))
    accounts = np.flatnonzero(np.isin(rep, reps))
    if not len(accounts):
        pytest.skip("no account is with these reps")
    part = restrict(problem, rep, accounts, reps)
    own = np.searchsorted(reps, rep[accounts])
    here, inside = evaluate(problem, rep), evaluate(part, own)
    for _ in range(10):
        plan = rng.integers(len(reps), size=len(accounts))
        whole = rep.copy()
        whole[accounts] = reps[plan]
        change = evaluate(problem, whole).objective - here.objective
        assert evaluate(part, plan).objective - inside.objective == pytest.approx(
            change, rel=1e-9, abs=1e-8
        )
        fixed = np.setdiff1d(np.arange(problem.accounts), accounts)
        barred = ~problem.eligible_at(fixed, rep[fixed])
        if not barred.any():
            assert evaluate(part, plan).holds == evaluate(problem, whole).holds


def test_an_account_may_not_join_a_fixed_rival():
    problem = random_problem(3, 6, 3, ["apart"])
    (grouping,) = [g for g in problem.groupings if g.apart][:1]
    one, two = (int(i) for i in grouping.member[grouping.start[0] : grouping.start[0] + 2])
    rep = np.zeros(problem.accounts, dtype=np.int64)
    rep[two] = 1
    part = restrict(problem, rep, np.array([one]), np.array([0, 1, 2]))
    assert not part.eligible_block(0, 1)[0, 1]
