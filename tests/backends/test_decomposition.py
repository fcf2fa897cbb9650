"""Priced rules, and the search that is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from problem_cases import brute_force, random_problem
from runner import run

from territoryopt.problem import Band, Prices, Problem, evaluate, prove
from territoryopt.problem.penalise import Penalties


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
