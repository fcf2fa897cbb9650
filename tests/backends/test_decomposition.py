"""Parts of a problem, priced rules, and the search that is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from problem_cases import KINDS, brute_force, random_problem
from runner import run

from territoryopt.problem import Band, Prices, Problem, evaluate, prove
from territoryopt.problem.penalise import Penalties
from territoryopt.problem.restrict import restrict

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


@pytest.mark.parametrize("seed", range(60))
def test_priced_rules_change_no_plan_that_keeps_them(seed):
    problem = random_problem(seed, 6, 3).contracted
    priced = Penalties.of(problem, Prices.zero(problem)).at(4.0)
    assert not any(part.hard for part in (*priced.rows, *priced.groupings))
    rng = np.random.default_rng(seed)
    for _ in range(40):
        plan = rng.integers(3, size=problem.accounts)
        was, now = evaluate(problem, plan), evaluate(priced, plan)
        broken = any(b.kind not in ("locks", "eligible", "required") for b in was.breaches)
        if was.holds:
            assert now.objective == pytest.approx(was.objective, rel=1e-6, abs=1e-4)
        elif broken and not any(b.account for b in was.breaches):
            assert now.objective > was.objective


def clustered(accounts: int, reps: int, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    homes, places = rng.uniform(0, 100, (reps, 2)), rng.uniform(0, 100, (accounts, 2))
    km = np.hypot(*(places[:, None] - homes[None]).transpose(2, 0, 1))
    size = rng.lognormal(0, 0.7, accounts)
    hours = size[:, None] * (1 + km / 100)
    mean = hours.min(axis=1).sum() / reps
    return Problem.from_arrays(
        km * size[:, None],
        [Band("hours", hours, 0.85 * mean, 1.25 * mean), Band("n", np.ones(accounts), upper=60)],
    )


def test_one_seed_gives_one_plan_near_the_bound():
    problem = clustered(300, 10, 5)
    first, again = (run("decomposition", problem, gap=5e-3, seed=4) for _ in range(2))
    assert first.rep is not None
    assert evaluate(problem, first.rep).holds
    np.testing.assert_array_equal(first.rep, again.rep)
    assert first.watch.proved >= prove(problem).bound
    assert (first.objective - first.watch.best_bound) / first.objective <= 5e-3


@pytest.mark.parametrize("seed", range(300, 340))
def test_what_is_small_is_solved_whole(seed):
    problem = random_problem(seed, 5, 3)
    best = brute_force(problem)[0]
    got = run("decomposition", problem)
    if np.isfinite(best):
        assert got.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
        assert got.watch.best_bound <= best + 1e-6 * max(1.0, abs(best))
    else:
        assert got.outcome.infeasible
